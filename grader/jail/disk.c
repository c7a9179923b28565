/*
 * The disk space of a run, added up by looking at every file: a file system knows of no such limit for a folder.
 *
 * The program changes its files meanwhile, so nothing here follows a link, and what is gone is gone.
 */
#include "jail/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jail/tree.h"

enum { DISK_ENTRIES_MAX = 4096, DISK_DEPTH_MAX = 16, DISK_BLOCK = 512, DISK_REMOVED_MAX = 1024 };

struct disk {
    int64_t bytes;
    int entries;
    int entries_max;
    bool hidden; /* there is more than can be looked at */
    ino_t removed[DISK_REMOVED_MAX];
    int removed_count;
};

static bool is_name(const char *name)
{
    return name[0] != '.' || (name[1] != '\0' && (name[1] != '.' || name[2] != '\0'));
}

/* NULL when it is gone, or when it cannot be read. */
static DIR *open_folder(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !d) {
        close(fd);
    }
    return d;
}

static void add_folder(struct disk *k, int at, const char *name, int depth)
{
    struct stat st;
    DIR *d = open_folder(at, name);
    k->hidden |= !d && errno != ENOENT && errno != ENOTDIR;
    for (struct dirent *e = d ? readdir(d) : NULL; e && !k->hidden; e = readdir(d)) {
        if (!is_name(e->d_name)) {
            continue;
        }
        if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
            k->hidden |= errno != ENOENT;
            continue;
        }
        k->bytes += (int64_t)st.st_blocks * DISK_BLOCK;
        k->hidden |= ++k->entries > k->entries_max || depth == DISK_DEPTH_MAX;
        if (S_ISDIR(st.st_mode) && !k->hidden) {
            add_folder(k, dirfd(d), e->d_name, depth + 1);
        }
    }
    if (d) {
        closedir(d);
    }
}

/* A file without a name counts once, however many processes have it open. */
static void add_removed(struct disk *k, const struct stat *st)
{
    for (int i = 0; i < k->removed_count; i++) {
        if (k->removed[i] == st->st_ino) {
            return;
        }
    }
    if (k->removed_count == DISK_REMOVED_MAX) {
        k->hidden = true;
        return;
    }
    k->removed[k->removed_count++] = st->st_ino;
    k->bytes += (int64_t)st->st_blocks * DISK_BLOCK;
}

static void add_open_files(void *context, pid_t pid)
{
    struct disk *k = context;
    struct stat st;
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *d =
        open_folder(AT_FDCWD, path); /* not of a process that has ended and is not yet collected */
    for (struct dirent *e = d ? readdir(d) : NULL; e && !k->hidden; e = readdir(d)) {
        if (is_name(e->d_name) && fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
            S_ISREG(st.st_mode) && st.st_nlink == 0) {
            add_removed(k, &st);
        }
    }
    if (d) {
        closedir(d);
    }
}

int64_t disk_used(int dir_fd)
{
    struct disk k = { .entries_max = DISK_ENTRIES_MAX };
    add_folder(&k, dir_fd, ".", 0);
    tree_each(add_open_files, &k);
    return k.hidden ? INT64_MAX : k.bytes;
}

int64_t disk_folder(int dir_fd, int entries_max)
{
    struct disk k = { .entries_max = entries_max };
    add_folder(&k, dir_fd, ".", 0);
    return k.hidden ? INT64_MAX : k.bytes;
}
