/*
 * Rebalances of a classic group: who is waited for, which protocol wins, who leads, what everybody is answered.
 *
 * The order of a rebalance: group_rebalance() calls for all members; they learn it from their heartbeat and send
 * JoinGroup, which parks; when all are there, or the time is up, complete_join() makes a generation and answers them;
 * the leader's SyncGroup brings the assignment (group_requests.c), which is stored before anybody gets it.
 */
#include <assert.h>

#include "base/limits.h"
#include "coordination/group_state.h"

/* A group whose static members all stay away is looked at again, but not in a busy loop. */
enum { POSTPONE_MIN_MS = 1000 };

/* --- Parking and answering --- */

void group_park_join(struct group *group, struct group_member *member, void *token)
{
    assert(token != NULL);
    assert(member->join_token == NULL);
    member->join_token = token;
    group->awaiting_join_count++;
}

/* The parked token, which is parked no longer. */
static void *take_join(struct group *group, struct group_member *member)
{
    void *token = member->join_token;
    if (token) {
        member->join_token = NULL;
        group->awaiting_join_count--;
    }
    return token;
}

void group_refuse_join(void *token,
                       enum group_error error,
                       struct bytes member_id,
                       struct group_effects *out)
{
    struct group_effect *effect = group_effects_add(out, GROUP_EFFECT_REPLY_JOIN);
    effect->join = (struct group_join_reply){
        .token = token,
        .error = error,
        .generation = -1,
        .protocol = bytes_of(""),
        .leader = bytes_of(""),
        .member_id = arena_copy(&out->arena, member_id),
    };
}

void group_fail_join(struct group *group,
                     struct group_member *member,
                     enum group_error error,
                     struct bytes member_id,
                     struct group_effects *out)
{
    void *token = take_join(group, member);
    if (token) {
        group_refuse_join(token, error, member_id, out);
    }
}

static void list_members(const struct group *group,
                         struct arena *arena,
                         struct group_join_reply *reply)
{
    reply->members = ARENA_NEW(arena, struct group_member_view, group->member_count);
    list_foreach(node, &group->members) {
        const struct group_member *member = container_of(node, struct group_member, link);
        reply->members[reply->member_count++] = (struct group_member_view){
            .id = arena_copy(arena, member->id),
            .instance_id = arena_copy(arena, member->instance_id),
            .metadata = arena_copy(arena, group_member_metadata(member, group->protocol)),
        };
    }
}

void group_answer_join(struct group *group,
                       struct group_member *member,
                       bool with_members,
                       struct group_effects *out)
{
    void *token = take_join(group, member);
    if (!token) {
        return;
    }
    struct group_effect *effect = group_effects_add(out, GROUP_EFFECT_REPLY_JOIN);
    effect->join = (struct group_join_reply){
        .token = token,
        .generation = group->generation,
        .protocol_type = arena_copy(&out->arena, group->protocol_type),
        .protocol = arena_copy(&out->arena, group->protocol),
        .leader = arena_copy(&out->arena, group->leader->id),
        .member_id = arena_copy(&out->arena, member->id),
    };
    if (with_members) {
        list_members(group, &out->arena, &effect->join);
    }
    member->id_is_untold = false;
}

void group_answer_sync(const struct group *group,
                       struct group_member *member,
                       enum group_error error,
                       struct group_effects *out)
{
    void *token = member->sync_token;
    if (!token) {
        return;
    }
    member->sync_token = NULL;
    struct group_effect *effect = group_effects_add(out, GROUP_EFFECT_REPLY_SYNC);
    effect->sync =
        (struct group_sync_reply){ .token = token, .error = error, .assignment = bytes_of("") };
    if (error == GROUP_OK) {
        effect->sync.protocol_type = arena_copy(&out->arena, group->protocol_type);
        effect->sync.protocol = arena_copy(&out->arena, group->protocol);
        if (!bytes_is_null(member->assignment)) {
            effect->sync.assignment = arena_copy(&out->arena, member->assignment);
        }
    }
}

uint64_t group_store(struct group *group, bool with_next, struct group_effects *out)
{
    struct group_effect *effect = group_effects_add(out, GROUP_EFFECT_STORE);
    struct group_snapshot *snapshot = &effect->store.snapshot;
    struct arena *arena = &out->arena;
    effect->store.id = ++group->store_id_last;
    group_describe(group, arena, snapshot);
    snapshot->protocol = arena_copy(arena, group->protocol); /* whatever the state */
    size_t i = 0;
    list_foreach(node, &group->members) {
        const struct group_member *member = container_of(node, struct group_member, link);
        struct group_member_view *view = &snapshot->members[i++];
        view->metadata = arena_copy(arena, group_member_metadata(member, group->protocol));
        if (with_next) {
            view->assignment = arena_copy(arena, member->assignment_next);
        }
    }
    return effect->store.id;
}

void group_note_sync(struct group *group, struct group_member *member)
{
    member->sync_is_due = false;
    if (group->sync_deadline_ms == GROUP_NEVER) {
        return;
    }
    list_foreach(node, &group->members) {
        if (container_of(node, struct group_member, link)->sync_is_due) {
            return;
        }
    }
    group->sync_deadline_ms = GROUP_NEVER;
}

void group_void_assignments(struct group *group,
                            enum group_error error,
                            int64_t now_ms,
                            struct group_effects *out)
{
    group->assignment_store_id = 0;
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        group_member_set(&member->assignment, bytes_of(""));
        group_member_set(&member->assignment_next, (struct bytes){ 0 });
        if (member->sync_token) {
            group_answer_sync(group, member, error, out);
            group_watch_member(group, member, now_ms, member->session_timeout_ms);
        }
    }
}

/* --- The protocol --- */

static bool all_support(const struct group *group, struct bytes protocol)
{
    list_foreach(node, &group->members) {
        const struct group_member *member = container_of(node, struct group_member, link);
        if (bytes_is_null(group_member_metadata(member, protocol))) {
            return false;
        }
    }
    return true;
}

/* The candidate that this member wants most, as an index into `first`'s protocols. */
static size_t vote(const struct group_member *member,
                   const struct group_member *first,
                   const bool *is_candidate)
{
    for (size_t i = 0; i < member->protocol_count; i++) {
        for (size_t c = 0; c < first->protocol_count; c++) {
            if (is_candidate[c] &&
                bytes_equal(member->protocols[i].name, first->protocols[c].name)) {
                return c;
            }
        }
    }
    return first->protocol_count;
}

/* Candidates are what all support; each member votes for the one it lists first; the most votes win, and among equals
 * the one that the longest-standing member lists first. */
struct bytes group_choose_protocol(const struct group *group)
{
    bool is_candidate[LIMIT_GROUP_PROTOCOLS] = { false };
    size_t votes[LIMIT_GROUP_PROTOCOLS + 1] = { 0 };
    if (list_empty(&group->members)) {
        return (struct bytes){ 0 };
    }
    const struct group_member *first = container_of(group->members.next, struct group_member, link);
    assert(first->protocol_count <= LIMIT_GROUP_PROTOCOLS);
    for (size_t c = 0; c < first->protocol_count; c++) {
        is_candidate[c] = all_support(group, first->protocols[c].name);
    }
    list_foreach(node, &group->members) {
        const struct group_member *member = container_of(node, struct group_member, link);
        votes[vote(member, first, is_candidate)]++;
    }
    size_t best = first->protocol_count;
    for (size_t c = 0; c < first->protocol_count; c++) {
        if (is_candidate[c] && (best == first->protocol_count || votes[c] > votes[best])) {
            best = c;
        }
    }
    return best == first->protocol_count ? (struct bytes){ 0 } : first->protocols[best].name;
}

/* --- The rebalance --- */

/* The slowest member sets the pace. */
static int32_t rebalance_timeout_ms(const struct group *group)
{
    int32_t longest = 0;
    list_foreach(node, &group->members) {
        const struct group_member *member = container_of(node, struct group_member, link);
        if (member->rebalance_timeout_ms > longest) {
            longest = member->rebalance_timeout_ms;
        }
    }
    return longest;
}

static void set_join_deadline(struct group *group, int64_t deadline_ms)
{
    group->join_deadline_ms = deadline_ms;
    group_wake_by(group, deadline_ms);
}

/* A leader that has joined: the old one if it did, else the first that did. False when nobody has. */
static bool elect_joined_leader(struct group *group)
{
    if (group->leader && group->leader->join_token) {
        return true;
    }
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        if (member->join_token) {
            group->leader = member;
            return true;
        }
    }
    return false;
}

/* Static members may come back within their session, so they keep their place. */
static void remove_absent_members(struct group *group, struct group_effects *out)
{
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        if (!member->join_token && bytes_is_null(member->instance_id)) {
            group_effects_note(out,
                               "group %.*s: member %.*s did not join again in time, removing it",
                               BYTES_ARG(group->id), BYTES_ARG(member->id));
            group_remove_member(group, member, out);
        }
    }
}

static void become_empty(struct group *group, struct group_effects *out)
{
    group_member_set(&group->protocol, (struct bytes){ 0 });
    group->state = GROUP_EMPTY;
    group_effects_note(out, "group %.*s with generation %d is now empty", BYTES_ARG(group->id),
                       group->generation);
    group_store(group, false, out);
}

static void answer_all_joins(struct group *group, int64_t now_ms, struct group_effects *out)
{
    list_foreach(node, &group->members) {
        struct group_member *member = container_of(node, struct group_member, link);
        group_answer_join(group, member, member == group->leader, out);
        group_watch_member(group, member, now_ms, member->session_timeout_ms);
        member->is_new = false;
        member->store_id = 0;
        member->sync_is_due = true;
    }
}

static void complete_join(struct group *group, int64_t now_ms, struct group_effects *out)
{
    group->join_deadline_ms = GROUP_NEVER;
    remove_absent_members(group, out);
    if (!elect_joined_leader(group) && group->member_count > 0) {
        int32_t wait_ms = rebalance_timeout_ms(group);
        group_effects_note(out,
                           "group %.*s could not complete its rebalance: no member joined again",
                           BYTES_ARG(group->id));
        set_join_deadline(group, now_ms + (wait_ms > POSTPONE_MIN_MS ? wait_ms : POSTPONE_MIN_MS));
        return;
    }
    group->generation = group->generation == INT32_MAX ? 1 : group->generation + 1;
    if (group->member_count == 0) {
        become_empty(group, out);
        return;
    }
    group_member_set(&group->protocol, group_choose_protocol(group));
    group->state = GROUP_COMPLETING_REBALANCE;
    group_effects_note(out, "group %.*s: generation %d has %zu members, protocol %.*s, leader %.*s",
                       BYTES_ARG(group->id), group->generation, group->member_count,
                       BYTES_ARG(group->protocol), BYTES_ARG(group->leader->id));
    answer_all_joins(group, now_ms, out);
    group->sync_deadline_ms = now_ms + rebalance_timeout_ms(group);
    group_wake_by(group, group->sync_deadline_ms);
}

static bool all_have_joined(const struct group *group)
{
    return group->awaiting_join_count == group->member_count && group->pending_count == 0;
}

void group_maybe_complete_join(struct group *group, int64_t now_ms, struct group_effects *out)
{
    if (group->state == GROUP_PREPARING_REBALANCE && !group->is_initial && all_have_joined(group)) {
        complete_join(group, now_ms, out);
    }
}

/* The first rebalance of an empty group waits a little, so that members started together share one generation; each
 * newcomer prolongs the wait, up to the rebalance timeout. */
static void begin_initial_delay(struct group *group, int64_t now_ms, struct group_effects *out)
{
    int32_t delay_ms = group->config->initial_rebalance_delay_ms;
    int32_t left_ms = rebalance_timeout_ms(group) - delay_ms;
    group->is_initial = true;
    group->was_joined_in_delay = false;
    group->initial_delay_ms = delay_ms;
    group->initial_delay_left_ms = left_ms > 0 ? left_ms : 0;
    if (delay_ms <= 0) {
        complete_join(group, now_ms, out);
    } else {
        set_join_deadline(group, now_ms + delay_ms);
    }
}

void group_join_time_is_up(struct group *group, int64_t now_ms, struct group_effects *out)
{
    if (group->is_initial && group->was_joined_in_delay && group->initial_delay_left_ms > 0) {
        int32_t next_ms = group->config->initial_rebalance_delay_ms;
        int32_t left_ms = group->initial_delay_left_ms;
        next_ms = next_ms < left_ms ? next_ms : left_ms;
        group->was_joined_in_delay = false;
        group->initial_delay_left_ms =
            left_ms > group->initial_delay_ms ? left_ms - group->initial_delay_ms : 0;
        group->initial_delay_ms = next_ms;
        set_join_deadline(group, now_ms + next_ms);
        return;
    }
    complete_join(group, now_ms, out);
}

void group_rebalance(struct group *group,
                     const char *reason,
                     int64_t now_ms,
                     struct group_effects *out)
{
    assert(group->state != GROUP_DEAD);
    if (group->state == GROUP_PREPARING_REBALANCE) {
        group_maybe_complete_join(group, now_ms, out);
        return;
    }
    bool was_empty = group->state == GROUP_EMPTY;
    if (group->state == GROUP_COMPLETING_REBALANCE) {
        group_void_assignments(group, GROUP_ERROR_REBALANCING, now_ms, out);
    }
    group->sync_deadline_ms = GROUP_NEVER;
    group->state = GROUP_PREPARING_REBALANCE;
    group->is_initial = false;
    group_effects_note(out, "group %.*s: preparing to rebalance, old generation %d (reason: %s)",
                       BYTES_ARG(group->id), group->generation, reason);
    if (was_empty) {
        begin_initial_delay(group, now_ms, out);
    } else if (all_have_joined(group)) {
        complete_join(group, now_ms, out);
    } else {
        set_join_deadline(group, now_ms + rebalance_timeout_ms(group));
    }
}
