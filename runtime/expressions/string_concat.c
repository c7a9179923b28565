/*
 * Strings put together: concat, concat_ws, elt.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "columns/builder.h"
#include "expressions/coercion.h"
#include "expressions/sql_conditions.h"
#include "expressions/string_functions.h"

/* --- concat --- */

static bool concat_types_differ(struct analysis *a, const struct expression *call)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_printf(&text, "Input to `%s` should all be the same type, but it's (",
                  call->function->printed ? call->function->printed : call->function->name);
    for (int32_t i = 0; i < call->count; i++) {
        const struct type *type = call->args[i]->type;
        buffer_append_text(&text, i ? " or \"" : "\"");
        type_print_sql(&text, type_is_nested(type) ? type : type_simple(TYPE_STRING));
        buffer_append_text(&text, "\"");
    }
    buffer_append_text(&text, ").");
    (void)analysis_mismatch(a, call, &sql_mismatch_data_types, "%.*s",
                            BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

/* All arrays, all binaries, or else all strings. */
bool resolve_string_concat(struct analysis *a, struct expression *call)
{
    int32_t arrays = 0;
    int32_t binaries = 0;
    for (int32_t i = 0; i < call->count; i++) {
        const struct type *type = call->args[i]->type;
        arrays += type->kind == TYPE_ARRAY;
        binaries += type->kind == TYPE_BINARY;
        if (type->kind == TYPE_STRUCT || type->kind == TYPE_MAP) {
            return analysis_unexpected_type(a, call, i, "(\"STRING\" or \"BINARY\" or \"ARRAY\")");
        }
    }
    call->nullable = arguments_nullable(call);
    if (arrays > 0) {
        bool all = arrays == call->count;
        call->type = all ? unify_arguments(a, call, 0, call->count) : NULL;
        return call->type ? true : concat_types_differ(a, call);
    }
    bool binary = call->count > 0 && binaries == call->count;
    call->type = type_simple(binary ? TYPE_BINARY : TYPE_STRING);
    for (int32_t i = 0; i < call->count; i++) {
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], call->type));
    }
    call->nullable = arguments_nullable(call);
    return true;
}

static struct column *concat_lists(const struct expression *call,
                                   struct column *const *args,
                                   const struct rows *rows)
{
    struct builder *b = builder_new(call->type);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
            continue;
        }
        for (int32_t k = 0; k < call->count; k++) {
            int32_t first = column_first(args[k], i);
            for (int32_t n = 0; n < column_count(args[k], i); n++) {
                builder_copy(builder_child(b, 0), args[k]->children[0], first + n);
            }
        }
        builder_list(b);
    }
    return builder_finish(b);
}

KERNEL(string_concat)
{
    if (call->type->kind == TYPE_ARRAY) {
        return concat_lists(call, args, rows);
    }
    size_t bytes = 0;
    for (int32_t k = 0; k < call->count; k++) {
        size_t len = column_all_text(args[k]).len;
        bytes += args[k]->constant ? len * (size_t)rows->count : len;
    }
    struct texts t = texts_new(call->type, rows, bytes);
    for (int32_t i = 0; i < rows->count; i++) {
        for (int32_t k = 0; row_counts(rows, i) && k < call->count; k++) {
            texts_add(&t, column_text(args[k], i));
        }
        texts_close(&t, i);
    }
    return texts_finish(&t, ev, call);
}

/* --- concat_ws --- */

bool resolve_string_concat_ws(struct analysis *a, struct expression *call)
{
    const struct type *string = type_simple(TYPE_STRING);
    for (int32_t i = 0; i < call->count; i++) {
        const struct type *type = call->args[i]->type;
        const struct type *wanted = string;
        if (type->kind == TYPE_ARRAY && i > 0) {
            wanted = type_is_nested(type->element) || type->element->kind == TYPE_BINARY
                         ? NULL
                         : type_array(a->arena, string, type->element_nullable);
        } else if (type_is_nested(type)) {
            wanted = NULL;
        }
        if (!wanted) {
            return analysis_unexpected_type(a, call, i,
                                            i ? "(\"ARRAY<STRING>\" or \"STRING\")" : "\"STRING\"");
        }
        if (type->kind != TYPE_ARRAY || type->element->kind != TYPE_STRING) {
            analysis_set_arg(call, i, analysis_cast(a, call->args[i], wanted));
        }
    }
    call->type = string;
    call->nullable = call->args[0]->nullable;
    return true;
}

static void add_joined(struct texts *out, struct bytes separator, struct bytes text, bool *first)
{
    if (!*first) {
        texts_add(out, separator);
    }
    *first = false;
    texts_add(out, text);
}

/* Nulls are left out, in lists too. */
static enum row_outcome concat_ws_row(struct row_call *c, int32_t row)
{
    if (column_is_null(c->args[0], row)) {
        return ROW_NULL;
    }
    struct bytes separator = column_text(c->args[0], row);
    bool first = true;
    for (int32_t k = 1; k < c->call->count; k++) {
        const struct column *arg = c->args[k];
        if (column_is_null(arg, row)) {
            continue;
        }
        if (arg->type->kind != TYPE_ARRAY) {
            add_joined(&c->out, separator, column_text(arg, row), &first);
            continue;
        }
        const struct column *items = arg->children[0];
        int32_t at = column_first(arg, row);
        for (int32_t n = 0; n < column_count(arg, row); n++) {
            if (!column_is_null(items, at + n)) {
                add_joined(&c->out, separator, column_text(items, at + n), &first);
            }
        }
    }
    return ROW_VALUE;
}

KERNEL(string_concat_ws)
{
    return texts_by_row(ev, call, args, rows, concat_ws_row);
}

/* --- elt --- */

bool resolve_string_elt(struct analysis *a, struct expression *call)
{
    const struct type *index = implicit_type(a->arena, a->settings, call->args[0]->type, 'i');
    if (!index) {
        return analysis_unexpected_type(a, call, 0, "\"INT\"");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], index));
    bool binary = true;
    for (int32_t i = 1; i < call->count; i++) {
        binary = binary && call->args[i]->type->kind == TYPE_BINARY;
    }
    call->type = type_simple(binary ? TYPE_BINARY : TYPE_STRING);
    for (int32_t i = 1; i < call->count; i++) {
        if (type_is_nested(call->args[i]->type)) {
            return analysis_unexpected_type(a, call, i, "(\"STRING\" or \"BINARY\")");
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], call->type));
    }
    call->nullable = true;
    return true;
}

static enum row_outcome elt_row(struct row_call *c, int32_t row)
{
    if (column_is_null(c->args[0], row)) {
        return ROW_NULL;
    }
    int64_t index = column_integer(c->args[0], row);
    if (index < 1 || index >= c->call->count) {
        if (!c->ev->settings->ansi) {
            return ROW_NULL;
        }
        (void)evaluation_fail(c->ev, c->call, &sql_invalid_array_index,
                              "The index %lld is out of bounds. The array has %d elements. Use the "
                              "SQL function `get()` to tolerate accessing element at invalid index "
                              "and return NULL instead.",
                              (long long)index, c->call->count - 1);
        return ROW_FAILED;
    }
    if (column_is_null(c->args[index], row)) {
        return ROW_NULL;
    }
    texts_add(&c->out, column_text(c->args[index], row));
    return ROW_VALUE;
}

KERNEL(string_elt)
{
    return texts_by_row(ev, call, args, rows, elt_row);
}
