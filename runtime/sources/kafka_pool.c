/*
 * Feeds that are kept between batches: see kafka_pool.h.
 */
#include "sources/kafka_pool.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/handle.h"
#include "sources/kafka_config.h"
#include "sources/kafka_direct.h"
#include "sources/kafka_native.h"

enum { IDLE_MS = 5 * 60 * 1000 };

struct kafka_pool {
    struct client_trouble trouble;
    struct kafka_direct *direct; /* one of the two */
    struct kafka_native *native;
    pthread_mutex_t lock;
    /* lock must be held for these: */
    int32_t count;
    int32_t capacity;
    struct kafka_place **places;
};

struct kafka_pool *kafka_pool_new(const struct kafka_settings *settings,
                                  const atomic_bool *cancelled)
{
    struct kafka_pool *pool = MEM_NEW(struct kafka_pool);
    client_trouble_init(&pool->trouble);
    pthread_mutex_init(&pool->lock, NULL);
    if (kafka_is_plain(settings)) {
        pool->direct = kafka_direct_new(settings, cancelled, &pool->trouble);
    } else {
        pool->native = kafka_native_new(settings, &pool->trouble);
    }
    return pool;
}

static void place_free(struct kafka_place *place)
{
    place->feed->functions->close(place->feed);
    free(place->topic);
    free(place);
}

void kafka_pool_free(struct kafka_pool *pool)
{
    if (!pool) {
        return;
    }
    for (int32_t i = 0; i < pool->count; i++) {
        place_free(pool->places[i]);
    }
    free(pool->places);
    kafka_direct_free(pool->direct);
    kafka_native_free(pool->native);
    pthread_mutex_destroy(&pool->lock);
    client_trouble_finish(&pool->trouble);
    free(pool);
}

/* --- acquiring; lock held --- */

static bool is_of(const struct kafka_place *place, const struct kafka_range *range)
{
    return place->partition == range->partition && bytes_equal_text(range->topic, place->topic);
}

static bool goes_on_at(const struct kafka_feed *feed, int64_t offset)
{
    return feed->started && feed->low <= offset && offset <= feed->next;
}

/* Those that nobody has wanted for long. */
static void close_idle(struct kafka_pool *pool, int64_t now_ms)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < pool->count; i++) {
        struct kafka_place *place = pool->places[i];
        if (!place->busy && now_ms - place->used_ms > IDLE_MS) {
            place_free(place);
        } else {
            pool->places[kept++] = place;
        }
    }
    pool->count = kept;
}

/* A free place of the partition, the one that goes on there if there is one; *out_lane: the first lane without one. */
static struct kafka_place *find_free(struct kafka_pool *pool,
                                     const struct kafka_range *range,
                                     int32_t *out_lane)
{
    struct kafka_place *found = NULL;
    int32_t lane = 0;
    for (int32_t i = 0; i < pool->count; i++) {
        struct kafka_place *place = pool->places[i];
        if (!is_of(place, range)) {
            continue;
        }
        lane = place->lane >= lane ? place->lane + 1 : lane;
        if (!place->busy && (!found || goes_on_at(place->feed, range->from))) {
            found = place;
        }
    }
    *out_lane = lane;
    return found;
}

static struct kafka_place *add_place(struct kafka_pool *pool,
                                     const struct kafka_range *range,
                                     int32_t lane,
                                     struct sql_error *error)
{
    struct kafka_feed *feed = pool->direct ? kafka_direct_feed(pool->direct, range)
                                           : kafka_native_feed(pool->native, range, lane, error);
    if (!feed) {
        return NULL;
    }
    struct kafka_place *place = MEM_NEW(struct kafka_place);
    place->topic = mem_text(range->topic.data, range->topic.len);
    place->partition = range->partition;
    place->lane = lane;
    place->feed = feed;
    if (pool->count == pool->capacity) {
        pool->capacity = pool->capacity ? pool->capacity * 2 : 8;
        pool->places =
            mem_resize(pool->places, (size_t)pool->capacity, sizeof(struct kafka_place *));
    }
    pool->places[pool->count++] = place;
    return place;
}

struct kafka_place *kafka_pool_acquire(struct kafka_pool *pool,
                                       const struct kafka_range *range,
                                       struct sql_error *error)
{
    int64_t now_ms = clock_monotonic_ms();
    int32_t lane = 0;
    pthread_mutex_lock(&pool->lock);
    close_idle(pool, now_ms);
    struct kafka_place *place = find_free(pool, range, &lane);
    if (!place) {
        place = add_place(pool, range, lane, error);
    }
    if (place) {
        place->busy = true;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!place) {
        return NULL;
    }
    struct kafka_feed *feed = place->feed;
    if (!goes_on_at(feed, range->from) && !feed->functions->seek(feed, range->from, error)) {
        kafka_pool_release(pool, place);
        return NULL;
    }
    return place;
}

void kafka_pool_release(struct kafka_pool *pool, struct kafka_place *place)
{
    place->feed->functions->rest(place->feed);
    pthread_mutex_lock(&pool->lock);
    place->used_ms = clock_monotonic_ms();
    place->busy = false;
    pthread_mutex_unlock(&pool->lock);
}

const char *kafka_pool_trouble(struct kafka_pool *pool, char *out, size_t size)
{
    return client_trouble_suffix(&pool->trouble, out, size);
}

struct kafka_direct *kafka_pool_direct(struct kafka_pool *pool)
{
    return pool->direct;
}

struct client_trouble *kafka_pool_troubles(struct kafka_pool *pool)
{
    return &pool->trouble;
}
