/*
 * columns/double_text: digit for digit what Java 17 prints, and reading gives the number back.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "columns/double_text.h"
#include "golden.h"

#include <cmocka.h>

static void assert_double_text(double value, const char *expected)
{
    char text[DOUBLE_TEXT_MAX + 1];
    text[double_text(text, value)] = 0;
    assert_string_equal(text, expected);
}

static void assert_float_text(float value, const char *expected)
{
    char text[DOUBLE_TEXT_MAX + 1];
    text[float_text(text, value)] = 0;
    assert_string_equal(text, expected);
}

/* double('...') or float('...') with a number in it. */
static bool check_case(const char *expr, const char *value)
{
    char text[256];
    if (sscanf(expr, "double('%200[^']')", text) == 1) {
        double number = 0;
        if (double_parse(bytes_of(text), &number)) {
            assert_double_text(number, value);
            return true;
        }
    } else if (sscanf(expr, "float('%200[^']')", text) == 1) {
        float number = 0;
        if (float_parse(bytes_of(text), &number)) {
            assert_float_text(number, value);
            return true;
        }
    }
    return false;
}

static void prints_what_spark_prints(void **state)
{
    (void)state;
    struct golden g = golden_open("expressions/doubles.jsonl");
    int count = 0;
    for (json_t *line = golden_next(&g); line; line = golden_next(&g)) {
        const char *expr = json_string_value(json_object_get(line, "expr"));
        const char *value = json_string_value(json_object_get(golden_result(line), "value"));
        count += expr && value && check_case(expr, value) ? 1 : 0;
        json_decref(line);
    }
    golden_close(&g);
    assert_int_equal(count, 290); /* all of that form but for NaN and infinity */
}

static void prints_what_java_prints(void **state)
{
    (void)state;
    struct golden g = golden_open("java/doubles.txt");
    int count = 0;
    while (getline(&g.line, &g.capacity, g.file) >= 0) {
        char kind = 0;
        uint64_t bits = 0;
        char text[64];
        if (sscanf(g.line, "%c %" SCNx64 " %60s", &kind, &bits, text) != 3 || kind == '#') {
            continue;
        }
        count++;
        if (kind == 'd') {
            double value = 0;
            double back = 0;
            memcpy(&value, &bits, sizeof(value));
            assert_double_text(value, text);
            if (isfinite(value)) {
                assert_true(double_parse(bytes_of(text), &back));
                assert_memory_equal(&back, &value, sizeof(value));
            }
        } else {
            uint32_t half = (uint32_t)bits;
            float value = 0;
            float back = 0;
            memcpy(&value, &half, sizeof(value));
            assert_float_text(value, text);
            if (isfinite(value)) {
                assert_true(float_parse(bytes_of(text), &back));
                assert_memory_equal(&back, &value, sizeof(value));
            }
        }
    }
    golden_close(&g);
    assert_int_equal(count, 1630);
}

static void names_what_is_no_number(void **state)
{
    (void)state;
    assert_double_text((double)NAN, "NaN");
    assert_double_text(-(double)NAN, "NaN");
    assert_double_text((double)INFINITY, "Infinity");
    assert_double_text(-(double)INFINITY, "-Infinity");
    assert_float_text(-INFINITY, "-Infinity");
    assert_float_text(NAN, "NaN");
    assert_double_text(0, "0.0");
    assert_double_text(-0.0, "-0.0");
    assert_float_text(-0.0F, "-0.0");
}

static void reads_what_java_reads(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double value;
    } cases[] = {
        { "1", 1 },
        { " \t1.5\n", 1.5 },
        { "+1.", 1 },
        { ".5", 0.5 },
        { "-.5e1", -5 },
        { "1d", 1 },
        { "1.5F", 1.5 },
        { "1e3D", 1000 },
        { "0x1p3", 8 },
        { "0x.8p1", 1 },
        { "-0X1.8P-1f", -0.75 },
        { "1e400", (double)INFINITY },
        { "1e-400", 0 },
        { "00000000000000000000001", 1 },
        { "1e23", 1e23 },
        { "9007199254740993", 9007199254740992 },
        { "0.00000000000000000000000000000000001e35", 1 },
        { "1e99999999999", (double)INFINITY },
        { "123456789012345678901234567890", 123456789012345678901234567890.0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double value = -1;
        assert_true(double_parse(bytes_of(cases[i].text), &value));
        assert_memory_equal(&value, &cases[i].value, sizeof(value));
    }
    char zeros[400];
    memset(zeros, '0', sizeof(zeros));
    zeros[0] = '1';
    double value = 0;
    assert_true(double_parse((struct bytes){ (const uint8_t *)zeros, 300 }, &value));
    assert_true(value == 1e299);
}

static void refuses_what_java_refuses(void **state)
{
    (void)state;
    const char *texts[] = { "",      " ",   "-",   ".",   "e1",    "1e",       "1e+",
                            "1x",    "1 2", "1dd", "0x1", "0x",    "0xp1",     "--1",
                            "1_000", "1,5", "NaN", "inf", "1.2.3", "\xc3\xa9", "1d1" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        double number = 0;
        float small = 0;
        assert_false(double_parse(bytes_of(texts[i]), &number));
        assert_false(float_parse(bytes_of(texts[i]), &small));
    }
}

static void floats_are_rounded_once(void **state)
{
    (void)state;
    float value = 0;
    /* halfway between two floats but for the last digit: through a double it would be rounded down */
    assert_true(float_parse(bytes_of("1.00000005960464477540"), &value));
    assert_true(value == 1.00000011920928955078125F);
    assert_true(float_parse(bytes_of("16777217"), &value));
    assert_true(value == 16777216.0F);
    assert_true(float_parse(bytes_of("3.5e38"), &value));
    assert_true(isinf(value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_spark_prints),  cmocka_unit_test(prints_what_java_prints),
        cmocka_unit_test(names_what_is_no_number),   cmocka_unit_test(reads_what_java_reads),
        cmocka_unit_test(refuses_what_java_refuses), cmocka_unit_test(floats_are_rounded_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
