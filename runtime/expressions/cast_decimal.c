/*
 * Casts to decimals: see cast.h.
 */
#include <math.h>

#include "columns/calendar.h"
#include "columns/cell_text.h"
#include "columns/decimal.h"
#include "columns/utf8.h"
#include "expressions/cast_parts.h"
#include "expressions/interval.h"
#include "expressions/sql_conditions.h"

static const struct sql_condition too_many_digits = { "NUMERIC_OUT_OF_SUPPORTED_RANGE", "22003",
                                                      "SparkArithmeticException" };

/* An interval counts its smallest unit; seconds have six places. */
static struct decimal interval_decimal(const struct column *from, int32_t row)
{
    int64_t value = column_integer(from, row);
    if (from->type->to == UNIT_SECOND) {
        return (struct decimal){ value, 6 };
    }
    return (struct decimal){ value / interval_unit_size(from->type->to), 0 };
}

enum { PLAIN_MAX = 400 }; /* digits that a message shows at most; a double has no more */

/* A number's text in its parts: "-12.5E3". */
struct number_text {
    bool negative;
    struct bytes digits; /* with the point */
    int64_t point;       /* digits before it */
    int64_t exponent;
};

static struct number_text take_apart(struct bytes text)
{
    struct number_text n = { .negative = text.len > 0 && text.data[0] == '-' };
    if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
        text = (struct bytes){ text.data + 1, text.len - 1 };
    }
    size_t len = 0;
    n.point = -1;
    for (; len < text.len && (text.data[len] | 32) != 'e'; len++) {
        if (text.data[len] == '.') {
            n.point = (int64_t)len;
        }
    }
    n.digits = (struct bytes){ text.data, len };
    n.point = n.point < 0 ? (int64_t)len : n.point;
    if (len + 1 < text.len) {
        size_t plus = text.data[len + 1] == '+';
        struct bytes power = { text.data + len + 1 + plus, text.len - len - 1 - plus };
        if (!bytes_parse_i64(power, &n.exponent) || n.exponent > INT32_MAX ||
            n.exponent < INT32_MIN) {
            n.exponent = power.data[0] == '-' ? INT32_MIN : INT32_MAX;
        }
    }
    return n;
}

/* "1.5E3" as 1500. */
static void print_plain(struct buffer *out, struct bytes text)
{
    struct number_text n = take_apart(text);
    int64_t fraction = (int64_t)n.digits.len - n.point - ((size_t)n.point < n.digits.len);
    int64_t whole = n.point + n.exponent;
    bool started = false;
    if (whole > PLAIN_MAX || whole < -PLAIN_MAX) {
        buffer_append(out, text.data, text.len);
        return;
    }
    buffer_append_text(out, n.negative ? "-" : "");
    int64_t last = n.point + fraction > whole ? n.point + fraction : whole;
    for (int64_t i = whole < 1 ? whole - 1 : 0; i < last; i++) {
        int64_t at = i < n.point ? i : i + 1; /* behind the point */
        char digit = i >= 0 && at < (int64_t)n.digits.len ? (char)n.digits.data[at] : '0';
        if (i == whole) {
            buffer_append_text(out, ".");
        }
        started = started || digit != '0' || i >= whole - 1;
        buffer_append(out, &digit, started ? 1 : 0);
    }
}

/* Are there more digits before the point than any decimal has? */
static bool is_beyond_decimals(struct bytes text)
{
    struct number_text n = take_apart(text);
    int64_t zeros = 0;
    while (zeros < n.point && n.digits.data[zeros] == '0') {
        zeros++;
    }
    return n.point - zeros + n.exponent > DECIMAL_MAX_PRECISION;
}

/* What a number is before it is rounded, in plain digits. */
static void print_value(struct buffer *out, const struct column *from, int32_t row)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    if (from->type->kind == TYPE_STRING) {
        struct bytes trimmed = cast_trim(column_text(from, row));
        buffer_append(&text, trimmed.data, trimmed.len);
    } else if (from->type->kind == TYPE_TIMESTAMP) {
        char digits[DECIMAL_TEXT_MAX];
        buffer_append(&text, digits,
                      decimal_text(digits, (struct decimal){ column_integer(from, row), 6 }));
    } else if (type_is_interval(from->type)) {
        char digits[DECIMAL_TEXT_MAX];
        buffer_append(&text, digits, decimal_text(digits, interval_decimal(from, row)));
    } else {
        cell_print(&text, &(struct cell_format){ .style = CELL_CAST }, from, row);
    }
    print_plain(out, buffer_bytes(&text));
    buffer_finish(&text);
}

static struct column *out_of_range(struct evaluation *ev,
                                   const struct expression *call,
                                   const struct column *from,
                                   int32_t row)
{
    struct buffer value;
    buffer_init(&value, SQL_ERROR_MAX);
    if (from->type->kind == TYPE_STRING && is_beyond_decimals(cast_trim(column_text(from, row)))) {
        return evaluation_fail(
            ev, &(struct expression){ .span = span_none() }, &too_many_digits,
            "The value %.*s cannot be interpreted as a numeric since it has more than 38 digits.",
            BYTES_ARG(column_text(from, row)));
    }
    print_value(&value, from, row);
    (void)evaluation_fail(
        ev, call, &sql_numeric_value_out_of_range,
        " %.*s cannot be represented as Decimal(%d, %d). If necessary set "
        "\"spark.sql.ansi.enabled\" to \"false\" to bypass this error, and return NULL "
        "instead.",
        BYTES_ARG(buffer_bytes(&value)), call->type->precision, call->type->scale);
    buffer_finish(&value);
    return NULL;
}

enum { DIGITS_MAX = 400 }; /* of a number in other scripts */

static bool is_ascii(struct bytes text)
{
    uint8_t all = 0;
    for (size_t i = 0; i < text.len; i++) {
        all |= text.data[i];
    }
    return all < 0x80;
}

/* Java's BigDecimal takes the digits of every script; here they become ASCII's. False: there are other characters, or too many. */
static bool to_ascii(struct bytes text, char out[DIGITS_MAX], size_t *out_len)
{
    static const uint32_t zeros[] = { 0x660,  0x6f0,  0x7c0,  0x966,  0x9e6,  0xa66,  0xae6,
                                      0xb66,  0xbe6,  0xc66,  0xce6,  0xd66,  0xe50,  0xed0,
                                      0xf20,  0x1040, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80,
                                      0x1b50, 0x1bb0, 0x1c40, 0xa620, 0xa8d0, 0xa900, 0xa9d0,
                                      0xaa50, 0xabf0, 0xff10 };
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t c = utf8_next(text, &at);
        bool known = c < 0x80;
        for (size_t i = 0; !known && i < sizeof(zeros) / sizeof(zeros[0]); i++) {
            if (c >= zeros[i] && c < zeros[i] + 10) {
                c = '0' + (c - zeros[i]);
                known = true;
            }
        }
        if (!known || len == DIGITS_MAX) {
            return false;
        }
        out[len++] = (char)c;
    }
    *out_len = len;
    return true;
}

static enum decimal_outcome read_text(struct bytes text, struct decimal_shape to, int128 *out)
{
    char digits[DIGITS_MAX];
    size_t len = 0;
    enum decimal_outcome outcome = decimal_parse(text, to, out);
    if (outcome == DECIMAL_NO_NUMBER && !is_ascii(text) && to_ascii(text, digits, &len)) {
        return decimal_parse((struct bytes){ (const uint8_t *)digits, len }, to, out);
    }
    return outcome;
}

static enum decimal_outcome to_decimal(const struct column *from,
                                       int32_t row,
                                       struct decimal_shape to,
                                       int128 *out)
{
    switch (from->type->kind) {
    case TYPE_STRING: return read_text(cast_trim(column_text(from, row)), to, out);
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return decimal_of_double(column_double(from, row), to, out);
    case TYPE_DECIMAL:
        return decimal_rescale((struct decimal){ column_decimal(from, row), from->type->scale }, to,
                               out)
                   ? DECIMAL_FITS
                   : DECIMAL_OVERFLOWS;
    case TYPE_BOOLEAN:
        return decimal_rescale((struct decimal){ column_bool(from, row), 0 }, to, out)
                   ? DECIMAL_FITS
                   : DECIMAL_OVERFLOWS;
    case TYPE_TIMESTAMP:
        return decimal_rescale((struct decimal){ column_integer(from, row), 6 }, to, out)
                   ? DECIMAL_FITS
                   : DECIMAL_OVERFLOWS;
    case TYPE_DATE: return DECIMAL_NO_NUMBER;
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME:
        return decimal_rescale(interval_decimal(from, row), to, out) ? DECIMAL_FITS
                                                                     : DECIMAL_OVERFLOWS;
    default:
        return decimal_rescale((struct decimal){ column_integer(from, row), 0 }, to, out)
                   ? DECIMAL_FITS
                   : DECIMAL_OVERFLOWS;
    }
}

struct column *cast_to_decimal(struct evaluation *ev,
                               const struct expression *call,
                               struct column *from,
                               const struct rows *rows)
{
    struct decimal_shape shape = decimal_shape_of(call->type);
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        enum decimal_outcome outcome = to_decimal(from, i, shape, &((int128 *)v.values)[i]);
        if (outcome == DECIMAL_FITS) {
            continue;
        }
        bool floating = from->type->kind == TYPE_FLOAT || from->type->kind == TYPE_DOUBLE;
        bool null = outcome == DECIMAL_NO_NUMBER && (floating || from->type->kind == TYPE_DATE);
        if (call->cast_mode == CAST_ANSI && !null) {
            vector_drop(&v);
            return outcome == DECIMAL_NO_NUMBER ? cast_invalid(ev, call, from, i)
                                                : out_of_range(ev, call, from, i);
        }
        vector_null(&v, i);
    }
    return vector_finish(&v);
}
