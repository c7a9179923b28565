/*
 * columns/decimal: types, results and texts are Spark's.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "columns/decimal.h"
#include "golden.h"

#include <cmocka.h>

static struct decimal decimal_of(const char *text)
{
    const char *point = strchr(text, '.');
    int scale = point ? (int)strlen(point + 1) : 0;
    struct decimal d = { 0, scale };
    assert_int_equal(decimal_parse(bytes_of(text), (struct decimal_shape){ 38, scale }, &d.value),
                     DECIMAL_FITS);
    return d;
}

static void assert_text(int128 value, int scale, const char *expected)
{
    char text[DECIMAL_TEXT_MAX + 1];
    text[decimal_text(text, (struct decimal){ value, scale })] = 0;
    assert_string_equal(text, expected);
}

static enum decimal_operator operator_of(char c)
{
    static const char OPERATORS[] = "+-*/%";
    return (enum decimal_operator)(strchr(OPERATORS, c) - OPERATORS);
}

static void operators_agree_with_java(void **state)
{
    (void)state;
    struct golden g = golden_open("java/decimals.txt");
    int count = 0;
    while (getline(&g.line, &g.capacity, g.file) >= 0) {
        char op = 0;
        char a[64];
        char b[64];
        char result[64];
        char exact[128] = "";
        struct decimal_shape p = { 0 };
        struct decimal_shape q = { 0 };
        struct decimal_shape to = { 0 };
        if (sscanf(g.line, "%c %60s %60s %d %d %d %d %d %d %60s %120s", &op, a, b, &p.precision,
                   &p.scale, &q.precision, &q.scale, &to.precision, &to.scale, result,
                   exact) < 10 ||
            op == '#') {
            continue;
        }
        count++;
        struct decimal x = decimal_of(a);
        struct decimal y = decimal_of(b);
        struct decimal_shape shape = decimal_shape_result(operator_of(op), p, q);
        assert_int_equal(shape.precision, to.precision);
        assert_int_equal(shape.scale, to.scale);
        int128 value = 0;
        bool fits = decimal_operate(operator_of(op), x, y, shape, &value);
        assert_int_equal(fits, strcmp(result, "overflow") != 0);
        if (fits) {
            assert_text(value, shape.scale, result);
        } else {
            struct buffer out;
            buffer_init(&out, 1000);
            decimal_print_exact(&out, operator_of(op), x, y);
            buffer_append(&out, "", 1);
            assert_string_equal((const char *)out.data, exact);
            buffer_finish(&out);
        }
    }
    golden_close(&g);
    assert_true(count > 1900);
}

static void reads_texts_as_spark_does(void **state)
{
    (void)state;
    const struct {
        const char *text;
        struct decimal_shape shape;
        enum decimal_outcome outcome;
        const char *value;
    } cases[] = {
        { "1.005", { 5, 2 }, DECIMAL_FITS, "1.01" },
        { "-1.005", { 5, 2 }, DECIMAL_FITS, "-1.01" },
        { " 1e2\n", { 5, 2 }, DECIMAL_FITS, "100.00" },
        { "1E-2", { 5, 2 }, DECIMAL_FITS, "0.01" },
        { "+.5", { 5, 0 }, DECIMAL_FITS, "1" },
        { "5.", { 5, 0 }, DECIMAL_FITS, "5" },
        { "999.995", { 5, 2 }, DECIMAL_OVERFLOWS, NULL },
        { "999.994", { 5, 2 }, DECIMAL_FITS, "999.99" },
        { "1e3", { 5, 2 }, DECIMAL_OVERFLOWS, NULL },
        { "0e999", { 5, 2 }, DECIMAL_FITS, "0.00" },
        { "1e-999999999", { 5, 2 }, DECIMAL_FITS, "0.00" },
        { "", { 5, 2 }, DECIMAL_NO_NUMBER, NULL },
        { ".", { 5, 2 }, DECIMAL_NO_NUMBER, NULL },
        { "1e", { 5, 2 }, DECIMAL_NO_NUMBER, NULL },
        { "1x", { 5, 2 }, DECIMAL_NO_NUMBER, NULL },
        { "--1", { 5, 2 }, DECIMAL_NO_NUMBER, NULL },
        { "1d", { 5, 2 }, DECIMAL_NO_NUMBER, NULL },
        { "0.0049", { 5, 2 }, DECIMAL_FITS, "0.00" },
        { "0000000000000000000000000000000000000000000001.5", { 5, 2 }, DECIMAL_FITS, "1.50" },
        { "99999999999999999999999999999999999999",
          { 38, 0 },
          DECIMAL_FITS,
          "99999999999999999999999999999999999999" },
        { "99999999999999999999999999999999999999.5", { 38, 0 }, DECIMAL_OVERFLOWS, NULL },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int128 value = 0;
        assert_int_equal(decimal_parse(bytes_of(cases[i].text), cases[i].shape, &value),
                         cases[i].outcome);
        if (cases[i].value) {
            assert_text(value, cases[i].shape.scale, cases[i].value);
        }
    }
}

static void goes_to_and_from_other_numbers(void **state)
{
    (void)state;
    int128 value = 0;
    struct decimal_shape two = { 5, 2 };
    assert_int_equal(decimal_of_double(0.015, two, &value), DECIMAL_FITS);
    assert_true(value == 2);
    assert_int_equal(decimal_of_double(-0.0, two, &value), DECIMAL_FITS);
    assert_true(value == 0);
    assert_int_equal(decimal_of_double(1e20, two, &value), DECIMAL_OVERFLOWS);
    assert_int_equal(decimal_of_double((double)NAN, two, &value), DECIMAL_NO_NUMBER);
    assert_true(decimal_to_double(decimal_of("999.995")) == 999.995);
    assert_true(decimal_to_double(decimal_of("99999999999999999999999999999999999999")) == 1e38);
    assert_true(decimal_to_float(decimal_of("2147483647.5")) == 2.14748365E9F);
    int64_t whole = 0;
    assert_true(decimal_to_integer(decimal_of("-1.99"), &whole));
    assert_int_equal(whole, -1);
    assert_false(decimal_to_integer(decimal_of("9223372036854775808"), &whole));
    assert_true(decimal_to_integer(decimal_of("-9223372036854775808.9"), &whole));
    assert_true(whole == INT64_MIN);
    assert_true(decimal_rescale(decimal_of("1.50"), (struct decimal_shape){ 38, 18 }, &value));
    assert_text(value, 18, "1.500000000000000000");
    assert_false(decimal_rescale(decimal_of("1000"), two, &value));
}

static void compares_and_divides_across_scales(void **state)
{
    (void)state;
    assert_int_equal(decimal_compare(decimal_of("1.0"), decimal_of("1.000")), 0);
    assert_true(decimal_compare(decimal_of("-1.0"), decimal_of("-1.001")) > 0);
    assert_true(decimal_compare(decimal_of("99999999999999999999999999999999999999"),
                                decimal_of("0.99999999999999999999999999999999999999")) > 0);
    int64_t whole = 0;
    assert_true(decimal_divide_whole(decimal_of("7.00"), decimal_of("-3.0000"), &whole));
    assert_int_equal(whole, -2);
    assert_false(decimal_divide_whole(decimal_of("9223372036854775808"), decimal_of("1"), &whole));
    assert_true(decimal_divide_whole(decimal_of("9223372036854775808"), decimal_of("-1"), &whole));
    assert_true(whole == INT64_MIN);
}

static void types_of_integers_and_common_types(void **state)
{
    (void)state;
    struct decimal_shape shape = decimal_shape_for(TYPE_BIGINT);
    assert_int_equal(shape.precision, 20);
    shape = decimal_shape_wider((struct decimal_shape){ 10, 2 }, (struct decimal_shape){ 12, 6 });
    assert_int_equal(shape.precision, 14);
    assert_int_equal(shape.scale, 6);
    shape = decimal_shape_wider((struct decimal_shape){ 38, 0 }, (struct decimal_shape){ 38, 10 });
    assert_int_equal(shape.precision, 38);
    assert_int_equal(shape.scale, 0);
    shape = decimal_shape_whole((struct decimal_shape){ 2, 2 }, (struct decimal_shape){ 5, 0 });
    assert_int_equal(shape.precision, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_agree_with_java),
        cmocka_unit_test(reads_texts_as_spark_does),
        cmocka_unit_test(goes_to_and_from_other_numbers),
        cmocka_unit_test(compares_and_divides_across_scales),
        cmocka_unit_test(types_of_integers_and_common_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
