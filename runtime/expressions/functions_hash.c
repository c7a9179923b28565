/*
 * Hashes: see function.h. hash() is Murmur3 of 32 bits, xxhash64() XXH64, both from seed 42 as Spark takes them; md5, sha1, sha2 and crc32
 * are everybody's.
 *
 * Several values are hashed one after the other, each from the hash of those before; null leaves it as it is. -0.0 counts as 0.0.
 */
#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"
#include "expressions/analysis.h"
#include "expressions/string_parts.h"

/* --- Murmur3 --- */

static inline uint32_t rotate32(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

static inline uint32_t murmur_mix(uint32_t hash, uint32_t k)
{
    k = rotate32(k * 0xcc9e2d51U, 15) * 0x1b873593U;
    return rotate32(hash ^ k, 13) * 5 + 0xe6546b64U;
}

static inline uint32_t murmur_finish(uint32_t hash, uint32_t length)
{
    hash ^= length;
    hash = (hash ^ hash >> 16) * 0x85ebca6bU;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
    return hash ^ hash >> 16;
}

static inline uint64_t murmur_int(uint32_t value, uint64_t seed)
{
    return murmur_finish(murmur_mix((uint32_t)seed, value), 4);
}

static inline uint64_t murmur_long(uint64_t value, uint64_t seed)
{
    uint32_t hash = murmur_mix((uint32_t)seed, (uint32_t)value);
    return murmur_finish(murmur_mix(hash, (uint32_t)(value >> 32)), 8);
}

/* Not quite Murmur3: each byte behind the last whole word is mixed in as a word of its own. */
static uint64_t murmur_bytes(struct bytes text, uint64_t seed)
{
    uint32_t hash = (uint32_t)seed;
    size_t i = 0;
    for (; i + 4 <= text.len; i += 4) {
        uint32_t word = 0;
        memcpy(&word, text.data + i, 4);
        hash = murmur_mix(hash, word);
    }
    for (; i < text.len; i++) {
        hash = murmur_mix(hash, (uint32_t)(int32_t)(int8_t)text.data[i]);
    }
    return murmur_finish(hash, (uint32_t)text.len);
}

/* --- XXH64 --- */

#define PRIME1 0x9e3779b185ebca87U
#define PRIME2 0xc2b2ae3d27d4eb4fU
#define PRIME3 0x165667b19e3779f9U
#define PRIME4 0x85ebca77c2b2ae63U
#define PRIME5 0x27d4eb2f165667c5U

static inline uint64_t rotate64(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static inline uint64_t xx_finish(uint64_t hash)
{
    hash = (hash ^ hash >> 33) * PRIME2;
    hash = (hash ^ hash >> 29) * PRIME3;
    return hash ^ hash >> 32;
}

static inline uint64_t xx_add_word(uint64_t hash, uint64_t value)
{
    hash ^= rotate64(value * PRIME2, 31) * PRIME1;
    return rotate64(hash, 27) * PRIME1 + PRIME4;
}

static inline uint64_t xx_add_half(uint64_t hash, uint32_t value)
{
    hash ^= (uint64_t)value * PRIME1;
    return rotate64(hash, 23) * PRIME2 + PRIME3;
}

static inline uint64_t xx_int(uint32_t value, uint64_t seed)
{
    return xx_finish(xx_add_half(seed + PRIME5 + 4, value));
}

static inline uint64_t xx_long(uint64_t value, uint64_t seed)
{
    return xx_finish(xx_add_word(seed + PRIME5 + 8, value));
}

static uint64_t read64(const uint8_t *at)
{
    uint64_t word = 0;
    memcpy(&word, at, 8);
    return word;
}

static uint64_t xx_blocks(struct bytes text, uint64_t seed, size_t *at)
{
    uint64_t lanes[4] = { seed + PRIME1 + PRIME2, seed + PRIME2, seed, seed - PRIME1 };
    for (; *at + 32 <= text.len; *at += 32) {
        for (size_t k = 0; k < 4; k++) {
            uint64_t word = read64(text.data + *at + k * 8);
            lanes[k] = rotate64(lanes[k] + word * PRIME2, 31) * PRIME1;
        }
    }
    uint64_t hash = rotate64(lanes[0], 1) + rotate64(lanes[1], 7) + rotate64(lanes[2], 12) +
                    rotate64(lanes[3], 18);
    for (size_t k = 0; k < 4; k++) {
        hash = (hash ^ rotate64(lanes[k] * PRIME2, 31) * PRIME1) * PRIME1 + PRIME4;
    }
    return hash;
}

static uint64_t xx_bytes(struct bytes text, uint64_t seed)
{
    size_t at = 0;
    uint64_t hash = text.len >= 32 ? xx_blocks(text, seed, &at) : seed + PRIME5;
    hash += text.len;
    for (; at + 8 <= text.len; at += 8) {
        hash = xx_add_word(hash, read64(text.data + at));
    }
    if (at + 4 <= text.len) {
        uint32_t half = 0;
        memcpy(&half, text.data + at, 4);
        hash = xx_add_half(hash, half);
        at += 4;
    }
    for (; at < text.len; at++) {
        hash = rotate64(hash ^ text.data[at] * PRIME5, 11) * PRIME1;
    }
    return xx_finish(hash);
}

/* --- values --- */

struct hasher {
    uint64_t (*of_int)(uint32_t value, uint64_t seed);
    uint64_t (*of_long)(uint64_t value, uint64_t seed);
    uint64_t (*of_bytes)(struct bytes text, uint64_t seed);
};

static uint64_t hash_floating(const struct hasher *h,
                              const struct column *c,
                              int32_t row,
                              uint64_t seed)
{
    double value = column_double(c, row);
    value = value == 0 ? 0 : isnan(value) ? (double)NAN : value;
    if (c->type->kind == TYPE_FLOAT) {
        float narrow = (float)value;
        uint32_t bits = 0;
        memcpy(&bits, &narrow, 4);
        return h->of_int(isnan(narrow) ? 0x7fc00000U : bits, seed);
    }
    uint64_t bits = 0;
    memcpy(&bits, &value, 8);
    return h->of_long(isnan(value) ? 0x7ff8000000000000U : bits, seed);
}

/* Long ones as Java's BigInteger.toByteArray(): the fewest bytes, the highest first. */
static uint64_t hash_decimal(const struct hasher *h,
                             const struct column *c,
                             int32_t row,
                             uint64_t seed)
{
    int128 value = column_decimal(c, row);
    if (c->type->precision <= 18) {
        return h->of_long((uint64_t)(int64_t)value, seed);
    }
    uint8_t all[16];
    for (int i = 0; i < 16; i++) {
        all[i] = (uint8_t)((uint128)value >> (120 - i * 8));
    }
    size_t skip = 0;
    uint8_t sign = value < 0 ? 0xff : 0;
    while (skip < 15 && all[skip] == sign && (all[skip + 1] & 0x80) == (sign & 0x80)) {
        skip++;
    }
    return h->of_bytes((struct bytes){ all + skip, 16 - skip }, seed);
}

static uint64_t hash_value(const struct hasher *h,
                           const struct column *c,
                           int32_t row,
                           uint64_t seed)
{
    if (column_is_null(c, row)) {
        return seed;
    }
    switch (c->type->kind) {
    case TYPE_BOOLEAN: return h->of_int(column_bool(c, row), seed);
    case TYPE_TINYINT:
    case TYPE_SMALLINT:
    case TYPE_INT:
    case TYPE_DATE:
    case TYPE_INTERVAL_MONTHS: return h->of_int((uint32_t)column_integer(c, row), seed);
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMP_NTZ:
    case TYPE_INTERVAL_TIME: return h->of_long((uint64_t)column_integer(c, row), seed);
    case TYPE_FLOAT:
    case TYPE_DOUBLE: return hash_floating(h, c, row, seed);
    case TYPE_DECIMAL: return hash_decimal(h, c, row, seed);
    case TYPE_STRING:
    case TYPE_BINARY: return h->of_bytes(column_text(c, row), seed);
    case TYPE_STRUCT:
        for (int32_t i = 0; i < c->child_count; i++) {
            seed = hash_value(h, c->children[i], column_row(c, row), seed);
        }
        return seed;
    case TYPE_ARRAY:
        for (int32_t i = 0, first = column_first(c, row); i < column_count(c, row); i++) {
            seed = hash_value(h, c->children[0], first + i, seed);
        }
        return seed;
    case TYPE_VOID:
    case TYPE_MAP:
    case TYPE_KIND_COUNT: break;
    }
    return seed;
}

static void hash_columns(const struct hasher *h,
                         const struct expression *call,
                         struct column *const *args,
                         const struct rows *rows,
                         uint64_t *hashes)
{
    for (int32_t i = 0; i < rows->count; i++) {
        hashes[i] = 42;
    }
    for (int32_t k = 0; k < call->count; k++) {
        for (int32_t i = 0; i < rows->count; i++) {
            hashes[i] = hash_value(h, args[k], i, hashes[i]);
        }
    }
}

static KERNEL(hash_xx)
{
    static const struct hasher h = { xx_int, xx_long, xx_bytes };
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    hash_columns(&h, call, args, rows, v.values);
    return vector_finish(&v);
}

static KERNEL(hash_murmur)
{
    static const struct hasher h = { murmur_int, murmur_long, murmur_bytes };
    (void)ev;
    struct vector v = vector_new(call->type, rows);
    uint64_t *hashes = mem_zalloc((size_t)rows->count + 1, sizeof(*hashes));
    hash_columns(&h, call, args, rows, hashes);
    for (int32_t i = 0; i < rows->count; i++) {
        ((int32_t *)v.values)[i] = (int32_t)(uint32_t)hashes[i];
    }
    free(hashes);
    return vector_finish(&v);
}

static bool has_map(const struct type *type)
{
    bool found = type->kind == TYPE_MAP || (type->kind == TYPE_ARRAY && has_map(type->element));
    for (int32_t i = 0; !found && i < type->field_count; i++) {
        found = has_map(type->fields[i].type);
    }
    return found;
}

static bool check_hash(struct analysis *a, struct expression *call)
{
    static const struct sql_condition maps = { "DATATYPE_MISMATCH.HASH_MAP_TYPE", "42K09",
                                               "ExtendedAnalysisException" };
    for (int32_t i = 0; i < call->count; i++) {
        if (has_map(call->args[i]->type)) {
            return analysis_mismatch(
                a, call, &maps,
                "Input to the function `%s` cannot contain elements of the \"MAP\" type. In Spark, "
                "same maps may have different hashcode, thus hash expressions are prohibited on "
                "\"MAP\" elements. To restore previous behavior set "
                "\"spark.sql.legacy.allowHashOnMapType\" to \"true\".",
                call->function->name);
        }
    }
    return true;
}

/* --- digests --- */

/* The algorithm is looked up once for many rows: the library takes longer for that than for a short text. */
struct digest {
    EVP_MD_CTX *context;
    EVP_MD *kind;
    int64_t bits;
};

static const char *digest_name(const struct expression *call, int64_t bits)
{
    const char *name = call->function->name;
    return strcmp(name, "md5") == 0    ? "MD5"
           : strcmp(name, "sha2") != 0 ? "SHA1"
           : bits == 0 || bits == 256  ? "SHA256"
           : bits == 224               ? "SHA224"
           : bits == 384               ? "SHA384"
           : bits == 512               ? "SHA512"
                                       : NULL;
}

/* False: there is no such algorithm. */
static bool use_digest(struct digest *d, const struct expression *call, int64_t bits)
{
    if (!d->kind || d->bits != bits) {
        const char *name = digest_name(call, bits);
        EVP_MD_free(d->kind);
        d->kind = name ? EVP_MD_fetch(NULL, name, NULL) : NULL;
        d->bits = bits;
    }
    return d->kind != NULL;
}

static bool add_digest(struct digest *d, struct texts *out, struct bytes text)
{
    static const char DIGITS[] = "0123456789abcdef";
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    if (EVP_DigestInit_ex2(d->context, d->kind, NULL) != 1 ||
        EVP_DigestUpdate(d->context, text.data, text.len) != 1 ||
        EVP_DigestFinal_ex(d->context, bytes, &len) != 1) {
        return false;
    }
    uint8_t *at = texts_room(out, (size_t)len * 2);
    for (unsigned int i = 0; at && i < len; i++) {
        *at++ = (uint8_t)DIGITS[bytes[i] >> 4];
        *at++ = (uint8_t)DIGITS[bytes[i] & 15];
        out->len += 2;
    }
    return true;
}

static KERNEL(digest)
{
    struct digest d = { .context = EVP_MD_CTX_new() };
    struct texts t = texts_new(call->type, rows, (size_t)rows->count * 40);
    for (int32_t i = 0; i < rows->count; i++) {
        if (row_counts(rows, i)) {
            int64_t bits = call->count > 1 ? column_integer(args[1], i) : 0;
            if (!d.context || !use_digest(&d, call, bits) ||
                !add_digest(&d, &t, column_text(args[0], i))) {
                texts_null(&t, i);
            }
        }
        texts_close(&t, i);
    }
    EVP_MD_free(d.kind);
    EVP_MD_CTX_free(d.context);
    return texts_finish(&t, ev, call);
}

static enum row_outcome crc32_row(struct row_call *c, int32_t row)
{
    struct bytes text = column_text(c->args[0], row);
    c->number = (int64_t)crc32_z(0, text.data, text.len);
    return ROW_VALUE;
}

static KERNEL(checksum_crc32)
{
    return numbers_by_row(ev, call, args, rows, crc32_row);
}

const struct function functions_hash[] = {
    { .name = "hash",
      .takes = "x*",
      .returns = 'i',
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .check = check_hash,
      .evaluate = hash_murmur },
    { .name = "xxhash64",
      .takes = "x*",
      .returns = 'l',
      .nulls = NULLS_OWN,
      .nullable = NULLABLE_NEVER,
      .check = check_hash,
      .evaluate = hash_xx },
    { .name = "md5", .takes = "B", .returns = 's', .evaluate = digest },
    { .name = "sha", .takes = "B", .returns = 's', .evaluate = digest },
    { .name = "sha1", .takes = "B", .returns = 's', .evaluate = digest },
    { .name = "sha2",
      .takes = "Bi",
      .returns = 's',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = digest },
    { .name = "crc32", .takes = "B", .returns = 'l', .evaluate = checksum_crc32 },
    { 0 },
};
