/*
 * Values as bytes: see row_codec.h.
 */
#include "columns/row_codec.h"

#include <math.h>

static void put_varint(struct buffer *out, uint64_t value)
{
    uint8_t bytes[10];
    size_t len = 0;
    do {
        bytes[len] = (uint8_t)((value & 127) | (value > 127 ? 128 : 0));
        value >>= 7;
        len++;
    } while (value > 0);
    buffer_append(out, bytes, len);
}

static void put_double(struct buffer *out, double value, bool single, bool key)
{
    value = isnan(value) ? (double)NAN : value;
    value = key && value == 0 ? 0.0 : value;
    float narrow = (float)value;
    buffer_append(out, single ? (const void *)&narrow : (const void *)&value,
                  single ? sizeof(narrow) : sizeof(value));
}

static void encode(struct buffer *out, const struct column *c, int32_t row, bool key)
{
    bool null = column_is_null(c, row);
    uint8_t mark = !null;
    buffer_append(out, &mark, 1);
    if (null) {
        return;
    }
    switch (c->type->kind) {
    case TYPE_BOOLEAN: {
        uint8_t value = column_bool(c, row);
        buffer_append(out, &value, 1);
        return;
    }
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
        put_double(out, column_double(c, row), c->type->kind == TYPE_FLOAT, key);
        return;
    case TYPE_STRING:
    case TYPE_BINARY: {
        struct bytes text = column_text(c, row);
        put_varint(out, text.len);
        buffer_append(out, text.data, text.len);
        return;
    }
    case TYPE_STRUCT:
        for (int32_t i = 0; i < c->child_count; i++) {
            encode(out, c->children[i], row, key);
        }
        return;
    case TYPE_ARRAY:
    case TYPE_MAP: {
        int32_t first = column_first(c, row);
        int32_t count = column_count(c, row);
        put_varint(out, (uint64_t)count);
        for (int32_t i = first; i < first + count; i++) {
            for (int32_t k = 0; k < c->child_count; k++) {
                encode(out, c->children[k], i, key);
            }
        }
        return;
    }
    case TYPE_VOID:
    case TYPE_KIND_COUNT: return;
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DECIMAL:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: {
        size_t width = type_width(c->type);
        const uint8_t *values = c->values;
        buffer_append(out, values + (size_t)column_row(c, row) * width, width);
        return;
    }
    }
}

void row_encode(struct buffer *out, const struct column *c, int32_t row)
{
    encode(out, c, row, false);
}

void row_encode_key(struct buffer *out, const struct column *c, int32_t row)
{
    encode(out, c, row, true);
}

/* --- back --- */

static bool take(struct bytes *rest, size_t len, struct bytes *out)
{
    if (len > rest->len) {
        return false;
    }
    *out = (struct bytes){ rest->data, len };
    *rest = (struct bytes){ rest->data + len, rest->len - len };
    return true;
}

static bool take_varint(struct bytes *rest, uint64_t *out)
{
    uint64_t value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
        struct bytes byte;
        if (!take(rest, 1, &byte)) {
            return false;
        }
        value |= (uint64_t)(byte.data[0] & 127) << shift;
        if (byte.data[0] < 128) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool decode_fixed(struct bytes *rest, struct builder *into)
{
    size_t width = type_width(into->type);
    struct bytes raw;
    if (!take(rest, width, &raw)) {
        return false;
    }
    if (into->type->kind == TYPE_DECIMAL) {
        int128 value = 0;
        memcpy(&value, raw.data, sizeof(value));
        builder_decimal(into, value);
    } else if (into->type->kind == TYPE_DOUBLE) {
        double value = 0;
        memcpy(&value, raw.data, sizeof(value));
        builder_double(into, value);
    } else if (into->type->kind == TYPE_FLOAT) {
        float value = 0;
        memcpy(&value, raw.data, sizeof(value));
        builder_double(into, (double)value);
    } else {
        uint64_t value = 0;
        memcpy(&value, raw.data, width);
        int unused = 64 - 8 * (int)width;
        builder_integer(into, (int64_t)(value << unused) >> unused);
    }
    return true;
}

static bool decode_list(struct bytes *rest, struct builder *into)
{
    uint64_t count = 0;
    if (!take_varint(rest, &count) || count > rest->len) { /* a value has a byte at least */
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        for (int32_t k = 0; k < into->child_count; k++) {
            if (!row_decode(rest, builder_child(into, k))) {
                return false;
            }
        }
    }
    builder_list(into);
    return true;
}

static bool decode_struct(struct bytes *rest, struct builder *into)
{
    for (int32_t i = 0; i < into->child_count; i++) {
        if (!row_decode(rest, builder_child(into, i))) {
            return false;
        }
    }
    builder_struct(into);
    return true;
}

bool row_decode(struct bytes *rest, struct builder *into)
{
    struct bytes raw;
    if (!take(rest, 1, &raw) || raw.data[0] > 1) {
        return false;
    }
    if (raw.data[0] == 0) {
        builder_null(into);
        return true;
    }
    switch (into->type->kind) {
    case TYPE_VOID: return false;
    case TYPE_BOOLEAN:
        if (!take(rest, 1, &raw)) {
            return false;
        }
        builder_bool(into, raw.data[0] != 0);
        return true;
    case TYPE_STRING:
    case TYPE_BINARY: {
        uint64_t len = 0;
        if (!take_varint(rest, &len) || !take(rest, len, &raw)) {
            return false;
        }
        builder_text(into, raw);
        return true;
    }
    case TYPE_STRUCT: return decode_struct(rest, into);
    case TYPE_ARRAY:
    case TYPE_MAP: return decode_list(rest, into);
    default: return decode_fixed(rest, into);
    }
}
