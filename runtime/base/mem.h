/*
 * Heap memory that is there or the process is not.
 *
 * Every size that a peer or a file can choose is bounded before it gets here (base/limits.h), so a failed allocation
 * means that the machine is out of memory. Then the process says so on standard error and aborts: what was
 * acknowledged is in files, and a restart recovers it; going on half-way would not be safer.
 *
 * Thread: any.
 */
#pragma once

#include <stddef.h>

/* `count` zeroed objects of `size` bytes; never NULL (count 0 gives a pointer that may be freed). */
void *mem_zalloc(size_t count, size_t size) __attribute__((returns_nonnull, warn_unused_result));

/* Resizes to `count` objects; new memory is not zeroed. */
void *mem_resize(void *old, size_t count, size_t size)
    __attribute__((returns_nonnull, warn_unused_result));

/* A terminated copy of `len` bytes. */
char *mem_text(const void *data, size_t len) __attribute__((returns_nonnull, warn_unused_result));

#define MEM_NEW(type) ((type *)mem_zalloc(1, sizeof(type)))
