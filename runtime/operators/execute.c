/*
 * Running: see physical.h.
 *
 * Stages run one after the other, from the exchanges at the bottom to the plan's end; the tasks of a stage run side by side. A task pulls its line of
 * operators dry, gives what comes to the exchange or the target, and commits its state last. One that fails makes the others stop at their
 * next batch.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"
#include "operators/exchange.h"
#include "operators/nodes.h"
#include "operators/stores.h"

struct stage {
    struct run *run;
    const struct node *root;
    const struct exchange *exchange; /* where its rows go; NULL: to the target */
};

/* Everything to the writer. False: the task's error is set. */
static bool write_rows(struct task *t, struct operator* rows, struct row_writer *w)
{
    for (;;) {
        struct batch *batch = NULL;
        if (task_stopped(t) || !operator_next(rows, &batch)) {
            return false;
        }
        if (!batch) {
            return true;
        }
        bool ok = w->write(w, batch, t->error);
        atomic_fetch_add_explicit(&t->run->rows_written, batch->rows, memory_order_relaxed);
        batch_free(batch);
        if (!ok) {
            return false;
        }
    }
}

static bool write_target(struct task *t, struct operator* rows)
{
    struct row_target *target = t->run->x->target;
    struct row_writer *w = target->open(target, t->partition, t->error);
    if (!w) {
        return false;
    }
    if (!write_rows(t, rows, w)) {
        w->drop(w);
        return false;
    }
    return w->finish(w, t->error);
}

static void run_task(void *context, int32_t partition)
{
    const struct stage *s = context;
    struct sql_error error = { 0 };
    struct task t = { .run = s->run, .partition = partition, .error = &error };
    struct operator* rows = task_stopped(&t) ? NULL : node_open(s->root, &t, partition);
    bool ok = rows && (s->exchange ? exchange_fill(s->exchange, &t, rows) : write_target(&t, rows));
    operator_close(rows);
    ok = ok && task_stores_commit(&t);
    task_stores_abort(&t);
    if (!ok) {
        run_fail(s->run, &error);
    }
}

static bool run_stage(struct run *r, const struct node *root, const struct exchange *e)
{
    struct stage s = { .run = r, .root = root, .exchange = e };
    int32_t partitions = node_partitions(root, r);
    if (e) {
        exchange_begin(e, r, partitions);
    }
    pool_run(r->x->pool, partitions, run_task, &s);
    return !atomic_load(&r->failed);
}

static void reports_begin(struct run *r)
{
    const struct physical *p = r->physical;
    r->reports = mem_zalloc((size_t)p->stateful_count + 1, sizeof(*r->reports));
    for (int32_t i = 0; i < p->stateful_count; i++) {
        r->reports[i].name = p->statefuls[i]->name;
        r->reports[i].counters.last_snapshot = -1;
        r->reports[i].dropped_duplicates = strcmp(p->statefuls[i]->name, "dedupe") == 0 ? 0 : -1;
    }
}

static void run_tell(struct run *r)
{
    const struct physical *p = r->physical;
    struct execution *x = r->x;
    for (int32_t i = 0; x->rows_read && i < p->relation_count; i++) {
        x->rows_read[i] = atomic_load(&r->rows_read[i]);
    }
    x->rows_written = atomic_load(&r->rows_written);
    for (int32_t i = 0; x->reports && i < p->stateful_count; i++) {
        x->reports[i] = r->reports[i];
    }
}

bool physical_run(struct physical *p, struct execution *x)
{
    assert(x->states || p->stateful_count == 0);
    struct run r = { .physical = p, .x = x };
    (void)pthread_mutex_init(&r.lock, NULL);
    r.exchanges = exchange_runs_new(p->exchange_count);
    r.rows_read = mem_zalloc((size_t)p->relation_count + 1, sizeof(*r.rows_read));
    reports_begin(&r);
    bool ok = true;
    for (int32_t i = 0; ok && i < p->exchange_count; i++) {
        ok = run_stage(&r, p->exchanges[i]->base.inputs[0], p->exchanges[i]);
    }
    ok = ok && run_stage(&r, p->root, NULL);
    run_tell(&r);
    exchange_runs_free(r.exchanges, p->exchange_count);
    free(r.rows_read);
    free(r.reports);
    (void)pthread_mutex_destroy(&r.lock);
    return ok;
}
