/*
 * sources/file_*: what Spark read from small files under all kinds of options (tests/golden/files/read.jsonl).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../../support/file_cases.h"
#include "sources/source.h"

#include <cmocka.h>

struct answer {
    struct buffer schema;
    struct buffer rows;
    struct sql_error error;
};

static bool read_scan(struct scan *scan, struct buffer *rows, struct sql_error *error)
{
    bool ok = true;
    for (int32_t i = 0; ok && i < scan->partition_count; i++) {
        struct row_reader *r = scan->open(scan, i, error);
        struct batch *batch = NULL;
        ok = r != NULL;
        while (ok && (ok = r->next(r, &batch, error)) && batch) {
            print_rows(rows, batch);
            batch_free(batch);
        }
        if (r) {
            r->close(r);
        }
    }
    return ok;
}

static void ask(const struct folder *f, json_t *c, struct arena *arena, struct answer *out)
{
    struct zone *rome = zone_fixed(3600);
    struct sql_settings settings = case_settings(rome);
    char path[PATH_MAX];
    const char *below = json_string_value(json_object_get(c, "path"));
    (void)snprintf(path, sizeof(path), "%s/in%s%s", f->path, below ? "/" : "", below ? below : "");
    struct options o = options_of(arena, json_object_get(c, "options"));
    o = options_with(arena, o, bytes_of("path"), bytes_of(path));
    if (options_has(&o, "basePath")) {
        (void)snprintf(path, sizeof(path), "%s/in", f->path);
        o = options_with(arena, o, bytes_of("basePath"), bytes_of(path));
    }
    struct options conf = options_of(arena, json_object_get(c, "conf"));
    struct source_request r = {
        .options = &o, .conf = &conf, .settings = &settings, .parallelism = 1
    };
    const char *ddl = json_string_value(json_object_get(c, "schema"));
    if (ddl) {
        assert_true(parse_schema(arena, bytes_of(ddl), false, &r.schema, &out->error));
    }
    const struct source_format *format = source_find(json_bytes(json_object_get(c, "format")));
    const struct type *schema;
    if (format->schema(&r, false, arena, &schema, &out->error)) {
        int32_t columns[64];
        for (int32_t i = 0; i < schema->field_count; i++) {
            columns[i] = i;
        }
        type_print(&out->schema, schema);
        struct scan *scan = format->read(&r, schema, columns, schema->field_count, &out->error);
        if (scan) {
            (void)read_scan(scan, &out->rows, &out->error);
            scan->close(scan);
        }
    }
    zone_free(rome);
}

static int compare_lines(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* Rows, sorted where there are several files; to be freed. */
static char *in_order(const char *text, bool sort)
{
    struct bytes lines[4096];
    struct bytes rest = bytes_of(text);
    size_t count = 0;
    struct buffer out;
    while (count < 4096 && bytes_cut(&rest, '\n', &lines[count])) {
        count += lines[count].len > 0;
    }
    if (sort && count > 1) {
        qsort(lines, count, sizeof(*lines), compare_lines);
    }
    buffer_init(&out, SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        buffer_append(&out, lines[i].data, lines[i].len);
        buffer_append_text(&out, "\n");
    }
    buffer_append(&out, "", 1);
    return (char *)out.data;
}

static bool same_answer(const struct folder *f, json_t *c, struct answer *a)
{
    json_t *result = json_object_get(c, "result");
    const char *message = json_string_value(json_object_get(result, "message"));
    if (message || sql_failed(&a->error)) {
        char *wanted = text_with(message ? message : "no error", "<TMP>", f->path);
        const char *cause = json_string_value(json_object_get(result, "cause"));
        bool same = sql_failed(&a->error) && strcmp(wanted, a->error.message) == 0;
        if (same && cause && a->error.cause && strstr(cause, "Malformed records")) {
            same = strstr(a->error.cause, cause) != NULL;
        }
        if (!same) {
            print_message("   wanted: %s\n   caused: %s\n   got:    %s\n   caused: %s\n", wanted,
                          cause ? cause : "", a->error.message ? a->error.message : "no error",
                          a->error.cause ? a->error.cause : "");
        }
        free(wanted);
        return same;
    }
    struct buffer rows;
    buffer_init(&rows, SIZE_MAX);
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(result, "rows"), i, row)
    {
        buffer_append(&rows, json_string_value(row), json_string_length(row));
        buffer_append_text(&rows, "\n");
    }
    buffer_append(&rows, "", 1);
    buffer_append(&a->rows, "", 1);
    buffer_append(&a->schema, "", 1);
    bool sort = json_object_size(json_object_get(c, "files")) > 1;
    char *wanted = in_order((const char *)rows.data, sort);
    char *got = in_order((const char *)a->rows.data, sort);
    const char *schema = json_string_value(json_object_get(result, "schema"));
    bool same = strcmp(wanted, got) == 0 && strcmp(schema, (const char *)a->schema.data) == 0;
    if (!same) {
        print_message("   wanted: %s\n%s   got:    %s\n%s", schema, wanted,
                      (const char *)a->schema.data, got);
    }
    free(wanted);
    free(got);
    buffer_finish(&rows);
    return same;
}

static bool run_case(json_t *c)
{
    struct folder f;
    struct arena arena;
    struct answer a = { 0 };
    const char *name;
    json_t *text;
    time_t time = 1700000000;
    folder_make(&f);
    json_object_foreach(json_object_get(c, "files"), name, text)
    {
        char path[PATH_MAX];
        json_t *mt = json_object_get(json_object_get(c, "mt"), name);
        (void)snprintf(path, sizeof(path), "in/%s", name);
        folder_put(&f, path, json_bytes(text), mt ? (time_t)json_integer_value(mt) : time);
        time += 10;
    }
    arena_init(&arena, 0);
    buffer_init(&a.schema, SIZE_MAX);
    buffer_init(&a.rows, SIZE_MAX);
    ask(&f, c, &arena, &a);
    bool same = same_answer(&f, c, &a);
    buffer_finish(&a.schema);
    buffer_finish(&a.rows);
    sql_error_finish(&a.error);
    arena_finish(&arena);
    folder_remove(&f);
    return same;
}

static void files_are_read_as_spark_reads_them(void **state)
{
    (void)state;
    struct golden g = golden_open("files/read.jsonl");
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
    assert_true(line > 300);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_as_spark_reads_them),
    };
    return cmocka_run_group_tests_name("sources.file_golden", tests, NULL, NULL);
}
