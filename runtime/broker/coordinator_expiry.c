/*
 * Offsets that have had their time: see coordinator_expiry.h.
 */
#include "broker/coordinator_expiry.h"

#include "base/clock.h"
#include "broker/broker.h"
#include "broker/coordinator.h"
#include "broker/group_subscriptions.h"
#include "coordination/offset_expiry.h"

struct look {
    struct offset_holder holder;
    struct group_subscriptions subscriptions;
    struct arena arena;
};

static bool is_read(const void *context, struct bytes topic)
{
    return group_subscriptions_has(context, topic);
}

static void begin_look(struct look *look, const struct group_entry *entry)
{
    arena_init(&look->arena, 0);
    group_subscriptions_read(&look->subscriptions, entry->group, &look->arena);
    look->holder = (struct offset_holder){ .group = entry->group,
                                           .offsets = &entry->offsets,
                                           .pending = &entry->pending,
                                           .empty_since_ms = entry->empty_since_ms,
                                           .is_read = is_read,
                                           .context = &look->subscriptions };
}

static void end_look(struct look *look)
{
    group_subscriptions_finish(&look->subscriptions);
    arena_finish(&look->arena);
}

void expiry_reconsider(struct group_entry *entry)
{
    entry->check_is_stale = true;
}

void expiry_note_commit(struct group_entry *entry, const struct committed_offset *committed)
{
    const struct offset_retention *retention = &entry->shard->retention;
    int64_t due_ms = committed->expire_ms > 0
                         ? committed->expire_ms
                         : committed->commit_timestamp_ms + retention->retention_ms;
    int64_t check_ms = offset_check_ms(retention, due_ms, clock_realtime_ms());
    if (check_ms < entry->check_ms) {
        entry->check_ms = check_ms;
    }
}

static void find_next_check(struct group_entry *entry)
{
    const struct offset_retention *retention = &entry->shard->retention;
    struct look look;
    begin_look(&look, entry);
    entry->check_ms = offset_check_ms(retention, offset_expiry_first_ms(retention, &look.holder),
                                      clock_realtime_ms());
    entry->check_is_stale = false;
    end_look(&look);
}

/* Checks are in real time, the loop counts in its own. */
int64_t expiry_wake_ms(struct group_entry *entry)
{
    if (entry->check_is_stale) {
        find_next_check(entry);
    }
    if (entry->check_ms == OFFSET_NEVER) {
        return GROUP_NEVER;
    }
    int64_t left_ms = entry->check_ms - clock_realtime_ms();
    return shard_now_ms(entry->shard) + (left_ms > 0 ? left_ms : 0);
}

/* Into the shard's writer, and out of the table when they are in the log: `expired` lists them meanwhile. */
static void expire_offsets(struct group_entry *entry, int64_t now_ms)
{
    const struct offset_retention *retention = &entry->shard->retention;
    struct offset_table expired = { 0 };
    struct look look;
    begin_look(&look, entry);
    for (size_t t = 0; t < offset_table_topic_count(&entry->offsets); t++) {
        const struct offset_topic *topic = offset_table_topic(&entry->offsets, t);
        for (size_t p = 0; p < offset_topic_count(topic); p++) {
            const struct offset_entry *offset = offset_topic_entry(topic, p);
            if (offset_expiry_ms(retention, &look.holder, topic, offset) <= now_ms) {
                offset_table_put(&expired, topic->name, offset->partition, &offset->committed);
            }
        }
    }
    end_look(&look);
    if (expired.count > 0) {
        (void)shard_delete_offsets(entry, &expired); /* if not, the next check tries again */
    }
    offset_table_finish(&expired);
}

bool expiry_check(struct group_entry *entry)
{
    int64_t now_ms = clock_realtime_ms();
    if (entry->check_ms > now_ms) {
        return false;
    }
    expiry_reconsider(entry);
    expire_offsets(entry, now_ms);
    struct offset_holder holder = { .group = entry->group,
                                    .offsets = &entry->offsets,
                                    .pending = &entry->pending };
    return offset_holder_is_spent(&holder) && shard_delete_group(entry) == KAFKA_NONE;
}
