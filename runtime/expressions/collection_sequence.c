/*
 * sequence(start, stop[, step]): of integers, dates and timestamps. See function.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "columns/calendar.h"
#include "expressions/collection_parts.h"
#include "expressions/datetime.h"

static const struct sql_condition boundaries = { "_LEGACY_ERROR_TEMP_3230", "",
                                                 "SparkIllegalArgumentException" };

static bool is_point(const struct type *t)
{
    return t->kind == TYPE_DATE || t->kind == TYPE_TIMESTAMP || t->kind == TYPE_TIMESTAMP_NTZ;
}

bool resolve_sequence(struct analysis *a, struct expression *call)
{
    const struct type *common =
        common_type(a->arena, a->settings, call->args[0]->type, call->args[1]->type);
    bool numbers = common && type_is_integral(common);
    if (common && numbers && call->count > 2) {
        common = common_type(a->arena, a->settings, common, call->args[2]->type);
        numbers = common && type_is_integral(common);
    }
    bool steps = call->count < 3 || numbers || type_is_interval(call->args[2]->type);
    if (!common || !(numbers || is_point(common)) || !steps) {
        return analysis_mismatch(a, call, &sql_mismatch_data_types,
                                 "The `sequence` uses the wrong parameter type. The parameter type "
                                 "must conform to: 1. The start and stop expressions must resolve "
                                 "to the same type. 2. If start and stop expressions resolve to "
                                 "temporal types, the step must be an interval; otherwise to the "
                                 "same type.");
    }
    for (int32_t i = 0; i < (numbers ? call->count : 2); i++) {
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], common));
    }
    call->type = type_array(a->arena, common, false);
    call->nullable = arguments_nullable(call);
    return true;
}

/* From one value to the next: by a number, or by months. */
struct stride {
    enum type_kind kind;
    const struct zone *zone;
    int64_t start; /* dates and timestamps in microseconds */
    int64_t step;
    bool months;
};

static bool value_at(const struct stride *s, int64_t n, int64_t *out)
{
    int64_t moved = 0;
    if (__builtin_mul_overflow(s->step, n, &moved)) {
        return false;
    }
    if (s->months) {
        return datetime_plus_months(s->zone, s->start, moved, out);
    }
    return !__builtin_add_overflow(s->start, moved, out);
}

/* Appends start, start + step, ... up to stop. False: the error is set. */
static bool append_sequence(struct evaluation *ev,
                            struct builder *elements,
                            const struct stride *s,
                            int64_t stop)
{
    const struct expression nowhere = { .span = span_none() };
    bool up = s->step > 0;
    if (s->step == 0 ? s->start != stop : (up ? stop < s->start : stop > s->start)) {
        (void)evaluation_fail(ev, &nowhere, &boundaries,
                              "Illegal sequence boundaries: %lld to %lld by %lld",
                              (long long)s->start, (long long)stop, (long long)s->step);
        return false;
    }
    int64_t value = s->start;
    for (int64_t n = 1; up ? value <= stop : value >= stop; n++) {
        if (n % 65536 == 0 && evaluation_stopped(ev)) {
            return false;
        }
        if (elements->length >= PICKS_MAX) {
            static const struct sql_condition too_large = {
                "COLLECTION_SIZE_LIMIT_EXCEEDED.PARAMETER", "54000", "SparkRuntimeException"
            };
            (void)evaluation_fail(ev, &nowhere, &too_large,
                                  "Can't create array with more than %d elements in the function "
                                  "`sequence`.",
                                  PICKS_MAX);
            return false;
        }
        builder_integer(elements,
                        s->kind == TYPE_DATE
                            ? (value - (value < 0 ? MICROS_PER_DAY - 1 : 0)) / MICROS_PER_DAY
                            : value);
        if (s->step == 0 || !value_at(s, n, &value)) {
            break;
        }
    }
    return true;
}

static bool sequence_of_row(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            int32_t i,
                            struct builder *elements)
{
    enum type_kind kind = call->type->element->kind;
    int64_t unit = kind == TYPE_DATE ? MICROS_PER_DAY : 1;
    struct stride s = { .kind = kind, .start = column_integer(args[0], i) * unit };
    int64_t stop = column_integer(args[1], i) * unit;
    if (kind == TYPE_TIMESTAMP) {
        s.zone = ev->settings->zone;
    }
    if (call->count > 2) {
        s.step = column_integer(args[2], i);
        s.months = args[2]->type->kind == TYPE_INTERVAL_MONTHS;
    } else {
        int64_t one = is_point(call->type->element) ? MICROS_PER_DAY : 1;
        s.step = stop >= s.start ? one : -one;
    }
    return append_sequence(ev, elements, &s, stop);
}

struct column *sequence(struct evaluation *ev,
                        const struct expression *call,
                        struct column *const *args,
                        const struct rows *rows)
{
    struct builder *b = builder_new(call->type);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
        } else if (!evaluation_stopped(ev) &&
                   sequence_of_row(ev, call, args, i, builder_child(b, 0))) {
            builder_list(b);
        } else {
            builder_free(b);
            return NULL;
        }
    }
    return builder_finish(b);
}
