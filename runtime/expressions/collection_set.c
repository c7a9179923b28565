/*
 * Arrays as sets: array_distinct, array_union, array_intersect, array_except, arrays_overlap. See function.h.
 *
 * Null is a value like any other here, but for arrays_overlap.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "columns/row_codec.h"
#include "expressions/collection_parts.h"

static const struct sql_condition arrays_differ = { "DATATYPE_MISMATCH.BINARY_ARRAY_DIFF_TYPES",
                                                    "42K09", "ExtendedAnalysisException" };

bool resolve_two_arrays(struct analysis *a, struct expression *call)
{
    const struct type *left = call->args[0]->type;
    const struct type *right = call->args[1]->type;
    const struct type *common =
        left->kind == TYPE_ARRAY && right->kind == TYPE_ARRAY
            ? common_type(a->arena, a->settings, left->element, right->element)
            : NULL;
    if (!common) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        type_print_sql(&text, left);
        buffer_append_text(&text, "\", \"");
        type_print_sql(&text, right);
        (void)analysis_mismatch(a, call, &arrays_differ,
                                "Input to function `%s` should have been two \"ARRAY\" with same "
                                "element type, but it's [\"%.*s\"].",
                                call->function->name, BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    for (int32_t i = 0; i < 2; i++) {
        const struct type *own = i == 0 ? left : right;
        analysis_set_arg(
            call, i,
            analysis_cast(a, call->args[i], type_array(a->arena, common, own->element_nullable)));
    }
    const char *name = call->function->name;
    bool l = left->element_nullable;
    bool r = right->element_nullable;
    call->nullable = arguments_nullable(call);
    if (strcmp(name, "arrays_overlap") == 0) {
        call->type = type_simple(TYPE_BOOLEAN);
        call->nullable = call->nullable || l || r;
    } else {
        bool nulls = strcmp(name, "array_union") == 0       ? l || r
                     : strcmp(name, "array_intersect") == 0 ? l && r
                                                            : l;
        call->type = type_array(a->arena, common, nulls);
    }
    return check_order(a, call, common);
}

/* Values that were met. */
struct seen {
    struct map map;
    struct buffer key;
};

static void seen_init(struct seen *s)
{
    map_init(&s->map);
    buffer_init(&s->key, INT32_MAX);
}

static void seen_finish(struct seen *s)
{
    map_finish(&s->map);
    buffer_finish(&s->key);
}

static struct bytes key_of(struct seen *s, const struct column *c, int32_t at)
{
    buffer_clear(&s->key);
    row_encode_key(&s->key, c, at);
    return buffer_bytes(&s->key);
}

/* Was it there before? Now it is. */
static bool seen_add(struct seen *s, const struct column *c, int32_t at)
{
    return map_put(&s->map, key_of(s, c, at), s) != NULL;
}

static bool seen_has(struct seen *s, const struct column *c, int32_t at)
{
    return map_get(&s->map, key_of(s, c, at)) != NULL;
}

struct column *array_distinct(struct evaluation *ev,
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
        struct seen seen;
        seen_init(&seen);
        for (int32_t k = r.first; k < r.end; k++) {
            if (!seen_add(&seen, elements, k)) {
                picks_add(&p, i, k);
            }
        }
        seen_finish(&seen);
    }
    return picks_array(&p, elements, call->type);
}

/* One row of a union, an intersection or a difference; the right array's elements lie behind the left's in `all`. */
static void combine(struct picks *p,
                    int32_t row,
                    char kind,
                    const struct column *all,
                    struct element_range l,
                    struct element_range r)
{
    struct seen taken;
    struct seen right;
    seen_init(&taken);
    seen_init(&right);
    for (int32_t k = r.first; kind != 'u' && k < r.end; k++) {
        (void)seen_add(&right, all, k);
    }
    for (int32_t k = l.first; k < l.end; k++) {
        bool wanted = kind == 'u' || seen_has(&right, all, k) == (kind == 'i');
        if (wanted && !seen_add(&taken, all, k)) {
            picks_add(p, row, k);
        }
    }
    for (int32_t k = r.first; kind == 'u' && k < r.end; k++) {
        if (!seen_add(&taken, all, k)) {
            picks_add(p, row, k);
        }
    }
    seen_finish(&taken);
    seen_finish(&right);
}

static struct column *combined(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows,
                               char kind)
{
    struct column *all = joined(args[0]->children[0], args[1]->children[0], call->type->element);
    int32_t behind = args[0]->children[0]->length;
    struct picks p = picks_new(rows);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        struct element_range l = element_range(rows, args[0], i);
        struct element_range r = element_range(rows, args[1], i);
        ok = picks_reserve(&p, ev, call->function->name,
                           (int64_t)(l.end - l.first) + (r.end - r.first));
        if (ok) {
            combine(&p, i, kind, all, l,
                    (struct element_range){ r.first + behind, r.end + behind });
        }
    }
    struct column *result = ok ? picks_array(&p, all, call->type) : NULL;
    if (!ok) {
        picks_drop(&p);
    }
    column_release(all);
    return result;
}

struct column *array_union(struct evaluation *ev,
                           const struct expression *call,
                           struct column *const *args,
                           const struct rows *rows)
{
    return combined(ev, call, args, rows, 'u');
}

struct column *array_intersect(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows)
{
    return combined(ev, call, args, rows, 'i');
}

struct column *array_except(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    return combined(ev, call, args, rows, 'e');
}

/* True when they share a value; unknown when not, and one of them has a null; but false when one is empty. */
struct column *arrays_overlap(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows)
{
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    const struct column *left = args[0]->children[0];
    const struct column *right = args[1]->children[0];
    for (int32_t i = 0; i < rows->count; i++) {
        struct element_range l = element_range(rows, args[0], i);
        struct element_range r = element_range(rows, args[1], i);
        struct seen seen;
        bool null = false;
        bool found = false;
        seen_init(&seen);
        for (int32_t k = l.first; k < l.end; k++) {
            null = null || column_is_null(left, k);
            (void)seen_add(&seen, left, k);
        }
        for (int32_t k = r.first; !found && k < r.end; k++) {
            bool unknown = column_is_null(right, k);
            null = null || unknown;
            found = !unknown && seen_has(&seen, right, k);
        }
        seen_finish(&seen);
        if (found) {
            bit_set(v.values, i);
        } else if (null && l.first < l.end && r.first < r.end) {
            vector_null(&v, i);
        }
    }
    return vector_finish(&v);
}

/* --- map_concat --- */

bool resolve_map_concat(struct analysis *a, struct expression *call)
{
    if (call->count == 0) {
        call->type = type_map(a->arena, type_simple(TYPE_STRING), type_simple(TYPE_STRING), false);
        call->nullable = false;
        return true;
    }
    for (int32_t i = 0; i < call->count; i++) {
        if (call->args[i]->type->kind != TYPE_MAP && call->args[i]->type->kind != TYPE_VOID) {
            return analysis_unexpected_type(a, call, i, "\"MAP\"");
        }
    }
    call->type = unify_arguments(a, call, 0, call->count);
    call->nullable = arguments_nullable(call);
    return call->type || analysis_mismatch(a, call, &sql_mismatch_data_types,
                                           "Input to `map_concat` should all be the same type.");
}

struct column *map_concat(struct evaluation *ev,
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
        for (int32_t m = 0; m < call->count; m++) {
            struct element_range r = element_range(rows, args[m], i);
            for (int32_t k = r.first; k < r.end; k++) {
                builder_copy(builder_child(b, 0), args[m]->children[0], k);
                builder_copy(builder_child(b, 1), args[m]->children[1], k);
            }
        }
        builder_list(b);
    }
    return check_map(ev, builder_finish(b));
}
