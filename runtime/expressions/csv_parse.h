/*
 * A record of CSV into its values: what Spark's parser (univocity) makes of any text. Pure. Internal to CSV.
 *
 *     1,"a ""b""", c      escape "        1 | a "b" |  c
 *     1,"a"b,c                            1 | "a"b | c           an unescaped quote: the value as it stands
 *     1,,""                               1 | null | (emptyValue)
 *
 * Ownership: values point into the text, the options, or the parser's own buffer, and are valid until the next record.
 * Thread: one at a time.
 */
#pragma once

#include "base/buffer.h"
#include "expressions/csv_options.h"

enum csv_outcome {
    CSV_RECORD,
    CSV_END,              /* no record is left */
    CSV_TOO_MANY_COLUMNS, /* more than max_columns */
    CSV_TOO_LONG,         /* a value of more than max_characters */
    CSV_UNESCAPED_QUOTE,  /* under CSV_RAISE_ERROR */
};

struct csv_parser {
    const struct csv_options *options;
    struct bytes newline; /* what ends a record outside of quotes */
    bool normalize;       /* it is \n inside of quotes */
    int32_t count;        /* values of the record */
    int32_t capacity;
    struct bytes *values; /* data NULL: null */
    struct bytes record;  /* its text, without the line's end */

    /* inside */
    const uint8_t *at;
    const uint8_t *end;
    uint8_t *fill; /* where unquoted text goes */
    uint8_t *store;
    size_t store_capacity;
    enum csv_outcome outcome;
};

/* The options are borrowed. */
void csv_parser_init(struct csv_parser *p, const struct csv_options *options);
void csv_parser_finish(struct csv_parser *p);

/* The first record of a line that was cut out already; END: there is none. */
enum csv_outcome csv_parse_line(struct csv_parser *p, struct bytes line);

/* The next record of a whole text, where quoted values may have line ends: *at is moved behind it. */
enum csv_outcome csv_parse_next(struct csv_parser *p, struct bytes text, size_t *at);

/* Which line end a whole text has: its first one. */
struct bytes csv_find_newline(struct bytes text);
