/*
 * Options of CSV: see csv_options.h.
 *
 * Source: org.apache.spark.sql.catalyst.csv.CSVOptions of Spark 4.1.
 */
#include "expressions/csv_options.h"

#include <strings.h>

static const struct sql_condition one_character = { "_LEGACY_ERROR_TEMP_2145", "",
                                                    "SparkRuntimeException" };
static const struct sql_condition not_integer = { "_LEGACY_ERROR_TEMP_2146", "",
                                                  "SparkRuntimeException" };
static const struct sql_condition not_boolean = { "", "", "SparkException" };
static const struct sql_condition illegal = { "", "", "IllegalArgumentException" };
static const struct sql_condition bad_delimiter = {
    "INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER", "42602",
    "SparkIllegalArgumentException"
};
static const struct sql_condition lone_backslash = { "INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH",
                                                     "42602", "SparkIllegalArgumentException" };

void csv_options_init(struct csv_options *o)
{
    *o = (struct csv_options){
        .separator = bytes_of(","),
        .quote = '"',
        .escape = '\\',
        .enforce_schema = true,
        .escape_quotes = true,
        .prefer_date = true,
        .max_columns = 20480,
        .max_characters = -1,
        .null_value = bytes_of(""),
        .nan_value = bytes_of("NaN"),
        .positive_inf = bytes_of("Inf"),
        .negative_inf = bytes_of("-Inf"),
        .corrupt_column = bytes_of("_corrupt_record"),
    };
}

uint8_t csv_escape_escape(const struct csv_options *o)
{
    if (o->has_escape_escape) {
        return o->escape_escape;
    }
    return o->quote == o->escape ? 0 : o->escape;
}

static bool is_named(struct bytes text, const char *name)
{
    return strlen(name) == text.len && strncasecmp(name, (const char *)text.data, text.len) == 0;
}

/* --- the kinds of values --- */

static bool set_flag(bool *flag, struct bytes name, struct bytes value, struct sql_error *error)
{
    *flag = is_named(value, "true");
    return *flag || is_named(value, "false") ||
           sql_fail(error, &not_boolean, "%.*s flag can be true or false.", BYTES_ARG(name));
}

static bool set_character(uint8_t *character,
                          struct bytes name,
                          struct bytes value,
                          struct sql_error *error)
{
    if (value.len > 1) {
        return sql_fail(error, &one_character, "%.*s cannot be more than one character.",
                        BYTES_ARG(name));
    }
    if (value.len == 1 && value.data[0] >= 0x80) {
        return sql_fail(error, &one_character, "%.*s must be an ASCII character.", BYTES_ARG(name));
    }
    *character = value.len == 1 ? value.data[0] : 0;
    return true;
}

static bool set_integer(int64_t *number,
                        struct bytes name,
                        struct bytes value,
                        struct sql_error *error)
{
    int64_t n;
    if (!bytes_parse_i64(value, &n) || n < INT32_MIN || n > INT32_MAX) {
        return sql_fail(error, &not_integer, "%.*s should be an integer. Found %.*s.",
                        BYTES_ARG(name), BYTES_ARG(value));
    }
    *number = n;
    return true;
}

/* A separator's text, with its escapes: \t, \\ and their like. */
static bool set_separator(struct csv_options *o,
                          struct arena *arena,
                          struct bytes value,
                          struct sql_error *error)
{
    static const char escapes[] = "t\tr\rb\bf\f\"\"''\\\\";
    uint8_t *text = ARENA_NEW(arena, uint8_t, value.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (c != '\\') {
            text[len++] = c;
            continue;
        }
        if (i + 1 == value.len) {
            return sql_fail(error, &lone_backslash,
                            "Invalid value for delimiter. Single backslash is prohibited. It has "
                            "special meaning as beginning of an escape sequence. To get the "
                            "backslash character, pass a string with two backslashes as the "
                            "delimiter.");
        }
        struct bytes rest = { value.data + i + 1, value.len - i - 1 };
        const char *found = NULL;
        for (const char *e = escapes; *e; e += 2) {
            found = (uint8_t)*e == rest.data[0] ? e : found;
        }
        if (found) {
            text[len++] = (uint8_t)found[1];
            i++;
        } else if (bytes_starts_with(rest, bytes_of("u0000"))) {
            text[len++] = 0;
            i += 5;
        } else {
            return sql_fail(error, &bad_delimiter,
                            "Invalid value for delimiter. Unsupported special character for "
                            "delimiter: \\%c.",
                            rest.data[0]);
        }
    }
    o->separator = (struct bytes){ text, len };
    return true;
}

static bool set_line_separator(struct csv_options *o,
                               struct arena *arena,
                               struct bytes value,
                               struct sql_error *error)
{
    if (value.len == 0) {
        return sql_fail(error, &illegal,
                        "requirement failed: 'lineSep' cannot be an empty string.");
    }
    if (value.len > 2) {
        return sql_fail(error, &illegal,
                        "requirement failed: 'lineSep' can contain only 1 character.");
    }
    o->line_separator = arena_copy(arena, value);
    return true;
}

static bool set_quotes(struct csv_options *o, struct bytes value, struct sql_error *error)
{
    static const char *const names[] = { "STOP_AT_DELIMITER", "STOP_AT_CLOSING_QUOTE",
                                         "BACK_TO_DELIMITER", "SKIP_VALUE", "RAISE_ERROR" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (is_named(value, names[i])) {
            o->unescaped_quotes = (enum csv_quotes)i;
            return true;
        }
    }
    char upper[64];
    size_t len = value.len < sizeof(upper) ? value.len : sizeof(upper);
    for (size_t i = 0; i < len; i++) {
        uint8_t c = value.data[i];
        upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
    }
    return sql_fail(error, &illegal,
                    "No enum constant com.univocity.parsers.csv.UnescapedQuoteHandling.%.*s",
                    (int)len, upper);
}

/* --- by name --- */

static bool set_flags(struct csv_options *o,
                      struct bytes name,
                      struct bytes value,
                      bool *out_known,
                      struct sql_error *error)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        { "header", &o->header },
        { "inferSchema", &o->infer_schema },
        { "ignoreLeadingWhiteSpace", &o->skip_leading_blanks },
        { "ignoreTrailingWhiteSpace", &o->skip_trailing_blanks },
        { "preferDate", &o->prefer_date },
        { "escapeQuotes", &o->escape_quotes },
        { "quoteAll", &o->quote_all },
        { "enforceSchema", &o->enforce_schema },
    };
    *out_known = true;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (is_named(name, flags[i].name)) {
            o->has_leading_blanks |= flags[i].flag == &o->skip_leading_blanks;
            o->has_trailing_blanks |= flags[i].flag == &o->skip_trailing_blanks;
            return set_flag(flags[i].flag, bytes_of(flags[i].name), value, error);
        }
    }
    if (is_named(name, "multiLine")) {
        o->multi_line = is_named(value, "true");
        return o->multi_line || is_named(value, "false") ||
               sql_fail(error, &illegal, "For input string: \"%.*s\"", BYTES_ARG(value));
    }
    *out_known = false;
    return true;
}

static bool set_texts(struct csv_options *o,
                      struct arena *arena,
                      struct bytes name,
                      struct bytes value)
{
    const struct {
        const char *name;
        struct bytes *text;
    } texts[] = {
        { "nullValue", &o->null_value },
        { "emptyValue", &o->empty_value },
        { "nanValue", &o->nan_value },
        { "positiveInf", &o->positive_inf },
        { "negativeInf", &o->negative_inf },
        { "columnNameOfCorruptRecord", &o->corrupt_column },
        { "dateFormat", &o->date_format },
        { "timestampFormat", &o->timestamp_format },
        { "timestampNTZFormat", &o->timestamp_ntz_format },
        { "timeZone", &o->zone },
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (is_named(name, texts[i].name)) {
            *texts[i].text = arena_copy(arena, value);
            return true;
        }
    }
    return false;
}

static bool set_characters(struct csv_options *o,
                           struct bytes name,
                           struct bytes value,
                           bool *out_known,
                           struct sql_error *error)
{
    const struct {
        const char *name;
        uint8_t *character;
    } characters[] = {
        { "quote", &o->quote },
        { "escape", &o->escape },
        { "comment", &o->comment },
        { "charToEscapeQuoteEscaping", &o->escape_escape },
    };
    *out_known = true;
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        if (is_named(name, characters[i].name)) {
            bool escape = characters[i].character == &o->escape_escape;
            o->has_escape_escape = o->has_escape_escape || (escape && value.len > 0);
            return set_character(characters[i].character, bytes_of(characters[i].name), value,
                                 error);
        }
    }
    *out_known = false;
    return true;
}

bool csv_options_set(struct csv_options *o,
                     struct arena *arena,
                     struct bytes name,
                     struct bytes value,
                     struct sql_error *error)
{
    bool known;
    if (!set_flags(o, name, value, &known, error) || known) {
        return !sql_failed(error);
    }
    if (!set_characters(o, name, value, &known, error) || known ||
        set_texts(o, arena, name, value)) {
        return !sql_failed(error);
    }
    if (is_named(name, "sep") || is_named(name, "delimiter")) {
        return set_separator(o, arena, value, error);
    }
    if (is_named(name, "maxColumns")) {
        return set_integer(&o->max_columns, bytes_of("maxColumns"), value, error);
    }
    if (is_named(name, "maxCharsPerColumn")) {
        return set_integer(&o->max_characters, bytes_of("maxCharsPerColumn"), value, error);
    }
    if (is_named(name, "lineSep")) {
        return set_line_separator(o, arena, value, error);
    }
    if (is_named(name, "unescapedQuoteHandling")) {
        return set_quotes(o, value, error);
    }
    if (is_named(name, "mode")) {
        o->mode = is_named(value, "FAILFAST")        ? CSV_FAIL_FAST
                  : is_named(value, "DROPMALFORMED") ? CSV_DROP_MALFORMED
                                                     : CSV_PERMISSIVE;
    }
    return true;
}
