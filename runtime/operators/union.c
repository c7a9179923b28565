/*
 * Union: all partitions of one input, then all of the other. See nodes.h.
 */
#include "operators/nodes.h"
#include "operators/print.h"

static bool union_next(struct operator* o, struct batch **out)
{
    if (!operator_next(o->input, out)) {
        return false;
    }
    if (*out) {
        (*out)->schema = o->node->schema;
    }
    return true;
}

static struct operator* union_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = union_next };
    int32_t first = node_partitions(n->inputs[0], t->run);
    struct operator* input = partition<first ? node_open(n->inputs[0], t, partition)
                                             : node_open(n->inputs[1], t, partition - first);
    return input ? operator_new(sizeof(struct operator), &functions, n, t, input) : NULL;
}

static int32_t union_partitions(const struct node *n, const struct run *r)
{
    return node_partitions(n->inputs[0], r) + node_partitions(n->inputs[1], r);
}

struct node *union_node_new(struct arena *arena,
                            const struct plan *plan,
                            struct node *first,
                            struct node *second)
{
    static const struct node_kind kind = { .open = union_open,
                                           .partitions = union_partitions,
                                           .print = print_union };
    struct node *n = ARENA_NEW(arena, struct node, 1);
    *n = (struct node){ .kind = &kind,
                        .plan = plan,
                        .schema = plan->schema,
                        .input_count = 2,
                        .inputs = { first, second } };
    return n;
}
