/*
 * The texts of types: see type.h. Source: the methods simpleString, sql, json, toDDL and treeString of Spark's data types.
 */
#include <assert.h>

#include "columns/escape.h"
#include "columns/type.h"

/* A type without parameters has three names. Only integers differ between them. */
struct type_names {
    const char *simple;
    const char *name; /* typeName: JSON and trees */
    const char *sql;
};

static const struct type_names NAMES[TYPE_KIND_COUNT] = {
    [TYPE_VOID] = { "void", "void", "VOID" },
    [TYPE_BOOLEAN] = { "boolean", "boolean", "BOOLEAN" },
    [TYPE_TINYINT] = { "tinyint", "byte", "TINYINT" },
    [TYPE_SMALLINT] = { "smallint", "short", "SMALLINT" },
    [TYPE_INT] = { "int", "integer", "INT" },
    [TYPE_BIGINT] = { "bigint", "long", "BIGINT" },
    [TYPE_FLOAT] = { "float", "float", "FLOAT" },
    [TYPE_DOUBLE] = { "double", "double", "DOUBLE" },
    [TYPE_DECIMAL] = { "decimal", "decimal", "DECIMAL" },
    [TYPE_STRING] = { "string", "string", "STRING" },
    [TYPE_BINARY] = { "binary", "binary", "BINARY" },
    [TYPE_DATE] = { "date", "date", "DATE" },
    [TYPE_TIMESTAMP] = { "timestamp", "timestamp", "TIMESTAMP" },
    [TYPE_TIMESTAMP_NTZ] = { "timestamp_ntz", "timestamp_ntz", "TIMESTAMP_NTZ" },
    [TYPE_INTERVAL_MONTHS] = { "interval", "interval", "INTERVAL" },
    [TYPE_INTERVAL_TIME] = { "interval", "interval", "INTERVAL" },
    [TYPE_STRUCT] = { "struct", "struct", "STRUCT" },
    [TYPE_ARRAY] = { "array", "array", "ARRAY" },
    [TYPE_MAP] = { "map", "map", "MAP" },
};

static const char *const UNITS[] = { "year", "month", "day", "hour", "minute", "second" };
static const char *const UNITS_SQL[] = { "YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND" };

/* The name and the parameters of a type that is not nested. */
static void print_plain(struct buffer *out, const struct type *type, const char *name, bool sql)
{
    buffer_append_text(out, name);
    if (type->kind == TYPE_DECIMAL) {
        buffer_printf(out, "(%d,%d)", type->precision, type->scale);
    }
    if (type_is_interval(type)) {
        const char *const *units = sql ? UNITS_SQL : UNITS;
        buffer_printf(out, " %s", units[type->from]);
        if (type->to != type->from) {
            buffer_printf(out, sql ? " TO %s" : " to %s", units[type->to]);
        }
    }
}

void type_print(struct buffer *out, const struct type *type)
{
    if (type->kind == TYPE_STRUCT) {
        buffer_append_text(out, "struct<");
        for (int32_t i = 0; i < type->field_count; i++) {
            const struct field *field = &type->fields[i];
            buffer_append_text(out, i > 0 ? "," : "");
            buffer_append(out, field->name.data, field->name.len);
            buffer_append_text(out, ":");
            type_print(out, field->type);
        }
        buffer_append_text(out, ">");
        return;
    }
    print_plain(out, type, NAMES[type->kind].simple, false);
    if (type_is_nested(type)) {
        buffer_append_text(out, "<");
        if (type->kind == TYPE_MAP) {
            type_print(out, type->key);
            buffer_append_text(out, ",");
        }
        type_print(out, type->element);
        buffer_append_text(out, ">");
    }
}

/* --- SQL --- */

static bool is_word(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) {
            return false;
        }
    }
    return name.len > 0;
}

/* With every `special` doubled, or a backslash before it. */
static void print_quoted(struct buffer *out, struct bytes text, char special, const char *instead)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == (uint8_t)special) {
            buffer_append_text(out, instead);
        } else {
            buffer_append(out, &text.data[i], 1);
        }
    }
}

void type_print_name(struct buffer *out, struct bytes name)
{
    if (is_word(name)) {
        buffer_append(out, name.data, name.len);
        return;
    }
    buffer_append_text(out, "`");
    print_quoted(out, name, '`', "``");
    buffer_append_text(out, "`");
}

/* "id: INT NOT NULL COMMENT 'the key'", with ": " or " " behind the name. */
static void print_field(struct buffer *out, const struct field *field, const char *separator)
{
    type_print_name(out, field->name);
    buffer_append_text(out, separator);
    type_print_sql(out, field->type);
    if (!field->nullable) {
        buffer_append_text(out, " NOT NULL");
    }
    if (!bytes_is_null(field->comment)) {
        buffer_append_text(out, " COMMENT '");
        print_quoted(out, field->comment, '\'', "\\'");
        buffer_append_text(out, "'");
    }
}

void type_print_sql(struct buffer *out, const struct type *type)
{
    print_plain(out, type, NAMES[type->kind].sql, true);
    if (!type_is_nested(type)) {
        return;
    }
    buffer_append_text(out, "<");
    for (int32_t i = 0; i < type->field_count; i++) {
        buffer_append_text(out, i > 0 ? ", " : "");
        print_field(out, &type->fields[i], ": ");
    }
    if (type->kind == TYPE_MAP) {
        type_print_sql(out, type->key);
        buffer_append_text(out, ", ");
    }
    if (type->kind != TYPE_STRUCT) {
        type_print_sql(out, type->element);
    }
    buffer_append_text(out, ">");
}

void type_print_ddl(struct buffer *out, const struct type *type)
{
    assert(type->kind == TYPE_STRUCT);
    for (int32_t i = 0; i < type->field_count; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        print_field(out, &type->fields[i], " ");
    }
}

/* --- JSON --- */

static void print_json_text(struct buffer *out, struct bytes text)
{
    static const char LETTERS[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
    };
    buffer_append_text(out, "\"");
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c == '\\') {
            buffer_printf(out, "\\%c", c);
        } else if (c < sizeof(LETTERS) && LETTERS[c]) {
            buffer_printf(out, "\\%c", LETTERS[c]);
        } else if (c < ' ') {
            buffer_printf(out, "\\u%04X", c);
        } else {
            buffer_append(out, &c, 1);
        }
    }
    buffer_append_text(out, "\"");
}

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static void print_json_fields(struct buffer *out, const struct type *type)
{
    for (int32_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        buffer_append_text(out, i > 0 ? ",{\"name\":" : "{\"name\":");
        print_json_text(out, field->name);
        buffer_append_text(out, ",\"type\":");
        type_print_json(out, field->type);
        buffer_printf(out, ",\"nullable\":%s,\"metadata\":{", truth(field->nullable));
        if (!bytes_is_null(field->comment)) {
            buffer_append_text(out, "\"comment\":");
            print_json_text(out, field->comment);
        }
        buffer_append_text(out, "}}");
    }
}

void type_print_json(struct buffer *out, const struct type *type)
{
    if (!type_is_nested(type)) {
        buffer_append_text(out, "\"");
        type_print_kind(out, type);
        buffer_append_text(out, "\"");
        return;
    }
    buffer_printf(out, "{\"type\":\"%s\",", NAMES[type->kind].name);
    if (type->kind == TYPE_STRUCT) {
        buffer_append_text(out, "\"fields\":[");
        print_json_fields(out, type);
        buffer_append_text(out, "]}");
        return;
    }
    if (type->kind == TYPE_MAP) {
        buffer_append_text(out, "\"keyType\":");
        type_print_json(out, type->key);
        buffer_append_text(out, ",");
    }
    buffer_append_text(out, type->kind == TYPE_MAP ? "\"valueType\":" : "\"elementType\":");
    type_print_json(out, type->element);
    buffer_append_text(out,
                       type->kind == TYPE_MAP ? ",\"valueContainsNull\":" : ",\"containsNull\":");
    buffer_append_text(out, truth(type->element_nullable));
    buffer_append_text(out, "}");
}

/* --- tree --- */

void type_print_kind(struct buffer *out, const struct type *type)
{
    print_plain(out, type, NAMES[type->kind].name, false);
}

static void print_indent(struct buffer *out, int depth)
{
    for (int i = 0; i < depth; i++) {
        buffer_append_text(out, " |   ");
    }
    buffer_append_text(out, " |-- ");
}

static void print_branches(struct buffer *out, const struct type *type, int depth)
{
    for (int32_t i = 0; i < type->field_count; i++) {
        const struct field *field = &type->fields[i];
        print_indent(out, depth);
        escape_meta(out, field->name);
        buffer_append_text(out, ": ");
        type_print_kind(out, field->type);
        buffer_printf(out, " (nullable = %s)\n", truth(field->nullable));
        print_branches(out, field->type, depth + 1);
    }
    if (type->kind == TYPE_MAP) {
        print_indent(out, depth);
        buffer_append_text(out, "key: ");
        type_print_kind(out, type->key);
        buffer_append_text(out, "\n");
        print_branches(out, type->key, depth + 1);
    }
    if (type->kind == TYPE_MAP || type->kind == TYPE_ARRAY) {
        print_indent(out, depth);
        buffer_append_text(out, type->kind == TYPE_MAP ? "value: " : "element: ");
        type_print_kind(out, type->element);
        buffer_printf(out, " (%s = %s)\n",
                      type->kind == TYPE_MAP ? "valueContainsNull" : "containsNull",
                      truth(type->element_nullable));
        print_branches(out, type->element, depth + 1);
    }
}

void type_print_tree(struct buffer *out, const struct type *type)
{
    buffer_append_text(out, "root\n");
    print_branches(out, type, 0);
}
