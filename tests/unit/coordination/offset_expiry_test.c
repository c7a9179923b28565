/*
 * coordination/offset_expiry: which offsets have had their time, by Kafka's rules, on a clock that the test turns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "coordination/offset_expiry.h"

#include <cmocka.h>

enum { MINUTE = 60000, STARTED = 1000000 };

static const struct offset_retention rules = { .retention_ms = 60 * MINUTE,
                                               .interval_ms = 10 * MINUTE,
                                               .started_ms = STARTED };

struct world {
    struct group_config config;
    struct offset_table offsets;
    struct pending_offsets pending;
    struct offset_holder holder;
};

static bool reads_orders(const void *context, struct bytes topic)
{
    (void)context;
    return bytes_equal_text(topic, "orders");
}

/* `members`: of protocol type `type`; a null type: nobody was ever there. */
static void begin(struct world *w, const char *type, size_t members)
{
    struct group_member_view view = { .id = bytes_of("m"),
                                      .client_id = bytes_of(""),
                                      .client_host = bytes_of(""),
                                      .session_timeout_ms = 10000,
                                      .rebalance_timeout_ms = 10000,
                                      .metadata = bytes_of("any"),
                                      .assignment = bytes_of("") };
    struct group_snapshot snapshot = { .protocol_type = bytes_of(type ? type : ""),
                                       .generation = type ? 3 : 0,
                                       .protocol = bytes_of("range"),
                                       .leader = bytes_of("m"),
                                       .members = &view,
                                       .member_count = members };
    *w = (struct world){ .config = group_config_default() };
    struct group *group = group_create(bytes_of("g"), &w->config);
    group_restore(group, &snapshot, 0);
    w->holder = (struct offset_holder){ .group = group,
                                        .offsets = &w->offsets,
                                        .pending = &w->pending,
                                        .empty_since_ms = -1,
                                        .is_read = reads_orders };
}

static void end(struct world *w)
{
    struct group_effects effects;
    group_effects_init(&effects);
    group_kill((struct group *)(uintptr_t)w->holder.group, GROUP_ERROR_NOT_AVAILABLE, &effects);
    group_destroy((struct group *)(uintptr_t)w->holder.group);
    group_effects_finish(&effects);
    offset_table_finish(&w->offsets);
    pending_offsets_finish(&w->pending);
}

static void commit(struct world *w, const char *topic, int32_t partition, int64_t at_ms)
{
    struct committed_offset committed = { .offset = 5, .commit_timestamp_ms = at_ms };
    offset_table_put(&w->offsets, bytes_of(topic), partition, &committed);
}

static int64_t expiry(const struct world *w, const char *name, int32_t partition)
{
    const struct offset_topic *topic = offset_table_find_topic(&w->offsets, bytes_of(name));
    for (size_t i = 0; i < offset_topic_count(topic); i++) {
        if (offset_topic_entry(topic, i)->partition == partition) {
            return offset_expiry_ms(&rules, &w->holder, topic, offset_topic_entry(topic, i));
        }
    }
    fail_msg("no offset of %s-%d", name, partition);
    return 0;
}

static int64_t first(const struct world *w)
{
    return offset_expiry_first_ms(&rules, &w->holder);
}

static void without_members_each_partition_has_its_own_time(void **state)
{
    (void)state;
    struct world w;
    begin(&w, NULL, 0);
    commit(&w, "t", 0, 100);
    commit(&w, "t", 1, 200);
    assert_int_equal(expiry(&w, "t", 0), 100 + rules.retention_ms);
    assert_int_equal(expiry(&w, "t", 1), 200 + rules.retention_ms);
    assert_int_equal(first(&w), 100 + rules.retention_ms);
    commit(&w, "t", 0, 300); /* a new commit, a new time */
    assert_int_equal(first(&w), 200 + rules.retention_ms);
    w.holder.empty_since_ms = 900; /* says nothing here */
    assert_int_equal(first(&w), 200 + rules.retention_ms);
    end(&w);
}

static void an_empty_group_keeps_its_offsets_from_when_it_became_empty(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "consumer", 0);
    commit(&w, "t", 0, 100);
    commit(&w, "orders", 0, 200);
    w.holder.empty_since_ms = 5000;
    assert_int_equal(expiry(&w, "t", 0), 5000 + rules.retention_ms);
    assert_int_equal(expiry(&w, "orders", 0), 5000 + rules.retention_ms);
    w.holder.empty_since_ms = -1; /* a record of an old version does not say: then by commit */
    assert_int_equal(expiry(&w, "t", 0), 100 + rules.retention_ms);
    end(&w);
}

static void members_keep_what_they_read(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "consumer", 1);
    commit(&w, "orders", 0, 100);
    assert_int_equal(first(&w), OFFSET_NEVER);
    commit(&w, "left-behind", 0, 200);
    assert_int_equal(expiry(&w, "orders", 0), OFFSET_NEVER);
    assert_int_equal(first(&w), 200 + rules.retention_ms);
    end(&w);
}

static void groups_of_another_kind_keep_all_while_they_have_members(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "connect", 1);
    commit(&w, "left-behind", 0, 200);
    assert_int_equal(first(&w), OFFSET_NEVER);
    end(&w);
}

/* Somebody comes; `must_know_id`: to be given an id first. */
static void join(struct world *w, bool must_know_id, struct group_effects *effects)
{
    static int token;
    struct group_protocol protocol = { bytes_of("range"), bytes_of("any") };
    struct group_join join = { .token = &token,
                               .member_id = bytes_of(""),
                               .new_member_id = bytes_of("n"),
                               .client_id = bytes_of(""),
                               .client_host = bytes_of(""),
                               .protocol_type = bytes_of("consumer"),
                               .protocols = &protocol,
                               .protocol_count = 1,
                               .session_timeout_ms = 10000,
                               .rebalance_timeout_ms = 10000,
                               .must_know_id = must_know_id };
    group_join((struct group *)(uintptr_t)w->holder.group, &join, 1, effects);
}

static void a_rebalance_keeps_all(void **state)
{
    (void)state;
    struct world w;
    struct group_effects effects;
    begin(&w, "consumer", 1);
    commit(&w, "left-behind", 0, 200);
    group_effects_init(&effects);
    join(&w, false, &effects);
    assert_int_equal(w.holder.group->state, GROUP_PREPARING_REBALANCE);
    assert_int_equal(first(&w), OFFSET_NEVER);
    group_effects_finish(&effects);
    end(&w);
}

static void an_open_transaction_keeps_what_it_changes(void **state)
{
    (void)state;
    struct world w;
    struct committed_offset committed = { .offset = 9, .commit_timestamp_ms = 300 };
    begin(&w, NULL, 0);
    commit(&w, "t", 0, 100);
    commit(&w, "t", 1, 200);
    pending_offsets_put(&w.pending, 7, bytes_of("t"), 0, &committed);
    assert_int_equal(expiry(&w, "t", 0), OFFSET_NEVER);
    assert_int_equal(first(&w), 200 + rules.retention_ms);
    (void)offset_table_remove(&w.offsets, bytes_of("t"), 0);
    (void)offset_table_remove(&w.offsets, bytes_of("t"), 1);
    assert_false(offset_holder_is_spent(&w.holder)); /* and the group with it */
    pending_offsets_end(&w.pending, 7, false, &w.offsets);
    assert_true(offset_holder_is_spent(&w.holder));
    end(&w);
}

static void a_time_that_the_client_set_counts_alone(void **state)
{
    (void)state;
    struct world w;
    struct committed_offset committed = { .offset = 9,
                                          .commit_timestamp_ms = 100,
                                          .expire_ms = 150 };
    begin(&w, "consumer", 0);
    w.holder.empty_since_ms = 5000;
    offset_table_put(&w.offsets, bytes_of("t"), 0, &committed);
    assert_int_equal(first(&w), 150);
    end(&w);
}

static void a_group_of_which_nothing_is_left_goes_at_the_next_check(void **state)
{
    (void)state;
    struct world w;
    begin(&w, "consumer", 0);
    assert_true(offset_holder_is_spent(&w.holder));
    assert_int_equal(first(&w), 0);
    commit(&w, "t", 0, 100);
    assert_false(offset_holder_is_spent(&w.holder));
    end(&w);
    begin(&w, "consumer", 1);
    assert_false(offset_holder_is_spent(&w.holder));
    assert_int_equal(first(&w), OFFSET_NEVER);
    end(&w);
    /* Somebody was given an id and may come with it: a check looks, and waits for the next. */
    begin(&w, "consumer", 0);
    struct group_effects effects;
    group_effects_init(&effects);
    join(&w, true, &effects);
    assert_int_equal(w.holder.group->pending_count, 1);
    assert_false(offset_holder_is_spent(&w.holder));
    assert_int_equal(first(&w), 0);
    group_effects_finish(&effects);
    end(&w);
}

static void checks_come_at_whole_intervals(void **state)
{
    (void)state;
    int64_t step = rules.interval_ms;
    assert_int_equal(offset_check_ms(&rules, 0, STARTED), STARTED + step); /* none at the start */
    assert_int_equal(offset_check_ms(&rules, 0, STARTED - 5), STARTED + step);
    assert_int_equal(offset_check_ms(&rules, STARTED + 1, STARTED), STARTED + step);
    assert_int_equal(offset_check_ms(&rules, STARTED + step, STARTED), STARTED + step);
    assert_int_equal(offset_check_ms(&rules, STARTED + step + 1, STARTED), STARTED + 2 * step);
    /* What was due at this check and could not be done waits for the next one. */
    assert_int_equal(offset_check_ms(&rules, 0, STARTED + step), STARTED + 2 * step);
    assert_int_equal(offset_check_ms(&rules, OFFSET_NEVER, STARTED), OFFSET_NEVER);
    struct offset_retention rare = { .retention_ms = 1, .interval_ms = INT64_MAX, .started_ms = 5 };
    assert_int_equal(offset_check_ms(&rare, 10, 10), OFFSET_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_members_each_partition_has_its_own_time),
        cmocka_unit_test(an_empty_group_keeps_its_offsets_from_when_it_became_empty),
        cmocka_unit_test(members_keep_what_they_read),
        cmocka_unit_test(groups_of_another_kind_keep_all_while_they_have_members),
        cmocka_unit_test(a_rebalance_keeps_all),
        cmocka_unit_test(an_open_transaction_keeps_what_it_changes),
        cmocka_unit_test(a_time_that_the_client_set_counts_alone),
        cmocka_unit_test(a_group_of_which_nothing_is_left_goes_at_the_next_check),
        cmocka_unit_test(checks_come_at_whole_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
