/*
 * sum and avg: see aggregate.h.
 *
 *     of                    is summed as            sum is          avg is
 *     integers              bigint                  bigint          double (summed as double)
 *     floating, strings     double                  double          double
 *     decimal(p,s)          decimal(p+10,s)         the same        decimal(p+4,s+4)
 *     interval              itself                  itself          itself, with all units
 */
#include <math.h>

#include "columns/decimal.h"
#include "expressions/aggregate_parts.h"
#include "expressions/coercion.h"
#include "expressions/sql_conditions.h"

struct sum_state {
    int128 whole; /* integers, decimals (unscaled), intervals */
    double number;
    int64_t count;
    bool overflow;
};

static size_t sum_size(const struct expression *call)
{
    (void)call;
    return (sizeof(struct sum_state) + 15) / 16 * 16;
}

static void sum_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct sum_state *)state = (struct sum_state){ 0 };
}

/* --- types --- */

static bool resolve_argument(struct analysis *a, struct expression *call)
{
    const struct type *from = call->args[0]->type;
    const struct type *type = from->kind == TYPE_TIMESTAMP
                                  ? type_simple(TYPE_DOUBLE)
                                  : implicit_type(a->arena, a->settings, from, 'm');
    if (!type) {
        return analysis_unexpected_type(a, call, 0, "\"NUMERIC\" or \"ANSI INTERVAL\"");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
    call->nullable = true;
    return true;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

bool resolve_sum(struct analysis *a, struct expression *call)
{
    if (!resolve_argument(a, call)) {
        return false;
    }
    const struct type *t = call->args[0]->type;
    if (t->kind == TYPE_DECIMAL) {
        call->type =
            type_decimal(a->arena, smaller(t->precision + 10, DECIMAL_MAX_PRECISION), t->scale);
    } else if (type_is_integral(t)) {
        call->type = type_simple(TYPE_BIGINT);
    } else {
        call->type = type_is_interval(t) ? t : type_simple(TYPE_DOUBLE);
    }
    return true;
}

bool resolve_avg(struct analysis *a, struct expression *call)
{
    if (!resolve_argument(a, call)) {
        return false;
    }
    const struct type *t = call->args[0]->type;
    if (t->kind == TYPE_DECIMAL) {
        int precision = smaller(t->precision + 4, DECIMAL_MAX_PRECISION);
        int scale = smaller(t->scale + 4, DECIMAL_MAX_SCALE);
        call->type = type_decimal(a->arena, precision, smaller(scale, precision));
    } else if (t->kind == TYPE_INTERVAL_MONTHS) {
        call->type = type_interval(a->arena, UNIT_YEAR, UNIT_MONTH);
    } else if (t->kind == TYPE_INTERVAL_TIME) {
        call->type = type_interval(a->arena, UNIT_DAY, UNIT_SECOND);
    } else {
        call->type = type_simple(TYPE_DOUBLE);
    }
    return true;
}

/* --- rows --- */

/* Is it summed exactly, in `whole`? avg sums integers as doubles. */
static bool is_exact(const struct expression *call)
{
    const struct type *t = call->args[0]->type;
    bool average = strstr(call->function->name, "avg") || strcmp(call->function->name, "mean") == 0;
    return t->kind == TYPE_DECIMAL || type_is_interval(t) || (type_is_integral(t) && !average);
}

static bool sum_update(struct evaluation *ev,
                       const struct expression *call,
                       const struct aggregate_states *states,
                       const struct aggregate_input *in)
{
    (void)ev;
    const struct column *arg = in->args[0];
    bool decimal = arg->type->kind == TYPE_DECIMAL;
    bool exact = is_exact(call);
    bool floating = arg->type->kind == TYPE_DOUBLE || arg->type->kind == TYPE_FLOAT;
    for (int32_t i = 0; i < in->rows; i++) {
        if (!aggregate_counts(arg, in->selected, i)) {
            continue;
        }
        struct sum_state *state = aggregate_state(states, in->groups[i]);
        state->count++;
        if (!exact) {
            state->number += floating ? column_double(arg, i) : (double)column_integer(arg, i);
        } else if (__builtin_add_overflow(state->whole,
                                          decimal ? column_decimal(arg, i) : column_integer(arg, i),
                                          &state->whole)) {
            state->overflow = true;
        }
    }
    return true;
}

static bool sum_merge(struct evaluation *ev,
                      const struct expression *call,
                      void *into,
                      const void *from)
{
    (void)ev;
    (void)call;
    struct sum_state *state = into;
    const struct sum_state *other = from;
    state->count += other->count;
    state->number += other->number;
    state->overflow = __builtin_add_overflow(state->whole, other->whole, &state->whole) ||
                      state->overflow || other->overflow;
    return true;
}

/* --- results --- */

static bool too_large(struct evaluation *ev, const struct expression *call, struct builder *out)
{
    bool tries = call->function->name[0] == 't'; /* try_sum, try_avg */
    if (tries || !ev->settings->ansi) {
        builder_null(out);
        return true;
    }
    const struct expression nowhere = { .span = span_none() };
    bool decimal = call->args[0]->type->kind == TYPE_DECIMAL;
    bool average = strstr(call->function->name, "avg") != NULL;
    const char *what = decimal                           ? "Overflow in sum of decimals"
                       : call->type->kind == TYPE_BIGINT ? "long overflow"
                                                         : "interval overflow";
    (void)evaluation_fail(
        ev, decimal ? call : &nowhere, &sql_arithmetic_overflow,
        "%s. Use 'try_%s' to tolerate overflow and return NULL instead. If necessary "
        "set \"spark.sql.ansi.enabled\" to \"false\" to bypass this error.",
        what,
        average   ? "avg"
        : decimal ? "sum"
                  : "add");
    return false;
}

static bool sum_finish(struct evaluation *ev,
                       const struct expression *call,
                       const void *state,
                       struct builder *out)
{
    const struct sum_state *s = state;
    if (s->count == 0) {
        builder_null(out);
        return true;
    }
    switch (call->type->kind) {
    case TYPE_DOUBLE: builder_double(out, s->number); return true;
    case TYPE_DECIMAL:
        if (s->overflow || !decimal_has_digits(s->whole, call->type->precision)) {
            return too_large(ev, call, out);
        }
        builder_decimal(out, s->whole);
        return true;
    default: break;
    }
    int64_t value = (int64_t)s->whole; /* with ansi off a bigint wraps around */
    bool wide = call->type->kind != TYPE_INTERVAL_MONTHS;
    bool fits = s->whole == value && (wide || value == (int32_t)value);
    bool wraps =
        call->type->kind == TYPE_BIGINT && !ev->settings->ansi && call->function->name[0] != 't';
    if (!fits && !wraps) {
        return too_large(ev, call, out);
    }
    builder_integer(out, value);
    return true;
}

/* Half up, as Java divides intervals. */
static int64_t divided(int128 sum, int64_t count)
{
    int128 twice = 2 * (sum < 0 ? -sum : sum) + count;
    int64_t value = (int64_t)(twice / (2 * (int128)count));
    return sum < 0 ? -value : value;
}

static bool avg_finish(struct evaluation *ev,
                       const struct expression *call,
                       const void *state,
                       struct builder *out)
{
    const struct sum_state *s = state;
    if (s->count == 0) {
        builder_null(out);
        return true;
    }
    if (call->type->kind == TYPE_DOUBLE) {
        builder_double(out, s->number / (double)s->count);
        return true;
    }
    if (call->type->kind != TYPE_DECIMAL) {
        builder_integer(out, divided(s->whole, s->count));
        return true;
    }
    int128 value = 0;
    struct decimal sum = { s->whole, call->args[0]->type->scale };
    int sum_precision = smaller(call->args[0]->type->precision + 10, DECIMAL_MAX_PRECISION);
    if (s->overflow || !decimal_has_digits(s->whole, sum_precision) ||
        !decimal_operate(DECIMAL_DIVIDE, sum, (struct decimal){ s->count, 0 },
                         decimal_shape_of(call->type), &value)) {
        return too_large(ev, call, out);
    }
    builder_decimal(out, value);
    return true;
}

/* --- as bytes: [whole 16][number 8][count 8][overflow 1] --- */

enum { SAVED_BYTES = 33 };

static void sum_save(const struct expression *call, const void *state, struct buffer *out)
{
    (void)call;
    const struct sum_state *s = state;
    uint8_t overflow = s->overflow;
    buffer_append(out, &s->whole, sizeof(s->whole));
    buffer_append(out, &s->number, sizeof(s->number));
    buffer_append(out, &s->count, sizeof(s->count));
    buffer_append(out, &overflow, 1);
}

static bool sum_load(const struct expression *call, void *state, struct bytes saved)
{
    (void)call;
    struct sum_state *s = state;
    if (saved.len != SAVED_BYTES || saved.data[32] > 1) {
        return false;
    }
    memcpy(&s->whole, saved.data, 16);
    memcpy(&s->number, saved.data + 16, 8);
    memcpy(&s->count, saved.data + 24, 8);
    s->overflow = saved.data[32] != 0;
    return true;
}

const struct aggregate aggregate_sum = {
    .size = sum_size,
    .init = sum_init,
    .update = sum_update,
    .merge = sum_merge,
    .finish = sum_finish,
    .save = sum_save,
    .load = sum_load,
};

const struct aggregate aggregate_avg = {
    .size = sum_size,
    .init = sum_init,
    .update = sum_update,
    .merge = sum_merge,
    .finish = avg_finish,
    .save = sum_save,
    .load = sum_load,
};
