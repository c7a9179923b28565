/*
 * Sending memory and file ranges: see outbound.h.
 */
#include "net/outbound.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"

enum { COPIED_MAX = 16 << 10 };

void outbound_init(struct outbound *out)
{
    *out = (struct outbound){ 0 };
}

static void release_parts(struct file_part *parts, size_t from, size_t count)
{
    for (size_t i = from; i < count; i++) {
        if (parts[i].release) {
            parts[i].release(parts[i].owner);
        }
    }
    free(parts);
}

void outbound_finish(struct outbound *out)
{
    release_parts(out->parts, out->part_index, out->part_count);
    buffer_finish(&out->memory);
    outbound_init(out);
}

size_t outbound_size(const struct outbound *out)
{
    size_t size = out->memory.len - out->memory_sent;
    for (size_t i = out->part_index; i < out->part_count; i++) {
        size += out->parts[i].len;
    }
    return size;
}

/* Reads the ranges into the memory where they belong, from the last one to the first. False: a file is too short. */
static bool read_parts(struct buffer *memory,
                       const struct file_part *parts,
                       size_t part_count,
                       size_t total)
{
    size_t end = memory->len; /* of the bytes that are not in their place yet */
    size_t room = total;
    (void)buffer_extend(memory, total);
    for (size_t i = part_count; i-- > 0;) {
        const struct file_part *part = &parts[i];
        memmove(memory->data + part->at + room, memory->data + part->at, end - part->at);
        end = part->at;
        room -= part->len;
        if (file_pread(part->fd, memory->data + end + room, part->len, part->position) !=
            (ssize_t)part->len) {
            return false;
        }
    }
    return true;
}

/* Small ranges become memory. */
static void shrink_parts(struct outbound *out,
                         struct buffer *memory,
                         struct file_part **parts,
                         size_t *part_count)
{
    size_t total = 0;
    for (size_t i = 0; i < *part_count; i++) {
        total += (*parts)[i].len;
    }
    if (*part_count == 0 || total > COPIED_MAX || total > memory->max - memory->len) {
        return;
    }
    out->failed = out->failed || !read_parts(memory, *parts, *part_count, total);
    release_parts(*parts, 0, *part_count);
    *parts = NULL;
    *part_count = 0;
}

static void append_parts(struct outbound *out, struct file_part *parts, size_t part_count)
{
    size_t left = out->part_count - out->part_index;
    if (part_count == 0) {
        free(parts);
        return;
    }
    struct file_part *all = mem_resize(NULL, left + part_count, sizeof(*all));
    if (left > 0) {
        memcpy(all, out->parts + out->part_index, left * sizeof(*all));
    }
    for (size_t i = 0; i < part_count; i++) {
        all[left + i] = parts[i];
        all[left + i].at += out->memory.len;
    }
    free(out->parts);
    free(parts);
    out->parts = all;
    out->part_index = 0;
    out->part_count = left + part_count;
}

void outbound_add(struct outbound *out,
                  struct buffer *memory,
                  struct file_part *parts,
                  size_t part_count)
{
    shrink_parts(out, memory, &parts, &part_count);
    if (!outbound_pending(out)) {
        bool failed = out->failed;
        outbound_finish(out);
        out->memory = *memory;
        *memory = (struct buffer){ .max = memory->max };
        out->parts = parts;
        out->part_count = part_count;
        out->failed = failed;
        return;
    }
    append_parts(out, parts, part_count);
    out->memory.max = SIZE_MAX; /* each answer kept to its own limit */
    buffer_append(&out->memory, memory->data, memory->len);
    buffer_finish(memory);
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
    if (out->failed) {
        return weir_fail(err, WEIR_EIO, "a file is shorter than it was");
    }
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
