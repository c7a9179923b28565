/*
 * The classic consumer group as a pure state machine: an event and the time go in, effects come out.
 *
 *                     first member joins
 *          Empty -------------------------> PreparingRebalance <-----------------+
 *            ^                                |   ^    members must join again    |
 *            |  everybody left                |   |                               |
 *            +--------------------------------+   | member gone or new, error     |
 *                                             |   |                               |
 *       all joined or time up: generation + 1 |   |                               |
 *                                             v   |   leader's SyncGroup stored   |
 *                                    CompletingRebalance ---------------------> Stable
 *
 *          any state -- group_kill() --> Dead
 *
 * No socket, file, thread or clock: the driver gives every event the time (monotonic milliseconds) and carries the
 * effects out in order (effects.h). A request that has to wait is known by its token, any pointer but NULL; every
 * token comes back in exactly one reply, unless the driver takes it away with group_abandon().
 *
 * Behaviour: GroupMetadataManager.java and ClassicGroup.java of Kafka 4.3, KIP-345 (static members), KIP-394 (member
 * id first), KIP-814 (a static leader may skip the assignment). Two deliberate differences: a parked JoinGroup whose
 * connection dies no longer counts as joined (Kafka cannot see the death and hands the generation to a ghost), and a
 * SyncGroup of a removed member is answered instead of forgotten.
 *
 * LESSON: consumer-group
 *
 * Thread: one at a time (the worker that owns the group). Ownership: events are borrowed for the call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/list.h"
#include "base/map.h"
#include "coordination/effects.h"
#include "coordination/member.h"

#define GROUP_NEVER INT64_MAX /* a deadline that never comes */

enum group_state {
    GROUP_EMPTY,                /* no members; may hold offsets */
    GROUP_PREPARING_REBALANCE,  /* waits for the members to join */
    GROUP_COMPLETING_REBALANCE, /* waits for the leader's assignment */
    GROUP_STABLE,
    GROUP_DEAD /* deleted; answers nothing but errors */
};

/* Kafka's name of the state, as DescribeGroups and ListGroups show it. */
const char *group_state_name(enum group_state state);

struct group_config {
    int32_t initial_rebalance_delay_ms; /* group.initial.rebalance.delay.ms */
    int32_t session_timeout_min_ms;     /* group.min.session.timeout.ms */
    int32_t session_timeout_max_ms;     /* group.max.session.timeout.ms */
    int32_t new_member_timeout_ms; /* Kafka: classicGroupNewMemberJoinTimeoutMs, five minutes */
    int32_t size_max;              /* group.max.size */
};

/* Kafka's defaults, with the initial delay of its shipped single-node configuration: none. */
struct group_config group_config_default(void);

struct group {
    struct bytes id; /* owned */
    const struct group_config *config;
    enum group_state state;
    int32_t generation;
    struct bytes protocol_type; /* owned; null until the first member */
    struct bytes protocol;      /* owned; null unless a generation has members */

    struct list_node members; /* of struct group_member.link */
    size_t member_count;
    struct map members_by_id;
    struct map members_by_instance; /* static members */
    struct group_member *leader;
    size_t awaiting_join_count; /* members with a parked JoinGroup */

    /* Ids handed out with MEMBER_ID_REQUIRED that have not come back yet. */
    struct list_node pending;
    size_t pending_count;

    bool is_initial;               /* PreparingRebalance came from Empty */
    bool was_joined_in_delay;      /* somebody joined since the initial delay was last prolonged */
    int32_t initial_delay_ms;      /* the one that runs */
    int32_t initial_delay_left_ms; /* by how much it may still be prolonged */

    uint64_t store_id_last;
    uint64_t assignment_store_id; /* the leader's assignment is being stored; 0: not */

    int64_t join_deadline_ms; /* PreparingRebalance: complete with those who are there */
    int64_t sync_deadline_ms; /* members that have not synced by then are removed */
    int64_t wake_ms;          /* no deadline lies before this */
};

/* --- Lifecycle --- */

/* An empty group. `config` is borrowed for its lifetime. */
struct group *group_create(struct bytes id, const struct group_config *config);

/* Nothing may be parked: group_kill() first. Takes NULL. */
void group_destroy(struct group *group);

/* Puts a stored group into an empty one: Stable with its members (each gets a full session timeout), or Empty. */
void group_restore(struct group *group, const struct group_snapshot *snapshot, int64_t now_ms);

/* Answers everything that is parked with `error` and turns the group Dead. */
void group_kill(struct group *group, enum group_error error, struct group_effects *out);

/* --- Events --- */

struct group_join {
    void *token;
    struct bytes member_id;   /* empty: none yet */
    struct bytes instance_id; /* null: a dynamic member */
    struct bytes client_id;
    struct bytes client_host;
    struct bytes new_member_id; /* made by the driver, used when member_id is empty */
    struct bytes protocol_type;
    const struct group_protocol *protocols;
    size_t protocol_count;
    int32_t session_timeout_ms;
    int32_t rebalance_timeout_ms; /* negative: the session timeout (JoinGroup version 0) */
    bool must_know_id;        /* JoinGroup version 4 or later: a dynamic member gets its id first */
    bool can_skip_assignment; /* JoinGroup version 9 or later */
};

void group_join(struct group *group,
                const struct group_join *join,
                int64_t now_ms,
                struct group_effects *out);

struct group_assignment {
    struct bytes member_id;
    struct bytes assignment;
};

struct group_sync {
    void *token;
    struct bytes member_id;
    struct bytes instance_id;
    int32_t generation;
    struct bytes protocol_type;                 /* null: not said (before version 5) */
    struct bytes protocol;                      /* null: not said */
    const struct group_assignment *assignments; /* from the leader only */
    size_t assignment_count;
};

void group_sync(struct group *group,
                const struct group_sync *sync,
                int64_t now_ms,
                struct group_effects *out);

/* Answered at once: GROUP_OK, or why not. Keeps the member's session alive. */
enum group_error group_heartbeat(struct group *group,
                                 struct bytes member_id,
                                 struct bytes instance_id,
                                 int32_t generation,
                                 int64_t now_ms);

struct group_leaver {
    struct bytes member_id;   /* empty: an administrator removes by instance_id */
    struct bytes instance_id; /* null: none */
    struct bytes reason;      /* the client's words, for the log; null: none */
    enum group_error error;   /* set by group_leave() */
};

void group_leave(struct group *group,
                 struct group_leaver *leavers,
                 size_t leaver_count,
                 int64_t now_ms,
                 struct group_effects *out);

/* May this member (or, with no id and generation -1, a client outside the group) commit offsets now? Yes keeps the
 * member's session alive. Source: ClassicGroup.validateOffsetCommit. */
enum group_error group_may_commit(struct group *group,
                                  struct bytes member_id,
                                  struct bytes instance_id,
                                  int32_t generation,
                                  int64_t now_ms);

/* The same for offsets within a transaction. Older producers name neither member nor generation: those may always. */
enum group_error group_may_commit_in_transaction(struct group *group,
                                                 struct bytes member_id,
                                                 struct bytes instance_id,
                                                 int32_t generation,
                                                 int64_t now_ms);

/* A GROUP_EFFECT_STORE is done: GROUP_OK, or the error that the waiting requests get. Unknown ids are ignored (the
 * group has moved on). */
void group_stored(struct group *group,
                  uint64_t store_id,
                  enum group_error error,
                  int64_t now_ms,
                  struct group_effects *out);

/* The connection of a parked request died: no reply will be made for this token. False when it is not parked here. */
bool group_abandon(struct group *group, void *token, int64_t now_ms, struct group_effects *out);

/* Does what is due. Afterwards group_wake_ms() says when to call again. */
void group_tick(struct group *group, int64_t now_ms, struct group_effects *out);

/* When group_tick() has to run next, at the latest; GROUP_NEVER: not before another event. A heartbeat only moves
 * deadlines back, so a driver that leaves its timer alone may wake early, once, and is told the later time then. */
int64_t group_wake_ms(const struct group *group);

/* --- Questions --- */

struct group_member *group_find_member(const struct group *group, struct bytes member_id);

/* Copies the group into `arena`. Metadata is given only when the group is Stable (as in DescribeGroups). */
void group_describe(const struct group *group, struct arena *arena, struct group_snapshot *out);
