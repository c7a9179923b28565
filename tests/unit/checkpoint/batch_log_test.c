/*
 * checkpoint/batch_log: every offsets/N and commits/N that Spark 4.1 left is read, and written again to the byte; whatever is damaged is told
 * apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "checkpoint/batch_log.h"
#include "checkpoint_golden.h"

#include <cmocka.h>

enum { TEXT_MAX = 1 << 20 };

static void write_again(const struct golden_file *f)
{
    struct arena arena;
    struct buffer again;
    struct log_fault fault;
    struct batch_offsets offsets;
    int64_t watermark_ms;
    arena_init(&arena, 0);
    buffer_init(&again, TEXT_MAX);
    if (f->path[0] == 'o') {
        assert_true(batch_log_parse_offsets(f->text, &arena, &offsets, &fault));
        assert_int_equal(offsets.conf_count, 11);
        assert_true(offsets.timestamp_ms > 1700000000000);
        batch_log_print_offsets(&again, &offsets);
    } else {
        assert_true(batch_log_parse_commit(f->text, &arena, &watermark_ms, &fault));
        batch_log_print_commit(&again, watermark_ms);
    }
    if (!bytes_equal(buffer_bytes(&again), f->text)) {
        fail_msg("%s/%s: %.*s", f->checkpoint, f->path, BYTES_ARG(buffer_bytes(&again)));
    }
    buffer_finish(&again);
    arena_finish(&arena);
}

static void what_spark_wrote_is_written_again_to_the_byte(void **state)
{
    (void)state;
    struct golden_files g;
    struct golden_file f;
    int offsets = 0;
    int commits = 0;
    assert_true(golden_files_open(&g));
    while (golden_files_next(&g, &f)) {
        bool is_offsets = strncmp(f.path, "offsets/", 8) == 0;
        bool is_commit = strncmp(f.path, "commits/", 8) == 0;
        if (is_offsets || is_commit) {
            write_again(&f);
            offsets += is_offsets;
            commits += is_commit;
        }
    }
    golden_files_close(&g);
    assert_true(offsets > 50 && commits > 50);
}

static void fields_are_read(void **state)
{
    (void)state;
    struct arena arena;
    struct batch_offsets o;
    struct log_fault fault;
    arena_init(&arena, 0);
    static const char text[] =
        "v1\n{\"batchWatermarkMs\":17,\"new\":[{}],\"batchTimestampMs\":18,\"conf\":{\"a\\n\":\"b\\u00e4\"}}\n"
        "{\"t\":{\"0\":51}}\n-\n7\n";
    assert_true(batch_log_parse_offsets(bytes_of(text), &arena, &o, &fault));
    assert_int_equal(o.watermark_ms, 17);
    assert_int_equal(o.timestamp_ms, 18);
    assert_int_equal(o.conf_count, 1);
    assert_true(bytes_equal_text(o.conf[0].name, "a\n"));
    assert_true(bytes_equal_text(o.conf[0].value, "b\xc3\xa4"));
    assert_int_equal(o.source_count, 3);
    assert_true(bytes_equal_text(o.offsets[0], "{\"t\":{\"0\":51}}"));
    assert_true(bytes_is_null(o.offsets[1]));
    assert_true(bytes_equal_text(o.offsets[2], "7"));
    int64_t watermark_ms;
    assert_true(batch_log_parse_commit(bytes_of("v1\n{}"), &arena, &watermark_ms, &fault));
    assert_int_equal(watermark_ms, 0);
    assert_true(batch_log_parse_commit(bytes_of("v1"), &arena, &watermark_ms, &fault));
    arena_finish(&arena);
}

static void what_is_written_is_read_the_same(void **state)
{
    (void)state;
    struct arena arena;
    struct buffer text;
    struct log_fault fault;
    struct batch_offsets o;
    const struct checkpoint_conf conf = { bytes_of("q\"\\\t\x01"), bytes_of("\n/\xc3\xa4") };
    const struct bytes sources[] = { { 0 }, bytes_of("{}"), { 0 } };
    arena_init(&arena, 0);
    buffer_init(&text, TEXT_MAX);
    batch_log_print_offsets(&text,
                            &(struct batch_offsets){ INT64_MIN, INT64_MAX, 1, &conf, 3, sources });
    assert_true(bytes_ends_with(buffer_bytes(&text), bytes_of("\n-\n{}\n-")));
    assert_true(batch_log_parse_offsets(buffer_bytes(&text), &arena, &o, &fault));
    assert_int_equal(o.watermark_ms, INT64_MIN);
    assert_int_equal(o.timestamp_ms, INT64_MAX);
    assert_true(bytes_equal(o.conf[0].name, conf.name));
    assert_true(bytes_equal(o.conf[0].value, conf.value));
    assert_int_equal(o.source_count, 3);
    assert_true(bytes_is_null(o.offsets[2]));
    buffer_finish(&text);
    arena_finish(&arena);
}

struct damage_case {
    const char *text;
    enum log_damage offsets;
    enum log_damage commit;
};

static void every_damage_has_its_name(void **state)
{
    (void)state;
    static const struct damage_case cases[] = {
        { "", LOG_INCOMPLETE, LOG_INCOMPLETE },
        { "\n", LOG_NO_VERSION, LOG_NO_VERSION },
        { "v", LOG_NO_VERSION, LOG_NO_VERSION },
        { "v0\n{}", LOG_NO_VERSION, LOG_NO_VERSION },
        { "vv1\n{}", LOG_NO_VERSION, LOG_NO_VERSION },
        { "{\"a\":1}", LOG_NO_VERSION, LOG_NO_VERSION },
        { "v9\n{}", LOG_OTHER_VERSION, LOG_OTHER_VERSION },
        { "v1\n", LOG_INCOMPLETE, LOG_GOOD },
        { "v1\nnot json", LOG_NO_JSON, LOG_NO_JSON },
        { "v1\n{\"batchWatermarkMs\":0,\"batchTime", LOG_NO_JSON, LOG_NO_JSON },
        { "v1\n{} {}", LOG_NO_JSON, LOG_NO_JSON },
        { "v1\n[]", LOG_NO_JSON, LOG_NO_JSON },
        { "v1\n{\"a\":01}", LOG_NO_JSON, LOG_NO_JSON },
        { "v1\n{\"a\":\"\\ud800\"}", LOG_NO_JSON, LOG_NO_JSON },
        { "v1\n{\"batchWatermarkMs\":\"0\"}", LOG_NO_FIELD, LOG_GOOD },
        { "v1\n{\"batchTimestampMs\":0.5}", LOG_NO_FIELD, LOG_GOOD },
        { "v1\n{\"batchTimestampMs\":99999999999999999999}", LOG_NO_FIELD, LOG_GOOD },
        { "v1\n{\"conf\":[\"a\"]}", LOG_NO_FIELD, LOG_GOOD },
        { "v1\n{\"conf\":{\"a\":1}}", LOG_NO_FIELD, LOG_GOOD },
        { "v1\n{\"nextBatchWatermarkMs\":null}", LOG_GOOD, LOG_NO_FIELD },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena;
        struct batch_offsets o;
        int64_t watermark_ms;
        struct log_fault offsets;
        struct log_fault commit;
        arena_init(&arena, 0);
        bool good = batch_log_parse_offsets(bytes_of(cases[i].text), &arena, &o, &offsets);
        if (offsets.damage != cases[i].offsets || good != (offsets.damage == LOG_GOOD)) {
            fail_msg("offsets '%s': %d", cases[i].text, (int)offsets.damage);
        }
        good = batch_log_parse_commit(bytes_of(cases[i].text), &arena, &watermark_ms, &commit);
        if (commit.damage != cases[i].commit || good != (commit.damage == LOG_GOOD)) {
            fail_msg("commit '%s': %d", cases[i].text, (int)commit.damage);
        }
        arena_finish(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_spark_wrote_is_written_again_to_the_byte),
        cmocka_unit_test(fields_are_read),
        cmocka_unit_test(what_is_written_is_read_the_same),
        cmocka_unit_test(every_damage_has_its_name),
    };
    return cmocka_run_group_tests_name("checkpoint/batch_log", tests, NULL, NULL);
}
