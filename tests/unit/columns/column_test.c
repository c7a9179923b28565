/*
 * columns/column: whatever is done with rows (slice, take, concat, constants, copies), the values stay what they were; order and
 * hash agree with the values. Over random types and columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "columns/batch.h"
#include "random_columns.h"

#include <cmocka.h>

enum { ROUNDS = 300, ROWS_MAX = 70 };

static void assert_same_row(const struct column *a,
                            int32_t a_row,
                            const struct column *b,
                            int32_t b_row)
{
    char *expected = text_of_row(a, a_row);
    char *found = text_of_row(b, b_row);
    assert_string_equal(found, expected);
    free(expected);
    free(found);
}

/* The count of nulls is exact. */
static void assert_counts_nulls(const struct column *c)
{
    int32_t nulls = 0;
    for (int32_t i = 0; i < (c->constant ? 1 : c->length); i++) {
        nulls += column_is_null(c, i) ? 1 : 0;
    }
    assert_int_equal(c->null_count, nulls);
}

struct world {
    struct arena arena;
    uint32_t seed;
    struct column *column;
};

static void begin(struct world *w, uint32_t round)
{
    arena_init(&w->arena, 0);
    w->seed = round * 7919 + 1;
    const struct type *type = random_type(&w->arena, &w->seed, 3);
    w->column = random_column(type, random_below(&w->seed, ROWS_MAX) + 1, &w->seed);
}

static void end(struct world *w)
{
    column_release(w->column);
    arena_finish(&w->arena);
}

static struct column *random_slice(struct world *w)
{
    int32_t first = random_below(&w->seed, w->column->length + 1);
    int32_t count = random_below(&w->seed, w->column->length - first + 1);
    struct column *slice = column_slice(w->column, first, count);
    assert_int_equal(slice->length, count);
    assert_counts_nulls(slice);
    for (int32_t i = 0; i < count; i++) {
        assert_same_row(w->column, first + i, slice, i);
    }
    return slice;
}

static void slices_keep_values(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct world w;
        begin(&w, round);
        struct column *slice = random_slice(&w);
        column_release(w.column); /* the slice keeps the memory */
        w.column = slice;
        column_release(random_slice(&w)); /* a slice of a slice */
        end(&w);
    }
}

/* A column of any form: plain, a slice, a constant, with constants inside. */
static struct column *another_form(struct world *w)
{
    switch (random_below(&w->seed, 3)) {
    case 0: return random_slice(w);
    case 1:
        return column_constant(w->column, random_below(&w->seed, w->column->length),
                               random_below(&w->seed, 9));
    default: return column_retain(w->column);
    }
}

static void take_keeps_values(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct world w;
        begin(&w, round);
        struct column *from = another_form(&w);
        int32_t rows[ROWS_MAX];
        for (int32_t i = 0; i < ROWS_MAX; i++) {
            rows[i] = from->length == 0 || (round % 2 == 0 && i % 5 == 0)
                          ? -1
                          : random_below(&w.seed, from->length);
        }
        struct column *taken = column_take(from, rows, ROWS_MAX);
        assert_counts_nulls(taken);
        for (int32_t i = 0; i < ROWS_MAX; i++) {
            if (rows[i] < 0) {
                assert_true(column_is_null(taken, i));
            } else {
                assert_same_row(from, rows[i], taken, i);
            }
        }
        column_release(from);
        column_release(taken);
        end(&w);
    }
}

static void concat_joins_parts_of_any_form(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct world w;
        begin(&w, round);
        struct column *parts[5];
        int32_t count = random_below(&w.seed, 5) + 1;
        for (int32_t i = 0; i < count; i++) {
            parts[i] = another_form(&w);
        }
        struct column *all = column_concat(parts, count);
        int32_t at = 0;
        for (int32_t i = 0; i < count; i++) {
            for (int32_t row = 0; row < parts[i]->length; row++) {
                assert_same_row(parts[i], row, all, at++);
            }
            column_release(parts[i]);
        }
        assert_int_equal(all->length, at);
        assert_counts_nulls(all);
        column_release(all);
        end(&w);
    }
}

static void plain_writes_constants_out(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct world w;
        begin(&w, round);
        int32_t row = random_below(&w.seed, w.column->length);
        struct column *constant = column_constant(w.column, row, 9);
        assert_int_equal(constant->length, 9);
        assert_counts_nulls(constant);
        struct column *plain = column_plain(constant);
        assert_false(plain->constant);
        assert_counts_nulls(plain);
        for (int32_t i = 0; i < 9; i++) {
            assert_same_row(w.column, row, constant, i);
            assert_same_row(w.column, row, plain, i);
        }
        column_release(constant);
        column_release(plain);
        struct column *nulls = column_nulls(w.column->type, 3);
        assert_int_equal(nulls->length, 3);
        assert_true(column_is_null(nulls, 2));
        column_release(nulls);
        end(&w);
    }
}

static void copies_are_equal(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct world w;
        begin(&w, round);
        struct builder *b = builder_new(w.column->type);
        for (int32_t i = 0; i < w.column->length; i++) {
            builder_copy(b, w.column, i);
        }
        struct column *copy = builder_finish(b);
        assert_counts_nulls(copy);
        for (int32_t i = 0; i < copy->length; i++) {
            assert_same_row(w.column, i, copy, i);
            assert_int_equal(column_compare(w.column, i, copy, i), 0);
        }
        column_release(copy);
        end(&w);
    }
}

static void order_and_hash_agree_with_the_values(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct world w;
        begin(&w, round);
        struct column *c = w.column;
        uint64_t hashes[ROWS_MAX];
        for (int32_t i = 0; i < c->length; i++) {
            hashes[i] = round;
        }
        column_hash_rows(c, hashes);
        for (int32_t i = 0; i < c->length; i++) {
            int32_t k = random_below(&w.seed, c->length);
            char *one = text_of_row(c, i);
            char *other = text_of_row(c, k);
            int order = column_compare(c, i, c, k);
            assert_int_equal(order == 0, strcmp(one, other) == 0);
            assert_int_equal(order > 0, column_compare(c, k, c, i) < 0);
            assert_true(hashes[i] == column_hash(c, i, round));
            assert_int_equal(hashes[i] == hashes[k], order == 0);
            free(one);
            free(other);
        }
        end(&w);
    }
}

static void numbers_are_ordered_as_in_spark(void **state)
{
    (void)state;
    double values[] = { (double)-INFINITY, -1, 0, 1, (double)INFINITY, (double)NAN };
    for (int kind = TYPE_FLOAT; kind <= TYPE_DOUBLE; kind++) {
        struct builder *b = builder_new(type_simple((enum type_kind)kind));
        builder_null(b);
        for (size_t i = 0; i < 6; i++) {
            builder_double(b, values[i]);
        }
        builder_double(b, -0.0);
        builder_double(b, -(double)NAN);
        struct column *c = builder_finish(b);
        for (int32_t i = 0; i < 6; i++) {
            assert_true(column_compare(c, i, c, i + 1) < 0);
            assert_true(column_compare(c, i + 1, c, i) > 0);
        }
        assert_int_equal(column_compare(c, 3, c, 7), 0);
        assert_int_equal(column_compare(c, 6, c, 8), 0);
        assert_true(column_hash(c, 3, 1) == column_hash(c, 7, 1));
        assert_true(column_hash(c, 6, 1) == column_hash(c, 8, 1));
        assert_false(column_hash(c, 3, 1) == column_hash(c, 0, 1));
        column_release(c);
    }
}

static void bytes_are_unsigned_and_prefixes_first(void **state)
{
    (void)state;
    const char *texts[] = { "", "a", "a\x01", "ab", "b", "\xc3\xa9" };
    struct builder *b = builder_new(type_simple(TYPE_STRING));
    for (size_t i = 0; i < 6; i++) {
        builder_text(b, bytes_of(texts[i]));
    }
    struct column *c = builder_finish(b);
    for (int32_t i = 0; i < 5; i++) {
        assert_true(column_compare(c, i, c, i + 1) < 0);
    }
    column_release(c);
}

static void a_struct_keeps_constant_fields(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct field fields[] = { { bytes_of("a"), type_simple(TYPE_INT), true, { 0 } },
                              { bytes_of("b"), type_simple(TYPE_STRING), true, { 0 } } };
    const struct type *type = type_struct(&arena, fields, 2);
    struct builder *numbers = builder_new(fields[0].type);
    for (int i = 0; i < 3; i++) {
        builder_integer(numbers, i);
    }
    struct builder *text = builder_new(fields[1].type);
    builder_text(text, bytes_of("x"));
    struct column *one = builder_finish(text);
    struct column *parts[] = { builder_finish(numbers), column_constant(one, 0, 3) };
    column_release(one);
    uint8_t validity = 0x5;
    struct column *c = column_struct(type, parts, 3, &validity);
    assert_int_equal(c->null_count, 1);
    struct column *plain = column_plain(c);
    assert_false(plain->children[1]->constant);
    struct column *both[] = { c, plain };
    struct column *all = column_concat(both, 2);
    for (int32_t i = 0; i < 6; i++) {
        char *found = text_of_row(all, i);
        assert_string_equal(found, i % 3 == 0 ? "{ 0 'x' } " : i % 3 == 1 ? "null " : "{ 2 'x' } ");
        free(found);
    }
    column_release(all);
    column_release(plain);
    column_release(c);
    arena_finish(&arena);
}

static void batches_are_their_columns(void **state)
{
    (void)state;
    struct world w;
    begin(&w, 3);
    struct field field = { bytes_of("c"), w.column->type, true, { 0 } };
    const struct type *schema = type_struct(&w.arena, &field, 1);
    struct batch *b =
        batch_new(schema, (struct column *[]){ column_retain(w.column) }, w.column->length);
    struct batch *slice = batch_slice(b, 1, b->rows - 1);
    struct batch *taken = batch_take(b, (int32_t[]){ 0 }, 1);
    struct batch *all = batch_concat(schema, (struct batch *[]){ taken, slice }, 2);
    assert_int_equal(all->rows, b->rows);
    for (int32_t i = 0; i < b->rows; i++) {
        assert_same_row(w.column, i, all->columns[0], i);
    }
    struct batch *none = batch_concat(schema, NULL, 0);
    assert_int_equal(none->rows, 0);
    assert_int_equal(none->columns[0]->length, 0);
    batch_free(none);
    batch_free(all);
    batch_free(taken);
    batch_free(slice);
    batch_free(b);
    batch_free(NULL);
    end(&w);
}

static void retyped_columns_share_values(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 0);
    struct field a = { bytes_of("a"), type_simple(TYPE_INT), true, { 0 } };
    struct field b = { bytes_of("b"), type_simple(TYPE_INT), false, { 0 } };
    const struct type *from = type_array(&arena, type_struct(&arena, &a, 1), true);
    const struct type *to = type_array(&arena, type_struct(&arena, &b, 1), false);
    uint32_t seed = 5;
    struct column *c = random_column(from, 20, &seed);
    struct column *retyped = column_retype(c, to);
    assert_ptr_equal(retyped->type, to);
    assert_ptr_equal(retyped->children[0]->type, to->element);
    for (int32_t i = 0; i < 20; i++) {
        assert_same_row(c, i, retyped, i);
    }
    column_release(c);
    column_release(retyped);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_keep_values),
        cmocka_unit_test(take_keeps_values),
        cmocka_unit_test(concat_joins_parts_of_any_form),
        cmocka_unit_test(plain_writes_constants_out),
        cmocka_unit_test(copies_are_equal),
        cmocka_unit_test(order_and_hash_agree_with_the_values),
        cmocka_unit_test(numbers_are_ordered_as_in_spark),
        cmocka_unit_test(bytes_are_unsigned_and_prefixes_first),
        cmocka_unit_test(a_struct_keeps_constant_fields),
        cmocka_unit_test(batches_are_their_columns),
        cmocka_unit_test(retyped_columns_share_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
