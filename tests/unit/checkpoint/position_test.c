/*
 * checkpoint/position: where a query goes on, over every set of files in offsets/ and commits/ that four batches can leave, against the
 * rules in words; and the cases by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpoint/position.h"

#include <cmocka.h>

enum { BATCHES = 5 };

static int32_t numbers_of(uint32_t set, int64_t *out)
{
    int32_t count = 0;
    for (int64_t i = BATCHES - 1; i >= 0; i--) { /* the order does not matter */
        if (set >> i & 1) {
            out[count++] = i;
        }
    }
    return count;
}

static struct position_decision decide(uint32_t offsets, uint32_t commits)
{
    int64_t o[BATCHES];
    int64_t c[BATCHES];
    int32_t offset_count = numbers_of(offsets, o);
    int32_t commit_count = numbers_of(commits, c);
    return position_decide(o, offset_count, c, commit_count);
}

static int64_t top(uint32_t set)
{
    int64_t at = BATCHES - 1;
    while (at >= 0 && !(set >> at & 1)) {
        at--;
    }
    return at;
}

static void every_shape_is_decided_by_the_rules(void **state)
{
    (void)state;
    for (uint32_t offsets = 0; offsets < 1U << BATCHES; offsets++) {
        for (uint32_t commits = 0; commits < 1U << BATCHES; commits++) {
            struct position_decision d = decide(offsets, commits);
            int64_t last = top(offsets);
            int64_t done = top(commits);
            if (done > last) {
                assert_int_equal(d.trouble, POSITION_COMMIT_AHEAD);
                assert_int_equal(d.batch, done);
            } else if (last >= 1 && !(offsets >> (last - 1) & 1)) {
                assert_int_equal(d.trouble, POSITION_OFFSETS_MISSING);
                assert_int_equal(d.batch, last - 1);
            } else {
                assert_int_equal(d.trouble, POSITION_GOOD);
                assert_int_equal(d.position.last_offsets, last);
                assert_int_equal(d.position.last_commit, done);
                assert_int_equal(d.position.again, last != done);
                assert_int_equal(d.position.next_batch, done == last ? last + 1 : last);
                assert_int_equal(d.position.commit_missing, last - done > 1);
            }
        }
    }
}

static void a_new_query_begins_with_batch_0(void **state)
{
    (void)state;
    struct position_decision d = position_decide(NULL, 0, NULL, 0);
    assert_int_equal(d.trouble, POSITION_GOOD);
    assert_int_equal(d.position.next_batch, 0);
    assert_false(d.position.again);
    assert_int_equal(d.position.last_offsets, -1);
}

static void a_long_history_of_which_the_beginning_is_gone_goes_on(void **state)
{
    (void)state;
    const int64_t offsets[] = { 19, 20, 21, 22, 23, 24 };
    const int64_t commits[] = { 19, 20, 21, 22, 23, 24 };
    assert_int_equal(position_decide(offsets, 6, commits, 6).position.next_batch, 25);
    struct position_decision d = position_decide(offsets, 6, commits, 5);
    assert_int_equal(d.position.next_batch, 24);
    assert_true(d.position.again);
    assert_false(d.position.commit_missing);
    d = position_decide(offsets, 6, commits, 4);
    assert_int_equal(d.position.next_batch, 24);
    assert_true(d.position.commit_missing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_is_decided_by_the_rules),
        cmocka_unit_test(a_new_query_begins_with_batch_0),
        cmocka_unit_test(a_long_history_of_which_the_beginning_is_gone_goes_on),
    };
    return cmocka_run_group_tests_name("checkpoint/position", tests, NULL, NULL);
}
