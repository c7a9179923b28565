/*
 * weir-jail: the small program that stands between weir-grade and one run of a student's program.
 *
 * With namespaces it is process 1 of the run's own pid namespace (bubblewrap starts it); without, it is a subreaper
 * outside, under weir-grade's uid. Either way it starts the program with its limits, tells weir-grade how it ended, and
 * leaves nothing alive: when the program is over, or weir-grade says so, or weir-grade is gone (end of file on the
 * control socket), every process of the run is killed, daemons included, before the report is sent.
 *
 *     weir-jail OPTIONS... -- PROGRAM ARGUMENTS...          descriptor 3: the control socket (SOCK_SEQPACKET)
 *
 * To the jail: one byte, a signal number for the program; 0 means kill the whole run.
 * From the jail: one struct jail_report, then it exits.
 *
 * The program cannot reach the socket: it is close-on-exec, and the jail is not dumpable.
 */
#pragma once

#include <stdint.h>

enum { JAIL_CONTROL_FD = 3 };

enum jail_ending {
    JAIL_EXITED = 1,    /* code: exit status */
    JAIL_SIGNALLED,     /* code: signal */
    JAIL_OUT_OF_MEMORY, /* the resident memory of the run exceeded its limit */
    JAIL_OUT_OF_DISK,   /* its files did */
    JAIL_NOT_STARTED,   /* code: errno of what failed, step says which */
};

enum jail_step {
    JAIL_STEP_NONE,
    JAIL_STEP_LIMITS,
    JAIL_STEP_UID,
    JAIL_STEP_FILTER,
    JAIL_STEP_EXEC
};

/* Host byte order: both ends run on one machine. */
struct jail_report {
    uint32_t ending;
    int32_t code;
    uint32_t step;
    uint32_t swept; /* processes that were still alive when the program ended */
    int64_t cpu_us; /* of all its processes */
    int64_t rss_kb; /* the largest of one process */
};

/* What the command line says. */
struct jail_options {
    char *const *argv;
    const char *dir; /* working directory */
    int64_t uid;     /* -1: stay */
    int64_t gid;
    int64_t cpu_s;
    int64_t address_mb; /* per process; 0: no limit */
    int64_t rss_mb;     /* of all processes of the run; 0: no limit */
    int64_t file_mb;
    int64_t disk_mb;   /* of all files of the run; 0: no limit */
    int64_t processes; /* 0: no limit */
    int64_t fds;
    int same_uid;  /* the program runs under weir-grade's uid: it must not signal anyone */
    int no_filter; /* no seccomp */
    const char *read_paths[32]; /* Landlock: may be read and executed; none: no Landlock */
    const char *write_paths[4]; /* may be written too */
    int read_count;
    int write_count;
};
