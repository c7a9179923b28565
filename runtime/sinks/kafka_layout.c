/*
 * Which columns become which part of a Kafka record: see kafka_layout.h.
 */
#include "sinks/kafka_layout.h"

#include <strings.h>

/* A column by its exact name; -1. Of several with that name the first. */
static int32_t find(const struct type *schema, const char *name)
{
    for (int32_t i = 0; i < schema->field_count; i++) {
        if (bytes_equal_text(schema->fields[i].name, name)) {
            return i;
        }
    }
    return -1;
}

static bool is_named(const struct field *field, const char *name, bool case_sensitive)
{
    return field->name.len == strlen(name) &&
           (case_sensitive
                ? memcmp(field->name.data, name, field->name.len)
                : strncasecmp((const char *)field->name.data, name, field->name.len)) == 0;
}

static bool is_headers(const struct type *type, bool case_sensitive)
{
    const struct type *item = type->kind == TYPE_ARRAY ? type->element : NULL;
    return item && item->kind == TYPE_STRUCT && item->field_count == 2 &&
           item->fields[0].type->kind == TYPE_STRING && item->fields[1].type->kind == TYPE_BINARY &&
           is_named(&item->fields[0], "key", case_sensitive) &&
           is_named(&item->fields[1], "value", case_sensitive);
}

static const struct sql_condition NOT_WRITABLE = { "_LEGACY_ERROR_TEMP_3080", "",
                                                   "AnalysisException" };

static bool refuse(const struct field *field, const char *wanted, struct sql_error *error)
{
    struct buffer type;
    buffer_init(&type, SQL_ERROR_MAX);
    type_print(&type, field->type);
    sql_fail(error, &NOT_WRITABLE, "%.*s attribute unsupported type %.*s. %.*s must be a(n) %s",
             BYTES_ARG(field->name), BYTES_ARG(buffer_bytes(&type)), BYTES_ARG(field->name),
             wanted);
    buffer_finish(&type);
    return false;
}

/* A column of one of two kinds. */
static bool check(const struct type *schema,
                  int32_t column,
                  const enum type_kind kinds[2],
                  const char *wanted,
                  struct sql_error *error)
{
    if (column < 0) {
        return true;
    }
    const struct field *field = &schema->fields[column];
    return field->type->kind == kinds[0] || field->type->kind == kinds[1] ||
           refuse(field, wanted, error);
}

bool kafka_layout_find(const struct type *schema,
                       bool has_topic_option,
                       bool case_sensitive,
                       struct kafka_layout *out,
                       struct sql_error *error)
{
    static const enum type_kind text[2] = { TYPE_STRING, TYPE_STRING };
    static const enum type_kind bytes[2] = { TYPE_STRING, TYPE_BINARY };
    static const enum type_kind integer[2] = { TYPE_INT, TYPE_INT };
    struct kafka_layout l = {
        .topic = has_topic_option ? -1 : find(schema, "topic"),
        .key = find(schema, "key"),
        .value = find(schema, "value"),
        .headers = find(schema, "headers"),
        .partition = find(schema, "partition"),
    };
    if (!has_topic_option && l.topic < 0) {
        return sql_fail(error, &NOT_WRITABLE,
                        "topic option required when no 'topic' attribute is present. Use the topic "
                        "option for setting a topic.");
    }
    if (!check(schema, l.topic, text, "string", error) ||
        !check(schema, l.key, bytes, "string or binary", error)) {
        return false;
    }
    if (l.value < 0) {
        return sql_fail(error, &NOT_WRITABLE, "Required attribute 'value' not found");
    }
    if (!check(schema, l.value, bytes, "string or binary", error)) {
        return false;
    }
    if (l.headers >= 0 && !is_headers(schema->fields[l.headers].type, case_sensitive)) {
        return refuse(&schema->fields[l.headers], "array<struct<key:string,value:binary>>", error);
    }
    *out = l;
    return check(schema, l.partition, integer, "int", error);
}
