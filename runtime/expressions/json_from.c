/*
 * from_json(text, schema[, options]): analysis, and the rows of a batch.
 */
#include "columns/cell_text.h"
#include "expressions/json_conditions.h"
#include "expressions/json_convert.h"
#include "expressions/json_functions.h"
#include "expressions/json_scan.h"
#include "expressions/json_schema.h"
#include "expressions/rewrite.h"

/* What analysis found out: `extra` of the call. */
struct from_json_plan {
    struct json_options options;
    const struct type *type;
    int32_t corrupt; /* the field that gets the text of a bad record; -1: none */
};

bool json_text_argument(struct analysis *a, struct expression *call, int32_t i)
{
    if (call->args[i]->type->kind == TYPE_VOID) {
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type_simple(TYPE_STRING)));
    }
    return call->args[i]->type->kind == TYPE_STRING ||
           analysis_unexpected_type(a, call, i, "\"STRING\"");
}

static bool read_schema(struct analysis *a, struct expression *call, const struct type **out)
{
    struct bytes text;
    if (json_constant_text(a, call->args[1], &text)) {
        const struct type *type = NULL;
        if (!json_schema_read(a, text, &type)) {
            return false;
        }
        *out = json_schema_nullable(a->arena, type);
        return true;
    }
    if (!sql_failed(a->error)) {
        struct buffer printed;
        buffer_init(&printed, SQL_ERROR_MAX);
        expression_print_sql(&printed, call->args[1]);
        (void)sql_fail(a->error, &sql_json_schema_text,
                       "The input schema \"%.*s\" is not a valid schema string. The input "
                       "expression must be string literal and not null.",
                       BYTES_ARG(buffer_bytes(&printed)));
        sql_error_add_line(a->error, a->source, call->span);
        buffer_finish(&printed);
    }
    return false;
}

bool resolve_from_json(struct analysis *a, struct expression *call)
{
    struct from_json_plan *plan = ARENA_NEW(a->arena, struct from_json_plan, 1);
    if (!read_schema(a, call, &plan->type) || !json_options_read(a, call, 2, &plan->options)) {
        return false;
    }
    if (!json_schema_check(a, call, plan->type) || !json_text_argument(a, call, 0)) {
        return false;
    }
    plan->corrupt = -1;
    for (int32_t i = 0; i < plan->type->field_count; i++) {
        if (bytes_equal(plan->type->fields[i].name, plan->options.corrupt_column)) {
            plan->corrupt = i;
        }
    }
    call->extra = plan;
    call->type = plan->type;
    call->nullable = true;
    return true;
}

/*
 * Fields that nobody asks for may go: they change nothing for the others, as long as nothing else of the record is told either. One
 * field stays at least: without any there would be no telling an empty record from a bad one.
 */
const struct expression *expression_prune_json(struct arena *arena,
                                               const struct expression *call,
                                               const bool *wanted)
{
    if (!call->function || call->function->evaluate != from_json ||
        call->type->kind != TYPE_STRUCT || call->count > 2) {
        return NULL;
    }
    const struct from_json_plan *plan = call->extra;
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)plan->type->field_count);
    int32_t count = 0;
    for (int32_t i = 0; i < plan->type->field_count; i++) {
        if (wanted[i]) {
            fields[count++] = plan->type->fields[i];
        }
    }
    if (count == 0 || count == plan->type->field_count || plan->corrupt >= 0) {
        return NULL;
    }
    struct from_json_plan *fewer = ARENA_NEW(arena, struct from_json_plan, 1);
    *fewer = *plan;
    fewer->type = type_struct(arena, fields, count);
    struct expression *copy = ARENA_NEW(arena, struct expression, 1);
    *copy = *call;
    copy->extra = fewer;
    copy->type = fewer->type;
    return copy;
}

/* --- rows --- */

static bool check_plan(struct evaluation *ev, const struct from_json_plan *plan)
{
    if (plan->options.drop_malformed) {
        return sql_fail(ev->error, &sql_json_mode,
                        "The function `from_json` doesn't support the DROPMALFORMED mode. "
                        "Acceptable modes are PERMISSIVE and FAILFAST.");
    }
    const struct field *corrupt = plan->corrupt >= 0 ? &plan->type->fields[plan->corrupt] : NULL;
    if (corrupt && corrupt->type->kind != TYPE_STRING) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        type_print_sql(&text, corrupt->type);
        (void)sql_fail(ev->error, &sql_json_corrupt_type,
                       "The column `%.*s` for corrupt records must have the nullable STRING "
                       "type, but got \"%.*s\".",
                       BYTES_ARG(corrupt->name), BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    return true;
}

/* The row as FAILFAST's message shows it, which is the one that was added last. */
static void print_row(struct evaluation *ev, struct builder *b, struct buffer *out)
{
    struct column *c = builder_finish(b);
    struct cell_format format = { CELL_CAST, ev->settings->zone };
    int32_t row = c->length - 1;
    bool open = c->type->kind == TYPE_STRUCT && !column_is_null(c, row);
    for (int32_t i = 0; i < (open ? c->child_count : 1); i++) {
        const struct column *cell = open ? c->children[i] : c;
        buffer_append_text(out, i ? "," : "");
        if (column_is_null(cell, row)) {
            buffer_append_text(out, "null");
        } else {
            cell_print(out, &format, cell, row);
        }
    }
    column_release(c);
}

static struct column *fail_fast(struct evaluation *ev,
                                struct builder *b,
                                enum json_outcome outcome,
                                struct bytes text)
{
    struct buffer row;
    buffer_init(&row, SQL_ERROR_MAX);
    bool array = outcome == JSON_FAILED_ARRAY;
    if (array) {
        builder_free(b);
    } else {
        print_row(ev, b, &row);
    }
    struct bytes shown = array ? text : buffer_bytes(&row);
    (void)sql_fail(ev->error, array ? &sql_json_array_as_struct : &sql_json_malformed,
                   "Malformed records are detected in record parsing: %s%.*s%s.\nParse Mode: "
                   "FAILFAST. To process malformed records as null result, try setting the option "
                   "'mode' as 'PERMISSIVE'. %s",
                   array ? "" : "[", BYTES_ARG(shown), array ? "" : "]",
                   array ? "Parsing JSON arrays as structs is forbidden." : "");
    buffer_finish(&row);
    return NULL;
}

/* A struct's row is closed: fields without a value are null, and a bad record's text has its place. */
static void close_row(struct builder *b, int32_t corrupt, bool bad, struct bytes text)
{
    if (bad && corrupt >= 0) {
        builder_text(b->children[corrupt], text);
    }
    for (int32_t i = 0; i < b->child_count; i++) {
        if (b->children[i]->length == b->length) {
            builder_null(b->children[i]);
        }
    }
    builder_struct(b);
}

enum json_outcome json_add_row(struct json_input *in,
                               struct json_scan *scan,
                               struct builder *b,
                               int32_t corrupt,
                               struct bytes text)
{
    if (scan && json_scan_row(scan, text)) {
        return JSON_DONE;
    }
    enum json_outcome outcome = json_convert(in, b, corrupt, text);
    if (outcome == JSON_EMPTY) {
        builder_null(b);
        return JSON_DONE;
    }
    if (b->type->kind == TYPE_STRUCT) {
        close_row(b, corrupt, outcome != JSON_DONE, text);
    } else if (outcome == JSON_FAILED) {
        builder_null(b);
    }
    return outcome;
}

struct column *from_json(struct evaluation *ev,
                         const struct expression *call,
                         struct column *const *args,
                         const struct rows *rows)
{
    const struct from_json_plan *plan = call->extra;
    if (!check_plan(ev, plan)) {
        return NULL;
    }
    struct json_input *in = json_input_new(&plan->options, ev->settings);
    struct builder *b = builder_new(call->type);
    builder_reserve(b, rows->count);
    struct json_scan *scan = json_scan_new(in, b, plan->corrupt, args[0]);
    enum json_outcome outcome = JSON_DONE;
    int32_t i = 0;
    while (i < rows->count) {
        if (!row_counts(rows, i)) {
            builder_null(b);
        } else {
            outcome = json_add_row(in, scan, b, plan->corrupt, column_text(args[0], i));
            if (outcome != JSON_DONE && plan->options.fail_fast) {
                break;
            }
        }
        i++;
    }
    json_scan_free(scan);
    json_input_free(in);
    return i < rows->count ? fail_fast(ev, b, outcome, column_text(args[0], i)) : builder_finish(b);
}
