/*
 * collect_list and collect_set: see aggregate.h. Nulls are passed over.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "columns/row_codec.h"
#include "expressions/aggregate_parts.h"
#include "expressions/coercion.h"

/* The values, each as its bytes (row_codec.h); a set also knows what it has met. */
struct collected {
    struct buffer values;
    int64_t count;
    struct map seen;
};

struct collect_state {
    struct collected *collected; /* NULL: nothing yet */
    void *unused;
};

static size_t collect_size(const struct expression *call)
{
    (void)call;
    return sizeof(struct collect_state);
}

static void collect_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct collect_state *)state = (struct collect_state){ 0 };
}

static void collect_drop(const struct expression *call, void *state)
{
    (void)call;
    struct collect_state *s = state;
    if (s->collected) {
        buffer_finish(&s->collected->values);
        map_finish(&s->collected->seen);
        free(s->collected);
    }
    s->collected = NULL;
}

static struct collected *collected_of(struct collect_state *s)
{
    if (!s->collected) {
        s->collected = MEM_NEW(struct collected);
        buffer_init(&s->collected->values, INT32_MAX);
        map_init(&s->collected->seen);
    }
    return s->collected;
}

static bool is_set(const struct expression *call)
{
    return call->function->name[8] == 's';
}

static void add(struct collected *c, const struct column *from, int32_t row, bool set)
{
    size_t before = c->values.len;
    if (set) {
        row_encode_key(&c->values, from, row);
        struct bytes key = { c->values.data + before, c->values.len - before };
        if (map_get(&c->seen, key)) {
            c->values.len = before;
            return;
        }
        (void)map_put(&c->seen, key, c);
    } else {
        row_encode(&c->values, from, row);
    }
    c->count++;
}

static bool collect_update(struct evaluation *ev,
                           const struct expression *call,
                           const struct aggregate_states *states,
                           const struct aggregate_input *in)
{
    (void)ev;
    bool set = is_set(call);
    for (int32_t i = 0; i < in->rows; i++) {
        if (aggregate_counts(in->args[0], in->selected, i)) {
            add(collected_of(aggregate_state(states, in->groups[i])), in->args[0], i, set);
        }
    }
    return true;
}

/* The values as a column, in the order they came. NULL: the bytes are not theirs. */
static struct column *values_of(const struct type *type, struct bytes values, int64_t count)
{
    struct builder *b = builder_new(type);
    for (int64_t i = 0; i < count; i++) {
        if (!row_decode(&values, b)) {
            builder_free(b);
            return NULL;
        }
    }
    struct column *c = builder_finish(b);
    if (values.len > 0) {
        column_release(c);
        return NULL;
    }
    return c;
}

static bool collect_merge(struct evaluation *ev,
                          const struct expression *call,
                          void *into,
                          const void *from)
{
    (void)ev;
    const struct collect_state *other = from;
    if (!other->collected) {
        return true;
    }
    struct column *values = values_of(call->args[0]->type, buffer_bytes(&other->collected->values),
                                      other->collected->count);
    for (int32_t i = 0; values && i < values->length; i++) {
        add(collected_of(into), values, i, is_set(call));
    }
    column_release(values);
    return true;
}

static bool collect_finish(struct evaluation *ev,
                           const struct expression *call,
                           const void *state,
                           struct builder *out)
{
    (void)ev;
    const struct collect_state *s = state;
    struct bytes values = s->collected ? buffer_bytes(&s->collected->values) : bytes_of("");
    for (int64_t i = 0; s->collected && i < s->collected->count; i++) {
        (void)row_decode(&values, builder_child(out, 0));
    }
    (void)call;
    builder_list(out);
    return true;
}

static void collect_save(const struct expression *call, const void *state, struct buffer *out)
{
    (void)call;
    const struct collect_state *s = state;
    int64_t count = s->collected ? s->collected->count : 0;
    buffer_append(out, &count, sizeof(count));
    if (s->collected) {
        buffer_append(out, s->collected->values.data, s->collected->values.len);
    }
}

static bool collect_load(const struct expression *call, void *state, struct bytes saved)
{
    int64_t count = 0;
    if (saved.len < sizeof(count)) {
        return false;
    }
    memcpy(&count, saved.data, sizeof(count));
    saved = (struct bytes){ saved.data + sizeof(count), saved.len - sizeof(count) };
    if (count < 0 || (uint64_t)count > saved.len) {
        return false;
    }
    struct column *values = values_of(call->args[0]->type, saved, count);
    for (int32_t i = 0; values && i < values->length; i++) {
        add(collected_of(state), values, i, is_set(call));
    }
    bool good = values != NULL;
    column_release(values);
    return good;
}

bool resolve_collect(struct analysis *a, struct expression *call)
{
    call->type = type_array(a->arena, call->args[0]->type, false);
    call->nullable = false;
    return !is_set(call) || check_order(a, call, call->args[0]->type);
}

const struct aggregate aggregate_collect = {
    .size = collect_size,
    .init = collect_init,
    .update = collect_update,
    .merge = collect_merge,
    .finish = collect_finish,
    .save = collect_save,
    .load = collect_load,
    .drop = collect_drop,
};
