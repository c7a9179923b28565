/*
 * storage/recent_batches against a list of all batches: what it finds is the first batch that reaches the offset, and of
 * the newest RECENT_BATCHES it finds every one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "storage/recent_batches.h"

#include <cmocka.h>

enum { BATCHES = 500 };

static void finds_the_first_batch_that_reaches_the_offset(void **state)
{
    (void)state;
    struct recent_batches recent = { 0 };
    struct batch_place all[BATCHES];
    struct batch_place found;
    unsigned seed = 3;
    int64_t offset = 1000;
    int64_t position = 0;
    assert_false(recent_find(&recent, 0, &found));
    for (int n = 0; n < BATCHES; n++) {
        offset +=
            rand_r(&seed) % 8 == 0 ? rand_r(&seed) % 5 : 0; /* a hole, as replication may leave */
        struct batch_header h = { .base_offset = offset,
                                  .last_offset_delta = rand_r(&seed) % 4,
                                  .length = 60 + rand_r(&seed) % 1000 };
        recent_add(&recent, &h, position);
        all[n] = (struct batch_place){ position, h };
        offset = batch_next_offset(&h);
        position += batch_size(&h);
        int oldest = n + 1 > RECENT_BATCHES ? n + 1 - RECENT_BATCHES : 0;
        int first = 0;
        for (int64_t wanted = 990; wanted < offset + 3; wanted++) {
            while (first <= n && batch_last_offset(&all[first].header) < wanted) {
                first++;
            }
            bool known = recent_find(&recent, wanted, &found);
            bool is_recent = first <= n && wanted >= all[oldest].header.base_offset;
            assert_int_equal(known, is_recent);
            if (known) {
                assert_int_equal(found.position, all[first].position);
                assert_int_equal(found.header.base_offset, all[first].header.base_offset);
                assert_int_equal(batch_size(&found.header), batch_size(&all[first].header));
                assert_int_equal(batch_last_offset(&found.header),
                                 batch_last_offset(&all[first].header));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_first_batch_that_reaches_the_offset),
    };
    return cmocka_run_group_tests_name("storage.recent_batches", tests, NULL, NULL);
}
