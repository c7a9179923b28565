/*
 * Which casts there are, and which may give null: see coercion.h.
 *
 * Source: Cast.canCast, canAnsiCast, canTryCast, forceNullable, Cast.nullable of Spark 4.1.
 */
#include "expressions/coercion.h"

static bool is_timestamp(const struct type *t)
{
    return t->kind == TYPE_TIMESTAMP || t->kind == TYPE_TIMESTAMP_NTZ;
}

static bool interval_allowed(const struct type *from, const struct type *to)
{
    if (type_is_interval(from) && type_is_interval(to)) {
        return from->kind == to->kind;
    }
    if (type_is_interval(from)) {
        return type_is_integral(to) || to->kind == TYPE_DECIMAL;
    }
    return from->kind == TYPE_STRING || type_is_integral(from) || from->kind == TYPE_DECIMAL;
}

static bool number_allowed(const struct type *from, bool legacy)
{
    return type_is_numeric(from) || from->kind == TYPE_STRING || from->kind == TYPE_BOOLEAN ||
           from->kind == TYPE_TIMESTAMP || (legacy && from->kind == TYPE_DATE);
}

static bool simple_allowed(const struct type *from, const struct type *to, bool legacy)
{
    switch (to->kind) {
    case TYPE_STRING: return true;
    case TYPE_BINARY: return from->kind == TYPE_STRING || (legacy && type_is_integral(from));
    case TYPE_BOOLEAN:
        return from->kind == TYPE_STRING || type_is_numeric(from) ||
               (legacy && (from->kind == TYPE_DATE || from->kind == TYPE_TIMESTAMP));
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_DECIMAL: return number_allowed(from, legacy);
    case TYPE_DATE: return from->kind == TYPE_STRING || is_timestamp(from);
    case TYPE_TIMESTAMP:
        return from->kind == TYPE_STRING || from->kind == TYPE_DATE || is_timestamp(from) ||
               type_is_numeric(from) || from->kind == TYPE_BOOLEAN;
    case TYPE_TIMESTAMP_NTZ:
        return from->kind == TYPE_STRING || from->kind == TYPE_DATE || is_timestamp(from);
    case TYPE_VOID:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME:
    case TYPE_STRUCT:
    case TYPE_ARRAY:
    case TYPE_MAP:
    case TYPE_KIND_COUNT: break;
    }
    return false;
}

/* Nulls that a place does not allow must not come out of the cast. */
static bool nullability_fits(const struct type *from,
                             bool from_nullable,
                             const struct type *to,
                             bool to_nullable,
                             enum cast_mode mode)
{
    bool becomes_null = mode != CAST_ANSI && cast_may_be_null(from, to, mode); /* ansi: an error */
    return to_nullable || !(from_nullable || becomes_null);
}

static bool nested_allowed(const struct type *from, const struct type *to, enum cast_mode mode)
{
    if (from->kind == TYPE_ARRAY) {
        return cast_allowed(from->element, to->element, mode) &&
               nullability_fits(from->element, from->element_nullable, to->element,
                                to->element_nullable, mode);
    }
    if (from->kind == TYPE_MAP) {
        return cast_allowed(from->key, to->key, mode) &&
               nullability_fits(from->key, false, to->key, false, mode) &&
               cast_allowed(from->element, to->element, mode) &&
               nullability_fits(from->element, from->element_nullable, to->element,
                                to->element_nullable, mode);
    }
    if (from->field_count != to->field_count) {
        return false;
    }
    for (int32_t i = 0; i < from->field_count; i++) {
        const struct field *f = &from->fields[i];
        const struct field *t = &to->fields[i];
        if (!cast_allowed(f->type, t->type, mode) ||
            !nullability_fits(f->type, f->nullable, t->type, t->nullable, mode)) {
            return false;
        }
    }
    return true;
}

bool cast_allowed(const struct type *from, const struct type *to, enum cast_mode mode)
{
    if (type_equal(from, to) || from->kind == TYPE_VOID) {
        return true;
    }
    if (to->kind == TYPE_STRING) {
        return true;
    }
    if (type_is_nested(from) || type_is_nested(to)) {
        return from->kind == to->kind && nested_allowed(from, to, mode);
    }
    if (type_is_interval(from) || type_is_interval(to)) {
        return interval_allowed(from, to);
    }
    return simple_allowed(from, to, mode == CAST_LEGACY);
}

/* Digits before the point: what a decimal needs at least to take every value of `from`. */
static bool decimal_takes(const struct type *from, const struct type *to)
{
    static const int digits[TYPE_KIND_COUNT] = { [TYPE_BOOLEAN] = 1,
                                                 [TYPE_TINYINT] = 3,
                                                 [TYPE_SMALLINT] = 5,
                                                 [TYPE_INT] = 10,
                                                 [TYPE_BIGINT] = 20 };
    if (from->kind == TYPE_DECIMAL) {
        int room = (to->precision - to->scale) - (from->precision - from->scale);
        return room > 0 || (room == 0 && to->scale >= from->scale);
    }
    return digits[from->kind] > 0 && to->precision - to->scale >= digits[from->kind];
}

bool cast_may_be_null(const struct type *from, const struct type *to, enum cast_mode mode)
{
    if (type_same_values(from, to)) {
        return false;
    }
    if (from->kind == TYPE_VOID) {
        return true;
    }
    if (from->kind == TYPE_STRING) {
        return to->kind != TYPE_BINARY;
    }
    if (type_is_nested(from)) {
        return false;
    }
    if (to->kind == TYPE_DECIMAL) {
        return !decimal_takes(from, to);
    }
    if (from->kind == TYPE_FLOAT || from->kind == TYPE_DOUBLE || from->kind == TYPE_DECIMAL) {
        return type_is_integral(to) || (to->kind == TYPE_TIMESTAMP && from->kind != TYPE_DECIMAL);
    }
    if (from->kind == TYPE_TIMESTAMP) {
        return to->kind == TYPE_TINYINT || to->kind == TYPE_SMALLINT || to->kind == TYPE_INT;
    }
    if (from->kind == TYPE_DATE) {
        return to->kind != TYPE_STRING && to->kind != TYPE_TIMESTAMP;
    }
    return mode == CAST_TRY && type_is_numeric(from) && type_is_integral(to) &&
           to->kind < from->kind;
}

const char *cast_advice(const struct type *from, const struct type *to)
{
    if (to->kind == TYPE_DATE && type_is_integral(from)) {
        return "`DATE_FROM_UNIX_DATE`";
    }
    if (from->kind == TYPE_DATE && type_is_numeric(to)) {
        return "`UNIX_DATE`";
    }
    return NULL;
}
