/*
 * sinks/file_*: streams into folders: files and logs as Spark has them (tests/golden/files/streams.jsonl), and what is refused.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "file_out.h"

static json_t *golden_files(const char *name)
{
    struct golden g = golden_open("files/streams.jsonl");
    json_t *c;
    while ((c = golden_next(&g)) &&
           strcmp(json_string_value(json_object_get(c, "case")), name) != 0) {
        json_decref(c);
    }
    golden_close(&g);
    assert_non_null(c);
    return c;
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Files of one masked name: their texts in order, in one. */
static json_t *joined(json_t *lists)
{
    json_t *out = json_object();
    const char *name;
    json_t *all;
    json_object_foreach(lists, name, all)
    {
        const char *texts[64];
        size_t count = json_array_size(all);
        for (size_t i = 0; i < count; i++) {
            texts[i] = json_string_value(json_array_get(all, i));
        }
        qsort(texts, count, sizeof(*texts), compare_texts);
        struct buffer text;
        buffer_init(&text, SIZE_MAX);
        for (size_t i = 0; i < count; i++) {
            buffer_append_text(&text, texts[i]);
        }
        (void)json_object_set_new(out, name, json_stringn((const char *)text.data, text.len));
        buffer_finish(&text);
    }
    return out;
}

static void assert_folder(const struct out *o, json_t *golden, const char *below)
{
    json_t *wanted = json_object();
    json_t *got = json_object();
    const char *name;
    json_t *text;
    char path[PATH_MAX];
    json_object_foreach(golden, name, text)
    {
        char full[512];
        (void)snprintf(full, sizeof(full), "%s%s%s", below, *below ? "/" : "", name);
        char *key = masked(full, o);
        char *value = masked(json_string_value(text), o);
        json_t *all = json_object_get(wanted, key);
        if (!all) {
            all = json_array();
            (void)json_object_set_new(wanted, key, all);
        }
        (void)json_array_append_new(all, json_string(value));
        free(key);
        free(value);
    }
    (void)snprintf(path, sizeof(path), "%s%s%s", o->path, *below ? "/" : "", below);
    list(o, path, got);
    json_t *a = joined(wanted);
    json_t *b = joined(got);
    char *left = json_dumps(a, JSON_SORT_KEYS | JSON_INDENT(1));
    char *right = json_dumps(b, JSON_SORT_KEYS | JSON_INDENT(1));
    assert_string_equal(right, left);
    free(left);
    free(right);
    json_decref(a);
    json_decref(b);
    json_decref(wanted);
    json_decref(got);
}

/* --- logs --- */

static void a_batch_is_a_line_of_the_log_and_every_tenth_has_all(void **state)
{
    (void)state;
    struct out o;
    out_setup(&o, "json");
    assert_true(start(&o, "VALUES ('a', 1) AS t(k, v)"));
    for (int i = 0; i < 12; i++) {
        char values[128];
        (void)snprintf(values, sizeof(values), "VALUES ('%c', %d), ('z', %d) AS t(k, v)",
                       "abc"[i % 3], i, 100 + i);
        write_one(&o, i, values);
    }
    json_t *c = golden_files("sink_log");
    assert_folder(&o, json_object_get(c, "files"), "_spark_metadata");
    json_decref(c);
    out_teardown(&o);
}

static void partitions_are_folders_with_a_file_of_their_own_name(void **state)
{
    (void)state;
    struct out o;
    out_setup(&o, "csv");
    set(&o, "header", "true");
    o.keys[0] = "k";
    o.conf =
        options_with(&o.arena, o.conf, bytes_of("spark.sql.streaming.fileSink.log.compactInterval"),
                     bytes_of("3"));
    assert_true(start(&o, "VALUES ('a', 1) AS t(k, v)"));
    for (int i = 0; i < 5; i++) {
        char values[128];
        (void)snprintf(values, sizeof(values), "VALUES ('z', %d), ('%c', %d) AS t(k, v)", 100 + i,
                       "abc"[i % 3], i);
        write_one(&o, i, values);
    }
    json_t *c = golden_files("sink_log_partitioned");
    assert_folder(&o, json_object_get(c, "files"), "");
    json_decref(c);
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    o.sink->functions->describe(o.sink, &text);
    buffer_append(&text, "", 1);
    char *name = masked((const char *)text.data, &o);
    assert_string_equal(name, "FileSink[file:<TMP>/out]");
    free(name);
    buffer_finish(&text);
    out_teardown(&o);
}

/* --- files --- */

static void a_batch_without_partitions_has_an_empty_file(void **state)
{
    (void)state;
    struct out o;
    const char *const none[] = { NULL };
    out_setup(&o, "json");
    assert_true(start(&o, "VALUES (1) AS t(v)"));
    assert_true(write_batch(&o, 0, none));
    json_t *files = json_object();
    list(&o, o.path, files);
    json_t *part = json_object_get(files, "part-00000-U-c000.json");
    assert_string_equal(json_string_value(json_array_get(part, 0)), "");
    json_decref(files);
    out_teardown(&o);
}

static void more_folders_than_open_files(void **state)
{
    (void)state;
    struct out o;
    struct rlimit before;
    out_setup(&o, "text");
    set(&o, "compression", "gzip");
    o.keys[0] = "k";
    assert_true(start(&o, "VALUES ('a', 1) AS t(s, k)"));
    struct buffer values;
    buffer_init(&values, SIZE_MAX);
    buffer_append_text(&values, "VALUES ");
    for (int i = 0; i < 400; i++) {
        buffer_printf(&values, "%s('row %d', %d)", i ? ", " : "", i, i % 200);
    }
    buffer_append_text(&values, " AS t(s, k)");
    buffer_append(&values, "", 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit few = { 100, before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    write_one(&o, 0, (const char *)values.data);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    buffer_finish(&values);
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/k=7", o.path);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] != '.') {
            char file[PATH_MAX + 300];
            char text[64] = "";
            (void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
            gzFile in = gzopen(file, "rb");
            assert_true(gzread(in, text, sizeof(text) - 1) > 0);
            (void)gzclose(in);
            assert_string_equal(text, "row 7\nrow 207\n");
        }
    }
    (void)closedir(dir);
    out_teardown(&o);
}

struct task {
    pthread_t thread;
    struct sink *sink;
    const struct batch *rows;
    int32_t partition;
    bool ok;
};

static void *write_partition(void *context)
{
    struct task *t = context;
    struct sql_error error = { 0 };
    struct row_writer *w = t->sink->functions->open(t->sink, t->partition, &error);
    t->ok = w != NULL;
    for (int i = 0; t->ok && i < 50; i++) {
        t->ok = w->write(w, t->rows, &error);
    }
    t->ok = t->ok && w->finish(w, &error);
    return NULL;
}

static void many_threads_write_one_batch(void **state)
{
    (void)state;
    enum { TASKS = 4 };
    struct out o;
    struct task tasks[TASKS];
    out_setup(&o, "csv");
    o.keys[0] = "k";
    assert_true(start(&o, "VALUES ('a', 1) AS t(k, v)"));
    struct batch *rows = rows_of(&o, "VALUES ('a', 1), ('b', 2), ('a', 3) AS t(k, v)");
    assert_true(o.sink->functions->begin(o.sink, 0, &o.error));
    for (int32_t i = 0; i < TASKS; i++) {
        tasks[i] = (struct task){ .sink = o.sink, .rows = rows, .partition = i };
        assert_int_equal(pthread_create(&tasks[i].thread, NULL, write_partition, &tasks[i]), 0);
    }
    for (int32_t i = 0; i < TASKS; i++) {
        assert_int_equal(pthread_join(tasks[i].thread, NULL), 0);
        assert_true(tasks[i].ok);
    }
    assert_true(o.sink->functions->commit(o.sink, 0, &o.error));
    json_t *files = json_object();
    list(&o, o.path, files);
    assert_int_equal(json_object_size(files), 2 * TASKS + 1);
    json_t *part = json_array_get(json_object_get(files, "k=a/part-00003-U.c000.csv"), 0);
    assert_int_equal(json_string_length(part), 50 * strlen("1\n3\n"));
    json_decref(files);
    batch_free(rows);
    out_teardown(&o);
}

static void what_cannot_be_written_is_refused_in_sparks_words(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        const char *values;
        const char *key;
        const char *option;
        const char *value;
        const char *message;
    } cases[] = {
        { "json", "VALUES (1) AS t(k)", "nope", NULL, NULL,
          "Partition column nope not found in existing columns (k)." },
        { "json", "VALUES (1) AS t(k)", NULL, "retention", "abc",
          "Time must be specified as seconds (s), milliseconds (ms), microseconds (us), minutes (m "
          "or min), hour (h), or day (d). E.g. 50s, 100ms, or 250us.\nFailed to parse time string: "
          "abc" },
        { "text", "VALUES (TIMESTAMP'2024-01-01', 'a') AS t(ts, k)", NULL, NULL, NULL,
          "[UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE] The Text datasource doesn't support the column "
          "`ts` of the type \"TIMESTAMP\". SQLSTATE: 0A000" },
        { "csv", "VALUES (named_struct('k', 'x')) AS t(s)", NULL, NULL, NULL,
          "[UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE] The CSV datasource doesn't support the column "
          "`s` of the type \"STRUCT<k: STRING NOT NULL>\". SQLSTATE: 0A000" },
        { "csv", "VALUES (1) AS t(k)", NULL, "header", "maybe",
          "header flag can be true or false." },
        { "json", "VALUES (1) AS t(k)", NULL, "compression", "silly",
          "[CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION] The codec silly is not available. "
          "Available codecs are bzip2, deflate, uncompressed, snappy, none, lz4, gzip. SQLSTATE: "
          "56038" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct out o;
        const char *const partitions[] = { cases[i].values, NULL };
        out_setup(&o, cases[i].format);
        o.keys[0] = cases[i].key;
        if (cases[i].option) {
            set(&o, cases[i].option, cases[i].value);
        }
        assert_false(start(&o, cases[i].values) && write_batch(&o, 0, partitions));
        assert_string_equal(o.error.message, cases[i].message);
        out_teardown(&o);
    }
}

static void paths_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct out o;
    out_setup(&o, "json");
    folder_put(&o.folder, "out", bytes_of("a file"), 0);
    assert_false(start(&o, "VALUES (1) AS t(v)"));
    char *text = masked(o.error.message, &o);
    assert_string_equal(text, "Parent path is not a directory: file:<TMP>/out");
    free(text);
    sql_error_finish(&o.error);
    o.options.count = 0;
    assert_false(start(&o, "VALUES (1) AS t(v)"));
    assert_string_equal(o.error.message, "'path' is not specified.");
    out_teardown(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_a_line_of_the_log_and_every_tenth_has_all),
        cmocka_unit_test(partitions_are_folders_with_a_file_of_their_own_name),
        cmocka_unit_test(a_batch_without_partitions_has_an_empty_file),
        cmocka_unit_test(more_folders_than_open_files),
        cmocka_unit_test(many_threads_write_one_batch),
        cmocka_unit_test(what_cannot_be_written_is_refused_in_sparks_words),
        cmocka_unit_test(paths_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("sinks.file_sink", tests, NULL, NULL);
}
