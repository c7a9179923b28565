/*
 * Casts: see cast.h. Here one rule is chosen for a whole column, and nested values are taken apart; the rules are in cast_*.c.
 */
#include "expressions/cast.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/column_field.h"
#include "expressions/cast_parts.h"

/* The same cast for a part of the value. */
static struct expression part_of(const struct expression *call, const struct type *type)
{
    struct expression part = *call;
    part.type = type;
    return part;
}

static struct column *cast_part(struct evaluation *ev,
                                const struct expression *call,
                                const struct type *type,
                                struct column *from)
{
    struct expression part = part_of(call, type);
    struct rows rows = { .count = from->length,
                         .valid = from->null_count > 0 && !from->constant ? from->validity : NULL,
                         .null_count = from->null_count };
    if (from->constant || from->type->kind == TYPE_VOID) {
        struct column *plain = column_plain(from);
        rows.valid = plain->null_count > 0 ? plain->validity : NULL;
        rows.null_count = plain->null_count;
        struct column *result = cast_column(ev, &part, plain, &rows);
        column_release(plain);
        return result;
    }
    return cast_column(ev, &part, from, &rows);
}

static struct column *cast_struct(struct evaluation *ev,
                                  const struct expression *call,
                                  struct column *from)
{
    int32_t count = call->type->field_count;
    struct column **fields = mem_zalloc((size_t)count + 1, sizeof(*fields));
    bool ok = true;
    for (int32_t i = 0; ok && i < count; i++) {
        struct column *field = column_field(from, i);
        fields[i] = cast_part(ev, call, call->type->fields[i].type, field);
        column_release(field);
        ok = fields[i] != NULL;
    }
    struct column *result = NULL;
    if (ok) {
        result = column_struct(call->type, fields, from->length, from->validity);
    }
    for (int32_t i = 0; !ok && i < count; i++) {
        column_release(fields[i]);
    }
    free(fields);
    return result;
}

static struct column *cast_list(struct evaluation *ev,
                                const struct expression *call,
                                struct column *from)
{
    bool map = call->type->kind == TYPE_MAP;
    struct column *children[2] = { NULL, NULL };
    children[0] =
        cast_part(ev, call, map ? call->type->key : call->type->element, from->children[0]);
    children[1] =
        map && children[0] ? cast_part(ev, call, call->type->element, from->children[1]) : NULL;
    if (!children[0] || (map && !children[1])) {
        column_release(children[0]);
        return NULL;
    }
    return column_with_children(from, call->type, children);
}

static cast_rule *rule_for(const struct type *to)
{
    switch (to->kind) {
    case TYPE_BOOLEAN: return cast_to_boolean;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT: return cast_to_integer;
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return cast_to_floating;
    case TYPE_DECIMAL: return cast_to_decimal;
    case TYPE_STRING:
    case TYPE_BINARY: return cast_to_text;
    case TYPE_DATE: return cast_to_date;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ: return cast_to_timestamp;
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: return cast_to_interval;
    case TYPE_VOID:
    case TYPE_STRUCT:
    case TYPE_ARRAY:
    case TYPE_MAP:
    case TYPE_KIND_COUNT: break;
    }
    return NULL;
}

struct column *cast_column(struct evaluation *ev,
                           const struct expression *call,
                           struct column *from,
                           const struct rows *rows)
{
    if (from->type->kind == TYPE_VOID) {
        return column_nulls(call->type, rows->count);
    }
    if (type_same_values(from->type, call->type)) {
        return column_retype(from, call->type);
    }
    if (type_is_nested(call->type)) {
        struct column *plain = column_plain(from);
        struct column *result = call->type->kind == TYPE_STRUCT ? cast_struct(ev, call, plain)
                                                                : cast_list(ev, call, plain);
        column_release(plain);
        return result;
    }
    return rule_for(call->type)(ev, call, from, rows);
}

bool cast_scalar(const struct sql_settings *settings,
                 struct arena *arena,
                 const struct scalar *from,
                 const struct type *to,
                 struct scalar *out)
{
    struct sql_error error = { 0 };
    struct evaluation ev = { .settings = settings, .rows = 1, .error = &error };
    struct expression call = {
        .kind = EXPRESSION_CAST, .type = to, .cast_mode = CAST_ANSI, .span = span_none()
    };
    struct column *value = scalar_column(from, 1);
    struct column *result = from->null
                                ? column_nulls(to, 1)
                                : cast_column(&ev, &call, value, &(struct rows){ .count = 1 });
    if (result) {
        *out = scalar_of_row(result, 0);
        out->type = to;
        out->text = bytes_is_null(out->text) ? out->text : arena_copy(arena, out->text);
    }
    column_release(value);
    column_release(result);
    sql_error_finish(&error);
    return result != NULL;
}
