/*
 * The records of __consumer_offsets: committed offsets and group metadata, written and read.
 *
 * Key and value each begin with an int16, the version of what follows (protocol/schema/consumer_offsets.txt draws the
 * rest); the key's version is also the kind of record: 0 and 1 an offset, 2 a group; others belong to other group
 * protocols and are not ours. A null value deletes. Written are the versions that Kafka 4.3 writes: offset values of
 * version 4, group values of version 3.
 *
 * Sources: GroupCoordinatorRecordHelpers.java, GroupCoordinatorRecordSerde.java.
 * Thread: one at a time.
 */
#pragma once

#include "coordination/effects.h"
#include "coordination/offsets.h"
#include "protocol/batch_builder.h"
#include "weir/status.h"

/* Which partition of __consumer_offsets holds a group: Java's String.hashCode of the id, without its sign, modulo. */
int32_t group_partition_for(struct bytes group_id, int32_t partition_count);

/* --- Writing --- */

/* A batch under construction. */
struct group_record_writer {
    struct batch_builder batch;
    struct buffer key;
    struct buffer value;
    int64_t now_ms; /* since 1970 */
    int32_t count;
    struct weir_error error; /* the first failure: a value that the format cannot hold */
};

void group_writer_init(struct group_record_writer *w);
void group_writer_finish(struct group_record_writer *w);
/* Starts a new batch. */
void group_writer_begin(struct group_record_writer *w, int64_t now_ms);

void group_writer_put_offset(struct group_record_writer *w,
                             struct bytes group,
                             struct bytes topic,
                             int32_t partition,
                             const struct committed_offset *committed);
void group_writer_delete_offset(struct group_record_writer *w,
                                struct bytes group,
                                struct bytes topic,
                                int32_t partition);
void group_writer_put_group(struct group_record_writer *w,
                            struct bytes group,
                            const struct group_snapshot *snapshot);
void group_writer_delete_group(struct group_record_writer *w, struct bytes group);

/* The batch with all records since begin, at least one; it lives in the writer. */
WEIR_CHECKED enum weir_status group_writer_end(struct group_record_writer *w,
                                               enum codec codec,
                                               struct bytes *out_batch,
                                               struct weir_error *err);

/* --- Reading --- */

enum group_record_kind {
    GROUP_RECORD_OFFSET,
    GROUP_RECORD_GROUP,
    GROUP_RECORD_OTHER, /* of a group protocol that is not ours */
};

struct group_record {
    enum group_record_kind kind;
    bool is_delete;
    struct bytes group;
    /* GROUP_RECORD_OFFSET: */
    struct bytes topic;
    int32_t partition;
    struct committed_offset committed;
    /* GROUP_RECORD_GROUP: */
    struct group_snapshot snapshot;
    int64_t state_timestamp_ms; /* when it came to this state, since 1970; -1: not said */
};

/* Texts borrow from key and value, arrays from the arena. WEIR_EPROTO: neither Kafka nor we would write this. */
WEIR_CHECKED enum weir_status group_record_read(struct bytes key,
                                                struct bytes value,
                                                struct arena *arena,
                                                struct group_record *out_record,
                                                struct weir_error *err);
