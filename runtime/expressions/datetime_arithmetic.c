/*
 * Arithmetic with dates, timestamps and intervals: see datetime.h.
 *
 *     date + n, n + date          date_add(date, n)              date - n     date_sub(date, n)
 *     date + days                 date_add(date, extractansiintervaldays(days))
 *     date + hours                of the date's midnight, a timestamp
 *     time +- interval            moved
 *     time - time                 an interval
 *     interval +- interval        an interval of both units
 *     interval * n, n * interval  and / n
 *
 * What is chosen here replaces the operator for good, also in names. Source: BinaryArithmeticWithDatetimeResolver of Spark 4.1.
 */
#include <string.h>

#include "expressions/analysis_parts.h"
#include "expressions/arithmetic.h"
#include "expressions/coercion.h"
#include "expressions/datetime.h"

static bool is_time(const struct expression *e)
{
    return e->type->kind == TYPE_DATE || e->type->kind == TYPE_TIMESTAMP ||
           e->type->kind == TYPE_TIMESTAMP_NTZ;
}

static bool is_date(const struct expression *e)
{
    return e->type->kind == TYPE_DATE;
}

static bool is_months(const struct expression *e)
{
    return e->type->kind == TYPE_INTERVAL_MONTHS;
}

static bool is_micros(const struct expression *e)
{
    return e->type->kind == TYPE_INTERVAL_TIME;
}

static bool is_days(const struct expression *e)
{
    return is_micros(e) && e->type->from == UNIT_DAY && e->type->to == UNIT_DAY;
}

static bool is_void(const struct expression *e)
{
    return e->type->kind == TYPE_VOID;
}

static bool is_string(const struct expression *e)
{
    return e->type->kind == TYPE_STRING;
}

bool is_time_arithmetic(const struct expression *call)
{
    for (int32_t i = 0; i < call->count; i++) {
        if (is_time(call->args[i]) || type_is_interval(call->args[i]->type)) {
            return true;
        }
    }
    return false;
}

/* The call as one of another function. What begins with "try_" keeps its name. */
static bool becomes(struct analysis *a,
                    struct expression *call,
                    const char *name,
                    const struct expression *x,
                    const struct expression *y)
{
    const struct expression *args[] = { x, y };
    if (operation_tries(call->function)) {
        return analysis_replace(call, analysis_call(a, name, args, 2, call->span));
    }
    const struct function *f = function_find(bytes_of(name));
    call->function = f;
    call->name = bytes_of(f->printed ? f->printed : f->name);
    analysis_set_arg(call, 0, x);
    analysis_set_arg(call, 1, y);
    return f->resolve(a, call);
}

/* Time moved by an interval; what was no time before is again what it was: '2024-01-01' + interval 1 day is a string. */
static bool moved(struct analysis *a,
                  struct expression *call,
                  bool minus,
                  const struct expression *time,
                  const struct expression *interval)
{
    const char *name = minus ? "time - interval" : "time + interval";
    if (!is_string(time)) {
        return becomes(a, call, name, time, interval);
    }
    const struct expression *args[] = { time, interval };
    const struct expression *inner = analysis_call(a, name, args, 2, call->span);
    if (!inner) {
        return false;
    }
    analysis_set_arg(call, 0, inner);
    call->kind = EXPRESSION_CAST;
    call->count = 1;
    call->type = time->type;
    call->implicit = true;
    call->cast_mode = a->settings->ansi ? CAST_ANSI : CAST_LEGACY;
    call->nullable = inner->nullable;
    return true;
}

static bool date_plus_days(struct analysis *a,
                           struct expression *call,
                           bool minus,
                           const struct expression *date,
                           const struct expression *interval)
{
    const struct expression *days =
        analysis_call(a, "extractansiintervaldays", &interval, 1, call->span);
    if (days && minus) {
        days = analysis_call(a, "unary -", &days, 1, call->span);
    }
    return days && becomes(a, call, "date_add", date, days);
}

/* What a string beside a date is read as. */
static const struct expression *read_beside_date(struct analysis *a, const struct expression *text)
{
    return analysis_cast(a, text, type_simple(a->settings->ansi ? TYPE_DATE : TYPE_DOUBLE));
}

static bool refuse(struct analysis *a, struct expression *call)
{
    return type_equal(call->args[0]->type, call->args[1]->type)
               ? refuse_operand_type(a, call, operation_of(call->function))
               : binary_types_differ(a, call);
}

static bool resolve_plus(struct analysis *a,
                         struct expression *call,
                         const struct expression *x,
                         const struct expression *y)
{
    if (is_date(x) && is_days(y)) {
        return date_plus_days(a, call, false, x, y);
    }
    if (is_days(x) && is_date(y)) {
        return date_plus_days(a, call, false, y, x);
    }
    if ((type_is_interval(x->type) && (is_void(y) || y->type->kind == x->type->kind)) ||
        (type_is_interval(y->type) && is_void(x))) {
        return becomes(a, call, "interval +", x, y);
    }
    if (is_micros(y) || (is_months(y) && is_time(x))) {
        return moved(a, call, false, x, y);
    }
    if (is_micros(x) || (is_months(x) && is_time(y))) {
        return moved(a, call, false, y, x);
    }
    if (is_date(x)) {
        return becomes(a, call, "date_add", x, is_string(y) ? read_beside_date(a, y) : y);
    }
    if (is_date(y)) {
        return becomes(a, call, "date_add", y, is_string(x) ? read_beside_date(a, x) : x);
    }
    return refuse(a, call);
}

static bool resolve_minus(struct analysis *a,
                          struct expression *call,
                          const struct expression *x,
                          const struct expression *y)
{
    if (is_date(x) && is_days(y)) {
        return date_plus_days(a, call, true, x, y);
    }
    if ((type_is_interval(x->type) && (is_void(y) || y->type->kind == x->type->kind)) ||
        (type_is_interval(y->type) && is_void(x))) {
        return becomes(a, call, "interval -", x, y);
    }
    if (is_micros(y) || (is_months(y) && is_time(x))) {
        return moved(a, call, true, x, y);
    }
    bool timestamps = (is_time(x) && !is_date(x)) || (is_time(y) && !is_date(y));
    bool dates = is_date(y) || (is_date(x) && is_string(y) && a->settings->ansi);
    if (!type_is_interval(x->type) && !type_is_interval(y->type) && (timestamps || dates)) {
        return becomes(a, call, "time - time", x, y);
    }
    if (is_date(x) && !type_is_interval(y->type)) {
        return becomes(a, call, "date_sub", x, is_string(y) ? read_beside_date(a, y) : y);
    }
    return refuse(a, call);
}

bool resolve_time_arithmetic(struct analysis *a, struct expression *call)
{
    const struct expression *x = call->args[0];
    const struct expression *y = call->args[1];
    switch (operation_of(call->function)) {
    case OPERATION_ADD: return resolve_plus(a, call, x, y);
    case OPERATION_SUBTRACT: return resolve_minus(a, call, x, y);
    case OPERATION_MULTIPLY:
        if (type_is_interval(x->type)) {
            return becomes(a, call, "interval *", x, y);
        }
        return type_is_interval(y->type) ? becomes(a, call, "interval *", y, x) : refuse(a, call);
    case OPERATION_DIVIDE:
        return type_is_interval(x->type) ? becomes(a, call, "interval /", x, y) : refuse(a, call);
    case OPERATION_REMAINDER:
    case OPERATION_PMOD:
    case OPERATION_WHOLE: break;
    }
    return refuse(a, call);
}
