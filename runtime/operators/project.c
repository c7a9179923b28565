/*
 * Project: other columns made of the rows' own, all by one program. See nodes.h.
 */
#include "operators/nodes.h"
#include "operators/print.h"

struct project_node {
    struct node base;
    struct program *program;
};

static bool project_next(struct operator* o, struct batch **out)
{
    struct batch *rows = NULL;
    *out = NULL;
    if (!operator_next(o->input, &rows)) {
        return false;
    }
    if (!rows) {
        return true;
    }
    *out = task_run_program(o->task, ((const struct project_node *)o->node)->program,
                            o->node->schema, rows, o->rows);
    o->rows += rows->rows;
    batch_free(rows);
    return *out != NULL;
}

static struct operator* project_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = project_next };
    struct operator* input = node_open(n->inputs[0], t, partition);
    return input ? operator_new(sizeof(struct operator), &functions, n, t, input) : NULL;
}

static void project_free(struct node *n)
{
    program_free(((struct project_node *)n)->program);
}

struct node *project_node_new(struct arena *arena, const struct plan *plan, struct node *input)
{
    static const struct node_kind kind = { .open = project_open,
                                           .free = project_free,
                                           .print = print_project };
    struct project_node *n = ARENA_NEW(arena, struct project_node, 1);
    n->base = (struct node){
        .kind = &kind, .plan = plan, .schema = plan->schema, .input_count = 1, .inputs = { input }
    };
    n->program = program_new(plan->expressions, plan->expression_count);
    return &n->base;
}
