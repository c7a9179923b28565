/*
 * sinks/memory_sink: the table after each batch as in Spark, in every mode; batches that come again; reading while a query writes.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../columns/golden.h"
#include "sink_rows.h"
#include "sinks/memory_sink.h"

#include <cmocka.h>

/* VALUES of a list of JSON rows, whose members are texts and integers. */
static void values_of(struct buffer *out, json_t *rows)
{
    size_t i;
    json_t *row;
    buffer_clear(out);
    buffer_append_text(out, "VALUES ");
    json_array_foreach(rows, i, row)
    {
        const char *name;
        json_t *value;
        const char *before = i > 0 ? ", (" : "(";
        json_object_foreach(row, name, value)
        {
            buffer_append_text(out, before);
            before = ", ";
            if (json_is_string(value)) {
                buffer_printf(out, "'%s'", json_string_value(value));
            } else {
                buffer_printf(out, "%lldL", (long long)json_integer_value(value));
            }
        }
        buffer_append_text(out, ")");
    }
    buffer_append_text(out, " AS t(k, n)");
    buffer_append(out, "", 1);
}

static void make(struct scratch *s, json_t *rows)
{
    static const char *const columns[] = { "k", "n" };
    struct buffer values;
    buffer_init(&values, 1 << 20);
    values_of(&values, rows);
    rows_make(s, columns, 2, (const char *)values.data);
    assert_non_null(s->result);
    buffer_finish(&values);
}

static struct sink *open_memory(const struct scratch *s,
                                struct memory_table *table,
                                enum output_mode mode)
{
    struct options none = { 0 };
    struct sql_error error = { 0 };
    struct sink_request request = {
        .options = &none,
        .conf = &none,
        .schema = s->result->schema,
        .settings = &s->settings,
        .mode = mode,
        .query_name = "m",
        .query_id = "1",
        .host = table,
    };
    struct sink *sink = sink_find(bytes_of("memory"))->open(&request, &error);
    assert_non_null(sink);
    return sink;
}

/* All rows of the table in one batch; its types are the table's. */
static struct batch *whole(struct memory_table *table)
{
    int32_t count = 0;
    struct batch **parts = memory_table_read(table, &count);
    struct batch *all = batch_concat(memory_table_schema(table), parts, count);
    for (int32_t i = 0; i < count; i++) {
        batch_free(parts[i]);
    }
    free(parts);
    return all;
}

static void assert_table(struct memory_table *table, json_t *wanted)
{
    struct scratch s;
    make(&s, wanted);
    struct batch *all = whole(table);
    assert_int_equal(all->rows, s.result->rows);
    assert_int_equal(memory_table_rows(table), s.result->rows);
    for (int32_t i = 0; i < all->rows; i++) {
        assert_int_equal(column_compare(all->columns[0], i, s.result->columns[0], i), 0);
        assert_int_equal(column_compare(all->columns[1], i, s.result->columns[1], i), 0);
    }
    batch_free(all);
    scratch_finish(&s);
}

static enum output_mode mode_of(const char *name)
{
    return strcmp(name, "append") == 0   ? OUTPUT_APPEND
           : strcmp(name, "update") == 0 ? OUTPUT_UPDATE
                                         : OUTPUT_COMPLETE;
}

static void run_case(json_t *line)
{
    json_t *batches = json_object_get(line, "batches");
    json_t *after = json_object_get(line, "after");
    struct scratch first;
    make(&first, json_array_get(batches, 0));
    struct memory_table *table = memory_table_new(first.result->schema);
    struct sink *sink =
        open_memory(&first, table, mode_of(json_string_value(json_object_get(line, "mode"))));
    scratch_finish(&first); /* the types of the query go */
    for (size_t i = 0; i < json_array_size(batches); i++) {
        struct scratch s;
        struct sql_error error = { 0 };
        make(&s, json_array_get(batches, i));
        assert_true(batch_through(sink, (int64_t)i, s.result, &error));
        assert_table(table, json_array_get(after, i));
        assert_true(batch_through(sink, (int64_t)i, s.result, &error)); /* again: nothing twice */
        scratch_finish(&s);
        assert_table(table, json_array_get(after, i));
    }
    sink->functions->close(sink);
    assert_table(table, json_array_get(after, json_array_size(after) - 1));
    memory_table_release(table);
}

static void has_what_spark_has(void **state)
{
    (void)state;
    struct golden g = golden_open("sinks/memory.jsonl");
    json_t *line;
    int cases = 0;
    while ((line = golden_next(&g))) {
        run_case(line);
        cases++;
        json_decref(line);
    }
    golden_close(&g);
    assert_int_equal(cases, 3);
}

static void a_batch_that_is_given_up_leaves_nothing(void **state)
{
    (void)state;
    static const char *const columns[] = { "k", "n" };
    struct scratch s;
    struct sql_error error = { 0 };
    rows_make(&s, columns, 2, "VALUES ('a', 1), ('b', 2) AS t(k, n)");
    struct memory_table *table = memory_table_new(s.result->schema);
    struct sink *sink = open_memory(&s, table, OUTPUT_APPEND);
    assert_true(sink->functions->begin(sink, 0, &error));
    struct row_writer *w = sink->functions->open(sink, 0, &error);
    assert_true(w->write(w, s.result, &error));
    w->drop(w);
    assert_true(partition_through(sink, 1, s.result, 10, &error));
    sink->functions->abort(sink, 0);
    assert_int_equal(memory_table_rows(table), 0);
    assert_true(batch_through(sink, 0, s.result, &error));
    assert_int_equal(memory_table_rows(table), 2);
    sink->functions->close(sink);
    memory_table_release(table);
    scratch_finish(&s);
}

static void needs_a_name(void **state)
{
    (void)state;
    struct options none = { 0 };
    struct sql_error error = { 0 };
    struct sink_request request = { .options = &none, .conf = &none, .mode = OUTPUT_APPEND };
    assert_null(sink_memory.open(&request, &error));
    assert_string_equal(error.message, "queryName must be specified for memory sink.");
    sql_error_finish(&error);
}

/* --- one writes, others read --- */

enum { ROUNDS = 300, READERS = 2 };

static void *read_on(void *argument)
{
    struct memory_table *table = argument;
    int32_t before = 0;
    bool good = true;
    while (good && before < 2 * ROUNDS) {
        struct batch *all = whole(table);
        good = all->rows >= before && all->rows % 2 == 0;
        before = all->rows;
        batch_free(all);
    }
    memory_table_release(table);
    return good ? argument : NULL;
}

static void is_read_while_it_grows(void **state)
{
    (void)state;
    static const char *const columns[] = { "k", "n" };
    struct scratch s;
    struct sql_error error = { 0 };
    rows_make(&s, columns, 2, "VALUES ('a', 1), ('b', 2) AS t(k, n)");
    struct memory_table *table = memory_table_new(s.result->schema);
    struct sink *sink = open_memory(&s, table, OUTPUT_APPEND);
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, memory_table_retain(table)), 0);
    }
    for (int i = 0; i < ROUNDS; i++) {
        assert_true(batch_through(sink, i, s.result, &error));
    }
    for (int i = 0; i < READERS; i++) {
        void *good = NULL;
        pthread_join(readers[i], &good);
        assert_non_null(good);
    }
    sink->functions->close(sink);
    memory_table_release(table);
    scratch_finish(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_what_spark_has),
        cmocka_unit_test(a_batch_that_is_given_up_leaves_nothing),
        cmocka_unit_test(needs_a_name),
        cmocka_unit_test(is_read_while_it_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
