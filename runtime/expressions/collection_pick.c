/*
 * New arrays from the elements of old ones: their places are picked, row by row, and taken all at once.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/collection_parts.h"

static const struct sql_condition too_large = { "COLLECTION_SIZE_LIMIT_EXCEEDED.FUNCTION", "54000",
                                                "SparkRuntimeException" };

struct picks picks_new(const struct rows *rows)
{
    return (struct picks){
        .rows = rows,
        .lengths = mem_zalloc((size_t)rows->count + 1, sizeof(int32_t)),
    };
}

void picks_drop(struct picks *p)
{
    free(p->lengths);
    free(p->from);
}

bool picks_reserve(struct picks *p, struct evaluation *ev, const char *function, int64_t more)
{
    int64_t needed = p->count + more;
    if (needed > PICKS_MAX) {
        const struct expression nowhere = { .span = span_none() };
        (void)evaluation_fail(ev, &nowhere, &too_large,
                              "Can't create array with %lld elements which exceeding the array "
                              "size limit %d, unsuccessful try to create arrays in the function "
                              "`%s`.",
                              (long long)needed, PICKS_MAX, function);
        return false;
    }
    if (needed > p->capacity) {
        int64_t doubled = (int64_t)p->capacity * 2;
        p->capacity = (int32_t)(needed > doubled ? needed : doubled);
        p->from = mem_resize(p->from, (size_t)p->capacity, sizeof(*p->from));
    }
    return true;
}

void picks_add(struct picks *p, int32_t row, int32_t at)
{
    p->from[p->count++] = at;
    p->lengths[row]++;
}

struct column *picks_take(const struct picks *p,
                          const struct column *elements,
                          const struct type *type)
{
    struct column *taken = column_take(elements, p->from, p->count);
    struct column *plain = column_plain(taken);
    struct column *result = column_retype(plain, type);
    column_release(taken);
    column_release(plain);
    return result;
}

struct column *picks_array(struct picks *p, const struct column *elements, const struct type *type)
{
    struct column *taken = picks_take(p, elements, type->element);
    struct column *result = array_of(type, p->rows, p->lengths, taken);
    picks_drop(p);
    return result;
}

struct column *joined(struct column *a, struct column *b, const struct type *type)
{
    struct column *plain[2] = { column_plain(a), column_plain(b) };
    struct column *parts[2] = { column_retype(plain[0], type), column_retype(plain[1], type) };
    struct column *result = column_concat(parts, 2);
    for (int i = 0; i < 2; i++) {
        column_release(plain[i]);
        column_release(parts[i]);
    }
    return result;
}

struct element_range element_range(const struct rows *rows, const struct column *list, int32_t row)
{
    if (!row_counts(rows, row) || column_is_null(list, row)) {
        return (struct element_range){ 0, 0 };
    }
    int32_t first = column_first(list, row);
    return (struct element_range){ first, first + column_count(list, row) };
}
