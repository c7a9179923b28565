/*
 * sinks/file_*: what Spark wrote in batches under all kinds of options and modes (tests/golden/files/write.jsonl).
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../support/file_cases.h"
#include "expressions/inline_table.h"
#include "sinks/sink.h"

#include <cmocka.h>

/* --- what lies in a folder --- */

/* Places of UUIDs are replaced, as in the cases. */
static void mask(char *name)
{
    static const int dashes[] = { 8, 13, 18, 23 };
    for (char *p = strstr(name, "part-"); p && strlen(p) > 47; p = NULL) {
        char *uuid = p + 11;
        bool is = true;
        for (size_t i = 0; i < 4; i++) {
            is = is && uuid[dashes[i]] == '-';
        }
        if (is) {
            memmove(uuid + 6, uuid + 36, strlen(uuid + 36) + 1);
            memcpy(uuid, "<UUID>", 6);
        }
    }
}

static json_t *text_of(const char *path)
{
    gzFile in = gzopen(path, "rb"); /* reads plain files too */
    struct buffer text;
    char part[4096];
    int got;
    size_t len = strlen(path);
    buffer_init(&text, SIZE_MAX);
    if (len > 3 && strcmp(path + len - 3, ".gz") == 0) {
        assert_false(gzdirect(in));
        buffer_append_text(&text, "GZ:");
    }
    while ((got = gzread(in, part, sizeof(part))) > 0) {
        buffer_append(&text, part, (size_t)got);
    }
    (void)gzclose(in);
    json_t *value = json_stringn((const char *)buffer_bytes(&text).data, text.len);
    buffer_finish(&text);
    return value;
}

static void list(const char *path, size_t root, json_t *out)
{
    char name[PATH_MAX];
    int64_t count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        char below[PATH_MAX];
        struct stat st;
        count++;
        (void)snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
        assert_int_equal(stat(below, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            list(below, root, out);
        } else {
            (void)snprintf(name, sizeof(name), "%s", below + root + 1);
            mask(name);
            (void)json_object_set_new(out, name, text_of(below));
        }
    }
    (void)closedir(dir);
    if (count == 0) {
        (void)snprintf(name, sizeof(name), "%s/", strlen(path) > root ? path + root + 1 : ".");
        (void)json_object_set_new(out, name, json_string(""));
    }
}

/* --- a case --- */

static bool write_rows(const struct sink_format *format,
                       const struct sink_request *r,
                       const struct batch *rows,
                       struct sql_error *error)
{
    struct sink *sink = format->open(r, error);
    if (!sink) {
        return false;
    }
    bool ok = sink->functions->begin(sink, 0, error);
    if (ok && !sink->done) {
        struct row_writer *w = sink->functions->open(sink, 0, error);
        ok = w != NULL;
        if (ok && rows->rows > 0 && !w->write(w, rows, error)) {
            w->drop(w);
            ok = false;
        } else if (ok) {
            ok = w->finish(w, error);
        }
        ok = ok && sink->functions->commit(sink, 0, error);
    }
    if (!ok) {
        sink->functions->abort(sink, 0);
    }
    sink->functions->close(sink);
    return ok;
}

/* VALUES ... as it is; SELECT ... WHERE false and range(0) as no rows of the columns that they name. */
static struct batch *rows_of(const char *values, struct arena *arena, struct sql_settings *settings)
{
    struct inline_table table;
    struct sql_error error = { 0 };
    const char *text = values;
    if (strncmp(values, "SELECT", 6) == 0) {
        text = strstr(values, "range(0)") ? "VALUES (CAST(1 AS BIGINT), 'x') AS t(a, b)"
               : strstr(values, "'x'")    ? "VALUES ('x') AS t(a)"
                                          : "VALUES (1) AS t(a)";
    }
    if (!inline_table_make(arena, settings, bytes_of(text), &table, &error)) {
        fail_msg("%s: %s", text, error.message);
    }
    if (text != values) {
        batch_free(table.rows);
        return batch_empty(table.schema);
    }
    return table.rows;
}

static void put_existing(const struct folder *f, json_t *c)
{
    const char *name;
    json_t *text;
    char path[PATH_MAX];
    json_object_foreach(json_object_get(c, "existing"), name, text)
    {
        bool root = strcmp(name, "/") == 0;
        (void)snprintf(path, sizeof(path), "out%s%s", root ? "" : "/", root ? "" : name);
        if (root && json_string_length(text) == 0) {
            (void)snprintf(path, sizeof(path), "%s/out", f->path);
            assert_int_equal(mkdir(path, 0777), 0);
        } else {
            folder_put(f, path, json_bytes(text), 0);
        }
    }
}

static bool same_outcome(const struct folder *f, json_t *c, struct sql_error *error)
{
    char path[PATH_MAX];
    struct stat st;
    json_t *result = json_object_get(c, "result");
    const char *message = json_string_value(json_object_get(result, "message"));
    char *wanted = text_with(message ? message : "no error", "<TMP>", f->path);
    const char *got = sql_failed(error) ? error->message : "no error";
    bool same = strcmp(wanted, got) == 0;
    if (!same) {
        print_message("   wanted: %s\n   got:    %s\n", wanted, got);
    }
    free(wanted);
    (void)snprintf(path, sizeof(path), "%s/out", f->path);
    json_t *files = json_object();
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        list(path, strlen(path), files);
    }
    json_t *expected = json_object_get(result, "files");
    if (!message && !json_equal(files, expected)) {
        char *a = json_dumps(expected, JSON_SORT_KEYS);
        char *b = json_dumps(files, JSON_SORT_KEYS);
        print_message("   wanted: %s\n   got:    %s\n", a, b);
        free(a);
        free(b);
        same = false;
    }
    json_decref(files);
    return same;
}

static bool run_case(json_t *c)
{
    struct folder f;
    struct arena arena;
    struct sql_error error = { 0 };
    struct zone *rome = zone_fixed(3600);
    struct sql_settings settings = case_settings(rome);
    char path[PATH_MAX];
    const char *keys[16] = { NULL };
    size_t i;
    json_t *key;
    folder_make(&f);
    arena_init(&arena, 0);
    put_existing(&f, c);
    (void)snprintf(path, sizeof(path), "%s/out", f.path);
    struct options o = options_of(&arena, json_object_get(c, "options"));
    o = options_with(&arena, o, bytes_of("path"), bytes_of(path));
    json_array_foreach(json_object_get(c, "partition_by"), i, key)
    {
        keys[i] = json_string_value(key);
    }
    struct batch *rows =
        rows_of(json_string_value(json_object_get(c, "values")), &arena, &settings);
    struct options conf = { 0 };
    struct sink_request r = { .options = &o,
                              .conf = &conf,
                              .schema = rows->schema,
                              .settings = &settings,
                              .mode = OUTPUT_BATCH,
                              .save_mode = json_string_value(json_object_get(c, "mode")),
                              .partition_by = keys[0] ? keys : NULL };
    (void)write_rows(sink_find(json_bytes(json_object_get(c, "format"))), &r, rows, &error);
    bool same = same_outcome(&f, c, &error);
    sql_error_finish(&error);
    batch_free(rows);
    zone_free(rome);
    arena_finish(&arena);
    folder_remove(&f);
    return same;
}

static void files_are_written_as_spark_writes_them(void **state)
{
    (void)state;
    struct golden g = golden_open("files/write.jsonl");
    json_t *c;
    int line = 0;
    int wrong = 0;
    while ((c = golden_next(&g))) {
        line++;
        bool miss = json_object_get(c, "miss") != NULL;
        if (run_case(c) == miss) {
            char *text = json_dumps(c, JSON_COMPACT);
            print_message("%s line %d: %.600s\n", miss ? "no miss any more:" : "", line, text);
            free(text);
            wrong++;
        }
        json_decref(c);
    }
    golden_close(&g);
    assert_true(line > 100);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_written_as_spark_writes_them),
    };
    return cmocka_run_group_tests_name("sinks.file_golden", tests, NULL, NULL);
}
