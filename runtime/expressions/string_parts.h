/*
 * What functions of strings are made of: a column of texts under construction, characters in UTF-8, kernels that go row by row.
 * Internal to expressions.
 *
 * Characters are counted as Spark's UTF8String counts them: by first bytes. What is no UTF-8 counts as something, never fails and never
 * reads behind the text.
 */
#pragma once

#include "base/buffer.h"
#include "expressions/evaluate.h"

/* --- a column of strings or binaries, from row 0 to the last --- */

enum { TEXTS_MAX = 1 << 30 }; /* bytes of one column */

struct texts {
    const struct type *type;
    int32_t length;
    int32_t null_count;
    uint8_t *validity; /* NULL until there is a null */
    int32_t *offsets;
    uint8_t *data;
    size_t len;
    size_t capacity;
    bool overflow; /* a text did not fit into TEXTS_MAX; texts_finish() says so */
};

/* `bytes` is a guess at how many there will be. */
struct texts texts_new(const struct type *type, const struct rows *rows, size_t bytes);
bool texts_grow(struct texts *t, size_t more);
void texts_null(struct texts *t, int32_t row);
void texts_drop(struct texts *t);

/* NULL when it overflowed: the error is set. */
struct column *texts_finish(struct texts *t, struct evaluation *ev, const struct expression *call);

/* Where to write up to `n` bytes; add to t->len what was written. NULL: there is no room. */
static inline uint8_t *texts_room(struct texts *t, size_t n)
{
    return t->capacity - t->len >= n || texts_grow(t, n) ? t->data + t->len : NULL;
}

static inline void texts_add(struct texts *t, struct bytes text)
{
    uint8_t *at = texts_room(t, text.len);
    if (at && text.len > 0) {
        memcpy(at, text.data, text.len);
        t->len += text.len;
    }
}

static inline void texts_add_byte(struct texts *t, uint8_t byte)
{
    uint8_t *at = texts_room(t, 1);
    if (at) {
        *at = byte;
        t->len++;
    }
}

/* `code` as UTF-8; surrogates and what is too high become '?', as in Java. */
void texts_add_character(struct texts *t, uint32_t code);

/* What was added since the last row is the text of `row`; to be called for every row in turn. */
static inline void texts_close(struct texts *t, int32_t row)
{
    t->offsets[row + 1] = (int32_t)t->len;
}

/* --- characters --- */

extern const uint8_t text_widths[256]; /* bytes of the character that begins so */

/* Bytes of the character at `at`, which is inside. */
static inline size_t text_width(struct bytes text, size_t at)
{
    size_t width = text_widths[text.data[at]];
    return width <= text.len - at ? width : text.len - at;
}

bool text_is_ascii(struct bytes text);

/* How many characters. */
size_t text_length(struct bytes text);

/* Where character number `n` begins; text.len when there are not so many. */
size_t text_index(struct bytes text, size_t n);

/* Where `part` begins at or behind `from`; text.len + 1: nowhere. */
size_t text_find(struct bytes text, struct bytes part, size_t from);

/* The bytes of all rows of a string column; all of them ASCII? */
struct bytes column_all_text(const struct column *c);
bool column_is_ascii(const struct column *c);

/* --- kernels row by row --- */

enum row_outcome {
    ROW_VALUE,
    ROW_NULL,
    ROW_FAILED, /* the error is set */
};

struct row_call {
    struct evaluation *ev;
    const struct expression *call;
    struct column *const *args;
    struct texts out; /* for texts */
    int64_t number;   /* for numbers */
    struct buffer scratch;
};

/* The function appends the text of the row to c->out, or sets c->number. It is asked about rows that count only. */
struct column *texts_by_row(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows,
                            enum row_outcome (*function)(struct row_call *c, int32_t row));

/* Of integers and booleans. */
struct column *numbers_by_row(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows,
                              enum row_outcome (*function)(struct row_call *c, int32_t row));

/* The head of a function's evaluate(). */
#define KERNEL(name_)                                                          \
    struct column *name_(struct evaluation *ev, const struct expression *call, \
                         struct column *const *args, const struct rows *rows)

/* --- analysis --- */

/* Appends a literal, so that the call has `count` arguments: what Spark's functions take where an argument is left out. */
void call_add_literal(struct analysis *a,
                      struct expression *call,
                      int32_t count,
                      struct scalar value);
