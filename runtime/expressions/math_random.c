/*
 * rand, randn, randstr: Spark's XORShiftRandom, so that a seed gives the numbers that it gives there.
 *
 * The sequence starts anew with each batch of a partition, from the seed, the partition's number and the batch's first row.
 */
#include <errno.h>
#include <math.h>
#include <sys/random.h>

#include "expressions/coercion.h"
#include "expressions/math_functions.h"
#include "expressions/sql_conditions.h"

struct generator {
    uint64_t state;
    bool has_spare; /* of normal numbers, which come in pairs */
    double spare;
};

static uint32_t mix(uint32_t hash, uint32_t k)
{
    k *= 0xcc9e2d51U;
    k = (k << 15 | k >> 17) * 0x1b873593U;
    hash ^= k;
    return (hash << 13 | hash >> 19) * 5 + 0xe6546b64U;
}

/* Murmur3 of the seed's eight bytes, the highest first. */
static uint32_t hash_seed(uint64_t seed, uint32_t hash)
{
    hash = mix(hash, __builtin_bswap32((uint32_t)(seed >> 32)));
    hash = mix(hash, __builtin_bswap32((uint32_t)seed)) ^ 8;
    hash = (hash ^ hash >> 16) * 0x85ebca6bU;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
    return hash ^ hash >> 16;
}

static struct generator generator_new(uint64_t seed)
{
    uint32_t low = hash_seed(seed, 0x3c074a61U);
    uint32_t high = hash_seed(seed, low);
    return (struct generator){ .state = (uint64_t)high << 32 | low };
}

static int32_t next_bits(struct generator *g, int bits)
{
    g->state ^= g->state << 21;
    g->state ^= g->state >> 35;
    g->state ^= g->state << 4;
    return (int32_t)(uint32_t)(g->state & (((uint64_t)1 << bits) - 1));
}

static double next_double(struct generator *g)
{
    int64_t high = (int64_t)next_bits(g, 26) << 27;
    return (double)(high + next_bits(g, 27)) * 0x1p-53;
}

static double next_normal(struct generator *g)
{
    if (g->has_spare) {
        g->has_spare = false;
        return g->spare;
    }
    double x = 0;
    double y = 0;
    double size = 0;
    do {
        x = 2 * next_double(g) - 1;
        y = 2 * next_double(g) - 1;
        size = x * x + y * y;
    } while (size >= 1 || size == 0);
    double factor = sqrt(-2 * log(size) / size);
    g->spare = y * factor;
    g->has_spare = true;
    return x * factor;
}

/* The seed is the call's last argument, or was drawn in the analysis. */
static struct generator generator_of(struct evaluation *ev,
                                     const struct expression *call,
                                     struct column *const *args)
{
    int64_t seed = 0;
    if (call->extra) {
        memcpy(&seed, call->extra, sizeof(seed));
    } else if (!column_is_null(args[call->count - 1], 0)) {
        seed = column_integer(args[call->count - 1], 0);
    }
    return generator_new((uint64_t)seed + (uint64_t)ev->partition +
                         (uint64_t)ev->first_row * 0x9e3779b97f4a7c15U);
}

static void draw_seed(struct analysis *a, struct expression *call, int32_t seeded)
{
    if (call->count < seeded) {
        int64_t *seed = ARENA_NEW(a->arena, int64_t, 1);
        while (getrandom(seed, sizeof(*seed), 0) < 0 && errno == EINTR) {
        }
        call->extra = seed;
    }
}

static bool check_constant(struct analysis *a, struct expression *call, int32_t i, const char *name)
{
    if (i >= call->count || expression_is_constant(call->args[i])) {
        return true;
    }
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    expression_print_sql(&text, call->args[i]);
    (void)analysis_mismatch(a, call, &sql_non_foldable,
                            "the input `%s` should be a foldable \"INT\" or \"BIGINT\" expression; "
                            "however, got \"%.*s\".",
                            name, BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
    return false;
}

bool check_math_rand(struct analysis *a, struct expression *call)
{
    draw_seed(a, call, 1);
    return check_constant(a, call, 0, "seed");
}

KERNEL(math_rand)
{
    struct generator g = generator_of(ev, call, args);
    bool normal = strcmp(call->function->name, "randn") == 0;
    struct vector v = vector_new(call->type, rows);
    double *out = v.values;
    for (int32_t i = 0; i < rows->count; i++) {
        out[i] = normal ? next_normal(&g) : next_double(&g);
    }
    return vector_finish(&v);
}

bool check_math_randstr(struct analysis *a, struct expression *call)
{
    draw_seed(a, call, 2);
    return check_constant(a, call, 0, "length") && check_constant(a, call, 1, "seed");
}

/* Digits and letters, all as likely. */
KERNEL(math_randstr)
{
    struct generator g = generator_of(ev, call, args);
    int64_t length = column_is_null(args[0], 0) ? 0 : column_integer(args[0], 0);
    struct texts t = texts_new(call->type, rows, 16);
    for (int32_t i = 0; i < rows->count; i++) {
        for (int64_t k = 0; k < length && !t.overflow; k++) {
            int32_t drawn = (int32_t)(uint32_t)next_bits(&g, 32) % 62;
            drawn = drawn < 0 ? -drawn : drawn;
            texts_add_byte(&t, (uint8_t)(drawn < 10   ? '0' + drawn
                                         : drawn < 36 ? 'a' + drawn - 10
                                                      : 'A' + drawn - 36));
        }
        texts_close(&t, i);
    }
    return texts_finish(&t, ev, call);
}
