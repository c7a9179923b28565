/*
 * What formats of written files have in common: see file_encoder.h.
 */
#include "sinks/file_encoder.h"

#include <strings.h>

#include "expressions/datetime_text.h"
#include "sinks/sink_error.h"

static const struct sql_condition bad_type = { "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE", "0A000",
                                               "AnalysisException" };
static const struct sql_condition bad_charset = { "INVALID_PARAMETER_VALUE.CHARSET", "22023",
                                                  "SparkIllegalArgumentException" };
static const struct sql_condition bad_zone = { "INVALID_TIMEZONE", "22009",
                                               "SparkDateTimeException" };

bool file_encoder_refuse(const char *label, const struct field *field, struct sql_error *error)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    type_print_sql(&text, field->type);
    (void)sql_fail(error, &bad_type,
                   "The %s datasource doesn't support the column `%.*s` of the type \"%.*s\".",
                   label, BYTES_ARG(field->name), BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

bool file_encoder_line_end(const struct options *o, struct bytes *out, struct sql_error *error)
{
    *out = options_get(o, "lineSep");
    if (!bytes_is_null(*out) && out->len == 0) {
        return sql_fail(error, &sink_illegal_argument,
                        "requirement failed: 'lineSep' cannot be an empty string.");
    }
    *out = bytes_is_null(*out) ? bytes_of("\n") : *out;
    return true;
}

static bool is_named(struct bytes text, const char *name)
{
    return text.len == strlen(name) && strncasecmp((const char *)text.data, name, text.len) == 0;
}

static bool check_charset(const struct options *o, const char *where, struct sql_error *error)
{
    static const char *const others[] = { "iso-8859-1", "utf-16", "utf-16be", "utf-16le",
                                          "utf-32" };
    struct bytes charset = options_get(o, "encoding");
    charset = bytes_is_null(charset) ? options_get(o, "charset") : charset;
    if (bytes_is_null(charset) || is_named(charset, "UTF-8") || is_named(charset, "US-ASCII")) {
        return true;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (is_named(charset, others[i])) {
            return sql_fail(error, &sink_illegal_argument,
                            "Files in the encoding %s are not written here: UTF-8 is", others[i]);
        }
    }
    return sql_fail(
        error, &bad_charset,
        "The value of parameter(s) `charset` in `%s` is invalid: expects one of the "
        "iso-8859-1, us-ascii, utf-16, utf-16be, utf-16le, utf-32, utf-8, but got %.*s.",
        where, BYTES_ARG(charset));
}

bool file_encoder_check(const struct file_encoding *what,
                        const char *where,
                        struct sql_error *error)
{
    const struct zone *found;
    struct bytes zone = options_get(what->options, "timeZone");
    if (!check_charset(what->options, where, error)) {
        return false;
    }
    if (bytes_is_null(zone) || datetime_find_zone(what->settings, zone, &found)) {
        return true;
    }
    return sql_fail(
        error, &bad_zone,
        "The timezone: %.*s is invalid. The timezone must be either a region-based zone ID or a "
        "zone offset. Region IDs must have the form 'area/city', such as 'America/Los_Angeles'. "
        "Zone offsets must be in the format '(+|-)HH', '(+|-)HH:mm\u2019 or '(+|-)HH:mm:ss', e.g "
        "'-08' , '+01:00' or '-13:33:33', and must be in the range from -18:00 to +18:00. 'Z' and "
        "'UTC' are accepted as synonyms for '+00:00'.",
        BYTES_ARG(zone));
}
