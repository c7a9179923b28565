/*
 * Data from the seed. The generator is SplitMix64: one addition and three mixes, the same on every machine.
 */
#include "base/arena.h"
#include "check/case.h"

uint64_t check_random(struct check *c)
{
    c->random_state += 0x9e3779b97f4a7c15U;
    uint64_t z = c->random_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

int64_t check_range(struct check *c, int64_t low, int64_t high)
{
    uint64_t span = (uint64_t)high - (uint64_t)low + 1;
    if (span == 0) {
        return (int64_t)check_random(c);
    }
    /* Values above the last whole multiple of the span would favour small results. */
    uint64_t limit = UINT64_MAX - UINT64_MAX % span;
    uint64_t value = check_random(c);
    while (value >= limit) {
        value = check_random(c);
    }
    return (int64_t)((uint64_t)low + value % span);
}

const char *check_name(struct check *c, const char *prefix)
{
    static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789"; /* none that look alike */
    char tail[7];
    for (size_t i = 0; i < sizeof(tail) - 1; i++) {
        tail[i] = letters[check_range(c, 0, (int64_t)sizeof(letters) - 2)];
    }
    tail[sizeof(tail) - 1] = '\0';
    return check_text(c, "%s-%s", prefix, tail);
}

static void swap_items(uint8_t *a, uint8_t *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

void check_shuffle(struct check *c, void *items, size_t count, size_t size)
{
    uint8_t *base = items;
    for (size_t i = count; i > 1; i--) {
        size_t j = (size_t)check_range(c, 0, (int64_t)i - 1);
        swap_items(base + (i - 1) * size, base + j * size, size);
    }
}
