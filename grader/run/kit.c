/*
 * The kit, and where its parts come from.
 */
#include "run/kit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

static const char *text(struct arena *a, const char *x, const char *y)
{
    return arena_text(a, arena_printf(a, "%s%s", x, y));
}

/* PATH without its last part. */
static const char *parent_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash != path
               ? arena_text(a, (struct bytes){ (const uint8_t *)path, (size_t)(slash - path) })
               : "/";
}

enum weir_status places_find(struct places *out, struct arena *arena, struct weir_error *err)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (n <= 0) {
        return weir_fail_errno(err, "cannot find out where weir-grade is");
    }
    exe[n] = '\0';
    const char *home = getenv("WEIR_HOME");
    const char *root = home ? home : exe;
    out->bin = parent_of(arena, exe);
    out->lib = text(arena, parent_of(arena, out->bin), "/lib");
    while (!home && strcmp(root, "/") != 0) {
        root = parent_of(arena, root);
        if (access(text(arena, root, "/labs"), R_OK) == 0 &&
            access(text(arena, root, "/runtime/include"), R_OK) == 0) {
            break;
        }
    }
    out->root = root;
    /* A course may keep labs of its own elsewhere; so do the tests. */
    const char *labs = getenv("WEIR_LABS");
    const char *checks = getenv("WEIR_CHECKS");
    out->labs = labs ? labs : text(arena, root, "/labs");
    out->checks = checks ? checks : text(arena, out->bin, "/checks");
    out->include = text(arena, root, "/runtime/include");
    if (access(out->labs, R_OK) < 0) {
        return weir_fail(err, WEIR_EIO,
                         "the folder labs/ is nowhere above %s; set WEIR_HOME to the clone of Weir",
                         out->bin);
    }
    return WEIR_OK;
}

static enum weir_status copy_file(const char *from,
                                  const char *to,
                                  mode_t mode,
                                  struct weir_error *err)
{
    struct stat st;
    enum weir_status rc = WEIR_OK;
    int out = -1;
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0 || fstat(in, &st) < 0) {
        rc = weir_fail_errno(err, "cannot read %s (is the build complete? ./weir build)", from);
        goto out;
    }
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (out < 0 || fchmod(out, mode) < 0) {
        rc = weir_fail_errno(err, "cannot make %s", to);
        goto out;
    }
    for (off_t left = st.st_size; left > 0;) {
        ssize_t n = sendfile(out, in, NULL, (size_t)left);
        if (n <= 0) {
            rc = weir_fail_errno(err, "cannot copy %s", from);
            goto out;
        }
        left -= n;
    }
out:
    if (in >= 0) {
        close(in);
    }
    if (out >= 0) {
        close(out);
    }
    return rc;
}

static bool is_tool(const char *name)
{
    size_t len = strlen(name);
    return strncmp(name, "kafka-", 6) == 0 && len > 3 && strcmp(name + len - 3, ".sh") == 0;
}

static bool is_header(const char *name)
{
    size_t len = strlen(name);
    return len > 2 && strcmp(name + len - 2, ".h") == 0;
}

static enum weir_status make_folder(struct arena *a,
                                    const char *parent,
                                    const char *name,
                                    struct weir_error *err)
{
    const char *path = text(a, parent, name);
    if (mkdir(path, 0755) < 0 || chmod(path, 0755) < 0) {
        return weir_fail_errno(err, "cannot make the folder %s", path);
    }
    return WEIR_OK;
}

static enum weir_status copy_headers(struct run *run, struct weir_error *err)
{
    struct arena *a = &run->arena;
    enum weir_status rc = WEIR_OK;
    const char *from = text(a, run->places.include, "/weir/");
    DIR *d = opendir(from);
    if (!d) {
        return weir_fail_errno(err, "cannot read %s", from);
    }
    for (struct dirent *e = readdir(d); e && rc == WEIR_OK; e = readdir(d)) {
        if (is_header(e->d_name)) {
            rc = copy_file(text(a, from, e->d_name),
                           text(a, text(a, run->kit, "/include/weir/"), e->d_name), 0644, err);
        }
    }
    closedir(d);
    return rc;
}

/* The tools are one program under several names. */
static enum weir_status link_tools(struct run *run, struct weir_error *err)
{
    struct arena *a = &run->arena;
    enum weir_status rc =
        copy_file(text(a, run->places.bin, "/weir"), text(a, run->kit, "/bin/weir"), 0755, err);
    DIR *d = opendir(run->places.bin);
    for (struct dirent *e = d ? readdir(d) : NULL; e && rc == WEIR_OK; e = readdir(d)) {
        if (is_tool(e->d_name) &&
            symlink("weir", text(a, text(a, run->kit, "/bin/"), e->d_name)) < 0) {
            rc = weir_fail_errno(err, "cannot make the tool %s", e->d_name);
        }
    }
    if (d) {
        closedir(d);
    }
    return rc;
}

enum weir_status kit_make(struct run *run, struct weir_error *err)
{
    static const char *const folders[] = { "", "/include", "/include/weir", "/lib", "/bin" };
    struct arena *a = &run->arena;
    enum weir_status rc = WEIR_OK;
    run->kit = text(a, run->dir, "/kit");
    for (size_t i = 0; rc == WEIR_OK && i < sizeof(folders) / sizeof(folders[0]); i++) {
        rc = make_folder(a, run->kit, folders[i], err);
    }
    rc = rc < 0 ? rc
                : copy_file(text(a, run->places.bin, "/weir-jail"), text(a, run->kit, "/jail"),
                            0755, err);
    rc = rc < 0 ? rc
                : copy_file(text(a, run->places.lib, "/libweir.a"),
                            text(a, run->kit, "/lib/libweir.a"), 0644, err);
    rc = rc < 0 ? rc
                : copy_file(text(a, run->places.lib, "/weir.libs"),
                            text(a, run->kit, "/lib/weir.libs"), 0644, err);
    rc = rc < 0 ? rc : copy_headers(run, err);
    return rc < 0 ? rc : link_tools(run, err);
}
