/*
 * Sort: a whole partition in the order of its keys. See nodes.h.
 *
 * All rows are read, their order found (order.h), and then moved batch by batch.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "operators/nodes.h"
#include "operators/order.h"
#include "operators/print.h"

struct sort_node {
    struct node base;
    struct program *keys;
    const struct sort_order *orders;
};

struct sort_operator {
    struct operator base;
    struct batch *rows; /* all; NULL: none were read yet */
    int32_t *order;
    int32_t at;
};

struct batches {
    struct batch **list;
    int32_t count;
    int32_t capacity;
    size_t bytes;
    int64_t rows;
};

/* False: the task's error is set. */
static bool read_all(struct operator* o, struct batches *all)
{
    static const struct sql_condition too_large = { "", "",
                                                    "java.lang.UnsupportedOperationException" };
    for (;;) {
        struct batch *rows = NULL;
        if (task_stopped(o->task) || !operator_next(o->input, &rows)) {
            return false;
        }
        if (!rows) {
            return true;
        }
        if (all->count == all->capacity) {
            all->capacity = all->capacity ? all->capacity * 2 : 16;
            all->list = mem_resize(all->list, (size_t)all->capacity, sizeof(*all->list));
        }
        all->list[all->count++] = rows;
        all->rows += rows->rows;
        for (int32_t i = 0; i < rows->column_count; i++) {
            all->bytes += column_bytes(rows->columns[i]);
        }
        if (all->bytes > INT32_MAX || all->rows > INT32_MAX) { /* one column could hold no more */
            return sql_fail(o->task->error, &too_large,
                            "Sorting more than 2 GiB of rows in one partition is not supported.");
        }
    }
}

/* Reads and orders. False: the task's error is set. */
static bool sort_all(struct sort_operator *s)
{
    const struct sort_node *n = (const struct sort_node *)s->base.node;
    struct batches all = { 0 };
    bool ok = read_all(&s->base, &all);
    if (ok) {
        s->rows = batch_concat(n->base.schema, all.list, all.count);
    }
    for (int32_t i = 0; i < all.count; i++) {
        batch_free(all.list[i]);
    }
    free(all.list);
    if (!ok || s->rows->rows == 0) {
        return ok;
    }
    int32_t count = n->base.plan->expression_count;
    struct evaluation ev = task_evaluation(s->base.task, s->rows, s->rows->rows);
    struct column **keys = mem_zalloc((size_t)count + 1, sizeof(*keys));
    if (!program_run(n->keys, &ev, keys)) {
        free(keys);
        return false;
    }
    s->order = order_rows(keys, n->orders, count, s->rows->rows);
    columns_free(keys, count);
    return true;
}

static bool sort_next(struct operator* o, struct batch **out)
{
    struct sort_operator *s = (struct sort_operator *)o;
    *out = NULL;
    if (!s->rows && !sort_all(s)) {
        return false;
    }
    int32_t left = s->rows->rows - s->at;
    int32_t rows = left < ROWS_PER_BATCH ? left : ROWS_PER_BATCH;
    if (rows > 0) {
        *out = batch_take(s->rows, s->order + s->at, rows);
        s->at += rows;
    }
    return true;
}

static void sort_close(struct operator* o)
{
    struct sort_operator *s = (struct sort_operator *)o;
    batch_free(s->rows);
    free(s->order);
}

static struct operator* sort_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = sort_next, .close = sort_close };
    struct operator* input = node_open(n->inputs[0], t, partition);
    return input ? operator_new(sizeof(struct sort_operator), &functions, n, t, input) : NULL;
}

static void sort_free(struct node *n)
{
    program_free(((struct sort_node *)n)->keys);
}

struct node *sort_node_new(struct arena *arena,
                           const struct plan *plan,
                           struct node *input,
                           const struct sort_order *orders)
{
    static const struct node_kind kind = { .open = sort_open,
                                           .free = sort_free,
                                           .print = print_sort };
    struct sort_node *n = ARENA_NEW(arena, struct sort_node, 1);
    n->base = (struct node){
        .kind = &kind, .plan = plan, .schema = plan->schema, .input_count = 1, .inputs = { input }
    };
    n->keys = program_new(plan->expressions, plan->expression_count);
    n->orders = orders;
    return &n->base;
}
