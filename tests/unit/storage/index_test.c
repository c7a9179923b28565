/*
 * storage/index: the index files of a log that are right are not written again, by a start, a stop or a roll, because a start on
 * thousands of segments would write thousands of files; those that are wrong are right afterwards.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "log_fixture.h"

#include <cmocka.h>

enum { NOW = 1700000000, BATCHES = 60, LONG_AGO = 1000000000, FILES_MAX = 200 };

struct files {
    int count;
    char names[FILES_MAX][64];
    int64_t sizes[FILES_MAX];
};

static bool is_index(const char *name)
{
    return bytes_ends_with(bytes_of(name), bytes_of(".index")) ||
           bytes_ends_with(bytes_of(name), bytes_of(".timeindex"));
}

/* Makes all index files old, so that a change shows. */
static void age(struct log_fixture *f, struct files *files)
{
    DIR *dir = fdopendir(openat(f->root_fd, "t-0", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const struct timespec times[2] = { { LONG_AGO, 0 }, { LONG_AGO, 0 } };
    struct dirent *entry;
    files->count = 0;
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        struct stat st;
        if (is_index(entry->d_name)) {
            assert_true(files->count < FILES_MAX);
            assert_int_equal(utimensat(dirfd(dir), entry->d_name, times, 0), 0);
            assert_int_equal(fstatat(dirfd(dir), entry->d_name, &st, 0), 0);
            (void)snprintf(files->names[files->count], sizeof(files->names[0]), "t-0/%.50s",
                           entry->d_name);
            files->sizes[files->count++] = st.st_size;
        }
    }
    (void)closedir(dir);
}

static int changed(struct log_fixture *f, const struct files *files)
{
    int count = 0;
    for (int i = 0; i < files->count; i++) {
        struct stat st;
        assert_int_equal(fstatat(f->root_fd, files->names[i], &st, 0), 0);
        assert_int_equal(st.st_size, files->sizes[i]);
        count += st.st_mtim.tv_sec != LONG_AGO;
    }
    return count;
}

/* Segments of one batch, which has no entry in the offset index, or with `dense` of some, with entries. */
static void fill(struct log_fixture *f, bool dense)
{
    f->config.segment_bytes = dense ? 1000 : 1;
    f->config.index_interval_bytes = dense ? 1 : 4096;
    struct partition_log *log = log_fixture_open(f, false);
    for (int i = 0; i < BATCHES; i++) {
        struct batch_spec spec = { .first = i, .count = 2, .timestamp = NOW + i };
        assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE);
    }
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
}

static void open_and_close(struct log_fixture *f, bool clean)
{
    struct partition_log *log = log_fixture_open(f, clean);
    assert_int_equal(f->report.bytes_cut, 0);
    assert_int_equal(partition_log_end_offset(log), 2 * BATCHES);
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
}

static void leaves_alone(struct log_fixture *f, bool dense)
{
    struct files files;
    fill(f, dense);
    for (int clean = 0; clean < 2; clean++) {
        age(f, &files);
        assert_true(files.count > 10);
        open_and_close(f, clean);
        assert_int_equal(changed(f, &files), 0);
        assert_int_equal(f->report.indexes_rebuilt, 0);
    }
}

static void test_a_start_and_a_stop_leave_small_segments_alone(void **state)
{
    leaves_alone(*state, false);
}

static void test_and_segments_with_entries(void **state)
{
    leaves_alone(*state, true);
}

static void test_only_the_segment_that_is_written_changes(void **state)
{
    struct log_fixture *f = *state;
    struct files files;
    fill(f, false);
    age(f, &files);
    struct partition_log *log = log_fixture_open(f, true);
    struct batch_spec spec = { .count = 2, .timestamp = NOW + BATCHES };
    assert_int_equal(append_spec(f, log, &spec).error, KAFKA_NONE); /* rolls */
    assert_int_equal(partition_log_close(log, &f->err), WEIR_OK);
    partition_log_free(log);
    assert_int_equal(changed(f, &files), 0);
}

/* The lines of both kinds of index of the third segment, wrong in all the ways a file can be. */
static void test_what_is_wrong_is_made_right(void **state)
{
    struct log_fixture *f = *state;
    static const char *const damages[] = {
        "truncate -s 0 \"$f\"",
        "truncate -s +4096 \"$f\"",           /* preallocated room, though not of whole entries */
        "printf '\\001' >> \"$f\"",           /* no whole entry */
        "cat \"$f\" \"$f\" > x; mv x \"$f\"", /* entries of what is not there */
        "printf '\\0\\0\\1\\0' | dd of=\"$f\" conv=notrunc status=none", /* a wrong entry */
        "rm \"$f\"",
    };
    static const char *const suffixes[] = { "index", "timeindex" };
    char command[600];
    fill(f, true);
    (void)snprintf(command, sizeof(command), "cp -r '%s/t-0' '%s/kept'", f->path, f->path);
    assert_int_equal(system(command), 0);
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]) * 2; i++) {
        (void)snprintf(command, sizeof(command), "cd '%s/t-0' && f=$(ls *.%s | sed -n 3p) && %s",
                       f->path, suffixes[i % 2], damages[i / 2]);
        assert_int_equal(system(command), 0);
        open_and_close(f, false);
        (void)snprintf(
            command, sizeof(command),
            "cd '%s' && for f in kept/*index; do cmp \"$f\" \"t-0/${f#kept/}\" || exit 1; done",
            f->path);
        assert_int_equal(system(command), 0);
    }
}

#define LOG_TEST(test) \
    cmocka_unit_test_setup_teardown(test, log_fixture_setup, log_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG_TEST(test_a_start_and_a_stop_leave_small_segments_alone),
        LOG_TEST(test_and_segments_with_entries),
        LOG_TEST(test_only_the_segment_that_is_written_changes),
        LOG_TEST(test_what_is_wrong_is_made_right),
    };
    return cmocka_run_group_tests_name("storage/index", tests, NULL, NULL);
}
