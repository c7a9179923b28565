/*
 * Operators: see operator.h.
 */
#include "operators/operator.h"

#include <stdlib.h>

#include "base/mem.h"
#include "expressions/sql_conditions.h"
#include "operators/run.h"

struct operator* operator_new(size_t size,
                              const struct operator_functions *functions,
                              const struct node *n,
                              struct task *t,
                              struct
                              operator* input)
{
    struct operator* o = mem_zalloc(1, size);
    *o = (struct operator){ .functions = functions, .node = n, .task = t, .input = input };
    return o;
}

void operator_close(struct operator* o)
{
    while (o) {
        struct operator* input = o->input;
        if (o->functions->close) {
            o->functions->close(o);
        }
        free(o);
        o = input;
    }
}

int32_t node_partitions(const struct node *n, const struct run *r)
{
    while (!n->kind->partitions) {
        n = n->inputs[0];
    }
    return n->kind->partitions(n, r);
}

struct evaluation task_evaluation(const struct task *t, const struct batch *input, int32_t rows)
{
    return (struct evaluation){ .settings = t->run->x->settings,
                                .input = input,
                                .rows = input ? input->rows : rows,
                                .error = t->error,
                                .partition = t->partition,
                                .stops = { t->run->x->cancelled, &t->run->failed } };
}

bool task_stopped(struct task *t)
{
    const struct run *r = t->run;
    bool stopped = atomic_load_explicit(&r->failed, memory_order_relaxed) ||
                   (r->x->cancelled && atomic_load_explicit(r->x->cancelled, memory_order_relaxed));
    if (stopped && !sql_failed(t->error)) {
        (void)sql_fail(t->error, &sql_interrupted, "The run was cancelled.");
    }
    return stopped;
}

struct batch *task_run_program(struct task *t,
                               const struct program *p,
                               const struct type *schema,
                               const struct batch *input,
                               int64_t first_row)
{
    struct evaluation ev = task_evaluation(t, input, input->rows);
    ev.first_row = first_row;
    struct column **columns = mem_zalloc((size_t)schema->field_count + 1, sizeof(*columns));
    struct batch *made =
        program_run(p, &ev, columns) ? batch_new(schema, columns, input->rows) : NULL;
    free(columns);
    return made;
}

void run_fail(struct run *r, struct sql_error *error)
{
    (void)pthread_mutex_lock(&r->lock);
    if (!sql_failed(r->x->error)) {
        *r->x->error = *error;
        *error = (struct sql_error){ 0 };
    }
    atomic_store(&r->failed, true);
    (void)pthread_mutex_unlock(&r->lock);
    sql_error_finish(error);
}
