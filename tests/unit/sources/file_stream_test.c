/*
 * sources/file_stream: which files a batch has, the logs that say so, restarts, and what becomes of files; as Spark had it
 * (tests/golden/files/streams.jsonl).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../support/file_cases.h"
#include "sources/source.h"

#include <cmocka.h>

enum { BASE_TIME = 1700000000 };

/* A stream over <folder>/in, with its log in <folder>/ck. */
struct stream {
    struct folder folder;
    struct arena arena;
    struct options options;
    struct options conf;
    struct sql_settings settings;
    const struct source_format *format;
    const struct type *schema;
    struct source *source;
    struct sql_error error;
    char path[300];
    char log[300];
    struct buffer offset; /* of the last batch */
};

static void stream_setup(struct stream *s, const char *format, const char *ddl)
{
    *s = (struct stream){ .settings = { .ansi = true, .zone_name = "UTC" } };
    folder_make(&s->folder);
    arena_init(&s->arena, 0);
    buffer_init(&s->offset, SIZE_MAX);
    (void)snprintf(s->path, sizeof(s->path), "%s/in", s->folder.path);
    (void)snprintf(s->log, sizeof(s->log), "%s/ck", s->folder.path);
    assert_int_equal(mkdir(s->path, 0777), 0);
    s->options = options_with(&s->arena, s->options, bytes_of("path"), bytes_of(s->path));
    s->format = source_find(bytes_of(format));
    assert_true(parse_schema(&s->arena, bytes_of(ddl), false, &s->schema, &s->error));
}

static void set(struct stream *s, const char *name, const char *value)
{
    s->options = options_with(&s->arena, s->options, bytes_of(name), bytes_of(value));
}

static bool start(struct stream *s)
{
    struct source_request r = { .options = &s->options,
                                .schema = s->schema,
                                .settings = &s->settings,
                                .conf = &s->conf,
                                .parallelism = 1,
                                .checkpoint = s->log };
    const struct type *schema;
    if (!s->format->schema(&r, true, &s->arena, &schema, &s->error)) {
        return false;
    }
    s->schema = schema;
    s->source = s->format->open(&r, schema, &s->error);
    return s->source != NULL;
}

static void stop(struct stream *s)
{
    if (s->source) {
        s->source->functions->close(s->source);
        s->source = NULL;
    }
}

static void stream_teardown(struct stream *s)
{
    stop(s);
    sql_error_finish(&s->error);
    buffer_finish(&s->offset);
    arena_finish(&s->arena);
    folder_remove(&s->folder);
}

static void put(struct stream *s, const char *name, const char *text, time_t time)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "in/%s", name);
    folder_put(&s->folder, path, bytes_of(text), time);
}

/* The rows of the next batch, "" when there is none. `out` is terminated. */
static void next(struct stream *s, struct buffer *out)
{
    const struct source_functions *f = s->source->functions;
    struct buffer end;
    struct buffer newest;
    buffer_init(&end, SIZE_MAX);
    buffer_init(&newest, SIZE_MAX);
    buffer_clear(out);
    assert_true(f->latest(s->source, buffer_bytes(&s->offset), &end, &newest, &s->error));
    assert_int_equal(newest.len, 0);
    if (!bytes_equal(buffer_bytes(&end), buffer_bytes(&s->offset)) && end.len > 0) {
        int32_t columns[8] = { 0, 1, 2, 3, 4, 5, 6, 7 };
        struct scan *scan = f->plan(s->source, buffer_bytes(&s->offset), buffer_bytes(&end),
                                    columns, s->schema->field_count, &s->error);
        for (int32_t i = 0; scan && i < scan->partition_count; i++) {
            struct row_reader *r = scan->open(scan, i, &s->error);
            struct batch *batch = NULL;
            while (r->next(r, &batch, &s->error) && batch) {
                print_rows(out, batch);
                batch_free(batch);
            }
            r->close(r);
        }
        if (scan) {
            scan->close(scan);
        }
        buffer_clear(&s->offset);
        buffer_append(&s->offset, end.data, end.len);
    }
    buffer_finish(&end);
    buffer_finish(&newest);
    buffer_append(out, "", 1);
}

static void assert_next(struct stream *s, const char *rows)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    next(s, &out);
    assert_string_equal((const char *)out.data, rows);
    buffer_finish(&out);
}

static void put_numbered(struct stream *s, int count)
{
    for (int i = 0; i < count; i++) {
        char name[32];
        char text[64];
        (void)snprintf(name, sizeof(name), "b%02d.json", i);
        (void)snprintf(text, sizeof(text), "{\"v\":%d}\n", i);
        put(s, name, text, BASE_TIME + i * 10);
    }
}

/* --- logs --- */

static json_t *golden_case(const char *name)
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

static char *read_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct buffer text;
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    buffer_init(&text, SIZE_MAX);
    if (file_read(AT_FDCWD, path, &text, NULL) != WEIR_OK) {
        fail_msg("there is no %s", path);
    }
    buffer_append(&text, "", 1);
    return (char *)text.data;
}

static void assert_log(const struct stream *s, const char *case_name)
{
    json_t *c = golden_case(case_name);
    const char *name;
    json_t *text;
    json_object_foreach(json_object_get(c, "files"), name, text)
    {
        char *wanted = text_with(json_string_value(text), "<TMP>", s->folder.path);
        char *got = read_file(s->log, name);
        assert_string_equal(got, wanted);
        free(wanted);
        free(got);
    }
    json_decref(c);
}

static void every_batch_is_logged_and_every_tenth_file_has_all_of_them(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    set(&s, "maxFilesPerTrigger", "1");
    put_numbered(&s, 12);
    assert_true(start(&s));
    for (int i = 0; i < 12; i++) {
        char rows[32];
        (void)snprintf(rows, sizeof(rows), "{\"v\":%d}\n", i);
        assert_next(&s, rows);
    }
    assert_next(&s, "");
    assert_log(&s, "source_log");
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    s.source->functions->describe(s.source, &text);
    buffer_append(&text, "", 1);
    char wanted[400];
    (void)snprintf(wanted, sizeof(wanted), "FileStreamSource[file:%s]", s.path);
    assert_string_equal((const char *)text.data, wanted);
    buffer_finish(&text);
    stream_teardown(&s);
}

static void paths_are_uris_in_the_log(void **state)
{
    (void)state;
    static const char *const names[] = { "a b.json", "c%20d.json", "\u00e9.json", "e+f#g.json",
                                         "q\"u.json" };
    struct stream s;
    stream_setup(&s, "json", "v INT");
    for (int i = 0; i < 5; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "{\"v\":%d}\n", i + 1);
        put(&s, names[i], text, BASE_TIME + i * 10);
    }
    assert_true(start(&s));
    struct buffer rows;
    buffer_init(&rows, SIZE_MAX);
    next(&s, &rows);
    assert_int_equal(strlen((const char *)rows.data), 5 * strlen("{\"v\":1}\n"));
    buffer_finish(&rows);
    assert_log(&s, "source_names");
    stream_teardown(&s);
}

static void a_restart_goes_on_behind_what_was_logged(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    set(&s, "maxFilesPerTrigger", "1");
    put_numbered(&s, 12);
    assert_true(start(&s));
    for (int i = 0; i < 11; i++) {
        struct buffer rows;
        buffer_init(&rows, SIZE_MAX);
        next(&s, &rows);
        buffer_finish(&rows);
    }
    stop(&s);
    assert_true(start(&s));
    assert_next(&s, "{\"v\":11}\n");
    assert_string_equal(arena_text(&s.arena, buffer_bytes(&s.offset)), "{\"logOffset\":11}");
    /* A batch that was logged is the same again, whatever the folder has now. */
    put(&s, "b12.json", "{\"v\":12}\n", BASE_TIME + 500);
    stop(&s);
    assert_true(start(&s));
    buffer_clear(&s.offset);
    buffer_append_text(&s.offset, "{\"logOffset\":9}");
    int32_t column = 0;
    struct scan *scan = s.source->functions->plan(s.source, bytes_of("{\"logOffset\":8}"),
                                                  buffer_bytes(&s.offset), &column, 1, &s.error);
    assert_non_null(scan);
    struct row_reader *r = scan->open(scan, 0, &s.error);
    struct batch *batch;
    assert_true(r->next(r, &batch, &s.error));
    assert_int_equal(batch->rows, 1);
    assert_int_equal(column_integer(batch->columns[0], 0), 9);
    batch_free(batch);
    r->close(r);
    scan->close(scan);
    stream_teardown(&s);
}

static void a_damaged_log_names_its_file(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    put_numbered(&s, 1);
    assert_true(start(&s));
    assert_next(&s, "{\"v\":0}\n");
    stop(&s);
    folder_put(&s.folder, "ck/0", bytes_of("v1\nnot a line"), 0);
    assert_false(start(&s));
    assert_non_null(strstr(s.error.message, "/ck/0"));
    stream_teardown(&s);
}

/* --- which files --- */

static void files_come_once_in_the_order_of_their_times(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    set(&s, "maxFilesPerTrigger", "1");
    put(&s, "late.json", "{\"v\":2}\n", BASE_TIME + 10);
    put(&s, "zero.json", "{\"v\":1}\n", BASE_TIME);
    assert_true(start(&s));
    assert_next(&s, "{\"v\":1}\n");
    assert_next(&s, "{\"v\":2}\n");
    put(&s, "zero.json", "{\"v\":100}\n", BASE_TIME + 500); /* was read already */
    put(&s, "older.json", "{\"v\":3}\n", BASE_TIME - 1000);
    put(&s, "_hidden.json", "{\"v\":9}\n", BASE_TIME);
    put(&s, ".dot.json", "{\"v\":9}\n", BASE_TIME);
    put(&s, "part.json._COPYING_", "{\"v\":9}\n", BASE_TIME);
    put(&s, "empty.json", "", BASE_TIME + 600);
    put(&s, "sub/below.json", "{\"v\":9}\n", BASE_TIME);
    assert_next(&s, "{\"v\":3}\n");
    struct buffer rows;
    buffer_init(&rows, SIZE_MAX);
    next(&s, &rows);
    assert_int_equal(rows.len, 1); /* a batch of the empty file */
    buffer_finish(&rows);
    assert_string_equal(arena_text(&s.arena, buffer_bytes(&s.offset)), "{\"logOffset\":3}");
    assert_next(&s, "");
    assert_string_equal(arena_text(&s.arena, buffer_bytes(&s.offset)), "{\"logOffset\":3}");
    stream_teardown(&s);
}

static void latest_first_turns_the_order_round(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    set(&s, "maxFilesPerTrigger", "2");
    set(&s, "latestFirst", "true");
    put_numbered(&s, 3);
    assert_true(start(&s));
    assert_next(&s, "{\"v\":1}\n{\"v\":2}\n"); /* files of one size: by their paths */
    put(&s, "new.json", "{\"v\":7}\n", BASE_TIME + 900);
    assert_next(&s, "{\"v\":0}\n{\"v\":7}\n");
    stream_teardown(&s);
}

static void bytes_limit_a_batch_but_one_file_always_comes(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    set(&s, "maxBytesPerTrigger", "17");
    put_numbered(&s, 3); /* of 8 bytes */
    put(&s, "c.json", "{\"v\":3, \"w\":\"much longer than the limit\"}\n", BASE_TIME + 100);
    assert_true(start(&s));
    assert_next(&s, "{\"v\":0}\n{\"v\":1}\n");
    assert_next(&s, "{\"v\":2}\n");
    assert_next(&s, "{\"v\":3}\n");
    stream_teardown(&s);
}

static void files_that_are_too_old_are_not_read(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    set(&s, "maxFileAge", "100s");
    put_numbered(&s, 1);
    put(&s, "new.json", "{\"v\":1}\n", BASE_TIME + 1000);
    assert_true(start(&s));
    assert_next(&s, "{\"v\":0}\n{\"v\":1}\n"); /* there is nothing yet to be too old for */
    put(&s, "old.json", "{\"v\":2}\n", BASE_TIME + 899);
    assert_next(&s, "");
    put(&s, "less.json", "{\"v\":3}\n", BASE_TIME + 901);
    assert_next(&s, "{\"v\":3}\n");
    stop(&s);
    assert_true(start(&s)); /* what was forgotten is too old all the same */
    assert_next(&s, "");
    stream_teardown(&s);
}

static void names_alone_may_count(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    set(&s, "fileNameOnly", "true");
    set(&s, "recursiveFileLookup", "true");
    put(&s, "a/x.json", "{\"v\":1}\n", BASE_TIME);
    assert_true(start(&s));
    assert_next(&s, "{\"v\":1}\n");
    put(&s, "b/x.json", "{\"v\":2}\n", BASE_TIME + 1);
    put(&s, "b/y.json", "{\"v\":3}\n", BASE_TIME + 1);
    assert_next(&s, "{\"v\":3}\n");
    stream_teardown(&s);
}

static void folders_become_columns_also_those_that_come_later(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    put(&s, "k=a/b.json", "{\"v\":1}\n", BASE_TIME);
    put(&s, "k=b/c.json", "{\"v\":2,\"k\":\"own\"}\n", BASE_TIME);
    assert_true(start(&s));
    assert_int_equal(s.schema->field_count, 2);
    assert_next(&s, "{\"v\":2,\"k\":\"b\"}\n{\"v\":1,\"k\":\"a\"}\n");
    put(&s, "k=__HIVE_DEFAULT_PARTITION__/f.json", "{\"v\":3}\n", BASE_TIME + 1);
    put(&s, "k=x%2Fy/f.json", "{\"v\":4}\n", BASE_TIME + 1);
    assert_next(&s, "{\"v\":3,\"k\":null}\n{\"v\":4,\"k\":\"x/y\"}\n");
    stream_teardown(&s);
}

static void a_frozen_stream_sees_nothing_new(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    set(&s, "maxFilesPerTrigger", "1");
    put_numbered(&s, 2);
    assert_true(start(&s));
    assert_true(s.source->functions->freeze(s.source, &s.error));
    put(&s, "more.json", "{\"v\":9}\n", BASE_TIME - 1);
    assert_next(&s, "{\"v\":0}\n");
    assert_next(&s, "{\"v\":1}\n");
    assert_next(&s, "");
    stop(&s);
    assert_true(start(&s));
    s.source->functions->unlimited(s.source);
    assert_next(&s, "{\"v\":9}\n");
    stream_teardown(&s);
}

static void patterns_and_sinks_folders(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "text", "value STRING");
    char path[1024];
    put(&s, "x.txt", "x\n", BASE_TIME);
    put(&s, "y.json", "y\n", BASE_TIME);
    (void)snprintf(path, sizeof(path), "%s/*.txt", s.path);
    set(&s, "path", path);
    assert_true(start(&s));
    assert_next(&s, "{\"value\":\"x\"}\n");
    put(&s, "z.txt", "z\n", BASE_TIME + 1);
    assert_next(&s, "{\"value\":\"z\"}\n");
    stop(&s);
    /* A folder that a sink writes: what its log names, and nothing else. */
    (void)snprintf(s.log, sizeof(s.log), "%s/ck2", s.folder.path);
    set(&s, "path", s.path);
    (void)snprintf(
        path, sizeof(path),
        "v1\n{\"path\":\"file://%s/x.txt\",\"size\":2,\"isDir\":false,"
        "\"modificationTime\":5,\"blockReplication\":1,\"blockSize\":1,\"action\":\"add\"}",
        s.path);
    put(&s, "_spark_metadata/0", path, BASE_TIME);
    buffer_clear(&s.offset);
    assert_true(start(&s));
    assert_next(&s, "{\"value\":\"x\"}\n");
    assert_next(&s, "");
    stream_teardown(&s);
}

/* --- what becomes of files --- */

static bool exists(const struct stream *s, const char *name)
{
    char path[2 * PATH_MAX];
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/%s", s->folder.path, name);
    return stat(path, &st) == 0;
}

static void files_are_deleted_or_archived_when_their_batch_is_done(void **state)
{
    (void)state;
    for (int archive = 0; archive < 2; archive++) {
        struct stream s;
        char folder[400];
        char archived[PATH_MAX];
        stream_setup(&s, "json", "v INT");
        (void)snprintf(folder, sizeof(folder), "%s/old", s.folder.path);
        set(&s, "cleanSource", archive ? "ARCHIVE" : "delete");
        set(&s, "sourceArchiveDir", folder);
        put_numbered(&s, 2);
        set(&s, "maxFilesPerTrigger", "1");
        assert_true(start(&s));
        assert_next(&s, "{\"v\":0}\n");
        assert_true(exists(&s, "in/b00.json"));
        s.source->functions->commit(s.source, buffer_bytes(&s.offset));
        assert_false(exists(&s, "in/b00.json"));
        assert_true(exists(&s, "in/b01.json"));
        (void)snprintf(archived, sizeof(archived), "old%s/b00.json", s.path);
        assert_int_equal(exists(&s, archived), archive);
        assert_next(&s, "{\"v\":1}\n");
        stream_teardown(&s);
    }
}

/* --- what is refused --- */

static void options_that_cannot_be_are_refused_in_sparks_words(void **state)
{
    (void)state;
    json_t *c = golden_case("source_errors");
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(c, "errors"), i, one)
    {
        struct stream s;
        const char *name;
        json_t *value;
        stream_setup(&s, "csv", "a STRING, b STRING");
        put(&s, "a.csv", "1,2\n", BASE_TIME);
        json_object_foreach(json_object_get(one, "options"), name, value)
        {
            set(&s, name, json_string_value(value));
        }
        if (start(&s)) { /* formats' options count when a batch is planned */
            struct buffer rows;
            buffer_init(&rows, SIZE_MAX);
            next(&s, &rows);
            buffer_finish(&rows);
        }
        assert_true(sql_failed(&s.error));
        assert_string_equal(s.error.message, json_string_value(json_object_get(one, "message")));
        stream_teardown(&s);
    }
    assert_true(i > 10);
    json_decref(c);
}

static void paths_and_archives_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct stream s;
    stream_setup(&s, "json", "v INT");
    set(&s, "path", "/no/such/folder");
    assert_false(start(&s));
    assert_string_equal(s.error.message,
                        "[PATH_NOT_FOUND] Path does not exist: /no/such/folder. SQLSTATE: 42K03");
    sql_error_finish(&s.error);
    set(&s, "path", s.path);
    set(&s, "cleanSource", "archive");
    set(&s, "sourceArchiveDir", s.path);
    assert_false(start(&s));
    assert_non_null(strstr(s.error.message, "Base archive path cannot be set"));
    sql_error_finish(&s.error);
    set(&s, "sourceArchiveDir",
        s.folder.path); /* above the source: what is archived lies below it */
    assert_false(start(&s));
    stream_teardown(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_batch_is_logged_and_every_tenth_file_has_all_of_them),
        cmocka_unit_test(paths_are_uris_in_the_log),
        cmocka_unit_test(a_restart_goes_on_behind_what_was_logged),
        cmocka_unit_test(a_damaged_log_names_its_file),
        cmocka_unit_test(files_come_once_in_the_order_of_their_times),
        cmocka_unit_test(latest_first_turns_the_order_round),
        cmocka_unit_test(bytes_limit_a_batch_but_one_file_always_comes),
        cmocka_unit_test(files_that_are_too_old_are_not_read),
        cmocka_unit_test(names_alone_may_count),
        cmocka_unit_test(folders_become_columns_also_those_that_come_later),
        cmocka_unit_test(a_frozen_stream_sees_nothing_new),
        cmocka_unit_test(patterns_and_sinks_folders),
        cmocka_unit_test(files_are_deleted_or_archived_when_their_batch_is_done),
        cmocka_unit_test(options_that_cannot_be_are_refused_in_sparks_words),
        cmocka_unit_test(paths_and_archives_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests_name("sources.file_stream", tests, NULL, NULL);
}
