/*
 * broker/group_records: the records of __consumer_offsets that Kafka wrote are understood, and what we write is the same,
 * byte for byte (tests/golden/datadir/coordinators).
 */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker/group_records.h"
#include "protocol/record.h"

#include <cmocka.h>

enum { VALUE_MAX = 4096 };

struct blob {
    uint8_t data[VALUE_MAX];
    struct bytes bytes;
};

static void unhex(json_t *holder, struct blob *out)
{
    const char *hex = json_string_value(json_object_get(holder, "hex"));
    out->bytes = (struct bytes){ 0 };
    if (!hex) {
        return; /* null */
    }
    size_t len = strlen(hex) / 2;
    assert_true(len <= VALUE_MAX);
    for (size_t i = 0; i < len; i++) {
        const char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        char *end = NULL;
        out->data[i] = (uint8_t)strtoul(digits, &end, 16);
        assert_true(*end == '\0');
    }
    out->bytes = (struct bytes){ out->data, len };
}

/* Writes the record again; the batch's one record has the same key and value. The timestamp of a group's state is the
 * writer's clock, so it is set to what is at its place in the given value. */
static void expect_same_bytes(const struct group_record *record,
                              struct bytes key,
                              struct bytes value,
                              int64_t now_ms)
{
    struct group_record_writer writer;
    struct record_reader reader;
    struct record written;
    struct bytes batch;
    struct weir_error err;
    group_writer_init(&writer);
    group_writer_begin(&writer, now_ms);
    if (record->kind == GROUP_RECORD_OFFSET && record->is_delete) {
        group_writer_delete_offset(&writer, record->group, record->topic, record->partition);
    } else if (record->kind == GROUP_RECORD_OFFSET) {
        group_writer_put_offset(&writer, record->group, record->topic, record->partition,
                                &record->committed);
    } else if (record->is_delete) {
        group_writer_delete_group(&writer, record->group);
    } else {
        group_writer_put_group(&writer, record->group, &record->snapshot);
    }
    assert_int_equal(group_writer_end(&writer, CODEC_NONE, &batch, &err), WEIR_OK);
    assert_int_equal(record_reader_init(&reader, batch, &err), WEIR_OK);
    assert_int_equal(record_next(&reader, &written, &err), 1);
    assert_true(bytes_equal(written.key, key));
    assert_int_equal(bytes_is_null(written.value), bytes_is_null(value));
    assert_true(bytes_equal(written.value, value));
    record_reader_finish(&reader);
    group_writer_finish(&writer);
}

/* Where GroupMetadataValue version 3 keeps its currentStateTimestamp: behind three texts. */
static int64_t state_timestamp(const struct group_record *record, struct bytes value)
{
    size_t at = 2 + 2 + record->snapshot.protocol_type.len + 4 + 2 + record->snapshot.protocol.len +
                2 + record->snapshot.leader.len;
    uint64_t timestamp = 0;
    for (size_t i = 0; i < 8; i++) {
        timestamp = timestamp << 8 | value.data[at + i];
    }
    return (int64_t)timestamp;
}

static void kafkas_records_come_out_as_they_went_in(void **state)
{
    (void)state;
    char path[512];
    char *line = NULL;
    size_t line_size = 0;
    int counts[3] = { 0 };
    static struct blob key;
    static struct blob value;
    (void)snprintf(path, sizeof(path), "%s/tests/golden/datadir/coordinators/expect.jsonl",
                   getenv("WEIR_SOURCE"));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (getline(&line, &line_size, file) >= 0) {
        json_t *row = json_loads(line, 0, NULL);
        struct group_record record;
        struct arena arena;
        struct weir_error err;
        assert_non_null(row);
        unhex(json_object_get(row, "key"), &key);
        unhex(json_object_get(row, "value"), &value);
        const char *topic = json_string_value(json_object_get(row, "topic"));
        const char *kind = json_string_value(json_object_get(row, "kind"));
        bool is_ours = strcmp(kind, "record") == 0 && strcmp(topic, "__consumer_offsets") == 0 &&
                       key.bytes.len > 4; /* a control record's key has 4 bytes */
        json_decref(row);
        if (!is_ours) {
            continue;
        }
        arena_init(&arena, 0);
        assert_int_equal(group_record_read(key.bytes, value.bytes, &arena, &record, &err), WEIR_OK);
        counts[record.kind]++;
        if (record.kind != GROUP_RECORD_OTHER) {
            int64_t now_ms = record.kind == GROUP_RECORD_GROUP && !record.is_delete
                                 ? state_timestamp(&record, value.bytes)
                                 : 0;
            expect_same_bytes(&record, key.bytes, value.bytes, now_ms);
        }
        arena_finish(&arena);
    }
    assert_true(counts[GROUP_RECORD_OFFSET] >= 5);
    assert_true(counts[GROUP_RECORD_GROUP] >= 5);
    assert_true(counts[GROUP_RECORD_OTHER] >= 5);
    free(line);
    (void)fclose(file);
}

/* Computed with Java: Math.abs("...".hashCode()) % n. */
static void groups_fall_on_the_partition_that_kafka_gives_them(void **state)
{
    (void)state;
    assert_int_equal(group_partition_for(bytes_of(""), 50), 0);
    assert_int_equal(group_partition_for(bytes_of("a"), 50), 97 % 50);
    assert_int_equal(group_partition_for(bytes_of("hello"), 50), 99162322 % 50);
    assert_int_equal(group_partition_for(bytes_of("polygenelubricants"), 50), 0); /* INT32_MIN */
    assert_int_equal(group_partition_for(bytes_of("\xc3\xa4"), 50), 0xe4 % 50);
    /* U+1F600 is d83d de00 in UTF-16. */
    assert_int_equal(group_partition_for(bytes_of("\xf0\x9f\x98\x80"), 1000),
                     (31 * 0xd83d + 0xde00) % 1000);
}

static void nonsense_is_an_error(void **state)
{
    (void)state;
    struct group_record record;
    struct arena arena;
    struct weir_error err;
    struct bytes none = { 0 };
    struct bytes short_key = { (const uint8_t *)"\0\1\0\5ab", 6 };
    struct bytes good_key = { (const uint8_t *)"\0\2\0\1g", 5 };
    struct bytes bad_value = { (const uint8_t *)"\0\3\0\1", 4 };
    arena_init(&arena, 0);
    assert_int_equal(group_record_read(none, none, &arena, &record, &err), WEIR_EPROTO);
    assert_int_equal(group_record_read(short_key, none, &arena, &record, &err), WEIR_EPROTO);
    assert_int_equal(group_record_read(good_key, none, &arena, &record, &err), WEIR_OK);
    assert_true(record.is_delete);
    assert_int_equal(group_record_read(good_key, bad_value, &arena, &record, &err), WEIR_EPROTO);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kafkas_records_come_out_as_they_went_in),
        cmocka_unit_test(groups_fall_on_the_partition_that_kafka_gives_them),
        cmocka_unit_test(nonsense_is_an_error),
    };
    return cmocka_run_group_tests_name("broker.group_records", tests, NULL, NULL);
}
