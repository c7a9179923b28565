/*
 * TAP, one line at a time, strictly.
 *
 *     TAP version 13            version
 *     1..N                      plan
 *     ok N - text               test point; `not ok`; ` # SKIP reason` at the end
 *     # text                    comment
 *     Bail out! reason
 *     (two blanks)---           start of the YAML block of the point before; `...` ends it
 *
 * Only what our own writer (tapw.h) produces is accepted: numbers are required, SKIP is the only directive, and
 * anything else is TAP_LINE_OTHER, which the consumer refuses. Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct arena;

enum tap_line_kind {
    TAP_LINE_VERSION, /* number */
    TAP_LINE_PLAN,    /* number */
    TAP_LINE_POINT,   /* ok, number, text, skip */
    TAP_LINE_COMMENT, /* text */
    TAP_LINE_BAIL,    /* text */
    TAP_LINE_BLOCK,   /* "  ---" */
    TAP_LINE_OTHER,
};

struct tap_line {
    enum tap_line_kind kind;
    bool ok;
    bool skipped;
    int64_t number;
    struct bytes text;   /* unescaped, in the arena */
    struct bytes reason; /* of SKIP */
};

/* `line` without its line end. */
void tap_parse_line(struct bytes line, struct arena *arena, struct tap_line *out);
