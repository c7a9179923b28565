/*
 * median, percentile: exact ones, between two values by linear interpolation. See aggregate.h. All values are kept until the end.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/aggregate_parts.h"
#include "expressions/coercion.h"
#include "expressions/sql_conditions.h"

static const struct sql_condition negative_frequency = { "_LEGACY_ERROR_TEMP_2013", "",
                                                         "SparkException" };

/* What is asked for, in `extra`. */
struct percentages {
    int32_t count;
    bool many; /* an array of them, and so of results */
    double *values;
};

struct counted_value {
    double value;
    int64_t times;
};

struct percentile_state {
    struct buffer *values; /* counted_value, in the order they came; NULL: none */
    void *unused;
};

static size_t percentile_size(const struct expression *call)
{
    (void)call;
    return sizeof(struct percentile_state);
}

static void percentile_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct percentile_state *)state = (struct percentile_state){ 0 };
}

static void percentile_drop(const struct expression *call, void *state)
{
    (void)call;
    struct percentile_state *s = state;
    if (s->values) {
        buffer_finish(s->values);
        free(s->values);
    }
    s->values = NULL;
}

static struct buffer *values_of(struct percentile_state *s)
{
    if (!s->values) {
        s->values = MEM_NEW(struct buffer);
        buffer_init(s->values, INT32_MAX);
    }
    return s->values;
}

static bool percentile_update(struct evaluation *ev,
                              const struct expression *call,
                              const struct aggregate_states *states,
                              const struct aggregate_input *in)
{
    const struct column *times = call->count > 2 ? in->args[2] : NULL;
    for (int32_t i = 0; i < in->rows; i++) {
        if (!aggregate_counts(in->args[0], in->selected, i) ||
            (times && column_is_null(times, i))) {
            continue;
        }
        struct counted_value v = { column_double(in->args[0], i),
                                   times ? column_integer(times, i) : 1 };
        if (v.times < 0) {
            (void)evaluation_fail(ev, call, &negative_frequency, "Negative values found in %s",
                                  "the frequency");
            return false;
        }
        if (v.times > 0) {
            buffer_append(values_of(aggregate_state(states, in->groups[i])), &v, sizeof(v));
        }
    }
    return true;
}

static bool percentile_merge(struct evaluation *ev,
                             const struct expression *call,
                             void *into,
                             const void *from)
{
    (void)ev;
    (void)call;
    const struct percentile_state *other = from;
    if (other->values) {
        buffer_append(values_of(into), other->values->data, other->values->len);
    }
    return true;
}

/* NaN is above everything. */
static int by_value(const void *a, const void *b)
{
    double x = ((const struct counted_value *)a)->value;
    double y = ((const struct counted_value *)b)->value;
    if (isnan(x) || isnan(y)) {
        return isnan(x) - isnan(y);
    }
    return (x > y) - (x < y);
}

/* The value at `place`, counted from 0 with all repetitions. */
static double value_at(const struct counted_value *values, size_t count, double place)
{
    double before = 0;
    for (size_t i = 0; i < count; i++) {
        before += (double)values[i].times;
        if (place < before) {
            return values[i].value;
        }
    }
    return values[count - 1].value;
}

static double percentile_of(const struct counted_value *values, size_t count, double percentage)
{
    double all = 0;
    for (size_t i = 0; i < count; i++) {
        all += (double)values[i].times;
    }
    double place = (all - 1) * percentage;
    double low = floor(place);
    double high = ceil(place);
    double below = value_at(values, count, low);
    double above = value_at(values, count, high);
    return low == high || below == above ? below : (high - place) * below + (place - low) * above;
}

static bool percentile_finish(struct evaluation *ev,
                              const struct expression *call,
                              const void *state,
                              struct builder *out)
{
    (void)ev;
    const struct percentile_state *s = state;
    const struct percentages *wanted = call->extra;
    size_t count = s->values ? s->values->len / sizeof(struct counted_value) : 0;
    if (count == 0) {
        builder_null(out);
        return true;
    }
    struct counted_value *sorted = mem_zalloc(count, sizeof(*sorted));
    memcpy(sorted, s->values->data, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), by_value);
    for (int32_t i = 0; i < wanted->count; i++) {
        builder_double(wanted->many ? builder_child(out, 0) : out,
                       percentile_of(sorted, count, wanted->values[i]));
    }
    if (wanted->many) {
        builder_list(out);
    }
    free(sorted);
    return true;
}

static void percentile_save(const struct expression *call, const void *state, struct buffer *out)
{
    (void)call;
    const struct percentile_state *s = state;
    uint64_t count = s->values ? s->values->len / sizeof(struct counted_value) : 0;
    buffer_append(out, &count, sizeof(count));
    if (s->values) {
        buffer_append(out, s->values->data, s->values->len);
    }
}

static bool percentile_load(const struct expression *call, void *state, struct bytes saved)
{
    (void)call;
    uint64_t count = 0;
    if (saved.len < sizeof(count)) {
        return false;
    }
    memcpy(&count, saved.data, sizeof(count));
    size_t rest = saved.len - sizeof(count);
    if (rest % sizeof(struct counted_value) != 0 || count != rest / sizeof(struct counted_value)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct counted_value v;
        memcpy(&v, saved.data + sizeof(count) + i * sizeof(v), sizeof(v));
        if (v.times <= 0) {
            return false;
        }
        buffer_append(values_of(state), &v, sizeof(v));
    }
    return true;
}

/* --- types --- */

static bool read_percentages(struct analysis *a, struct expression *call, struct percentages *out)
{
    struct evaluation ev = { .settings = a->settings, .rows = 1, .error = a->error };
    struct column *c = evaluate_once(&ev, call->args[1]);
    if (!c) {
        return false;
    }
    bool null = column_is_null(c, 0);
    const struct column *values = out->many && !null ? c->children[0] : c;
    int32_t first = out->many && !null ? column_first(c, 0) : 0;
    out->count = null ? 0 : out->many ? column_count(c, 0) : 1;
    out->values = ARENA_NEW(a->arena, double, (size_t)out->count + 1);
    bool good = !null;
    double wrong = 0;
    for (int32_t i = 0; good && i < out->count; i++) {
        good = !column_is_null(values, first + i);
        out->values[i] = good ? column_double(values, first + i) : 0;
        wrong = out->values[i];
        good = good && wrong >= 0 && wrong <= 1;
    }
    column_release(c);
    return good || analysis_mismatch(a, call, &sql_mismatch_value_range,
                                     "The `percentage(s)` must be between [0.0, 1.0] (current "
                                     "value = %g).",
                                     wrong);
}

static bool settle_percentages(struct analysis *a, struct expression *call, struct percentages *p)
{
    if (!expression_is_constant(call->args[1])) {
        return analysis_mismatch(a, call, &sql_non_foldable,
                                 "the input `percentage` should be a foldable \"DOUBLE\" "
                                 "expression; however, got something else.");
    }
    p->many = call->args[1]->type->kind == TYPE_ARRAY;
    const struct type *number = type_simple(TYPE_DOUBLE);
    const struct type *given = p->many ? call->args[1]->type->element : call->args[1]->type;
    if (!type_is_numeric(given)) {
        return analysis_unexpected_type(a, call, 1, "(\"DOUBLE\" or \"ARRAY\" of \"DOUBLE\")");
    }
    const struct type *wanted =
        p->many ? type_array(a->arena, number, call->args[1]->type->element_nullable) : number;
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], wanted));
    return read_percentages(a, call, p);
}

bool resolve_percentile(struct analysis *a, struct expression *call)
{
    const struct type *type = implicit_type(a->arena, a->settings, call->args[0]->type, 'd');
    if (!type) {
        return analysis_unexpected_type(a, call, 0, "\"NUMERIC\"");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
    struct percentages *p = ARENA_NEW(a->arena, struct percentages, 1);
    call->extra = p;
    if (call->function->name[0] == 'm') {
        p->count = 1;
        p->values = ARENA_NEW(a->arena, double, 1);
        p->values[0] = 0.5;
    } else if (!settle_percentages(a, call, p)) {
        return false;
    }
    if (call->function->name[0] == 'p') {
        const struct expression **args = ARENA_NEW(a->arena, const struct expression *, 3);
        args[0] = call->args[0];
        args[1] = call->args[1];
        args[2] = call->count > 2 ? call->args[2] : analysis_literal(a, scalar_int(1), call);
        call->args = args;
        call->count = 3;
        if (!type_is_integral(args[2]->type)) {
            return analysis_unexpected_type(a, call, 2, "\"INTEGRAL\"");
        }
    }
    call->type =
        p->many ? type_array(a->arena, type_simple(TYPE_DOUBLE), false) : type_simple(TYPE_DOUBLE);
    call->nullable = true;
    return true;
}

const struct aggregate aggregate_percentile = {
    .size = percentile_size,
    .init = percentile_init,
    .update = percentile_update,
    .merge = percentile_merge,
    .finish = percentile_finish,
    .save = percentile_save,
    .load = percentile_load,
    .drop = percentile_drop,
};
