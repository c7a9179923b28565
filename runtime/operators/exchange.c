/*
 * Exchanges: see exchange.h.
 */
#include "operators/exchange.h"

#include <stdlib.h>

#include "base/mem.h"
#include "operators/print.h"

/* Batches on their way to one target. */
struct parcel {
    struct batch **batches;
    int32_t count;
    int32_t capacity;
    int32_t next; /* to be read */
};

struct slot {
    struct parcel *parcels;  /* rows: one a target */
    struct grouped *grouped; /* groups ... */
    int32_t *which;          /* ... by target: those of target t are [ends[t - 1], ends[t]) */
    int32_t *ends;
};

struct exchange_run {
    int32_t sources;
    int32_t targets;
    struct slot *slots;
};

/* --- what a run keeps --- */

struct exchange_run *exchange_runs_new(int32_t count)
{
    return mem_zalloc((size_t)count + 1, sizeof(struct exchange_run));
}

static void slot_finish(struct slot *s, int32_t targets)
{
    for (int32_t t = 0; s->parcels && t < targets; t++) {
        for (int32_t i = s->parcels[t].next; i < s->parcels[t].count; i++) {
            batch_free(s->parcels[t].batches[i]);
        }
        free(s->parcels[t].batches);
    }
    free(s->parcels);
    grouped_free(s->grouped);
    free(s->which);
    free(s->ends);
}

void exchange_runs_free(struct exchange_run *runs, int32_t count)
{
    for (int32_t e = 0; e < count; e++) {
        for (int32_t i = 0; i < runs[e].sources; i++) {
            slot_finish(&runs[e].slots[i], runs[e].targets);
        }
        free(runs[e].slots);
    }
    free(runs);
}

void exchange_begin(const struct exchange *e, struct run *r, int32_t sources)
{
    r->exchanges[e->index] =
        (struct exchange_run){ .sources = sources,
                               .targets = e->targets,
                               .slots = mem_zalloc((size_t)sources + 1, sizeof(struct slot)) };
}

/* --- filling --- */

static void parcel_add(struct parcel *p, struct batch *rows)
{
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 4;
        p->batches = mem_resize(p->batches, (size_t)p->capacity, sizeof(struct batch *));
    }
    p->batches[p->count++] = rows;
}

/* The target of each row. NULL: the task's error is set. */
static int32_t *targets_of(const struct exchange *e, struct task *t, const struct batch *rows)
{
    struct evaluation ev = task_evaluation(t, rows, rows->rows);
    struct column *hash = NULL;
    if (!program_run(e->hash, &ev, &hash)) {
        return NULL;
    }
    int32_t *targets = mem_resize(NULL, (size_t)rows->rows + 1, sizeof(*targets));
    for (int32_t i = 0; i < rows->rows; i++) {
        int32_t rest = (int32_t)(column_integer(hash, i) % e->targets);
        targets[i] = rest < 0 ? rest + e->targets : rest;
    }
    column_release(hash);
    return targets;
}

/* Numbers [0, count), those of the first target first, else in `order` (NULL: ascending). ends[t] is where those of target t end. */
static int32_t *by_target(const int32_t *targets,
                          const int32_t *order,
                          int32_t count,
                          int32_t target_count,
                          int32_t *ends)
{
    memset(ends, 0, (size_t)target_count * sizeof(*ends));
    for (int32_t i = 0; i < count; i++) {
        ends[targets[i]]++;
    }
    int32_t total = 0;
    for (int32_t t = 0; t < target_count; t++) { /* where each begins, for now */
        int32_t rows = ends[t];
        ends[t] = total;
        total += rows;
    }
    int32_t *sorted = mem_resize(NULL, (size_t)count + 1, sizeof(*sorted));
    for (int32_t i = 0; i < count; i++) {
        int32_t number = order ? order[i] : i;
        sorted[ends[targets[number]]++] = number;
    }
    return sorted;
}

static bool scatter(const struct exchange *e,
                    struct task *t,
                    struct parcel *parcels,
                    const struct batch *rows)
{
    int32_t *targets = targets_of(e, t, rows);
    if (!targets) {
        return false;
    }
    int32_t *ends = mem_zalloc((size_t)e->targets, sizeof(*ends));
    int32_t *sorted = by_target(targets, NULL, rows->rows, e->targets, ends);
    int32_t start = 0;
    for (int32_t k = 0; k < e->targets; k++) {
        if (ends[k] > start) {
            parcel_add(&parcels[k], batch_take(rows, sorted + start, ends[k] - start));
        }
        start = ends[k];
    }
    free(targets);
    free(ends);
    free(sorted);
    return true;
}

static bool fill_rows(
    const struct exchange *e, struct task *t, struct slot *s, struct operator* rows)
{
    s->parcels = mem_zalloc((size_t)e->targets, sizeof(*s->parcels));
    for (;;) {
        struct batch *batch = NULL;
        if (task_stopped(t) || !operator_next(rows, &batch)) {
            return false;
        }
        if (!batch) {
            return true;
        }
        if (!e->hash) {
            parcel_add(&s->parcels[0], batch);
            continue;
        }
        bool ok = scatter(e, t, s->parcels, batch);
        batch_free(batch);
        if (!ok) {
            return false;
        }
    }
}

/* Which groups go where, and in which order. */
static bool part_groups(const struct exchange *e, struct task *t, struct slot *s)
{
    const struct grouped_shape *shape = e->grouped;
    int32_t count = groups_count(s->grouped->groups);
    struct column **keys = grouped_keys(s->grouped);
    int32_t *order = grouped_order(shape, keys, count);
    struct batch *batch = batch_new(shape->keys_type, keys, count);
    free(keys);
    int32_t *targets =
        e->hash ? targets_of(e, t, batch) : mem_zalloc((size_t)count + 1, sizeof(*targets));
    batch_free(batch);
    if (targets) {
        s->ends = mem_zalloc((size_t)e->targets, sizeof(*s->ends));
        s->which = by_target(targets, order, count, e->targets, s->ends);
    }
    bool ok = targets != NULL;
    free(targets);
    free(order);
    return ok;
}

static bool fill_groups(
    const struct exchange *e, struct task *t, struct slot *s, struct operator* rows)
{
    s->grouped = grouped_new(e->grouped);
    int64_t first_row = 0;
    for (;;) {
        struct batch *batch = NULL;
        if (task_stopped(t) || !operator_next(rows, &batch)) {
            return false;
        }
        if (!batch) {
            return part_groups(e, t, s);
        }
        bool ok = grouped_add(s->grouped, t, batch, first_row);
        first_row += batch->rows;
        batch_free(batch);
        if (!ok) {
            return false;
        }
    }
}

bool exchange_fill(const struct exchange *e, struct task *t, struct operator* rows)
{
    struct slot *s = &t->run->exchanges[e->index].slots[t->partition];
    return e->grouped ? fill_groups(e, t, s, rows) : fill_rows(e, t, s, rows);
}

/* --- reading --- */

/* One source's groups, all of them and as they are numbered: then they need not be merged one by one. */
static bool is_all(const struct exchange_run *x, const struct slot *s)
{
    if (x->sources != 1 || x->targets != 1) {
        return false;
    }
    for (int32_t i = 0; i < s->ends[0]; i++) {
        if (s->which[i] != i) {
            return false;
        }
    }
    return true;
}

bool exchange_gather(const struct exchange *e, struct task *t, int32_t target, struct grouped *into)
{
    const struct exchange_run *x = &t->run->exchanges[e->index];
    if (x->sources == 1 && is_all(x, &x->slots[0])) {
        grouped_swap(into, x->slots[0].grouped);
        return true;
    }
    for (int32_t i = 0; i < x->sources; i++) {
        const struct slot *s = &x->slots[i];
        int32_t start = target > 0 ? s->ends[target - 1] : 0;
        if (task_stopped(t) ||
            !grouped_merge(into, t, s->grouped, s->which + start, s->ends[target] - start)) {
            return false;
        }
    }
    return true;
}

struct exchange_reader {
    struct operator base;
    struct exchange_run *run;
    int32_t target;
    int32_t source; /* being read */
};

static bool reader_next(struct operator* o, struct batch **out)
{
    struct exchange_reader *r = (struct exchange_reader *)o;
    *out = NULL;
    if (task_stopped(o->task)) {
        return false;
    }
    for (; r->source < r->run->sources; r->source++) {
        struct parcel *p = &r->run->slots[r->source].parcels[r->target];
        if (p->next < p->count) {
            *out = p->batches[p->next++];
            return true;
        }
    }
    return true;
}

static struct operator* exchange_open(const struct node *n, struct task *t, int32_t partition)
{
    static const struct operator_functions functions = { .next = reader_next };
    const struct exchange *e = (const struct exchange *)n;
    struct operator* o = operator_new(sizeof(struct exchange_reader), &functions, n, t, NULL);
    struct exchange_reader *r = (struct exchange_reader *)o;
    r->run = &t->run->exchanges[e->index];
    r->target = partition;
    return o;
}

/* --- the node --- */

static int32_t exchange_partitions(const struct node *n, const struct run *r)
{
    (void)r;
    return ((const struct exchange *)n)->targets;
}

static void exchange_free(struct node *n)
{
    program_free(((struct exchange *)n)->hash);
}

static const struct node_kind exchange_kind = {
    .open = exchange_open,
    .partitions = exchange_partitions,
    .free = exchange_free,
    .print = print_exchange,
};

const struct exchange *exchange_of(const struct node *n)
{
    return n->kind == &exchange_kind ? (const struct exchange *)n : NULL;
}

/* hash(keys): Spark's, of 32 bits. */
static struct program *hash_program(struct arena *arena,
                                    const struct expression *const *keys,
                                    int32_t count)
{
    struct expression *call = ARENA_NEW(arena, struct expression, 1);
    *call = (struct expression){ .kind = EXPRESSION_CALL,
                                 .type = type_simple(TYPE_INT),
                                 .span = span_none(),
                                 .function = function_find(bytes_of("hash")),
                                 .deterministic = true,
                                 .count = count,
                                 .args = keys };
    const struct expression *list[1] = { call };
    return program_new(list, 1);
}

struct node *exchange_new(struct arena *arena,
                          struct node *input,
                          const struct expression *const *keys,
                          int32_t key_count,
                          int32_t targets)
{
    struct exchange *e = ARENA_NEW(arena, struct exchange, 1);
    e->base = (struct node){ .kind = &exchange_kind,
                             .plan = input->plan,
                             .schema = input->schema,
                             .input_count = 1,
                             .inputs = { input } };
    e->keys = keys;
    e->key_count = key_count;
    e->targets = key_count > 0 ? targets : 1;
    e->base.single = key_count == 0;
    e->hash = e->targets > 1 ? hash_program(arena, keys, key_count) : NULL;
    return &e->base;
}

struct node *exchange_new_grouped(struct arena *arena,
                                  struct node *input,
                                  const struct grouped_shape *grouped,
                                  int32_t targets)
{
    const struct expression **columns =
        ARENA_NEW(arena, const struct expression *, (size_t)grouped->key_count);
    for (int32_t i = 0; i < grouped->key_count; i++) {
        struct expression *column = ARENA_NEW(arena, struct expression, 1);
        *column = (struct expression){ .kind = EXPRESSION_COLUMN,
                                       .type = grouped->key_types[i],
                                       .nullable = true,
                                       .span = span_none(),
                                       .index = i,
                                       .deterministic = true };
        columns[i] = column;
    }
    struct node *n = exchange_new(arena, input, columns, grouped->key_count, targets);
    ((struct exchange *)n)->grouped = grouped;
    return n;
}
