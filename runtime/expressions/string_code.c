/*
 * Bytes as text and back: base64, hex, URLs, checks of UTF-8 and of numbers on cards.
 */
#include <errno.h>
#include <stdio.h>
#include <strings.h>
#include <sys/random.h>
#include <unictype.h>

#include "columns/utf8.h"
#include "expressions/coercion.h"
#include "expressions/string_functions.h"

/* --- base64 --- */

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* MIME's form: lines of 76 characters. */
static enum row_outcome base64_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    size_t characters = (text.len + 2) / 3 * 4;
    uint8_t *out = texts_room(&c->out, characters + characters / 76 * 2);
    if (!out) {
        return ROW_FAILED;
    }
    uint8_t *begin = out;
    for (size_t i = 0; i < text.len; i += 3) {
        if (i > 0 && i % 57 == 0) {
            *out++ = '\r';
            *out++ = '\n';
        }
        size_t left = text.len - i;
        uint32_t bits = (uint32_t)text.data[i] << 16 |
                        (left > 1 ? (uint32_t)text.data[i + 1] << 8 : 0) |
                        (left > 2 ? (uint32_t)text.data[i + 2] : 0);
        *out++ = (uint8_t)BASE64[bits >> 18];
        *out++ = (uint8_t)BASE64[bits >> 12 & 63];
        *out++ = left > 1 ? (uint8_t)BASE64[bits >> 6 & 63] : '=';
        *out++ = left > 2 ? (uint8_t)BASE64[bits & 63] : '=';
    }
    c->out.len += (size_t)(out - begin);
    return ROW_VALUE;
}

KERNEL(string_base64)
{
    return texts_by_row(ev, call, args, rows, base64_row);
}

static int base64_value(uint8_t c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* What is no letter of base64 is skipped; '=' ends it. False: the last letter has too few bits for a byte. */
static bool decode_base64(struct texts *out, struct bytes text)
{
    uint32_t bits = 0;
    int count = 0;
    uint8_t *at = texts_room(out, text.len);
    for (size_t i = 0; at && i < text.len && text.data[i] != '='; i++) {
        int value = base64_value(text.data[i]);
        if (value < 0) {
            continue;
        }
        bits = bits << 6 | (uint32_t)value;
        if (++count == 4) {
            *at++ = (uint8_t)(bits >> 16);
            *at++ = (uint8_t)(bits >> 8);
            *at++ = (uint8_t)bits;
            out->len += 3;
            bits = 0;
            count = 0;
        }
    }
    if (at && count > 1) {
        bits <<= 6 * (4 - count);
        *at++ = (uint8_t)(bits >> 16);
        *at = (uint8_t)(bits >> 8);
        out->len += (size_t)count - 1;
    }
    return count != 1;
}

static enum row_outcome unbase64_row(struct row_call *c, int32_t row)
{
    static const struct sql_condition bad = { "", "", "IllegalArgumentException" };
    if (!decode_base64(&c->out, column_text(c->args[0], row))) {
        (void)evaluation_fail(c->ev, &(struct expression){ .span = span_none() }, &bad,
                              "Last unit does not have enough valid bits");
        return ROW_FAILED;
    }
    return ROW_VALUE;
}

KERNEL(string_unbase64)
{
    return texts_by_row(ev, call, args, rows, unbase64_row);
}

/* --- hex --- */

static void add_hex(struct texts *out, struct bytes text)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    uint8_t *at = texts_room(out, text.len * 2);
    for (size_t i = 0; at && i < text.len; i++) {
        *at++ = (uint8_t)DIGITS[text.data[i] >> 4];
        *at++ = (uint8_t)DIGITS[text.data[i] & 15];
        out->len += 2;
    }
}

static enum row_outcome hex_row(struct row_call *c, int32_t row)
{
    if (type_has_bytes(c->args[0]->type)) {
        add_hex(&c->out, column_text(c->args[0], row));
        return ROW_VALUE;
    }
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llX",
                       (unsigned long long)column_integer(c->args[0], row));
    texts_add(&c->out, (struct bytes){ (const uint8_t *)digits, (size_t)len });
    return ROW_VALUE;
}

KERNEL(string_hex)
{
    return texts_by_row(ev, call, args, rows, hex_row);
}

bool resolve_string_hex(struct analysis *a, struct expression *call)
{
    const struct type *type = call->args[0]->type;
    if (!type_has_bytes(type)) {
        char letter = type_is_numeric(type) || type->kind == TYPE_VOID ? 'l' : 's';
        type = implicit_type(a->arena, a->settings, type, letter);
        if (!type) {
            return analysis_unexpected_type(a, call, 0, "(\"BIGINT\" or \"BINARY\" or \"STRING\")");
        }
        analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
    }
    call->type = type_simple(TYPE_STRING);
    call->nullable = arguments_nullable(call);
    return true;
}

static int hex_value(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* An odd number of digits has a 0 in front. */
static bool decode_hex(struct texts *out, struct bytes text)
{
    size_t i = 0;
    int high = 0;
    bool half = text.len % 2 != 0;
    for (; i < text.len; i++) {
        int value = hex_value(text.data[i]);
        if (value < 0) {
            return false;
        }
        if (half) {
            texts_add_byte(out, (uint8_t)(high << 4 | value));
        }
        high = half ? 0 : value;
        half = !half;
    }
    return true;
}

static enum row_outcome unhex_row(struct row_call *c, int32_t row)
{
    return decode_hex(&c->out, column_text(c->args[0], row)) ? ROW_VALUE : ROW_NULL;
}

KERNEL(string_unhex)
{
    return texts_by_row(ev, call, args, rows, unhex_row);
}

/* --- to_binary --- */

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

static enum row_outcome to_binary_row(struct row_call *c, int32_t row)
{
    static const struct sql_condition invalid = { "CONVERSION_INVALID_INPUT", "22018",
                                                  "SparkIllegalArgumentException" };
    struct bytes text = column_text(c->args[0], row);
    struct bytes format = column_text(c->args[1], row);
    bool done = false;
    const char *name = "HEX";
    if (is_word(format, "utf-8") || is_word(format, "utf8")) {
        texts_add(&c->out, text);
        done = true;
    } else if (is_word(format, "base64")) {
        name = "BASE64";
        done = decode_base64(&c->out, text);
    } else {
        done = decode_hex(&c->out, text);
    }
    if (done || c->call->function->name[2] == 'y') { /* try_to_binary */
        return done ? ROW_VALUE : ROW_NULL;
    }
    (void)evaluation_fail(
        c->ev, c->call, &invalid,
        "The value '%.*s' (%s) cannot be converted to \"BINARY\" because it is "
        "malformed. Correct the value as per the syntax, or change its format. "
        "Use `try_to_binary` to tolerate malformed input and return NULL instead.",
        BYTES_ARG(text), name);
    return ROW_FAILED;
}

KERNEL(string_to_binary)
{
    return texts_by_row(ev, call, args, rows, to_binary_row);
}

bool check_string_to_binary(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 2, scalar_text(bytes_of("hex")));
    return true;
}

/* --- URLs --- */

static enum row_outcome url_encode_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t b = text.data[i];
        bool plain = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
                     b == '.' || b == '*' || b == '_' || b == '-';
        if (plain || b == ' ') {
            texts_add_byte(&c->out, plain ? b : '+');
        } else {
            texts_add_byte(&c->out, '%');
            add_hex(&c->out, (struct bytes){ &b, 1 });
        }
    }
    return ROW_VALUE;
}

KERNEL(string_url_encode)
{
    return texts_by_row(ev, call, args, rows, url_encode_row);
}

static bool decode_url(struct buffer *out, struct bytes text)
{
    buffer_clear(out);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t b = text.data[i] == '+' ? ' ' : text.data[i];
        if (b == '%') {
            int high = i + 2 < text.len ? hex_value(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return false;
            }
            b = (uint8_t)(high << 4 | low);
            i += 2;
        }
        buffer_append(out, &b, 1);
    }
    return true;
}

static enum row_outcome url_decode_row(struct row_call *c, int32_t row)
{
    static const struct sql_condition cannot = { "CANNOT_DECODE_URL", "22546",
                                                 "SparkIllegalArgumentException" };
    struct bytes text = column_text(c->args[0], row);
    if (!decode_url(&c->scratch, text)) {
        if (c->call->function->name[0] == 't') { /* try_url_decode */
            return ROW_NULL;
        }
        (void)evaluation_fail(c->ev, &(struct expression){ .span = span_none() }, &cannot,
                              "The provided URL cannot be decoded: %.*s. Please ensure that the "
                              "URL is properly formatted and try again.",
                              BYTES_ARG(text));
        return ROW_FAILED;
    }
    struct buffer repaired;
    buffer_init(&repaired, TEXTS_MAX);
    utf8_repair(&repaired, buffer_bytes(&c->scratch));
    texts_add(&c->out, buffer_bytes(&repaired));
    buffer_finish(&repaired);
    return ROW_VALUE;
}

KERNEL(string_url_decode)
{
    return texts_by_row(ev, call, args, rows, url_decode_row);
}

/* --- checks --- */

static enum row_outcome is_valid_utf8_row(struct row_call *c, int32_t row)
{
    c->number = utf8_is_valid(column_text(c->args[0], row));
    return ROW_VALUE;
}

KERNEL(string_is_valid_utf8)
{
    return numbers_by_row(ev, call, args, rows, is_valid_utf8_row);
}

static enum row_outcome make_valid_utf8_row(struct row_call *c, int32_t row)
{
    buffer_clear(&c->scratch);
    utf8_repair(&c->scratch, column_text(c->args[0], row));
    texts_add(&c->out, buffer_bytes(&c->scratch));
    return ROW_VALUE;
}

KERNEL(string_make_valid_utf8)
{
    return texts_by_row(ev, call, args, rows, make_valid_utf8_row);
}

static enum row_outcome luhn_check_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    int64_t sum = 0;
    bool good = text.len > 0;
    for (size_t i = 0; good && i < text.len; i++) {
        uint8_t b = text.data[text.len - 1 - i];
        good = b >= '0' && b <= '9';
        int64_t digit = (b - '0') * (i % 2 ? 2 : 1);
        sum += digit > 9 ? digit - 9 : digit;
    }
    c->number = good && sum % 10 == 0;
    return ROW_VALUE;
}

KERNEL(string_luhn_check)
{
    return numbers_by_row(ev, call, args, rows, luhn_check_row);
}

/* --- quote, mask, uuid --- */

static enum row_outcome quote_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    texts_add_byte(&c->out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\'') {
            texts_add_byte(&c->out, '\\');
        }
        texts_add_byte(&c->out, text.data[i]);
    }
    texts_add_byte(&c->out, '\'');
    return ROW_VALUE;
}

KERNEL(string_quote)
{
    return texts_by_row(ev, call, args, rows, quote_row);
}

/* Big letters, small ones, digits and the rest become arguments 1 to 4, or stay where that is null. */
static enum row_outcome mask_row(struct row_call *c, int32_t row)
{
    if (column_is_null(c->args[0], row)) {
        return ROW_NULL;
    }
    struct bytes text = column_text(c->args[0], row);
    for (size_t at = 0; at < text.len;) {
        size_t begin = at;
        uint32_t code = utf8_next(text, &at);
        int kind =
            uc_is_property_uppercase(code)   ? 1
            : uc_is_property_lowercase(code) ? 2
            : uc_digit_value(code) >= 0 && uc_is_general_category(code, UC_DECIMAL_DIGIT_NUMBER)
                ? 3
                : 4;
        const struct column *mask = c->args[kind];
        texts_add(&c->out, column_is_null(mask, row)
                               ? (struct bytes){ text.data + begin, at - begin }
                               : column_text(mask, row));
    }
    return ROW_VALUE;
}

KERNEL(string_mask)
{
    return texts_by_row(ev, call, args, rows, mask_row);
}

bool check_string_mask(struct analysis *a, struct expression *call)
{
    call_add_literal(a, call, 2, scalar_text(bytes_of("X")));
    call_add_literal(a, call, 3, scalar_text(bytes_of("x")));
    call_add_literal(a, call, 4, scalar_text(bytes_of("n")));
    call_add_literal(a, call, 5, scalar_null(type_simple(TYPE_STRING)));
    return true;
}

static enum row_outcome uuid_row(struct row_call *c, int32_t row)
{
    (void)row;
    uint8_t b[16];
    while (getrandom(b, sizeof(b), 0) < 0 && errno == EINTR) {
    }
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    char text[40];
    int len = snprintf(text, sizeof(text),
                       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
                       b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
                       b[13], b[14], b[15]);
    texts_add(&c->out, (struct bytes){ (const uint8_t *)text, (size_t)len });
    return ROW_VALUE;
}

KERNEL(string_uuid)
{
    return texts_by_row(ev, call, args, rows, uuid_row);
}
