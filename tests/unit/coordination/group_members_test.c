/*
 * coordination/group, the lives of members: leaving, static members, lost connections, restored and killed groups. One scenario a test, with a
 * fake clock. The answers are those of a real Kafka 4.3.1.
 */
#include "group_scenario.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    return cmocka_run_group_tests_name("coordination.group_members", tests, NULL, NULL);
}
