/*
 * sinks/foreach_sink: which functions are called in which order, as Spark's ForeachWriter; and foreachBatch.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/error.h"
#include "sink_rows.h"
#include "sinks/foreach_sink.h"

#include <cmocka.h>

static const char *const COLUMNS[] = { "k", "v" };
static const char *const BATCHES[] = { "VALUES ('a', 0), ('a', 1), ('b', 2) AS t(k, v)",
                                       "VALUES ('a', 0), ('b', 1), ('c', 2) AS t(k, v)" };

/* A program that notes how it is called, in the words of the golden file. */
struct program {
    struct buffer calls;
    bool refuses;
    bool fails;
    bool alone; /* a function, no writer */
};

static bool note_open(void *context, int64_t partition, int64_t epoch)
{
    struct program *p = context;
    buffer_printf(&p->calls, "open %lld %lld\n", (long long)partition, (long long)epoch);
    return !p->refuses;
}

static enum weir_status note_rows(void *context, const struct batch *rows, struct weir_error *err)
{
    struct program *p = context;
    for (int32_t i = 0; i < rows->rows; i++) {
        struct bytes k = column_text(rows->columns[0], i);
        buffer_printf(&p->calls, "%s Row(k='%.*s', v=%lld)\n", p->alone ? "row" : "process",
                      BYTES_ARG(k), (long long)column_integer(rows->columns[1], i));
        if (p->fails) {
            return weir_fail(err, WEIR_EINVAL, "cannot process");
        }
    }
    return WEIR_OK;
}

static void note_close(void *context, const char *reason)
{
    struct program *p = context;
    buffer_printf(&p->calls, "close %s\n", reason ? reason : "None");
}

static struct sink *open_sink(const struct sink_format *format,
                              const struct scratch *s,
                              const void *host)
{
    struct options none = { 0 };
    struct sql_error error = { 0 };
    struct sink_request request = {
        .options = &none,
        .conf = &none,
        .schema = s->result->schema,
        .settings = &s->settings,
        .mode = OUTPUT_APPEND,
        .host = (void *)(uintptr_t)host,
    };
    struct sink *sink = format->open(&request, &error);
    assert_non_null(sink);
    return sink;
}

/* Runs the two batches; stops where one fails. */
static bool run(struct program *p, struct sql_error *error)
{
    struct foreach_functions functions = {
        .open = p->alone ? NULL : note_open,
        .close = p->alone ? NULL : note_close,
        .process = note_rows,
        .context = p,
    };
    struct sink *sink = NULL;
    bool good = true;
    for (int i = 0; i < 2 && good; i++) {
        struct scratch s;
        rows_make(&s, COLUMNS, 2, BATCHES[i]);
        sink = sink ? sink : open_sink(&sink_foreach, &s, &functions);
        good = batch_through(sink, i, s.result, error);
        scratch_finish(&s);
    }
    sink->functions->close(sink);
    return good;
}

/* A section of the golden file: what follows "== name". */
static char *section(const char *name)
{
    char path[1024];
    char line[256];
    const char *source = getenv("WEIR_SOURCE");
    (void)snprintf(path, sizeof(path), "%s/tests/golden/sinks/foreach_calls.txt",
                   source ? source : ".");
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    struct buffer out;
    buffer_init(&out, 1 << 20);
    bool inside = false;
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "== ", 3) == 0) {
            inside = strncmp(line + 3, name, strlen(name)) == 0 && line[3 + strlen(name)] == '\n';
        } else if (inside) {
            buffer_append_text(&out, line);
        }
    }
    (void)fclose(file);
    buffer_append(&out, "", 1);
    return (char *)out.data;
}

static void check_calls(const char *name, struct program p, const char *failure)
{
    struct sql_error error = { 0 };
    buffer_init(&p.calls, 1 << 20);
    assert_int_equal(run(&p, &error), failure == NULL);
    char *wanted = section(name);
    buffer_append(&p.calls, "", 1);
    assert_string_equal((const char *)p.calls.data, wanted);
    assert_string_equal(error.message ? error.message : "", failure ? failure : "");
    free(wanted);
    buffer_finish(&p.calls);
    sql_error_finish(&error);
}

static void calls_what_spark_calls(void **state)
{
    (void)state;
    check_calls("ok", (struct program){ 0 }, NULL);
    check_calls("refuse", (struct program){ .refuses = true }, NULL);
    check_calls("function", (struct program){ .alone = true }, NULL);
    check_calls("fail", (struct program){ .fails = true },
                "[FOREACH_USER_FUNCTION_ERROR] An error occurred in the user provided function in "
                "foreach sink. Reason: cannot process SQLSTATE: 39000");
}

static void every_partition_is_opened(void **state)
{
    (void)state;
    struct program p = { 0 };
    struct scratch s;
    struct sql_error error = { 0 };
    buffer_init(&p.calls, 1 << 20);
    rows_make(&s, COLUMNS, 2, BATCHES[0]);
    struct foreach_functions functions = { note_open, note_close, note_rows, &p };
    struct sink *sink = open_sink(&sink_foreach, &s, &functions);
    struct batch *none = batch_slice(s.result, 0, 0);
    struct batch *last = batch_slice(s.result, 2, 1);
    assert_true(sink->functions->begin(sink, 4, &error));
    assert_true(partition_through(sink, 2, last, 1, &error));
    assert_true(partition_through(sink, 0, none, 1, &error));
    assert_true(partition_through(sink, 1, none, 1, &error));
    assert_true(sink->functions->commit(sink, 4, &error));
    buffer_append(&p.calls, "", 1);
    assert_string_equal((const char *)p.calls.data,
                        "open 0 4\nclose None\nopen 1 4\nclose None\nopen 2 4\n"
                        "process Row(k='b', v=2)\nclose None\n");
    batch_free(none);
    batch_free(last);
    buffer_finish(&p.calls);
    sink->functions->close(sink);
    scratch_finish(&s);
}

/* --- foreachBatch --- */

struct whole {
    struct buffer calls;
    bool fails;
};

static enum weir_status note_batch(void *context,
                                   struct batch *const *rows,
                                   int32_t count,
                                   int64_t batch_id,
                                   struct weir_error *err)
{
    struct whole *w = context;
    int64_t sum = 0;
    int32_t all = 0;
    for (int32_t i = 0; i < count; i++) {
        all += rows[i]->rows;
        for (int32_t k = 0; k < rows[i]->rows; k++) {
            sum += column_integer(rows[i]->columns[1], k);
        }
    }
    buffer_printf(&w->calls, "batch %lld rows %d sum %lld\n", (long long)batch_id, all,
                  (long long)sum);
    return w->fails ? weir_fail(err, WEIR_EIO, "no room") : WEIR_OK;
}

static void a_batch_is_called_once_and_again(void **state)
{
    (void)state;
    struct whole w = { 0 };
    struct scratch s;
    struct sql_error error = { 0 };
    buffer_init(&w.calls, 1 << 20);
    rows_make(&s, COLUMNS, 2, BATCHES[0]);
    struct foreach_batch_function function = { note_batch, &w };
    struct sink *sink = open_sink(&sink_foreach_batch, &s, &function);
    assert_false(sink->counts_rows);
    struct batch *none = batch_slice(s.result, 0, 0);
    assert_true(batch_through(sink, 0, none, &error));
    assert_true(batch_through(sink, 1, s.result, &error));
    assert_true(batch_through(sink, 1, s.result, &error));
    w.fails = true;
    assert_false(batch_through(sink, 2, s.result, &error));
    assert_string_equal(error.message,
                        "[FOREACH_BATCH_USER_FUNCTION_ERROR] An error occurred in the user "
                        "provided function in foreach batch sink. Reason: no room SQLSTATE: 39000");
    buffer_append(&w.calls, "", 1);
    assert_string_equal((const char *)w.calls.data,
                        "batch 0 rows 0 sum 0\nbatch 1 rows 3 sum 3\nbatch 1 rows 3 sum 3\n"
                        "batch 2 rows 3 sum 3\n");
    buffer_clear(&w.calls);
    sink->functions->describe(sink, &w.calls);
    assert_true(bytes_equal_text(buffer_bytes(&w.calls), "ForeachBatchSink"));
    sql_error_finish(&error);
    batch_free(none);
    buffer_finish(&w.calls);
    sink->functions->close(sink);
    scratch_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_what_spark_calls),
        cmocka_unit_test(every_partition_is_opened),
        cmocka_unit_test(a_batch_is_called_once_and_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
