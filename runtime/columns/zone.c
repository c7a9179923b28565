/*
 * Time zones: see zone.h.
 *
 *     TZif2 ... counts       44 bytes: magic, version, six counts
 *     data with 32-bit times skipped
 *     TZif2 ... counts       again
 *     transitions            8 bytes each: seconds of UTC, ascending
 *     their types            1 byte each
 *     types                  offset (4 bytes), summer or not, name
 *     names, leap seconds    skipped
 *     \n rule \n             zone_rule.h
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "columns/calendar.h"
#include "columns/zone_rule.h"

enum {
    HEADER_LEN = 44,
    TYPE_LEN = 6,
    OFFSET_MAX = 26 * 3600, /* seconds; RFC 8536 */
};

struct zone {
    int32_t first_offset; /* before the first transition */
    int32_t count;
    int64_t *times;   /* of transitions */
    int32_t *offsets; /* from each of them on */
    struct zone_rule rule;
};

struct header {
    uint8_t version;
    uint32_t utc_count;
    uint32_t standard_count;
    uint32_t leap_count;
    uint32_t time_count;
    uint32_t type_count;
    uint32_t name_len;
};

static uint32_t read_32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_64(const uint8_t *p)
{
    return (int64_t)((uint64_t)read_32(p) << 32 | read_32(p + 4));
}

static enum weir_status damaged(struct weir_error *err, const char *what)
{
    return weir_fail(err, WEIR_ECORRUPT, "time zone file: %s", what);
}

/* Takes the header off the front. */
static bool read_header(struct bytes *b, struct header *h)
{
    if (b->len < HEADER_LEN || memcmp(b->data, "TZif", 4) != 0) {
        return false;
    }
    h->version = b->data[4];
    h->utc_count = read_32(b->data + 20);
    h->standard_count = read_32(b->data + 24);
    h->leap_count = read_32(b->data + 28);
    h->time_count = read_32(b->data + 32);
    h->type_count = read_32(b->data + 36);
    h->name_len = read_32(b->data + 40);
    b->data += HEADER_LEN;
    b->len -= HEADER_LEN;
    return true;
}

/* Bytes of the data behind a header with times of `width` bytes. */
static uint64_t data_len(const struct header *h, uint64_t width)
{
    return h->time_count * (width + 1) + (uint64_t)h->type_count * TYPE_LEN + h->name_len +
           h->leap_count * (width + 4) + h->standard_count + h->utc_count;
}

static bool skip(struct bytes *b, uint64_t len)
{
    if (len > b->len) {
        return false;
    }
    b->data += len;
    b->len -= len;
    return true;
}

static bool read_offset(const uint8_t *types,
                        const struct header *h,
                        uint32_t type,
                        int32_t *out_offset)
{
    if (type >= h->type_count) {
        return false;
    }
    *out_offset = (int32_t)read_32(types + (size_t)type * TYPE_LEN);
    return *out_offset >= -OFFSET_MAX && *out_offset <= OFFSET_MAX;
}

/* The transitions of the second part, whose length is checked. */
static bool read_transitions(struct zone *zone, const struct header *h, const uint8_t *data)
{
    const uint8_t *indexes = data + (size_t)h->time_count * 8;
    const uint8_t *types = indexes + h->time_count;
    zone->count = (int32_t)h->time_count;
    zone->times = mem_zalloc(h->time_count, sizeof(*zone->times));
    zone->offsets = mem_zalloc(h->time_count, sizeof(*zone->offsets));
    if (!read_offset(types, h, 0, &zone->first_offset)) {
        return false;
    }
    for (uint32_t i = 0; i < h->time_count; i++) {
        zone->times[i] = read_64(data + (size_t)i * 8);
        if (!read_offset(types, h, indexes[i], &zone->offsets[i]) ||
            (i > 0 && zone->times[i] <= zone->times[i - 1])) {
            return false;
        }
    }
    return true;
}

/* "\n...\n"; an empty one says nothing. */
static bool read_footer(struct zone *zone, struct bytes b)
{
    if (b.len < 2 || b.data[0] != '\n' || b.data[b.len - 1] != '\n') {
        return false;
    }
    struct bytes text = { b.data + 1, b.len - 2 };
    return text.len == 0 || zone_rule_parse(text, &zone->rule);
}

enum weir_status zone_parse(struct bytes tzif, struct zone **out_zone, struct weir_error *err)
{
    struct header h;
    if (tzif.len > ZONE_FILE_MAX || !read_header(&tzif, &h)) {
        return damaged(err, "it does not begin as one");
    }
    if (h.version < '2') {
        return damaged(err, "it is of the old kind, without 64-bit times");
    }
    if (!skip(&tzif, data_len(&h, 4)) || !read_header(&tzif, &h) || data_len(&h, 8) > tzif.len) {
        return damaged(err, "it is cut off");
    }
    struct zone *zone = MEM_NEW(struct zone);
    const uint8_t *data = tzif.data;
    (void)skip(&tzif, data_len(&h, 8));
    if (!read_transitions(zone, &h, data) || !read_footer(zone, tzif)) {
        zone_free(zone);
        return damaged(err, "its transitions or its rule make no sense");
    }
    *out_zone = zone;
    return WEIR_OK;
}

struct zone *zone_fixed(int32_t offset)
{
    struct zone *zone = MEM_NEW(struct zone);
    zone->first_offset = offset;
    return zone;
}

void zone_free(struct zone *zone)
{
    if (zone) {
        free(zone->times);
        free(zone->offsets);
        free(zone);
    }
}

struct zone_span zone_find(const struct zone *zone, int64_t utc_seconds)
{
    if (!zone) {
        return (struct zone_span){ INT64_MIN, INT64_MAX, 0 };
    }
    int32_t low = 0; /* the first transition after the time lies in [low, high] */
    int32_t high = zone->count;
    while (low < high) {
        int32_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= utc_seconds) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    int64_t from = low > 0 ? zone->times[low - 1] : INT64_MIN;
    if (low == zone->count && zone->rule.present) {
        struct zone_span span = zone_rule_find(&zone->rule, utc_seconds);
        span.from = span.from > from ? span.from : from;
        return span;
    }
    return (struct zone_span){ from, low < zone->count ? zone->times[low] : INT64_MAX,
                               low > 0 ? zone->offsets[low - 1] : zone->first_offset };
}

int32_t zone_offset(const struct zone *zone, int64_t utc_seconds)
{
    return zone_find(zone, utc_seconds).offset;
}

int64_t zone_to_utc(const struct zone *zone, int64_t local_seconds)
{
    /* No offset is more than a day, so these are the ones before and after whatever happens around that time. */
    int32_t before = zone_offset(zone, local_seconds - SECONDS_PER_DAY);
    int32_t after = zone_offset(zone, local_seconds + SECONDS_PER_DAY);
    if (before == after || zone_offset(zone, local_seconds - before) == before) {
        return local_seconds - before;
    }
    bool is_gap = zone_offset(zone, local_seconds - after) != after;
    return local_seconds - (is_gap ? before : after);
}

static int64_t floor_seconds(int64_t micros)
{
    return micros / MICROS_PER_SECOND - (micros % MICROS_PER_SECOND < 0 ? 1 : 0);
}

int64_t zone_local_micros(const struct zone *zone, int64_t utc_micros)
{
    int64_t offset = zone_offset(zone, floor_seconds(utc_micros));
    return (int64_t)((uint64_t)utc_micros + (uint64_t)(offset * MICROS_PER_SECOND));
}

int64_t zone_utc_micros(const struct zone *zone, int64_t local_micros)
{
    int64_t seconds = floor_seconds(local_micros);
    int64_t offset = seconds - zone_to_utc(zone, seconds);
    return (int64_t)((uint64_t)local_micros - (uint64_t)(offset * MICROS_PER_SECOND));
}
