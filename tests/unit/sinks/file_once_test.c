/*
 * sinks/file_*: each batch of a stream is in its folder once: also when it comes again, fails, finds the disk full, or the process is
 * killed in the middle of it.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "file_out.h"

/* --- exactly once --- */

/* Values of v in the files that the log names; each batch b has b * 1000 .. b * 1000 + 99. */
static int64_t count_logged(const struct out *o, int64_t *out_sum)
{
    int64_t rows = 0;
    *out_sum = 0;
    for (int64_t batch = 0;; batch++) {
        char path[PATH_MAX];
        struct stat st;
        (void)snprintf(path, sizeof(path), "%s/_spark_metadata/%lld", o->path, (long long)batch);
        bool compact = stat(path, &st) != 0;
        if (compact) {
            (void)snprintf(path, sizeof(path), "%s/_spark_metadata/%lld.compact", o->path,
                           (long long)batch);
        }
        if (compact && stat(path, &st) != 0) {
            return rows;
        }
        char *log = read_file(path);
        char *last = strrchr(
            log, '\n'); /* one file a batch; in a compact file the last line is this batch's */
        char *file = strstr(last, "file://") + 7;
        *strchr(file, '"') = '\0';
        char *text = read_file(file);
        for (char *p = text; (p = strstr(p, "\"v\":")); p++) {
            *out_sum += strtoll(p + 4, NULL, 10);
            rows++;
        }
        free(text);
        free(log);
    }
}

static void write_hundred(struct out *o, int64_t batch)
{
    struct buffer values;
    buffer_init(&values, SIZE_MAX);
    buffer_append_text(&values, "VALUES ");
    for (int i = 0; i < 100; i++) {
        buffer_printf(&values, "%s(%lld, 'some text that makes a row longer')", i ? ", " : "",
                      (long long)batch * 1000 + i);
    }
    buffer_append_text(&values, " AS t(v, s)");
    buffer_append(&values, "", 1);
    write_one(o, batch, (const char *)values.data);
    buffer_finish(&values);
}

static void a_batch_that_was_logged_is_not_written_again(void **state)
{
    (void)state;
    struct out o;
    int64_t sum;
    out_setup(&o, "json");
    assert_true(start(&o, "VALUES (1, 'x') AS t(v, s)"));
    write_hundred(&o, 0);
    write_hundred(&o, 1);
    stop(&o);
    assert_true(start(&o, "VALUES (1, 'x') AS t(v, s)"));
    assert_true(o.sink->functions->begin(o.sink, 1, &o.error));
    assert_true(o.sink->done);
    write_hundred(&o, 1);
    write_hundred(&o, 2);
    assert_false(o.sink->done);
    assert_int_equal(count_logged(&o, &sum), 300);
    json_t *files = json_object();
    list(&o, o.path, files);
    assert_int_equal(json_array_size(json_object_get(files, "part-00000-U-c000.json")), 3);
    json_decref(files);
    out_teardown(&o);
}

static void a_batch_that_failed_leaves_no_file_and_no_line(void **state)
{
    (void)state;
    struct out o;
    int64_t sum;
    out_setup(&o, "json");
    assert_true(start(&o, "VALUES (1, 'x') AS t(v, s)"));
    write_hundred(&o, 0);
    const struct sink_functions *f = o.sink->functions;
    assert_true(f->begin(o.sink, 1, &o.error));
    struct row_writer *w = f->open(o.sink, 0, &o.error);
    struct row_writer *other = f->open(o.sink, 1, &o.error);
    assert_true(w->finish(w, &o.error));
    other->drop(other);
    f->abort(o.sink, 1);
    json_t *files = json_object();
    list(&o, o.path, files);
    assert_int_equal(json_object_size(files), 2); /* the first batch's, and its log */
    assert_int_equal(json_array_size(json_object_get(files, "part-00000-U-c000.json")), 1);
    json_decref(files);
    write_hundred(&o, 1);
    assert_int_equal(count_logged(&o, &sum), 200);
    out_teardown(&o);
}

/* A full disk, as far as a limit on the size of files can be one. */
static void a_full_disk_is_said_and_nothing_is_logged(void **state)
{
    (void)state;
    struct out o;
    struct rlimit before;
    int64_t sum;
    out_setup(&o, "json");
    assert_true(start(&o, "VALUES (1, 'x') AS t(v, s)"));
    write_hundred(&o, 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = { 1000, before.rlim_max };
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const char *const rows[] = { "VALUES (1, repeat('x', 5000)) AS t(v, s)", NULL };
    bool ok = write_batch(&o, 1, rows);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, old);
    assert_false(ok);
    assert_non_null(
        strstr(o.error.message, "[TASK_WRITE_FAILED] Task failed while writing rows to file:"));
    assert_non_null(strstr(o.error.message, "File too large"));
    sql_error_finish(&o.error);
    write_hundred(&o, 1);
    assert_int_equal(count_logged(&o, &sum), 200);
    out_teardown(&o);
}

enum { BATCHES = 200 };

/* As a query: on from the last batch of the log, which comes once more. A byte for each batch that is done. */
static void write_all(struct out *o, int done_fd)
{
    int64_t sum;
    if (!start(o, "VALUES (1, 'x') AS t(v, s)")) {
        _exit(2);
    }
    int64_t next = count_logged(o, &sum) / 100 - 1;
    for (next = next < 0 ? 0 : next; next < BATCHES; next++) {
        write_hundred(o, next);
        if (write(done_fd, "", 1) != 1) {
            _exit(3);
        }
    }
    _exit(0);
}

/* Lets a process write some batches, and kills it somewhere in the next one. False: it came to its end. */
static bool run_and_kill(struct out *o, int kills)
{
    int done[2];
    int status;
    char byte;
    assert_int_equal(pipe(done), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(done[0]);
        write_all(o, done[1]);
    }
    (void)close(done[1]);
    for (int i = 0; i < 2 + kills % 7 && read(done[0], &byte, 1) == 1; i++) {
    }
    struct timespec somewhere = { 0, kills * 7919 % 700 * 1000L };
    (void)nanosleep(&somewhere, NULL);
    (void)kill(child, SIGKILL);
    (void)close(done[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
        assert_int_equal(WEXITSTATUS(status), 0);
        return false;
    }
    return true;
}

/* Killed again and again in the middle of batches: in the end each is there once. */
static void kill_minus_nine_loses_and_doubles_nothing(void **state)
{
    (void)state;
    struct out o;
    int64_t sum;
    int kills = 0;
    out_setup(&o, "json");
    while (run_and_kill(&o, kills)) {
        assert_true(++kills < 2000);
    }
    assert_true(kills >= 20);
    assert_int_equal(count_logged(&o, &sum), BATCHES * 100);
    int64_t wanted = 0;
    for (int64_t b = 0; b < BATCHES; b++) {
        wanted += 100 * b * 1000 + 4950;
    }
    assert_int_equal(sum, wanted);
    out_teardown(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_that_was_logged_is_not_written_again),
        cmocka_unit_test(a_batch_that_failed_leaves_no_file_and_no_line),
        cmocka_unit_test(a_full_disk_is_said_and_nothing_is_logged),
        cmocka_unit_test(kill_minus_nine_loses_and_doubles_nothing),
    };
    return cmocka_run_group_tests_name("sinks.file_once", tests, NULL, NULL);
}
