/*
 * The committed offsets of one group: how far it has read each partition.
 *
 * A plain two-level table, topic and partition; the log of __consumer_offsets is the truth and broker/group_records.c
 * reads and writes it. Source: OffsetMetadataManager.java, OffsetAndMetadata.java.
 *
 * Thread: the group's. Ownership: the table owns copies of names and metadata.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/uuid.h"

struct committed_offset {
    int64_t offset;              /* of the next record to read */
    int32_t leader_epoch;        /* of the last record read; -1: not said */
    struct bytes metadata;       /* the client's, returned as it came; never null */
    int64_t commit_timestamp_ms; /* since 1970 */
    int64_t expire_ms;           /* the time that the client has set; 0: the broker's retention */
    struct uuid topic_id;        /* zero: not known */
    int64_t record_offset;       /* of its record in the log: what was committed later */
};

struct offset_topic {
    struct bytes name;     /* owned */
    struct map partitions; /* int32_t index -> struct offset_entry */
};

struct offset_entry {
    int32_t partition;
    struct committed_offset committed;
};

/* All zeros is an empty table. */
struct offset_table {
    struct map topics; /* name -> struct offset_topic; none is empty */
    size_t count;      /* of all partitions */
};

void offset_table_finish(struct offset_table *table);

/* Copies `committed`; replaces what was there. */
void offset_table_put(struct offset_table *table,
                      struct bytes topic,
                      int32_t partition,
                      const struct committed_offset *committed);

/* NULL when nothing was committed there. Valid until the next change. */
const struct committed_offset *offset_table_get(const struct offset_table *table,
                                                struct bytes topic,
                                                int32_t partition);

/* False when nothing was there. */
bool offset_table_remove(struct offset_table *table, struct bytes topic, int32_t partition);

/* --- Walking --- */

size_t offset_table_topic_count(const struct offset_table *table);
const struct offset_topic *offset_table_topic(const struct offset_table *table, size_t index);
/* NULL when the group has nothing committed in that topic. */
const struct offset_topic *offset_table_find_topic(const struct offset_table *table,
                                                   struct bytes topic);
size_t offset_topic_count(const struct offset_topic *topic);
const struct offset_entry *offset_topic_entry(const struct offset_topic *topic, size_t index);
