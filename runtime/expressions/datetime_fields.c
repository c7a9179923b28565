/*
 * Parts of dates, times and intervals: year(x) ... second(x), extract, date_part, dayname. See datetime_functions.h.
 */
#include "columns/builder.h"
#include "columns/calendar.h"
#include "columns/decimal.h"
#include "expressions/analysis_parts.h"
#include "expressions/coercion.h"
#include "expressions/datetime_format.h"
#include "expressions/datetime_functions.h"
#include "expressions/datetime_text.h"
#include "expressions/interval.h"

static const struct sql_condition invalid_field = { "INVALID_EXTRACT_FIELD", "42601",
                                                    "AnalysisException" };

/* --- of dates --- */

enum part {
    PART_YEAR,
    PART_QUARTER,
    PART_MONTH,
    PART_WEEK,
    PART_DAY,
    PART_DAY_OF_WEEK,
    PART_WEEKDAY,
    PART_DAY_OF_YEAR,
    PART_YEAR_OF_WEEK,
    PART_ISO_DAY_OF_WEEK,
    PART_HOUR,
    PART_MINUTE,
    PART_SECOND,
};

static enum part part_of(const struct expression *call)
{
    static const char *const names[] = {
        "year",      "quarter", "month",     "weekofyear",   "day dayofmonth",
        "dayofweek", "weekday", "dayofyear", "year-of-week", "iso-day-of-week",
        "hour",      "minute",  "second"
    };
    return (enum part)datetime_find_word(bytes_of(call->function->name), names, 13);
}

static int32_t part_of_day(enum part part, int64_t day)
{
    int32_t year = 0;
    switch (part) {
    case PART_YEAR: return calendar_date(day).year;
    case PART_QUARTER: return (calendar_date(day).month - 1) / 3 + 1;
    case PART_MONTH: return calendar_date(day).month;
    case PART_DAY: return calendar_date(day).day;
    case PART_WEEK: return calendar_iso_week(day, &year);
    case PART_YEAR_OF_WEEK: (void)calendar_iso_week(day, &year); return year;
    case PART_DAY_OF_WEEK: return calendar_weekday(day) % 7 + 1;
    case PART_WEEKDAY: return calendar_weekday(day) - 1;
    case PART_ISO_DAY_OF_WEEK: return calendar_weekday(day);
    case PART_DAY_OF_YEAR: return calendar_day_of_year(day);
    case PART_HOUR:
    case PART_MINUTE:
    case PART_SECOND: break;
    }
    return 0;
}

struct column *date_field(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    (void)ev;
    enum part part = part_of(call);
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            ((int32_t *)v.values)[i] = part_of_day(part, column_integer(args[0], i));
        }
    }
    return vector_finish(&v);
}

struct column *time_field(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    enum part part = part_of(call);
    const struct zone *zone = ev->settings->zone;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int64_t of_day = 0;
        (void)calendar_day_of_micros(datetime_local(zone, args[0], i), &of_day);
        struct clock_time clock = calendar_clock(of_day);
        ((int32_t *)v.values)[i] = part == PART_HOUR     ? clock.hour
                                   : part == PART_MINUTE ? clock.minute
                                                         : clock.second;
    }
    return vector_finish(&v);
}

bool resolve_second_with_fraction(struct analysis *a, struct expression *call)
{
    if (!datetime_take(a, call, 0, 'T', "\"TIMESTAMP\"")) {
        return false;
    }
    call->type = type_decimal(a->arena, 8, 6);
    call->nullable = arguments_nullable(call);
    return true;
}

struct column *second_with_fraction(struct evaluation *ev,
                                    const struct expression *call,
                                    struct column *const *args,
                                    const struct rows *rows)
{
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            int64_t rest = datetime_local(ev->settings->zone, args[0], i) % MICROS_PER_MINUTE;
            ((int128 *)v.values)[i] = rest < 0 ? rest + MICROS_PER_MINUTE : rest;
        }
    }
    return vector_finish(&v);
}

struct column *field_name(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    (void)ev;
    bool day = strcmp(call->function->name, "dayname") == 0;
    struct builder *b = builder_new(call->type);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
            continue;
        }
        int32_t index = part_of_day(day ? PART_WEEKDAY : PART_MONTH, column_integer(args[0], i));
        builder_text(b, bytes_of(pattern_word(day ? FIELD_WEEKDAY : FIELD_MONTH, false,
                                              day ? index : index - 1)));
    }
    return builder_finish(b);
}

/* --- of intervals --- */

static enum interval_unit unit_of(const struct expression *call)
{
    static const char *const names[] = { "year", "month", "day", "hour", "minute", "second" };
    struct bytes name = bytes_of(call->function->name + strlen("interval "));
    int unit = datetime_find_word(name, names, 6);
    return unit < 0 ? UNIT_SECOND : (enum interval_unit)unit;
}

bool resolve_interval_field(struct analysis *a, struct expression *call)
{
    enum interval_unit unit = unit_of(call);
    enum type_kind kind = unit <= UNIT_MONTH ? TYPE_INTERVAL_MONTHS : TYPE_INTERVAL_TIME;
    if (call->args[0]->type->kind != kind) {
        return analysis_unexpected_type(a, call, 0, "\"INTERVAL\"");
    }
    call->type = unit == UNIT_SECOND                     ? type_decimal(a->arena, 8, 6)
                 : unit == UNIT_YEAR || unit == UNIT_DAY ? type_simple(TYPE_INT)
                                                         : type_simple(TYPE_TINYINT);
    call->nullable = arguments_nullable(call);
    return true;
}

struct column *interval_field(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows)
{
    static const int64_t rounds[] = {
        [UNIT_MONTH] = 12, [UNIT_HOUR] = 24, [UNIT_MINUTE] = 60, [UNIT_SECOND] = MICROS_PER_MINUTE
    };
    (void)ev;
    enum interval_unit unit = unit_of(call);
    int64_t size = unit == UNIT_SECOND ? 1 : interval_unit_size(unit);
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        int64_t value = column_integer(args[0], i) / size;
        value = rounds[unit] ? value % rounds[unit] : value;
        switch (call->type->kind) {
        case TYPE_TINYINT: ((int8_t *)v.values)[i] = (int8_t)value; break;
        case TYPE_INT: ((int32_t *)v.values)[i] = (int32_t)value; break;
        default: ((int128 *)v.values)[i] = value; break;
        }
    }
    return vector_finish(&v);
}

/* --- extract --- */

/* The function that gives a field; NULL: there is none. */
static const char *function_for(struct bytes field, const struct type *source)
{
    static const char *const words[] = { "year y years yr yrs",
                                         "yearofweek",
                                         "quarter qtr",
                                         "month mon mons months",
                                         "week w weeks",
                                         "day d days",
                                         "dayofweek dow",
                                         "dayofweek_iso dow_iso",
                                         "doy",
                                         "hour h hours hr hrs",
                                         "minute m min mins minutes",
                                         "second s sec seconds secs" };
    static const char *const functions[] = {
        "year",      "year-of-week",    "quarter",   "month", "weekofyear", "day",
        "dayofweek", "iso-day-of-week", "dayofyear", "hour",  "minute",     "second-with-fraction"
    };
    static const char *const of_months[] = { "interval year", NULL, NULL, "interval month" };
    static const char *const of_time[] = { [5] = "interval day",
                                           [9] = "interval hour",
                                           [10] = "interval minute",
                                           [11] = "interval second" };
    int word = datetime_find_word(field, words, 12);
    if (word < 0) {
        return NULL;
    }
    if (source->kind == TYPE_INTERVAL_MONTHS) {
        return word < 4 ? of_months[word] : NULL;
    }
    return source->kind == TYPE_INTERVAL_TIME ? of_time[word] : functions[word];
}

bool resolve_extract(struct analysis *a, struct expression *call)
{
    struct scalar field;
    if (!analysis_constant(a, call->args[0], &field)) {
        return analysis_unexpected_type(a, call, 0, "foldable \"STRING\"");
    }
    const struct expression *source = call->args[1];
    const char *name = field.type->kind == TYPE_STRING && !field.null
                           ? function_for(field.text, source->type)
                           : NULL;
    if (name) {
        return analysis_replace(call, analysis_call(a, name, &source, 1, call->span));
    }
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    expression_print_sql(&text, source);
    (void)sql_fail(a->error, &invalid_field, "Cannot extract `%.*s` from \"%.*s\".",
                   BYTES_ARG(field.text), BYTES_ARG(buffer_bytes(&text)));
    sql_error_add_line(a->error, a->source, call->span);
    buffer_finish(&text);
    return false;
}
