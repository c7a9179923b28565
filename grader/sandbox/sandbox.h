/*
 * How student code is kept apart: the level that this machine allows, found once at start by trying.
 *
 *     4  own namespaces (user, pid, mount, ipc, uts) by bubblewrap, a network that holds nothing but the broker, seccomp
 *     3  the same, on the machine's network
 *     2  root without namespaces: an uid of its own, seccomp, Landlock where the kernel has it
 *     1  an ordinary user without namespaces: our own uid, seccomp that forbids signals, Landlock where there is
 *     0  the same without seccomp
 *
 * Every level has limits on time, memory, processes, files and output, an environment of our making, no inherited
 * descriptors, and a jail that leaves no process behind (jail/jail.h). The level is printed in every report; a low one
 * is never a reason not to grade.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/loop.h"

enum { SANDBOX_LEVEL_MAX = 4, SANDBOX_SLOTS = 32 };

struct sandbox {
    struct loop *loop;
    const char *run_dir; /* absolute; borrowed */
    const char *kit_dir; /* include/ lib/ bin/ jail: what student code may see of ours; borrowed */
    int level;
    bool root;
    bool landlock;
    bool
        sees_open_files; /* of another uid: root in a container often may not look into /proc/PID/fd */
    uid_t uid_first;     /* as root: SANDBOX_SLOTS uids that nobody uses */
    gid_t gid;
    int claim_fd;       /* as root: keeps other graders from those uids until this process ends */
    int64_t nproc_base; /* level 0 and 1: processes that our user has besides */
    uint32_t slots;     /* bit i: uid_first + i is in use */
    bool entered_net;
};

/* Finds the highest level up to `level_max` that works here, by running a program in it. Enters a network namespace of
 * our own for level 4, so it comes after everything that needs the network. */
WEIR_CHECKED enum weir_status sandbox_open(struct sandbox *s,
                                           struct loop *loop,
                                           const char *run_dir,
                                           const char *kit_dir,
                                           int level_max,
                                           struct weir_error *err);

/* One line for the report: what keeps the code apart, and what it leaves open. */
const char *sandbox_describe(const struct sandbox *s);

/* Are paths inside the sandbox those of sandbox_path_* below rather than our own? */
static inline bool sandbox_has_mounts(const struct sandbox *s)
{
    return s->level >= 3;
}

/* Makes a folder that jobs may write in (their home), and nobody else. */
WEIR_CHECKED enum weir_status sandbox_make_home(const struct sandbox *s,
                                                const char *path,
                                                struct weir_error *err);
