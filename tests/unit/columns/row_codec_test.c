/*
 * Values as bytes: random values come back, equal ones have equal keys, and what is no value is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "columns/row_codec.h"
#include "random_columns.h"

#include <cmocka.h>

enum { ROWS = 40, TYPES = 300 };

static void assert_same_rows(const struct column *a,
                             int32_t a_row,
                             const struct column *b,
                             int32_t b_row)
{
    char *x = text_of_row(a, a_row);
    char *y = text_of_row(b, b_row);
    assert_string_equal(x, y);
    free(x);
    free(y);
}

/* Many values of many types, one behind the other in the same bytes. */
static void values_come_back(void **state)
{
    (void)state;
    uint32_t seed = 20;
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < TYPES; i++) {
        const struct type *type = random_type(&arena, &seed, 3);
        struct column *c = random_column(type, ROWS, &seed);
        struct buffer out;
        buffer_init(&out, 1 << 24);
        for (int32_t row = 0; row < ROWS; row++) {
            row_encode(&out, c, row);
        }
        struct bytes rest = buffer_bytes(&out);
        struct builder *b = builder_new(type);
        for (int32_t row = 0; row < ROWS; row++) {
            assert_true(row_decode(&rest, b));
        }
        assert_int_equal(rest.len, 0);
        struct column *back = builder_finish(b);
        assert_int_equal(back->length, ROWS);
        for (int32_t row = 0; row < ROWS; row++) {
            assert_same_rows(c, row, back, row);
        }
        column_release(back);
        column_release(c);
        buffer_finish(&out);
    }
    arena_finish(&arena);
}

static bool has_map(const struct type *t)
{
    if (t->kind == TYPE_MAP) {
        return true;
    }
    for (int32_t i = 0; t->kind == TYPE_STRUCT && i < t->field_count; i++) {
        if (has_map(t->fields[i].type)) {
            return true;
        }
    }
    return t->kind == TYPE_ARRAY && has_map(t->element);
}

static struct bytes key_of(struct buffer *out, const struct column *c, int32_t row)
{
    buffer_clear(out);
    row_encode_key(out, c, row);
    return buffer_bytes(out);
}

/* Keys are equal exactly where values are. */
static void equal_values_have_equal_keys(void **state)
{
    (void)state;
    uint32_t seed = 7;
    struct arena arena;
    struct buffer x;
    struct buffer y;
    arena_init(&arena, 0);
    buffer_init(&x, 1 << 20);
    buffer_init(&y, 1 << 20);
    for (int i = 0; i < TYPES; i++) {
        const struct type *type = random_type(&arena, &seed, 2);
        struct column *c = random_column(type, ROWS, &seed);
        for (int32_t k = 0; !has_map(type) && k < 10 * ROWS; k++) {
            int32_t a = random_below(&seed, ROWS);
            int32_t b = random_below(&seed, ROWS);
            bool nulls = column_is_null(c, a) || column_is_null(c, b);
            bool same = nulls ? column_is_null(c, a) && column_is_null(c, b)
                              : column_compare(c, a, c, b) == 0;
            struct bytes left = key_of(&x, c, a);
            struct bytes right = key_of(&y, c, b);
            assert_int_equal(same, bytes_equal(left, right));
        }
        column_release(c);
    }
    buffer_finish(&x);
    buffer_finish(&y);
    arena_finish(&arena);
}

/* -0.0 and 0.0, and every NaN, are one key. */
static void zeros_and_nans_are_one(void **state)
{
    (void)state;
    struct builder *b = builder_new(type_simple(TYPE_DOUBLE));
    const double values[4] = { 0.0, -0.0, (double)NAN, -(double)NAN };
    for (int i = 0; i < 4; i++) {
        builder_double(b, values[i]);
    }
    struct column *c = builder_finish(b);
    struct buffer x;
    struct buffer y;
    buffer_init(&x, 1 << 10);
    buffer_init(&y, 1 << 10);
    for (int i = 0; i < 4; i += 2) {
        assert_true(bytes_equal(key_of(&x, c, i), key_of(&y, c, i + 1)));
    }
    assert_false(bytes_equal(key_of(&x, c, 0), key_of(&y, c, 2)));
    buffer_finish(&x);
    buffer_finish(&y);
    column_release(c);
}

/* Cut off anywhere, a value is refused; with bytes changed it is refused or is another one, and nothing is read beyond the end. */
static void damaged_bytes_are_refused(void **state)
{
    (void)state;
    uint32_t seed = 99;
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < TYPES; i++) {
        const struct type *type = random_type(&arena, &seed, 3);
        struct column *c = random_column(type, 1, &seed);
        struct buffer out;
        buffer_init(&out, 1 << 20);
        row_encode(&out, c, 0);
        for (size_t len = 0; len < out.len; len++) {
            uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees what is read beyond */
            memcpy(exact + 1, out.data, len);
            struct bytes rest = { exact + 1, len };
            struct builder *b = builder_new(type);
            assert_false(row_decode(&rest, b));
            builder_free(b);
            free(exact);
        }
        for (int k = 0; out.len > 0 && k < 20; k++) {
            uint8_t *changed = malloc(out.len);
            memcpy(changed, out.data, out.len);
            changed[random_below(&seed, (int32_t)out.len)] = (uint8_t)random_next(&seed);
            struct bytes rest = { changed, out.len };
            struct builder *b = builder_new(type);
            (void)row_decode(&rest, b);
            builder_free(b);
            free(changed);
        }
        column_release(c);
        buffer_finish(&out);
    }
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(equal_values_have_equal_keys),
        cmocka_unit_test(zeros_and_nans_are_one),
        cmocka_unit_test(damaged_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
