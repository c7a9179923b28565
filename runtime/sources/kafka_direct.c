/*
 * Plain connections to brokers, and who leads what: see kafka_direct.h.
 */
#include "sources/kafka_direct.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "client/handle.h"
#include "protocol/kafka_error.h"
#include "sources/kafka_config.h"

enum { FETCH_VERSION = 12 /* the last one that names topics */, IDLE_MAX = 64 };

struct leader {
    char *topic; /* owned */
    int32_t partition;
    char *address; /* owned */
};

struct kafka_direct {
    const struct kafka_settings *settings;
    struct client_trouble *trouble;
    struct kafka_fetching fetching;
    char *client_id; /* owned */
    int timeout_ms;
    pthread_mutex_t lock;
    /* lock must be held for these: */
    int32_t idle_count;
    struct channel *idle[IDLE_MAX]; /* connections that nobody uses */
    int32_t leader_count;
    int32_t leader_capacity;
    struct leader *leaders;
};

static int32_t limited(const struct kafka_settings *settings, const char *name, int32_t standard)
{
    int64_t value = kafka_conf_number(settings, name, standard);
    return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

struct kafka_direct *kafka_direct_new(const struct kafka_settings *settings,
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
    for (int32_t i = 0; i < d->leader_count; i++) {
        free(d->leaders[i].topic);
        free(d->leaders[i].address);
    }
    free(d->leaders);
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

/* --- who leads --- */

enum weir_status kafka_direct_metadata(struct kafka_direct *d,
                                       struct bytes topic,
                                       struct arena *arena,
                                       struct metadata_response *out,
                                       struct weir_error *err)
{
    struct channel *channel = NULL;
    enum weir_status rc = open_any(d, &channel, err);
    if (rc < 0) {
        return rc;
    }
    struct metadata_request_topic one;
    struct metadata_request request;
    message_init(&metadata_request_type, &request);
    message_init(&metadata_request_topic_type, &one);
    one.name = topic;
    request.topics = bytes_is_null(topic) ? NULL : &one;
    request.topics_count = bytes_is_null(topic) ? 0 : 1;
    request.allow_auto_topic_creation = false;
    rc = channel_call(channel, API_METADATA, &request, arena, out, err);
    if (rc < 0) {
        kafka_direct_note(d, err->message);
        channel_close(channel);
        return rc;
    }
    kafka_direct_give_back(d, channel);
    return WEIR_OK;
}

/* Lock held. */
static struct leader *find_leader(struct kafka_direct *d, struct bytes topic, int32_t partition)
{
    for (int32_t i = 0; i < d->leader_count; i++) {
        struct leader *l = &d->leaders[i];
        if (l->partition == partition && bytes_equal_text(topic, l->topic)) {
            return l;
        }
    }
    return NULL;
}

void kafka_direct_forget(struct kafka_direct *d, struct bytes topic, int32_t partition)
{
    pthread_mutex_lock(&d->lock);
    struct leader *l = find_leader(d, topic, partition);
    if (l) {
        free(l->topic);
        free(l->address);
        *l = d->leaders[--d->leader_count];
    }
    pthread_mutex_unlock(&d->lock);
}

static void keep_leader(struct kafka_direct *d,
                        struct bytes topic,
                        int32_t partition,
                        const char *address)
{
    kafka_direct_forget(d, topic, partition);
    pthread_mutex_lock(&d->lock);
    if (d->leader_count == d->leader_capacity) {
        d->leader_capacity = d->leader_capacity ? d->leader_capacity * 2 : 16;
        d->leaders = mem_resize(d->leaders, (size_t)d->leader_capacity, sizeof(*d->leaders));
    }
    d->leaders[d->leader_count++] = (struct leader){ mem_text(topic.data, topic.len), partition,
                                                     mem_text(address, strlen(address)) };
    pthread_mutex_unlock(&d->lock);
}

/* The leader of a partition, out of the answer. A broker's code: there is none. */
static int pick_leader(const struct metadata_response *answer,
                       int32_t partition,
                       char *out,
                       size_t size)
{
    if (answer->topics_count < 1) {
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    const struct metadata_response_topic *topic = &answer->topics[0];
    if (topic->error_code != KAFKA_NONE) {
        return topic->error_code;
    }
    int32_t id = -1;
    bool found = false;
    for (int32_t i = 0; i < topic->partitions_count; i++) {
        if (topic->partitions[i].partition_index == partition) {
            id = topic->partitions[i].leader_id;
            found = true;
        }
    }
    for (int32_t i = 0; i < answer->brokers_count; i++) {
        const struct metadata_response_broker *b = &answer->brokers[i];
        if (b->node_id == id) {
            bool v6 = memchr(b->host.data, ':', b->host.len) != NULL;
            int len = snprintf(out, size, v6 ? "[%.*s]:%" PRId32 : "%.*s:%" PRId32,
                               BYTES_ARG(b->host), b->port);
            return len > 0 && (size_t)len < size ? KAFKA_NONE : KAFKA_LEADER_NOT_AVAILABLE;
        }
    }
    return found ? KAFKA_LEADER_NOT_AVAILABLE : KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
}

static enum weir_status leader_address(struct kafka_direct *d,
                                       const struct kafka_range *of,
                                       char *out,
                                       size_t size,
                                       int *out_code,
                                       struct weir_error *err)
{
    pthread_mutex_lock(&d->lock);
    const struct leader *known = find_leader(d, of->topic, of->partition);
    if (known) {
        (void)snprintf(out, size, "%s", known->address);
    }
    pthread_mutex_unlock(&d->lock);
    if (known) {
        return WEIR_OK;
    }
    struct arena arena;
    struct metadata_response answer;
    arena_init(&arena, 0);
    enum weir_status rc = kafka_direct_metadata(d, of->topic, &arena, &answer, err);
    if (rc == WEIR_OK) {
        *out_code = pick_leader(&answer, of->partition, out, size);
        if (*out_code != KAFKA_NONE) {
            rc = weir_fail(err, WEIR_EBROKER, "%s", kafka_error_name((int16_t)*out_code));
        }
    }
    arena_finish(&arena);
    if (rc == WEIR_OK) {
        keep_leader(d, of->topic, of->partition, out);
    }
    return rc;
}

enum weir_status kafka_direct_connect(struct kafka_direct *d,
                                      struct bytes topic,
                                      int32_t partition,
                                      struct channel **out,
                                      int *out_code,
                                      struct weir_error *err)
{
    char address[300];
    struct kafka_range of = { .topic = topic, .partition = partition };
    *out_code = KAFKA_NONE;
    enum weir_status rc = leader_address(d, &of, address, sizeof(address), out_code, err);
    if (rc < 0) {
        return rc;
    }
    *out = take_open(d, address);
    if (*out) {
        return WEIR_OK;
    }
    rc = open_channel(d, address, out, err);
    if (rc < 0) {
        kafka_direct_forget(d, topic, partition);
    }
    return rc;
}
