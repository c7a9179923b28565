/*
 * What decoder, encoder and printer share: reaching a field in memory by its table row, and remembering the way to
 * it for error messages. Private to runtime/protocol.
 */
#pragma once

#include <assert.h>

#include "protocol/message_type.h"

enum {
    FIELD_PATH_TEXT = 256, /* of a formatted path, with the terminator; longer ones are cut */
    STRING_LENGTH_MAX = INT16_MAX, /* of a string field, also where the length is a varint */
};

/* --- fields in memory --- */

static inline const void *field_in(const struct message_field *field, const void *message)
{
    return (const uint8_t *)message + field->offset;
}

/* An array's count; negative: null. */
static inline int32_t field_count(const struct message_field *field, const void *message)
{
    int32_t count;
    memcpy(&count, (const uint8_t *)message + field->count_offset, sizeof(count));
    return count;
}

/* The pointer member of an array or a nullable struct. Read as bytes: its static type differs from field to field. */
static inline const void *field_pointer(const struct message_field *field, const void *message)
{
    const void *pointer;
    memcpy(&pointer, field_in(field, message), sizeof(pointer));
    return pointer;
}

/* Whether the field has the same value in both messages. */
bool message_field_equal(const struct message_field *field, const void *a, const void *b);

/* --- the way to a field --- */

struct field_path {
    struct {
        const struct message_field *field;
        int32_t index; /* of the array element, or -1 */
    } steps[MESSAGE_DEPTH_MAX];
    int depth;
};

static inline void field_path_enter(struct field_path *path, const struct message_field *field)
{
    assert(path->depth < MESSAGE_DEPTH_MAX);
    path->steps[path->depth].field = field;
    path->steps[path->depth].index = -1;
    path->depth++;
}

static inline void field_path_index(struct field_path *path, int32_t index)
{
    path->steps[path->depth - 1].index = index;
}

static inline void field_path_leave(struct field_path *path)
{
    path->depth--;
}

/* "topic_data[1].name: "; empty at the message itself. */
void field_path_format(const struct field_path *path, char out_text[FIELD_PATH_TEXT]);
