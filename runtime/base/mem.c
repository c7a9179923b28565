/*
 * Allocation that cannot fail: see mem.h.
 */
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void out_of_memory(size_t count, size_t size)
{
    (void)fprintf(stderr, "weir: out of memory (%zu objects of %zu bytes)\n", count, size);
    abort();
}

void *mem_zalloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p) {
        out_of_memory(count, size);
    }
    return p;
}

void *mem_resize(void *old, size_t count, size_t size)
{
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) {
        out_of_memory(count, size);
    }
    void *p = realloc(old, total ? total : 1);
    if (!p) {
        out_of_memory(count, size);
    }
    return p;
}

char *mem_text(const void *data, size_t len)
{
    char *copy = mem_zalloc(len + 1, 1);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    return copy;
}
