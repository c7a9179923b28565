/*
 * The rows of one partition into files: one file, or one in each folder that partitionBy makes. See file_sink.h.
 *
 *     k=a/n=1     folders have escaped names; null and the empty text are __HIVE_DEFAULT_PARTITION__
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "columns/cell_text.h"
#include "sinks/file_output.h"
#include "sinks/file_sink.h"

enum { OPEN_MAX = 64 }; /* outputs with a descriptor */

/* A file, and which it is of its folder. */
struct target {
    struct file_output output;
    char *folder; /* owned; "" for the sink's own */
    int32_t number;
};

struct file_writer {
    struct row_writer base;
    struct file_sink *sink;
    int32_t partition;
    struct file_encoder *encoder;
    struct map by_folder;    /* struct target * */
    struct target **targets; /* in the order of their making */
    int32_t count;
    int32_t capacity;
    struct buffer folder;
};

/* --- names --- */

static bool is_escaped(uint8_t c)
{
    return c < ' ' || c == 0x7f || strchr("\"#%'*/:=?\\{[]^", c);
}

static void put_escaped(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_escaped(text.data[i])) {
            buffer_printf(out, "%%%02X", text.data[i]);
        } else {
            buffer_append(out, text.data + i, 1);
        }
    }
}

static void put_value(struct buffer *out,
                      const struct column *c,
                      int32_t row,
                      const struct zone *zone)
{
    struct buffer text;
    buffer_init(&text, SIZE_MAX);
    if (!column_is_null(c, row)) {
        cell_print(&text, &(struct cell_format){ CELL_CAST, zone }, c, row);
    }
    if (text.len == 0) {
        buffer_append_text(out, "__HIVE_DEFAULT_PARTITION__");
    } else {
        put_escaped(out, buffer_bytes(&text));
    }
    buffer_finish(&text);
}

/* The folder of a row, in w->folder. */
static struct bytes folder_of(struct file_writer *w, const struct batch *rows, int32_t row)
{
    const struct file_sink *s = w->sink;
    buffer_clear(&w->folder);
    for (int32_t i = 0; i < s->key_count; i++) {
        buffer_append_text(&w->folder, i ? "/" : "");
        put_escaped(&w->folder, s->key_names[i]);
        buffer_append_text(&w->folder, "=");
        put_value(&w->folder, rows->columns[s->keys[i]], row, s->settings.zone);
    }
    return buffer_bytes(&w->folder);
}

/* "k=a/part-00000-<uuid>.c000.json.gz" */
static char *name_of(const struct file_writer *w, const struct target *t)
{
    const struct file_sink *s = w->sink;
    char uuid[UUID_LETTERS + 1];
    struct buffer name;
    memcpy(uuid, s->uuid, sizeof(uuid));
    if (!s->batch) {
        file_sink_uuid(uuid);
    }
    buffer_init(&name, SIZE_MAX);
    buffer_printf(&name, "%s%spart-%05d-%s%cc%03d.%s%s", t->folder, *t->folder ? "/" : "",
                  w->partition, uuid, s->key_count > 0 ? '.' : '-', t->number, s->format->suffix,
                  s->zipped ? ".gz" : "");
    char *text = mem_text(name.data, name.len);
    buffer_finish(&name);
    return text;
}

/* --- targets --- */

static bool open_output(struct file_writer *w, struct target *t, struct weir_error *err)
{
    const struct file_sink *s = w->sink;
    char *name = name_of(w, t);
    struct buffer path;
    buffer_init(&path, SIZE_MAX);
    buffer_printf(&path, "%s/%s", s->batch ? s->staging : s->path, name);
    bool ok = file_output_open(&t->output, mem_text(path.data, path.len), s->zipped, err);
    if (ok && w->encoder->begin) {
        w->encoder->begin(w->encoder, &t->output.text);
    }
    buffer_finish(&path);
    free(name);
    return ok;
}

/* Too many have a descriptor: all but the newest give theirs up. */
static bool park_others(struct file_writer *w, struct weir_error *err)
{
    int32_t open = 0;
    for (int32_t i = 0; i < w->count; i++) {
        open += w->targets[i]->output.fd >= 0;
    }
    bool ok = true;
    for (int32_t i = 0; ok && open >= OPEN_MAX && i < w->count; i++) {
        ok = w->targets[i]->output.fd < 0 || file_output_park(&w->targets[i]->output, err);
    }
    return ok;
}

static struct target *add_target(struct file_writer *w, struct bytes folder, struct weir_error *err)
{
    if (w->count == w->capacity) {
        w->capacity = w->capacity ? w->capacity * 2 : 8;
        w->targets = mem_resize(w->targets, (size_t)w->capacity, sizeof(struct target *));
    }
    struct target *t = MEM_NEW(struct target);
    t->folder = mem_text(folder.data, folder.len);
    t->output.fd = -1;
    w->targets[w->count++] = t;
    (void)map_put(&w->by_folder, folder, t);
    return park_others(w, err) && open_output(w, t, err) ? t : NULL;
}

/* A file is complete: the sink has it from now on. */
static bool finish_output(struct file_writer *w, struct target *t, struct weir_error *err)
{
    const struct file_sink *s = w->sink;
    if (!file_output_finish(&t->output, s->sync, err)) {
        return false;
    }
    size_t root = strlen(s->batch ? s->staging : s->path) + 1;
    const char *path = t->output.path;
    struct sunk_file file = { .partition = w->partition,
                              .path = mem_text(path, strlen(path)),
                              .name = mem_text(path + root, strlen(path + root)),
                              .size = t->output.size,
                              .modified_ms = t->output.modified_ms };
    file_sink_take(w->sink, &file);
    file_output_drop(&t->output, false);
    return true;
}

static struct target *find_target(struct file_writer *w,
                                  struct bytes folder,
                                  struct weir_error *err)
{
    struct target *t = map_get(&w->by_folder, folder);
    if (!t) {
        return add_target(w, folder, err);
    }
    if (w->sink->max_rows > 0 && t->output.rows == w->sink->max_rows) {
        t->number++;
        if (!finish_output(w, t, err) || !open_output(w, t, err)) {
            return NULL;
        }
    }
    return t;
}

/* --- the writer --- */

/* The columns that files have, as one. */
static struct column *data_of(const struct file_writer *w, const struct batch *rows)
{
    const struct file_sink *s = w->sink;
    struct column **fields = mem_zalloc((size_t)s->data_count + 1, sizeof(*fields));
    for (int32_t i = 0; i < s->data_count; i++) {
        fields[i] = column_retain(rows->columns[s->data[i]]);
    }
    struct column *data = column_struct(s->encoding.data, fields, rows->rows, NULL);
    free(fields);
    return data;
}

static bool writer_write(struct row_writer *base, const struct batch *rows, struct sql_error *error)
{
    struct file_writer *w = (struct file_writer *)base;
    struct weir_error err;
    struct column *data = data_of(w, rows);
    struct target *t = NULL;
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->rows; i++) {
        struct bytes folder = w->sink->key_count > 0 ? folder_of(w, rows, i) : bytes_of("");
        t = find_target(w, folder, &err);
        if (t) {
            w->encoder->row(w->encoder, &t->output.text, data, i);
            t->output.rows++;
        }
        ok = t && file_output_flush(&t->output, false, &err);
    }
    column_release(data);
    return ok || file_sink_fail(w->sink, &err, error);
}

static void free_writer(struct file_writer *w)
{
    for (int32_t i = 0; i < w->count; i++) {
        file_output_drop(&w->targets[i]->output, true); /* what is finished is the sink's already */
        free(w->targets[i]->folder);
        free(w->targets[i]);
    }
    if (w->encoder) {
        w->encoder->close(w->encoder);
    }
    map_finish(&w->by_folder);
    buffer_finish(&w->folder);
    free(w->targets);
    free(w);
}

static int by_folder(const void *a, const void *b)
{
    return strcmp((*(struct target *const *)a)->folder, (*(struct target *const *)b)->folder);
}

static bool writer_finish(struct row_writer *base, struct sql_error *error)
{
    struct file_writer *w = (struct file_writer *)base;
    struct weir_error err;
    bool ok = true;
    if (w->count > 1) {
        qsort(w->targets, (size_t)w->count, sizeof(struct target *), by_folder);
    }
    for (int32_t i = 0; ok && i < w->count; i++) {
        ok = finish_output(w, w->targets[i], &err);
    }
    if (!ok) {
        (void)file_sink_fail(w->sink, &err, error);
    }
    free_writer(w);
    return ok;
}

static void writer_drop(struct row_writer *base)
{
    free_writer((struct file_writer *)base);
}

struct row_writer *file_writer_open(struct file_sink *s, int32_t partition, struct sql_error *error)
{
    struct file_writer *w = MEM_NEW(struct file_writer);
    struct weir_error err;
    w->base = (struct row_writer){ writer_write, writer_finish, writer_drop };
    w->sink = s;
    w->partition = partition;
    map_init(&w->by_folder);
    buffer_init(&w->folder, SIZE_MAX);
    w->encoder = s->format->open(&s->encoding, error);
    if (!w->encoder) {
        free_writer(w);
        return NULL;
    }
    /* The first partition has a file even when it has no rows, so that there is one. */
    if (partition == 0 && s->key_count == 0 && !add_target(w, bytes_of(""), &err)) {
        (void)file_sink_fail(s, &err, error);
        free_writer(w);
        return NULL;
    }
    return &w->base;
}
