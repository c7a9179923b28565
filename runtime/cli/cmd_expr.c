/*
 * `weir expr`: a scratchpad for expressions of Spark SQL.
 *
 * Each line of standard input is an expression, or a JSON object with more about it:
 *
 *     upper('a') || 1
 *     {"expr": "sum(a)", "from": "VALUES (1), (2) AS t(a)", "timezone": "Europe/Rome", "ansi": false}
 *
 * For each, one line of JSON: name, type, nullable and value (or values, one a row) of the result, or the error with its SQLSTATE, Java's
 * class and the message that Spark would give. On a terminal the answers are for people instead.
 *
 * Exit codes: 0, also when expressions failed: their errors are answers; 4 for a command line that cannot be meant.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "columns/cell_text.h"
#include "columns/escape.h"
#include "expressions/scratch.h"
#include "streams/zones.h"

enum { EXIT_USAGE = 4 };

static const char help[] =
    "usage: weir expr [EXPRESSION]...\n"
    "\n"
    "Evaluates expressions of Spark SQL: those given, or one a line of standard input.\n"
    "\n"
    "  --json         answers in JSON, one line each, also on a terminal (in a pipe it is the default)\n"
    "  --from TABLE   the rows that expressions run over: \"VALUES (1, 'a'), (2, 'b') AS t(id, name)\"\n"
    "  --timezone ID  the session's time zone; UTC\n"
    "  --no-ansi      spark.sql.ansi.enabled = false: what cannot be is NULL instead of an error\n"
    "  --help         this text\n"
    "\n"
    "A line may also be a JSON object with expr (a text, or a list of texts) and, if wanted, from, timezone and ansi.\n"
    "\n"
    "    $ weir expr \"1 + 1\" \"substring('Kafka', 2)\"\n"
    "    (1 + 1): int = 2\n"
    "    substring(Kafka, 2, 2147483647): string = afka\n";

static const struct sql_condition invalid_zone = { "INVALID_CONF_VALUE.TIME_ZONE", "22022",
                                                   "SparkIllegalArgumentException" };

struct defaults {
    const char *from;
    const char *timezone;
    bool ansi;
    bool json;
    struct zones *zones;
};

/* --- answers --- */

static json_t *text_value(struct buffer *text)
{
    json_t *value = json_stringn((const char *)text->data, text->len);
    if (!value) { /* not UTF-8: Java would print replacement characters */
        value = json_string("\xef\xbf\xbd");
    }
    buffer_clear(text);
    return value;
}

static json_t *describe_column(const struct field *field, struct buffer *text)
{
    json_t *object = json_object();
    json_object_set_new(object, "name",
                        json_stringn((const char *)field->name.data, field->name.len));
    type_print(text, field->type);
    json_object_set_new(object, "type", text_value(text));
    json_object_set_new(object, "nullable", json_boolean(field->nullable));
    return object;
}

/* As a cell of show() without its padding: control characters as \\n and the like. */
static void print_cell(struct buffer *out, const struct scratch *s, int32_t column, int32_t row)
{
    struct buffer raw;
    buffer_init(&raw, SQL_ERROR_MAX);
    cell_print(&raw, &(struct cell_format){ CELL_SHOW, s->settings.zone },
               s->result->columns[column], row);
    escape_meta(out, buffer_bytes(&raw));
    buffer_finish(&raw);
}

static json_t *cell(const struct scratch *s, int32_t column, int32_t row, struct buffer *text)
{
    print_cell(text, s, column, row);
    return text_value(text);
}

static void add_rows(json_t *answer, const struct scratch *s, struct buffer *text)
{
    json_t *rows = json_array();
    for (int32_t r = 0; r < s->result->rows; r++) {
        json_t *row = json_array();
        for (int32_t c = 0; c < s->result->column_count; c++) {
            json_array_append_new(row, cell(s, c, r, text));
        }
        if (s->result->column_count == 1) {
            json_array_append(rows, json_array_get(row, 0));
            json_decref(row);
        } else {
            json_array_append_new(rows, row);
        }
    }
    if (s->result->column_count == 1 && s->result->rows == 1) {
        json_object_set(answer, "value", json_array_get(rows, 0));
        json_decref(rows);
    } else {
        json_object_set_new(answer, s->result->column_count == 1 ? "values" : "rows", rows);
    }
}

static json_t *answer_of(const struct scratch *s)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    json_t *answer = json_object();
    if (s->schema && s->schema->field_count == 1) {
        json_decref(answer);
        answer = describe_column(&s->schema->fields[0], &text);
    } else if (s->schema) {
        json_t *columns = json_array();
        for (int32_t i = 0; i < s->schema->field_count; i++) {
            json_array_append_new(columns, describe_column(&s->schema->fields[i], &text));
        }
        json_object_set_new(answer, "columns", columns);
    }
    if (sql_failed(&s->error)) {
        if (s->error.condition->name[0]) {
            json_object_set_new(answer, "error", json_string(s->error.condition->name));
        }
        json_object_set_new(answer, "exception", json_string(s->error.condition->exception));
        json_object_set_new(answer, "message", json_string(s->error.message));
        if (s->error.condition->state[0]) {
            json_object_set_new(answer, "sqlstate", json_string(s->error.condition->state));
        }
    } else {
        add_rows(answer, s, &text);
    }
    buffer_finish(&text);
    return answer;
}

static void print_json(json_t *answer)
{
    char *line = json_dumps(answer, JSON_SORT_KEYS);
    if (line) {
        (void)puts(line);
    }
    free(line);
    json_decref(answer);
}

static void print_readable(const struct scratch *s)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    for (int32_t c = 0; s->schema && c < s->schema->field_count; c++) {
        const struct field *field = &s->schema->fields[c];
        buffer_append(&text, field->name.data, field->name.len);
        buffer_append_text(&text, ": ");
        type_print(&text, field->type);
        for (int32_t r = 0; s->result && r < s->result->rows; r++) {
            buffer_append_text(&text, r == 0 ? " = " : ", ");
            print_cell(&text, s, c, r);
        }
        buffer_append_text(&text, "\n");
    }
    if (sql_failed(&s->error)) {
        buffer_printf(&text, "%s\n", s->error.message);
    }
    (void)fwrite(text.data, 1, text.len, stdout);
    buffer_finish(&text);
}

/* --- requests --- */

static void run(const struct defaults *d,
                const char *const *expressions,
                int32_t count,
                const char *from,
                const char *timezone,
                bool ansi)
{
    struct scratch s;
    scratch_init(&s);
    s.settings.ansi = ansi;
    s.settings.zone_name = timezone;
    s.settings.zones = d->zones;
    s.settings.find_zone = zones_find;
    s.settings.now_us = clock_realtime_ms() * 1000;
    if (!zones_find(d->zones, bytes_of(timezone), &s.settings.zone)) {
        (void)sql_fail(
            &s.error, &invalid_zone,
            "The value '%s' in the config \"spark.sql.session.timeZone\" is invalid. Cannot "
            "resolve the given timezone.",
            timezone);
    } else {
        scratch_run(&s, expressions, count, from);
    }
    if (d->json) {
        print_json(answer_of(&s));
    } else {
        print_readable(&s);
    }
    scratch_finish(&s);
}

static const char *text_of(const json_t *object, const char *key, const char *otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : otherwise;
}

static void run_object(const struct defaults *d, const json_t *object)
{
    const json_t *expr = json_object_get(object, "expr");
    const json_t *ansi = json_object_get(object, "ansi");
    size_t count = json_is_array(expr) ? json_array_size(expr) : 1;
    const char **list = calloc(count + 1, sizeof(*list));
    if (!list) {
        abort();
    }
    bool good = json_is_array(expr) ? count > 0 : json_is_string(expr);
    for (size_t i = 0; good && i < count; i++) {
        list[i] = json_string_value(json_is_array(expr) ? json_array_get(expr, i) : expr);
        good = list[i] != NULL;
    }
    if (good) {
        run(d, list, (int32_t)count, text_of(object, "from", d->from),
            text_of(object, "timezone", d->timezone), ansi ? json_is_true(ansi) : d->ansi);
    } else {
        print_json(json_pack("{s:s}", "refused", "expr wants a text, or a list of texts"));
    }
    free((void *)list);
}

static void run_line(const struct defaults *d, char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        line[--len] = '\0';
    }
    json_error_t problem;
    json_t *object = line[0] == '{' ? json_loadb(line, len, 0, &problem) : NULL;
    if (object) {
        run_object(d, object);
        json_decref(object);
    } else if (line[0] == '{') {
        print_json(json_pack("{s:s+}", "refused", "not JSON: ", problem.text));
    } else if (len > 0) {
        const char *expression = line;
        run(d, &expression, 1, d->from, d->timezone, d->ansi);
    }
    (void)fflush(stdout);
}

static int usage(const char *what, const char *word)
{
    (void)fprintf(stderr, "weir expr: %s%s; weir expr --help says what there is\n", what, word);
    return EXIT_USAGE;
}

static int run_all(struct defaults *d, int argc, char **argv, int first)
{
    if (first < argc) {
        for (int i = first; i < argc; i++) {
            const char *expression = argv[i];
            run(d, &expression, 1, d->from, d->timezone, d->ansi);
        }
        return 0;
    }
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;
    while ((len = getline(&line, &capacity, stdin)) >= 0) {
        run_line(d, line, (size_t)len);
    }
    free(line);
    return 0;
}

int cmd_expr(int argc, char **argv)
{
    struct defaults d = { .timezone = "UTC", .ansi = true, .json = !isatty(STDOUT_FILENO) };
    int i = 1;
    for (; i < argc && argv[i][0] == '-' && argv[i][1] == '-'; i++) {
        const char *word = argv[i];
        if (strcmp(word, "--help") == 0) {
            (void)fputs(help, stdout);
            return 0;
        }
        if (strcmp(word, "--json") == 0) {
            d.json = true;
        } else if (strcmp(word, "--no-ansi") == 0) {
            d.ansi = false;
        } else if ((strcmp(word, "--from") == 0 || strcmp(word, "--timezone") == 0) &&
                   i + 1 < argc) {
            *(word[2] == 'f' ? &d.from : &d.timezone) = argv[++i];
        } else {
            return usage("unknown option, or one without its value: ", word);
        }
    }
    d.zones = zones_new();
    int code = run_all(&d, argc, argv, i);
    zones_free(d.zones);
    return code;
}
