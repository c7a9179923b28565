/*
 * to_json(value[, options]): see json_functions.h.
 *
 * Source: org.apache.spark.sql.catalyst.json.JacksonGenerator of Spark 4.1.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "columns/builder.h"
#include "columns/calendar.h"
#include "columns/cell_text.h"
#include "columns/decimal.h"
#include "expressions/datetime_text.h"
#include "expressions/json_conditions.h"
#include "expressions/json_functions.h"
#include "expressions/json_value.h"
#include "expressions/json_write.h"
#include "expressions/json_writer.h"

/* How values are written; one for a batch. */
struct json_output {
    const struct json_options *options;
    struct sql_settings settings;
    struct json_format date;
    struct json_format timestamp;
    struct json_format timestamp_ntz;
    enum json_charset charset;
    int indent; /* of pretty printing: how deep */
};

static bool is_writable(const struct type *type)
{
    if (type->kind == TYPE_ARRAY || type->kind == TYPE_MAP) {
        return is_writable(type->element);
    }
    for (int32_t i = 0; i < type->field_count; i++) {
        if (!is_writable(type->fields[i].type)) {
            return false;
        }
    }
    return type->kind != TYPE_KIND_COUNT;
}

bool resolve_to_json(struct analysis *a, struct expression *call)
{
    struct json_options *options = ARENA_NEW(a->arena, struct json_options, 1);
    if (!json_options_read(a, call, 1, options)) {
        return false;
    }
    const struct type *type = call->args[0]->type;
    bool fits = type->kind == TYPE_VOID || (type_is_nested(type) && is_writable(type));
    if (!fits) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        type_print_sql(&text, type);
        (void)analysis_mismatch(
            a, call, &sql_json_schema,
            "Input schema \"%.*s\" must be a struct, an array, a map or a variant.",
            BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return false;
    }
    call->extra = options;
    call->type = type_simple(TYPE_STRING);
    call->nullable = true;
    return true;
}

/* --- layout --- */

static void new_line(const struct json_output *o, struct buffer *out)
{
    if (!o->options->pretty) {
        return;
    }
    buffer_append_text(out, "\n");
    for (int i = 0; i < o->indent; i++) {
        buffer_append_text(out, "  ");
    }
}

static void write_name(const struct json_output *o, struct buffer *out, struct bytes name)
{
    json_write_text(out, name, o->charset);
    buffer_append_text(out, o->options->pretty ? " : " : ":");
}

/* --- scalars --- */

static void write_pattern(const struct json_output *o,
                          struct buffer *out,
                          const struct json_format *f,
                          int64_t local,
                          int32_t offset)
{
    struct buffer text;
    buffer_init(&text, INT32_MAX);
    if (!f->bad && pattern_print(&f->pattern, &o->settings, local, offset, &text)) {
        json_write_text(out, buffer_bytes(&text), o->charset);
    } else {
        buffer_append_text(out, "null");
    }
    buffer_finish(&text);
}

static void write_time(const struct json_output *o,
                       struct buffer *out,
                       const struct type *type,
                       int64_t value)
{
    const int64_t second = 1000000;
    if (type->kind == TYPE_DATE) {
        write_pattern(o, out, &o->date, value * 86400 * second, 0);
    } else if (type->kind == TYPE_TIMESTAMP_NTZ) {
        write_pattern(o, out, &o->timestamp_ntz, value, 0);
    } else {
        int64_t local = zone_local_micros(o->settings.zone, value);
        write_pattern(o, out, &o->timestamp, local, (int32_t)((local - value) / second));
    }
}

static void write_binary(struct buffer *out, struct bytes bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    buffer_append_text(out, "\"");
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t bits = (uint32_t)bytes.data[i] << 16;
        bits |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        bits |= left > 2 ? bytes.data[i + 2] : 0;
        char text[4] = { digits[bits >> 18], digits[bits >> 12 & 63],
                         left > 1 ? digits[bits >> 6 & 63] : '=',
                         left > 2 ? digits[bits & 63] : '=' };
        buffer_append(out, text, sizeof(text));
    }
    buffer_append_text(out, "\"");
}

/* 1E-10: as BigDecimal prints it, and not in plain digits. */
static void write_decimal(struct buffer *out, int128 value, int scale)
{
    char text[DECIMAL_TEXT_MAX];
    size_t len = decimal_text(text, (struct decimal){ value, 0 });
    int digits = (int)len - (text[0] == '-');
    int exponent = digits - 1 - scale;
    if (scale >= 0 && exponent >= -6) {
        len = decimal_text(text, (struct decimal){ value, scale });
        buffer_append(out, text, len);
        return;
    }
    size_t first = (size_t)(text[0] == '-') + 1;
    buffer_append(out, text, first);
    if (digits > 1) {
        buffer_append_text(out, ".");
        buffer_append(out, text + first, len - first);
    }
    buffer_printf(out, "E%+d", exponent);
}

static void write_scalar(const struct json_output *o,
                         struct buffer *out,
                         const struct column *c,
                         int32_t row)
{
    switch (c->type->kind) {
    case TYPE_BOOLEAN: buffer_append_text(out, column_bool(c, row) ? "true" : "false"); break;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT: buffer_printf(out, "%lld", (long long)column_integer(c, row)); break;
    case TYPE_FLOAT: json_write_float(out, (float)column_double(c, row)); break;
    case TYPE_DOUBLE: json_write_double(out, column_double(c, row)); break;
    case TYPE_DECIMAL: write_decimal(out, column_decimal(c, row), c->type->scale); break;
    case TYPE_STRING: json_write_text(out, column_text(c, row), o->charset); break;
    case TYPE_BINARY: write_binary(out, column_text(c, row)); break;
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ: write_time(o, out, c->type, column_integer(c, row)); break;
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME:
        buffer_append_text(out, "\"");
        cell_print_interval(out, c->type, column_integer(c, row));
        buffer_append_text(out, "\"");
        break;
    default: buffer_append_text(out, "null"); break;
    }
}

/* --- nested values --- */

static void write_value(struct json_output *o,
                        struct buffer *out,
                        const struct column *c,
                        int32_t row);

static void write_struct(struct json_output *o,
                         struct buffer *out,
                         const struct column *c,
                         int32_t row)
{
    bool some = false;
    buffer_append_text(out, "{");
    o->indent++;
    for (int32_t i = 0; i < c->child_count; i++) {
        if (column_is_null(c->children[i], row) && !o->options->keep_nulls) {
            continue;
        }
        buffer_append_text(out, some ? "," : "");
        some = true;
        new_line(o, out);
        write_name(o, out, c->type->fields[i].name);
        write_value(o, out, c->children[i], row);
    }
    o->indent--;
    if (some) {
        new_line(o, out);
    } else if (o->options->pretty) {
        buffer_append_text(out, " ");
    }
    buffer_append_text(out, "}");
}

static void write_array(struct json_output *o,
                        struct buffer *out,
                        const struct column *c,
                        int32_t row)
{
    int32_t first = column_first(c, row);
    int32_t count = column_count(c, row);
    const char *blank = o->options->pretty ? " " : "";
    buffer_printf(out, "[%s", blank);
    for (int32_t i = 0; i < count; i++) {
        buffer_printf(out, "%s%s", i ? "," : "", i ? blank : "");
        write_value(o, out, c->children[0], first + i);
    }
    buffer_printf(out, "%s]", count > 0 ? blank : "");
}

/* A key is its value's toString(): dates are numbers of days. */
static void write_key(struct json_output *o,
                      struct buffer *out,
                      const struct column *c,
                      int32_t row)
{
    struct buffer text;
    buffer_init(&text, INT32_MAX);
    switch (c->type->kind) {
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ: buffer_printf(&text, "%lld", (long long)column_integer(c, row)); break;
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: cell_print_interval(&text, c->type, column_integer(c, row)); break;
    default: cell_print(&text, &(struct cell_format){ CELL_CAST, o->settings.zone }, c, row); break;
    }
    write_name(o, out, buffer_bytes(&text));
    buffer_finish(&text);
}

static void write_map(struct json_output *o,
                      struct buffer *out,
                      const struct column *c,
                      int32_t row)
{
    int32_t first = column_first(c, row);
    int32_t count = column_count(c, row);
    buffer_append_text(out, "{");
    o->indent++;
    for (int32_t i = first; i < first + count; i++) {
        buffer_append_text(out, i > first ? "," : "");
        new_line(o, out);
        write_key(o, out, c->children[0], i);
        write_value(o, out, c->children[1], i);
    }
    o->indent--;
    if (count > 0) {
        new_line(o, out);
    } else if (o->options->pretty) {
        buffer_append_text(out, " ");
    }
    buffer_append_text(out, "}");
}

/* Struct children of a constant column have one row, as it has. */
static void write_value(struct json_output *o,
                        struct buffer *out,
                        const struct column *c,
                        int32_t row)
{
    if (column_is_null(c, row)) {
        buffer_append_text(out, "null");
        return;
    }
    switch (c->type->kind) {
    case TYPE_STRUCT: write_struct(o, out, c, column_row(c, row)); break;
    case TYPE_ARRAY: write_array(o, out, c, row); break;
    case TYPE_MAP: write_map(o, out, c, row); break;
    default: write_scalar(o, out, c, row); break;
    }
}

/* --- rows --- */

static void compile(struct json_format *f, struct bytes text, const char *standard)
{
    struct pattern_fault fault;
    text = bytes_is_null(text) ? bytes_of(standard) : text;
    f->set = true;
    f->bad = !pattern_compile(text, false, &f->pattern, &fault);
}

static void drop(struct json_format *f)
{
    if (!f->bad) {
        pattern_free(&f->pattern);
    }
}

struct json_writer {
    struct json_output o;
};

struct json_writer *json_writer_new(const struct json_options *options,
                                    const struct sql_settings *settings)
{
    struct json_writer *w = MEM_NEW(struct json_writer);
    struct json_output *o = &w->o;
    o->options = options;
    o->settings = *settings;
    o->charset = options->ascii ? JSON_ASCII : JSON_CHARACTERS;
    if (!bytes_is_null(options->zone)) {
        (void)datetime_find_zone(settings, options->zone, &o->settings.zone);
    }
    compile(&o->date, options->date_format, "yyyy-MM-dd");
    compile(&o->timestamp, options->timestamp_format, "yyyy-MM-dd'T'HH:mm:ss.SSSXXX");
    compile(&o->timestamp_ntz, options->timestamp_ntz_format, "yyyy-MM-dd'T'HH:mm:ss.SSS");
    return w;
}

void json_writer_free(struct json_writer *w)
{
    if (w) {
        drop(&w->o.date);
        drop(&w->o.timestamp);
        drop(&w->o.timestamp_ntz);
        free(w);
    }
}

void json_writer_put(struct json_writer *w, struct buffer *out, const struct column *c, int32_t row)
{
    write_value(&w->o, out, c, row);
}

struct column *to_json(struct evaluation *ev,
                       const struct expression *call,
                       struct column *const *args,
                       const struct rows *rows)
{
    struct json_writer *w = json_writer_new(call->extra, ev->settings);
    struct builder *b = builder_new(call->type);
    builder_reserve(b, rows->count);
    struct buffer text;
    buffer_init(&text, INT32_MAX);
    for (int32_t i = 0; i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
            continue;
        }
        buffer_clear(&text);
        json_writer_put(w, &text, args[0], i);
        builder_text(b, buffer_bytes(&text));
    }
    buffer_finish(&text);
    json_writer_free(w);
    return builder_finish(b);
}
