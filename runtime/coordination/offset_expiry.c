/*
 * Expiry of committed offsets: see offset_expiry.h.
 */
#include "coordination/offset_expiry.h"

static int64_t later(int64_t from_ms, int64_t by_ms)
{
    return by_ms > OFFSET_NEVER - from_ms ? OFFSET_NEVER : from_ms + by_ms;
}

/* Only offsets: no member was ever there. */
static bool is_simple(const struct group *group)
{
    return group->protocol_type.len == 0;
}

/* The time from which the retention of an offset runs; OFFSET_NEVER. */
static int64_t base_ms(const struct offset_holder *holder,
                       struct bytes topic,
                       const struct committed_offset *committed)
{
    const struct group *group = holder->group;
    if (is_simple(group)) {
        return committed->commit_timestamp_ms;
    }
    if (group->state == GROUP_EMPTY) {
        return holder->empty_since_ms >= 0 ? holder->empty_since_ms
                                           : committed->commit_timestamp_ms;
    }
    bool tells = group->state == GROUP_STABLE && bytes_equal_text(group->protocol_type, "consumer");
    return tells && !holder->is_read(holder->context, topic) ? committed->commit_timestamp_ms
                                                             : OFFSET_NEVER;
}

int64_t offset_expiry_ms(const struct offset_retention *retention,
                         const struct offset_holder *holder,
                         const struct offset_topic *topic,
                         const struct offset_entry *entry)
{
    const struct committed_offset *committed = &entry->committed;
    int64_t from_ms = base_ms(holder, topic->name, committed);
    if (from_ms == OFFSET_NEVER ||
        pending_offsets_has(holder->pending, topic->name, entry->partition)) {
        return OFFSET_NEVER;
    }
    return committed->expire_ms > 0 ? committed->expire_ms
                                    : later(from_ms, retention->retention_ms);
}

static bool has_nothing_left(const struct offset_holder *holder)
{
    return holder->group->state == GROUP_EMPTY && holder->offsets->count == 0 &&
           !pending_offsets_any(holder->pending);
}

bool offset_holder_is_spent(const struct offset_holder *holder)
{
    return has_nothing_left(holder) && holder->group->pending_count == 0;
}

int64_t offset_expiry_first_ms(const struct offset_retention *retention,
                               const struct offset_holder *holder)
{
    /* Who was given an id may still come: then the next check looks again. */
    int64_t first = has_nothing_left(holder) ? 0 : OFFSET_NEVER;
    for (size_t t = 0; t < offset_table_topic_count(holder->offsets); t++) {
        const struct offset_topic *topic = offset_table_topic(holder->offsets, t);
        for (size_t p = 0; p < offset_topic_count(topic); p++) {
            int64_t due = offset_expiry_ms(retention, holder, topic, offset_topic_entry(topic, p));
            first = due < first ? due : first;
        }
    }
    return first;
}

int64_t offset_check_ms(const struct offset_retention *retention, int64_t due_ms, int64_t now_ms)
{
    if (due_ms == OFFSET_NEVER) {
        return OFFSET_NEVER;
    }
    int64_t start = retention->started_ms;
    int64_t after = due_ms > now_ms ? due_ms : now_ms + 1;
    if (after <= start) {
        after = start + 1; /* the first one is an interval behind the start */
    }
    int64_t passed = after - start;
    int64_t number = passed / retention->interval_ms + (passed % retention->interval_ms != 0);
    return number > (OFFSET_NEVER - start) / retention->interval_ms
               ? OFFSET_NEVER
               : start + number * retention->interval_ms;
}
