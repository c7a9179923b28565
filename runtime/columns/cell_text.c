/*
 * Values as text: see cell_text.h. Source: Spark's ToStringBase, ToPrettyString, IntervalUtils.
 */
#include "columns/cell_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "columns/calendar.h"
#include "columns/decimal.h"
#include "columns/double_text.h"

static void print_integer(struct buffer *out, int64_t value)
{
    char text[24];
    int at = 24;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        text[--at] = '-';
    }
    buffer_append(out, text + at, (size_t)(24 - at));
}

static void print_double(struct buffer *out, const struct column *c, int32_t row)
{
    char text[DOUBLE_TEXT_MAX];
    double value = column_double(c, row);
    size_t len =
        c->type->kind == TYPE_FLOAT ? float_text(text, (float)value) : double_text(text, value);
    buffer_append(out, text, len);
}

static void print_binary(struct buffer *out, struct bytes bytes)
{
    static const char HEX[] = "0123456789ABCDEF";
    buffer_append_text(out, "[");
    for (size_t i = 0; i < bytes.len; i++) {
        char text[] = { ' ', HEX[bytes.data[i] >> 4], HEX[bytes.data[i] & 15] };
        buffer_append(out, i > 0 ? text : text + 1, i > 0 ? 3 : 2);
    }
    buffer_append_text(out, "]");
}

/* --- intervals --- */

/* Microseconds as seconds, "04.5"; two digits before the point. */
static void print_seconds(struct buffer *out, uint64_t micros)
{
    char text[40];
    int len = snprintf(text, sizeof(text), "%02" PRIu64 ".%06" PRIu64, micros / MICROS_PER_SECOND,
                       micros % MICROS_PER_SECOND);
    while (text[len - 1] == '0') {
        len--;
    }
    len -= text[len - 1] == '.' ? 1 : 0;
    buffer_append(out, text, (size_t)len);
}

static void print_time_interval(struct buffer *out, const struct type *type, int64_t value)
{
    static const uint64_t UNITS[] = { [UNIT_DAY] = MICROS_PER_DAY,
                                      [UNIT_HOUR] = MICROS_PER_HOUR,
                                      [UNIT_MINUTE] = MICROS_PER_MINUTE };
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    for (int unit = (int)type->from; unit <= (int)type->to; unit++) {
        if (unit > (int)type->from) {
            buffer_append_text(out, unit == UNIT_HOUR ? " " : ":");
        }
        if (unit == UNIT_SECOND) {
            print_seconds(out, rest);
        } else {
            buffer_printf(out, unit == UNIT_DAY ? "%" PRIu64 : "%02" PRIu64, rest / UNITS[unit]);
            rest %= UNITS[unit];
        }
    }
}

static void print_months(struct buffer *out, const struct type *type, int64_t value)
{
    uint64_t months = value < 0 ? -(uint64_t)value : (uint64_t)value;
    if (type->from == UNIT_MONTH) {
        buffer_printf(out, "%" PRIu64, months);
    } else if (type->to == UNIT_YEAR) {
        buffer_printf(out, "%" PRIu64, months / 12);
    } else {
        buffer_printf(out, "%" PRIu64 "-%" PRIu64, months / 12, months % 12);
    }
}

void cell_print_interval(struct buffer *out, const struct type *type, int64_t value)
{
    static const char *const UNITS[] = { "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND" };
    buffer_append_text(out, value < 0 ? "INTERVAL '-" : "INTERVAL '");
    if (type->kind == TYPE_INTERVAL_MONTHS) {
        print_months(out, type, value);
    } else {
        print_time_interval(out, type, value);
    }
    buffer_printf(out, "' %s", UNITS[type->from]);
    if (type->from != type->to) {
        buffer_printf(out, " TO %s", UNITS[type->to]);
    }
}

/* --- dates and times --- */

static void print_time(struct buffer *out, const struct zone *zone, int64_t micros)
{
    char text[CALENDAR_TEXT_MAX];
    size_t len = calendar_print_time(text, zone_local_micros(zone, micros));
    buffer_append(out, text, len);
}

static void print_date(struct buffer *out, int64_t days)
{
    char text[CALENDAR_TEXT_MAX];
    buffer_append(out, text, calendar_print_date(text, days));
}

/* --- nested values --- */

static void print_struct(struct buffer *out,
                         const struct cell_format *format,
                         const struct column *c,
                         int32_t row)
{
    buffer_append_text(out, "{");
    for (int32_t i = 0; i < c->child_count; i++) {
        buffer_append_text(out, i > 0 ? ", " : "");
        cell_print(out, format, c->children[i], column_row(c, row));
    }
    buffer_append_text(out, "}");
}

static void print_list(struct buffer *out,
                       const struct cell_format *format,
                       const struct column *c,
                       int32_t row)
{
    bool map = c->type->kind == TYPE_MAP;
    int32_t first = column_first(c, row);
    int32_t count = column_count(c, row);
    buffer_append_text(out, map ? "{" : "[");
    for (int32_t i = 0; i < count; i++) {
        buffer_append_text(out, i > 0 ? ", " : "");
        cell_print(out, format, c->children[0], first + i);
        if (map) {
            buffer_append_text(out, " -> ");
            cell_print(out, format, c->children[1], first + i);
        }
    }
    buffer_append_text(out, map ? "}" : "]");
}

static void print_decimal(struct buffer *out, const struct column *c, int32_t row)
{
    char text[DECIMAL_TEXT_MAX];
    size_t len = decimal_text(text, (struct decimal){ column_decimal(c, row), c->type->scale });
    buffer_append(out, text, len);
}

static void print_bytes(struct buffer *out,
                        const struct cell_format *format,
                        const struct column *c,
                        int32_t row)
{
    struct bytes text = column_text(c, row);
    if (c->type->kind == TYPE_BINARY && format->style == CELL_SHOW) {
        print_binary(out, text);
    } else {
        buffer_append(out, text.data, text.len);
    }
}

void cell_print(struct buffer *out,
                const struct cell_format *format,
                const struct column *c,
                int32_t row)
{
    if (column_is_null(c, row)) {
        buffer_append_text(out, format->style == CELL_SHOW ? "NULL" : "null");
        return;
    }
    switch (c->type->kind) {
    case TYPE_BOOLEAN: buffer_append_text(out, column_bool(c, row) ? "true" : "false"); break;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT: print_integer(out, column_integer(c, row)); break;
    case TYPE_FLOAT:
    case TYPE_DOUBLE: print_double(out, c, row); break;
    case TYPE_DECIMAL: print_decimal(out, c, row); break;
    case TYPE_STRING:
    case TYPE_BINARY: print_bytes(out, format, c, row); break;
    case TYPE_DATE: print_date(out, column_integer(c, row)); break;
    case TYPE_TIMESTAMP: print_time(out, format->zone, column_integer(c, row)); break;
    case TYPE_TIMESTAMP_NTZ: print_time(out, NULL, column_integer(c, row)); break;
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: cell_print_interval(out, c->type, column_integer(c, row)); break;
    case TYPE_STRUCT: print_struct(out, format, c, row); break;
    case TYPE_ARRAY:
    case TYPE_MAP: print_list(out, format, c, row); break;
    case TYPE_VOID:
    case TYPE_KIND_COUNT: break;
    }
}
