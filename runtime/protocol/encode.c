/*
 * The encoder: see codec.h. It walks a message's field table and appends to the output.
 *
 * A tagged field is preceded by its size, which is known only afterwards: it is written first and then moved up to
 * make room. Tagged fields are rare and small; records, which are neither, are never tagged (the generator sees to
 * it), so no splice has to move.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "protocol/codec.h"
#include "protocol/message_walk.h"
#include "protocol/writer.h"

enum { SPLICES_FIRST = 8 };

struct encoder {
    struct buffer *out;
    struct splices *splices; /* may be NULL */
    int16_t version;
    bool flexible;
    const char *failure;    /* static text; NULL while all is well */
    struct field_path path; /* where the encoder is; after a failure, where it stopped */
};

static void encode_struct(struct encoder *e, const struct message_type *type, const void *message);

static void fail(struct encoder *e, const char *why)
{
    if (!e->failure) {
        e->failure = why;
    }
}

/* --- splices --- */

void splices_init(struct splices *s)
{
    *s = (struct splices){ 0 };
}

void splices_finish(struct splices *s)
{
    free(s->items);
    splices_init(s);
}

void splices_clear(struct splices *s)
{
    s->count = 0;
    s->len_total = 0;
}

static void splices_add(struct splices *s, struct splice splice)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : SPLICES_FIRST;
        s->items = mem_resize(s->items, s->capacity, sizeof(s->items[0]));
    }
    s->items[s->count++] = splice;
    s->len_total += splice.len;
}

/* Back to the first `count`. */
static void splices_truncate(struct splices *s, size_t count)
{
    while (s->count > count) {
        s->len_total -= s->items[--s->count].len;
    }
}

/* --- values --- */

/* As a signed number; what cannot be sent anyway becomes INT32_MAX. */
static int64_t length_of(size_t size)
{
    return size < INT32_MAX ? (int64_t)size : INT32_MAX;
}

/* The length before bytes, records or an array, or (`is_short`) before a string; -1 for null. */
static void encode_length(struct encoder *e,
                          const struct message_field *field,
                          bool is_short,
                          int64_t len)
{
    if (len >= (is_short ? STRING_LENGTH_MAX + 1 : INT32_MAX)) {
        fail(e, "too long");
    } else if (e->flexible && !field->inflexible) {
        writer_uvarint(e->out, (uint32_t)(len + 1));
    } else if (is_short) {
        writer_i16(e->out, (int16_t)len);
    } else {
        writer_i32(e->out, (int32_t)len);
    }
}

static void encode_bytes(struct encoder *e,
                         const struct message_field *field,
                         bool nullable,
                         struct bytes value)
{
    if (bytes_is_null(value) && !nullable) {
        fail(e, "must not be null");
        return;
    }
    bool is_string = field->kind == FIELD_STRING;
    encode_length(e, field, is_string, bytes_is_null(value) ? -1 : length_of(value.len));
    if (!e->failure && !bytes_is_null(value)) {
        buffer_append(e->out, value.data, value.len);
    }
}

static void encode_records(struct encoder *e,
                           const struct message_field *field,
                           bool nullable,
                           const struct records_field *records)
{
    if (!records->external) {
        encode_bytes(e, field, nullable, records->data);
        return;
    }
    if (!e->splices) {
        fail(e, "records from outside, where only bytes can go");
        return;
    }
    encode_length(e, field, false, length_of(records->external_len));
    if (!e->failure && !e->out->overflow) {
        splices_add(e->splices, (struct splice){ .offset = e->out->len,
                                                 .external = records->external,
                                                 .len = records->external_len });
    }
}

/* One value of the field's kind; of an array, one element. */
static void encode_value(struct encoder *e,
                         const struct message_field *field,
                         bool nullable,
                         const void *value)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL: writer_i8(e->out, *(const bool *)value ? 1 : 0); break;
    case FIELD_INT8: writer_i8(e->out, *(const int8_t *)value); break;
    case FIELD_INT16: writer_i16(e->out, *(const int16_t *)value); break;
    case FIELD_UINT16: writer_u16(e->out, *(const uint16_t *)value); break;
    case FIELD_INT32: writer_i32(e->out, *(const int32_t *)value); break;
    case FIELD_INT64: writer_i64(e->out, *(const int64_t *)value); break;
    case FIELD_FLOAT64: writer_f64(e->out, *(const double *)value); break;
    case FIELD_UUID: writer_uuid(e->out, value); break;
    case FIELD_STRING:
    case FIELD_BYTES: encode_bytes(e, field, nullable, *(const struct bytes *)value); break;
    case FIELD_RECORDS: encode_records(e, field, nullable, value); break;
    case FIELD_STRUCT: encode_struct(e, field->type, value); break;
    }
}

static void encode_array(struct encoder *e,
                         const struct message_field *field,
                         bool nullable,
                         const void *message)
{
    int32_t count = field_count(field, message);
    if (count < 0 && !nullable) {
        fail(e, "must not be null");
        return;
    }
    encode_length(e, field, false, count < 0 ? -1 : count);
    const uint8_t *elements = field_pointer(field, message);
    assert(elements || count <= 0);
    size_t size = message_field_size(field);
    for (int32_t i = 0; i < count && !e->failure; i++) {
        field_path_index(&e->path, i);
        encode_value(e, field, false, elements + (size_t)i * size);
    }
}

/* A struct that may be null: an int8 says whether it is there. */
static void encode_pointer(struct encoder *e,
                           const struct message_field *field,
                           bool nullable,
                           const void *message)
{
    const void *inner = field_pointer(field, message);
    if (!inner && !nullable) {
        fail(e, "must not be null");
        return;
    }
    if (nullable) {
        writer_i8(e->out, inner ? 1 : -1);
    }
    if (inner) {
        encode_struct(e, field->type, inner);
    }
}

static void encode_field(struct encoder *e, const struct message_field *field, const void *message)
{
    bool nullable = version_in(field->null_versions, e->version);
    field_path_enter(&e->path, field);
    if (field->array) {
        encode_array(e, field, nullable, message);
    } else if (field->pointer) {
        encode_pointer(e, field, nullable, message);
    } else {
        encode_value(e, field, nullable, field_in(field, message));
    }
    if (!e->failure) {
        field_path_leave(&e->path);
    }
}

/* --- tagged fields --- */

static void encode_tag(struct encoder *e, const struct message_field *field, const void *message)
{
    writer_uvarint(e->out, (uint32_t)field->tag);
    size_t start = e->out->len;
    encode_field(e, field, message);
    size_t size = e->out->len - start;
    size_t prefix = uvarint_size((uint32_t)size);
    if (e->failure || !buffer_extend(e->out, prefix)) {
        return;
    }
    memmove(e->out->data + start + prefix, e->out->data + start, size);
    e->out->len = start;
    writer_uvarint(e->out, (uint32_t)size);
    e->out->len += size;
}

/* The `count` fields that differ from their defaults, by rising tag. */
static void encode_tags(struct encoder *e,
                        const struct message_type *type,
                        const void *message,
                        uint32_t count)
{
    writer_uvarint(e->out, count);
    for (int16_t tag = 0; count > 0 && !e->failure; tag++) {
        for (int i = 0; i < type->field_count; i++) {
            const struct message_field *field = &type->fields[i];
            if (field->tag == tag && version_in(field->versions, e->version) &&
                !message_field_equal(field, message, type->defaults)) {
                encode_tag(e, field, message);
                count--;
            }
        }
    }
}

/* --- messages --- */

static void encode_struct(struct encoder *e, const struct message_type *type, const void *message)
{
    uint32_t tag_count = 0;
    for (int i = 0; i < type->field_count && !e->failure; i++) {
        const struct message_field *field = &type->fields[i];
        bool present = version_in(field->versions, e->version);
        if (present && field->tag == NO_TAG) {
            encode_field(e, field, message);
        } else if ((present || !field->ignorable) &&
                   !message_field_equal(field, message, type->defaults)) {
            tag_count++;
            if (!present) {
                field_path_enter(&e->path, field);
                fail(e, "has a value that this version cannot carry");
            }
        }
    }
    if (e->flexible && !e->failure) {
        encode_tags(e, type, message, tag_count);
    }
}

enum weir_status message_encode(const struct message_type *type,
                                int16_t version,
                                const void *message,
                                struct buffer *out,
                                struct splices *splices,
                                struct weir_error *err)
{
    if (!version_in(type->versions, version)) {
        return weir_fail(err, WEIR_EINVAL, "%s has no version %d", type->name, version);
    }
    struct encoder e = {
        .out = out,
        .splices = splices,
        .version = version,
        .flexible = message_flexible(type, version),
    };
    size_t out_len = out->len;
    size_t splice_count = splices ? splices->count : 0;
    encode_struct(&e, type, message);
    if (!e.failure && !out->overflow) {
        return WEIR_OK;
    }
    out->len = out_len;
    if (splices) {
        splices_truncate(splices, splice_count);
    }
    if (!e.failure) {
        return weir_fail(err, WEIR_ETOOBIG, "%s version %d is larger than %zu bytes", type->name,
                         version, out->max);
    }
    char path[FIELD_PATH_TEXT];
    field_path_format(&e.path, path);
    return weir_fail(err, WEIR_EINVAL, "%s version %d: %s%s", type->name, version, path, e.failure);
}
