/*
 * Scans of files: see file_scan.h.
 */
#include "sources/file_scan.h"

#include <stdlib.h>
#include <strings.h>

#include "base/mem.h"
#include "sources/file_error.h"

/* Where an output column comes from. */
struct origin {
    int32_t data;      /* a place among the wanted data columns; -1 */
    int32_t partition; /* a column of folders; -1 */
};

struct scan_part {
    struct file_part part;
    const struct scalar *values; /* a value a column of folders; NULL: there are none */
};

struct file_scan {
    struct scan base;
    struct arena arena;
    struct file_plan plan;
    const struct type *output; /* a struct of the columns asked for */
    const struct origin *origins;
    bool ignore_missing;
    struct scan_part *parts;
    int32_t *first_parts; /* of each partition; and one more at the end */
};

struct file_reader {
    struct row_reader base;
    const struct file_scan *scan;
    int32_t at; /* the part that is being read, or next */
    int32_t end;
    struct file_decoder *decoder; /* NULL: the next part is to be opened */
    struct batch *left;           /* rows that were too many for one batch */
    int32_t left_at;
};

enum { ROWS_AT_ONCE = COLUMN_MAX_ROWS / 2 };

struct file_request *file_request_copy(struct arena *arena, const struct file_request *r)
{
    struct file_request *copy = ARENA_NEW(arena, struct file_request, 1);
    *copy = *r;
    copy->options = (struct options){ 0 };
    copy->conf = (struct options){ 0 };
    for (int32_t i = 0; i < r->options.count; i++) {
        copy->options = options_with(arena, copy->options, r->options.entries[i].name,
                                     r->options.entries[i].value);
    }
    for (int32_t i = 0; i < r->conf.count; i++) {
        copy->conf =
            options_with(arena, copy->conf, r->conf.entries[i].name, r->conf.entries[i].value);
    }
    copy->schema = r->schema ? type_copy(arena, r->schema) : NULL;
    return copy;
}

/* --- reading --- */

static struct batch *make_batch(const struct file_reader *r, struct column *rows)
{
    const struct file_scan *s = r->scan;
    const struct scan_part *part = &s->parts[r->at];
    int32_t count = s->output->field_count;
    struct column **columns = mem_zalloc((size_t)count + 1, sizeof(*columns));
    for (int32_t i = 0; i < count; i++) {
        columns[i] = s->origins[i].data >= 0
                         ? column_retain(rows->children[s->origins[i].data])
                         : scalar_column(&part->values[s->origins[i].partition], rows->length);
    }
    struct batch *batch = batch_new(s->output, columns, rows->length);
    free(columns);
    return batch;
}

static bool open_part(struct file_reader *r, struct sql_error *error)
{
    const struct file_scan *s = r->scan;
    const struct file_part *part = &s->parts[r->at].part;
    struct found_file ignored;
    if (s->ignore_missing && !listing_stat(part->path, &ignored)) {
        r->at++;
        return true;
    }
    r->decoder = s->plan.request->format->open(&s->plan, part, error);
    return r->decoder != NULL;
}

static void close_part(struct file_reader *r)
{
    if (r->decoder) {
        r->decoder->close(r->decoder);
        r->decoder = NULL;
    }
}

/* A batch from the part that is open; it is closed when it has no more. */
static bool read_part(struct file_reader *r, struct batch **out, struct sql_error *error)
{
    struct builder *b = builder_new(r->scan->plan.wanted);
    if (!r->decoder->next(r->decoder, b, error)) {
        builder_free(b);
        return false;
    }
    struct column *rows = builder_finish(b);
    if (rows->length > 0) {
        *out = make_batch(r, rows);
    } else {
        close_part(r);
        r->at++;
    }
    column_release(rows);
    return true;
}

static struct batch *next_slice(struct file_reader *r)
{
    int32_t count = r->left->rows - r->left_at;
    count = count > ROWS_AT_ONCE ? ROWS_AT_ONCE : count;
    struct batch *slice = batch_slice(r->left, r->left_at, count);
    r->left_at += count;
    if (r->left_at == r->left->rows) {
        batch_free(r->left);
        r->left = NULL;
    }
    return slice;
}

static bool reader_next(struct row_reader *base, struct batch **out, struct sql_error *error)
{
    struct file_reader *r = (struct file_reader *)base;
    *out = NULL;
    while (!r->left && r->at < r->end) {
        if (!r->decoder) {
            if (!open_part(r, error)) {
                return false;
            }
        } else if (!read_part(r, &r->left, error)) {
            return false;
        }
        r->left_at = 0;
    }
    if (r->left && r->left->rows <= ROWS_AT_ONCE) {
        *out = r->left;
        r->left = NULL;
    } else if (r->left) {
        *out = next_slice(r);
    }
    return true;
}

static void reader_close(struct row_reader *base)
{
    struct file_reader *r = (struct file_reader *)base;
    close_part(r);
    batch_free(r->left);
    free(r);
}

static struct row_reader *scan_open(struct scan *base, int32_t partition, struct sql_error *error)
{
    const struct file_scan *s = (const struct file_scan *)base;
    (void)error;
    struct file_reader *r = MEM_NEW(struct file_reader);
    r->base = (struct row_reader){ reader_next, reader_close };
    r->scan = s;
    r->at = s->first_parts[partition];
    r->end = s->first_parts[partition + 1];
    return &r->base;
}

static void scan_close(struct scan *base)
{
    struct file_scan *s = (struct file_scan *)base;
    arena_finish(&s->arena);
    free(s);
}

/* --- packing --- */

/* "128MB", "4m", "1000": bytes. */
static int64_t read_size(struct bytes text, int64_t standard)
{
    static const char units[] = "bkmgt";
    size_t digits = 0;
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    int64_t value;
    if (!bytes_parse_i64((struct bytes){ text.data, digits }, &value) || value > INT32_MAX) {
        return standard;
    }
    const char *unit = digits < text.len ? strchr(units, text.data[digits] | 0x20) : units;
    for (const char *u = units; unit && u < unit; u++) {
        value *= 1024;
    }
    return unit && value > 0 ? value : standard;
}

/* What a partition may read, given what there is. */
static int64_t part_limit(const struct file_request *r,
                          const struct found_file *files,
                          int32_t count,
                          int64_t open_cost)
{
    int64_t most =
        read_size(file_setting(r, "spark.sql.files.maxPartitionBytes", "128MB"), 128 << 20);
    int64_t wanted = 0;
    struct bytes least = options_get(&r->conf, "spark.sql.files.minPartitionNum");
    if (bytes_is_null(least) || !bytes_parse_i64(least, &wanted) || wanted < 1) {
        wanted = r->parallelism > 0 ? r->parallelism : 1;
    }
    int64_t total = 0;
    for (int32_t i = 0; i < count; i++) {
        total += files[i].size + open_cost;
    }
    int64_t share = total / wanted;
    share = share < open_cost ? open_cost : share;
    return share < most ? share : most;
}

struct packing {
    struct file_scan *scan;
    int64_t limit;
    int64_t open_cost;
    struct buffer parts; /* struct scan_part */
};

static void cut(struct packing *p, const struct found_file *file, const struct scalar *values)
{
    bool splits = p->scan->plan.request->format->splits(p->scan->plan.options) &&
                  !file_is_compressed(file->path);
    int64_t step = splits ? p->limit : file->size;
    for (int64_t from = 0; from < file->size; from += step) {
        int64_t to = file->size - from < step ? file->size : from + step;
        struct scan_part part = { { file->path, from, to, file->size }, values };
        buffer_append(&p->parts, &part, sizeof(part));
    }
}

static int by_length(const void *a, const void *b)
{
    const struct file_part *x = &((const struct scan_part *)a)->part;
    const struct file_part *y = &((const struct scan_part *)b)->part;
    int64_t n = x->to - x->from;
    int64_t m = y->to - y->from;
    if (n != m) {
        return n < m ? 1 : -1;
    }
    int order = bytes_compare(x->path, y->path);
    return order != 0 ? order : (x->from > y->from) - (x->from < y->from);
}

/* The parts in their order, and where each partition begins. */
static void pack(struct packing *p)
{
    struct file_scan *s = p->scan;
    size_t count = p->parts.len / sizeof(struct scan_part);
    s->parts = ARENA_NEW(&s->arena, struct scan_part, count + 1);
    s->first_parts = ARENA_NEW(&s->arena, int32_t, count + 2);
    if (count > 0) {
        memcpy(s->parts, p->parts.data, p->parts.len);
        qsort(s->parts, count, sizeof(*s->parts), by_length);
    }
    int64_t size = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t length = s->parts[i].part.to - s->parts[i].part.from;
        if (i == 0 || size + length > p->limit) {
            s->first_parts[s->base.partition_count++] = (int32_t)i;
            size = 0;
        }
        size += length + p->open_cost;
    }
    s->first_parts[s->base.partition_count] = (int32_t)count;
}

/* --- planning --- */

static bool make_values(struct file_scan *s,
                        const struct partitions *found,
                        const struct bytes *texts,
                        const struct scalar **out,
                        struct sql_error *error)
{
    struct scalar *values = ARENA_NEW(&s->arena, struct scalar, (size_t)found->count + 1);
    for (int32_t i = 0; i < found->count; i++) {
        if (!partition_value(&s->plan.request->settings, &s->arena, &found->fields[i], texts[i],
                             &values[i], error)) {
            return false;
        }
    }
    *out = values;
    return true;
}

static bool make_parts(struct file_scan *s,
                       const struct file_scan_query *q,
                       const struct partitions *found,
                       struct sql_error *error)
{
    struct packing p = { .scan = s };
    bool ok = true;
    p.open_cost =
        read_size(file_setting(s->plan.request, "spark.sql.files.openCostInBytes", "4MB"), 4 << 20);
    p.limit = part_limit(s->plan.request, q->files, q->file_count, p.open_cost);
    buffer_init(&p.parts, SIZE_MAX);
    for (int32_t i = 0; ok && i < q->file_count; i++) {
        const struct scalar *values = NULL;
        if (found->count > 0 && !found->values[i]) {
            continue; /* it is in no folder of the table */
        }
        struct found_file file = q->files[i];
        file.path = arena_copy(&s->arena, file.path);
        ok = found->count == 0 || make_values(s, found, found->values[i], &values, error);
        if (ok) {
            cut(&p, &file, values);
        }
    }
    pack(&p);
    buffer_finish(&p.parts);
    return ok;
}

static int32_t find(const struct partitions *found, struct bytes name, bool case_sensitive)
{
    struct type columns = { .kind = TYPE_STRUCT,
                            .field_count = found->count,
                            .fields = found->fields };
    return type_field_index(&columns, name, case_sensitive);
}

/* Which of the schema's columns files have, and which of those are wanted. */
static void split_columns(struct file_scan *s,
                          const struct file_scan_query *q,
                          const struct partitions *found)
{
    const struct type *schema = type_copy(&s->arena, q->schema);
    bool sensitive = s->plan.request->settings.case_sensitive;
    size_t count = (size_t)schema->field_count + 1;
    struct field *data = ARENA_NEW(&s->arena, struct field, count);
    int32_t *places = ARENA_NEW(&s->arena, int32_t, count);
    int32_t data_count = 0;
    for (int32_t i = 0; i < schema->field_count; i++) {
        bool of_folders = find(found, schema->fields[i].name, sensitive) >= 0;
        places[i] = of_folders ? -1 : data_count;
        if (!of_folders) {
            data[data_count++] = schema->fields[i];
        }
    }
    s->plan.data = type_struct(&s->arena, data, data_count);
    size_t asked = (size_t)q->column_count + 1;
    struct field *output = ARENA_NEW(&s->arena, struct field, asked);
    struct field *wanted = ARENA_NEW(&s->arena, struct field, asked);
    struct origin *origins = ARENA_NEW(&s->arena, struct origin, asked);
    int32_t *columns = ARENA_NEW(&s->arena, int32_t, asked);
    for (int32_t i = 0; i < q->column_count; i++) {
        int32_t c = q->columns[i];
        output[i] = schema->fields[c];
        origins[i] = (struct origin){ -1, find(found, output[i].name, sensitive) };
        if (places[c] >= 0) {
            origins[i] = (struct origin){ s->plan.column_count, -1 };
            wanted[s->plan.column_count] = output[i];
            columns[s->plan.column_count++] = places[c];
        }
    }
    s->plan.columns = columns;
    s->plan.wanted = type_struct(&s->arena, wanted, s->plan.column_count);
    s->output = type_struct(&s->arena, output, q->column_count);
    s->origins = origins;
}

static bool prepare(struct file_scan *s, const struct file_scan_query *q, struct sql_error *error)
{
    const struct file_request *r = s->plan.request;
    struct partitions found = { 0 };
    struct partitions_query asked = {
        .settings = &r->settings,
        .schema = q->schema,
        .infer_types = true,
        .bases = q->bases,
        .base_count = q->base_count,
        .files = q->files,
        .file_count = q->flat ? 0 : q->file_count,
    };
    if (!partitions_find(&asked, &s->arena, &found, error)) {
        return false;
    }
    split_columns(s, q, &found);
    struct bytes missing = options_get(&r->options, "ignoreMissingFiles");
    missing = bytes_is_null(missing)
                  ? file_setting(r, "spark.sql.files.ignoreMissingFiles", "false")
                  : missing;
    s->ignore_missing = missing.len == 4 && strncasecmp((const char *)missing.data, "true", 4) == 0;
    return file_check_names(q->schema, r->settings.case_sensitive, error) &&
           r->format->options(r, &s->arena, &s->plan.options, error) &&
           r->format->check(r, s->plan.options, s->plan.data, error) &&
           make_parts(s, q, &found, error);
}

struct scan *file_scan_new(const struct file_scan_query *q, struct sql_error *error)
{
    struct file_scan *s = MEM_NEW(struct file_scan);
    s->base = (struct scan){ 0, scan_open, scan_close };
    arena_init(&s->arena, 0);
    s->plan.request = file_request_copy(&s->arena, q->request);
    if (!prepare(s, q, error)) {
        scan_close(&s->base);
        return NULL;
    }
    return &s->base;
}
