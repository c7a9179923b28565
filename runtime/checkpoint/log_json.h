/*
 * JSON of a checkpoint's files, as a tree: a line of metadata, a schema. RFC 8259, strictly; nested LOG_JSON_DEPTH deep at most.
 *
 * Small texts that are read at a start; what rows hold is read elsewhere. Pure; thread: any.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"

enum { LOG_JSON_DEPTH = 256 };

enum log_json_kind {
    LOG_JSON_NULL,
    LOG_JSON_FALSE,
    LOG_JSON_TRUE,
    LOG_JSON_NUMBER,
    LOG_JSON_STRING,
    LOG_JSON_ARRAY,
    LOG_JSON_OBJECT,
};

struct log_json {
    enum log_json_kind kind;
    struct bytes name;            /* in an object */
    struct bytes text;            /* a string without escapes, UTF-8; a number as it stands */
    const struct log_json *first; /* elements, members */
    const struct log_json *next;  /* of the same array or object */
};

/* The one value of the text, in the arena; NULL: *out_at is where it is none. */
const struct log_json *log_json_parse(struct bytes text, struct arena *arena, size_t *out_at);

/* The last member of that name; NULL: there is none, or it is no object. */
const struct log_json *log_json_member(const struct log_json *object, const char *name);

/* NULL is no string, and no number. */
bool log_json_text(const struct log_json *value, struct bytes *out);
bool log_json_integer(const struct log_json *value, int64_t *out);
bool log_json_bool(const struct log_json *value, bool *out);

/* A string with its quotes and escapes, as Jackson writes it. */
void log_json_print_text(struct buffer *out, struct bytes text);
