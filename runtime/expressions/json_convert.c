/*
 * Tokens into columns: see json_convert.h.
 */
#include "expressions/json_convert.h"

static enum json_outcome convert(struct json_input *in, struct builder *b);

/* --- scalars --- */

static enum json_outcome outcome(bool ok)
{
    return ok ? JSON_DONE : JSON_FAILED;
}

/* Numbers, words, objects and arrays as they stand in the text. */
static enum json_outcome convert_exactly(struct json_input *in, struct builder *b)
{
    struct json_reader *r = &in->reader;
    switch (r->token) {
    case JSON_START_OBJECT:
    case JSON_START_ARRAY: {
        const uint8_t *start = r->at - 1; /* the bracket */
        if (!json_skip_children(r)) {
            return JSON_FAILED;
        }
        builder_text(b, (struct bytes){ start, (size_t)(r->at - start) });
        break;
    }
    case JSON_TRUE: builder_text(b, bytes_of("true")); break;
    case JSON_FALSE: builder_text(b, bytes_of("false")); break;
    default: builder_text(b, buffer_bytes(&r->text)); break;
    }
    return JSON_DONE;
}

/* A string takes anything: what is no string as its text. */
static enum json_outcome convert_string(struct json_input *in, struct builder *b)
{
    struct json_reader *r = &in->reader;
    if (r->token == JSON_END_ARRAY || r->token == JSON_END_OBJECT) {
        return JSON_FAILED;
    }
    if (r->token == JSON_STRING) {
        if (!json_complete(r)) {
            return JSON_FAILED;
        }
        builder_text(b, json_text(r));
        return JSON_DONE;
    }
    if (in->options->exact_strings) {
        return convert_exactly(in, b);
    }
    buffer_clear(&in->scratch);
    if (!json_copy_value(r, &in->scratch, JSON_UTF8)) {
        return JSON_FAILED;
    }
    builder_text(b, buffer_bytes(&in->scratch));
    return JSON_DONE;
}

static enum json_outcome convert_scalar(struct json_input *in, struct builder *b)
{
    struct json_reader *r = &in->reader;
    switch (r->token) {
    case JSON_STRING: return outcome(json_complete(r) && json_put_text(in, b, json_text(r)));
    case JSON_INT:
    case JSON_FLOAT:
        return outcome(json_put_number(in, b, buffer_bytes(&r->text), r->token == JSON_INT));
    case JSON_TRUE:
    case JSON_FALSE:
        if (b->type->kind != TYPE_BOOLEAN) {
            return JSON_FAILED;
        }
        builder_bool(b, r->token == JSON_TRUE);
        return JSON_DONE;
    default: return JSON_FAILED;
    }
}

/* --- structs --- */

/* The last of several fields of one name is the one that gets the value. */
static int32_t find_field(const struct type *type, int32_t corrupt, struct bytes name)
{
    for (int32_t i = type->field_count - 1; i >= 0 && !bytes_is_null(name); i--) {
        if (i != corrupt && bytes_equal(type->fields[i].name, name)) {
            return i;
        }
    }
    return -1;
}

/* A field that had a value in this row already: a new one takes its place only if it can be read. */
static enum json_outcome convert_again(struct json_input *in, struct builder *b, int32_t row)
{
    struct builder *other = builder_new(b->type);
    enum json_outcome result = convert(in, other);
    struct column *value = builder_finish(other);
    if (result != JSON_FAILED) {
        builder_truncate(b, row);
        builder_copy(b, value, 0);
    }
    column_release(value);
    return result;
}

/* The members of an object, to its closing brace, into the children's row. FAILED: they have none. */
static enum json_outcome convert_fields(struct json_input *in, struct builder *b, int32_t corrupt)
{
    struct json_reader *r = &in->reader;
    int32_t row = b->length;
    bool partly = false;
    for (;;) {
        if (!json_next(r)) {
            builder_truncate(b, row);
            return JSON_FAILED;
        }
        if (r->token == JSON_NONE || r->token == JSON_END_OBJECT) {
            return partly ? JSON_PARTLY : JSON_DONE;
        }
        int32_t i = find_field(b->type, corrupt, json_name(r));
        enum json_outcome result = JSON_FAILED;
        if (i >= 0) {
            bool again = b->children[i]->length > row;
            result = again ? convert_again(in, b->children[i], row) : convert(in, b->children[i]);
            partly = partly || result != JSON_DONE;
        }
        if (result == JSON_FAILED && !json_skip_children(r)) {
            builder_truncate(b, row);
            return JSON_FAILED;
        }
    }
}

static enum json_outcome convert_struct(struct json_input *in, struct builder *b)
{
    enum json_outcome result = convert_fields(in, b, -1);
    if (result != JSON_FAILED) {
        for (int32_t i = 0; i < b->child_count; i++) {
            if (b->children[i]->length == b->length) {
                builder_null(b->children[i]);
            }
        }
        builder_struct(b);
    }
    return result;
}

/* --- arrays and maps --- */

static enum json_outcome convert_array(struct json_input *in, struct builder *b)
{
    bool partly = false;
    for (;;) {
        if (!json_next(&in->reader)) {
            break;
        }
        if (in->reader.token == JSON_NONE || in->reader.token == JSON_END_ARRAY) {
            builder_list(b);
            return partly ? JSON_PARTLY : JSON_DONE;
        }
        enum json_outcome result = convert(in, b->children[0]);
        if (result == JSON_FAILED) {
            break;
        }
        partly = partly || result == JSON_PARTLY;
    }
    builder_truncate(b, b->length);
    return JSON_FAILED;
}

/* A value that cannot be read spoils the map, but the map is read to its end. */
static enum json_outcome convert_map(struct json_input *in, struct builder *b)
{
    struct json_reader *r = &in->reader;
    struct builder *keys = b->children[0];
    bool partly = false;
    bool bad = false;
    for (;;) {
        if (!json_next(r)) {
            bad = true;
            break;
        }
        if (r->token == JSON_NONE || r->token == JSON_END_OBJECT) {
            break;
        }
        struct bytes name = json_name(r);
        builder_text(keys, bytes_is_null(name) ? bytes_of("") : name);
        enum json_outcome result = convert(in, b->children[1]);
        partly = partly || result == JSON_PARTLY;
        if (result == JSON_FAILED) {
            bad = true;
            builder_truncate(keys, keys->length - 1);
            if (!json_skip_children(r)) {
                break;
            }
        }
    }
    if (bad) {
        builder_truncate(b, b->length);
        return JSON_FAILED;
    }
    builder_list(b);
    return partly ? JSON_PARTLY : JSON_DONE;
}

/* --- any --- */

static enum json_outcome convert_nested(struct json_input *in, struct builder *b)
{
    enum json_token token = in->reader.token;
    switch (b->type->kind) {
    case TYPE_STRUCT: return token == JSON_START_OBJECT ? convert_struct(in, b) : JSON_FAILED;
    case TYPE_ARRAY: return token == JSON_START_ARRAY ? convert_array(in, b) : JSON_FAILED;
    default: return token == JSON_START_OBJECT ? convert_map(in, b) : JSON_FAILED;
    }
}

static enum json_outcome convert(struct json_input *in, struct builder *b)
{
    struct json_reader *r = &in->reader;
    while (r->token == JSON_NAME) {
        if (!json_next(r)) {
            return JSON_FAILED;
        }
    }
    if (r->token == JSON_NONE || r->token == JSON_NULL || b->type->kind == TYPE_VOID) {
        builder_null(b);
        return JSON_DONE;
    }
    if (type_is_nested(b->type)) {
        return convert_nested(in, b);
    }
    return b->type->kind == TYPE_STRING ? convert_string(in, b) : convert_scalar(in, b);
}

enum json_outcome json_convert(struct json_input *in,
                               struct builder *b,
                               int32_t corrupt,
                               struct bytes text)
{
    struct json_reader *r = &in->reader;
    json_reader_start(r, text);
    if (!json_next(r)) {
        return JSON_FAILED;
    }
    if (r->token == JSON_NONE) {
        return JSON_EMPTY;
    }
    if (r->token == JSON_NULL) {
        return JSON_FAILED;
    }
    if (b->type->kind == TYPE_STRUCT) {
        return r->token == JSON_START_OBJECT  ? convert_fields(in, b, corrupt)
               : r->token == JSON_START_ARRAY ? JSON_FAILED_ARRAY
                                              : JSON_FAILED;
    }
    bool alone = b->type->kind == TYPE_ARRAY && b->type->element->kind == TYPE_STRUCT &&
                 r->token == JSON_START_OBJECT;
    if (!alone) {
        return convert_nested(in, b);
    }
    enum json_outcome result = convert_struct(in, b->children[0]);
    if (result != JSON_DONE) {
        builder_truncate(b, b->length);
        return JSON_FAILED;
    }
    builder_list(b);
    return JSON_DONE;
}

bool json_convert_value(struct json_input *in, struct builder *b, struct bytes text)
{
    int32_t before = b->length;
    json_reader_start(&in->reader, text);
    enum json_outcome result = json_next(&in->reader) ? convert(in, b) : JSON_FAILED;
    if (result == JSON_PARTLY) {
        builder_truncate(b, before);
    }
    return result == JSON_DONE;
}
