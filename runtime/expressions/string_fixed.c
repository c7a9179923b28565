/*
 * Numbers as decimal digits: see string_fixed.h.
 */
#include "expressions/string_fixed.h"

#include <math.h>
#include <stdio.h>

#include "columns/decimal.h"
#include "columns/double_text.h"

/* "1.2345E-7" as plain digits. */
static void fixed_of_text(struct fixed *f, struct bytes text)
{
    char digits[DOUBLE_TEXT_MAX * 2];
    size_t count = 0;
    int point = 0;
    bool seen_point = false;
    int exponent = 0;
    *f = (struct fixed){ 0 };
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        if (c == '-') {
            f->negative = true;
        } else if (c == '.') {
            seen_point = true;
        } else if (c == 'E') {
            int64_t power = 0;
            (void)bytes_parse_i64((struct bytes){ text.data + i + 1, text.len - i - 1 }, &power);
            exponent = (int)power;
            break;
        } else if (count < sizeof(digits)) {
            digits[count++] = c;
            point += !seen_point;
        }
    }
    while (count > 1 && count > (size_t)point && digits[count - 1] == '0') {
        count--; /* "1.0" has no fraction */
    }
    int whole = point + exponent;
    size_t at = 0;
    for (int i = whole; i < 0 && at + 1 < FIXED_MAX - DOUBLE_TEXT_MAX; i++) {
        f->digits[at++] = '0';
    }
    memcpy(f->digits + at, digits, count);
    at += count;
    while (whole > 0 && at < (size_t)whole && at < FIXED_MAX - 1) {
        f->digits[at++] = '0';
    }
    f->whole = whole > 0 ? (size_t)whole : 0;
    f->fraction = at - f->whole;
    size_t lead = 0; /* zeros in front of whole digits; and one where there are none */
    while (lead + 1 < f->whole && f->digits[lead] == '0') {
        lead++;
    }
    memmove(f->digits, f->digits + lead, at - lead);
    f->whole -= lead;
    if (f->whole == 0) {
        memmove(f->digits + 1, f->digits, at);
        f->digits[0] = '0';
        f->whole = 1;
    }
}

static bool special(struct fixed *f, double value)
{
    if (isfinite(value)) {
        return false;
    }
    *f = (struct fixed){ .special = true, .negative = value < 0 };
    (void)snprintf(f->digits, FIXED_MAX, "%s", isnan(value) ? "NaN" : "Infinity");
    f->whole = strlen(f->digits);
    return true;
}

void fixed_of_double(struct fixed *f, double value)
{
    char text[DOUBLE_TEXT_MAX];
    if (!special(f, value)) {
        fixed_of_text(f, (struct bytes){ (const uint8_t *)text, double_text(text, value) });
    }
}

void fixed_of_float(struct fixed *f, float value)
{
    char text[DOUBLE_TEXT_MAX];
    if (!special(f, (double)value)) {
        fixed_of_text(f, (struct bytes){ (const uint8_t *)text, float_text(text, value) });
    }
}

void fixed_of_decimal(struct fixed *f, int128 value, int scale)
{
    char text[DECIMAL_TEXT_MAX];
    *f = (struct fixed){ .negative = value < 0 };
    size_t len = decimal_text(text, (struct decimal){ value, scale });
    bool fraction = false;
    for (size_t i = f->negative; i < len; i++) {
        if (text[i] == '.') {
            fraction = true;
            continue;
        }
        f->digits[f->whole + f->fraction] = text[i];
        f->whole += !fraction;
        f->fraction += fraction;
    }
}

void fixed_of_integer(struct fixed *f, int64_t value)
{
    fixed_of_decimal(f, value, 0);
}

void fixed_of_row(struct fixed *f, const struct column *c, int32_t row)
{
    switch (c->type->kind) {
    case TYPE_FLOAT: fixed_of_float(f, (float)column_double(c, row)); break;
    case TYPE_DOUBLE: fixed_of_double(f, column_double(c, row)); break;
    case TYPE_DECIMAL: fixed_of_decimal(f, column_decimal(c, row), c->type->scale); break;
    default: fixed_of_integer(f, column_integer(c, row)); break;
    }
}

static bool rounds_up(const struct fixed *f, size_t kept, bool half_up)
{
    size_t all = f->whole + f->fraction;
    if (f->digits[kept] != '5' || half_up) {
        return f->digits[kept] >= '5';
    }
    for (size_t i = kept + 1; i < all; i++) {
        if (f->digits[i] != '0') {
            return true;
        }
    }
    return kept > 0 && (f->digits[kept - 1] - '0') % 2 != 0;
}

void fixed_round(struct fixed *f, size_t places, bool half_up)
{
    if (f->special || f->fraction <= places) {
        return;
    }
    size_t kept = f->whole + places;
    bool up = rounds_up(f, kept, half_up);
    f->fraction = places;
    for (size_t i = kept; up && i > 0; i--) {
        up = f->digits[i - 1] == '9';
        f->digits[i - 1] = up ? '0' : (char)(f->digits[i - 1] + 1);
    }
    if (up) {
        memmove(f->digits + 1, f->digits, kept);
        f->digits[0] = '1';
        f->whole++;
    }
}

void fixed_round_double(struct fixed *f, double value, size_t places)
{
    if (f->special || f->fraction <= places) {
        return;
    }
    char text[FIXED_MAX];
    int len = snprintf(text, sizeof(text), "%.*f", (int)places, fabs(value));
    f->whole = 0;
    f->fraction = places;
    for (int i = 0, at = 0; i < len; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            f->digits[at++] = text[i];
            f->whole += (size_t)at > f->whole && i < len - (int)places - (places > 0);
        }
    }
}

void fixed_print(struct buffer *out, const struct fixed *f, size_t places, size_t group)
{
    for (size_t i = 0; i < f->whole; i++) {
        if (i > 0 && group > 0 && !f->special && (f->whole - i) % group == 0) {
            buffer_append_text(out, ",");
        }
        buffer_append(out, f->digits + i, 1);
    }
    if (f->special || places == 0) {
        return;
    }
    buffer_append_text(out, ".");
    buffer_append(out, f->digits + f->whole, f->fraction);
    for (size_t i = f->fraction; i < places; i++) {
        buffer_append_text(out, "0");
    }
}
