/*
 * What a group wants done: the output of the pure state machine in coordination/group.h.
 *
 * An event goes in, a list of effects comes out, and the driver (broker/coordinator.c, or a test with a fake clock)
 * carries them out in order. Everything an effect says is a copy in the list's own arena, so it stays true whatever
 * happens to the group meanwhile.
 *
 * Thread: one at a time. Ownership: all bytes belong to the list; tokens belong to whoever sent the request.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"

/* What a group can answer. The numbers are Kafka's (org.apache.kafka.common.protocol.Errors), so a handler sends
 * them as they are. */
enum group_error {
    GROUP_OK = 0,
    GROUP_ERROR_NOT_AVAILABLE = 15, /* COORDINATOR_NOT_AVAILABLE */
    GROUP_ERROR_ILLEGAL_GENERATION = 22,
    GROUP_ERROR_INCONSISTENT_PROTOCOL = 23, /* INCONSISTENT_GROUP_PROTOCOL */
    GROUP_ERROR_UNKNOWN_MEMBER = 25,        /* UNKNOWN_MEMBER_ID */
    GROUP_ERROR_SESSION_TIMEOUT = 26,       /* INVALID_SESSION_TIMEOUT */
    GROUP_ERROR_REBALANCING = 27,           /* REBALANCE_IN_PROGRESS */
    GROUP_ERROR_MEMBER_ID_REQUIRED = 79,
    GROUP_ERROR_FULL = 81,  /* GROUP_MAX_SIZE_REACHED */
    GROUP_ERROR_FENCED = 82 /* FENCED_INSTANCE_ID */
};

/* One member as others see it: in the list for the leader, in a stored group, in a description. */
struct group_member_view {
    struct bytes id;
    struct bytes instance_id; /* null: a dynamic member */
    struct bytes client_id;
    struct bytes client_host;
    int32_t session_timeout_ms;
    int32_t rebalance_timeout_ms;
    struct bytes metadata;   /* the client's, for the chosen protocol; opaque */
    struct bytes assignment; /* the leader's; opaque */
};

/* A group as it is stored, and restored after a restart (Kafka: GroupMetadataValue). */
struct group_snapshot {
    struct bytes protocol_type; /* empty: never had a member */
    int32_t generation;
    struct bytes protocol; /* null: no members */
    struct bytes leader;   /* null: no members */
    struct group_member_view *members;
    size_t member_count;
};

struct group_join_reply {
    void *token;
    enum group_error error;
    int32_t generation;         /* -1 with an error */
    struct bytes protocol_type; /* null with an error */
    struct bytes protocol;      /* empty with an error */
    struct bytes leader;        /* empty with an error */
    struct bytes member_id;
    bool
        skip_assignment; /* KIP-814: a returning static leader need not compute the assignment again */
    struct group_member_view *members; /* for the leader only */
    size_t member_count;
};

struct group_sync_reply {
    void *token;
    enum group_error error;
    struct bytes protocol_type; /* null with an error */
    struct bytes protocol;      /* null with an error */
    struct bytes assignment;    /* empty with an error */
};

struct group_store {
    uint64_t id; /* for group_stored() */
    struct group_snapshot snapshot;
};

enum group_effect_kind {
    GROUP_EFFECT_REPLY_JOIN, /* answer the JoinGroup that came with the token */
    GROUP_EFFECT_REPLY_SYNC, /* answer the SyncGroup that came with the token */
    GROUP_EFFECT_STORE,      /* write the group durably, then call group_stored() */
    GROUP_EFFECT_NOTE,       /* one line for the log: what the group does and why */
};

struct group_effect {
    struct group_effect *next;
    enum group_effect_kind kind;
    union {
        struct group_join_reply join;
        struct group_sync_reply sync;
        struct group_store store;
        struct bytes note;
    };
};

/* Effects in the order they are to be carried out. More may be added behind while the driver walks the list. */
struct group_effects {
    struct arena arena;
    struct group_effect *first;
    struct group_effect *last;
};

void group_effects_init(struct group_effects *effects);
void group_effects_finish(struct group_effects *effects);
/* Empties the list and keeps its memory for the next event. */
void group_effects_reset(struct group_effects *effects);

/* A zeroed effect at the end of the list. */
struct group_effect *group_effects_add(struct group_effects *effects, enum group_effect_kind kind);
void group_effects_note(struct group_effects *effects, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
