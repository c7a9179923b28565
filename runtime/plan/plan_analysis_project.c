/*
 * select() and withColumn(): lists of expressions, with generators and aggregate functions among them. See plan_parts.h.
 *
 *     select a, explode(b) AS x    ->    Project [a, x]
 *                                        +- Generate explode(b), [x]
 *     select sum(a)                ->    Aggregate [sum(a)], without keys
 */
#include "expressions/sql_conditions.h"
#include "plan/plan_conditions.h"
#include "plan/plan_parts.h"

/* A list under way: generators are put below what is selected, the first one lowest. */
struct selecting {
    const struct planning *p;
    const struct plan *input;
    const struct plan *below; /* the input, or the generators over it */
    const struct expression **list;
    int32_t count;
    int32_t capacity;
};

static void select_add(struct selecting *s, const struct expression *e)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 16;
        const struct expression **bigger =
            ARENA_NEW(s->p->arena, const struct expression *, (size_t)s->capacity);
        if (s->count > 0) {
            memcpy(bigger, s->list, (size_t)s->count * sizeof(*bigger));
        }
        s->list = bigger;
    }
    s->list[s->count++] = e;
}

static void select_column(struct selecting *s, const struct plan *from, int32_t index)
{
    select_add(s, expression_alias(s->p->arena, expression_column(s->p->arena, from->schema, index),
                                   from->schema->fields[index].name));
}

bool refuse_generators(const struct planning *p,
                       const struct expression *const *list,
                       int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (!expression_generator(list[i])) {
            continue;
        }
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        expression_print_name(&text, expression_unaliased(list[i]));
        (void)sql_fail(p->error, &sql_nested_generator,
                       "The generator is not supported: nested in expressions \"%.*s\".",
                       BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    return true;
}

/* --- generators --- */

/* The generator that an item is, under an alias or not; NULL: it is something else. */
static const struct syntax *generator_of(const struct syntax *s)
{
    const struct syntax *call = s->kind == SYNTAX_ALIAS ? s->args[0] : s;
    const struct function *f = call->kind == SYNTAX_CALL ? function_find(call->text) : NULL;
    return f && f->generator ? call : NULL;
}

static bool wrong_aliases(const struct planning *p, const struct syntax *alias, int32_t wanted)
{
    struct buffer names;
    buffer_init(&names, SQL_ERROR_MAX);
    for (int32_t i = 0; i < alias->part_count; i++) {
        buffer_printf(&names, "%s%.*s", i ? "," : "", BYTES_ARG(alias->parts[i]));
    }
    if (alias->part_count == 0) {
        buffer_append(&names, alias->text.data, alias->text.len);
    }
    (void)sql_fail(p->error, &plan_alias_count,
                   "The number of aliases supplied in the AS clause does not match the number of "
                   "columns output by the UDTF. Expected %d aliases, but got %.*s. Please ensure "
                   "that the number of aliases provided matches the number of columns output by "
                   "the UDTF.",
                   wanted, BYTES_ARG(buffer_bytes(&names)));
    buffer_finish(&names);
    return false;
}

/* What the generator's columns are called. False: the error is set. */
static bool name_columns(const struct planning *p,
                         const struct syntax *item,
                         struct field *fields,
                         int32_t count)
{
    if (item->kind != SYNTAX_ALIAS) {
        return true;
    }
    int32_t given = item->part_count > 0 ? item->part_count : 1;
    if (given != count) {
        return wrong_aliases(p, item, count);
    }
    for (int32_t i = 0; i < count; i++) {
        fields[i].name = item->part_count > 0 ? item->parts[i] : item->text;
    }
    return true;
}

static const struct plan *make_generate(struct selecting *s,
                                        const struct expression *call,
                                        const struct field *made)
{
    struct arena *arena = s->p->arena;
    struct plan *plan = plan_new(arena, PLAN_GENERATE, s->p->written, &s->below, 1);
    const struct expression **list = ARENA_NEW(arena, const struct expression *, 1);
    list[0] = call;
    plan->expressions = list;
    plan->expression_count = 1;
    plan->outer = bytes_ends_with(bytes_of(call->function->name), bytes_of("_outer"));
    int32_t kept = s->below->schema->field_count;
    int32_t count = call->type->field_count;
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)(kept + count));
    struct bytes *qualifiers = ARENA_NEW(arena, struct bytes, (size_t)(kept + count));
    for (int32_t i = 0; i < kept; i++) {
        fields[i] = s->below->schema->fields[i];
        qualifiers[i] = s->below->qualifiers ? s->below->qualifiers[i] : (struct bytes){ 0 };
    }
    memcpy(fields + kept, made, (size_t)count * sizeof(*fields));
    plan->schema = type_struct(arena, fields, kept + count);
    plan->qualifiers = qualifiers;
    return plan;
}

static bool select_generator(struct selecting *s, const struct syntax *item)
{
    const struct planning *p = s->p;
    struct analysis a = planning_analysis(p, s->input);
    const struct expression *call = analyze(&a, generator_of(item));
    if (!call || !refuse_generators(p, call->args, call->count)) {
        return false;
    }
    if (expressions_aggregate(call->args, call->count)) {
        return refuse_generators(p, &call, 1);
    }
    int32_t count = call->type->field_count;
    struct field *made = ARENA_NEW(p->arena, struct field, (size_t)count + 1);
    for (int32_t i = 0; i < count; i++) {
        made[i] = call->type->fields[i];
    }
    if (!name_columns(p, item, made, count)) {
        return false;
    }
    int32_t first = s->below->schema->field_count;
    s->below = make_generate(s, call, made);
    for (int32_t i = 0; i < count; i++) {
        select_column(s, s->below, first + i);
    }
    return true;
}

/* --- lists --- */

static bool select_item(struct selecting *s, const struct syntax *item)
{
    if (generator_of(item)) {
        return select_generator(s, item);
    }
    struct analysis a = planning_analysis(s->p, s->input);
    const struct expression **list = NULL;
    int32_t count = 0;
    if (!analyze_projection(&a, &item, 1, &list, &count) || !refuse_generators(s->p, list, count)) {
        return false;
    }
    for (int32_t i = 0; i < count; i++) {
        select_add(s, list[i]);
    }
    return true;
}

static const struct plan *selected(struct selecting *s)
{
    if (!expressions_aggregate(s->list, s->count)) {
        return plan_make_project(s->p->arena, s->p->written, s->below, s->list, s->count);
    }
    struct grouping all = { .list = s->list, .count = s->count };
    return plan_make_aggregate(s->p->arena, s->p->written, s->below, &all, s->p->error);
}

const struct plan *analyze_project(const struct planning *p)
{
    struct selecting s = { .p = p, .input = p->inputs[0], .below = p->inputs[0] };
    for (int32_t i = 0; i < p->written->list_count; i++) {
        if (!select_item(&s, p->written->list[i])) {
            return NULL;
        }
    }
    return selected(&s);
}

/* --- withColumn --- */

static bool refuse_twice(const struct planning *p)
{
    const struct logical *l = p->written;
    for (int32_t i = 0; i < l->list_count; i++) {
        for (int32_t k = 0; k < i; k++) {
            if (planning_same_name(p, l->list[i]->text, l->list[k]->text)) {
                return sql_fail(p->error, &plan_column_exists,
                                "The column `%.*s` already exists. Choose another name or rename "
                                "the existing column.",
                                BYTES_ARG(l->list[i]->text));
            }
        }
    }
    return true;
}

/* The item that is to stand in the place of the column; NULL: it stays. */
static const struct syntax *replacing(const struct planning *p, struct bytes name)
{
    for (int32_t i = 0; i < p->written->list_count; i++) {
        if (planning_same_name(p, p->written->list[i]->text, name)) {
            return p->written->list[i];
        }
    }
    return NULL;
}

const struct plan *analyze_with_columns(const struct planning *p)
{
    const struct plan *input = p->inputs[0];
    struct selecting s = { .p = p, .input = input, .below = input };
    if (!refuse_twice(p)) {
        return NULL;
    }
    for (int32_t i = 0; i < input->schema->field_count; i++) {
        const struct syntax *item = replacing(p, input->schema->fields[i].name);
        if (!item) {
            select_column(&s, input, i);
        } else if (!select_item(&s, item)) {
            return NULL;
        }
    }
    for (int32_t i = 0; i < p->written->list_count; i++) {
        const struct syntax *item = p->written->list[i];
        if (type_field_index(input->schema, item->text, p->settings->sql->case_sensitive) < 0 &&
            !select_item(&s, item)) {
            return NULL;
        }
    }
    return selected(&s);
}
