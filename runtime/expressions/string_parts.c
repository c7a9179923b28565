/*
 * What functions of strings are made of: see string_parts.h.
 */
#include "expressions/string_parts.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"
#include "expressions/analysis.h"
#include "expressions/sql_conditions.h"

/* --- a column under construction --- */

struct texts texts_new(const struct type *type, const struct rows *rows, size_t bytes)
{
    struct texts t = { .type = type, .length = rows->count };
    t.offsets = mem_zalloc((size_t)rows->count + 1, sizeof(*t.offsets));
    if (rows->valid && rows->null_count > 0) {
        t.validity = mem_zalloc(bits_bytes(rows->count) + 8, 1);
        memcpy(t.validity, rows->valid, bits_bytes(rows->count));
        t.null_count = rows->null_count;
    }
    t.capacity = (bytes < TEXTS_MAX ? bytes : TEXTS_MAX) + 16;
    t.data = mem_resize(NULL, t.capacity, 1);
    return t;
}

bool texts_grow(struct texts *t, size_t more)
{
    if (t->overflow || more > TEXTS_MAX - t->len) {
        t->overflow = true;
        return false;
    }
    size_t capacity = t->capacity * 2;
    capacity = capacity < t->len + more ? t->len + more : capacity;
    t->data = mem_resize(t->data, capacity, 1);
    t->capacity = capacity;
    return true;
}

void texts_null(struct texts *t, int32_t row)
{
    if (!t->validity) {
        t->validity = mem_zalloc(bits_bytes(t->length) + 8, 1);
        memset(t->validity, 0xff, bits_bytes(t->length));
    }
    if (bit_get(t->validity, row)) {
        bit_clear(t->validity, row);
        t->null_count++;
    }
    t->len = (size_t)t->offsets[row];
}

void texts_drop(struct texts *t)
{
    free(t->validity);
    free(t->offsets);
    free(t->data);
}

struct column *texts_finish(struct texts *t, struct evaluation *ev, const struct expression *call)
{
    if (t->overflow) {
        static const struct sql_condition too_long = { "", "", "OutOfMemoryError" };
        texts_drop(t);
        return evaluation_fail(ev, call, &too_long,
                               "The texts that `%.*s` makes of one batch take more than %d bytes.",
                               BYTES_ARG(call->name), TEXTS_MAX);
    }
    if (t->capacity / 2 > t->len + 4096) {
        t->data = mem_resize(t->data, t->len + 1, 1);
    }
    return column_new(t->type, t->length,
                      &(struct column_buffers){ .null_count = t->null_count,
                                                .validity = t->validity,
                                                .values = t->data,
                                                .offsets = t->offsets });
}

void texts_add_character(struct texts *t, uint32_t code)
{
    uint8_t *at = texts_room(t, 4);
    if (!at) {
        return;
    }
    if (code < 0x80) {
        at[0] = (uint8_t)code;
        t->len += 1;
    } else if (code < 0x800) {
        at[0] = (uint8_t)(0xc0 | code >> 6);
        at[1] = (uint8_t)(0x80 | (code & 0x3f));
        t->len += 2;
    } else if ((code >= 0xd800 && code < 0xe000) || code > 0x10ffff) {
        at[0] = '?';
        t->len += 1;
    } else if (code < 0x10000) {
        at[0] = (uint8_t)(0xe0 | code >> 12);
        at[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        at[2] = (uint8_t)(0x80 | (code & 0x3f));
        t->len += 3;
    } else {
        at[0] = (uint8_t)(0xf0 | code >> 18);
        at[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
        at[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        at[3] = (uint8_t)(0x80 | (code & 0x3f));
        t->len += 4;
    }
}

/* --- characters --- */

/* clang-format off */
#define ROW(w) w, w, w, w, w, w, w, w, w, w, w, w, w, w, w, w
const uint8_t text_widths[256] = {
    ROW(1), ROW(1), ROW(1), ROW(1), ROW(1), ROW(1), ROW(1), ROW(1), /* 00 - 7f */
    ROW(1), ROW(1), ROW(1), ROW(1),                                 /* 80 - bf: none begins so */
    1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, ROW(2),         /* c0 - df */
    ROW(3),                                                         /* e0 - ef */
    4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,                 /* f0 - ff */
};
#undef ROW
/* clang-format on */

bool text_is_ascii(struct bytes text)
{
    uint64_t all = 0;
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, text.data + i, 8);
        all |= word;
    }
    for (; i < text.len; i++) {
        all |= text.data[i];
    }
    return (all & 0x8080808080808080U) == 0;
}

size_t text_length(struct bytes text)
{
    if (text_is_ascii(text)) {
        return text.len;
    }
    size_t count = 0;
    for (size_t at = 0; at < text.len; at += text_width(text, at)) {
        count++;
    }
    return count;
}

size_t text_index(struct bytes text, size_t n)
{
    size_t at = 0;
    while (n > 0 && at < text.len) {
        at += text_width(text, at);
        n--;
    }
    return at;
}

size_t text_find(struct bytes text, struct bytes part, size_t from)
{
    if (from > text.len || part.len > text.len - from) {
        return text.len + 1;
    }
    if (part.len == 0) {
        return from;
    }
    const uint8_t *found = memmem(text.data + from, text.len - from, part.data, part.len);
    return found ? (size_t)(found - text.data) : text.len + 1;
}

struct bytes column_all_text(const struct column *c)
{
    int32_t rows = c->constant ? 1 : c->length;
    return (struct bytes){ (const uint8_t *)c->values + c->offsets[0],
                           (size_t)(c->offsets[rows] - c->offsets[0]) };
}

bool column_is_ascii(const struct column *c)
{
    return text_is_ascii(column_all_text(c));
}

/* --- kernels row by row --- */

/* As many bytes as the first argument has. */
static size_t likely_bytes(struct column *const *args, int32_t count, int32_t rows)
{
    if (count == 0 || !args[0] || !type_has_bytes(args[0]->type)) {
        return (size_t)rows * 8;
    }
    return column_all_text(args[0]).len * (args[0]->constant ? (size_t)rows : 1);
}

struct column *texts_by_row(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows,
                            enum row_outcome (*function)(struct row_call *c, int32_t row))
{
    struct row_call c = { .ev = ev, .call = call, .args = args };
    c.out = texts_new(call->type, rows, likely_bytes(args, call->count, rows->count));
    buffer_init(&c.scratch, TEXTS_MAX);
    bool failed = false;
    for (int32_t i = 0; !failed && i < rows->count; i++) {
        if (row_counts(rows, i)) {
            enum row_outcome outcome = evaluation_stopped(ev) ? ROW_FAILED : function(&c, i);
            failed = outcome == ROW_FAILED || c.out.overflow;
            if (outcome == ROW_NULL) {
                texts_null(&c.out, i);
            }
        }
        texts_close(&c.out, i);
    }
    c.out.overflow = c.out.overflow || c.scratch.overflow;
    buffer_finish(&c.scratch);
    if (failed && !c.out.overflow) {
        texts_drop(&c.out);
        return NULL;
    }
    return texts_finish(&c.out, ev, call);
}

static void store(const struct vector *v, int32_t row, int64_t value)
{
    if (v->type->kind == TYPE_BOOLEAN) {
        if (value) {
            bit_set(v->values, row);
        }
        return;
    }
    switch (type_width(v->type)) {
    case 1: ((int8_t *)v->values)[row] = (int8_t)value; break;
    case 4: ((int32_t *)v->values)[row] = (int32_t)value; break;
    default: ((int64_t *)v->values)[row] = value; break;
    }
}

struct column *numbers_by_row(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows,
                              enum row_outcome (*function)(struct row_call *c, int32_t row))
{
    struct row_call c = { .ev = ev, .call = call, .args = args };
    struct vector v = vector_new(call->type, rows);
    buffer_init(&c.scratch, TEXTS_MAX);
    bool failed = false;
    for (int32_t i = 0; !failed && i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        enum row_outcome outcome = evaluation_stopped(ev) ? ROW_FAILED : function(&c, i);
        failed = outcome == ROW_FAILED;
        if (outcome == ROW_NULL) {
            vector_null(&v, i);
        } else {
            store(&v, i, c.number);
        }
    }
    buffer_finish(&c.scratch);
    if (failed) {
        vector_drop(&v);
        return NULL;
    }
    return vector_finish(&v);
}

/* --- analysis --- */

void call_add_literal(struct analysis *a,
                      struct expression *call,
                      int32_t count,
                      struct scalar value)
{
    if (call->count >= count) {
        return;
    }
    const struct expression **args =
        ARENA_NEW(a->arena, const struct expression *, (size_t)call->count + 1);
    for (int32_t i = 0; i < call->count; i++) {
        args[i] = call->args[i];
    }
    args[call->count++] = analysis_literal(a, value, NULL);
    call->args = args;
}
