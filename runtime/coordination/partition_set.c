/*
 * Sets of partitions: see partition_set.h.
 */
#include "coordination/partition_set.h"

#include <stdlib.h>

#include "base/mem.h"
#include "coordination/member.h"

enum { CAPACITY_FIRST = 4 };

static struct bytes index_key(const int32_t *partition)
{
    return (struct bytes){ (const uint8_t *)partition, sizeof(*partition) };
}

void partition_set_finish(struct partition_set *set)
{
    for (size_t i = 0; i < set->topics.count; i++) {
        struct partition_set_topic *topic = set->topics.entries[i].value;
        group_member_set(&topic->name, (struct bytes){ 0 });
        map_finish(&topic->by_index);
        free(topic->partitions);
        free(topic);
    }
    map_finish(&set->topics);
    *set = (struct partition_set){ 0 };
}

static struct partition_set_topic *find_or_add(struct partition_set *set, struct bytes name)
{
    struct partition_set_topic *topic = map_get(&set->topics, name);
    if (!topic) {
        topic = MEM_NEW(struct partition_set_topic);
        group_member_set(&topic->name, name);
        (void)map_put(&set->topics, name, topic);
    }
    return topic;
}

bool partition_set_add(struct partition_set *set, struct bytes name, int32_t partition)
{
    struct partition_set_topic *topic = find_or_add(set, name);
    if (map_put(&topic->by_index, index_key(&partition), topic)) {
        return false;
    }
    if (topic->partition_count == topic->capacity) {
        topic->capacity = topic->capacity ? topic->capacity * 2 : CAPACITY_FIRST;
        topic->partitions = mem_resize(topic->partitions, topic->capacity, sizeof(int32_t));
    }
    topic->partitions[topic->partition_count++] = partition;
    set->count++;
    return true;
}

bool partition_set_has(const struct partition_set *set, struct bytes name, int32_t partition)
{
    const struct partition_set_topic *topic = map_get(&set->topics, name);
    return topic && map_get(&topic->by_index, index_key(&partition));
}

void partition_set_add_all(struct partition_set *set, const struct partition_set *more)
{
    for (size_t t = 0; t < more->topics.count; t++) {
        const struct partition_set_topic *topic = more->topics.entries[t].value;
        for (size_t p = 0; p < topic->partition_count; p++) {
            (void)partition_set_add(set, topic->name, topic->partitions[p]);
        }
    }
}

bool partition_set_has_all(const struct partition_set *set, const struct partition_set *others)
{
    for (size_t t = 0; t < others->topics.count; t++) {
        const struct partition_set_topic *topic = others->topics.entries[t].value;
        for (size_t p = 0; p < topic->partition_count; p++) {
            if (!partition_set_has(set, topic->name, topic->partitions[p])) {
                return false;
            }
        }
    }
    return true;
}

size_t partition_set_topic_count(const struct partition_set *set)
{
    return set->topics.count;
}

const struct partition_set_topic *partition_set_topic(const struct partition_set *set, size_t index)
{
    return set->topics.entries[index].value;
}
