/*
 * What the members of a group of consumers read, as far as their subscriptions say so.
 *
 * Source: ClassicGroup.computeSubscribedTopics and isSubscribedToTopic.
 * Thread: the group's.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "coordination/group.h"

struct group_subscriptions {
    struct map topics;   /* a set: the values mean nothing */
    bool is_not_legible; /* a member's subscription cannot be read: it may be any topic */
};

/* Memory comes from the arena, but for the map's. */
void group_subscriptions_read(struct group_subscriptions *s,
                              const struct group *group,
                              struct arena *arena);
void group_subscriptions_finish(struct group_subscriptions *s);

bool group_subscriptions_has(const struct group_subscriptions *s, struct bytes topic);
