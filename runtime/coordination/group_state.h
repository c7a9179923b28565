/*
 * Inside the group: what group.c (members, time) and rebalance.c (states, answers) offer to each other and to
 * group_join.c and group_requests.c (events).
 *
 * Not for drivers: see group.h. Thread: the group's.
 */
#pragma once

#include "coordination/group.h"

/* An id that was handed out and has not come back (KIP-394). */
struct group_pending {
    struct list_node link; /* group.pending */
    struct bytes id;       /* owned */
    int64_t deadline_ms;
};

/* --- Members --- */

/* Links a member that group_member_create() made; the first one leads. */
void group_add_member(struct group *group, struct group_member *member);

/* Answers what it has parked with UNKNOWN_MEMBER_ID, unlinks and destroys it; leadership moves to the first of the
 * rest. The caller decides what that means for the group (group_after_removal). */
void group_remove_member(struct group *group,
                         struct group_member *member,
                         struct group_effects *out);
void group_after_removal(struct group *group,
                         const char *reason,
                         int64_t now_ms,
                         struct group_effects *out);

/* GROUP_OK, UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID. */
enum group_error group_validate_member(const struct group *group,
                                       struct bytes member_id,
                                       struct bytes instance_id);

struct group_pending *group_find_pending(const struct group *group, struct bytes member_id);
void group_add_pending(struct group *group, struct bytes member_id, int64_t deadline_ms);
void group_remove_pending(struct group *group, struct group_pending *pending);

/* The session starts anew, `timeout_ms` long. */
void group_watch_member(struct group *group,
                        struct group_member *member,
                        int64_t now_ms,
                        int32_t timeout_ms);

/* --- Parking and answering --- */

void group_park_join(struct group *group, struct group_member *member, void *token);
/* The parked JoinGroup, if any, is answered with an error. */
void group_fail_join(struct group *group,
                     struct group_member *member,
                     enum group_error error,
                     struct bytes member_id,
                     struct group_effects *out);
/* ... or with the current generation, the list of members too when it leads. */
void group_answer_join(struct group *group,
                       struct group_member *member,
                       bool with_members,
                       struct group_effects *out);
/* An error for a request that was never parked. */
void group_refuse_join(void *token,
                       enum group_error error,
                       struct bytes member_id,
                       struct group_effects *out);
void group_answer_sync(const struct group *group,
                       struct group_member *member,
                       enum group_error error,
                       struct group_effects *out);

/* --- Rebalances --- */

/* The protocol that all members support and most want; null when there is none. */
struct bytes group_choose_protocol(const struct group *group);

/* Starts one, or completes the running one if that was the last member it waited for. */
void group_rebalance(struct group *group,
                     const char *reason,
                     int64_t now_ms,
                     struct group_effects *out);
/* As a member has joined or gone while PreparingRebalance: completes it when nobody is missing. */
void group_maybe_complete_join(struct group *group, int64_t now_ms, struct group_effects *out);

/* The join deadline has come. */
void group_join_time_is_up(struct group *group, int64_t now_ms, struct group_effects *out);

/* Asks the driver to store the group; `with_next` takes the assignments that are not in force yet. */
uint64_t group_store(struct group *group, bool with_next, struct group_effects *out);

/* Cancels the sync deadline when nobody is late any more. */
void group_note_sync(struct group *group, struct group_member *member);
/* All assignments are void; whoever waits in SyncGroup gets `error`. */
void group_void_assignments(struct group *group,
                            enum group_error error,
                            int64_t now_ms,
                            struct group_effects *out);
/* Every deadline goes through here, so that wake_ms stays a lower bound. */
void group_wake_by(struct group *group, int64_t deadline_ms);
