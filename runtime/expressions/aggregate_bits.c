/*
 * bit_and, bit_or, bit_xor: see aggregate.h. The result has the argument's type; null when there was no value.
 */
#include "expressions/aggregate_parts.h"

struct bits_state {
    int64_t value;
    int64_t any; /* 1: there was a value */
};

static size_t bits_size(const struct expression *call)
{
    (void)call;
    return sizeof(struct bits_state);
}

static void bits_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct bits_state *)state = (struct bits_state){ 0 };
}

static void add(struct bits_state *s, char kind, int64_t value)
{
    if (!s->any) {
        s->value = value;
    } else {
        s->value = kind == 'a'   ? s->value & value
                   : kind == 'o' ? s->value | value
                                 : s->value ^ value;
    }
    s->any = 1;
}

static bool bits_update(struct evaluation *ev,
                        const struct expression *call,
                        const struct aggregate_states *states,
                        const struct aggregate_input *in)
{
    (void)ev;
    char kind = call->function->name[4];
    for (int32_t i = 0; i < in->rows; i++) {
        if (aggregate_counts(in->args[0], in->selected, i)) {
            add(aggregate_state(states, in->groups[i]), kind, column_integer(in->args[0], i));
        }
    }
    return true;
}

static bool bits_merge(struct evaluation *ev,
                       const struct expression *call,
                       void *into,
                       const void *from)
{
    (void)ev;
    const struct bits_state *other = from;
    if (other->any) {
        add(into, call->function->name[4], other->value);
    }
    return true;
}

static bool bits_finish(struct evaluation *ev,
                        const struct expression *call,
                        const void *state,
                        struct builder *out)
{
    (void)ev;
    (void)call;
    const struct bits_state *s = state;
    s->any ? builder_integer(out, s->value) : builder_null(out);
    return true;
}

static void bits_save(const struct expression *call, const void *state, struct buffer *out)
{
    (void)call;
    buffer_append(out, state, sizeof(struct bits_state));
}

/* The value must be one of the type: it was put together from such. */
static bool bits_load(const struct expression *call, void *state, struct bytes saved)
{
    struct bits_state s;
    if (saved.len != sizeof(s)) {
        return false;
    }
    memcpy(&s, saved.data, sizeof(s));
    int unused_bits = 64 - 8 * (int)type_width(call->type);
    int64_t narrowed = (int64_t)((uint64_t)s.value << unused_bits) >> unused_bits;
    if (narrowed != s.value || (s.any != 0 && s.any != 1)) {
        return false;
    }
    *(struct bits_state *)state = s;
    return true;
}

const struct aggregate aggregate_bits = {
    .size = bits_size,
    .init = bits_init,
    .update = bits_update,
    .merge = bits_merge,
    .finish = bits_finish,
    .save = bits_save,
    .load = bits_load,
};
