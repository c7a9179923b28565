/*
 * From a plan to nodes: see physical.h.
 *
 * Depth first, but that stateful operators are numbered on the way down: the last one of the plan is number 0, as in Spark.
 */
#include "operators/physical.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "operators/exchange.h"
#include "operators/nodes.h"
#include "operators/run.h"
#include "operators/stores.h"

struct kept_shape {
    struct grouped_shape shape;
    struct kept_shape *next;
};

static struct node *build(struct physical *p, const struct plan *plan, struct sql_error *error);
static struct node *build_using(struct physical *p,
                                const struct plan *plan,
                                const bool *used,
                                struct sql_error *error);

/* --- lists that grow --- */

/* Room for one more in an array of pointers. */
static void *room(void *list, int32_t count, int32_t *capacity)
{
    if (count < *capacity) {
        return list;
    }
    *capacity = *capacity ? *capacity * 2 : 8;
    return mem_resize(list, (size_t)*capacity, sizeof(void *));
}

/* Every node is kept here, to be freed. NULL is passed on. */
static struct node *kept(struct physical *p, struct node *n)
{
    if (n) {
        bool passes = n->input_count == 1 && !exchange_of(n);
        n->single = n->single || (passes && n->inputs[0]->single);
        p->nodes = room(p->nodes, p->node_count, &p->node_capacity);
        p->nodes[p->node_count++] = n;
    }
    return n;
}

static struct node *kept_exchange(struct physical *p, struct node *n)
{
    struct exchange *e = (struct exchange *)n;
    e->index = p->exchange_count;
    p->exchanges = room((void *)p->exchanges, p->exchange_count, &p->exchange_capacity);
    p->exchanges[p->exchange_count++] = e;
    return kept(p, n);
}

/* The number of a stateful operator; what it is comes when its input is made. */
static int32_t reserve_stateful(struct physical *p)
{
    p->statefuls = room((void *)p->statefuls, p->stateful_count, &p->stateful_capacity);
    p->statefuls[p->stateful_count] = NULL;
    return p->stateful_count++;
}

static struct node *kept_stateful(struct physical *p, struct node *n)
{
    const struct stateful *s = (const struct stateful *)n;
    p->statefuls[s->id] = s;
    return kept(p, n);
}

static const struct plan *without_names(const struct plan *plan)
{
    while (plan->kind == PLAN_ALIAS || plan->kind == PLAN_WATERMARK) {
        plan = plan->inputs[0];
    }
    return plan;
}

/* --- which columns are used: what explode() repeats for each element should be as little as can be --- */

static void mark_used(const struct expression *e, bool *used)
{
    if (e->kind == EXPRESSION_COLUMN) {
        used[e->index] = true;
    }
    if (e->replacement) {
        mark_used(e->replacement, used);
    }
    if (e->filter) {
        mark_used(e->filter, used);
    }
    for (int32_t i = 0; i < e->count; i++) {
        mark_used(e->args[i], used);
    }
}

static void mark_list(const struct expression *const *list, int32_t count, bool *used)
{
    for (int32_t i = 0; i < count; i++) {
        mark_used(list[i], used);
    }
}

static struct node *build_generate(struct physical *p,
                                   const struct plan *plan,
                                   const bool *used,
                                   struct sql_error *error)
{
    const struct plan *below = without_names(plan->inputs[0]);
    bool *needed = NULL;
    if (used) {
        needed = ARENA_NEW(&p->arena, bool, (size_t)below->schema->field_count);
        memcpy(needed, used, (size_t)below->schema->field_count * sizeof(*needed));
        mark_list(plan->expressions, 1, needed);
    }
    struct node *input = build_using(p, below, needed, error);
    return input ? kept(p, generate_node_new(&p->arena, plan, used, input)) : NULL;
}

/* Of the rows of `plan` only the columns that `used` (NULL: all) tells will be looked at. */
static struct node *build_using(struct physical *p,
                                const struct plan *plan,
                                const bool *used,
                                struct sql_error *error)
{
    return plan->kind == PLAN_GENERATE ? build_generate(p, plan, used, error)
                                       : build(p, plan, error);
}

/* Nothing is known yet to be used of this plan's rows. */
static bool *nothing_used(struct physical *p, const struct plan *plan)
{
    return ARENA_NEW(&p->arena, bool, (size_t)plan->schema->field_count);
}

/* --- a kind each --- */

static struct node *exchange_all(struct physical *p, struct node *input)
{
    if (input->single) {
        return input;
    }
    return kept_exchange(p, exchange_new(&p->arena, input, NULL, 0, 1));
}

static struct node *exchange_by(struct physical *p,
                                struct node *input,
                                const struct expression *const *keys,
                                int32_t count)
{
    int32_t targets = p->options.shuffle_partitions;
    return kept_exchange(p, exchange_new(&p->arena, input, keys, count, targets));
}

/* The first input of a plan, made. NULL: the error is set. */
static struct node *build_input(struct physical *p,
                                const struct plan *plan,
                                struct sql_error *error)
{
    return build(p, plan->inputs[0], error);
}

static struct node *build_relation(struct physical *p, const struct plan *plan)
{
    p->relations = room((void *)p->relations, p->relation_count, &p->relation_capacity);
    p->relations[p->relation_count] = plan;
    return kept(p, scan_node_new(&p->arena, plan, p->relation_count++));
}

static struct node *build_project(struct physical *p,
                                  const struct plan *plan,
                                  struct sql_error *error)
{
    const struct plan *below = without_names(plan->inputs[0]);
    bool *used = nothing_used(p, below);
    mark_list(plan->expressions, plan->expression_count, used);
    if (below->kind == PLAN_FILTER) {
        mark_list(below->expressions, 1, used);
        struct node *input = build_using(p, without_names(below->inputs[0]), used, error);
        return input ? kept(p, filter_node_new(&p->arena, below, plan, input)) : NULL;
    }
    struct node *input = build_using(p, below, used, error);
    return input ? kept(p, project_node_new(&p->arena, plan, input)) : NULL;
}

static struct node *build_filter(struct physical *p,
                                 const struct plan *plan,
                                 struct sql_error *error)
{
    struct node *input = build_input(p, plan, error);
    return input ? kept(p, filter_node_new(&p->arena, plan, NULL, input)) : NULL;
}

static struct node *build_union(struct physical *p,
                                const struct plan *plan,
                                struct sql_error *error)
{
    struct node *first = build(p, plan->inputs[0], error);
    struct node *second = first ? build(p, plan->inputs[1], error) : NULL;
    return second ? kept(p, union_node_new(&p->arena, plan, first, second)) : NULL;
}

static struct node *build_sort(struct physical *p, const struct plan *plan, struct sql_error *error)
{
    struct node *input = build_input(p, plan, error);
    return input ? kept(p, sort_node_new(&p->arena, plan, exchange_all(p, input), plan->orders))
                 : NULL;
}

/* Only in append mode a stream's limit counts across batches; in complete mode each batch has all rows. */
static struct node *build_limit(struct physical *p,
                                const struct plan *plan,
                                struct sql_error *error)
{
    bool stateful = plan->streaming && p->options.mode == OUTPUT_APPEND;
    int32_t id = stateful ? reserve_stateful(p) : -1;
    struct node *input = build_input(p, plan, error);
    if (!input) {
        return NULL;
    }
    if (!stateful && input->single) {
        return kept(p, limit_node_new(&p->arena, plan, input, true));
    }
    struct node *local = kept(p, limit_node_new(&p->arena, plan, input, false));
    struct node *all = kept_exchange(p, exchange_new(&p->arena, local, NULL, 0, 1));
    return stateful ? kept_stateful(p, limit_state_node_new(&p->arena, plan, all, id))
                    : kept(p, limit_node_new(&p->arena, plan, all, true));
}

/* Are there columns besides the keys of which Spark keeps the first value in a state that it sorts for (grouped.h)? */
static bool is_deduped_by_sorting(const struct plan *plan)
{
    int32_t columns = plan->schema->field_count;
    bool moves = false;
    for (int32_t i = 0; i < columns; i++) {
        const struct type *t = plan->schema->fields[i].type;
        bool key = false;
        for (int32_t k = 0; k < plan->expression_count; k++) {
            key = key || (plan->expressions[k]->kind == EXPRESSION_COLUMN &&
                          plan->expressions[k]->index == i);
        }
        moves = moves || (!key && (type_has_bytes(t) || type_is_nested(t)));
    }
    return moves;
}

static struct node *build_distinct(struct physical *p,
                                   const struct plan *plan,
                                   struct sql_error *error)
{
    bool stateful = plan->streaming && p->options.mode != OUTPUT_BATCH;
    int32_t id = stateful ? reserve_stateful(p) : -1;
    struct node *input = build_input(p, plan, error);
    if (!input) {
        return NULL;
    }
    struct node *rows = input;
    if (stateful || !input->single) {
        rows = stateful ? input : kept(p, dedupe_node_new(&p->arena, plan, input, true));
        rows = exchange_by(p, rows, plan->expressions, plan->expression_count);
    }
    if (stateful) {
        return kept_stateful(p, dedupe_state_node_new(&p->arena, plan, rows, id));
    }
    struct node *first = kept(p, dedupe_node_new(&p->arena, plan, rows, false));
    return is_deduped_by_sorting(plan) ? kept(p, sort_node_new(&p->arena, plan, first, NULL))
                                       : first;
}

static struct grouped_shape *kept_shape(struct physical *p, const struct plan *plan)
{
    struct kept_shape *kept = ARENA_NEW(&p->arena, struct kept_shape, 1);
    grouped_shape_make(&kept->shape, &p->arena, plan);
    kept->next = p->shapes;
    p->shapes = kept;
    return &kept->shape;
}

static bool check_aggregate(const struct physical *p,
                            const struct grouped_shape *shape,
                            struct sql_error *error)
{
    static const struct sql_condition unsupported = { "UNSUPPORTED_FEATURE", "0A000",
                                                      "AnalysisException" };
    if (!shape->plan->streaming || p->options.mode == OUTPUT_BATCH) {
        return true;
    }
    if (p->options.mode == OUTPUT_APPEND) {
        return sql_fail(error, &unsupported,
                        "Streaming aggregations in append mode are not supported yet: use update "
                        "or complete.");
    }
    return !shape->whole || sql_fail(error, &unsupported,
                                     "Distinct aggregations are not supported on streaming "
                                     "DataFrames/Datasets.");
}

static struct node *build_grouped_input(struct physical *p,
                                        const struct plan *plan,
                                        struct sql_error *error)
{
    const struct plan *below = without_names(plan->inputs[0]);
    bool *used = nothing_used(p, below);
    mark_list(plan->keys, plan->key_count, used);
    mark_list(plan->aggregation->aggregates, plan->aggregation->aggregate_count, used);
    return build_using(p, below, used, error);
}

static struct node *build_aggregate(struct physical *p,
                                    const struct plan *plan,
                                    struct sql_error *error)
{
    bool stateful = plan->streaming && p->options.mode != OUTPUT_BATCH;
    int32_t id = stateful ? reserve_stateful(p) : -1;
    struct grouped_shape *shape = kept_shape(p, plan);
    struct node *input =
        check_aggregate(p, shape, error) ? build_grouped_input(p, plan, error) : NULL;
    if (!input) {
        return NULL;
    }
    if (!stateful && input->single) {
        return kept(p, aggregate_node_new(&p->arena, shape, input));
    }
    if (shape->whole) {
        struct node *rows = exchange_by(p, input, plan->keys, plan->key_count);
        return kept(p, aggregate_node_new(&p->arena, shape, rows));
    }
    struct node *groups = kept_exchange(
        p, exchange_new_grouped(&p->arena, input, shape, p->options.shuffle_partitions));
    return stateful ? kept_stateful(p, aggregate_state_node_new(&p->arena, shape, groups, id,
                                                                p->options.mode))
                    : kept(p, aggregate_node_new(&p->arena, shape, groups));
}

static struct node *build(struct physical *p, const struct plan *plan, struct sql_error *error)
{
    int32_t splits = p->options.parallelism > 0 ? p->options.parallelism : 1;
    switch (plan->kind) {
    case PLAN_RELATION: return build_relation(p, plan);
    case PLAN_ROWS: return kept(p, rows_node_new(&p->arena, plan, splits));
    case PLAN_RANGE: return kept(p, range_node_new(&p->arena, plan, splits));
    case PLAN_PROJECT: return build_project(p, plan, error);
    case PLAN_FILTER: return build_filter(p, plan, error);
    case PLAN_AGGREGATE: return build_aggregate(p, plan, error);
    case PLAN_DISTINCT: return build_distinct(p, plan, error);
    case PLAN_LIMIT: return build_limit(p, plan, error);
    case PLAN_UNION: return build_union(p, plan, error);
    case PLAN_SORT: return build_sort(p, plan, error);
    case PLAN_GENERATE: return build_generate(p, plan, NULL, error);
    case PLAN_ALIAS:
    case PLAN_WATERMARK: return build_input(p, plan, error);
    case PLAN_KIND_COUNT: break;
    }
    abort(); /* there is no other kind */
}

/* --- the whole --- */

struct physical *physical_new(const struct plan *plan,
                              const struct physical_options *options,
                              struct sql_error *error)
{
    assert(options->shuffle_partitions > 0);
    struct physical *p = MEM_NEW(struct physical);
    arena_init(&p->arena, 0);
    p->plan = plan;
    p->options = *options;
    p->root = build(p, plan, error);
    if (!p->root) {
        physical_free(p);
        return NULL;
    }
    return p;
}

void physical_free(struct physical *p)
{
    if (!p) {
        return;
    }
    for (int32_t i = 0; i < p->node_count; i++) {
        if (p->nodes[i]->kind->free) {
            p->nodes[i]->kind->free(p->nodes[i]);
        }
    }
    for (struct kept_shape *s = p->shapes; s; s = s->next) {
        grouped_shape_finish(&s->shape);
    }
    free(p->nodes);
    free((void *)p->exchanges);
    free((void *)p->relations);
    free((void *)p->statefuls);
    arena_finish(&p->arena);
    free(p);
}

int32_t physical_state_operators(const struct physical *p)
{
    return p->stateful_count;
}

int32_t physical_relations(const struct physical *p)
{
    return p->relation_count;
}

const struct plan *physical_relation(const struct physical *p, int32_t i)
{
    return p->relations[i];
}

const struct type *physical_state_key(const struct physical *p, int32_t i)
{
    return p->statefuls[i]->key;
}

const struct type *physical_state_value(const struct physical *p, int32_t i)
{
    return p->statefuls[i]->value;
}

const char *physical_state_name(const struct physical *p, int32_t i)
{
    return p->statefuls[i]->name;
}
