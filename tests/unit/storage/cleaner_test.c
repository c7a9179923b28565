/*
 * storage/log_cleaner: of each key the newest record stays, at its offset, over restarts and crashes; tombstones go when
 * their time is over; what Apache Kafka's cleaner keeps of a log, ours keeps.
 */
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "log_fixture.h"
#include "protocol/record.h"
#include "storage/log_cleaner.h"

#include <cmocka.h>

enum { KEYS = 23, NOW = 1700000000, DAY_MS = 24 * 3600 * 1000 };

/* What each key's newest record should be: its offset, -1 none, and whether it is a tombstone. */
struct model {
    int64_t newest[KEYS];
    bool tombstone[KEYS];
};

static int cleaner_setup(void **state)
{
    int failed = log_fixture_setup(state);
    struct log_fixture *f = *state;
    f->config.compacted = true;
    f->config.deletes = false;
    f->config.segment_bytes = 2000;
    return failed;
}

static void append(struct log_fixture *f,
                   struct partition_log *log,
                   struct batch_builder *b,
                   enum codec codec)
{
    struct append_options options = {
        .origin = BATCH_ORIGIN_CLIENT, .zstd_allowed = true, .now_ms = NOW, .arena = &f->arena
    };
    struct append_result result;
    struct bytes batch;
    assert_int_equal(batch_builder_finish(b, codec, &batch, NULL), WEIR_OK);
    assert_int_equal(partition_log_append(log, batch, &options, &result), KAFKA_NONE);
    batch_builder_release(b);
}

/* Batches of 1 to 5 records, keys and tombstones as `seed` has it. */
static void fill(
    struct log_fixture *f, struct partition_log *log, struct model *m, unsigned seed, int batches)
{
    for (int i = 0; i < batches; i++) {
        struct batch_builder b;
        batch_builder_init(&b, 1 << 20);
        int64_t offset = partition_log_end_offset(log);
        for (unsigned n = 0; n <= (seed >> 8) % 5; n++) {
            seed = seed * 1103515245U + 12345U;
            unsigned key = (seed >> 16) % KEYS;
            bool tombstone = (seed >> 12) % 8 == 0;
            struct bytes value = arena_printf(&f->arena, "value at %lld", (long long)offset);
            batch_builder_add(&b, NOW + offset, arena_printf(&f->arena, "key %u", key),
                              tombstone ? (struct bytes){ NULL, 0 } : value, NULL, 0);
            m->newest[key] = offset++;
            m->tombstone[key] = tombstone;
        }
        append(f, log, &b, (enum codec)(i % 5));
    }
}

struct seen {
    struct model newest;
    int records;
    int64_t last_offset;
};

static enum weir_status see(void *context, struct bytes batch, struct weir_error *err)
{
    struct seen *seen = context;
    struct record_reader reader;
    struct record r;
    int rc = record_reader_init(&reader, batch, err);
    assert_true(batch_intact(batch));
    while (rc >= 0 && (rc = record_next(&reader, &r, err)) > 0) {
        int64_t key = -1;
        char value[32];
        struct bytes digits = { r.key.data + 4, r.key.len - 4 };
        assert_true(bytes_parse_i64(digits, &key) && key >= 0 && key < KEYS);
        assert_true(r.offset > seen->last_offset);
        assert_int_equal(r.timestamp, NOW + r.offset);
        (void)snprintf(value, sizeof(value), "value at %lld", (long long)r.offset);
        assert_true(!r.value.data || bytes_equal_text(r.value, value));
        seen->last_offset = r.offset;
        seen->newest.newest[key] = r.offset;
        seen->newest.tombstone[key] = r.value.data == NULL;
        seen->records++;
    }
    record_reader_finish(&reader);
    return rc < 0 ? (enum weir_status)rc : WEIR_OK;
}

/* All that is in the log; compared with the model. Where the newest is a tombstone it may be gone, but then with all of the key,
 * unless `with_tombstones`. Returns records. */
static int compare(struct partition_log *log, const struct model *m, bool with_tombstones)
{
    struct seen seen = { .last_offset = -1 };
    struct weir_error err;
    for (int i = 0; i < KEYS; i++) {
        seen.newest.newest[i] = -1;
    }
    assert_int_equal(partition_log_iterate(log, 0, see, &seen, &err), WEIR_OK);
    for (int i = 0; i < KEYS; i++) {
        if (with_tombstones || !m->tombstone[i] || seen.newest.newest[i] >= 0) {
            assert_int_equal(seen.newest.newest[i], m->newest[i]);
        }
    }
    return seen.records;
}

static struct log_compacted compact(struct log_fixture *f, struct partition_log *log, int64_t now)
{
    struct log_compacted done;
    enum weir_status rc = partition_log_compact(log, now, &done, &f->err);
    if (rc < 0) {
        print_error("%s\n", f->err.message);
    }
    assert_int_equal(rc, WEIR_OK);
    return done;
}

static void test_the_newest_of_each_key_stays(void **state)
{
    struct log_fixture *f = *state;
    for (unsigned seed = 1; seed <= 5; seed++) {
        struct model m = { { 0 }, { false } };
        for (int i = 0; i < KEYS; i++) {
            m.newest[i] = -1;
        }
        struct partition_log *log = log_fixture_open(f, false);
        fill(f, log, &m, seed, 150);
        int before = compare(log, &m, true);
        int64_t end = partition_log_end_offset(log);
        int64_t size = partition_log_size(log);
        struct log_compacted done = compact(f, log, NOW);
        assert_true(done.segments > 2);
        assert_int_equal(partition_log_size(log), size - done.bytes_before + done.bytes_after);
        int after = compare(log, &m, true);
        assert_true(after < before / 2);
        assert_int_equal(compact(f, log, NOW).segments, 0); /* nothing is dirty now */
        partition_log_free(log);                            /* kill -9 */

        /* Not compacted any more, and all of it checked: the holes are no damage. */
        f->config.compacted = false;
        log = log_fixture_open(f, false);
        assert_int_equal(f->report.bytes_cut, 0);
        assert_int_equal(partition_log_end_offset(log), end);
        assert_int_equal(compare(log, &m, true), after);
        partition_log_free(log);

        f->config.compacted = true;
        f->config.min_cleanable_dirty_ratio = 0;
        log = log_fixture_open(f, false);
        fill(f, log, &m, seed + 100, 150);
        (void)compact(f, log, NOW + 3LL * DAY_MS); /* old tombstones' horizon is over */
        (void)compare(log, &m, false);
        assert_int_equal(partition_log_delete(log, &f->err), WEIR_OK);
        partition_log_free(log);
    }
}

static void test_any_file_may_be_missing_after_a_crash(void **state)
{
    struct log_fixture *f = *state;
    static const char *const lost[] = { ".index", ".timeindex" };
    struct model m = { { 0 }, { false } };
    for (int i = 0; i < KEYS; i++) {
        m.newest[i] = -1;
    }
    struct partition_log *log = log_fixture_open(f, false);
    fill(f, log, &m, 9, 150);
    (void)compact(f, log, NOW);
    int records = compare(log, &m, true);
    partition_log_free(log);
    for (size_t i = 0; i < 2; i++) {
        char path[200];
        (void)snprintf(path, sizeof(path), "t-0/%020d%s", 0, lost[i]);
        assert_int_equal(unlinkat(f->root_fd, path, 0), 0);
        assert_int_equal(mkdirat(f->root_fd, "t-0/new.cleaned", 0755), 0);
        int fd = openat(f->root_fd, "t-0/new.cleaned/00000000000000000000.log",
                        O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
        assert_int_equal(write(fd, "half", 4), 4);
        (void)close(fd);
        log = log_fixture_open(f, false);
        assert_int_equal(f->report.bytes_cut, 0);
        assert_int_equal(compare(log, &m, true), records);
        assert_int_not_equal(faccessat(f->root_fd, "t-0/new.cleaned", F_OK, 0), 0);
        partition_log_free(log);
    }
}

static void test_a_producer_is_known_by_what_is_left_of_its_batch(void **state)
{
    struct log_fixture *f = *state;
    struct batch_spec mine = {
        .first = 1, .count = 2, .timestamp = NOW, .producer_id = 5, .sequence = 0
    };
    struct partition_log *log = log_fixture_open(f, false);
    assert_int_equal(append_spec(f, log, &mine).error, KAFKA_NONE);
    struct batch_spec same_keys = { .first = 1, .count = 2, .timestamp = NOW };
    for (int i = 0; i < 60; i++) {
        assert_int_equal(append_spec(f, log, &same_keys).error, KAFKA_NONE);
    }
    assert_true(compact(f, log, NOW).segments > 0);
    partition_log_free(log);
    char command[256];
    (void)snprintf(command, sizeof(command), "rm -f '%s'/t-0/*.snapshot", f->path);
    assert_int_equal(system(command), 0);
    log = log_fixture_open(f, false);
    struct append_result again = append_spec(f, log, &mine);
    assert_int_equal(again.error, KAFKA_NONE);
    assert_true(again.duplicate);
    assert_int_equal(again.base_offset, 0);
    partition_log_free(log);
}

/* The rows of expect.jsonl that are records, in their order. */
struct expected {
    FILE *file;
    int records;
};

static json_t *next_record(struct expected *e)
{
    json_t *row = NULL;
    while ((row = json_loadf(e->file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL) {
        if (strcmp(json_string_value(json_object_get(row, "kind")), "record") == 0) {
            return row;
        }
        json_decref(row);
    }
    return NULL;
}

static enum weir_status expect_batch(void *context, struct bytes batch, struct weir_error *err)
{
    struct expected *e = context;
    struct record_reader reader;
    struct record r;
    int rc = record_reader_init(&reader, batch, err);
    while (rc >= 0 && (rc = record_next(&reader, &r, err)) > 0) {
        json_t *row = next_record(e);
        assert_non_null(row);
        const char *value = json_string_value(json_object_get(row, "value"));
        assert_int_equal(r.offset, json_integer_value(json_object_get(row, "offset")));
        assert_int_equal(r.timestamp, json_integer_value(json_object_get(row, "timestamp")));
        assert_true(bytes_equal_text(r.key, json_string_value(json_object_get(row, "key"))));
        assert_true(value ? bytes_equal_text(r.value, value) : r.value.data == NULL);
        e->records++;
        json_decref(row);
    }
    record_reader_finish(&reader);
    return rc < 0 ? (enum weir_status)rc : WEIR_OK;
}

static void test_the_same_records_stay_as_with_apache_kafka(void **state)
{
    struct log_fixture *f = *state;
    char text[512];
    struct expected e = { 0 };
    const char *golden = getenv("WEIR_SOURCE");
    (void)snprintf(text, sizeof(text), "tar xzf '%s/tests/golden/datadir/%s' -C '%s'", golden,
                   "compact-before/data.tar.gz", f->path);
    assert_int_equal(system(text), 0);
    struct log_open_options options = log_fixture_options(f, true);
    options.topic = bytes_of("compact");
    struct partition_log *log = NULL;
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_OK);
    assert_true(compact(f, log, NOW).segments > 0);
    (void)snprintf(text, sizeof(text), "%s/tests/golden/datadir/compact-after/expect.jsonl",
                   golden);
    e.file = fopen(text, "re");
    assert_non_null(e.file);
    assert_int_equal(partition_log_iterate(log, 0, expect_batch, &e, &f->err), WEIR_OK);
    assert_true(e.records > 0);
    assert_null(next_record(&e));
    (void)fclose(e.file);
    partition_log_free(log);
}

static enum weir_status refuse_empty(void *context, struct bytes batch, struct weir_error *err)
{
    struct batch_header h;
    batch_header_read(batch.data, &h);
    ++*(int *)context;
    return h.record_count > 0 ? WEIR_OK : weir_fail(err, WEIR_ECORRUPT, "a batch without records");
}

/* Some clients (kafka-python 2.0.2) break when an answer has nothing but a batch without records. */
static void test_a_segment_of_which_nothing_is_left_goes(void **state)
{
    struct log_fixture *f = *state;
    struct batch_spec same_keys = { .first = 1, .count = 2, .timestamp = NOW };
    struct partition_log *log = log_fixture_open(f, false);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(append_spec(f, log, &same_keys).error, KAFKA_NONE);
    }
    assert_true(compact(f, log, NOW).segments > 2);
    for (int opened = 0; opened < 2; opened++) {
        int before_active = 0;
        assert_int_equal(partition_log_iterate(log, 0, refuse_empty, &before_active, &f->err),
                         WEIR_OK);
        assert_true(before_active < 60);
        assert_int_equal(partition_log_start_offset(log), 0);
        assert_int_equal(partition_log_end_offset(log), 200);
        partition_log_free(log);
        log = log_fixture_open(f, false);
        assert_int_equal(f->report.bytes_cut, 0);
    }
    partition_log_free(log);
}

/* --- which segments are put together --- */

struct sizes {
    int segments;
    int64_t largest; /* bytes of a .log */
};

/* Of all that is in the folder but the active segment. */
static struct sizes look_at_segments(struct log_fixture *f)
{
    struct sizes sizes = { 0 };
    char command[300];
    long long size = 0;
    (void)snprintf(command, sizeof(command), "ls '%s'/t-0/*.log | sed '$d' | xargs stat -c %%s",
                   f->path);
    FILE *out = popen(command, "re"); /* NOLINT(cert-env33-c): our own folder */
    assert_non_null(out);
    while (fscanf(out, "%lld", &size) == 1) {
        sizes.segments++;
        sizes.largest = size > sizes.largest ? size : sizes.largest;
    }
    (void)pclose(out);
    return sizes;
}

static void clean_anew(struct log_fixture *f, struct partition_log *log, struct model *m)
{
    for (int pass = 0; pass < 3; pass++) { /* by the sizes before, so it takes some cleanings */
        fill(f, log, m, 17 + (unsigned)pass, 20);
        (void)compact(f, log, NOW);
        (void)compare(log, m, true);
    }
}

static struct partition_log *filled(struct log_fixture *f, struct model *m, unsigned seed)
{
    f->config.min_cleanable_dirty_ratio = 0;
    struct partition_log *log = log_fixture_open(f, false);
    for (int i = 0; i < KEYS; i++) {
        m->newest[i] = -1;
        m->tombstone[i] = false;
    }
    fill(f, log, m, seed, 200);
    return log;
}

static void test_small_segments_become_one(void **state)
{
    struct log_fixture *f = *state;
    struct model m;
    f->config.segment_bytes = 500;
    struct partition_log *log = filled(f, &m, 3);
    struct sizes before = look_at_segments(f);
    f->config.segment_bytes = 6000;
    partition_log_set_config(log, &f->config);
    clean_anew(f, log, &m);
    struct sizes after = look_at_segments(f);
    assert_true(before.segments > 20);
    assert_true(after.segments <= 2);
    assert_true(after.largest <= 6000);
    partition_log_free(log);
    log = log_fixture_open(f, false);
    assert_int_equal(f->report.bytes_cut, 0);
    assert_int_equal(f->report.indexes_rebuilt, 0);
    (void)compare(log, &m, true);
    partition_log_free(log);
}

/* Each complete segment has one entry of 12 bytes in its index of times. */
static void test_but_not_more_than_their_indexes_may_hold(void **state)
{
    struct log_fixture *f = *state;
    f->config.segment_bytes = 1;
    struct partition_log *log = log_fixture_open(f, false);
    for (int i = 0; i < 24; i++) {
        struct batch_spec spec = { .first = i, .count = 1, .timestamp = NOW + i };
        assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
    }
    f->config.segment_bytes = 1 << 20;
    f->config.segment_index_bytes = 60;
    partition_log_set_config(log, &f->config);
    assert_int_equal(compact(f, log, NOW).segments, 23);
    assert_int_equal(look_at_segments(f).segments, 5);
    partition_log_free(log);
}

/* Offsets far apart, as replication brings them. */
static void test_nor_further_apart_than_an_index_can_say(void **state)
{
    struct log_fixture *f = *state;
    struct append_options options = { .origin = BATCH_ORIGIN_REPLICATION,
                                      .now_ms = NOW,
                                      .arena = &f->arena };
    f->config.segment_bytes = 1;
    f->config.min_cleanable_dirty_ratio = 0;
    struct partition_log *log = log_fixture_open(f, false);
    for (int i = 0; i < 8; i++) { /* a third of the range between them */
        struct append_result result;
        struct batch_spec spec = { .first = i, .count = 1, .timestamp = NOW };
        struct bytes batch = make_batch(&f->arena, &spec);
        struct batch_header h;
        batch_header_read(batch.data, &h);
        h.base_offset = i * (INT32_MAX / 3LL);
        batch_header_write(&h, (uint8_t *)(uintptr_t)batch.data);
        assert_int_equal(partition_log_append(log, batch, &options, &result), KAFKA_NONE);
    }
    f->config.segment_bytes = 1 << 20;
    partition_log_set_config(log, &f->config);
    (void)compact(f, log, NOW);
    assert_int_equal(look_at_segments(f).segments, 3); /* 0 to 2, 3 to 5, 6; 7 is active */
    partition_log_free(log);
    log = log_fixture_open(f, false);
    assert_int_equal(f->report.bytes_cut, 0);
    assert_int_equal(partition_log_end_offset(log), 7 * (INT32_MAX / 3LL) + 1);
    partition_log_free(log);
}

/* --- memory --- */

static void test_what_memory_has_no_room_for_is_cleaned_next(void **state)
{
    struct log_fixture *f = *state;
    struct model m;
    f->config.segment_bytes = 4000;
    struct partition_log *log = filled(f, &m, 11);
    f->config.delete_retention_ms = 0; /* tombstones are at risk too */
    f->config.cleaner_dedupe_bytes = 5LL * 24;
    f->config.cleaner_load_factor = 1;
    partition_log_set_config(log, &f->config);
    int before = compare(log, &m, true);
    int passes = 0;
    int64_t left = partition_log_size(log);
    struct log_compacted done = { .more = true };
    while (done.more) {
        done = compact(f, log, NOW + passes);
        (void)compare(log, &m, false);
        assert_true(partition_log_size(log) <= left + 100); /* horizons */
        left = partition_log_size(log);
        if (passes % 3 == 0) { /* kill -9: what is clean ends in the midst of a segment */
            partition_log_free(log);
            log = log_fixture_open(f, false);
            assert_int_equal(f->report.bytes_cut, 0);
            (void)compare(log, &m, false);
        }
        passes++;
        assert_true(passes < 1000);
    }
    assert_true(passes > 10);
    assert_true(compare(log, &m, false) < before / 4);
    assert_int_equal(compact(f, log, NOW + passes).segments, 0);
    partition_log_free(log);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, cleaner_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_the_newest_of_each_key_stays),
        LOG_TEST(test_any_file_may_be_missing_after_a_crash),
        LOG_TEST(test_the_same_records_stay_as_with_apache_kafka),
        LOG_TEST(test_a_segment_of_which_nothing_is_left_goes),
        LOG_TEST(test_a_producer_is_known_by_what_is_left_of_its_batch),
        LOG_TEST(test_small_segments_become_one),
        LOG_TEST(test_but_not_more_than_their_indexes_may_hold),
        LOG_TEST(test_nor_further_apart_than_an_index_can_say),
        LOG_TEST(test_what_memory_has_no_room_for_is_cleaned_next),
    };
    return cmocka_run_group_tests_name("storage/log_cleaner", tests, NULL, NULL);
}
