/*
 * aggregate(array, zero, (acc, x) -> ..., acc -> ...) and reduce, its other name. See function.h.
 *
 * All rows go forward together, one element at a time: a row whose elements are over leaves with what it has.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/analysis_parts.h"
#include "expressions/collection_parts.h"

/* acc -> acc, in the place of the finish that was not given. */
static bool add_identity(struct analysis *a, struct expression *call, const struct type *type)
{
    struct expression *variable = analysis_new(a, EXPRESSION_VARIABLE, call->span, NULL, 0);
    variable->name = bytes_of("id");
    variable->type = type;
    variable->nullable = true;
    variable->index = a->variables++;
    const struct expression *body = variable;
    struct expression *lambda = analysis_new(a, EXPRESSION_LAMBDA, call->span, &body, 1);
    lambda->index = variable->index;
    lambda->parameters = 1;
    lambda->type = type;
    lambda->nullable = true;
    const struct expression **args = ARENA_NEW(a->arena, const struct expression *, 4);
    for (int32_t i = 0; i < 3; i++) {
        args[i] = call->args[i];
    }
    args[3] = lambda;
    call->args = args;
    call->count = 4;
    return true;
}

bool resolve_fold(struct analysis *a, struct expression *call)
{
    const struct type *array = call->args[0]->type;
    if (array->kind != TYPE_ARRAY) {
        return analysis_unexpected_type(a, call, 0, "\"ARRAY\"");
    }
    if (call->args[1]->kind == EXPRESSION_LAMBDA) {
        return analysis_unexpected_type(a, call, 1, "\"ANY\"");
    }
    const struct type *types[2] = { call->args[1]->type, array->element };
    bool nullable[2] = { true, array->element_nullable };
    const struct expression *merge = bind_lambda(a, call, 2, types, nullable, 2);
    if (!merge) {
        return false;
    }
    bool given = call->count == 4;
    if (!(given ? bind_lambda(a, call, 3, types, nullable, 1) != NULL
                : add_identity(a, call, types[0]))) {
        return false;
    }
    if (!type_same_values(merge->type, types[0])) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        buffer_append_text(&text, "\"");
        type_print_sql(&text, types[0]);
        buffer_append_text(&text, "\"");
        buffer_append(&text, "", 1);
        (void)analysis_unexpected_type(a, call, 2, (const char *)text.data);
        buffer_finish(&text);
        return false;
    }
    call->type = call->args[3]->type;
    call->nullable = call->args[0]->nullable || call->args[3]->nullable;
    return true;
}

/* What rows ended with: pieces of columns, and where in all of them together each row's value is. */
struct fold {
    struct column **pieces;
    int32_t piece_count;
    int32_t capacity;
    int32_t length;
    int32_t *at; /* of each row */
    int32_t *active;
    int32_t active_count;
    struct column *accumulated; /* of the active rows */
};

static struct column *plain_of(struct column *c, const struct type *type)
{
    struct column *plain = column_plain(c);
    struct column *result = column_retype(plain, type);
    column_release(plain);
    column_release(c);
    return result;
}

/* Rows of `k` elements or fewer leave. */
static void let_go(struct fold *f, struct column *const *args, const struct rows *rows, int32_t k)
{
    int32_t *gone = mem_zalloc((size_t)f->active_count + 1, sizeof(*gone));
    int32_t *staying = mem_zalloc((size_t)f->active_count + 1, sizeof(*staying));
    int32_t gone_count = 0;
    int32_t kept = 0;
    for (int32_t i = 0; i < f->active_count; i++) {
        struct element_range range = element_range(rows, args[0], f->active[i]);
        if (range.end - range.first > k) {
            staying[kept] = i;
            f->active[kept++] = f->active[i];
        } else {
            f->at[f->active[i]] = f->length + gone_count;
            gone[gone_count++] = i;
        }
    }
    if (gone_count > 0) {
        if (f->piece_count == f->capacity) {
            f->capacity = f->capacity ? f->capacity * 2 : 8;
            f->pieces = mem_resize((void *)f->pieces, (size_t)f->capacity, sizeof(*f->pieces));
        }
        f->pieces[f->piece_count++] =
            plain_of(column_take(f->accumulated, gone, gone_count), f->accumulated->type);
        f->length += gone_count;
        struct column *rest =
            plain_of(column_take(f->accumulated, staying, kept), f->accumulated->type);
        column_release(f->accumulated);
        f->accumulated = rest;
        f->active_count = kept;
    }
    free(gone);
    free(staying);
}

/* The k-th element of all active rows goes into what they have. False: the error is set. */
static bool go_forward(struct fold *f,
                       struct evaluation *ev,
                       const struct expression *call,
                       struct column *const *args,
                       int32_t k)
{
    int32_t *from = mem_zalloc((size_t)f->active_count + 1, sizeof(*from));
    for (int32_t i = 0; i < f->active_count; i++) {
        from[i] = column_first(args[0], f->active[i]) + k;
    }
    struct column *values[2] = { f->accumulated,
                                 column_take(args[0]->children[0], from, f->active_count) };
    free(from);
    struct column *next = evaluate_lambda(ev, call->args[2], values, f->active, f->active_count);
    column_release(values[1]);
    if (!next) {
        return false;
    }
    const struct type *type = f->accumulated->type;
    column_release(f->accumulated);
    f->accumulated = plain_of(next, type);
    return true;
}

static struct column *folded(struct fold *f,
                             struct evaluation *ev,
                             const struct expression *call,
                             struct column *const *args,
                             const struct rows *rows)
{
    for (int32_t k = 0; f->active_count > 0; k++) {
        let_go(f, args, rows, k);
        if (f->active_count > 0 && !go_forward(f, ev, call, args, k)) {
            return NULL;
        }
    }
    struct column *all = f->piece_count > 0 ? column_concat(f->pieces, f->piece_count)
                                            : column_nulls(f->accumulated->type, 0);
    struct column *values = column_take(all, f->at, rows->count);
    column_release(all);
    int32_t *self = mem_zalloc((size_t)rows->count + 1, sizeof(*self));
    int32_t *null = mem_zalloc((size_t)rows->count + 1, sizeof(*null));
    for (int32_t i = 0; i < rows->count; i++) {
        self[i] = i;
        bool is_null = !row_counts(rows, i) || column_is_null(args[0], i);
        null[i] = is_null ? -1 : i;
    }
    struct column *finished = evaluate_lambda(ev, call->args[3], &values, self, rows->count);
    struct column *result =
        finished ? plain_of(column_take(finished, null, rows->count), call->type) : NULL;
    column_release(finished);
    column_release(values);
    free(self);
    free(null);
    return result;
}

struct column *fold_array(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows)
{
    struct fold f = { .at = mem_zalloc((size_t)rows->count + 1, sizeof(int32_t)),
                      .active = mem_zalloc((size_t)rows->count + 1, sizeof(int32_t)),
                      .active_count = rows->count };
    for (int32_t i = 0; i < rows->count; i++) {
        f.active[i] = i;
    }
    f.accumulated = plain_of(column_retain(args[1]), args[1]->type);
    struct column *result = folded(&f, ev, call, args, rows);
    for (int32_t i = 0; i < f.piece_count; i++) {
        column_release(f.pieces[i]);
    }
    column_release(f.accumulated);
    free((void *)f.pieces);
    free(f.at);
    free(f.active);
    return result;
}
