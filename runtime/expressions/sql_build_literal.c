/*
 * Literals, as the grammar asks for them: see sql_build.h.
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "expressions/sql_build.h"

const struct syntax *build_literal(struct parse *p, struct span at, struct scalar value)
{
    struct syntax *node = build_node(p, SYNTAX_LITERAL, at, NULL, 0);
    node->scalar = value;
    return node;
}

/* --- numbers --- */

/* A number's type, and its ends as Spark writes them. */
struct number_range {
    const char *type;
    const char *low;
    const char *high;
};

static const struct syntax *out_of_range(struct parse *p,
                                         struct span at,
                                         struct bytes digits,
                                         bool negative,
                                         const struct number_range *range)
{
    (void)parse_fail(
        p, at, &sql_invalid_numeric_literal_range,
        "Numeric literal %s%.*s is outside the valid range for %s with minimum value of %s "
        "and maximum value of %s. Please adjust the value accordingly.",
        negative ? "-" : "", BYTES_ARG(digits), range->type, range->low, range->high);
    return NULL;
}

/* Digits with at most one point, no exponent: an unscaled integer. False: more than 38 digits. */
static bool parse_unscaled(struct bytes digits, int128 *out, int *out_precision, int *out_scale)
{
    int128 value = 0;
    int significant = 0;
    int scale = 0;
    bool point = false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] == '.') {
            point = true;
            continue;
        }
        scale += point;
        significant += significant > 0 || digits.data[i] != '0';
        if (significant > DECIMAL_MAX_PRECISION || scale > DECIMAL_MAX_SCALE) {
            *out_precision = significant > scale ? significant : scale;
            return false;
        }
        value = value * 10 + (digits.data[i] - '0');
    }
    significant = significant ? significant : 1;
    *out = value;
    *out_precision = significant > scale ? significant : scale;
    *out_scale = scale;
    return true;
}

static const struct syntax *build_decimal(struct parse *p,
                                          struct span at,
                                          struct bytes digits,
                                          bool negative)
{
    int128 value = 0;
    int precision = 0;
    int scale = 0;
    if (!parse_unscaled(digits, &value, &precision, &scale)) {
        (void)parse_fail(p, at, &sql_decimal_precision,
                         "Decimal precision %d exceeds max precision 38.", precision);
        return NULL;
    }
    return build_literal(p, at,
                         (struct scalar){ .type = type_decimal(p->arena, precision, scale),
                                          .decimal = negative ? -value : value });
}

/* 1.5e3BD: the exponent moves the point. */
static const struct syntax *build_big_decimal(struct parse *p,
                                              struct span at,
                                              struct bytes digits,
                                              bool negative)
{
    size_t mantissa = 0;
    while (mantissa < digits.len && (digits.data[mantissa] | 32) != 'e') {
        mantissa++;
    }
    if (mantissa == digits.len) {
        return build_decimal(p, at, digits, negative);
    }
    int64_t exponent = 0;
    struct bytes power = { digits.data + mantissa + 1, digits.len - mantissa - 1 };
    if (power.len > 0 && power.data[0] == '+') {
        power = (struct bytes){ power.data + 1, power.len - 1 };
    }
    int128 value = 0;
    int precision = 0;
    int scale = 0;
    if (!bytes_parse_i64(power, &exponent) || exponent > 100 || exponent < -100 ||
        !parse_unscaled((struct bytes){ digits.data, mantissa }, &value, &precision, &scale)) {
        precision = 39;
    }
    int64_t moved = scale - exponent;
    for (; moved < 0 && precision <= DECIMAL_MAX_PRECISION; moved++, precision++) {
        value *= 10;
    }
    precision = moved > precision ? (int)moved : precision;
    if (precision > DECIMAL_MAX_PRECISION) {
        (void)parse_fail(p, at, &sql_decimal_precision,
                         "Decimal precision %d exceeds max precision 38.", precision);
        return NULL;
    }
    return build_literal(p, at,
                         (struct scalar){ .type = type_decimal(p->arena, precision, (int)moved),
                                          .decimal = negative ? -value : value });
}

static const struct syntax *build_floating(
    struct parse *p, struct span at, struct bytes digits, bool negative, bool single)
{
    char *text = mem_text(digits.data, digits.len);
    double value = single ? (double)strtof(text, NULL) : strtod(text, NULL);
    double exact = strtod(text, NULL);
    free(text);
    if (isinf(value) || (single && exact > (double)FLT_MAX)) {
        static const struct number_range floats = { "float", "-3.4028234663852886E+38",
                                                    "3.4028234663852886E+38" };
        static const struct number_range doubles = { "double", "-1.7976931348623157E+308",
                                                     "1.7976931348623157E+308" };
        return out_of_range(p, at, digits, negative, single ? &floats : &doubles);
    }
    return build_literal(p, at,
                         (struct scalar){ .type = type_simple(single ? TYPE_FLOAT : TYPE_DOUBLE),
                                          .number = negative ? -value : value });
}

static const struct syntax *build_integer(struct parse *p,
                                          struct span at,
                                          const struct token *token,
                                          bool negative)
{
    static const struct {
        enum type_kind kind;
        int64_t low;
        int64_t high;
        struct number_range range;
    } kinds[] = {
        { TYPE_TINYINT, INT8_MIN, INT8_MAX, { "tinyint", "-128", "127" } },
        { TYPE_SMALLINT, INT16_MIN, INT16_MAX, { "smallint", "-32768", "32767" } },
        { TYPE_BIGINT,
          INT64_MIN,
          INT64_MAX,
          { "bigint", "-9223372036854775808", "9223372036854775807" } },
    };
    struct bytes digits = token->text;
    uint8_t suffix = digits.data[digits.len - 1] | 32;
    int which = suffix == 'y' ? 0 : suffix == 's' ? 1 : suffix == 'l' ? 2 : -1;
    digits.len -= which >= 0;
    int128 value = 0;
    int precision = 0;
    int scale = 0;
    bool small = parse_unscaled(digits, &value, &precision, &scale);
    value = negative ? -value : value;
    if (which >= 0) {
        if (!small || value < kinds[which].low || value > kinds[which].high) {
            return out_of_range(p, at, digits, negative, &kinds[which].range);
        }
        return build_literal(p, at,
                             scalar_of_integer(type_simple(kinds[which].kind), (int64_t)value));
    }
    if (small && value >= INT32_MIN && value <= INT32_MAX) {
        return build_literal(p, at, scalar_int((int32_t)value));
    }
    if (small && value >= INT64_MIN && value <= INT64_MAX) {
        return build_literal(p, at, scalar_of_integer(type_simple(TYPE_BIGINT), (int64_t)value));
    }
    return build_decimal(p, at, digits, negative);
}

const struct syntax *build_number(struct parse *p,
                                  struct span at,
                                  const struct token *digits,
                                  bool negative)
{
    struct bytes text = digits->text;
    size_t len = text.len;
    bool exponent = false;
    bool point = false;
    for (size_t i = 0; i < len; i++) {
        exponent |= (text.data[i] | 32) == 'e';
        point |= text.data[i] == '.';
    }
    uint8_t last = text.data[len - 1] | 32;
    if (last == 'd' && len >= 2 && (text.data[len - 2] | 32) == 'b') {
        return build_big_decimal(p, at, (struct bytes){ text.data, len - 2 }, negative);
    }
    if (last == 'd' || last == 'f') {
        return build_floating(p, at, (struct bytes){ text.data, len - 1 }, negative, last == 'f');
    }
    if (exponent) {
        return build_floating(p, at, text, negative, false);
    }
    return point ? build_decimal(p, at, text, negative) : build_integer(p, at, digits, negative);
}

/* --- text --- */

static void append_utf8(struct buffer *out, uint32_t c)
{
    uint8_t bytes[4];
    size_t len = 0;
    if (c < 0x80) {
        bytes[len++] = (uint8_t)c;
    } else if (c < 0x800) {
        bytes[len++] = (uint8_t)(0xc0 | (c >> 6));
        bytes[len++] = (uint8_t)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        bytes[len++] = (uint8_t)(0xe0 | (c >> 12));
        bytes[len++] = (uint8_t)(0x80 | ((c >> 6) & 63));
        bytes[len++] = (uint8_t)(0x80 | (c & 63));
    } else {
        bytes[len++] = (uint8_t)(0xf0 | ((c >> 18) & 7));
        bytes[len++] = (uint8_t)(0x80 | ((c >> 12) & 63));
        bytes[len++] = (uint8_t)(0x80 | ((c >> 6) & 63));
        bytes[len++] = (uint8_t)(0x80 | (c & 63));
    }
    buffer_append(out, bytes, len);
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `count` hex digits at the start of `rest`; false: there are fewer. */
static bool hex_number(struct bytes rest, size_t count, uint32_t *out)
{
    uint32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = i < rest.len ? hex_digit(rest.data[i]) : -1;
        if (digit < 0) {
            return false;
        }
        value = value * 16 + (uint32_t)digit;
    }
    *out = value;
    return true;
}

/* After a backslash: appends what is meant, and returns how many bytes of `rest` it was. */
static size_t unescape(struct buffer *out, struct bytes rest)
{
    static const char from[] = "0bnrtZ";
    static const char to[] = "\0\b\n\r\t\x1a";
    uint8_t c = rest.data[0];
    uint32_t value = 0;
    if (c == 'u' && hex_number((struct bytes){ rest.data + 1, rest.len - 1 }, 4, &value)) {
        uint32_t low = 0;
        bool pair = value >= 0xd800 && value < 0xdc00 && rest.len >= 11 && rest.data[5] == '\\' &&
                    rest.data[6] == 'u' &&
                    hex_number((struct bytes){ rest.data + 7, rest.len - 7 }, 4, &low) &&
                    low >= 0xdc00 && low < 0xe000;
        append_utf8(out, pair ? 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00) : value);
        return pair ? 11 : 5;
    }
    if (c == 'U' && hex_number((struct bytes){ rest.data + 1, rest.len - 1 }, 8, &value) &&
        value <= 0x10ffff) {
        append_utf8(out, value);
        return 9;
    }
    if (rest.len >= 3 && c >= '0' && c <= '1' && rest.data[1] >= '0' && rest.data[1] <= '7' &&
        rest.data[2] >= '0' && rest.data[2] <= '7') {
        append_utf8(
            out, (uint32_t)(((c - '0') << 6) | ((rest.data[1] - '0') << 3) | (rest.data[2] - '0')));
        return 3;
    }
    if (c == '%' || c == '_') {
        buffer_append(out, "\\", 1); /* stays escaped, for LIKE */
    }
    const char *known = memchr(from, c, sizeof(from) - 1);
    buffer_append(out, known ? (const void *)&to[known - from] : (const void *)&c, 1);
    return 1;
}

static void append_string(struct buffer *out, const struct token *token)
{
    struct bytes text = token->text;
    if ((text.data[0] | 32) == 'r') {
        buffer_append(out, text.data + 2, text.len - 3);
        return;
    }
    uint8_t quote = text.data[0];
    for (size_t i = 1; i + 1 < text.len; i++) {
        if (text.data[i] == '\\' && i + 2 < text.len) {
            i += unescape(out, (struct bytes){ text.data + i + 1, text.len - i - 2 });
        } else {
            buffer_append(out, &text.data[i], 1);
            i += text.data[i] == quote; /* doubled */
        }
    }
}

static struct bytes joined(struct parse *p, const char *before, const struct text_list *parts)
{
    struct buffer out;
    buffer_init(&out, SYNTAX_MAX_TEXT * 4);
    buffer_append_text(&out, before);
    for (int32_t i = 0; i < parts->count; i++) {
        append_string(&out, &parts->items[i]);
    }
    struct bytes text = arena_copy(p->arena, buffer_bytes(&out));
    buffer_finish(&out);
    return text;
}

const struct syntax *build_string(struct parse *p, struct span at, const struct text_list *parts)
{
    return build_literal(p, at, scalar_text(joined(p, "", parts)));
}

const struct syntax *build_negative_text(struct parse *p,
                                         struct span at,
                                         const struct text_list *parts)
{
    return build_literal(p, at, scalar_text(joined(p, "-", parts)));
}

/* A word as a literal: a unit, a name. */
const struct syntax *build_word(struct parse *p, const struct token *word)
{
    struct syntax *node = build_node(p, SYNTAX_LITERAL, word->span, NULL, 0);
    node->text = word_text(p, word);
    node->scalar = scalar_text(node->text);
    return node;
}

const struct syntax *build_hex(struct parse *p, const struct token *token)
{
    struct bytes digits = { token->text.data + 2, token->text.len - 3 };
    uint8_t *out = arena_alloc(p->arena, digits.len / 2 + 1, 1);
    size_t len = 0;
    size_t i = 0;
    if (digits.len % 2 == 1) { /* X'1' is X'01' */
        int digit = hex_digit(digits.data[i++]);
        out[len++] = (uint8_t)digit;
        if (digit < 0) {
            i = digits.len + 1;
        }
    }
    for (; i + 1 < digits.len + 1 && i < digits.len; i += 2) {
        int high = hex_digit(digits.data[i]);
        int low = hex_digit(digits.data[i + 1]);
        if (high < 0 || low < 0) {
            i = digits.len + 1;
            break;
        }
        out[len++] = (uint8_t)(high * 16 + low);
    }
    if (i > digits.len) {
        (void)parse_fail(p, token->span, &sql_invalid_typed_literal,
                         "The value of the typed literal \"X\" is invalid: '%.*s'.",
                         BYTES_ARG(digits));
        return NULL;
    }
    return build_literal(p, token->span,
                         (struct scalar){ .type = type_simple(TYPE_BINARY), .text = { out, len } });
}

const struct syntax *build_bool(struct parse *p, struct span at, bool value)
{
    return build_literal(p, at, scalar_bool(value));
}

const struct syntax *build_null(struct parse *p, struct span at)
{
    return build_literal(p, at, scalar_null(type_simple(TYPE_VOID)));
}

/* DATE'2024-01-01': what it is depends on the session's time zone, so analysis makes a literal of it. */
const struct syntax *build_typed(struct parse *p,
                                 struct span at,
                                 const struct token *type,
                                 const struct text_list *parts)
{
    const struct syntax *text = build_string(p, parts->items[0].span, parts);
    struct syntax *node = build_node(p, SYNTAX_CAST, at, &text, 1);
    struct bytes word = type->text;
    node->text = bytes_of("typed");
    node->type = type_simple(word.len == 4                                   ? TYPE_DATE
                             : word.len == 13 && (word.data[10] | 32) == 'n' ? TYPE_TIMESTAMP_NTZ
                                                                             : TYPE_TIMESTAMP);
    return node;
}
