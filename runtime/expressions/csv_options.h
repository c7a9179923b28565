/*
 * What a reader or writer of CSV settles by its options, with Spark's names and defaults. Internal to CSV.
 *
 * Ownership: texts live in the arena they were read into. Thread: immutable once read.
 */
#pragma once

#include "base/arena.h"
#include "columns/settings.h"
#include "columns/sql_error.h"

/* What becomes of `"a"b`: a quoted value that goes on behind its closing quote. */
enum csv_quotes {
    CSV_STOP_AT_DELIMITER, /* as it stands, quotes too, up to the next separator */
    CSV_STOP_AT_CLOSING_QUOTE,
    CSV_BACK_TO_DELIMITER,
    CSV_SKIP_VALUE,
    CSV_RAISE_ERROR,
};

enum csv_mode { CSV_PERMISSIVE, CSV_DROP_MALFORMED, CSV_FAIL_FAST };

struct csv_options {
    struct bytes separator;
    uint8_t quote;  /* 0: none */
    uint8_t escape; /* 0: none */
    uint8_t escape_escape;
    bool has_escape_escape; /* else as the other two say */
    uint8_t comment;        /* 0: none */
    bool header;
    bool infer_schema;
    bool skip_leading_blanks;
    bool skip_trailing_blanks;
    bool has_leading_blanks; /* was it said? Writers skip them unless told otherwise. */
    bool has_trailing_blanks;
    bool multi_line;
    bool enforce_schema;
    bool escape_quotes;
    bool quote_all;
    bool prefer_date;
    enum csv_mode mode;
    enum csv_quotes unescaped_quotes;
    int64_t max_columns;
    int64_t max_characters;      /* of a column; -1: any */
    struct bytes line_separator; /* null: any of \n, \r, \r\n */
    struct bytes null_value;
    struct bytes empty_value; /* null: the default, "" when reading and two quotes when writing */
    struct bytes nan_value;
    struct bytes positive_inf;
    struct bytes negative_inf;
    struct bytes corrupt_column;
    struct bytes date_format; /* null: the default */
    struct bytes timestamp_format;
    struct bytes timestamp_ntz_format;
    struct bytes zone; /* null: the session's */
};

/* The defaults. */
void csv_options_init(struct csv_options *o);

/* One option; names that CSV does not know are passed over. False: the error is set. */
bool csv_options_set(struct csv_options *o,
                     struct arena *arena,
                     struct bytes name,
                     struct bytes value,
                     struct sql_error *error);

/* The quoted text's own escape: 0 where there is none. */
uint8_t csv_escape_escape(const struct csv_options *o);
