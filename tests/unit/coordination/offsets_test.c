/*
 * coordination/offsets: what was committed last is what is found, and removing leaves nothing behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "coordination/offsets.h"
#include "coordination/pending_offsets.h"

#include <cmocka.h>

static struct committed_offset at(int64_t offset, const char *metadata)
{
    return (struct committed_offset){ .offset = offset,
                                      .leader_epoch = 7,
                                      .metadata = bytes_of(metadata),
                                      .commit_timestamp_ms = 1000 };
}

static void the_last_commit_counts(void **state)
{
    (void)state;
    struct offset_table table = { 0 };
    char metadata[] = "first";
    struct committed_offset first = at(5, metadata);
    struct committed_offset second = at(-5, "second"); /* Kafka takes any offset */
    assert_null(offset_table_get(&table, bytes_of("t"), 0));
    offset_table_put(&table, bytes_of("t"), 0, &first);
    metadata[0] = 'X'; /* a copy was taken */
    assert_true(bytes_equal_text(offset_table_get(&table, bytes_of("t"), 0)->metadata, "first"));
    offset_table_put(&table, bytes_of("t"), 0, &second);
    assert_int_equal(offset_table_get(&table, bytes_of("t"), 0)->offset, -5);
    assert_int_equal(offset_table_get(&table, bytes_of("t"), 0)->leader_epoch, 7);
    assert_null(offset_table_get(&table, bytes_of("t"), 1));
    assert_null(offset_table_get(&table, bytes_of("u"), 0));
    assert_int_equal(table.count, 1);
    offset_table_finish(&table);
}

static void null_metadata_reads_back_empty(void **state)
{
    (void)state;
    struct offset_table table = { 0 };
    struct committed_offset committed = at(1, NULL);
    offset_table_put(&table, bytes_of("t"), 3, &committed);
    struct bytes metadata = offset_table_get(&table, bytes_of("t"), 3)->metadata;
    assert_false(bytes_is_null(metadata));
    assert_int_equal(metadata.len, 0);
    offset_table_finish(&table);
}

static void removal_leaves_nothing(void **state)
{
    (void)state;
    struct offset_table table = { 0 };
    char topic[16];
    for (int32_t i = 0; i < 100; i++) {
        struct committed_offset committed = at(i, "m");
        snprintf(topic, sizeof(topic), "t%d", i % 7);
        offset_table_put(&table, bytes_of(topic), i, &committed);
    }
    assert_int_equal(table.count, 100);
    assert_int_equal(offset_table_topic_count(&table), 7);
    assert_int_equal(offset_topic_count(offset_table_find_topic(&table, bytes_of("t1"))), 15);
    for (int32_t i = 0; i < 100; i++) {
        snprintf(topic, sizeof(topic), "t%d", i % 7);
        assert_int_equal(offset_table_get(&table, bytes_of(topic), i)->offset, i);
        assert_true(offset_table_remove(&table, bytes_of(topic), i));
        assert_false(offset_table_remove(&table, bytes_of(topic), i));
    }
    assert_int_equal(table.count, 0);
    assert_int_equal(offset_table_topic_count(&table), 0);
    offset_table_finish(&table);
}

static void a_deleted_topic_takes_only_its_own_pending_offsets(void **state)
{
    (void)state;
    struct pending_offsets pending = { 0 };
    struct uuid old_id = { { 1 } };
    struct committed_offset old_one = at(1, "");
    struct committed_offset new_one = at(2, "");
    old_one.topic_id = old_id;
    new_one.topic_id = (struct uuid){ { 2 } };
    pending_offsets_put(&pending, 7, bytes_of("t"), 0, &old_one);
    pending_offsets_put(&pending, 7, bytes_of("t"), 1,
                        &new_one); /* of a topic of that name since */
    pending_offsets_put(&pending, 8, bytes_of("t"), 2, &old_one);
    pending_offsets_remove_topic(&pending, bytes_of("t"), &old_id);
    assert_false(pending_offsets_has(&pending, bytes_of("t"), 0));
    assert_true(pending_offsets_has(&pending, bytes_of("t"), 1));
    assert_int_equal(pending.by_producer.count, 1);
    pending_offsets_finish(&pending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_commit_counts),
        cmocka_unit_test(null_metadata_reads_back_empty),
        cmocka_unit_test(removal_leaves_nothing),
        cmocka_unit_test(a_deleted_topic_takes_only_its_own_pending_offsets),
    };
    return cmocka_run_group_tests_name("coordination.offsets", tests, NULL, NULL);
}
