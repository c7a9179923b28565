/*
 * JSON texts as trees: see plan_json.h.
 */
#include "plan/plan_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/json_reader.h"

bool plan_json_fail(struct sql_error *error, const char *format, ...)
{
    static const struct sql_condition unreadable = { "", "", "IllegalArgumentException" };
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return sql_failed(error) ? false
                             : sql_fail(error, &unreadable, "The plan cannot be read: %s.", text);
}

struct reading {
    struct arena *arena;
    struct json_reader *reader;
};

static bool read_value(struct reading *r, struct json_node *node);

/* The members up to the closing bracket. */
static bool read_members(struct reading *r, struct json_node *node, enum json_token end)
{
    const struct json_node **link = &node->first;
    for (;;) {
        struct bytes name = { 0 };
        if (!json_next(r->reader)) {
            return false;
        }
        if (r->reader->token == end) {
            return true;
        }
        if (r->reader->token == JSON_NAME) {
            name = arena_copy(r->arena, json_name(r->reader));
            if (!json_next(r->reader)) {
                return false;
            }
        }
        struct json_node *member = ARENA_NEW(r->arena, struct json_node, 1);
        member->name = name;
        if (!read_value(r, member)) {
            return false;
        }
        *link = member;
        link = &member->next;
        node->count++;
    }
}

static bool read_value(struct reading *r, struct json_node *node)
{
    switch (r->reader->token) {
    case JSON_START_OBJECT: node->kind = NODE_OBJECT; return read_members(r, node, JSON_END_OBJECT);
    case JSON_START_ARRAY: node->kind = NODE_ARRAY; return read_members(r, node, JSON_END_ARRAY);
    case JSON_STRING:
        node->kind = NODE_TEXT;
        if (!json_complete(r->reader)) {
            return false;
        }
        node->text = arena_copy(r->arena, json_text(r->reader));
        return true;
    case JSON_INT:
    case JSON_FLOAT:
        node->kind = NODE_NUMBER;
        node->text = arena_copy(r->arena, buffer_bytes(&r->reader->text));
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        node->kind = NODE_BOOL;
        node->truth = r->reader->token == JSON_TRUE;
        return true;
    case JSON_NULL: node->kind = NODE_NULL; return true;
    case JSON_NONE:
    case JSON_END_OBJECT:
    case JSON_END_ARRAY:
    case JSON_NAME: break;
    }
    return false;
}

bool json_node_read(struct arena *arena,
                    struct bytes text,
                    const struct json_node **out,
                    struct sql_error *error)
{
    struct json_reader *reader = MEM_NEW(struct json_reader);
    struct json_node *root = ARENA_NEW(arena, struct json_node, 1);
    struct reading r = { .arena = arena, .reader = reader };
    json_reader_init(reader, (struct json_leniency){ 0 });
    json_reader_start(reader, text);
    bool ok = json_next(reader) && read_value(&r, root);
    size_t at = text.len - (size_t)(reader->end - reader->at);
    json_reader_finish(reader);
    free(reader);
    *out = root;
    return ok || plan_json_fail(error, "no JSON at byte %zu", at);
}

/* --- members --- */

const struct json_node *json_node_find(const struct json_node *object, const char *name)
{
    const struct json_node *found = NULL;
    const struct json_node *member = object->kind == NODE_OBJECT ? object->first : NULL;
    for (; member; member = member->next) {
        found = bytes_equal_text(member->name, name) ? member : found;
    }
    return found;
}

struct bytes json_node_text(const struct json_node *object, const char *name)
{
    const struct json_node *member = json_node_find(object, name);
    return member && member->kind == NODE_TEXT ? member->text : (struct bytes){ 0 };
}

int64_t json_node_integer(const struct json_node *object, const char *name)
{
    const struct json_node *member = json_node_find(object, name);
    int64_t value = 0;
    bool number = member && (member->kind == NODE_NUMBER || member->kind == NODE_TEXT);
    return number && bytes_parse_i64(member->text, &value) ? value : 0;
}

bool json_node_bool(const struct json_node *object, const char *name)
{
    const struct json_node *member = json_node_find(object, name);
    return member && member->kind == NODE_BOOL && member->truth;
}

const struct json_node *json_node_list(const struct json_node *object, const char *name)
{
    static const struct json_node empty = { .kind = NODE_ARRAY };
    const struct json_node *member = json_node_find(object, name);
    return member && member->kind == NODE_ARRAY ? member : &empty;
}
