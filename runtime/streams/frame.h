/*
 * Frames from the inside: a logical plan as it was written, and its meaning, or an error.
 */
#pragma once

#include "streams/session.h"

struct weir_frame {
    struct scope *scope;
    const struct logical *logical;         /* NULL where the error came before there was one */
    const struct plan *plan;               /* NULL with an error */
    const struct sql_condition *condition; /* of the error; NULL: all is well */
    const char *message;
};

struct weir_group {
    struct weir_frame *frame; /* one with an error, where the keys do not parse */
    int32_t count;
    const struct syntax *const *keys;
};

/* A frame that is this verb; analysed. Its inputs' plans are those of the frames (NULL: none). */
struct weir_frame *frame_new(struct scope *scope,
                             const struct logical *logical,
                             const struct weir_frame *first,
                             const struct weir_frame *second);

/* A frame with this error, which is taken over. */
struct weir_frame *frame_failed(struct scope *scope, struct sql_error *error);

/* A frame of these rows, which the scope keeps. */
struct weir_frame *frame_of_rows(struct scope *scope, struct batch *rows);

/* The frame's error as the session's last failure. */
enum weir_status frame_fail(const struct weir_frame *frame, struct weir_error *err);

/* An analysed plan of a verb over a frame, such as the LIMIT that show() puts on top; in the arena. NULL: the error is set. */
const struct plan *frame_limit(const struct weir_frame *frame,
                               struct arena *arena,
                               int32_t rows,
                               struct sql_error *error);
