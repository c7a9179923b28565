/*
 * Data types: see type.h.
 */
#include "columns/type.h"

#include <assert.h>

static const struct type SIMPLE[TYPE_KIND_COUNT] = {
    [TYPE_VOID] = { .kind = TYPE_VOID },
    [TYPE_BOOLEAN] = { .kind = TYPE_BOOLEAN },
    [TYPE_TINYINT] = { .kind = TYPE_TINYINT },
    [TYPE_SMALLINT] = { .kind = TYPE_SMALLINT },
    [TYPE_INT] = { .kind = TYPE_INT },
    [TYPE_BIGINT] = { .kind = TYPE_BIGINT },
    [TYPE_FLOAT] = { .kind = TYPE_FLOAT },
    [TYPE_DOUBLE] = { .kind = TYPE_DOUBLE },
    [TYPE_STRING] = { .kind = TYPE_STRING },
    [TYPE_BINARY] = { .kind = TYPE_BINARY },
    [TYPE_DATE] = { .kind = TYPE_DATE },
    [TYPE_TIMESTAMP] = { .kind = TYPE_TIMESTAMP },
    [TYPE_TIMESTAMP_NTZ] = { .kind = TYPE_TIMESTAMP_NTZ },
    [TYPE_INTERVAL_MONTHS] = { .kind = TYPE_INTERVAL_MONTHS, .from = UNIT_YEAR, .to = UNIT_MONTH },
    [TYPE_INTERVAL_TIME] = { .kind = TYPE_INTERVAL_TIME, .from = UNIT_DAY, .to = UNIT_SECOND },
};

static const uint8_t WIDTHS[TYPE_KIND_COUNT] = {
    [TYPE_TINYINT] = 1,
    [TYPE_SMALLINT] = 2,
    [TYPE_INT] = 4,
    [TYPE_BIGINT] = 8,
    [TYPE_FLOAT] = 4,
    [TYPE_DOUBLE] = 8,
    [TYPE_DECIMAL] = 16,
    [TYPE_DATE] = 4,
    [TYPE_TIMESTAMP] = 8,
    [TYPE_TIMESTAMP_NTZ] = 8,
    [TYPE_INTERVAL_MONTHS] = 4,
    [TYPE_INTERVAL_TIME] = 8,
};

const struct type *type_simple(enum type_kind kind)
{
    assert(kind < TYPE_STRUCT && kind != TYPE_DECIMAL);
    return &SIMPLE[kind];
}

static struct type *make(struct arena *arena, enum type_kind kind)
{
    struct type *type = ARENA_NEW(arena, struct type, 1);
    type->kind = kind;
    return type;
}

const struct type *type_decimal(struct arena *arena, int precision, int scale)
{
    assert(precision >= 1 && precision <= DECIMAL_MAX_PRECISION && scale >= 0 &&
           scale <= precision);
    struct type *type = make(arena, TYPE_DECIMAL);
    type->precision = (uint8_t)precision;
    type->scale = (uint8_t)scale;
    return type;
}

const struct type *type_interval(struct arena *arena,
                                 enum interval_unit from,
                                 enum interval_unit to)
{
    assert(from <= to && (to <= UNIT_MONTH || from >= UNIT_DAY));
    struct type *type = make(arena, to <= UNIT_MONTH ? TYPE_INTERVAL_MONTHS : TYPE_INTERVAL_TIME);
    type->from = from;
    type->to = to;
    return type;
}

const struct type *type_array(struct arena *arena,
                              const struct type *element,
                              bool element_nullable)
{
    struct type *type = make(arena, TYPE_ARRAY);
    type->element = element;
    type->element_nullable = element_nullable;
    return type;
}

const struct type *type_map(struct arena *arena,
                            const struct type *key,
                            const struct type *value,
                            bool value_nullable)
{
    struct type *type = make(arena, TYPE_MAP);
    type->key = key;
    type->element = value;
    type->element_nullable = value_nullable;
    return type;
}

const struct type *type_struct(struct arena *arena, const struct field *fields, int32_t count)
{
    struct type *type = make(arena, TYPE_STRUCT);
    struct field *copies = ARENA_NEW(arena, struct field, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        copies[i] = fields[i];
    }
    type->fields = copies;
    type->field_count = count;
    return type;
}

static const struct type *copy_struct(struct arena *arena, const struct type *type)
{
    struct type *copy = make(arena, TYPE_STRUCT);
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)type->field_count);
    for (int32_t i = 0; i < type->field_count; i++) {
        const struct field *from = &type->fields[i];
        fields[i] = (struct field){
            .name = arena_copy(arena, from->name),
            .type = type_copy(arena, from->type),
            .nullable = from->nullable,
            .comment = arena_copy(arena, from->comment),
        };
    }
    copy->fields = fields;
    copy->field_count = type->field_count;
    return copy;
}

const struct type *type_copy(struct arena *arena, const struct type *type)
{
    switch (type->kind) {
    case TYPE_DECIMAL: return type_decimal(arena, type->precision, type->scale);
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: return type_interval(arena, type->from, type->to);
    case TYPE_STRUCT: return copy_struct(arena, type);
    case TYPE_ARRAY:
        return type_array(arena, type_copy(arena, type->element), type->element_nullable);
    case TYPE_MAP:
        return type_map(arena, type_copy(arena, type->key), type_copy(arena, type->element),
                        type->element_nullable);
    case TYPE_VOID:
    case TYPE_BOOLEAN:
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_STRING:
    case TYPE_BINARY:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_KIND_COUNT: break;
    }
    return type_simple(type->kind);
}

/* How much two types have in common; each includes those before it. */
enum likeness {
    SAME_LAYOUT,
    SAME_VALUES,
    SAME_ALL,
};

static bool alike(const struct type *a, const struct type *b, enum likeness likeness);

static bool structs_alike(const struct type *a, const struct type *b, enum likeness likeness)
{
    if (a->field_count != b->field_count) {
        return false;
    }
    for (int32_t i = 0; i < a->field_count; i++) {
        const struct field *x = &a->fields[i];
        const struct field *y = &b->fields[i];
        if (likeness >= SAME_VALUES && !bytes_equal(x->name, y->name)) {
            return false;
        }
        if (likeness >= SAME_ALL &&
            (x->nullable != y->nullable || !bytes_equal(x->comment, y->comment))) {
            return false;
        }
        if (!alike(x->type, y->type, likeness)) {
            return false;
        }
    }
    return true;
}

static bool alike(const struct type *a, const struct type *b, enum likeness likeness)
{
    if (a == b) {
        return true;
    }
    if (a->kind != b->kind) {
        return false;
    }
    if (type_is_interval(a)) {
        return likeness == SAME_LAYOUT || (a->from == b->from && a->to == b->to);
    }
    if (a->kind == TYPE_DECIMAL) {
        return a->scale == b->scale && (likeness == SAME_LAYOUT || a->precision == b->precision);
    }
    if (a->kind == TYPE_STRUCT) {
        return structs_alike(a, b, likeness);
    }
    if (a->kind == TYPE_MAP && !alike(a->key, b->key, likeness)) {
        return false;
    }
    return !type_is_nested(a) ||
           ((likeness < SAME_ALL || a->element_nullable == b->element_nullable) &&
            alike(a->element, b->element, likeness));
}

bool type_equal(const struct type *a, const struct type *b)
{
    return alike(a, b, SAME_ALL);
}

bool type_same_values(const struct type *a, const struct type *b)
{
    return alike(a, b, SAME_VALUES);
}

bool type_same_layout(const struct type *a, const struct type *b)
{
    return alike(a, b, SAME_LAYOUT);
}

static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool names_equal(struct bytes a, struct bytes b, bool case_sensitive)
{
    if (case_sensitive || a.len != b.len) {
        return bytes_equal(a, b);
    }
    size_t i = 0;
    while (i < a.len && fold(a.data[i]) == fold(b.data[i])) {
        i++;
    }
    return i == a.len;
}

int32_t type_field_index(const struct type *type, struct bytes name, bool case_sensitive)
{
    for (int32_t i = 0; i < type->field_count; i++) {
        if (names_equal(type->fields[i].name, name, case_sensitive)) {
            return i;
        }
    }
    return -1;
}

size_t type_width(const struct type *type)
{
    return WIDTHS[type->kind];
}
