/*
 * Filter: the rows for which a condition is true, and what is projected from them. See nodes.h.
 *
 * Moving rows costs more than most conditions, so only what is used of them afterwards is moved: not a struct for the sake of two of its
 * fields. The projection is taken apart for that:
 *
 *     concat(v.name, v.surname)  where  v.flag = 1
 *
 *     before    v.flag = 1, v.name, v.surname       all rows: the condition, and what is to be moved
 *     taken     name, surname                       the rows for which it is true
 *     after     concat(taken 0, taken 1)            on these
 *
 * What the condition has worked out for all rows anyway is moved as well, instead of worked out again.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"
#include "expressions/rewrite.h"
#include "operators/nodes.h"
#include "operators/print.h"

enum { PARTS_MAX = 256 }; /* of a condition that is compared with what is projected */

struct filter_node {
    struct node base;
    const struct plan *filter;
    struct program *before; /* the condition, then what is moved */
    const struct type *taken;
    struct program *after; /* NULL: what is moved is the result */
};

/* --- taking a projection apart --- */

struct lifting {
    struct arena *arena;
    const struct expression
        *condition;                  /* NULL: nothing of it is looked for, it has too many parts */
    const struct expression **moved; /* behind the condition, at 0 */
    int32_t count;
    int32_t capacity;
};

static bool is_path(const struct expression *e)
{
    while (e->kind == EXPRESSION_FIELD && e->args[0]->type->kind == TYPE_STRUCT) {
        e = e->args[0];
    }
    return e->kind == EXPRESSION_COLUMN;
}

/* Is it worked out for every row when `whole` is? */
static bool is_part(const struct expression *whole, const struct expression *e)
{
    if (expression_equal(whole, e)) {
        return true;
    }
    if (whole->replacement) {
        return is_part(whole->replacement, e);
    }
    if (whole->kind == EXPRESSION_LAMBDA ||
        (whole->kind == EXPRESSION_CALL && whole->function->evaluate_lazily)) {
        return false;
    }
    for (int32_t i = 0; i < whole->count; i++) {
        if (is_part(whole->args[i], e)) {
            return true;
        }
    }
    return false;
}

static const struct expression *moved(struct lifting *l, const struct expression *e)
{
    int32_t at = 1;
    while (at < l->count && !expression_equal(l->moved[at], e)) {
        at++;
    }
    if (at == l->count) {
        if (l->count == l->capacity) {
            l->capacity *= 2;
            l->moved = mem_resize(l->moved, (size_t)l->capacity, sizeof(*l->moved));
        }
        l->moved[l->count++] = e;
    }
    struct expression *column = ARENA_NEW(l->arena, struct expression, 1);
    *column = (struct expression){ .kind = EXPRESSION_COLUMN,
                                   .type = e->type,
                                   .nullable = e->nullable,
                                   .span = e->span,
                                   .source = e->source,
                                   .name = e->name,
                                   .index = at - 1,
                                   .deterministic = true };
    return column;
}

static const struct expression *lift(struct lifting *l, const struct expression *e)
{
    if (is_path(e) ||
        (l->condition && e->count > 0 && e->deterministic && e->kind != EXPRESSION_ALIAS &&
         !expression_is_constant(e) && is_part(l->condition, e))) {
        return moved(l, e);
    }
    if (e->count == 0) {
        return e;
    }
    struct expression *copy = ARENA_NEW(l->arena, struct expression, 1);
    *copy = *e;
    if (e->replacement) {
        copy->replacement = lift(l, e->replacement);
        return copy;
    }
    const struct expression **args =
        ARENA_NEW(l->arena, const struct expression *, (size_t)e->count);
    for (int32_t i = 0; i < e->count; i++) {
        args[i] = lift(l, e->args[i]);
    }
    copy->args = args;
    return copy;
}

static void make_projected(struct filter_node *n, struct lifting *l, const struct plan *project)
{
    const struct expression **after =
        mem_zalloc((size_t)project->expression_count + 1, sizeof(*after));
    for (int32_t i = 0; i < project->expression_count; i++) {
        after[i] = lift(l, project->expressions[i]);
    }
    n->taken = projection_type(l->arena, l->moved + 1, l->count - 1);
    n->after = program_new(after, project->expression_count);
    free((void *)after);
}

static void make_plain(struct filter_node *n, struct lifting *l)
{
    const struct type *rows = n->filter->schema;
    for (int32_t i = 0; i < rows->field_count; i++) {
        struct expression *column = ARENA_NEW(l->arena, struct expression, 1);
        *column = (struct expression){ .kind = EXPRESSION_COLUMN,
                                       .type = rows->fields[i].type,
                                       .nullable = rows->fields[i].nullable,
                                       .span = span_none(),
                                       .name = rows->fields[i].name,
                                       .index = i,
                                       .deterministic = true };
        (void)moved(l, column);
    }
    n->taken = rows;
}

/* --- running --- */

/* The rows for which a bit of `values`, and of `validity` if there is one, is set. */
static int32_t select_bits(const uint8_t *values,
                           const uint8_t *validity,
                           int32_t rows,
                           int32_t *out)
{
    int32_t count = 0;
    for (int32_t base = 0; base < rows; base += 64) {
        size_t bytes = bits_bytes(rows - base < 64 ? rows - base : 64);
        uint64_t word = 0;
        uint64_t valid = UINT64_MAX;
        memcpy(&word, values + base / 8, bytes);
        if (validity) {
            memcpy(&valid, validity + base / 8, bytes);
        }
        word &= valid;
        if (rows - base < 64) {
            word &= (1ULL << (rows - base)) - 1;
        }
        for (; word != 0; word &= word - 1) {
            out[count++] = base + __builtin_ctzll(word);
        }
    }
    return count;
}

/* How many rows the condition holds for; which, goes to `out`, unless it is all or none. */
static int32_t select_rows(const struct column *condition, int32_t *out)
{
    if (condition->type->kind == TYPE_VOID) {
        return 0;
    }
    if (condition->constant) {
        bool holds =
            condition->length > 0 && !column_is_null(condition, 0) && column_bool(condition, 0);
        return holds ? condition->length : 0;
    }
    return select_bits(condition->values, condition->validity, condition->length, out);
}

/* What is moved of the rows that count; NULL: none do. Releases the columns. */
static struct batch *take_selected(const struct filter_node *n,
                                   struct column **columns,
                                   int32_t rows)
{
    int32_t *selected = mem_resize(NULL, (size_t)rows, sizeof(*selected));
    int32_t count = select_rows(columns[0], selected);
    struct batch *taken = NULL;
    for (int32_t i = 1; i <= n->taken->field_count && count > 0 && count < rows; i++) {
        struct column *all = columns[i];
        columns[i] = column_take(all, selected, count);
        column_release(all);
    }
    if (count > 0) {
        taken = batch_new(n->taken, columns + 1, count);
    }
    for (int32_t i = 0; i <= (taken ? 0 : n->taken->field_count); i++) {
        column_release(columns[i]);
    }
    free(selected);
    return taken;
}

static bool filter_batch(struct operator* o, const struct batch *rows, struct batch **out)
{
    const struct filter_node *n = (const struct filter_node *)o->node;
    struct evaluation ev = task_evaluation(o->task, rows, rows->rows);
    ev.first_row = o->rows;
    o->rows += rows->rows;
    struct column **columns = mem_zalloc((size_t)n->taken->field_count + 1, sizeof(*columns));
    bool ok = program_run(n->before, &ev, columns);
    struct batch *taken = ok ? take_selected(n, columns, rows->rows) : NULL;
    free(columns);
    if (taken && n->after) {
        *out = task_run_program(o->task, n->after, n->base.schema, taken, ev.first_row);
        ok = *out != NULL;
        batch_free(taken);
    } else {
        *out = taken;
    }
    return ok;
}

static bool filter_next(struct operator* o, struct batch **out)
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
        bool ok = filter_batch(o, rows, out);
        batch_free(rows);
        if (!ok || *out) {
            return ok;
        }
    }
}

static struct operator* filter_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = filter_next };
    struct operator* input = node_open(n->inputs[0], t, partition);
    return input ? operator_new(sizeof(struct operator), &functions, n, t, input) : NULL;
}

static void filter_free(struct node *n)
{
    program_free(((struct filter_node *)n)->before);
    program_free(((struct filter_node *)n)->after);
}

struct node *filter_node_new(struct arena *arena,
                             const struct plan *filter,
                             const struct plan *project,
                             struct node *input)
{
    static const struct node_kind kind = { .open = filter_open,
                                           .free = filter_free,
                                           .print = print_filter };
    struct filter_node *n = ARENA_NEW(arena, struct filter_node, 1);
    const struct plan *top = project ? project : filter;
    n->base = (struct node){
        .kind = &kind, .plan = top, .schema = top->schema, .input_count = 1, .inputs = { input }
    };
    n->filter = filter;
    const struct expression *condition = filter->expressions[0];
    bool small = expression_size(condition, PARTS_MAX + 1) <= PARTS_MAX;
    struct lifting l = { .arena = arena,
                         .condition = small ? condition : NULL,
                         .count = 1,
                         .capacity = 8,
                         .moved = mem_zalloc(8, sizeof(struct expression *)) };
    l.moved[0] = condition;
    if (project) {
        make_projected(n, &l, project);
    } else {
        make_plain(n, &l);
    }
    n->before = program_new(l.moved, l.count);
    free((void *)l.moved);
    return &n->base;
}
