/*
 * Data types: what a column holds, with Spark SQL's names and meaning.
 *
 * A type is a tree of immutable nodes. Simple types are the same few objects for everybody (type_simple); decimals, intervals
 * and nested types live in the arena that they were made in, which must outlive whatever points at them: a session's, a
 * plan's. Whether a null may occur is no part of a type but of the place that has it: a field, an array's elements,
 * a map's values.
 *
 *   kind                  a value is                                        in a column (column.h)
 *   void                  always null                                       nothing
 *   boolean               true, false                                       a bit
 *   tinyint .. bigint     a signed integer of 8, 16, 32, 64 bits            int8_t .. int64_t
 *   float, double         IEEE 754                                          float, double
 *   decimal(p,s)          unscaled integer of up to 38 digits / 10^s        int128
 *   string, binary        UTF-8 text, bytes                                 offsets and bytes
 *   date                  days since 1970-01-01                             int32_t
 *   timestamp             microseconds since 1970-01-01T00:00Z              int64_t
 *   timestamp_ntz         microseconds, of a clock in no particular zone    int64_t
 *   interval, months      months                                            int32_t
 *   interval, time        microseconds                                      int64_t
 *   struct, array, map    other values                                      child columns
 *
 * Source: org.apache.spark.sql.types. Thread: any; everything here is immutable once made.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "base/bytes.h"

/* 128-bit integers: the unscaled values of decimals. */
__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

enum type_kind {
    TYPE_VOID,
    TYPE_BOOLEAN,
    TYPE_TINYINT,
    TYPE_SMALLINT,
    TYPE_INT,
    TYPE_BIGINT,
    TYPE_FLOAT,
    TYPE_DOUBLE,
    TYPE_DECIMAL,
    TYPE_STRING,
    TYPE_BINARY,
    TYPE_DATE,
    TYPE_TIMESTAMP,
    TYPE_TIMESTAMP_NTZ,
    TYPE_INTERVAL_MONTHS,
    TYPE_INTERVAL_TIME,
    TYPE_STRUCT,
    TYPE_ARRAY,
    TYPE_MAP,
    TYPE_KIND_COUNT,
};

/* The units that an interval type names: INTERVAL YEAR TO MONTH, INTERVAL DAY TO SECOND, and every part of those. */
enum interval_unit {
    UNIT_YEAR,
    UNIT_MONTH,
    UNIT_DAY,
    UNIT_HOUR,
    UNIT_MINUTE,
    UNIT_SECOND,
};

enum {
    DECIMAL_MAX_PRECISION = 38,
    DECIMAL_MAX_SCALE = 38,
    TYPE_MAX_DEPTH =
        64, /* of nesting; checked where text is parsed, so that recursion over a type is bounded */
};

struct type;

struct field {
    struct bytes name;
    const struct type *type;
    bool nullable;
    struct bytes comment; /* null: none */
};

struct type {
    enum type_kind kind;
    uint8_t precision; /* decimal */
    uint8_t scale;
    enum interval_unit from; /* intervals */
    enum interval_unit to;
    int32_t field_count; /* struct */
    const struct field *fields;
    const struct type *key;     /* map */
    const struct type *element; /* array: of its elements; map: of its values */
    bool element_nullable;
};

/* A type without parameters: everything but decimal, intervals, struct, array and map. Intervals give the widest. */
const struct type *type_simple(enum type_kind kind);

const struct type *type_decimal(struct arena *arena, int precision, int scale);
const struct type *type_interval(struct arena *arena,
                                 enum interval_unit from,
                                 enum interval_unit to);
const struct type *type_array(struct arena *arena,
                              const struct type *element,
                              bool element_nullable);
const struct type *type_map(struct arena *arena,
                            const struct type *key,
                            const struct type *value,
                            bool value_nullable);

/* The fields are copied, their names and types are not. */
const struct type *type_struct(struct arena *arena, const struct field *fields, int32_t count);

/* A copy of everything, names included, in `arena`. */
const struct type *type_copy(struct arena *arena, const struct type *type);

/* The same in everything. */
bool type_equal(const struct type *a, const struct type *b);

/* The same but for nullability and comments: a value of one is a value of the other. */
bool type_same_values(const struct type *a, const struct type *b);

/* Columns of both are made of the same buffers: names and the units of intervals may differ too. */
bool type_same_layout(const struct type *a, const struct type *b);

/* The index of the field, -1 when there is none. Spark's default: upper and lower case are the same. */
int32_t type_field_index(const struct type *type, struct bytes name, bool case_sensitive);

/* Bytes of one value in a column's `values`; 0 for what has no fixed width (and booleans, which are bits). */
size_t type_width(const struct type *type);

static inline bool type_is_integral(const struct type *t);
static inline bool type_is_numeric(const struct type *t);
static inline bool type_is_fractional(const struct type *t); /* float, double, decimal */
static inline bool type_is_nested(const struct type *t);
static inline bool type_is_interval(const struct type *t);
static inline bool type_has_bytes(const struct type *t); /* string, binary */

/* --- text: every form that Spark prints --- */

/* "struct<id:int,name:string>": simpleString, the `type` of a result. */
void type_print(struct buffer *out, const struct type *type);

/* "STRUCT<id: INT, name: STRING>": sql, as in messages ("INT"). */
void type_print_sql(struct buffer *out, const struct type *type);

/* {"type":"struct","fields":[...]}: json. */
void type_print_json(struct buffer *out, const struct type *type);

/* "id INT,name STRING": toDDL, of a struct. */
void type_print_ddl(struct buffer *out, const struct type *type);

/* "root\n |-- id: integer (nullable = true)\n": treeString of a struct; printSchema adds one more newline. */
void type_print_tree(struct buffer *out, const struct type *type);

/* "integer": typeName, as in trees and JSON. */
void type_print_kind(struct buffer *out, const struct type *type);

/* A name as SQL text, in backquotes where it needs them. */
void type_print_name(struct buffer *out, struct bytes name);

/* --- inline bodies --- */

static inline bool type_is_integral(const struct type *t)
{
    return t->kind >= TYPE_TINYINT && t->kind <= TYPE_BIGINT;
}

static inline bool type_is_numeric(const struct type *t)
{
    return t->kind >= TYPE_TINYINT && t->kind <= TYPE_DECIMAL;
}

static inline bool type_is_fractional(const struct type *t)
{
    return t->kind >= TYPE_FLOAT && t->kind <= TYPE_DECIMAL;
}

static inline bool type_is_nested(const struct type *t)
{
    return t->kind >= TYPE_STRUCT;
}

static inline bool type_is_interval(const struct type *t)
{
    return t->kind == TYPE_INTERVAL_MONTHS || t->kind == TYPE_INTERVAL_TIME;
}

static inline bool type_has_bytes(const struct type *t)
{
    return t->kind == TYPE_STRING || t->kind == TYPE_BINARY;
}
