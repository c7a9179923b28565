/*
 * Dates and times: see function.h. What the functions do is in datetime_*.c; here is the table.
 */
#include "expressions/datetime_functions.h"

/* "extract(year FROM x)". */
static void print_extract(struct buffer *out,
                          const struct expression *call,
                          expression_printer *argument)
{
    buffer_append_text(out, "extract(");
    expression_print_name(out, call->args[0]);
    buffer_append_text(out, " FROM ");
    argument(out, call->args[1]);
    buffer_append_text(out, ")");
}

/* "a + b", without parentheses, as Spark prints times that intervals are added to. */
static void print_bare(struct buffer *out,
                       const struct expression *call,
                       expression_printer *argument)
{
    argument(out, call->args[0]);
    buffer_printf(out, " %.*s ", BYTES_ARG(call->name));
    argument(out, call->args[1]);
}

/* A part of a date or a time, as an int. */
#define DATE_FIELD(name_)                                                   \
    {                                                                       \
        .name = name_, .takes = "D", .returns = 'i', .evaluate = date_field \
    }
#define TIME_FIELD(name_)                                                   \
    {                                                                       \
        .name = name_, .takes = "T", .returns = 'i', .evaluate = time_field \
    }
#define INTERVAL_FIELD(name_)                                                                      \
    {                                                                                              \
        .name = name_, .takes = "x", .resolve = resolve_interval_field, .evaluate = interval_field \
    }
#define CURRENT(name_, evaluate_)                                                   \
    {                                                                               \
        .name = name_, .takes = "", .tells_time = true, .resolve = resolve_current, \
        .evaluate = evaluate_                                                       \
    }
#define TO_TIME(name_)                                                                     \
    {                                                                                      \
        .name = name_, .takes = "x[x]", .resolve = resolve_to_time, .evaluate = parse_time \
    }
#define MAKE_TIMESTAMP(name_)                                                   \
    {                                                                           \
        .name = name_, .takes = "xxxxxx[x]", .resolve = resolve_make_timestamp, \
        .evaluate = make_timestamp                                              \
    }
#define DATE_ADD(name_, printed_)                                                       \
    {                                                                                   \
        .name = name_, .printed = printed_, .takes = "xx", .resolve = resolve_date_add, \
        .evaluate = date_add                                                            \
    }
#define OPERATOR(name_, printed_, resolve_, evaluate_, print_)                  \
    {                                                                           \
        .name = name_, .printed = printed_, .takes = "xx", .resolve = resolve_, \
        .evaluate = evaluate_, .print = print_                                  \
    }

const struct function functions_datetime[] = {
    DATE_FIELD("year"),
    DATE_FIELD("quarter"),
    DATE_FIELD("month"),
    DATE_FIELD("weekofyear"),
    DATE_FIELD("day"),
    DATE_FIELD("dayofmonth"),
    DATE_FIELD("dayofweek"),
    DATE_FIELD("weekday"),
    DATE_FIELD("dayofyear"),
    DATE_FIELD("year-of-week"),
    DATE_FIELD("iso-day-of-week"),
    TIME_FIELD("hour"),
    TIME_FIELD("minute"),
    TIME_FIELD("second"),
    { .name = "second-with-fraction",
      .takes = "x",
      .resolve = resolve_second_with_fraction,
      .evaluate = second_with_fraction },
    INTERVAL_FIELD("interval year"),
    INTERVAL_FIELD("interval month"),
    INTERVAL_FIELD("interval day"),
    INTERVAL_FIELD("interval hour"),
    INTERVAL_FIELD("interval minute"),
    INTERVAL_FIELD("interval second"),
    { .name = "dayname", .takes = "D", .returns = 's', .evaluate = field_name },
    { .name = "monthname", .takes = "D", .returns = 's', .evaluate = field_name },
    { .name = "extract", .takes = "xx", .resolve = resolve_extract, .print = print_extract },
    { .name = "date_part", .takes = "xx", .resolve = resolve_extract },
    { .name = "datepart", .takes = "xx", .resolve = resolve_extract },

    { .name = "date_trunc",
      .takes = "sT",
      .returns = 'T',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = date_trunc },
    { .name = "trunc",
      .takes = "Ds",
      .returns = 'D',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = trunc_date },
    { .name = "last_day", .takes = "D", .returns = 'D', .evaluate = last_day },
    { .name = "next_day",
      .takes = "Ds",
      .returns = 'D',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = next_day },
    DATE_ADD("date_add", NULL),
    DATE_ADD("date_sub", NULL),
    DATE_ADD("dateadd", "date_add"),
    { .name = "add_months", .takes = "Di", .returns = 'D', .evaluate = add_months },
    { .name = "datediff", .takes = "DD", .returns = 'i', .evaluate = date_diff },
    { .name = "date_diff", .takes = "DD", .returns = 'i', .evaluate = date_diff },
    { .name = "months_between",
      .takes = "xx[x]",
      .resolve = resolve_months_between,
      .evaluate = months_between },
    { .name = "timestampdiff", .takes = "sTT", .returns = 'l', .evaluate = timestamp_diff },
    { .name = "timestampadd",
      .takes = "xxx",
      .resolve = resolve_timestamp_add,
      .evaluate = timestamp_add },

    { .name = "make_date", .takes = "xxx", .resolve = resolve_make_date, .evaluate = make_date },
    MAKE_TIMESTAMP("make_timestamp"),
    MAKE_TIMESTAMP("make_timestamp_ltz"),
    MAKE_TIMESTAMP("make_timestamp_ntz"),
    MAKE_TIMESTAMP("try_make_timestamp"),
    { .name = "make_dt_interval",
      .takes = "[xxxx]",
      .resolve = resolve_make_interval,
      .evaluate = make_interval },
    { .name = "make_ym_interval",
      .takes = "[xx]",
      .resolve = resolve_make_interval,
      .evaluate = make_interval },

    TO_TIME("to_date"),
    TO_TIME("try_to_date"),
    TO_TIME("to_timestamp"),
    TO_TIME("to_timestamp_ltz"),
    TO_TIME("to_timestamp_ntz"),
    TO_TIME("try_to_timestamp"),
    { .name = "unix_timestamp",
      .takes = "[xx]",
      .tells_time = true,
      .resolve = resolve_unix_time,
      .evaluate = unix_time },
    { .name = "to_unix_timestamp",
      .takes = "x[x]",
      .resolve = resolve_unix_time,
      .evaluate = unix_time },
    { .name = "from_unixtime",
      .takes = "x[x]",
      .resolve = resolve_from_unixtime,
      .evaluate = format_time },
    { .name = "date_format", .takes = "Ts", .returns = 's', .evaluate = format_time },

    { .name = "timestamp_seconds",
      .takes = "x",
      .resolve = resolve_timestamp_seconds,
      .evaluate = timestamp_of_units },
    { .name = "timestamp_millis", .takes = "l", .returns = 'T', .evaluate = timestamp_of_units },
    { .name = "timestamp_micros", .takes = "l", .returns = 'T', .evaluate = timestamp_of_units },
    { .name = "unix_seconds", .takes = "T", .returns = 'l', .evaluate = units_of_timestamp },
    { .name = "unix_millis", .takes = "T", .returns = 'l', .evaluate = units_of_timestamp },
    { .name = "unix_micros", .takes = "T", .returns = 'l', .evaluate = units_of_timestamp },
    { .name = "unix_date", .takes = "D", .returns = 'i', .evaluate = date_of_days },
    { .name = "date_from_unix_date", .takes = "i", .returns = 'D', .evaluate = date_of_days },
    { .name = "from_utc_timestamp", .takes = "Ts", .returns = 'T', .evaluate = shift_zone },
    { .name = "to_utc_timestamp", .takes = "Ts", .returns = 'T', .evaluate = shift_zone },
    { .name = "convert_timezone",
      .takes = "xx[x]",
      .resolve = resolve_convert_timezone,
      .evaluate = convert_timezone },

    CURRENT("current_date", current_time),
    CURRENT("curdate", current_time),
    CURRENT("current_timestamp", current_time),
    CURRENT("now", current_time),
    CURRENT("localtimestamp", current_time),
    CURRENT("current_timezone", current_zone),

    /* what operators become; none of these can be written as a function's name without quotes */
    { .name = "extractansiintervaldays",
      .takes = "m",
      .returns = 'i',
      .evaluate = add_interval_days },
    OPERATOR("time + interval", "+", resolve_time_plus, time_plus, print_bare),
    OPERATOR("time - interval", "-", resolve_time_plus, time_plus, print_bare),
    OPERATOR("time - time", "-", resolve_time_minus, time_minus, print_infix),
    OPERATOR("interval +", "+", resolve_interval_math, interval_sum, print_infix),
    OPERATOR("interval -", "-", resolve_interval_math, interval_sum, print_infix),
    OPERATOR("interval *", "*", resolve_interval_math, interval_scaled, print_infix),
    OPERATOR("interval /", "/", resolve_interval_math, interval_scaled, print_infix),
    { 0 },
};
