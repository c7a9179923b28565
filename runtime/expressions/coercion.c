/*
 * Which types come together, and how: see coercion.h.
 *
 * Sources: AnsiTypeCoercion, TypeCoercion, TypeCoercionHelper, DecimalPrecisionTypeCoercion of Spark 4.1.
 */
#include "expressions/coercion.h"

#include <assert.h>

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The decimal that holds every value of an integer type (DecimalType.forType). */
static const struct type *decimal_for(struct arena *arena, const struct type *t)
{
    switch (t->kind) {
    case TYPE_TINYINT: return type_decimal(arena, 3, 0);
    case TYPE_SMALLINT: return type_decimal(arena, 5, 0);
    case TYPE_INT: return type_decimal(arena, 10, 0);
    case TYPE_BIGINT: return type_decimal(arena, 20, 0);
    case TYPE_FLOAT: return type_decimal(arena, 14, 7);
    case TYPE_DOUBLE: return type_decimal(arena, 30, 15);
    default: return t;
    }
}

const struct type *decimal_for_integer(struct arena *arena, const struct type *t)
{
    return decimal_for(arena, t);
}

static const struct type *wider_decimal(struct arena *arena,
                                        const struct type *a,
                                        const struct type *b)
{
    int scale = larger(a->scale, b->scale);
    int range = larger(a->precision - a->scale, b->precision - b->scale);
    int precision = range + scale;
    if (precision > DECIMAL_MAX_PRECISION) { /* digits before the point count more */
        int lost = precision - DECIMAL_MAX_PRECISION;
        scale = larger(scale - lost, 0);
        precision = DECIMAL_MAX_PRECISION;
    }
    return type_decimal(arena, precision, scale);
}

static const struct type *common_number(struct arena *arena,
                                        const struct sql_settings *settings,
                                        const struct type *a,
                                        const struct type *b)
{
    if (a->kind == TYPE_DECIMAL || b->kind == TYPE_DECIMAL) {
        const struct type *other = a->kind == TYPE_DECIMAL ? b : a;
        if (other->kind == TYPE_FLOAT || other->kind == TYPE_DOUBLE) {
            return type_simple(TYPE_DOUBLE);
        }
        return wider_decimal(arena, decimal_for(arena, a), decimal_for(arena, b));
    }
    const struct type *high = a->kind > b->kind ? a : b;
    const struct type *low = a->kind > b->kind ? b : a;
    bool float_and_integer = high->kind == TYPE_FLOAT && type_is_integral(low);
    return settings->ansi && float_and_integer ? type_simple(TYPE_DOUBLE) : high;
}

static bool is_time(const struct type *t)
{
    return t->kind == TYPE_DATE || t->kind == TYPE_TIMESTAMP || t->kind == TYPE_TIMESTAMP_NTZ;
}

/* Date and timestamps: the one that says more; a zone is more. */
static const struct type *common_time(const struct type *a, const struct type *b)
{
    if (a->kind == TYPE_TIMESTAMP || b->kind == TYPE_TIMESTAMP) {
        return type_simple(TYPE_TIMESTAMP);
    }
    return a->kind == TYPE_DATE ? b : a;
}

typedef const struct type *pair_rule(struct arena *,
                                     const struct sql_settings *,
                                     const struct type *,
                                     const struct type *);

static const struct type *common_nested(struct arena *arena,
                                        const struct sql_settings *settings,
                                        const struct type *a,
                                        const struct type *b,
                                        pair_rule *rule)
{
    if (a->kind == TYPE_ARRAY) {
        const struct type *element = rule(arena, settings, a->element, b->element);
        return element ? type_array(arena, element, a->element_nullable || b->element_nullable)
                       : NULL;
    }
    if (a->kind == TYPE_MAP) {
        const struct type *key = rule(arena, settings, a->key, b->key);
        const struct type *value = rule(arena, settings, a->element, b->element);
        return key && value
                   ? type_map(arena, key, value, a->element_nullable || b->element_nullable)
                   : NULL;
    }
    if (a->field_count != b->field_count) {
        return NULL;
    }
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)a->field_count);
    for (int32_t i = 0; i < a->field_count; i++) {
        fields[i] = a->fields[i];
        fields[i].type = rule(arena, settings, a->fields[i].type, b->fields[i].type);
        fields[i].nullable = a->fields[i].nullable || b->fields[i].nullable;
        if (!fields[i].type) {
            return NULL;
        }
    }
    return type_struct(arena, fields, a->field_count);
}

static const struct type *common_by(struct arena *arena,
                                    const struct sql_settings *settings,
                                    const struct type *a,
                                    const struct type *b,
                                    pair_rule *nested)
{
    if (type_equal(a, b) || b->kind == TYPE_VOID) {
        return a;
    }
    if (a->kind == TYPE_VOID) {
        return b;
    }
    if (type_is_numeric(a) && type_is_numeric(b)) {
        return common_number(arena, settings, a, b);
    }
    if (is_time(a) && is_time(b)) {
        return common_time(a, b);
    }
    if (a->kind == b->kind && type_is_interval(a)) {
        return type_interval(arena, a->from < b->from ? a->from : b->from,
                             a->to > b->to ? a->to : b->to);
    }
    if (a->kind == b->kind && type_is_nested(a)) {
        return common_nested(arena, settings, a, b, nested);
    }
    return NULL;
}

const struct type *common_type(struct arena *arena,
                               const struct sql_settings *settings,
                               const struct type *a,
                               const struct type *b)
{
    return common_by(arena, settings, a, b, common_type);
}

/* What a string and `other` become; NULL: nothing. */
static const struct type *with_string(const struct sql_settings *settings, const struct type *other)
{
    if (type_is_nested(other)) {
        return NULL;
    }
    if (!settings->ansi) {
        return other->kind == TYPE_BINARY || other->kind == TYPE_BOOLEAN ? NULL
                                                                         : type_simple(TYPE_STRING);
    }
    if (type_is_integral(other)) {
        return type_simple(TYPE_BIGINT);
    }
    return type_is_fractional(other) ? type_simple(TYPE_DOUBLE) : other;
}

const struct type *wider_type(struct arena *arena,
                              const struct sql_settings *settings,
                              const struct type *a,
                              const struct type *b)
{
    const struct type *common = common_by(arena, settings, a, b, wider_type);
    if (common || (a->kind != TYPE_STRING && b->kind != TYPE_STRING)) {
        return common;
    }
    return with_string(settings, a->kind == TYPE_STRING ? b : a);
}

/* --- what a function wants --- */

static const struct type *letter_type(char letter)
{
    switch (letter) {
    case 's': return type_simple(TYPE_STRING);
    case 'B': return type_simple(TYPE_BINARY);
    case 'b': return type_simple(TYPE_BOOLEAN);
    case 'y': return type_simple(TYPE_TINYINT);
    case 'h': return type_simple(TYPE_SMALLINT);
    case 'i': return type_simple(TYPE_INT);
    case 'l': return type_simple(TYPE_BIGINT);
    case 'f': return type_simple(TYPE_FLOAT);
    case 'd': return type_simple(TYPE_DOUBLE);
    case 'D': return type_simple(TYPE_DATE);
    case 'T': return type_simple(TYPE_TIMESTAMP);
    default: return NULL;
    }
}

/* ANSI: a number to any other (what does not fit is an error then), and a string to anything simple. */
static bool converts_ansi(const struct type *from, const struct type *to)
{
    if (from->kind == TYPE_STRING) {
        return !type_is_nested(to);
    }
    if (to->kind == TYPE_STRING) {
        return !type_is_nested(from) && from->kind != TYPE_BINARY ? true
                                                                  : from->kind == TYPE_BINARY;
    }
    if (type_is_numeric(from) && type_is_numeric(to)) {
        return true;
    }
    return is_time(from) && is_time(to);
}

static bool converts_legacy(const struct type *from, const struct type *to)
{
    if (from->kind == TYPE_STRING) {
        return type_is_numeric(to) || is_time(to) || to->kind == TYPE_BINARY;
    }
    if (to->kind == TYPE_STRING) {
        return !type_is_nested(from);
    }
    return (type_is_numeric(from) && type_is_numeric(to)) || (is_time(from) && is_time(to));
}

/* For letters that take several types as they are: what a string becomes, and NULL for what is refused. */
static const struct type *family_type(const struct sql_settings *settings,
                                      const struct type *from,
                                      char letter)
{
    (void)settings;
    bool string = from->kind == TYPE_STRING;
    switch (letter) {
    case 'x': return from;
    case 'o': return from->kind == TYPE_MAP ? NULL : from;
    case 'n': return type_is_numeric(from) ? from : string ? type_simple(TYPE_DOUBLE) : NULL;
    case 'k': return type_is_integral(from) ? from : string ? type_simple(TYPE_BIGINT) : NULL;
    case 'm':
        return type_is_numeric(from) || type_is_interval(from) ? from
               : string                                        ? type_simple(TYPE_DOUBLE)
                                                               : NULL;
    case 'c':
        return type_has_bytes(from) ? from : type_is_nested(from) ? NULL : type_simple(TYPE_STRING);
    case 'a': return from->kind == TYPE_ARRAY ? from : NULL;
    case 'p': return from->kind == TYPE_MAP ? from : NULL;
    default: return NULL;
    }
}

static const struct type *void_type(const struct type *from, char letter)
{
    const struct type *definite = letter_type(letter);
    if (definite) {
        return definite;
    }
    switch (letter) {
    case 'n':
    case 'm': return type_simple(TYPE_DOUBLE);
    case 'k': return type_simple(TYPE_BIGINT);
    case 'c': return type_simple(TYPE_STRING);
    default: return from;
    }
}

const struct type *implicit_type(struct arena *arena,
                                 const struct sql_settings *settings,
                                 const struct type *from,
                                 char wanted)
{
    (void)arena;
    const struct type *to = letter_type(wanted);
    if (from->kind == TYPE_VOID) {
        return void_type(from, wanted);
    }
    if (!to) {
        return family_type(settings, from, wanted);
    }
    if (from->kind == to->kind) {
        return from;
    }
    return (settings->ansi ? converts_ansi(from, to) : converts_legacy(from, to)) ? to : NULL;
}

const struct type *unify_arguments(struct analysis *a,
                                   struct expression *call,
                                   int32_t first,
                                   int32_t count)
{
    assert(count > 0);
    const struct type *common = call->args[first]->type;
    for (int32_t i = first + 1; common && i < first + count; i++) {
        common = wider_type(a->arena, a->settings, common, call->args[i]->type);
    }
    for (int32_t i = first; common && i < first + count; i++) {
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], common));
    }
    return common;
}
