/*
 * The printer: see codec.h. Like the encoder, but what comes out is JSON:
 *
 *     {"acks":-1,"timeout_ms":30000,"topic_data":[{"name":"orders",
 *      "partition_data":[{"index":0,"records":"87 bytes"}]}]}      (in one line)
 *
 * Tagged fields appear when they differ from their default, as on the wire.
 */
#include <inttypes.h>
#include <math.h>

#include "protocol/codec.h"
#include "protocol/message_walk.h"

enum {
    INDENT = 2,
    HEX_BYTES_MAX = 32, /* of a bytes field; what is longer is cut */
};

struct printer {
    struct buffer *out;
    int16_t version;
    enum message_style style;
    int depth;
};

static void print_struct(struct printer *p, const struct message_type *type, const void *message);

/* A new line, where the style has them. */
static void print_break(struct printer *p)
{
    if (p->style == MESSAGE_INDENTED) {
        buffer_printf(p->out, "\n%*s", p->depth * INDENT, "");
    }
}

static void print_open(struct printer *p, const char *bracket)
{
    buffer_append_text(p->out, bracket);
    p->depth++;
}

static void print_close(struct printer *p, const char *bracket, bool empty)
{
    p->depth--;
    if (!empty) {
        print_break(p);
    }
    buffer_append_text(p->out, bracket);
}

/* How long a UTF-8 sequence is by its first byte; 0 for a byte that begins none (RFC 3629). */
static size_t utf8_length_announced(uint8_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc2 || first > 0xf4) {
        return 0;
    }
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The length of the well-formed UTF-8 sequence at the start of `text`, or 0. */
static size_t utf8_length(struct bytes text)
{
    uint8_t first = text.data[0];
    size_t len = utf8_length_announced(first);
    if (len > text.len) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        if ((text.data[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong =
        (first == 0xe0 && text.data[1] < 0xa0) || (first == 0xf0 && text.data[1] < 0x90);
    bool surrogate = first == 0xed && text.data[1] >= 0xa0;
    bool beyond = first == 0xf4 && text.data[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : len;
}

/* Control characters and bytes that are not UTF-8 become \u00XX. */
static void print_text(struct printer *p, struct bytes text)
{
    buffer_append_text(p->out, "\"");
    while (text.len > 0) {
        size_t len = utf8_length(text);
        uint8_t first = text.data[0];
        if (first == '"' || first == '\\') {
            buffer_printf(p->out, "\\%c", first);
        } else if (len == 0 || first < ' ' || first == 0x7f) {
            buffer_printf(p->out, "\\u%04x", first);
            len = 1;
        } else {
            buffer_append(p->out, text.data, len);
        }
        text = (struct bytes){ text.data + len, text.len - len };
    }
    buffer_append_text(p->out, "\"");
}

static void print_hex(struct printer *p, struct bytes value)
{
    buffer_append_text(p->out, "\"");
    for (size_t i = 0; i < value.len && i < HEX_BYTES_MAX; i++) {
        buffer_printf(p->out, "%02x", value.data[i]);
    }
    if (value.len > HEX_BYTES_MAX) {
        buffer_printf(p->out, "... %zu bytes", value.len);
    }
    buffer_append_text(p->out, "\"");
}

static void print_records(struct printer *p, const struct records_field *records)
{
    if (!records->external && bytes_is_null(records->data)) {
        buffer_append_text(p->out, "null");
        return;
    }
    size_t len = records->external ? records->external_len : records->data.len;
    buffer_printf(p->out, "\"%zu bytes\"", len);
}

static void print_f64(struct printer *p, double value)
{
    if (isfinite(value)) {
        buffer_printf(p->out, "%.17g", value);
    } else { /* JSON has no number for these */
        buffer_printf(p->out, "\"%f\"", value);
    }
}

static void print_uuid(struct printer *p, const struct uuid *id)
{
    char text[UUID_TEXT_SIZE];
    uuid_format(id, text);
    buffer_printf(p->out, "\"%s\"", text);
}

static void print_bytes(struct printer *p, const struct message_field *field, struct bytes value)
{
    if (bytes_is_null(value)) {
        buffer_append_text(p->out, "null");
    } else if (field->secret) {
        buffer_append_text(p->out, "\"(hidden)\"");
    } else if (field->kind == FIELD_STRING) {
        print_text(p, value);
    } else {
        print_hex(p, value);
    }
}

/* One value of the field's kind; of an array, one element. */
static void print_value(struct printer *p, const struct message_field *field, const void *value)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL: buffer_append_text(p->out, *(const bool *)value ? "true" : "false"); break;
    case FIELD_INT8: buffer_printf(p->out, "%d", *(const int8_t *)value); break;
    case FIELD_INT16: buffer_printf(p->out, "%d", *(const int16_t *)value); break;
    case FIELD_UINT16: buffer_printf(p->out, "%u", *(const uint16_t *)value); break;
    case FIELD_INT32: buffer_printf(p->out, "%" PRId32, *(const int32_t *)value); break;
    case FIELD_INT64: buffer_printf(p->out, "%" PRId64, *(const int64_t *)value); break;
    case FIELD_FLOAT64: print_f64(p, *(const double *)value); break;
    case FIELD_UUID: print_uuid(p, value); break;
    case FIELD_STRING:
    case FIELD_BYTES: print_bytes(p, field, *(const struct bytes *)value); break;
    case FIELD_RECORDS: print_records(p, value); break;
    case FIELD_STRUCT: print_struct(p, field->type, value); break;
    }
}

static void print_array(struct printer *p, const struct message_field *field, const void *message)
{
    int32_t count = field_count(field, message);
    const uint8_t *elements = field_pointer(field, message);
    size_t size = message_field_size(field);
    if (count < 0) {
        buffer_append_text(p->out, "null");
        return;
    }
    bool flat = field->kind != FIELD_STRUCT; /* numbers and names stay on one line */
    print_open(p, "[");
    for (int32_t i = 0; i < count; i++) {
        buffer_append_text(p->out, i == 0 ? "" : ",");
        if (!flat) {
            print_break(p);
        }
        print_value(p, field, elements + (size_t)i * size);
    }
    print_close(p, "]", flat || count == 0);
}

static void print_field(struct printer *p, const struct message_field *field, const void *message)
{
    buffer_printf(p->out, "\"%s\":%s", field->name, p->style == MESSAGE_INDENTED ? " " : "");
    if (field->array) {
        print_array(p, field, message);
    } else if (!field->pointer) {
        print_value(p, field, field_in(field, message));
    } else if (field_pointer(field, message)) {
        print_struct(p, field->type, field_pointer(field, message));
    } else {
        buffer_append_text(p->out, "null");
    }
}

static void print_struct(struct printer *p, const struct message_type *type, const void *message)
{
    bool empty = true;
    print_open(p, "{");
    for (int i = 0; i < type->field_count; i++) {
        const struct message_field *field = &type->fields[i];
        if (!version_in(field->versions, p->version) ||
            (field->tag != NO_TAG && message_field_equal(field, message, type->defaults))) {
            continue;
        }
        buffer_append_text(p->out, empty ? "" : ",");
        empty = false;
        print_break(p);
        print_field(p, field, message);
    }
    print_close(p, "}", empty);
}

void message_print(const struct message_type *type,
                   int16_t version,
                   const void *message,
                   enum message_style style,
                   struct buffer *out)
{
    struct printer p = { .out = out, .version = version, .style = style };
    print_struct(&p, type, message);
}
