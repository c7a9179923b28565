/*
 * Consumers that stay open between batches: see kafka_pool.h.
 */
#include "sources/kafka_pool.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "client/handle.h"
#include "sources/kafka_config.h"
#include "sources/kafka_errors.h"

enum { IDLE_MS = 5 * 60 * 1000 };

struct kafka_pool {
    const struct kafka_settings *settings;
    struct client_trouble trouble;
    pthread_mutex_t lock;
    /* lock must be held for these: */
    int32_t lane_count;
    rd_kafka_t **lanes;
    int32_t place_count;
    int32_t place_capacity;
    struct kafka_place **places;
};

struct kafka_pool *kafka_pool_new(const struct kafka_settings *settings)
{
    struct kafka_pool *pool = MEM_NEW(struct kafka_pool);
    pool->settings = settings;
    client_trouble_init(&pool->trouble);
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

/* --- places --- */

static void drop_ahead(struct kafka_place *place)
{
    for (int32_t i = place->ahead_at; i < place->ahead_count; i++) {
        rd_kafka_message_destroy(place->ahead[i]);
    }
    place->ahead_at = 0;
    place->ahead_count = 0;
}

static void place_stop(struct kafka_place *place)
{
    if (place->started) {
        rd_kafka_consume_stop(place->rkt, place->partition);
        place->started = false;
    }
    drop_ahead(place);
}

static void place_free(struct kafka_place *place)
{
    place_stop(place);
    rd_kafka_queue_destroy(place->queue);
    rd_kafka_topic_destroy(place->rkt);
    free(place->ahead);
    free(place->topic);
    free(place);
}

static struct kafka_place *place_new(rd_kafka_t *handle,
                                     int32_t lane,
                                     const struct kafka_range *range)
{
    char topic[LIMIT_TOPIC_NAME + 1];
    if (!bytes_to_text(range->topic, topic, sizeof(topic))) {
        return NULL;
    }
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(handle, topic, NULL);
    if (!rkt) {
        return NULL;
    }
    struct kafka_place *place = MEM_NEW(struct kafka_place);
    place->topic = mem_text(range->topic.data, range->topic.len);
    place->partition = range->partition;
    place->lane = lane;
    place->handle = handle;
    place->rkt = rkt;
    place->queue = rd_kafka_queue_new(handle);
    return place;
}

bool kafka_place_seek(struct kafka_place *place, int64_t offset, struct sql_error *error)
{
    place_stop(place);
    place->low = offset;
    place->next = offset;
    place->starts++;
    if (rd_kafka_consume_start_queue(place->rkt, place->partition, offset, place->queue) != 0) {
        return kafka_fail_code(error, (int)rd_kafka_last_error());
    }
    place->started = true;
    return true;
}

/* --- acquiring --- */

static bool is_of(const struct kafka_place *place, const struct kafka_range *range)
{
    return place->partition == range->partition && bytes_equal_text(range->topic, place->topic);
}

static bool goes_on_at(const struct kafka_place *place, int64_t offset)
{
    return place->started && place->low <= offset && offset <= place->next;
}

/* Lock held. Those that nobody has wanted for long. */
static void give_up_idle(struct kafka_pool *pool, int64_t now_ms)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < pool->place_count; i++) {
        struct kafka_place *place = pool->places[i];
        if (!place->busy && now_ms - place->used_ms > IDLE_MS) {
            place_free(place);
        } else {
            pool->places[kept++] = place;
        }
    }
    pool->place_count = kept;
}

/* Lock held. A free place of the partition, the one that goes on there if there is one; *out_lane: the first lane without one. */
static struct kafka_place *find_free(struct kafka_pool *pool,
                                     const struct kafka_range *range,
                                     int32_t *out_lane)
{
    struct kafka_place *found = NULL;
    int32_t lane = 0;
    for (int32_t i = 0; i < pool->place_count; i++) {
        struct kafka_place *place = pool->places[i];
        if (!is_of(place, range)) {
            continue;
        }
        if (place->lane >= lane) {
            lane = place->lane + 1;
        }
        if (!place->busy && (!found || goes_on_at(place, range->from))) {
            found = place;
        }
    }
    *out_lane = lane;
    return found;
}

/* Lock held. */
static rd_kafka_t *lane_handle(struct kafka_pool *pool, int32_t lane, struct sql_error *error)
{
    if (lane < pool->lane_count) {
        return pool->lanes[lane];
    }
    rd_kafka_conf_t *conf = kafka_conf_new(pool->settings, &pool->trouble, error);
    if (!conf) {
        return NULL;
    }
    char reason[512];
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    if (!handle) {
        rd_kafka_conf_destroy(conf);
        sql_fail(error, &kafka_failure, "Failed to construct kafka consumer: %s", reason);
        return NULL;
    }
    pool->lanes = mem_resize(pool->lanes, (size_t)pool->lane_count + 1, sizeof(*pool->lanes));
    pool->lanes[pool->lane_count++] = handle;
    return handle;
}

/* Lock held. */
static struct kafka_place *add_place(struct kafka_pool *pool,
                                     const struct kafka_range *range,
                                     int32_t lane,
                                     struct sql_error *error)
{
    rd_kafka_t *handle =
        lane_handle(pool, lane < pool->lane_count ? lane : pool->lane_count, error);
    if (!handle) {
        return NULL;
    }
    struct kafka_place *place = place_new(handle, lane, range);
    if (!place) {
        kafka_fail_code(error, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
        return NULL;
    }
    if (pool->place_count == pool->place_capacity) {
        pool->place_capacity = pool->place_capacity ? pool->place_capacity * 2 : 8;
        pool->places =
            mem_resize(pool->places, (size_t)pool->place_capacity, sizeof(*pool->places));
    }
    pool->places[pool->place_count++] = place;
    return place;
}

struct kafka_place *kafka_pool_acquire(struct kafka_pool *pool,
                                       const struct kafka_range *range,
                                       struct sql_error *error)
{
    int64_t now_ms = clock_monotonic_ms();
    pthread_mutex_lock(&pool->lock);
    give_up_idle(pool, now_ms);
    int32_t lane = 0;
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
    if (!goes_on_at(place, range->from) && !kafka_place_seek(place, range->from, error)) {
        kafka_pool_release(pool, place);
        return NULL;
    }
    return place;
}

void kafka_pool_release(struct kafka_pool *pool, struct kafka_place *place)
{
    pthread_mutex_lock(&pool->lock);
    place->used_ms = clock_monotonic_ms();
    place->busy = false;
    pthread_mutex_unlock(&pool->lock);
}

void kafka_pool_free(struct kafka_pool *pool)
{
    if (!pool) {
        return;
    }
    for (int32_t i = 0; i < pool->place_count; i++) {
        place_free(pool->places[i]);
    }
    for (int32_t i = 0; i < pool->lane_count; i++) {
        rd_kafka_destroy_flags(pool->lanes[i], RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
    free(pool->places);
    free(pool->lanes);
    pthread_mutex_destroy(&pool->lock);
    client_trouble_finish(&pool->trouble);
    free(pool);
}

/* --- messages --- */

int32_t kafka_place_poll(struct kafka_place *place,
                         rd_kafka_message_t **out,
                         int32_t max,
                         int wait_ms)
{
    int32_t ahead = place->ahead_count - place->ahead_at;
    if (ahead > 0) {
        int32_t count = ahead < max ? ahead : max;
        memcpy(out, place->ahead + place->ahead_at, (size_t)count * sizeof(*out));
        place->ahead_at += count;
        return count;
    }
    ssize_t count = rd_kafka_consume_batch_queue(place->queue, 0, out, (size_t)max);
    if (count <= 0 && wait_ms > 0) {
        rd_kafka_poll(place->handle, 0); /* its complaints */
        out[0] = rd_kafka_consume_queue(place->queue, wait_ms);
        return out[0] ? 1 : 0;
    }
    return count > 0 ? (int32_t)count : 0;
}

void kafka_place_unread(struct kafka_place *place,
                        rd_kafka_message_t *const *messages,
                        int32_t count)
{
    int32_t left = place->ahead_count - place->ahead_at;
    if (count == 0) {
        return;
    }
    if (count > place->ahead_at) { /* no room in front */
        int32_t needed = left + count;
        rd_kafka_message_t **moved = mem_zalloc((size_t)needed, sizeof(rd_kafka_message_t *));
        if (left > 0) {
            memcpy(moved + count, place->ahead + place->ahead_at, (size_t)left * sizeof(*moved));
        }
        free(place->ahead);
        place->ahead = moved;
        place->ahead_at = count;
        place->ahead_count = needed;
        place->ahead_capacity = needed;
    }
    place->ahead_at -= count;
    memcpy(place->ahead + place->ahead_at, messages, (size_t)count * sizeof(*messages));
}

int kafka_place_ends(struct kafka_place *place,
                     int64_t *out_first,
                     int64_t *out_end,
                     int timeout_ms)
{
    return (int)rd_kafka_query_watermark_offsets(place->handle, rd_kafka_topic_name(place->rkt),
                                                 place->partition, out_first, out_end, timeout_ms);
}

const char *kafka_pool_trouble(struct kafka_pool *pool, char *out, size_t size)
{
    return client_trouble_suffix(&pool->trouble, out, size);
}
