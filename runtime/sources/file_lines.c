/*
 * Lines of a file: see file_lines.h.
 */
#include "sources/file_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "sources/file_error.h"

enum { GZIP_ONLY = 15 + 16, INPUT_BLOCK = 64 << 10 };

struct file_lines {
    struct bytes path;
    struct bytes separator;
    int fd;
    int64_t at; /* in the file: where the next bytes are read from */
    int64_t to; /* lines that begin behind it are another part's */
    bool skip_first;
    bool at_end;

    uint8_t *block;
    size_t capacity; /* without the margin */
    size_t used;     /* bytes of the block that lines have been cut from */
    size_t len;
    int64_t base; /* where the block's first byte is in the file */

    bool zipped;
    bool inflating; /* in the middle of a member */
    z_stream zip;
    uint8_t *input;

    int32_t *starts;
    int32_t *ends;
    int32_t bounds;
};

static bool has_suffix(struct bytes path, const char *suffix)
{
    return bytes_ends_with(path, bytes_of(suffix));
}

bool file_is_compressed(struct bytes path)
{
    return has_suffix(path, ".gz");
}

static bool is_unknown_codec(struct bytes path)
{
    static const char *const suffixes[] = { ".bz2", ".zst", ".lz4", ".snappy", ".deflate" };
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (has_suffix(path, suffixes[i])) {
            return true;
        }
    }
    return false;
}

static bool fail(struct file_lines *l, struct sql_error *error, const char *what)
{
    struct sql_error why = { 0 };
    (void)sql_fail(&why, &file_runtime, "%s", what);
    return file_fail_reading(error, l->path, &why);
}

/* --- opening --- */

static bool open_file(struct file_lines *l, struct sql_error *error)
{
    char path[PATH_MAX];
    if (is_unknown_codec(l->path)) {
        return fail(l, error, "of the compressed formats only gzip (.gz) is read");
    }
    if (!bytes_to_text(l->path, path, sizeof(path))) {
        errno = ENAMETOOLONG;
        return file_fail_system(error, l->path);
    }
    l->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (l->fd < 0) {
        return file_fail_system(error, l->path);
    }
    if (l->zipped) {
        l->input = mem_zalloc(INPUT_BLOCK, 1);
        if (inflateInit2(&l->zip, GZIP_ONLY) != Z_OK) {
            return fail(l, error, "zlib cannot be set up");
        }
        l->inflating = true;
    }
    return true;
}

struct file_lines *file_lines_open(const struct file_part *part,
                                   struct bytes separator,
                                   struct sql_error *error)
{
    struct file_lines *l = MEM_NEW(struct file_lines);
    l->path = part->path;
    l->separator = separator;
    l->fd = -1;
    l->zipped = file_is_compressed(part->path);
    l->at = l->zipped ? 0 : part->from;
    l->base = l->at;
    l->to = l->zipped || part->to >= part->size ? INT64_MAX : part->to;
    l->skip_first = l->at > 0;
    if (!open_file(l, error)) {
        file_lines_close(l);
        return NULL;
    }
    return l;
}

void file_lines_close(struct file_lines *l)
{
    if (l) {
        if (l->fd >= 0) {
            (void)close(l->fd);
        }
        if (l->zipped) {
            (void)inflateEnd(&l->zip);
        }
        free(l->input);
        free(l->block);
        free(l->starts);
        free(l->ends);
        free(l);
    }
}

/* --- bytes --- */

static bool read_input(struct file_lines *l, struct sql_error *error)
{
    ssize_t n = file_pread(l->fd, l->input, INPUT_BLOCK, l->at);
    if (n < 0) {
        return file_fail_system(error, l->path);
    }
    l->at += n;
    l->zip.next_in = l->input;
    l->zip.avail_in = (uInt)n;
    return true;
}

/* Decompressed bytes to the block's end. Members may follow each other, as in files that were put together. */
static bool inflate_more(struct file_lines *l, size_t room, struct sql_error *error)
{
    size_t before = l->len;
    while (l->len == before && !l->at_end) {
        if (l->zip.avail_in == 0 && !read_input(l, error)) {
            return false;
        }
        if (l->zip.avail_in == 0) {
            if (l->inflating) {
                return fail(l, error, "Unexpected end of input stream");
            }
            l->at_end = true;
            break;
        }
        if (!l->inflating) {
            (void)inflateReset(&l->zip);
            l->inflating = true;
        }
        l->zip.next_out = l->block + l->len;
        l->zip.avail_out = (uInt)room;
        int rc = inflate(&l->zip, Z_NO_FLUSH);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) {
            return fail(l, error, l->zip.msg ? l->zip.msg : "not a gzip file");
        }
        l->len += room - l->zip.avail_out;
        l->inflating = rc != Z_STREAM_END;
    }
    return true;
}

static bool read_more(struct file_lines *l, size_t room, struct sql_error *error)
{
    ssize_t n = file_pread(l->fd, l->block + l->len, room, l->at);
    if (n < 0) {
        return file_fail_system(error, l->path);
    }
    l->at += n;
    l->len += (size_t)n;
    l->at_end = (size_t)n < room;
    return true;
}

/* Room for a file of this size, but not for more than a block at first. */
static size_t first_capacity(const struct file_lines *l)
{
    struct stat st;
    if (l->zipped || fstat(l->fd, &st) != 0 || st.st_size - l->at >= LINES_BLOCK) {
        return LINES_BLOCK;
    }
    return st.st_size > l->at ? (size_t)(st.st_size - l->at) + 1 : 64;
}

/* More bytes behind those that are not used yet, which move to the front. */
static bool fill(struct file_lines *l, struct sql_error *error)
{
    size_t left = l->len - l->used;
    if (l->used > 0) {
        memmove(l->block, l->block + l->used, left);
        l->base += (int64_t)l->used;
        l->len = left;
        l->used = 0;
    }
    if (!l->block || left * 2 > l->capacity) {
        if (left > LINES_MAX_LENGTH) {
            return fail(l, error, "a record is longer than 1 GiB");
        }
        l->capacity = l->block ? l->capacity * 2 : first_capacity(l);
        l->block = mem_resize(l->block, l->capacity + LINES_MARGIN, 1);
    }
    bool first = l->base == 0 && l->len == 0;
    size_t room = l->capacity - l->len;
    bool ok = l->zipped ? inflate_more(l, room, error) : read_more(l, room, error);
    if (!ok) {
        return false;
    }
    memset(l->block + l->len, 0, LINES_MARGIN);
    if (first && l->len >= 3 && memcmp(l->block, "\xef\xbb\xbf", 3) == 0) {
        l->used = 3;
    }
    return true;
}

/* --- lines --- */

/* Where the line at `at` ends, and where the next one begins; false: that is not in the block. */
static bool find_end(const struct file_lines *l, size_t at, size_t *out_end, size_t *out_next)
{
    const uint8_t *from = l->block + at;
    size_t left = l->len - at;
    if (!bytes_is_null(l->separator)) {
        const uint8_t *p = memmem(from, left, l->separator.data, l->separator.len);
        *out_end = p ? (size_t)(p - l->block) : l->len;
        *out_next = *out_end + l->separator.len;
        return p != NULL;
    }
    const uint8_t *feed = memchr(from, '\n', left);
    const uint8_t *cr = memchr(from, '\r', feed ? (size_t)(feed - from) : left);
    const uint8_t *p = cr ? cr : feed;
    if (!p || (cr && !feed && cr + 1 == l->block + l->len && !l->at_end)) {
        return false;
    }
    *out_end = (size_t)(p - l->block);
    *out_next = *out_end + 1 + (cr && cr + 1 < l->block + l->len && cr[1] == '\n');
    return true;
}

/* The line at l->used is in the block, or the file has ended. False: the error is set. */
static bool have_line(struct file_lines *l,
                      size_t *out_end,
                      size_t *out_next,
                      struct sql_error *error)
{
    while (!l->block || !find_end(l, l->used, out_end, out_next)) {
        if (l->at_end) {
            *out_end = l->len;
            *out_next = l->len;
            return true;
        }
        if (!fill(l, error)) {
            return false;
        }
    }
    return true;
}

static void add_bound(struct file_lines *l, int32_t i, size_t end)
{
    if (i + 1 >= l->bounds) {
        l->bounds = l->bounds ? l->bounds * 2 : 64;
        l->starts = mem_resize(l->starts, (size_t)l->bounds + 1, sizeof(*l->starts));
        l->ends = mem_resize(l->ends, (size_t)l->bounds + 1, sizeof(*l->ends));
    }
    l->starts[i] = (int32_t)l->used;
    l->ends[i] = (int32_t)end;
}

bool file_lines_next(struct file_lines *l,
                     int32_t max,
                     struct line_block *out,
                     struct sql_error *error)
{
    size_t end;
    size_t next;
    *out = (struct line_block){ 0 };
    if (!have_line(l, &end, &next, error)) {
        return false;
    }
    if (l->skip_first) {
        l->skip_first = false;
        l->used = next;
        if (!have_line(l, &end, &next, error)) {
            return false;
        }
    }
    int32_t count = 0;
    while (count < max && l->used < l->len && l->base + (int64_t)l->used <= l->to) {
        add_bound(l, count++, end);
        l->used = next;
        if (l->used < l->len && !find_end(l, l->used, &end, &next)) {
            if (!l->at_end) {
                break;
            }
            end = next = l->len;
        }
    }
    if (count > 0) {
        l->starts[count] = (int32_t)l->used;
    }
    *out = (struct line_block){ count, l->block, l->starts, l->ends };
    return true;
}

bool file_lines_all(struct file_lines *l, struct bytes *out, struct sql_error *error)
{
    while (!l->at_end) {
        size_t used = l->used;
        l->used = 0;
        bool ok = fill(l, error);
        l->used = l->used > used ? l->used : used;
        if (!ok) {
            return false;
        }
    }
    *out = (struct bytes){ l->block + l->used, l->len - l->used };
    return true;
}
