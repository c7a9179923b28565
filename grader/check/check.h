/*
 * What a lab's checks are written with.
 *
 * The checks of a lab are one program (grader/checks/NN-name/ -> bin/checks/NN-name): one function for each check of
 * lab.yaml, under the same id. weir-grade starts it with a pipe for verdicts (TAP 13) and a control socket; through the
 * socket the check asks weir-grade to run the student's programs in the sandbox. The check itself never executes
 * student code and never believes it: it looks at the broker with its own clients (check_bootstrap()), reads what the
 * student's program left in files, and compares with what it computed from its seed.
 *
 *     static void check_all_sent(struct check *c)
 *     {
 *         const char *topic = check_name(c, "transactions");
 *         ...
 *         check_step(c, "created topic %s with %d partitions", topic, partitions);
 *         struct check_run *run = check_run(c, &(struct check_run_spec){
 *             .program = "producer",
 *             .vars = (const char *const[]){ check_text(c, "TOPIC=%s", topic), "INPUT=input.jsonl", NULL } });
 *         if (!check_ended_well(c, run)) {
 *             return;
 *         }
 *         check_equal_i64(c, "records in the topic", lines, found);
 *     }
 *
 *     int main(void)
 *     {
 *         static const struct check_case cases[] = { { "all-sent", check_all_sent } };
 *         return check_main(cases, 1);
 *     }
 *
 * A check passes when its function returns without having failed. The first failure counts: what is reported after it
 * changes nothing, so a function may simply return. Failing programs of ours (the broker is gone, say) are reported by
 * check_broken(), and never cost the student points.
 *
 * Everything returned by these functions belongs to the check and lives until its function returns. A check program
 * that is started by hand says how it is meant to be started. Thread: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct arena;
struct check;

struct check_case {
    const char *id; /* as in lab.yaml */
    void (*run)(struct check *c);
};

/* Runs what weir-grade asks for, in the order of lab.yaml, and writes the verdicts. The exit status of main. */
int check_main(const struct check_case *cases, size_t count);

/* --- what the check is given --- */

/* "host:port" of the cluster. */
const char *check_bootstrap(const struct check *c);
/* This check's own seed, made from the run's seed, the lab and the check's id. */
uint64_t check_seed(const struct check *c);
struct arena *check_arena(struct check *c);
/* printf into the check's memory. */
const char *check_text(struct check *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- data from the seed: the same seed gives the same sequence on every machine --- */

uint64_t check_random(struct check *c);
/* Uniform in [low, high]. */
int64_t check_range(struct check *c, int64_t low, int64_t high);
/* A name that nobody can guess before the run: "<prefix>-k3x9q2". Letters, digits and '-'. */
const char *check_name(struct check *c, const char *prefix);
/* Puts the `count` items of `size` bytes in a random order. */
void check_shuffle(struct check *c, void *items, size_t count, size_t size);

/* --- what is told to the student --- */

/* One thing that the check did or saw, in the past tense: "created topic a with 3 partitions". The steps are printed,
 * numbered, when the check fails. */
void check_step(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Advice for the usual mistake behind the failure that comes next (or has just come); replaces an earlier one. */
void check_hint(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The check fails: what is wrong, in one sentence. Always false, so `return check_fail(...)` reads well. */
bool check_fail(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* `condition`, and the check fails with that sentence when it is false. */
bool check_that(struct check *c, bool condition, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Fail with expected and actual unless they are equal; `what` names the thing compared ("records in partition 1").
 * Texts that differ are shown with the line and column of the first difference. */
bool check_equal_i64(struct check *c, const char *what, int64_t expected, int64_t actual);
bool check_equal_bytes(struct check *c,
                       const char *what,
                       struct bytes expected,
                       struct bytes actual);
bool check_equal_text(struct check *c, const char *what, const char *expected, const char *actual);

/* As check_fail(), with expected and actual given as texts. */
bool check_differ(struct check *c,
                  const char *expected,
                  const char *actual,
                  const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

/* Our own fault, not the student's: the lab ends as "grader error" (exit code 3). Always false. */
bool check_broken(struct check *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Has it failed or broken already? */
bool check_over(const struct check *c);

/* --- the student's programs --- */

struct check_run_spec {
    const char *program; /* a name from lab.yaml */
    const char *const
        *vars; /* "NAME=value", NULL at the end; NULL: none. For args and env of lab.yaml */
    struct bytes input; /* standard input; none: /dev/null. At most 64 KiB */
    int timeout_ms;     /* 0: as lab.yaml says; never longer than that */
};

enum check_ending {
    CHECK_RUNNING,        /* not over yet */
    CHECK_EXITED,         /* with .code */
    CHECK_SIGNALLED,      /* killed by signal .code, which was not ours */
    CHECK_STOPPED,        /* ended by a signal that the check sent with check_signal(); .code */
    CHECK_TIMED_OUT,      /* wall clock: .timeout_ms were over */
    CHECK_OUT_OF_CPU,     /* limits.cpu_s */
    CHECK_OUT_OF_MEMORY,  /* limits.memory_mb */
    CHECK_OUT_OF_DISK,    /* four times limits.file_mb */
    CHECK_FLOODED,        /* wrote more output than a run may */
    CHECK_FLOODED_BROKER, /* made the broker keep more than limits.broker_mb */
    CHECK_NOT_STARTED,    /* could not be executed, .message says why */
};

struct check_run {
    const char *program;
    enum check_ending ending;
    int code;
    int64_t wall_ms;
    int64_t cpu_ms;
    struct bytes out; /* standard output: its start and its end when it was longer than is kept */
    struct bytes err;
    int64_t out_dropped; /* bytes left out of the middle */
    int64_t err_dropped;
    const char *message;
    /* private */
    int64_t job;
};

/* Starts a program in the check's folder (empty at the start of the check). Several may run at once. NULL after
 * check_broken(). */
struct check_run *check_start(struct check *c, const struct check_run_spec *spec);

/* Waits for its end, at most `timeout_ms` (-1: as long as its own time limit lets it live). True when it is over. */
bool check_wait(struct check *c, struct check_run *run, int timeout_ms);

/* Sends a signal (SIGINT, SIGTERM, SIGKILL, SIGSTOP, SIGCONT) to the program's first process. */
void check_signal(struct check *c, struct check_run *run, int signo);

/* check_start() and check_wait() to the end, with a step that says how it ended. */
struct check_run *check_run(struct check *c, const struct check_run_spec *spec);

/* Fails unless the run ended by itself with exit status 0: says in plain words how it ended instead, and shows the
 * end of its standard error. */
bool check_ended_well(struct check *c, const struct check_run *run);

/* --- files in the check's folder --- */

/* Makes a file that the student's program can read. `name` is a plain name without '/'. */
void check_put_file(struct check *c, const char *name, struct bytes content);

/* Reads a file that the student's program should have left, at most `max` bytes. Only a regular file counts (no link,
 * no pipe). False, and the check has failed with a plain word, when there is none or it is larger. */
bool check_get_file(struct check *c, const char *name, size_t max, struct bytes *out_content);
