/*
 * The decoder: see codec.h. It walks a message's field table and the input side by side.
 *
 * Nothing that the peer claims is believed: a length is compared with what is left before anything is read, an
 * element count with what is left divided by the smallest such element before anything is allocated, and the memory
 * of one message is bounded (base/limits.h). The recursion follows the tables, whose depth the generator bounds.
 */
#include "base/error.h"
#include "base/limits.h"
#include "protocol/codec.h"
#include "protocol/message_walk.h"
#include "protocol/reader.h"

struct decoder {
    struct reader reader;
    struct arena *arena;
    size_t arena_used_before; /* LIMIT_MESSAGE_ARENA counts from there */
    int16_t version;
    bool flexible;
    struct field_path path; /* where the reader is; after a failure, where it stopped */
};

static void decode_struct(struct decoder *d, const struct message_type *type, uint8_t *out);

/* --- lengths --- */

/*
 * LESSON: flexible-versions
 * The length before bytes, records or an array, or (`is_short`) before a string; -1 for null. A flexible version
 * spends one byte where older ones spend two or four, by writing length + 1 as a varint and 0 for null.
 */
static int64_t decode_length(struct decoder *d, const struct message_field *field, bool is_short)
{
    if (d->flexible && !field->inflexible) {
        return (int64_t)reader_uvarint(&d->reader) - 1;
    }
    int32_t len = is_short ? reader_i16(&d->reader) : reader_i32(&d->reader);
    return len < 0 ? -1 : len; /* Kafka takes any negative length for null */
}

/* The fewest bytes that one value of this field takes. For a struct: the sum of its fields'. */
static size_t value_size_min(const struct decoder *d, const struct message_field *field)
{
    bool compact = d->flexible && !field->inflexible;
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL:
    case FIELD_INT8:
    case FIELD_INT16:
    case FIELD_UINT16:
    case FIELD_INT32:
    case FIELD_INT64:
    case FIELD_FLOAT64:
    case FIELD_UUID: return message_field_size(field);
    case FIELD_STRING: return compact ? 1 : sizeof(int16_t);
    case FIELD_BYTES:
    case FIELD_RECORDS: return compact ? 1 : sizeof(int32_t);
    case FIELD_STRUCT: break;
    }
    size_t sum = d->flexible ? 1 : 0; /* the number of tagged fields */
    for (int i = 0; i < field->type->field_count; i++) {
        const struct message_field *inner = &field->type->fields[i];
        if (inner->tag != NO_TAG || !version_in(inner->versions, d->version)) {
            continue;
        }
        if (inner->array) {
            sum += d->flexible ? 1 : sizeof(int32_t);
        } else if (version_in(inner->null_versions, d->version) && inner->pointer) {
            sum += 1;
        } else {
            sum += value_size_min(d, inner);
        }
    }
    return sum > 0 ? sum : 1;
}

/* --- values --- */

static struct bytes decode_bytes(struct decoder *d,
                                 const struct message_field *field,
                                 bool nullable)
{
    bool is_string = field->kind == FIELD_STRING;
    int64_t len = decode_length(d, field, is_string);
    if (len < 0) {
        if (!nullable) {
            reader_fail(&d->reader, "null is not allowed");
        }
        return (struct bytes){ NULL, 0 };
    }
    if (is_string && len > STRING_LENGTH_MAX) {
        reader_fail(&d->reader, "string too long");
    }
    return reader_take(&d->reader, (size_t)len);
}

/* One value of the field's kind; of an array, one element. */
static void decode_value(struct decoder *d,
                         const struct message_field *field,
                         bool nullable,
                         void *out)
{
    struct reader *r = &d->reader;
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL: *(bool *)out = reader_i8(r) != 0; break;
    case FIELD_INT8: *(int8_t *)out = reader_i8(r); break;
    case FIELD_INT16: *(int16_t *)out = reader_i16(r); break;
    case FIELD_UINT16: *(uint16_t *)out = reader_u16(r); break;
    case FIELD_INT32: *(int32_t *)out = reader_i32(r); break;
    case FIELD_INT64: *(int64_t *)out = reader_i64(r); break;
    case FIELD_FLOAT64: *(double *)out = reader_f64(r); break;
    case FIELD_UUID: *(struct uuid *)out = reader_uuid(r); break;
    case FIELD_STRING:
    case FIELD_BYTES: *(struct bytes *)out = decode_bytes(d, field, nullable); break;
    case FIELD_RECORDS:
        *(struct records_field *)out =
            (struct records_field){ .data = decode_bytes(d, field, nullable) };
        break;
    case FIELD_STRUCT: decode_struct(d, field->type, out); break;
    }
}

/*
 * LESSON: bounded-decoding
 * Zeroed memory for `count` elements that are still to be read, or NULL and a failed reader. Four bytes can claim two
 * billion elements; memory is given only for as many as the rest of the message could hold.
 */
static uint8_t *allocate_elements(struct decoder *d,
                                  const struct message_field *field,
                                  int64_t count)
{
    if ((uint64_t)count > reader_left(&d->reader) / value_size_min(d, field)) {
        reader_fail(&d->reader, "array longer than the message");
        return NULL;
    }
    assert(d->arena); /* NULL is for messages without arrays */
    size_t size = message_field_size(field);
    size_t used = d->arena->used - d->arena_used_before;
    if (count > LIMIT_ARRAY_ELEMENTS || used + (size_t)count * size > LIMIT_MESSAGE_ARENA) {
        reader_fail(&d->reader, "array larger than the limit");
        return NULL;
    }
    return arena_alloc(d->arena, (size_t)count, size);
}

static void decode_array(struct decoder *d,
                         const struct message_field *field,
                         bool nullable,
                         uint8_t *out)
{
    int64_t count = decode_length(d, field, false);
    if (count < 0 && !nullable) {
        reader_fail(&d->reader, "null is not allowed");
    }
    uint8_t *elements = NULL;
    if (count > 0) {
        elements = allocate_elements(d, field, count);
    }
    if (reader_failed(&d->reader)) {
        return;
    }
    size_t size = message_field_size(field);
    for (int32_t i = 0; i < count && !reader_failed(&d->reader); i++) {
        field_path_index(&d->path, i);
        decode_value(d, field, false, elements + (size_t)i * size);
    }
    int32_t stored = (int32_t)count;
    memcpy(out + field->offset, &elements, sizeof(elements));
    memcpy(out + field->count_offset, &stored, sizeof(stored));
}

/* A struct that may be null: an int8 says whether it is there. */
static void decode_pointer(struct decoder *d,
                           const struct message_field *field,
                           bool nullable,
                           uint8_t *out)
{
    if (nullable && reader_i8(&d->reader) < 0) {
        return; /* the default is NULL */
    }
    if (reader_failed(&d->reader)) {
        return;
    }
    assert(d->arena);
    uint8_t *inner = arena_alloc(d->arena, 1, field->type->size);
    decode_struct(d, field->type, inner);
    memcpy(out + field->offset, &inner, sizeof(inner));
}

static void decode_field(struct decoder *d, const struct message_field *field, uint8_t *out)
{
    bool nullable = version_in(field->null_versions, d->version);
    field_path_enter(&d->path, field);
    if (field->array) {
        decode_array(d, field, nullable, out);
    } else if (field->pointer) {
        decode_pointer(d, field, nullable, out);
    } else {
        decode_value(d, field, nullable, out + field->offset);
    }
    if (!reader_failed(&d->reader)) {
        field_path_leave(&d->path);
    }
}

/* --- tagged fields --- */

static const struct message_field *find_tag(const struct decoder *d,
                                            const struct message_type *type,
                                            uint32_t tag)
{
    for (int i = 0; i < type->field_count; i++) {
        const struct message_field *field = &type->fields[i];
        if (field->tag != NO_TAG && (uint32_t)field->tag == tag &&
            version_in(field->versions, d->version)) {
            return field;
        }
    }
    return NULL;
}

/* A known field, in a reader that ends where its announced size ends. */
static void decode_tag(struct decoder *d,
                       const struct message_field *field,
                       struct bytes payload,
                       uint8_t *out)
{
    const uint8_t *end = d->reader.end;
    d->reader.at = payload.data;
    d->reader.end = payload.data + payload.len;
    decode_field(d, field, out);
    if (reader_left(&d->reader) > 0) {
        field_path_enter(&d->path, field);
        reader_fail(&d->reader, "tagged field shorter than its size");
    }
    d->reader.end = end;
}

/* LESSON: tagged-fields
 * What a later Kafka has added carries its own size, so an older reader can step over it (KIP-482). */
static void decode_tags(struct decoder *d, const struct message_type *type, uint8_t *out)
{
    uint32_t count = reader_uvarint(&d->reader);
    int64_t previous = -1;
    if (count > LIMIT_TAGGED_FIELDS) {
        reader_fail(&d->reader, "too many tagged fields");
    }
    for (uint32_t i = 0; i < count && !reader_failed(&d->reader); i++) {
        uint32_t tag = reader_uvarint(&d->reader);
        uint32_t size = reader_uvarint(&d->reader);
        struct bytes payload = reader_take(&d->reader, size);
        if (!reader_failed(&d->reader) && tag <= previous) {
            reader_fail(&d->reader, "tags do not rise");
        }
        if (reader_failed(&d->reader)) {
            return;
        }
        previous = tag;
        const struct message_field *field = find_tag(d, type, tag);
        if (field) { /* others are from a later Kafka: skipped */
            decode_tag(d, field, payload, out);
        }
    }
}

/* --- messages --- */

static void decode_struct(struct decoder *d, const struct message_type *type, uint8_t *out)
{
    message_init(type, out);
    for (int i = 0; i < type->field_count && !reader_failed(&d->reader); i++) {
        const struct message_field *field = &type->fields[i];
        if (field->tag == NO_TAG && version_in(field->versions, d->version)) {
            decode_field(d, field, out);
        }
    }
    if (d->flexible && !reader_failed(&d->reader)) {
        decode_tags(d, type, out);
    }
}

enum weir_status message_decode_prefix(const struct message_type *type,
                                       int16_t version,
                                       struct bytes *in,
                                       struct arena *arena,
                                       void *out,
                                       struct weir_error *err)
{
    if (!version_in(type->versions, version)) {
        return weir_fail(err, WEIR_EINVAL, "%s has no version %d", type->name, version);
    }
    struct decoder d = {
        .arena = arena,
        .arena_used_before = arena ? arena->used : 0,
        .version = version,
        .flexible = message_flexible(type, version),
    };
    reader_init(&d.reader, *in);
    decode_struct(&d, type, out);
    if (reader_failed(&d.reader)) {
        char path[FIELD_PATH_TEXT];
        field_path_format(&d.path, path);
        return weir_fail(err, WEIR_EPROTO, "%s version %d: %s%s at byte %zu", type->name, version,
                         path, d.reader.failure, reader_offset(&d.reader));
    }
    *in = (struct bytes){ d.reader.at, reader_left(&d.reader) };
    return WEIR_OK;
}

enum weir_status message_decode(const struct message_type *type,
                                int16_t version,
                                struct bytes in,
                                struct arena *arena,
                                void *out,
                                struct weir_error *err)
{
    enum weir_status rc = message_decode_prefix(type, version, &in, arena, out, err);
    if (rc == WEIR_OK && in.len > 0) {
        return weir_fail(err, WEIR_EPROTO, "%s version %d: %zu bytes too many at the end",
                         type->name, version, in.len);
    }
    return rc;
}
