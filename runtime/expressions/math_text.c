/*
 * Numbers in other bases: bin, conv.
 */
#include "expressions/math_functions.h"
#include "expressions/sql_conditions.h"

static enum row_outcome bin_row(struct row_call *c, int32_t row)
{
    uint64_t value = (uint64_t)column_integer(c->args[0], row);
    char digits[64];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + (value & 1));
        value >>= 1;
    } while (value);
    texts_add(&c->out, (struct bytes){ (const uint8_t *)digits + at, sizeof(digits) - at });
    return ROW_VALUE;
}

KERNEL(math_bin)
{
    return texts_by_row(ev, call, args, rows, bin_row);
}

static int digit_value(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'z' ? c - 'a' + 10
           : c >= 'A' && c <= 'Z' ? c - 'A' + 10
                                  : 99;
}

/* Digits of that base up to the first that is none; false: more than 64 bits. */
static bool read_digits(struct bytes text, uint64_t base, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len && (uint64_t)digit_value(text.data[i]) < base; i++) {
        if (__builtin_mul_overflow(*out, base, out) ||
            __builtin_add_overflow(*out, (uint64_t)digit_value(text.data[i]), out)) {
            *out = UINT64_MAX;
            return false;
        }
    }
    return true;
}

/* Numbers are unsigned, of 64 bits, unless the base to write in is negative. */
static enum row_outcome conv_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    int64_t from = column_integer(c->args[1], row);
    int64_t to = column_integer(c->args[2], row);
    int64_t base = to < 0 ? -to : to;
    while (text.len > 0 && text.data[0] == ' ') {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && text.data[text.len - 1] == ' ') {
        text.len--;
    }
    if (from < 2 || from > 36 || base < 2 || base > 36 || text.len == 0) {
        return ROW_NULL;
    }
    bool negative = text.data[0] == '-';
    uint64_t value = 0;
    struct bytes digits = { text.data + negative, text.len - negative };
    if (!read_digits(digits, (uint64_t)from, &value) && c->ev->settings->ansi) {
        (void)evaluation_fail(c->ev, c->call, &sql_arithmetic_overflow,
                              "Overflow in function conv(). If necessary set "
                              "\"spark.sql.ansi.enabled\" to \"false\" to bypass this error.");
        return ROW_FAILED;
    }
    if (negative && to > 0) {
        value = value > INT64_MAX ? UINT64_MAX : 0 - value;
    } else if (to < 0 && value > INT64_MAX) {
        value = 0 - value;
        negative = true;
    }
    char out[72];
    size_t at = sizeof(out);
    do {
        uint64_t digit = value % (uint64_t)base;
        out[--at] = (char)(digit < 10 ? '0' + digit : 'A' + digit - 10);
        value /= (uint64_t)base;
    } while (value);
    if (negative && to < 0) {
        out[--at] = '-';
    }
    texts_add(&c->out, (struct bytes){ (const uint8_t *)out + at, sizeof(out) - at });
    return ROW_VALUE;
}

KERNEL(math_conv)
{
    return texts_by_row(ev, call, args, rows, conv_row);
}
