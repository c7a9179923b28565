/*
 * Schemas of stores: see state_schema.h. Types are nested TYPE_MAX_DEPTH deep at most, which is checked where they are parsed.
 */
#include "checkpoint/state_schema.h"

#include <inttypes.h>

#include "checkpoint/log_json.h"

enum { PART_MAX = 65535, PARTS_MAX = 4096 };

/* --- the file --- */

static void put_integer(struct buffer *out, uint32_t value, int width)
{
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8) {
        uint8_t byte = (uint8_t)(value >> shift);
        buffer_append(out, &byte, 1);
    }
}

static void put_text(struct buffer *out, struct bytes text)
{
    put_integer(out, (uint32_t)((text.len + PART_MAX - 1) / PART_MAX), 4);
    while (text.len > 0) {
        size_t part = text.len < PART_MAX ? text.len : PART_MAX;
        put_integer(out, (uint32_t)part, 2);
        buffer_append(out, text.data, part);
        text = (struct bytes){ text.data + part, text.len - part };
    }
}

void state_schema_print(struct buffer *out, struct bytes key_json, struct bytes value_json)
{
    put_integer(out, 2, 2);
    buffer_append_text(out, "v2");
    put_text(out, key_json);
    put_text(out, value_json);
}

static bool take_integer(struct bytes *rest, int width, uint32_t *out)
{
    uint32_t value = 0;
    if (rest->len < (size_t)width) {
        return false;
    }
    for (int i = 0; i < width; i++) {
        value = value << 8 | rest->data[i];
    }
    *rest = (struct bytes){ rest->data + width, rest->len - (size_t)width };
    *out = value;
    return true;
}

static bool take_part(struct bytes *rest, struct bytes *out)
{
    uint32_t len;
    if (!take_integer(rest, 2, &len) || rest->len < len) {
        return false;
    }
    *out = (struct bytes){ rest->data, len };
    *rest = (struct bytes){ rest->data + len, rest->len - len };
    return true;
}

static bool take_text(struct bytes *rest, struct arena *arena, struct bytes *out)
{
    uint32_t parts;
    struct bytes part;
    struct buffer text;
    if (!take_integer(rest, 4, &parts) || parts > PARTS_MAX) {
        return false;
    }
    buffer_init(&text, (size_t)PART_MAX * PARTS_MAX);
    bool ok = true;
    for (uint32_t i = 0; i < parts && ok; i++) {
        ok = take_part(rest, &part);
        if (ok) {
            buffer_append(&text, part.data, part.len);
        }
    }
    if (ok) {
        *out = arena_copy(arena, buffer_bytes(&text));
    }
    buffer_finish(&text);
    return ok;
}

bool state_schema_parse(struct bytes file,
                        struct arena *arena,
                        struct bytes *out_key_json,
                        struct bytes *out_value_json)
{
    struct bytes version;
    struct bytes key;
    struct bytes value;
    if (!take_part(&file, &version) || !bytes_equal_text(version, "v2") ||
        !take_text(&file, arena, &key) || !take_text(&file, arena, &value) || file.len != 0) {
        return false;
    }
    *out_key_json = key;
    *out_value_json = value;
    return true;
}

/* --- types --- */

static const struct type *parse_type(const struct log_json *json, struct arena *arena, int depth);

struct simple_name {
    const char *name;
    const char *scala;
    enum type_kind kind;
};

static const struct simple_name simple_names[] = {
    { "void", "NullType", TYPE_VOID },
    { "boolean", "BooleanType", TYPE_BOOLEAN },
    { "byte", "ByteType", TYPE_TINYINT },
    { "short", "ShortType", TYPE_SMALLINT },
    { "integer", "IntegerType", TYPE_INT },
    { "long", "LongType", TYPE_BIGINT },
    { "float", "FloatType", TYPE_FLOAT },
    { "double", "DoubleType", TYPE_DOUBLE },
    { "string", "StringType", TYPE_STRING },
    { "binary", "BinaryType", TYPE_BINARY },
    { "date", "DateType", TYPE_DATE },
    { "timestamp", "TimestampType", TYPE_TIMESTAMP },
    { "timestamp_ntz", "TimestampNTZType", TYPE_TIMESTAMP_NTZ },
};

enum { SIMPLE_NAMES = sizeof(simple_names) / sizeof(simple_names[0]) };

static const char *const units[] = { "year", "month", "day", "hour", "minute", "second" };

static bool cut_unit(struct bytes *rest, enum interval_unit *out)
{
    for (int i = UNIT_YEAR; i <= UNIT_SECOND; i++) {
        if (bytes_starts_with(*rest, bytes_of(units[i]))) {
            size_t len = strlen(units[i]);
            *rest = (struct bytes){ rest->data + len, rest->len - len };
            *out = (enum interval_unit)i;
            return true;
        }
    }
    return false;
}

/* "interval day to second", "interval month". */
static const struct type *parse_interval(struct bytes rest, struct arena *arena)
{
    static const char to[] = " to ";
    enum interval_unit from;
    if (!cut_unit(&rest, &from)) {
        return NULL;
    }
    enum interval_unit last = from;
    if (bytes_starts_with(rest, bytes_of(to))) {
        rest = (struct bytes){ rest.data + 4, rest.len - 4 };
        if (!cut_unit(&rest, &last)) {
            return NULL;
        }
    }
    bool months = from <= UNIT_MONTH;
    if (rest.len != 0 || last < from || months != (last <= UNIT_MONTH)) {
        return NULL;
    }
    return type_interval(arena, from, last);
}

/* "decimal(10,2)", without what is before the first digit. */
static const struct type *parse_decimal(struct bytes rest, struct arena *arena)
{
    struct bytes precision;
    int64_t p;
    int64_t s;
    if (!bytes_ends_with(rest, bytes_of(")")) || !bytes_cut(&rest, ',', &precision)) {
        return NULL;
    }
    rest.len -= bytes_is_null(rest) ? 0 : 1;
    if (!bytes_parse_i64(precision, &p) || !bytes_parse_i64(rest, &s) || p < 1 ||
        p > DECIMAL_MAX_PRECISION || s < 0 || s > p) {
        return NULL;
    }
    return type_decimal(arena, (int)p, (int)s);
}

static const struct type *parse_simple(struct bytes name, struct arena *arena)
{
    static const char interval[] = "interval ";
    static const char decimal[] = "decimal(";
    for (int i = 0; i < SIMPLE_NAMES; i++) {
        if (bytes_equal_text(name, simple_names[i].name)) {
            return type_simple(simple_names[i].kind);
        }
    }
    if (bytes_starts_with(name, bytes_of(interval))) {
        return parse_interval(
            (struct bytes){ name.data + sizeof(interval) - 1, name.len - sizeof(interval) + 1 },
            arena);
    }
    if (bytes_starts_with(name, bytes_of(decimal))) {
        return parse_decimal(
            (struct bytes){ name.data + sizeof(decimal) - 1, name.len - sizeof(decimal) + 1 },
            arena);
    }
    return NULL;
}

/* NOLINTNEXTLINE(misc-no-recursion): TYPE_MAX_DEPTH bounds it */
static const struct type *parse_struct(const struct log_json *json, struct arena *arena, int depth)
{
    const struct log_json *list = log_json_member(json, "fields");
    int32_t count = 0;
    if (!list || list->kind != LOG_JSON_ARRAY) {
        return NULL;
    }
    for (const struct log_json *f = list->first; f; f = f->next) {
        count++;
    }
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)count + 1);
    count = 0;
    for (const struct log_json *f = list->first; f; f = f->next) {
        struct field *field = &fields[count++];
        field->type = parse_type(log_json_member(f, "type"), arena, depth + 1);
        if (!field->type || !log_json_text(log_json_member(f, "name"), &field->name) ||
            !log_json_bool(log_json_member(f, "nullable"), &field->nullable)) {
            return NULL;
        }
    }
    return type_struct(arena, fields, count);
}

/* NOLINTNEXTLINE(misc-no-recursion): TYPE_MAX_DEPTH bounds it */
static const struct type *parse_type(const struct log_json *json, struct arena *arena, int depth)
{
    struct bytes name;
    bool nullable;
    if (json && json->kind == LOG_JSON_STRING) {
        return parse_simple(json->text, arena);
    }
    if (depth > TYPE_MAX_DEPTH || !log_json_text(log_json_member(json, "type"), &name)) {
        return NULL;
    }
    if (bytes_equal_text(name, "struct")) {
        return parse_struct(json, arena, depth);
    }
    if (bytes_equal_text(name, "array")) {
        const struct type *element =
            parse_type(log_json_member(json, "elementType"), arena, depth + 1);
        return element && log_json_bool(log_json_member(json, "containsNull"), &nullable)
                   ? type_array(arena, element, nullable)
                   : NULL;
    }
    if (bytes_equal_text(name, "map")) {
        const struct type *key = parse_type(log_json_member(json, "keyType"), arena, depth + 1);
        const struct type *value = parse_type(log_json_member(json, "valueType"), arena, depth + 1);
        return key && value && log_json_bool(log_json_member(json, "valueContainsNull"), &nullable)
                   ? type_map(arena, key, value, nullable)
                   : NULL;
    }
    return NULL;
}

const struct type *state_schema_type(struct bytes json, struct arena *arena)
{
    size_t at;
    const struct log_json *value = log_json_parse(json, arena, &at);
    const struct type *type = value ? parse_type(value, arena, 1) : NULL;
    return type && type->kind == TYPE_STRUCT ? type : NULL;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the types */
bool state_schema_compatible(const struct type *stored, const struct type *now)
{
    if (stored->kind != now->kind || stored->precision != now->precision ||
        stored->scale != now->scale || stored->from != now->from || stored->to != now->to ||
        stored->field_count != now->field_count) {
        return false;
    }
    for (int32_t i = 0; i < stored->field_count; i++) {
        if ((now->fields[i].nullable && !stored->fields[i].nullable) ||
            !state_schema_compatible(stored->fields[i].type, now->fields[i].type)) {
            return false;
        }
    }
    if (stored->element && ((now->element_nullable && !stored->element_nullable) ||
                            !state_schema_compatible(stored->element, now->element))) {
        return false;
    }
    return !stored->key || state_schema_compatible(stored->key, now->key);
}

static const char *bool_text(bool value)
{
    return value ? "true" : "false";
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the type */
static void print_struct(struct buffer *out, const struct type *type)
{
    buffer_append_text(out, "StructType(");
    for (int32_t i = 0; i < type->field_count; i++) {
        const struct field *f = &type->fields[i];
        buffer_printf(out, "%sStructField(%.*s,", i > 0 ? "," : "", BYTES_ARG(f->name));
        state_schema_print_type(out, f->type);
        buffer_printf(out, ",%s)", bool_text(f->nullable));
    }
    buffer_append_text(out, ")");
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as the type */
void state_schema_print_type(struct buffer *out, const struct type *type)
{
    for (int i = 0; i < SIMPLE_NAMES; i++) {
        if (simple_names[i].kind == type->kind) {
            buffer_append_text(out, simple_names[i].scala);
            return;
        }
    }
    if (type->kind == TYPE_STRUCT) {
        print_struct(out, type);
    } else if (type->kind == TYPE_DECIMAL) {
        buffer_printf(out, "DecimalType(%d,%d)", type->precision, type->scale);
    } else if (type->kind == TYPE_INTERVAL_MONTHS) {
        buffer_printf(out, "YearMonthIntervalType(%d,%d)", (int)type->from - UNIT_YEAR,
                      (int)type->to - UNIT_YEAR);
    } else if (type->kind == TYPE_INTERVAL_TIME) {
        buffer_printf(out, "DayTimeIntervalType(%d,%d)", (int)type->from - UNIT_DAY,
                      (int)type->to - UNIT_DAY);
    } else {
        buffer_append_text(out, type->kind == TYPE_MAP ? "MapType(" : "ArrayType(");
        if (type->kind == TYPE_MAP) {
            state_schema_print_type(out, type->key);
            buffer_append_text(out, ",");
        }
        state_schema_print_type(out, type->element);
        buffer_printf(out, ",%s)", bool_text(type->element_nullable));
    }
}
