/*
 * storage/epoch_cache: the file is Kafka's, and it answers where an epoch ended as Kafka does. The file is that of a broker
 * which was restarted four times (tests/golden/datadir/leader-epochs).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/epoch_cache.h"

#include <cmocka.h>

enum { LOG_END = 8 };

static const char *const CHECKPOINT = "0\n4\n0 0\n2 2\n6 4\n8 6\n";

static struct epoch_cache parse(const char *text)
{
    struct epoch_cache c = { 0 };
    assert_int_equal(epoch_cache_parse(&c, bytes_of(text), NULL), WEIR_OK);
    return c;
}

static void expect_text(const struct epoch_cache *c, const char *expected)
{
    struct buffer text;
    buffer_init(&text, 1000);
    epoch_cache_format(c, &text);
    if (!bytes_equal_text(buffer_bytes(&text), expected)) {
        fail_msg("'%.*s' instead of '%s'", BYTES_ARG(buffer_bytes(&text)), expected);
    }
    buffer_finish(&text);
}

static void kafkas_file_comes_out_as_it_went_in(void **state)
{
    (void)state;
    struct epoch_cache c = parse(CHECKPOINT);
    assert_int_equal(epoch_cache_latest(&c), 8);
    expect_text(&c, CHECKPOINT);
    epoch_cache_finish(&c);
}

static void an_epoch_ends_where_the_next_begins(void **state)
{
    (void)state;
    static const struct {
        int32_t asked;
        int32_t epoch;
        int64_t end;
    } cases[] = { { 0, 0, 2 }, { 1, 0, 2 },       { 2, 2, 4 },   { 5, 2, 4 },
                  { 6, 6, 6 }, { 8, 8, LOG_END }, { 9, -1, -1 }, { -1, -1, -1 } };
    struct epoch_cache c = parse(CHECKPOINT);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int32_t epoch;
        int64_t end;
        epoch_cache_end_of(&c, cases[i].asked, LOG_END, &epoch, &end);
        assert_int_equal(epoch, cases[i].epoch);
        assert_int_equal(end, cases[i].end);
    }
    assert_int_equal(epoch_cache_at(&c, 3), 2);
    assert_int_equal(epoch_cache_at(&c, 100), 8);
    assert_int_equal(epoch_cache_at(&c, -1), -1);
    epoch_cache_finish(&c);
}

static void a_new_epoch_replaces_one_that_wrote_nothing(void **state)
{
    (void)state;
    struct epoch_cache c = parse("0\n3\n0 0\n2 2\n4 4\n");
    assert_true(epoch_cache_assign(&c, 6, 4));
    expect_text(&c, "0\n3\n0 0\n2 2\n6 4\n");
    assert_false(epoch_cache_assign(&c, 6, 9)); /* it has begun */
    epoch_cache_finish(&c);
}

static void a_cut_log_loses_the_epochs_behind_the_cut(void **state)
{
    (void)state;
    struct epoch_cache c = parse(CHECKPOINT);
    assert_true(epoch_cache_truncate_end(&c, 4));
    expect_text(&c, "0\n2\n0 0\n2 2\n");
    assert_false(epoch_cache_truncate_end(&c, 4));
    assert_true(epoch_cache_truncate_start(&c, 3));
    expect_text(&c, "0\n1\n2 3\n");
    epoch_cache_finish(&c);
}

static void a_damaged_file_is_refused(void **state)
{
    (void)state;
    static const char *const damaged[] = { "",
                                           "1\n0\n",
                                           "0\n",
                                           "0\n2\n0 0\n",
                                           "0\n1\n0\n",
                                           "0\n1\n0 x\n",
                                           "0\n2\n2 0\n1 5\n",
                                           "0\n2\n0 5\n1 5\n",
                                           "0\n1\n-1 0\n" };
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        struct epoch_cache c = { 0 };
        assert_int_equal(epoch_cache_parse(&c, bytes_of(damaged[i]), NULL), WEIR_ECORRUPT);
        assert_int_equal(c.count, 0);
        epoch_cache_finish(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kafkas_file_comes_out_as_it_went_in),
        cmocka_unit_test(an_epoch_ends_where_the_next_begins),
        cmocka_unit_test(a_new_epoch_replaces_one_that_wrote_nothing),
        cmocka_unit_test(a_cut_log_loses_the_epochs_behind_the_cut),
        cmocka_unit_test(a_damaged_file_is_refused),
    };
    return cmocka_run_group_tests_name("storage/epoch_cache", tests, NULL, NULL);
}
