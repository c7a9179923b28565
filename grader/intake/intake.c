/*
 * Taking a submission in.
 */
#include "intake/intake.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "intake/likeness.h"
#include "intake/stage.h"

enum { CHILD_AS_MB = 4096, CHILD_CPU_S = 60, CHILD_FDS = 256 };

/* What the child tells us before it ends. */
struct child_report {
    enum weir_status status;
    char message[WEIR_ERROR_MESSAGE_MAX];
    char revision[STAGE_REVISION_SIZE];
};

struct child {
    struct watch watch; /* first: found from it */
    struct child_report report;
    bool ended;
    bool late;
};

static const char *text(const struct intake *in, const char *a, const char *b, const char *c)
{
    return arena_text(in->arena, arena_printf(in->arena, "%s%s%s", a, b, c));
}

/* --- the child --- */

static void bound(int resource, rlim_t most)
{
    struct rlimit r = { most, most };
    (void)setrlimit(resource, &r);
}

static _Noreturn void child_main(const struct stage_order *o, int report_fd)
{
    struct child_report report = { 0 };
    struct weir_error err = { 0 };
    loop_child();
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    bound(RLIMIT_CORE, 0);
    bound(RLIMIT_CPU, CHILD_CPU_S);
    bound(RLIMIT_FSIZE, INTAKE_CLONE_MAX);
#ifndef WEIR_SANITIZED
    bound(RLIMIT_AS, (rlim_t)CHILD_AS_MB << 20);
#endif
    bound(RLIMIT_NOFILE, CHILD_FDS);
    int dir_fd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) {
        report.status = weir_fail_errno(&err, "cannot open %s", o->dir);
    } else if (o->kind == INTAKE_ARCHIVE) {
        report.status = stage_archive(o, dir_fd, &err);
    } else {
        report.status = stage_git(o, dir_fd, report.revision, &err);
    }
    memcpy(report.message, err.message, sizeof(report.message));
    _exit(file_write_all(report_fd, &report, sizeof(report), NULL) < 0 ? 1 : 0);
}

static void child_ready(struct watch *w)
{
    struct child *c = container_of(w, struct child, watch);
    /* The report is smaller than PIPE_BUF, so it comes whole or not at all. */
    ssize_t n = read(w->fd, &c->report, sizeof(c->report));
    if (n != (ssize_t)sizeof(c->report)) {
        c->report = (struct child_report){ .status = WEIR_EPROTO,
                                           .message = "the submission needs more memory or time "
                                                      "to unpack than a submission may" };
    }
    c->ended = true;
}

static void child_expired(struct watch *w)
{
    container_of(w, struct child, watch)->late = true;
}

static enum weir_status run_child(struct intake *in,
                                  const struct stage_order *o,
                                  struct weir_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        return weir_fail_errno(err, "cannot make a pipe");
    }
    pid_t pid = fork();
    if (pid == 0) {
        child_main(o, ends[1]);
    }
    close(ends[1]);
    struct child c = { .watch = { .fd = ends[0],
                                  .deadline_ms = clock_monotonic_ms() + INTAKE_DEADLINE_MS,
                                  .ready = child_ready,
                                  .expired = child_expired } };
    if (pid < 0) {
        close(ends[0]);
        return weir_fail_errno(err, "cannot start a process");
    }
    watch_add(in->loop, &c.watch);
    while (!c.ended && !c.late && in->loop->stop_signal == 0) {
        loop_turn(in->loop);
    }
    watch_remove(&c.watch);
    close(ends[0]);
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    if (!c.ended) {
        return weir_fail(err, WEIR_ETIMEOUT,
                         c.late ? "fetching %s took longer than %d s" : "interrupted", o->source,
                         INTAKE_DEADLINE_MS / 1000);
    }
    if (c.report.status < 0) {
        c.report.message[sizeof(c.report.message) - 1] = '\0';
        return weir_fail(err, c.report.status, "%s", c.report.message);
    }
    if (c.report.revision[0]) {
        in->revision = arena_text(in->arena, bytes_of(c.report.revision));
    }
    return WEIR_OK;
}

/* --- what is it? --- */

static bool is_url(const char *text)
{
    const char *colon = strchr(text, ':');
    const char *slash = strchr(text, '/');
    return strstr(text, "://") ||
           (colon && strchr(text, '@') && strchr(text, '@') < colon && (!slash || colon < slash));
}

static bool has(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return stat(path, &st) == 0;
}

/* A repository without a working tree. */
static bool is_bare(const char *dir)
{
    return has(dir, "HEAD") && has(dir, "objects") && has(dir, "refs") && !has(dir, ".git");
}

/* Splits "URL#REF"; a path that exists as it is keeps its '#'. */
static void split_ref(const struct intake *in, const char **submission, const char **ref)
{
    struct stat st;
    const char *hash = strrchr(*submission, '#');
    if (!*ref && hash && hash[1] != '\0' && (is_url(*submission) || stat(*submission, &st) < 0)) {
        *ref = hash + 1;
        *submission = arena_text(in->arena, (struct bytes){ (const uint8_t *)*submission,
                                                            (size_t)(hash - *submission) });
    }
}

static enum weir_status classify(const char *path,
                                 const char *ref,
                                 enum intake_kind *out,
                                 struct weir_error *err)
{
    struct stat st;
    if (is_url(path)) {
        *out = INTAKE_GIT;
        return WEIR_OK;
    }
    if (stat(path, &st) < 0) {
        return weir_fail(err, WEIR_EINVAL, "there is no folder, archive or repository %s", path);
    }
    if (S_ISDIR(st.st_mode)) {
        *out = ref || is_bare(path) ? INTAKE_GIT : INTAKE_FOLDER;
        return WEIR_OK;
    }
    if (S_ISREG(st.st_mode) && !ref) {
        *out = INTAKE_ARCHIVE;
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_EINVAL,
                     ref ? "%s is an archive: a ref is for repositories"
                         : "%s is neither a folder nor a file",
                     path);
}

enum weir_status intake_open(struct intake *in,
                             const char *submission,
                             const char *ref,
                             const char *scratch,
                             struct weir_error *err)
{
    char absolute[PATH_MAX];
    enum intake_kind kind = INTAKE_FOLDER;
    split_ref(in, &submission, &ref);
    enum weir_status rc = classify(submission, ref, &kind, err);
    if (rc < 0) {
        return rc;
    }
    if (!is_url(submission)) {
        if (!realpath(submission, absolute)) {
            return weir_fail_errno(err, "cannot read %s", submission);
        }
        submission = arena_text(in->arena, bytes_of(absolute));
    }
    for (size_t i = 0; kind == INTAKE_ARCHIVE && i < in->lab_count; i++) {
        if (manifest_file(&in->labs[i], strrchr(submission, '/') + 1)) {
            return weir_fail(
                err, WEIR_EINVAL,
                "%s is one file of %s; a submission is the folder that holds it, with --lab %.2s",
                submission, in->labs[i].id, in->labs[i].id);
        }
    }
    if (kind == INTAKE_FOLDER) {
        in->dir = submission;
        return WEIR_OK;
    }
    const struct stage_order o = { .in = in,
                                   .kind = kind,
                                   .source = submission,
                                   .ref = ref,
                                   .dir = text(in, scratch, "/files", ""),
                                   .clone = text(in, scratch, "/clone", "") };
    rc = file_make_dirs(o.dir, err);
    if (rc == WEIR_OK) {
        rc = run_child(in, &o, err);
    }
    in->dir = o.dir;
    return rc;
}

/* --- copying --- */

const char *intake_only_folder(const struct intake *in, const char *dir)
{
    DIR *d = opendir(dir);
    const char *found = NULL;
    int count = 0;
    for (struct dirent *e = d ? readdir(d) : NULL; e && count < 2; e = readdir(d)) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, "__MACOSX") == 0) {
            continue;
        }
        count++;
        found = text(in, dir, "/", e->d_name);
    }
    if (d) {
        closedir(d);
    }
    struct stat st;
    return count == 1 && lstat(found, &st) == 0 && S_ISDIR(st.st_mode) ? found : NULL;
}

/* Opens DIR/NAME as a folder, not through a link. -1 when it is not there; -2 when it is no folder. */
static int open_folder(const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (lstat(path, &st) < 0) {
        return -1;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -2 : fd;
}

static bool has_a_file(int dir, const struct manifest *lab)
{
    struct stat st;
    for (size_t i = 0; i < lab->file_count; i++) {
        if (fstatat(dir, lab->files[i].path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            return true;
        }
    }
    return false;
}

const struct manifest *intake_bare_lab(const struct intake *in)
{
    const struct manifest *found = NULL;
    for (const char *top = in->dir; top && !found; top = intake_only_folder(in, top)) {
        int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; fd >= 0 && i < in->lab_count && !found; i++) {
            found = has_a_file(fd, &in->labs[i]) ? &in->labs[i] : NULL;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return found;
}

/* The lab's folder below `top`; -1 when it is not there. */
static int find_lab(const struct intake *in,
                    const char *top,
                    const struct manifest *lab,
                    bool at_root,
                    const char **out_found)
{
    int fd = open_folder(top, lab->id);
    *out_found = lab->id;
    if (fd == -1) {
        fd = open_folder(text(in, top, "/labs", ""), lab->id);
        *out_found = text(in, "labs/", lab->id, "");
    }
    if (fd == -1 && at_root) {
        fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *out_found = "its top folder";
        if (fd >= 0 && !has_a_file(fd, lab)) {
            close(fd);
            fd = -1;
        }
    }
    return fd;
}

/* The name of what was meant to be that file; "" when there is nothing. */
static void find_misnamed(
    int dir, const struct manifest *lab, const struct lab_file *f, char *out, size_t size)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    out[0] = '\0';
    for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
        if (file_meant_by(lab, e->d_name) == f) {
            (void)snprintf(out, size, "%s", e->d_name);
            break;
        }
    }
    if (d) {
        closedir(d);
    } else if (fd >= 0) {
        close(fd);
    }
}

static enum weir_status copy_file(int from,
                                  int to,
                                  const struct manifest *lab,
                                  const struct lab_file *f,
                                  const char *found,
                                  struct weir_error *err)
{
    enum weir_status rc = file_copy_untrusted(
        &(struct file_copy){ from, f->path, INTAKE_FILE_MAX, to, f->path, 0644 }, err);
    if (rc == WEIR_ENOTFOUND && f->optional) {
        return WEIR_OK;
    }
    if (rc == WEIR_ENOTFOUND) {
        char other[256];
        find_misnamed(from, lab, f, other, sizeof(other));
        return weir_fail(err, WEIR_EINVAL,
                         other[0] ? "%s is missing from %s; what is there as %s must be renamed"
                                  : "%s is missing from %s",
                         f->path, found, other);
    }
    if (rc == WEIR_EINVAL) {
        return weir_fail(err, WEIR_EINVAL,
                         "%s in %s is a link or no regular file; hand in the file itself", f->path,
                         found);
    }
    if (rc == WEIR_ETOOBIG) {
        return weir_fail(err, WEIR_EINVAL, "%s in %s is larger than %d bytes", f->path, found,
                         INTAKE_FILE_MAX);
    }
    return rc;
}

enum weir_status intake_take(const struct intake *in,
                             const struct manifest *lab,
                             bool at_root,
                             const char *to,
                             const char **out_found,
                             struct weir_error *err)
{
    int from = -1;
    for (const char *top = in->dir; top && from == -1; top = intake_only_folder(in, top)) {
        from = find_lab(in, top, lab, at_root, out_found);
    }
    if (from == -1) {
        return weir_fail(err, WEIR_ENOTFOUND,
                         "the submission has no folder %s, at its top or under labs/%s", lab->id,
                         at_root ? ", and none of the lab's files at its top" : "");
    }
    if (from < 0) {
        return weir_fail(err, WEIR_EINVAL, "%s is a link or no folder; hand in the folder itself",
                         *out_found);
    }
    enum weir_status rc = WEIR_OK;
    int to_fd = -1;
    if (mkdir(to, 0755) < 0 || chmod(to, 0755) < 0) {
        rc = weir_fail(err, WEIR_EIO, "cannot make the folder %s", to);
        goto out;
    }
    to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; rc == WEIR_OK && i < lab->file_count; i++) {
        rc = copy_file(from, to_fd, lab, &lab->files[i], *out_found, err);
    }
out:
    if (to_fd >= 0) {
        close(to_fd);
    }
    close(from);
    return rc;
}
