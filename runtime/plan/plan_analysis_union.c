/*
 * union(): columns by place, each pair brought to one type. See plan_parts.h.
 */
#include "expressions/coercion.h"
#include "plan/plan_conditions.h"
#include "plan/plan_parts.h"

static const char *const ordinals[] = { "first", "second",  "third",  "fourth", "fifth",
                                        "sixth", "seventh", "eighth", "ninth",  "tenth" };

static bool incompatible(const struct planning *p, int32_t column)
{
    char place[32];
    bytes_to_text(column < 10 ? bytes_of(ordinals[column])
                              : arena_printf(p->arena, "%dth", column + 1),
                  place, sizeof(place));
    struct buffer types;
    buffer_init(&types, SQL_ERROR_MAX);
    type_print_sql(&types, p->inputs[1]->schema->fields[column].type);
    buffer_append_text(&types, "\" type which is not compatible with \"");
    type_print_sql(&types, p->inputs[0]->schema->fields[column].type);
    (void)sql_fail(p->error, &plan_incompatible_column,
                   "UNION can only be performed on tables with compatible column types. The %s "
                   "column of the second table is \"%.*s\" at the same column of the first table..",
                   place, BYTES_ARG(buffer_bytes(&types)));
    buffer_finish(&types);
    return false;
}

/* A type of the same values that may be null wherever one of both may. */
static const struct type *either_nullable(struct arena *arena,
                                          const struct type *a,
                                          const struct type *b)
{
    switch (a->kind) {
    case TYPE_ARRAY:
        return type_array(arena, either_nullable(arena, a->element, b->element),
                          a->element_nullable || b->element_nullable);
    case TYPE_MAP:
        return type_map(arena, either_nullable(arena, a->key, b->key),
                        either_nullable(arena, a->element, b->element),
                        a->element_nullable || b->element_nullable);
    case TYPE_STRUCT: {
        struct field *fields = ARENA_NEW(arena, struct field, (size_t)a->field_count);
        for (int32_t i = 0; i < a->field_count; i++) {
            fields[i] = a->fields[i];
            fields[i].nullable = a->fields[i].nullable || b->fields[i].nullable;
            fields[i].type = either_nullable(arena, a->fields[i].type, b->fields[i].type);
        }
        return type_struct(arena, fields, a->field_count);
    }
    default: return a;
    }
}

/* The input with its columns cast; itself where all have their types. NULL: the error is set. */
static const struct plan *cast_input(const struct planning *p,
                                     const struct plan *input,
                                     const struct type *const *types)
{
    struct analysis a = planning_analysis(p, input);
    int32_t count = input->schema->field_count;
    const struct expression **list = ARENA_NEW(p->arena, const struct expression *, (size_t)count);
    bool same = true;
    for (int32_t i = 0; i < count; i++) {
        const struct expression *column = expression_column(p->arena, input->schema, i);
        const struct expression *cast = analysis_cast(&a, column, types[i]);
        same = same && cast == column;
        list[i] = expression_alias(p->arena, cast, column->name);
    }
    return same ? input : plan_make_project(p->arena, p->written, input, list, count);
}

static const struct type *union_schema(const struct planning *p,
                                       const struct plan *const *inputs,
                                       const struct type *const *types)
{
    const struct type *first = inputs[0]->schema;
    const struct type *second = inputs[1]->schema;
    struct field *fields = ARENA_NEW(p->arena, struct field, (size_t)first->field_count);
    for (int32_t i = 0; i < first->field_count; i++) {
        bool alike = type_same_values(first->fields[i].type, second->fields[i].type);
        fields[i] = first->fields[i];
        fields[i].type =
            alike ? either_nullable(p->arena, first->fields[i].type, second->fields[i].type)
                  : types[i];
        fields[i].nullable = first->fields[i].nullable || second->fields[i].nullable;
    }
    return type_struct(p->arena, fields, first->field_count);
}

const struct plan *analyze_union(const struct planning *p)
{
    const struct type *first = p->inputs[0]->schema;
    const struct type *second = p->inputs[1]->schema;
    if (first->field_count != second->field_count) {
        (void)sql_fail(p->error, &plan_num_columns,
                       "UNION can only be performed on inputs with the same number of columns, but "
                       "the first input has %d columns and the second input has %d columns.",
                       first->field_count, second->field_count);
        return NULL;
    }
    const struct type **types =
        ARENA_NEW(p->arena, const struct type *, (size_t)first->field_count);
    for (int32_t i = 0; i < first->field_count; i++) {
        types[i] = type_same_values(first->fields[i].type, second->fields[i].type)
                       ? first->fields[i].type
                       : wider_type(p->arena, p->settings->sql, first->fields[i].type,
                                    second->fields[i].type);
        if (!types[i]) {
            (void)incompatible(p, i);
            return NULL;
        }
    }
    const struct plan *inputs[2] = { cast_input(p, p->inputs[0], types),
                                     cast_input(p, p->inputs[1], types) };
    struct plan *plan = plan_new(p->arena, PLAN_UNION, p->written, inputs, 2);
    plan->schema = union_schema(p, inputs, types);
    return plan;
}
