/*
 * A set of partitions, by topic: those that a transaction writes to.
 *
 * Thread: its owner's. Ownership: the set owns copies of the names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/map.h"

struct partition_set_topic {
    struct bytes name;      /* owned */
    int32_t *partitions;    /* owned; in the order of adding */
    struct map by_index;    /* the same, for looking up */
    size_t partition_count; /* never 0 */
    size_t capacity;
};

/* All zeros is an empty set. */
struct partition_set {
    struct map topics; /* name -> struct partition_set_topic */
    size_t count;      /* of all partitions */
};

/* Empties it too. */
void partition_set_finish(struct partition_set *set);

/* False when it is there already. */
bool partition_set_add(struct partition_set *set, struct bytes topic, int32_t partition);
bool partition_set_has(const struct partition_set *set, struct bytes topic, int32_t partition);
void partition_set_add_all(struct partition_set *set, const struct partition_set *more);
bool partition_set_has_all(const struct partition_set *set, const struct partition_set *others);

size_t partition_set_topic_count(const struct partition_set *set);
const struct partition_set_topic *partition_set_topic(const struct partition_set *set,
                                                      size_t index);
