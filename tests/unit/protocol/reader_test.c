/*
 * protocol/reader and protocol/writer: what is written reads back, known bytes come out as the format says, and no
 * read goes beyond the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "protocol/reader.h"
#include "protocol/writer.h"

#include <cmocka.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct bytes as_bytes(const char *data, size_t len)
{
    return (struct bytes){ (const uint8_t *)data, len };
}

#define LITERAL(text) as_bytes((text), sizeof(text) - 1)

static void fixed_sizes_are_big_endian(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 1024);
    writer_i8(&out, -2);
    writer_i16(&out, -2);
    writer_u16(&out, 0xfffe);
    writer_i32(&out, 0x01020304);
    writer_u32(&out, 0xfffefdfc);
    writer_i64(&out, INT64_MIN + 1);
    writer_f64(&out, -1.5);
    struct bytes expected = LITERAL("\xfe"
                                    "\xff\xfe"
                                    "\xff\xfe"
                                    "\x01\x02\x03\x04"
                                    "\xff\xfe\xfd\xfc"
                                    "\x80\0\0\0\0\0\0\x01"
                                    "\xbf\xf8\0\0\0\0\0\0");
    assert_int_equal(out.len, expected.len);
    assert_memory_equal(out.data, expected.data, expected.len);

    struct reader r;
    reader_init(&r, buffer_bytes(&out));
    assert_int_equal(reader_i8(&r), -2);
    assert_int_equal(reader_i16(&r), -2);
    assert_int_equal(reader_u16(&r), 0xfffe);
    assert_int_equal(reader_i32(&r), 0x01020304);
    assert_int_equal(reader_u32(&r), 0xfffefdfc);
    assert_true(reader_i64(&r) == INT64_MIN + 1);
    double f = reader_f64(&r);
    assert_true(f < -1.4 && f > -1.6);
    assert_int_equal(reader_left(&r), 0);
    assert_false(reader_failed(&r));
    buffer_finish(&out);
}

static void patch_overwrites_four_bytes(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 1024);
    writer_i8(&out, 7);
    writer_i32(&out, 0);
    writer_i8(&out, 8);
    writer_patch_i32(&out, 1, -1);
    assert_memory_equal(out.data, "\x07\xff\xff\xff\xff\x08", 6);
    buffer_finish(&out);
}

static void varints_take_the_shortest_form(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        const char *bytes;
        size_t len;
    } cases[] = {
        { 0, "\0", 1 },
        { -1, "\x01", 1 },
        { 1, "\x02", 1 },
        { 63, "\x7e", 1 },
        { -64, "\x7f", 1 },
        { 64, "\x80\x01", 2 },
        { INT32_MAX, "\xfe\xff\xff\xff\x0f", 5 },
        { INT32_MIN, "\xff\xff\xff\xff\x0f", 5 },
        { INT64_MAX, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 },
        { INT64_MIN, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10 },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buffer out;
        struct reader r;
        buffer_init(&out, 1024);
        writer_varlong(&out, cases[i].value);
        assert_int_equal(out.len, cases[i].len);
        assert_memory_equal(out.data, cases[i].bytes, cases[i].len);
        assert_int_equal(varlong_size(cases[i].value), cases[i].len);
        reader_init(&r, buffer_bytes(&out));
        assert_true(reader_varlong(&r) == cases[i].value);
        if (cases[i].value >= INT32_MIN && cases[i].value <= INT32_MAX) {
            buffer_clear(&out);
            writer_varint(&out, (int32_t)cases[i].value);
            assert_int_equal(out.len, cases[i].len);
            assert_memory_equal(out.data, cases[i].bytes, cases[i].len);
            assert_int_equal(varint_size((int32_t)cases[i].value), cases[i].len);
            reader_init(&r, buffer_bytes(&out));
            assert_int_equal(reader_varint(&r), cases[i].value);
        }
        buffer_finish(&out);
    }
}

/* Every power of two and its neighbours, so each length and each boundary between lengths is met. */
static void unsigned_varints_read_back(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 1024);
    for (unsigned bit = 0; bit < 32; bit++) {
        for (int32_t nudge = -1; nudge <= 1; nudge++) {
            uint32_t value = (UINT32_C(1) << bit) + (uint32_t)nudge;
            struct reader r;
            buffer_clear(&out);
            writer_uvarint(&out, value);
            assert_int_equal(out.len, uvarint_size(value));
            reader_init(&r, buffer_bytes(&out));
            assert_int_equal(reader_uvarint(&r), value);
            assert_int_equal(reader_left(&r), 0);
            assert_false(reader_failed(&r));
        }
    }
    buffer_finish(&out);
}

static void overlong_varints_fail(void **state)
{
    (void)state;
    struct reader r;
    reader_init(&r, LITERAL("\x80\x00")); /* longer than needed, yet a number */
    assert_int_equal(reader_uvarint(&r), 0);
    assert_false(reader_failed(&r));

    reader_init(&r, LITERAL("\xff\xff\xff\xff\x1f")); /* a 33rd bit */
    assert_int_equal(reader_uvarint(&r), 0);
    assert_true(reader_failed(&r));

    reader_init(&r, LITERAL("\x80\x80\x80\x80\x80\x00")); /* a sixth byte */
    reader_uvarint(&r);
    assert_true(reader_failed(&r));

    reader_init(&r, LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")); /* a 65th bit */
    reader_varlong(&r);
    assert_true(reader_failed(&r));
}

static void the_first_failure_sticks_and_says_where(void **state)
{
    (void)state;
    struct reader r;
    struct weir_error err;
    reader_init(&r, LITERAL("\0\x01\0\0"));
    assert_int_equal(reader_i16(&r), 1);
    assert_int_equal(reader_i32(&r), 0);
    assert_true(reader_failed(&r));
    assert_int_equal(reader_i8(&r), 0); /* two bytes are left, but not for a failed reader */
    assert_int_equal(reader_left(&r), 0);
    assert_true(bytes_is_null(reader_take(&r, 0)));
    reader_fail(&r, "something else");
    assert_int_equal(reader_error(&r, "thing", &err), WEIR_EPROTO);
    assert_string_equal(err.message, "thing: cut short at byte 2");
}

static void nothing_reads_beyond_the_end(void **state)
{
    (void)state;
    struct reader r;
    for (size_t len = 0; len < 16; len++) {
        uint8_t *exact =
            malloc(len + 1); /* its own allocation: the sanitizer sees a step too far */
        assert_non_null(exact);
        memset(exact, 0x80, len + 1);
        reader_init(&r, (struct bytes){ exact + 1, len });
        reader_uuid(&r);
        assert_true(reader_failed(&r));
        reader_init(&r, (struct bytes){ exact + 1, len });
        reader_varlong(&r);
        assert_true(reader_failed(&r));
        reader_init(&r, (struct bytes){ exact + 1, len });
        assert_true(bytes_is_null(reader_take(&r, SIZE_MAX)));
        free(exact);
    }
    reader_init(&r, (struct bytes){ NULL, 0 });
    assert_int_equal(reader_left(&r), 0);
    assert_false(bytes_is_null(reader_take(&r, 0))); /* empty is not null */
    assert_false(reader_failed(&r));
}

static void a_full_buffer_takes_nothing_more(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 5);
    writer_i32(&out, 1);
    writer_i16(&out, 2);
    assert_true(out.overflow);
    writer_i8(&out, 3);
    writer_patch_i32(&out, 2, 9);
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.data, "\0\0\0\x01", 4);
    buffer_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_sizes_are_big_endian),
        cmocka_unit_test(patch_overwrites_four_bytes),
        cmocka_unit_test(varints_take_the_shortest_form),
        cmocka_unit_test(unsigned_varints_read_back),
        cmocka_unit_test(overlong_varints_fail),
        cmocka_unit_test(the_first_failure_sticks_and_says_where),
        cmocka_unit_test(nothing_reads_beyond_the_end),
        cmocka_unit_test(a_full_buffer_takes_nothing_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
