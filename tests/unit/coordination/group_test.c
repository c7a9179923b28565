/*
 * coordination/group: one scenario a test, with a fake clock. The answers are those of a real Kafka 4.3.1.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "group_driver.h"

#include <cmocka.h>

static struct driver *driver_of(void **state)
{
    return *state;
}

static int set_up(void **state)
{
    static struct driver d;
    driver_init(&d);
    *state = &d;
    return 0;
}

static int tear_down(void **state)
{
    driver_finish(*state);
    return 0;
}

/* A dynamic member takes both steps of KIP-394; `out` is left parked or answered. */
static void join_dynamic(struct driver *d, struct ticket *out)
{
    struct ticket first;
    driver_join(d, driver_join_request(&first, ""));
    assert_int_equal(first.answers, 1);
    assert_int_equal(first.error, GROUP_ERROR_MEMBER_ID_REQUIRED);
    driver_join(d, driver_join_request(out, first.member_id));
    snprintf(out->member_id, sizeof(out->member_id), "%s", first.member_id);
}

static void join_static(struct driver *d, struct ticket *out, const char *instance, bool version9)
{
    struct group_join join = driver_join_request(out, "");
    join.instance_id = bytes_of(instance);
    join.can_skip_assignment = version9;
    driver_join(d, join);
}

static void join_again(struct driver *d, struct ticket *ticket)
{
    char id[DRIVER_ID_MAX];
    snprintf(id, sizeof(id), "%s", ticket->member_id);
    driver_join(d, driver_join_request(ticket, id));
    snprintf(ticket->member_id, sizeof(ticket->member_id), "%s", id);
}

/* Members [0, count) in one stable generation; the first one leads. */
static void make_stable(struct driver *d, struct ticket *joined, size_t count)
{
    struct ticket sync;
    for (size_t i = 0; i < count; i++) {
        join_dynamic(d, &joined[i]);
        for (size_t j = 0; j < i; j++) {
            join_again(d, &joined[j]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(joined[i].answers, 1);
        assert_int_equal(joined[i].error, GROUP_OK);
        assert_string_equal(joined[i].leader, joined[0].member_id);
    }
    driver_sync(d, &sync, joined[0].member_id, NULL, &joined[0]);
    for (size_t i = 1; i < count; i++) {
        driver_sync(d, &sync, joined[i].member_id, NULL, &joined[i]);
        assert_int_equal(sync.error, GROUP_OK);
    }
    assert_int_equal(d->group->state, GROUP_STABLE);
}

static void first_member_gets_an_id_then_leads(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined;
    join_dynamic(d, &joined);
    assert_int_equal(joined.answers, 1);
    assert_int_equal(joined.error, GROUP_OK);
    assert_int_equal(joined.generation, 1);
    assert_string_equal(joined.leader, joined.member_id);
    assert_string_equal(joined.protocol, "range");
    assert_int_equal(joined.member_count, 1);
    assert_int_equal(d->group->state, GROUP_COMPLETING_REBALANCE);
}

static void old_clients_join_in_one_step(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined;
    struct group_join join = driver_join_request(&joined, "");
    join.must_know_id = false;
    driver_join(d, join);
    assert_int_equal(joined.error, GROUP_OK);
    assert_int_equal(joined.generation, 1);
}

static enum group_error join_error(struct driver *d, struct group_join join)
{
    struct ticket *ticket = join.token;
    *ticket = (struct ticket){ 0 };
    driver_join(d, join);
    assert_int_equal(ticket->answers, 1);
    assert_int_equal(ticket->generation, ticket->error == GROUP_OK ? d->group->generation : -1);
    return ticket->error;
}

static void refuses_what_does_not_fit(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined;
    struct ticket t;
    struct group_join join = driver_join_request(&t, "");
    join.session_timeout_ms = 5999;
    assert_int_equal(join_error(d, join), GROUP_ERROR_SESSION_TIMEOUT);
    join.session_timeout_ms = 1800001;
    assert_int_equal(join_error(d, join), GROUP_ERROR_SESSION_TIMEOUT);
    join = driver_join_request(&t, "");
    join.protocol_count = 0;
    assert_int_equal(join_error(d, join), GROUP_ERROR_INCONSISTENT_PROTOCOL);
    join = driver_join_request(&t, "");
    join.protocol_type = bytes_of("");
    assert_int_equal(join_error(d, join), GROUP_ERROR_INCONSISTENT_PROTOCOL);
    assert_int_equal(join_error(d, driver_join_request(&t, "ghost")), GROUP_ERROR_UNKNOWN_MEMBER);
    assert_string_equal(t.member_id, "ghost");

    make_stable(d, &joined, 1);
    struct group_protocol other = { bytes_of("other"), bytes_of("m") };
    join = driver_join_request(&t, "");
    join.protocols = &other;
    join.protocol_count = 1;
    assert_int_equal(join_error(d, join), GROUP_ERROR_INCONSISTENT_PROTOCOL);
    join = driver_join_request(&t, "");
    join.protocol_type = bytes_of("connect");
    assert_int_equal(join_error(d, join), GROUP_ERROR_INCONSISTENT_PROTOCOL);
    assert_int_equal(d->group->state, GROUP_STABLE);
}

static void heartbeats_and_commits_follow_the_state(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined;
    struct ticket sync;
    join_dynamic(d, &joined);
    struct bytes id = bytes_of(joined.member_id);
    struct bytes none = { 0 };
    struct bytes empty = bytes_of("");
    assert_int_equal(driver_heartbeat(d, &joined), GROUP_OK); /* before SyncGroup */
    assert_int_equal(group_may_commit(d->group, id, none, 1, d->now_ms), GROUP_ERROR_REBALANCING);

    driver_sync(d, &sync, joined.member_id, NULL, &joined);
    assert_int_equal(group_may_commit(d->group, id, none, 1, d->now_ms), GROUP_OK);
    assert_int_equal(group_may_commit(d->group, id, none, 9, d->now_ms),
                     GROUP_ERROR_ILLEGAL_GENERATION);
    assert_int_equal(group_may_commit(d->group, id, none, -1, d->now_ms),
                     GROUP_ERROR_ILLEGAL_GENERATION);
    assert_int_equal(group_may_commit(d->group, empty, none, -1, d->now_ms),
                     GROUP_ERROR_UNKNOWN_MEMBER);
    assert_int_equal(group_may_commit(d->group, bytes_of("ghost"), none, 1, d->now_ms),
                     GROUP_ERROR_UNKNOWN_MEMBER);
    assert_int_equal(group_heartbeat(d->group, id, none, 2, d->now_ms),
                     GROUP_ERROR_ILLEGAL_GENERATION);
    assert_int_equal(group_heartbeat(d->group, bytes_of("ghost"), none, 1, d->now_ms),
                     GROUP_ERROR_UNKNOWN_MEMBER);
    assert_int_equal(group_heartbeat(d->group, id, bytes_of("nobody"), 1, d->now_ms),
                     GROUP_ERROR_UNKNOWN_MEMBER);

    struct ticket second;
    join_dynamic(d, &second);
    assert_int_equal(d->group->state, GROUP_PREPARING_REBALANCE);
    assert_int_equal(driver_heartbeat(d, &joined), GROUP_ERROR_REBALANCING);
    assert_int_equal(group_may_commit(d->group, id, none, 1, d->now_ms), GROUP_OK);
    driver_sync(d, &sync, joined.member_id, NULL, &joined);
    assert_int_equal(sync.error, GROUP_ERROR_REBALANCING);
}

static void outsiders_commit_to_empty_groups_only(void **state)
{
    struct driver *d = driver_of(state);
    assert_int_equal(group_may_commit(d->group, bytes_of(""), (struct bytes){ 0 }, -1, d->now_ms),
                     GROUP_OK);
    assert_int_equal(group_may_commit(d->group, bytes_of("x"), (struct bytes){ 0 }, 3, d->now_ms),
                     GROUP_ERROR_UNKNOWN_MEMBER);
}

static void assignment_reaches_all_after_it_is_stored(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    struct ticket sync[2];
    char expected[2 * DRIVER_ID_MAX];
    join_dynamic(d, &joined[0]);
    join_dynamic(d, &joined[1]);
    assert_int_equal(joined[1].answers, 0);
    join_again(d, &joined[0]);
    assert_int_equal(joined[0].generation, 2);
    assert_int_equal(joined[0].member_count, 2);
    assert_int_equal(joined[1].member_count, 0);

    driver_sync(d, &sync[1], joined[1].member_id, NULL, &joined[1]);
    assert_int_equal(sync[1].answers, 0);
    d->hold_stores = true;
    driver_sync(d, &sync[0], joined[0].member_id, NULL, &joined[0]);
    assert_int_equal(sync[0].answers, 0);
    assert_int_equal(d->group->state, GROUP_COMPLETING_REBALANCE);
    assert_int_equal(d->stored_generation, 2);
    driver_finish_store(d, GROUP_OK);
    assert_int_equal(d->group->state, GROUP_STABLE);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sync[i].answers, 1);
        snprintf(expected, sizeof(expected), "2/%s", joined[i].member_id);
        assert_string_equal(sync[i].assignment, expected);
    }
    driver_sync(d, &sync[1], joined[1].member_id, NULL, &joined[1]); /* asked again */
    assert_string_equal(sync[1].assignment, expected);
}

static void failed_store_starts_over(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined;
    struct ticket sync;
    join_dynamic(d, &joined);
    d->hold_stores = true;
    driver_sync(d, &sync, joined.member_id, NULL, &joined);
    driver_finish_store(d, GROUP_ERROR_NOT_AVAILABLE);
    assert_int_equal(sync.answers, 1);
    assert_int_equal(sync.error, GROUP_ERROR_NOT_AVAILABLE);
    assert_int_equal(d->group->state, GROUP_PREPARING_REBALANCE);
    join_again(d, &joined);
    assert_int_equal(joined.generation, 2);
}

/* The leader freezes between JoinGroup and SyncGroup: its session ends, the others rebalance without it. */
static void silent_leader_is_replaced(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[3];
    struct ticket sync[3];
    join_dynamic(d, &joined[0]);
    join_dynamic(d, &joined[1]);
    join_dynamic(d, &joined[2]);
    join_again(d, &joined[0]);
    assert_int_equal(joined[0].member_count, 3);
    driver_sync(d, &sync[1], joined[1].member_id, NULL, &joined[1]);
    driver_sync(d, &sync[2], joined[2].member_id, NULL, &joined[2]);
    driver_sleep(d, 9999);
    assert_int_equal(sync[1].answers, 0);
    driver_sleep(d, 1);
    assert_int_equal(sync[1].error, GROUP_ERROR_REBALANCING);
    assert_int_equal(sync[2].error, GROUP_ERROR_REBALANCING);
    join_again(d, &joined[1]);
    join_again(d, &joined[2]);
    assert_int_equal(joined[1].generation, 3);
    assert_string_equal(joined[2].leader, joined[1].member_id);
    assert_int_equal(joined[1].member_count, 2);

    assert_int_equal(driver_heartbeat(d, &joined[0]), GROUP_ERROR_UNKNOWN_MEMBER);
    driver_sync(d, &sync[0], joined[0].member_id, NULL, &joined[0]);
    assert_int_equal(sync[0].error, GROUP_ERROR_UNKNOWN_MEMBER);
}

static void silent_member_expires_and_the_rest_rebalance(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    make_stable(d, joined, 2);
    driver_sleep(d, 6000);
    assert_int_equal(driver_heartbeat(d, &joined[0]), GROUP_OK);
    driver_sleep(d, 4000);
    assert_int_equal(driver_heartbeat(d, &joined[0]), GROUP_ERROR_REBALANCING);
    assert_int_equal(driver_heartbeat(d, &joined[1]), GROUP_ERROR_UNKNOWN_MEMBER);
    join_again(d, &joined[0]);
    assert_int_equal(joined[0].generation, 3);
    assert_int_equal(joined[0].member_count, 1);
}

static void rebalance_timeout_removes_who_did_not_join(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    struct ticket third;
    make_stable(d, joined, 2);
    join_dynamic(d, &third);
    join_again(d, &joined[1]);
    for (int second = 0; second < 59; second++) { /* alive, but it does not join */
        driver_sleep(d, 1000);
        assert_int_equal(driver_heartbeat(d, &joined[0]), GROUP_ERROR_REBALANCING);
    }
    assert_int_equal(third.answers, 0);
    driver_sleep(d, 1000);
    assert_int_equal(third.answers, 1);
    assert_string_equal(third.leader, joined[1].member_id);
    assert_int_equal(joined[1].member_count, 2);
    assert_int_equal(driver_heartbeat(d, &joined[0]), GROUP_ERROR_UNKNOWN_MEMBER);
}

static void member_that_heartbeats_but_never_syncs_is_removed(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    struct ticket sync;
    join_dynamic(d, &joined[0]);
    join_dynamic(d, &joined[1]);
    join_again(d, &joined[0]);
    driver_sync(d, &sync, joined[0].member_id, NULL, &joined[0]);
    assert_int_equal(d->group->state, GROUP_STABLE);
    for (int second = 0; second < 60; second++) {
        assert_int_equal(driver_heartbeat(d, &joined[0]), GROUP_OK);
        assert_int_equal(driver_heartbeat(d, &joined[1]), GROUP_OK);
        driver_sleep(d, 1000);
    }
    assert_int_equal(driver_heartbeat(d, &joined[0]), GROUP_ERROR_REBALANCING);
    assert_int_equal(driver_heartbeat(d, &joined[1]), GROUP_ERROR_UNKNOWN_MEMBER);
}

static void unchanged_rejoin_needs_no_rebalance(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    make_stable(d, joined, 2);
    join_again(d, &joined[1]);
    assert_int_equal(joined[1].answers, 1);
    assert_int_equal(joined[1].generation, 2);
    assert_int_equal(d->group->state, GROUP_STABLE);
    join_again(d, &joined[0]); /* the leader wants a new assignment */
    assert_int_equal(joined[0].answers, 0);
    assert_int_equal(d->group->state, GROUP_PREPARING_REBALANCE);
}

static void changed_subscription_rebalances(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    struct ticket again;
    make_stable(d, joined, 2);
    struct group_protocol changed = { bytes_of("range"), bytes_of("other topics") };
    struct group_join join = driver_join_request(&again, joined[1].member_id);
    join.protocols = &changed;
    join.protocol_count = 1;
    driver_join(d, join);
    assert_int_equal(again.answers, 0);
    assert_int_equal(driver_heartbeat(d, &joined[0]), GROUP_ERROR_REBALANCING);
}

static void most_votes_among_common_protocols_win(void **state)
{
    struct driver *d = driver_of(state);
    struct group_protocol sets[3][3] = {
        { { bytes_of("a"), bytes_of("") },
          { bytes_of("b"), bytes_of("") },
          { bytes_of("c"), bytes_of("") } },
        { { bytes_of("c"), bytes_of("") },
          { bytes_of("b"), bytes_of("") },
          { bytes_of("x"), bytes_of("") } },
        { { bytes_of("y"), bytes_of("") },
          { bytes_of("c"), bytes_of("") },
          { bytes_of("b"), bytes_of("") } },
    };
    struct ticket tickets[3];
    d->config.initial_rebalance_delay_ms = 100;
    for (size_t i = 0; i < 3; i++) {
        struct group_join join = driver_join_request(&tickets[i], "");
        join.must_know_id = false;
        join.protocols = sets[i];
        join.protocol_count = 3;
        driver_join(d, join);
    }
    driver_sleep(d, 1000);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(tickets[i].answers, 1);
        assert_string_equal(tickets[i].protocol, "c"); /* a is not common; b gets one vote, c two */
    }
}

static void initial_delay_is_prolonged_by_newcomers(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket tickets[2];
    d->config.initial_rebalance_delay_ms = 3000;
    join_dynamic(d, &tickets[0]);
    driver_sleep(d, 2000);
    join_dynamic(d, &tickets[1]);
    driver_sleep(d, 3999);
    assert_int_equal(tickets[0].answers, 0);
    driver_sleep(d, 1);
    assert_int_equal(tickets[0].answers, 1);
    assert_int_equal(tickets[0].generation, 1);
    assert_int_equal(tickets[0].member_count, 2);
}

static void leaving_hands_over_at_once(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    make_stable(d, joined, 2);
    assert_int_equal(driver_leave(d, "ghost", NULL), GROUP_ERROR_UNKNOWN_MEMBER);
    assert_int_equal(driver_leave(d, "", "nobody"), GROUP_ERROR_UNKNOWN_MEMBER);
    assert_int_equal(d->group->state, GROUP_STABLE);
    assert_int_equal(driver_leave(d, joined[0].member_id, NULL), GROUP_OK);
    assert_int_equal(driver_leave(d, joined[0].member_id, NULL), GROUP_ERROR_UNKNOWN_MEMBER);
    join_again(d, &joined[1]);
    assert_int_equal(joined[1].generation, 3);
    assert_string_equal(joined[1].leader, joined[1].member_id);

    size_t stores_before = d->store_count;
    assert_int_equal(driver_leave(d, joined[1].member_id, NULL), GROUP_OK);
    assert_int_equal(d->group->state, GROUP_EMPTY);
    assert_int_equal(d->group->generation, 4);
    assert_int_equal(d->store_count, stores_before + 1);
    assert_int_equal(d->stored_member_count, 0);
    assert_int_equal(group_wake_ms(d->group) > d->now_ms, true);
}

static void static_member_comes_back_without_a_rebalance(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket leader;
    struct ticket sync;
    struct ticket again;
    char first_id[DRIVER_ID_MAX];
    join_static(d, &leader, "inst", false);
    assert_int_equal(leader.error, GROUP_OK);
    snprintf(first_id, sizeof(first_id), "%s", leader.member_id);
    driver_sync(d, &sync, leader.member_id, "inst", &leader);
    assert_string_equal(sync.assignment, "1/id-1");

    d->hold_stores = true;
    join_static(d, &again, "inst", false);
    assert_int_equal(again.answers, 0); /* not before the new id is stored */
    driver_finish_store(d, GROUP_OK);
    assert_int_equal(again.answers, 1);
    assert_int_equal(again.generation, 1);
    assert_string_not_equal(again.member_id, first_id);
    assert_string_equal(again.leader, first_id); /* it must not take itself for the leader */
    assert_int_equal(again.member_count, 0);
    assert_int_equal(d->group->state, GROUP_STABLE);
    driver_sync(d, &sync, again.member_id, "inst", &again);
    assert_string_equal(sync.assignment, "1/id-1");

    join_static(d, &again, "inst", true); /* version 9 */
    driver_finish_store(d, GROUP_OK);
    assert_true(again.skip_assignment);
    assert_string_equal(again.leader, again.member_id);
    assert_int_equal(again.member_count, 1);
}

static void old_id_of_a_static_member_is_fenced(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket first;
    struct ticket second;
    struct ticket t;
    join_static(d, &first, "inst", false);
    join_static(d, &second, "inst", false); /* in CompletingRebalance: the generation starts over */
    assert_int_equal(second.generation, 2);
    assert_string_equal(second.leader, second.member_id);
    struct group_join join = driver_join_request(&t, first.member_id);
    join.instance_id = bytes_of("inst");
    assert_int_equal(join_error(d, join), GROUP_ERROR_FENCED);
    assert_int_equal(group_heartbeat(d->group, bytes_of(first.member_id), bytes_of("inst"), 2, 0),
                     GROUP_ERROR_FENCED);
    assert_int_equal(group_may_commit(d->group, bytes_of(first.member_id), bytes_of("inst"), 2, 0),
                     GROUP_ERROR_FENCED);
    assert_int_equal(driver_leave(d, first.member_id, "inst"), GROUP_ERROR_FENCED);
    assert_int_equal(driver_leave(d, "", "inst"), GROUP_OK); /* an administrator */
    assert_int_equal(d->group->state, GROUP_EMPTY);
}

static void parked_request_of_a_fenced_id_is_answered(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket leader;
    struct ticket first;
    struct ticket second;
    struct ticket sync;
    make_stable(d, &leader, 1);
    join_static(d, &first, "inst", false); /* parked: the leader has not joined again */
    join_static(d, &second, "inst", false);
    assert_int_equal(first.answers, 1);
    assert_int_equal(first.error, GROUP_ERROR_FENCED);
    join_again(d, &leader);
    assert_int_equal(second.answers, 1);
    driver_sync(d, &sync, second.member_id, "inst", &second);
    assert_int_equal(sync.answers, 0);
    join_static(d, &first, "inst", false);
    assert_int_equal(sync.answers, 1);
    assert_int_equal(sync.error, GROUP_ERROR_FENCED);
}

static void full_group_turns_newcomers_away(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    struct ticket t;
    d->config.size_max = 2;
    make_stable(d, joined, 2);
    assert_int_equal(join_error(d, driver_join_request(&t, "")), GROUP_ERROR_FULL);
    assert_int_equal(d->group->state, GROUP_STABLE);
    join_again(d, &joined[1]);
    assert_int_equal(joined[1].error, GROUP_OK);
}

static void unused_member_id_blocks_until_it_expires(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined;
    struct ticket t;
    struct ticket late;
    make_stable(d, &joined, 1);
    driver_join(d, driver_join_request(&t, ""));
    join_again(d, &joined); /* the leader: a rebalance that also waits for the one who has an id */
    assert_int_equal(joined.answers, 0);
    driver_sleep(d, 9999);
    assert_int_equal(joined.answers, 0);
    driver_sleep(d, 1);
    assert_int_equal(joined.answers, 1);
    assert_int_equal(join_error(d, driver_join_request(&late, t.member_id)),
                     GROUP_ERROR_UNKNOWN_MEMBER);
}

static void dead_connection_does_not_count_as_joined(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    struct ticket t;
    make_stable(d, joined, 2);
    struct group_join join = driver_join_request(&t, "");
    join.must_know_id = false; /* an old client never learns this id if the answer gets lost */
    driver_join(d, join);
    join_again(d, &joined[0]);
    assert_true(driver_abandon(d, &t));
    assert_false(driver_abandon(d, &t));
    join_again(d, &joined[1]);
    assert_int_equal(joined[0].answers, 1);
    assert_int_equal(joined[0].member_count, 2);

    join_again(d, &joined[0]);
    assert_int_equal(d->group->state, GROUP_COMPLETING_REBALANCE);
}

static void known_member_may_come_back_after_its_connection_died(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    make_stable(d, joined, 2);
    join_again(d, &joined[0]);
    assert_true(driver_abandon(d, &joined[0]));
    join_again(d, &joined[1]);
    assert_int_equal(joined[1].answers, 0);
    join_again(d, &joined[0]);
    assert_int_equal(joined[0].answers, 1);
    assert_int_equal(joined[1].answers, 1);
    assert_int_equal(joined[0].member_count, 2);
}

static void abandoned_member_expires_by_its_session(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    make_stable(d, joined, 2);
    join_again(d, &joined[0]);
    driver_abandon(d, &joined[0]);
    join_again(d, &joined[1]);
    driver_sleep(d, 10000);
    assert_int_equal(joined[1].answers, 1);
    assert_int_equal(joined[1].member_count, 1);
}

static void restored_group_goes_on(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined[2];
    struct ticket sync;
    struct driver other;
    struct group_snapshot snapshot;
    char expected[2 * DRIVER_ID_MAX];
    make_stable(d, joined, 2);
    driver_init(&other);
    group_describe(d->group, &d->effects.arena, &snapshot);
    group_restore(other.group, &snapshot, other.now_ms);
    assert_int_equal(other.group->state, GROUP_STABLE);
    assert_int_equal(driver_heartbeat(&other, &joined[1]), GROUP_OK);
    driver_sync(&other, &sync, joined[1].member_id, NULL, &joined[1]);
    snprintf(expected, sizeof(expected), "2/%s", joined[1].member_id);
    assert_string_equal(sync.assignment, expected);
    driver_sleep(&other, 9999);
    assert_int_equal(driver_heartbeat(&other, &joined[1]), GROUP_OK);
    driver_sleep(&other, 1);
    assert_int_equal(driver_heartbeat(&other, &joined[0]), GROUP_ERROR_UNKNOWN_MEMBER);
    assert_int_equal(driver_heartbeat(&other, &joined[1]), GROUP_ERROR_REBALANCING);
    driver_finish(&other);
}

static void killed_group_answers_everything(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined;
    struct ticket parked;
    struct ticket t;
    make_stable(d, &joined, 1);
    join_dynamic(d, &parked);
    group_kill(d->group, GROUP_ERROR_NOT_AVAILABLE, &d->effects);
    driver_run(d);
    assert_int_equal(parked.answers, 1);
    assert_int_equal(parked.error, GROUP_ERROR_NOT_AVAILABLE);
    assert_int_equal(join_error(d, driver_join_request(&t, "")), GROUP_ERROR_NOT_AVAILABLE);
    assert_int_equal(driver_heartbeat(d, &joined), GROUP_ERROR_NOT_AVAILABLE);
    assert_true(group_wake_ms(d->group) == GROUP_NEVER);
}

/* A thousand heartbeats must not cost a thousand timer operations. */
static void heartbeats_leave_the_timer_alone(void **state)
{
    struct driver *d = driver_of(state);
    struct ticket joined;
    make_stable(d, &joined, 1);
    int64_t wake_ms = group_wake_ms(d->group);
    int wakes = 0;
    for (int i = 0; i < 1000; i++) {
        d->now_ms += 1000;
        if (group_wake_ms(d->group) <= d->now_ms) {
            group_tick(d->group, d->now_ms, &d->effects);
            driver_run(d);
            wakes++;
            assert_true(group_wake_ms(d->group) > d->now_ms);
            assert_true(group_wake_ms(d->group) > wake_ms);
        }
        assert_int_equal(driver_heartbeat(d, &joined), GROUP_OK);
    }
    assert_in_range(wakes, 1, 150);
}

#define SCENARIO(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENARIO(first_member_gets_an_id_then_leads),
        SCENARIO(old_clients_join_in_one_step),
        SCENARIO(refuses_what_does_not_fit),
        SCENARIO(heartbeats_and_commits_follow_the_state),
        SCENARIO(outsiders_commit_to_empty_groups_only),
        SCENARIO(assignment_reaches_all_after_it_is_stored),
        SCENARIO(failed_store_starts_over),
        SCENARIO(silent_leader_is_replaced),
        SCENARIO(silent_member_expires_and_the_rest_rebalance),
        SCENARIO(rebalance_timeout_removes_who_did_not_join),
        SCENARIO(member_that_heartbeats_but_never_syncs_is_removed),
        SCENARIO(unchanged_rejoin_needs_no_rebalance),
        SCENARIO(changed_subscription_rebalances),
        SCENARIO(most_votes_among_common_protocols_win),
        SCENARIO(initial_delay_is_prolonged_by_newcomers),
        SCENARIO(leaving_hands_over_at_once),
        SCENARIO(static_member_comes_back_without_a_rebalance),
        SCENARIO(old_id_of_a_static_member_is_fenced),
        SCENARIO(parked_request_of_a_fenced_id_is_answered),
        SCENARIO(full_group_turns_newcomers_away),
        SCENARIO(unused_member_id_blocks_until_it_expires),
        SCENARIO(dead_connection_does_not_count_as_joined),
        SCENARIO(known_member_may_come_back_after_its_connection_died),
        SCENARIO(abandoned_member_expires_by_its_session),
        SCENARIO(restored_group_goes_on),
        SCENARIO(killed_group_answers_everything),
        SCENARIO(heartbeats_leave_the_timer_alone),
    };
    return cmocka_run_group_tests_name("coordination.group", tests, NULL, NULL);
}
