/*
 * checkpoint/metadata_log: numbered files are written once, whole or not at all; compacted logs are those of Spark, to the byte.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "checkpoint/metadata_log.h"
#include "checkpoint_golden.h"

#include <cmocka.h>

#define LINE "{\"line\":%d}"

enum { PATH_SIZE = 200, INTERVAL = 10 };

struct fixture {
    char root[64];
    char folder[100];
    struct metadata_log log;
    struct arena arena;
    struct sql_error error;
};

static int set_up(void **state)
{
    struct fixture *f = MEM_NEW(struct fixture);
    (void)snprintf(f->root, sizeof(f->root), "/tmp/weir-log-test-XXXXXX");
    assert_non_null(mkdtemp(f->root));
    (void)snprintf(f->folder, sizeof(f->folder), "%s/sources/0", f->root);
    arena_init(&f->arena, 0);
    assert_true(metadata_log_open(&f->log, f->folder, false, INTERVAL, &f->error));
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    metadata_log_finish(&f->log);
    arena_finish(&f->arena);
    sql_error_finish(&f->error);
    assert_int_equal(file_remove_tree(AT_FDCWD, f->root, NULL), WEIR_OK);
    free(f);
    return 0;
}

static const char *path_of(const struct fixture *f, const char *name, char out[PATH_SIZE])
{
    (void)snprintf(out, PATH_SIZE, "%s/%s", f->folder, name);
    return out;
}

static bool is_there(const struct fixture *f, const char *name)
{
    char path[PATH_SIZE];
    return access(path_of(f, name, path), F_OK) == 0;
}

static void put(const struct fixture *f, const char *name, const char *text)
{
    char path[PATH_SIZE];
    assert_int_equal(file_replace(AT_FDCWD, path_of(f, name, path), bytes_of(text), false, NULL),
                     WEIR_OK);
}

static int64_t latest(struct fixture *f)
{
    int64_t number;
    assert_true(metadata_log_latest(&f->log, &number, &f->error));
    return number;
}

static void add(struct fixture *f, int64_t number, const char *line)
{
    struct bytes lines[] = { bytes_of(line) };
    assert_int_equal(metadata_log_add(&f->log, number, lines, 1, &f->error), LOG_WRITTEN);
}

/* The lines are those of batches first to last, as LINE has them. */
static void has_lines(struct fixture *f, int64_t first, int64_t last)
{
    const struct bytes *lines;
    const int64_t *numbers;
    int32_t count;
    char expected[32];
    if (!metadata_log_lines(&f->log, &f->arena, &lines, &numbers, &count, &f->error)) {
        fail_msg("%s", f->error.message);
    }
    assert_int_equal(count, last - first + 1);
    for (int32_t i = 0; i < count; i++) {
        (void)snprintf(expected, sizeof(expected), LINE, (int)first + i);
        assert_true(bytes_equal_text(lines[i], expected));
        assert_true(numbers[i] >= first + i && numbers[i] <= last);
    }
}

static void add_lines(struct fixture *f, int64_t from, int64_t below)
{
    char line[32];
    for (int64_t i = from; i < below; i++) {
        (void)snprintf(line, sizeof(line), LINE, (int)i);
        add(f, i, line);
    }
}

static void a_file_is_written_once(void **state)
{
    struct fixture *f = *state;
    struct bytes text;
    static const char kafka[] = "\0v1\nfirst"; /* Kafka's sources begin so */
    struct bytes first = { (const uint8_t *)kafka, sizeof(kafka) - 1 };
    assert_int_equal(latest(f), -1);
    assert_int_equal(metadata_log_write(&f->log, 3, first, &f->error), LOG_WRITTEN);
    assert_int_equal(metadata_log_write(&f->log, 3, bytes_of("second"), &f->error), LOG_EXISTS);
    assert_false(sql_failed(&f->error));
    assert_true(metadata_log_read(&f->log, 3, &f->arena, &text, &f->error));
    assert_true(bytes_equal(text, first));
    assert_true(metadata_log_read(&f->log, 4, &f->arena, &text, &f->error));
    assert_null(text.data);
    assert_int_equal(latest(f), 3);
}

static void names_that_are_no_numbers_are_ignored(void **state)
{
    struct fixture *f = *state;
    static const char *const others[] = { "notes.txt",   ".5.crc", ".7.x.tmp",
                                          "-1",          "+8",     "09",
                                          "10.delta",    "a9",     "99999999999999999999",
                                          "12.compact.x" };
    int64_t *numbers;
    int32_t count;
    add_lines(f, 0, 12);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        put(f, others[i], "v1\nnot a line of ours");
    }
    assert_int_equal(latest(f), 11);
    assert_true(metadata_log_numbers(&f->log, &numbers, &count, &f->error));
    assert_int_equal(count, 12);
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(numbers[i], i);
    }
    free(numbers);
    has_lines(f, 0, 11);
}

static void every_tenth_file_has_all_lines(void **state)
{
    struct fixture *f = *state;
    struct bytes text;
    add_lines(f, 0, 35);
    has_lines(f, 0, 34);
    assert_true(is_there(f, "9.compact") && is_there(f, "19.compact") && is_there(f, "29.compact"));
    assert_true(is_there(f, "0") && is_there(f, "34"));
    assert_false(is_there(f, "9"));
    assert_true(metadata_log_read(&f->log, 9, &f->arena, &text, &f->error));
    assert_true(bytes_starts_with(text, bytes_of("v1\n{\"line\":0}\n{\"line\":1}\n")));
    assert_true(bytes_ends_with(text, bytes_of("\n{\"line\":9}")));
    struct bytes line = bytes_of("{\"line\":9}");
    assert_int_equal(metadata_log_add(&f->log, 9, &line, 1, &f->error), LOG_EXISTS);
    assert_int_equal(metadata_log_add(&f->log, 35, NULL, 0, &f->error),
                     LOG_WRITTEN); /* a batch of nothing */
    assert_true(metadata_log_read(&f->log, 35, &f->arena, &text, &f->error));
    assert_true(bytes_equal_text(text, "v1"));
    has_lines(f, 0, 34);
}

static void what_was_read_before_compacting_is_not_needed(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    add_lines(f, 0, 23);
    for (int i = 0; i < 19; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), i == 9 ? "%d.compact" : "%d", i);
        assert_int_equal(unlink(path_of(f, name, path)), 0);
    }
    has_lines(f, 0, 22);
    add_lines(f, 23, 31);
    has_lines(f, 0, 30);
}

/* The plain files into the folder, the compact ones by their number / INTERVAL. */
static void golden_sources(struct fixture *f, const char *checkpoint, struct bytes *compact)
{
    struct golden_files g;
    struct golden_file file;
    const struct bytes folder = bytes_of("sources/0/");
    assert_true(golden_files_open(&g));
    while (golden_files_next(&g, &file)) {
        struct bytes rest = bytes_of(file.path);
        struct bytes name;
        int64_t number;
        if (strcmp(file.checkpoint, checkpoint) != 0 || !bytes_starts_with(rest, folder)) {
            continue;
        }
        rest = (struct bytes){ rest.data + folder.len, rest.len - folder.len };
        if (bytes_cut(&rest, '.', &name) && bytes_parse_i64(name, &number) &&
            !bytes_is_null(rest)) {
            compact[number / INTERVAL] = arena_copy(&f->arena, file.text);
        } else {
            put(f, file.path + folder.len, (const char *)file.text.data);
        }
    }
    golden_files_close(&g);
}

/* The last line of a text. */
static struct bytes last_line(struct bytes text)
{
    struct bytes line = text;
    while (text.len > 0 && bytes_cut(&text, '\n', &line)) {
    }
    return line;
}

static void compacting_gives_what_spark_wrote(void **state)
{
    struct fixture *f = *state;
    struct bytes compact[3] = { 0 };
    struct bytes text;
    char path[PATH_SIZE];
    golden_sources(f, "recovery_state_files/checkpoint", compact);
    for (int64_t i = 10; i <= 24; i++) { /* later ones would be in the way */
        (void)snprintf(path, sizeof(path), "%s/%d", f->folder, (int)i);
        (void)unlink(path);
    }
    struct bytes line = last_line(compact[0]);
    assert_int_equal(metadata_log_add(&f->log, 9, &line, 1, &f->error), LOG_WRITTEN);
    assert_true(metadata_log_read(&f->log, 9, &f->arena, &text, &f->error));
    assert_true(bytes_equal(text, compact[0]));
    golden_sources(f, "recovery_state_files/checkpoint", compact);
    line = last_line(compact[1]);
    assert_int_equal(metadata_log_add(&f->log, 19, &line, 1, &f->error), LOG_WRITTEN);
    assert_true(metadata_log_read(&f->log, 19, &f->arena, &text, &f->error));
    assert_true(bytes_equal(text, compact[1]));
    assert_int_equal(latest(f), 24);
}

static void refused(struct fixture *f, const char *name, const char *words)
{
    const struct bytes *lines;
    const int64_t *numbers;
    int32_t count;
    char path[PATH_SIZE];
    assert_false(metadata_log_lines(&f->log, &f->arena, &lines, &numbers, &count, &f->error));
    if (!strstr(f->error.message, path_of(f, name, path)) || !strstr(f->error.message, words) ||
        !strstr(f->error.message, "Restore the file")) {
        fail_msg("%s", f->error.message);
    }
    sql_error_finish(&f->error);
}

static void damaged_and_missing_files_are_named(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    add_lines(f, 0, 14);
    put(f, "11", "");
    refused(f, "11", "Incomplete log file");
    put(f, "11", "v9\n");
    refused(
        f, "11",
        "[INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION] UnsupportedLogVersion. The maximum supported "
        "log version is v1, but encountered v9. The log file was produced by a newer version of "
        "Spark and cannot be read by this version. You need to upgrade. SQLSTATE: KD002");
    put(f, "11", "line 11");
    refused(
        f, "11",
        "[MALFORMED_LOG_FILE] Log file was malformed: failed to read correct log version from line 11.");
    assert_int_equal(unlink(path_of(f, "11", path)), 0);
    refused(f, "11", "batch 11 doesn't exist");
    put(f, "11", "v1\n{\"line\":");
    refused(f, "11", "It is not JSON at line 2, column 9.");
    put(f, "11", "v1\n{\"line\":11}\n"); /* a line end at the end does no harm */
    has_lines(f, 0, 13);
    assert_int_equal(unlink(path_of(f, "3", path)), 0); /* not needed any more */
    has_lines(f, 0, 13);
    put(f, "9.compact", "v2\n");
    refused(f, "9.compact", "v2");
}

static void damage_is_not_compacted(void **state)
{
    struct fixture *f = *state;
    struct bytes line = bytes_of("{\"line\":9}");
    char path[PATH_SIZE];
    add_lines(f, 0, 9);
    put(f, "5", "v1\n{\"line\":5}\n{\"li");
    assert_int_equal(metadata_log_add(&f->log, 9, &line, 1, &f->error), LOG_FAILED);
    assert_non_null(strstr(f->error.message, path_of(f, "5", path)));
    assert_non_null(strstr(f->error.message, "It is not JSON at line 3, column 5."));
    sql_error_finish(&f->error);
    assert_false(is_there(f, "9.compact"));
    put(f, "5", "v1\n{\"line\":5}");
    add(f, 9, "{\"line\":9}");
    has_lines(f, 0, 9);
}

static void make_old(const struct fixture *f, int64_t from, int64_t to)
{
    for (int64_t i = from; i <= to; i++) {
        char path[PATH_SIZE];
        struct timespec old[2] = { { .tv_sec = 1700000000 }, { .tv_sec = 1700000000 } };
        (void)snprintf(path, sizeof(path), "%s/%d%s", f->folder, (int)i,
                       i % INTERVAL == INTERVAL - 1 ? ".compact" : "");
        assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    }
}

static void replaced_files_go_after_a_time(void **state)
{
    struct fixture *f = *state;
    add_lines(f, 0, 120);
    assert_true(is_there(f, "0")); /* all are new */
    make_old(f, 0, 25);
    add_lines(f, 120,
              130); /* 129 is compact: what 29.compact replaces may go, as far as it is old */
    assert_false(is_there(f, "0") || is_there(f, "9.compact") || is_there(f, "25"));
    assert_true(is_there(f, "26") && is_there(f, "29.compact"));
    has_lines(f, 0, 129);
    metadata_log_purge(&f->log, 65); /* only what is in 59.compact */
    assert_false(is_there(f, "26") || is_there(f, "58"));
    assert_true(is_there(f, "59.compact") && is_there(f, "60"));
    has_lines(f, 0, 129);
}

static void a_log_without_compaction_is_purged_by_number(void **state)
{
    struct fixture *f = *state;
    struct metadata_log plain;
    char path[PATH_SIZE];
    assert_true(metadata_log_open(&plain, path_of(f, "plain", path), true, 0, &f->error));
    for (int64_t i = 0; i < 20; i++) {
        assert_int_equal(metadata_log_write(&plain, i, bytes_of("v1"), &f->error), LOG_WRITTEN);
    }
    metadata_log_purge(&plain, 15);
    metadata_log_finish(&plain);
    assert_false(is_there(f, "plain/14"));
    assert_true(is_there(f, "plain/15"));
}

static void what_cannot_be_written_is_said_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct rlimit unlimited;
    static const uint8_t large[1000];
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
    struct rlimit limit = { .rlim_cur = 100, .rlim_max = unlimited.rlim_max };
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    enum metadata_log_written done =
        metadata_log_write(&f->log, 0, (struct bytes){ large, sizeof(large) }, &f->error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(done, LOG_FAILED);
    assert_non_null(strstr(f->error.message, "/sources/0/0: File too large"));
    assert_non_null(strstr(f->error.message, "The batch is not lost"));
    sql_error_finish(&f->error);
    assert_int_equal(latest(f), -1);
    assert_int_equal(rmdir(f->folder), 0); /* nothing is left in it */
    assert_int_equal(
        file_replace(AT_FDCWD, f->folder, bytes_of("a file in its place"), false, NULL), WEIR_OK);
    assert_int_equal(metadata_log_write(&f->log, 0, bytes_of("v1"), &f->error), LOG_FAILED);
    assert_non_null(strstr(f->error.message, "Not a directory"));
    sql_error_finish(&f->error);
    int64_t number;
    assert_false(metadata_log_latest(&f->log, &number, &f->error));
    assert_int_equal(unlink(f->folder), 0);
}

/* Two writers race for each number: one wins, the other is told, and no file is torn. */
static int race(struct fixture *f, const char *line)
{
    int won = 0;
    for (int64_t i = 0; i < 200; i++) {
        struct bytes text = bytes_of(line);
        enum metadata_log_written done = metadata_log_write(&f->log, i, text, &f->error);
        won += done == LOG_WRITTEN;
        if (done == LOG_FAILED) {
            return -1;
        }
    }
    return won;
}

static void of_two_writers_one_wins(void **state)
{
    struct fixture *f = *state;
    int ends[2];
    int theirs = -1;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int won = race(f, "v1\nchild");
        _exit(write(ends[1], &won, sizeof(won)) == sizeof(won) ? 0 : 1);
    }
    int ours = race(f, "v1\nparent");
    assert_int_equal(read(ends[0], &theirs, sizeof(theirs)), sizeof(theirs));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_true(ours >= 0 && theirs >= 0);
    assert_int_equal(ours + theirs, 200);
    for (int64_t i = 0; i < 200; i++) {
        struct bytes text;
        assert_true(metadata_log_read(&f->log, i, &f->arena, &text, &f->error));
        theirs -= bytes_equal_text(text, "v1\nchild");
        ours -= bytes_equal_text(text, "v1\nparent");
    }
    assert_int_equal(ours, 0);
    assert_int_equal(theirs, 0);
}

static void kill_9_leaves_whole_files(void **state)
{
    struct fixture *f = *state;
    int64_t number = 0;
    for (uint32_t round = 0; round < 30; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0) {
            for (int64_t i = number; i < number + 100000; i++) {
                char line[32];
                (void)snprintf(line, sizeof(line), LINE, (int)i);
                struct bytes lines[] = { bytes_of(line) };
                if (metadata_log_add(&f->log, i, lines, 1, &f->error) != LOG_WRITTEN ||
                    write(ends[1], &i, sizeof(i)) != sizeof(i)) {
                    _exit(1);
                }
            }
            _exit(0);
        }
        (void)close(ends[1]);
        int64_t told = -1;
        int status;
        ssize_t n = read(ends[0], &told, sizeof(told));
        (void)usleep(round * 397 % 3000);
        (void)kill(pid, SIGKILL);
        for (int64_t next; n == sizeof(told); told = n == sizeof(told) ? next : told) {
            n = read(ends[0], &next, sizeof(next));
        }
        (void)close(ends[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        number = latest(f) + 1;
        assert_true(number - 1 == told || number - 2 == told); /* one may be written and not told */
        has_lines(f, 0, number - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_is_written_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_are_no_numbers_are_ignored, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_tenth_file_has_all_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_read_before_compacting_is_not_needed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(compacting_gives_what_spark_wrote, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_and_missing_files_are_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_not_compacted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replaced_files_go_after_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_log_without_compaction_is_purged_by_number, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_said_and_leaves_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_two_writers_one_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(kill_9_leaves_whole_files, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("checkpoint/metadata_log", tests, NULL, NULL);
}
