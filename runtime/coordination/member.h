/*
 * One member of a classic group: who it is, what it supports, what it was assigned, and which of its requests wait.
 *
 * Pure data without policy; coordination/group.c decides. Sources: ClassicGroupMember.java, KIP-345 (static members).
 *
 * Thread: the group's. Ownership: a member owns copies of all its bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/list.h"

/* One way of assigning partitions that a member offers, with what its assignor wants to be told (opaque here). */
struct group_protocol {
    struct bytes name;
    struct bytes metadata;
};

struct group_member {
    struct list_node link; /* group.members, in the order they came */
    struct bytes id;
    struct bytes instance_id; /* null: a dynamic member */
    struct bytes client_id;
    struct bytes client_host;
    int32_t session_timeout_ms;
    int32_t rebalance_timeout_ms;
    struct group_protocol *protocols; /* the most wanted first */
    size_t protocol_count;

    struct bytes assignment;      /* of the generation that last became stable */
    struct bytes assignment_next; /* from the leader, while it is being stored */

    void *join_token;            /* a parked JoinGroup, or NULL */
    void *sync_token;            /* a parked SyncGroup, or NULL */
    int64_t session_deadline_ms; /* GROUP_NEVER: not watched, because a request of it is parked */
    bool is_new;       /* in its first rebalance: may time out even with a JoinGroup parked */
    bool id_is_untold; /* the id was made here and no answer has carried it yet */
    bool sync_is_due;  /* has its JoinGroup answer and has not sent SyncGroup since */

    /* While a returning static member waits for the stored group; 0 otherwise: */
    uint64_t store_id;
    struct bytes id_before;   /* the id it had before it returned */
    bool can_skip_assignment; /* JoinGroup version 9 or later */
};

/* Copies everything; the member is not linked anywhere yet. */
struct group_member *group_member_create(struct bytes id, struct bytes instance_id);
/* Takes NULL. Must be out of every list and have nothing parked. */
void group_member_destroy(struct group_member *member);

/* Replaces one owned field by a copy of `value`; null stays null. */
void group_member_set(struct bytes *field, struct bytes value);
void group_member_set_protocols(struct group_member *member,
                                const struct group_protocol *protocols,
                                size_t protocol_count);

/* The metadata for the protocol of that name; null when the member does not support it. */
struct bytes group_member_metadata(const struct group_member *member, struct bytes protocol);

/* The same protocols with the same metadata in the same order? */
bool group_member_matches(const struct group_member *member,
                          const struct group_protocol *protocols,
                          size_t protocol_count);
