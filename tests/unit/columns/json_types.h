/*
 * Types from Spark's JSON.
 */
#pragma once

#include "columns/type.h"
#include "golden.h"

static inline const struct type *type_from_json(struct arena *arena, json_t *json);

static inline const struct type *plain_from_json(struct arena *arena, const char *name)
{
    static const char *const UNITS[] = { "year", "month", "day", "hour", "minute", "second" };
    int precision = 0;
    int scale = 0;
    if (sscanf(name, "decimal(%d,%d)", &precision, &scale) == 2) {
        return type_decimal(arena, precision, scale);
    }
    for (int from = UNIT_YEAR; from <= UNIT_SECOND; from++) {
        for (int to = from; to <= (from <= UNIT_MONTH ? UNIT_MONTH : UNIT_SECOND); to++) {
            char text[64];
            (void)snprintf(text, sizeof(text), from == to ? "interval %s" : "interval %s to %s",
                           UNITS[from], UNITS[to]);
            if (strcmp(text, name) == 0) {
                return type_interval(arena, (enum interval_unit)from, (enum interval_unit)to);
            }
        }
    }
    for (int kind = 0; kind < TYPE_STRUCT; kind++) {
        struct buffer text;
        buffer_init(&text, 100);
        if (kind != TYPE_DECIMAL) {
            type_print_kind(&text, type_simple((enum type_kind)kind));
        }
        bool found = bytes_equal_text(buffer_bytes(&text), name);
        buffer_finish(&text);
        if (found) {
            return type_simple((enum type_kind)kind);
        }
    }
    return NULL;
}

static inline const struct type *struct_from_json(struct arena *arena, json_t *json)
{
    json_t *list = json_object_get(json, "fields");
    struct field *fields = ARENA_NEW(arena, struct field, json_array_size(list));
    size_t i = 0;
    json_t *field = NULL;
    json_array_foreach(list, i, field)
    {
        fields[i] = (struct field){
            .name = arena_copy(arena, golden_text(field, "name")),
            .type = type_from_json(arena, json_object_get(field, "type")),
            .nullable = json_is_true(json_object_get(field, "nullable")),
            .comment =
                arena_copy(arena, golden_text(json_object_get(field, "metadata"), "comment")),
        };
        json_t *metadata = json_object_get(field, "metadata");
        if (!fields[i].type ||
            json_object_size(metadata) > (bytes_is_null(fields[i].comment) ? 0 : 1)) {
            return NULL; /* metadata say what the type does not: a collation, say */
        }
    }
    return type_struct(arena, fields, (int32_t)json_array_size(list));
}

/* NULL: it holds a type that we do not have. */
static inline const struct type *type_from_json(struct arena *arena, json_t *json)
{
    if (json_is_string(json)) {
        return plain_from_json(arena, json_string_value(json));
    }
    const char *kind = json_string_value(json_object_get(json, "type"));
    if (strcmp(kind, "struct") == 0) {
        return struct_from_json(arena, json);
    }
    bool map = strcmp(kind, "map") == 0;
    const struct type *key = map ? type_from_json(arena, json_object_get(json, "keyType")) : NULL;
    const struct type *element =
        type_from_json(arena, json_object_get(json, map ? "valueType" : "elementType"));
    bool nullable = json_is_true(json_object_get(json, map ? "valueContainsNull" : "containsNull"));
    if (!element || (map && !key)) {
        return NULL;
    }
    return map ? type_map(arena, key, element, nullable) : type_array(arena, element, nullable);
}
