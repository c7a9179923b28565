/*
 * What functions of dates and times make of their arguments: see datetime_functions.h.
 */
#include <strings.h>

#include "columns/calendar.h"
#include "expressions/analysis_parts.h"
#include "expressions/coercion.h"
#include "expressions/datetime_functions.h"

static const char *const default_pattern = "yyyy-MM-dd HH:mm:ss";

static const char *const text_or_time =
    "(\"STRING\" or \"DATE\" or \"TIMESTAMP\" or \"TIMESTAMP_NTZ\")";

void datetime_add_argument(struct analysis *a, struct expression *call, struct scalar value)
{
    const struct expression **args =
        ARENA_NEW(a->arena, const struct expression *, (size_t)call->count + 1);
    for (int32_t i = 0; i < call->count; i++) {
        args[i] = call->args[i];
    }
    args[call->count] = analysis_literal(a, value, call);
    call->args = args;
    call->count++;
}

bool datetime_take(
    struct analysis *a, struct expression *call, int32_t i, char letter, const char *wanted)
{
    const struct type *type = implicit_type(a->arena, a->settings, call->args[i]->type, letter);
    if (!type) {
        return analysis_unexpected_type(a, call, i, wanted);
    }
    analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    return true;
}

bool datetime_is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

int datetime_find_word(struct bytes text, const char *const *lists, int count)
{
    for (int i = 0; i < count; i++) {
        struct bytes rest = bytes_of(lists[i]);
        struct bytes word;
        while (bytes_cut(&rest, ' ', &word)) {
            if (text.len == word.len && text.len > 0 &&
                strncasecmp((const char *)text.data, (const char *)word.data, word.len) == 0) {
                return i;
            }
        }
    }
    return -1;
}

/* --- to_date, to_timestamp and their kin --- */

static const struct expression *cast_of(struct analysis *a,
                                        const struct expression *call,
                                        const struct expression *e,
                                        const struct type *type,
                                        bool tries)
{
    if (type_same_values(e->type, type)) {
        return e;
    }
    struct expression *cast = analysis_new(a, EXPRESSION_CAST, call->span, &e, 1);
    cast->type = type;
    cast->implicit = true;
    cast->cast_mode = tries ? CAST_TRY : a->settings->ansi ? CAST_ANSI : CAST_LEGACY;
    cast->nullable = tries || e->nullable || cast_may_be_null(e->type, type, cast->cast_mode);
    return cast;
}

static bool is_text_or_time(const struct type *t)
{
    return t->kind == TYPE_STRING || t->kind == TYPE_VOID ||
           (t->kind >= TYPE_DATE && t->kind <= TYPE_TIMESTAMP_NTZ);
}

bool resolve_to_time(struct analysis *a, struct expression *call)
{
    const char *name = call->function->name;
    bool tries = strncmp(name, "try_", 4) == 0;
    enum type_kind kind = strstr(name, "date")  ? TYPE_DATE
                          : strstr(name, "ntz") ? TYPE_TIMESTAMP_NTZ
                                                : TYPE_TIMESTAMP;
    const struct type *type = type_simple(kind);
    const struct expression *x = call->args[0];
    bool number = type_is_numeric(x->type) && kind == TYPE_TIMESTAMP && call->count == 1;
    if (!is_text_or_time(x->type) && !number) {
        if (!datetime_take(a, call, 0, 's', text_or_time)) {
            return false;
        }
        x = call->args[0];
    }
    if (call->count == 2 && !datetime_take(a, call, 1, 's', "\"STRING\"")) {
        return false;
    }
    if (call->count == 1 || x->type->kind != TYPE_STRING) {
        return analysis_replace(call, cast_of(a, call, x, type, tries));
    }
    call->type = type;
    call->nullable = tries || !a->settings->ansi || arguments_nullable(call);
    return true;
}

bool resolve_unix_time(struct analysis *a, struct expression *call)
{
    if (call->count == 0) {
        const struct expression *now = analysis_call(a, "current_timestamp", NULL, 0, call->span);
        if (!now) {
            return false;
        }
        datetime_add_argument(a, call, scalar_null(type_simple(TYPE_VOID)));
        analysis_set_arg(call, 0, now);
    }
    if (call->count == 1) {
        datetime_add_argument(a, call, scalar_text(bytes_of(default_pattern)));
    }
    const struct expression *x = call->args[0];
    if (!is_text_or_time(x->type)) {
        return analysis_unexpected_type(a, call, 0, text_or_time);
    }
    if (!datetime_take(a, call, 1, 's', "\"STRING\"")) {
        return false;
    }
    if (x->type->kind != TYPE_STRING) {
        analysis_set_arg(call, 0, analysis_cast(a, x, type_simple(TYPE_TIMESTAMP)));
    }
    call->type = type_simple(TYPE_BIGINT);
    call->nullable = !a->settings->ansi || arguments_nullable(call);
    return true;
}

struct column *unix_time(struct evaluation *ev,
                         const struct expression *call,
                         struct column *const *args,
                         const struct rows *rows)
{
    if (args[0]->type->kind == TYPE_STRING) {
        return parse_time(ev, call, args, rows);
    }
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            ((int64_t *)v.values)[i] = column_integer(args[0], i) / MICROS_PER_SECOND;
        }
    }
    return vector_finish(&v);
}

bool resolve_from_unixtime(struct analysis *a, struct expression *call)
{
    if (call->count == 1) {
        datetime_add_argument(a, call, scalar_text(bytes_of(default_pattern)));
    }
    if (!datetime_take(a, call, 0, 'l', "\"BIGINT\"") ||
        !datetime_take(a, call, 1, 's', "\"STRING\"")) {
        return false;
    }
    call->type = type_simple(TYPE_STRING);
    call->nullable = true;
    return true;
}
