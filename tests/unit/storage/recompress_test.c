/*
 * storage: a topic's compression.type. What Apache Kafka 4.3 stored of the same batches (tests/golden/recompress), and every
 * codec made into every other: the records stay, offsets and times too.
 */
#include <jansson.h>
#include <string.h>

#include "log_fixture.h"
#include "protocol/record.h"

#include <cmocka.h>

static struct bytes unhex(struct arena *arena, const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *data = arena_alloc(arena, 1, len);
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        data[i] = (uint8_t)byte;
    }
    return (struct bytes){ data, len };
}

/* The batch as the log has it after it was produced there. */
static struct bytes store(struct log_fixture *f,
                          struct bytes batch,
                          int64_t now_ms,
                          struct append_result *out)
{
    struct partition_log *log = log_fixture_open(f, false);
    struct append_options options = {
        .origin = BATCH_ORIGIN_CLIENT, .zstd_allowed = true, .now_ms = now_ms, .arena = &f->arena
    };
    struct log_slice slice = { 0 };
    struct log_read_options read = { .upper_offset = INT64_MAX, .max_bytes = INT32_MAX };
    (void)partition_log_append(log, batch, &options, out);
    assert_int_equal(partition_log_read(log, &read, &slice), KAFKA_NONE);
    struct bytes stored = slice_bytes(&f->arena, &slice);
    assert_int_equal(partition_log_delete(log, &f->err), WEIR_OK);
    partition_log_free(log);
    return stored;
}

static void compare_headers(struct bytes left, struct bytes right, bool same_bytes)
{
    struct batch_header a;
    struct batch_header b;
    batch_header_read(left.data, &a);
    batch_header_read(right.data, &b);
    assert_true(batch_intact(left));
    assert_int_equal(batch_size(&a), left.len);
    if (!same_bytes) { /* one library's packed bytes need not be another's */
        b.length = a.length;
        b.crc = a.crc;
    }
    uint8_t raw[2][BATCH_HEADER_SIZE];
    batch_header_write(&a, raw[0]);
    batch_header_write(&b, raw[1]);
    assert_memory_equal(raw[0], raw[1], BATCH_HEADER_SIZE);
}

static void compare_records(struct bytes left, struct bytes right)
{
    struct record_reader readers[2];
    struct record a;
    struct record b;
    int found;
    assert_int_equal(record_reader_init(&readers[0], left, NULL), WEIR_OK);
    assert_int_equal(record_reader_init(&readers[1], right, NULL), WEIR_OK);
    while ((found = record_next(&readers[0], &a, NULL)) > 0) {
        assert_int_equal(record_next(&readers[1], &b, NULL), 1);
        assert_int_equal(a.offset, b.offset);
        assert_int_equal(a.timestamp, b.timestamp);
        assert_true(bytes_equal(a.key, b.key) && !a.key.data == !b.key.data);
        assert_true(bytes_equal(a.value, b.value) && !a.value.data == !b.value.data);
        assert_int_equal(a.header_count, b.header_count);
        assert_true(bytes_equal(a.headers, b.headers));
    }
    assert_int_equal(found, 0);
    assert_int_equal(record_next(&readers[1], &b, NULL), 0);
    record_reader_finish(&readers[0]);
    record_reader_finish(&readers[1]);
}

static void choose(struct log_fixture *f, const char *type, const json_t *level)
{
    f->config.recompress = true;
    f->config.codec = CODEC_NONE;
    for (int codec = CODEC_GZIP; codec <= CODEC_ZSTD; codec++) {
        f->config.codec =
            strcmp(codec_name((enum codec)codec), type) == 0 ? (enum codec)codec : f->config.codec;
    }
    static const int32_t levels[] = { 0, GZIP_LEVEL_DEFAULT, 0, LZ4_LEVEL_DEFAULT,
                                      ZSTD_LEVEL_DEFAULT };
    f->config.codec_level =
        json_is_integer(level) ? (int32_t)json_integer_value(level) : levels[f->config.codec];
}

static void test_it_is_stored_as_kafka_stores_it(void **state)
{
    struct log_fixture *f = *state;
    char path[512];
    json_t *row;
    int rows = 0;
    (void)snprintf(path, sizeof(path), "%s/tests/golden/recompress/stored.jsonl",
                   getenv("WEIR_SOURCE"));
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while ((row = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        json_t *append_time = json_object_get(row, "append_time");
        struct append_result result;
        choose(f, json_string_value(json_object_get(row, "type")), json_object_get(row, "level"));
        f->config.log_append_time = json_is_integer(append_time);
        int64_t now_ms =
            json_is_integer(append_time) ? json_integer_value(append_time) : 1700000000000;
        struct bytes sent = unhex(&f->arena, json_string_value(json_object_get(row, "sent")));
        struct bytes expected = unhex(&f->arena, json_string_value(json_object_get(row, "stored")));
        struct bytes stored = store(f, sent, now_ms, &result);
        assert_int_equal(result.error, KAFKA_NONE);
        compare_headers(stored, expected, f->config.codec == CODEC_NONE);
        compare_records(stored, expected);
        json_decref(row);
        rows++;
    }
    (void)fclose(file);
    assert_int_equal(rows, 43);
}

static void test_every_codec_becomes_every_other(void **state)
{
    struct log_fixture *f = *state;
    struct append_result result;
    f->config.recompress = true;
    for (int from = CODEC_NONE; from <= CODEC_ZSTD; from++) {
        struct batch_spec spec = { .first = 1, .count = 300, .codec = (enum codec)from };
        struct bytes sent = make_batch(&f->arena, &spec);
        for (int to = CODEC_NONE; to <= CODEC_ZSTD; to++) {
            f->config.codec = (enum codec)to;
            f->config.codec_level = to == CODEC_ZSTD ? -5 : 1;
            struct bytes stored = store(f, sent, 0, &result);
            struct batch_header h;
            batch_header_read(stored.data, &h);
            assert_int_equal(h.attributes & BATCH_CODEC_MASK, to);
            assert_true(batch_intact(stored));
            compare_records(stored, sent);
            bool as_it_came = stored.len == sent.len &&
                              memcmp(stored.data + BATCH_AT_MAGIC, sent.data + BATCH_AT_MAGIC,
                                     sent.len - BATCH_AT_MAGIC) == 0;
            assert_int_equal(as_it_came, from == to);
        }
    }
}

static void test_what_it_becomes_must_fit_too(void **state)
{
    struct log_fixture *f = *state;
    struct append_result result;
    struct batch_spec spec = { .first = 1, .count = 300, .codec = CODEC_ZSTD };
    struct bytes sent = make_batch(&f->arena, &spec);
    f->config.recompress = true;
    f->config.codec = CODEC_NONE;
    f->config.max_message_bytes = (int32_t)sent.len;
    assert_int_equal(store(f, sent, 0, &result).len, 0);
    assert_int_equal(result.error, KAFKA_MESSAGE_TOO_LARGE);
}

static void test_a_repeated_batch_is_known_after_it_was_recompressed(void **state)
{
    struct log_fixture *f = *state;
    struct batch_spec spec = { .first = 1, .count = 3, .producer_id = 7 };
    f->config.recompress = true;
    f->config.codec = CODEC_LZ4;
    f->config.codec_level = LZ4_LEVEL_DEFAULT;
    struct partition_log *log = log_fixture_open(f, false);
    assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
    struct append_result again = append_spec(f, log, &spec);
    assert_true(again.duplicate);
    assert_int_equal(again.base_offset, 0);
    assert_int_equal(partition_log_end_offset(log), 3);
    partition_log_free(log);
}

#define LOG_TEST(test) \
    cmocka_unit_test_setup_teardown(test, log_fixture_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_it_is_stored_as_kafka_stores_it),
        LOG_TEST(test_every_codec_becomes_every_other),
        LOG_TEST(test_what_it_becomes_must_fit_too),
        LOG_TEST(test_a_repeated_batch_is_known_after_it_was_recompressed),
    };
    return cmocka_run_group_tests_name("storage/recompress", tests, NULL, NULL);
}
