/*
 * What one connection has to send: bytes from memory with ranges of files in between.
 *
 *     memory   |--- head ---|             |--- tail ---|
 *     parts                 ^ file range
 *
 * Memory goes out by send(2), file ranges by sendfile(2), in order, as far as the socket takes them; a later call goes
 * on where the last one stopped. Nothing of a large file range passes through this process; small ones are read into the
 * memory, because one system call for all costs less than not copying some kilobytes.
 *
 * Ownership: outbound_add() takes the buffer's memory and one release() of every part.
 * Thread: one at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "weir/status.h"

struct file_part {
    size_t at; /* sent after this many bytes of the memory */
    int fd;
    int64_t position;
    size_t len;
    void (*release)(void *owner); /* once it is sent or dropped; NULL: nothing to release */
    void *owner;
};

struct outbound {
    struct buffer memory;
    size_t memory_sent;
    struct file_part *parts; /* owned */
    size_t part_count;
    size_t part_index; /* the first that is not sent whole */
    bool failed; /* a file was shorter than promised: what follows would be taken for its bytes */
};

void outbound_init(struct outbound *out);
void outbound_finish(struct outbound *out);

/* Behind what is pending. `memory` is left empty; `parts` (heap, ascending `at`) is taken. */
void outbound_add(struct outbound *out,
                  struct buffer *memory,
                  struct file_part *parts,
                  size_t part_count);

static inline bool outbound_pending(const struct outbound *out)
{
    return out->memory_sent < out->memory.len || out->part_index < out->part_count;
}

/* Bytes that are not sent. */
size_t outbound_size(const struct outbound *out);

/* Sends what the socket takes. WEIR_OK also when some is left; WEIR_EIO when the connection or a file failed. */
WEIR_CHECKED enum weir_status outbound_send(struct outbound *out, int fd, struct weir_error *err);
