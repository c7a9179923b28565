/*
 * Drives a source of the engine by commands, 1:1 on sources/source.h; what the tests of sources speak to.
 *
 * Standard input has a command a line, standard output an answer a line:
 *
 *   -> {"do": "open", "format": "kafka", "stream": true, "options": {"subscribe": "t", ...}, "checkpoint": "/tmp/x", "parallelism": 2}
 *   <- {"ok": {"schema": "struct<key:binary,...>"}}
 *   -> {"do": "initial"}
 *   <- {"ok": "{\"t\":{\"0\":0}}"}
 *   -> {"do": "latest", "start": "..."}
 *   <- {"ok": {"end": "{\"t\":{\"0\":7}}", "newest": "..."}}
 *   -> {"do": "read", "start": "...", "end": "...", "columns": [1, 4]}
 *   <- {"ok": [[["v0", 0], ["v1", 1]], []]}          a list a partition, of rows
 *   <- {"error": {"when": "read", "text": "...", "class": "IllegalArgumentException"}}
 *
 * Also "freeze", "unlimited", "commit" (end), "metrics" (end), "describe", "close", and for a batch "open" with "stream": false, then "read".
 * "rows": false counts rows a partition instead of giving them; "threads": true reads every partition on a thread of its own.
 * "cancel_after_ms" cancels the next commands so long after it was given. Columns default to all of them.
 */
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "columns/batch.h"
#include "sources/source.h"

struct driver {
    struct arena arena; /* options and the schema */
    struct options options;
    struct source_request request;
    const struct source_format *format;
    const struct type *schema;
    struct source *source; /* NULL: a batch */
    bool streaming;
    atomic_bool cancelled;
};

static json_t *text_value(struct bytes text)
{
    json_t *value = json_stringn((const char *)text.data, text.len);
    return value ? value : json_sprintf("(%zu bytes)", text.len);
}

/* --- rows --- */

static json_t *cell(const struct column *c, int32_t row)
{
    if (column_is_null(c, row)) {
        return json_null();
    }
    int32_t at = column_row(c, row);
    json_t *list = NULL;
    if (type_has_bytes(c->type)) {
        return text_value(column_text(c, row));
    }
    if (c->type->kind == TYPE_ARRAY) {
        list = json_array();
        for (int32_t i = 0; i < column_count(c, row); i++) {
            json_array_append_new(list, cell(c->children[0], column_first(c, row) + i));
        }
        return list;
    }
    if (c->type->kind == TYPE_STRUCT) {
        list = json_array();
        for (int32_t i = 0; i < c->child_count; i++) {
            json_array_append_new(list, cell(c->children[i], at));
        }
        return list;
    }
    return json_integer(column_integer(c, row));
}

static void add_rows(json_t *rows, const struct batch *b)
{
    for (int32_t r = 0; r < b->rows; r++) {
        json_t *row = json_array();
        for (int32_t i = 0; i < b->column_count; i++) {
            json_array_append_new(row, cell(b->columns[i], r));
        }
        json_array_append_new(rows, row);
    }
}

struct part {
    struct scan *scan;
    int32_t partition;
    bool only_count;
    json_t *rows;
    int64_t count;
    struct sql_error error;
    bool ok;
};

static void *read_part(void *context)
{
    struct part *p = context;
    struct row_reader *reader = p->scan->open(p->scan, p->partition, &p->error);
    if (!reader) {
        return NULL;
    }
    struct batch *rows = NULL;
    while ((p->ok = reader->next(reader, &rows, &p->error)) && rows) {
        p->count += rows->rows;
        if (!p->only_count) {
            add_rows(p->rows, rows);
        }
        batch_free(rows);
    }
    reader->close(reader);
    return NULL;
}

static void read_parts(struct part *parts, int32_t count, bool threads)
{
    pthread_t *ids = mem_zalloc((size_t)count, sizeof(*ids));
    for (int32_t i = 0; i < count; i++) {
        if (!threads) {
            read_part(&parts[i]);
        } else if (pthread_create(&ids[i], NULL, read_part, &parts[i]) != 0) {
            abort();
        }
    }
    for (int32_t i = 0; threads && i < count; i++) {
        pthread_join(ids[i], NULL);
    }
    free(ids);
}

/* The rows of all partitions; NULL: the error is set. Closes the scan. */
static json_t *read_scan(struct scan *scan, const json_t *command, struct sql_error *error)
{
    const json_t *with_rows = json_object_get(command, "rows");
    int32_t count = scan->partition_count;
    struct part *parts = mem_zalloc((size_t)count, sizeof(*parts));
    for (int32_t i = 0; i < count; i++) {
        parts[i] = (struct part){ .scan = scan,
                                  .partition = i,
                                  .only_count = json_is_false(with_rows),
                                  .rows = json_array() };
    }
    read_parts(parts, count, json_is_true(json_object_get(command, "threads")));
    json_t *result = json_array();
    bool ok = true;
    for (int32_t i = 0; i < count; i++) {
        ok = ok && parts[i].ok;
        json_array_append_new(result, parts[i].only_count ? json_integer(parts[i].count)
                                                          : json_incref(parts[i].rows));
        json_decref(parts[i].rows);
        if (!parts[i].ok && !sql_failed(error)) {
            *error = parts[i].error;
        } else {
            sql_error_finish(&parts[i].error);
        }
    }
    free(parts);
    scan->close(scan);
    if (!ok) {
        json_decref(result);
        return NULL;
    }
    return result;
}

/* --- commands --- */

static struct bytes text_of(const json_t *command, const char *name)
{
    const json_t *value = json_object_get(command, name);
    return json_is_string(value) ? (struct bytes){ (const uint8_t *)json_string_value(value),
                                                   json_string_length(value) }
                                 : (struct bytes){ 0 };
}

static void close_source(struct driver *d)
{
    if (d->source) {
        d->source->functions->close(d->source);
        d->source = NULL;
    }
    arena_reset(&d->arena);
    d->options = (struct options){ 0 };
    d->schema = NULL;
}

static json_t *do_open(struct driver *d,
                       json_t *command,
                       const char **when,
                       struct sql_error *error)
{
    const char *name = NULL;
    json_t *value = NULL;
    close_source(d);
    json_object_foreach(json_object_get(command, "options"), name, value)
    {
        d->options =
            options_with(&d->arena, d->options, bytes_of(name), bytes_of(json_string_value(value)));
    }
    struct bytes checkpoint = text_of(command, "checkpoint");
    json_int_t parallelism = json_integer_value(json_object_get(command, "parallelism"));
    d->streaming = !json_is_false(json_object_get(command, "stream"));
    d->request = (struct source_request){
        .options = &d->options,
        .parallelism = parallelism > 0 ? (int32_t)parallelism : 1,
        .checkpoint = checkpoint.data ? arena_text(&d->arena, checkpoint) : NULL,
        .cancelled = &d->cancelled,
    };
    d->format = source_find(text_of(command, "format"));
    *when = "load";
    if (!d->format || !d->format->schema(&d->request, d->streaming, &d->arena, &d->schema, error)) {
        return NULL;
    }
    *when = "run";
    if (d->streaming && !(d->source = d->format->open(&d->request, d->schema, error))) {
        return NULL;
    }
    struct buffer text;
    buffer_init(&text, 1 << 20);
    type_print(&text, d->schema);
    json_t *schema = text_value(buffer_bytes(&text));
    buffer_finish(&text);
    return json_pack("{s:o}", "schema", schema);
}

static json_t *do_read(struct driver *d, json_t *command, struct sql_error *error)
{
    const json_t *wanted = json_object_get(command, "columns");
    int32_t count = wanted ? (int32_t)json_array_size(wanted) : d->schema->field_count;
    int32_t *columns = mem_zalloc((size_t)count, sizeof(*columns));
    for (int32_t i = 0; i < count; i++) {
        columns[i] = wanted ? (int32_t)json_integer_value(json_array_get(wanted, (size_t)i)) : i;
    }
    struct scan *scan =
        d->source ? d->source->functions->plan(d->source, text_of(command, "start"),
                                               text_of(command, "end"), columns, count, error)
                  : d->format->read(&d->request, d->schema, columns, count, error);
    free(columns);
    return scan ? read_scan(scan, command, error) : NULL;
}

static json_t *do_latest(struct driver *d,
                         json_t *command,
                         struct buffer *out,
                         struct sql_error *error)
{
    struct buffer newest;
    buffer_init(&newest, 1 << 24);
    json_t *result = NULL;
    if (d->source->functions->latest(d->source, text_of(command, "start"), out, &newest, error)) {
        result = json_pack("{s:o, s:o}", "end", text_value(buffer_bytes(out)), "newest",
                           text_value(buffer_bytes(&newest)));
    }
    buffer_finish(&newest);
    return result;
}

struct canceller {
    atomic_bool *flag;
    int64_t ms;
};

static void *cancel_later(void *context)
{
    struct canceller *c = context;
    struct timespec time = { .tv_sec = c->ms / 1000, .tv_nsec = c->ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
    atomic_store(c->flag, true);
    free(c);
    return NULL;
}

static void do_cancel(struct driver *d, const json_t *after)
{
    struct canceller *c = MEM_NEW(struct canceller);
    *c = (struct canceller){ &d->cancelled, json_integer_value(after) };
    pthread_t thread;
    if (pthread_create(&thread, NULL, cancel_later, c) != 0) {
        abort();
    }
    pthread_detach(thread);
}

static json_t *run(struct driver *d, json_t *command, const char **when, struct sql_error *error)
{
    const char *what = json_string_value(json_object_get(command, "do"));
    const struct source_functions *f = d->source ? d->source->functions : NULL;
    struct buffer out;
    buffer_init(&out, 1 << 24);
    json_t *result = json_true();
    *when = what;
    if (strcmp(what, "open") == 0) {
        result = do_open(d, command, when, error);
    } else if (strcmp(what, "read") == 0) {
        result = do_read(d, command, error);
    } else if (strcmp(what, "cancel") == 0) {
        do_cancel(d, json_object_get(command, "after_ms"));
    } else if (strcmp(what, "close") == 0) {
        close_source(d);
    } else if (strcmp(what, "initial") == 0) {
        result = f->initial(d->source, &out, error) ? text_value(buffer_bytes(&out)) : NULL;
    } else if (strcmp(what, "latest") == 0) {
        result = do_latest(d, command, &out, error);
    } else if (strcmp(what, "freeze") == 0) {
        result = !f->freeze || f->freeze(d->source, error) ? json_boolean(f->freeze) : NULL;
    } else if (strcmp(what, "unlimited") == 0) {
        f->unlimited(d->source);
    } else if (strcmp(what, "commit") == 0) {
        f->commit(d->source, text_of(command, "end"));
    } else if (strcmp(what, "describe") == 0) {
        f->describe(d->source, &out);
        result = text_value(buffer_bytes(&out));
    } else if (strcmp(what, "metrics") == 0) {
        f->metrics(d->source, text_of(command, "end"), &out);
        result = text_value(buffer_bytes(&out));
    }
    buffer_finish(&out);
    return result;
}

int main(void)
{
    struct driver d = { 0 };
    arena_init(&d.arena, 0);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        json_t *command = json_loads(line, 0, NULL);
        struct sql_error error = { 0 };
        const char *when = "";
        json_t *result = command ? run(&d, command, &when, &error) : NULL;
        json_t *answer = result
                             ? json_pack("{s:o}", "ok", result)
                             : json_pack("{s:{s:s, s:s, s:s}}", "error", "when", when, "text",
                                         error.message ? error.message : "no such format", "class",
                                         error.condition ? error.condition->exception : "");
        json_dumpf(answer, stdout, JSON_COMPACT);
        (void)puts("");
        (void)fflush(stdout);
        json_decref(answer);
        sql_error_finish(&error);
        json_decref(command);
    }
    close_source(&d);
    arena_finish(&d.arena);
    free(line);
    return 0;
}
