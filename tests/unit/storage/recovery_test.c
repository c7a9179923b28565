/*
 * storage/log_recovery: whatever a crash or a bad disk did to the end of a log, the torn part goes and the rest stays.
 * Every byte of the last batch is cut at and flipped; the damaged logs that Apache Kafka was given are opened too
 * (tests/golden/datadir/torn-given).
 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "log_fixture.h"
#include "protocol/record.h"

#include <cmocka.h>

enum { NOW = 1700000000, BATCHES = 6, RECORDS = 2, KEPT = (BATCHES - 1) * RECORDS };

static const char *const LOG = "t-0/00000000000000000000.log";

static void fill(struct log_fixture *f)
{
    struct partition_log *log = log_fixture_open(f, true);
    for (int i = 0; i < BATCHES; i++) {
        struct batch_spec spec = { .first = i * RECORDS,
                                   .count = RECORDS,
                                   .timestamp = NOW + i,
                                   .producer_id = 9,
                                   .sequence = i * RECORDS };
        assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
    }
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
}

static struct bytes file_content(struct log_fixture *f, const char *path)
{
    struct buffer b;
    buffer_init(&b, 1 << 20);
    assert_int_equal(file_read(f->root_fd, path, &b, &f->err), WEIR_OK);
    struct bytes copy = arena_copy(&f->arena, buffer_bytes(&b));
    buffer_finish(&b);
    return copy;
}

static void set_content(struct log_fixture *f, const char *path, const uint8_t *data, size_t len)
{
    struct bytes content = { data, len };
    assert_int_equal(file_replace(f->root_fd, path, content, false, &f->err), WEIR_OK);
}

static enum weir_status count_batch(void *context, struct bytes batch, struct weir_error *err)
{
    (void)err;
    struct batch_header h;
    int64_t *next = context;
    batch_header_read(batch.data, &h);
    assert_true(batch_intact(batch));
    assert_int_equal(h.base_offset, *next);
    *next = batch_next_offset(&h);
    return WEIR_OK;
}

/* Opens the damaged log and expects `kept` records, right, readable, and writable behind. */
static void expect_kept(struct log_fixture *f, bool clean, int64_t kept)
{
    struct partition_log *log = log_fixture_open(f, clean);
    int64_t next = 0;
    assert_int_equal(partition_log_end_offset(log), kept);
    assert_int_equal(f->report.end_offset, kept);
    assert_int_equal(partition_log_iterate(log, 0, count_batch, &next, &f->err), WEIR_OK);
    assert_int_equal(next, kept);
    /* The producer goes on where the log ends: sends what was lost again. */
    struct batch_spec spec = {
        .count = RECORDS, .timestamp = NOW, .producer_id = 9, .sequence = (int32_t)kept
    };
    assert_int_equal(append_spec(f, log, &spec).base_offset, kept);
    next = 0;
    assert_int_equal(partition_log_iterate(log, 0, count_batch, &next, &f->err), WEIR_OK);
    assert_int_equal(next, kept + RECORDS);
    partition_log_free(log);
}

struct snapshot_of_disk {
    struct bytes log;
    struct bytes index;
    struct bytes times;
    size_t last_batch; /* its position */
};

static struct snapshot_of_disk remember(struct log_fixture *f)
{
    struct snapshot_of_disk d = {
        .log = file_content(f, LOG),
        .index = file_content(f, "t-0/00000000000000000000.index"),
        .times = file_content(f, "t-0/00000000000000000000.timeindex"),
    };
    struct bytes rest = d.log;
    struct bytes batch;
    while (batch_split(&rest, &batch) == BATCH_SPLIT_FOUND) {
        d.last_batch = (size_t)(batch.data - d.log.data);
    }
    return d;
}

/* The folder as it was after the stop, but for the .log. */
static void restore(struct log_fixture *f, const struct snapshot_of_disk *d, struct bytes log)
{
    set_content(f, LOG, log.data, log.len);
    set_content(f, "t-0/00000000000000000000.index", d->index.data, d->index.len);
    set_content(f, "t-0/00000000000000000000.timeindex", d->times.data, d->times.len);
}

static void cut_everywhere(struct log_fixture *f, bool clean)
{
    fill(f);
    struct snapshot_of_disk d = remember(f);
    for (size_t len = d.last_batch; len < d.log.len; len++) {
        restore(f, &d, (struct bytes){ d.log.data, len });
        expect_kept(f, clean, KEPT);
        assert_int_equal(f->report.bytes_cut, len - d.last_batch);
    }
}

static void a_cut_anywhere_in_the_last_batch_costs_that_batch(void **state)
{
    cut_everywhere(*state, false);
}

static void also_after_a_clean_stop(void **state)
{
    cut_everywhere(*state, true);
}

static void also_when_the_index_points_into_the_tail(void **state)
{
    struct log_fixture *f = *state;
    f->config.index_interval_bytes = 1;
    cut_everywhere(f, true);
}

static void flip_everywhere(struct log_fixture *f, bool clean)
{
    fill(f);
    struct snapshot_of_disk d = remember(f);
    uint8_t *damaged = arena_alloc(&f->arena, 1, d.log.len);
    for (size_t at = d.last_batch; at < d.log.len; at++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(damaged, d.log.data, d.log.len);
            damaged[at] ^= (uint8_t)(1 << bit);
            restore(f, &d, (struct bytes){ damaged, d.log.len });
            expect_kept(f, clean, KEPT);
            assert_int_equal(f->report.bytes_cut, d.log.len - d.last_batch);
            assert_true(strlen(f->report.reason) > 0);
        }
    }
}

static void a_bit_flipped_anywhere_in_the_last_batch_costs_that_batch(void **state)
{
    flip_everywhere(*state, false);
}

static void flips_are_found_after_a_clean_stop_too(void **state)
{
    struct log_fixture *f = *state;
    f->config.index_interval_bytes = 1;
    flip_everywhere(f, true);
}

static void a_bit_flipped_in_the_epoch_checkpoint_costs_nothing(void **state)
{
    struct log_fixture *f = *state;
    const char *path = "t-0/leader-epoch-checkpoint";
    fill(f);
    struct snapshot_of_disk d = remember(f);
    struct bytes epochs = file_content(f, path);
    uint8_t *damaged = arena_alloc(&f->arena, 1, epochs.len);
    for (size_t bit = 0; bit < 16 * epochs.len;
         bit++) { /* each twice: after a crash, after a clean stop */
        memcpy(damaged, epochs.data, epochs.len);
        damaged[bit / 16] ^= (uint8_t)(1 << bit / 2 % 8);
        restore(f, &d, d.log);
        set_content(f, path, damaged, epochs.len);
        expect_kept(f, bit % 2, BATCHES * RECORDS);
        assert_int_equal(f->report.bytes_cut, 0);
    }
}

static void garbage_behind_the_end_goes(void **state)
{
    struct log_fixture *f = *state;
    fill(f);
    struct snapshot_of_disk d = remember(f);
    uint8_t *longer = arena_alloc(&f->arena, 1, d.log.len + 4096);
    memcpy(longer, d.log.data, d.log.len);
    for (int fill_byte = 0; fill_byte < 256; fill_byte += 85) {
        memset(longer + d.log.len, fill_byte, 4096);
        restore(f, &d, (struct bytes){ longer, d.log.len + 4096 });
        expect_kept(f, fill_byte % 2, BATCHES * RECORDS);
        assert_int_equal(f->report.bytes_cut, 4096);
    }
}

static void damage_in_the_middle_ends_the_log_there_and_drops_later_segments(void **state)
{
    struct log_fixture *f = *state;
    f->config.segment_bytes = 250; /* two batches a segment */
    fill(f);
    int fd = openat(f->root_fd, "t-0/00000000000000000004.log", O_RDWR);
    assert_true(fd >= 0);
    uint8_t byte;
    assert_int_equal(pread(fd, &byte, 1, 70), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, 70), 1);
    (void)close(fd);
    expect_kept(f, false, 4);
    assert_int_equal(f->report.segments_removed, 1);
    assert_int_equal(faccessat(f->root_fd, "t-0/00000000000000000008.log", F_OK, 0), -1);
}

/* Of BATCHES batches the newest five are repeats, the first is out of order: the same as if there had been no restart. */
static void expect_repeats(struct log_fixture *f, bool clean)
{
    struct partition_log *log = log_fixture_open(f, clean);
    for (int i = 0; i < BATCHES; i++) {
        struct batch_spec spec = { .first = i * RECORDS,
                                   .count = RECORDS,
                                   .timestamp = NOW + i,
                                   .producer_id = 9,
                                   .sequence = i * RECORDS };
        struct append_result result = append_spec(f, log, &spec);
        if (i == 0) {
            assert_int_equal(result.error, KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER);
        } else {
            assert_int_equal(result.error, KAFKA_NONE);
            assert_true(result.duplicate);
            assert_int_equal(result.base_offset, i * RECORDS);
        }
    }
    partition_log_free(log);
}

/* A snapshot tells of one batch; the client may send five again, for which it has got no answer. */
static void batches_from_before_the_snapshot_are_known_when_they_are_sent_again(void **state)
{
    struct log_fixture *f = *state;
    fill(f); /* closed: the snapshot is at the end */
    expect_repeats(f, true);
    expect_repeats(f, false);
}

static void also_when_the_snapshot_was_made_at_a_roll_and_the_batches_are_in_several_segments(
    void **state)
{
    struct log_fixture *f = *state;
    f->config.segment_bytes = 250; /* two batches a segment */
    fill(f);
    assert_int_equal(unlinkat(f->root_fd, "t-0/00000000000000000012.snapshot", 0), 0);
    expect_repeats(f, false);
    f->config.index_interval_bytes = 1;
    expect_repeats(f, false);
}

/* --- what Kafka was given --- */

/* Where our verdict is better than Kafka's: it does not look at the tail after a clean stop. */
static int64_t expected_end(const char *topic, json_t *row)
{
    if (strcmp(topic, "clean-cut") == 0) {
        return KEPT;
    }
    return json_integer_value(json_object_get(row, "log_end_after"));
}

static void open_given(struct log_fixture *f, const char *topic, json_t *row)
{
    struct log_open_options options = log_fixture_options(f, strcmp(topic, "clean-cut") == 0);
    struct partition_log *log = NULL;
    int64_t next = 0;
    options.topic = bytes_of(topic);
    if (partition_log_open(&options, &log, &f->report, &f->err) < 0) {
        fail_msg("%s: %s", topic, f->err.message);
    }
    assert_int_equal(partition_log_end_offset(log), expected_end(topic, row));
    assert_int_equal(partition_log_iterate(log, 0, count_batch, &next, &f->err), WEIR_OK);
    assert_int_equal(next, partition_log_end_offset(log));
    partition_log_free(log);
}

static void the_logs_that_kafka_was_given_end_where_kafka_ended_them(void **state)
{
    struct log_fixture *f = *state;
    char text[512];
    const char *source = getenv("WEIR_SOURCE");
    (void)snprintf(text, sizeof(text),
                   "tar xzf '%s/tests/golden/datadir/torn-given/data.tar.gz' -C '%s'", source,
                   f->path);
    assert_int_equal(system(text), 0);
    (void)snprintf(text, sizeof(text), "%s/tests/golden/datadir/torn-given/recovery.jsonl", source);
    FILE *rows = fopen(text, "re");
    assert_non_null(rows);
    json_t *row;
    int opened = 0;
    while ((row = json_loadf(rows, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        const char *topic = json_string_value(json_object_get(row, "topic"));
        (void)snprintf(text, sizeof(text), "%s-0", topic);
        if (faccessat(f->root_fd, text, F_OK, 0) == 0) { /* two rows are about other archives */
            open_given(f, topic, row);
            opened++;
        }
        json_decref(row);
    }
    (void)fclose(rows);
    assert_int_equal(opened, 11);
}

static enum kafka_error read_at(struct partition_log *log, int64_t offset)
{
    struct log_read_options options = {
        .offset = offset, .upper_offset = INT64_MAX, .max_bytes = 1000, .min_one = true
    };
    struct log_slice slice;
    enum kafka_error error = partition_log_read(log, &options, &slice);
    log_slice_release(&slice);
    return error;
}

/* Flips a bit of the first segment's last batch, at `at` of its bytes, and expects everything else to be there. */
static void rot(struct log_fixture *f, size_t at, bool clean)
{
    struct snapshot_of_disk d = remember(f);
    uint8_t *raw = (uint8_t *)(uintptr_t)d.log.data;
    struct log_open_options options = log_fixture_options(f, clean);
    struct partition_log *log = NULL;
    raw[d.last_batch + at] ^= 1;
    set_content(f, LOG, d.log.data, d.log.len);
    options.recovery_point = BATCHES * RECORDS;
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    assert_int_equal(partition_log_end_offset(log), BATCHES * RECORDS);
    assert_int_equal(f->report.segments_removed, 0);
    assert_int_equal(f->report.bytes_cut, 0);
    assert_int_equal(read_at(log, 0), KAFKA_NONE);
    for (int64_t offset = 4; offset < BATCHES * RECORDS; offset++) {
        assert_int_equal(read_at(log, offset), KAFKA_NONE);
    }
    struct bytes now = file_content(f, LOG);
    assert_int_equal(now.len, d.log.len);
    partition_log_free(log);
    raw[d.last_batch + at] ^= 1;
    set_content(f, LOG, d.log.data, d.log.len);
}

/* What was synced long ago and has rotted since costs itself: the segments behind it have nothing to do with it. */
static void rot_at_the_end_of_an_old_segment_costs_nothing_behind_it(void **state)
{
    struct log_fixture *f = *state;
    f->config.segment_bytes = 250; /* two batches a segment */
    f->config.index_interval_bytes = 1;
    fill(f);
    for (size_t at = 0; at < 100; at++) {
        rot(f, at, true);
        rot(f, at, false);
    }
}

static void snapshots_of_clean_stops_do_not_pile_up(void **state)
{
    struct log_fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        struct partition_log *log = log_fixture_open(f, i > 0);
        struct batch_spec spec = { .count = 1, .timestamp = NOW, .producer_id = 9, .sequence = i };
        assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
        assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
        partition_log_free(log);
    }
    int there = 0;
    for (int i = 0; i <= 5; i++) {
        char path[64];
        struct stat st;
        (void)snprintf(path, sizeof(path), "t-0/%020d.snapshot", i);
        there += fstatat(f->root_fd, path, &st, 0) == 0;
    }
    assert_in_range(there, 1, 2);
}

#define LOG_TEST(name) \
    cmocka_unit_test_setup_teardown(name, log_fixture_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(a_cut_anywhere_in_the_last_batch_costs_that_batch),
        LOG_TEST(also_after_a_clean_stop),
        LOG_TEST(also_when_the_index_points_into_the_tail),
        LOG_TEST(a_bit_flipped_anywhere_in_the_last_batch_costs_that_batch),
        LOG_TEST(flips_are_found_after_a_clean_stop_too),
        LOG_TEST(a_bit_flipped_in_the_epoch_checkpoint_costs_nothing),
        LOG_TEST(garbage_behind_the_end_goes),
        LOG_TEST(damage_in_the_middle_ends_the_log_there_and_drops_later_segments),
        LOG_TEST(batches_from_before_the_snapshot_are_known_when_they_are_sent_again),
        LOG_TEST(also_when_the_snapshot_was_made_at_a_roll_and_the_batches_are_in_several_segments),
        LOG_TEST(the_logs_that_kafka_was_given_end_where_kafka_ended_them),
        LOG_TEST(rot_at_the_end_of_an_old_segment_costs_nothing_behind_it),
        LOG_TEST(snapshots_of_clean_stops_do_not_pile_up),
    };
    return cmocka_run_group_tests_name("storage/recovery", tests, NULL, NULL);
}
