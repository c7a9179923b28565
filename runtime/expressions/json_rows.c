/*
 * Rows of JSON in files: see json_rows.h.
 */
#include "expressions/json_rows.h"

#include "columns/cell_text.h"
#include "expressions/json_conditions.h"

/* A row as FAILFAST's message shows it: what the builder's children have in `row`. Leaves the builder without rows. */
static void print_row(struct json_input *in, struct builder *b, int32_t row, struct buffer *out)
{
    struct cell_format format = { CELL_CAST, in->settings.zone };
    for (int32_t i = 0; i < b->child_count; i++) {
        struct builder *empty = builder_new(b->children[i]->type);
        struct column *c = builder_finish(b->children[i]);
        b->children[i] = empty;
        buffer_append_text(out, i ? "," : "");
        if (column_is_null(c, row)) {
            buffer_append_text(out, "null");
        } else {
            cell_print(out, &format, c, row);
        }
        column_release(c);
    }
    b->length = 0;
}

static bool fail_fast(struct json_input *in,
                      struct builder *b,
                      int32_t row,
                      struct sql_error *error)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    print_row(in, b, row, &text);
    (void)sql_fail(error, &sql_json_malformed,
                   "Malformed records are detected in record parsing: [%.*s].\nParse Mode: "
                   "FAILFAST. To process malformed records as null result, try setting the option "
                   "'mode' as 'PERMISSIVE'. ",
                   BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

/* Fields without a value are null; a bad record's text has its place. */
static void close_row(struct builder *b, int32_t corrupt, bool bad, struct bytes text)
{
    if (bad && corrupt >= 0) {
        builder_truncate(b->children[corrupt], b->length);
        builder_text(b->children[corrupt], text);
    }
    for (int32_t i = 0; i < b->child_count; i++) {
        if (b->children[i]->length == b->length) {
            builder_null(b->children[i]);
        }
    }
    builder_struct(b);
}

static bool has_null(const struct column *structs)
{
    for (int32_t i = 0; i < structs->length; i++) {
        if (column_is_null(structs, i)) {
            return true;
        }
    }
    return false;
}

/* An array of records. One that is none spoils the others. */
static enum json_outcome add_array(struct json_input *in,
                                   struct builder *b,
                                   int32_t corrupt,
                                   struct bytes text)
{
    const struct type list_type = { .kind = TYPE_ARRAY,
                                    .element = b->type,
                                    .element_nullable = true };
    struct builder *list = builder_new(&list_type);
    enum json_outcome outcome = json_convert(in, list, -1, text);
    struct column *c = builder_finish(list);
    bool bad = outcome != JSON_DONE;
    if ((bad && outcome != JSON_PARTLY) || has_null(c->children[0])) {
        outcome = JSON_FAILED;
        close_row(b, corrupt, true, text);
    } else {
        const struct column *records = c->children[0];
        for (int32_t i = 0; i < records->length; i++) {
            for (int32_t k = 0; k < b->child_count; k++) {
                builder_copy(b->children[k], records->children[k], i);
            }
            close_row(b, corrupt, bad, text);
        }
    }
    column_release(c);
    return outcome;
}

bool json_add_rows(struct json_input *in,
                   struct json_scan *scan,
                   struct builder *b,
                   int32_t corrupt,
                   struct bytes text,
                   struct sql_error *error)
{
    if (scan && json_scan_row(scan, text)) {
        return true;
    }
    int32_t before = b->length;
    enum json_outcome outcome = json_convert(in, b, corrupt, text);
    if (outcome == JSON_EMPTY) {
        return true;
    }
    if (outcome == JSON_FAILED_ARRAY) {
        outcome = add_array(in, b, corrupt, text);
    } else {
        close_row(b, corrupt, outcome != JSON_DONE, text);
    }
    if (outcome == JSON_DONE) {
        return true;
    }
    if (in->options->fail_fast) {
        return fail_fast(in, b, before, error);
    }
    if (in->options->drop_malformed) {
        builder_truncate(b, before);
    }
    return true;
}
