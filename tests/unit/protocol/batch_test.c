/*
 * protocol/batch, record, batch_builder, batch_validate: built batches read back the same, and a broker's checks give
 * the answers that Apache Kafka gave to the same odd batches.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/batch_builder.h"
#include "protocol/batch_validate.h"
#include "protocol/be.h"

#include <cmocka.h>

enum { NOW = 1700000000 };

static int make_arena(void **state)
{
    struct arena *a = malloc(sizeof(*a));
    arena_init(a, 0);
    *state = a;
    return 0;
}

static int drop_arena(void **state)
{
    arena_finish(*state);
    free(*state);
    return 0;
}

static struct batch_rules plain_rules(void)
{
    return (struct batch_rules){
        .zstd_allowed = true,
        .max_message_bytes = 1048588,
        .timestamp_before_max_ms = INT64_MAX,
        .timestamp_after_max_ms = 3600000,
        .now_ms = NOW,
        .partition_name = bytes_of("t-0"),
    };
}

/* `count` records with key "k" (or null) at `timestamp`; a copy in the arena that may be changed. */
static uint8_t *build(struct arena *a,
                      int count,
                      const char *key,
                      int64_t timestamp,
                      enum codec codec,
                      size_t *out_len)
{
    struct batch_builder b;
    struct bytes batch;
    batch_builder_init(&b, 1 << 20);
    for (int i = 0; i < count; i++) {
        batch_builder_add(&b, timestamp, bytes_of(key), bytes_of("x"), NULL, 0);
    }
    assert_int_equal(batch_builder_finish(&b, codec, &batch, NULL), WEIR_OK);
    uint8_t *copy = arena_alloc(a, 1, batch.len);
    memcpy(copy, batch.data, batch.len);
    *out_len = batch.len;
    batch_builder_release(&b);
    return copy;
}

static void seal(uint8_t *batch, size_t len)
{
    be_write_i32(batch + BATCH_AT_CRC, (int32_t)batch_crc((struct bytes){ batch, len }));
}

static enum kafka_error judge(struct arena *a, const uint8_t *data, size_t len)
{
    struct batch_rules rules = plain_rules();
    struct batch_verdict verdict;
    return batch_validate((struct bytes){ data, len }, &rules, a, &verdict);
}

static void built_records_read_back_the_same(void **state)
{
    (void)state;
    for (int codec = CODEC_NONE; codec <= CODEC_ZSTD; codec++) {
        struct batch_builder b;
        struct bytes batch;
        struct record_header headers[] = { { bytes_of("h"), bytes_of("v") },
                                           { bytes_of(""), { NULL, 0 } } };
        batch_builder_init(&b, 1 << 20);
        batch_builder_add(&b, NOW, bytes_of("key"), bytes_of("value"), headers, 2);
        batch_builder_add(&b, NOW - 70000, (struct bytes){ NULL, 0 }, bytes_of(""), NULL, 0);
        batch_builder_add(&b, NOW + 1, bytes_of(""), (struct bytes){ NULL, 0 }, NULL, 0);
        assert_int_equal(batch_builder_finish(&b, (enum codec)codec, &batch, NULL), WEIR_OK);
        assert_true(batch_intact(batch));

        struct record_reader reader;
        struct record r;
        struct reader rest;
        struct record_header header;
        assert_int_equal(record_reader_init(&reader, batch, NULL), WEIR_OK);
        assert_int_equal(reader.header.max_timestamp, NOW + 1);
        assert_int_equal(record_next(&reader, &r, NULL), 1);
        assert_true(bytes_equal_text(r.key, "key") && bytes_equal_text(r.value, "value"));
        reader_init(&rest, r.headers);
        assert_true(record_next_header(&rest, &header) && bytes_equal_text(header.value, "v"));
        assert_true(record_next_header(&rest, &header) && bytes_is_null(header.value));
        assert_false(record_next_header(&rest, &header));
        assert_int_equal(record_next(&reader, &r, NULL), 1);
        assert_int_equal(r.timestamp, NOW - 70000);
        assert_true(bytes_is_null(r.key) && !bytes_is_null(r.value) && r.value.len == 0);
        assert_int_equal(record_next(&reader, &r, NULL), 1);
        assert_int_equal(r.offset, 2);
        assert_true(!bytes_is_null(r.key) && bytes_is_null(r.value));
        assert_int_equal(record_next(&reader, &r, NULL), 0);
        record_reader_finish(&reader);
        batch_builder_release(&b);
    }
}

/* What one field set to one value leads to; the checksum is made right again unless it is the field. */
struct odd_batch {
    const char *what;
    int at;
    int size;
    int64_t value;
    enum kafka_error expected;
};

static const struct odd_batch odd_batches[] = {
    { "nothing changed", BATCH_AT_BASE_OFFSET, 8, 0, KAFKA_NONE },
    { "base offset not zero", BATCH_AT_BASE_OFFSET, 8, 1000, KAFKA_INVALID_RECORD },
    { "leader epoch set", BATCH_AT_LEADER_EPOCH, 4, 77, KAFKA_NONE },
    { "magic 0", BATCH_AT_MAGIC, 1, 0, KAFKA_INVALID_RECORD },
    { "magic 1", BATCH_AT_MAGIC, 1, 1, KAFKA_INVALID_RECORD },
    { "magic 3", BATCH_AT_MAGIC, 1, 3, KAFKA_CORRUPT_MESSAGE },
    { "wrong checksum", BATCH_AT_CRC, 4, 12345, KAFKA_CORRUPT_MESSAGE },
    { "more records counted than there are", BATCH_AT_RECORD_COUNT, 4, 3, KAFKA_INVALID_RECORD },
    { "no records counted", BATCH_AT_RECORD_COUNT, 4, 0, KAFKA_INVALID_RECORD },
    { "last offset delta too large", BATCH_AT_LAST_OFFSET_DELTA, 4, 5, KAFKA_INVALID_RECORD },
    { "control bit", BATCH_AT_ATTRIBUTES, 2, BATCH_CONTROL, KAFKA_INVALID_RECORD },
    { "LogAppendTime bit", BATCH_AT_ATTRIBUTES, 2, BATCH_LOG_APPEND_TIME, KAFKA_NONE },
    { "delete horizon bit", BATCH_AT_ATTRIBUTES, 2, BATCH_DELETE_HORIZON, KAFKA_NONE },
    { "unused bits", BATCH_AT_ATTRIBUTES, 2, 0x0100, KAFKA_NONE },
    { "unknown codec", BATCH_AT_ATTRIBUTES, 2, 5, KAFKA_UNKNOWN_SERVER_ERROR },
    { "gzip garbage", BATCH_AT_ATTRIBUTES, 2, CODEC_GZIP, KAFKA_UNKNOWN_SERVER_ERROR },
    { "maximum timestamp wrong", BATCH_AT_MAX_TIMESTAMP, 8, NOW + 86400000, KAFKA_NONE },
    { "producer without sequence", BATCH_AT_PRODUCER_ID, 8, 4, KAFKA_INVALID_RECORD },
    { "sequence without producer", BATCH_AT_BASE_SEQUENCE, 4, 4, KAFKA_NONE },
    { "length of a smaller batch than any", BATCH_AT_LENGTH, 4, 13, KAFKA_CORRUPT_MESSAGE },
    { "length beyond the end", BATCH_AT_LENGTH, 4, 5000, KAFKA_INVALID_RECORD },
    { "record longer than the batch", BATCH_HEADER_SIZE, 1, 0x7e, KAFKA_INVALID_RECORD },
};

static void write_field(uint8_t *at, int size, int64_t value)
{
    switch (size) {
    case 1: *at = (uint8_t)value; break;
    case 2: be_write_i16(at, (int16_t)value); break;
    case 4: be_write_i32(at, (int32_t)value); break;
    default: be_write_i64(at, value); break;
    }
}

static void odd_batches_get_kafkas_answers(void **state)
{
    struct arena *a = *state;
    for (size_t i = 0; i < sizeof(odd_batches) / sizeof(odd_batches[0]); i++) {
        const struct odd_batch *odd = &odd_batches[i];
        size_t len;
        uint8_t *batch = build(a, 2, "k", NOW, CODEC_NONE, &len);
        write_field(batch + odd->at, odd->size, odd->value);
        if (odd->at >= BATCH_AT_ATTRIBUTES) {
            seal(batch, len);
        }
        enum kafka_error error = judge(a, batch, len);
        if (error != odd->expected) {
            fail_msg("%s: error %d, expected %d", odd->what, error, odd->expected);
        }
    }
}

static void exactly_one_batch_is_taken(void **state)
{
    struct arena *a = *state;
    size_t len;
    uint8_t *batch = build(a, 1, "k", NOW, CODEC_NONE, &len);
    uint8_t *two = arena_alloc(a, 2, len);
    memcpy(two, batch, len);
    memcpy(two + len, batch, len);
    assert_int_equal(judge(a, two, 2 * len), KAFKA_INVALID_RECORD);
    memset(two + len, 0, len);
    assert_int_equal(judge(a, two, len + 4), KAFKA_NONE); /* too little to be anything is dropped */
    assert_int_equal(judge(a, two, len + 12), KAFKA_CORRUPT_MESSAGE);
    assert_int_equal(judge(a, NULL, 0), KAFKA_INVALID_RECORD);
    for (size_t cut = 0; cut < len; cut++) {
        assert_int_not_equal(judge(a, batch, cut), KAFKA_NONE);
    }
}

static void limits_of_topic_and_version_hold(void **state)
{
    struct arena *a = *state;
    struct batch_rules rules = plain_rules();
    struct batch_verdict v;
    size_t len;
    uint8_t *batch = build(a, 10, "k", NOW, CODEC_ZSTD, &len);
    rules.max_message_bytes = (int32_t)len;
    assert_int_equal(batch_validate((struct bytes){ batch, len }, &rules, a, &v), KAFKA_NONE);
    rules.max_message_bytes--;
    assert_int_equal(batch_validate((struct bytes){ batch, len }, &rules, a, &v),
                     KAFKA_MESSAGE_TOO_LARGE);
    assert_false(v.at_log);
    rules = plain_rules();
    rules.zstd_allowed = false;
    assert_int_equal(batch_validate((struct bytes){ batch, len }, &rules, a, &v),
                     KAFKA_UNSUPPORTED_COMPRESSION_TYPE);
}

static void times_out_of_range_are_listed_by_record(void **state)
{
    struct arena *a = *state;
    struct batch_rules rules = plain_rules();
    struct batch_verdict v;
    size_t len;
    uint8_t *batch = build(a, 2, "k", NOW + 3600001, CODEC_GZIP, &len);
    assert_int_equal(batch_validate((struct bytes){ batch, len }, &rules, a, &v),
                     KAFKA_INVALID_TIMESTAMP);
    assert_true(v.at_log);
    assert_int_equal(v.record_error_count, 2);
    assert_int_equal(v.record_errors[1].batch_index, 1);
    assert_true(bytes_equal_text(
        v.message, "One or more records have been rejected due to invalid timestamp"));
    assert_true(bytes_equal_text(
        v.record_errors[0].message,
        "Timestamp 1703600001 of message with offset 0 is out of range. The timestamp should be within "
        "[-9223372035154775807, 1703600000]"));
    rules.log_append_time = true; /* then nobody asks what the client thought */
    assert_int_equal(batch_validate((struct bytes){ batch, len }, &rules, a, &v), KAFKA_NONE);
    assert_true(v.header_changed && v.header.max_timestamp == NOW);
}

static void a_compacted_topic_needs_keys(void **state)
{
    struct arena *a = *state;
    struct batch_rules rules = plain_rules();
    struct batch_verdict v;
    size_t len;
    rules.compacted = true;
    uint8_t *batch = build(a, 2, NULL, NOW, CODEC_LZ4, &len);
    assert_int_equal(batch_validate((struct bytes){ batch, len }, &rules, a, &v),
                     KAFKA_INVALID_RECORD);
    assert_int_equal(v.record_error_count, 2);
    assert_true(bytes_equal_text(
        v.message,
        "One or more records have been rejected due to 2 record errors in total, and only showing the first "
        "three errors at most: [RecordError(batchIndex=0, message='Compacted topic cannot accept message "
        "without key in topic partition t-0'), RecordError(batchIndex=1, message='Compacted topic cannot "
        "accept message without key in topic partition t-0')]"));
}

static void a_corrected_header_has_the_right_checksum(void **state)
{
    struct arena *a = *state;
    struct batch_rules rules = plain_rules();
    struct batch_verdict v;
    size_t len;
    uint8_t *batch = build(a, 3, "k", NOW, CODEC_SNAPPY, &len);
    be_write_i64(batch + BATCH_AT_MAX_TIMESTAMP, NOW + 5000);
    seal(batch, len);
    assert_int_equal(batch_validate((struct bytes){ batch, len }, &rules, a, &v), KAFKA_NONE);
    assert_true(v.header_changed);
    assert_int_equal(v.header.max_timestamp, NOW);
    batch_header_write(&v.header, batch);
    assert_true(batch_intact((struct bytes){ batch, len }));
}

static void sequences_count_in_a_circle(void **state)
{
    (void)state;
    assert_int_equal(sequence_add(0, 5), 5);
    assert_int_equal(sequence_add(INT32_MAX, 1), 0);
    assert_int_equal(sequence_add(INT32_MAX - 1, 4), 2);
}

#define ARENA_TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_records_read_back_the_same),
        ARENA_TEST(odd_batches_get_kafkas_answers),
        ARENA_TEST(exactly_one_batch_is_taken),
        ARENA_TEST(limits_of_topic_and_version_hold),
        ARENA_TEST(times_out_of_range_are_listed_by_record),
        ARENA_TEST(a_compacted_topic_needs_keys),
        ARENA_TEST(a_corrected_header_has_the_right_checksum),
        cmocka_unit_test(sequences_count_in_a_circle),
    };
    return cmocka_run_group_tests_name("protocol/batch", tests, NULL, NULL);
}
