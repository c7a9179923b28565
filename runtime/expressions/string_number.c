/*
 * format_number: Java's DecimalFormat, with a number of places or with a pattern such as '#,##0.00'.
 *
 * Rounded half to even, doubles by their exact value. Of patterns: digits, groups, point, percent, text around them; no exponents and
 * no second pattern for negative numbers.
 */
#include "expressions/coercion.h"
#include "expressions/string_fixed.h"
#include "expressions/string_functions.h"

enum { PLACES_MAX = 340 }; /* as in DecimalFormat for doubles */

struct number_pattern {
    struct buffer prefix;
    struct buffer suffix;
    size_t group;
    size_t least_whole;
    size_t least_places;
    size_t most_places;
    bool percent;
};

static void pattern_number(struct number_pattern *p, struct bytes text, size_t *at)
{
    bool fraction = false;
    size_t since_comma = 0;
    bool comma = false;
    for (; *at < text.len; (*at)++) {
        uint8_t c = text.data[*at];
        if (c == '.') {
            fraction = true;
        } else if (c == ',') {
            comma = true;
            since_comma = 0;
        } else if (c == '0' || c == '#') {
            p->least_places += fraction && c == '0';
            p->most_places += fraction;
            p->least_whole += !fraction && c == '0';
            since_comma += !fraction;
        } else {
            break;
        }
    }
    p->group = comma ? since_comma : 0;
    p->most_places = p->most_places > PLACES_MAX ? PLACES_MAX : p->most_places;
    p->least_places = p->least_places > PLACES_MAX ? PLACES_MAX : p->least_places;
    p->least_whole = p->least_whole > PLACES_MAX ? PLACES_MAX : p->least_whole;
}

static void pattern_init(struct number_pattern *p, struct bytes text)
{
    *p = (struct number_pattern){ 0 };
    buffer_init(&p->prefix, 1 << 16);
    buffer_init(&p->suffix, 1 << 16);
    bool quoted = false;
    bool seen = false;
    if (text.len == 0) {
        text = bytes_of("#,###,###,###,###,###,##0");
    }
    for (size_t at = 0; at < text.len;) {
        uint8_t c = text.data[at];
        if (!quoted && c == ';') {
            break;
        }
        if (!quoted && !seen && (c == '#' || c == '0' || c == ',' || c == '.')) {
            pattern_number(p, text, &at);
            seen = true;
            continue;
        }
        if (c == '\'') {
            quoted = !quoted;
        } else {
            p->percent = p->percent || (!quoted && c == '%');
            buffer_append(seen ? &p->suffix : &p->prefix, &c, 1);
        }
        at++;
    }
}

static void pattern_finish(struct number_pattern *p)
{
    buffer_finish(&p->prefix);
    buffer_finish(&p->suffix);
}

static void print_by_pattern(struct row_call *c,
                             const struct number_pattern *p,
                             struct fixed *f,
                             double value)
{
    const struct type *type = c->args[0]->type;
    if (type->kind == TYPE_DOUBLE || type->kind == TYPE_FLOAT) {
        fixed_round_double(f, value, p->most_places);
    } else {
        fixed_round(f, p->most_places, false);
    }
    size_t places = f->fraction;
    while (places > p->least_places && f->digits[f->whole + places - 1] == '0') {
        places--;
    }
    f->fraction = places;
    size_t missing = p->least_whole > f->whole ? p->least_whole - f->whole : 0;
    if (missing > 0) {
        memmove(f->digits + missing, f->digits, f->whole + f->fraction);
        memset(f->digits, '0', missing);
        f->whole += missing;
    }
    buffer_clear(&c->scratch);
    buffer_append_text(&c->scratch, f->negative ? "-" : "");
    buffer_append(&c->scratch, p->prefix.data, p->prefix.len);
    if (p->least_whole == 0 && f->whole == 1 && f->digits[0] == '0' && places > 0) {
        memmove(f->digits, f->digits + 1, f->fraction); /* ".5" */
        f->whole = 0;
    }
    fixed_print(&c->scratch, f, places > p->least_places ? places : p->least_places, p->group);
    buffer_append(&c->scratch, p->suffix.data, p->suffix.len);
    texts_add(&c->out, buffer_bytes(&c->scratch));
}

static enum row_outcome format_number_row(struct row_call *c, int32_t row)
{
    const struct column *number = c->args[0];
    struct number_pattern p = { .group = 3, .least_whole = 1 };
    bool pattern = c->args[1]->type->kind == TYPE_STRING;
    if (pattern) {
        pattern_init(&p, column_text(c->args[1], row));
    } else {
        int64_t places = column_integer(c->args[1], row);
        if (places < 0) {
            return ROW_NULL;
        }
        p.least_places = p.most_places = places > PLACES_MAX ? PLACES_MAX : (size_t)places;
    }
    struct fixed f;
    fixed_of_row(&f, number, row);
    bool floating = number->type->kind == TYPE_DOUBLE || number->type->kind == TYPE_FLOAT;
    double value = floating ? column_double(number, row) : 0;
    if (p.percent && floating) {
        value *= 100;
        fixed_of_double(&f, value);
    } else if (p.percent && !f.special) {
        size_t moved = f.fraction > 2 ? 2 : f.fraction;
        f.whole += moved;
        f.fraction -= moved;
        for (; moved < 2; moved++) {
            f.digits[f.whole++] = '0';
        }
    }
    if (f.special) {
        texts_add(&c->out, bytes_of(f.digits[0] == 'N' ? "NaN" : f.negative ? "-∞" : "∞"));
    } else {
        print_by_pattern(c, &p, &f, value);
    }
    if (pattern) {
        pattern_finish(&p);
    }
    return ROW_VALUE;
}

KERNEL(string_format_number)
{
    return texts_by_row(ev, call, args, rows, format_number_row);
}

bool resolve_string_format_number(struct analysis *a, struct expression *call)
{
    const struct type *number = implicit_type(a->arena, a->settings, call->args[0]->type, 'n');
    if (!number) {
        return analysis_unexpected_type(a, call, 0, "\"NUMERIC\"");
    }
    const struct type *places = call->args[1]->type;
    if (places->kind != TYPE_STRING) {
        places = implicit_type(a->arena, a->settings, places, 'i');
    }
    if (!places) {
        return analysis_unexpected_type(a, call, 1, "(\"INT\" or \"STRING\")");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], number));
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], places));
    call->type = type_simple(TYPE_STRING);
    call->nullable = true;
    return true;
}
