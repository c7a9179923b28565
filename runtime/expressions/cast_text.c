/*
 * Casts to strings and binaries: see cast.h.
 */
#include "base/mem.h"
#include "columns/bits.h"
#include "columns/builder.h"
#include "columns/calendar.h"
#include "columns/cell_text.h"
#include "columns/column_field.h"
#include "columns/double_text.h"
#include "expressions/cast_parts.h"
#include "expressions/expression_text.h"

enum { INTEGER_TEXT_MAX = 24 }; /* bytes of the longest, and some more */

/* Integers as bytes, big end first (ansi off only). */
static void append_integer(struct builder *b, const struct column *from, int32_t row)
{
    uint8_t bytes[8];
    size_t width = type_width(from->type);
    uint64_t value = (uint64_t)column_integer(from, row);
    for (size_t i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    }
    builder_text(b, (struct bytes){ bytes, width });
}

/* --- numbers, dates and times: written straight into the column --- */

static size_t write_integer(char *out, int64_t value)
{
    static const char pairs[] =
        "00010203040506070809101112131415161718192021222324252627282930313233"
        "34353637383940414243444546474849505152535455565758596061626364656667"
        "6869707172737475767778798081828384858687888990919293949596979899";
    char digits[INTEGER_TEXT_MAX];
    int at = INTEGER_TEXT_MAX;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    while (rest >= 100) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * (rest % 100), 2);
        rest /= 100;
    }
    if (rest >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * rest, 2);
    } else {
        digits[--at] = (char)('0' + rest);
    }
    if (value < 0) {
        digits[--at] = '-';
    }
    size_t len = (size_t)(INTEGER_TEXT_MAX - at);
    memcpy(out, digits + at, len);
    return len;
}

/* Has the type a text of its own that is short? */
static bool is_short(const struct type *t)
{
    return (type_is_numeric(t) && t->kind != TYPE_DECIMAL) || t->kind == TYPE_DATE ||
           t->kind == TYPE_TIMESTAMP || t->kind == TYPE_TIMESTAMP_NTZ;
}

static size_t write_short(char *out,
                          const struct zone *zone,
                          const struct column *from,
                          int32_t row)
{
    switch (from->type->kind) {
    case TYPE_FLOAT: return float_text(out, (float)column_double(from, row));
    case TYPE_DOUBLE: return double_text(out, column_double(from, row));
    case TYPE_DATE: return calendar_print_date(out, column_integer(from, row));
    case TYPE_TIMESTAMP:
        return calendar_print_time(out, zone_local_micros(zone, column_integer(from, row)));
    case TYPE_TIMESTAMP_NTZ: return calendar_print_time(out, column_integer(from, row));
    default: return write_integer(out, column_integer(from, row));
    }
}

static struct column *short_to_text(const struct evaluation *ev,
                                    const struct expression *call,
                                    const struct column *from,
                                    const struct rows *rows)
{
    enum { ROOM = 1 << 16, TEXT_MAX = CALENDAR_TEXT_MAX };
    _Static_assert((int)TEXT_MAX >= (int)DOUBLE_TEXT_MAX && (int)TEXT_MAX >= INTEGER_TEXT_MAX,
                   "the longest of them");
    int32_t *offsets = mem_zalloc((size_t)rows->count + 1, sizeof(*offsets));
    size_t capacity = (size_t)rows->count * 8 + ROOM;
    size_t len = 0;
    char *values = mem_zalloc(capacity, 1);
    uint8_t *validity = NULL;
    if (rows->valid && rows->null_count > 0) {
        validity = mem_zalloc(bits_bytes(rows->count) + 8, 1);
        memcpy(validity, rows->valid, bits_bytes(rows->count));
    }
    for (int32_t i = 0; i < rows->count;
         i++) { /* at most 2^20 rows of 40 bytes: offsets have room */
        if (capacity - len < TEXT_MAX) {
            capacity *= 2;
            values = mem_resize(values, capacity, 1);
        }
        len += row_counts(rows, i) ? write_short(values + len, ev->settings->zone, from, i) : 0;
        offsets[i + 1] = (int32_t)len;
    }
    return column_new(
        call->type, rows->count,
        &(struct column_buffers){
            .null_count = -1, .validity = validity, .values = values, .offsets = offsets });
}

/* --- everything else --- */

static void print_cell(struct buffer *out,
                       const struct expression *call,
                       const struct cell_format *format,
                       const struct column *from,
                       int32_t row)
{
    buffer_clear(out);
    if (from->type->kind == TYPE_DECIMAL && call->cast_mode == CAST_LEGACY &&
        print_small_decimal(out, column_decimal(from, row), from->type->scale)) {
        return;
    }
    cell_print(out, format, from, row);
}

struct column *cast_to_text(struct evaluation *ev,
                            const struct expression *call,
                            struct column *from,
                            const struct rows *rows)
{
    if (type_has_bytes(from->type)) {
        return column_as(from, call->type); /* bytes are taken for UTF-8 unseen */
    }
    bool binary = call->type->kind == TYPE_BINARY;
    if (is_short(from->type) && !binary && rows->count <= COLUMN_MAX_ROWS) {
        return short_to_text(ev, call, from, rows);
    }
    struct cell_format format = { CELL_CAST, ev->settings->zone };
    struct builder *b = builder_new(call->type);
    struct buffer text;
    buffer_init(&text, INT32_MAX);
    builder_reserve(b, rows->count);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
        } else if (binary) {
            append_integer(b, from, i);
        } else {
            print_cell(&text, call, &format, from, i);
            builder_text(b, buffer_bytes(&text));
        }
    }
    buffer_finish(&text);
    return builder_finish(b);
}
