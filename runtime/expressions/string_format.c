/*
 * format_string: Java's Formatter, as far as values of SQL go.
 *
 *     %[index$][flags][width][.precision]conversion      flags: - + blank 0 , ( #      conversions: d x X o c s S b B f e E g G % n
 *
 * Not here: %h, %a and the conversions of dates (%t); they are refused like unknown ones. Values are what Spark hands to Java: dates and
 * times are plain numbers there, decimals objects that only %s takes.
 */
#include <stdio.h>

#include "columns/cell_text.h"
#include "expressions/analysis.h"
#include "expressions/string_fixed.h"
#include "expressions/string_functions.h"

enum { WIDTH_MAX = 1 << 20 };

struct specifier {
    struct bytes text; /* all of it */
    int32_t index;     /* 0: the next argument */
    bool previous;     /* '<' */
    bool left, plus, blank, zero, group, parentheses, alternate;
    int32_t width;     /* 0: none */
    int32_t precision; /* -1: none */
    char conversion;
};

static const struct sql_condition wrong_conversion = { "", "", "IllegalFormatConversionException" };
static const struct sql_condition missing_argument = { "", "", "MissingFormatArgumentException" };
static const struct sql_condition unknown_conversion = { "", "",
                                                         "UnknownFormatConversionException" };

/* "Before<text>after", without the call's text: it is Java that fails. Returns false. */
static bool fail(struct row_call *c,
                 const struct sql_condition *condition,
                 const char *before,
                 struct bytes text,
                 const char *after)
{
    (void)evaluation_fail(c->ev, &(struct expression){ .span = span_none() }, condition, "%s%.*s%s",
                          before, BYTES_ARG(text), after);
    return false;
}

/* --- reading --- */

static size_t read_number(struct bytes text, size_t at, int32_t *out)
{
    int64_t value = 0;
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9') {
        value = value > WIDTH_MAX ? value : value * 10 + (text.data[at] - '0');
        at++;
    }
    *out = (int32_t)(value > WIDTH_MAX ? WIDTH_MAX : value);
    return at;
}

static bool set_flag(struct specifier *s, uint8_t c)
{
    switch (c) {
    case '-': s->left = true; return true;
    case '+': s->plus = true; return true;
    case ' ': s->blank = true; return true;
    case '0': s->zero = true; return true;
    case ',': s->group = true; return true;
    case '(': s->parentheses = true; return true;
    case '#': s->alternate = true; return true;
    case '<': s->previous = true; return true;
    default: return false;
    }
}

/* The specifier behind the '%' at `at`; returns where it ends, 0: it has no end. */
static size_t read_specifier(struct bytes text, size_t at, struct specifier *out)
{
    size_t begin = at++;
    *out = (struct specifier){ .precision = -1 };
    int32_t index = 0;
    size_t after = read_number(text, at, &index);
    if (after > at && after < text.len && text.data[after] == '$') {
        out->index = index;
        at = after + 1;
    }
    while (at < text.len && set_flag(out, text.data[at])) {
        at++;
    }
    at = read_number(text, at, &out->width);
    if (at < text.len && text.data[at] == '.') {
        at = read_number(text, at + 1, &out->precision);
    }
    if (at >= text.len) {
        return 0;
    }
    out->conversion = (char)text.data[at++];
    out->text = (struct bytes){ text.data + begin, at - begin };
    return at;
}

/* --- writing --- */

static void pad(struct row_call *c, size_t length, const struct specifier *s)
{
    for (size_t i = length; i < (size_t)s->width; i++) {
        texts_add_byte(&c->out, ' ');
    }
}

static void put_text(struct row_call *c, const struct specifier *s, struct bytes text)
{
    if (s->precision >= 0) {
        text.len = text_index(text, (size_t)s->precision);
    }
    size_t length = text_length(text);
    if (!s->left) {
        pad(c, length, s);
    }
    texts_add(&c->out, text);
    if (s->left) {
        pad(c, length, s);
    }
}

/* Digits with their sign, and zeros between both where the width asks for it. */
static void put_number(struct row_call *c,
                       const struct specifier *s,
                       bool negative,
                       struct bytes digits)
{
    const char *sign = negative ? s->parentheses ? "(" : "-" : s->plus ? "+" : s->blank ? " " : "";
    size_t close = negative && s->parentheses;
    size_t length = digits.len + strlen(sign) + close;
    if (!s->left && !s->zero) {
        pad(c, length, s);
    }
    texts_add(&c->out, bytes_of(sign));
    for (size_t i = length; s->zero && i < (size_t)s->width; i++) {
        texts_add_byte(&c->out, '0');
    }
    texts_add(&c->out, digits);
    texts_add(&c->out, bytes_of(close ? ")" : ""));
    if (s->left) {
        pad(c, length, s);
    }
}

/* --- conversions --- */

static const char *class_of(const struct type *type)
{
    switch (type->kind) {
    case TYPE_BOOLEAN: return "java.lang.Boolean";
    case TYPE_TINYINT: return "java.lang.Byte";
    case TYPE_SMALLINT: return "java.lang.Short";
    case TYPE_INT:
    case TYPE_DATE:
    case TYPE_INTERVAL_MONTHS: return "java.lang.Integer";
    case TYPE_FLOAT: return "java.lang.Float";
    case TYPE_DOUBLE: return "java.lang.Double";
    case TYPE_DECIMAL: return "org.apache.spark.sql.types.Decimal";
    case TYPE_STRING: return "org.apache.spark.unsafe.types.UTF8String";
    case TYPE_BINARY: return "[B";
    case TYPE_ARRAY: return "org.apache.spark.sql.catalyst.expressions.UnsafeArrayData";
    case TYPE_MAP: return "org.apache.spark.sql.catalyst.expressions.UnsafeMapData";
    case TYPE_STRUCT: return "org.apache.spark.sql.catalyst.expressions.UnsafeRow";
    default: return "java.lang.Long";
    }
}

static bool wrong_type(struct row_call *c, const struct specifier *s, const struct type *type)
{
    char text[128];
    int len = snprintf(text, sizeof(text), "%c != %s", s->conversion, class_of(type));
    return fail(c, &wrong_conversion, "", (struct bytes){ (const uint8_t *)text, (size_t)len }, "");
}

static bool is_whole(const struct type *t)
{
    return !type_is_fractional(t) && t->kind != TYPE_BOOLEAN && !type_has_bytes(t) &&
           !type_is_nested(t);
}

static bool put_integer(struct row_call *c,
                        const struct specifier *s,
                        const struct column *arg,
                        int32_t row)
{
    if (!is_whole(arg->type)) {
        return wrong_type(c, s, arg->type);
    }
    int64_t value = column_integer(arg, row);
    if (s->conversion == 'd') {
        struct fixed f;
        fixed_of_integer(&f, value);
        buffer_clear(&c->scratch);
        fixed_print(&c->scratch, &f, 0, s->group ? 3 : 0);
        put_number(c, s, f.negative, buffer_bytes(&c->scratch));
        return true;
    }
    size_t bits = type_width(arg->type) * 8;
    uint64_t mask = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    unsigned long long raw = (unsigned long long)((uint64_t)value & mask);
    char text[40];
    const char *prefix = !s->alternate          ? ""
                         : s->conversion == 'o' ? "0"
                         : s->conversion == 'X' ? "0X"
                                                : "0x";
    int len = s->conversion == 'o'   ? snprintf(text, sizeof(text), "%s%llo", prefix, raw)
              : s->conversion == 'X' ? snprintf(text, sizeof(text), "%s%llX", prefix, raw)
                                     : snprintf(text, sizeof(text), "%s%llx", prefix, raw);
    struct specifier plain = *s;
    plain.plus = plain.blank = false;
    put_number(c, &plain, false, (struct bytes){ (const uint8_t *)text, (size_t)len });
    return true;
}

/* d.ddddde+xx: rounded half up to `places` behind the first digit that is not 0. */
static void print_scientific(struct buffer *out,
                             const struct fixed *value,
                             size_t places,
                             bool upper)
{
    struct fixed f = { 0 };
    size_t all = value->whole + value->fraction;
    size_t lead = 0;
    while (lead < all && value->digits[lead] == '0') {
        lead++;
    }
    int exponent = lead < all ? (int)value->whole - (int)lead - 1 : 0;
    f.whole = 1;
    f.digits[0] = '0';
    if (lead < all) {
        memcpy(f.digits, value->digits + lead, all - lead);
        f.fraction = all - lead - 1;
    }
    fixed_round(&f, places, true);
    if (f.whole > 1) { /* 9.99 became 10.0 */
        f.whole = 1;
        exponent++;
    }
    fixed_print(out, &f, places, 0);
    buffer_printf(out, "%c%c%02d", upper ? 'E' : 'e', exponent < 0 ? '-' : '+',
                  exponent < 0 ? -exponent : exponent);
}

/* %g: plain between 0.0001 and 10^precision, scientific outside. */
static void print_general(struct buffer *out,
                          const struct specifier *s,
                          struct fixed *f,
                          double value)
{
    size_t digits = s->precision == 0 ? 1 : s->precision > 0 ? (size_t)s->precision : 6;
    double size = value < 0 ? -value : value;
    double limit = 1;
    for (size_t i = 0; i < digits && limit < 1e300; i++) {
        limit *= 10;
    }
    if (size != 0 && (size < 1e-4 || size >= limit)) {
        print_scientific(out, f, digits - 1, s->conversion == 'G');
        return;
    }
    size_t whole = f->digits[0] == '0' ? 0 : f->whole;
    size_t zeros = 0;
    while (whole == 0 && size != 0 && zeros < f->fraction && f->digits[f->whole + zeros] == '0') {
        zeros++;
    }
    size_t places = size == 0 ? digits - 1 : digits + zeros - (whole < digits ? whole : digits);
    fixed_round(f, places, true);
    fixed_print(out, f, places, s->group ? 3 : 0);
}

static bool put_floating(struct row_call *c,
                         const struct specifier *s,
                         const struct column *arg,
                         int32_t row)
{
    if (arg->type->kind != TYPE_DOUBLE && arg->type->kind != TYPE_FLOAT) {
        return wrong_type(c, s, arg->type);
    }
    struct fixed f;
    fixed_of_row(&f, arg, row);
    size_t places = s->precision >= 0 ? (size_t)s->precision : 6;
    buffer_clear(&c->scratch);
    if (f.special) {
        struct specifier plain = *s;
        plain.zero = false;
        put_number(c, &plain, f.negative, bytes_of(f.digits));
        return true;
    }
    if (s->conversion == 'f') {
        fixed_round(&f, places, true);
        fixed_print(&c->scratch, &f, places, s->group ? 3 : 0);
    } else if ((s->conversion | 32) == 'e') {
        print_scientific(&c->scratch, &f, places, s->conversion == 'E');
    } else {
        print_general(&c->scratch, s, &f, column_double(arg, row));
    }
    put_number(c, s, f.negative, buffer_bytes(&c->scratch));
    return true;
}

static void print_value(struct row_call *c, const struct column *arg, int32_t row)
{
    struct cell_format format = { .style = CELL_CAST, .zone = c->ev->settings->zone };
    if (is_whole(arg->type)) {
        buffer_printf(&c->scratch, "%lld", (long long)column_integer(arg, row));
    } else {
        cell_print(&c->scratch, &format, arg, row);
    }
}

static bool put_character(struct row_call *c,
                          const struct specifier *s,
                          const struct column *arg,
                          int32_t row)
{
    if (!is_whole(arg->type)) {
        return wrong_type(c, s, arg->type);
    }
    struct texts one = { .data = NULL };
    texts_add_character(&one, (uint32_t)column_integer(arg, row));
    put_text(c, s, (struct bytes){ one.data, one.len });
    texts_drop(&one);
    return true;
}

static bool put_argument(struct row_call *c,
                         const struct specifier *s,
                         const struct column *arg,
                         int32_t row)
{
    bool null = column_is_null(arg, row);
    bool boolean = (s->conversion | 32) == 'b';
    buffer_clear(&c->scratch);
    if (boolean || null || (s->conversion | 32) == 's') {
        if (boolean) {
            bool value = !null && (arg->type->kind != TYPE_BOOLEAN || column_bool(arg, row));
            buffer_append_text(&c->scratch, value ? "true" : "false");
        } else if (null) {
            buffer_append_text(&c->scratch, "null");
        } else {
            print_value(c, arg, row);
        }
        for (size_t i = 0; s->conversion < 'a' && i < c->scratch.len; i++) {
            uint8_t *b = &c->scratch.data[i];
            *b = (uint8_t)(*b >= 'a' && *b <= 'z' ? *b - 32 : *b);
        }
        put_text(c, s, buffer_bytes(&c->scratch));
        return true;
    }
    switch (s->conversion) {
    case 'd':
    case 'x':
    case 'X':
    case 'o': return put_integer(c, s, arg, row);
    case 'c':
    case 'C': return put_character(c, s, arg, row);
    default: return put_floating(c, s, arg, row);
    }
}

static bool put_specifier(
    struct row_call *c, const struct specifier *s, int32_t *next, int32_t *last, int32_t row)
{
    if (s->conversion == 'n') {
        texts_add_byte(&c->out, '\n');
        return true;
    }
    if (s->conversion == '%') {
        put_text(c, s, bytes_of("%"));
        return true;
    }
    if (!strchr("dxXocCsSbBfeEgG", s->conversion)) {
        return fail(c, &unknown_conversion, "Conversion = '",
                    (struct bytes){ (const uint8_t *)&s->conversion, 1 }, "'");
    }
    int32_t index = s->index ? s->index : s->previous ? *last : (*next)++;
    *last = index;
    if (index < 1 || index >= c->call->count) {
        return fail(c, &missing_argument, "Format specifier '", s->text, "'");
    }
    return put_argument(c, s, c->args[index], row);
}

static enum row_outcome format_row(struct row_call *c, int32_t row)
{
    if (column_is_null(c->args[0], row)) {
        return ROW_NULL;
    }
    struct bytes format = column_text(c->args[0], row);
    int32_t next = 1;
    int32_t last = 0;
    for (size_t at = 0; at < format.len;) {
        if (format.data[at] != '%') {
            texts_add_byte(&c->out, format.data[at++]);
            continue;
        }
        struct specifier s;
        at = read_specifier(format, at, &s);
        if (at == 0) {
            (void)fail(c, &unknown_conversion, "Conversion = '", bytes_of("%"), "'");
            return ROW_FAILED;
        }
        if (!put_specifier(c, &s, &next, &last, row)) {
            return ROW_FAILED;
        }
    }
    return ROW_VALUE;
}

KERNEL(string_format)
{
    return texts_by_row(ev, call, args, rows, format_row);
}

bool resolve_string_format(struct analysis *a, struct expression *call)
{
    if (call->args[0]->type->kind != TYPE_STRING && call->args[0]->type->kind != TYPE_VOID) {
        return analysis_unexpected_type(a, call, 0, "\"STRING\"");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type_simple(TYPE_STRING)));
    call->type = type_simple(TYPE_STRING);
    call->nullable = call->args[0]->nullable;
    return true;
}
