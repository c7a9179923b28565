/*
 * The verdicts of a lab's checks, read from their pipe and held against the lab's manifest.
 *
 * The stream must be exactly what the manifest says: TAP version 13, a plan of all checks, every check once, in order,
 * under its id; SKIP only where the reader allows it (a check that it needs did not pass, a program did not build, it
 * was not asked for). Anything else is a fault of ours, never a pass: the checks that have no verdict by then stay
 * "not run" with 0 points. Fuzzed. Thread: one.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "manifest/yamlmap.h"
#include "weir/status.h"

enum { VERDICT_LINE_MAX = 8 << 20, VERDICT_BLOCK_MAX = 16 << 20 };

enum verdict_kind { VERDICT_PASSED, VERDICT_FAILED, VERDICT_SKIPPED, VERDICT_ERROR };

/* One check's verdict. Texts may be NULL; all are terminated, printable, and live in the reader's arena. */
struct verdict {
    enum verdict_kind kind;
    int64_t duration_ms;
    const char *message; /* why it failed, or why it was skipped */
    const char *severity;
    const char *expected;
    const char *actual;
    const char *difference;
    const char *hint;
    const char *program;
    const char *out;
    const char *err;
    struct yaml_texts steps;
};

struct verdict_reader {
    const char *const *ids; /* of the manifest's checks; borrowed */
    size_t count;
    /* May check `index` be skipped? */
    bool (*may_skip)(void *context, size_t index);
    /* A verdict is there. It lives as long as the arena. */
    void (*settled)(void *context, size_t index, const struct verdict *v);
    void *context;
    struct arena *arena; /* borrowed */

    /* private */
    struct buffer line;
    struct buffer block;
    size_t next; /* the point that comes next */
    int stage;   /* version, plan, points, block, over */
    bool has_point;
    struct verdict point; /* read, its block not yet */
    enum weir_status failed;
};

/* The public members are set before. */
void verdict_reader_init(struct verdict_reader *r);
void verdict_reader_finish(struct verdict_reader *r);

/* More bytes of the pipe. After an error every call returns it again. */
WEIR_CHECKED enum weir_status verdict_feed(struct verdict_reader *r,
                                           struct bytes data,
                                           struct weir_error *err);
/* The pipe has ended: every check must have its verdict. */
WEIR_CHECKED enum weir_status verdict_end(struct verdict_reader *r, struct weir_error *err);
