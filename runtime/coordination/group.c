/*
 * The classic group: its members, its states and what happens when time passes. See group.h.
 */
#include "coordination/group.h"

#include <assert.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "coordination/group_state.h"

struct group_config group_config_default(void)
{
    return (struct group_config){ .initial_rebalance_delay_ms = 0,
                                  .session_timeout_min_ms = 6000,
                                  .session_timeout_max_ms = 1800000,
                                  .new_member_timeout_ms = 300000,
                                  .size_max = INT32_MAX };
}

const char *group_state_name(enum group_state state)
{
    switch (state) {
    case GROUP_EMPTY: return "Empty";
    case GROUP_PREPARING_REBALANCE: return "PreparingRebalance";
    case GROUP_COMPLETING_REBALANCE: return "CompletingRebalance";
    case GROUP_STABLE: return "Stable";
    case GROUP_DEAD: return "Dead";
    }
    return "Unknown";
}

/* --- Lifecycle --- */

struct group *group_create(struct bytes id, const struct group_config *config)
{
    struct group *group = MEM_NEW(struct group);
    group_member_set(&group->id, id);
    group->config = config;
    list_init(&group->members);
    list_init(&group->pending);
    group->join_deadline_ms = GROUP_NEVER;
    group->sync_deadline_ms = GROUP_NEVER;
    group->wake_ms = GROUP_NEVER;
    return group;
}

void group_destroy(struct group *group)
{
    if (!group) {
        return;
    }
    list_foreach(node, &group->members) {
        list_remove(node);
        group_member_destroy(container_of(node, struct group_member, link));
    }
    list_foreach(node, &group->pending) {
        group_remove_pending(group, container_of(node, struct group_pending, link));
    }
    map_finish(&group->members_by_id);
    map_finish(&group->members_by_instance);
    group_member_set(&group->id, (struct bytes){ 0 });
    group_member_set(&group->protocol_type, (struct bytes){ 0 });
    group_member_set(&group->protocol, (struct bytes){ 0 });
    free(group);
}

static void restore_member(struct group *group,
                           const struct group_snapshot *snapshot,
                           const struct group_member_view *view)
{
    struct group_protocol protocol = { snapshot->protocol, view->metadata };
    struct group_member *member = group_member_create(view->id, view->instance_id);
    group_member_set(&member->client_id, view->client_id);
    group_member_set(&member->client_host, view->client_host);
    group_member_set(&member->assignment, view->assignment);
    group_member_set_protocols(member, &protocol, 1);
    member->session_timeout_ms = view->session_timeout_ms;
    member->rebalance_timeout_ms = view->rebalance_timeout_ms;
    group_add_member(group, member);
    if (bytes_equal(view->id, snapshot->leader)) {
        group->leader = member;
    }
}

void group_restore(struct group *group, const struct group_snapshot *snapshot, int64_t now_ms)
{
    assert(group->state == GROUP_EMPTY);
    assert(group->member_count == 0);
    group->generation = snapshot->generation;
    group_member_set(&group->protocol_type, snapshot->protocol_type);
    group_member_set(&group->protocol, snapshot->protocol);
    for (size_t i = 0; i < snapshot->member_count; i++) {
        if (!group_find_member(group, snapshot->members[i].id)) {
            restore_member(group, snapshot, &snapshot->members[i]);
        }
    }
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        group_watch_member(group, member, now_ms, member->session_timeout_ms);
    }
    group->state = group->member_count > 0 ? GROUP_STABLE : GROUP_EMPTY;
}

void group_kill(struct group *group, enum group_error error, struct group_effects *out)
{
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        group_fail_join(group, member, error, member->id, out);
        group_answer_sync(group, member, error, out);
    }
    group->state = GROUP_DEAD;
    group->join_deadline_ms = GROUP_NEVER;
    group->sync_deadline_ms = GROUP_NEVER;
    group->wake_ms = GROUP_NEVER;
}

/* --- Members --- */

struct group_member *group_find_member(const struct group *group, struct bytes member_id)
{
    return map_get(&group->members_by_id, member_id);
}

void group_add_member(struct group *group, struct group_member *member)
{
    assert(group_find_member(group, member->id) == NULL);
    list_push_back(&group->members, &member->link);
    group->member_count++;
    map_put(&group->members_by_id, member->id, member);
    if (!bytes_is_null(member->instance_id)) {
        map_put(&group->members_by_instance, member->instance_id, member);
    }
    if (!group->leader) {
        group->leader = member;
    }
}

void group_remove_member(struct group *group,
                         struct group_member *member,
                         struct group_effects *out)
{
    group_fail_join(group, member, GROUP_ERROR_UNKNOWN_MEMBER, bytes_of(""), out);
    group_answer_sync(group, member, GROUP_ERROR_UNKNOWN_MEMBER, out);
    list_remove(&member->link);
    group->member_count--;
    map_remove(&group->members_by_id, member->id);
    if (!bytes_is_null(member->instance_id)) {
        map_remove(&group->members_by_instance, member->instance_id);
    }
    if (group->leader == member) {
        group->leader = list_empty(&group->members)
                            ? NULL
                            : container_of(group->members.next, struct group_member, link);
    }
    group_member_destroy(member);
}

void group_after_removal(struct group *group,
                         const char *reason,
                         int64_t now_ms,
                         struct group_effects *out)
{
    switch (group->state) {
    case GROUP_STABLE:
    case GROUP_COMPLETING_REBALANCE: group_rebalance(group, reason, now_ms, out); break;
    case GROUP_PREPARING_REBALANCE: group_maybe_complete_join(group, now_ms, out); break;
    case GROUP_EMPTY:
    case GROUP_DEAD: break;
    }
}

enum group_error group_validate_member(const struct group *group,
                                       struct bytes member_id,
                                       struct bytes instance_id)
{
    const struct group_member *member = group_find_member(group, member_id);
    if (!bytes_is_null(instance_id)) {
        const struct group_member *holder = map_get(&group->members_by_instance, instance_id);
        if (!holder) {
            return GROUP_ERROR_UNKNOWN_MEMBER;
        }
        if (holder != member) {
            return GROUP_ERROR_FENCED;
        }
    }
    return member ? GROUP_OK : GROUP_ERROR_UNKNOWN_MEMBER;
}

struct group_pending *group_find_pending(const struct group *group, struct bytes member_id)
{
    list_foreach(node, &group->pending) {
        struct group_pending *pending = container_of(node, struct group_pending, link);
        if (bytes_equal(pending->id, member_id)) {
            return pending;
        }
    }
    return NULL;
}

void group_add_pending(struct group *group, struct bytes member_id, int64_t deadline_ms)
{
    struct group_pending *pending = MEM_NEW(struct group_pending);
    group_member_set(&pending->id, member_id);
    pending->deadline_ms = deadline_ms;
    list_push_back(&group->pending, &pending->link);
    group->pending_count++;
    group_wake_by(group, deadline_ms);
}

void group_remove_pending(struct group *group, struct group_pending *pending)
{
    list_remove(&pending->link);
    group->pending_count--;
    group_member_set(&pending->id, (struct bytes){ 0 });
    free(pending);
}

/* --- Time --- */

void group_wake_by(struct group *group, int64_t deadline_ms)
{
    if (deadline_ms < group->wake_ms) {
        group->wake_ms = deadline_ms;
    }
}

int64_t group_wake_ms(const struct group *group)
{
    return group->wake_ms;
}

void group_watch_member(struct group *group,
                        struct group_member *member,
                        int64_t now_ms,
                        int32_t timeout_ms)
{
    member->session_deadline_ms = now_ms + timeout_ms;
    group_wake_by(group, member->session_deadline_ms);
}

/* One member whose session is over, or NULL. A parked request is a sign of life, except in a new member's first
 * rebalance: its client may have given up and come back under another id. */
static struct group_member *find_expired(struct group *group, int64_t now_ms)
{
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        if (member->session_deadline_ms > now_ms) {
            continue;
        }
        if (!member->is_new && (member->join_token || member->sync_token)) {
            member->session_deadline_ms = GROUP_NEVER;
            continue;
        }
        return member;
    }
    return NULL;
}

static void expire_members(struct group *group, int64_t now_ms, struct group_effects *out)
{
    for (;;) {
        struct group_member *member = find_expired(group, now_ms);
        if (!member) {
            return;
        }
        group_effects_note(
            out,
            "group %.*s: member %.*s has failed (no sign of life in its session timeout of %d ms), "
            "removing it",
            BYTES_ARG(group->id), BYTES_ARG(member->id), member->session_timeout_ms);
        group_remove_member(group, member, out);
        group_after_removal(group, "a member's session expired", now_ms, out);
    }
}

static void expire_pending(struct group *group, int64_t now_ms, struct group_effects *out)
{
    list_foreach(node, &group->pending) {
        struct group_pending *pending = container_of(node, struct group_pending, link);
        if (pending->deadline_ms <= now_ms) {
            group_remove_pending(group, pending);
        }
    }
    group_maybe_complete_join(group, now_ms, out);
}

static void expire_sync(struct group *group, int64_t now_ms, struct group_effects *out)
{
    group->sync_deadline_ms = GROUP_NEVER;
    size_t removed = 0;
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        if (member->sync_is_due) {
            group_remove_member(group, member, out);
            removed++;
        }
    }
    if (removed > 0) {
        group_after_removal(group, "members did not send SyncGroup in time", now_ms, out);
    }
}

/* The earliest of all deadlines, exactly. */
static int64_t earliest_deadline(const struct group *group)
{
    int64_t earliest = group->join_deadline_ms < group->sync_deadline_ms ? group->join_deadline_ms
                                                                         : group->sync_deadline_ms;
    list_foreach(node, &group->members) {
        const struct group_member *member = container_of(node, struct group_member, link);
        if (member->session_deadline_ms < earliest) {
            earliest = member->session_deadline_ms;
        }
    }
    list_foreach(node, &group->pending) {
        const struct group_pending *pending = container_of(node, struct group_pending, link);
        if (pending->deadline_ms < earliest) {
            earliest = pending->deadline_ms;
        }
    }
    return earliest;
}

void group_tick(struct group *group, int64_t now_ms, struct group_effects *out)
{
    if (group->state == GROUP_DEAD) {
        return;
    }
    expire_members(group, now_ms, out);
    expire_pending(group, now_ms, out);
    if (group->sync_deadline_ms <= now_ms) {
        expire_sync(group, now_ms, out);
    }
    if (group->join_deadline_ms <= now_ms) {
        group_join_time_is_up(group, now_ms, out);
    }
    group->wake_ms = earliest_deadline(group);
}

/* --- Questions --- */

void group_describe(const struct group *group, struct arena *arena, struct group_snapshot *out)
{
    bool is_stable = group->state == GROUP_STABLE;
    *out = (struct group_snapshot){
        .protocol_type = arena_copy(arena, group->protocol_type),
        .generation = group->generation,
        .protocol = is_stable ? arena_copy(arena, group->protocol) : (struct bytes){ 0 },
        .members = ARENA_NEW(arena, struct group_member_view, group->member_count),
    };
    if (group->leader) {
        out->leader = arena_copy(arena, group->leader->id);
    }
    list_foreach(node, &group->members) {
        const struct group_member *member = container_of(node, struct group_member, link);
        struct group_member_view *view = &out->members[out->member_count++];
        *view = (struct group_member_view){
            .id = arena_copy(arena, member->id),
            .instance_id = arena_copy(arena, member->instance_id),
            .client_id = arena_copy(arena, member->client_id),
            .client_host = arena_copy(arena, member->client_host),
            .session_timeout_ms = member->session_timeout_ms,
            .rebalance_timeout_ms = member->rebalance_timeout_ms,
            .assignment = arena_copy(arena, member->assignment),
        };
        if (is_stable) {
            view->metadata = arena_copy(arena, group_member_metadata(member, group->protocol));
        }
    }
}
