/*
 * Programs over columns: see evaluate.h.
 *
 * Compiling: depth first, so that arguments have their slots before the call; an expression that equals one compiled already takes its
 * slot. Running: one instruction after the other, then the results are retained and all slots let go.
 */
#include "expressions/evaluate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/bits.h"
#include "columns/column_field.h"
#include "expressions/cast.h"
#include "expressions/sql_conditions.h"

struct instruction {
    const struct expression *expression;
    int32_t *args;         /* slots */
    struct program **lazy; /* an argument each, for functions that ask for them; NULL otherwise */
};

struct program {
    int32_t count; /* of instructions, and so of slots */
    int32_t capacity;
    struct instruction *instructions;
    int32_t result_count;
    int32_t *results; /* slots */
};

/* --- compiling --- */

static bool is_lazy(const struct expression *e)
{
    return e->kind == EXPRESSION_CALL && e->function->evaluate_lazily;
}

static int32_t compile(struct program *p, const struct expression *e)
{
    while (e->kind == EXPRESSION_ALIAS || e->replacement) {
        e = e->replacement ? e->replacement : e->args[0];
    }
    for (int32_t i = 0; e->deterministic && i < p->count; i++) {
        if (expression_equal(p->instructions[i].expression, e)) {
            return i;
        }
    }
    struct instruction made = { .expression = e };
    if (is_lazy(e)) {
        made.lazy = mem_zalloc((size_t)e->count, sizeof(*made.lazy));
        for (int32_t i = 0; i < e->count; i++) {
            made.lazy[i] = program_new(&e->args[i], 1);
        }
    } else {
        made.args = mem_zalloc((size_t)e->count, sizeof(*made.args));
        for (int32_t i = 0; i < e->count; i++) {
            made.args[i] = e->args[i]->kind == EXPRESSION_LAMBDA ? -1 : compile(p, e->args[i]);
        }
    }
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 8;
        p->instructions = mem_resize(p->instructions, (size_t)p->capacity, sizeof(made));
    }
    p->instructions[p->count] = made;
    return p->count++;
}

struct program *program_new(const struct expression *const *list, int32_t count)
{
    struct program *p = MEM_NEW(struct program);
    p->results = mem_zalloc((size_t)count, sizeof(*p->results));
    p->result_count = count;
    for (int32_t i = 0; i < count; i++) {
        p->results[i] = compile(p, list[i]);
    }
    return p;
}

void program_free(struct program *p)
{
    if (!p) {
        return;
    }
    for (int32_t i = 0; i < p->count; i++) {
        struct instruction *in = &p->instructions[i];
        for (int32_t k = 0; in->lazy && k < in->expression->count; k++) {
            program_free(in->lazy[k]);
        }
        free(in->lazy);
        free(in->args);
    }
    free(p->instructions);
    free(p->results);
    free(p);
}

/* --- which rows count --- */

/* The rows where no argument is null; `bits` is the caller's to free. All null: null_count is the number of rows. */
static struct rows rows_without_nulls(struct column *const *args,
                                      int32_t count,
                                      int32_t rows,
                                      uint8_t **out_bits)
{
    struct rows result = { .count = rows };
    uint8_t *bits = NULL;
    *out_bits = NULL;
    for (int32_t i = 0; i < count; i++) {
        if (!args[i] || args[i]->null_count == 0) {
            continue;
        }
        if (args[i]->constant || args[i]->type->kind == TYPE_VOID) {
            free(bits);
            return (struct rows){ .count = rows, .null_count = rows };
        }
        size_t size = bits_bytes(rows);
        if (!bits) {
            bits = mem_zalloc(size + 8, 1);
            memcpy(bits, args[i]->validity, size);
        } else {
            for (size_t k = 0; k < size; k++) {
                bits[k] &= args[i]->validity[k];
            }
        }
    }
    if (bits) {
        result.valid = bits;
        result.null_count = rows - bits_count(bits, rows);
    }
    *out_bits = bits;
    return result;
}

/* --- running --- */

static struct column *run_field(const struct expression *e, struct column *base, int32_t rows)
{
    if (base->type->kind == TYPE_ARRAY) {
        return column_with_elements(base, e->type, column_field(base->children[0], e->index));
    }
    if (base->type->kind == TYPE_VOID || base->null_count == rows) {
        return column_nulls(e->type, rows);
    }
    return column_field(base, e->index);
}

static struct column *call_kernel(struct evaluation *ev,
                                  const struct expression *e,
                                  struct column **args,
                                  int32_t rows)
{
    struct rows counted = { .count = rows };
    uint8_t *bits = NULL;
    bool propagate = e->kind == EXPRESSION_CAST || e->function->nulls == NULLS_PROPAGATE;
    if (propagate) {
        counted = rows_without_nulls(args, e->count, rows, &bits);
        if (counted.null_count == rows && rows > 0) {
            free(bits);
            return column_nulls(e->type, rows);
        }
    }
    struct column *result = e->kind == EXPRESSION_CAST
                                ? cast_column(ev, e, args[0], &counted)
                                : e->function->evaluate(ev, e, args, &counted);
    free(bits);
    return result;
}

static bool all_constant(struct column *const *args, const struct expression *e)
{
    for (int32_t i = 0; i < e->count; i++) {
        if (!args[i] || !args[i]->constant) {
            return false;
        }
    }
    return e->deterministic;
}

/* Constants are worked out in one row, and stand for all. */
static struct column *run_call(struct evaluation *ev,
                               const struct expression *e,
                               struct column **args)
{
    if (!all_constant(args, e) || ev->rows == 1) {
        return call_kernel(ev, e, args, ev->rows);
    }
    struct column **one = mem_zalloc((size_t)e->count, sizeof(*one));
    for (int32_t i = 0; i < e->count; i++) {
        one[i] = column_constant(args[i], 0, 1);
    }
    struct column *value = call_kernel(ev, e, one, 1);
    for (int32_t i = 0; i < e->count; i++) {
        column_release(one[i]);
    }
    free(one);
    struct column *result = value ? column_constant(value, 0, ev->rows) : NULL;
    column_release(value);
    return result;
}

static struct column *run_instruction(struct evaluation *ev,
                                      const struct instruction *in,
                                      struct column **slots)
{
    const struct expression *e = in->expression;
    switch (e->kind) {
    case EXPRESSION_LITERAL: return scalar_column(&e->scalar, ev->rows);
    case EXPRESSION_COLUMN: return column_retain(ev->input->columns[e->index]);
    case EXPRESSION_VARIABLE: return column_retain(ev->variables[e->index]);
    case EXPRESSION_FIELD: return run_field(e, slots[in->args[0]], ev->rows);
    case EXPRESSION_CALL:
    case EXPRESSION_CAST: break;
    case EXPRESSION_ALIAS:
    case EXPRESSION_LAMBDA:
    case EXPRESSION_AGGREGATE: abort(); /* compiled away, or not to be evaluated */
    }
    const struct instruction *outer = ev->current;
    ev->current = in;
    struct column *result = NULL;
    if (in->lazy) {
        result = e->function->evaluate_lazily(ev, e);
    } else {
        struct column **args = mem_zalloc((size_t)e->count, sizeof(*args));
        for (int32_t i = 0; i < e->count; i++) {
            args[i] = in->args[i] < 0 ? NULL : slots[in->args[i]];
        }
        result = run_call(ev, e, args);
        free(args);
    }
    ev->current = outer;
    return result;
}

bool program_run(const struct program *p, struct evaluation *ev, struct column **out_columns)
{
    struct column **slots = mem_zalloc((size_t)p->count, sizeof(*slots));
    bool ok = true;
    for (int32_t i = 0; ok && i < p->count; i++) {
        slots[i] = evaluation_stopped(ev) ? NULL : run_instruction(ev, &p->instructions[i], slots);
        ok = slots[i] != NULL;
    }
    for (int32_t i = 0; ok && i < p->result_count; i++) {
        out_columns[i] = column_retain(slots[p->results[i]]);
    }
    for (int32_t i = 0; i < p->count; i++) {
        column_release(slots[i]);
    }
    free(slots);
    return ok;
}

struct column *evaluate_once(struct evaluation *ev, const struct expression *e)
{
    struct program *p = program_new(&e, 1);
    struct column *result = NULL;
    bool ok = program_run(p, ev, &result);
    program_free(p);
    return ok ? result : NULL;
}

/* --- what functions ask for --- */

struct column *evaluate_argument(struct evaluation *ev, int32_t i)
{
    struct column *result = NULL;
    return program_run(ev->current->lazy[i], ev, &result) ? result : NULL;
}

/* The present evaluation over other rows: `chosen` of its own. */
static void choose_rows(const struct evaluation *ev,
                        struct evaluation *out,
                        struct batch *input,
                        const int32_t *chosen,
                        int32_t count)
{
    *out = *ev;
    out->rows = count;
    if (ev->input) {
        *input = *ev->input;
        input->rows = count;
        input->columns = mem_zalloc((size_t)input->column_count, sizeof(*input->columns));
        for (int32_t i = 0; i < input->column_count; i++) {
            input->columns[i] = column_take(ev->input->columns[i], chosen, count);
        }
        out->input = input;
    }
    out->variables = mem_zalloc((size_t)ev->variable_count, sizeof(*out->variables));
    for (int32_t i = 0; i < ev->variable_count; i++) {
        out->variables[i] = ev->variables[i] ? column_take(ev->variables[i], chosen, count) : NULL;
    }
}

static void drop_rows(struct evaluation *chosen, struct batch *input)
{
    for (int32_t i = 0; chosen->input && i < input->column_count; i++) {
        column_release(input->columns[i]);
    }
    if (chosen->input) {
        free(input->columns);
    }
    for (int32_t i = 0; i < chosen->variable_count; i++) {
        column_release(chosen->variables[i]);
    }
    free(chosen->variables);
}

struct column *evaluate_argument_for(struct evaluation *ev,
                                     int32_t i,
                                     const int32_t *chosen,
                                     int32_t count)
{
    if (count == ev->rows) {
        return evaluate_argument(ev, i);
    }
    struct evaluation part;
    struct batch input;
    choose_rows(ev, &part, &input, chosen, count);
    struct column *result = NULL;
    bool ok = program_run(ev->current->lazy[i], &part, &result);
    drop_rows(&part, &input);
    return ok ? result : NULL;
}

struct column *evaluate_lambda(struct evaluation *ev,
                               const struct expression *lambda,
                               struct column *const *values,
                               const int32_t *outer,
                               int32_t rows)
{
    struct evaluation inner;
    struct batch input;
    choose_rows(ev, &inner, &input, outer, rows);
    int32_t needed = lambda->index + lambda->parameters;
    if (needed > inner.variable_count) {
        inner.variables = mem_resize(inner.variables, (size_t)needed, sizeof(*inner.variables));
        for (int32_t i = inner.variable_count; i < needed; i++) {
            inner.variables[i] = NULL;
        }
        inner.variable_count = needed;
    }
    for (int32_t i = 0; i < lambda->parameters; i++) {
        column_release(inner.variables[lambda->index + i]);
        inner.variables[lambda->index + i] = values[i] ? column_retain(values[i]) : NULL;
    }
    struct column *result = evaluate_once(&inner, lambda->args[0]);
    drop_rows(&inner, &input);
    return result;
}

bool evaluation_stopped(struct evaluation *ev)
{
    for (size_t i = 0; i < sizeof(ev->stops) / sizeof(ev->stops[0]); i++) {
        if (ev->stops[i] && atomic_load_explicit(ev->stops[i], memory_order_relaxed)) {
            if (!sql_failed(ev->error)) {
                (void)sql_fail(ev->error, &sql_interrupted, "The run was cancelled.");
            }
            return true;
        }
    }
    return false;
}

struct column *evaluation_fail(struct evaluation *ev,
                               const struct expression *call,
                               const struct sql_condition *condition,
                               const char *format,
                               ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    va_end(args);
    if (!sql_failed(ev->error)) {
        (void)sql_fail(ev->error, condition, "%s", text ? text : "");
        sql_error_add_fragment(ev->error, call->source, call->span);
    }
    free(text);
    return NULL;
}

/* --- results of fixed width --- */

struct vector vector_new(const struct type *type, const struct rows *rows)
{
    size_t size = type->kind == TYPE_BOOLEAN ? bits_bytes(rows->count)
                                             : (size_t)rows->count * type_width(type);
    struct vector v = { .type = type, .length = rows->count, .values = mem_zalloc(size + 16, 1) };
    if (rows->valid && rows->null_count > 0) {
        v.validity = mem_zalloc(bits_bytes(rows->count) + 8, 1);
        memcpy(v.validity, rows->valid, bits_bytes(rows->count));
        v.null_count = rows->null_count;
    }
    return v;
}

void vector_null(struct vector *v, int32_t row)
{
    if (!v->validity) {
        v->validity = mem_zalloc(bits_bytes(v->length) + 8, 1);
        memset(v->validity, 0xff, bits_bytes(v->length));
    }
    if (bit_get(v->validity, row)) {
        bit_clear(v->validity, row);
        v->null_count++;
    }
}

struct column *vector_finish(struct vector *v)
{
    return column_new(v->type, v->length,
                      &(struct column_buffers){ .null_count = v->null_count,
                                                .validity = v->validity,
                                                .values = v->values });
}

void vector_drop(struct vector *v)
{
    free(v->validity);
    free(v->values);
}
