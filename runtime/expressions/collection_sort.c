/*
 * Arrays in order: sort_array, array_sort, array_min, array_max, array_join, sequence. See function.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expressions/collection_parts.h"
#include "expressions/datetime.h"

static const struct sql_condition comparator_null = { "COMPARATOR_RETURNS_NULL", "22004",
                                                      "SparkException" };

/* --- the least and the greatest --- */

bool resolve_array_extreme(struct analysis *a, struct expression *call)
{
    const struct type *array = call->args[0]->type;
    if (array->kind != TYPE_ARRAY) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\"");
    }
    call->type = array->element;
    call->nullable = true;
    return check_order(a, call, array->element);
}

struct column *array_extreme(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    (void)ev;
    const struct column *elements = args[0]->children[0];
    bool greatest = strcmp(call->function->name, "array_max") == 0;
    int32_t *from = mem_zalloc((size_t)rows->count + 1, sizeof(*from));
    for (int32_t i = 0; i < rows->count; i++) {
        struct element_range r = element_range(rows, args[0], i);
        int32_t best = -1;
        for (int32_t k = r.first; k < r.end; k++) {
            if (column_is_null(elements, k)) {
                continue;
            }
            int order = best < 0 ? 0 : column_compare(elements, k, elements, best);
            best = best < 0 || (greatest ? order > 0 : order < 0) ? k : best;
        }
        from[i] = best;
    }
    struct column *taken = column_take(elements, from, rows->count);
    struct column *result = column_retype(taken, call->type);
    column_release(taken);
    free(from);
    return result;
}

/* --- sorting by the elements' own order --- */

bool resolve_sort_array(struct analysis *a, struct expression *call)
{
    if (call->args[0]->type->kind != TYPE_ARRAY) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\"");
    }
    if (call->count == 1) {
        const struct expression **args = ARENA_NEW(a->arena, const struct expression *, 2);
        args[0] = call->args[0];
        args[1] = analysis_literal(a, scalar_bool(true), call);
        call->args = args;
        call->count = 2;
    }
    if (call->args[1]->type->kind != TYPE_BOOLEAN) {
        return analysis_unexpected_type(a, call, 1, "\"BOOLEAN\"");
    }
    call->type = call->args[0]->type;
    call->nullable = call->args[0]->nullable;
    return check_order(a, call, call->type);
}

struct order {
    const struct column *elements;
    bool descending;
    bool nulls_last;
};

static int compare_places(const struct order *o, int32_t a, int32_t b)
{
    bool a_null = column_is_null(o->elements, a);
    bool b_null = column_is_null(o->elements, b);
    if (a_null || b_null) {
        int order = a_null && b_null ? 0 : a_null ? -1 : 1;
        return o->nulls_last ? -order : order;
    }
    int order = column_compare(o->elements, a, o->elements, b);
    return o->descending ? -order : order;
}

/* Equal ones stay in the order they came: merging, from the bottom up. `spare` is as long as `places`. */
static void sort_places(const struct order *o, int32_t *places, int32_t *spare, int32_t count)
{
    for (int64_t width = 1; width < count; width *= 2) {
        for (int64_t low = 0; low < count; low += 2 * width) {
            int64_t middle = low + width < count ? low + width : count;
            int64_t high = low + 2 * width < count ? low + 2 * width : count;
            int64_t i = low;
            int64_t j = middle;
            for (int64_t k = low; k < high; k++) {
                bool left =
                    i < middle && (j >= high || compare_places(o, places[i], places[j]) <= 0);
                spare[k] = left ? places[i++] : places[j++];
            }
        }
        memcpy(places, spare, (size_t)count * sizeof(*places));
    }
}

/* All elements of all rows; false: the error is set. */
static bool pick_all(struct picks *p,
                     struct evaluation *ev,
                     const struct expression *call,
                     const struct column *list)
{
    for (int32_t i = 0; i < p->rows->count; i++) {
        struct element_range r = element_range(p->rows, list, i);
        if (!picks_reserve(p, ev, call->function->name, r.end - r.first)) {
            return false;
        }
        for (int32_t k = r.first; k < r.end; k++) {
            picks_add(p, i, k);
        }
    }
    return true;
}

/* Nulls first when going up, last when going down; array_sort: last. */
struct column *sort_array(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    bool last = call->count == 1;
    struct picks p = picks_new(rows);
    if (!pick_all(&p, ev, call, args[0])) {
        picks_drop(&p);
        return NULL;
    }
    int32_t *spare = mem_zalloc((size_t)p.count + 1, sizeof(*spare));
    int32_t at = 0;
    for (int32_t i = 0; i < rows->count; i++) {
        bool down = !last && row_counts(rows, i) && !column_bool(args[1], i);
        struct order o = { args[0]->children[0], down, last || down };
        if (p.lengths[i] > 1) {
            sort_places(&o, p.from + at, spare, p.lengths[i]);
        }
        at += p.lengths[i];
    }
    free(spare);
    return picks_array(&p, args[0]->children[0], call->type);
}

/* --- sorting by a lambda --- */

bool resolve_array_sort(struct analysis *a, struct expression *call)
{
    const struct type *array = call->args[0]->type;
    if (array->kind != TYPE_ARRAY) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\"");
    }
    call->type = array;
    call->nullable = call->args[0]->nullable;
    if (call->count == 1) {
        return check_order(a, call, array->element);
    }
    const struct type *types[2] = { array->element, array->element };
    bool nullable[2] = { array->element_nullable, array->element_nullable };
    const struct expression *lambda = bind_lambda(a, call, 1, types, nullable, 2);
    return lambda &&
           (lambda->type->kind == TYPE_INT || analysis_unexpected_type(a, call, 1, "\"INT\""));
}

/* Without a lambda it has one all the same, in Spark. */
void print_array_sort(struct buffer *out,
                      const struct expression *call,
                      expression_printer *argument)
{
    buffer_append_text(out, "array_sort(");
    argument(out, call->args[0]);
    buffer_append_text(out, ", ");
    if (call->count > 1) {
        argument(out, call->args[1]);
    } else {
        buffer_append_text(
            out, "lambdafunction((IF(((namedlambdavariable() IS NULL) AND (namedlambdavariable() "
                 "IS NULL)), 0, (IF((namedlambdavariable() IS NULL), 1, (IF((namedlambdavariable() "
                 "IS NULL), -1, (IF((namedlambdavariable() < namedlambdavariable()), -1, "
                 "(IF((namedlambdavariable() > namedlambdavariable()), 1, 0)))))))))), "
                 "namedlambdavariable(), namedlambdavariable())");
    }
    buffer_append_text(out, ")");
}

/* Two sorted runs of one row that are becoming one. */
struct merge {
    int32_t row;
    int32_t i;
    int32_t middle;
    int32_t j;
    int32_t high;
    int32_t out;
};

/* Sorting by a comparator: the call, the elements it is about, where they are now and where this width's merges put them. */
struct lambda_sort {
    const struct expression *call;
    const struct column *elements;
    const struct picks *picks;
    int32_t *spare;
};

/* The merges of this width, of all rows. */
static int32_t merges_of(const struct picks *p, int32_t width, struct merge *out)
{
    int32_t count = 0;
    int32_t first = 0;
    for (int32_t row = 0; row < p->rows->count; row++) {
        int32_t end = first + p->lengths[row];
        for (int64_t low = first; low + width < end; low += 2 * (int64_t)width) {
            int64_t high = low + 2 * (int64_t)width;
            out[count++] = (struct merge){ .row = row,
                                           .i = (int32_t)low,
                                           .middle = (int32_t)low + width,
                                           .j = (int32_t)low + width,
                                           .high = high < end ? (int32_t)high : end,
                                           .out = (int32_t)low };
        }
        first = end;
    }
    return count;
}

/* One comparison of each merge, by one evaluation. False: the error is set. */
static bool merge_step(struct evaluation *ev,
                       const struct lambda_sort *sort,
                       struct merge *merges,
                       int32_t count)
{
    const struct picks *p = sort->picks;
    int32_t *places = mem_zalloc(3 * (size_t)count + 1, sizeof(*places));
    for (int32_t m = 0; m < count; m++) {
        places[m] = p->from[merges[m].i];
        places[count + m] = p->from[merges[m].j];
        places[2 * (int64_t)count + m] = merges[m].row;
    }
    struct column *values[2] = { column_take(sort->elements, places, count),
                                 column_take(sort->elements, places + count, count) };
    struct column *order =
        evaluate_lambda(ev, sort->call->args[1], values, places + 2 * (int64_t)count, count);
    bool ok = order != NULL;
    for (int32_t m = 0; ok && m < count; m++) {
        ok = !column_is_null(order, m);
        if (ok) {
            bool left = column_integer(order, m) <= 0;
            sort->spare[merges[m].out++] = p->from[left ? merges[m].i++ : merges[m].j++];
        } else {
            const struct expression nowhere = { .span = span_none() };
            (void)evaluation_fail(
                ev, &nowhere, &comparator_null,
                "The comparator has returned a NULL for a comparison. It should return a "
                "positive integer for \"greater than\", 0 for \"equal\" and a negative integer for "
                "\"less than\". To revert to deprecated behavior where NULL is treated as 0 "
                "(equal), you must set \"spark.sql.legacy.allowNullComparisonResultInArraySort\" "
                "to \"true\".");
        }
    }
    column_release(order);
    column_release(values[0]);
    column_release(values[1]);
    free(places);
    return ok;
}

static bool sort_by_lambda(struct evaluation *ev,
                           const struct expression *call,
                           const struct column *elements,
                           struct picks *p)
{
    int32_t *spare = mem_zalloc((size_t)p->count + 1, sizeof(*spare));
    struct merge *merges = mem_zalloc((size_t)p->count + 1, sizeof(*merges));
    const struct lambda_sort sort = {
        .call = call, .elements = elements, .picks = p, .spare = spare
    };
    bool ok = true;
    int32_t count = -1;
    for (int32_t width = 1; ok && count != 0 && width <= PICKS_MAX; width *= 2) {
        memcpy(spare, p->from, (size_t)p->count * sizeof(*spare));
        count = merges_of(p, width, merges);
        for (int32_t active = count; ok && active > 0;) {
            ok = merge_step(ev, &sort, merges, active);
            int32_t kept = 0;
            for (int32_t m = 0; ok && m < active; m++) {
                struct merge *it = &merges[m];
                if (it->i < it->middle && it->j < it->high) {
                    merges[kept++] = *it;
                    continue;
                }
                while (it->i < it->middle) {
                    spare[it->out++] = p->from[it->i++];
                }
                while (it->j < it->high) {
                    spare[it->out++] = p->from[it->j++];
                }
            }
            active = kept;
        }
        memcpy(p->from, spare, (size_t)p->count * sizeof(*spare));
    }
    free(spare);
    free(merges);
    return ok;
}

struct column *array_sort(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    if (call->count == 1) {
        return sort_array(ev, call, args, rows);
    }
    struct picks p = picks_new(rows);
    if (!pick_all(&p, ev, call, args[0]) ||
        (p.count > 1 && !sort_by_lambda(ev, call, args[0]->children[0], &p))) {
        picks_drop(&p);
        return NULL;
    }
    return picks_array(&p, args[0]->children[0], call->type);
}

/* --- array_join --- */

bool resolve_array_join(struct analysis *a, struct expression *call)
{
    const struct type *array = call->args[0]->type;
    if (array->kind != TYPE_ARRAY ||
        !cast_allowed(array->element, type_simple(TYPE_STRING), CAST_LEGACY)) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\" of \"STRING\"");
    }
    analysis_set_arg(
        call, 0,
        analysis_cast(a, call->args[0],
                      type_array(a->arena, type_simple(TYPE_STRING), array->element_nullable)));
    for (int32_t i = 1; i < call->count; i++) {
        const struct type *type = implicit_type(a->arena, a->settings, call->args[i]->type, 's');
        if (!type) {
            return analysis_unexpected_type(a, call, i, "\"STRING\"");
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    }
    call->type = type_simple(TYPE_STRING);
    call->nullable = arguments_nullable(call);
    return true;
}

struct column *array_join(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    (void)ev;
    const struct column *elements = args[0]->children[0];
    struct builder *b = builder_new(call->type);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
            continue;
        }
        struct bytes between = column_text(args[1], i);
        struct element_range r = element_range(rows, args[0], i);
        bool first = true;
        for (int32_t k = r.first; k < r.end; k++) {
            bool null = column_is_null(elements, k);
            if (null && call->count < 3) {
                continue;
            }
            struct bytes text = null ? column_text(args[2], i) : column_text(elements, k);
            builder_append(b, between.data, first ? 0 : between.len);
            builder_append(b, text.data, text.len);
            first = false;
        }
        builder_close_text(b);
    }
    return builder_finish(b);
}
