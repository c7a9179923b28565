/*
 * A reader of JSON that answers token by token, exactly as Jackson's does. Internal to the JSON functions.
 *
 * What Spark makes of broken text depends on where Jackson stands after each complaint: a bad escape drops a field, a bad literal the
 * rest of the row. So this reader keeps Jackson's habits: a name is read together with the beginning of its value, a string's inside only
 * when it is asked for, and after an error one may go on, from where Jackson would.
 *
 *     {"a": [1]}      START_OBJECT  NAME a  START_ARRAY  INT 1  END_ARRAY  END_OBJECT  NONE
 *
 * Bytes that are no UTF-8 count as U+FFFD. Text behind the value is never looked at.
 *
 * Source: com.fasterxml.jackson.core.json.ReaderBasedJsonParser 2.20. Ownership: borrows its text; owns its buffers. Thread: one at a time.
 */
#pragma once

#include "expressions/json_write.h"

enum json_token {
    JSON_NONE, /* the end, or nothing yet */
    JSON_START_OBJECT,
    JSON_END_OBJECT,
    JSON_START_ARRAY,
    JSON_END_ARRAY,
    JSON_NAME,
    JSON_STRING,
    JSON_INT,
    JSON_FLOAT,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

/* What a text may have beyond the standard: Spark's options of these names. */
struct json_leniency {
    bool comments;
    bool unquoted_names;
    bool single_quotes;
    bool leading_zeros;
    bool any_escape;
    bool control_characters;
    bool not_numbers;
};

enum { JSON_MAX_DEPTH = 1000, JSON_MAX_DIGITS = 1000 };

enum json_scope { SCOPE_ROOT, SCOPE_OBJECT, SCOPE_ARRAY };

struct json_level {
    uint8_t scope; /* enum json_scope */
    bool has_name;
    bool started;      /* there was a member: the next one needs a comma */
    size_t name_start; /* in `names` */
    size_t name_len;
};

struct json_reader {
    struct json_leniency allow;
    const uint8_t *at;
    const uint8_t *end;
    enum json_token token;
    enum json_token next; /* behind a name: the value's token */
    bool incomplete;      /* the string's inside has not been read */
    bool surrogates;      /* `text` has halves of characters, each as three bytes */
    bool too_deep;
    struct buffer text; /* of a string, or of a number */
    struct buffer names;
    int32_t depth;
    struct json_level levels[JSON_MAX_DEPTH + 1];
};

void json_reader_init(struct json_reader *r, struct json_leniency allow);
void json_reader_finish(struct json_reader *r);

/* A new text, from its beginning. */
void json_reader_start(struct json_reader *r, struct bytes text);

/* The next token, in r->token. False: the text is broken here. */
bool json_next(struct json_reader *r);

/* Reads the present string's inside if need be; then r->text has it. True for other tokens. False: it is broken. */
bool json_complete(struct json_reader *r);

/* On an opening bracket: goes to the closing one. */
bool json_skip_children(struct json_reader *r);

/* The name that the present token stands under; null: there is none. Valid until json_next(). Half characters are as in `text`. */
struct bytes json_name(const struct json_reader *r);

/* The text of a string as Java writes it as UTF-8: each half of a character a question mark. */
struct bytes json_text(struct json_reader *r);

/* A copy of the present value, as Jackson writes it: no blanks, numbers anew. False: it is broken, and so is what was appended. */
bool json_copy_value(struct json_reader *r, struct buffer *out, enum json_charset charset);

/* --- for its other files --- */

bool json_read_string(struct json_reader *r, struct buffer *out, uint8_t quote);
bool json_read_number(struct json_reader *r, uint8_t first, enum json_token *out_token);
bool json_read_word(struct json_reader *r, uint8_t first, enum json_token *out_token);
