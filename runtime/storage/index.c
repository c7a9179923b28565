/*
 * Sparse indexes: see index.h for the bytes.
 */
#include "storage/index.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "protocol/be.h"

enum { OFFSET_ENTRY_SIZE = 8, TIME_ENTRY_SIZE = 12, ENTRY_SIZE_MAX = 12, TIME_VALUE_AT = 8 };
enum { OFFSET_VALUE_AT = 4, INDEX_MODE = 0644, BLOCK_ENTRIES = 256 };

void index_init(struct index *x, enum index_kind kind)
{
    *x = (struct index){ .kind = kind, .fd = -1 };
}

int64_t index_entry_size(enum index_kind kind)
{
    return kind == INDEX_OFFSET ? OFFSET_ENTRY_SIZE : TIME_ENTRY_SIZE;
}

static struct index_entry entry_at(enum index_kind kind, const uint8_t *raw)
{
    if (kind == INDEX_OFFSET) {
        return (struct index_entry){ be_read_i32(raw), be_read_i32(raw + OFFSET_VALUE_AT) };
    }
    return (struct index_entry){ be_read_i64(raw), be_read_i32(raw + TIME_VALUE_AT) };
}

static bool read_entry(enum index_kind kind, int fd, int64_t n, struct index_entry *out)
{
    uint8_t raw[ENTRY_SIZE_MAX];
    int64_t size = index_entry_size(kind);
    if (file_pread(fd, raw, (size_t)size, n * size) != size) {
        return false;
    }
    *out = entry_at(kind, raw);
    return true;
}

/* An entry of zeros is preallocated room: the first batch of a segment never gets an entry in the offset index, and
 * timestamp 0 for the first offset says nothing that no entry would not say too. */
static bool is_blank(struct index_entry e)
{
    return e.key == 0 && e.value == 0;
}

/* The number of entries before the blank ones, by bisection. */
static bool count_entries(enum index_kind kind, int fd, int64_t room, int64_t *out_count)
{
    int64_t low = 0;
    int64_t high = room;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        struct index_entry e;
        if (!read_entry(kind, fd, middle, &e)) {
            return false;
        }
        if (is_blank(e)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *out_count = low;
    return true;
}

enum weir_status index_load(struct index *x, int dir_fd, const char *path, struct weir_error *err)
{
    int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        bool absent = errno == ENOENT;
        enum weir_status rc = weir_fail_errno(err, "cannot open %s", path);
        return absent ? WEIR_ENOTFOUND : rc;
    }
    enum weir_status rc = WEIR_OK;
    struct stat st;
    int64_t count = 0;
    struct index_entry last = { 0, 0 };
    if (fstat(fd, &st) != 0) {
        rc = weir_fail_errno(err, "cannot look at %s", path);
    } else if (st.st_size % index_entry_size(x->kind) != 0 ||
               !count_entries(x->kind, fd, st.st_size / index_entry_size(x->kind), &count) ||
               (count > 0 && !read_entry(x->kind, fd, count - 1, &last)) || last.key < 0 ||
               last.value < 0) {
        rc = weir_fail(err, WEIR_ECORRUPT, "%s is damaged", path);
    } else {
        x->count = x->in_file = count;
        x->last = last;
    }
    (void)close(fd);
    return rc;
}

enum weir_status index_open(struct index *x, int dir_fd, const char *path, struct weir_error *err)
{
    struct stat st;
    index_close(x);
    x->fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_CLOEXEC, INDEX_MODE);
    if (x->fd < 0) {
        return weir_fail_errno(err, "cannot open %s", path);
    }
    /* Asked first: ext4 writes out a file that was cut to nothing when it is closed, even if there was nothing to cut. */
    int64_t size = x->in_file * index_entry_size(x->kind);
    if (fstat(x->fd, &st) != 0 || (st.st_size != size && ftruncate(x->fd, size) != 0)) {
        return weir_fail_errno(err, "cannot size %s", path);
    }
    return WEIR_OK;
}

void index_rewind(struct index *x)
{
    x->count = 0;
    x->last = (struct index_entry){ 0, 0 };
}

/* Is this what the file has behind the entries? */
static bool comes_next(const struct index *x, struct index_entry entry)
{
    struct index_entry e;
    return x->count < x->in_file && read_entry(x->kind, x->fd, x->count, &e) &&
           e.key == entry.key && e.value == entry.value;
}

enum weir_status index_settle(struct index *x,
                              const struct index_entry *closing,
                              struct weir_error *err)
{
    if (closing && comes_next(x, *closing) && (x->count == 0 || closing->key > x->last.key)) {
        x->count++;
        x->last = *closing;
    }
    if (x->count < x->in_file && ftruncate(x->fd, x->count * index_entry_size(x->kind)) != 0) {
        return weir_fail_errno(err, "cannot cut an index");
    }
    x->in_file = x->count;
    return WEIR_OK;
}

void index_close(struct index *x)
{
    if (x->fd >= 0) {
        (void)close(x->fd);
        x->fd = -1;
    }
}

enum weir_status index_append(struct index *x, struct index_entry entry, struct weir_error *err)
{
    if (is_blank(entry) || (x->count > 0 && entry.key <= x->last.key)) {
        return WEIR_OK;
    }
    if (comes_next(x, entry)) {
        x->count++;
        x->last = entry;
        return WEIR_OK;
    }
    uint8_t raw[ENTRY_SIZE_MAX];
    int64_t size = index_entry_size(x->kind);
    if (x->kind == INDEX_OFFSET) {
        be_write_i32(raw, (int32_t)entry.key);
        be_write_i32(raw + OFFSET_VALUE_AT, (int32_t)entry.value);
    } else {
        be_write_i64(raw, entry.key);
        be_write_i32(raw + TIME_VALUE_AT, (int32_t)entry.value);
    }
    enum weir_status rc = file_pwrite_all(x->fd, raw, (size_t)size, x->count * size, err);
    if (rc == WEIR_OK) {
        x->count++;
        x->last = entry;
        x->in_file = x->count > x->in_file ? x->count : x->in_file;
    }
    return rc;
}

/* The largest entry not above `key` of the entries [low, high), at most BLOCK_ENTRIES; *out stays where none is. */
static bool search_block(
    const struct index *x, int fd, int64_t low, int64_t high, int64_t key, struct index_entry *out)
{
    uint8_t raw[BLOCK_ENTRIES * ENTRY_SIZE_MAX];
    int64_t size = index_entry_size(x->kind);
    int64_t len = (high - low) * size;
    if (file_pread(fd, raw, (size_t)len, low * size) != len) {
        return false;
    }
    for (int64_t i = 0; i < high - low; i++) {
        struct index_entry e = entry_at(x->kind, raw + i * size);
        if (e.key > key) {
            break;
        }
        *out = e;
    }
    return true;
}

/* The largest entry not above `key` in the open file. The first look is at the end, where most readers are. */
static bool search(const struct index *x, int fd, int64_t key, struct index_entry *out_entry)
{
    int64_t low = 0; /* entries before `low` are not above the key, those from `high` on are */
    int64_t high = x->count;
    int64_t middle = high - BLOCK_ENTRIES;
    struct index_entry found = { 0, -1 };
    while (high - low > BLOCK_ENTRIES) {
        struct index_entry e;
        if (!read_entry(x->kind, fd, middle, &e)) {
            return false;
        }
        if (e.key <= key) {
            found = e;
            low = middle + 1;
        } else {
            high = middle;
        }
        middle = low + (high - low) / 2;
    }
    if (low < high && !search_block(x, fd, low, high, key, &found)) {
        return false;
    }
    *out_entry = found;
    return found.value >= 0;
}

bool index_lookup(
    const struct index *x, int dir_fd, const char *path, int64_t key, struct index_entry *out_entry)
{
    if (x->count == 0) {
        return false;
    }
    if (index_ends_before(x, key)) {
        *out_entry = x->last;
        return true;
    }
    int fd = x->fd >= 0 ? x->fd : openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool found = search(x, fd, key, out_entry);
    if (fd != x->fd) {
        (void)close(fd);
    }
    return found;
}
