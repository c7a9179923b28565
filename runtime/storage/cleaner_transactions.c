/*
 * Transactions in a cleaning: see cleaner_transactions.h.
 */
#include "storage/cleaner_transactions.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void put(struct map *m, int64_t producer_id, int64_t value)
{
    int64_t storage;
    struct bytes key = map_key_i64(producer_id, &storage);
    int64_t *there = map_get(m, key);
    if (!there) {
        there = MEM_NEW(int64_t);
        (void)map_put(m, key, there);
    }
    *there = value;
}

static const int64_t *get(const struct map *m, int64_t producer_id)
{
    int64_t storage;
    return map_get(m, map_key_i64(producer_id, &storage));
}

static void finish(struct map *m)
{
    for (size_t i = 0; i < m->count; i++) {
        free(m->entries[i].value);
    }
    map_finish(m);
}

void cleaner_transactions_finish(struct cleaner_transactions *t)
{
    free(t->aborted);
    finish(&t->seen);
    finish(&t->last_data);
    finish(&t->last_mark);
    *t = (struct cleaner_transactions){ 0 };
}

void cleaner_transactions_add(struct cleaner_transactions *t, const struct txn_index *x)
{
    if (x->count > 0) {
        t->aborted = mem_resize(t->aborted, t->aborted_count + x->count, sizeof(*t->aborted));
        memcpy(t->aborted + t->aborted_count, x->entries, x->count * sizeof(*x->entries));
        t->aborted_count += x->count;
    }
}

void cleaner_transactions_keep(struct cleaner_transactions *t,
                               const struct producer_state *producers)
{
    for (size_t i = 0; i < producers->producers.count; i++) {
        const struct producer *p = producers->producers.entries[i].value;
        if (p->batch_count > 0) {
            put(&t->last_data, p->producer_id, p->batches[p->batch_count - 1].last_offset);
        } else {
            put(&t->last_mark, p->producer_id, p->epoch);
        }
    }
}

static int by_producer(const void *a, const void *b)
{
    const struct aborted_txn *x = a;
    const struct aborted_txn *y = b;
    if (x->producer_id != y->producer_id) {
        return x->producer_id < y->producer_id ? -1 : 1;
    }
    return (x->last_offset > y->last_offset) - (x->last_offset < y->last_offset);
}

void cleaner_transactions_sort(struct cleaner_transactions *t)
{
    if (t->aborted_count > 1) {
        qsort(t->aborted, t->aborted_count, sizeof(*t->aborted), by_producer);
    }
}

/* The first of the producer's that ends at `offset` or later; NULL. Its transactions come one after the other, so no other can
 * have that offset. */
static const struct aborted_txn *find_aborted(const struct cleaner_transactions *t,
                                              int64_t producer_id,
                                              int64_t offset)
{
    struct aborted_txn wanted = { .producer_id = producer_id, .last_offset = offset };
    size_t low = 0;
    size_t high = t->aborted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_producer(&t->aborted[middle], &wanted) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < t->aborted_count && t->aborted[low].producer_id == producer_id;
    return found ? &t->aborted[low] : NULL;
}

bool cleaner_transactions_is_aborted(const struct cleaner_transactions *t,
                                     const struct batch_header *h)
{
    if (!(h->attributes & BATCH_TRANSACTIONAL)) {
        return false;
    }
    const struct aborted_txn *a = find_aborted(t, h->producer_id, h->base_offset);
    return a && a->first_offset <= h->base_offset;
}

void cleaner_transactions_pass(struct cleaner_transactions *t, const struct batch_header *h)
{
    if (h->attributes & BATCH_TRANSACTIONAL) {
        put(&t->seen, h->producer_id, h->base_offset);
    }
}

bool cleaner_transactions_end(struct cleaner_transactions *t, const struct batch_header *h)
{
    int64_t storage;
    int64_t *seen = map_remove(&t->seen, map_key_i64(h->producer_id, &storage));
    bool none = seen == NULL;
    free(seen);
    return none;
}

const struct aborted_txn *cleaner_transactions_entry(const struct cleaner_transactions *t,
                                                     const struct batch_header *h)
{
    const struct aborted_txn *a = find_aborted(t, h->producer_id, batch_last_offset(h));
    return a && a->last_offset == batch_last_offset(h) ? a : NULL;
}

bool cleaner_transactions_is_last(const struct cleaner_transactions *t,
                                  const struct batch_header *h)
{
    if (h->producer_id < 0) {
        return false;
    }
    bool control = h->attributes & BATCH_CONTROL;
    const int64_t *known = get(control ? &t->last_mark : &t->last_data, h->producer_id);
    return known && *known == (control ? h->producer_epoch : batch_last_offset(h));
}
