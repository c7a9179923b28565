/*
 * Columns from the names of folders: see file_partitions.h.
 */
#include "sources/file_partitions.h"

#include <stdlib.h>

#include "base/mem.h"
#include "columns/decimal.h"
#include "columns/double_text.h"
#include "expressions/cast.h"
#include "expressions/datetime_format.h"
#include "expressions/datetime_text.h"
#include "sources/file_error.h"

enum { PARTITION_MAX = LISTING_MAX_DEPTH };

/* A folder's columns, the outermost first. */
struct folder {
    struct bytes path;
    struct bytes base; /* where its columns begin */
    int32_t count;
    struct bytes names[PARTITION_MAX];
    struct bytes values[PARTITION_MAX];
};

struct search {
    const struct partitions_query *q;
    struct arena *arena;
    struct sql_error *error;
};

/* --- one folder --- */

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (uint8_t)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct bytes unescape(struct arena *arena, struct bytes text)
{
    uint8_t *out = ARENA_NEW(arena, uint8_t, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int high = text.data[i] == '%' && i + 2 < text.len ? hex(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex(text.data[i + 2]) : -1;
        out[len++] = (uint8_t)(low >= 0 ? high * 16 + low : text.data[i]);
        i += low >= 0 ? 2 : 0;
    }
    return (struct bytes){ out, len };
}

static bool is_base(const struct search *s, struct bytes path)
{
    for (int32_t i = 0; i < s->q->base_count; i++) {
        if (bytes_equal(s->q->bases[i], path)) {
            return true;
        }
    }
    return false;
}

/* "a=1": the name before the first =. False: the folder names no column, or (an error is set) half of one. */
static bool parse_column(struct search *s, struct bytes part, struct folder *f)
{
    const uint8_t *sign = memchr(part.data, '=', part.len);
    if (!sign) {
        return false;
    }
    struct bytes name = { part.data, (size_t)(sign - part.data) };
    struct bytes value = { sign + 1, part.len - name.len - 1 };
    if (name.len == 0 || value.len == 0) {
        return sql_fail(s->error, &file_illegal_argument, "Empty partition column %s in '%.*s'",
                        name.len == 0 ? "name" : "value", BYTES_ARG(part));
    }
    if (f->count < PARTITION_MAX) {
        f->names[f->count] = unescape(s->arena, name);
        f->values[f->count++] = value;
    }
    return true;
}

/* From the folder upwards to a base. Where a folder names no column, that ends it, once there was one. */
static void parse_folder(struct search *s, struct bytes path, struct folder *f)
{
    f->path = path;
    f->count = 0;
    while (!is_base(s, path) && path.len > 1) {
        struct bytes name = listing_name(path);
        if (bytes_equal_text(name, "_temporary")) {
            f->count = 0;
            return;
        }
        if (!parse_column(s, name, f) && (f->count > 0 || sql_failed(s->error))) {
            break;
        }
        path = listing_folder(path);
    }
    f->base = path;
    for (int32_t i = 0; i < f->count / 2; i++) {
        int32_t k = f->count - 1 - i;
        struct bytes name = f->names[i];
        struct bytes value = f->values[i];
        f->names[i] = f->names[k];
        f->values[i] = f->values[k];
        f->names[k] = name;
        f->values[k] = value;
    }
}

/* --- types --- */

static bool is_date(const struct sql_settings *settings, struct bytes text, const char *form)
{
    struct pattern p;
    struct pattern_fault fault;
    struct pattern_time time;
    char message[PATTERN_MESSAGE_MAX];
    if (!pattern_compile(bytes_of(form), true, &p, &fault)) {
        return false;
    }
    bool ok = pattern_read(&p, settings, text, &time, message);
    pattern_free(&p);
    return ok;
}

static const struct type *type_of_text(struct search *s, struct bytes text)
{
    int64_t integer;
    double number;
    if (bytes_equal_text(text, PARTITION_NULL)) {
        return type_simple(TYPE_VOID);
    }
    if (!s->q->infer_types) {
        return type_simple(TYPE_STRING);
    }
    if (bytes_parse_i64(text, &integer)) {
        return type_simple(integer >= INT32_MIN && integer <= INT32_MAX ? TYPE_INT : TYPE_BIGINT);
    }
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        digits += text.data[i] >= '0' && text.data[i] <= '9';
    }
    bool whole = digits > 0 && digits >= text.len - 1 &&
                 (digits == text.len || text.data[0] == '-' || text.data[0] == '+');
    if (whole && digits <= DECIMAL_MAX_PRECISION) {
        return type_decimal(s->arena, (int)digits, 0);
    }
    if (double_parse(text, &number)) {
        return type_simple(TYPE_DOUBLE);
    }
    struct bytes plain = unescape(s->arena, text);
    if (is_date(s->q->settings, plain, "yyyy-MM-dd HH:mm:ss[.S]")) {
        return type_simple(TYPE_TIMESTAMP);
    }
    return type_simple(is_date(s->q->settings, text, "yyyy-MM-dd") ? TYPE_DATE : TYPE_STRING);
}

static const struct type *wider(struct search *s, const struct type *a, const struct type *b)
{
    if (a->kind == TYPE_VOID || type_equal(a, b)) {
        return b;
    }
    if (b->kind == TYPE_VOID) {
        return a;
    }
    const struct type *low = a->kind < b->kind ? a : b;
    const struct type *high = a->kind < b->kind ? b : a;
    if (low->kind == TYPE_INT && (high->kind == TYPE_BIGINT || high->kind == TYPE_DOUBLE)) {
        return high;
    }
    if (high->kind == TYPE_DECIMAL && low->kind != TYPE_DOUBLE && type_is_numeric(low)) {
        int x = low->kind == TYPE_DECIMAL ? low->precision : decimal_shape_for(low->kind).precision;
        return type_decimal(s->arena, x > high->precision ? x : high->precision, 0);
    }
    bool times = low->kind == TYPE_DATE && high->kind == TYPE_TIMESTAMP;
    return times ? high : type_simple(TYPE_STRING);
}

/* --- all folders --- */

static bool same_names(const struct search *s, const struct folder *a, const struct folder *b)
{
    bool same = a->count == b->count;
    for (int32_t i = 0; same && i < a->count; i++) {
        struct field f = { .name = a->names[i] };
        struct type one = { .kind = TYPE_STRUCT, .field_count = 1, .fields = &f };
        same = type_field_index(&one, b->names[i], s->q->settings->case_sensitive) == 0;
    }
    return same;
}

static void print_names(struct buffer *out, int number, const struct folder *f)
{
    buffer_printf(out, "\n\tPartition column name list #%d: ", number);
    for (int32_t i = 0; i < f->count; i++) {
        buffer_printf(out, "%s%.*s", i ? ", " : "", BYTES_ARG(f->names[i]));
    }
}

/* Files of one table are all equally deep in folders of the same names. */
static bool refuse(struct search *s, const struct folder *a, const struct folder *b)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    const struct folder *first = bytes_compare(a->path, b->path) < 0 ? a : b;
    const struct folder *second = first == a ? b : a;
    print_names(&text, 0, first);
    print_names(&text, 1, second);
    (void)sql_fail(
        s->error, &file_partition_names,
        "Conflicting partition column names detected:\n%.*s\n\nFor partitioned table "
        "directories, data files should only live in leaf directories.\nAnd directories "
        "at the same level should have the same partition column name.\nPlease check the "
        "following directories for unexpected files or inconsistent partition column "
        "names:\n\n\tfile:%.*s\n\tfile:%.*s",
        BYTES_ARG(buffer_bytes(&text)), BYTES_ARG(first->path), BYTES_ARG(second->path));
    buffer_finish(&text);
    return false;
}

static const struct type *user_type(const struct search *s, struct bytes name)
{
    int32_t i =
        s->q->schema ? type_field_index(s->q->schema, name, s->q->settings->case_sensitive) : -1;
    return i >= 0 ? s->q->schema->fields[i].type : NULL;
}

struct found_columns {
    struct folder first; /* of the folders that name columns */
    const struct type **types;
    struct folder now;
};

/* One file's folder. */
static bool add_folder(struct search *s, struct found_columns *c, const struct bytes **out_values)
{
    struct folder *f = &c->now;
    if (f->count == 0) {
        return true;
    }
    if (c->first.count == 0) {
        c->first = *f;
        c->types = ARENA_NEW(s->arena, const struct type *, (size_t)f->count);
        for (int32_t i = 0; i < f->count; i++) {
            c->types[i] = type_simple(TYPE_VOID);
        }
    }
    if (!bytes_equal(c->first.base, f->base)) {
        return sql_fail(s->error, &file_partition_folders,
                        "Conflicting directory structures detected.\nSuspicious paths:\n\n"
                        "\tfile:%.*s\n\tfile:%.*s\n\nIf provided paths are partition directories, "
                        "please set \"basePath\" in the options of the data source to specify the "
                        "root directory of the table.\nIf there are multiple root directories, "
                        "please load them separately and then union them.",
                        BYTES_ARG(c->first.base), BYTES_ARG(f->base));
    }
    if (!same_names(s, &c->first, f)) {
        return refuse(s, &c->first, f);
    }
    struct bytes *values = ARENA_NEW(s->arena, struct bytes, (size_t)f->count);
    for (int32_t i = 0; i < f->count; i++) {
        c->types[i] = wider(s, c->types[i], type_of_text(s, f->values[i]));
        values[i] = unescape(s->arena, f->values[i]);
    }
    *out_values = values;
    return true;
}

static const struct field *make_fields(struct search *s, const struct found_columns *c)
{
    struct field *fields = ARENA_NEW(s->arena, struct field, (size_t)c->first.count + 1);
    for (int32_t i = 0; i < c->first.count; i++) {
        const struct type *given = user_type(s, c->first.names[i]);
        bool known = c->types[i]->kind != TYPE_VOID;
        fields[i] = (struct field){ .name = c->first.names[i],
                                    .type = given   ? given
                                            : known ? c->types[i]
                                                    : type_simple(TYPE_STRING),
                                    .nullable = true };
    }
    return fields;
}

bool partitions_find(const struct partitions_query *q,
                     struct arena *arena,
                     struct partitions *out,
                     struct sql_error *error)
{
    struct search s = { q, arena, error };
    struct found_columns *c = MEM_NEW(struct found_columns);
    const struct bytes **values = ARENA_NEW(arena, const struct bytes *, (size_t)q->file_count + 1);
    bool ok = true;
    for (int32_t i = 0; ok && i < q->file_count; i++) {
        struct bytes folder = listing_folder(q->files[i].path);
        bool again = i > 0 && bytes_equal(folder, listing_folder(q->files[i - 1].path));
        if (again) {
            values[i] = values[i - 1];
            continue;
        }
        parse_folder(&s, folder, &c->now);
        ok = !sql_failed(error) && add_folder(&s, c, &values[i]);
    }
    *out = (struct partitions){ .count = c->first.count,
                                .fields = make_fields(&s, c),
                                .file_count = q->file_count,
                                .values = values };
    free(c);
    return ok;
}

bool partition_value(const struct sql_settings *settings,
                     struct arena *arena,
                     const struct field *field,
                     struct bytes text,
                     struct scalar *out,
                     struct sql_error *error)
{
    if (bytes_equal_text(text, PARTITION_NULL)) {
        *out = scalar_null(field->type);
        return true;
    }
    struct scalar from = scalar_text(text);
    if (field->type->kind == TYPE_STRING) {
        *out = from;
        return true;
    }
    if (!type_is_nested(field->type) && cast_scalar(settings, arena, &from, field->type, out) &&
        !out->null) {
        return true;
    }
    struct buffer type;
    buffer_init(&type, SQL_ERROR_MAX);
    type_print_sql(&type, field->type);
    (void)sql_fail(error, &file_partition_value,
                   "Failed to cast value '%.*s' to data type \"%.*s\" for partition column `%.*s`. "
                   "Ensure the value matches the expected data type for this partition column.",
                   BYTES_ARG(text), BYTES_ARG(buffer_bytes(&type)), BYTES_ARG(field->name));
    buffer_finish(&type);
    return false;
}
