/*
 * What an interrupted compaction left in a log's folder, ours or Apache Kafka's, is finished or undone as Kafka's LogLoader does it
 * (removeTempFilesAndCollectSwapFiles, load): see log_state.h.
 *
 * Kafka's cleaner writes some segments anew as one, in "<offset>.log.cleaned" with its indexes; syncs them; renames them to
 * ".swap"; gives the old segments the suffix ".deleted"; and takes ".swap" off. So at a start
 * - ".cleaned" is unfinished, and the old segments are all there: it goes, and with it every ".swap" at or behind it, which is
 *   a part of the same unfinished work;
 * - ".swap" is whole and takes the place of the segments that begin within it, whether they have gone already or not.
 *
 * Where these files are damaged nothing is touched: one word says which, and somebody decides.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "storage/batch_scan.h"
#include "storage/log_state.h"

enum { OFFSET_DIGITS = 20, NAME_SIZE = 256 };
static const char swap_suffix[] = ".swap";

struct entry {
    char name[NAME_SIZE];
    int64_t offset; /* -1: no file of a segment */
    bool is_swap;
    bool is_cleaned;
};

struct leftovers {
    int root_fd;
    int folder_fd;
    const char *folder;
    struct entry *entries; /* owned */
    size_t count;
    int64_t from; /* segments that begin in [from, to) were written anew */
    int64_t to;
};

static void add_entry(struct leftovers *l, const char *name)
{
    struct entry *e;
    l->entries = mem_resize(l->entries, l->count + 1, sizeof(*l->entries));
    e = &l->entries[l->count++];
    *e = (struct entry){ .offset = -1 };
    (void)snprintf(e->name, sizeof(e->name), "%s", name);
    struct bytes text = bytes_of(e->name);
    struct bytes digits = { text.data, OFFSET_DIGITS };
    int64_t offset;
    if (text.len > OFFSET_DIGITS && name[OFFSET_DIGITS] == '.' &&
        bytes_parse_i64(digits, &offset) && offset >= 0) {
        e->offset = offset;
    }
    e->is_swap = bytes_ends_with(text, bytes_of(swap_suffix));
    e->is_cleaned = bytes_ends_with(text, bytes_of(".cleaned"));
}

static enum weir_status list(struct leftovers *l, struct weir_error *err)
{
    DIR *dir = fdopendir(openat(l->root_fd, l->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!dir) {
        return weir_fail_errno(err, "cannot read folder %s", l->folder);
    }
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        add_entry(l, entry->d_name);
    }
    (void)closedir(dir);
    return WEIR_OK;
}

/* Unfinished: gone, with what belongs to it. */
static enum weir_status remove_unfinished(struct leftovers *l, struct weir_error *err)
{
    int64_t first = INT64_MAX;
    enum weir_status rc = WEIR_OK;
    for (size_t i = 0; i < l->count; i++) {
        const struct entry *e = &l->entries[i];
        if (e->is_cleaned && e->offset >= 0 && e->offset < first) {
            first = e->offset;
        }
    }
    for (size_t i = 0; i < l->count && rc == WEIR_OK; i++) {
        struct entry *e = &l->entries[i];
        if (e->is_cleaned || (e->is_swap && e->offset >= first)) {
            rc = file_remove_tree(l->folder_fd, e->name, err); /* our ".cleaned" is a folder */
            e->is_swap = false;
            e->offset = -1;
        }
    }
    return rc;
}

/* Reads a ".log.swap" to its end, and widens [from, to) by what it has. */
static enum weir_status measure(struct leftovers *l, const struct entry *e, struct weir_error *err)
{
    struct stat st = { 0 };
    struct batch_scan scan;
    struct bytes batch;
    bool whole = true;
    int64_t next_offset = e->offset;
    int fd = openat(l->folder_fd, e->name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        enum weir_status rc = weir_fail_errno(err, "cannot open %s/%s", l->folder, e->name);
        if (fd >= 0) {
            (void)close(fd);
        }
        return rc;
    }
    batch_scan_init(&scan, fd, 0, st.st_size, BATCH_SCAN_CHUNK_ALL);
    while (whole && batch_scan_next(&scan) == BATCH_SCAN_FOUND) {
        whole = batch_scan_load(&scan, &batch) && scan.header.crc == batch_crc(batch) &&
                scan.header.base_offset >= next_offset;
        next_offset = batch_next_offset(&scan.header);
    }
    whole &= scan.next == st.st_size;
    int64_t position = scan.position;
    batch_scan_finish(&scan);
    (void)close(fd);
    if (!whole) {
        return weir_fail(err, WEIR_ECORRUPT,
                         "%s/%s: a compaction was interrupted, and what it wrote is damaged at "
                         "byte %" PRId64 "; move the file away, or restore it",
                         l->folder, e->name, position);
    }
    l->from = e->offset < l->from ? e->offset : l->from;
    l->to = next_offset > l->to ? next_offset : l->to;
    return WEIR_OK;
}

static bool is_log_swap(const struct entry *e)
{
    return e->is_swap && e->offset >= 0 && strcmp(e->name + OFFSET_DIGITS, ".log.swap") == 0;
}

/* The segments that were written anew, as far as they are still there. */
static enum weir_status remove_replaced(const struct leftovers *l, struct weir_error *err)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct entry *e = &l->entries[i];
        bool replaced = !e->is_swap && e->offset >= l->from && e->offset < l->to;
        if (replaced && unlinkat(l->folder_fd, e->name, 0) != 0 && errno != ENOENT) {
            return weir_fail_errno(err, "cannot remove %s/%s", l->folder, e->name);
        }
    }
    return WEIR_OK;
}

/* The .log first: an index alone would be of no segment. */
static enum weir_status rename_swaps(const struct leftovers *l, bool logs, struct weir_error *err)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct entry *e = &l->entries[i];
        char name[NAME_SIZE];
        if (!e->is_swap || is_log_swap(e) != logs) {
            continue;
        }
        size_t len = strlen(e->name) - strlen(swap_suffix);
        (void)snprintf(name, sizeof(name), "%.*s", (int)len, e->name);
        if (renameat(l->folder_fd, e->name, l->folder_fd, name) != 0) {
            return weir_fail_errno(err, "cannot rename %s/%s", l->folder, e->name);
        }
    }
    return WEIR_OK;
}

enum weir_status log_clear_leftovers(int root_fd, const char *folder, struct weir_error *err)
{
    struct leftovers l = {
        .root_fd = root_fd, .folder_fd = -1, .folder = folder, .from = INT64_MAX, .to = -1
    };
    enum weir_status rc = list(&l, err);
    if (rc == WEIR_OK) {
        l.folder_fd = openat(root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        rc = l.folder_fd < 0 ? weir_fail_errno(err, "cannot open folder %s", folder)
                             : remove_unfinished(&l, err);
    }
    for (size_t i = 0; i < l.count && rc == WEIR_OK; i++) {
        rc = is_log_swap(&l.entries[i]) ? measure(&l, &l.entries[i], err) : WEIR_OK;
    }
    rc = rc == WEIR_OK ? remove_replaced(&l, err) : rc;
    rc = rc == WEIR_OK ? rename_swaps(&l, true, err) : rc;
    rc = rc == WEIR_OK ? rename_swaps(&l, false, err) : rc;
    if (l.folder_fd >= 0) {
        (void)close(l.folder_fd);
    }
    free(l.entries);
    return rc;
}

/* --- a folder of another broker --- */

enum weir_status partition_log_adopt(int root_fd,
                                     const char *folder,
                                     int64_t clean_to,
                                     struct weir_error *err)
{
    struct leftovers l = { .root_fd = root_fd, .folder = folder };
    int64_t last = 0;
    enum weir_status rc = log_clear_leftovers(root_fd, folder, err);
    if (rc == WEIR_OK) {
        rc = list(&l, err);
    }
    for (size_t i = 0; i < l.count && rc == WEIR_OK; i++) {
        const struct entry *e = &l.entries[i];
        if (e->offset > last && strcmp(e->name + OFFSET_DIGITS, ".log") == 0) {
            last = e->offset;
        }
    }
    free(l.entries);
    return rc == WEIR_OK && last > 0 ? log_write_cleaned(root_fd, folder, clean_to, last, err) : rc;
}
