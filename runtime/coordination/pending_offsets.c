/*
 * Offsets that wait for the end of a transaction: see pending_offsets.h.
 */
#include "coordination/pending_offsets.h"

#include <stdlib.h>

#include "base/mem.h"

static void free_table(struct offset_table *table)
{
    offset_table_finish(table);
    free(table);
}

void pending_offsets_finish(struct pending_offsets *pending)
{
    for (size_t i = 0; i < pending->by_producer.count; i++) {
        free_table(pending->by_producer.entries[i].value);
    }
    map_finish(&pending->by_producer);
}

void pending_offsets_put(struct pending_offsets *pending,
                         int64_t producer_id,
                         struct bytes topic,
                         int32_t partition,
                         const struct committed_offset *committed)
{
    int64_t storage;
    struct bytes key = map_key_i64(producer_id, &storage);
    struct offset_table *table = map_get(&pending->by_producer, key);
    if (!table) {
        table = MEM_NEW(struct offset_table);
        (void)map_put(&pending->by_producer, key, table);
    }
    offset_table_put(table, topic, partition, committed);
}

bool pending_offsets_has(const struct pending_offsets *pending,
                         struct bytes topic,
                         int32_t partition)
{
    for (size_t i = 0; i < pending->by_producer.count; i++) {
        if (offset_table_get(pending->by_producer.entries[i].value, topic, partition)) {
            return true;
        }
    }
    return false;
}

/* From the end in both: removing moves the last entry into the gap. */
static void drop_if_empty(struct pending_offsets *pending, size_t index)
{
    struct offset_table *table = pending->by_producer.entries[index].value;
    if (table->count == 0) {
        (void)map_remove(&pending->by_producer, pending->by_producer.entries[index].key);
        free_table(table);
    }
}

void pending_offsets_remove(struct pending_offsets *pending, struct bytes topic, int32_t partition)
{
    for (size_t i = pending->by_producer.count; i-- > 0;) {
        (void)offset_table_remove(pending->by_producer.entries[i].value, topic, partition);
        drop_if_empty(pending, i);
    }
}

void pending_offsets_remove_topic(struct pending_offsets *pending,
                                  struct bytes name,
                                  const struct uuid *id)
{
    for (size_t i = pending->by_producer.count; i-- > 0;) {
        struct offset_table *table = pending->by_producer.entries[i].value;
        const struct offset_topic *topic = offset_table_find_topic(table, name);
        for (size_t p = topic ? offset_topic_count(topic) : 0; p-- > 0;) {
            const struct offset_entry *entry = offset_topic_entry(topic, p);
            const struct uuid *its = &entry->committed.topic_id;
            if (uuid_is_zero(its) || uuid_equal(its, id)) {
                (void)offset_table_remove(table, name, entry->partition);
            }
        }
        drop_if_empty(pending, i);
    }
}

static void apply(const struct offset_table *from, struct offset_table *into)
{
    for (size_t t = 0; t < offset_table_topic_count(from); t++) {
        const struct offset_topic *topic = offset_table_topic(from, t);
        for (size_t p = 0; p < offset_topic_count(topic); p++) {
            const struct offset_entry *entry = offset_topic_entry(topic, p);
            const struct committed_offset *there =
                offset_table_get(into, topic->name, entry->partition);
            if (!there || there->record_offset < entry->committed.record_offset) {
                offset_table_put(into, topic->name, entry->partition, &entry->committed);
            }
        }
    }
}

void pending_offsets_end(struct pending_offsets *pending,
                         int64_t producer_id,
                         bool committed,
                         struct offset_table *into)
{
    int64_t storage;
    struct offset_table *table =
        map_remove(&pending->by_producer, map_key_i64(producer_id, &storage));
    if (!table) {
        return;
    }
    if (committed) {
        apply(table, into);
    }
    free_table(table);
}
