/*
 * Arrays from arrays: compact, reverse, remove, append, insert, repeat, slice, flatten, zip. See function.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expressions/collection_parts.h"

static const struct sql_condition index_of_zero = { "INVALID_INDEX_OF_ZERO", "22003",
                                                    "SparkRuntimeException" };
static const struct sql_condition slice_start = { "INVALID_PARAMETER_VALUE.START", "22023",
                                                  "SparkRuntimeException" };
static const struct sql_condition slice_length = { "INVALID_PARAMETER_VALUE.LENGTH", "22023",
                                                   "SparkRuntimeException" };
static const struct sql_condition array_types_differ = {
    "DATATYPE_MISMATCH.ARRAY_FUNCTION_DIFF_TYPES", "42K09", "ExtendedAnalysisException"
};

/* array -> array: array_distinct, array_compact, shuffle */
bool resolve_same_array(struct analysis *a, struct expression *call)
{
    const struct type *array = call->args[0]->type;
    if (array->kind != TYPE_ARRAY) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\"");
    }
    bool compact = strcmp(call->function->name, "array_compact") == 0;
    call->type = compact ? type_array(a->arena, array->element, false) : array;
    call->nullable = call->args[0]->nullable;
    return strcmp(call->function->name, "array_distinct") != 0 ||
           check_order(a, call, array->element);
}

static bool types_differ(struct analysis *a, const struct expression *call, int32_t value)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    type_print_sql(&text, call->args[0]->type);
    buffer_append_text(&text, "\", \"");
    type_print_sql(&text, call->args[value]->type);
    (void)analysis_mismatch(
        a, call, &array_types_differ,
        "Input to `%s` should have been \"ARRAY\" followed by a value with same element "
        "type, but it's [\"%.*s\"].",
        call->function->name, BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

/* The array and argument `value` with one common type of elements. */
static const struct type *bring_together(struct analysis *a, struct expression *call, int32_t value)
{
    const struct type *array = call->args[0]->type;
    const struct type *common =
        array->kind == TYPE_ARRAY
            ? common_type(a->arena, a->settings, array->element, call->args[value]->type)
            : NULL;
    if (!common) {
        (void)types_differ(a, call, value);
        return NULL;
    }
    const struct type *wanted = type_array(a->arena, common, array->element_nullable);
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], wanted));
    analysis_set_arg(call, value, analysis_cast(a, call->args[value], common));
    return common;
}

/* array_append, array_prepend, array_remove */
bool resolve_array_and_value(struct analysis *a, struct expression *call)
{
    const struct type *common = bring_together(a, call, 1);
    if (!common) {
        return false;
    }
    bool remove = strcmp(call->function->name, "array_remove") == 0;
    bool nulls = call->args[0]->type->element_nullable || (!remove && call->args[1]->nullable);
    call->type = type_array(a->arena, common, nulls);
    call->nullable = call->args[0]->nullable || (remove && call->args[1]->nullable);
    return !remove || check_order(a, call, common);
}

struct column *array_compact(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    const struct column *elements = args[0]->children[0];
    struct picks p = picks_new(rows);
    for (int32_t i = 0; i < rows->count; i++) {
        struct element_range r = element_range(rows, args[0], i);
        if (!picks_reserve(&p, ev, call->function->name, r.end - r.first)) {
            picks_drop(&p);
            return NULL;
        }
        for (int32_t k = r.first; k < r.end; k++) {
            if (!column_is_null(elements, k)) {
                picks_add(&p, i, k);
            }
        }
    }
    return picks_array(&p, elements, call->type);
}

struct column *array_remove(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    const struct column *elements = args[0]->children[0];
    struct picks p = picks_new(rows);
    for (int32_t i = 0; i < rows->count; i++) {
        struct element_range r = element_range(rows, args[0], i);
        if (!picks_reserve(&p, ev, call->function->name, r.end - r.first)) {
            picks_drop(&p);
            return NULL;
        }
        for (int32_t k = r.first; k < r.end; k++) {
            if (column_is_null(elements, k) || column_compare(elements, k, args[1], i) != 0) {
                picks_add(&p, i, k);
            }
        }
    }
    return picks_array(&p, elements, call->type);
}

/* Fisher and Yates, with numbers that differ from batch to batch. */
struct column *array_shuffle(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    uint64_t seed = 0x9e3779b97f4a7c15U ^ (uint64_t)ev->first_row;
    seed ^= (uint64_t)ev->partition << 40;
    struct picks p = picks_new(rows);
    for (int32_t i = 0; i < rows->count; i++) {
        struct element_range r = element_range(rows, args[0], i);
        if (!picks_reserve(&p, ev, call->function->name, r.end - r.first)) {
            picks_drop(&p);
            return NULL;
        }
        int32_t first = p.count;
        for (int32_t k = r.first; k < r.end; k++) {
            picks_add(&p, i, k);
        }
        for (int32_t n = p.count - first; n > 1; n--) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            int32_t other = first + (int32_t)((seed >> 33) % (uint64_t)n);
            int32_t last = p.from[first + n - 1];
            p.from[first + n - 1] = p.from[other];
            p.from[other] = last;
        }
    }
    return picks_array(&p, args[0]->children[0], call->type);
}

/* array_append, array_prepend: the values of rows lie behind the elements. */
struct column *array_add(struct evaluation *ev,
                         const struct expression *call,
                         struct column *const *args,
                         const struct rows *rows)
{
    bool front = strcmp(call->function->name, "array_prepend") == 0;
    struct rows present = { .count = rows->count };
    present.valid = args[0]->constant ? NULL : args[0]->validity;
    present.null_count = args[0]->constant ? 0 : args[0]->null_count;
    if (args[0]->type->kind == TYPE_VOID || (args[0]->constant && args[0]->null_count)) {
        return column_nulls(call->type, rows->count);
    }
    struct column *all = joined(args[0]->children[0], args[1], call->type->element);
    int32_t behind = args[0]->children[0]->length;
    struct picks p = picks_new(&present);
    struct column *result = NULL;
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        struct element_range r = element_range(&present, args[0], i);
        ok = picks_reserve(&p, ev, call->function->name, (int64_t)r.end - r.first + 1);
        bool counts = ok && !column_is_null(args[0], i);
        if (counts && front) {
            picks_add(&p, i, behind + i);
        }
        for (int32_t k = r.first; counts && k < r.end; k++) {
            picks_add(&p, i, k);
        }
        if (counts && !front) {
            picks_add(&p, i, behind + i);
        }
    }
    if (ok) {
        result = picks_array(&p, all, call->type);
    } else {
        picks_drop(&p);
    }
    column_release(all);
    return result;
}

/* --- array_insert --- */

bool resolve_array_insert(struct analysis *a, struct expression *call)
{
    const struct type *common = bring_together(a, call, 2);
    if (!common) {
        return false;
    }
    if (!type_is_integral(call->args[1]->type) && call->args[1]->type->kind != TYPE_VOID) {
        return analysis_unexpected_type(a, call, 1, "\"INT\"");
    }
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], type_simple(TYPE_INT)));
    call->type = type_array(a->arena, common,
                            call->args[0]->type->element_nullable || call->args[2]->nullable);
    call->nullable = call->args[0]->nullable || call->args[1]->nullable;
    return true;
}

/* One row: `position` counts from 1, or from -1 at the end; what lies between is filled with nulls. */
static bool insert_one(struct picks *p,
                       struct evaluation *ev,
                       int32_t row,
                       struct element_range r,
                       int64_t position,
                       int32_t value)
{
    int64_t count = r.end - r.first;
    int64_t before = position > 0 ? position - 1 : count + position + 1; /* of the new element */
    int64_t longest = position > 0 ? before : -position;
    if (!picks_reserve(p, ev, "array_insert", (longest > count ? longest : count) + 1)) {
        return false;
    }
    for (int64_t k = 0; k < before; k++) {
        picks_add(p, row, k < count ? r.first + (int32_t)k : -1);
    }
    picks_add(p, row, value);
    for (int64_t k = before; k < 0; k++) {
        picks_add(p, row, -1);
    }
    for (int64_t k = before > 0 ? before : 0; k < count; k++) {
        picks_add(p, row, r.first + (int32_t)k);
    }
    return true;
}

struct column *array_insert(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    uint8_t *bits = mem_zalloc((size_t)rows->count / 8 + 8, 1);
    struct rows present = { .count = rows->count, .valid = bits };
    for (int32_t i = 0; i < rows->count; i++) {
        if (column_is_null(args[0], i) || column_is_null(args[1], i)) {
            present.null_count++;
        } else {
            bit_set(bits, i);
        }
    }
    if (present.null_count == rows->count) {
        free(bits);
        return column_nulls(call->type, rows->count);
    }
    struct column *all = joined(args[0]->children[0], args[2], call->type->element);
    int32_t behind = args[0]->children[0]->length;
    struct picks p = picks_new(&present);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        int64_t position = bit_get(bits, i) ? column_integer(args[1], i) : 1;
        if (position == 0) {
            (void)evaluation_fail(
                ev, call, &index_of_zero,
                "The index 0 is invalid. An index shall be either < 0 or > 0 (the first "
                "element has index 1).");
            ok = false;
        } else if (bit_get(bits, i)) {
            ok = insert_one(&p, ev, i, element_range(&present, args[0], i), position, behind + i);
        }
    }
    struct column *result = ok ? picks_array(&p, all, call->type) : NULL;
    if (!ok) {
        picks_drop(&p);
    }
    column_release(all);
    free(bits);
    return result;
}

/* --- array_repeat, slice, flatten --- */

bool resolve_array_repeat(struct analysis *a, struct expression *call)
{
    const struct type *count = implicit_type(a->arena, a->settings, call->args[1]->type, 'i');
    if (!count) {
        return analysis_unexpected_type(a, call, 1, "\"INT\"");
    }
    analysis_set_arg(call, 1, analysis_cast(a, call->args[1], count));
    call->type = type_array(a->arena, call->args[0]->type, call->args[0]->nullable);
    call->nullable = call->args[1]->nullable;
    return true;
}

struct column *array_repeat(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    uint8_t *bits = mem_zalloc((size_t)rows->count / 8 + 8, 1);
    struct rows present = { .count = rows->count, .valid = bits };
    struct picks p = picks_new(&present);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        if (column_is_null(args[1], i)) {
            present.null_count++;
            continue;
        }
        bit_set(bits, i);
        int64_t times = column_integer(args[1], i);
        ok = times <= 0 || picks_reserve(&p, ev, "array_repeat", times);
        for (int64_t k = 0; ok && k < times; k++) {
            picks_add(&p, i, i);
        }
    }
    struct column *result = ok ? picks_array(&p, args[0], call->type) : NULL;
    if (!ok) {
        picks_drop(&p);
    }
    free(bits);
    return result;
}

bool resolve_slice(struct analysis *a, struct expression *call)
{
    if (call->args[0]->type->kind != TYPE_ARRAY) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\"");
    }
    for (int32_t i = 1; i < 3; i++) {
        const struct type *type = implicit_type(a->arena, a->settings, call->args[i]->type, 'i');
        if (!type) {
            return analysis_unexpected_type(a, call, i, "\"INT\"");
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    }
    call->type = call->args[0]->type;
    call->nullable = arguments_nullable(call);
    return true;
}

static bool slice_is_sound(struct evaluation *ev, int64_t start, int64_t length)
{
    const struct expression nowhere = { .span = span_none() };
    if (start == 0) {
        (void)evaluation_fail(ev, &nowhere, &slice_start,
                              "The value of parameter(s) `start` in `slice` is invalid: Expects a "
                              "positive or a negative value for `start`, but got 0.");
    } else if (length < 0) {
        (void)evaluation_fail(ev, &nowhere, &slice_length,
                              "The value of parameter(s) `length` in `slice` is invalid: Expects "
                              "`length` greater than or equal to 0, but got %lld.",
                              (long long)length);
    }
    return start != 0 && length >= 0;
}

struct column *array_slice(struct evaluation *ev,
                           const struct expression *call,
                           struct column *const *args,
                           const struct rows *rows)
{
    struct picks p = picks_new(rows);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            continue;
        }
        struct element_range r = element_range(rows, args[0], i);
        int64_t count = r.end - r.first;
        int64_t start = column_integer(args[1], i);
        int64_t length = column_integer(args[2], i);
        int64_t first = start > 0 ? start - 1 : count + start;
        if (!slice_is_sound(ev, start, length) || !picks_reserve(&p, ev, "slice", count)) {
            picks_drop(&p);
            return NULL;
        }
        for (int64_t k = first; first >= 0 && k < count && k < first + length; k++) {
            picks_add(&p, i, r.first + (int32_t)k);
        }
    }
    return picks_array(&p, args[0]->children[0], call->type);
}

bool resolve_flatten(struct analysis *a, struct expression *call)
{
    const struct type *array = call->args[0]->type;
    if (array->kind != TYPE_ARRAY || array->element->kind != TYPE_ARRAY) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\" of \"ARRAY\"");
    }
    call->type = array->element;
    call->nullable = call->args[0]->nullable || array->element_nullable;
    return true;
}

/* Null as soon as one of the arrays is. */
struct column *array_flatten(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    const struct column *inner = args[0]->children[0];
    const struct rows all = { .count = inner->length };
    uint8_t *bits = mem_zalloc((size_t)rows->count / 8 + 8, 1);
    struct rows present = { .count = rows->count, .valid = bits };
    struct picks p = picks_new(&present);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        struct element_range r = element_range(rows, args[0], i);
        bool whole = row_counts(rows, i);
        for (int32_t k = r.first; whole && k < r.end; k++) {
            whole = !column_is_null(inner, k);
        }
        if (!whole) {
            present.null_count++;
            continue;
        }
        bit_set(bits, i);
        for (int32_t k = r.first; ok && k < r.end; k++) {
            struct element_range e = element_range(&all, inner, k);
            ok = picks_reserve(&p, ev, "flatten", e.end - e.first);
            for (int32_t at = e.first; ok && at < e.end; at++) {
                picks_add(&p, i, at);
            }
        }
    }
    struct column *result = NULL;
    if (!ok) {
        picks_drop(&p);
    } else if (inner->type->kind == TYPE_VOID || inner->child_count == 0) {
        picks_drop(&p);
        result = column_nulls(call->type, rows->count);
    } else {
        result = picks_array(&p, inner->children[0], call->type);
    }
    free(bits);
    return result;
}

/* --- arrays_zip --- */

bool resolve_arrays_zip(struct analysis *a, struct expression *call)
{
    struct field *fields = ARENA_NEW(a->arena, struct field, (size_t)call->count + 1);
    for (int32_t i = 0; i < call->count; i++) {
        const struct expression *e = call->args[i];
        if (e->type->kind != TYPE_ARRAY) {
            return analysis_unexpected_type(a, call, i, "\"ARRAY\"");
        }
        bool named = e->kind == EXPRESSION_COLUMN || e->kind == EXPRESSION_FIELD ||
                     e->kind == EXPRESSION_VARIABLE;
        fields[i] = (struct field){ .name = named ? e->name : arena_printf(a->arena, "%d", i),
                                    .type = e->type->element,
                                    .nullable = true };
    }
    call->type = type_array(a->arena, type_struct(a->arena, fields, call->count), false);
    call->nullable = arguments_nullable(call);
    return true;
}

struct column *arrays_zip(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    struct picks *p = mem_zalloc((size_t)call->count + 1, sizeof(*p));
    struct column **fields = mem_zalloc((size_t)call->count + 1, sizeof(*fields));
    bool ok = true;
    for (int32_t f = 0; f < call->count; f++) {
        p[f] = picks_new(rows);
    }
    for (int32_t i = 0; ok && i < rows->count; i++) {
        int32_t longest = 0;
        for (int32_t f = 0; f < call->count; f++) {
            struct element_range r = element_range(rows, args[f], i);
            longest = r.end - r.first > longest ? r.end - r.first : longest;
        }
        for (int32_t f = 0; ok && f < call->count; f++) {
            struct element_range r = element_range(rows, args[f], i);
            ok = picks_reserve(&p[f], ev, "arrays_zip", longest);
            for (int32_t k = 0; ok && k < longest; k++) {
                picks_add(&p[f], i, k < r.end - r.first ? r.first + k : -1);
            }
        }
    }
    struct column *result = NULL;
    for (int32_t f = 0; ok && f < call->count; f++) {
        fields[f] = picks_take(&p[f], args[f]->children[0], call->type->element->fields[f].type);
    }
    if (ok) {
        struct column *elements = column_struct(call->type->element, fields, p[0].count, NULL);
        result = array_of(call->type, rows, p[0].lengths, elements);
    }
    for (int32_t f = 0; f < call->count; f++) {
        picks_drop(&p[f]);
    }
    free(p);
    free((void *)fields);
    return result;
}
