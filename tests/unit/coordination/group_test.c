/*
 * coordination/group, rebalances: one scenario a test, with a fake clock. The answers are those of a real Kafka 4.3.1.
 */
#include "group_scenario.h"

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
    };
    return cmocka_run_group_tests_name("coordination.group", tests, NULL, NULL);
}
