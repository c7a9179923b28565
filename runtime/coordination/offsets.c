/*
 * Committed offsets: see offsets.h.
 */
#include "coordination/offsets.h"

#include <stdlib.h>

#include "base/mem.h"
#include "coordination/member.h"

static struct bytes partition_key(const int32_t *partition)
{
    return (struct bytes){ (const uint8_t *)partition, sizeof(*partition) };
}

static void free_entry(struct offset_entry *entry)
{
    group_member_set(&entry->committed.metadata, (struct bytes){ 0 });
    free(entry);
}

static void free_topic(struct offset_topic *topic)
{
    for (size_t i = 0; i < topic->partitions.count; i++) {
        free_entry(topic->partitions.entries[i].value);
    }
    map_finish(&topic->partitions);
    group_member_set(&topic->name, (struct bytes){ 0 });
    free(topic);
}

void offset_table_finish(struct offset_table *table)
{
    for (size_t i = 0; i < table->topics.count; i++) {
        free_topic(table->topics.entries[i].value);
    }
    map_finish(&table->topics);
    table->count = 0;
}

void offset_table_put(struct offset_table *table,
                      struct bytes topic,
                      int32_t partition,
                      const struct committed_offset *committed)
{
    struct offset_topic *found = map_get(&table->topics, topic);
    if (!found) {
        found = MEM_NEW(struct offset_topic);
        group_member_set(&found->name, topic);
        map_put(&table->topics, topic, found);
    }
    struct offset_entry *entry = map_get(&found->partitions, partition_key(&partition));
    if (!entry) {
        entry = MEM_NEW(struct offset_entry);
        entry->partition = partition;
        map_put(&found->partitions, partition_key(&partition), entry);
        table->count++;
    }
    struct bytes metadata = entry->committed.metadata;
    group_member_set(&metadata,
                     bytes_is_null(committed->metadata) ? bytes_of("") : committed->metadata);
    entry->committed = *committed;
    entry->committed.metadata = metadata;
}

const struct committed_offset *offset_table_get(const struct offset_table *table,
                                                struct bytes topic,
                                                int32_t partition)
{
    const struct offset_topic *found = map_get(&table->topics, topic);
    const struct offset_entry *entry =
        found ? map_get(&found->partitions, partition_key(&partition)) : NULL;
    return entry ? &entry->committed : NULL;
}

bool offset_table_remove(struct offset_table *table, struct bytes topic, int32_t partition)
{
    struct offset_topic *found = map_get(&table->topics, topic);
    struct offset_entry *entry =
        found ? map_remove(&found->partitions, partition_key(&partition)) : NULL;
    if (!entry) {
        return false;
    }
    free_entry(entry);
    table->count--;
    if (found->partitions.count == 0) {
        map_remove(&table->topics, topic);
        free_topic(found);
    }
    return true;
}

size_t offset_table_topic_count(const struct offset_table *table)
{
    return table->topics.count;
}

const struct offset_topic *offset_table_topic(const struct offset_table *table, size_t index)
{
    return table->topics.entries[index].value;
}

const struct offset_topic *offset_table_find_topic(const struct offset_table *table,
                                                   struct bytes topic)
{
    return map_get(&table->topics, topic);
}

size_t offset_topic_count(const struct offset_topic *topic)
{
    return topic->partitions.count;
}

const struct offset_entry *offset_topic_entry(const struct offset_topic *topic, size_t index)
{
    return topic->partitions.entries[index].value;
}
