/*
 * from_json's scalars: from a token's text into a column. Internal to the JSON functions.
 *
 * What a type takes is Spark's: integers only from integers, decimals from strings too, doubles from a few words.
 *
 * Source: JacksonParser.makeConverter of Spark 4.1. Thread: one at a time.
 */
#pragma once

#include "columns/builder.h"
#include "expressions/datetime_format.h"
#include "expressions/json_options.h"

struct json_format {
    bool set; /* else the forms that CAST takes */
    bool bad; /* the pattern cannot be used: nothing can be read */
    struct pattern pattern;
};

/* What reading a batch needs. */
struct json_input {
    const struct json_options *options;
    struct sql_settings settings; /* with the zone of the options */
    struct zone *elsewhere;       /* any zone but UTC: tells whether a text names one */
    struct json_format date;
    struct json_format timestamp;
    struct json_format timestamp_ntz;
    struct buffer scratch;
    struct json_reader reader;
};

struct json_input *json_input_new(const struct json_options *options,
                                  const struct sql_settings *settings);
void json_input_free(struct json_input *in);

/* One value more in the builder, which is of a type that is neither string nor nested. False: it takes no such text, and has no more. */
bool json_put_text(struct json_input *in, struct builder *b, struct bytes text);

/* The same of a number's text, `whole` without point and exponent; NaN, Infinity and -Infinity are numbers. */
bool json_put_number(struct json_input *in, struct builder *b, struct bytes text, bool whole);
