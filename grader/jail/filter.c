/*
 * The seccomp filter of student programs.
 */
#include "jail/filter.h"

#include <asm/sockios.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* By name, so that one that this machine's libseccomp does not know is simply left out. Among them is memory that
 * no process needs to map, which nothing would count, and which (System V's) would outlive the run. */
static const char *const denied[] = {
    "acct",
    "add_key",
    "bpf",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "memfd_create",
    "memfd_secret",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "mq_open",
    "msgget",
    "name_to_handle_at",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pidfd_send_signal",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "semget",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "shmget",
    "swapoff",
    "swapon",
    "syslog",
    "umount",
    "umount2",
    "unshare",
    "userfaultfd",
    "vhangup",
};

/* Sockets that reach around a network namespace. */
static const int denied_families[] = { AF_VSOCK, AF_ALG, AF_PACKET, AF_BLUETOOTH, AF_XDP, AF_KEY };

/* One more rule: `name` fails with `error` when its argument `arg` compares so. */
static int deny_when(scmp_filter_ctx filter,
                     int syscall_number,
                     int error,
                     struct scmp_arg_cmp when)
{
    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO((uint32_t)error), syscall_number, 1,
                                  &when);
}

/* The kernel looks at the lower half of such an argument only. */
static struct scmp_arg_cmp low_word(unsigned arg, uint32_t value)
{
    return (struct scmp_arg_cmp){
        .arg = arg, .op = SCMP_CMP_MASKED_EQ, .datum_a = 0xffffffffU, .datum_b = value
    };
}

/* Another process than the caller, which 0 stands for. */
static struct scmp_arg_cmp not_own(unsigned arg)
{
    return (struct scmp_arg_cmp){ .arg = arg, .op = SCMP_CMP_NE, .datum_a = 0 };
}

static int deny(scmp_filter_ctx filter, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    return number == __NR_SCMP_ERROR ? 0
                                     : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
}

/* What would reach other processes of the same uid. Signals to anybody but this process: kill(), tkill(), ... and those
 * that the kernel sends to the owner of a descriptor. A forked child cannot signal at all, not even itself; abort()
 * then ends by its trap instruction. */
static int deny_others(scmp_filter_ctx filter)
{
    static const char *const whole[] = { "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
                                         "setpriority", "ioprio_set" };
    static const char *const others[] = { "sched_setaffinity", "sched_setattr", "sched_setparam",
                                          "sched_setscheduler" };
    static const uint32_t owner_commands[] = { F_SETOWN, F_SETOWN_EX };
    static const uint32_t owner_requests[] = { FIOSETOWN, SIOCSPGRP };
    const struct scmp_arg_cmp other = { .arg = 0,
                                        .op = SCMP_CMP_NE,
                                        .datum_a = (scmp_datum_t)getpid() };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof(whole) / sizeof(whole[0]); i++) {
        rc = deny(filter, whole[i]);
    }
    if (rc == 0) {
        rc = deny_when(filter, SCMP_SYS(kill), EPERM, other);
    }
    if (rc == 0) {
        rc = deny_when(filter, SCMP_SYS(tgkill), EPERM, other);
    }
    for (size_t i = 0; rc == 0 && i < sizeof(others) / sizeof(others[0]); i++) {
        rc = deny_when(filter, seccomp_syscall_resolve_name(others[i]), EPERM, not_own(0));
    }
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        rc = deny_when(filter, SCMP_SYS(fcntl), EPERM, low_word(1, owner_commands[i]));
        rc = rc ? rc : deny_when(filter, SCMP_SYS(ioctl), EPERM, low_word(1, owner_requests[i]));
    }
    return rc;
}

static int add_rules(scmp_filter_ctx filter, bool same_uid)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof(denied) / sizeof(denied[0]); i++) {
        rc = deny(filter, denied[i]);
    }
    for (size_t i = 0; rc == 0 && i < sizeof(denied_families) / sizeof(denied_families[0]); i++) {
        const struct scmp_arg_cmp family = { .arg = 0,
                                             .op = SCMP_CMP_EQ,
                                             .datum_a = (scmp_datum_t)denied_families[i] };
        rc = deny_when(filter, SCMP_SYS(socket), EAFNOSUPPORT, family);
    }
    if (rc ==
        0) { /* new user namespaces; clone3 hides its flags in memory, so libc must fall back to clone */
        const struct scmp_arg_cmp newuser = {
            .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_NEWUSER, .datum_b = CLONE_NEWUSER
        };
        rc = deny_when(filter, SCMP_SYS(clone), EPERM, newuser);
    }
    if (rc == 0) {
        rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    }
    if (rc == 0) { /* pushing characters into a terminal's input */
        rc = deny_when(filter, SCMP_SYS(ioctl), EPERM, low_word(1, TIOCSTI));
    }
    if (rc == 0) { /* the jail looks at what its processes have open */
        rc = deny_when(filter, SCMP_SYS(prctl), EPERM, low_word(0, PR_SET_DUMPABLE));
    }
    if (rc == 0) { /* limits of the jail, which has the same uid at most levels */
        rc = deny_when(filter, SCMP_SYS(prlimit64), EPERM, not_own(0));
    }
    return rc == 0 && same_uid ? deny_others(filter) : rc;
}

int filter_load(bool same_uid)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        return errno;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (!filter) {
        return ENOMEM;
    }
    int rc = add_rules(filter, same_uid);
    if (rc == 0) {
        rc = seccomp_load(filter);
    }
    seccomp_release(filter);
    return -rc;
}
