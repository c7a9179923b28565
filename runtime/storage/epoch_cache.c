/*
 * Leader epochs: see epoch_cache.h.
 */
#include "storage/epoch_cache.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"

enum { CAPACITY_FIRST = 4 };

void epoch_cache_finish(struct epoch_cache *c)
{
    free(c->entries);
    *c = (struct epoch_cache){ 0 };
}

int32_t epoch_cache_latest(const struct epoch_cache *c)
{
    return c->count > 0 ? c->entries[c->count - 1].epoch : -1;
}

static void push(struct epoch_cache *c, int32_t epoch, int64_t start_offset)
{
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : CAPACITY_FIRST;
        c->entries = mem_resize(c->entries, c->capacity, sizeof(c->entries[0]));
    }
    c->entries[c->count++] = (struct epoch_entry){ epoch, start_offset };
}

bool epoch_cache_assign(struct epoch_cache *c, int32_t epoch, int64_t start_offset)
{
    if (epoch < 0 || epoch == epoch_cache_latest(c)) {
        return false;
    }
    while (c->count > 0 && (c->entries[c->count - 1].epoch >= epoch ||
                            c->entries[c->count - 1].start_offset >= start_offset)) {
        c->count--;
    }
    push(c, epoch, start_offset);
    return true;
}

int32_t epoch_cache_at(const struct epoch_cache *c, int64_t offset)
{
    for (size_t i = c->count; i-- > 0;) {
        if (c->entries[i].start_offset <= offset) {
            return c->entries[i].epoch;
        }
    }
    return -1;
}

void epoch_cache_end_of(const struct epoch_cache *c,
                        int32_t epoch,
                        int64_t log_end,
                        int32_t *out_epoch,
                        int64_t *out_end_offset)
{
    *out_epoch = -1;
    *out_end_offset = -1;
    if (epoch < 0 || epoch > epoch_cache_latest(c)) {
        return;
    }
    size_t next = c->count; /* the first entry above the epoch */
    while (next > 0 && c->entries[next - 1].epoch > epoch) {
        next--;
    }
    *out_epoch = next > 0 ? c->entries[next - 1].epoch : epoch;
    *out_end_offset = next < c->count ? c->entries[next].start_offset : log_end;
}

bool epoch_cache_truncate_end(struct epoch_cache *c, int64_t end_offset)
{
    size_t before = c->count;
    while (c->count > 0 && c->entries[c->count - 1].start_offset >= end_offset) {
        c->count--;
    }
    return c->count != before;
}

bool epoch_cache_truncate_start(struct epoch_cache *c, int64_t start_offset)
{
    size_t gone = 0;
    while (gone + 1 < c->count && c->entries[gone + 1].start_offset <= start_offset) {
        gone++;
    }
    if (c->count == 0 || (gone == 0 && c->entries[0].start_offset >= start_offset)) {
        return false;
    }
    memmove(c->entries, c->entries + gone, (c->count - gone) * sizeof(c->entries[0]));
    c->count -= gone;
    if (c->entries[0].start_offset < start_offset) {
        c->entries[0].start_offset = start_offset;
    }
    return true;
}

void epoch_cache_format(const struct epoch_cache *c, struct buffer *out)
{
    buffer_printf(out, "0\n%zu\n", c->count);
    for (size_t i = 0; i < c->count; i++) {
        buffer_printf(out, "%" PRId32 " %" PRId64 "\n", c->entries[i].epoch,
                      c->entries[i].start_offset);
    }
}

static enum weir_status bad_line(struct epoch_cache *c, int number, struct weir_error *err)
{
    c->count = 0;
    return weir_fail(err, WEIR_ECORRUPT, "leader-epoch-checkpoint, line %d is damaged", number);
}

enum weir_status epoch_cache_parse(struct epoch_cache *c, struct bytes text, struct weir_error *err)
{
    c->count = 0;
    struct bytes rest = text;
    struct bytes line;
    int64_t version;
    int64_t announced;
    if (!bytes_cut(&rest, '\n', &line) || !bytes_parse_i64(line, &version) || version != 0) {
        return bad_line(c, 1, err);
    }
    if (!bytes_cut(&rest, '\n', &line) || !bytes_parse_i64(line, &announced)) {
        return bad_line(c, 2, err);
    }
    int number = 3;
    while (bytes_cut(&rest, '\n', &line) && line.len > 0) {
        struct bytes left;
        int64_t epoch;
        int64_t start;
        struct bytes right = line;
        bool fine = bytes_cut(&right, ' ', &left) && bytes_parse_i64(left, &epoch) &&
                    bytes_parse_i64(right, &start) && epoch >= 0 && epoch <= INT32_MAX &&
                    start >= 0;
        if (!fine || (c->count > 0 && (epoch <= epoch_cache_latest(c) ||
                                       start <= c->entries[c->count - 1].start_offset))) {
            return bad_line(c, number, err);
        }
        push(c, (int32_t)epoch, start);
        number++;
    }
    if ((int64_t)c->count != announced) {
        return bad_line(c, 2, err);
    }
    return WEIR_OK;
}
