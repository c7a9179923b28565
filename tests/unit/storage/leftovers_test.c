/*
 * storage/log_leftovers: every state that Apache Kafka's cleaner can be interrupted in is finished or undone at a start, as
 * Kafka's LogLoader does it; and the folder of another broker is taken over with the holes that its compaction made.
 */
#include <string.h>
#include <sys/stat.h>

#include "log_fixture.h"

#include <cmocka.h>

enum { BATCHES = 60, BATCH_RECORDS = 2, NOW = 1700000000 };

/* A log of several segments, as a list of the offsets that its batches begin at. */
struct offsets {
    int64_t at[BATCHES];
    int count;
};

static int leftovers_setup(void **state)
{
    int failed = log_fixture_setup(state);
    struct log_fixture *f = *state;
    f->config.segment_bytes = 1000;
    struct partition_log *log = log_fixture_open(f, false);
    for (int i = 0; i < BATCHES; i++) {
        struct batch_spec spec = { .first = i, .count = BATCH_RECORDS, .timestamp = NOW };
        assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
    }
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
    return failed;
}

static enum weir_status note(void *context, struct bytes batch, struct weir_error *err)
{
    struct offsets *offsets = context;
    (void)err;
    assert_true(batch_intact(batch));
    struct batch_header h;
    batch_header_read(batch.data, &h);
    offsets->at[offsets->count++] = h.base_offset;
    return WEIR_OK;
}

/* Opened as after a crash: every byte is judged. */
static struct offsets open_and_read(struct log_fixture *f)
{
    struct offsets offsets = { .count = 0 };
    struct partition_log *log = log_fixture_open(f, false);
    assert_int_equal(f->report.bytes_cut, 0);
    assert_int_equal(partition_log_end_offset(log), BATCHES * BATCH_RECORDS);
    assert_int_equal(partition_log_iterate(log, 0, note, &offsets, &f->err), WEIR_OK);
    partition_log_free(log);
    return offsets;
}

static void run(struct log_fixture *f, const char *script)
{
    char command[1024];
    (void)snprintf(command, sizeof(command), "cd '%s/t-0' && set -e && %s", f->path, script);
    assert_int_equal(system(command), 0);
}

static bool exists(struct log_fixture *f, const char *pattern)
{
    char command[400];
    (void)snprintf(command, sizeof(command), "cd '%s/t-0' && ls %s >/dev/null 2>&1", f->path,
                   pattern);
    return system(command) == 0;
}

/* The bases of the segments. */
static struct offsets segments(struct log_fixture *f)
{
    struct offsets found = { .count = 0 };
    char command[400];
    (void)snprintf(command, sizeof(command), "cd '%s/t-0' && ls *.log | sed 's/^0*//; s/^\\./0./'",
                   f->path);
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    long long offset;
    while (fscanf(pipe, "%lld.log ", &offset) == 1) {
        found.at[found.count++] = offset;
    }
    (void)pclose(pipe);
    return found;
}

/* Writes "<suffix>" of the first three segments as one, with every other batch: what Kafka's cleaner might have made. Returns
 * where the segment begins that was left alone. */
static int64_t make_cleaned(struct log_fixture *f, const char *suffix)
{
    struct offsets bases = segments(f);
    assert_true(bases.count > 5);
    char path[200];
    (void)snprintf(path, sizeof(path), "t-0/%020d.log%s", 0, suffix);
    int to = openat(f->root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    bool take = true;
    for (int i = 0; i < 3; i++) {
        struct buffer b;
        buffer_init(&b, 1 << 20);
        (void)snprintf(path, sizeof(path), "t-0/%020lld.log", (long long)bases.at[i]);
        assert_int_equal(file_read(f->root_fd, path, &b, &f->err), WEIR_OK);
        struct bytes rest = buffer_bytes(&b);
        struct bytes batch;
        while (batch_split(&rest, &batch) == BATCH_SPLIT_FOUND) {
            if (take) {
                assert_int_equal(write(to, batch.data, batch.len), batch.len);
            }
            take = !take;
        }
        buffer_finish(&b);
    }
    (void)close(to);
    return bases.at[3];
}

/* Nothing was replaced. */
static void expect_untouched(struct log_fixture *f)
{
    struct offsets read = open_and_read(f);
    assert_int_equal(read.count, BATCHES);
}

/* Every other batch before `replaced_to`, all from there on. */
static void expect_replaced(struct log_fixture *f, int64_t replaced_to)
{
    f->config.compacted = true;
    for (int start = 0; start < 2; start++) {
        struct offsets read = open_and_read(f);
        int i = 0;
        for (int64_t offset = 0; offset < replaced_to; offset += 4) {
            assert_int_equal(read.at[i++], offset);
        }
        assert_int_equal(BATCHES - replaced_to / BATCH_RECORDS, read.count - i);
    }
    assert_false(exists(f, "*.swap"));
    assert_false(exists(f, "*.deleted"));
}

static void test_what_was_being_cleaned_is_forgotten(void **state)
{
    struct log_fixture *f = *state;
    (void)make_cleaned(f, ".cleaned");
    run(f, "echo half > 00000000000000000000.index.cleaned");
    expect_untouched(f);
    assert_false(exists(f, "*.cleaned"));
}

static void test_a_swap_takes_the_place_of_what_is_still_there(void **state)
{
    struct log_fixture *f = *state;
    int64_t to = make_cleaned(f, ".swap");
    run(f, ": > 00000000000000000000.index.swap; : > 00000000000000000000.timeindex.swap");
    expect_replaced(f, to);
    assert_int_equal(segments(f).at[1], to);
}

static void test_a_swap_takes_the_place_of_what_is_gone_in_part(void **state)
{
    struct log_fixture *f = *state;
    int64_t to = make_cleaned(f, ".swap");
    char script[300];
    long long second = segments(f).at[1];
    (void)snprintf(script, sizeof(script),
                   "mv %020d.log %020d.log.deleted; mv %020lld.log %020lld.log.deleted; "
                   "rm %020lld.index",
                   0, 0, second, second, second);
    run(f, script);
    expect_replaced(f, to);
}

static void test_indexes_may_follow_their_log(void **state)
{
    struct log_fixture *f = *state;
    int64_t to = make_cleaned(f, ".swap");
    expect_replaced(f, to);
    run(f, "cp 00000000000000000000.index 00000000000000000000.index.swap; rm "
           "00000000000000000000.index");
    expect_replaced(f, to);
}

static void test_a_swap_behind_what_was_being_cleaned_is_unfinished_too(void **state)
{
    struct log_fixture *f = *state;
    (void)make_cleaned(f, ".swap");
    run(f, ": > 00000000000000000000.log.cleaned");
    expect_untouched(f);
    assert_false(exists(f, "*.swap *.cleaned"));
}

static void test_a_swap_that_is_damaged_costs_nothing(void **state)
{
    struct log_fixture *f = *state;
    struct log_open_options options = log_fixture_options(f, false);
    struct partition_log *log = NULL;
    (void)make_cleaned(f, ".swap");
    run(f, "printf X | dd of=00000000000000000000.log.swap bs=1 seek=70 conv=notrunc 2>/dev/null");
    assert_int_equal(partition_log_open(&options, &log, &f->report, &f->err), WEIR_ECORRUPT);
    assert_non_null(strstr(f->err.message, "t-0/00000000000000000000.log.swap"));
    run(f, "rm *.swap");
    expect_untouched(f);
}

static void test_holes_of_another_brokers_compaction_are_no_damage(void **state)
{
    struct log_fixture *f = *state;
    int64_t to = make_cleaned(f, ".swap");
    assert_int_equal(partition_log_adopt(f->root_fd, "t-0", 0, &f->err), WEIR_OK);
    assert_false(f->config.compacted); /* nobody told us that the topic was */
    struct offsets read = open_and_read(f);
    assert_int_equal(read.count, BATCHES - to / BATCH_RECORDS / 2);
}

#define LOG_TEST(test) cmocka_unit_test_setup_teardown(test, leftovers_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_what_was_being_cleaned_is_forgotten),
        LOG_TEST(test_a_swap_takes_the_place_of_what_is_still_there),
        LOG_TEST(test_a_swap_takes_the_place_of_what_is_gone_in_part),
        LOG_TEST(test_indexes_may_follow_their_log),
        LOG_TEST(test_a_swap_behind_what_was_being_cleaned_is_unfinished_too),
        LOG_TEST(test_a_swap_that_is_damaged_costs_nothing),
        LOG_TEST(test_holes_of_another_brokers_compaction_are_no_damage),
    };
    return cmocka_run_group_tests_name("storage/log_leftovers", tests, NULL, NULL);
}
