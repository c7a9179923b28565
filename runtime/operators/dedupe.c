/*
 * Dedupe: the first row of each combination of keys; in a batch, and in all batches of a stream. See nodes.h.
 *
 *     state     key: the keys' values, row_encode_key() of each     value: empty
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "columns/row_codec.h"
#include "operators/nodes.h"
#include "operators/print.h"
#include "operators/stores.h"

struct dedupe_node {
    struct stateful head; /* dedupe_state: all of it; dedupe: its base */
    struct program *keys;
    const struct type **types;
};

struct dedupe_operator {
    struct operator base;
    struct groups *seen;
    int32_t seen_count;       /* without keys there is a group before there is a row */
    struct task_store *store; /* dedupe_state */
    struct buffer key;
};

/* Of `rows`, which are new; how many. `chosen` has room for all. */
static int32_t choose(struct dedupe_operator *d,
                      struct column *const *keys,
                      int32_t rows,
                      int32_t *chosen)
{
    int32_t next = d->seen_count;
    int32_t *numbers = mem_resize(NULL, (size_t)rows, sizeof(*numbers));
    groups_find(d->seen, keys, rows, numbers);
    int32_t count = 0;
    for (int32_t i = 0; i < rows; i++) {
        if (numbers[i] == next) {
            chosen[count++] = i;
            next++;
        }
    }
    free(numbers);
    d->seen_count = next;
    return count;
}

static int32_t choose_by_state(struct dedupe_operator *d,
                               struct column *const *keys,
                               int32_t rows,
                               int32_t *chosen)
{
    int64_t start = clock_monotonic_ms();
    int32_t key_count = d->base.node->plan->expression_count;
    int32_t count = 0;
    for (int32_t i = 0; i < rows; i++) {
        buffer_clear(&d->key);
        for (int32_t k = 0; k < key_count; k++) {
            row_encode_key(&d->key, keys[k], i);
        }
        struct bytes known;
        if (!state_get(d->store->store, buffer_bytes(&d->key), &known)) {
            state_put(d->store->store, buffer_bytes(&d->key), bytes_of(""));
            chosen[count++] = i;
        }
    }
    d->store->told.rows_updated += count;
    d->store->told.dropped_duplicates += rows - count;
    d->store->told.updates_ms += clock_monotonic_ms() - start;
    return count;
}

/* *out NULL: no row is new. False: the task's error is set. */
static bool dedupe_batch(struct dedupe_operator *d, struct batch *rows, struct batch **out)
{
    const struct dedupe_node *n = (const struct dedupe_node *)d->base.node;
    int32_t key_count = n->head.base.plan->expression_count;
    struct evaluation ev = task_evaluation(d->base.task, rows, rows->rows);
    struct column **keys = mem_zalloc((size_t)key_count + 1, sizeof(*keys));
    if (!program_run(n->keys, &ev, keys)) {
        free(keys);
        return false;
    }
    int32_t *chosen = mem_resize(NULL, (size_t)rows->rows, sizeof(*chosen));
    int32_t count = d->store ? choose_by_state(d, keys, rows->rows, chosen)
                             : choose(d, keys, rows->rows, chosen);
    columns_free(keys, key_count);
    *out = count > 0 ? batch_take(rows, chosen, count) : NULL;
    free(chosen);
    return true;
}

static bool dedupe_next(struct operator* o, struct batch **out)
{
    for (;;) {
        struct batch *rows = NULL;
        *out = NULL;
        if (!operator_next(o->input, &rows)) {
            return false;
        }
        if (!rows) {
            return true;
        }
        bool ok = dedupe_batch((struct dedupe_operator *)o, rows, out);
        batch_free(rows);
        if (!ok || *out) {
            return ok;
        }
    }
}

static void dedupe_close(struct operator* o)
{
    struct dedupe_operator *d = (struct dedupe_operator *)o;
    groups_free(d->seen);
    buffer_finish(&d->key);
}

static struct dedupe_operator *open_plain(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = dedupe_next,
                                                         .close = dedupe_close };
    struct operator* input = node_open(n->inputs[0], t, partition);
    if (!input) {
        return NULL;
    }
    struct operator* o = operator_new(sizeof(struct dedupe_operator), &functions, n, t, input);
    struct dedupe_operator *d = (struct dedupe_operator *)o;
    buffer_init(&d->key, SIZE_MAX / 2);
    return d;
}

static struct operator* dedupe_open(const struct node *n, struct task *t, int32_t partition)
{
    struct dedupe_operator *d = open_plain(n, t, partition);
    if (!d) {
        return NULL;
    }
    d->seen = groups_new(((const struct dedupe_node *)n)->types, n->plan->expression_count);
    return &d->base;
}

static struct operator* dedupe_state_open(const struct node *n, struct task *t, int32_t partition)
{
    struct dedupe_operator *d = open_plain(n, t, partition);
    if (!d) {
        return NULL;
    }
    d->store = task_store_open(t, (const struct stateful *)n, partition);
    if (!d->store) {
        operator_close(&d->base);
        return NULL;
    }
    return &d->base;
}

static void dedupe_free(struct node *n)
{
    program_free(((struct dedupe_node *)n)->keys);
}

static struct dedupe_node *dedupe_node(struct arena *arena,
                                       const struct node_kind *kind,
                                       const struct plan *plan,
                                       struct node *input)
{
    struct dedupe_node *n = ARENA_NEW(arena, struct dedupe_node, 1);
    n->head.base = (struct node){
        .kind = kind, .plan = plan, .schema = plan->schema, .input_count = 1, .inputs = { input }
    };
    n->keys = program_new(plan->expressions, plan->expression_count);
    n->types = ARENA_NEW(arena, const struct type *, (size_t)plan->expression_count);
    for (int32_t i = 0; i < plan->expression_count; i++) {
        n->types[i] = plan->expressions[i]->type;
    }
    return n;
}

struct node *dedupe_node_new(struct arena *arena,
                             const struct plan *plan,
                             struct node *input,
                             bool partial)
{
    static const struct node_kind first = { .open = dedupe_open,
                                            .free = dedupe_free,
                                            .print = print_dedupe_partial };
    static const struct node_kind last = { .open = dedupe_open,
                                           .free = dedupe_free,
                                           .print = print_dedupe };
    return &dedupe_node(arena, partial ? &first : &last, plan, input)->head.base;
}

struct node *dedupe_state_node_new(struct arena *arena,
                                   const struct plan *plan,
                                   struct node *input,
                                   int32_t id)
{
    static const struct node_kind kind = { .open = dedupe_state_open,
                                           .free = dedupe_free,
                                           .print = print_dedupe_state };
    const struct field value = { .name = bytes_of("__dummy__"),
                                 .type = type_simple(TYPE_VOID),
                                 .nullable = true };
    struct dedupe_node *n = dedupe_node(arena, &kind, plan, input);
    n->head.id = id;
    n->head.name = "dedupe";
    n->head.key = projection_type(arena, plan->expressions, plan->expression_count);
    n->head.value = type_struct(arena, &value, 1);
    return &n->head.base;
}
