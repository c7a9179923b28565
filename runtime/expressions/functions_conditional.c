/*
 * CASE, coalesce and their kin: see function.h.
 *
 * A branch is evaluated for the rows that take it, and for no others: what would fail elsewhere does not.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "columns/builder.h"
#include "expressions/coercion.h"
#include "expressions/evaluate.h"
#include "expressions/expression_text.h"
#include "expressions/sql_conditions.h"

/* --- rows that have not got their value yet --- */

struct pending {
    int32_t *rows; /* ascending */
    int32_t count;
};

/*
 * The value of each row: column `part[i]`, row `at[i]` of it; a part of -1 is null. Put together at the end, so that each branch is
 * copied once.
 */
struct pieces {
    struct column **parts;
    int32_t part_count;
    int32_t *part;
    int32_t *at;
};

static void pieces_init(struct pieces *p, int32_t parts, int32_t rows)
{
    p->parts = mem_zalloc((size_t)parts, sizeof(*p->parts));
    p->part_count = 0;
    p->part = mem_zalloc((size_t)rows + 1, sizeof(*p->part));
    p->at = mem_zalloc((size_t)rows + 1, sizeof(*p->at));
    for (int32_t i = 0; i < rows; i++) {
        p->part[i] = -1;
    }
}

static void pieces_finish(struct pieces *p)
{
    for (int32_t i = 0; i < p->part_count; i++) {
        column_release(p->parts[i]);
    }
    free(p->parts);
    free(p->part);
    free(p->at);
}

/* Takes over `values`, which are those of `rows`. */
static void pieces_add(struct pieces *p, struct column *values, const int32_t *rows, int32_t count)
{
    for (int32_t k = 0; k < count; k++) {
        p->part[rows[k]] = p->part_count;
        p->at[rows[k]] = k;
    }
    p->parts[p->part_count++] = values;
}

static struct column *pieces_column(struct pieces *p, const struct type *type, int32_t rows)
{
    if (p->part_count == 1 && p->parts[0]->length == rows) {
        return column_retype(p->parts[0], type);
    }
    if (p->part_count == 0) {
        return column_nulls(type, rows);
    }
    int32_t *starts = mem_zalloc((size_t)p->part_count, sizeof(*starts));
    int32_t total = 0;
    for (int32_t i = 0; i < p->part_count; i++) {
        starts[i] = total;
        total += p->parts[i]->length;
    }
    struct column *all = column_concat(p->parts, p->part_count);
    for (int32_t i = 0; i < rows; i++) {
        p->at[i] = p->part[i] < 0 ? -1 : p->at[i] + starts[p->part[i]];
    }
    struct column *taken = column_take(all, p->at, rows);
    struct column *result = column_retype(taken, type);
    column_release(taken);
    column_release(all);
    free(starts);
    return result;
}

static struct pending all_rows(int32_t rows)
{
    struct pending p = { .rows = mem_zalloc((size_t)rows + 1, sizeof(*p.rows)), .count = rows };
    for (int32_t i = 0; i < rows; i++) {
        p.rows[i] = i;
    }
    return p;
}

/* --- CASE --- */

static bool is_value(const struct expression *call, int32_t i)
{
    return i % 2 == 1 || i == call->count - 1;
}

static bool branches_differ(struct analysis *a, const struct expression *call)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_printf(&text, "Input to `%s` should all be the same type, but it's [",
                  call->function->name[0] == 'c' ? "casewhen" : call->function->name);
    const char *separator = "\"";
    for (int32_t i = 0; i < call->count; i++) {
        if (call->function->name[0] == 'c' ? is_value(call, i) : i > 0) {
            buffer_append_text(&text, separator);
            type_print_sql(&text, call->args[i]->type);
            separator = "\", \"";
        }
    }
    buffer_append_text(&text, "\"].");
    (void)analysis_mismatch(a, call, &sql_mismatch_data_types, "%.*s",
                            BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

/* [condition, value]..., [else] */
static bool resolve_case(struct analysis *a, struct expression *call)
{
    const struct type *common = call->args[1]->type;
    for (int32_t i = 0; i < call->count; i++) {
        if (is_value(call, i)) {
            common = common ? wider_type(a->arena, a->settings, common, call->args[i]->type) : NULL;
            continue;
        }
        const struct type *condition =
            implicit_type(a->arena, a->settings, call->args[i]->type, 'b');
        if (!condition) {
            return analysis_unexpected_type(a, call, i, "\"BOOLEAN\"");
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], condition));
    }
    if (!common) {
        return branches_differ(a, call);
    }
    call->type = common;
    call->nullable = call->count % 2 == 0; /* no ELSE */
    for (int32_t i = 0; i < call->count; i++) {
        if (is_value(call, i)) {
            analysis_set_arg(call, i, analysis_cast(a, call->args[i], common));
            call->nullable = call->nullable || call->args[i]->nullable;
        }
    }
    return true;
}

/* Splits the pending rows by a condition: those where it is true go to `taken`. */
static void split(struct pending *pending, const struct column *condition, struct pending *taken)
{
    int32_t left = 0;
    taken->count = 0;
    for (int32_t k = 0; k < pending->count; k++) {
        bool yes = !column_is_null(condition, k) && column_bool(condition, k);
        if (yes) {
            taken->rows[taken->count++] = pending->rows[k];
        } else {
            pending->rows[left++] = pending->rows[k];
        }
    }
    pending->count = left;
}

static bool take_branch(struct evaluation *ev,
                        int32_t branch,
                        const struct pending *taken,
                        struct pieces *pieces)
{
    if (taken->count == 0 && ev->rows > 0) {
        return true;
    }
    struct column *values = evaluate_argument_for(ev, branch, taken->rows, taken->count);
    if (values) {
        pieces_add(pieces, values, taken->rows, taken->count);
    }
    return values != NULL;
}

static struct column *case_when(struct evaluation *ev, const struct expression *call)
{
    struct pending pending = all_rows(ev->rows);
    struct pending taken = all_rows(ev->rows);
    struct pieces pieces;
    pieces_init(&pieces, call->count, ev->rows);
    bool ok = true;
    for (int32_t i = 0; ok && i + 1 < call->count && pending.count > 0; i += 2) {
        struct column *condition = evaluate_argument_for(ev, i, pending.rows, pending.count);
        ok = condition != NULL;
        if (ok) {
            split(&pending, condition, &taken);
            ok = take_branch(ev, i + 1, &taken, &pieces);
        }
        column_release(condition);
    }
    if (ok && call->count % 2 == 1) {
        ok = take_branch(ev, call->count - 1, &pending, &pieces);
    }
    struct column *result = ok ? pieces_column(&pieces, call->type, ev->rows) : NULL;
    pieces_finish(&pieces);
    free(pending.rows);
    free(taken.rows);
    return result;
}

static void print_case(struct buffer *out,
                       const struct expression *call,
                       expression_printer *argument)
{
    buffer_append_text(out, "CASE");
    for (int32_t i = 0; i + 1 < call->count; i += 2) {
        buffer_append_text(out, " WHEN ");
        argument(out, call->args[i]);
        buffer_append_text(out, " THEN ");
        argument(out, call->args[i + 1]);
    }
    if (call->count % 2 == 1) {
        buffer_append_text(out, " ELSE ");
        argument(out, call->args[call->count - 1]);
    }
    buffer_append_text(out, " END");
}

/* --- IF --- */

static bool resolve_if(struct analysis *a, struct expression *call)
{
    const struct type *condition = implicit_type(a->arena, a->settings, call->args[0]->type, 'b');
    if (!condition) {
        return analysis_unexpected_type(a, call, 0, "\"BOOLEAN\"");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], condition));
    call->type = unify_arguments(a, call, 1, 2);
    if (!call->type) {
        return branches_differ(a, call);
    }
    call->nullable = call->args[1]->nullable || call->args[2]->nullable;
    return true;
}

static void print_if(struct buffer *out,
                     const struct expression *call,
                     expression_printer *argument)
{
    buffer_append_text(out, "(IF(");
    print_arguments(out, call, argument);
    buffer_append_text(out, "))");
}

/* --- coalesce --- */

static bool resolve_coalesce(struct analysis *a, struct expression *call)
{
    call->type = unify_arguments(a, call, 0, call->count);
    if (!call->type) {
        return branches_differ(a, call);
    }
    call->nullable = true;
    for (int32_t i = 0; i < call->count; i++) {
        call->nullable = call->nullable && call->args[i]->nullable;
    }
    return true;
}

static struct column *coalesce(struct evaluation *ev, const struct expression *call)
{
    struct pending pending = all_rows(ev->rows);
    struct pieces pieces;
    pieces_init(&pieces, call->count, ev->rows);
    bool ok = true;
    for (int32_t i = 0; ok && i < call->count && (pending.count > 0 || i == 0); i++) {
        struct column *values = evaluate_argument_for(ev, i, pending.rows, pending.count);
        ok = values != NULL;
        if (ok) {
            int32_t left = 0;
            int32_t before = pending.count;
            int32_t *asked = mem_zalloc((size_t)before + 1, sizeof(*asked));
            memcpy(asked, pending.rows, (size_t)before * sizeof(*asked));
            for (int32_t k = 0; k < before; k++) {
                if (column_is_null(values, k)) {
                    pending.rows[left++] = asked[k];
                }
            }
            pending.count = left;
            pieces_add(&pieces, values, asked, before);
            free(asked);
        }
    }
    struct column *result = ok ? pieces_column(&pieces, call->type, ev->rows) : NULL;
    pieces_finish(&pieces);
    free(pending.rows);
    return result;
}

static bool resolve_nvl(struct analysis *a, struct expression *call)
{
    return analysis_replace(call, analysis_call(a, "coalesce", call->args, 2, call->span));
}

/* nvl2(a, b, c): b where a is not null. */
static bool resolve_nvl2(struct analysis *a, struct expression *call)
{
    const struct expression *there = analysis_call(
        a, "isnotnull", (const struct expression *[]){ call->args[0] }, 1, call->span);
    return there && analysis_replace(call, analysis_call(a, "if",
                                                         (const struct expression *[]){
                                                             there, call->args[1], call->args[2] },
                                                         3, call->span));
}

/* nullif(a, b): null where they are equal, else a. */
static bool resolve_nullif(struct analysis *a, struct expression *call)
{
    const struct expression *equal = analysis_call(a, "=", call->args, 2, call->span);
    if (!equal) {
        return false;
    }
    const struct expression *null = analysis_literal(a, scalar_null(call->args[0]->type), call);
    return analysis_replace(
        call, analysis_call(a, "if", (const struct expression *[]){ equal, null, call->args[0] }, 3,
                            call->span));
}

/* --- nanvl, greatest, least --- */

static bool resolve_nanvl(struct analysis *a, struct expression *call)
{
    bool floats =
        call->args[0]->type->kind == TYPE_FLOAT && call->args[1]->type->kind == TYPE_FLOAT;
    for (int32_t i = 0; !floats && i < 2; i++) {
        const struct type *type = implicit_type(a->arena, a->settings, call->args[i]->type, 'd');
        if (!type) {
            return analysis_unexpected_type(a, call, i, "(\"DOUBLE\" or \"FLOAT\")");
        }
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], type));
    }
    call->type = call->args[0]->type;
    call->nullable = true;
    return true;
}

static struct column *nanvl(struct evaluation *ev,
                            const struct expression *call,
                            struct column *const *args,
                            const struct rows *rows)
{
    (void)ev;
    struct builder *b = builder_new(call->type);
    for (int32_t i = 0; i < rows->count; i++) {
        bool other = !column_is_null(args[0], i) && isnan(column_double(args[0], i));
        builder_copy(b, args[other], i);
    }
    return builder_finish(b);
}

static bool resolve_extreme(struct analysis *a, struct expression *call)
{
    call->type = call->args[0]->type;
    for (int32_t i = 1; call->type && i < call->count; i++) {
        call->type = common_type(a->arena, a->settings, call->type, call->args[i]->type);
    }
    if (!call->type) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        buffer_printf(&text, "Input to `%s` should all be the same type, but it's [",
                      call->function->name);
        for (int32_t i = 0; i < call->count; i++) {
            buffer_append_text(&text, i ? ", \"" : "\"");
            type_print_sql(&text, call->args[i]->type);
            buffer_append_text(&text, "\"");
        }
        buffer_append_text(&text, "].");
        (void)analysis_mismatch(a, call, &sql_mismatch_data_types, "%.*s",
                                BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    call->nullable = true;
    for (int32_t i = 0; i < call->count; i++) {
        analysis_set_arg(call, i, analysis_cast(a, call->args[i], call->type));
        call->nullable = call->nullable && call->args[i]->nullable;
    }
    return check_order(a, call, call->type);
}

/* Nulls are passed over; only when all are null is the result. */
static struct column *extreme(struct evaluation *ev,
                              const struct expression *call,
                              struct column *const *args,
                              const struct rows *rows)
{
    (void)ev;
    int wanted = call->function->name[0] == 'g' ? 1 : -1;
    struct builder *b = builder_new(call->type);
    for (int32_t i = 0; i < rows->count; i++) {
        const struct column *best = args[0];
        for (int32_t k = 1; k < call->count; k++) {
            bool better =
                !column_is_null(args[k], i) &&
                (column_is_null(best, i) || column_compare(args[k], i, best, i) * wanted > 0);
            best = better ? args[k] : best;
        }
        builder_copy(b, best, i);
    }
    return builder_finish(b);
}

const struct function functions_conditional[] = {
    { .name = "case",
      .takes = "xx*",
      .resolve = resolve_case,
      .evaluate_lazily = case_when,
      .print = print_case },
    { .name = "if",
      .takes = "bxx",
      .resolve = resolve_if,
      .evaluate_lazily = case_when,
      .print = print_if },
    { .name = "coalesce", .takes = "x*", .resolve = resolve_coalesce, .evaluate_lazily = coalesce },
    { .name = "nvl", .takes = "xx", .resolve = resolve_nvl },
    { .name = "ifnull", .takes = "xx", .resolve = resolve_nvl },
    { .name = "nvl2", .takes = "xxx", .resolve = resolve_nvl2 },
    { .name = "nullif", .takes = "xx", .resolve = resolve_nullif },
    { .name = "nanvl",
      .takes = "xx",
      .nulls = NULLS_OWN,
      .resolve = resolve_nanvl,
      .evaluate = nanvl },
    { .name = "greatest",
      .takes = "xx*",
      .nulls = NULLS_OWN,
      .resolve = resolve_extreme,
      .evaluate = extreme },
    { .name = "least",
      .takes = "xx*",
      .nulls = NULLS_OWN,
      .resolve = resolve_extreme,
      .evaluate = extreme },
    { 0 },
};
