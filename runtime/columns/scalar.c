/*
 * Single values: see scalar.h.
 */
#include "columns/scalar.h"

#include "columns/builder.h"

struct scalar scalar_null(const struct type *type)
{
    return (struct scalar){ .type = type, .null = true };
}

struct scalar scalar_of_integer(const struct type *type, int64_t value)
{
    return (struct scalar){ .type = type, .integer = value };
}

struct scalar scalar_bool(bool value)
{
    return scalar_of_integer(type_simple(TYPE_BOOLEAN), value);
}

struct scalar scalar_int(int32_t value)
{
    return scalar_of_integer(type_simple(TYPE_INT), value);
}

struct scalar scalar_double(double value)
{
    return (struct scalar){ .type = type_simple(TYPE_DOUBLE), .number = value };
}

struct scalar scalar_text(struct bytes value)
{
    return (struct scalar){ .type = type_simple(TYPE_STRING), .text = value };
}

static void append(struct builder *b, const struct scalar *value)
{
    switch (value->type->kind) {
    case TYPE_BOOLEAN: builder_bool(b, value->integer != 0); break;
    case TYPE_FLOAT:
    case TYPE_DOUBLE: builder_double(b, value->number); break;
    case TYPE_DECIMAL: builder_decimal(b, value->decimal); break;
    case TYPE_STRING:
    case TYPE_BINARY: builder_text(b, value->text); break;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: builder_integer(b, value->integer); break;
    case TYPE_VOID:
    case TYPE_STRUCT:
    case TYPE_ARRAY:
    case TYPE_MAP:
    case TYPE_KIND_COUNT: builder_null(b); break;
    }
}

struct column *scalar_column(const struct scalar *value, int32_t length)
{
    if (value->null) {
        return column_nulls(value->type, length);
    }
    struct builder *b = builder_new(value->type);
    append(b, value);
    struct column *one = builder_finish(b);
    struct column *c = column_constant(one, 0, length);
    column_release(one);
    return c;
}

struct scalar scalar_of_row(const struct column *c, int32_t row)
{
    struct scalar value = { .type = c->type, .null = column_is_null(c, row) };
    if (value.null) {
        return value;
    }
    switch (c->type->kind) {
    case TYPE_BOOLEAN: value.integer = column_bool(c, row); break;
    case TYPE_FLOAT:
    case TYPE_DOUBLE: value.number = column_double(c, row); break;
    case TYPE_DECIMAL: value.decimal = column_decimal(c, row); break;
    case TYPE_STRING:
    case TYPE_BINARY: value.text = column_text(c, row); break;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: value.integer = column_integer(c, row); break;
    case TYPE_VOID:
    case TYPE_STRUCT:
    case TYPE_ARRAY:
    case TYPE_MAP:
    case TYPE_KIND_COUNT: break;
    }
    return value;
}
