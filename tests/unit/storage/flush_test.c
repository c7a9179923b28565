/*
 * storage/log_flush: flush.messages and flush.ms move the recovery point, and say when they must be asked again; and the
 * settings that decide when a segment begins and what room it takes.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "log_fixture.h"
#include "storage/log_flush.h"

#include <cmocka.h>

enum { HOUR_MS = 3600 * 1000, MINUTE_MS = 60 * 1000 };

struct heard {
    int count;
    int64_t due_ms;
};

static void hear(void *context, int64_t due_ms)
{
    struct heard *heard = context;
    heard->count++;
    heard->due_ms = due_ms;
}

static struct partition_log *open_heard(struct log_fixture *f, struct heard *heard)
{
    struct log_open_options options = log_fixture_options(f, false);
    struct partition_log *log = NULL;
    options.listener = (struct log_listener){ .dirty = hear, .context = heard };
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    return log;
}

static void append(struct log_fixture *f, struct partition_log *log, int count)
{
    struct batch_spec spec = { .first = 1, .count = count, .timestamp = 1 };
    assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
}

static int64_t flush_due(struct log_fixture *f, struct partition_log *log, int64_t now_ms)
{
    int64_t next_ms = -1;
    assert_int_equal(partition_log_flush_due(log, now_ms, &next_ms, &f->err), WEIR_OK);
    return next_ms;
}

static void test_flush_messages_counts_records(void **state)
{
    struct log_fixture *f = *state;
    struct heard heard = { 0 };
    f->config.flush_messages = 5;
    struct partition_log *log = open_heard(f, &heard);
    append(f, log, 4);
    assert_int_equal(partition_log_recovery_point(log), 0);
    append(f, log, 1);
    assert_int_equal(partition_log_recovery_point(log), 5);
    append(f, log, 7);
    assert_int_equal(partition_log_recovery_point(log), 12);
    assert_int_equal(heard.count, 0);
    partition_log_free(log);
}

static void test_flush_ms_counts_from_the_oldest_record_that_is_not_synced(void **state)
{
    struct log_fixture *f = *state;
    struct heard heard = { 0 };
    f->config.flush_ms = HOUR_MS;
    struct partition_log *log = open_heard(f, &heard);
    assert_int_equal(flush_due(f, log, INT64_MAX / 2), INT64_MAX); /* nothing is dirty: no tick */
    assert_int_equal(heard.count, 0);

    int64_t before_ms = clock_monotonic_ms();
    append(f, log, 2);
    int64_t due_ms = heard.due_ms;
    assert_in_range(due_ms, before_ms + HOUR_MS, clock_monotonic_ms() + HOUR_MS);
    append(f, log, 2);
    assert_int_equal(heard.count, 1); /* one note, not one for each batch */
    assert_int_equal(flush_due(f, log, due_ms - HOUR_MS / 2), due_ms);
    assert_int_equal(partition_log_recovery_point(log), 0);

    assert_int_equal(flush_due(f, log, due_ms), INT64_MAX);
    assert_int_equal(partition_log_recovery_point(log), 4);
    append(f, log, 1);
    assert_int_equal(heard.count, 2);
    partition_log_free(log);

    /* Opened after a crash it is dirty. */
    log = open_heard(f, &heard);
    assert_int_equal(heard.count, 3);
    partition_log_free(log);
}

static void test_flush_ms_may_come_while_records_wait(void **state)
{
    struct log_fixture *f = *state;
    struct heard heard = { 0 };
    struct partition_log *log = open_heard(f, &heard);
    append(f, log, 2);
    assert_int_equal(heard.count, 0);
    f->config.flush_ms = MINUTE_MS;
    partition_log_set_config(log, &f->config);
    assert_int_equal(heard.count, 1);
    assert_int_equal(flush_due(f, log, heard.due_ms), INT64_MAX);
    assert_int_equal(partition_log_recovery_point(log), 2);
    partition_log_free(log);
}

/* What was synced, by the files' names: fdatasync(2) as the log calls it. */
static char synced[400];

int fdatasync(int fd)
{
    char link[64];
    char path[200];
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    const char *name = strrchr(path, '/');
    size_t used = strlen(synced);
    (void)snprintf(synced + used, sizeof(synced) - used, "%s ", name ? name + 1 : path);
    return 0;
}

/* A transaction of one record that is aborted. */
static void append_aborted(struct log_fixture *f, struct partition_log *log)
{
    struct batch_builder b;
    struct bytes marker;
    uint8_t key[4] = { 0 };
    uint8_t value[6] = { 0 };
    struct batch_spec spec = {
        .count = 1, .timestamp = 1, .producer_id = 7, .attributes = BATCH_TRANSACTIONAL
    };
    partition_log_announce(log, 7, 0);
    assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
    batch_builder_init(&b, 1000);
    b.header.attributes = BATCH_TRANSACTIONAL | BATCH_CONTROL;
    b.header.producer_id = 7;
    b.header.producer_epoch = 0;
    batch_builder_add(&b, 1, (struct bytes){ key, sizeof(key) },
                      (struct bytes){ value, sizeof(value) }, NULL, 0);
    assert_int_equal(batch_builder_finish(&b, CODEC_NONE, &marker, NULL), WEIR_OK);
    struct append_options options = { .origin = BATCH_ORIGIN_COORDINATOR, .arena = &f->arena };
    struct append_result result;
    assert_int_equal(partition_log_append(log, marker, &options, &result), KAFKA_NONE);
    batch_builder_release(&b);
}

/* Without it a power cut makes aborted records pass for committed ones: nothing below the recovery point is read again. */
static void test_the_index_of_aborted_transactions_is_synced_with_the_records(void **state)
{
    struct log_fixture *f = *state;
    struct heard heard = { 0 };
    f->config.flush_ms = HOUR_MS;
    struct partition_log *log = open_heard(f, &heard);
    append_aborted(f, log);
    synced[0] = '\0';
    assert_int_equal(flush_due(f, log, heard.due_ms), INT64_MAX);
    assert_string_equal(synced, "00000000000000000000.log 00000000000000000000.txnindex ");
    append(f, log, 1);
    synced[0] = '\0';
    assert_int_equal(partition_log_flush(log, &f->err), WEIR_OK);
    assert_string_equal(synced, "00000000000000000000.log 00000000000000000000.txnindex ");
    partition_log_free(log);
}

/* Nothing was lost when a file cannot be opened for it: flush.ms still holds. */
static void test_flush_ms_asks_again_when_a_file_cannot_be_opened(void **state)
{
    struct log_fixture *f = *state;
    struct heard heard = { 0 };
    static const char first[] = "t-0/00000000000000000000.log";
    f->config.flush_ms = HOUR_MS;
    f->config.segment_bytes = 100; /* one batch */
    struct partition_log *log = open_heard(f, &heard);
    append(f, log, 1);
    append(f, log, 1);
    assert_int_equal(renameat(f->root_fd, first, f->root_fd, "t-0/away"), 0);
    int64_t next_ms = -1;
    assert_true(partition_log_flush_due(log, heard.due_ms, &next_ms, &f->err) < 0);
    assert_true(next_ms < INT64_MAX);
    assert_int_equal(renameat(f->root_fd, "t-0/away", f->root_fd, first), 0);
    assert_int_equal(flush_due(f, log, next_ms), INT64_MAX);
    assert_int_equal(partition_log_recovery_point(log), 2);
    partition_log_free(log);
}

static int count_segments(struct log_fixture *f)
{
    char command[200];
    (void)snprintf(command, sizeof(command), "ls '%s'/t-0/*.log | wc -l", f->path);
    FILE *pipe = popen(command, "re");
    int count = -1;
    assert_int_equal(fscanf(pipe, "%d", &count), 1);
    (void)pclose(pipe);
    return count;
}

/* How long after the segment's first record the next segment begins, to the minute. */
static int64_t age_at_roll(struct log_fixture *f, int32_t partition)
{
    struct log_open_options options = log_fixture_options(f, false);
    struct partition_log *log = NULL;
    options.partition = partition;
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    int64_t age_ms = 0;
    bool rolled = false;
    for (; !rolled && age_ms <= 2 * HOUR_MS; age_ms += MINUTE_MS) {
        struct batch_spec spec = { .first = 1, .count = 1, .timestamp = 1 + age_ms };
        assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
        char path[200];
        (void)snprintf(path, sizeof(path), "t-%d/%020lld.log", partition,
                       (long long)partition_log_end_offset(log) - 1);
        rolled = age_ms > 0 && faccessat(f->root_fd, path, F_OK, 0) == 0;
    }
    assert_true(rolled);
    partition_log_free(log);
    return age_ms - MINUTE_MS;
}

static void test_the_jitter_spreads_when_segments_begin(void **state)
{
    struct log_fixture *f = *state;
    enum { PARTITIONS = 12 };
    f->config.segment_ms = HOUR_MS;
    assert_int_equal(age_at_roll(f, PARTITIONS), HOUR_MS + MINUTE_MS);
    f->config.segment_jitter_ms = HOUR_MS / 2;
    int64_t least = INT64_MAX;
    int64_t most = 0;
    for (int32_t p = 0; p < PARTITIONS; p++) {
        int64_t age_ms = age_at_roll(f, p);
        least = age_ms < least ? age_ms : least;
        most = age_ms > most ? age_ms : most;
    }
    assert_in_range(least, HOUR_MS / 2, HOUR_MS * 3 / 4);
    assert_in_range(most, HOUR_MS * 3 / 4, HOUR_MS + MINUTE_MS);
}

static void test_what_is_compacted_begins_segments_by_its_lag_too(void **state)
{
    struct log_fixture *f = *state;
    f->config.max_compaction_lag_ms = 10LL * MINUTE_MS;
    f->config.compacted = true;
    assert_int_equal(age_at_roll(f, 0), 11LL * MINUTE_MS);
    f->config.compacted = false;
    f->config.segment_ms = HOUR_MS;
    assert_int_equal(age_at_roll(f, 1), HOUR_MS + MINUTE_MS);
}

static int64_t disk_bytes(struct log_fixture *f, const char *path)
{
    struct stat st;
    assert_int_equal(fstatat(f->root_fd, path, &st, 0), 0);
    return (int64_t)st.st_blocks * 512;
}

static void test_preallocate_takes_the_room_and_gives_it_back(void **state)
{
    struct log_fixture *f = *state;
    static const char first[] = "t-0/00000000000000000000.log";
    f->config.segment_bytes = 1 << 20;
    struct partition_log *log = log_fixture_open(f, false);
    append(f, log, 1);
    assert_true(disk_bytes(f, first) < 1 << 20);
    assert_int_equal(partition_log_delete(log, &f->err), WEIR_OK);
    partition_log_free(log);

    f->config.preallocate = true;
    log = log_fixture_open(f, false);
    append(f, log, 1);
    if (disk_bytes(f, first) < 1 << 20) {
        print_message("this disk takes no room beforehand\n");
    }
    int64_t size = partition_log_size(log);
    while (count_segments(f) < 2) {
        append(f, log, 1000);
    }
    assert_true(disk_bytes(f, first) <= (1 << 20) + 65536);
    partition_log_free(log); /* kill -9: no zeros are taken for records */
    log = log_fixture_open(f, false);
    assert_int_equal(f->report.bytes_cut, 0);
    assert_true(partition_log_size(log) > size);
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
}

#define LOG_TEST(test) \
    cmocka_unit_test_setup_teardown(test, log_fixture_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_flush_messages_counts_records),
        LOG_TEST(test_flush_ms_counts_from_the_oldest_record_that_is_not_synced),
        LOG_TEST(test_flush_ms_may_come_while_records_wait),
        LOG_TEST(test_the_index_of_aborted_transactions_is_synced_with_the_records),
        LOG_TEST(test_flush_ms_asks_again_when_a_file_cannot_be_opened),
        LOG_TEST(test_the_jitter_spreads_when_segments_begin),
        LOG_TEST(test_what_is_compacted_begins_segments_by_its_lag_too),
        LOG_TEST(test_preallocate_takes_the_room_and_gives_it_back),
    };
    return cmocka_run_group_tests_name("storage/log_flush", tests, NULL, NULL);
}
