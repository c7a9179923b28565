/*
 * Running aggregate functions: see aggregator.h.
 */
#include "expressions/aggregator.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "columns/bits.h"

struct aggregator {
    const struct aggregation *plan;
    struct program *inputs; /* of each aggregate: its arguments, then its filter if it has one */
    int32_t input_count;
    struct aggregate_states *states; /* one an aggregate */
    int32_t groups;
    int32_t capacity;
    struct map *seen; /* one an aggregate: group and values that DISTINCT has met */
};

struct aggregator *aggregator_new(const struct aggregation *plan)
{
    struct aggregator *a = MEM_NEW(struct aggregator);
    a->plan = plan;
    for (int32_t i = 0; i < plan->aggregate_count; i++) {
        a->input_count += plan->aggregates[i]->count + (plan->aggregates[i]->filter != NULL);
    }
    const struct expression **inputs = mem_zalloc((size_t)a->input_count, sizeof(*inputs));
    int32_t n = 0;
    for (int32_t i = 0; i < plan->aggregate_count; i++) {
        const struct expression *call = plan->aggregates[i];
        for (int32_t k = 0; k < call->count; k++) {
            inputs[n++] = call->args[k];
        }
        if (call->filter) {
            inputs[n++] = call->filter;
        }
    }
    a->inputs = program_new(inputs, n);
    free((void *)inputs);
    a->states = mem_zalloc((size_t)plan->aggregate_count, sizeof(*a->states));
    a->seen = mem_zalloc((size_t)plan->aggregate_count, sizeof(*a->seen));
    for (int32_t i = 0; i < plan->aggregate_count; i++) {
        a->states[i].stride = plan->aggregates[i]->function->aggregate->size(plan->aggregates[i]);
    }
    return a;
}

void aggregator_free(struct aggregator *a)
{
    if (!a) {
        return;
    }
    for (int32_t i = 0; i < a->plan->aggregate_count; i++) {
        const struct expression *call = a->plan->aggregates[i];
        for (int32_t g = 0; call->function->aggregate->drop && g < a->groups; g++) {
            call->function->aggregate->drop(call, aggregate_state(&a->states[i], g));
        }
        free(a->states[i].memory);
        map_finish(&a->seen[i]);
    }
    program_free(a->inputs);
    free(a->states);
    free(a->seen);
    free(a);
}

void aggregator_reserve(struct aggregator *a, int32_t groups)
{
    if (groups > a->capacity) {
        int32_t capacity = a->capacity ? a->capacity : 16;
        while (capacity < groups) {
            capacity = capacity < INT32_MAX / 2 ? capacity * 2 : INT32_MAX;
        }
        for (int32_t i = 0; i < a->plan->aggregate_count; i++) {
            a->states[i].memory =
                mem_resize(a->states[i].memory, (size_t)capacity, a->states[i].stride);
        }
        a->capacity = capacity;
    }
    for (int32_t i = 0; i < a->plan->aggregate_count; i++) {
        const struct expression *call = a->plan->aggregates[i];
        for (int32_t g = a->groups; g < groups; g++) {
            call->function->aggregate->init(call, aggregate_state(&a->states[i], g));
        }
    }
    a->groups = groups > a->groups ? groups : a->groups;
}

/* --- FILTER and DISTINCT --- */

static void keep_filtered(uint8_t *selected, const struct column *filter, int32_t rows)
{
    for (int32_t i = 0; i < rows; i++) {
        if (column_is_null(filter, i) || !column_bool(filter, i)) {
            bit_clear(selected, i);
        }
    }
}

/* The bytes that equal values share: the map's key for what was met. */
static void append_value(struct buffer *out, const struct column *c, int32_t row)
{
    /* Equal values print alike, but for -0.0; a length in front keeps neighbours apart. */
    uint64_t hash = column_hash(c, row, 0);
    buffer_append(out, &hash, sizeof(hash));
    uint64_t again = column_hash(c, row, 0x9e3779b97f4a7c15U);
    buffer_append(out, &again, sizeof(again));
}

/* Of rows with equal arguments in a group only the first is kept; rows with a null argument are not looked at by DISTINCT. */
static void keep_distinct(struct map *seen,
                          uint8_t *selected,
                          struct column *const *args,
                          int32_t count,
                          const int32_t *groups,
                          int32_t rows)
{
    struct buffer key;
    buffer_init(&key, 1 << 20);
    for (int32_t i = 0; i < rows; i++) {
        if (!bit_get(selected, i)) {
            continue;
        }
        buffer_clear(&key);
        buffer_append(&key, &groups[i], sizeof(groups[i]));
        for (int32_t k = 0; k < count; k++) {
            append_value(&key, args[k], i);
        }
        if (map_get(seen, buffer_bytes(&key))) {
            bit_clear(selected, i);
        } else {
            (void)map_put(seen, buffer_bytes(&key), seen);
        }
    }
    buffer_finish(&key);
}

static bool update_one(struct aggregator *a,
                       struct evaluation *ev,
                       int32_t index,
                       struct column *const *inputs,
                       const int32_t *groups)
{
    const struct expression *call = a->plan->aggregates[index];
    uint8_t *selected = NULL;
    if (call->filter || call->distinct) {
        selected = mem_zalloc(bits_bytes(ev->rows) + 1, 1);
        bits_fill(selected, 0, ev->rows);
        if (call->filter) {
            keep_filtered(selected, inputs[call->count], ev->rows);
        }
        if (call->distinct) {
            keep_distinct(&a->seen[index], selected, inputs, call->count, groups, ev->rows);
        }
    }
    bool ok = call->function->aggregate->update(
        ev, call, &a->states[index],
        &(struct aggregate_input){
            .args = inputs, .groups = groups, .rows = ev->rows, .selected = selected });
    free(selected);
    return ok;
}

bool aggregator_update(struct aggregator *a, struct evaluation *ev, const int32_t *groups)
{
    struct column **inputs = mem_zalloc((size_t)a->input_count + 1, sizeof(*inputs));
    bool ok = program_run(a->inputs, ev, inputs);
    int32_t at = 0;
    for (int32_t i = 0; ok && i < a->plan->aggregate_count; i++) {
        const struct expression *call = a->plan->aggregates[i];
        ok = update_one(a, ev, i, inputs + at, groups);
        at += call->count + (call->filter != NULL);
    }
    for (int32_t i = 0; i < a->input_count; i++) {
        column_release(inputs[i]);
    }
    free(inputs);
    return ok;
}

bool aggregator_merge(struct aggregator *a,
                      struct evaluation *ev,
                      int32_t into,
                      const struct aggregator *other,
                      int32_t from)
{
    bool ok = true;
    for (int32_t i = 0; ok && i < a->plan->aggregate_count; i++) {
        const struct expression *call = a->plan->aggregates[i];
        ok = call->function->aggregate->merge(ev, call, aggregate_state(&a->states[i], into),
                                              aggregate_state(&other->states[i], from));
    }
    return ok;
}

bool aggregator_finish(struct aggregator *a,
                       struct evaluation *ev,
                       int32_t first,
                       int32_t count,
                       struct column **out_columns)
{
    for (int32_t i = 0; i < a->plan->aggregate_count; i++) {
        const struct expression *call = a->plan->aggregates[i];
        struct builder *b = builder_new(call->type);
        bool ok = true;
        for (int32_t g = first; ok && g < first + count; g++) {
            ok = call->function->aggregate->finish(ev, call, aggregate_state(&a->states[i], g), b);
        }
        if (!ok) {
            builder_free(b);
            for (int32_t k = 0; k < i; k++) {
                column_release(out_columns[k]);
            }
            return false;
        }
        out_columns[i] = builder_finish(b);
    }
    return true;
}

/* [int32 length, bytes] for each aggregate. */
void aggregator_save(const struct aggregator *a, int32_t group, struct buffer *out)
{
    for (int32_t i = 0; i < a->plan->aggregate_count; i++) {
        const struct expression *call = a->plan->aggregates[i];
        size_t at = out->len;
        uint32_t len = 0;
        buffer_append(out, &len, sizeof(len));
        call->function->aggregate->save(call, aggregate_state(&a->states[i], group), out);
        len = (uint32_t)(out->len - at - sizeof(len));
        if (!out->overflow) {
            memcpy(out->data + at, &len, sizeof(len));
        }
    }
}

bool aggregator_load(struct aggregator *a, int32_t group, struct bytes saved)
{
    for (int32_t i = 0; i < a->plan->aggregate_count; i++) {
        const struct expression *call = a->plan->aggregates[i];
        uint32_t len = 0;
        if (saved.len < sizeof(len)) {
            return false;
        }
        memcpy(&len, saved.data, sizeof(len));
        saved = (struct bytes){ saved.data + sizeof(len), saved.len - sizeof(len) };
        if (len > saved.len ||
            !call->function->aggregate->load(call, aggregate_state(&a->states[i], group),
                                             (struct bytes){ saved.data, len })) {
            return false;
        }
        saved = (struct bytes){ saved.data + len, saved.len - len };
    }
    return saved.len == 0;
}
