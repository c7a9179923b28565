/*
 * The student's programs as a check sees them: started, awaited and signalled through weir-grade, and the files they
 * leave in the check's folder.
 *
 * The student's program may still run, and owns that folder: names are plain, links are not followed, and only a
 * regular file is read, without blocking, up to a bound.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "check/case.h"
#include "tap/text.h"

struct check_run *check_start(struct check *c, const struct check_run_spec *spec)
{
    check_request(c, "start");
    message_put_text(&c->request, "check", c->id);
    message_put_text(&c->request, "program", spec->program);
    for (const char *const *var = spec->vars; var && *var; var++) {
        message_put_text(&c->request, "var", *var);
    }
    if (spec->input.len > 0) {
        message_put(&c->request, "input", spec->input);
    }
    message_put_i64(&c->request, "timeout_ms", spec->timeout_ms);
    const char *refused = check_ask(c);
    if (refused) {
        check_broken(c, "%s cannot be started: %s", spec->program, refused);
        return NULL;
    }
    struct check_run *run = ARENA_NEW(&c->arena, struct check_run, 1);
    run->program = spec->program;
    run->job = message_get_i64(&c->answer, "job", -1);
    run->message = "";
    c->last_run = run;
    return run;
}

static enum check_ending parse_ending(struct bytes word)
{
    static const char *const words[] = {
        [CHECK_RUNNING] = "running",
        [CHECK_EXITED] = "exited",
        [CHECK_SIGNALLED] = "signalled",
        [CHECK_STOPPED] = "stopped",
        [CHECK_TIMED_OUT] = "timed-out",
        [CHECK_OUT_OF_CPU] = "out-of-cpu",
        [CHECK_OUT_OF_MEMORY] = "out-of-memory",
        [CHECK_OUT_OF_DISK] = "out-of-disk",
        [CHECK_FLOODED] = "flooded",
        [CHECK_FLOODED_BROKER] = "flooded-broker",
        [CHECK_NOT_STARTED] = "not-started",
    };
    for (int i = 0; i <= CHECK_NOT_STARTED; i++) {
        if (bytes_equal_text(word, words[i])) {
            return (enum check_ending)i;
        }
    }
    return CHECK_NOT_STARTED;
}

static struct bytes answer_bytes(struct check *c, const char *key)
{
    struct bytes value;
    return message_get(&c->answer, key, &value) ? arena_copy(&c->arena, value) : bytes_of("");
}

bool check_wait(struct check *c, struct check_run *run, int timeout_ms)
{
    if (!run || run->ending != CHECK_RUNNING) {
        return run != NULL;
    }
    check_request(c, "wait");
    message_put_i64(&c->request, "job", run->job);
    message_put_i64(&c->request, "timeout_ms", timeout_ms);
    const char *refused = check_ask(c);
    if (refused) {
        check_broken(c, "%s cannot be awaited: %s", run->program, refused);
        return false;
    }
    run->ending = parse_ending(answer_bytes(c, "ending"));
    if (run->ending == CHECK_RUNNING) {
        return false;
    }
    run->code = (int)message_get_i64(&c->answer, "code", 0);
    run->wall_ms = message_get_i64(&c->answer, "wall_ms", 0);
    run->cpu_ms = message_get_i64(&c->answer, "cpu_ms", 0);
    run->out_dropped = message_get_i64(&c->answer, "out_dropped", 0);
    run->err_dropped = message_get_i64(&c->answer, "err_dropped", 0);
    run->out = answer_bytes(c, "out");
    run->err = answer_bytes(c, "err");
    run->message = arena_text(&c->arena, answer_bytes(c, "message"));
    return true;
}

void check_signal(struct check *c, struct check_run *run, int signo)
{
    if (!run || run->ending != CHECK_RUNNING) {
        return;
    }
    check_request(c, "signal");
    message_put_i64(&c->request, "job", run->job);
    message_put_i64(&c->request, "signo", signo);
    const char *refused = check_ask(c);
    if (refused) {
        check_broken(c, "%s cannot be signalled: %s", run->program, refused);
    }
}

struct check_run *check_run(struct check *c, const struct check_run_spec *spec)
{
    struct check_run *run = check_start(c, spec);
    if (run && check_wait(c, run, -1)) {
        check_step(c, "ran %s: %s", run->program, run->message);
    }
    return run;
}

bool check_ended_well(struct check *c, const struct check_run *run)
{
    if (!run || check_over(c)) {
        return false;
    }
    if (run->ending == CHECK_EXITED && run->code == 0) {
        return true;
    }
    c->last_run = run;
    return check_fail(c, "%s %s", run->program, run->message);
}

/* --- files in the check's folder --- */

static int open_dir(struct check *c)
{
    int fd = open(c->dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        check_broken(c, "the check's folder is gone: %s", c->dir);
    }
    return fd;
}

void check_put_file(struct check *c, const char *name, struct bytes content)
{
    struct weir_error err = { 0 };
    int fd = -1;
    int dir = open_dir(c);
    if (dir < 0) {
        return;
    }
    fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
        (void)weir_fail_errno(&err, "cannot make %s", name);
        check_broken(c, "%s", err.message);
        goto out;
    }
    /* The mode that openat() gave is cut by our umask. */
    if (fchmod(fd, 0644) < 0 || file_write_all(fd, content.data, content.len, &err) < 0) {
        check_broken(c, "cannot write %s", name);
    }
out:
    if (fd >= 0) {
        close(fd);
    }
    close(dir);
}

/* Opens a regular file that the student's program left; -1 after the check has failed. */
static int open_left_file(struct check *c, int dir, const char *name, size_t max, size_t *out_size)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        check_fail(c, "there is no file %s: the program did not write it", name);
        return -1;
    }
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        check_fail(c, "%s is not a regular file that can be read", name);
        goto fail;
    }
    if ((uint64_t)st.st_size > max) {
        check_fail(c, "%s is larger than it can be: %" PRId64 " bytes", name, (int64_t)st.st_size);
        goto fail;
    }
    *out_size = (size_t)st.st_size;
    return fd;
fail:
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

bool check_get_file(struct check *c, const char *name, size_t max, struct bytes *out_content)
{
    size_t size = 0;
    int dir = open_dir(c);
    int fd = dir < 0 ? -1 : open_left_file(c, dir, name, max, &size);
    bool good = false;
    if (fd >= 0) {
        uint8_t *data = arena_alloc(&c->arena, size + 1, 1);
        ssize_t got = file_pread(fd, data, size, 0);
        if (got >= 0) {
            *out_content = (struct bytes){ data, (size_t)got };
            good = true;
        } else {
            check_fail(c, "%s cannot be read", name);
        }
        close(fd);
    }
    if (dir >= 0) {
        close(dir);
    }
    return good;
}
