/*
 * The session with one lab's checks: process, verdicts, deadlines.
 */
#include "run/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

enum { VERDICT_FD = 3, CONTROL_FD = 4, CHECK_GRACE_MS = 60000, CONTROL_TIMEOUT_S = 10 };

void session_fail(struct session *s, const char *why)
{
    if (!s->failure) {
        s->failure = arena_text(&s->run->arena, bytes_of(why));
    }
    if (s->pid > 0) {
        (void)kill(s->pid, SIGKILL);
    }
}

void session_end_jobs(struct session *s)
{
    for (int i = 0; i < SESSION_JOBS_MAX; i++) {
        struct job *job = s->jobs[i].job;
        s->jobs[i] = (struct session_job){ 0 };
        job_destroy(job);
    }
}

/* --- verdicts --- */

static const char *unmet_need(const struct session *s, size_t index)
{
    const struct lab_check *check = s->lab->checks[index].check;
    for (size_t k = 0; k < check->needs.count; k++) {
        for (size_t i = 0; i < index; i++) {
            const struct check_result *other = &s->lab->checks[i];
            if (strcmp(other->check->id, check->needs.items[k]) == 0 &&
                other->status != STATUS_PASSED) {
                return other->check->id;
            }
        }
    }
    return NULL;
}

static bool may_skip(void *context, size_t index)
{
    const struct session *s = context;
    return session_skip_reason(s, index)[0] != '\0' || unmet_need(s, index) != NULL;
}

static void settled(void *context, size_t index, const struct verdict *v)
{
    static const enum check_status statuses[] = { [VERDICT_PASSED] = STATUS_PASSED,
                                                  [VERDICT_FAILED] = STATUS_FAILED,
                                                  [VERDICT_SKIPPED] = STATUS_SKIPPED,
                                                  [VERDICT_ERROR] = STATUS_ERROR };
    struct session *s = context;
    struct check_result *c = &s->lab->checks[index];
    c->verdict = *v;
    c->status = statuses[v->kind];
    c->points = c->status == STATUS_PASSED ? c->check->points : 0;
    run_progress(s->run, "%s: %s: %s", s->lab->lab->id, c->check->id, check_status_name(c->status));
    run_save(s->run);
}

static void close_watch(struct watch *w)
{
    watch_remove(w);
    if (w->fd >= 0) {
        close(w->fd);
        w->fd = -1;
    }
}

static void verdicts_ready(struct watch *w)
{
    struct session *s = container_of(w, struct session, verdicts);
    static const size_t chunk = 65536;
    struct weir_error err;
    uint8_t data[65536];
    ssize_t n = read(w->fd, data, chunk);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return;
    }
    if (n > 0) {
        if (verdict_feed(&s->reader, (struct bytes){ data, (size_t)n }, &err) < 0) {
            session_fail(s, err.message);
            close_watch(w);
        }
        return;
    }
    if (!s->failure && verdict_end(&s->reader, &err) < 0) {
        session_fail(s, err.message);
    }
    close_watch(w);
}

/* --- deadlines --- */

static void check_expired(struct watch *w)
{
    struct session *s = container_of(w, struct session, check_timer);
    if (s->out_of_time) {
        session_fail(s, "a check did not come to its end in time");
        return;
    }
    /* Its programs are stopped first, so that the check can still say what it saw. */
    s->out_of_time = true;
    for (int i = 0; i < SESSION_JOBS_MAX; i++) {
        if (s->jobs[i].job && s->jobs[i].job->ending == JOB_RUNNING) {
            s->jobs[i].job->control.deadline_ms = 1;
        }
    }
    w->deadline_ms = clock_monotonic_ms() + CHECK_GRACE_MS;
}

static void lab_expired(struct watch *w)
{
    struct session *s = container_of(w, struct session, lab_timer);
    session_fail(s, "the checks took longer than limits.lab_ms allows");
}

static void wait_expired(struct watch *w)
{
    session_answer_wait(container_of(w, struct session, wait_timer));
}

/* --- the process --- */

static void control_ready(struct watch *w)
{
    struct session *s = container_of(w, struct session, control);
    struct weir_error err;
    enum weir_status rc = message_receive(w->fd, &s->request, &err);
    if (rc == WEIR_OK) {
        session_serve(s);
        return;
    }
    if (rc != WEIR_ENOTFOUND) {
        session_fail(s, err.message);
    }
    close_watch(w);
}

static _Noreturn void child_main(
    const struct session *s, int verdicts, int control, int log, pid_t parent)
{
    char program[4200];
    char bootstrap[256];
    char path[] = "PATH=/usr/bin:/bin";
    char locale[] = "LC_ALL=C.UTF-8";
    char zone[] = "TZ=UTC";
    char *env[] = { bootstrap, path, locale, zone, NULL };
    char *argv[] = { program, NULL };
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int high[2] = { fcntl(verdicts, F_DUPFD_CLOEXEC, 16), fcntl(control, F_DUPFD_CLOEXEC, 16) };
    (void)snprintf(program, sizeof(program), "%s/%s", s->run->places.checks, s->lab->lab->id);
    (void)snprintf(bootstrap, sizeof(bootstrap), "WEIR_CHECK_BOOTSTRAP=%s", s->cluster->address);
    loop_child();
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 ||
        dup2(high[0], VERDICT_FD) < 0 || dup2(high[1], CONTROL_FD) < 0 || chdir(s->dir) < 0) {
        _exit(126);
    }
    (void)close_range(CONTROL_FD + 1, ~0U, 0);
    (void)execve(program, argv, env);
    _exit(127);
}

static enum weir_status spawn(struct session *s, struct weir_error *err)
{
    char path[4200];
    int pipe_ends[2] = { -1, -1 };
    int sockets[2] = { -1, -1 };
    enum weir_status rc = WEIR_OK;
    pid_t parent = getpid();
    const struct timeval limit = { .tv_sec = CONTROL_TIMEOUT_S };
    (void)snprintf(path, sizeof(path), "%s/checks.log", s->dir);
    int log = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (log < 0 || pipe2(pipe_ends, O_CLOEXEC) < 0 ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0 ||
        setsockopt(sockets[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
        setsockopt(sockets[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0) {
        rc = weir_fail_errno(err, "cannot prepare the checks");
        goto out;
    }
    s->pid = fork();
    if (s->pid == 0) {
        child_main(s, pipe_ends[1], sockets[1], log, parent);
    }
    if (s->pid < 0) {
        rc = weir_fail_errno(err, "cannot start a process for the checks");
        goto out;
    }
    s->verdicts = (struct watch){ .fd = pipe_ends[0], .ready = verdicts_ready };
    s->control = (struct watch){ .fd = sockets[0], .ready = control_ready };
    pipe_ends[0] = -1;
    sockets[0] = -1;
    watch_add(&s->run->loop, &s->verdicts);
    watch_add(&s->run->loop, &s->control);
out:
    for (int i = 0; i < 2; i++) {
        if (pipe_ends[i] >= 0) {
            close(pipe_ends[i]);
        }
        if (sockets[i] >= 0) {
            close(sockets[i]);
        }
    }
    if (log >= 0) {
        close(log);
    }
    return rc;
}

/* Waits for the process, which has closed its pipe or was killed, and looks at how it ended. */
static void collect(struct session *s)
{
    char words[256];
    int status = 0;
    if (s->pid <= 0) {
        return;
    }
    if (s->failure) {
        (void)kill(s->pid, SIGKILL);
    }
    (void)waitpid(s->pid, &status, 0);
    s->pid = 0;
    if (!s->failure) {
        return; /* every verdict came; how the process ended then changes none of them */
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL) {
        (void)snprintf(words, sizeof(words), "the checks crashed: signal %d (%s)", WTERMSIG(status),
                       sigdescr_np(WTERMSIG(status)));
        s->failure = arena_text(&s->run->arena, bytes_of(words));
    } else if (WIFEXITED(status) && (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127)) {
        (void)snprintf(words, sizeof(words), "the checks cannot be started: %s", s->lab->lab->id);
        s->failure = arena_text(&s->run->arena, bytes_of(words));
    }
}

static void judge(struct session *s)
{
    struct lab_result *l = s->lab;
    bool unbuilt = false;
    for (size_t i = 0; i < l->build_count; i++) {
        unbuilt |= !l->builds[i].built;
    }
    l->status = unbuilt ? LAB_NOT_GRADABLE : LAB_GRADED;
    for (size_t i = 0; i < l->lab->check_count && !s->failure; i++) {
        if (l->checks[i].status == STATUS_ERROR) {
            s->failure = l->checks[i].verdict.message;
        }
    }
    if (s->failure) {
        l->status = LAB_ERROR;
        l->message = s->failure;
    }
}

void session_run(struct session *s)
{
    struct weir_error err;
    const struct manifest *lab = s->lab->lab;
    const char **ids = ARENA_NEW(&s->run->arena, const char *, lab->check_count);
    for (size_t i = 0; i < lab->check_count; i++) {
        ids[i] = lab->checks[i].id;
    }
    s->reader = (struct verdict_reader){ .ids = ids,
                                         .count = lab->check_count,
                                         .may_skip = may_skip,
                                         .settled = settled,
                                         .context = s,
                                         .arena = &s->run->arena };
    verdict_reader_init(&s->reader);
    message_init(&s->request);
    message_init(&s->answer);
    s->next_job = 1;
    s->verdicts.fd = s->control.fd = -1;
    s->check_timer = (struct watch){ .fd = -1, .expired = check_expired };
    s->wait_timer = (struct watch){ .fd = -1, .expired = wait_expired };
    s->quota_timer = (struct watch){ .fd = -1, .expired = session_quota_look };
    s->lab_timer = (struct watch){ .fd = -1,
                                   .expired = lab_expired,
                                   .deadline_ms = clock_monotonic_ms() + lab->limits.lab_ms };
    watch_add(&s->run->loop, &s->check_timer);
    watch_add(&s->run->loop, &s->quota_timer);
    watch_add(&s->run->loop, &s->wait_timer);
    watch_add(&s->run->loop, &s->lab_timer);
    if (spawn(s, &err) < 0) {
        session_fail(s, err.message);
    }
    while (s->verdicts.fd >= 0 && s->run->loop.stop_signal == 0 && !s->failure) {
        loop_turn(&s->run->loop);
        if (s->cluster->ended && !s->failure) {
            char words[256];
            embedded_last_words(s->cluster, words, sizeof(words));
            session_fail(s,
                         arena_text(&s->run->arena,
                                    arena_printf(&s->run->arena, "the broker stopped: %s", words)));
        }
    }
    if (s->run->loop.stop_signal) {
        session_fail(s, "interrupted");
    }
    session_end_jobs(s);
    collect(s);
    close_watch(&s->verdicts);
    close_watch(&s->control);
    watch_remove(&s->check_timer);
    watch_remove(&s->wait_timer);
    watch_remove(&s->quota_timer);
    watch_remove(&s->lab_timer);
    verdict_reader_finish(&s->reader);
    message_finish(&s->request);
    message_finish(&s->answer);
    judge(s);
}
