/*
 * What the members of a group read: see group_subscriptions.h.
 */
#include "broker/group_subscriptions.h"

#include "protocol/codec.h"
#include "protocol/messages.h"

static void add(struct group_subscriptions *s, struct bytes metadata, struct arena *arena)
{
    struct consumer_protocol_subscription subscription;
    struct weir_error err;
    if (versioned_decode(&consumer_protocol_subscription_type, true, metadata, arena, &subscription,
                         &err) < 0) {
        s->is_not_legible = true;
        return;
    }
    for (int32_t i = 0; i < subscription.topics_count; i++) {
        (void)map_put(&s->topics, subscription.topics[i], s);
    }
}

/* While no protocol is chosen yet, by all that are offered. */
void group_subscriptions_read(struct group_subscriptions *s,
                              const struct group *group,
                              struct arena *arena)
{
    *s = (struct group_subscriptions){ 0 };
    list_foreach(node, &group->members) {
        const struct group_member *member = container_of(node, struct group_member, link);
        for (size_t i = 0; i < member->protocol_count; i++) {
            const struct group_protocol *protocol = &member->protocols[i];
            if (bytes_is_null(group->protocol) || bytes_equal(protocol->name, group->protocol)) {
                add(s, protocol->metadata, arena);
            }
        }
    }
}

void group_subscriptions_finish(struct group_subscriptions *s)
{
    map_finish(&s->topics);
}

bool group_subscriptions_has(const struct group_subscriptions *s, struct bytes topic)
{
    return s->is_not_legible || map_get(&s->topics, topic);
}
