/*
 * count, count_if, bool_and, bool_or: see aggregate.h.
 */
#include "expressions/aggregate_parts.h"

/* --- count: rows in which no argument is null --- */

struct count_state {
    int64_t count;
    int64_t unused; /* states are multiples of 16 bytes */
};

static size_t count_size(const struct expression *call)
{
    (void)call;
    return sizeof(struct count_state);
}

static void count_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct count_state *)state = (struct count_state){ 0 };
}

static bool never_null(struct column *const *args, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (args[i]->null_count > 0) {
            return false;
        }
    }
    return true;
}

static bool count_update(struct evaluation *ev,
                         const struct expression *call,
                         const struct aggregate_states *states,
                         const struct aggregate_input *in)
{
    (void)ev;
    if (!in->selected && never_null(in->args, call->count)) {
        for (int32_t i = 0; i < in->rows; i++) {
            ((struct count_state *)aggregate_state(states, in->groups[i]))->count++;
        }
        return true;
    }
    for (int32_t i = 0; i < in->rows; i++) {
        bool counts = !in->selected || bit_get(in->selected, i);
        for (int32_t k = 0; counts && k < call->count; k++) {
            counts = !column_is_null(in->args[k], i);
        }
        ((struct count_state *)aggregate_state(states, in->groups[i]))->count += counts;
    }
    return true;
}

static bool count_merge(struct evaluation *ev,
                        const struct expression *call,
                        void *into,
                        const void *from)
{
    (void)ev;
    (void)call;
    ((struct count_state *)into)->count += ((const struct count_state *)from)->count;
    return true;
}

static bool count_finish(struct evaluation *ev,
                         const struct expression *call,
                         const void *state,
                         struct builder *out)
{
    (void)ev;
    (void)call;
    builder_integer(out, ((const struct count_state *)state)->count);
    return true;
}

static void count_save(const struct expression *call, const void *state, struct buffer *out)
{
    (void)call;
    buffer_append(out, state, sizeof(int64_t));
}

static bool count_load(const struct expression *call, void *state, struct bytes saved)
{
    (void)call;
    if (saved.len != sizeof(int64_t)) {
        return false;
    }
    memcpy(state, saved.data, sizeof(int64_t));
    return true;
}

const struct aggregate aggregate_count = {
    .size = count_size,
    .init = count_init,
    .update = count_update,
    .merge = count_merge,
    .finish = count_finish,
    .save = count_save,
    .load = count_load,
};

/* --- count_if --- */

static bool count_if_update(struct evaluation *ev,
                            const struct expression *call,
                            const struct aggregate_states *states,
                            const struct aggregate_input *in)
{
    (void)ev;
    (void)call;
    for (int32_t i = 0; i < in->rows; i++) {
        if (aggregate_counts(in->args[0], in->selected, i) && column_bool(in->args[0], i)) {
            ((struct count_state *)aggregate_state(states, in->groups[i]))->count++;
        }
    }
    return true;
}

const struct aggregate aggregate_count_if = {
    .size = count_size,
    .init = count_init,
    .update = count_if_update,
    .merge = count_merge,
    .finish = count_finish,
    .save = count_save,
    .load = count_load,
};

bool resolve_count(struct analysis *a, struct expression *call)
{
    (void)a;
    call->type = type_simple(TYPE_BIGINT);
    call->nullable = false;
    return true;
}

/* --- bool_and, bool_or: whether there was a false, a true --- */

struct bool_state {
    bool any_false;
    bool any_true;
    uint8_t unused[14];
};

static void bool_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct bool_state *)state = (struct bool_state){ 0 };
}

static bool bool_update(struct evaluation *ev,
                        const struct expression *call,
                        const struct aggregate_states *states,
                        const struct aggregate_input *in)
{
    (void)ev;
    (void)call;
    for (int32_t i = 0; i < in->rows; i++) {
        if (aggregate_counts(in->args[0], in->selected, i)) {
            struct bool_state *state = aggregate_state(states, in->groups[i]);
            bool value = column_bool(in->args[0], i);
            state->any_true = state->any_true || value;
            state->any_false = state->any_false || !value;
        }
    }
    return true;
}

static bool bool_merge(struct evaluation *ev,
                       const struct expression *call,
                       void *into,
                       const void *from)
{
    (void)ev;
    (void)call;
    struct bool_state *state = into;
    const struct bool_state *other = from;
    state->any_true = state->any_true || other->any_true;
    state->any_false = state->any_false || other->any_false;
    return true;
}

static bool bool_finish(struct evaluation *ev,
                        const struct expression *call,
                        const void *state,
                        struct builder *out)
{
    (void)ev;
    const struct bool_state *s = state;
    bool any = call->function->name[0] == 's' || call->function->name[0] == 'a' ||
               strcmp(call->function->name, "bool_or") == 0; /* some, any, bool_or */
    if (!s->any_true && !s->any_false) {
        builder_null(out);
    } else {
        builder_bool(out, any ? s->any_true : !s->any_false);
    }
    return true;
}

static void bool_save(const struct expression *call, const void *state, struct buffer *out)
{
    (void)call;
    buffer_append(out, state, 2);
}

static bool bool_load(const struct expression *call, void *state, struct bytes saved)
{
    (void)call;
    if (saved.len != 2 || saved.data[0] > 1 || saved.data[1] > 1) {
        return false;
    }
    memcpy(state, saved.data, 2);
    return true;
}

const struct aggregate aggregate_bool = {
    .size = count_size,
    .init = bool_init,
    .update = bool_update,
    .merge = bool_merge,
    .finish = bool_finish,
    .save = bool_save,
    .load = bool_load,
};
