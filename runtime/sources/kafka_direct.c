/*
 * Plain connections to brokers, and who leads what: see kafka_direct.h.
 */
#include "sources/kafka_direct.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/handle.h"
#include "protocol/kafka_error.h"
#include "sources/kafka_config.h"

enum { FETCH_VERSION = 12 /* the last one that names topics */, IDLE_MAX = 64 };

struct kafka_direct {
    const struct kafka_settings *settings;
    const atomic_bool *cancelled;
    struct client_trouble *trouble;
    struct kafka_fetching fetching;
    char *client_id; /* owned */
    int timeout_ms;
    pthread_mutex_t lock;
    /* lock must be held for these: */
    int32_t idle_count;
    struct channel *idle[IDLE_MAX]; /* connections that nobody uses */
    struct map leaders;             /* "topic\0partition" -> its leader's address, owned */
};

static int32_t limited(const struct kafka_settings *settings, const char *name, int32_t standard)
{
    int64_t value = kafka_conf_number(settings, name, standard);
    return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

struct kafka_direct *kafka_direct_new(const struct kafka_settings *settings,
                                      const atomic_bool *cancelled,
                                      struct client_trouble *trouble)
{
    enum {
        FETCH_MAX = 52428800,
        PARTITION_MAX = 1048576,
        WAIT_MS = 500,
        WAIT_LEAST_MS = 10,
        REQUEST_MS = 30000
    };
    struct kafka_direct *d = MEM_NEW(struct kafka_direct);
    struct bytes isolation = options_get(&settings->kafka, "isolation.level");
    struct bytes crcs = options_get(&settings->kafka, "check.crcs");
    struct bytes client_id = options_get(&settings->kafka, "client.id");
    d->settings = settings;
    d->cancelled = cancelled;
    d->trouble = trouble;
    d->fetching = (struct kafka_fetching){
        .committed = bytes_equal_text(isolation, "read_committed"),
        .check_crcs = !bytes_equal_text(crcs, "false"),
        .max_wait_ms = limited(settings, "fetch.max.wait.ms", WAIT_MS),
        .min_bytes = limited(settings, "fetch.min.bytes", 1),
        .max_bytes = limited(settings, "fetch.max.bytes", FETCH_MAX),
        .partition_max_bytes = limited(settings, "max.partition.fetch.bytes", PARTITION_MAX),
        .rack = options_get(&settings->kafka, "client.rack"),
    };
    if (d->fetching.max_wait_ms < WAIT_LEAST_MS) { /* an empty answer must not come at once */
        d->fetching.max_wait_ms = WAIT_LEAST_MS;
    }
    d->client_id = bytes_is_null(client_id) ? NULL : mem_text(client_id.data, client_id.len);
    d->timeout_ms = limited(settings, "request.timeout.ms", REQUEST_MS);
    pthread_mutex_init(&d->lock, NULL);
    return d;
}

void kafka_direct_free(struct kafka_direct *d)
{
    if (!d) {
        return;
    }
    for (int32_t i = 0; i < d->idle_count; i++) {
        channel_close(d->idle[i]);
    }
    for (size_t i = 0; i < d->leaders.count; i++) {
        free(d->leaders.entries[i].value);
    }
    map_finish(&d->leaders);
    free(d->client_id);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

const struct kafka_fetching *kafka_direct_fetching(const struct kafka_direct *d)
{
    return &d->fetching;
}

void kafka_direct_note(struct kafka_direct *d, const char *trouble)
{
    client_trouble_note(d->trouble, trouble);
}

/* --- connections --- */

static struct channel *take_idle(struct kafka_direct *d, const char *address)
{
    struct channel *found = NULL;
    pthread_mutex_lock(&d->lock);
    for (int32_t i = d->idle_count - 1; i >= 0 && !found; i--) {
        if (!address || strcmp(channel_address(d->idle[i]), address) == 0) {
            found = d->idle[i];
            d->idle[i] = d->idle[--d->idle_count];
        }
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

void kafka_direct_give_back(struct kafka_direct *d, struct channel *channel)
{
    pthread_mutex_lock(&d->lock);
    bool room = d->idle_count < IDLE_MAX;
    if (room) {
        d->idle[d->idle_count++] = channel;
    }
    pthread_mutex_unlock(&d->lock);
    if (!room) {
        channel_close(channel);
    }
}

void kafka_direct_drop(struct kafka_direct *d, struct channel *channel)
{
    (void)d;
    channel_close(channel);
}

/* What an idle connection has to say is that it is closed. */
static struct channel *take_open(struct kafka_direct *d, const char *address)
{
    struct channel *channel = NULL;
    while ((channel = take_idle(d, address)) && channel_wait(channel, 0)) {
        channel_close(channel);
    }
    return channel;
}

static enum weir_status open_channel(struct kafka_direct *d,
                                     const char *address,
                                     struct channel **out,
                                     struct weir_error *err)
{
    enum { CONNECT_MS = 2000 };
    struct channel_options options = { .address = address,
                                       .client_id = d->client_id,
                                       .timeout_ms = CONNECT_MS };
    enum weir_status rc = channel_open(&options, out, err);
    if (rc < 0) {
        kafka_direct_note(d, err->message);
        return rc;
    }
    channel_set_timeout(*out, d->timeout_ms);
    channel_limit_version(*out, API_FETCH, FETCH_VERSION);
    return WEIR_OK;
}

/* To any broker: one that is connected, or the first of bootstrap.servers that answers. */
static enum weir_status open_any(struct kafka_direct *d,
                                 struct channel **out,
                                 struct weir_error *err)
{
    *out = take_open(d, NULL);
    if (*out) {
        return WEIR_OK;
    }
    struct bytes rest = d->settings->servers;
    struct bytes part;
    enum weir_status rc = weir_fail(err, WEIR_EINVAL, "bootstrap.servers is empty");
    while (rc < 0 && bytes_cut(&rest, ',', &part)) {
        char address[300];
        part = bytes_trim(part);
        if (part.len > 0 && bytes_to_text(part, address, sizeof(address))) {
            rc = open_channel(d, address, out, err);
        }
    }
    return rc;
}

enum weir_status kafka_direct_call(struct kafka_direct *d,
                                   struct channel *channel,
                                   const struct kafka_question *q,
                                   struct weir_error *err)
{
    enum { SLICE_MS = 100 };
    enum weir_status rc = channel_send(channel, q->key, q->request, err);
    if (rc < 0) {
        return rc;
    }
    int64_t deadline_ms = clock_monotonic_ms() + d->timeout_ms;
    while (!channel_wait(channel, SLICE_MS)) {
        if (clock_monotonic_ms() >= deadline_ms || kafka_cancelled(d->cancelled)) {
            return weir_fail(err, WEIR_ETIMEOUT, "%s: no answer", channel_address(channel));
        }
    }
    return channel_receive(channel, q->key, NULL, q->arena, q->response, err);
}

/* --- who leads --- */

enum { LEADER_KEY_SIZE = LIMIT_TOPIC_NAME + 1 + sizeof(int32_t) };

static struct bytes leader_key(struct bytes topic, int32_t partition, char out[LEADER_KEY_SIZE])
{
    size_t len = topic.len < LIMIT_TOPIC_NAME ? topic.len : LIMIT_TOPIC_NAME;
    memcpy(out, topic.data, len);
    out[len] = '\0';
    memcpy(out + len + 1, &partition, sizeof(partition));
    return (struct bytes){ (const uint8_t *)out, len + 1 + sizeof(partition) };
}

/* Lock held. */
static void set_leader(struct kafka_direct *d, struct bytes topic, int32_t partition, char *address)
{
    char key[LEADER_KEY_SIZE];
    struct bytes name = leader_key(topic, partition, key);
    free(address ? map_put(&d->leaders, name, address) : map_remove(&d->leaders, name));
}

void kafka_direct_forget(struct kafka_direct *d, struct bytes topic, int32_t partition)
{
    pthread_mutex_lock(&d->lock);
    set_leader(d, topic, partition, NULL);
    pthread_mutex_unlock(&d->lock);
}

/* "host:port" of a broker; NULL: it is not in the answer. The caller's. */
static char *broker_address(const struct metadata_response *answer, int32_t id)
{
    char text[KAFKA_ADDRESS_SIZE];
    for (int32_t i = 0; i < answer->brokers_count; i++) {
        const struct metadata_response_broker *b = &answer->brokers[i];
        if (b->node_id == id) {
            bool v6 = b->host.len > 0 && memchr(b->host.data, ':', b->host.len) != NULL;
            int len = snprintf(text, sizeof(text), v6 ? "[%.*s]:%" PRId32 : "%.*s:%" PRId32,
                               BYTES_ARG(b->host), b->port);
            return len > 0 && len < (int)sizeof(text) ? mem_text(text, (size_t)len) : NULL;
        }
    }
    return NULL;
}

static void keep_leaders(struct kafka_direct *d, const struct metadata_response *answer)
{
    pthread_mutex_lock(&d->lock);
    for (int32_t t = 0; t < answer->topics_count; t++) {
        const struct metadata_response_topic *topic = &answer->topics[t];
        for (int32_t p = 0; topic->name.len > 0 && p < topic->partitions_count; p++) {
            const struct metadata_response_partition *partition = &topic->partitions[p];
            set_leader(d, topic->name, partition->partition_index,
                       broker_address(answer, partition->leader_id));
        }
    }
    pthread_mutex_unlock(&d->lock);
}

enum weir_status kafka_direct_metadata(struct kafka_direct *d,
                                       const struct bytes *topics,
                                       int32_t count,
                                       struct arena *arena,
                                       struct metadata_response *out,
                                       struct weir_error *err)
{
    struct channel *channel = NULL;
    enum weir_status rc = open_any(d, &channel, err);
    if (rc < 0) {
        return rc;
    }
    struct metadata_request request;
    message_init(&metadata_request_type, &request);
    request.topics =
        count > 0 ? ARENA_NEW(arena, struct metadata_request_topic, (size_t)count) : NULL;
    request.topics_count = count > 0 ? count : -1; /* null: all */
    request.allow_auto_topic_creation = false;
    for (int32_t i = 0; i < count; i++) {
        message_init(&metadata_request_topic_type, &request.topics[i]);
        request.topics[i].name = topics[i];
    }
    struct kafka_question question = { API_METADATA, &request, arena, out };
    rc = kafka_direct_call(d, channel, &question, err);
    if (rc < 0) {
        kafka_direct_note(d, err->message);
        channel_close(channel);
        return rc;
    }
    kafka_direct_give_back(d, channel);
    keep_leaders(d, out);
    return WEIR_OK;
}

static bool known_leader(struct kafka_direct *d,
                         const struct kafka_offset *p,
                         char out[KAFKA_ADDRESS_SIZE])
{
    char key[LEADER_KEY_SIZE];
    pthread_mutex_lock(&d->lock);
    const char *address = map_get(&d->leaders, leader_key(p->topic, p->partition, key));
    if (address) {
        (void)snprintf(out, KAFKA_ADDRESS_SIZE, "%s", address);
    }
    pthread_mutex_unlock(&d->lock);
    return address != NULL;
}

/* Why an answer says of no leader. */
static int why_none(const struct metadata_response *answer, int32_t partition)
{
    if (answer->topics_count < 1) {
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    const struct metadata_response_topic *topic = &answer->topics[0];
    bool found = false;
    for (int32_t i = 0; i < topic->partitions_count; i++) {
        found |= topic->partitions[i].partition_index == partition;
    }
    if (topic->error_code != KAFKA_NONE) {
        return topic->error_code;
    }
    return found ? KAFKA_LEADER_NOT_AVAILABLE : KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
}

enum weir_status kafka_direct_leader(struct kafka_direct *d,
                                     const struct kafka_offset *partition,
                                     char out[KAFKA_ADDRESS_SIZE],
                                     int *out_code,
                                     struct weir_error *err)
{
    *out_code = KAFKA_NONE;
    if (known_leader(d, partition, out)) {
        return WEIR_OK;
    }
    struct arena arena;
    struct metadata_response answer;
    arena_init(&arena, 0);
    enum weir_status rc = kafka_direct_metadata(d, &partition->topic, 1, &arena, &answer, err);
    if (rc == WEIR_OK && !known_leader(d, partition, out)) {
        *out_code = why_none(&answer, partition->partition);
        rc = weir_fail(err, WEIR_EBROKER, "%s", kafka_error_name((int16_t)*out_code));
    }
    arena_finish(&arena);
    return rc;
}

enum weir_status kafka_direct_open(struct kafka_direct *d,
                                   const char *address,
                                   struct channel **out,
                                   struct weir_error *err)
{
    *out = take_open(d, address);
    return *out ? WEIR_OK : open_channel(d, address, out, err);
}

enum weir_status kafka_direct_connect(struct kafka_direct *d,
                                      struct bytes topic,
                                      int32_t partition,
                                      struct channel **out,
                                      int *out_code,
                                      struct weir_error *err)
{
    char address[KAFKA_ADDRESS_SIZE];
    struct kafka_offset of = { .topic = topic, .partition = partition };
    enum weir_status rc = kafka_direct_leader(d, &of, address, out_code, err);
    if (rc < 0) {
        return rc;
    }
    rc = kafka_direct_open(d, address, out, err);
    if (rc < 0) {
        kafka_direct_forget(d, topic, partition);
    }
    return rc;
}
