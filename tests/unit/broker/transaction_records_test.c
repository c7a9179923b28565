/*
 * broker/transaction_records: records that Apache Kafka 4.3 wrote are understood, and written again to the same bytes; what nobody
 * can have written is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/transaction_records.h"
#include "protocol/record.h"

#include <cmocka.h>

enum { ROOM = 512, NOW = 1700000000 };

struct row {
    const char *value; /* hex */
    enum txn_state state;
    int64_t producer_id;
    int16_t epoch;
    size_t partitions;
};

/* tests/golden/datadir/transactions, __transaction_state: tx-a, tx-b and tx-open */
static const struct row rows[] = {
    { "0001000000000000000200000000ea600000000001a202af5952ffffffffffffffff0100080000000000000002",
      TXN_EMPTY, 2, 0, 0 },
    { "0001000000000000000200000000ea6001020474786e03000000000000000100000001a202af59e2000001a202af59bb"
      "0100080000000000000002",
      TXN_ONGOING, 2, 0, 2 },
    { "0001000000000000000200000000ea6002020474786e03000000000000000100000001a202af59ec000001a202af59bb"
      "0100080000000000000002",
      TXN_PREPARE_COMMIT, 2, 0, 2 },
    { "0001000000000000000200000000ea600401000001a202af59f3000001a202af59bb0100080000000000000002",
      TXN_COMPLETE_COMMIT, 2, 0, 0 },
    { "0001000000000000000300000000ea6003030474786e020000000100135f5f636f6e73756d65725f6f66667365747302"
      "0000000000000001a202af73a5000001a202af73950100080000000000000003",
      TXN_PREPARE_ABORT, 3, 0, 2 },
    { "0001000000000000000300000000ea600501000001a202af73aa000001a202af73950100080000000000000003",
      TXN_COMPLETE_ABORT, 3, 0, 0 },
    { "000100000000000000040000000dbba001020974786e2d6f70656e020000000000000001a202af75d7000001a202af75"
      "d70100080000000000000004",
      TXN_ONGOING, 4, 0, 1 },
};

static const uint8_t key_bytes[] = { 0, 0, 0, 4, 't', 'x', '-', 'a' };

static struct bytes from_hex(const char *hex, uint8_t out[ROOM])
{
    size_t len = strlen(hex) / 2;
    assert_true(len <= ROOM);
    for (size_t i = 0; i < len; i++) {
        const char digits[3] = { hex[2 * i], hex[2 * i + 1], '\0' };
        char *end = NULL;
        out[i] = (uint8_t)strtoul(digits, &end, 16);
        assert_true(*end == '\0');
    }
    return (struct bytes){ out, len };
}

/* What is written for these facts must be the one record with this value; null: a deletion. */
static void expect_written(const struct txn_facts *facts, struct bytes key, struct bytes value)
{
    struct batch_builder builder;
    struct bytes batch;
    struct record_reader reader;
    struct record record;
    batch_builder_init(&builder, 1 << 20);
    assert_int_equal(transaction_record_write(bytes_of("tx-a"), facts, NOW, &builder, &batch, NULL),
                     WEIR_OK);
    assert_int_equal(record_reader_init(&reader, batch, NULL), WEIR_OK);
    assert_int_equal(record_next(&reader, &record, NULL), 1);
    assert_true(bytes_equal(record.key, key));
    assert_int_equal(bytes_is_null(record.value), bytes_is_null(value));
    assert_true(bytes_is_null(value) || bytes_equal(record.value, value));
    record_reader_finish(&reader);
    batch_builder_release(&builder);
}

static void kafkas_records_are_read_and_written_again(void **state)
{
    struct arena arena;
    struct bytes key = { key_bytes, sizeof(key_bytes) };
    (void)state;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t room[ROOM];
        struct bytes value = from_hex(rows[i].value, room);
        struct transaction_record record;
        assert_int_equal(transaction_record_read(key, value, &arena, &record, NULL), WEIR_OK);
        assert_true(bytes_equal_text(record.id, "tx-a"));
        assert_false(record.is_delete);
        assert_int_equal(record.facts.state, rows[i].state);
        assert_int_equal(record.facts.producer_id, rows[i].producer_id);
        assert_int_equal(record.facts.epoch, rows[i].epoch);
        assert_int_equal(record.facts.partitions.count, rows[i].partitions);
        expect_written(&record.facts, key, value);
        partition_set_finish(&record.facts.partitions);
    }
    arena_finish(&arena);
}

static void a_null_value_deletes(void **state)
{
    struct arena arena;
    struct bytes key = { key_bytes, sizeof(key_bytes) };
    struct transaction_record record;
    (void)state;
    arena_init(&arena, 0);
    assert_int_equal(transaction_record_read(key, (struct bytes){ 0 }, &arena, &record, NULL),
                     WEIR_OK);
    assert_true(record.is_delete);
    expect_written(NULL, key, (struct bytes){ 0 });
    arena_finish(&arena);
}

static void damage_is_refused(void **state)
{
    struct arena arena;
    uint8_t room[ROOM];
    struct bytes key = { key_bytes, sizeof(key_bytes) };
    struct bytes value = from_hex(rows[1].value, room);
    struct transaction_record record;
    (void)state;
    arena_init(&arena, 0);
    for (size_t cut = 0; cut < value.len; cut++) {
        struct bytes part = { value.data, cut };
        assert_true(transaction_record_read(key, part, &arena, &record, NULL) < 0);
    }
    for (size_t cut = 0; cut < key.len; cut++) {
        struct bytes part = { key.data, cut };
        assert_true(transaction_record_read(part, value, &arena, &record, NULL) < 0);
    }
    room[16] = 99; /* the state */
    assert_true(transaction_record_read(key, value, &arena, &record, NULL) < 0);
    arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kafkas_records_are_read_and_written_again),
        cmocka_unit_test(a_null_value_deletes),
        cmocka_unit_test(damage_is_refused),
    };
    return cmocka_run_group_tests_name("broker/transaction_records", tests, NULL, NULL);
}
