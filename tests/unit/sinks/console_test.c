/*
 * sinks/console: standard output, byte for byte as Spark's, for every set-up in tests/golden/sinks; options that cannot be.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "../columns/golden.h"
#include "base/buffer.h"
#include "sink_rows.h"

#include <cmocka.h>

/* --- what goes to standard output --- */

struct capture {
    FILE *file;
    int saved;
};

static struct capture capture_begin(void)
{
    struct capture c = { .file = tmpfile() };
    assert_non_null(c.file);
    (void)fflush(stdout);
    c.saved = dup(STDOUT_FILENO);
    assert_true(c.saved >= 0 && dup2(fileno(c.file), STDOUT_FILENO) >= 0);
    return c;
}

static void capture_end(struct capture *c, struct buffer *out)
{
    (void)fflush(stdout);
    assert_true(dup2(c->saved, STDOUT_FILENO) >= 0);
    close(c->saved);
    rewind(c->file);
    char part[4096];
    size_t got;
    while ((got = fread(part, 1, sizeof(part), c->file)) > 0) {
        buffer_append(out, part, got);
    }
    (void)fclose(c->file);
}

static struct sink *open_console(const struct scratch *rows,
                                 const struct options *options,
                                 enum output_mode mode)
{
    struct sink_request request = {
        .options = options,
        .conf = options,
        .schema = rows->result->schema,
        .settings = &rows->settings,
        .mode = mode,
        .query_id = "b166df60-9c75-4a67-90b0-c9b8e2e40b8d",
    };
    struct sql_error error = { 0 };
    struct sink *sink = sink_find(bytes_of("Console"))->open(&request, &error);
    assert_non_null(sink);
    return sink;
}

static void assert_printed(struct buffer *out, const char *wanted)
{
    buffer_append(out, "", 1);
    assert_string_equal((const char *)out->data, wanted);
    buffer_finish(out);
}

/* --- the goldens --- */

static void run_case(json_t *line)
{
    struct scratch rows;
    struct sql_error error = { 0 };
    rows_of_line(&rows, line, json_string_value(json_object_get(line, "from")));
    assert_string_equal(rows.error.message ? rows.error.message : "", "");
    struct options options = options_of_line(&rows.arena, line);
    struct sink *sink = open_console(&rows, &options, OUTPUT_APPEND);
    struct batch *batch =
        batch_slice(rows.result, 0, json_object_get(line, "rows") ? 0 : rows.result->rows);
    struct capture c = capture_begin();
    bool printed = batch_through(sink, 0, batch, &error);
    struct buffer out;
    buffer_init(&out, 1 << 20);
    capture_end(&c, &out);
    assert_true(printed);
    assert_printed(&out, json_string_value(json_object_get(line, "text")));
    batch_free(batch);
    sink->functions->close(sink);
    scratch_finish(&rows);
}

static void prints_what_spark_prints(void **state)
{
    (void)state;
    struct golden g = golden_open("sinks/console.jsonl");
    json_t *line;
    int cases = 0;
    while ((line = golden_next(&g))) {
        run_case(line);
        cases++;
        json_decref(line);
    }
    golden_close(&g);
    assert_int_equal(cases, 12);
}

/* --- partitions, batches, and what the program prints itself --- */

static const char *const V[] = { "v" };

static void partitions_come_in_their_order(void **state)
{
    (void)state;
    struct scratch rows;
    rows_make(&rows, V, 1, "VALUES (1), (2), (3), (4), (5), (6) AS t(v)");
    struct options options = option_add(&rows.arena, (struct options){ 0 }, "NUMROWS", "4");
    struct sink *sink = open_console(&rows, &options, OUTPUT_UPDATE);
    struct sql_error error = { 0 };
    struct batch *late = batch_slice(rows.result, 0, 2);
    struct batch *early = batch_slice(rows.result, 2, 4);
    struct capture c = capture_begin();
    printf("mine first\n");
    assert_true(sink->functions->begin(sink, 7, &error));
    assert_true(partition_through(sink, 3, late, 1, &error));
    assert_true(partition_through(sink, 1, early, 3, &error));
    assert_true(sink->functions->commit(sink, 7, &error));
    assert_true(sink->functions->begin(sink, 8, &error));
    assert_true(partition_through(sink, 0, early, 3, &error));
    sink->functions->abort(sink, 8); /* prints nothing */
    struct buffer out;
    buffer_init(&out, 1 << 20);
    capture_end(&c, &out);
    assert_printed(&out, "mine first\n"
                         "-------------------------------------------\n"
                         "Batch: 7\n"
                         "-------------------------------------------\n"
                         "+---+\n|  v|\n+---+\n|  3|\n|  4|\n|  5|\n|  6|\n+---+\n"
                         "only showing top 4 rows\n");
    batch_free(late);
    batch_free(early);
    sink->functions->close(sink);
    scratch_finish(&rows);
}

static void a_batch_that_is_no_stream_has_no_heading(void **state)
{
    (void)state;
    struct scratch rows;
    rows_make(&rows, V, 1, "VALUES (1) AS t(v)");
    struct options options = option_add(&rows.arena, (struct options){ 0 }, "truncate", "FALSE");
    struct sink *sink = open_console(&rows, &options, OUTPUT_BATCH);
    struct sql_error error = { 0 };
    struct capture c = capture_begin();
    bool printed = batch_through(sink, 0, rows.result, &error);
    struct buffer out;
    buffer_init(&out, 1 << 20);
    capture_end(&c, &out);
    assert_true(printed);
    assert_printed(&out, "+---+\n|v  |\n+---+\n|1  |\n+---+\n\n");
    sink->functions->close(sink);
    scratch_finish(&rows);
}

/* --- refusals --- */

static void check_refusal(enum output_mode mode,
                          const char *name,
                          const char *value,
                          const char *exception,
                          const char *message)
{
    struct scratch rows;
    rows_make(&rows, V, 1, "VALUES (1) AS t(v)");
    struct options options = option_add(&rows.arena, (struct options){ 0 }, name, value);
    struct sink *sink = open_console(&rows, &options, mode);
    for (int again = 0; again < 2; again++) {
        struct sql_error error = { 0 };
        assert_false(batch_through(sink, 0, rows.result, &error));
        assert_string_equal(error.message, message);
        assert_string_equal(error.condition->exception, exception);
        sql_error_finish(&error);
    }
    sink->functions->close(sink);
    scratch_finish(&rows);
}

static void bad_options_fail_the_batch(void **state)
{
    (void)state;
    const char *number = "NumberFormatException";
    const char *argument = "IllegalArgumentException";
    check_refusal(OUTPUT_APPEND, "numRows", "many", number, "For input string: \"many\"");
    check_refusal(OUTPUT_APPEND, "numRows", "", number, "For input string: \"\"");
    check_refusal(OUTPUT_APPEND, "numRows", "2147483648", number,
                  "For input string: \"2147483648\"");
    check_refusal(OUTPUT_APPEND, "truncate", "50", argument, "50 is not a boolean string.");
    check_refusal(OUTPUT_BATCH, "truncate", "50", argument, "For input string: \"50\"");
}

static void an_output_that_is_closed_fails_the_batch(void **state)
{
    (void)state;
    struct scratch rows;
    rows_make(&rows, V, 1, "VALUES (1) AS t(v)");
    struct options options = { 0 };
    struct sink *sink = open_console(&rows, &options, OUTPUT_APPEND);
    struct sql_error error = { 0 };
    (void)fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0 && dup2(full, STDOUT_FILENO) >= 0);
    bool printed = batch_through(sink, 0, rows.result, &error);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    close(saved);
    close(full);
    assert_false(printed);
    assert_string_equal(error.message, "writing to standard output: No space left on device");
    sql_error_finish(&error);
    sink->functions->close(sink);
    scratch_finish(&rows);
}

static void names_itself_as_spark_does(void **state)
{
    (void)state;
    struct scratch rows;
    rows_make(&rows, V, 1, "VALUES (1) AS t(v)");
    struct options options = { 0 };
    struct sink *sink = open_console(&rows, &options, OUTPUT_APPEND);
    struct buffer out;
    buffer_init(&out, 1000);
    sink->functions->describe(sink, &out);
    struct bytes start = bytes_of("org.apache.spark.sql.execution.streaming.ConsoleTable$@");
    assert_true(bytes_starts_with(buffer_bytes(&out), start));
    assert_true(out.len > start.len && out.len <= start.len + 8);
    buffer_finish(&out);
    sink->functions->close(sink);
    scratch_finish(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_spark_prints),
        cmocka_unit_test(partitions_come_in_their_order),
        cmocka_unit_test(a_batch_that_is_no_stream_has_no_heading),
        cmocka_unit_test(bad_options_fail_the_batch),
        cmocka_unit_test(an_output_that_is_closed_fails_the_batch),
        cmocka_unit_test(names_itself_as_spark_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
