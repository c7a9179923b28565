/*
 * Finding out how well this machine can keep student code apart.
 */
#include "sandbox/sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "jail/filter.h"
#include "sandbox/job.h"

/* Debian gives 60578 to 61183 to nobody (policy 9.2.2), and container images map them as they are. */
enum { UID_LOW = 60578, UID_HIGH = 61183 };

/* Calls `visit` with the owner of every process; false as soon as it says so. */
static bool each_process(bool (*visit)(void *context, uid_t owner), void *context)
{
    DIR *proc = opendir("/proc");
    bool good = proc != NULL;
    for (struct dirent *e = good ? readdir(proc) : NULL; e && good; e = readdir(proc)) {
        struct stat st;
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
            fstatat(dirfd(proc), e->d_name, &st, 0) == 0) {
            good = visit(context, st.st_uid);
        }
    }
    if (proc) {
        closedir(proc);
    }
    return good;
}

static bool outside_range(void *context, uid_t owner)
{
    uid_t first = *(uid_t *)context;
    return owner < first || owner >= first + SANDBOX_SLOTS;
}

/*
 * Takes a range for this grader, as long as it lives: an abstract socket's name is there once in a network, and goes with its owner.
 * Looking for processes is not enough, as between its jobs a grader has none. -1: another one has it.
 */
static int claim_range(uid_t first)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "weir-grade-uids-%u",
                       (unsigned)first);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&name, size) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* A range of uids under which nothing runs, so that two graders on one machine do not kill each other's jobs. */
static bool find_uids(struct sandbox *s)
{
    uint32_t start = 0;
    const uint32_t ranges = (UID_HIGH - UID_LOW + 1) / SANDBOX_SLOTS;
    if (getrandom(&start, sizeof(start), 0) < 0) {
        start = (uint32_t)getpid();
    }
    for (uint32_t i = 0; i < ranges; i++) {
        uid_t first = UID_LOW + (start + i) % ranges * SANDBOX_SLOTS;
        int claim = claim_range(first);
        if (claim >= 0 && each_process(outside_range, &first)) {
            s->claim_fd = claim;
            s->uid_first = first;
            s->gid = first;
            return true;
        }
        if (claim >= 0) {
            close(claim);
        }
    }
    return false;
}

struct owner_count {
    uid_t uid;
    int64_t count;
};

static bool count_owner(void *context, uid_t owner)
{
    struct owner_count *c = context;
    c->count += owner == c->uid;
    return true;
}

/* --- a network of our own --- */

static bool raise_loopback(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    if (good) {
        request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
        good = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool good = file_write_all(fd, text, strlen(text), NULL) == WEIR_OK;
    close(fd);
    return good;
}

static bool map_ids(uid_t uid, gid_t gid)
{
    char uids[64];
    char gids[64];
    (void)snprintf(uids, sizeof(uids), "%u %u 1", (unsigned)uid, (unsigned)uid);
    (void)snprintf(gids, sizeof(gids), "%u %u 1", (unsigned)gid, (unsigned)gid);
    (void)prctl(PR_SET_DUMPABLE, 1, 0, 0,
                0); /* else our own files in /proc are not ours to write */
    bool good = write_text("/proc/self/setgroups", "deny") &&
                write_text("/proc/self/uid_map", uids) && write_text("/proc/self/gid_map", gids);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return good;
}

/* Moves this process to a new network namespace with nothing in it but `lo`. An ordinary user needs a user namespace
 * for that, in which only its own uid exists; files stay as accessible as they were. */
static bool enter_network(bool root)
{
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (unshare(root ? CLONE_NEWNET : CLONE_NEWNET | CLONE_NEWUSER) < 0) {
        return false;
    }
    return (root || map_ids(uid, gid)) && raise_loopback();
}

/* Tried in a child first: a half-made namespace cannot be left again. */
static bool can_enter_network(bool root)
{
    int status = 1;
    pid_t child = fork();
    if (child == 0) {
        _exit(enter_network(root) ? 0 : 1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* --- trying a level --- */

static void trial_ended(struct job *job)
{
    (void)job;
}

/* Runs true(1) at s->level, through all that a student's program goes through. */
static bool level_works(struct sandbox *s)
{
    char home[4096];
    struct weir_error err;
    struct job *job = NULL;
    bool good = false;
    (void)snprintf(home, sizeof(home), "%s/trial", s->run_dir);
    const struct job_spec spec = {
        .argv = (const char *const[]){ "/bin/sh", "-c", "echo fine > trial && rm trial", NULL },
        .env = (const char *const[]){ "PATH=/usr/bin:/bin", NULL },
        .code_dir = s->kit_dir,
        .home_dir = home,
        .limits = { .timeout_ms = 10000,
                    .cpu_s = 5,
                    .memory_mb = 256,
                    .processes = 16,
                    .file_mb = 1,
                    .output_kb = 4 },
    };
    if (sandbox_make_home(s, home, &err) == WEIR_OK &&
        job_start(s, &spec, trial_ended, NULL, &job, &err) == WEIR_OK) {
        while (job->ending == JOB_RUNNING && s->loop->stop_signal == 0) {
            loop_turn(s->loop);
        }
        good = job->ending == JOB_EXITED && job->code == 0;
    }
    job_destroy(job);
    if (file_remove_tree(AT_FDCWD, home, NULL) < 0) {
        good = false;
    }
    return good;
}

static bool level_possible(const struct sandbox *s, int level)
{
    switch (level) {
    case 4: return can_enter_network(s->root);
    case 3: return true;
    case 2: return s->root;
    default: return !s->root; /* root must never run student code as root */
    }
}

/* /proc/PID/fd of another uid is closed to a root without CAP_SYS_PTRACE, which containers usually take away. */
static bool may_look_into_others(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    memset(data, 0, sizeof(data));
    return syscall(SYS_capget, &header, data) == 0 &&
           (data[0].effective & (1U << CAP_SYS_PTRACE)) != 0;
}

enum weir_status sandbox_open(struct sandbox *s,
                              struct loop *loop,
                              const char *run_dir,
                              const char *kit_dir,
                              int level_max,
                              struct weir_error *err)
{
    *s = (struct sandbox){
        .loop = loop, .run_dir = run_dir, .kit_dir = kit_dir, .root = geteuid() == 0
    };
    s->landlock = landlock_available();
    s->sees_open_files = may_look_into_others();
    if (s->root && !find_uids(s)) {
        return weir_fail(
            err, WEIR_EIO,
            "all uids from %d to %d have processes or are other graders'; end those first", UID_LOW,
            UID_HIGH);
    }
    struct owner_count own = { .uid = getuid() };
    (void)each_process(count_owner, &own);
    for (int level = level_max; level >= 0; level--) {
        if (!level_possible(s, level)) {
            continue;
        }
        s->level = level;
        s->nproc_base =
            level <= 1 ? own.count * 4 : 0; /* threads count too, and are not seen here */
        if (level == 4) {
            s->entered_net = enter_network(s->root);
        }
        if (level_works(s)) {
            return WEIR_OK;
        }
        if (loop->stop_signal) {
            break;
        }
    }
    return weir_fail(
        err, WEIR_EIO,
        s->root ? "no way to run a program under another uid here: root needs --isolation 2 or "
                  "more, and the right to change uid (CAP_SETUID, CAP_SETGID)"
                : "not even a plain program can be started in %s",
        run_dir);
}

static const char *describe_own_uid(const struct sandbox *s)
{
    if (s->landlock) {
        return s->sees_open_files
                   ? "an uid of its own, Landlock, seccomp, limits; open: the program can reach "
                     "this machine's network and see that other processes exist"
                   : "an uid of its own, Landlock, seccomp, limits; open: the program can reach this machine's network, "
                     "see that other processes exist and keep the disk space of removed files while it runs";
    }
    return s->sees_open_files
               ? "an uid of its own, seccomp, limits; open: the program can reach this machine's "
                 "network and read every file that all users may read"
               : "an uid of its own, seccomp, limits; open: the program can reach this machine's network, read every "
                 "file that all users may read and keep the disk space of removed files while it runs";
}

const char *sandbox_describe(const struct sandbox *s)
{
    switch (s->level) {
    case 4: return "own namespaces, a network with nothing but the broker, seccomp, limits";
    case 3:
        return "own namespaces, seccomp, limits; open: the program can reach this machine's network";
    case 2: return describe_own_uid(s);
    case 1:
        return s->landlock
                   ? "Landlock, seccomp without signals, limits; open: the program runs under your "
                     "own uid and can reach this machine's network"
                   : "seccomp without signals, limits; open: the program runs under your own uid, "
                     "can read and write your files and reach this machine's network";
    default:
        return "limits only; open: the program runs under your own uid and can do whatever you can do";
    }
}

enum weir_status sandbox_make_home(const struct sandbox *s,
                                   const char *path,
                                   struct weir_error *err)
{
    if (mkdir(path, 0700) < 0) {
        return weir_fail_errno(err, "cannot make the folder %s", path);
    }
    /* Root's jobs share a group, and each has its own uid: all may make files here, none may remove another's. */
    if (s->root && (chown(path, 0, s->gid) < 0 || chmod(path, 01770) < 0)) {
        return weir_fail_errno(err, "cannot give the folder %s to the programs", path);
    }
    return WEIR_OK;
}
