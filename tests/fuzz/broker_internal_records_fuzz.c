/*
 * Fuzz target: keys and values of __consumer_offsets and __transaction_state: what is understood is written again and read back
 * the same, what is not is refused.
 *
 * Input: one byte (1: of transactions; 2: the value is null), an int16 length of the key, key, value.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "broker/group_records.h"
#include "broker/transaction_records.h"
#include "protocol/reader.h"
#include "protocol/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FLAG_TRANSACTIONS = 1, FLAG_NULL = 2, BATCH_MAX = 4 << 20 };

/* The one record of a batch; its texts borrow from the batch. */
static void take_record(struct bytes batch,
                        struct arena *arena,
                        struct bytes *key,
                        struct bytes *value)
{
    struct record_reader reader;
    struct record record;
    struct weir_error err;
    enum weir_status rc = record_reader_init(&reader, batch, &err);
    assert(rc == WEIR_OK);
    int found = record_next(&reader, &record, &err);
    assert(found == 1);
    *key = arena_copy(arena, record.key);
    *value = bytes_is_null(record.value) ? record.value : arena_copy(arena, record.value);
    record_reader_finish(&reader);
}

static void put(struct group_record_writer *w, const struct group_record *r)
{
    if (r->kind == GROUP_RECORD_OFFSET && r->is_delete) {
        group_writer_delete_offset(w, r->group, r->topic, r->partition);
    } else if (r->kind == GROUP_RECORD_OFFSET) {
        group_writer_put_offset(w, r->group, r->topic, r->partition, &r->committed);
    } else if (r->is_delete) {
        group_writer_delete_group(w, r->group);
    } else {
        group_writer_put_group(w, r->group, &r->snapshot);
    }
}

static void check_group(struct bytes key, struct bytes value, struct arena *arena)
{
    struct group_record record;
    struct group_record again;
    struct weir_error err = { 0 };
    struct bytes batch;
    if (group_record_read(key, value, arena, &record, &err) < 0) {
        assert(err.message[0] != '\0');
        return;
    }
    if (record.kind == GROUP_RECORD_OTHER) {
        return;
    }
    struct group_record_writer writer;
    group_writer_init(&writer);
    group_writer_begin(&writer, 1);
    put(&writer, &record);
    if (group_writer_end(&writer, CODEC_NONE, &batch, &err) == WEIR_OK) {
        take_record(batch, arena, &key, &value);
        enum weir_status rc = group_record_read(key, value, arena, &again, &err);
        assert(rc == WEIR_OK);
        assert(again.kind == record.kind && again.is_delete == record.is_delete);
        assert(bytes_equal(again.group, record.group));
        assert(record.kind != GROUP_RECORD_OFFSET ||
               (bytes_equal(again.topic, record.topic) && again.partition == record.partition &&
                again.committed.offset == record.committed.offset));
        assert(record.kind != GROUP_RECORD_GROUP || record.is_delete ||
               again.snapshot.member_count == record.snapshot.member_count);
    }
    group_writer_finish(&writer);
}

static void check_transaction(struct bytes key, struct bytes value, struct arena *arena)
{
    struct transaction_record record;
    struct transaction_record again;
    struct batch_builder builder;
    struct bytes batch;
    struct weir_error err = { 0 };
    if (transaction_record_read(key, value, arena, &record, &err) < 0) {
        assert(err.message[0] != '\0');
        return;
    }
    batch_builder_init(&builder, BATCH_MAX);
    enum weir_status rc = transaction_record_write(
        record.id, record.is_delete ? NULL : &record.facts, 1, &builder, &batch, &err);
    if (rc == WEIR_OK) {
        take_record(batch, arena, &key, &value);
        rc = transaction_record_read(key, value, arena, &again, &err);
        assert(rc == WEIR_OK);
        assert(bytes_equal(again.id, record.id) && again.is_delete == record.is_delete);
        assert(record.is_delete || (again.facts.state == record.facts.state &&
                                    again.facts.producer_id == record.facts.producer_id));
        if (!again.is_delete) {
            partition_set_finish(&again.facts.partitions);
        }
    }
    if (!record.is_delete) {
        partition_set_finish(&record.facts.partitions);
    }
    batch_builder_release(&builder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r;
    struct arena arena;
    reader_init(&r, (struct bytes){ data, size });
    unsigned flags = (uint8_t)reader_i8(&r);
    size_t key_len = (uint16_t)reader_i16(&r);
    size_t left = reader_left(&r);
    struct bytes key = reader_take(&r, key_len < left ? key_len : left);
    struct bytes value = reader_take(&r, reader_left(&r));
    if (reader_failed(&r)) {
        return 0;
    }
    if (flags & FLAG_NULL) {
        value = (struct bytes){ 0 };
    }
    arena_init(&arena, 0);
    if (flags & FLAG_TRANSACTIONS) {
        check_transaction(key, value, &arena);
    } else {
        check_group(key, value, &arena);
    }
    arena_finish(&arena);
    return 0;
}
