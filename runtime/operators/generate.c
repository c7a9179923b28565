/*
 * Generate: a row for each element of an array or a map, beside the columns of the row that it comes from. See nodes.h.
 *
 *     rows in    elements             rows out of explode()     of posexplode_outer()
 *     a          [x, y]               a x, a y                  a 0 x, a 1 y
 *     b          [] or null           (none)                    b null null
 *
 * Rows out are made by moving: input rows and elements are both named by lists of row numbers. What nobody looks at afterwards, such as the
 * array itself, is not repeated: that would make of n elements n times n.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"
#include "columns/column_field.h"
#include "operators/nodes.h"
#include "operators/print.h"

struct generate_node {
    struct node base;
    const bool *used;     /* columns; NULL: all */
    struct program *list; /* what is taken apart */
    bool positions;
    bool inlined; /* the elements' fields instead of the elements */
};

struct generate_operator {
    struct operator base;
    struct batch *rows; /* being taken apart; NULL: the next ones are to be read */
    struct column *list;
    int32_t row;
    int32_t element; /* of that row's */
};

/* Which input row, which element (-1: null) and which position each row out has. */
struct expansion {
    int32_t count;
    int32_t source[ROWS_PER_BATCH];
    int32_t element[ROWS_PER_BATCH];
    int32_t position[ROWS_PER_BATCH];
};

static void expand(struct generate_operator *g, struct expansion *e)
{
    bool outer = g->base.node->plan->outer;
    e->count = 0;
    while (g->row < g->rows->rows && e->count < ROWS_PER_BATCH) {
        bool null = column_is_null(g->list, g->row);
        int32_t count = null ? 0 : column_count(g->list, g->row);
        if (count == 0 && outer) {
            e->source[e->count] = g->row;
            e->position[e->count] = -1;
            e->element[e->count++] = -1;
        }
        int32_t first = null ? 0 : column_first(g->list, g->row);
        for (; g->element < count && e->count < ROWS_PER_BATCH; g->element++) {
            e->source[e->count] = g->row;
            e->position[e->count] = g->element;
            e->element[e->count++] = first + g->element;
        }
        if (g->element == count) {
            g->element = 0;
            g->row++;
        }
    }
}

static struct column *positions_of(const struct expansion *e)
{
    int32_t *values = mem_zalloc((size_t)e->count, sizeof(*values));
    uint8_t *validity = mem_zalloc(bits_bytes(e->count), 1);
    for (int32_t i = 0; i < e->count; i++) {
        if (e->position[i] >= 0) {
            values[i] = e->position[i];
            bit_set(validity, i);
        }
    }
    return column_new(
        type_simple(TYPE_INT), e->count,
        &(struct column_buffers){ .null_count = -1, .validity = validity, .values = values });
}

static struct batch *make_rows(const struct generate_operator *g, const struct expansion *e)
{
    const struct generate_node *n = (const struct generate_node *)g->base.node;
    int32_t fields = n->base.schema->field_count;
    struct column **columns = mem_zalloc((size_t)fields + 1, sizeof(*columns));
    int32_t at = 0;
    for (; at < g->rows->column_count; at++) {
        const struct column *from = g->rows->columns[at];
        columns[at] = !n->used || n->used[at] ? column_take(from, e->source, e->count)
                                              : column_nulls(from->type, e->count);
    }
    if (n->positions) {
        columns[at++] = positions_of(e);
    }
    for (int32_t i = 0; i < g->list->child_count; i++) {
        struct column *taken = column_take(g->list->children[i], e->element, e->count);
        if (!n->inlined) {
            columns[at++] = taken;
            continue;
        }
        for (int32_t k = 0; k < taken->type->field_count; k++) {
            columns[at++] = column_field(taken, k);
        }
        column_release(taken);
    }
    struct batch *made = batch_new(n->base.schema, columns, e->count);
    free(columns);
    return made;
}

static void drop_rows(struct generate_operator *g)
{
    batch_free(g->rows);
    column_release(g->list);
    g->rows = NULL;
    g->list = NULL;
    g->row = 0;
    g->element = 0;
}

/* The next rows to be taken apart; none: g->rows stays NULL. False: the task's error is set. */
static bool read_rows(struct generate_operator *g)
{
    struct operator* o = & g->base;
    if (!operator_next(o->input, &g->rows) || !g->rows) {
        return !sql_failed(o->task->error);
    }
    struct evaluation ev = task_evaluation(o->task, g->rows, g->rows->rows);
    ev.first_row = o->rows;
    o->rows += g->rows->rows;
    return program_run(((const struct generate_node *)o->node)->list, &ev, &g->list);
}

static bool generate_next(struct operator* o, struct batch **out)
{
    struct generate_operator *g = (struct generate_operator *)o;
    *out = NULL;
    struct expansion *e = mem_zalloc(1, sizeof(*e));
    bool ok = true;
    while (ok && !*out) {
        ok = g->rows || read_rows(g);
        if (!ok || !g->rows) {
            break;
        }
        expand(g, e);
        if (e->count > 0) {
            *out = make_rows(g, e);
        }
        if (g->row == g->rows->rows) {
            drop_rows(g);
        }
    }
    free(e);
    return ok;
}

static void generate_close(struct operator* o)
{
    drop_rows((struct generate_operator *)o);
}

static struct operator* generate_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = generate_next,
                                                         .close = generate_close };
    struct operator* input = node_open(n->inputs[0], t, partition);
    return input ? operator_new(sizeof(struct generate_operator), &functions, n, t, input) : NULL;
}

static void generate_free(struct node *n)
{
    program_free(((struct generate_node *)n)->list);
}

struct node *generate_node_new(struct arena *arena,
                               const struct plan *plan,
                               const bool *used,
                               struct node *input)
{
    static const struct node_kind kind = { .open = generate_open,
                                           .free = generate_free,
                                           .print = print_generate };
    const struct expression *call = plan->expressions[0];
    while (call->kind == EXPRESSION_ALIAS) {
        call = call->args[0];
    }
    struct bytes name = bytes_of(call->function->name);
    struct generate_node *n = ARENA_NEW(arena, struct generate_node, 1);
    n->base = (struct node){
        .kind = &kind, .plan = plan, .schema = plan->schema, .input_count = 1, .inputs = { input }
    };
    n->used = used;
    n->list = program_new(call->args, 1);
    n->positions = bytes_starts_with(name, bytes_of("pos"));
    n->inlined = bytes_starts_with(name, bytes_of("inline"));
    return &n->base;
}
