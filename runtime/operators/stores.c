/*
 * State in a run: see stores.h.
 */
#include "operators/stores.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

struct task_store *task_store_open(struct task *t, const struct stateful *s, int32_t partition)
{
    const struct execution *x = t->run->x;
    struct state_store *store =
        state_open(x->states, s->id, partition, "", x->state_version, t->error);
    if (!store) {
        return NULL;
    }
    struct task_store *opened = MEM_NEW(struct task_store);
    opened->of = s;
    opened->store = store;
    opened->next = t->stores;
    t->stores = opened;
    return opened;
}

static void add_report(struct run *r, const struct stateful *s, const struct operator_report *told)
{
    (void)pthread_mutex_lock(&r->lock);
    struct operator_report *all = &r->reports[s->id];
    all->rows_total += told->rows_total;
    all->rows_updated += told->rows_updated;
    all->rows_removed += told->rows_removed;
    all->rows_dropped_by_watermark += told->rows_dropped_by_watermark;
    all->updates_ms += told->updates_ms;
    all->removals_ms += told->removals_ms;
    all->commit_ms += told->commit_ms;
    all->memory_bytes += told->memory_bytes;
    all->shuffle_partitions++;
    all->store_instances++;
    if (all->dropped_duplicates >= 0) {
        all->dropped_duplicates += told->dropped_duplicates;
    }
    all->counters.cache_hits += told->counters.cache_hits;
    all->counters.cache_misses += told->counters.cache_misses;
    all->counters.current_version_bytes += told->counters.current_version_bytes;
    if (told->counters.last_snapshot > all->counters.last_snapshot) {
        all->counters.last_snapshot = told->counters.last_snapshot;
    }
    (void)pthread_mutex_unlock(&r->lock);
}

bool task_stores_commit(struct task *t)
{
    while (t->stores) {
        struct task_store *s = t->stores;
        t->stores = s->next;
        s->told.rows_total = state_count(s->store);
        s->told.memory_bytes = (int64_t)state_memory(s->store);
        s->told.counters = state_counters(s->store);
        if (s->of->restores) { /* the second time it is there */
            s->told.counters.cache_hits +=
                s->told.counters.cache_hits + s->told.counters.cache_misses;
        }
        int64_t start = clock_monotonic_ms();
        bool ok = state_commit(s->store, t->error);
        s->told.commit_ms = clock_monotonic_ms() - start;
        if (ok) {
            add_report(t->run, s->of, &s->told);
        }
        free(s);
        if (!ok) {
            task_stores_abort(t);
            return false;
        }
    }
    return true;
}

void task_stores_abort(struct task *t)
{
    while (t->stores) {
        struct task_store *s = t->stores;
        t->stores = s->next;
        state_abort(s->store);
        free(s);
    }
}
