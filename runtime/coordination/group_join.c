/*
 * JoinGroup: who may come in, under which id, and whether that means a rebalance. See group.h.
 */
#include <stdio.h>

#include "base/limits.h"
#include "coordination/group_state.h"

/* A member must speak the group's protocol type and share a protocol with all the others. */
static bool supports_protocols(const struct group *group, const struct group_join *join)
{
    if (join->protocol_count == 0 || join->protocol_count > LIMIT_GROUP_PROTOCOLS ||
        join->protocol_type.len == 0) {
        return false;
    }
    if (group->state == GROUP_EMPTY) {
        return true;
    }
    if (!bytes_equal(group->protocol_type, join->protocol_type)) {
        return false;
    }
    for (size_t i = 0; i < join->protocol_count; i++) {
        bool by_all = true;
        list_foreach(node, &group->members) {
            const struct group_member *member = container_of(node, struct group_member, link);
            by_all =
                by_all && !bytes_is_null(group_member_metadata(member, join->protocols[i].name));
        }
        if (by_all) {
            return true;
        }
    }
    return false;
}

/* While members are joining, those that are there count: a group that has shrunk its limit sheds the last to come. */
static bool has_room(const struct group *group, const struct group_join *join)
{
    const struct group_member *member = group_find_member(group, join->member_id);
    size_t size_max = (size_t)group->config->size_max;
    switch (group->state) {
    case GROUP_EMPTY:
    case GROUP_DEAD: return true;
    case GROUP_PREPARING_REBALANCE:
        return (member && member->join_token) || group->awaiting_join_count < size_max;
    case GROUP_COMPLETING_REBALANCE:
    case GROUP_STABLE: return member || group->member_count < size_max;
    }
    return false;
}

/* Takes over what the request says and parks it. An older request of the same member, whose connection seems to live
 * on, is told to try again. */
static void update_member(struct group *group,
                          struct group_member *member,
                          const struct group_join *join,
                          struct group_effects *out)
{
    group_fail_join(group, member, GROUP_ERROR_REBALANCING, member->id, out);
    group_member_set_protocols(member, join->protocols, join->protocol_count);
    group_member_set(&member->client_id, join->client_id);
    group_member_set(&member->client_host, join->client_host);
    member->session_timeout_ms = join->session_timeout_ms;
    member->rebalance_timeout_ms =
        join->rebalance_timeout_ms < 0 ? join->session_timeout_ms : join->rebalance_timeout_ms;
    member->can_skip_assignment = join->can_skip_assignment;
    member->store_id = 0;
    group_park_join(group, member, join->token);
}

static void add_new_member(struct group *group,
                           const struct group_join *join,
                           struct bytes member_id,
                           int64_t now_ms,
                           struct group_effects *out)
{
    struct group_member *member = group_member_create(member_id, join->instance_id);
    if (group->member_count == 0) {
        group_member_set(&group->protocol_type, join->protocol_type);
    }
    if (group->state == GROUP_PREPARING_REBALANCE && group->is_initial) {
        group->was_joined_in_delay = true;
    }
    group_add_member(group, member);
    update_member(group, member, join, out);
    member->is_new = true;
    member->id_is_untold = join->member_id.len == 0;
    group_watch_member(group, member, now_ms, group->config->new_member_timeout_ms);

    char reason[256];
    (void)snprintf(reason, sizeof(reason), "member %.*s joins", BYTES_ARG(member_id));
    group_rebalance(group, reason, now_ms, out);
}

/* --- Static members (KIP-345) --- */

/* The instance is back, after a restart say, under a new id; whoever still uses the old id is fenced. */
static void replace_id(struct group *group,
                       struct group_member *member,
                       struct bytes new_id,
                       struct group_effects *out)
{
    group_fail_join(group, member, GROUP_ERROR_FENCED, member->id, out);
    group_answer_sync(group, member, GROUP_ERROR_FENCED, out);
    map_remove(&group->members_by_id, member->id);
    group_member_set(&member->id_before, member->id);
    group_member_set(&member->id, new_id);
    map_put(&group->members_by_id, member->id, member);
    member->id_is_untold = true;
}

static void rejoin_static_member(struct group *group,
                                 struct group_member *member,
                                 const struct group_join *join,
                                 int64_t now_ms,
                                 struct group_effects *out)
{
    group_effects_note(out,
                       "group %.*s: static member %.*s is back in state %s, its id is now %.*s",
                       BYTES_ARG(group->id), BYTES_ARG(join->instance_id),
                       group_state_name(group->state), BYTES_ARG(join->new_member_id));
    replace_id(group, member, join->new_member_id, out);
    update_member(group, member, join, out);
    group_watch_member(group, member, now_ms, member->session_timeout_ms);
    switch (group->state) {
    case GROUP_STABLE:
        if (bytes_equal(group_choose_protocol(group), group->protocol)) {
            member->store_id = group_store(group, false, out); /* answered by group_stored() */
        } else {
            group_rebalance(group, "a static member is back with other protocols", now_ms, out);
        }
        break;
    case GROUP_COMPLETING_REBALANCE:
        /* The leader may be assigning to the old id right now. */
        group_rebalance(group, "a static member is back under a new id", now_ms, out);
        break;
    case GROUP_PREPARING_REBALANCE: group_maybe_complete_join(group, now_ms, out); break;
    case GROUP_EMPTY:
    case GROUP_DEAD: break; /* have no members */
    }
}

/* --- Dispatch --- */

static void join_without_id(struct group *group,
                            const struct group_join *join,
                            int64_t now_ms,
                            struct group_effects *out)
{
    if (!bytes_is_null(join->instance_id)) {
        struct group_member *member = map_get(&group->members_by_instance, join->instance_id);
        if (member) {
            rejoin_static_member(group, member, join, now_ms, out);
        } else {
            add_new_member(group, join, join->new_member_id, now_ms, out);
        }
    } else if (!join->must_know_id) {
        add_new_member(group, join, join->new_member_id, now_ms, out);
    } else if (group->pending_count >= LIMIT_GROUP_PENDING) {
        group_refuse_join(join->token, GROUP_ERROR_FULL, bytes_of(""), out);
    } else {
        group_add_pending(group, join->new_member_id, now_ms + join->session_timeout_ms);
        group_refuse_join(join->token, GROUP_ERROR_MEMBER_ID_REQUIRED, join->new_member_id, out);
    }
}

static void answer_unchanged(struct group *group,
                             struct group_member *member,
                             const struct group_join *join,
                             bool with_members,
                             struct group_effects *out)
{
    update_member(group, member, join, out);
    group_answer_join(group, member, with_members, out);
}

static void join_again(struct group *group,
                       struct group_member *member,
                       const struct group_join *join,
                       int64_t now_ms,
                       struct group_effects *out)
{
    bool is_unchanged = group_member_matches(member, join->protocols, join->protocol_count);
    bool is_leader = group->leader == member;
    char reason[256];
    switch (group->state) {
    case GROUP_PREPARING_REBALANCE: break;
    case GROUP_COMPLETING_REBALANCE:
        if (is_unchanged) {
            /* The answer to its first JoinGroup seems to have been lost. */
            answer_unchanged(group, member, join, is_leader, out);
            return;
        }
        break;
    case GROUP_STABLE:
        if (!is_leader && is_unchanged) {
            answer_unchanged(group, member, join, false, out);
            return;
        }
        break;
    case GROUP_EMPTY:
    case GROUP_DEAD: break; /* have no members */
    }
    (void)snprintf(reason, sizeof(reason), "%s %.*s joins again%s", is_leader ? "leader" : "member",
                   BYTES_ARG(member->id), is_unchanged ? "" : " with other protocols");
    update_member(group, member, join, out);
    group_rebalance(group, reason, now_ms, out);
}

static void join_with_id(struct group *group,
                         const struct group_join *join,
                         int64_t now_ms,
                         struct group_effects *out)
{
    struct group_pending *pending = group_find_pending(group, join->member_id);
    if (pending && bytes_is_null(join->instance_id)) {
        group_remove_pending(group, pending);
        add_new_member(group, join, join->member_id, now_ms, out);
        return;
    }
    enum group_error error = group_validate_member(group, join->member_id, join->instance_id);
    if (error != GROUP_OK) {
        group_refuse_join(join->token, error, join->member_id, out);
        return;
    }
    join_again(group, group_find_member(group, join->member_id), join, now_ms, out);
}

/* Who came too late leaves nothing behind. (A member is only turned away while PreparingRebalance.) */
static void turn_away(struct group *group,
                      const struct group_join *join,
                      int64_t now_ms,
                      struct group_effects *out)
{
    struct group_pending *pending = group_find_pending(group, join->member_id);
    struct group_member *member = group_find_member(group, join->member_id);
    group_refuse_join(join->token, GROUP_ERROR_FULL, bytes_of(""), out);
    if (pending) {
        group_remove_pending(group, pending);
    }
    if (member) {
        group_remove_member(group, member, out);
    }
    group_maybe_complete_join(group, now_ms, out);
}

void group_join(struct group *group,
                const struct group_join *join,
                int64_t now_ms,
                struct group_effects *out)
{
    enum group_error error = GROUP_OK;
    struct bytes member_id = join->member_id;
    if (join->session_timeout_ms < group->config->session_timeout_min_ms ||
        join->session_timeout_ms > group->config->session_timeout_max_ms) {
        error = GROUP_ERROR_SESSION_TIMEOUT;
    } else if (group->state == GROUP_DEAD) {
        error = GROUP_ERROR_NOT_AVAILABLE;
    } else if (!has_room(group, join)) {
        turn_away(group, join, now_ms, out);
        return;
    } else if (!supports_protocols(group, join)) {
        error = GROUP_ERROR_INCONSISTENT_PROTOCOL;
    }
    if (error != GROUP_OK) {
        group_refuse_join(join->token, error, member_id, out);
    } else if (member_id.len == 0) {
        join_without_id(group, join, now_ms, out);
    } else {
        join_with_id(group, join, now_ms, out);
    }
}
