/*
 * The pool: a session's worker threads. local[N] has N of them.
 *
 * Thread: pool_run() may be called by several threads at once (queries share the pool); tasks of one call are taken in order.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "weir/status.h"

struct pool;

struct pool *pool_new(int32_t threads, struct weir_error *err);

/* No pool_run() may be in progress. NULL is taken. */
void pool_free(struct pool *p);
int32_t pool_threads(const struct pool *p);

/* task(context, i) for i in [0, count), each once, on the pool's threads; returns when all are done. With one task, or one thread, on the caller's. */
void pool_run(struct pool *p, int32_t count, void (*task)(void *context, int32_t i), void *context);
