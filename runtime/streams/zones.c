/*
 * Time zones by name: see zones.h.
 */
#include "streams/zones.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"

static const char folder[] = "/usr/share/zoneinfo";

struct zones {
    pthread_mutex_t lock;
    struct map by_name;
};

struct zones *zones_new(void)
{
    struct zones *z = MEM_NEW(struct zones);
    (void)pthread_mutex_init(&z->lock, NULL);
    map_init(&z->by_name);
    return z;
}

void zones_free(struct zones *z)
{
    if (!z) {
        return;
    }
    for (size_t i = 0; i < z->by_name.count; i++) {
        zone_free(z->by_name.entries[i].value);
    }
    map_finish(&z->by_name);
    (void)pthread_mutex_destroy(&z->lock);
    free(z);
}

static struct zone *read_region(struct bytes name)
{
    struct bytes region = zone_region_of(name);
    char path[256];
    struct zone *zone = NULL;
    if (!zone_is_region_name(region) || !bytes_to_text(region, path, sizeof(path))) {
        return NULL;
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct buffer text;
    buffer_init(&text, ZONE_FILE_MAX);
    struct weir_error ignored;
    if (fd >= 0 && file_read(fd, path, &text, &ignored) == WEIR_OK) {
        (void)zone_parse(buffer_bytes(&text), &zone, &ignored);
    }
    buffer_finish(&text);
    if (fd >= 0) {
        (void)close(fd);
    }
    return zone;
}

bool zones_find(void *context, struct bytes name, const struct zone **out_zone)
{
    struct zones *z = context;
    int32_t offset = 0;
    if (zone_read_offset(name, &offset) && offset == 0) {
        *out_zone = NULL;
        return true;
    }
    (void)pthread_mutex_lock(&z->lock);
    struct zone *zone = map_get(&z->by_name, name);
    if (!zone) {
        zone = offset ? zone_fixed(offset) : read_region(name);
        if (zone) {
            (void)map_put(&z->by_name, name, zone);
        }
    }
    (void)pthread_mutex_unlock(&z->lock);
    *out_zone = zone;
    return zone != NULL;
}
