/*
 * storage/log_retention: whole segments go by age, size and start, the oldest first; the end of the log outlives them; files
 * wait for their delay; what is complete is synced and need not be read again.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "log_fixture.h"
#include "storage/log_flush.h"
#include "storage/log_retention.h"

#include <cmocka.h>

enum { NOW = 1700000000, SEGMENT_BYTES = 300, DAY_MS = 24 * 3600 * 1000 };

static int retention_setup(void **state)
{
    int failed = log_fixture_setup(state);
    struct log_fixture *f = *state;
    f->config.segment_bytes = SEGMENT_BYTES;
    return failed;
}

/* Batches of one record, a day apart. */
static void fill(struct log_fixture *f, struct partition_log *log, int count)
{
    for (int i = 0; i < count; i++) {
        struct batch_spec spec = { .first = i, .count = 1, .timestamp = NOW + (int64_t)i * DAY_MS };
        assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
    }
}

static int count_files(const struct log_fixture *f, const char *suffix)
{
    char path[160];
    int count = 0;
    (void)snprintf(path, sizeof(path), "%s/t-0", f->path);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        count += bytes_ends_with(bytes_of(entry->d_name), bytes_of(suffix));
    }
    (void)closedir(dir);
    return count;
}

static struct log_retained retain(struct log_fixture *f, struct partition_log *log, int64_t now_ms)
{
    struct log_retained gone;
    enum weir_status rc = partition_log_retain(log, now_ms, &gone, &f->err);
    if (rc < 0) {
        print_error("%s\n", f->err.message);
    }
    assert_int_equal(rc, WEIR_OK);
    return gone;
}

static int64_t first_readable(struct log_fixture *f, struct partition_log *log)
{
    struct log_read_options options = { .offset = partition_log_start_offset(log),
                                        .upper_offset = INT64_MAX,
                                        .max_bytes = 1 << 20 };
    struct log_slice slice;
    struct batch_header h;
    assert_int_equal(partition_log_read(log, &options, &slice), KAFKA_NONE);
    struct bytes data = slice_bytes(&f->arena, &slice);
    if (data.len == 0) {
        return -1;
    }
    batch_header_read(data.data, &h);
    return h.base_offset;
}

static void test_segments_go_when_their_newest_record_is_too_old(void **state)
{
    struct log_fixture *f = *state;
    f->config.retention_ms = 3LL * DAY_MS;
    f->config.segment_ms = INT64_MAX;
    struct partition_log *log = log_fixture_open(f, false);
    fill(f, log, 12);
    int segments = count_files(f, ".log");
    assert_true(segments >= 4);
    int64_t now_ms =
        NOW + 7LL * DAY_MS; /* offset 3 is not older than three days, offset 4 neither */
    struct log_retained gone = retain(f, log, now_ms);
    assert_true(gone.segments > 0 && gone.segments < segments);
    assert_int_equal(gone.start_offset, partition_log_start_offset(log));
    assert_true(gone.start_offset > 0 && gone.start_offset <= 4);
    assert_int_equal(first_readable(f, log), gone.start_offset);
    assert_int_equal(count_files(f, ".log"), segments - gone.segments);
    assert_int_equal(retain(f, log, now_ms).segments, 0); /* a second look finds nothing */
    int64_t start = gone.start_offset;
    partition_log_free(log);

    log = log_fixture_open(f, false);
    assert_int_equal(partition_log_start_offset(log), start);
    assert_int_equal(partition_log_end_offset(log), 12);
    partition_log_free(log);
}

static void test_a_log_that_is_too_old_as_a_whole_keeps_its_end(void **state)
{
    struct log_fixture *f = *state;
    f->config.retention_ms = DAY_MS;
    struct partition_log *log = log_fixture_open(f, false);
    fill(f, log, 5);
    (void)retain(f, log, NOW + 100LL * DAY_MS);
    assert_int_equal(partition_log_start_offset(log), 5);
    assert_int_equal(partition_log_end_offset(log), 5);
    assert_int_equal(partition_log_size(log), 0);
    assert_int_equal(first_readable(f, log), -1);
    partition_log_free(log); /* kill -9 */

    log = log_fixture_open(f, false);
    assert_int_equal(partition_log_start_offset(log), 5);
    assert_int_equal(partition_log_end_offset(log), 5);
    struct batch_spec spec = { .first = 5, .count = 1, .timestamp = NOW };
    assert_int_equal(append_spec(f, log, &spec).base_offset, 5);
    assert_int_equal(first_readable(f, log), 5);
    partition_log_free(log);
}

static void test_size_keeps_at_least_what_is_asked_for(void **state)
{
    struct log_fixture *f = *state;
    f->config.segment_ms = INT64_MAX;
    f->config.retention_ms = -1;
    struct partition_log *log = log_fixture_open(f, false);
    fill(f, log, 30);
    int64_t size = partition_log_size(log);
    f->config.retention_bytes = size / 2;
    partition_log_set_config(log, &f->config);
    struct log_retained gone = retain(f, log, NOW);
    assert_true(gone.segments > 0);
    assert_int_equal(partition_log_size(log), size - gone.bytes);
    assert_true(partition_log_size(log) >= size / 2);
    assert_true(partition_log_size(log) < size / 2 + SEGMENT_BYTES);
    partition_log_free(log);
}

static void test_nothing_goes_by_age_or_size_from_a_log_that_is_compacted_only(void **state)
{
    struct log_fixture *f = *state;
    f->config.retention_ms = 0;
    f->config.retention_bytes = 0;
    f->config.deletes = false;
    struct partition_log *log = log_fixture_open(f, false);
    int64_t start;
    fill(f, log, 10);
    assert_int_equal(retain(f, log, NOW + 100LL * DAY_MS).segments, 0);
    assert_int_equal(partition_log_delete_before(log, 3, &start), KAFKA_POLICY_VIOLATION);
    assert_int_equal(start, 0);
    partition_log_free(log);
}

static void test_a_log_begins_where_a_client_says(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, false);
    int64_t start;
    f->config.retention_ms = -1;
    partition_log_set_config(log, &f->config);
    fill(f, log, 10);
    int segments = count_files(f, ".log");
    assert_int_equal(partition_log_delete_before(log, 11, &start), KAFKA_OFFSET_OUT_OF_RANGE);
    assert_int_equal(partition_log_delete_before(log, 7, &start), KAFKA_NONE);
    assert_int_equal(start, 7);
    assert_int_equal(partition_log_delete_before(log, 2, &start), KAFKA_NONE); /* never back */
    assert_int_equal(start, 7);
    assert_true(count_files(f, ".log") < segments);
    assert_int_equal(partition_log_delete_before(log, 10, &start), KAFKA_NONE); /* all of it */
    assert_int_equal(count_files(f, ".log"), 1); /* the active one stays */
    assert_int_equal(partition_log_end_offset(log), 10);
    partition_log_free(log);
}

/* The history of leader epochs begins where the log does; the batches before that are in the file still. */
static void test_a_start_amid_a_segment_outlives_a_crash(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, false);
    int64_t start;
    fill(f, log, 2);
    assert_int_equal(partition_log_delete_before(log, 1, &start), KAFKA_NONE);
    partition_log_free(log);
    struct log_open_options options = log_fixture_options(f, false);
    options.log_start_offset = 1;
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    assert_int_equal(f->report.bytes_cut, 0);
    assert_int_equal(partition_log_start_offset(log), 1);
    assert_int_equal(partition_log_end_offset(log), 2);
    partition_log_free(log);
}

static void test_files_wait_for_their_delay(void **state)
{
    struct log_fixture *f = *state;
    f->config.retention_ms = DAY_MS;
    f->config.file_delete_delay_ms = 0;
    struct partition_log *log = log_fixture_open(f, false);
    fill(f, log, 10);
    int64_t start;
    assert_int_equal(partition_log_delete_before(log, 5, &start), KAFKA_NONE);
    int waiting = count_files(f, ".log.deleted");
    assert_true(waiting > 0);
    assert_true(partition_log_reap(log, 0) < INT64_MAX);
    assert_int_equal(count_files(f, ".log.deleted"), waiting); /* not yet */
    assert_int_equal(partition_log_reap(log, INT64_MAX), INT64_MAX);
    assert_int_equal(count_files(f, ".deleted"), 0);

    assert_int_equal(partition_log_delete_before(log, 9, &start), KAFKA_NONE);
    assert_true(count_files(f, ".deleted") > 0);
    partition_log_free(log); /* a start removes what it finds */
    log = log_fixture_open(f, false);
    assert_int_equal(count_files(f, ".deleted"), 0);
    partition_log_free(log);
}

static void note_roll(void *context)
{
    ++*(int *)context;
}

static void test_what_is_complete_is_synced_and_not_read_again(void **state)
{
    struct log_fixture *f = *state;
    struct log_open_options options = log_fixture_options(f, false);
    struct partition_log *log = NULL;
    int rolled = 0;
    bool moved;
    options.listener = (struct log_listener){ .rolled = note_roll, .context = &rolled };
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    fill(f, log, 2);
    assert_int_equal(partition_log_flush_complete(log, &moved, &f->err), WEIR_OK);
    assert_false(moved);
    assert_int_equal(partition_log_recovery_point(log), 0);
    fill(f, log, 12);
    assert_int_equal(rolled, count_files(f, ".log") - 1);
    assert_int_equal(partition_log_flush_complete(log, &moved, &f->err), WEIR_OK);
    assert_true(moved);
    int64_t point = partition_log_recovery_point(log);
    assert_true(point > 0 && point < 14);
    assert_int_equal(partition_log_flush_complete(log, &moved, &f->err), WEIR_OK);
    assert_false(moved);
    partition_log_free(log);

    /* Above the recovery point every byte is checked, below it none: a flipped bit there is not seen. */
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/t-0/%020d.log", f->path, 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "\xff", 1, BATCH_HEADER_SIZE + 5), 1);
    (void)close(fd);
    options.recovery_point = point;
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    assert_int_equal(f->report.bytes_cut, 0);
    assert_int_equal(partition_log_end_offset(log), 14);
    partition_log_free(log);
    options.recovery_point = 0;
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    assert_true(f->report.bytes_cut > 0);
    partition_log_free(log);
}

static void test_a_reader_keeps_the_file_that_it_has(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, false);
    struct log_read_options options = { .upper_offset = INT64_MAX, .max_bytes = 1 << 20 };
    struct log_slice slice;
    int64_t start;
    fill(f, log, 10);
    assert_int_equal(partition_log_read(log, &options, &slice), KAFKA_NONE);
    assert_int_equal(partition_log_delete_before(log, 9, &start), KAFKA_NONE);
    assert_int_equal(partition_log_reap(log, INT64_MAX), INT64_MAX);
    struct bytes data = slice_bytes(&f->arena, &slice);
    struct bytes batch;
    assert_int_equal(batch_split(&data, &batch), BATCH_SPLIT_FOUND);
    assert_true(batch_intact(batch));
    assert_int_equal(partition_log_read(log, &options, &slice), KAFKA_OFFSET_OUT_OF_RANGE);
    partition_log_free(log);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, retention_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_segments_go_when_their_newest_record_is_too_old),
        LOG_TEST(test_a_log_that_is_too_old_as_a_whole_keeps_its_end),
        LOG_TEST(test_size_keeps_at_least_what_is_asked_for),
        LOG_TEST(test_nothing_goes_by_age_or_size_from_a_log_that_is_compacted_only),
        LOG_TEST(test_a_log_begins_where_a_client_says),
        LOG_TEST(test_a_start_amid_a_segment_outlives_a_crash),
        LOG_TEST(test_files_wait_for_their_delay),
        LOG_TEST(test_what_is_complete_is_synced_and_not_read_again),
        LOG_TEST(test_a_reader_keeps_the_file_that_it_has),
    };
    return cmocka_run_group_tests_name("storage/log_retention", tests, NULL, NULL);
}
