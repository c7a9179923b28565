/*
 * One run of a program in the sandbox: a compiler or a student's program.
 *
 * A job is started, and its end arrives through the loop: how it ended, what it printed, what it used. A job that is
 * destroyed before its end is killed with all its processes.
 */
#pragma once

#include "base/bytes.h"
#include "sandbox/capture.h"
#include "sandbox/sandbox.h"

struct job_limits {
    int64_t timeout_ms;
    int64_t cpu_s;
    int64_t memory_mb;
    int64_t processes;
    int64_t file_mb;
    int64_t output_kb;
    int64_t broker_mb; /* not looked after here: for the words of job_explain() */
};

struct job_spec {
    const char *const *argv; /* paths as the sandbox sees them */
    const char *const *env;  /* the whole environment */
    const char *code_dir;    /* ours; seen read-only as job_code_dir() */
    const char
        *home_dir; /* ours, by sandbox_make_home(); seen as job_home_dir(), the working directory */
    struct bytes input; /* standard input, at most JOB_INPUT_MAX */
    struct job_limits limits;
};

enum { JOB_INPUT_MAX = 65536 };

enum job_ending {
    JOB_RUNNING,
    JOB_EXITED,    /* code: status */
    JOB_SIGNALLED, /* code: signal that we did not send */
    JOB_STOPPED,   /* code: signal that job_signal() sent */
    JOB_TIMED_OUT,
    JOB_OUT_OF_CPU,
    JOB_OUT_OF_MEMORY,
    JOB_OUT_OF_DISK,
    JOB_FLOODED,
    JOB_FLOODED_BROKER, /* job_stop() said so */
    JOB_NOT_STARTED,
};

/* All files of a run together; one alone may have file_mb. */
static inline int64_t job_disk_mb(const struct job_limits *l)
{
    return l->file_mb * 4;
}

struct job {
    struct sandbox *sandbox;
    struct job_limits limits;
    pid_t pid;
    int slot; /* of the sandbox's uids; -1: none */
    struct watch control;
    struct watch streams[2]; /* standard output and standard error */
    struct capture captured[2];
    int64_t start_ms;
    int64_t wall_ms;
    int64_t cpu_ms;
    int64_t rss_kb;
    uint32_t swept;
    int sent_signal;
    enum job_ending decided; /* why we are killing it; JOB_RUNNING: we are not */
    enum job_ending ending;
    int code;
    const char *failed_step; /* with JOB_NOT_STARTED */
    bool
        never_its_turn; /* with JOB_NOT_STARTED: it failed before the program could have had a part in it */
    void (*ended)(struct job *job); /* may be NULL; may destroy the job */
    void *owner;
};

/* As the program sees them. */
const char *job_code_dir(const struct sandbox *s, const struct job_spec *spec);
const char *job_home_dir(const struct sandbox *s, const struct job_spec *spec);
const char *job_kit_dir(const struct sandbox *s);

/* `ended` is called from the loop, never from here. */
WEIR_CHECKED enum weir_status job_start(struct sandbox *s,
                                        const struct job_spec *spec,
                                        void (*ended)(struct job *job),
                                        void *owner,
                                        struct job **out_job,
                                        struct weir_error *err);
void job_signal(struct job *job, int signo);
/* Kills it with all its processes; the end, `why`, arrives through the loop. */
void job_stop(struct job *job, enum job_ending why);
/* Kills it if it still runs; NULL is fine. */
void job_destroy(struct job *job);

/* How it ended, in plain words: "ended with exit status 3", "was stopped after 10 s: ...". */
void job_explain(const struct job *job, char *out, size_t size);
