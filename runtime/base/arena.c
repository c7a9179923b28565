/*
 * Arenas: see arena.h. A chunk is one malloc: a header, then the bytes handed out from low to high.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

#if defined(__has_feature) /* clang's way to ask what gcc answers with a macro */
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum {
    CHUNK_DEFAULT = 4096,
    CHUNK_GROWTH_MAX = 1 << 20,
    CHUNK_KEPT_MAX = 64 << 10, /* what an idle arena may hold on to */
    ALIGNMENT = _Alignof(max_align_t),
};

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* of data */
    size_t used;
    _Alignas(max_align_t) unsigned char data[];
};

static struct arena_chunk *chunk_create(struct arena_chunk *older, size_t size)
{
    struct arena_chunk *chunk = mem_resize(NULL, 1, sizeof(*chunk) + size);
    chunk->older = older;
    chunk->size = size;
    chunk->used = 0;
    POISON(chunk->data, chunk->size);
    return chunk;
}

static void chunk_destroy(struct arena_chunk *chunk)
{
    UNPOISON(chunk->data, chunk->size);
    free(chunk);
}

void arena_init(struct arena *a, size_t chunk_size)
{
    *a = (struct arena){ .chunk_size = chunk_size ? chunk_size : CHUNK_DEFAULT };
}

void arena_finish(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *chunk = a->chunks;
        a->chunks = chunk->older;
        chunk_destroy(chunk);
    }
    a->used = 0;
}

/* Keeps the newest chunk, which is the one that a whole round may fit into; the first one where that would be too much. */
void arena_reset(struct arena *a)
{
    struct arena_chunk *kept = a->chunks;
    while (kept && kept->older && kept->size > CHUNK_KEPT_MAX) {
        kept = kept->older;
    }
    while (a->chunks) {
        struct arena_chunk *chunk = a->chunks;
        a->chunks = chunk->older;
        if (chunk != kept) {
            chunk_destroy(chunk);
        }
    }
    if (kept) {
        kept->older = NULL;
        kept->used = 0;
        POISON(kept->data, kept->size);
        a->chunk_size = kept->size < CHUNK_KEPT_MAX ? kept->size * 2 : CHUNK_KEPT_MAX;
    }
    a->chunks = kept;
    a->used = 0;
}

void *arena_alloc(struct arena *a, size_t count, size_t size)
{
    size_t total = 0;
    bool overflow = __builtin_mul_overflow(count, size, &total);
    assert(!overflow && total < SIZE_MAX / 2);
    size_t rounded = (total + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

    struct arena_chunk *chunk = a->chunks;
    if (!chunk || chunk->size - chunk->used < rounded) {
        size_t wanted = a->chunk_size > rounded ? a->chunk_size : rounded;
        chunk = a->chunks = chunk_create(a->chunks, wanted);
        if (a->chunk_size < CHUNK_GROWTH_MAX) {
            a->chunk_size *= 2;
        }
    }
    void *p = chunk->data + chunk->used;
    chunk->used += rounded;
    a->used += rounded;
    UNPOISON(p, total);
    return total ? memset(p, 0, total) : p;
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
    if (bytes_is_null(b)) {
        return b;
    }
    return (struct bytes){ (uint8_t *)arena_text(a, b), b.len };
}

char *arena_text(struct arena *a, struct bytes b)
{
    char *copy = arena_alloc(a, b.len + 1, 1);
    if (b.len > 0) {
        memcpy(copy, b.data, b.len);
    }
    return copy;
}

struct bytes arena_printf(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    char *text = arena_alloc(a, (size_t)len + 1, 1);
    (void)vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return (struct bytes){ (uint8_t *)text, (size_t)len };
}
