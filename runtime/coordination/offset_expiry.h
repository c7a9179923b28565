/*
 * When a group's committed offsets are forgotten, and when the group is: pure rules over the group, its offsets and the time.
 *
 *     the group                                 an offset goes when the retention has passed since
 *     empty                                     the group became empty
 *     without members ever ("simple")           the commit, each partition by itself
 *     Stable, of consumers                      the commit, but none of a topic that a member reads
 *     any other                                 never, for now
 *
 * A client could ask for a time of its own, in old versions of OffsetCommit; then only that counts. An offset that an open
 * transaction is about to change stays. A group that is empty and has no offsets goes too.
 *
 * All that happens at checks, which come at fixed intervals; nobody needs to wake for a check that has nothing to do, so
 * offset_check_ms() says which one is the next that has.
 *
 * LESSON: offset-retention
 *
 * Source: OffsetExpirationConditionImpl.java, ClassicGroup.offsetExpirationCondition, OffsetMetadataManager.cleanupExpiredOffsets.
 * Time: milliseconds since 1970. Thread: the group's.
 */
#pragma once

#include "coordination/group.h"
#include "coordination/offsets.h"
#include "coordination/pending_offsets.h"

#define OFFSET_NEVER INT64_MAX

struct offset_retention {
    int64_t retention_ms; /* offsets.retention.minutes */
    int64_t interval_ms;  /* offsets.retention.check.interval.ms */
    int64_t started_ms;   /* checks are whole intervals behind this */
};

/* What the rules look at. */
struct offset_holder {
    const struct group *group;
    const struct offset_table *offsets;
    const struct pending_offsets *pending;
    int64_t empty_since_ms; /* when the last member went; -1: not known */
    /* Does a member read this topic? Asked of a Stable group of consumers only. */
    bool (*is_read)(const void *context, struct bytes topic);
    const void *context;
};

/* When this offset has had its time; OFFSET_NEVER: something keeps it. */
int64_t offset_expiry_ms(const struct offset_retention *retention,
                         const struct offset_holder *holder,
                         const struct offset_topic *topic,
                         const struct offset_entry *entry);

/* The group itself can go. */
bool offset_holder_is_spent(const struct offset_holder *holder);

/* The earliest time at which something can go, offset or group; OFFSET_NEVER. */
int64_t offset_expiry_first_ms(const struct offset_retention *retention,
                               const struct offset_holder *holder);

/* The first check after `now_ms` that is not before `due_ms`. */
int64_t offset_check_ms(const struct offset_retention *retention, int64_t due_ms, int64_t now_ms);
