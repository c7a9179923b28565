/*
 * Expressions as Spark prints them in plans: see plan_text.h. Names are those of Spark's nodes: casts tell their types in lower case, text has
 * no quotes, and what a function keeps besides its arguments is printed behind them.
 */
#include "columns/cell_text.h"
#include "expressions/expression_text.h"
#include "plan/plan_text.h"

/* --- types --- */

static void print_fields(struct buffer *out, const struct type *type)
{
    for (int32_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        buffer_printf(out, "%sStructField(%.*s,", i ? ", " : "", BYTES_ARG(field->name));
        plan_print_type(out, field->type);
        buffer_append_text(out, field->nullable ? ",true)" : ",false)");
    }
}

void plan_print_type(struct buffer *out, const struct type *type)
{
    static const char *const names[TYPE_KIND_COUNT] = {
        [TYPE_VOID] = "NullType",
        [TYPE_BOOLEAN] = "BooleanType",
        [TYPE_TINYINT] = "ByteType",
        [TYPE_SMALLINT] = "ShortType",
        [TYPE_INT] = "IntegerType",
        [TYPE_BIGINT] = "LongType",
        [TYPE_FLOAT] = "FloatType",
        [TYPE_DOUBLE] = "DoubleType",
        [TYPE_STRING] = "StringType",
        [TYPE_BINARY] = "BinaryType",
        [TYPE_DATE] = "DateType",
        [TYPE_TIMESTAMP] = "TimestampType",
        [TYPE_TIMESTAMP_NTZ] = "TimestampNTZType",
    };
    switch (type->kind) {
    case TYPE_DECIMAL:
        buffer_printf(out, "DecimalType(%d,%d)", type->precision, type->scale);
        break;
    case TYPE_STRUCT:
        buffer_append_text(out, "StructType(");
        print_fields(out, type);
        buffer_append_text(out, ")");
        break;
    case TYPE_ARRAY:
        buffer_append_text(out, "ArrayType(");
        plan_print_type(out, type->element);
        buffer_append_text(out, type->element_nullable ? ",true)" : ",false)");
        break;
    case TYPE_MAP:
        buffer_append_text(out, "MapType(");
        plan_print_type(out, type->key);
        buffer_append_text(out, ",");
        plan_print_type(out, type->element);
        buffer_append_text(out, type->element_nullable ? ",true)" : ",false)");
        break;
    default:
        if (names[type->kind]) {
            buffer_append_text(out, names[type->kind]);
        } else {
            type_print_sql(out, type);
        }
        break;
    }
}

void plan_print_fields(struct buffer *out, const struct type *type)
{
    if (type->kind == TYPE_STRUCT) {
        print_fields(out, type);
    } else {
        plan_print_type(out, type);
    }
}

/* --- leaves --- */

static void print_value(struct buffer *out, const struct expression *e)
{
    const struct scalar *value = &e->scalar;
    const struct zone *zone = e->settings ? e->settings->zone : NULL;
    if (value->null) {
        buffer_append_text(out, "null");
        return;
    }
    switch (value->type->kind) {
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ: {
        struct column *c = scalar_column(value, 1);
        cell_print(out, &(struct cell_format){ CELL_CAST, zone }, c, 0);
        column_release(c);
        break;
    }
    case TYPE_BINARY:
        buffer_append_text(out, "0x");
        for (size_t i = 0; i < value->text.len; i++) {
            buffer_printf(out, "%02X", value->text.data[i]);
        }
        break;
    default: print_literal(out, value, zone, false); break;
    }
}

/* --- calls --- */

static const char *zone_of(const struct expression *call)
{
    for (int32_t i = 0; i < call->count; i++) {
        const struct expression *arg = call->args[i];
        if (arg->kind == EXPRESSION_LITERAL && arg->settings && arg->settings->zone_name) {
            return arg->settings->zone_name;
        }
    }
    return "UTC";
}

static void print_from_json(struct buffer *out, const struct expression *call)
{
    buffer_append_text(out, "from_json(");
    plan_print_fields(out, call->type);
    buffer_append_text(out, ", ");
    plan_print_expression(out, call->args[0]);
    if (call->count > 2) {
        buffer_append_text(out, ", ");
        plan_print_expression(out, call->args[2]);
    }
    buffer_printf(out, ", Some(%s), false)", zone_of(call));
}

static void print_to_json(struct buffer *out, const struct expression *call)
{
    buffer_append_text(out, "to_json(");
    print_arguments(out, call, plan_print_expression);
    buffer_printf(out, ", Some(%s))", zone_of(call));
}

static void print_in(struct buffer *out, const struct expression *call)
{
    plan_print_expression(out, call->args[0]);
    buffer_append_text(out, " IN (");
    for (int32_t i = 1; i < call->count; i++) {
        buffer_append_text(out, i > 1 ? "," : "");
        plan_print_expression(out, call->args[i]);
    }
    buffer_append_text(out, ")");
}

static void print_not(struct buffer *out, const struct expression *call)
{
    buffer_append_text(out, "NOT ");
    plan_print_expression(out, call->args[0]);
}

static void print_minus(struct buffer *out, const struct expression *call)
{
    buffer_append_text(out, "-");
    plan_print_expression(out, call->args[0]);
}

static void print_like(struct buffer *out, const struct expression *call)
{
    plan_print_expression(out, call->args[0]);
    buffer_append_text(out, " LIKE ");
    plan_print_expression(out, call->args[1]);
}

static void print_if(struct buffer *out, const struct expression *call)
{
    buffer_append_text(out, "if (");
    plan_print_expression(out, call->args[0]);
    buffer_append_text(out, ") ");
    plan_print_expression(out, call->args[1]);
    buffer_append_text(out, " else ");
    plan_print_expression(out, call->args[2]);
}

/* struct(a, b) is named_struct('a', a, 'b', b). */
static void print_struct(struct buffer *out, const struct expression *call)
{
    buffer_append_text(out, "named_struct(");
    for (int32_t i = 0; i < call->count; i++) {
        buffer_printf(out, "%s%.*s, ", i ? ", " : "", BYTES_ARG(call->type->fields[i].name));
        plan_print_expression(out, expression_unaliased(call->args[i]));
    }
    buffer_append_text(out, ")");
}

static const struct form {
    const char *name;
    void (*print)(struct buffer *out, const struct expression *call);
    const char *
        behind; /* instead: what follows the arguments; "": nothing, though the function prints itself otherwise */
} forms[] = {
    { "from_json", print_from_json, NULL },
    { "to_json", print_to_json, NULL },
    { "in", print_in, NULL },
    { "not", print_not, NULL },
    { "unary -", print_minus, NULL },
    { "like", print_like, NULL },
    { "if", print_if, NULL },
    { "struct", print_struct, NULL },
    { "tuple", print_struct, NULL },
    { "isnull", NULL, "" },
    { "isnotnull", NULL, "" },
    { "size", NULL, ", false" },
    { "cardinality", NULL, ", false" },
    { "collect_list", NULL, ", 0, 0" },
    { "collect_set", NULL, ", 0, 0" },
};

static const struct form *form_of(const struct expression *call)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].name, call->function->name) == 0) {
            return &forms[i];
        }
    }
    return NULL;
}

static void print_call(struct buffer *out, const struct expression *call)
{
    const struct form *form = form_of(call);
    if (call->printed_as_replacement) {
        plan_print_expression(out, call->replacement);
    } else if (form && form->print) {
        form->print(out, call);
    } else if (call->function->print && !form) {
        call->function->print(out, call, plan_print_expression);
    } else {
        buffer_printf(out, "%.*s(%s", BYTES_ARG(call->name), call->distinct ? "distinct " : "");
        print_arguments(out, call, plan_print_expression);
        buffer_printf(out, "%s)", form ? form->behind : "");
    }
    if (call->filter) {
        buffer_append_text(out, " FILTER (WHERE ");
        plan_print_expression(out, call->filter);
        buffer_append_text(out, ")");
    }
}

void plan_print_expression(struct buffer *out, const struct expression *e)
{
    switch (e->kind) {
    case EXPRESSION_LITERAL: print_value(out, e); break;
    case EXPRESSION_COLUMN:
    case EXPRESSION_VARIABLE: buffer_append(out, e->name.data, e->name.len); break;
    case EXPRESSION_CALL:
    case EXPRESSION_AGGREGATE: print_call(out, e); break;
    case EXPRESSION_CAST:
        buffer_append_text(out, e->cast_mode == CAST_TRY ? "try_cast(" : "cast(");
        plan_print_expression(out, e->args[0]);
        buffer_append_text(out, " as ");
        type_print(out, e->type);
        buffer_append_text(out, ")");
        break;
    case EXPRESSION_ALIAS:
        plan_print_expression(out, e->args[0]);
        buffer_printf(out, " AS %.*s", BYTES_ARG(e->name));
        break;
    case EXPRESSION_FIELD:
        plan_print_expression(out, e->args[0]);
        buffer_printf(out, ".%.*s", BYTES_ARG(e->name));
        break;
    case EXPRESSION_LAMBDA:
        buffer_append_text(out, "lambdafunction(");
        if (e->count > 0) {
            plan_print_expression(out, e->args[0]);
        }
        buffer_append_text(out, ")");
        break;
    }
}

/* --- with numbers --- */

void tree_number(struct tree *t, struct buffer *out, int32_t identity)
{
    if (identity >= t->capacity) {
        int32_t capacity = identity < 64 ? 128 : identity * 2;
        int32_t *bigger = ARENA_NEW(&t->arena, int32_t, (size_t)capacity);
        if (t->capacity > 0) {
            memcpy(bigger, t->numbers, (size_t)t->capacity * sizeof(*bigger));
        }
        t->numbers = bigger;
        t->capacity = capacity;
    }
    if (t->numbers[identity] == 0) {
        t->numbers[identity] = ++t->shown;
    }
    buffer_printf(out, "#%d", t->numbers[identity] - 1);
}

void tree_column(struct tree *t,
                 struct buffer *out,
                 struct bytes name,
                 const struct type *type,
                 int32_t identity)
{
    buffer_append(out, name.data, name.len);
    tree_number(t, out, identity);
    buffer_append_text(out, type->kind == TYPE_BIGINT ? "L" : "");
}

struct numbering {
    struct tree *tree;
    const int32_t *ids;
};

/* A column under its name with its number. */
static const struct expression *numbered(const struct expression *e, void *context)
{
    struct numbering *n = context;
    if (e->kind != EXPRESSION_COLUMN) {
        return NULL;
    }
    struct buffer name;
    buffer_init(&name, SQL_ERROR_MAX);
    tree_column(n->tree, &name, e->name, e->type, n->ids[e->index]);
    struct expression *copy = ARENA_NEW(&n->tree->arena, struct expression, 1);
    *copy = *e;
    copy->name = arena_copy(&n->tree->arena, buffer_bytes(&name));
    buffer_finish(&name);
    return copy;
}

void tree_expression(
    struct tree *t, struct buffer *out, const struct expression *e, const int32_t *ids, int32_t own)
{
    struct numbering n = { .tree = t, .ids = ids };
    const struct expression *inner = expression_unaliased(e);
    plan_print_expression(out, expression_map(&t->arena, inner, numbered, &n));
    if (e->kind == EXPRESSION_ALIAS && !expression_passes(e)) {
        buffer_append_text(out, " AS ");
        tree_column(t, out, e->name, e->type, own);
    }
}
