/*
 * Aggregate of a stream: groups go on where the batch before left them. See nodes.h.
 *
 *     exchange --merge--> groups of this batch --restore, merge, save--> store --> rows
 *
 *     state     key: the keys' values, row_encode_key() of each     value: the aggregates' states, aggregator_save()
 *
 * Rows out: in update mode the groups of this batch, in complete mode all that the store has.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "columns/row_codec.h"
#include "operators/exchange.h"
#include "operators/nodes.h"
#include "operators/order.h"
#include "operators/print.h"
#include "operators/state_schema.h"
#include "operators/stores.h"

struct aggregate_state_node {
    struct stateful head;
    const struct grouped_shape *shape;
    enum output_mode mode;
};

struct aggregate_state_operator {
    struct operator base;
    int32_t partition;
    struct task_store *store;
    struct aggregator *states; /* of what comes out; NULL: not begun */
    struct grouped_output output;
};

static const struct aggregate_state_node *node_of(const struct aggregate_state_operator *a)
{
    return (const struct aggregate_state_node *)a->base.node;
}

static bool fail_damaged(struct aggregate_state_operator *a)
{
    static const struct sql_condition damaged = { "", "", "java.lang.IllegalStateException" };
    return sql_fail(a->base.task->error, &damaged,
                    "The state of operator %d (stateStoreSave), partition %d, is not that of this "
                    "query's aggregates. If the query was changed, use a new checkpointLocation.",
                    node_of(a)->head.id, a->partition);
}

/* --- restore, merge, save --- */

/* Group `i` of this batch on top of what the store has, into a->states and into the store. */
static bool carry_on(struct aggregate_state_operator *a,
                     const struct grouped *batch,
                     int32_t i,
                     struct bytes key,
                     struct buffer *value)
{
    struct task_store *s = a->store;
    struct bytes saved;
    if (state_get(s->store, key, &saved) && !aggregator_load(a->states, i, saved)) {
        return fail_damaged(a);
    }
    struct evaluation ev = task_evaluation(a->base.task, NULL, 1);
    if (!aggregator_merge(a->states, &ev, i, batch->states, i)) {
        return false;
    }
    buffer_clear(value);
    aggregator_save(a->states, i, value);
    state_put(s->store, key, buffer_bytes(value));
    s->told.rows_updated++;
    return true;
}

/* All groups of this batch, in the order in which Spark has them: what is new to the store comes there in that order. */
static bool update_store(struct aggregate_state_operator *a, const struct grouped *batch)
{
    int32_t count = groups_count(batch->groups);
    struct buffer key;
    struct buffer value;
    buffer_init(&key, SIZE_MAX / 2);
    buffer_init(&value, SIZE_MAX / 2);
    aggregator_reserve(a->states, count);
    bool ok = true;
    for (int32_t n = 0; ok && n < count; n++) {
        int32_t i = a->output.order ? a->output.order[n] : n;
        buffer_clear(&key);
        for (int32_t k = 0; k < a->output.shape->key_count; k++) {
            row_encode_key(&key, a->output.keys[k], i);
        }
        ok = carry_on(a, batch, i, buffer_bytes(&key), &value);
    }
    buffer_finish(&key);
    buffer_finish(&value);
    return ok;
}

/* --- complete: everything in the store --- */

static bool load_group(struct aggregate_state_operator *a,
                       struct builder *const *keys,
                       struct bytes key,
                       struct bytes value)
{
    for (int32_t k = 0; k < a->output.shape->key_count; k++) {
        if (!row_decode(&key, keys[k])) {
            return fail_damaged(a);
        }
    }
    int32_t group = a->output.count++;
    aggregator_reserve(a->states, group + 1);
    return (key.len == 0 && aggregator_load(a->states, group, value)) || fail_damaged(a);
}

/* `before`: how many keys there were when the batch began. */
static bool load_all(struct aggregate_state_operator *a, int64_t before)
{
    static const struct sql_condition too_many = { "", "",
                                                   "java.lang.UnsupportedOperationException" };
    const struct grouped_shape *shape = a->output.shape;
    if (state_count(a->store->store) > INT32_MAX / 4) {
        return sql_fail(a->base.task->error, &too_many,
                        "More than 2^29 groups in one partition are not supported.");
    }
    struct builder **keys = mem_zalloc((size_t)shape->key_count + 1, sizeof(*keys));
    for (int32_t k = 0; k < shape->key_count; k++) {
        keys[k] = builder_new(shape->key_types[k]);
    }
    size_t position = 0;
    struct bytes key;
    struct bytes value;
    bool ok = true;
    while (ok && state_next(a->store->store, &position, &key, &value)) {
        ok = load_group(a, keys, key, value);
    }
    a->output.keys = mem_zalloc((size_t)shape->key_count + 1, sizeof(struct column *));
    for (int32_t k = 0; k < shape->key_count; k++) {
        a->output.keys[k] = ok ? builder_finish(keys[k]) : NULL;
        if (!ok) {
            builder_free(keys[k]);
        }
    }
    free(keys);
    if (ok) {
        a->output.order = order_as_state(a->output.keys, shape->key_count, a->output.count, before);
    }
    return ok;
}

/* --- the operator --- */

static bool begin(struct aggregate_state_operator *a)
{
    const struct aggregate_state_node *n = node_of(a);
    int64_t start = clock_monotonic_ms();
    int64_t before = state_count(a->store->store);
    struct grouped *batch = grouped_new(n->shape);
    bool ok =
        exchange_gather(exchange_of(n->head.base.inputs[0]), a->base.task, a->partition, batch);
    a->states = aggregator_new(n->shape->aggregation);
    a->output = (struct grouped_output){ .shape = n->shape,
                                         .states = a->states,
                                         .keys = grouped_keys(batch),
                                         .count = groups_count(batch->groups) };
    a->output.order = grouped_order(n->shape, a->output.keys, a->output.count);
    ok = ok && update_store(a, batch);
    grouped_free(batch);
    a->store->told.updates_ms += clock_monotonic_ms() - start;
    if (ok && n->mode == OUTPUT_COMPLETE) {
        grouped_output_free(&a->output);
        aggregator_free(a->states);
        a->states = aggregator_new(n->shape->aggregation);
        a->output = (struct grouped_output){ .shape = n->shape, .states = a->states };
        ok = load_all(a, before);
    }
    return ok;
}

static bool aggregate_state_next(struct operator* o, struct batch **out)
{
    struct aggregate_state_operator *a = (struct aggregate_state_operator *)o;
    *out = NULL;
    if (!a->states && !begin(a)) {
        return false;
    }
    return grouped_output_next(&a->output, o->task, out);
}

static void aggregate_state_close(struct operator* o)
{
    struct aggregate_state_operator *a = (struct aggregate_state_operator *)o;
    grouped_output_free(&a->output);
    aggregator_free(a->states);
}

static struct operator*
    aggregate_state_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = aggregate_state_next,
                                                         .close = aggregate_state_close };
    struct task_store *store = task_store_open(t, (const struct stateful *)n, partition);
    if (!store) {
        return NULL;
    }
    struct operator* o =
        operator_new(sizeof(struct aggregate_state_operator), &functions, n, t, NULL);
    ((struct aggregate_state_operator *)o)->store = store;
    ((struct aggregate_state_operator *)o)->partition = partition;
    return o;
}

struct node *aggregate_state_node_new(struct arena *arena,
                                      const struct grouped_shape *shape,
                                      struct node *input,
                                      int32_t id,
                                      enum output_mode mode)
{
    static const struct node_kind kind = { .open = aggregate_state_open,
                                           .print = print_aggregate_state };
    struct aggregate_state_node *n = ARENA_NEW(arena, struct aggregate_state_node, 1);
    n->head.base = (struct node){ .kind = &kind,
                                  .plan = shape->plan,
                                  .schema = shape->plan->schema,
                                  .input_count = 1,
                                  .inputs = { input } };
    n->head.id = id;
    n->head.name = "stateStoreSave";
    n->head.restores = true;
    n->head.key = shape->keys_type;
    n->head.value = state_value_type(arena, shape->aggregation);
    n->shape = shape;
    n->mode = mode;
    return &n->head.base;
}
