/*
 * Order and identity of values: see column.h.
 *
 * The hash multiplies 64 by 64 bits and folds the 128 of the product: a few instructions for a number, and eight bytes at a time
 * for text. Values that compare equal are brought to one form first (-0.0, NaN).
 */
#include <math.h>

#include "columns/column.h"

/* --- order --- */

static int compare_doubles(double a, double b)
{
    if (isnan(a) || isnan(b)) {
        return (int)isnan(a) - (int)isnan(b);
    }
    return (a > b) - (a < b);
}

static int compare_lists(const struct column *a,
                         int32_t a_row,
                         const struct column *b,
                         int32_t b_row)
{
    int32_t a_count = column_count(a, a_row);
    int32_t b_count = column_count(b, b_row);
    int32_t common = a_count < b_count ? a_count : b_count;
    for (int32_t i = 0; i < common; i++) {
        for (int32_t k = 0; k < a->child_count; k++) {
            int order = column_compare(a->children[k], column_first(a, a_row) + i, b->children[k],
                                       column_first(b, b_row) + i);
            if (order != 0) {
                return order;
            }
        }
    }
    return (a_count > b_count) - (a_count < b_count);
}

static int compare_structs(const struct column *a,
                           int32_t a_row,
                           const struct column *b,
                           int32_t b_row)
{
    int order = 0;
    for (int32_t i = 0; i < a->child_count && order == 0; i++) {
        order = column_compare(a->children[i], column_row(a, a_row), b->children[i],
                               column_row(b, b_row));
    }
    return order;
}

static int compare_integers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_decimals(int128 a, int128 b)
{
    return (a > b) - (a < b);
}

static int compare_values(const struct column *a,
                          int32_t a_row,
                          const struct column *b,
                          int32_t b_row)
{
    switch (a->type->kind) {
    case TYPE_BOOLEAN: return (int)column_bool(a, a_row) - (int)column_bool(b, b_row);
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME:
        return compare_integers(column_integer(a, a_row), column_integer(b, b_row));
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return compare_doubles(column_double(a, a_row), column_double(b, b_row));
    case TYPE_DECIMAL: return compare_decimals(column_decimal(a, a_row), column_decimal(b, b_row));
    case TYPE_STRING:
    case TYPE_BINARY: return bytes_compare(column_text(a, a_row), column_text(b, b_row));
    case TYPE_STRUCT: return compare_structs(a, a_row, b, b_row);
    case TYPE_ARRAY:
    case TYPE_MAP: return compare_lists(a, a_row, b, b_row);
    case TYPE_VOID:
    case TYPE_KIND_COUNT: break;
    }
    return 0;
}

int column_compare(const struct column *a, int32_t a_row, const struct column *b, int32_t b_row)
{
    bool a_null = column_is_null(a, a_row);
    bool b_null = column_is_null(b, b_row);
    if (a_null || b_null) {
        return (int)b_null - (int)a_null;
    }
    return compare_values(a, a_row, b, b_row);
}

/* --- hash --- */

static const uint64_t MIX_A = 0xa0761d6478bd642fU;
static const uint64_t MIX_B = 0xe7037ed1a0b428dbU;
static const uint64_t HASH_OF_NULL = 0x8ebc6af09c88c6e3U;

static inline uint64_t mix(uint64_t a, uint64_t b)
{
    uint128 product = (uint128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_word(uint64_t word, uint64_t seed)
{
    return mix(word ^ MIX_A, seed ^ MIX_B);
}

static inline uint64_t hash_null(uint64_t seed)
{
    return hash_word(HASH_OF_NULL, ~seed);
}

static inline uint64_t load_64(const uint8_t *p)
{
    uint64_t word = 0;
    memcpy(&word, p, sizeof(word));
    return word;
}

static inline uint64_t load_32(const uint8_t *p)
{
    uint32_t word = 0;
    memcpy(&word, p, sizeof(word));
    return word;
}

static inline uint64_t hash_bytes(const uint8_t *p, size_t len, uint64_t seed)
{
    uint64_t a = 0;
    uint64_t b = 0;
    seed ^= MIX_A;
    if (len > 16) {
        size_t left = len;
        for (; left > 16; left -= 16, p += 16) {
            seed = mix(load_64(p) ^ MIX_B, load_64(p + 8) ^ seed);
        }
        a = load_64(p + left - 16); /* the last 16 bytes, partly read before */
        b = load_64(p + left - 8);
    } else if (len >= 8) {
        a = load_64(p);
        b = load_64(p + len - 8);
    } else if (len >= 4) {
        a = load_32(p);
        b = load_32(p + len - 4);
    } else if (len > 0) {
        a = (uint64_t)p[0] << 16 | (uint64_t)p[len / 2] << 8 | p[len - 1];
    }
    return mix(MIX_B ^ len, mix(a ^ MIX_B, b ^ seed));
}

static inline uint64_t hash_double(double value, uint64_t seed)
{
    uint64_t bits = 0x7ff8000000000000U; /* every NaN is this one */
    if (value == 0) {
        bits = 0;
    } else if (!isnan(value)) {
        memcpy(&bits, &value, sizeof(bits));
    }
    return hash_word(bits, seed);
}

static inline uint64_t hash_decimal(int128 value, uint64_t seed)
{
    return hash_word((uint64_t)value, hash_word((uint64_t)(value >> 64), seed));
}

static uint64_t hash_nested(const struct column *c, int32_t row, uint64_t seed)
{
    if (c->type->kind == TYPE_STRUCT) {
        for (int32_t i = 0; i < c->child_count; i++) {
            seed = column_hash(c->children[i], column_row(c, row), seed);
        }
        return hash_word((uint64_t)c->child_count, seed);
    }
    int32_t first = column_first(c, row);
    int32_t count = column_count(c, row);
    for (int32_t i = first; i < first + count; i++) {
        for (int32_t k = 0; k < c->child_count; k++) {
            seed = column_hash(c->children[k], i, seed);
        }
    }
    return hash_word((uint64_t)count, seed);
}

uint64_t column_hash(const struct column *c, int32_t row, uint64_t seed)
{
    if (column_is_null(c, row)) {
        return hash_null(seed);
    }
    switch (c->type->kind) {
    case TYPE_BOOLEAN: return hash_word(column_bool(c, row), seed);
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_BIGINT:
    case TYPE_DATE:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_MONTHS:
    case TYPE_INTERVAL_TIME: return hash_word((uint64_t)column_integer(c, row), seed);
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return hash_double(column_double(c, row), seed);
    case TYPE_DECIMAL: return hash_decimal(column_decimal(c, row), seed);
    case TYPE_STRING:
    case TYPE_BINARY: {
        struct bytes text = column_text(c, row);
        return hash_bytes(text.data, text.len, seed);
    }
    case TYPE_STRUCT:
    case TYPE_ARRAY:
    case TYPE_MAP: return hash_nested(c, row, seed);
    case TYPE_VOID:
    case TYPE_KIND_COUNT: break;
    }
    return hash_null(seed);
}

/* A value that is null lies in its place too, whatever it is; so the loop needs no way round it. */
#define HASH_ROWS(name, value_type, hash_value)                                         \
    static void name(const struct column *c, uint64_t *hashes)                          \
    {                                                                                   \
        const value_type *values = c->values;                                           \
        for (int32_t i = 0; i < c->length; i++) {                                       \
            bool null = c->validity && !bit_get(c->validity, i);                        \
            hashes[i] = null ? hash_null(hashes[i]) : hash_value(values[i], hashes[i]); \
        }                                                                               \
    }

static inline uint64_t hash_integer(int64_t value, uint64_t seed)
{
    return hash_word((uint64_t)value, seed);
}

static inline uint64_t hash_float(float value, uint64_t seed)
{
    return hash_double((double)value, seed);
}

HASH_ROWS(hash_rows_8, int8_t, hash_integer)
HASH_ROWS(hash_rows_16, int16_t, hash_integer)
HASH_ROWS(hash_rows_32, int32_t, hash_integer)
HASH_ROWS(hash_rows_64, int64_t, hash_integer)
HASH_ROWS(hash_rows_float, float, hash_float)
HASH_ROWS(hash_rows_double, double, hash_double)
HASH_ROWS(hash_rows_decimal, int128, hash_decimal)

static void hash_rows_text(const struct column *c, uint64_t *hashes)
{
    for (int32_t i = 0; i < c->length; i++) {
        struct bytes text = column_text(c, i);
        bool null = c->validity && !bit_get(c->validity, i);
        hashes[i] = null ? hash_null(hashes[i]) : hash_bytes(text.data, text.len, hashes[i]);
    }
}

/* All rows of a column that is not constant, of a type that has a loop of its own; false when it has none. */
static bool hash_rows_fast(const struct column *c, uint64_t *hashes)
{
    switch (c->type->kind) {
    case TYPE_TINYINT: hash_rows_8(c, hashes); return true;
    case TYPE_SMALLINT: hash_rows_16(c, hashes); return true;
    case TYPE_INT:
    case TYPE_DATE:
    case TYPE_INTERVAL_MONTHS: hash_rows_32(c, hashes); return true;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_TIME: hash_rows_64(c, hashes); return true;
    case TYPE_FLOAT: hash_rows_float(c, hashes); return true;
    case TYPE_DOUBLE: hash_rows_double(c, hashes); return true;
    case TYPE_DECIMAL: hash_rows_decimal(c, hashes); return true;
    case TYPE_STRING:
    case TYPE_BINARY: hash_rows_text(c, hashes); return true;
    case TYPE_VOID:
    case TYPE_BOOLEAN:
    case TYPE_STRUCT:
    case TYPE_ARRAY:
    case TYPE_MAP:
    case TYPE_KIND_COUNT: break;
    }
    return false;
}

void column_hash_rows(const struct column *c, uint64_t *hashes)
{
    if (!c->constant && hash_rows_fast(c, hashes)) {
        return;
    }
    for (int32_t i = 0; i < c->length; i++) {
        hashes[i] = column_hash(c, i, hashes[i]);
    }
}
