/*
 * SyncGroup, Heartbeat, LeaveGroup and the right to commit; what the driver reports back. See group.h.
 */
#include <assert.h>

#include "coordination/group_state.h"

/* --- SyncGroup --- */

static void refuse_sync(void *token, enum group_error error, struct group_effects *out)
{
    struct group_effect *effect = group_effects_add(out, GROUP_EFFECT_REPLY_SYNC);
    effect->sync =
        (struct group_sync_reply){ .token = token, .error = error, .assignment = bytes_of("") };
}

/* Null means "not said", which contradicts nothing. */
static bool contradicts(struct bytes said, struct bytes is)
{
    return !bytes_is_null(said) && !bytes_is_null(is) && !bytes_equal(said, is);
}

static enum group_error validate_sync(const struct group *group, const struct group_sync *sync)
{
    if (group->state == GROUP_DEAD) {
        return GROUP_ERROR_NOT_AVAILABLE;
    }
    enum group_error error = group_validate_member(group, sync->member_id, sync->instance_id);
    if (error != GROUP_OK) {
        return error;
    }
    if (sync->generation != group->generation) {
        return GROUP_ERROR_ILLEGAL_GENERATION;
    }
    if (contradicts(sync->protocol_type, group->protocol_type) ||
        contradicts(sync->protocol, group->protocol)) {
        return GROUP_ERROR_INCONSISTENT_PROTOCOL;
    }
    return GROUP_OK;
}

/* The assignment goes to the log before it goes to anybody: a restarted coordinator must not contradict it. */
static void take_assignment(struct group *group,
                            const struct group_sync *sync,
                            struct group_effects *out)
{
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        group_member_set(&member->assignment_next, bytes_of(""));
    }
    for (size_t i = 0; i < sync->assignment_count; i++) {
        struct group_member *member = group_find_member(group, sync->assignments[i].member_id);
        if (member && !bytes_is_null(sync->assignments[i].assignment)) {
            group_member_set(&member->assignment_next, sync->assignments[i].assignment);
        }
    }
    group_effects_note(out, "group %.*s: assignment of generation %d received from leader %.*s",
                       BYTES_ARG(group->id), group->generation, BYTES_ARG(sync->member_id));
    group->assignment_store_id = group_store(group, true, out);
}

void group_sync(struct group *group,
                const struct group_sync *sync,
                int64_t now_ms,
                struct group_effects *out)
{
    enum group_error error = validate_sync(group, sync);
    if (error == GROUP_OK && group->state == GROUP_PREPARING_REBALANCE) {
        error = GROUP_ERROR_REBALANCING;
    }
    if (error != GROUP_OK) {
        refuse_sync(sync->token, error, out);
        return;
    }
    struct group_member *member = group_find_member(group, sync->member_id);
    group_answer_sync(group, member, GROUP_ERROR_REBALANCING,
                      out); /* an older one of the same member */
    member->sync_token = sync->token;
    group_note_sync(group, member);
    if (group->state == GROUP_STABLE) {
        group_answer_sync(group, member, GROUP_OK, out);
        group_watch_member(group, member, now_ms, member->session_timeout_ms);
    } else if (member == group->leader && group->assignment_store_id == 0) {
        take_assignment(group, sync, out);
    }
}

static void put_assignment_in_force(struct group *group, int64_t now_ms, struct group_effects *out)
{
    group->assignment_store_id = 0;
    group->state = GROUP_STABLE;
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        group_member_set(&member->assignment, member->assignment_next);
        group_member_set(&member->assignment_next, (struct bytes){ 0 });
        if (member->sync_token) {
            group_answer_sync(group, member, GROUP_OK, out);
            group_watch_member(group, member, now_ms, member->session_timeout_ms);
        }
    }
}

/* Before version 9 a returning leader must not take itself for one: it would compute an assignment that nobody waits
 * for. It is told its old id as the leader's. */
static void answer_static_member(struct group *group,
                                 struct group_member *member,
                                 enum group_error error,
                                 struct group_effects *out)
{
    member->store_id = 0;
    if (error != GROUP_OK) {
        group_fail_join(group, member, error, bytes_of(""), out);
        return;
    }
    bool is_leader = member == group->leader;
    bool was_parked = member->join_token != NULL;
    group_answer_join(group, member, is_leader && member->can_skip_assignment, out);
    if (was_parked && is_leader) {
        struct group_join_reply *reply = &out->last->join;
        reply->skip_assignment = member->can_skip_assignment;
        if (!member->can_skip_assignment) {
            reply->leader = arena_copy(&out->arena, member->id_before);
        }
    }
}

void group_stored(struct group *group,
                  uint64_t store_id,
                  enum group_error error,
                  int64_t now_ms,
                  struct group_effects *out)
{
    assert(store_id != 0);
    if (group->state == GROUP_COMPLETING_REBALANCE && group->assignment_store_id == store_id) {
        if (error == GROUP_OK) {
            put_assignment_in_force(group, now_ms, out);
        } else {
            group_void_assignments(group, error, now_ms, out);
            group_rebalance(group, "the assignment could not be stored", now_ms, out);
        }
        return;
    }
    if (group->state != GROUP_STABLE) {
        return; /* a rebalance has begun: the JoinGroup takes part in it */
    }
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        if (member->store_id == store_id) {
            answer_static_member(group, member, error, out);
        }
    }
}

/* --- Heartbeat, LeaveGroup, OffsetCommit --- */

enum group_error group_heartbeat(struct group *group,
                                 struct bytes member_id,
                                 struct bytes instance_id,
                                 int32_t generation,
                                 int64_t now_ms)
{
    if (group->state == GROUP_DEAD) {
        return GROUP_ERROR_NOT_AVAILABLE;
    }
    enum group_error error = group_validate_member(group, member_id, instance_id);
    if (error != GROUP_OK) {
        return error;
    }
    if (generation != group->generation) {
        return GROUP_ERROR_ILLEGAL_GENERATION;
    }
    struct group_member *member = group_find_member(group, member_id);
    group_watch_member(group, member, now_ms, member->session_timeout_ms);
    return group->state == GROUP_PREPARING_REBALANCE ? GROUP_ERROR_REBALANCING : GROUP_OK;
}

/* Returns whether a member of the group went (and not only a pending id). */
static bool remove_leaver(struct group *group,
                          struct group_leaver *leaver,
                          struct group_effects *out)
{
    struct group_member *member = group_find_member(group, leaver->member_id);
    leaver->error = GROUP_OK;
    if (leaver->member_id.len == 0) {
        member = bytes_is_null(leaver->instance_id)
                     ? NULL
                     : map_get(&group->members_by_instance, leaver->instance_id);
        leaver->error = member ? GROUP_OK : GROUP_ERROR_UNKNOWN_MEMBER;
    } else {
        struct group_pending *pending = group_find_pending(group, leaver->member_id);
        if (pending) {
            group_remove_pending(group, pending);
            return false;
        }
        leaver->error = group_validate_member(group, leaver->member_id, leaver->instance_id);
    }
    if (leaver->error != GROUP_OK) {
        return false;
    }
    group_effects_note(out, "group %.*s: member %.*s leaves; reason: %.*s", BYTES_ARG(group->id),
                       BYTES_ARG(member->id),
                       BYTES_ARG(leaver->reason.len ? leaver->reason : bytes_of("not given")));
    group_remove_member(group, member, out);
    return true;
}

void group_leave(struct group *group,
                 struct group_leaver *leavers,
                 size_t leaver_count,
                 int64_t now_ms,
                 struct group_effects *out)
{
    size_t removed_count = 0;
    size_t pending_before = group->pending_count;
    for (size_t i = 0; i < leaver_count; i++) {
        if (group->state == GROUP_DEAD) {
            leavers[i].error = GROUP_ERROR_NOT_AVAILABLE;
        } else if (remove_leaver(group, &leavers[i], out)) {
            removed_count++;
        }
    }
    if (removed_count > 0) {
        group_after_removal(group, "members have left", now_ms, out);
    } else if (group->pending_count < pending_before) {
        group_maybe_complete_join(group, now_ms, out);
    }
}

static bool is_nobody(struct bytes member_id, struct bytes instance_id, int32_t generation)
{
    return generation < 0 && member_id.len == 0 && bytes_is_null(instance_id);
}

static enum group_error check_committer(struct group *group,
                                        struct bytes member_id,
                                        struct bytes instance_id,
                                        int32_t generation)
{
    enum group_error error = group_validate_member(group, member_id, instance_id);
    if (error == GROUP_OK && generation != group->generation) {
        error = GROUP_ERROR_ILLEGAL_GENERATION;
    }
    return error;
}

enum group_error group_may_commit(struct group *group,
                                  struct bytes member_id,
                                  struct bytes instance_id,
                                  int32_t generation,
                                  int64_t now_ms)
{
    if (group->state == GROUP_DEAD) {
        return GROUP_ERROR_NOT_AVAILABLE;
    }
    if (generation < 0 && group->state == GROUP_EMPTY) {
        return GROUP_OK; /* a client without group management, or an administrator */
    }
    if (is_nobody(member_id, instance_id, generation)) {
        return GROUP_ERROR_UNKNOWN_MEMBER; /* the members of an active group commit, nobody else */
    }
    enum group_error error = check_committer(group, member_id, instance_id, generation);
    if (error == GROUP_OK && group->state == GROUP_COMPLETING_REBALANCE) {
        error = GROUP_ERROR_REBALANCING;
    }
    if (error == GROUP_OK) {
        struct group_member *member = group_find_member(group, member_id);
        group_watch_member(group, member, now_ms, member->session_timeout_ms);
    }
    return error;
}

enum group_error group_may_commit_in_transaction(struct group *group,
                                                 struct bytes member_id,
                                                 struct bytes instance_id,
                                                 int32_t generation,
                                                 int64_t now_ms)
{
    if (group->state == GROUP_DEAD) {
        return GROUP_ERROR_NOT_AVAILABLE;
    }
    if (is_nobody(member_id, instance_id, generation) ||
        (generation < 0 && group->state == GROUP_EMPTY)) {
        return GROUP_OK;
    }
    enum group_error error = check_committer(group, member_id, instance_id, generation);
    if (error == GROUP_OK) {
        struct group_member *member = group_find_member(group, member_id);
        group_watch_member(group, member, now_ms, member->session_timeout_ms);
    }
    return error;
}

/* --- Dead connections --- */

static struct group_member *find_parked(struct group *group, const void *token)
{
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        if (member->join_token == token || member->sync_token == token) {
            return member;
        }
    }
    return NULL;
}

bool group_abandon(struct group *group, void *token, int64_t now_ms, struct group_effects *out)
{
    struct group_member *member = find_parked(group, token);
    if (!member) {
        return false;
    }
    if (member->sync_token == token) {
        /* It may come again for its assignment, within its session. */
        member->sync_token = NULL;
        group_watch_member(group, member, now_ms, member->session_timeout_ms);
        return true;
    }
    member->join_token = NULL;
    group->awaiting_join_count--;
    member->store_id = 0;
    if (member->id_is_untold && bytes_is_null(member->instance_id)) {
        /* Nobody knows this id, so nobody can come back under it. */
        group_effects_note(out,
                           "group %.*s: new member %.*s lost its connection before it was admitted",
                           BYTES_ARG(group->id), BYTES_ARG(member->id));
        group_remove_member(group, member, out);
        group_after_removal(group, "a joining member lost its connection", now_ms, out);
        return true;
    }
    member->is_new = false;
    group_watch_member(group, member, now_ms, member->session_timeout_ms);
    return true;
}
