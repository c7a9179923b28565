/*
 * The messages between a check and weir-grade: a list of (key, bytes) pairs, framed by length, over a stream socket.
 *
 *     offset  size
 *     0       4     length of what follows, big endian
 *     then, until the end:
 *             1     length of the key k (1..255)
 *             k     key
 *             4     length of the value v, big endian
 *             v     value
 *
 * A key may occur more than once. Every request gets exactly one answer:
 *
 *     plan                                        -> case*, each "id\nskip reason or nothing"
 *     begin  check                                -> dir (the check's folder), seed, bootstrap (of its cluster)
 *     start  program, var*, input, timeout_ms     -> job, or error
 *     wait   job, timeout_ms                      -> ending, code, wall_ms, cpu_ms, out, err, out_dropped,
 *                                                    err_dropped, message (ending "running": not over yet)
 *     signal job, signo                           -> nothing
 *
 * A request names itself with the key "do"; an answer that begins with "error" says why it was refused.
 * Both ends are ours, and a broken message is still refused, not trusted. Thread: one.
 */
#pragma once

#include "base/buffer.h"
#include "base/bytes.h"
#include "weir/status.h"

enum { MESSAGE_MAX = 8 << 20 };

struct message {
    struct buffer data; /* the pairs, without the length in front */
};

void message_init(struct message *m);
void message_finish(struct message *m);
void message_clear(struct message *m);

void message_put(struct message *m, const char *key, struct bytes value);
void message_put_text(struct message *m, const char *key, const char *value);
void message_put_i64(struct message *m, const char *key, int64_t value);

/* The first value under `key`; false when there is none. The value is borrowed from the message. */
bool message_get(const struct message *m, const char *key, struct bytes *out_value);
/* A number under `key`, or `otherwise`. */
int64_t message_get_i64(const struct message *m, const char *key, int64_t otherwise);
/* The next value under `key` from *position on (0 at first). */
bool message_next(const struct message *m,
                  const char *key,
                  size_t *position,
                  struct bytes *out_value);

/* Blocking. WEIR_ENOTFOUND when the peer has closed the socket between two messages. */
WEIR_CHECKED enum weir_status message_send(int fd, const struct message *m, struct weir_error *err);
WEIR_CHECKED enum weir_status message_receive(int fd, struct message *m, struct weir_error *err);
