/*
 * Sending memory and file ranges: see outbound.h.
 */
#include "net/outbound.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "base/error.h"

void outbound_init(struct outbound *out)
{
    *out = (struct outbound){ 0 };
}

void outbound_finish(struct outbound *out)
{
    for (size_t i = out->part_index; i < out->part_count; i++) {
        if (out->parts[i].release) {
            out->parts[i].release(out->parts[i].owner);
        }
    }
    free(out->parts);
    buffer_finish(&out->memory);
    outbound_init(out);
}

void outbound_set(struct outbound *out,
                  struct buffer *memory,
                  struct file_part *parts,
                  size_t part_count)
{
    assert(!outbound_pending(out));
    outbound_finish(out);
    out->memory = *memory;
    *memory = (struct buffer){ .max = memory->max };
    out->parts = parts;
    out->part_count = part_count;
}

bool outbound_pending(const struct outbound *out)
{
    return out->memory_sent < out->memory.len || out->part_index < out->part_count;
}

/* Takes `n` of an attempt that wanted more: true when the caller may go on, false when the socket is full. */
static bool attempt_went_through(ssize_t n)
{
    return n >= 0 || errno == EINTR;
}

static ssize_t send_memory(struct outbound *out, int fd, size_t until)
{
    bool more = out->part_index <
                out->part_count; /* let the kernel join a header and the records behind it */
    ssize_t n = send(fd, out->memory.data + out->memory_sent, until - out->memory_sent,
                     MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    if (n > 0) {
        out->memory_sent += (size_t)n;
    }
    return n;
}

static ssize_t send_part(struct outbound *out, int fd)
{
    struct file_part *part = &out->parts[out->part_index];
    off_t position = part->position;
    ssize_t n = part->len > 0 ? sendfile(fd, part->fd, &position, part->len) : 0;
    if (n == 0 && part->len > 0) {
        errno = EIO; /* the file is shorter than the range that was promised */
        return -1;
    }
    if (n < 0) {
        return n;
    }
    part->position += n;
    part->len -= (size_t)n;
    if (part->len == 0) {
        if (part->release) {
            part->release(part->owner);
        }
        out->part_index++;
    }
    return n;
}

enum weir_status outbound_send(struct outbound *out, int fd, struct weir_error *err)
{
    while (outbound_pending(out)) {
        bool has_part = out->part_index < out->part_count;
        size_t until = has_part ? out->parts[out->part_index].at : out->memory.len;
        ssize_t n = out->memory_sent < until ? send_memory(out, fd, until) : send_part(out, fd);
        if (attempt_went_through(n)) {
            continue;
        }
        if (errno == EAGAIN) {
            return WEIR_OK;
        }
        return weir_fail_errno(err, "cannot send");
    }
    return WEIR_OK;
}
