/*
 * Generators: functions that make rows of a value. See function.h.
 *
 *     explode(array(1, 2))           col          posexplode(...)    pos, col
 *     explode(map('a', 1))           key, value   posexplode(...)    pos, key, value
 *     inline(array(struct(1, 2)))    the struct's fields
 *
 * A name that ends in _outer gives a row of nulls where there is nothing. Whoever plans a query runs them (plan/plan.h); as
 * ordinary expressions they have no value.
 */
#include "expressions/coercion.h"
#include "expressions/evaluate.h"
#include "expressions/sql_conditions.h"

static const struct sql_condition misplaced = { "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT", "42K0E",
                                                "AnalysisException" };

static bool ends_outer(const struct expression *call)
{
    return bytes_ends_with(bytes_of(call->function->name), bytes_of("_outer"));
}

/* Nothing there makes a row of nulls: then every column may be null. */
static bool finish(struct analysis *a, struct expression *call, struct field *fields, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        fields[i].nullable = fields[i].nullable || ends_outer(call);
    }
    call->type = type_struct(a->arena, fields, count);
    call->nullable = false;
    return true;
}

static bool resolve_explode(struct analysis *a, struct expression *call)
{
    const struct type *type = call->args[0]->type;
    struct field fields[3];
    int32_t count = 0;
    if (bytes_starts_with(bytes_of(call->function->name), bytes_of("pos"))) {
        fields[count++] = (struct field){ .name = bytes_of("pos"), .type = type_simple(TYPE_INT) };
    }
    if (type->kind == TYPE_MAP) {
        fields[count++] = (struct field){ .name = bytes_of("key"), .type = type->key };
        fields[count++] = (struct field){ .name = bytes_of("value"),
                                          .type = type->element,
                                          .nullable = type->element_nullable };
    } else if (type->kind == TYPE_ARRAY) {
        fields[count++] = (struct field){ .name = bytes_of("col"),
                                          .type = type->element,
                                          .nullable = type->element_nullable };
    } else {
        return analysis_unexpected_type(a, call, 0, "(\"ARRAY\" or \"MAP\")");
    }
    return finish(a, call, fields, count);
}

static bool resolve_inline(struct analysis *a, struct expression *call)
{
    const struct type *type = call->args[0]->type;
    if (type->kind != TYPE_ARRAY || type->element->kind != TYPE_STRUCT) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY<STRUCT>\"");
    }
    int32_t count = type->element->field_count;
    struct field *fields = ARENA_NEW(a->arena, struct field, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        fields[i] = type->element->fields[i];
        fields[i].nullable = fields[i].nullable || type->element_nullable;
    }
    return finish(a, call, fields, count);
}

static struct column *no_value(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows)
{
    (void)args;
    (void)rows;
    return evaluation_fail(ev, call, &misplaced,
                           "The generator is not supported: outside the SELECT clause, found: %s.",
                           call->function->name);
}

#define GENERATOR(name_, resolve_)                                                            \
    {                                                                                         \
        .name = (name_), .takes = "x", .nulls = NULLS_OWN, .random = true, .generator = true, \
        .resolve = (resolve_), .evaluate = no_value                                           \
    }

/* Not deterministic in what they are folded for: nothing may take one for a constant. */
const struct function functions_generator[] = {
    GENERATOR("explode", resolve_explode),
    GENERATOR("explode_outer", resolve_explode),
    GENERATOR("posexplode", resolve_explode),
    GENERATOR("posexplode_outer", resolve_explode),
    GENERATOR("inline", resolve_inline),
    GENERATOR("inline_outer", resolve_inline),
    { 0 },
};
