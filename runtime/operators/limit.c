/*
 * Limit: the first rows of a partition; and of a stream, across its batches. See nodes.h.
 *
 * Where a stream's state lies below, rows are read to the end also when there are enough: the operators down there must see them all.
 *
 *     state     key: nothing (one byte)     value: how many rows there were so far, int64_t
 */
#include "operators/nodes.h"
#include "operators/print.h"
#include "operators/stores.h"

struct limit_operator {
    struct operator base;
    int64_t left;
    struct task_store *store; /* limit_state */
};

/* The next rows that still count; NULL at the end. */
static bool limit_next(struct operator* o, struct batch **out)
{
    struct limit_operator *l = (struct limit_operator *)o;
    *out = NULL;
    while (l->left > 0 || o->node->plan->streaming) {
        struct batch *rows = NULL;
        if (!operator_next(o->input, &rows)) {
            return false;
        }
        if (!rows || rows->rows <= l->left) {
            l->left -= rows ? rows->rows : 0;
            *out = rows;
            return true;
        }
        if (l->left > 0) {
            *out = batch_slice(rows, 0, (int32_t)l->left);
        }
        l->left = 0;
        batch_free(rows);
        if (*out) {
            return true;
        }
    }
    return true;
}

static struct operator* limit_open_with(const struct operator_functions *functions,
                                        const struct node *n,
                                        struct task *t,
                                        int32_t partition)
{
    struct operator* input = node_open(n->inputs[0], t, partition);
    if (!input) {
        return NULL;
    }
    struct operator* o = operator_new(sizeof(struct limit_operator), functions, n, t, input);
    ((struct limit_operator *)o)->left = n->plan->limit;
    return o;
}

static struct operator* limit_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = limit_next };
    return limit_open_with(&functions, n, t, partition);
}

struct node *limit_node_new(struct arena *arena,
                            const struct plan *plan,
                            struct node *input,
                            bool global)
{
    static const struct node_kind local = { .open = limit_open, .print = print_local_limit };
    static const struct node_kind whole = { .open = limit_open, .print = print_global_limit };
    struct node *n = ARENA_NEW(arena, struct node, 1);
    *n = (struct node){ .kind = global ? &whole : &local,
                        .plan = plan,
                        .schema = plan->schema,
                        .input_count = 1,
                        .inputs = { input } };
    return n;
}

/* --- of a stream --- */

static const uint8_t limit_key[1] = { 0 };

static bool limit_state_next(struct operator* o, struct batch **out)
{
    struct limit_operator *l = (struct limit_operator *)o;
    if (!limit_next(o, out)) {
        return false;
    }
    if (*out) {
        struct bytes key = { limit_key, sizeof(limit_key) };
        int64_t passed = o->node->plan->limit - l->left;
        state_put(l->store->store, key, (struct bytes){ (const uint8_t *)&passed, sizeof(passed) });
        l->store->told.rows_updated = 1;
    }
    return true;
}

/* How many rows may still pass. False: the task's error is set. */
static bool limit_restore(struct limit_operator *l)
{
    static const struct sql_condition damaged = { "", "", "java.lang.IllegalStateException" };
    struct bytes saved;
    int64_t passed = 0;
    if (!state_get(l->store->store, (struct bytes){ limit_key, sizeof(limit_key) }, &saved)) {
        return true;
    }
    if (saved.len != sizeof(passed)) {
        return sql_fail(l->base.task->error, &damaged,
                        "The state of operator globalLimit holds no count of rows.");
    }
    memcpy(&passed, saved.data, sizeof(passed));
    l->left = passed < l->left ? l->left - passed : 0;
    return true;
}

static struct operator* limit_state_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = limit_state_next };
    struct operator* o = limit_open_with(&functions, n, t, partition);
    if (!o) {
        return NULL;
    }
    struct limit_operator *l = (struct limit_operator *)o;
    l->store = task_store_open(t, (const struct stateful *)n, partition);
    if (!l->store || !limit_restore(l)) {
        operator_close(o);
        return NULL;
    }
    return o;
}

struct node *limit_state_node_new(struct arena *arena,
                                  const struct plan *plan,
                                  struct node *input,
                                  int32_t id)
{
    static const struct node_kind kind = { .open = limit_state_open, .print = print_limit_state };
    const struct field key = { .name = bytes_of("key"),
                               .type = type_simple(TYPE_VOID),
                               .nullable = true };
    const struct field value = { .name = bytes_of("value"),
                                 .type = type_simple(TYPE_BIGINT),
                                 .nullable = true };
    struct stateful *s = ARENA_NEW(arena, struct stateful, 1);
    s->base = (struct node){
        .kind = &kind, .plan = plan, .schema = plan->schema, .input_count = 1, .inputs = { input }
    };
    s->id = id;
    s->name = "globalLimit";
    s->key = type_struct(arena, &key, 1);
    s->value = type_struct(arena, &value, 1);
    return &s->base;
}
