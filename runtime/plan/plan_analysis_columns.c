/*
 * Verbs that name columns: withColumnRenamed, drop, toDF, dropDuplicates. See plan_parts.h.
 */
#include "plan/plan_conditions.h"
#include "plan/plan_parts.h"

static const struct expression *column_as(const struct planning *p,
                                          int32_t index,
                                          struct bytes name)
{
    return expression_alias(p->arena, expression_column(p->arena, p->inputs[0]->schema, index),
                            name);
}

static const struct plan *project(const struct planning *p,
                                  const struct expression *const *list,
                                  int32_t count)
{
    return plan_make_project(p->arena, p->written, p->inputs[0], list, count);
}

static const struct expression **new_list(const struct planning *p)
{
    return ARENA_NEW(p->arena, const struct expression *,
                     (size_t)p->inputs[0]->schema->field_count);
}

/* Where no column has the name nothing happens. */
const struct plan *analyze_rename(const struct planning *p)
{
    const struct type *schema = p->inputs[0]->schema;
    const struct expression **list = new_list(p);
    bool any = false;
    for (int32_t i = 0; i < schema->field_count; i++) {
        struct bytes name = schema->fields[i].name;
        for (int32_t k = 0; k + 1 < p->written->name_count; k += 2) {
            if (planning_same_name(p, name, p->written->names[k])) {
                name = p->written->names[k + 1];
                any = true;
                break;
            }
        }
        list[i] = column_as(p, i, name);
    }
    return any ? project(p, list, schema->field_count) : p->inputs[0];
}

const struct plan *analyze_drop(const struct planning *p)
{
    const struct type *schema = p->inputs[0]->schema;
    const struct expression **list = new_list(p);
    int32_t count = 0;
    for (int32_t i = 0; i < schema->field_count; i++) {
        bool dropped = false;
        for (int32_t k = 0; k < p->written->name_count; k++) {
            dropped =
                dropped || planning_same_name(p, schema->fields[i].name, p->written->names[k]);
        }
        if (!dropped) {
            list[count++] = column_as(p, i, schema->fields[i].name);
        }
    }
    return project(p, list, count);
}

const struct plan *analyze_to_df(const struct planning *p)
{
    const struct type *schema = p->inputs[0]->schema;
    const struct expression **list = new_list(p);
    if (p->written->name_count != schema->field_count) {
        (void)sql_fail(p->error, &plan_assignment_arity,
                       "The number of columns or variables assigned or aliased: %d does not match "
                       "the number of source expressions: %d.",
                       schema->field_count, p->written->name_count);
        return NULL;
    }
    for (int32_t i = 0; i < schema->field_count; i++) {
        list[i] = column_as(p, i, p->written->names[i]);
    }
    return project(p, list, schema->field_count);
}

/* --- dropDuplicates --- */

static bool no_such_column(const struct planning *p, struct bytes name)
{
    const struct type *schema = p->inputs[0]->schema;
    struct buffer names;
    buffer_init(&names, SQL_ERROR_MAX);
    for (int32_t i = 0; i < schema->field_count; i++) {
        buffer_printf(&names, "%s%.*s", i ? ", " : "", BYTES_ARG(schema->fields[i].name));
    }
    (void)sql_fail(p->error, &plan_no_such_column,
                   "Cannot resolve column name \"%.*s\" among (%.*s).", BYTES_ARG(name),
                   BYTES_ARG(buffer_bytes(&names)));
    buffer_finish(&names);
    return false;
}

static bool has_map(const struct type *type)
{
    bool any = type->kind == TYPE_MAP || (type->kind == TYPE_ARRAY && has_map(type->element));
    for (int32_t i = 0; !any && i < type->field_count; i++) {
        any = has_map(type->fields[i].type);
    }
    return any;
}

static bool refuse_map(const struct planning *p, const struct field *field)
{
    static const struct sql_condition maps = { "UNSUPPORTED_FEATURE.SET_OPERATION_ON_MAP_TYPE",
                                               "0A000", "ExtendedAnalysisException" };
    if (!has_map(field->type)) {
        return true;
    }
    struct buffer type;
    buffer_init(&type, SQL_ERROR_MAX);
    type_print_sql(&type, field->type);
    (void)sql_fail(p->error, &maps,
                   "The feature is not supported: Cannot have MAP type columns in DataFrame which "
                   "calls set operations (INTERSECT, EXCEPT, etc.), but the type of column `%.*s` "
                   "is \"%.*s\".",
                   BYTES_ARG(field->name), BYTES_ARG(buffer_bytes(&type)));
    buffer_finish(&type);
    return false;
}

/* Marks the columns that are keys. False: the error is set. */
static bool find_keys(const struct planning *p, bool *keys)
{
    const struct type *schema = p->inputs[0]->schema;
    for (int32_t k = 0; k < p->written->name_count; k++) {
        bool found = false;
        for (int32_t i = 0; i < schema->field_count; i++) {
            bool same = planning_same_name(p, schema->fields[i].name, p->written->names[k]);
            keys[i] = keys[i] || same;
            found = found || same;
        }
        if (!found) {
            return no_such_column(p, p->written->names[k]);
        }
    }
    for (int32_t i = 0; i < schema->field_count; i++) {
        keys[i] = keys[i] || p->written->name_count == 0;
        if (keys[i] && !refuse_map(p, &schema->fields[i])) {
            return false;
        }
    }
    return true;
}

const struct plan *analyze_distinct(const struct planning *p)
{
    const struct type *schema = p->inputs[0]->schema;
    bool *keys = ARENA_NEW(p->arena, bool, (size_t)schema->field_count);
    if (!find_keys(p, keys)) {
        return NULL;
    }
    struct plan *plan = plan_new(p->arena, PLAN_DISTINCT, p->written, p->inputs, 1);
    const struct expression **list = new_list(p);
    for (int32_t i = 0; i < schema->field_count; i++) {
        if (keys[i]) {
            list[plan->expression_count++] = expression_column(p->arena, schema, i);
        }
    }
    plan->expressions = list;
    return plan;
}
