/*
 * Functions that take lambdas: transform, filter, exists, forall, zip_with, and those of maps. See function.h.
 *
 * A lambda is evaluated once for the elements of all rows; then the results are put back into rows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expressions/analysis_parts.h"
#include "expressions/collection_parts.h"

static const struct sql_condition lambda_arguments = {
    "INVALID_LAMBDA_FUNCTION_CALL.NUM_ARGS_MISMATCH", "42K0D", "AnalysisException"
};

/* What is no lambda is the body of one that looks at no parameter. */
static const struct expression *hidden_lambda(struct analysis *a,
                                              const struct expression *body,
                                              int32_t count)
{
    struct expression *lambda = analysis_new(a, EXPRESSION_LAMBDA, body->span, &body, 1);
    lambda->index = a->variables;
    a->variables += count;
    lambda->parameters = count;
    lambda->type = body->type;
    lambda->nullable = body->nullable;
    return lambda;
}

const struct expression *bind_lambda(struct analysis *a,
                                     struct expression *call,
                                     int32_t i,
                                     const struct type *const *types,
                                     const bool *nullable,
                                     int32_t count)
{
    const struct expression *e = call->args[i];
    if (e->kind != EXPRESSION_LAMBDA) {
        e = hidden_lambda(a, e, count);
    } else if (e->parameters != count) {
        (void)sql_fail(a->error, &lambda_arguments,
                       "Invalid lambda function call. A higher order function expects %d "
                       "arguments, but got %d.",
                       e->parameters, count);
        sql_error_add_line(a->error, a->source, e->span);
        return NULL;
    } else {
        e = analysis_bind_lambda(a, e, types, nullable, count);
    }
    if (e) {
        analysis_set_arg(call, i, e);
        call->deterministic = call->deterministic && e->deterministic;
    }
    return e;
}

/* x -> or (x, i) ->, over the elements of the first argument. */
static const struct expression *bind_element_lambda(struct analysis *a, struct expression *call)
{
    const struct type *array = call->args[0]->type;
    if (array->kind != TYPE_ARRAY) {
        (void)analysis_unexpected_type(a, call, 0, "\"ARRAY\"");
        return NULL;
    }
    const struct type *types[2] = { array->element, type_simple(TYPE_INT) };
    bool nullable[2] = { array->element_nullable, false };
    char kind = call->function->name[0];
    bool indexed = (kind == 't' || (kind == 'f' && call->function->name[1] == 'i')) &&
                   call->args[1]->kind == EXPRESSION_LAMBDA && call->args[1]->parameters == 2;
    return bind_lambda(a, call, 1, types, nullable, indexed ? 2 : 1);
}

bool resolve_transform(struct analysis *a, struct expression *call)
{
    const struct expression *lambda = bind_element_lambda(a, call);
    if (!lambda) {
        return false;
    }
    call->type = type_array(a->arena, lambda->type, lambda->nullable);
    call->nullable = call->args[0]->nullable;
    return true;
}

static bool is_predicate(struct analysis *a,
                         const struct expression *call,
                         const struct expression *lambda)
{
    return lambda->type->kind == TYPE_BOOLEAN || lambda->type->kind == TYPE_VOID ||
           analysis_unexpected_type(a, call, 1, "\"BOOLEAN\"");
}

bool resolve_predicate(struct analysis *a, struct expression *call)
{
    const struct expression *lambda = bind_element_lambda(a, call);
    if (!lambda || !is_predicate(a, call, lambda)) {
        return false;
    }
    bool filter = call->function->name[1] == 'i';
    call->type = filter ? call->args[0]->type : type_simple(TYPE_BOOLEAN);
    call->nullable = call->args[0]->nullable || (!filter && lambda->nullable);
    return true;
}

/* --- elements of all rows, side by side --- */

struct elements {
    int32_t *from;  /* where they are in the child */
    int32_t *outer; /* the row they are of */
    int32_t *place; /* and where in it */
    int32_t *lengths;
    int32_t count;
};

static struct elements elements_of(const struct column *list, const struct rows *rows)
{
    struct elements e = { .lengths = mem_zalloc((size_t)rows->count + 1, sizeof(int32_t)) };
    int64_t total = 0;
    for (int32_t i = 0; i < rows->count; i++) {
        struct element_range range = element_range(rows, list, i);
        e.lengths[i] = range.end - range.first;
        total += e.lengths[i];
    }
    /* a constant list stands for many rows: what would be too long is one that cannot be held anyway */
    e.from = mem_zalloc((size_t)total + 1, sizeof(*e.from));
    e.outer = mem_zalloc((size_t)total + 1, sizeof(*e.outer));
    e.place = mem_zalloc((size_t)total + 1, sizeof(*e.place));
    for (int32_t i = 0; i < rows->count; i++) {
        int32_t first = e.lengths[i] ? column_first(list, i) : 0;
        for (int32_t k = 0; k < e.lengths[i]; k++) {
            e.from[e.count] = first + k;
            e.outer[e.count] = i;
            e.place[e.count++] = k;
        }
    }
    return e;
}

static void elements_drop(struct elements *e)
{
    free(e->from);
    free(e->outer);
    free(e->place);
    free(e->lengths);
}

static struct column *integers(const int32_t *values, int32_t count)
{
    int32_t *copy = mem_zalloc((size_t)count + 2, sizeof(*copy));
    memcpy(copy, values, (size_t)count * sizeof(*copy));
    return column_new(type_simple(TYPE_INT), count, &(struct column_buffers){ .values = copy });
}

/* The lambda's values for all elements (of a map: keys and values), without constancy. NULL: the error is set. */
static struct column *lambda_values(struct evaluation *ev,
                                    const struct expression *lambda,
                                    const struct column *list,
                                    const struct elements *e)
{
    struct column *values[3] = { column_take(list->children[0], e->from, e->count), NULL, NULL };
    values[1] = list->child_count > 1 ? column_take(list->children[1], e->from, e->count)
                                      : integers(e->place, e->count);
    struct column *result = evaluate_lambda(ev, lambda, values, e->outer, e->count);
    column_release(values[0]);
    column_release(values[1]);
    struct column *plain = result ? column_plain(result) : NULL;
    column_release(result);
    return plain;
}

static struct column *retyped(struct column *c, const struct type *type)
{
    struct column *result = column_retype(c, type);
    column_release(c);
    return result;
}

struct column *transform_array(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows)
{
    struct elements e = elements_of(args[0], rows);
    struct column *values = lambda_values(ev, call->args[1], args[0], &e);
    struct column *result =
        values ? array_of(call->type, rows, e.lengths, retyped(values, call->type->element)) : NULL;
    elements_drop(&e);
    return result;
}

static bool holds(const struct column *predicate, int32_t i)
{
    return !column_is_null(predicate, i) && column_bool(predicate, i);
}

/* Those for which the predicate holds. False: the error is set. */
static bool pick_filtered(struct evaluation *ev,
                          const struct expression *call,
                          const struct column *list,
                          const struct rows *rows,
                          struct picks *out)
{
    struct elements e = elements_of(list, rows);
    struct column *predicate = lambda_values(ev, call->args[1], list, &e);
    *out = picks_new(rows);
    bool ok = predicate && picks_reserve(out, ev, call->function->name, e.count);
    for (int32_t i = 0; ok && i < e.count; i++) {
        if (holds(predicate, i)) {
            picks_add(out, e.outer[i], e.from[i]);
        }
    }
    column_release(predicate);
    elements_drop(&e);
    if (!ok) {
        picks_drop(out);
    }
    return ok;
}

struct column *filter_array(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    struct picks p;
    return pick_filtered(ev, call, args[0], rows, &p)
               ? picks_array(&p, args[0]->children[0], call->type)
               : NULL;
}

/* Three-valued: `decides` as soon as one value is that, otherwise null if one is null. */
static struct column *any_of(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows,
                             bool decides)
{
    struct elements e = elements_of(args[0], rows);
    struct column *predicate = lambda_values(ev, call->args[1], args[0], &e);
    if (!predicate) {
        elements_drop(&e);
        return NULL;
    }
    struct vector v = vector_new(call->type, rows);
    int32_t at = 0;
    for (int32_t i = 0; i < rows->count; i++) {
        bool decided = false;
        bool null = false;
        for (int32_t k = 0; k < e.lengths[i]; k++, at++) {
            bool unknown = column_is_null(predicate, at);
            null = null || unknown;
            decided = decided || (!unknown && column_bool(predicate, at) == decides);
        }
        if (!decided && null) {
            vector_null(&v, i);
        } else if (decided == decides) {
            bit_set(v.values, i);
        }
    }
    column_release(predicate);
    elements_drop(&e);
    return vector_finish(&v);
}

struct column *array_exists(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    return any_of(ev, call, args, rows, true);
}

struct column *array_forall(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    return any_of(ev, call, args, rows, false);
}

/* --- zip_with --- */

bool resolve_zip_with(struct analysis *a, struct expression *call)
{
    const struct type *types[2];
    bool nullable[2] = { true, true };
    for (int32_t i = 0; i < 2; i++) {
        if (call->args[i]->type->kind != TYPE_ARRAY) {
            return analysis_unexpected_type(a, call, i, "\"ARRAY\"");
        }
        types[i] = call->args[i]->type->element;
    }
    const struct expression *lambda = bind_lambda(a, call, 2, types, nullable, 2);
    if (!lambda) {
        return false;
    }
    call->type = type_array(a->arena, lambda->type, lambda->nullable);
    call->nullable = call->args[0]->nullable || call->args[1]->nullable;
    return true;
}

struct column *zip_with(struct evaluation *ev,
                        const struct expression *call,
                        struct column *const *args,
                        const struct rows *rows)
{
    struct picks p[3] = { picks_new(rows), picks_new(rows), picks_new(rows) };
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        struct element_range r[2] = { element_range(rows, args[0], i),
                                      element_range(rows, args[1], i) };
        int32_t counts[2] = { r[0].end - r[0].first, r[1].end - r[1].first };
        int32_t longest = counts[0] > counts[1] ? counts[0] : counts[1];
        for (int32_t side = 0; ok && side < 3; side++) {
            ok = picks_reserve(&p[side], ev, "zip_with", longest);
        }
        for (int32_t k = 0; ok && k < longest; k++) {
            picks_add(&p[0], i, k < counts[0] ? r[0].first + k : -1);
            picks_add(&p[1], i, k < counts[1] ? r[1].first + k : -1);
            picks_add(&p[2], i, i);
        }
    }
    struct column *result = NULL;
    if (ok) {
        struct column *values[2] = { column_take(args[0]->children[0], p[0].from, p[0].count),
                                     column_take(args[1]->children[0], p[1].from, p[1].count) };
        struct column *zipped = evaluate_lambda(ev, call->args[2], values, p[2].from, p[2].count);
        struct column *plain = zipped ? column_plain(zipped) : NULL;
        result = plain
                     ? array_of(call->type, rows, p[0].lengths, retyped(plain, call->type->element))
                     : NULL;
        column_release(zipped);
        column_release(values[0]);
        column_release(values[1]);
    }
    for (int32_t side = 0; side < 3; side++) {
        picks_drop(&p[side]);
    }
    return result;
}

/* --- maps --- */

bool resolve_map_lambda(struct analysis *a, struct expression *call)
{
    const struct type *map = call->args[0]->type;
    if (map->kind != TYPE_MAP) {
        return analysis_unexpected_type(a, call, 0, "\"MAP\"");
    }
    const struct type *types[2] = { map->key, map->element };
    bool nullable[2] = { false, map->element_nullable };
    const struct expression *lambda = bind_lambda(a, call, 1, types, nullable, 2);
    if (!lambda) {
        return false;
    }
    const char *name = call->function->name;
    call->nullable = call->args[0]->nullable;
    if (strcmp(name, "map_filter") == 0) {
        call->type = map;
        return is_predicate(a, call, lambda);
    }
    call->type = strcmp(name, "transform_keys") == 0
                     ? type_map(a->arena, lambda->type, map->element, map->element_nullable)
                     : type_map(a->arena, map->key, lambda->type, lambda->nullable);
    return true;
}

struct column *map_filter(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    struct picks p;
    if (!pick_filtered(ev, call, args[0], rows, &p)) {
        return NULL;
    }
    struct column *keys = picks_take(&p, args[0]->children[0], call->type->key);
    struct column *values = picks_take(&p, args[0]->children[1], call->type->element);
    struct column *result = map_of(call->type, rows, p.lengths, keys, values);
    picks_drop(&p);
    return result;
}

/* transform_keys, transform_values */
struct column *transform_map(struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    bool of_keys = strcmp(call->function->name, "transform_keys") == 0;
    struct elements e = elements_of(args[0], rows);
    struct column *made = lambda_values(ev, call->args[1], args[0], &e);
    struct column *result = NULL;
    if (made) {
        struct column *taken = column_take(args[0]->children[of_keys], e.from, e.count);
        struct column *kept = column_plain(taken);
        column_release(taken);
        made = retyped(made, of_keys ? call->type->key : call->type->element);
        result = map_of(call->type, rows, e.lengths, of_keys ? made : kept, of_keys ? kept : made);
        result = of_keys ? check_map(ev, result) : result;
    }
    elements_drop(&e);
    return result;
}

bool resolve_map_zip_with(struct analysis *a, struct expression *call)
{
    for (int32_t i = 0; i < 2; i++) {
        if (call->args[i]->type->kind != TYPE_MAP) {
            return analysis_unexpected_type(a, call, i, "\"MAP\"");
        }
    }
    const struct type *left = call->args[0]->type;
    const struct type *right = call->args[1]->type;
    const struct type *key = common_type(a->arena, a->settings, left->key, right->key);
    if (!key) {
        return analysis_mismatch(a, call, &sql_mismatch_data_types,
                                 "The given keys of function `map_zip_with` should all be the "
                                 "same type.");
    }
    analysis_set_arg(call, 0,
                     analysis_cast(a, call->args[0],
                                   type_map(a->arena, key, left->element, left->element_nullable)));
    analysis_set_arg(
        call, 1,
        analysis_cast(a, call->args[1],
                      type_map(a->arena, key, right->element, right->element_nullable)));
    const struct type *types[3] = { key, left->element, right->element };
    bool nullable[3] = { false, true, true };
    const struct expression *lambda = bind_lambda(a, call, 2, types, nullable, 3);
    if (!lambda) {
        return false;
    }
    call->type = type_map(a->arena, key, lambda->type, lambda->nullable);
    call->nullable = call->args[0]->nullable || call->args[1]->nullable;
    return true;
}

static int32_t key_among(const struct column *keys,
                         struct element_range range,
                         const struct column *key,
                         int32_t row)
{
    for (int32_t k = range.first; k < range.end; k++) {
        if (column_compare(keys, k, key, row) == 0) {
            return k;
        }
    }
    return -1;
}

/* p: keys (those of the second map behind those of the first), values left, values right, rows. */
static bool pick_zipped(struct evaluation *ev,
                        struct column *const *args,
                        const struct rows *rows,
                        struct picks *p)
{
    const struct column *keys[2] = { args[0]->children[0], args[1]->children[0] };
    for (int32_t i = 0; i < rows->count; i++) {
        struct element_range l = element_range(rows, args[0], i);
        struct element_range r = element_range(rows, args[1], i);
        for (int32_t part = 0; part < 4; part++) {
            int64_t most = (int64_t)(l.end - l.first) + (r.end - r.first);
            if (!picks_reserve(&p[part], ev, "map_zip_with", most)) {
                return false;
            }
        }
        for (int32_t k = l.first; k < l.end; k++) {
            picks_add(&p[0], i, k);
            picks_add(&p[1], i, k);
            picks_add(&p[2], i, key_among(keys[1], r, keys[0], k));
            picks_add(&p[3], i, i);
        }
        for (int32_t k = r.first; k < r.end; k++) {
            if (key_among(keys[0], l, keys[1], k) < 0) {
                picks_add(&p[0], i, keys[0]->length + k);
                picks_add(&p[1], i, -1);
                picks_add(&p[2], i, k);
                picks_add(&p[3], i, i);
            }
        }
    }
    return true;
}

struct column *map_zip_with(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    struct picks p[4];
    for (int32_t part = 0; part < 4; part++) {
        p[part] = picks_new(rows);
    }
    struct column *result = NULL;
    if (pick_zipped(ev, args, rows, p)) {
        struct column *all = joined(args[0]->children[0], args[1]->children[0], call->type->key);
        struct column *values[3] = { picks_take(&p[0], all, call->type->key),
                                     column_take(args[0]->children[1], p[1].from, p[1].count),
                                     column_take(args[1]->children[1], p[2].from, p[2].count) };
        struct column *made = evaluate_lambda(ev, call->args[2], values, p[3].from, p[3].count);
        struct column *plain = made ? column_plain(made) : NULL;
        result = plain ? map_of(call->type, rows, p[0].lengths, column_retain(values[0]),
                                retyped(plain, call->type->element))
                       : NULL;
        column_release(made);
        column_release(all);
        for (int i = 0; i < 3; i++) {
            column_release(values[i]);
        }
    }
    for (int32_t part = 0; part < 4; part++) {
        picks_drop(&p[part]);
    }
    return result;
}
