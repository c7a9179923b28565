/*
 * min, max, first, last, any_value, min_by, max_by: aggregates that keep one value. See aggregate.h.
 *
 * A kept value is a column of one row: no type needs a case of its own, and a slice of the input would keep all of it alive, so
 * the row is copied. Numbers and dates are compared before anything is copied, and a new best is rare.
 */
#include "columns/row_codec.h"
#include "expressions/aggregate_parts.h"
#include "expressions/coercion.h"

struct value_state {
    struct column *value; /* one row; NULL: none yet */
    struct column *order; /* min_by, max_by: what it was chosen by */
};

static size_t value_size(const struct expression *call)
{
    (void)call;
    return sizeof(struct value_state);
}

static void value_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct value_state *)state = (struct value_state){ 0 };
}

static void value_drop(const struct expression *call, void *state)
{
    (void)call;
    struct value_state *s = state;
    column_release(s->value);
    column_release(s->order);
    *s = (struct value_state){ 0 };
}

static struct column *one_row(const struct column *from, int32_t row)
{
    int32_t index = row;
    return column_take(from, &index, 1);
}

static void keep(struct column **kept, const struct column *from, int32_t row)
{
    struct column *value = one_row(from, row);
    column_release(*kept);
    *kept = value;
}

static void save_one(const struct column *value, struct buffer *out)
{
    uint8_t there = value != NULL;
    buffer_append(out, &there, 1);
    if (value) {
        row_encode(out, value, 0);
    }
}

static bool load_one(const struct type *type, struct bytes *rest, struct column **out)
{
    if (rest->len == 0 || rest->data[0] > 1) {
        return false;
    }
    bool there = rest->data[0] == 1;
    *rest = (struct bytes){ rest->data + 1, rest->len - 1 };
    if (!there) {
        return true;
    }
    struct builder *b = builder_new(type);
    if (!row_decode(rest, b)) {
        builder_free(b);
        return false;
    }
    column_release(*out);
    *out = builder_finish(b);
    return true;
}

static void value_save(const struct expression *call, const void *state, struct buffer *out)
{
    const struct value_state *s = state;
    save_one(s->value, out);
    if (call->count == 2) {
        save_one(s->order, out);
    }
}

static bool value_load(const struct expression *call, void *state, struct bytes saved)
{
    struct value_state *s = state;
    return load_one(call->args[0]->type, &saved, &s->value) &&
           (call->count < 2 || load_one(call->args[1]->type, &saved, &s->order)) && saved.len == 0;
}

static bool value_finish(struct evaluation *ev,
                         const struct expression *call,
                         const void *state,
                         struct builder *out)
{
    (void)ev;
    (void)call;
    const struct value_state *s = state;
    if (s->value) {
        builder_copy(out, s->value, 0);
    } else {
        builder_null(out);
    }
    return true;
}

/* --- min, max --- */

bool resolve_extreme_of(struct analysis *a, struct expression *call)
{
    call->type = call->args[0]->type;
    call->nullable = true;
    return check_order(a, call, call->args[call->count - 1]->type);
}

static int direction(const struct expression *call)
{
    return call->function->name[1] == 'a' ? 1 : -1; /* max, min */
}

static bool extreme_update(struct evaluation *ev,
                           const struct expression *call,
                           const struct aggregate_states *states,
                           const struct aggregate_input *in)
{
    (void)ev;
    int wanted = direction(call);
    for (int32_t i = 0; i < in->rows; i++) {
        if (!aggregate_counts(in->args[0], in->selected, i)) {
            continue;
        }
        struct value_state *s = aggregate_state(states, in->groups[i]);
        if (!s->value || column_compare(in->args[0], i, s->value, 0) * wanted > 0) {
            keep(&s->value, in->args[0], i);
        }
    }
    return true;
}

static bool extreme_merge(struct evaluation *ev,
                          const struct expression *call,
                          void *into,
                          const void *from)
{
    (void)ev;
    struct value_state *s = into;
    const struct value_state *other = from;
    if (other->value &&
        (!s->value || column_compare(other->value, 0, s->value, 0) * direction(call) > 0)) {
        keep(&s->value, other->value, 0);
    }
    return true;
}

const struct aggregate aggregate_extreme = {
    .size = value_size,
    .init = value_init,
    .update = extreme_update,
    .merge = extreme_merge,
    .finish = value_finish,
    .save = value_save,
    .load = value_load,
    .drop = value_drop,
};

/* --- min_by, max_by --- */

static bool extreme_by_update(struct evaluation *ev,
                              const struct expression *call,
                              const struct aggregate_states *states,
                              const struct aggregate_input *in)
{
    (void)ev;
    int wanted = direction(call);
    for (int32_t i = 0; i < in->rows; i++) {
        if (!aggregate_counts(in->args[1], in->selected, i)) {
            continue;
        }
        struct value_state *s = aggregate_state(states, in->groups[i]);
        if (!s->order || column_compare(in->args[1], i, s->order, 0) * wanted > 0) {
            keep(&s->order, in->args[1], i);
            keep(&s->value, in->args[0], i);
        }
    }
    return true;
}

static bool extreme_by_merge(struct evaluation *ev,
                             const struct expression *call,
                             void *into,
                             const void *from)
{
    (void)ev;
    struct value_state *s = into;
    const struct value_state *other = from;
    if (other->order &&
        (!s->order || column_compare(other->order, 0, s->order, 0) * direction(call) > 0)) {
        keep(&s->order, other->order, 0);
        keep(&s->value, other->value, 0);
    }
    return true;
}

const struct aggregate aggregate_extreme_by = {
    .size = value_size,
    .init = value_init,
    .update = extreme_by_update,
    .merge = extreme_by_merge,
    .finish = value_finish,
    .save = value_save,
    .load = value_load,
    .drop = value_drop,
};

/* --- first, last, any_value --- */

/* first(a, true) is first(a) IGNORE NULLS. */
bool resolve_first(struct analysis *a, struct expression *call)
{
    struct scalar ignore;
    if (call->count == 2) {
        if (!analysis_constant(a, call->args[1], &ignore) || ignore.type->kind != TYPE_BOOLEAN) {
            return sql_failed(a->error) ? false
                                        : analysis_unexpected_type(a, call, 1, "\"BOOLEAN\"");
        }
        call->ignore_nulls = call->ignore_nulls || (!ignore.null && ignore.integer);
        call->count = 1;
    }
    call->type = call->args[0]->type;
    call->nullable = true;
    return true;
}

static bool first_update(struct evaluation *ev,
                         const struct expression *call,
                         const struct aggregate_states *states,
                         const struct aggregate_input *in)
{
    (void)ev;
    bool last = call->function->name[0] == 'l';
    for (int32_t i = 0; i < in->rows; i++) {
        bool counts = (!in->selected || bit_get(in->selected, i)) &&
                      !(call->ignore_nulls && column_is_null(in->args[0], i));
        struct value_state *s = aggregate_state(states, in->groups[i]);
        if (counts && (last || !s->value)) {
            keep(&s->value, in->args[0], i);
        }
    }
    return true;
}

static bool first_merge(struct evaluation *ev,
                        const struct expression *call,
                        void *into,
                        const void *from)
{
    (void)ev;
    struct value_state *s = into;
    const struct value_state *other = from;
    bool last = call->function->name[0] == 'l';
    if (other->value && (last || !s->value)) {
        keep(&s->value, other->value, 0);
    }
    return true;
}

const struct aggregate aggregate_first = {
    .size = value_size,
    .init = value_init,
    .update = first_update,
    .merge = first_merge,
    .finish = value_finish,
    .save = value_save,
    .load = value_load,
    .drop = value_drop,
};
