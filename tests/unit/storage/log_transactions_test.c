/*
 * storage: transactions in one partition's log. What was not announced is refused; markers end transactions, move the last
 * stable offset and fill the index of aborted ones; all of it is there again after a crash at any byte of the index.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_fixture.h"
#include "protocol/be.h"
#include "storage/log_retention.h"

#include <cmocka.h>

enum { NOW = 1700000000, ALICE = 7, BOB = 8 };

static struct append_result append(struct log_fixture *f,
                                   struct partition_log *log,
                                   int64_t producer,
                                   int16_t epoch,
                                   int32_t sequence)
{
    struct batch_spec spec = { .first = sequence,
                               .count = 1,
                               .timestamp = NOW,
                               .producer_id = producer,
                               .producer_epoch = epoch,
                               .sequence = sequence,
                               .attributes = BATCH_TRANSACTIONAL };
    return append_spec(f, log, &spec);
}

static int64_t mark(
    struct log_fixture *f, struct partition_log *log, int64_t producer, int16_t epoch, bool commit)
{
    struct batch_builder b;
    struct bytes batch;
    uint8_t key[4] = { 0, 0, 0, commit };
    uint8_t value[6] = { 0 };
    batch_builder_init(&b, 1000);
    b.header.attributes = BATCH_TRANSACTIONAL | BATCH_CONTROL;
    b.header.producer_id = producer;
    b.header.producer_epoch = epoch;
    batch_builder_add(&b, NOW, (struct bytes){ key, sizeof(key) },
                      (struct bytes){ value, sizeof(value) }, NULL, 0);
    assert_int_equal(batch_builder_finish(&b, CODEC_NONE, &batch, NULL), WEIR_OK);
    struct append_options options = { .origin = BATCH_ORIGIN_COORDINATOR,
                                      .now_ms = NOW,
                                      .arena = &f->arena };
    struct append_result result;
    assert_int_equal(partition_log_append(log, batch, &options, &result), KAFKA_NONE);
    batch_builder_release(&b);
    return result.base_offset;
}

static void only_announced_transactions_may_begin(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    assert_int_equal(append(f, log, ALICE, 0, 0).error, KAFKA_INVALID_TXN_STATE);
    partition_log_announce(log, ALICE, 0);
    assert_int_equal(append(f, log, BOB, 0, 0).error, KAFKA_INVALID_TXN_STATE);
    assert_int_equal(append(f, log, ALICE, 1, 0).error, KAFKA_INVALID_TXN_STATE);
    assert_int_equal(append(f, log, ALICE, 0, 0).error, KAFKA_NONE);
    assert_int_equal(append(f, log, ALICE, 0, 1).error, KAFKA_NONE);
    struct batch_spec plain = {
        .first = 2, .count = 1, .timestamp = NOW, .producer_id = ALICE, .sequence = 2
    };
    assert_int_equal(append_spec(f, log, &plain).error, KAFKA_INVALID_TXN_STATE);
    (void)mark(f, log, ALICE, 1, false); /* fenced */
    assert_int_equal(append(f, log, ALICE, 0, 2).error, KAFKA_INVALID_PRODUCER_EPOCH);
    assert_int_equal(append(f, log, ALICE, 1, 0).error, KAFKA_INVALID_TXN_STATE);
    partition_log_announce(log, ALICE, 1);
    assert_int_equal(append(f, log, ALICE, 1, 0).error, KAFKA_NONE);
    partition_log_free(log);
}

static void expect_aborted(struct log_fixture *f,
                           struct partition_log *log,
                           int64_t from,
                           int64_t upper,
                           const char *expected)
{
    struct aborted_list list;
    char text[200] = "";
    partition_log_aborted(log, from, upper, &f->arena, &list);
    for (size_t i = 0; i < list.count; i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof(text) - len, "%d@%d ", (int)list.entries[i].producer_id,
                       (int)list.entries[i].first_offset);
    }
    assert_string_equal(text, expected);
}

/* 0 A, 1 B, 2 A aborts, 3 A, 4 B commits, 5 A, 6 A aborts, 7 B, open */
static void write_history(struct log_fixture *f, struct partition_log *log)
{
    partition_log_announce(log, ALICE, 0);
    partition_log_announce(log, BOB, 0);
    (void)append(f, log, ALICE, 0, 0);
    (void)append(f, log, BOB, 0, 0);
    assert_int_equal(partition_log_stable_offset(log), 0);
    assert_int_equal(mark(f, log, ALICE, 0, false), 2);
    assert_int_equal(partition_log_stable_offset(log), 1);
    partition_log_announce(log, ALICE, 0);
    (void)append(f, log, ALICE, 0, 1);
    (void)mark(f, log, BOB, 0, true);
    assert_int_equal(partition_log_stable_offset(log), 3);
    (void)append(f, log, ALICE, 0, 2);
    (void)mark(f, log, ALICE, 0, false);
    assert_int_equal(partition_log_stable_offset(log), 7);
    partition_log_announce(log, BOB, 0);
    (void)append(f, log, BOB, 0, 1);
    assert_int_equal(partition_log_end_offset(log), 8);
}

static void check_history(struct log_fixture *f, struct partition_log *log)
{
    assert_int_equal(partition_log_stable_offset(log), 7);
    expect_aborted(f, log, 0, 8, "7@0 7@3 ");
    expect_aborted(f, log, 0, 1, "7@0 ");
    expect_aborted(f, log, 3, 8, "7@3 "); /* the first one's marker lies before */
    expect_aborted(f, log, 7, 8, "");
}

static void aborted_transactions_are_listed(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    write_history(f, log);
    check_history(f, log);
    partition_log_free(log); /* as kill -9 */
    log = log_fixture_open(f, false);
    check_history(f, log);
    assert_int_equal(append(f, log, BOB, 0, 2).error, KAFKA_NONE); /* still open */
    partition_log_free(log);
}

/* Also over segments: each has an index of its own. */
static void indexes_of_several_segments_are_searched(void **state)
{
    struct log_fixture *f = *state;
    f->config.segment_bytes = 100; /* one or two batches */
    struct partition_log *log = log_fixture_open(f, true);
    write_history(f, log);
    check_history(f, log);
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
    log = log_fixture_open(f, true);
    check_history(f, log);
    partition_log_free(log);
}

static void a_damaged_index_is_made_good(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    const char *path = "t-0/00000000000000000000.txnindex";
    struct buffer whole;
    write_history(f, log);
    partition_log_free(log);
    buffer_init(&whole, 1000);
    assert_int_equal(file_read(f->root_fd, path, &whole, &f->err), WEIR_OK);
    assert_int_equal(whole.len, 68);
    for (size_t cut = 0; cut <= whole.len; cut++) {
        struct bytes part = { whole.data, cut };
        assert_int_equal(file_replace(f->root_fd, path, part, false, &f->err), WEIR_OK);
        log = log_fixture_open(f, false);
        check_history(f, log);
        partition_log_free(log);
    }
    for (size_t at = 0; at < whole.len; at++) { /* and garbage behind a good entry */
        struct bytes all = arena_copy(&f->arena, buffer_bytes(&whole));
        ((uint8_t *)(uintptr_t)all.data)[at] ^= 0x80;
        assert_int_equal(file_replace(f->root_fd, path, all, false, &f->err), WEIR_OK);
        log = log_fixture_open(
            f, false); /* must not crash; what it says of a flipped number may differ */
        partition_log_free(log);
    }
    buffer_finish(&whole);
}

/* What DeleteRecords took away cannot hold readers back: where the log begins is where they may read to at least. */
static void the_stable_offset_is_never_before_the_start(void **state)
{
    struct log_fixture *f = *state;
    int64_t start;
    f->config.deletes = true;
    struct partition_log *log = log_fixture_open(f, true);
    partition_log_announce(log, ALICE, 0);
    (void)append(f, log, ALICE, 0, 0);
    (void)append(f, log, ALICE, 0, 1);
    (void)append(f, log, ALICE, 0, 2);
    assert_int_equal(partition_log_stable_offset(log), 0);
    assert_int_equal(partition_log_delete_before(log, 2, &start), KAFKA_NONE);
    assert_int_equal(partition_log_stable_offset(log), 2);
    (void)mark(f, log, ALICE, 0, true);
    assert_int_equal(partition_log_stable_offset(log), 4);
    partition_log_free(log);
}

/* The entry that could not be written at once is there when the log is opened again, after a clean stop too. */
static void an_index_that_could_not_be_written_is_made_good(void **state)
{
    struct log_fixture *f = *state;
    const char *path = "t-0/00000000000000000000.txnindex";
    struct partition_log *log = log_fixture_open(f, true);
    partition_log_announce(log, ALICE, 0);
    (void)append(f, log, ALICE, 0, 0);
    assert_int_equal(mkdirat(f->root_fd, path, 0755), 0); /* the disk does not take it */
    (void)mark(f, log, ALICE, 0, false);
    expect_aborted(f, log, 0, 8, "7@0 ");
    assert_int_equal(unlinkat(f->root_fd, path, AT_REMOVEDIR), 0);
    partition_log_announce(log, ALICE, 0);
    (void)append(f, log, ALICE, 0, 1);
    (void)mark(f, log, ALICE, 0, false);
    expect_aborted(f, log, 0, 8, "7@0 7@2 ");
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
    log = log_fixture_open(f, true);
    expect_aborted(f, log, 0, 8, "7@0 7@2 ");
    partition_log_free(log);
}

#define LOG_TEST(name) \
    cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(only_announced_transactions_may_begin),
        LOG_TEST(aborted_transactions_are_listed),
        LOG_TEST(indexes_of_several_segments_are_searched),
        LOG_TEST(a_damaged_index_is_made_good),
        LOG_TEST(the_stable_offset_is_never_before_the_start),
        LOG_TEST(an_index_that_could_not_be_written_is_made_good),
    };
    return cmocka_run_group_tests_name("storage/log_transactions", tests, NULL, NULL);
}
