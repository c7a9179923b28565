/*
 * Aggregate: what groups come to. See nodes.h.
 *
 * Groups come out of an exchange, where each source's task has left its own; or are made here, of rows that an exchange has brought together.
 */
#include "operators/exchange.h"
#include "operators/nodes.h"
#include "operators/print.h"

struct aggregate_node {
    struct node base;
    const struct grouped_shape *shape;
};

struct aggregate_operator {
    struct operator base;
    int32_t partition;
    struct grouped *grouped; /* NULL: not begun */
    struct grouped_output output;
};

static bool add_rows(struct operator* o, struct grouped *g)
{
    for (;;) {
        struct batch *rows = NULL;
        if (task_stopped(o->task) || !operator_next(o->input, &rows)) {
            return false;
        }
        if (!rows) {
            return true;
        }
        bool ok = grouped_add(g, o->task, rows, o->rows);
        o->rows += rows->rows;
        batch_free(rows);
        if (!ok) {
            return false;
        }
    }
}

static bool begin(struct aggregate_operator *a)
{
    const struct aggregate_node *n = (const struct aggregate_node *)a->base.node;
    a->grouped = grouped_new(n->shape);
    bool ok = a->base.input ? add_rows(&a->base, a->grouped)
                            : exchange_gather(exchange_of(n->base.inputs[0]), a->base.task,
                                              a->partition, a->grouped);
    if (!ok) {
        return false;
    }
    /* What was found in order by the tasks before is in order here; but for sorted groups. */
    bool ordered = a->base.input || n->shape->order == GROUPS_BY_KEY;
    a->output = (struct grouped_output){ .shape = n->shape,
                                         .states = a->grouped->states,
                                         .keys = grouped_keys(a->grouped),
                                         .count = groups_count(a->grouped->groups) };
    a->output.order = ordered ? grouped_order(n->shape, a->output.keys, a->output.count) : NULL;
    return true;
}

static bool aggregate_next(struct operator* o, struct batch **out)
{
    struct aggregate_operator *a = (struct aggregate_operator *)o;
    *out = NULL;
    if (!a->grouped && !begin(a)) {
        return false;
    }
    return grouped_output_next(&a->output, o->task, out);
}

static void aggregate_close(struct operator* o)
{
    struct aggregate_operator *a = (struct aggregate_operator *)o;
    grouped_output_free(&a->output);
    grouped_free(a->grouped);
}

static struct operator* aggregate_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = aggregate_next,
                                                         .close = aggregate_close };
    struct operator* input = NULL;
    const struct exchange *e = exchange_of(n->inputs[0]);
    if (!e || !e->grouped) {
        input = node_open(n->inputs[0], t, partition);
        if (!input) {
            return NULL;
        }
    }
    struct operator* o = operator_new(sizeof(struct aggregate_operator), &functions, n, t, input);
    ((struct aggregate_operator *)o)->partition = partition;
    return o;
}

struct node *aggregate_node_new(struct arena *arena,
                                const struct grouped_shape *shape,
                                struct node *input)
{
    static const struct node_kind kind = { .open = aggregate_open, .print = print_aggregate };
    struct aggregate_node *n = ARENA_NEW(arena, struct aggregate_node, 1);
    n->base = (struct node){ .kind = &kind,
                             .plan = shape->plan,
                             .schema = shape->plan->schema,
                             .input_count = 1,
                             .inputs = { input } };
    n->shape = shape;
    return &n->base;
}
