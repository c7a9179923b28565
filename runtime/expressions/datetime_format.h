/*
 * Patterns of dates and times: "yyyy-MM-dd HH:mm:ss". Internal to expressions.
 *
 * The letters of java.time.format.DateTimeFormatter that Spark allows, with the same meaning, for writing and for reading:
 *
 *     G era   y year   M L month   d day   D day of year   E weekday   F week in month   Q q quarter
 *     a AM, PM   H k K h hour   m minute   s second   S fraction   V z zone   O X x Z offset   [ ] may be missing   ' quotes
 *
 * Source: DateTimeFormatterHelper, TimestampFormatter of Spark 4.1; DateTimeFormatterBuilder of Java 17.
 * Ownership: a pattern owns its items; it borrows its text. Thread: any, once compiled.
 */
#pragma once

#include "base/buffer.h"
#include "columns/settings.h"

enum pattern_kind {
    PATTERN_LITERAL,
    PATTERN_NUMBER,
    PATTERN_REDUCED, /* a year's last two digits */
    PATTERN_FRACTION,
    PATTERN_TEXT,
    PATTERN_OFFSET,
    PATTERN_GMT, /* "GMT+3" */
    PATTERN_ZONE_ID,
    PATTERN_ZONE_NAME,
    PATTERN_OPEN, /* of a part that may be missing */
    PATTERN_CLOSE,
};

enum pattern_field {
    FIELD_ERA,
    FIELD_YEAR,
    FIELD_YEAR_OF_ERA,
    FIELD_QUARTER,
    FIELD_MONTH,
    FIELD_DAY,
    FIELD_DAY_OF_YEAR,
    FIELD_WEEKDAY,
    FIELD_WEEKDAY_IN_MONTH,
    FIELD_AMPM,
    FIELD_HOUR,
    FIELD_CLOCK_HOUR,
    FIELD_HOUR_OF_AMPM,
    FIELD_CLOCK_HOUR_OF_AMPM,
    FIELD_MINUTE,
    FIELD_SECOND,
    FIELD_NANO,
    FIELD_COUNT,
};

enum pattern_sign {
    SIGN_NORMAL,
    SIGN_NEVER,      /* not negative */
    SIGN_EXCEEDS_PAD /* a plus where there are more digits than asked for */
};

struct pattern_item {
    enum pattern_kind kind;
    enum pattern_field field;
    enum pattern_sign sign;
    int32_t least; /* digits */
    int32_t most;
    int32_t following; /* digits that numbers right behind it need (reading) */
    bool fixed;        /* takes exactly so many digits */
    bool full;         /* text: in full */
    uint8_t style;     /* offsets: how many X; */
    bool zero;         /* offsets: Z for none */
    const char *none;  /* offsets: the text for none */
    struct bytes text; /* literal */
    int32_t close;     /* open: the item that closes it */
};

struct pattern {
    int32_t count;
    int32_t capacity;
    struct pattern_item *items;
};

enum pattern_problem {
    PATTERN_GOOD,
    PATTERN_WEEK_BASED, /* letters of weeks: Y w W u e c */
    PATTERN_ILLEGAL,    /* letters that Spark forbids */
    PATTERN_LENGTH,     /* MMMMM, and the like */
    PATTERN_WRONG,      /* Java does not know it */
};

struct pattern_fault {
    enum pattern_problem problem;
    char letter;
    char style[16]; /* PATTERN_LENGTH */
    bool was_known; /* by Spark before 3.0 */
};

enum { PATTERN_MAX = 4096, PATTERN_MAX_DEPTH = 16 };

/* False: *out_fault says why, and there is nothing to free. */
bool pattern_compile(struct bytes text,
                     bool reading,
                     struct pattern *out,
                     struct pattern_fault *out_fault);
void pattern_free(struct pattern *p);

/* A local time, `offset` seconds from UTC in the session's zone, appended. False: a field has no place in its width. */
bool pattern_print(const struct pattern *p,
                   const struct sql_settings *settings,
                   int64_t local,
                   int32_t offset,
                   struct buffer *out);

enum { PATTERN_MESSAGE_MAX = 512 };

/* Microseconds of local time, and a zone when the text has one. False: `message` says why, as Java does. */
struct pattern_time {
    int64_t local;
    bool has_zone;
    bool has_offset;
    int32_t offset;
    const struct zone *zone;
};

bool pattern_read(const struct pattern *p,
                  const struct sql_settings *settings,
                  struct bytes text,
                  struct pattern_time *out,
                  char message[PATTERN_MESSAGE_MAX]);

/* "MonthOfYear (valid values 1 - 12): 13" and so on, as java.time complains about a date. False: it is one. */
bool datetime_complain_date(int64_t year, int64_t month, int64_t day, char *out, size_t size);

/* The words that text fields have, from 0: months, weekdays (Monday first), AM and PM, eras, quarters. */
const char *pattern_word(enum pattern_field field, bool full, int32_t index);

/* "EST", "Eastern Standard Time"; NULL: not known. */
const char *datetime_zone_name(const char *region, bool summer, bool full);
