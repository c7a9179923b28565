/*
 * Reading arrays and maps: a[i], element_at, size, contains, the parts of a map. See function.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expressions/collection_parts.h"

static const struct sql_condition index_of_zero = { "INVALID_INDEX_OF_ZERO", "22003",
                                                    "SparkRuntimeException" };
static const struct sql_condition index_in_element_at = { "INVALID_ARRAY_INDEX_IN_ELEMENT_AT",
                                                          "22003",
                                                          "SparkArrayIndexOutOfBoundsException" };
static const struct sql_condition array_types_differ = {
    "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES", "42K09", "ExtendedAnalysisException"
};

/* --- a[i], get, element_at --- */

static bool resolve_map_key(struct analysis *a, struct expression *call)
{
    const struct type *map = call->args[0]->type;
    const struct type *key = call->args[1]->type;
    const struct type *common = wider_type(a->arena, a->settings, map->key, key);
    if (!common || !(type_same_values(common, map->key) || a->settings->ansi)) {
        return analysis_unexpected_type(a, call, 1, "\"MAP\" key");
    }
    if (map->key->kind == TYPE_VOID) { /* map(): empty, and of whatever keys it is asked for */
        map = type_map(a->arena, key, map->element, map->element_nullable);
        analysis_set_arg(call, 0, analysis_cast(a, call->args[0], map));
    }
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], map->key));
    call->type = map->element;
    call->nullable = true;
    return true;
}

static bool resolve_index(struct analysis *a, struct expression *call)
{
    const struct type *index = call->args[1]->type;
    if (index->kind == TYPE_VOID) {
        analysis_set_arg(call, 1, analysis_cast(a, call->args[1], type_simple(TYPE_INT)));
    } else if (!type_is_integral(index)) {
        return analysis_unexpected_type(a, call, 1, "\"INTEGRAL\"");
    }
    call->type = call->args[0]->type->element;
    return true;
}

bool resolve_subscript(struct analysis *a, struct expression *call)
{
    const struct type *container = call->args[0]->type;
    if (container->kind == TYPE_MAP) {
        return resolve_map_key(a, call);
    }
    struct scalar name;
    if (container->kind == TYPE_STRUCT && call->args[1]->type->kind == TYPE_STRING &&
        analysis_constant(a, call->args[1], &name) && !name.null) {
        return analysis_replace_named(
            call, analysis_struct_field(a, call->args[0], name.text, call->span));
    }
    if (container->kind != TYPE_ARRAY) {
        return analysis_refuse_extract(a, call->args[0], call->span);
    }
    call->nullable = call->args[0]->nullable || call->args[1]->nullable ||
                     container->element_nullable || !a->settings->ansi;
    if (call->args[1]->kind == EXPRESSION_LITERAL && a->settings->ansi) {
        const struct expression *list =
            call->args[0]; /* of array(...) alone Spark knows how long it is */
        bool known = list->kind == EXPRESSION_CALL && strcmp(list->function->name, "array") == 0;
        call->nullable = !known || list->nullable || container->element_nullable;
    }
    return resolve_index(a, call);
}

bool resolve_element_at(struct analysis *a, struct expression *call)
{
    const struct type *container = call->args[0]->type;
    if (container->kind == TYPE_MAP) {
        return resolve_map_key(a, call);
    }
    if (container->kind != TYPE_ARRAY) {
        return analysis_unexpected_type(a, call, 0, "(\"ARRAY\" or \"MAP\")");
    }
    bool tries = call->function->name[0] == 't';
    call->nullable =
        arguments_nullable(call) || container->element_nullable || tries || !a->settings->ansi;
    return resolve_index(a, call);
}

bool resolve_get(struct analysis *a, struct expression *call)
{
    if (call->args[0]->type->kind != TYPE_ARRAY) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\"");
    }
    call->nullable = true;
    return resolve_index(a, call);
}

void print_subscript(struct buffer *out,
                     const struct expression *call,
                     expression_printer *argument)
{
    argument(out, call->args[0]);
    buffer_append_text(out, "[");
    argument(out, call->args[1]);
    buffer_append_text(out, "]");
}

static int32_t find_key(const struct column *map,
                        int32_t row,
                        const struct column *key,
                        int32_t key_row)
{
    int32_t first = column_first(map, row);
    int32_t count = column_count(map, row);
    for (int32_t i = first; i < first + count; i++) {
        if (column_compare(map->children[0], i, key, key_row) == 0) {
            return i;
        }
    }
    return -1;
}

static struct column *out_of_bounds(struct evaluation *ev,
                                    const struct expression *call,
                                    int64_t index,
                                    int32_t count)
{
    if (call->function->name[0] == 'e' || call->function->name[0] == 't') {
        return evaluation_fail(
            ev, call, &index_in_element_at,
            "The index %lld is out of bounds. The array has %d elements. Use "
            "`try_element_at` to tolerate accessing element at invalid index and return "
            "NULL instead.",
            (long long)index, count);
    }
    return evaluation_fail(
        ev, call, &sql_invalid_array_index,
        "The index %lld is out of bounds. The array has %d elements. Use the SQL function "
        "`get()` to tolerate accessing element at invalid index and return NULL instead.",
        (long long)index, count);
}

/* Where in the child the element of row i is; -1: nowhere. False: that is an error, and set. */
static bool locate(struct evaluation *ev,
                   const struct expression *call,
                   struct column *const *args,
                   int32_t i,
                   int32_t *out)
{
    char kind = call->function->name[0]; /* [ get element_at try_element_at */
    *out = -1;
    if (args[0]->type->kind == TYPE_MAP) {
        int32_t at = find_key(args[0], i, args[1], i);
        *out = at;
        return true;
    }
    int64_t index = column_integer(args[1], i);
    int32_t count = column_count(args[0], i);
    int64_t place = index;
    if (kind == 'e' || kind == 't') {
        if (index == 0) {
            (void)evaluation_fail(
                ev, call, &index_of_zero,
                "The index 0 is invalid. An index shall be either < 0 or > 0 (the first "
                "element has index 1).");
            return false;
        }
        place = index > 0 ? index - 1 : index + count;
    }
    if (place >= 0 && place < count) {
        *out = column_first(args[0], i) + (int32_t)place;
        return true;
    }
    bool fails = ev->settings->ansi && (kind == '[' || kind == 'e');
    if (fails) {
        (void)out_of_bounds(ev, call, index, count);
    }
    return !fails;
}

struct column *subscript(struct evaluation *ev,
                         const struct expression *call,
                         struct column *const *args,
                         const struct rows *rows)
{
    int32_t child = args[0]->type->kind == TYPE_MAP;
    int32_t *from = mem_zalloc((size_t)rows->count + 1, sizeof(*from));
    for (int32_t i = 0; i < rows->count; i++) {
        from[i] = -1;
        if (row_counts(rows, i) && !locate(ev, call, args, i, &from[i])) {
            free(from);
            return NULL;
        }
    }
    struct column *taken = column_take(args[0]->children[child], from, rows->count);
    struct column *result = column_retype(taken, call->type);
    column_release(taken);
    free(from);
    return result;
}

/* --- size --- */

bool resolve_size(struct analysis *a, struct expression *call)
{
    const struct type *t = call->args[0]->type;
    if (t->kind != TYPE_ARRAY && t->kind != TYPE_MAP && t->kind != TYPE_VOID) {
        return analysis_unexpected_type(a, call, 0, "(\"ARRAY\" or \"MAP\")");
    }
    call->type = type_simple(TYPE_INT);
    call->nullable = a->settings->ansi && call->args[0]->nullable;
    return true;
}

/* Of null: null with ansi on, -1 with it off (spark.sql.legacy.sizeOfNull). */
struct column *size_of(struct evaluation *ev,
                       const struct expression *call,
                       struct column *const *args,
                       const struct rows *rows)
{
    struct vector v = vector_new(call->type, &(struct rows){ .count = rows->count });
    int32_t *out = v.values;
    for (int32_t i = 0; i < rows->count; i++) {
        if (!column_is_null(args[0], i)) {
            out[i] = column_count(args[0], i);
        } else if (ev->settings->ansi) {
            vector_null(&v, i);
        } else {
            out[i] = -1;
        }
    }
    return vector_finish(&v);
}

/* --- array_contains, array_position --- */

bool resolve_contains(struct analysis *a, struct expression *call)
{
    const struct type *array = call->args[0]->type;
    const struct type *value = call->args[1]->type;
    bool position = call->function->returns == 'l';
    if ((array->kind == TYPE_VOID || value->kind == TYPE_VOID) && !position) {
        return analysis_mismatch(a, call, &sql_mismatch_null_type,
                                 "Null typed values cannot be used as arguments of `%s`.",
                                 call->function->name);
    }
    const struct type *common = array->kind == TYPE_ARRAY
                                    ? common_type(a->arena, a->settings, array->element, value)
                                    : NULL;
    if (!common) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        type_print_sql(&text, array);
        buffer_append_text(&text, "\", \"");
        type_print_sql(&text, value);
        (void)analysis_mismatch(
            a, call, &array_types_differ,
            "Input to `%s` should have been \"ARRAY\" followed by a value with same element "
            "type, but it's [\"%.*s\"].",
            call->function->name, BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    const struct type *wanted = type_array(a->arena, common, array->element_nullable);
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], wanted));
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], common));
    call->type = type_simple(position ? TYPE_BIGINT : TYPE_BOOLEAN);
    call->nullable = arguments_nullable(call) || (!position && array->element_nullable);
    return check_order(a, call, common);
}

struct column *contains(struct evaluation *ev,
                        const struct expression *call,
                        struct column *const *args,
                        const struct rows *rows)
{
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    const struct column *elements = args[0]->children[0];
    for (int32_t i = 0; i < rows->count; i++) {
        bool found = false;
        bool null = false;
        int32_t first = row_counts(rows, i) ? column_first(args[0], i) : 0;
        int32_t count = row_counts(rows, i) ? column_count(args[0], i) : 0;
        for (int32_t k = first; !found && k < first + count; k++) {
            bool unknown = column_is_null(elements, k);
            null = null || unknown;
            found = !unknown && column_compare(elements, k, args[1], i) == 0;
        }
        if (found) {
            bit_set(v.values, i);
        } else if (null) {
            vector_null(&v, i);
        }
    }
    return vector_finish(&v);
}

struct column *position_of(struct evaluation *ev,
                           const struct expression *call,
                           struct column *const *args,
                           const struct rows *rows)
{
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    const struct column *elements = args[0]->children[0];
    for (int32_t i = 0; i < rows->count; i++) {
        int32_t count = row_counts(rows, i) ? column_count(args[0], i) : 0;
        for (int32_t k = 0; k < count; k++) {
            int32_t at = column_first(args[0], i) + k;
            if (!column_is_null(elements, at) && column_compare(elements, at, args[1], i) == 0) {
                ((int64_t *)v.values)[i] = k + 1;
                break;
            }
        }
    }
    return vector_finish(&v);
}

/* --- the parts of a map --- */

bool resolve_map_part(struct analysis *a, struct expression *call)
{
    const struct type *map = call->args[0]->type;
    if (map->kind != TYPE_MAP) {
        return analysis_unexpected_type(a, call, 0, "\"MAP\"");
    }
    const char *name = call->function->name;
    if (strcmp(name, "map_keys") == 0) {
        call->type = type_array(a->arena, map->key, false);
    } else if (strcmp(name, "map_values") == 0) {
        call->type = type_array(a->arena, map->element, map->element_nullable);
    } else {
        struct field fields[2] = {
            { .name = bytes_of("key"), .type = map->key },
            { .name = bytes_of("value"), .type = map->element, .nullable = map->element_nullable }
        };
        call->type = type_array(a->arena, type_struct(a->arena, fields, 2), false);
    }
    call->nullable = call->args[0]->nullable;
    return true;
}

struct column *map_part(struct evaluation *ev,
                        const struct expression *call,
                        struct column *const *args,
                        const struct rows *rows)
{
    (void)ev;
    (void)rows;
    struct column *map = column_plain(args[0]);
    const char *name = call->function->name;
    struct column *elements = NULL;
    if (strcmp(name, "map_entries") == 0) {
        struct column *fields[2];
        for (int i = 0; i < 2; i++) {
            fields[i] = column_plain(map->children[i]);
        }
        elements = column_struct(call->type->element, fields, fields[0]->length, NULL);
    } else {
        elements = column_retain(map->children[strcmp(name, "map_values") == 0]);
    }
    struct column *result = column_list_view(map, call->type, elements);
    column_release(map);
    return result;
}

bool resolve_map_contains(struct analysis *a, struct expression *call)
{
    if (call->args[0]->type->kind != TYPE_MAP) {
        return analysis_unexpected_type(a, call, 0, "\"MAP\"");
    }
    if (!resolve_map_key(a, call)) {
        return false;
    }
    call->type = type_simple(TYPE_BOOLEAN);
    call->nullable = true;
    return true;
}

struct column *map_contains(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i) && find_key(args[0], i, args[1], i) >= 0) {
            bit_set(v.values, i);
        }
    }
    return vector_finish(&v);
}
