/*
 * Records of __transaction_state: see transaction_records.h.
 */
#include "broker/transaction_records.h"

#include "base/error.h"
#include "protocol/codec.h"
#include "protocol/messages.h"

enum { KEY_VERSION = 0, VALUE_VERSION = 1, RECORD_MAX = 16 << 20 };

/* --- writing --- */

static void fill_value(const struct txn_facts *facts,
                       struct arena *arena,
                       struct transaction_log_value *out)
{
    size_t topic_count = partition_set_topic_count(&facts->partitions);
    message_init(&transaction_log_value_type, out);
    out->producer_id = facts->producer_id;
    out->previous_producer_id = facts->previous_producer_id;
    out->producer_epoch = facts->epoch;
    out->transaction_timeout_ms = facts->timeout_ms;
    out->transaction_status = (int8_t)facts->state;
    out->transaction_last_update_timestamp_ms = facts->update_ms;
    out->transaction_start_timestamp_ms = facts->start_ms;
    /* Null, not an empty list, as long as nothing was ever begun. */
    out->transaction_partitions_count = facts->state == TXN_EMPTY ? -1 : (int32_t)topic_count;
    out->transaction_partitions =
        message_new(&transaction_log_value_topic_type, arena, (int32_t)topic_count);
    for (size_t t = 0; t < topic_count; t++) {
        const struct partition_set_topic *topic = partition_set_topic(&facts->partitions, t);
        out->transaction_partitions[t].topic = topic->name;
        out->transaction_partitions[t].partition_ids = topic->partitions;
        out->transaction_partitions[t].partition_ids_count = (int32_t)topic->partition_count;
    }
}

static enum weir_status encode(struct bytes id,
                               const struct txn_facts *facts,
                               struct buffer *key,
                               struct buffer *value,
                               struct weir_error *err)
{
    struct transaction_log_key log_key;
    message_init(&transaction_log_key_type, &log_key);
    log_key.transactional_id = id;
    enum weir_status rc =
        versioned_encode(&transaction_log_key_type, KEY_VERSION, &log_key, key, err);
    if (rc == WEIR_OK && facts) {
        struct arena arena;
        struct transaction_log_value log_value;
        arena_init(&arena, 0);
        fill_value(facts, &arena, &log_value);
        rc = versioned_encode(&transaction_log_value_type, VALUE_VERSION, &log_value, value, err);
        arena_finish(&arena);
    }
    return rc;
}

enum weir_status transaction_record_write(struct bytes id,
                                          const struct txn_facts *facts,
                                          int64_t now_ms,
                                          struct batch_builder *batch,
                                          struct bytes *out_batch,
                                          struct weir_error *err)
{
    struct buffer key;
    struct buffer value;
    buffer_init(&key, RECORD_MAX);
    buffer_init(&value, RECORD_MAX);
    enum weir_status rc = encode(id, facts, &key, &value, err);
    if (rc == WEIR_OK) {
        batch_builder_add(batch, now_ms, buffer_bytes(&key),
                          facts ? buffer_bytes(&value) : (struct bytes){ 0 }, NULL, 0);
        rc = batch_builder_finish(batch, CODEC_NONE, out_batch, err);
    }
    buffer_finish(&key);
    buffer_finish(&value);
    return rc;
}

/* --- reading --- */

static enum weir_status take_facts(const struct transaction_log_value *value,
                                   struct txn_facts *out,
                                   struct weir_error *err)
{
    if (value->transaction_status < TXN_EMPTY || value->transaction_status > TXN_DEAD) {
        return weir_fail(err, WEIR_EPROTO, "no transaction can be in state %d",
                         value->transaction_status);
    }
    *out = (struct txn_facts){ .state = (enum txn_state)value->transaction_status,
                               .producer_id = value->producer_id,
                               .previous_producer_id = value->previous_producer_id,
                               .epoch = value->producer_epoch,
                               .last_epoch = TXN_NO_EPOCH,
                               .timeout_ms = value->transaction_timeout_ms,
                               .start_ms = value->transaction_start_timestamp_ms,
                               .update_ms = value->transaction_last_update_timestamp_ms };
    for (int32_t t = 0; t < value->transaction_partitions_count; t++) {
        const struct transaction_log_value_topic *topic = &value->transaction_partitions[t];
        for (int32_t p = 0; p < topic->partition_ids_count; p++) {
            (void)partition_set_add(&out->partitions, topic->topic, topic->partition_ids[p]);
        }
    }
    return WEIR_OK;
}

enum weir_status transaction_record_read(struct bytes key,
                                         struct bytes value,
                                         struct arena *arena,
                                         struct transaction_record *out_record,
                                         struct weir_error *err)
{
    struct transaction_log_key log_key;
    struct transaction_log_value log_value;
    *out_record = (struct transaction_record){ .is_delete = bytes_is_null(value) };
    enum weir_status rc =
        versioned_decode(&transaction_log_key_type, false, key, arena, &log_key, err);
    if (rc < 0) {
        return rc;
    }
    out_record->id = log_key.transactional_id;
    if (out_record->is_delete) {
        return WEIR_OK;
    }
    rc = versioned_decode(&transaction_log_value_type, false, value, arena, &log_value, err);
    return rc < 0 ? rc : take_facts(&log_value, &out_record->facts, err);
}
