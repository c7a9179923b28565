/*
 * Conversions and what else concerns types: see function.h.
 *
 * double(x), int(x) and their kin are casts that leave no trace in a name: `int('1')` makes a column named 1.
 */
#include "expressions/analysis_parts.h"
#include "expressions/coercion.h"

static bool resolve_cast_function(struct analysis *a, struct expression *call)
{
    static const struct {
        const char *name;
        enum type_kind kind;
    } targets[] = {
        { "boolean", TYPE_BOOLEAN }, { "tinyint", TYPE_TINYINT },     { "smallint", TYPE_SMALLINT },
        { "int", TYPE_INT },         { "bigint", TYPE_BIGINT },       { "float", TYPE_FLOAT },
        { "double", TYPE_DOUBLE },   { "string", TYPE_STRING },       { "binary", TYPE_BINARY },
        { "date", TYPE_DATE },       { "timestamp", TYPE_TIMESTAMP },
    };
    const struct type *type = type_decimal(a->arena, 10, 0);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (strcmp(call->function->name, targets[i].name) == 0) {
            type = type_simple(targets[i].kind);
        }
    }
    const struct type *from = call->args[0]->type;
    call->kind = EXPRESSION_CAST;
    call->type = type;
    call->cast_mode = a->settings->ansi ? CAST_ANSI : CAST_LEGACY;
    if (!cast_allowed(from, type, call->cast_mode)) {
        return analysis_refuse_cast(a, call);
    }
    call->implicit = true;
    call->nullable = call->args[0]->nullable || cast_may_be_null(from, type, call->cast_mode);
    return true;
}

/* The type's name is known before any row is. */
static bool resolve_typeof(struct analysis *a, struct expression *call)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    type_print(&text, call->args[0]->type);
    struct bytes name = arena_copy(a->arena, buffer_bytes(&text));
    buffer_finish(&text);
    return analysis_replace(call, analysis_literal(a, scalar_text(name), call));
}

#define CAST_FUNCTION(name_)                                          \
    {                                                                 \
        .name = name_, .takes = "x", .resolve = resolve_cast_function \
    }

const struct function functions_conversion[] = {
    CAST_FUNCTION("boolean"),
    CAST_FUNCTION("tinyint"),
    CAST_FUNCTION("smallint"),
    CAST_FUNCTION("int"),
    CAST_FUNCTION("bigint"),
    CAST_FUNCTION("float"),
    CAST_FUNCTION("double"),
    CAST_FUNCTION("decimal"),
    CAST_FUNCTION("string"),
    CAST_FUNCTION("binary"),
    CAST_FUNCTION("date"),
    CAST_FUNCTION("timestamp"),
    { .name = "typeof", .takes = "x", .resolve = resolve_typeof },
    { 0 },
};
