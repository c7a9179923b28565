/*
 * SipHash: see siphash.h.
 */
#include "base/siphash.h"

enum { WORD = 8, ROUNDS_WORD = 2, ROUNDS_END = 4 };

struct state {
    uint64_t v[4];
};

static uint64_t rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

/* Up to eight bytes, little-endian. */
static uint64_t read_word(const uint8_t *p, size_t len)
{
    uint64_t word = 0;
    for (size_t i = 0; i < len; i++) {
        word |= (uint64_t)p[i] << (8 * i);
    }
    return word;
}

static void mix(struct state *s, int rounds)
{
    uint64_t *v = s->v;
    for (int i = 0; i < rounds; i++) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static void take(struct state *s, uint64_t word)
{
    s->v[3] ^= word;
    mix(s, ROUNDS_WORD);
    s->v[0] ^= word;
}

static uint64_t half(struct state *s)
{
    mix(s, ROUNDS_END);
    return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

struct siphash siphash128(const uint8_t key[SIPHASH_KEY_SIZE], struct bytes data)
{
    uint64_t k0 = read_word(key, WORD);
    uint64_t k1 = read_word(key + WORD, WORD);
    struct state s = { { k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU ^ 0xeeU,
                         k0 ^ 0x6c7967656e657261U, k1 ^ 0x7465646279746573U } };
    size_t whole = data.len - data.len % WORD;
    for (size_t i = 0; i < whole; i += WORD) {
        take(&s, read_word(data.data + i, WORD));
    }
    uint64_t rest = data.len > whole ? read_word(data.data + whole, data.len - whole) : 0;
    take(&s, rest | (uint64_t)data.len << 56);
    struct siphash h;
    s.v[2] ^= 0xeeU;
    h.low = half(&s);
    s.v[1] ^= 0xddU;
    h.high = half(&s);
    return h;
}
