/*
 * weir-jail: starts one program with limits, reports how it ended, leaves nothing alive. See jail.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "jail/disk.h"
#include "jail/filter.h"
#include "jail/jail.h"
#include "jail/tree.h"

enum { LOOK_EVERY_MS = 50, SWEEP_ROUNDS_MAX = 2000 };

struct jail {
    struct jail_options options;
    struct jail_report report;
    pid_t child;
    int start_fd; /* the child writes why it could not start; closed by a successful exec */
    int signal_fd;
    int dir_fd; /* the working directory, opened before the program could close it to us */
    uint32_t children_left;
};

static int limit(int resource, int64_t soft, int64_t hard)
{
    struct rlimit r = { .rlim_cur = (rlim_t)soft, .rlim_max = (rlim_t)hard };
    return setrlimit(resource, &r) < 0 ? errno : 0;
}

static int set_limits(const struct jail_options *o)
{
    int rc = limit(RLIMIT_CORE, 0, 0);
    rc = rc ? rc : limit(RLIMIT_CPU, o->cpu_s, o->cpu_s + 1);
    rc = rc ? rc : limit(RLIMIT_FSIZE, o->file_mb << 20, o->file_mb << 20);
    rc = rc ? rc : limit(RLIMIT_NOFILE, o->fds, o->fds);
    if (rc == 0 && o->address_mb > 0) {
        rc = limit(RLIMIT_AS, o->address_mb << 20, o->address_mb << 20);
    }
    if (rc == 0 && o->processes > 0) {
        rc = limit(RLIMIT_NPROC, o->processes, o->processes);
    }
    return rc;
}

static int drop_uid(const struct jail_options *o)
{
    if (o->uid < 0) {
        return 0;
    }
    if (setgroups(0, NULL) < 0 || setresgid((gid_t)o->gid, (gid_t)o->gid, (gid_t)o->gid) < 0 ||
        setresuid((uid_t)o->uid, (uid_t)o->uid, (uid_t)o->uid) < 0) {
        return errno;
    }
    return 0;
}

static int set_filters(const struct jail_options *o)
{
    int rc = 0;
    if (o->read_count > 0) {
        rc = landlock_load(o->read_paths, o->read_count, o->write_paths, o->write_count);
    }
    if (rc == 0 && !o->no_filter) {
        rc = filter_load(o->same_uid);
    }
    return rc;
}

static _Noreturn void child_main(const struct jail *j)
{
    const struct jail_options *o = &j->options;
    sigset_t none;
    int failure[2] = { JAIL_STEP_LIMITS, 0 };
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid(); /* no terminal of ours to play with */
    failure[1] = set_limits(o);
    if (failure[1] == 0) {
        failure[0] = JAIL_STEP_UID;
        failure[1] = drop_uid(o);
    }
    if (failure[1] == 0) {
        /* After the change of uid, which clears it. The jail kills the run itself; this is for when it was killed. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        failure[0] = JAIL_STEP_FILTER;
        failure[1] = set_filters(o);
    }
    if (failure[1] == 0) {
        failure[0] = JAIL_STEP_EXEC;
        /* Nothing of ours is left open for the program, whatever we were started with. */
        if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0 || chdir(o->dir) < 0) {
            failure[1] = errno;
        } else {
            (void)execvp(o->argv[0], o->argv);
            failure[1] = errno;
        }
    }
    ssize_t n = write(j->start_fd, failure, sizeof(failure));
    _exit(n < 0 ? 126 : 127);
}

static void start(struct jail *j)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) {
        j->report = (struct jail_report){ .ending = JAIL_NOT_STARTED, .code = errno };
        return;
    }
    j->start_fd = ends[1];
    j->child = fork();
    if (j->child == 0) {
        child_main(j);
    }
    close(ends[1]);
    int failure[2];
    if (j->child < 0) {
        j->report = (struct jail_report){ .ending = JAIL_NOT_STARTED, .code = errno };
    } else if (read(ends[0], failure, sizeof(failure)) == (ssize_t)sizeof(failure)) {
        j->report = (struct jail_report){ .ending = JAIL_NOT_STARTED,
                                          .step = (uint32_t)failure[0],
                                          .code = failure[1] };
    }
    close(ends[0]);
    /* The pipes belong to the program now: their end is its end. */
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++) {
        (void)dup2(null, fd);
    }
}

/* Collects children that have ended. False when there are none left at all. */
static bool reap(struct jail *j)
{
    for (;;) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0) {
            return pid == 0 || errno != ECHILD;
        }
        if (pid != j->child) {
            continue;
        }
        j->child = 0;
        if (j->report.ending == 0) {
            bool exited = WIFEXITED(status);
            j->report.ending = exited ? JAIL_EXITED : JAIL_SIGNALLED;
            j->report.code = exited ? WEXITSTATUS(status) : WTERMSIG(status);
        }
    }
}

/* Everything that runs under the run's own uid, at once: no fork can slip through between two looks at /proc. */
static void kill_uid(const struct jail_options *o)
{
    pid_t helper = fork();
    if (helper == 0) {
        if (drop_uid(o) == 0) {
            (void)kill(-1, SIGKILL);
        }
        _exit(0);
    }
    if (helper > 0) {
        (void)waitpid(helper, NULL, 0);
    }
}

/* Kills all that is left of the run. */
static void sweep(struct jail *j)
{
    struct timespec pause = { .tv_nsec = 1000000 };
    for (int round = 0; round < SWEEP_ROUNDS_MAX && reap(j); round++) {
        uint32_t found = 0;
        if (getpid() == 1) {
            found = (uint32_t)tree_signal(0);
            (void)kill(-1, SIGKILL);
        } else if (j->options.uid >= 0) {
            found = (uint32_t)tree_signal(0);
            kill_uid(&j->options);
        } else { /* stopped first, so that they cannot fork away from the kill */
            (void)tree_signal(SIGSTOP);
            found = (uint32_t)tree_signal(SIGKILL);
        }
        j->report.swept = found > j->report.swept ? found : j->report.swept;
        (void)nanosleep(&pause, NULL); /* till the kernel has taken them down */
    }
}

/* A message from weir-grade, or its end. False when the run is to be killed. */
static bool obey(struct jail *j)
{
    uint8_t signo = 0;
    ssize_t n = recv(JAIL_CONTROL_FD, &signo, 1, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    if (n <= 0 || signo == 0) {
        return false;
    }
    if (j->child > 0) {
        (void)kill(j->child, signo);
    }
    return true;
}

static int64_t now_ms(void)
{
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What no limit of the kernel's bounds for all processes of the run together. */
static void look(struct jail *j)
{
    const struct jail_options *o = &j->options;
    if (j->report.ending == 0 && o->rss_mb > 0 && tree_rss() > o->rss_mb << 20) {
        j->report.ending = JAIL_OUT_OF_MEMORY;
    }
    if (j->report.ending == 0 && o->disk_mb > 0 && disk_used(j->dir_fd) > o->disk_mb << 20) {
        j->report.ending = JAIL_OUT_OF_DISK;
    }
}

static void watch(struct jail *j)
{
    struct signalfd_siginfo info;
    struct pollfd fds[2] = { { .fd = JAIL_CONTROL_FD, .events = POLLIN },
                             { .fd = j->signal_fd, .events = POLLIN } };
    int64_t look_ms = now_ms() + LOOK_EVERY_MS;
    while (j->child > 0 && j->report.ending == 0) {
        int n = poll(fds, 2, LOOK_EVERY_MS);
        if (n < 0 && errno != EINTR) {
            return;
        }
        if (n > 0 && (fds[0].revents && !obey(j))) {
            return;
        }
        if (n > 0 && fds[1].revents && read(j->signal_fd, &info, sizeof(info)) > 0) {
            (void)reap(j);
        }
        if (now_ms() >=
            look_ms) { /* by the clock: a program can keep poll() busy with dying children */
            look(j);
            look_ms = now_ms() + LOOK_EVERY_MS;
        }
    }
}

static bool parse_number(const char *text, int64_t *out)
{
    char *end = NULL;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool add_path(const char **paths, int *count, int max, const char *path)
{
    if (*count == max) {
        return false;
    }
    paths[(*count)++] = path;
    return true;
}

static bool parse_options(int argc, char **argv, struct jail_options *o)
{
    enum {
        WORK_DIR = 1,
        UID,
        GID,
        CPU,
        ADDRESS,
        RSS,
        FILE_SIZE,
        DISK,
        PROCESSES,
        FDS,
        SAME,
        NOFILTER,
        READ,
        WRITE
    };
    static const struct option known[] = {
        { "dir", 1, NULL, WORK_DIR },
        { "uid", 1, NULL, UID },
        { "gid", 1, NULL, GID },
        { "cpu", 1, NULL, CPU },
        { "address", 1, NULL, ADDRESS },
        { "rss", 1, NULL, RSS },
        { "file", 1, NULL, FILE_SIZE },
        { "disk", 1, NULL, DISK },
        { "processes", 1, NULL, PROCESSES },
        { "fds", 1, NULL, FDS },
        { "same-uid", 0, NULL, SAME },
        { "no-filter", 0, NULL, NOFILTER },
        { "read", 1, NULL, READ },
        { "write", 1, NULL, WRITE },
        { NULL, 0, NULL, 0 },
    };
    int64_t *const numbers[] = { [UID] = &o->uid,      [GID] = &o->gid,
                                 [CPU] = &o->cpu_s,    [ADDRESS] = &o->address_mb,
                                 [RSS] = &o->rss_mb,   [FILE_SIZE] = &o->file_mb,
                                 [DISK] = &o->disk_mb, [PROCESSES] = &o->processes,
                                 [FDS] = &o->fds };
    bool good = true;
    for (int c = getopt_long(argc, argv, "+", known, NULL); good && c != -1;
         c = getopt_long(argc, argv, "+", known, NULL)) {
        if (c == WORK_DIR) {
            o->dir = optarg;
        } else if (c == SAME) {
            o->same_uid = 1;
        } else if (c == NOFILTER) {
            o->no_filter = 1;
        } else if (c == READ) {
            good = add_path(o->read_paths, &o->read_count, 32, optarg);
        } else if (c == WRITE) {
            good = add_path(o->write_paths, &o->write_count, 4, optarg);
        } else {
            good = c >= UID && c <= FDS && parse_number(optarg, numbers[c]);
        }
    }
    o->argv = argv + optind;
    return good && optind < argc;
}

int main(int argc, char **argv)
{
    struct jail j = {
        .options = { .dir = "/", .uid = -1, .gid = -1, .cpu_s = 5, .file_mb = 64, .fds = 128 }
    };
    sigset_t all;
    if (!parse_options(argc, argv, &j.options) ||
        getsockopt(JAIL_CONTROL_FD, SOL_SOCKET, SO_TYPE, &(int){ 0 }, &(socklen_t){ sizeof(int) }) <
            0) {
        (void)fprintf(stderr, "weir-jail is started by weir-grade\n");
        return 4;
    }
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    (void)fcntl(JAIL_CONTROL_FD, F_SETFD, FD_CLOEXEC);
    sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    sigemptyset(&all);
    sigaddset(&all, SIGCHLD);
    j.signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);

    j.dir_fd = open(j.options.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    start(&j);
    watch(&j);
    sweep(&j);
    struct rusage used;
    (void)getrusage(RUSAGE_CHILDREN, &used);
    j.report.cpu_us = (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
                      used.ru_utime.tv_usec + used.ru_stime.tv_usec;
    j.report.rss_kb = used.ru_maxrss;
    ssize_t sent = send(JAIL_CONTROL_FD, &j.report, sizeof(j.report), MSG_NOSIGNAL);
    return sent == (ssize_t)sizeof(j.report) ? 0 : 3;
}
