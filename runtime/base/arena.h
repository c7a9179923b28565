/*
 * Arenas: memory that is given back all at once.
 *
 * A request, a decoded message, a response under construction: whatever lives and dies together comes from one
 * arena. It grows by chunks, hands out zeroed, aligned memory, and never moves what it handed out. arena_reset()
 * keeps one chunk of up to 64 KiB for the next round, so a steady load allocates nothing and an idle arena holds little.
 *
 * Under AddressSanitizer memory that is not handed out is poisoned.
 *
 * Thread: one at a time.
 */
#pragma once

#include <stddef.h>

#include "base/bytes.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunks; /* the newest first */
    size_t chunk_size;          /* for the next chunk; doubles up to a bound */
    size_t used;                /* bytes handed out since init or reset */
};

/* Nothing is allocated until the first use. `chunk_size` 0 takes a default that suits one request. */
void arena_init(struct arena *a, size_t chunk_size);
void arena_finish(struct arena *a);
void arena_reset(struct arena *a);

/* `count` zeroed objects of `size` bytes, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *a, size_t count, size_t size) __attribute__((returns_nonnull));

/* Copies into the arena; arena_text() adds a terminator. A null range stays null. */
struct bytes arena_copy(struct arena *a, struct bytes b);
char *arena_text(struct arena *a, struct bytes b);

/* printf into the arena. */
struct bytes arena_printf(struct arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define ARENA_NEW(a, type, count) ((type *)arena_alloc((a), (count), sizeof(type)))
