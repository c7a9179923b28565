/*
 * Rows that need no source: those in memory, and numbers in a row (range). See nodes.h.
 *
 * Both are split into partitions as Spark splits a local collection: partition i of n has the rows [i * rows / n, (i + 1) * rows / n).
 */
#include "plan/rows.h"

#include "base/mem.h"
#include "operators/nodes.h"
#include "operators/print.h"

struct rows_node {
    struct node base;
    int64_t rows;
    int32_t splits;
};

struct rows_operator {
    struct operator base;
    int64_t at;
    int64_t end;
};

/* As many rows as a batch takes, from `at`; 0 at the end. */
static int32_t take_rows(struct rows_operator *o, int64_t *out_first)
{
    int64_t left = o->end - o->at;
    int32_t rows = left < ROWS_PER_BATCH ? (int32_t)left : ROWS_PER_BATCH;
    *out_first = o->at;
    o->at += rows;
    return rows;
}

static bool rows_next(struct operator* o, struct batch **out)
{
    *out = NULL;
    if (task_stopped(o->task)) {
        return false;
    }
    int64_t first = 0;
    int32_t rows = take_rows((struct rows_operator *)o, &first);
    if (rows > 0) {
        *out = batch_slice(o->node->plan->rows, (int32_t)first, rows);
        (*out)->schema = o->node->schema;
    }
    return true;
}

static bool range_next(struct operator* o, struct batch **out)
{
    *out = NULL;
    if (task_stopped(o->task)) {
        return false;
    }
    int64_t first = 0;
    int32_t rows = take_rows((struct rows_operator *)o, &first);
    if (rows > 0) {
        const struct plan *plan = o->node->plan;
        int64_t *values = mem_resize(NULL, (size_t)rows, sizeof(*values));
        for (int32_t i = 0; i < rows; i++) {
            values[i] = (int64_t)(plan->start + (int128)plan->step * (first + i));
        }
        struct column *column = column_new(plan->schema->fields[0].type, rows,
                                           &(struct column_buffers){ .values = values });
        *out = batch_new(o->node->schema, &column, rows);
    }
    return true;
}

static int32_t rows_partitions(const struct node *n, const struct run *r)
{
    (void)r;
    return ((const struct rows_node *)n)->splits;
}

static struct operator* open_with(const struct operator_functions *functions,
                                  const struct node *n,
                                  struct task *t,
                                  int32_t partition)
{
    const struct rows_node *rows = (const struct rows_node *)n;
    struct operator* o = operator_new(sizeof(struct rows_operator), functions, n, t, NULL);
    struct rows_operator *made = (struct rows_operator *)o;
    made->at = (int64_t)((int128)partition * rows->rows / rows->splits);
    made->end = (int64_t)((int128)(partition + 1) * rows->rows / rows->splits);
    return o;
}

static struct operator* rows_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = rows_next };
    return open_with(&functions, n, t, partition);
}

static struct operator* range_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = range_next };
    return open_with(&functions, n, t, partition);
}

static struct node *rows_node(struct arena *arena,
                              const struct plan *plan,
                              const struct node_kind *kind,
                              int64_t rows,
                              int32_t splits)
{
    struct rows_node *n = ARENA_NEW(arena, struct rows_node, 1);
    n->base = (struct node){ .kind = kind, .plan = plan, .schema = plan->schema };
    n->rows = rows;
    n->splits = splits;
    return &n->base;
}

struct node *rows_node_new(struct arena *arena, const struct plan *plan, int32_t splits)
{
    static const struct node_kind kind = { .open = rows_open,
                                           .partitions = rows_partitions,
                                           .print = print_rows };
    int32_t rows = plan->rows->rows;
    return rows_node(arena, plan, &kind, rows, rows < splits ? rows : splits);
}

struct node *range_node_new(struct arena *arena, const struct plan *plan, int32_t splits)
{
    static const struct node_kind kind = { .open = range_open,
                                           .partitions = rows_partitions,
                                           .print = print_range };
    int128 span = (int128)plan->end - plan->start;
    int128 step = plan->step;
    int128 rows =
        step == 0 || (span > 0) != (step > 0) ? 0 : (span + step + (step > 0 ? -1 : 1)) / step;
    /* More than 2^63 rows are never counted to the end. */
    struct node *n =
        rows_node(arena, plan, &kind, rows > INT64_MAX ? INT64_MAX : (int64_t)rows, splits);
    n->single = splits == 1;
    return n;
}
