/*
 * sources/kafka_batches: which records of what a Fetch brought are delivered, and where the reader stands then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "protocol/batch_builder.h"
#include "sources/kafka_batches.h"

#include <cmocka.h>

enum { ABORTED_ID = 7, OTHER_ID = 8 };

struct fixture {
    struct arena arena;
    struct kafka_projection projection;
    struct kafka_rows rows;
    struct kafka_batches batches;
    struct buffer records; /* what the Fetch brings */
    struct fetch_response_aborted_transaction aborted[2];
    struct fetch_response_partition response;
    int64_t low;
    int64_t next;
};

static int set_up(void **state)
{
    static const int32_t columns[] = { KAFKA_VALUE, KAFKA_OFFSET };
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena, 0);
    f->projection = kafka_project(&f->arena, kafka_schema(&f->arena, false), columns, 2);
    kafka_rows_init(&f->rows, &f->projection, bytes_of("t"), 0);
    kafka_batches_init(&f->batches, false, true);
    buffer_init(&f->records, 1 << 20);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    kafka_batches_finish(&f->batches);
    kafka_rows_finish(&f->rows);
    buffer_finish(&f->records);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

/* A batch of `count` records from `base` on; their values are letters from `first` on. */
static void add_batch(struct fixture *f,
                      int64_t base,
                      int32_t count,
                      char first,
                      int16_t attributes,
                      int64_t producer)
{
    struct buffer body;
    buffer_init(&body, 1 << 16);
    for (int32_t i = 0; i < count; i++) {
        uint8_t letter = (uint8_t)(first + i);
        struct record record = { .offset_delta = i, .value = { &letter, 1 } };
        uint8_t mark[] = { 0, 0, 0, (uint8_t)(first == 'c') };
        if (attributes & BATCH_CONTROL) {
            record.key = (struct bytes){ mark, sizeof(mark) };
        }
        record_write(&body, &record, 0);
    }
    size_t at = f->records.len;
    struct batch_header header = {
        .base_offset = base,
        .length = BATCH_HEADER_SIZE - BATCH_OVERHEAD + (int32_t)body.len,
        .last_offset_delta = count - 1,
        .record_count = count,
        .magic = BATCH_MAGIC,
        .attributes = attributes,
        .producer_id = producer,
    };
    uint8_t *out = buffer_extend(&f->records, BATCH_HEADER_SIZE);
    batch_header_write(&header, out);
    buffer_append(&f->records, body.data, body.len);
    header.crc = batch_crc((struct bytes){ f->records.data + at, f->records.len - at });
    batch_header_write(&header, f->records.data + at);
    buffer_finish(&body);
}

static void start(struct fixture *f)
{
    f->response = (struct fetch_response_partition){
        .records = { .data = buffer_bytes(&f->records) },
        .aborted_transactions = f->aborted,
        .aborted_transactions_count = f->aborted[0].producer_id ? 1 : 0,
    };
    kafka_batches_start(&f->batches, &f->response);
}

/* The values of up to `room` records below `until`, as one text. */
static void assert_takes(struct fixture *f, int32_t room, int64_t until, const char *wanted)
{
    struct weir_error err;
    char text[64] = "";
    kafka_rows_begin(&f->rows, room);
    assert_true(kafka_batches_take(&f->batches, &f->rows, until, &f->low, &f->next, &err));
    if (f->rows.count > 0) {
        struct batch *batch = kafka_rows_take(&f->rows);
        for (int32_t i = 0; i < batch->rows; i++) {
            struct bytes value = column_text(batch->columns[0], i);
            text[i] = (char)value.data[0];
            text[i + 1] = '\0';
        }
        batch_free(batch);
    }
    assert_string_equal(text, wanted);
}

static void records_come_in_order_as_there_is_room(void **state)
{
    struct fixture *f = *state;
    add_batch(f, 0, 3, 'a', 0, NO_PRODUCER_ID);
    add_batch(f, 3, 2, 'd', 0, NO_PRODUCER_ID);
    assert_int_equal(kafka_batches_end(buffer_bytes(&f->records)), 5);
    start(f);
    assert_takes(f, 2, 100, "ab");
    assert_int_equal(f->next, 2);
    assert_takes(f, 10, 100, "cde");
    assert_int_equal(f->next, 5);
    assert_true(kafka_batches_empty(&f->batches));
}

static void records_before_the_offset_are_left_out(void **state)
{
    struct fixture *f = *state;
    add_batch(f, 10, 5, 'a', 0, NO_PRODUCER_ID);
    f->next = 12;
    start(f);
    assert_takes(f, 10, 100, "cde");
}

static void what_is_behind_the_range_stays_for_the_next(void **state)
{
    struct fixture *f = *state;
    add_batch(f, 0, 5, 'a', 0, NO_PRODUCER_ID);
    start(f);
    assert_takes(f, 10, 2, "ab");
    assert_int_equal(f->low, 2);
    assert_int_equal(f->next, 2);
    assert_false(kafka_batches_empty(&f->batches));
    assert_takes(f, 10, 4, "cd");
    assert_takes(f, 10, 9, "e");
    assert_int_equal(f->next, 5);
}

static void a_gap_is_gone_over(void **state)
{
    struct fixture *f = *state;
    add_batch(f, 0, 1, 'a', 0, NO_PRODUCER_ID);
    add_batch(f, 20, 1, 'b', 0, NO_PRODUCER_ID);
    start(f);
    assert_takes(f, 10, 5, "a");
    assert_int_equal(f->low, 1);
    assert_int_equal(f->next, 20); /* nothing lies between */
    assert_takes(f, 10, 21, "b");
}

static void aborted_records_are_left_out_under_read_committed_only(void **state)
{
    struct fixture *f = *state;
    add_batch(f, 0, 2, 'a', BATCH_TRANSACTIONAL, ABORTED_ID);
    add_batch(f, 2, 1, 'x', BATCH_TRANSACTIONAL, OTHER_ID);
    add_batch(f, 3, 1, 'a', BATCH_TRANSACTIONAL | BATCH_CONTROL, ABORTED_ID);
    add_batch(f, 4, 1, 'y', BATCH_TRANSACTIONAL, ABORTED_ID);
    add_batch(f, 5, 1, 'c', BATCH_TRANSACTIONAL | BATCH_CONTROL, ABORTED_ID);
    f->aborted[0] = (struct fetch_response_aborted_transaction){ ABORTED_ID, 0 };
    start(f);
    assert_takes(f, 10, 100, "abxy");
    assert_int_equal(f->next, 6);
    assert_int_equal(f->low, 5);
    f->batches.committed = true;
    f->next = 0;
    start(f);
    assert_takes(f, 10, 100, "xy");
    assert_int_equal(f->next, 6);
}

static void a_batch_that_is_cut_short_is_the_end(void **state)
{
    struct fixture *f = *state;
    add_batch(f, 0, 1, 'a', 0, NO_PRODUCER_ID);
    add_batch(f, 1, 1, 'b', 0, NO_PRODUCER_ID);
    f->records.len -= 1;
    assert_int_equal(kafka_batches_end(buffer_bytes(&f->records)), 1);
    start(f);
    assert_takes(f, 10, 100, "a");
    assert_takes(f, 10, 100, "");
    assert_true(kafka_batches_empty(&f->batches));
    f->records.len = 20;
    assert_int_equal(kafka_batches_end(buffer_bytes(&f->records)), -1);
}

static void a_wrong_checksum_is_told_unless_nobody_asks(void **state)
{
    struct fixture *f = *state;
    struct weir_error err;
    add_batch(f, 0, 1, 'a', 0, NO_PRODUCER_ID);
    f->records.data[BATCH_AT_CRC] ^= 1;
    start(f);
    kafka_rows_begin(&f->rows, 10);
    assert_false(kafka_batches_take(&f->batches, &f->rows, 9, &f->low, &f->next, &err));
    assert_int_equal(err.status, WEIR_ECORRUPT);
    f->batches.check_crcs = false;
    start(f);
    assert_takes(f, 10, 100, "a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(records_come_in_order_as_there_is_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_before_the_offset_are_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_behind_the_range_stays_for_the_next, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_gap_is_gone_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(aborted_records_are_left_out_under_read_committed_only,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_that_is_cut_short_is_the_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_wrong_checksum_is_told_unless_nobody_asks, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
