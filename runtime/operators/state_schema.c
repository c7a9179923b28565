/*
 * What the states of aggregates are made of: see state_schema.h.
 *
 *     count, count_if    count bigint             min, max           the value
 *     sum                sum, of decimals isEmpty  first, last        the value, valueSet boolean
 *     avg                sum, count bigint         everything else    buf binary
 */
#include "operators/state_schema.h"

enum { STATE_FIELDS_MAX = 2 };

static struct field field_of(const char *name, const struct type *type, bool nullable)
{
    return (struct field){ .name = bytes_of(name), .type = type, .nullable = nullable };
}

static bool is_named(const struct expression *call, const char *a, const char *b)
{
    return strcmp(call->function->name, a) == 0 || strcmp(call->function->name, b) == 0;
}

/* What avg adds up: with ten digits more where it is exact. */
static const struct type *sum_type(struct arena *arena, const struct expression *call)
{
    const struct type *t = call->args[0]->type;
    if (t->kind == TYPE_DECIMAL) {
        int precision = t->precision + 10;
        return type_decimal(
            arena, precision < DECIMAL_MAX_PRECISION ? precision : DECIMAL_MAX_PRECISION, t->scale);
    }
    return type_is_interval(t) ? t : type_simple(TYPE_DOUBLE);
}

static int32_t state_fields(struct arena *arena,
                            const struct expression *call,
                            struct field fields[STATE_FIELDS_MAX])
{
    if (is_named(call, "count", "count_if")) {
        fields[0] = field_of("count", type_simple(TYPE_BIGINT), false);
        return 1;
    }
    if (is_named(call, "sum", "try_sum")) {
        fields[0] = field_of("sum", call->type, true);
        fields[1] = field_of("isEmpty", type_simple(TYPE_BOOLEAN), false);
        return call->type->kind == TYPE_DECIMAL ? 2 : 1;
    }
    if (is_named(call, "avg", "try_avg") || is_named(call, "mean", "mean")) {
        fields[0] = field_of("sum", sum_type(arena, call), true);
        fields[1] = field_of("count", type_simple(TYPE_BIGINT), true);
        return 2;
    }
    if (is_named(call, "min", "max")) {
        fields[0] = field_of(call->function->name, call->type, true);
        return 1;
    }
    if (is_named(call, "first", "first_value") || is_named(call, "any_value", "any_value") ||
        is_named(call, "last", "last_value")) {
        const char *name = call->function->name[0] == 'l' ? "last" : "first";
        fields[0] = field_of(name, call->type, true);
        fields[1] = field_of("valueSet", type_simple(TYPE_BOOLEAN), true);
        return 2;
    }
    fields[0] = field_of("buf", type_simple(TYPE_BINARY), true);
    return 1;
}

const struct type *state_value_type(struct arena *arena, const struct aggregation *aggregation)
{
    struct field *fields =
        ARENA_NEW(arena, struct field, (size_t)aggregation->aggregate_count * STATE_FIELDS_MAX);
    int32_t count = 0;
    for (int32_t i = 0; i < aggregation->aggregate_count; i++) {
        count += state_fields(arena, aggregation->aggregates[i], fields + count);
    }
    return type_struct(arena, fields, count);
}
