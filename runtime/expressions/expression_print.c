/*
 * Expressions as text: the names of columns, and SQL in messages. See expression.h.
 *
 * A name leaves out what is not needed to read it: quotes around text, the suffixes of numbers, casts that Spark put in.
 */
#include <stdlib.h>

#include "expressions/expression_text.h"
#include "expressions/function.h"

static void print_name(struct buffer *out, const struct expression *e);
static void print_sql(struct buffer *out, const struct expression *e);

void print_arguments(struct buffer *out,
                     const struct expression *call,
                     expression_printer *argument)
{
    for (int32_t i = 0; i < call->count; i++) {
        buffer_append_text(out, i ? ", " : "");
        argument(out, call->args[i]);
    }
}

void print_infix(struct buffer *out, const struct expression *call, expression_printer *argument)
{
    buffer_append_text(out, "(");
    argument(out, call->args[0]);
    buffer_printf(out, " %.*s ", BYTES_ARG(call->name));
    argument(out, call->args[1]);
    buffer_append_text(out, ")");
}

void print_prefix(struct buffer *out, const struct expression *call, expression_printer *argument)
{
    buffer_printf(out, "(%.*s ", BYTES_ARG(call->name));
    argument(out, call->args[0]);
    buffer_append_text(out, ")");
}

static void print_call(struct buffer *out, const struct expression *e, expression_printer *argument)
{
    if (e->printed_as_replacement) {
        argument(out, e->replacement);
        return;
    }
    if (e->function->print) {
        e->function->print(out, e, argument);
    } else {
        buffer_printf(out, "%.*s(%s", BYTES_ARG(e->name), e->distinct ? "DISTINCT " : "");
        print_arguments(out, e, argument);
        buffer_append_text(out, ")");
    }
    if (e->filter) {
        buffer_append_text(out, " FILTER (WHERE ");
        argument(out, e->filter);
        buffer_append_text(out, ")");
    }
}

static void print_cast(struct buffer *out, const struct expression *e, expression_printer *argument)
{
    buffer_append_text(out, e->cast_mode == CAST_TRY ? "TRY_CAST(" : "CAST(");
    argument(out, e->args[0]);
    buffer_append_text(out, " AS ");
    type_print_sql(out, e->type);
    buffer_append_text(out, ")");
}

static void print_lambda(struct buffer *out,
                         const struct expression *e,
                         expression_printer *argument)
{
    buffer_append_text(out, "lambdafunction(");
    if (e->count == 0) {
        buffer_append_text(out, ")"); /* not bound yet */
        return;
    }
    argument(out, e->args[0]);
    for (int32_t i = 0; i < e->parameters; i++) {
        buffer_append_text(out, ", namedlambdavariable()");
    }
    buffer_append_text(out, ")");
}

static void print_any(struct buffer *out,
                      const struct expression *e,
                      bool names,
                      expression_printer *argument)
{
    switch (e->kind) {
    case EXPRESSION_LITERAL: print_literal(out, &e->scalar, e->settings->zone, !names); break;
    case EXPRESSION_COLUMN: buffer_append(out, e->name.data, e->name.len); break;
    case EXPRESSION_CALL:
    case EXPRESSION_AGGREGATE: print_call(out, e, argument); break;
    case EXPRESSION_CAST:
        if ((names && e->implicit) || type_is_nested(e->type)) {
            argument(out, e->args[0]);
        } else {
            print_cast(out, e, argument);
        }
        break;
    case EXPRESSION_ALIAS:
        if (names) {
            buffer_append(out, e->name.data, e->name.len);
        } else {
            argument(out, e->args[0]);
            buffer_printf(out, " AS %.*s", BYTES_ARG(e->name));
        }
        break;
    case EXPRESSION_FIELD:
        argument(out, e->args[0]);
        buffer_printf(out, ".%.*s", BYTES_ARG(e->name));
        break;
    case EXPRESSION_LAMBDA: print_lambda(out, e, argument); break;
    case EXPRESSION_VARIABLE: buffer_append_text(out, "namedlambdavariable()"); break;
    }
}

static void print_name(struct buffer *out, const struct expression *e)
{
    print_any(out, e, true, print_name);
}

static void print_sql(struct buffer *out, const struct expression *e)
{
    print_any(out, e, false, print_sql);
}

void expression_print_name(struct buffer *out, const struct expression *e)
{
    print_name(out, e);
}

void expression_print_sql(struct buffer *out, const struct expression *e)
{
    print_sql(out, e);
}

/* --- the same meaning --- */

static bool scalar_equal(const struct scalar *a, const struct scalar *b)
{
    return type_equal(a->type, b->type) && a->null == b->null &&
           (a->null || (a->integer == b->integer && a->decimal == b->decimal &&
                        memcmp(&a->number, &b->number, sizeof(a->number)) == 0 &&
                        bytes_equal(a->text, b->text)));
}

bool expression_equal(const struct expression *a, const struct expression *b)
{
    if (a == b) {
        return true;
    }
    bool same = a->kind == b->kind && a->count == b->count && a->function == b->function &&
                a->index == b->index && a->distinct == b->distinct &&
                a->ignore_nulls == b->ignore_nulls && a->cast_mode == b->cast_mode &&
                a->extra == b->extra && a->parameters == b->parameters &&
                type_equal(a->type, b->type) && !a->filter == !b->filter &&
                (!a->filter || expression_equal(a->filter, b->filter));
    if (!same || (a->kind == EXPRESSION_LITERAL && !scalar_equal(&a->scalar, &b->scalar))) {
        return false;
    }
    for (int32_t i = 0; i < a->count; i++) {
        if (!expression_equal(a->args[i], b->args[i])) {
            return false;
        }
    }
    return true;
}

bool expression_walk(const struct expression *e,
                     bool (*visit)(const struct expression *e, void *context),
                     void *context)
{
    if (!visit(e, context) || (e->filter && !expression_walk(e->filter, visit, context))) {
        return false;
    }
    for (int32_t i = 0; i < e->count; i++) {
        if (!expression_walk(e->args[i], visit, context)) {
            return false;
        }
    }
    return true;
}
