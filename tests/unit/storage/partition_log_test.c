/*
 * storage/partition_log: what is appended is read back from any offset, across segments and restarts; producers that
 * repeat themselves are recognised; times are found.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "log_fixture.h"

#include <cmocka.h>

enum { NOW = 1700000000 };

static struct log_slice read_at(struct partition_log *log, int64_t offset, int64_t max_bytes)
{
    struct log_read_options options = { .offset = offset,
                                        .upper_offset = partition_log_end_offset(log),
                                        .max_bytes = max_bytes,
                                        .min_one = true };
    struct log_slice slice;
    assert_int_equal(partition_log_read(log, &options, &slice), KAFKA_NONE);
    return slice;
}

/* Walks batches out of one read and returns the offset after the last whole one; checks that records follow. */
static int64_t walk(struct bytes data, int64_t offset)
{
    struct bytes batch;
    while (batch_split(&data, &batch) == BATCH_SPLIT_FOUND) {
        struct record_reader reader;
        struct record r;
        assert_true(batch_intact(batch));
        assert_int_equal(record_reader_init(&reader, batch, NULL), WEIR_OK);
        while (record_next(&reader, &r, NULL) > 0) {
            char value[32];
            if (r.offset < offset) {
                continue;
            }
            assert_int_equal(r.offset, offset);
            (void)snprintf(value, sizeof(value), "value-%d", (int)offset);
            assert_true(bytes_equal_text(r.value, value));
            offset++;
        }
        record_reader_finish(&reader);
    }
    return offset;
}

static void read_all(struct log_fixture *f,
                     struct partition_log *log,
                     int64_t from,
                     int64_t max_bytes)
{
    int64_t offset = from;
    while (offset < partition_log_end_offset(log)) {
        struct log_slice slice = read_at(log, offset, max_bytes);
        int64_t next = walk(slice_bytes(&f->arena, &slice), offset);
        assert_true(next > offset);
        offset = next;
    }
    assert_int_equal(offset, partition_log_end_offset(log));
}

/* Batches of 1 to 7 records until there are `count`, in changing codecs. */
static void fill(struct log_fixture *f, struct partition_log *log, int count)
{
    int first = (int)partition_log_end_offset(log);
    while (first < count) {
        int size = 1 + first % 7 < count - first ? 1 + first % 7 : count - first;
        struct batch_spec spec = { .first = first,
                                   .count = size,
                                   .timestamp = NOW + first,
                                   .codec = (enum codec)(first % 5) };
        struct append_result result = append_spec(f, log, &spec);
        assert_int_equal(result.error, KAFKA_NONE);
        assert_int_equal(result.base_offset, first);
        first += size;
    }
}

static void an_empty_log_makes_no_files(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    assert_int_equal(partition_log_end_offset(log), 0);
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
    assert_int_equal(faccessat(f->root_fd, "t-0", F_OK, 0), -1);
}

static void what_was_appended_is_read_from_every_offset(void **state)
{
    struct log_fixture *f = *state;
    f->config.segment_bytes = 4096;
    f->config.index_interval_bytes = 200;
    struct partition_log *log = log_fixture_open(f, true);
    fill(f, log, 500);
    for (int64_t offset = 0; offset < 500; offset++) {
        struct log_slice slice = read_at(log, offset, 1);
        assert_true(walk(slice_bytes(&f->arena, &slice), offset) > offset);
    }
    read_all(f, log, 0, 1 << 20);
    read_all(f, log, 3, 300);
    partition_log_free(log);
}

static void offsets_outside_are_refused_and_the_end_is_empty(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    fill(f, log, 10);
    struct log_slice slice;
    struct log_read_options options = { .offset = 11, .upper_offset = 10, .max_bytes = 100 };
    assert_int_equal(partition_log_read(log, &options, &slice), KAFKA_OFFSET_OUT_OF_RANGE);
    options.offset = -1;
    assert_int_equal(partition_log_read(log, &options, &slice), KAFKA_OFFSET_OUT_OF_RANGE);
    options.offset = 10;
    assert_int_equal(partition_log_read(log, &options, &slice), KAFKA_NONE);
    assert_null(slice.file);
    options = (struct log_read_options){ .offset = 0, .upper_offset = 10, .max_bytes = 1 };
    assert_int_equal(partition_log_read(log, &options, &slice), KAFKA_NONE);
    assert_null(slice.file); /* half a first batch is no answer */
    partition_log_free(log);
}

static void a_reader_stops_at_the_upper_offset(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    fill(f, log, 100);
    struct log_read_options options = { .offset = 0, .upper_offset = 28, .max_bytes = 1 << 20 };
    struct log_slice slice;
    assert_int_equal(partition_log_read(log, &options, &slice), KAFKA_NONE);
    /* The batch that has the bound is not for readers yet. */
    int64_t end = walk(slice_bytes(&f->arena, &slice), 0);
    assert_true(end <= 28 && end > 20);
    partition_log_free(log);
}

static void a_restart_finds_everything_again(void **state)
{
    struct log_fixture *f = *state;
    f->config.segment_bytes = 4096;
    f->config.index_interval_bytes = 200;
    for (int round = 1; round <= 4; round++) {
        bool clean = round % 2;
        struct partition_log *log = log_fixture_open(f, clean);
        assert_int_equal(f->report.bytes_cut, 0);
        assert_int_equal(f->report.indexes_rebuilt, 0);
        fill(f, log, 200 * round);
        read_all(f, log, 0, 1000);
        if (!clean) {
            assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
        }
        partition_log_free(log);
    }
}

static void lost_indexes_are_made_again(void **state)
{
    struct log_fixture *f = *state;
    f->config.segment_bytes = 4096;
    f->config.index_interval_bytes = 200;
    struct partition_log *log = log_fixture_open(f, true);
    fill(f, log, 500);
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
    assert_int_equal(unlinkat(f->root_fd, "t-0/00000000000000000000.index", 0), 0);
    int fd = openat(f->root_fd, "t-0/00000000000000000000.timeindex", O_WRONLY);
    assert_int_equal(write(fd, "nonsense", 8), 8);
    (void)close(fd);
    log = log_fixture_open(f, true);
    assert_int_equal(f->report.indexes_rebuilt, 1);
    read_all(f, log, 0, 500);
    partition_log_free(log);
}

static void wrong_index_entries_only_make_it_slower(void **state)
{
    struct log_fixture *f = *state;
    f->config.index_interval_bytes = 200;
    struct partition_log *log = log_fixture_open(f, true);
    fill(f, log, 500);
    int fd = openat(f->root_fd, "t-0/00000000000000000000.index", O_WRONLY);
    for (int i = 0; i < 10; i++) {
        uint8_t entry[8] = { 0, 0, 0, (uint8_t)(7 * i), 0, 0, 0x10, (uint8_t)(i * 31) };
        assert_int_equal(pwrite(fd, entry, 8, 8 * i), 8);
    }
    (void)close(fd);
    for (int64_t offset = 0; offset < 500; offset++) {
        struct log_slice slice = read_at(log, offset, 1);
        assert_true(walk(slice_bytes(&f->arena, &slice), offset) > offset);
    }
    partition_log_free(log);
}

/* --- producers --- */

static struct append_result produce(
    struct log_fixture *f, struct partition_log *log, int sequence, int count, int epoch)
{
    struct batch_spec spec = { .first = sequence,
                               .count = count,
                               .timestamp = NOW,
                               .producer_id = 7,
                               .producer_epoch = (int16_t)epoch,
                               .sequence = sequence };
    return append_spec(f, log, &spec);
}

static void a_repeated_batch_gets_its_first_answer(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    for (int sequence = 0; sequence < 12; sequence += 2) {
        assert_int_equal(produce(f, log, sequence, 2, 0).base_offset, sequence);
    }
    for (int restart = 0; restart < 2; restart++) {
        for (int sequence = 2; sequence < 12; sequence += 2) {
            struct append_result again = produce(f, log, sequence, 2, 0);
            assert_true(again.duplicate);
            assert_int_equal(again.base_offset, sequence);
            assert_int_equal(again.log_append_time_ms, NOW + 1);
        }
        /* older than the last five; same start, other end; a gap */
        assert_int_equal(produce(f, log, 0, 2, 0).error, KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER);
        assert_int_equal(produce(f, log, 10, 1, 0).error, KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER);
        assert_int_equal(produce(f, log, 13, 1, 0).error, KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER);
        assert_int_equal(partition_log_end_offset(log), 12);
        partition_log_free(log); /* as kill -9 does */
        log = log_fixture_open(f, false);
    }
    assert_int_equal(produce(f, log, 5, 1, 1).error, KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_int_equal(produce(f, log, 0, 1, 1).base_offset, 12);
    assert_int_equal(produce(f, log, 12, 1, 0).error, KAFKA_INVALID_PRODUCER_EPOCH);
    partition_log_free(log);
}

/* producer.id.expiration.ms: then any sequence may be the first. It is looked at when something is appended, once a minute. */
static void a_producer_that_was_silent_for_too_long_is_forgotten(void **state)
{
    enum { HOUR = 3600000, MINUTE = 60000 };
    struct log_fixture *f = *state;
    f->config.producer_id_expiration_ms = HOUR;
    struct partition_log *log = log_fixture_open(f, true);
    (void)produce(f, log, 0, 1, 0);
    struct batch_spec other = { .count = 1, .timestamp = NOW + HOUR - MINUTE };
    assert_int_equal(append_spec(f, log, &other).error, KAFKA_NONE);
    assert_int_equal(produce(f, log, 9, 1, 0).error, KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER);
    other.timestamp = NOW + HOUR;
    assert_int_equal(append_spec(f, log, &other).error, KAFKA_NONE);
    assert_int_equal(produce(f, log, 9, 1, 0).error, KAFKA_NONE);
    partition_log_free(log);
}

/* The log file is a link to /dev/null: it takes everything, and cannot be synced. */
static void what_could_not_be_flushed_is_never_acknowledged(void **state)
{
    struct log_fixture *f = *state;
    assert_int_equal(mkdirat(f->root_fd, "t-0", 0755), 0);
    assert_int_equal(symlinkat("/dev/null", f->root_fd, "t-0/00000000000000000000.log"), 0);
    f->config.flush_messages = 1;
    struct partition_log *log = log_fixture_open(f, true);
    assert_int_equal(produce(f, log, 0, 2, 0).error, KAFKA_STORAGE_ERROR);
    assert_int_equal(produce(f, log, 0, 2, 0).error, KAFKA_STORAGE_ERROR); /* tried again */
    assert_int_equal(produce(f, log, 2, 2, 0).error, KAFKA_STORAGE_ERROR);
    assert_int_equal(partition_log_recovery_point(log), 0);
    assert_int_equal(partition_log_flush(log, &f->err), WEIR_EIO);
    assert_int_equal(partition_log_close(log, &f->err), WEIR_EIO);
    assert_int_equal(partition_log_recovery_point(log), 0);
    partition_log_free(log);
}

static void a_clean_stop_keeps_the_newest_batch_of_a_producer(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    (void)produce(f, log, 0, 2, 0);
    (void)produce(f, log, 2, 3, 0);
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
    assert_int_equal(faccessat(f->root_fd, "t-0/00000000000000000005.snapshot", F_OK, 0), 0);
    log = log_fixture_open(f, true);
    assert_true(produce(f, log, 2, 3, 0).duplicate);
    assert_int_equal(produce(f, log, 5, 1, 0).base_offset, 5);
    partition_log_free(log);
}

static void sequences_wrap_to_zero(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    assert_int_equal(produce(f, log, INT32_MAX, 2, 0).error, KAFKA_NONE); /* has INT32_MAX and 0 */
    assert_int_equal(produce(f, log, 2, 1, 0).error, KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_true(produce(f, log, INT32_MAX, 2, 0).duplicate);
    assert_int_equal(produce(f, log, 1, 1, 0).error, KAFKA_NONE);
    partition_log_free(log);
}

/* --- times --- */

static void times_are_found_inside_batches_and_across_segments(void **state)
{
    struct log_fixture *f = *state;
    struct log_time_offset found;
    f->config.segment_bytes = 4096;
    f->config.index_interval_bytes = 200;
    struct partition_log *log = log_fixture_open(f, true);
    assert_int_equal(partition_log_max_timestamp(log, &found), KAFKA_NONE);
    assert_int_equal(found.offset, -1);
    fill(f, log, 500);
    for (int restart = 0; restart < 2; restart++) {
        for (int64_t offset = 0; offset < 500; offset++) {
            assert_int_equal(partition_log_offset_for_time(log, NOW + offset, 500, &found),
                             KAFKA_NONE);
            assert_int_equal(found.offset, offset);
            assert_int_equal(found.timestamp, NOW + offset);
        }
        assert_int_equal(partition_log_offset_for_time(log, 0, 500, &found), KAFKA_NONE);
        assert_int_equal(found.offset, 0);
        assert_int_equal(partition_log_offset_for_time(log, NOW + 500, 500, &found), KAFKA_NONE);
        assert_int_equal(found.offset, -1);
        assert_int_equal(partition_log_max_timestamp(log, &found), KAFKA_NONE);
        assert_int_equal(found.offset, 499);
        assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
        partition_log_free(log);
        log = log_fixture_open(f, true);
    }
    partition_log_free(log);
}

static void append_time_is_the_brokers(void **state)
{
    struct log_fixture *f = *state;
    f->config.log_append_time = true;
    struct partition_log *log = log_fixture_open(f, true);
    struct batch_spec spec = { .count = 3, .timestamp = 5, .codec = CODEC_LZ4 };
    struct append_options options = { .now_ms = NOW, .arena = &f->arena };
    struct append_result result;
    (void)partition_log_append(log, make_batch(&f->arena, &spec), &options, &result);
    assert_int_equal(result.error, KAFKA_NONE);
    assert_int_equal(result.log_append_time_ms, NOW);
    struct log_slice slice = read_at(log, 0, 1);
    struct bytes stored = slice_bytes(&f->arena, &slice);
    struct record_reader reader;
    struct record r;
    assert_true(batch_intact(stored));
    assert_int_equal(record_reader_init(&reader, stored, NULL), WEIR_OK);
    assert_int_equal(record_next(&reader, &r, NULL), 1);
    assert_int_equal(r.timestamp, NOW);
    record_reader_finish(&reader);
    partition_log_free(log);
}

static void a_deleted_log_is_gone_and_takes_nothing_more(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    fill(f, log, 10);
    struct log_slice held = read_at(log, 0, 1 << 20);
    assert_int_equal(partition_log_delete(log, &f->err), WEIR_OK);
    assert_int_equal(faccessat(f->root_fd, "t-0", F_OK, 0), -1);
    struct batch_spec spec = { .first = 10, .count = 1 };
    assert_int_equal(append_spec(f, log, &spec).error, KAFKA_STORAGE_ERROR);
    partition_log_free(log);
    assert_int_equal(walk(slice_bytes(&f->arena, &held), 0), 10); /* a reader keeps what it has */
}

/* How many descriptors are open in the fixture's folder. */
static int count_open(const struct log_fixture *f)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        char link[64];
        char path[512];
        (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(link, path, sizeof(path) - 1);
        path[len > 0 ? len : 0] = '\0';
        count += fd != f->root_fd && strstr(path, f->path) != NULL;
    }
    return count;
}

/* Who has the log still, a worker with nothing to do for one, does not keep the disk full. */
static void a_deleted_log_holds_no_files(void **state)
{
    struct log_fixture *f = *state;
    struct partition_log *log = log_fixture_open(f, true);
    fill(f, log, 10);
    assert_true(count_open(f) > 0);
    assert_int_equal(partition_log_delete(log, &f->err), WEIR_OK);
    assert_int_equal(count_open(f), 0);
    assert_int_equal(partition_log_end_offset(log), 10);
    partition_log_free(log);
}

static void another_topics_folder_is_refused(void **state)
{
    struct log_fixture *f = *state;
    struct log_open_options options = log_fixture_options(f, true);
    struct partition_log *log = NULL;
    options.topic_id = uuid_random();
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    fill(f, log, 1);
    partition_log_free(log);
    options.topic_id = uuid_random();
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_EEXIST);
    assert_non_null(strstr(f->err.message, "t-0 holds the log of another topic"));
}

/* A crash may leave the folder without it, or with an empty one. Whose folder it is must be known again. */
static void a_folder_without_its_topics_id_gets_it(void **state)
{
    struct log_fixture *f = *state;
    struct log_open_options options = log_fixture_options(f, true);
    struct partition_log *log = NULL;
    struct uuid id = { { 0 } };
    options.topic_id = uuid_random();
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    fill(f, log, 1);
    partition_log_free(log);
    for (int empty = 0; empty <= 1; empty++) {
        assert_int_equal(unlinkat(f->root_fd, "t-0/partition.metadata", 0), 0);
        if (empty) {
            assert_int_equal(
                file_replace(f->root_fd, "t-0/partition.metadata", bytes_of(""), false, &f->err),
                WEIR_OK);
        }
        assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
        fill(f, log, 1);
        partition_log_free(log);
        assert_int_equal(partition_log_folder_id(f->root_fd, "t-0", &id, &f->err), WEIR_OK);
        assert_true(uuid_equal(&id, &options.topic_id));
    }
}

#define LOG_TEST(name) \
    cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(an_empty_log_makes_no_files),
        LOG_TEST(what_was_appended_is_read_from_every_offset),
        LOG_TEST(offsets_outside_are_refused_and_the_end_is_empty),
        LOG_TEST(a_reader_stops_at_the_upper_offset),
        LOG_TEST(a_restart_finds_everything_again),
        LOG_TEST(lost_indexes_are_made_again),
        LOG_TEST(wrong_index_entries_only_make_it_slower),
        LOG_TEST(a_repeated_batch_gets_its_first_answer),
        LOG_TEST(a_producer_that_was_silent_for_too_long_is_forgotten),
        LOG_TEST(what_could_not_be_flushed_is_never_acknowledged),
        LOG_TEST(a_clean_stop_keeps_the_newest_batch_of_a_producer),
        LOG_TEST(sequences_wrap_to_zero),
        LOG_TEST(times_are_found_inside_batches_and_across_segments),
        LOG_TEST(append_time_is_the_brokers),
        LOG_TEST(a_deleted_log_is_gone_and_takes_nothing_more),
        LOG_TEST(a_deleted_log_holds_no_files),
        LOG_TEST(another_topics_folder_is_refused),
        LOG_TEST(a_folder_without_its_topics_id_gets_it),
    };
    return cmocka_run_group_tests_name("storage/partition_log", tests, NULL, NULL);
}
