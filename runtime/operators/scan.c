/*
 * Scan: rows of a source, as the run's scan of this relation has them. See nodes.h.
 */
#include "operators/nodes.h"
#include "operators/print.h"
#include "operators/run.h"

struct scan_node {
    struct node base;
    int32_t index; /* of the plan's relations */
};

struct scan_operator {
    struct operator base;
    struct row_reader *reader;
};

static bool scan_next(struct operator* o, struct batch **out)
{
    struct scan_operator *s = (struct scan_operator *)o;
    *out = NULL;
    if (task_stopped(o->task) || !s->reader->next(s->reader, out, o->task->error)) {
        return false;
    }
    if (*out) {
        int32_t index = ((const struct scan_node *)o->node)->index;
        (*out)->schema = o->node->schema;
        atomic_fetch_add_explicit(&o->task->run->rows_read[index], (*out)->rows,
                                  memory_order_relaxed);
    }
    return true;
}

static void scan_close(struct operator* o)
{
    struct scan_operator *s = (struct scan_operator *)o;
    if (s->reader) {
        s->reader->close(s->reader);
    }
}

static struct scan *scan_of(const struct node *n, const struct run *r)
{
    return r->x->scans[((const struct scan_node *)n)->index];
}

static struct operator* scan_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = scan_next, .close = scan_close };
    struct scan *scan = scan_of(n, t->run);
    struct row_reader *reader = scan->open(scan, partition, t->error);
    if (!reader) {
        return NULL;
    }
    struct operator* o = operator_new(sizeof(struct scan_operator), &functions, n, t, NULL);
    ((struct scan_operator *)o)->reader = reader;
    return o;
}

static int32_t scan_partitions(const struct node *n, const struct run *r)
{
    return scan_of(n, r)->partition_count;
}

struct node *scan_node_new(struct arena *arena, const struct plan *plan, int32_t index)
{
    static const struct node_kind kind = { .open = scan_open,
                                           .partitions = scan_partitions,
                                           .print = print_scan };
    struct scan_node *n = ARENA_NEW(arena, struct scan_node, 1);
    n->base = (struct node){ .kind = &kind, .plan = plan, .schema = plan->schema };
    n->index = index;
    return &n->base;
}
