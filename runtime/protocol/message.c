/*
 * Messages as values: defaults, equality, the table of APIs. See codec.h and message_type.h.
 */
#include <stdio.h>

#include "protocol/codec.h"
#include "protocol/message_walk.h"

const struct api_type *api_type_find(int16_t key)
{
    for (int32_t i = 0; i < api_type_count; i++) {
        if (api_types[i].key == key) {
            return &api_types[i];
        }
    }
    return NULL;
}

size_t message_field_size(const struct message_field *field)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL: return sizeof(bool);
    case FIELD_INT8: return sizeof(int8_t);
    case FIELD_INT16:
    case FIELD_UINT16: return sizeof(int16_t);
    case FIELD_INT32: return sizeof(int32_t);
    case FIELD_INT64: return sizeof(int64_t);
    case FIELD_FLOAT64: return sizeof(double);
    case FIELD_UUID: return sizeof(struct uuid);
    case FIELD_STRING:
    case FIELD_BYTES: return sizeof(struct bytes);
    case FIELD_RECORDS: return sizeof(struct records_field);
    case FIELD_STRUCT: return field->type->size;
    }
    __builtin_unreachable();
}

void message_init(const struct message_type *type, void *out)
{
    memcpy(out, type->defaults, type->size);
}

void *message_new(const struct message_type *type, struct arena *arena, int32_t count)
{
    assert(count >= 0);
    uint8_t *elements = arena_alloc(arena, (size_t)count, type->size);
    for (int32_t i = 0; i < count; i++) {
        message_init(type, elements + (size_t)i * type->size);
    }
    return elements;
}

static bool bytes_same(struct bytes a, struct bytes b)
{
    return bytes_is_null(a) == bytes_is_null(b) && bytes_equal(a, b);
}

/* One value of the field's kind; of an array, one element. */
static bool value_equal(const struct message_field *field, const void *a, const void *b)
{
    switch ((enum field_kind)field->kind) {
    case FIELD_BOOL:
    case FIELD_INT8:
    case FIELD_INT16:
    case FIELD_UINT16:
    case FIELD_INT32:
    case FIELD_INT64:
    case FIELD_FLOAT64: /* by its bits: a NaN equals itself, and 0 is not -0 */
    case FIELD_UUID: return memcmp(a, b, message_field_size(field)) == 0;
    case FIELD_STRING:
    case FIELD_BYTES: return bytes_same(*(const struct bytes *)a, *(const struct bytes *)b);
    case FIELD_RECORDS: {
        const struct records_field *left = a;
        const struct records_field *right = b;
        return bytes_same(left->data, right->data) && left->external == right->external &&
               left->external_len == right->external_len;
    }
    case FIELD_STRUCT: return message_equal(field->type, a, b);
    }
    __builtin_unreachable();
}

static bool array_equal(const struct message_field *field, const void *a, const void *b)
{
    int32_t count = field_count(field, a);
    int32_t other = field_count(field, b);
    if (count < 0 || other < 0) {
        return count < 0 && other < 0;
    }
    if (count != other) {
        return false;
    }
    const uint8_t *left = field_pointer(field, a);
    const uint8_t *right = field_pointer(field, b);
    size_t size = message_field_size(field);
    for (size_t i = 0; i < (size_t)count; i++) {
        if (!value_equal(field, left + i * size, right + i * size)) {
            return false;
        }
    }
    return true;
}

bool message_field_equal(const struct message_field *field, const void *a, const void *b)
{
    if (field->array) {
        return array_equal(field, a, b);
    }
    if (field->pointer) {
        const void *left = field_pointer(field, a);
        const void *right = field_pointer(field, b);
        return left && right ? message_equal(field->type, left, right) : left == right;
    }
    return value_equal(field, field_in(field, a), field_in(field, b));
}

bool message_equal(const struct message_type *type, const void *a, const void *b)
{
    for (int i = 0; i < type->field_count; i++) {
        if (!message_field_equal(&type->fields[i], a, b)) {
            return false;
        }
    }
    return true;
}

void field_path_format(const struct field_path *path, char out_text[FIELD_PATH_TEXT])
{
    size_t len = 0;
    out_text[0] = '\0';
    for (int i = 0; i < path->depth && len < FIELD_PATH_TEXT; i++) {
        char index[16] = "";
        if (path->steps[i].index >= 0) {
            (void)snprintf(index, sizeof(index), "[%d]", path->steps[i].index);
        }
        const char *end = i + 1 < path->depth ? "." : ": ";
        int more = snprintf(out_text + len, FIELD_PATH_TEXT - len, "%s%s%s",
                            path->steps[i].field->name, index, end);
        len += (size_t)more;
    }
}
