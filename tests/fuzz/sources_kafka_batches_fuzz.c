/*
 * sources/kafka_batches with any bytes as what a Fetch brought: records or an error, offsets that only grow and stay in the range.
 *
 * The first byte chooses: bit 0 read_committed, bit 1 checksums, bit 2 headers, bits 3-7 the end of the range.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "sources/kafka_batches.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_rows(struct kafka_rows *rows, int64_t from, int64_t until)
{
    if (rows->count == 0) {
        return;
    }
    struct batch *batch = kafka_rows_take(rows);
    int64_t last = from - 1;
    for (int32_t i = 0; i < batch->rows; i++) {
        int64_t offset = column_integer(batch->columns[KAFKA_OFFSET], i);
        assert(offset > last && offset < until);
        last = offset;
        (void)column_text(batch->columns[KAFKA_VALUE], i);
    }
    batch_free(batch);
}

static void take_all(struct kafka_batches *b, struct kafka_rows *rows, int64_t until)
{
    enum { ROOM = 5, ROUNDS_MAX = 1 << 16 };
    int64_t low = 0;
    int64_t next = 0;
    struct weir_error err;
    for (int round = 0; next < until && !kafka_batches_empty(b) && round < ROUNDS_MAX; round++) {
        int64_t before = next;
        kafka_rows_begin(rows, ROOM);
        bool ok = kafka_batches_take(b, rows, until, &low, &next, &err);
        assert(next >= before && low <= next);
        check_rows(rows, before, until);
        if (!ok) {
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    uint8_t *exact = malloc(size); /* one byte too far is seen */
    assert(exact);
    memcpy(exact, data, size);
    struct arena arena;
    arena_init(&arena, 0);
    bool headers = exact[0] & 4;
    const int32_t columns[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    const struct type *schema = kafka_schema(&arena, headers);
    struct kafka_projection projection = kafka_project(&arena, schema, columns, headers ? 8 : 7);
    struct fetch_response_aborted_transaction aborted[] = { { 7, 3 }, { 7, 0 }, { 1, 2 } };
    struct fetch_response_partition partition = {
        .records = { .data = { exact + 1, size - 1 } },
        .aborted_transactions = aborted,
        .aborted_transactions_count = 3,
    };
    struct kafka_batches batches;
    struct kafka_rows rows;
    int64_t until = exact[0] >> 3 == 31 ? INT64_MAX : exact[0] >> 3;
    kafka_batches_init(&batches, exact[0] & 1, exact[0] & 2);
    kafka_rows_init(&rows, &projection, bytes_of("topic"), 3);
    (void)kafka_batches_end(partition.records.data);
    kafka_batches_start(&batches, &partition);
    take_all(&batches, &rows, until);
    kafka_rows_finish(&rows);
    kafka_batches_finish(&batches);
    arena_finish(&arena);
    free(exact);
    return 0;
}
