/*
 * groupBy().agg(), GROUP BY: see plan_parts.h.
 *
 * A key may be a place in what is selected (`ordinals`), or the name that something selected gets there, where the input has no such column.
 */
#include "plan/plan_conditions.h"
#include "plan/plan_parts.h"

static bool refuse_aggregate(const struct planning *p, const struct expression *key)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    expression_print_name(&text, key);
    (void)sql_fail(p->error, &plan_group_by_aggregate,
                   "Aggregate functions are not allowed in GROUP BY, but found %.*s.",
                   BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

/* What is selected at a place, without its alias. NULL: the error is set. */
static const struct syntax *selected_at(const struct planning *p, const struct syntax *place)
{
    const struct logical *l = p->written;
    int64_t at = place->scalar.integer;
    if (at < 1 || at > l->list_count || l->list[at - 1]->kind == SYNTAX_STAR) {
        (void)sql_fail(p->error, &plan_group_by_position,
                       "GROUP BY position %lld is not in select list (valid range is [1, %d]).",
                       (long long)at, l->list_count);
        sql_error_add_line(p->error, bytes_is_null(place->source) ? l->source : place->source,
                           place->span);
        return NULL;
    }
    const struct syntax *s = l->list[at - 1];
    return s->kind == SYNTAX_ALIAS ? s->args[0] : s;
}

/* What is selected under this name, where the input has no such column; else the key itself. */
static const struct syntax *selected_as(const struct planning *p, const struct syntax *key)
{
    if (key->kind != SYNTAX_NAME || key->part_count != 1 ||
        type_field_index(p->inputs[0]->schema, key->parts[0], p->settings->sql->case_sensitive) >=
            0) {
        return key;
    }
    for (int32_t i = 0; i < p->written->list_count; i++) {
        const struct syntax *s = p->written->list[i];
        if (s->kind == SYNTAX_ALIAS && s->part_count == 0 &&
            planning_same_name(p, s->text, key->parts[0])) {
            return s->args[0];
        }
    }
    return key;
}

static bool is_place(const struct planning *p, const struct syntax *s)
{
    return p->written->ordinals && s->kind == SYNTAX_LITERAL && !s->scalar.null &&
           s->scalar.type->kind == TYPE_INT;
}

/* The keys, stars spread out, without aliases. False: the error is set. */
static bool analyze_keys(const struct planning *p, struct grouping *g)
{
    int32_t written = p->written->key_count;
    const struct syntax **keys = ARENA_NEW(p->arena, const struct syntax *, (size_t)written);
    for (int32_t i = 0; i < written; i++) {
        const struct syntax *key = p->written->keys[i];
        keys[i] = is_place(p, key) ? selected_at(p, key) : selected_as(p, key);
        if (!keys[i]) {
            return false;
        }
    }
    struct analysis a = planning_analysis(p, p->inputs[0]);
    const struct expression **list = NULL;
    if (!analyze_projection(&a, keys, written, &list, &g->key_count) ||
        !refuse_generators(p, list, g->key_count)) {
        return false;
    }
    for (int32_t i = 0; i < g->key_count; i++) {
        list[i] = expression_unaliased(list[i]);
        if (expressions_aggregate(&list[i], 1)) {
            return refuse_aggregate(p, list[i]);
        }
    }
    g->keys = list;
    return true;
}

const struct plan *analyze_aggregate(const struct planning *p)
{
    struct grouping g = { 0 };
    struct analysis a = planning_analysis(p, p->inputs[0]);
    const struct expression **list = NULL;
    if (!analyze_keys(p, &g) ||
        !analyze_projection(&a, p->written->list, p->written->list_count, &list, &g.count) ||
        !refuse_generators(p, list, g.count)) {
        return NULL;
    }
    g.list = list;
    return plan_make_aggregate(p->arena, p->written, p->inputs[0], &g, p->error);
}
