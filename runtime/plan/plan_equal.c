/*
 * Are two plans the same? Verbs as they were written, and plans by their meaning. See logical.h, plan.h.
 */
#include "plan/plan_parts.h"

static bool options_equal(const struct options *a, const struct options *b)
{
    bool same = a->count == b->count;
    for (int32_t i = 0; same && i < a->count; i++) {
        same = bytes_equal(a->entries[i].name, b->entries[i].name) &&
               bytes_equal(a->entries[i].value, b->entries[i].value);
    }
    return same;
}

static bool relation_equal(const struct relation *a, const struct relation *b)
{
    if (a == b) {
        return true;
    }
    return a && b && bytes_equal(a->format, b->format) && options_equal(&a->options, &b->options) &&
           type_equal(a->schema, b->schema) && a->streaming == b->streaming &&
           a->given_schema == b->given_schema;
}

static bool orders_equal(const struct sort_order *a, const struct sort_order *b, int32_t count)
{
    bool same = !a == !b;
    for (int32_t i = 0; same && a && i < count; i++) {
        same = a[i].descending == b[i].descending && a[i].nulls_last == b[i].nulls_last;
    }
    return same;
}

/* --- syntax --- */

static bool scalar_equal(const struct scalar *a, const struct scalar *b)
{
    if (!a->type || !b->type) {
        return a->type == b->type;
    }
    return type_equal(a->type, b->type) && a->null == b->null &&
           (a->null || (a->integer == b->integer && a->decimal == b->decimal &&
                        memcmp(&a->number, &b->number, sizeof(a->number)) == 0 &&
                        bytes_equal(a->text, b->text)));
}

static bool texts_equal(const struct bytes *a, const struct bytes *b, int32_t count)
{
    bool same = true;
    for (int32_t i = 0; same && i < count; i++) {
        same = bytes_equal(a[i], b[i]);
    }
    return same;
}

static bool syntax_equal(const struct syntax *a, const struct syntax *b)
{
    bool same = a->kind == b->kind && bytes_equal(a->text, b->text) &&
                a->part_count == b->part_count && texts_equal(a->parts, b->parts, a->part_count) &&
                scalar_equal(&a->scalar, &b->scalar) && a->has_else == b->has_else &&
                a->distinct == b->distinct && a->ignore_nulls == b->ignore_nulls &&
                !a->type == !b->type && (!a->type || type_equal(a->type, b->type)) &&
                !a->filter == !b->filter && (!a->filter || syntax_equal(a->filter, b->filter)) &&
                a->count == b->count;
    for (int32_t i = 0; same && i < a->count; i++) {
        same = syntax_equal(a->args[i], b->args[i]);
    }
    return same;
}

static bool list_equal(const struct syntax *const *a, const struct syntax *const *b, int32_t count)
{
    bool same = true;
    for (int32_t i = 0; same && i < count; i++) {
        same = syntax_equal(a[i], b[i]);
    }
    return same;
}

bool logical_equal(const struct logical *a, const struct logical *b)
{
    bool same =
        a->verb == b->verb && a->input_count == b->input_count &&
        relation_equal(a->relation, b->relation) && a->rows == b->rows &&
        !a->schema == !b->schema && (!a->schema || type_equal(a->schema, b->schema)) &&
        a->start == b->start && a->end == b->end && a->step == b->step && a->splits == b->splits &&
        a->list_count == b->list_count && a->key_count == b->key_count &&
        a->name_count == b->name_count && list_equal(a->list, b->list, a->list_count) &&
        list_equal(a->keys, b->keys, a->key_count) &&
        orders_equal(a->orders, b->orders, a->list_count) &&
        texts_equal(a->names, b->names, a->name_count) && bytes_equal(a->name, b->name) &&
        bytes_equal(a->delay, b->delay) && a->limit == b->limit && a->ordinals == b->ordinals;
    for (int32_t i = 0; same && i < a->input_count; i++) {
        same = logical_equal(a->inputs[i], b->inputs[i]);
    }
    return same;
}

/* --- plans --- */

static bool expressions_equal(const struct expression *const *a,
                              const struct expression *const *b,
                              int32_t count)
{
    bool same = true;
    for (int32_t i = 0; same && i < count; i++) {
        bool alias = a[i]->kind == EXPRESSION_ALIAS;
        same = expression_equal(a[i], b[i]) && (!alias || bytes_equal(a[i]->name, b[i]->name));
    }
    return same;
}

static bool columns_equal(const struct plan *a, const struct plan *b)
{
    bool same = !a->columns == !b->columns && a->column_count == b->column_count;
    for (int32_t i = 0; same && i < a->column_count; i++) {
        same = a->columns[i] == b->columns[i];
    }
    return same;
}

bool plan_equal(const struct plan *a, const struct plan *b)
{
    bool same = a->kind == b->kind && a->streaming == b->streaming &&
                type_equal(a->schema, b->schema) && a->input_count == b->input_count &&
                a->expression_count == b->expression_count && a->key_count == b->key_count &&
                expressions_equal(a->expressions, b->expressions, a->expression_count) &&
                expressions_equal(a->keys, b->keys, a->key_count) &&
                relation_equal(a->relation, b->relation) && columns_equal(a, b) &&
                a->rows == b->rows && a->start == b->start && a->end == b->end &&
                a->step == b->step && a->splits == b->splits && a->limit == b->limit &&
                orders_equal(a->orders, b->orders, a->expression_count) && a->outer == b->outer &&
                bytes_equal(a->name, b->name) && a->delay_us == b->delay_us &&
                a->event_column == b->event_column;
    for (int32_t i = 0; same && i < a->input_count; i++) {
        same = plan_equal(a->inputs[i], b->inputs[i]);
    }
    return same;
}
