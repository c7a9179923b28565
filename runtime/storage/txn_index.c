/*
 * Aborted transactions: see txn_index.h.
 */
#include "storage/txn_index.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "protocol/be.h"

enum {
    ENTRY_VERSION = 0,
    ENTRY_PRODUCER_AT = 2,
    ENTRY_FIRST_AT = 10,
    ENTRY_LAST_AT = 18,
    ENTRY_STABLE_AT = 26,
    ENTRY_SIZE = 34,
    FILE_MAX = 256 << 20,
};

void txn_index_finish(struct txn_index *x)
{
    free(x->entries);
    *x = (struct txn_index){ 0 };
}

static void add(struct txn_index *x, const struct aborted_txn *entry)
{
    if (x->count == x->capacity) {
        x->capacity = x->capacity ? x->capacity * 2 : 4;
        x->entries = mem_resize(x->entries, x->capacity, sizeof(*x->entries));
    }
    x->entries[x->count++] = *entry;
}

static void write_entry(const struct aborted_txn *entry, uint8_t *out)
{
    be_write_i16(out, ENTRY_VERSION);
    be_write_i64(out + ENTRY_PRODUCER_AT, entry->producer_id);
    be_write_i64(out + ENTRY_FIRST_AT, entry->first_offset);
    be_write_i64(out + ENTRY_LAST_AT, entry->last_offset);
    be_write_i64(out + ENTRY_STABLE_AT, entry->last_stable_offset);
}

static int64_t last_marker(const struct txn_index *x)
{
    return x->count > 0 ? x->entries[x->count - 1].last_offset : -1;
}

/* Does the entry fit the segment, and follow the one before? */
static bool read_entry(const struct txn_index *x,
                       const uint8_t *raw,
                       int64_t base_offset,
                       int64_t end_offset,
                       struct aborted_txn *out)
{
    *out = (struct aborted_txn){ .producer_id = be_read_i64(raw + ENTRY_PRODUCER_AT),
                                 .first_offset = be_read_i64(raw + ENTRY_FIRST_AT),
                                 .last_offset = be_read_i64(raw + ENTRY_LAST_AT),
                                 .last_stable_offset = be_read_i64(raw + ENTRY_STABLE_AT) };
    return be_read_i16(raw) == ENTRY_VERSION && out->last_offset >= base_offset &&
           out->last_offset < end_offset && out->last_offset > last_marker(x) &&
           out->first_offset >= 0 && out->first_offset <= out->last_offset;
}

/* The file says what the memory does. */
static enum weir_status rewrite(const struct txn_index *x,
                                int dir_fd,
                                const char *path,
                                struct weir_error *err)
{
    if (x->count == 0) {
        (void)unlinkat(dir_fd, path, 0);
        return WEIR_OK;
    }
    struct buffer raw;
    buffer_init(&raw, FILE_MAX);
    for (size_t i = 0; i < x->count; i++) {
        uint8_t *room = buffer_extend(&raw, ENTRY_SIZE);
        if (room) {
            write_entry(&x->entries[i], room);
        }
    }
    enum weir_status rc = file_replace(dir_fd, path, buffer_bytes(&raw), false, err);
    buffer_finish(&raw);
    return rc;
}

enum weir_status txn_index_load(struct txn_index *x,
                                int dir_fd,
                                const char *path,
                                int64_t base_offset,
                                int64_t end_offset,
                                struct weir_error *err)
{
    struct buffer raw;
    buffer_init(&raw, FILE_MAX);
    enum weir_status rc = file_read(dir_fd, path, &raw, err);
    if (rc == WEIR_ENOTFOUND) {
        buffer_finish(&raw);
        return WEIR_OK;
    }
    size_t at = 0;
    struct aborted_txn entry;
    while (rc == WEIR_OK && raw.len - at >= ENTRY_SIZE &&
           read_entry(x, raw.data + at, base_offset, end_offset, &entry)) {
        add(x, &entry);
        at += ENTRY_SIZE;
    }
    if (rc == WEIR_OK && at < raw.len) {
        rc = rewrite(x, dir_fd, path, err);
    }
    buffer_finish(&raw);
    return rc;
}

static enum weir_status write_last(const struct txn_index *x,
                                   int dir_fd,
                                   const char *path,
                                   struct weir_error *err)
{
    uint8_t raw[ENTRY_SIZE];
    size_t last = x->count - 1;
    write_entry(&x->entries[last], raw);
    int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        return weir_fail_errno(err, "cannot open %s", path);
    }
    enum weir_status rc = file_pwrite_all(fd, raw, sizeof(raw), (int64_t)(last * ENTRY_SIZE), err);
    (void)close(fd);
    return rc;
}

enum weir_status txn_index_append(struct txn_index *x,
                                  int dir_fd,
                                  const char *path,
                                  const struct aborted_txn *entry,
                                  struct weir_error *err)
{
    if (entry->last_offset <= last_marker(x)) {
        return WEIR_OK;
    }
    add(x, entry); /* readers of this process must know, whatever the disk says */
    if (x->is_ahead) {
        return txn_index_save(x, dir_fd, path, err);
    }
    enum weir_status rc = write_last(x, dir_fd, path, err);
    x->is_ahead = rc < 0;
    return rc;
}

enum weir_status txn_index_save(struct txn_index *x,
                                int dir_fd,
                                const char *path,
                                struct weir_error *err)
{
    enum weir_status rc = x->is_ahead ? rewrite(x, dir_fd, path, err) : WEIR_OK;
    x->is_ahead = rc < 0;
    return rc;
}

size_t txn_index_from(const struct txn_index *x, int64_t offset)
{
    size_t low = 0;
    size_t high = x->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (x->entries[middle].last_offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}
