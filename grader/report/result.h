/*
 * What came out of a run: the one model that every report is written from.
 *
 * Every check starts as "not run" with 0 points, and only a verdict of the checks' own process changes that. All
 * texts are printable (tap/text.h). Thread: one.
 */
#pragma once

#include "base/arena.h"
#include "manifest/manifest.h"
#include "tap/verdict.h"

enum check_status { STATUS_NOT_RUN, STATUS_PASSED, STATUS_FAILED, STATUS_SKIPPED, STATUS_ERROR };

enum lab_status {
    LAB_PENDING,      /* not over yet */
    LAB_GRADED,       /* every check has its verdict */
    LAB_NOT_GRADABLE, /* a file is missing, or a program does not compile */
    LAB_ERROR,        /* our fault */
};

struct check_result {
    const struct lab_check *check;
    enum check_status status;
    int64_t points;
    struct verdict verdict; /* all zero without one */
};

struct build_result {
    const char *program;
    bool built;
    const char *explanation; /* how the compiler ended */
    const char *diagnostics; /* what it printed */
};

struct lab_result {
    const struct manifest *lab;
    enum lab_status status;
    const char *message;  /* for LAB_NOT_GRADABLE and LAB_ERROR: why */
    const char *found_in; /* the folder of the submission */
    struct build_result *builds;
    size_t build_count;
    struct check_result *checks; /* one for each of the lab's */
    int64_t duration_ms;
};

struct result {
    struct arena *arena;    /* owns what the reports show */
    const char *submission; /* as given */
    const char *revision;   /* of a git submission; NULL */
    const char *grader;     /* how to call us again: "./weir grade" */
    uint64_t seed;
    int level;
    const char *isolation;
    int64_t started_ms; /* since 1970 */
    int64_t duration_ms;
    struct lab_result *labs;
    size_t lab_count;
    const char *const *warnings;
    size_t warning_count;
    bool interrupted;
    int exit_code_least; /* what went wrong beside the labs' own results; 0: nothing */
    const char *message; /* why nothing could be graded; NULL */
};

const char *check_status_name(enum check_status s);
const char *lab_status_name(enum lab_status s);

int64_t lab_points(const struct lab_result *l);

/* 0 all passed, 1 a check failed, 2 not gradable, 3 our fault. The worst of all labs, by number. */
int result_exit_code(const struct result *r);

/* The command that repeats one lab of this run. */
struct bytes result_repeat_command(const struct result *r, const struct lab_result *l);
