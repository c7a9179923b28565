/*
 * A driver for coordination/group.h without a broker: a fake clock, tokens that remember their answer, a store that
 * succeeds at once or waits for the test.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "coordination/group.h"

enum { DRIVER_ID_MAX = 32, DRIVER_TEXT_MAX = 32, DRIVER_MEMBERS_MAX = 128 };

/* A request under way; its address is the token. */
struct ticket {
    int answers; /* more than one is a fault */
    bool is_abandoned;
    bool is_sync;
    enum group_error error;
    int32_t generation;
    char member_id[DRIVER_ID_MAX];
    char leader[DRIVER_ID_MAX];
    char protocol[DRIVER_TEXT_MAX];
    char assignment[DRIVER_ID_MAX * 2];
    bool skip_assignment;
    size_t member_count;
    char members[DRIVER_MEMBERS_MAX][DRIVER_ID_MAX];
};

struct driver {
    struct group_config config;
    struct group *group;
    struct group_effects effects;
    int64_t now_ms;
    bool hold_stores; /* the test calls driver_finish_store() */
    uint64_t held_store;
    size_t store_count;
    size_t stored_member_count; /* of the last snapshot */
    int32_t stored_generation;
    unsigned id_last;
};

static inline void driver_copy(char *out, size_t size, struct bytes b)
{
    if (!bytes_to_text(b, out, size)) {
        fprintf(stderr, "driver: text too long for the test: %zu bytes\n", b.len);
        abort();
    }
}

static inline void driver_take_join(const struct group_join_reply *reply)
{
    struct ticket *ticket = reply->token;
    ticket->answers++;
    ticket->error = reply->error;
    ticket->generation = reply->generation;
    ticket->skip_assignment = reply->skip_assignment;
    ticket->member_count = reply->member_count;
    driver_copy(ticket->member_id, sizeof(ticket->member_id), reply->member_id);
    driver_copy(ticket->leader, sizeof(ticket->leader), reply->leader);
    driver_copy(ticket->protocol, sizeof(ticket->protocol), reply->protocol);
    if (reply->member_count > DRIVER_MEMBERS_MAX) {
        fprintf(stderr, "driver: %zu members are too many for the test\n", reply->member_count);
        abort();
    }
    for (size_t i = 0; i < reply->member_count; i++) {
        driver_copy(ticket->members[i], sizeof(ticket->members[i]), reply->members[i].id);
    }
}

static inline void driver_take_store(struct driver *d, const struct group_store *store)
{
    d->store_count++;
    d->stored_member_count = store->snapshot.member_count;
    d->stored_generation = store->snapshot.generation;
    if (d->hold_stores) {
        if (d->held_store != 0) { /* stores end in the order they began */
            group_stored(d->group, d->held_store, GROUP_OK, d->now_ms, &d->effects);
        }
        d->held_store = store->id;
    } else {
        group_stored(d->group, store->id, GROUP_OK, d->now_ms, &d->effects);
    }
}

/* Carries out what the last event brought. */
static inline void driver_run(struct driver *d)
{
    for (struct group_effect *e = d->effects.first; e; e = e->next) {
        switch (e->kind) {
        case GROUP_EFFECT_REPLY_JOIN: driver_take_join(&e->join); break;
        case GROUP_EFFECT_REPLY_SYNC: {
            struct ticket *ticket = e->sync.token;
            ticket->answers++;
            ticket->error = e->sync.error;
            driver_copy(ticket->assignment, sizeof(ticket->assignment), e->sync.assignment);
            break;
        }
        case GROUP_EFFECT_STORE: driver_take_store(d, &e->store); break;
        case GROUP_EFFECT_NOTE: break;
        }
    }
    group_effects_reset(&d->effects);
}

static inline void driver_init(struct driver *d)
{
    *d = (struct driver){ .config = group_config_default(), .now_ms = 1000000 };
    d->group = group_create(bytes_of("g"), &d->config);
    group_effects_init(&d->effects);
}

static inline void driver_finish(struct driver *d)
{
    if (d->group->state != GROUP_DEAD) {
        group_kill(d->group, GROUP_ERROR_NOT_AVAILABLE, &d->effects);
        group_effects_reset(
            &d->effects); /* the tickets of parked requests may be gone with the test's stack */
    }
    group_destroy(d->group);
    group_effects_finish(&d->effects);
}

static inline void driver_finish_store(struct driver *d, enum group_error error)
{
    uint64_t store_id = d->held_store;
    d->held_store = 0;
    if (store_id != 0) {
        group_stored(d->group, store_id, error, d->now_ms, &d->effects);
        driver_run(d);
    }
}

/* The clock jumps, and the group is woken once, as a timer would. */
static inline void driver_advance(struct driver *d, int64_t ms)
{
    d->now_ms += ms;
    if (group_wake_ms(d->group) <= d->now_ms) {
        group_tick(d->group, d->now_ms, &d->effects);
        driver_run(d);
    }
}

/* Time passes and the timer fires whenever the group asked for it. */
static inline void driver_sleep(struct driver *d, int64_t ms)
{
    int64_t end_ms = d->now_ms + ms;
    while (group_wake_ms(d->group) <= end_ms) {
        int64_t wake_ms = group_wake_ms(d->group);
        d->now_ms = wake_ms > d->now_ms ? wake_ms : d->now_ms;
        group_tick(d->group, d->now_ms, &d->effects);
        driver_run(d);
        if (group_wake_ms(d->group) <= d->now_ms) {
            fprintf(stderr, "driver: the group wants to be woken at once, for ever\n");
            abort();
        }
    }
    d->now_ms = end_ms;
}

/* The usual request: two protocols, ten seconds, version 5. The test changes what it is about. */
static inline struct group_join driver_join_request(struct ticket *ticket, const char *member_id)
{
    static const struct group_protocol protocols[] = {
        { { (const uint8_t *)"range", 5 }, { (const uint8_t *)"m", 1 } },
        { { (const uint8_t *)"roundrobin", 10 }, { (const uint8_t *)"m", 1 } },
    };
    *ticket = (struct ticket){ 0 };
    return (struct group_join){
        .token = ticket,
        .member_id = bytes_of(member_id),
        .client_id = bytes_of("test"),
        .client_host = bytes_of("/127.0.0.1"),
        .protocol_type = bytes_of("consumer"),
        .protocols = protocols,
        .protocol_count = 2,
        .session_timeout_ms = 10000,
        .rebalance_timeout_ms = 60000,
        .must_know_id = true,
    };
}

static inline void driver_join(struct driver *d, struct group_join join)
{
    char id[DRIVER_ID_MAX];
    snprintf(id, sizeof(id), "id-%u", ++d->id_last);
    join.new_member_id = bytes_of(id);
    group_join(d->group, &join, d->now_ms, &d->effects);
    driver_run(d);
}

/* The leader assigns "<generation>/<member id>" to each of `members`. */
static inline void driver_sync(struct driver *d,
                               struct ticket *ticket,
                               const char *member_id,
                               const char *instance_id,
                               const struct ticket *joined)
{
    struct group_assignment assignments[DRIVER_MEMBERS_MAX];
    char texts[DRIVER_MEMBERS_MAX][DRIVER_ID_MAX * 2];
    size_t count = joined->member_count;
    for (size_t i = 0; i < count; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%d/%s", joined->generation, joined->members[i]);
        assignments[i] =
            (struct group_assignment){ bytes_of(joined->members[i]), bytes_of(texts[i]) };
    }
    *ticket = (struct ticket){ .is_sync = true };
    struct group_sync sync = {
        .token = ticket,
        .member_id = bytes_of(member_id),
        .instance_id = bytes_of(instance_id),
        .generation = joined->generation,
        .assignments = assignments,
        .assignment_count = count,
    };
    group_sync(d->group, &sync, d->now_ms, &d->effects);
    driver_run(d);
}

static inline enum group_error driver_heartbeat(struct driver *d, const struct ticket *joined)
{
    return group_heartbeat(d->group, bytes_of(joined->member_id), bytes_of(NULL),
                           joined->generation, d->now_ms);
}

static inline enum group_error driver_leave(struct driver *d,
                                            const char *member_id,
                                            const char *instance_id)
{
    struct group_leaver leaver = { .member_id = bytes_of(member_id),
                                   .instance_id = bytes_of(instance_id) };
    group_leave(d->group, &leaver, 1, d->now_ms, &d->effects);
    driver_run(d);
    return leaver.error;
}

static inline bool driver_abandon(struct driver *d, struct ticket *ticket)
{
    ticket->is_abandoned = true;
    bool was_parked = group_abandon(d->group, ticket, d->now_ms, &d->effects);
    driver_run(d);
    return was_parked;
}
