/*
 * The memory sink: see memory_sink.h.
 */
#include "sinks/memory_sink.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "sinks/collector.h"

struct memory_table {
    atomic_int references;
    struct arena arena; /* the schema; nothing is added to it later */
    const struct type *schema;
    pthread_mutex_t lock;
    /* lock must be held for these: */
    int64_t last_batch; /* -1: none */
    int64_t rows;
    struct batch **batches;
    int32_t count;
    int32_t capacity;
};

struct memory_sink {
    struct sink sink;
    struct memory_table *table;
    bool replaces; /* complete mode */
    struct collector rows;
};

/* --- tables --- */

struct memory_table *memory_table_new(const struct type *schema)
{
    struct memory_table *t = MEM_NEW(struct memory_table);
    arena_init(&t->arena, 0);
    t->schema = type_copy(&t->arena, schema);
    t->last_batch = -1;
    atomic_init(&t->references, 1);
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

struct memory_table *memory_table_retain(struct memory_table *t)
{
    atomic_fetch_add(&t->references, 1);
    return t;
}

static void free_batches(struct batch **batches, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        batch_free(batches[i]);
    }
    free(batches);
}

void memory_table_release(struct memory_table *t)
{
    if (t && atomic_fetch_sub(&t->references, 1) == 1) {
        free_batches(t->batches, t->count);
        pthread_mutex_destroy(&t->lock);
        arena_finish(&t->arena);
        free(t);
    }
}

const struct type *memory_table_schema(const struct memory_table *t)
{
    return t->schema;
}

int64_t memory_table_rows(struct memory_table *t)
{
    pthread_mutex_lock(&t->lock);
    int64_t rows = t->rows;
    pthread_mutex_unlock(&t->lock);
    return rows;
}

struct batch **memory_table_read(struct memory_table *t, int32_t *out_count)
{
    pthread_mutex_lock(&t->lock);
    struct batch **copy = mem_zalloc((size_t)t->count, sizeof(struct batch *));
    for (int32_t i = 0; i < t->count; i++) {
        copy[i] = batch_slice(t->batches[i], 0, t->batches[i]->rows);
    }
    *out_count = t->count;
    pthread_mutex_unlock(&t->lock);
    return copy;
}

/* The rows under the table's own types: the query's go with the query. */
static struct batch *adopted(const struct type *schema, const struct batch *rows)
{
    struct column **columns = mem_zalloc((size_t)rows->column_count, sizeof(struct column *));
    for (int32_t i = 0; i < rows->column_count; i++) {
        columns[i] = column_retype(rows->columns[i], schema->fields[i].type);
    }
    struct batch *batch = batch_new(schema, columns, rows->rows);
    free(columns);
    return batch;
}

/* Takes over the batches, but not the array. */
static void table_add(struct memory_table *t, struct batch **added, int32_t count, bool replaces)
{
    if (replaces) {
        free_batches(t->batches, t->count);
        t->batches = NULL;
        t->count = t->capacity = 0;
        t->rows = 0;
    }
    if (t->count + count > t->capacity) {
        t->capacity = t->count + count > t->capacity * 2 ? t->count + count : t->capacity * 2;
        t->batches = mem_resize(t->batches, (size_t)t->capacity, sizeof(struct batch *));
    }
    for (int32_t i = 0; i < count; i++) {
        t->batches[t->count++] = added[i];
        t->rows += added[i]->rows;
    }
}

/* --- the sink --- */

static bool memory_begin(struct sink *s, int64_t batch_id, struct sql_error *error)
{
    (void)batch_id;
    (void)error;
    collector_clear(&((struct memory_sink *)s)->rows);
    return true;
}

static struct row_writer *memory_writer(struct sink *s, int32_t partition, struct sql_error *error)
{
    (void)error;
    return collector_open(&((struct memory_sink *)s)->rows, partition);
}

static bool memory_commit(struct sink *s, int64_t batch_id, struct sql_error *error)
{
    (void)error;
    struct memory_sink *m = (struct memory_sink *)s;
    struct memory_table *t = m->table;
    int32_t count = 0;
    struct batch **batches = collector_batches(&m->rows, &count);
    for (int32_t i = 0; i < count; i++) {
        batches[i] = adopted(t->schema, batches[i]);
    }
    pthread_mutex_lock(&t->lock);
    bool again = batch_id <= t->last_batch;
    if (!again) {
        table_add(t, batches, count, m->replaces);
        t->last_batch = batch_id;
    }
    pthread_mutex_unlock(&t->lock);
    for (int32_t i = 0; again && i < count; i++) {
        batch_free(batches[i]);
    }
    free(batches);
    collector_clear(&m->rows);
    return true;
}

static void memory_abort(struct sink *s, int64_t batch_id)
{
    (void)batch_id;
    collector_clear(&((struct memory_sink *)s)->rows);
}

static void memory_describe(const struct sink *s, struct buffer *out)
{
    (void)s;
    buffer_append_text(out, "MemorySink");
}

static void memory_close(struct sink *s)
{
    struct memory_sink *m = (struct memory_sink *)s;
    collector_finish(&m->rows);
    memory_table_release(m->table);
    free(m);
}

static const struct sink_functions FUNCTIONS = {
    .begin = memory_begin,
    .open = memory_writer,
    .commit = memory_commit,
    .abort = memory_abort,
    .describe = memory_describe,
    .close = memory_close,
};

static struct sink *memory_open(const struct sink_request *r, struct sql_error *error)
{
    static const struct sql_condition nameless = { "_LEGACY_ERROR_TEMP_1194", "",
                                                   "AnalysisException" };
    if (!r->query_name) {
        sql_fail(error, &nameless, "queryName must be specified for memory sink.");
        return NULL;
    }
    struct memory_sink *m = MEM_NEW(struct memory_sink);
    m->sink = (struct sink){ .functions = &FUNCTIONS, .counts_rows = true };
    m->table = memory_table_retain(r->host);
    m->replaces = r->mode == OUTPUT_COMPLETE;
    collector_init(&m->rows, -1);
    return &m->sink;
}

const struct sink_format sink_memory = {
    .name = "memory",
    .append = true,
    .update = true,
    .complete = true,
    .open = memory_open,
};
