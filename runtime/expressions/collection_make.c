/*
 * Making structs, arrays and maps: see function.h. Columns are put side by side or interleaved; no row is looked at.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "columns/bits.h"
#include "columns/cell_text.h"
#include "columns/row_codec.h"
#include "expressions/collection_parts.h"

static const struct sql_condition null_map_key = { "NULL_MAP_KEY", "2200E",
                                                   "SparkRuntimeException" };
static const struct sql_condition duplicated_map_key = { "DUPLICATED_MAP_KEY", "23505",
                                                         "SparkRuntimeException" };
static const struct sql_condition map_lengths = { "_LEGACY_ERROR_TEMP_2128", "",
                                                  "SparkRuntimeException" };

static uint8_t *copied_validity(const struct rows *rows)
{
    if (!rows->valid || rows->null_count == 0) {
        return NULL;
    }
    uint8_t *copy = mem_zalloc(bits_bytes(rows->count) + 8, 1);
    memcpy(copy, rows->valid, bits_bytes(rows->count));
    return copy;
}

static struct column *list_of(const struct type *type,
                              const struct rows *rows,
                              const int32_t *lengths,
                              struct column **children)
{
    int32_t *offsets = mem_zalloc((size_t)rows->count + 1, sizeof(*offsets));
    for (int32_t i = 0; i < rows->count; i++) {
        offsets[i + 1] = offsets[i] + lengths[i];
    }
    return column_new(type, rows->count,
                      &(struct column_buffers){ .null_count = rows->valid ? rows->null_count : 0,
                                                .validity = copied_validity(rows),
                                                .offsets = offsets,
                                                .children = children });
}

struct column *array_of(const struct type *type,
                        const struct rows *rows,
                        const int32_t *lengths,
                        struct column *elements)
{
    return list_of(type, rows, lengths, &elements);
}

struct column *map_of(const struct type *type,
                      const struct rows *rows,
                      const int32_t *lengths,
                      struct column *keys,
                      struct column *values)
{
    struct column *children[2] = { keys, values };
    return list_of(type, rows, lengths, children);
}

/* --- structs --- */

static struct bytes field_name(struct analysis *a, const struct expression *e, int32_t i)
{
    if (e->kind == EXPRESSION_ALIAS || e->kind == EXPRESSION_COLUMN ||
        e->kind == EXPRESSION_FIELD || e->kind == EXPRESSION_VARIABLE) {
        return e->name;
    }
    return arena_printf(a->arena, "col%d", i + 1);
}

bool resolve_struct(struct analysis *a, struct expression *call)
{
    struct field *fields = ARENA_NEW(a->arena, struct field, (size_t)call->count);
    for (int32_t i = 0; i < call->count; i++) {
        const struct expression *e = call->args[i];
        fields[i] =
            (struct field){ .name = field_name(a, e, i), .type = e->type, .nullable = e->nullable };
    }
    call->type = type_struct(a->arena, fields, call->count);
    call->nullable = false;
    return true;
}

bool resolve_named_struct(struct analysis *a, struct expression *call)
{
    if (call->count % 2 == 1) {
        (void)sql_fail(
            a->error, &sql_wrong_num_args,
            "The `named_struct` requires 2n (n > 0) parameters but the actual number is %d. Please, "
            "refer to 'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix.",
            call->count);
        return false;
    }
    struct field *fields = ARENA_NEW(a->arena, struct field, (size_t)call->count / 2 + 1);
    for (int32_t i = 0; i < call->count; i += 2) {
        struct scalar name;
        if (!analysis_constant(a, call->args[i], &name) || name.type->kind != TYPE_STRING ||
            name.null) {
            return sql_failed(a->error) ? false
                                        : analysis_unexpected_type(a, call, i, "\"STRING\"");
        }
        const struct expression *value = call->args[i + 1];
        fields[i / 2] =
            (struct field){ .name = name.text, .type = value->type, .nullable = value->nullable };
    }
    call->type = type_struct(a->arena, fields, call->count / 2);
    call->nullable = false;
    return true;
}

/* struct(a, b), and named_struct('x', a, 'y', b) by every second argument. */
struct column *make_struct(struct evaluation *ev,
                           const struct expression *call,
                           struct column *const *args,
                           const struct rows *rows)
{
    (void)ev;
    int32_t step = call->type->field_count * 2 == call->count && call->count > 0 ? 2 : 1;
    struct column **fields = mem_zalloc((size_t)call->type->field_count + 1, sizeof(*fields));
    for (int32_t i = 0; i < call->type->field_count; i++) {
        struct column *plain = column_plain(args[i * step + step - 1]);
        fields[i] = column_retype(plain, call->type->fields[i].type);
        column_release(plain);
    }
    struct column *result = column_struct(call->type, fields, rows->count, NULL);
    free(fields);
    return result;
}

/* --- arrays --- */

bool resolve_array(struct analysis *a, struct expression *call)
{
    const struct type *element = type_simple(TYPE_VOID);
    bool nullable = false;
    if (call->count > 0) {
        element = unify_arguments(a, call, 0, call->count);
    }
    if (!element) {
        return analysis_types_differ(a, call);
    }
    for (int32_t i = 0; i < call->count; i++) {
        nullable = nullable || call->args[i]->nullable;
    }
    call->type = type_array(a->arena, element, nullable);
    call->nullable = false;
    return true;
}

/* Columns a b c as a1 b1 c1 a2 b2 c2: of `count` columns from args[first] on, every `step`-th. */
static struct column *interleaved(const struct type *type,
                                  struct column *const *args,
                                  int32_t first,
                                  int32_t step,
                                  int32_t count,
                                  int32_t rows)
{
    struct column **plain = mem_zalloc((size_t)count + 1, sizeof(*plain));
    for (int32_t k = 0; k < count; k++) {
        struct column *p = column_plain(args[first + k * step]);
        plain[k] = column_retype(p, type);
        column_release(p);
    }
    struct column *all = column_concat(plain, count);
    int32_t *from = mem_zalloc((size_t)rows * (size_t)count + 1, sizeof(*from));
    for (int32_t i = 0; i < rows; i++) {
        for (int32_t k = 0; k < count; k++) {
            from[i * count + k] = k * rows + i;
        }
    }
    struct column *result = column_take(all, from, rows * count);
    for (int32_t k = 0; k < count; k++) {
        column_release(plain[k]);
    }
    column_release(all);
    free(plain);
    free(from);
    return result;
}

static int32_t *equal_lengths(int32_t length, int32_t rows)
{
    int32_t *lengths = mem_zalloc((size_t)rows + 1, sizeof(*lengths));
    for (int32_t i = 0; i < rows; i++) {
        lengths[i] = length;
    }
    return lengths;
}

static struct column *no_elements(const struct type *type)
{
    return builder_finish(builder_new(type));
}

struct column *make_array(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    (void)ev;
    struct column *elements =
        call->count == 0 ? no_elements(call->type->element)
                         : interleaved(call->type->element, args, 0, 1, call->count, rows->count);
    int32_t *lengths = equal_lengths(call->count, rows->count);
    struct column *result =
        array_of(call->type, &(struct rows){ .count = rows->count }, lengths, elements);
    free(lengths);
    return result;
}

/* --- maps --- */

static struct column *duplicate_key(struct evaluation *ev, const struct column *keys, int32_t at)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    cell_print(&text, &(struct cell_format){ CELL_CAST, ev->settings->zone }, keys, at);
    const struct expression nowhere = { .span = span_none() };
    (void)evaluation_fail(
        ev, &nowhere, &duplicated_map_key,
        "Duplicate map key %.*s was found, please check the input data.\nIf you want to "
        "remove the duplicated keys, you can set \"spark.sql.mapKeyDedupPolicy\" to "
        "\"LAST_WIN\" so that the key inserted at last takes precedence.",
        BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return NULL;
}

/* The first key among [first, first + count) that was there before; -1: none. */
static int32_t repeated_key(const struct column *keys, int32_t first, int32_t count)
{
    struct map seen;
    struct buffer key;
    map_init(&seen);
    buffer_init(&key, INT32_MAX);
    int32_t found = -1;
    for (int32_t i = first; found < 0 && i < first + count; i++) {
        buffer_clear(&key);
        row_encode_key(&key, keys, i);
        found = map_put(&seen, buffer_bytes(&key), &seen) ? i : -1;
    }
    map_finish(&seen);
    buffer_finish(&key);
    return found;
}

struct column *check_map(struct evaluation *ev, struct column *map)
{
    const struct column *keys = map->children[0];
    const struct expression nowhere = { .span = span_none() };
    for (int32_t i = 0; i < map->length; i++) {
        if (column_is_null(map, i)) {
            continue;
        }
        int32_t first = column_first(map, i);
        int32_t count = column_count(map, i);
        for (int32_t k = first; k < first + count; k++) {
            if (column_is_null(keys, k)) {
                column_release(map);
                return evaluation_fail(ev, &nowhere, &null_map_key, "Cannot use null as map key.");
            }
        }
        int32_t repeated = count > 1 ? repeated_key(keys, first, count) : -1;
        if (repeated >= 0) {
            (void)duplicate_key(ev, keys, repeated);
            column_release(map);
            return NULL;
        }
    }
    return map;
}

static const struct type *wider_of_every_second(struct analysis *a,
                                                struct expression *call,
                                                int32_t first)
{
    const struct type *common = call->args[first]->type;
    for (int32_t i = first + 2; common && i < call->count; i += 2) {
        common = wider_type(a->arena, a->settings, common, call->args[i]->type);
    }
    for (int32_t i = first; common && i < call->count; i += 2) {
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], common));
    }
    return common;
}

bool resolve_map(struct analysis *a, struct expression *call)
{
    if (call->count % 2 == 1) {
        (void)sql_fail(
            a->error, &sql_wrong_num_args,
            "The `map` requires 2n (n > 0) parameters but the actual number is %d. Please, refer to "
            "'https://spark.apache.org/docs/latest/sql-ref-functions.html' for a fix.",
            call->count);
        return false;
    }
    const struct type *key = type_simple(TYPE_VOID);
    const struct type *value = type_simple(TYPE_VOID);
    bool nullable = false;
    if (call->count > 0) {
        key = wider_of_every_second(a, call, 0);
        value = wider_of_every_second(a, call, 1);
    }
    if (!key || !value) {
        return analysis_mismatch(a, call, &sql_mismatch_data_types,
                                 "The given %s of function `map` should all be the same type.",
                                 key ? "values" : "keys");
    }
    for (int32_t i = 1; i < call->count; i += 2) {
        nullable = nullable || call->args[i]->nullable;
    }
    call->type = type_map(a->arena, key, value, nullable);
    call->nullable = false;
    return true;
}

struct column *make_map(struct evaluation *ev,
                        const struct expression *call,
                        struct column *const *args,
                        const struct rows *rows)
{
    int32_t count = call->count / 2;
    struct column *keys = count == 0 ? no_elements(call->type->key)
                                     : interleaved(call->type->key, args, 0, 2, count, rows->count);
    struct column *values = count == 0
                                ? no_elements(call->type->element)
                                : interleaved(call->type->element, args, 1, 2, count, rows->count);
    int32_t *lengths = equal_lengths(count, rows->count);
    struct column *map =
        map_of(call->type, &(struct rows){ .count = rows->count }, lengths, keys, values);
    free(lengths);
    return check_map(ev, map);
}

bool resolve_map_from_arrays(struct analysis *a, struct expression *call)
{
    for (int32_t i = 0; i < 2; i++) {
        if (call->args[i]->type->kind != TYPE_ARRAY) {
            return analysis_unexpected_type(a, call, i, "\"ARRAY\"");
        }
    }
    call->type = type_map(a->arena, call->args[0]->type->element, call->args[1]->type->element,
                          call->args[1]->type->element_nullable);
    call->nullable = arguments_nullable(call);
    return true;
}

struct column *make_map_from_arrays(struct evaluation *ev,
                                    const struct expression *call,
                                    struct column *const *args,
                                    const struct rows *rows)
{
    struct builder *b = builder_new(call->type);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
            continue;
        }
        int32_t count = column_count(args[0], i);
        if (count != column_count(args[1], i)) {
            builder_free(b);
            const struct expression nowhere = { .span = span_none() };
            return evaluation_fail(
                ev, &nowhere, &map_lengths,
                "The key array and value array of MapData must have the same length.");
        }
        for (int32_t k = 0; k < count; k++) {
            builder_copy(builder_child(b, 0), args[0]->children[0], column_first(args[0], i) + k);
            builder_copy(builder_child(b, 1), args[1]->children[0], column_first(args[1], i) + k);
        }
        builder_list(b);
    }
    return check_map(ev, builder_finish(b));
}

bool resolve_map_from_entries(struct analysis *a, struct expression *call)
{
    const struct type *t = call->args[0]->type;
    if (t->kind != TYPE_ARRAY || t->element->kind != TYPE_STRUCT || t->element->field_count != 2) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\" of pair \"STRUCT\"");
    }
    const struct field *fields = t->element->fields;
    call->type = type_map(a->arena, fields[0].type, fields[1].type, fields[1].nullable);
    call->nullable = call->args[0]->nullable || t->element_nullable;
    return true;
}

struct column *make_map_from_entries(struct evaluation *ev,
                                     const struct expression *call,
                                     struct column *const *args,
                                     const struct rows *rows)
{
    struct builder *b = builder_new(call->type);
    const struct column *entries = args[0]->children[0];
    for (int32_t i = 0; i < rows->count; i++) {
        bool whole = row_counts(rows, i);
        int32_t first = whole ? column_first(args[0], i) : 0;
        int32_t count = whole ? column_count(args[0], i) : 0;
        for (int32_t k = first; k < first + count; k++) {
            whole = whole && !column_is_null(entries, k);
        }
        for (int32_t k = first; whole && k < first + count; k++) {
            builder_copy(builder_child(b, 0), entries->children[0], k);
            builder_copy(builder_child(b, 1), entries->children[1], k);
        }
        if (whole) {
            builder_list(b);
        } else {
            builder_null(b);
        }
    }
    return check_map(ev, builder_finish(b));
}
