/*
 * Rows of CSV: see csv_rows.h.
 */
#include "expressions/csv_rows.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/cell_text.h"
#include "columns/decimal.h"
#include "columns/double_text.h"
#include "columns/utf8.h"
#include "expressions/datetime_text.h"
#include "expressions/json_conditions.h"
#include "expressions/json_value.h"

static const struct sql_condition malformed = { "MALFORMED_CSV_RECORD", "KD000",
                                                "SparkRuntimeException" };
static const struct sql_condition parsing = { "", "", "TextParsingException" };
static const struct sql_condition bad_header = { "", "", "SparkIllegalArgumentException" };

struct csv_rows {
    struct csv_shape shape;
    struct csv_parser parser;
    int32_t
        *places; /* of each wanted column: which value of a record it is; -1: the record's text */
    int32_t expected; /* values of a record; -1: any number */
    struct json_options formats;
    struct json_input *times; /* dates and times are read as JSON's are */
    struct buffer scratch;
};

struct csv_rows *csv_rows_new(const struct csv_shape *shape)
{
    const struct csv_options *o = shape->options;
    struct csv_rows *r = MEM_NEW(struct csv_rows);
    r->shape = *shape;
    csv_parser_init(&r->parser, o);
    if (!bytes_is_null(o->line_separator)) {
        r->parser.newline = o->multi_line ? o->line_separator : bytes_of("\n");
        r->parser.normalize = !o->multi_line;
    }
    int32_t corrupt = -1;
    for (int32_t i = 0; i < shape->schema->field_count; i++) {
        corrupt = bytes_equal(shape->schema->fields[i].name, o->corrupt_column) ? i : corrupt;
    }
    r->places = mem_zalloc((size_t)shape->column_count + 1, sizeof(*r->places));
    bool wants_corrupt = false;
    for (int32_t i = 0; i < shape->column_count; i++) {
        int32_t c = shape->columns[i];
        wants_corrupt = wants_corrupt || c == corrupt;
        r->places[i] = c == corrupt ? -1 : c - (corrupt >= 0 && c > corrupt);
    }
    bool all = shape->column_count == shape->schema->field_count || wants_corrupt || o->multi_line;
    r->expected = all ? shape->schema->field_count - (corrupt >= 0) : -1;
    r->formats = (struct json_options){ .date_format = o->date_format,
                                        .timestamp_format = o->timestamp_format,
                                        .timestamp_ntz_format = o->timestamp_ntz_format,
                                        .zone = o->zone };
    r->times = json_input_new(&r->formats, shape->settings);
    buffer_init(&r->scratch, INT32_MAX);
    return r;
}

void csv_rows_free(struct csv_rows *r)
{
    if (r) {
        csv_parser_finish(&r->parser);
        json_input_free(r->times);
        buffer_finish(&r->scratch);
        free(r->places);
        free(r);
    }
}

/* --- values: false when the text is none of the type, and nothing was added --- */

static bool put_integer(struct builder *b, struct bytes text)
{
    int64_t value;
    if (!bytes_parse_i64(text, &value)) {
        return false;
    }
    int64_t high = (int64_t)(UINT64_MAX >> (65 - 8 * type_width(b->type)));
    if (value > high || value < -high - 1) {
        return false;
    }
    builder_integer(b, value);
    return true;
}

static bool read_word(struct bytes text, double *out)
{
    text = bytes_trim(text);
    bool minus = text.len > 0 && text.data[0] == '-';
    size_t sign = minus || (text.len > 0 && text.data[0] == '+');
    struct bytes word = { text.data + sign, text.len - sign };
    *out = bytes_equal_text(word, "NaN") ? (double)NAN : (double)INFINITY;
    *out = minus ? -*out : *out;
    return bytes_equal_text(word, "NaN") || bytes_equal_text(word, "Infinity");
}

static bool put_double(const struct csv_options *o, struct builder *b, struct bytes text)
{
    double value = 0;
    float single = 0;
    if (bytes_equal(text, o->nan_value)) {
        value = (double)NAN;
    } else if (bytes_equal(text, o->negative_inf)) {
        value = -(double)INFINITY;
    } else if (bytes_equal(text, o->positive_inf)) {
        value = (double)INFINITY;
    } else if (b->type->kind == TYPE_FLOAT && float_parse(text, &single)) {
        value = (double)single;
    } else if (!(b->type->kind == TYPE_DOUBLE && double_parse(text, &value)) &&
               !read_word(text, &value)) {
        return false;
    }
    builder_double(b, value);
    return true;
}

/* Commas between thousands are passed over; blanks are not. */
static bool put_decimal(struct csv_rows *r, struct builder *b, struct bytes text)
{
    buffer_clear(&r->scratch);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ') {
            return false;
        }
        if (text.data[i] != ',') {
            buffer_append(&r->scratch, text.data + i, 1);
        }
    }
    int128 value;
    struct bytes digits = buffer_bytes(&r->scratch);
    if (decimal_parse(digits, decimal_shape_of(b->type), &value) != DECIMAL_FITS) {
        return false;
    }
    builder_decimal(b, value);
    return true;
}

static bool put_bool(struct builder *b, struct bytes text)
{
    static const char *const words[] = { "true", "false" };
    for (int i = 0; i < 2; i++) {
        size_t at = 0;
        while (at < text.len && words[i][at] && (text.data[at] | 0x20) == words[i][at]) {
            at++;
        }
        if (at == text.len && !words[i][at]) {
            builder_bool(b, i == 0);
            return true;
        }
    }
    return false;
}

static void put_string(struct csv_rows *r, struct builder *b, struct bytes text)
{
    if (!utf8_is_valid(text)) {
        buffer_clear(&r->scratch);
        utf8_repair(&r->scratch, text);
        text = buffer_bytes(&r->scratch);
    }
    builder_text(b, text);
}

static bool put_date(struct csv_rows *r, struct builder *b, struct bytes text)
{
    int64_t days;
    if (!bytes_is_null(r->formats.date_format)) {
        return json_put_text(r->times, b, text);
    }
    if (!datetime_read_date(text, &days)) {
        return false;
    }
    builder_integer(b, days);
    return true;
}

static bool put_value(struct csv_rows *r, struct builder *b, struct bytes text)
{
    switch (b->type->kind) {
    case TYPE_BOOLEAN: return put_bool(b, text);
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT: return put_integer(b, text);
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return put_double(r->shape.options, b, text);
    case TYPE_DECIMAL: return put_decimal(r, b, text);
    case TYPE_STRING: put_string(r, b, text); return true;
    case TYPE_BINARY: builder_text(b, text); return true;
    case TYPE_DATE: return put_date(r, b, text);
    default: return json_put_text(r->times, b, text);
    }
}

/* --- records --- */

/* The row's fields as FAILFAST's message shows them. */
static void print_row(struct csv_rows *r, struct builder *b, struct buffer *out)
{
    struct cell_format format = { CELL_CAST, r->shape.settings->zone };
    for (int32_t i = 0; i < b->child_count; i++) {
        struct builder *copy = builder_new(b->children[i]->type);
        struct column *c = builder_finish(b->children[i]);
        int32_t row = c->length - 1;
        buffer_append_text(out, i ? "," : "");
        if (column_is_null(c, row)) {
            buffer_append_text(out, "null");
        } else {
            cell_print(out, &format, c, row);
        }
        column_release(c);
        b->children[i] = copy;
    }
}

static bool fail_fast(struct csv_rows *r, struct builder *b, struct sql_error *error)
{
    struct buffer row;
    buffer_init(&row, SQL_ERROR_MAX);
    print_row(r, b, &row);
    (void)sql_fail(error, &sql_json_malformed,
                   "Malformed records are detected in record parsing: [%.*s].\nParse Mode: "
                   "FAILFAST. To process malformed records as null result, try setting the option "
                   "'mode' as 'PERMISSIVE'. ",
                   BYTES_ARG(buffer_bytes(&row)));
    buffer_finish(&row);
    return false;
}

/* What the parser cannot get over ends the reading, in any mode. */
static bool refuse_record(struct csv_rows *r, enum csv_outcome outcome, struct sql_error *error)
{
    struct bytes record = r->parser.record;
    record.len = record.len > 1000 ? 1000 : record.len;
    switch (outcome) {
    case CSV_UNESCAPED_QUOTE:
        return sql_fail(error, &parsing,
                        "Unescaped quote character '%c' inside quoted value of CSV field: %.*s",
                        r->shape.options->quote, BYTES_ARG(record));
    case CSV_TOO_MANY_COLUMNS:
    case CSV_TOO_LONG:
        (void)sql_fail(error, &malformed, "Malformed CSV record: %.*s", BYTES_ARG(record));
        sql_error_add(error, "\nIt has more than %lld %s.",
                      (long long)(outcome == CSV_TOO_LONG ? r->shape.options->max_characters
                                                          : r->shape.options->max_columns),
                      outcome == CSV_TOO_LONG ? "characters in a column (maxCharsPerColumn)"
                                              : "columns (maxColumns)");
        return false;
    default: return true;
    }
}

/* The parser's record as a row. */
static bool add_record(struct csv_rows *r, struct builder *b, struct sql_error *error)
{
    const struct csv_options *o = r->shape.options;
    bool bad = r->expected >= 0 && r->parser.count != r->expected;
    for (int32_t i = 0; i < b->child_count; i++) {
        int32_t place = r->places[i];
        struct bytes value = { 0 };
        if (place >= 0 && place < r->parser.count) {
            value = r->parser.values[place];
        }
        if (place < 0) {
            continue;
        }
        bool null = bytes_is_null(value) || bytes_equal(value, o->null_value);
        if (null || !put_value(r, b->children[i], value)) {
            bad = bad || !null;
            builder_null(b->children[i]);
        }
    }
    for (int32_t i = 0; i < b->child_count; i++) {
        if (r->places[i] < 0 && bad) {
            put_string(r, b->children[i], r->parser.record);
        } else if (r->places[i] < 0) {
            builder_null(b->children[i]);
        }
    }
    if (bad && o->mode == CSV_FAIL_FAST) {
        return fail_fast(r, b, error);
    }
    if (bad && o->mode == CSV_DROP_MALFORMED) {
        builder_truncate(b, b->length);
    } else {
        builder_struct(b);
    }
    return true;
}

bool csv_is_void(const struct csv_options *o, struct bytes line)
{
    size_t i = 0;
    while (i < line.len && line.data[i] <= ' ') {
        i++;
    }
    return i == line.len || (o->comment != 0 && line.data[0] == o->comment);
}

bool csv_rows_add_line(struct csv_rows *r,
                       struct builder *b,
                       struct bytes line,
                       struct sql_error *error)
{
    if (csv_is_void(r->shape.options, line)) {
        return true;
    }
    if (b->child_count == 0 && r->expected < 0) {
        builder_struct(b); /* nobody looks at it */
        return true;
    }
    enum csv_outcome outcome = csv_parse_line(&r->parser, line);
    if (outcome == CSV_END) {
        r->parser.count = 0;
        return add_record(r, b, error);
    }
    return outcome == CSV_RECORD ? add_record(r, b, error) : refuse_record(r, outcome, error);
}

bool csv_rows_add_next(
    struct csv_rows *r, struct builder *b, struct bytes text, size_t *at, struct sql_error *error)
{
    if (bytes_is_null(r->shape.options->line_separator) && *at == 0) {
        r->parser.newline = csv_find_newline(text);
    }
    enum csv_outcome outcome = csv_parse_next(&r->parser, text, at);
    if (outcome == CSV_END) {
        return true;
    }
    return outcome == CSV_RECORD ? add_record(r, b, error) : refuse_record(r, outcome, error);
}

/* --- headers --- */

enum csv_outcome csv_rows_header(struct csv_rows *r,
                                 struct bytes text,
                                 size_t *at,
                                 const struct bytes **out_values,
                                 int32_t *out_count)
{
    if (bytes_is_null(r->shape.options->line_separator) && r->shape.options->multi_line) {
        r->parser.newline = csv_find_newline(text);
    }
    enum csv_outcome outcome = csv_parse_next(&r->parser, text, at);
    *out_values = r->parser.values;
    *out_count = outcome == CSV_RECORD ? r->parser.count : 0;
    return outcome;
}

static bool same_name(const struct csv_shape *shape, struct bytes a, struct bytes b)
{
    struct field f = { .name = a };
    struct type one = { .kind = TYPE_STRUCT, .field_count = 1, .fields = &f };
    return type_field_index(&one, b, shape->settings->case_sensitive) == 0;
}

static void print_names(struct buffer *out,
                        const char *label,
                        const struct bytes *names,
                        int32_t count)
{
    buffer_append_text(out, label);
    for (int32_t i = 0; i < count; i++) {
        buffer_printf(out, "%s%.*s", i ? ", " : "", BYTES_ARG(names[i]));
    }
}

bool csv_check_header(const struct csv_shape *shape,
                      const struct bytes *values,
                      int32_t count,
                      struct sql_error *error)
{
    const struct type *schema = shape->schema;
    if (shape->options->enforce_schema) {
        return true;
    }
    if (count != schema->field_count) {
        return sql_fail(error, &bad_header,
                        "Number of column in CSV header is not equal to number of fields in the "
                        "schema:\n Header length: %d, schema size: %d",
                        count, schema->field_count);
    }
    int32_t i = 0;
    while (i < count && same_name(shape, schema->fields[i].name, values[i])) {
        i++;
    }
    if (i == count) {
        return true;
    }
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    print_names(&text, " Header: ", values, count);
    buffer_append_text(&text, "\n Schema: ");
    for (int32_t k = 0; k < count; k++) {
        buffer_printf(&text, "%s%.*s", k ? ", " : "", BYTES_ARG(schema->fields[k].name));
    }
    (void)sql_fail(error, &bad_header,
                   "CSV header does not conform to the schema.\n%.*s\nExpected: %.*s but found: "
                   "%.*s",
                   BYTES_ARG(buffer_bytes(&text)), BYTES_ARG(schema->fields[i].name),
                   BYTES_ARG(values[i]));
    buffer_finish(&text);
    return false;
}
