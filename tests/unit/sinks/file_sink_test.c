/*
 * sinks/file_*: streams into folders. Files and logs as Spark has them (tests/golden/files/streams.jsonl), each batch once: also when it
 * comes again, fails, or the process is killed in the middle of it.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "../../support/file_cases.h"
#include "expressions/inline_table.h"
#include "sinks/sink.h"

#include <cmocka.h>

struct out {
    struct folder folder;
    struct arena arena;
    struct options options;
    struct options conf;
    struct sql_settings settings;
    const char *keys[4];
    const char *format;
    struct sql_error error;
    char path[300];
    struct sink *sink;
};

static void out_setup(struct out *o, const char *format)
{
    *o = (struct out){ .settings = { .ansi = true, .zone_name = "UTC" }, .format = format };
    folder_make(&o->folder);
    arena_init(&o->arena, 0);
    (void)snprintf(o->path, sizeof(o->path), "%s/out", o->folder.path);
    o->options = options_with(&o->arena, o->options, bytes_of("path"), bytes_of(o->path));
}

static void set(struct out *o, const char *name, const char *value)
{
    o->options = options_with(&o->arena, o->options, bytes_of(name), bytes_of(value));
}

static void stop(struct out *o)
{
    if (o->sink) {
        o->sink->functions->close(o->sink);
        o->sink = NULL;
    }
}

static void out_teardown(struct out *o)
{
    stop(o);
    sql_error_finish(&o->error);
    arena_finish(&o->arena);
    folder_remove(&o->folder);
}

static struct batch *rows_of(struct out *o, const char *values)
{
    struct inline_table table;
    if (!inline_table_make(&o->arena, &o->settings, bytes_of(values), &table, &o->error)) {
        fail_msg("%s", o->error.message);
    }
    return table.rows;
}

static bool start(struct out *o, const char *values)
{
    struct batch *rows = rows_of(o, values);
    struct sink_request r = { .options = &o->options,
                              .conf = &o->conf,
                              .schema = rows->schema,
                              .settings = &o->settings,
                              .mode = OUTPUT_APPEND,
                              .query_id = "b166df60-9c75-4a67-90b0-c9b8e2e40b8d",
                              .partition_by = o->keys[0] ? o->keys : NULL };
    o->sink = sink_find(bytes_of(o->format))->open(&r, &o->error);
    batch_free(rows);
    return o->sink != NULL;
}

/* One batch of these partitions; NULL ends them. */
static bool write_batch(struct out *o, int64_t id, const char *const *partitions)
{
    const struct sink_functions *f = o->sink->functions;
    bool ok = f->begin(o->sink, id, &o->error);
    for (int32_t i = 0; ok && partitions[i]; i++) {
        struct batch *rows = rows_of(o, partitions[i]);
        struct row_writer *w = f->open(o->sink, i, &o->error);
        ok = w != NULL;
        if (ok && !w->write(w, rows, &o->error)) {
            w->drop(w);
            ok = false;
        } else if (ok) {
            ok = w->finish(w, &o->error);
        }
        batch_free(rows);
    }
    if (!ok) {
        f->abort(o->sink, id);
        return false;
    }
    return f->commit(o->sink, id, &o->error);
}

static void write_one(struct out *o, int64_t id, const char *values)
{
    const char *const partitions[] = { values, NULL };
    if (!write_batch(o, id, partitions)) {
        fail_msg("%s", o->error.message);
    }
}

/* --- what is there --- */

/* Everything that differs from run to run as one word. */
static char *masked(const char *text, const struct out *o)
{
    char *path = text_with(text, o->folder.path, "<TMP>");
    char *out = calloc(1, strlen(path) + 1);
    size_t len = 0;
    for (const char *p = path; *p;) {
        size_t hex = strspn(p, "0123456789abcdef");
        size_t uuid = strspn(p, "0123456789abcdef-");
        if (hex == 8 && uuid >= 36 && p[8] == '-' && p[13] == '-') {
            out[len++] = 'U';
            p += 36;
        } else if (hex >= 13 && strncmp(p, "1", 1) == 0) {
            out[len++] = 'T';
            p += 13;
        } else {
            out[len++] = *p++;
        }
    }
    free(path);
    return out;
}

static char *read_file(const char *path)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    if (file_read(AT_FDCWD, path, &text, NULL) != WEIR_OK) {
        fail_msg("there is no %s", path);
    }
    buffer_append(&text, "", 1);
    return (char *)text.data;
}

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

/* The folder's files below `path`, by name and sorted, with their texts, masked. */
static void list(const struct out *o, const char *path, json_t *into)
{
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char below[PATH_MAX];
        struct stat st;
        (void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
        if (e->d_name[0] == '.' || stat(below, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            list(o, below, into);
            continue;
        }
        char *name = masked(below + strlen(o->path) + 1, o);
        char *raw = read_file(below);
        char *text = masked(raw, o);
        json_t *all = json_object_get(into, name);
        if (!all) {
            all = json_array();
            (void)json_object_set_new(into, name, all);
        }
        (void)json_array_append_new(all, json_string(text));
        free(raw);
        free(text);
        free(name);
    }
    (void)closedir(dir);
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

/* Killed again and again in the middle of batches: in the end each is there once. */
static void kill_minus_nine_loses_and_doubles_nothing(void **state)
{
    (void)state;
    enum { BATCHES = 200 };
    struct out o;
    int64_t sum;
    int kills = 0;
    out_setup(&o, "json");
    for (;;) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            /* As a query: on from the last batch of the log, which comes once more. */
            if (!start(&o, "VALUES (1, 'x') AS t(v, s)")) {
                _exit(2);
            }
            int64_t next = count_logged(&o, &sum) / 100 - 1;
            for (next = next < 0 ? 0 : next; next < BATCHES; next++) {
                write_hundred(&o, next);
            }
            _exit(0);
        }
        int status;
        struct timespec wait = { 0, (1 + kills * 7 % 19) * 1000000L };
        (void)nanosleep(&wait, NULL);
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            break;
        }
        assert_true(++kills < 2000);
    }
    assert_true(kills >= 3);
    assert_int_equal(count_logged(&o, &sum), BATCHES * 100);
    int64_t wanted = 0;
    for (int64_t b = 0; b < BATCHES; b++) {
        wanted += 100 * b * 1000 + 4950;
    }
    assert_int_equal(sum, wanted);
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
        cmocka_unit_test(a_batch_that_was_logged_is_not_written_again),
        cmocka_unit_test(a_batch_that_failed_leaves_no_file_and_no_line),
        cmocka_unit_test(a_full_disk_is_said_and_nothing_is_logged),
        cmocka_unit_test(kill_minus_nine_loses_and_doubles_nothing),
        cmocka_unit_test(a_batch_without_partitions_has_an_empty_file),
        cmocka_unit_test(more_folders_than_open_files),
        cmocka_unit_test(what_cannot_be_written_is_refused_in_sparks_words),
        cmocka_unit_test(paths_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("sinks.file_sink", tests, NULL, NULL);
}
