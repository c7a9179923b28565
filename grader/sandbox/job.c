/*
 * One run of a program in the sandbox: how it is started and how its end is found out.
 *
 * weir-grade forks; the child arranges descriptors and, as root, its uid, and becomes bubblewrap (levels 3 and 4) or
 * weir-jail itself. The jail reports over the control socket when no process of the run is left. A jail that does not
 * answer is killed by its pid.
 */
#include "sandbox/job.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "jail/jail.h"
#include "sandbox/command.h"

enum {
    JAIL_GRACE_MS = 5000, /* from "kill" to the report */
    FLOOD_FACTOR = 64,    /* a run may write this many times what is kept */
    STREAM_READS_PER_TURN = 16,
};

static void job_end(struct job *job);

static int stream_close(struct watch *w)
{
    if (w->fd >= 0) {
        watch_remove(w);
        close(w->fd);
        w->fd = -1;
    }
    return 0;
}

void job_stop(struct job *job, enum job_ending why)
{
    if (job->decided == JOB_RUNNING) {
        job->decided = why;
        (void)send(job->control.fd, &(uint8_t){ 0 }, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        job->control.deadline_ms = clock_monotonic_ms() + JAIL_GRACE_MS;
    }
}

/* Takes what is in the pipe now. */
static void stream_drain(struct job *job, int i)
{
    char data[65536];
    struct watch *w = &job->streams[i];
    uint64_t most = (uint64_t)job->limits.output_kb * 1024 * FLOOD_FACTOR;
    for (int turn = 0; w->fd >= 0 && turn < STREAM_READS_PER_TURN; turn++) {
        ssize_t n = read(w->fd, data, sizeof(data));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n <= 0) {
            stream_close(w);
            return;
        }
        capture_add(&job->captured[i], data, (size_t)n);
        if (job->captured[i].total > most) {
            job_stop(job, JOB_FLOODED);
        }
    }
}

static void out_ready(struct watch *w)
{
    stream_drain(container_of(w, struct job, streams[0]), 0);
}

static void err_ready(struct watch *w)
{
    stream_drain(container_of(w, struct job, streams[1]), 1);
}

/* Turns the jail's report, and what we decided ourselves, into one ending. */
static void job_judge(struct job *job, const struct jail_report *r)
{
    static const char *const steps[] = { "starting", "setting limits", "changing uid",
                                         "restricting itself", "being executed" };
    job->cpu_ms = r->cpu_us / 1000;
    job->rss_kb = r->rss_kb;
    job->swept = r->swept;
    job->code = r->code;
    if (r->ending == JAIL_NOT_STARTED) {
        job->ending = JOB_NOT_STARTED;
        job->failed_step = steps[r->step <= JAIL_STEP_EXEC ? r->step : 0];
        job->never_its_turn = r->step < JAIL_STEP_EXEC;
    } else if (r->ending == JAIL_OUT_OF_MEMORY) {
        job->ending = JOB_OUT_OF_MEMORY;
    } else if (r->ending == JAIL_OUT_OF_DISK) {
        job->ending = JOB_OUT_OF_DISK;
    } else if (job->decided != JOB_RUNNING) {
        job->ending = job->decided;
    } else if (r->ending == JAIL_EXITED) {
        job->ending = JOB_EXITED;
    } else if (r->code == SIGXCPU ||
               (r->code == SIGKILL && job->cpu_ms >= job->limits.cpu_s * 1000)) {
        job->ending = JOB_OUT_OF_CPU;
    } else {
        job->ending = r->code == job->sent_signal ? JOB_STOPPED : JOB_SIGNALLED;
    }
}

static void control_ready(struct watch *w)
{
    struct job *job = container_of(w, struct job, control);
    struct jail_report r = { 0 };
    ssize_t n = recv(w->fd, &r, sizeof(r), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n == (ssize_t)sizeof(r)) {
        job_judge(job, &r);
    } else { /* the jail died without a word: killed for memory by the kernel, or it could not be set up */
        job->ending = job->decided != JOB_RUNNING ? job->decided : JOB_NOT_STARTED;
        job->failed_step = "entering the sandbox";
    }
    job_end(job);
}

static void control_expired(struct watch *w)
{
    struct job *job = container_of(w, struct job, control);
    if (job->decided == JOB_RUNNING) {
        job_stop(job, JOB_TIMED_OUT);
        return;
    }
    (void)kill(
        job->pid,
        SIGKILL); /* bubblewrap dies with its namespace; the jail's children get SIGKILL from it */
    job->ending = job->decided;
    job_end(job);
}

/* Everything of the run is dead: takes the last of its output and gives its uid back. */
static void job_finish(struct job *job)
{
    watch_remove(&job->control);
    if (job->control.fd >= 0) {
        close(job->control.fd);
        job->control.fd = -1;
    }
    for (int i = 0; i < 2; i++) {
        stream_drain(job, i);
        stream_close(&job->streams[i]);
    }
    if (job->pid > 0) {
        (void)waitpid(job->pid, NULL, 0);
        job->pid = 0;
    }
    if (job->slot >= 0) {
        job->sandbox->slots &= ~(1U << job->slot);
        job->slot = -1;
    }
    job->wall_ms = clock_monotonic_ms() - job->start_ms;
}

static void job_end(struct job *job)
{
    job_finish(job);
    if (job->ended) {
        job->ended(job);
    }
}

void job_destroy(struct job *job)
{
    if (!job) {
        return;
    }
    if (job->ending == JOB_RUNNING && job->pid > 0) {
        job_stop(job, JOB_STOPPED);
        job->ended = NULL;
        while (job->ending == JOB_RUNNING) { /* at most JAIL_GRACE_MS */
            loop_turn(job->sandbox->loop);
        }
    }
    capture_finish(&job->captured[0]);
    capture_finish(&job->captured[1]);
    free(job);
}

void job_signal(struct job *job, int signo)
{
    uint8_t byte = (uint8_t)signo;
    if (job->ending == JOB_RUNNING && send(job->control.fd, &byte, 1, MSG_NOSIGNAL) == 1) {
        job->sent_signal = signo;
    }
}

/* --- starting --- */

struct plumbing {
    int in[2];
    int out[2];
    int err[2];
    int control[2];
};

static void plumbing_close(struct plumbing *p)
{
    int *all[4] = { p->in, p->out, p->err, p->control };
    for (int i = 0; i < 4; i++) {
        for (int end = 0; end < 2; end++) {
            if (all[i][end] >= 0) {
                close(all[i][end]);
                all[i][end] = -1;
            }
        }
    }
}

static enum weir_status plumbing_open(struct plumbing *p,
                                      struct bytes input,
                                      struct weir_error *err)
{
    *p = (struct plumbing){ { -1, -1 }, { -1, -1 }, { -1, -1 }, { -1, -1 } };
    if (pipe2(p->out, O_CLOEXEC) < 0 || pipe2(p->err, O_CLOEXEC) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->control) < 0) {
        goto fail;
    }
    if (input.len == 0) {
        p->in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    } else if (input.len > JOB_INPUT_MAX) {
        return weir_fail(err, WEIR_ETOOBIG, "standard input of %zu bytes; at most %d", input.len,
                         JOB_INPUT_MAX);
    } else if (pipe2(p->in, O_CLOEXEC) < 0 ||
               write(p->in[1], input.data, input.len) != (ssize_t)input.len) {
        goto fail; /* a pipe holds 64 KiB, so the write neither blocks nor is short */
    }
    if (p->in[0] >= 0 && fcntl(p->out[0], F_SETFL, O_NONBLOCK) == 0 &&
        fcntl(p->err[0], F_SETFL, O_NONBLOCK) == 0) {
        return WEIR_OK;
    }
fail:
    (void)weir_fail_errno(err, "cannot make pipes for a program");
    return WEIR_EIO;
}

/* The child, until it is bubblewrap or the jail. Only system calls from here on. */
static _Noreturn void child_main(const struct sandbox *s,
                                 const struct plumbing *p,
                                 const struct command *command)
{
    const int from[4] = { p->in[0], p->out[1], p->err[1], p->control[1] };
    int high[4];
    loop_child();
    for (int i = 0; i < 4; i++) { /* out of the way first: one of them may be descriptor 0 to 3 */
        high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 16);
    }
    for (int i = 0; i < 4; i++) {
        if (dup2(high[i], i) < 0) {
            _exit(126);
        }
    }
    (void)close_range(4, ~0U, 0);
    (void)setpgid(0, 0); /* Ctrl-C is for weir-grade, which then ends its jobs in order */
    if (command->uid >= 0 &&
        (setgroups(0, NULL) < 0 || setresgid(s->gid, s->gid, s->gid) < 0 ||
         setresuid((uid_t)command->uid, (uid_t)command->uid, (uid_t)command->uid) < 0)) {
        _exit(126);
    }
    (void)execve(command->argv[0], command->argv, command->env);
    _exit(127);
}

static int take_slot(struct sandbox *s)
{
    for (int i = 0; s->root && i < SANDBOX_SLOTS; i++) {
        if ((s->slots & (1U << i)) == 0) {
            s->slots |= 1U << i;
            return i;
        }
    }
    return -1;
}

static struct job *job_new(struct sandbox *s, const struct job_spec *spec, struct plumbing *p)
{
    struct job *job = MEM_NEW(struct job);
    void (*const ready[2])(struct watch *) = { out_ready, err_ready };
    int *ends[2] = { &p->out[0], &p->err[0] };
    job->sandbox = s;
    job->limits = spec->limits;
    job->start_ms = clock_monotonic_ms();
    for (int i = 0; i < 2; i++) {
        capture_init(&job->captured[i], (size_t)spec->limits.output_kb * 1024);
        job->streams[i] = (struct watch){ .fd = *ends[i], .ready = ready[i] };
        *ends[i] = -1;
        watch_add(s->loop, &job->streams[i]);
    }
    job->control = (struct watch){ .fd = p->control[0],
                                   .deadline_ms = job->start_ms + spec->limits.timeout_ms,
                                   .ready = control_ready,
                                   .expired = control_expired };
    p->control[0] = -1;
    watch_add(s->loop, &job->control);
    return job;
}

enum weir_status job_start(struct sandbox *s,
                           const struct job_spec *spec,
                           void (*ended)(struct job *job),
                           void *owner,
                           struct job **out_job,
                           struct weir_error *err)
{
    struct plumbing p;
    struct command command;
    struct job *job = NULL;
    pid_t pid = -1;
    int slot = take_slot(s);
    if (s->root && slot < 0) {
        return weir_fail(err, WEIR_ETOOBIG, "more than %d programs at once", SANDBOX_SLOTS);
    }
    command_init(&command, s, spec, slot);
    enum weir_status rc = plumbing_open(&p, spec->input, err);
    if (rc < 0) {
        goto out;
    }
    pid = fork();
    if (pid == 0) {
        child_main(s, &p, &command);
    }
    if (pid < 0) {
        rc = weir_fail_errno(err, "cannot start a process");
        goto out;
    }
    job = job_new(s, spec, &p);
    job->pid = pid;
    job->slot = slot;
    job->ended = ended;
    job->owner = owner;
    *out_job = job;
    slot = -1;
out:
    if (slot >= 0) {
        s->slots &= ~(1U << slot);
    }
    plumbing_close(&p);
    command_finish(&command);
    return rc;
}

void job_explain(const struct job *job, char *out, size_t size)
{
    switch (job->ending) {
    case JOB_RUNNING: (void)snprintf(out, size, "is still running"); break;
    case JOB_EXITED:
        (void)snprintf(out, size, "ended with exit status %d after %lld ms", job->code,
                       (long long)job->wall_ms);
        break;
    case JOB_SIGNALLED:
        (void)snprintf(out, size, "was killed by signal %d (%s)%s", job->code,
                       sigdescr_np(job->code),
                       job->code == SIGXFSZ ? ": it wrote a file larger than it may" : "");
        break;
    case JOB_STOPPED:
        (void)snprintf(out, size, "ended by the signal %d (%s) that the check sent", job->code,
                       sigdescr_np(job->code));
        break;
    case JOB_TIMED_OUT:
        (void)snprintf(out, size, "did not end within %lld ms and was stopped",
                       (long long)job->limits.timeout_ms);
        break;
    case JOB_OUT_OF_CPU:
        (void)snprintf(out, size, "used more than %lld s of processor time and was stopped",
                       (long long)job->limits.cpu_s);
        break;
    case JOB_OUT_OF_MEMORY:
        (void)snprintf(out, size, "used more than %lld MiB of memory and was stopped",
                       (long long)job->limits.memory_mb);
        break;
    case JOB_OUT_OF_DISK:
        (void)snprintf(out, size, "held more than %lld MiB of disk space and was stopped",
                       (long long)job_disk_mb(&job->limits));
        break;
    case JOB_FLOODED:
        (void)snprintf(out, size, "printed more than %lld KiB and was stopped",
                       (long long)job->limits.output_kb * FLOOD_FACTOR);
        break;
    case JOB_FLOODED_BROKER:
        (void)snprintf(out, size, "made the broker keep more than %lld MiB and was stopped",
                       (long long)job->limits.broker_mb);
        break;
    case JOB_NOT_STARTED:
        (void)snprintf(out, size, "could not be started: it failed at %s (%s)",
                       job->failed_step ? job->failed_step : "starting",
                       strerrordesc_np(job->code));
        break;
    }
}
