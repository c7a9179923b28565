/*
 * Schemas for JSON: see json_schema.h.
 */
#include "expressions/json_schema.h"

#include <stdlib.h>

#include "base/mem.h"
#include "expressions/json_conditions.h"
#include "expressions/json_reader.h"
#include "expressions/parser.h"

/* --- types written in JSON --- */

/* What is being read, and where its texts go. */
struct schema_reader {
    struct json_reader reader;
    struct analysis *analysis;
};

static bool read_type(struct schema_reader *s, int depth, const struct type **out);

static bool next_value(struct schema_reader *s)
{
    return json_next(&s->reader) && json_complete(&s->reader);
}

static bool read_flag(struct schema_reader *s, bool *out)
{
    *out = s->reader.token == JSON_TRUE;
    return *out || s->reader.token == JSON_FALSE;
}

static bool read_text(struct schema_reader *s, struct bytes *out)
{
    *out = arena_copy(s->analysis->arena, json_text(&s->reader));
    return s->reader.token == JSON_STRING;
}

/* {"name":"a","type":"integer","nullable":true,"metadata":{}} */
static bool read_field(struct schema_reader *s, int depth, struct field *out)
{
    *out = (struct field){ .nullable = true };
    if (s->reader.token != JSON_START_OBJECT) {
        return false;
    }
    while (json_next(&s->reader) && s->reader.token == JSON_NAME) {
        struct bytes name = arena_copy(s->analysis->arena, json_name(&s->reader));
        if (!next_value(s)) {
            return false;
        }
        bool ok = bytes_equal_text(name, "name")       ? read_text(s, &out->name)
                  : bytes_equal_text(name, "nullable") ? read_flag(s, &out->nullable)
                  : bytes_equal_text(name, "type")     ? read_type(s, depth, &out->type)
                                                       : json_skip_children(&s->reader);
        if (!ok) {
            return false;
        }
    }
    return s->reader.token == JSON_END_OBJECT && out->type && !bytes_is_null(out->name);
}

enum { FIELDS_MAX = 10000 };

static bool read_fields(struct schema_reader *s, int depth, const struct type **out)
{
    if (s->reader.token != JSON_START_ARRAY) {
        return false;
    }
    struct buffer fields;
    buffer_init(&fields, FIELDS_MAX * sizeof(struct field));
    bool ok = true;
    while (ok && json_next(&s->reader) && s->reader.token != JSON_END_ARRAY) {
        struct field field;
        ok = read_field(s, depth, &field);
        if (ok) {
            buffer_append(&fields, &field, sizeof(field));
        }
    }
    ok = ok && s->reader.token == JSON_END_ARRAY && !fields.overflow;
    if (ok) {
        int32_t count = (int32_t)(fields.len / sizeof(struct field));
        struct field *copy = ARENA_NEW(s->analysis->arena, struct field, (size_t)count + 1);
        if (count > 0) {
            memcpy(copy, fields.data, fields.len);
        }
        *out = type_struct(s->analysis->arena, copy, count);
    }
    buffer_finish(&fields);
    return ok;
}

/* The parts of a nested type, in any order. */
struct parts {
    struct bytes kind;
    const struct type *fields;
    const struct type *key;
    const struct type *element;
    bool nullable;
};

static bool read_part(struct schema_reader *s, int depth, struct bytes name, struct parts *p)
{
    if (bytes_equal_text(name, "type")) {
        return read_text(s, &p->kind);
    }
    if (bytes_equal_text(name, "fields")) {
        return read_fields(s, depth, &p->fields);
    }
    if (bytes_equal_text(name, "keyType")) {
        return read_type(s, depth, &p->key);
    }
    if (bytes_equal_text(name, "elementType") || bytes_equal_text(name, "valueType")) {
        return read_type(s, depth, &p->element);
    }
    if (bytes_equal_text(name, "containsNull") || bytes_equal_text(name, "valueContainsNull")) {
        return read_flag(s, &p->nullable);
    }
    return json_skip_children(&s->reader);
}

static bool read_nested(struct schema_reader *s, int depth, const struct type **out)
{
    struct arena *arena = s->analysis->arena;
    struct parts p = { .kind = bytes_of(""), .nullable = true };
    while (json_next(&s->reader) && s->reader.token == JSON_NAME) {
        struct bytes name = arena_copy(arena, json_name(&s->reader));
        if (!next_value(s) || !read_part(s, depth, name, &p)) {
            return false;
        }
    }
    if (bytes_equal_text(p.kind, "struct")) {
        *out = p.fields;
    } else if (bytes_equal_text(p.kind, "array") && p.element) {
        *out = type_array(arena, p.element, p.nullable);
    } else if (bytes_equal_text(p.kind, "map") && p.element && p.key) {
        *out = type_map(arena, p.key, p.element, p.nullable);
    }
    return *out != NULL && s->reader.token == JSON_END_OBJECT;
}

/* "integer" and its like are names that DDL has too, or nearly so. */
static bool read_named(struct schema_reader *s, const struct type **out)
{
    struct bytes name = json_text(&s->reader);
    struct sql_error ignored = { 0 };
    struct bytes text = arena_copy(s->analysis->arena, name);
    bool ok = parse_type(s->analysis->arena, text, out, &ignored);
    sql_error_finish(&ignored);
    return ok;
}

static bool read_type(struct schema_reader *s, int depth, const struct type **out)
{
    *out = NULL;
    if (depth == TYPE_MAX_DEPTH) {
        return false;
    }
    if (s->reader.token == JSON_STRING) {
        return read_named(s, out);
    }
    return s->reader.token == JSON_START_OBJECT && read_nested(s, depth + 1, out);
}

static bool read_json(struct analysis *a, struct bytes text, const struct type **out)
{
    struct schema_reader *s = MEM_NEW(struct schema_reader);
    s->analysis = a;
    json_reader_init(&s->reader, (struct json_leniency){ 0 });
    json_reader_start(&s->reader, text);
    bool ok = next_value(s) && read_type(s, 0, out);
    json_reader_finish(&s->reader);
    free(s);
    return ok;
}

bool json_schema_read(struct analysis *a, struct bytes text, const struct type **out)
{
    struct sql_error refused = { 0 };
    bool ok = parse_schema(a->arena, text, true, out, &refused);
    if (!ok && read_json(a, text, out)) {
        ok = true;
    }
    if (!ok && !sql_failed(a->error)) {
        *a->error = refused;
        return false;
    }
    sql_error_finish(&refused);
    return ok;
}

/* --- what a schema must be --- */

const struct type *json_schema_nullable(struct arena *arena, const struct type *type)
{
    switch (type->kind) {
    case TYPE_STRUCT: {
        struct field *fields = ARENA_NEW(arena, struct field, (size_t)type->field_count + 1);
        for (int32_t i = 0; i < type->field_count; i++) {
            fields[i] = type->fields[i];
            fields[i].type = json_schema_nullable(arena, fields[i].type);
            fields[i].nullable = true;
        }
        return type_struct(arena, fields, type->field_count);
    }
    case TYPE_ARRAY: return type_array(arena, json_schema_nullable(arena, type->element), true);
    case TYPE_MAP:
        return type_map(arena, json_schema_nullable(arena, type->key),
                        json_schema_nullable(arena, type->element), true);
    default: return type;
    }
}

static bool has_text_keys(const struct type *type)
{
    if (type->kind == TYPE_MAP && type->key->kind != TYPE_STRING) {
        return false;
    }
    if (type->kind == TYPE_ARRAY || type->kind == TYPE_MAP) {
        return has_text_keys(type->element);
    }
    for (int32_t i = 0; i < type->field_count; i++) {
        if (!has_text_keys(type->fields[i].type)) {
            return false;
        }
    }
    return true;
}

bool json_schema_check(struct analysis *a, const struct expression *call, const struct type *type)
{
    bool nested = type_is_nested(type);
    if (nested && has_text_keys(type)) {
        return true;
    }
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    type_print_sql(&text, type);
    (void)analysis_mismatch(
        a, call, nested ? &sql_json_map_key : &sql_json_schema,
        nested ? "Input schema \"%.*s\" can only contain STRING as a key type for a MAP."
               : "Input schema \"%.*s\" must be a struct, an array, a map or a variant.",
        BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}
