/*
 * encode and decode: text in other character sets, the seven that Spark allows.
 */
#include <stdio.h>
#include <strings.h>

#include "columns/utf8.h"
#include "expressions/coercion.h"
#include "expressions/string_functions.h"

enum charset {
    CHARSET_ASCII,
    CHARSET_LATIN,
    CHARSET_UTF8,
    CHARSET_UTF16, /* with a mark in front; without one when read: big end first */
    CHARSET_UTF16_BIG,
    CHARSET_UTF16_LITTLE,
    CHARSET_UTF32,
    CHARSET_COUNT,
};

static const char *const charset_names[CHARSET_COUNT] = {
    "us-ascii", "iso-8859-1", "utf-8", "utf-16", "utf-16be", "utf-16le", "utf-32",
};

static enum charset find_charset(struct bytes name)
{
    enum charset set = 0;
    while (set < CHARSET_COUNT &&
           (strlen(charset_names[set]) != name.len ||
            strncasecmp(charset_names[set], (const char *)name.data, name.len) != 0)) {
        set++;
    }
    return set;
}

static enum row_outcome unknown_charset(struct row_call *c, struct bytes name)
{
    static const struct sql_condition unknown = { "INVALID_PARAMETER_VALUE.CHARSET", "22023",
                                                  "SparkIllegalArgumentException" };
    (void)evaluation_fail(
        c->ev, &(struct expression){ .span = span_none() }, &unknown,
        "The value of parameter(s) `charset` in `%s` is invalid: expects one of "
        "the iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8, but "
        "got %.*s.",
        c->call->function->name, BYTES_ARG(name));
    return ROW_FAILED;
}

static enum row_outcome malformed(struct row_call *c, struct bytes name)
{
    static const struct sql_condition bad = { "MALFORMED_CHARACTER_CODING", "22000",
                                              "SparkRuntimeException" };
    (void)evaluation_fail(c->ev, &(struct expression){ .span = span_none() }, &bad,
                          "Invalid value found when performing `%s` with %.*s",
                          c->call->function->name, BYTES_ARG(name));
    return ROW_FAILED;
}

static void add_unit(struct texts *out, uint32_t unit, bool little)
{
    texts_add_byte(out, (uint8_t)(little ? unit : unit >> 8));
    texts_add_byte(out, (uint8_t)(little ? unit >> 8 : unit));
}

/* False: the set has no such character. */
static bool encode_character(struct texts *out, uint32_t code, enum charset set)
{
    bool little = set == CHARSET_UTF16_LITTLE;
    switch (set) {
    case CHARSET_ASCII:
    case CHARSET_LATIN:
        texts_add_byte(out, (uint8_t)code);
        return code < (set == CHARSET_ASCII ? 0x80U : 0x100U);
    case CHARSET_UTF32:
        add_unit(out, code >> 16, false);
        add_unit(out, code & 0xffff, false);
        return true;
    case CHARSET_UTF16:
    case CHARSET_UTF16_BIG:
    case CHARSET_UTF16_LITTLE:
        if (code >= 0x10000) {
            add_unit(out, 0xd800 + ((code - 0x10000) >> 10), little);
            code = 0xdc00 + ((code - 0x10000) & 0x3ff);
        }
        add_unit(out, code, little);
        return true;
    case CHARSET_UTF8:
    case CHARSET_COUNT: break;
    }
    texts_add_character(out, code);
    return true;
}

static enum row_outcome encode_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    struct bytes name = column_text(c->args[1], row);
    enum charset set = find_charset(name);
    if (set == CHARSET_COUNT) {
        return unknown_charset(c, name);
    }
    if (set == CHARSET_UTF8 && utf8_is_valid(text)) {
        texts_add(&c->out, text);
        return ROW_VALUE;
    }
    if (set == CHARSET_UTF16 && text.len > 0) {
        add_unit(&c->out, 0xfeff, false);
    }
    for (size_t at = 0; at < text.len;) {
        if (!encode_character(&c->out, utf8_next(text, &at), set)) {
            return malformed(c, name);
        }
    }
    return ROW_VALUE;
}

KERNEL(string_encode)
{
    return texts_by_row(ev, call, args, rows, encode_row);
}

/* UTF-16; false: half a character. */
static bool decode_units(struct texts *out, struct bytes text, bool little)
{
    for (size_t at = 0; at < text.len;) {
        uint32_t code = 0;
        int units = 0;
        do {
            if (text.len - at < 2) {
                return false;
            }
            uint32_t unit = little ? (uint32_t)text.data[at] | (uint32_t)text.data[at + 1] << 8
                                   : (uint32_t)text.data[at + 1] | (uint32_t)text.data[at] << 8;
            at += 2;
            bool low = unit >= 0xdc00 && unit < 0xe000;
            if (low != (units == 1)) {
                return false;
            }
            code = units == 1 ? 0x10000 + ((code - 0xd800) << 10) + (unit - 0xdc00) : unit;
            units++;
        } while (units == 1 && code >= 0xd800 && code < 0xdc00);
        texts_add_character(out, code);
    }
    return true;
}

static bool decode_text(struct texts *out, struct bytes text, enum charset set)
{
    bool little = set == CHARSET_UTF16_LITTLE;
    switch (set) {
    case CHARSET_ASCII:
    case CHARSET_LATIN:
        for (size_t i = 0; i < text.len; i++) {
            texts_add_character(out, text.data[i]);
            if (set == CHARSET_ASCII && text.data[i] >= 0x80) {
                return false;
            }
        }
        return true;
    case CHARSET_UTF16:
        if (text.len >= 2 && (text.data[0] ^ text.data[1]) == (0xfe ^ 0xff) &&
            text.data[0] >= 0xfe) {
            little = text.data[0] == 0xff;
            text.data += 2;
            text.len -= 2;
        }
        return decode_units(out, text, little);
    case CHARSET_UTF16_BIG:
    case CHARSET_UTF16_LITTLE: return decode_units(out, text, little);
    case CHARSET_UTF32:
        for (size_t i = 0; i + 4 <= text.len; i += 4) {
            uint32_t code = (uint32_t)text.data[i] << 24 | (uint32_t)text.data[i + 1] << 16 |
                            (uint32_t)text.data[i + 2] << 8 | (uint32_t)text.data[i + 3];
            if (code != 0xfeff || i > 0) {
                texts_add_character(out, code);
            }
        }
        return text.len % 4 == 0;
    case CHARSET_UTF8:
    case CHARSET_COUNT: break;
    }
    texts_add(out, text);
    return utf8_is_valid(text);
}

static enum row_outcome decode_row(struct row_call *c, int32_t row)
{
    struct bytes name = column_text(c->args[1], row);
    enum charset set = find_charset(name);
    if (set == CHARSET_COUNT) {
        return unknown_charset(c, name);
    }
    return decode_text(&c->out, column_text(c->args[0], row), set) ? ROW_VALUE : malformed(c, name);
}

KERNEL(string_decode)
{
    return texts_by_row(ev, call, args, rows, decode_row);
}

/* decode(a, b, c, ..., z) with more than two: CASE WHEN a <=> b THEN c ... ELSE z END. */
static const struct expression *decode_case(struct analysis *a, const struct expression *call)
{
    const struct expression **args =
        ARENA_NEW(a->arena, const struct expression *, (size_t)call->count);
    int32_t count = 0;
    for (int32_t i = 1; i + 1 < call->count; i += 2) {
        const struct expression *pair[] = { call->args[0], call->args[i] };
        const struct expression *same = analysis_call(a, "<=>", pair, 2, call->span);
        if (!same) {
            return NULL;
        }
        args[count++] = same;
        args[count++] = call->args[i + 1];
    }
    if (call->count % 2 == 0) {
        args[count++] = call->args[call->count - 1];
    }
    return analysis_call(a, "case", args, count, call->span);
}

bool resolve_string_decode(struct analysis *a, struct expression *call)
{
    if (call->count > 2) {
        return analysis_replace(call, decode_case(a, call));
    }
    for (int32_t i = 0; i < 2; i++) {
        const struct type *type =
            implicit_type(a->arena, a->settings, call->args[i]->type, i == 0 ? 'B' : 's');
        if (!type) {
            return analysis_unexpected_type(a, call, i, i == 0 ? "\"BINARY\"" : "\"STRING\"");
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    }
    call->type = type_simple(TYPE_STRING);
    call->nullable = true;
    return true;
}
