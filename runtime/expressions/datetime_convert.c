/*
 * Dates and times from text and to text, by patterns: to_date, to_timestamp, unix_timestamp, from_unixtime, date_format.
 */
#include "columns/builder.h"
#include "columns/calendar.h"
#include "expressions/coercion.h"
#include "expressions/datetime_format.h"
#include "expressions/datetime_functions.h"
#include "expressions/datetime_text.h"
#include "expressions/sql_conditions.h"

static const struct sql_condition upgrade = {
    "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN_RECOGNITION", "42K0B",
    "SparkUpgradeException"
};
static const struct sql_condition week_based = {
    "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_WEEK_BASED_PATTERN", "42K0B",
    "SparkIllegalArgumentException"
};
static const struct sql_condition illegal = { "INVALID_DATETIME_PATTERN.ILLEGAL_CHARACTER", "22007",
                                              "SparkIllegalArgumentException" };
static const struct sql_condition length = { "INVALID_DATETIME_PATTERN.LENGTH", "22007",
                                             "SparkIllegalArgumentException" };
static const struct sql_condition unknown = { "INVALID_DATETIME_PATTERN.WITH_SUGGESTION", "22007",
                                              "SparkRuntimeException" };
static const struct sql_condition cannot_parse = { "CANNOT_PARSE_TIMESTAMP", "22007",
                                                   "SparkDateTimeException" };

static const char *const guide =
    "https://spark.apache.org/docs/latest/sql-ref-datetime-pattern.html";

static const struct expression nowhere = { .span = { -1, -1 } };

/* Says what is wrong with a pattern. */
static void refuse_pattern(struct evaluation *ev,
                           struct bytes text,
                           const struct pattern_fault *fault)
{
    static const char upgraded[] =
        "You may get a different result due to the upgrading to Spark >= 3.0:\n";
    if (fault->was_known) {
        (void)evaluation_fail(ev, &nowhere, &upgrade,
                              "%sFail to recognize '%.*s' pattern in the DateTimeFormatter.\n"
                              "1) You can set \"spark.sql.legacy.timeParserPolicy\" to \"LEGACY\" "
                              "to restore the behavior before Spark 3.0.\n"
                              "2) You can form a valid datetime pattern with the guide from '%s'.",
                              upgraded, BYTES_ARG(text), guide);
        return;
    }
    switch (fault->problem) {
    case PATTERN_WEEK_BASED:
        (void)evaluation_fail(ev, &nowhere, &week_based,
                              "%sAll week-based patterns are unsupported since Spark 3.0, detected "
                              "week-based character: %c.\nPlease use the SQL function EXTRACT "
                              "instead.",
                              upgraded, fault->letter);
        return;
    case PATTERN_ILLEGAL:
        (void)evaluation_fail(
            ev, &nowhere, &illegal,
            "Unrecognized datetime pattern: %.*s. Illegal pattern character found "
            "in datetime pattern: %c. Please provide legal character.",
            BYTES_ARG(text), fault->letter);
        return;
    case PATTERN_LENGTH:
        (void)evaluation_fail(ev, &nowhere, &length,
                              "Unrecognized datetime pattern: %.*s. Too many letters in datetime "
                              "pattern: %s. Please reduce pattern length.",
                              BYTES_ARG(text), fault->style);
        return;
    case PATTERN_GOOD:
    case PATTERN_WRONG: break;
    }
    struct buffer quoted;
    buffer_init(&quoted, SQL_ERROR_MAX);
    for (size_t i = 0; i < text.len; i++) {
        buffer_append_text(&quoted, text.data[i] == '\'' || text.data[i] == '\\' ? "\\" : "");
        buffer_append(&quoted, &text.data[i], 1);
    }
    (void)evaluation_fail(ev, &nowhere, &unknown,
                          "Unrecognized datetime pattern: '%.*s'. You can form a valid datetime "
                          "pattern with the guide from '%s'.",
                          BYTES_ARG(buffer_bytes(&quoted)), guide);
    buffer_finish(&quoted);
}

/* The pattern of one row: compiled anew only where it is another than that of the row before. */
struct pattern_cache {
    bool made;
    bool reading;
    struct bytes text;
    struct pattern pattern;
};

static bool use_pattern(struct evaluation *ev, struct pattern_cache *c, struct bytes text)
{
    struct pattern_fault fault;
    if (c->made && bytes_equal(c->text, text)) {
        return true;
    }
    if (c->made) {
        pattern_free(&c->pattern);
    }
    c->text = text;
    c->made = pattern_compile(text, c->reading, &c->pattern, &fault);
    if (!c->made) {
        refuse_pattern(ev, text, &fault);
    }
    return c->made;
}

static void drop_pattern(struct pattern_cache *c)
{
    if (c->made) {
        pattern_free(&c->pattern);
    }
}

/* --- to text --- */

/* date_format(timestamp, pattern), from_unixtime(seconds, pattern). */
struct column *format_time(struct evaluation *ev,
                           const struct expression *call,
                           struct column *const *args,
                           const struct rows *rows)
{
    struct pattern_cache cache = { 0 };
    struct builder *b = builder_new(call->type);
    struct buffer text;
    const struct zone *zone = ev->settings->zone;
    bool seconds = args[0]->type->kind == TYPE_BIGINT;
    bool good = true;
    buffer_init(&text, 1 << 20);
    builder_reserve(b, rows->count);
    for (int32_t i = 0; good && i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
            continue;
        }
        int64_t utc = column_integer(args[0], i);
        if (seconds) {
            utc = (int64_t)((uint64_t)utc * (uint64_t)MICROS_PER_SECOND);
        }
        int64_t local = zone_local_micros(zone, utc);
        good = use_pattern(ev, &cache, column_text(args[1], i));
        if (!good) {
            break;
        }
        buffer_clear(&text);
        good = pattern_print(&cache.pattern, ev->settings, local,
                             zone_offset(zone, datetime_floor(utc, MICROS_PER_SECOND)), &text);
        if (!good) {
            (void)evaluation_fail(ev, &nowhere, &sql_java_datetime,
                                  "A field cannot be printed as the value exceeds the maximum "
                                  "print width");
        }
        builder_text(b, buffer_bytes(&text));
    }
    drop_pattern(&cache);
    buffer_finish(&text);
    if (!good) {
        builder_free(b);
        return NULL;
    }
    return builder_finish(b);
}

/* --- from text --- */

/* What a function makes of a time that was read. */
static int64_t result_of(const struct evaluation *ev,
                         const struct expression *call,
                         const struct pattern_time *t)
{
    int64_t utc = t->local;
    switch (call->type->kind) {
    case TYPE_TIMESTAMP_NTZ: return t->local;
    case TYPE_TIMESTAMP:
    case TYPE_BIGINT:
    case TYPE_DATE:
    default:
        utc = t->has_offset ? t->local - t->offset * MICROS_PER_SECOND
                            : zone_utc_micros(t->has_zone ? t->zone : ev->settings->zone, t->local);
    }
    if (call->type->kind == TYPE_BIGINT) {
        return utc / MICROS_PER_SECOND;
    }
    return call->type->kind == TYPE_DATE
               ? datetime_floor(zone_local_micros(ev->settings->zone, utc), MICROS_PER_DAY)
               : utc;
}

struct column *parse_time(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    struct pattern_cache cache = { .reading = true };
    struct vector v = vector_new(call->type, rows);
    bool tries = !ev->settings->ansi || strncmp(call->function->name, "try", 3) == 0;
    bool date = call->type->kind == TYPE_DATE;
    bool good = true;
    for (int32_t i = 0; good && i < rows->count; i++) {
        struct pattern_time time;
        char message[PATTERN_MESSAGE_MAX];
        if (!row_counts(rows, i)) {
            continue;
        }
        good = use_pattern(ev, &cache, column_text(args[1], i));
        if (!good) {
            break;
        }
        if (pattern_read(&cache.pattern, ev->settings, column_text(args[0], i), &time, message)) {
            int64_t value = result_of(ev, call, &time);
            if (date) {
                ((int32_t *)v.values)[i] = (int32_t)value;
            } else {
                ((int64_t *)v.values)[i] = value;
            }
        } else if (tries) {
            vector_null(&v, i);
        } else {
            good = false;
            (void)evaluation_fail(ev, &nowhere, &cannot_parse,
                                  "%s. Use `%s` to tolerate invalid input string and return NULL "
                                  "instead.",
                                  message, date ? "try_to_date" : "try_to_timestamp");
        }
    }
    drop_pattern(&cache);
    if (!good) {
        vector_drop(&v);
        return NULL;
    }
    return vector_finish(&v);
}
