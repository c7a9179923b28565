/*
 * Files that a stream has seen: see file_seen.h.
 */
#include "sources/file_seen.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sources/file_listing.h"

void seen_files_init(struct seen_files *s, int64_t max_age_ms, bool names_only)
{
    *s = (struct seen_files){ .max_age_ms = max_age_ms, .names_only = names_only };
    map_init(&s->times);
}

void seen_files_finish(struct seen_files *s)
{
    for (size_t i = 0; i < s->times.count; i++) {
        free(s->times.entries[i].value);
    }
    map_finish(&s->times);
}

static struct bytes key_of(const struct seen_files *s, struct bytes path)
{
    return s->names_only ? listing_name(path) : path;
}

void seen_files_add(struct seen_files *s, struct bytes path, int64_t time_ms)
{
    int64_t *time = map_get(&s->times, key_of(s, path));
    if (!time) {
        time = MEM_NEW(int64_t);
        (void)map_put(&s->times, key_of(s, path), time);
    }
    *time = time_ms;
    s->latest_ms = time_ms > s->latest_ms ? time_ms : s->latest_ms;
}

bool seen_files_is_new(const struct seen_files *s, struct bytes path, int64_t time_ms)
{
    return time_ms >= s->purged_ms && !map_get(&s->times, key_of(s, path));
}

void seen_files_purge(struct seen_files *s)
{
    s->purged_ms = s->latest_ms - s->max_age_ms; /* ages are below 2^62 */
    for (size_t i = 0; i < s->times.count;) {
        int64_t *time = s->times.entries[i].value;
        if (*time < s->purged_ms) {
            (void)map_remove(&s->times, s->times.entries[i].key);
            free(time);
        } else {
            i++;
        }
    }
}
