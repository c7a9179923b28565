/*
 * The producer of weir/producer.h over librdkafka.
 *
 * librdkafka queues, batches and sends in threads of its own, and reports each record's fate by a callback, but only
 * from inside rd_kafka_poll(). One thread of ours sits in there for the producer's whole life, so that a future is
 * fulfilled without anybody asking. That thread and the callers meet at two locks, never held together: the
 * producer's (how many are on their way, how many failed) and the future's.
 */
#include "weir/producer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/handle.h"

enum {
    MAX_BLOCK_MS_DEFAULT = 60000, /* Kafka's ProducerConfig.MAX_BLOCK_MS_CONFIG */
    PURGE_TIMEOUT_MS = 5000,
    HEADERS_MAX = 1000,
};

struct weir_producer {
    rd_kafka_t *handle;
    rd_kafka_queue_t *reports; /* what the reporter waits on */
    pthread_t reporter;
    _Atomic bool closing;
    int max_block_ms;
    struct client_trouble trouble;

    pthread_mutex_t lock;
    pthread_cond_t progress; /* something was acknowledged or failed */
    /* lock must be held for these: */
    size_t pending;    /* queued or sent, and no answer yet */
    uint64_t reported; /* answers so far: tells a waiter that the queue has moved */
    struct map topics; /* sent to so far */
    size_t failed;     /* since the last flush */
    struct weir_error first_failure;
};

/* A future, shared by the one who waits and the record on its way. */
struct weir_delivery {
    pthread_mutex_t lock;
    pthread_cond_t settled;
    /* lock must be held for these: */
    int refs;
    bool done;
    struct weir_metadata metadata;
    struct weir_error error; /* status WEIR_OK: it is in the log */
};

/* --- Conditions on the monotonic clock --- */

static void cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* False when the deadline has passed. */
static bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms)
{
    if (deadline_ms == INT64_MAX) {
        pthread_cond_wait(cond, lock);
        return true;
    }
    struct timespec until = { .tv_sec = deadline_ms / 1000,
                              .tv_nsec = deadline_ms % 1000 * 1000000 };
    return pthread_cond_timedwait(cond, lock, &until) != ETIMEDOUT;
}

/* --- Futures --- */

static struct weir_delivery *delivery_create(int refs)
{
    struct weir_delivery *delivery = MEM_NEW(struct weir_delivery);
    pthread_mutex_init(&delivery->lock, NULL);
    cond_init(&delivery->settled);
    delivery->refs = refs;
    return delivery;
}

/* NULL is fine. */
static void delivery_free(struct weir_delivery *delivery)
{
    if (delivery) {
        pthread_cond_destroy(&delivery->settled);
        pthread_mutex_destroy(&delivery->lock);
        free(delivery);
    }
}

void weir_delivery_release(struct weir_delivery *delivery)
{
    if (!delivery) {
        return;
    }
    pthread_mutex_lock(&delivery->lock);
    bool last = --delivery->refs == 0;
    pthread_mutex_unlock(&delivery->lock);
    if (last) {
        delivery_free(delivery);
    }
}

static void delivery_settle(struct weir_delivery *delivery,
                            const struct weir_metadata *metadata,
                            const struct weir_error *error)
{
    pthread_mutex_lock(&delivery->lock);
    delivery->metadata = *metadata;
    delivery->error = *error;
    delivery->done = true;
    pthread_cond_broadcast(&delivery->settled);
    pthread_mutex_unlock(&delivery->lock);
    weir_delivery_release(delivery);
}

bool weir_delivery_done(struct weir_delivery *delivery)
{
    pthread_mutex_lock(&delivery->lock);
    bool done = delivery->done;
    pthread_mutex_unlock(&delivery->lock);
    return done;
}

enum weir_status weir_delivery_wait(struct weir_delivery *delivery,
                                    int timeout_ms,
                                    struct weir_metadata *out_metadata,
                                    struct weir_error *err)
{
    enum weir_status rc;
    int64_t deadline_ms = client_deadline(timeout_ms);
    pthread_mutex_lock(&delivery->lock);
    while (!delivery->done && cond_wait_until(&delivery->settled, &delivery->lock, deadline_ms)) {
    }
    if (!delivery->done) {
        rc =
            weir_fail(err, WEIR_ETIMEOUT, "the record is not acknowledged after %d ms", timeout_ms);
    } else if (delivery->error.status < 0) {
        rc = weir_fail(err, delivery->error.status, "%s", delivery->error.message);
    } else {
        rc = WEIR_OK;
        if (out_metadata) {
            *out_metadata = delivery->metadata;
        }
    }
    pthread_mutex_unlock(&delivery->lock);
    return rc;
}

/* --- The reporter --- */

static void describe_failure(struct weir_producer *producer,
                             const rd_kafka_message_t *message,
                             struct weir_error *out_error)
{
    const char *topic = rd_kafka_topic_name(message->rkt);
    enum weir_status status = client_status(message->err);
    char suffix[300] = "";
    switch ((int)message->err) { /* librdkafka's enum; only these need words of their own */
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
        client_trouble_suffix(&producer->trouble, suffix, sizeof(suffix));
        weir_fail(out_error, WEIR_ETIMEOUT,
                  "topic %s: the producer was closed before the record was acknowledged%s", topic,
                  suffix);
        return;
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        client_trouble_suffix(&producer->trouble, suffix, sizeof(suffix));
        weir_fail(out_error, status, "topic %s: not acknowledged within delivery.timeout.ms%s",
                  topic, suffix);
        return;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        weir_fail(out_error, status, "topic %s does not exist", topic);
        return;
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        weir_fail(out_error, status, "topic %s has no partition %d", topic, message->partition);
        return;
    default: weir_fail(out_error, status, "topic %s: %s", topic, rd_kafka_err2str(message->err));
    }
}

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    (void)handle;
    struct weir_producer *producer = opaque;
    struct weir_error error = { .status = WEIR_OK };
    struct weir_metadata metadata = { .partition = message->partition, .offset = message->offset };
    if (message->err) {
        describe_failure(producer, message, &error);
    } else {
        rd_kafka_timestamp_type_t type;
        metadata.timestamp_ms = rd_kafka_message_timestamp(message, &type);
        client_trouble_clear(&producer->trouble);
    }
    struct weir_delivery *delivery = message->_private;
    if (delivery) {
        delivery_settle(delivery, &metadata, &error);
    }
    pthread_mutex_lock(&producer->lock);
    producer->pending--;
    producer->reported++;
    if (message->err && producer->failed++ == 0) {
        producer->first_failure = error;
    }
    pthread_cond_broadcast(&producer->progress);
    pthread_mutex_unlock(&producer->lock);
}

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    (void)handle;
    (void)code;
    struct weir_producer *producer = opaque;
    client_trouble_note(&producer->trouble, reason);
}

static void *report(void *argument)
{
    struct weir_producer *producer = argument;
    while (!producer->closing) {
        rd_kafka_poll(producer->handle, -1);
    }
    return NULL;
}

/* --- Life --- */

enum weir_status weir_producer_create(const struct weir_option *options,
                                      struct weir_producer **out_producer,
                                      struct weir_error *err)
{
    int max_block_ms = MAX_BLOCK_MS_DEFAULT;
    const struct client_own_option own[] = { { "max.block.ms", 0, &max_block_ms }, { 0 } };
    rd_kafka_conf_t *conf;
    enum weir_status rc = client_conf_create(options, own, &conf, err);
    if (rc < 0) {
        return rc;
    }
    client_conf_default(conf, options, "partitioner", "murmur2_random"); /* as Kafka's own */
    struct weir_producer *producer = MEM_NEW(struct weir_producer);
    client_trouble_init(&producer->trouble);
    pthread_mutex_init(&producer->lock, NULL);
    cond_init(&producer->progress);
    producer->max_block_ms = max_block_ms;
    rd_kafka_conf_set_opaque(conf, producer);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rc = client_handle_create(RD_KAFKA_PRODUCER, conf, &producer->handle, err);
    if (rc < 0) {
        goto fail;
    }
    producer->reports = rd_kafka_queue_get_main(producer->handle);
    errno = pthread_create(&producer->reporter, NULL, report, producer);
    if (errno != 0) {
        rc = weir_fail_errno(err, "starting the producer's thread");
        goto fail;
    }
    *out_producer = producer;
    return WEIR_OK;
fail:
    if (producer->handle) {
        rd_kafka_queue_destroy(producer->reports);
        rd_kafka_destroy(producer->handle);
    }
    map_finish(&producer->topics);
    pthread_cond_destroy(&producer->progress);
    pthread_mutex_destroy(&producer->lock);
    client_trouble_finish(&producer->trouble);
    free(producer);
    return rc;
}

/* Waits until nothing is pending; false when time ran out. */
static bool drain(struct weir_producer *producer, int64_t deadline_ms)
{
    /* librdkafka's flush sends what still waits for company (linger.ms). It may return while the reporter is in the
     * middle of the last report, so ours waits for the count. */
    rd_kafka_flush(producer->handle, client_remaining_ms(deadline_ms));
    pthread_mutex_lock(&producer->lock);
    while (producer->pending > 0 &&
           cond_wait_until(&producer->progress, &producer->lock, deadline_ms)) {
    }
    bool drained = producer->pending == 0;
    pthread_mutex_unlock(&producer->lock);
    return drained;
}

enum weir_status weir_producer_flush(struct weir_producer *producer,
                                     int timeout_ms,
                                     struct weir_error *err)
{
    /* LESSON: flush */
    bool drained = drain(producer, client_deadline(timeout_ms));
    char suffix[300];
    client_trouble_suffix(&producer->trouble, suffix, sizeof(suffix));
    pthread_mutex_lock(&producer->lock);
    enum weir_status rc = WEIR_OK;
    if (producer->failed > 0) {
        rc = weir_fail(err, producer->first_failure.status, "%zu %s not delivered; the first: %s",
                       producer->failed, producer->failed == 1 ? "record was" : "records were",
                       producer->first_failure.message);
    } else if (!drained) {
        rc = weir_fail(err, WEIR_ETIMEOUT, "%zu %s not acknowledged after %d ms%s",
                       producer->pending, producer->pending == 1 ? "record is" : "records are",
                       timeout_ms, suffix);
    }
    producer->failed = 0;
    pthread_mutex_unlock(&producer->lock);
    return rc;
}

enum weir_status weir_producer_close(struct weir_producer *producer,
                                     int timeout_ms,
                                     struct weir_error *err)
{
    if (!producer) {
        return WEIR_OK;
    }
    if (timeout_ms == 0) { /* no time to send anything: a flush would still start to */
        rd_kafka_purge(producer->handle, RD_KAFKA_PURGE_F_QUEUE);
    }
    enum weir_status rc = weir_producer_flush(producer, timeout_ms, err);
    rd_kafka_purge(producer->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    drain(producer, client_deadline(PURGE_TIMEOUT_MS));
    producer->closing = true;
    rd_kafka_queue_yield(producer->reports);
    pthread_join(producer->reporter, NULL);
    rd_kafka_queue_destroy(producer->reports);
    rd_kafka_destroy(producer->handle);
    map_finish(&producer->topics);
    pthread_cond_destroy(&producer->progress);
    pthread_mutex_destroy(&producer->lock);
    client_trouble_finish(&producer->trouble);
    free(producer);
    return rc;
}

/* --- Sending --- */

static rd_kafka_headers_t *headers_create(const struct weir_message *message)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(message->header_count);
    for (size_t i = 0; i < message->header_count; i++) {
        const struct weir_header *h = &message->headers[i];
        rd_kafka_header_add(headers, h->name, -1, h->value.data, (ssize_t)h->value.len);
    }
    return headers;
}

/* One attempt to queue the record. */
static rd_kafka_error_t *enqueue(struct weir_producer *producer,
                                 const struct weir_message *message,
                                 struct weir_delivery *delivery)
{
    rd_kafka_headers_t *headers = message->header_count > 0 ? headers_create(message) : NULL;
    /* The library takes `void *` and, asked to copy, does not write through it. */
    union {
        const void *in;
        void *out;
    } key = { message->key.data }, value = { message->value.data };
    rd_kafka_vu_t arguments[] = {
        { .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = message->topic },
        { .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = message->partition },
        { .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { key.out, message->key.len } },
        { .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { value.out, message->value.len } },
        { .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
        { .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = message->timestamp_ms },
        { .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = delivery },
        { .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
    };
    size_t count = sizeof(arguments) / sizeof(arguments[0]) - (headers ? 0 : 1);
    rd_kafka_error_t *error = rd_kafka_produceva(producer->handle, arguments, count);
    if (error && headers) {
        rd_kafka_headers_destroy(headers);
    }
    return error;
}

static enum weir_status message_check(const struct weir_message *message, struct weir_error *err)
{
    if (!message->topic || message->topic[0] == '\0') {
        return weir_fail(err, WEIR_EINVAL, "the record names no topic");
    }
    if (message->partition < WEIR_PARTITION_ANY) {
        return weir_fail(err, WEIR_EINVAL,
                         "topic %s: %d is no partition (%d lets the producer choose)",
                         message->topic, message->partition, WEIR_PARTITION_ANY);
    }
    if (message->timestamp_ms < 0) {
        return weir_fail(err, WEIR_EINVAL, "topic %s: timestamp %lld is before 1970",
                         message->topic, (long long)message->timestamp_ms);
    }
    if (message->header_count > HEADERS_MAX) {
        return weir_fail(err, WEIR_ETOOBIG, "topic %s: more than %d headers", message->topic,
                         HEADERS_MAX);
    }
    return WEIR_OK;
}

/* Queues; while the queue is full, waits for room. Returns librdkafka's code. */
static rd_kafka_resp_err_t enqueue_waiting(struct weir_producer *producer,
                                           const struct weir_message *message,
                                           struct weir_delivery *delivery,
                                           struct weir_error *err)
{
    int64_t deadline_ms = client_deadline(producer->max_block_ms);
    for (;;) {
        pthread_mutex_lock(&producer->lock);
        uint64_t reported = producer->reported;
        pthread_mutex_unlock(&producer->lock);
        rd_kafka_error_t *error = enqueue(producer, message, delivery);
        if (!error) {
            return RD_KAFKA_RESP_ERR_NO_ERROR;
        }
        rd_kafka_resp_err_t code = rd_kafka_error_code(error);
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            weir_fail(err, client_status(code), "topic %s: %s", message->topic,
                      rd_kafka_error_string(error));
        }
        rd_kafka_error_destroy(error);
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            return code;
        }
        pthread_mutex_lock(&producer->lock);
        bool in_time = true;
        while (in_time && producer->reported == reported) {
            in_time = cond_wait_until(&producer->progress, &producer->lock, deadline_ms);
        }
        pthread_mutex_unlock(&producer->lock);
        if (!in_time) {
            weir_fail(err, WEIR_ETIMEOUT,
                      "topic %s: the queue stayed full for %d ms (max.block.ms)", message->topic,
                      producer->max_block_ms);
            return RD_KAFKA_RESP_ERR__TIMED_OUT;
        }
    }
}

/* librdkafka looks for the partitions of a topic that is new to it once a second; asking at once makes the first record
 * as fast as all others. The answer finds its own way, so nobody waits for it here. */
static void ask_for_partitions(struct weir_producer *producer, const char *name)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(producer->handle, name, NULL);
    const struct rd_kafka_metadata *metadata = NULL;
    if (topic &&
        rd_kafka_metadata(producer->handle, 0, topic, &metadata, 0) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_metadata_destroy(metadata);
    }
    if (topic) {
        rd_kafka_topic_destroy(topic);
    }
}

enum weir_status weir_producer_send(struct weir_producer *producer,
                                    const struct weir_message *message,
                                    struct weir_delivery **out_delivery,
                                    struct weir_error *err)
{
    enum weir_status rc = message_check(message, err);
    if (rc < 0) {
        return rc;
    }
    struct weir_delivery *delivery = out_delivery ? delivery_create(2) : NULL;
    /* Counted before it is queued: the report may come before the queueing call returns. */
    pthread_mutex_lock(&producer->lock);
    producer->pending++;
    bool first = !map_put(&producer->topics, bytes_of(message->topic), producer);
    pthread_mutex_unlock(&producer->lock);
    rd_kafka_resp_err_t code = enqueue_waiting(producer, message, delivery, err);
    if (code) {
        pthread_mutex_lock(&producer->lock);
        producer->pending--;
        pthread_mutex_unlock(&producer->lock);
        delivery_free(delivery); /* it was never queued, so both references are ours */
        return client_status(code);
    }
    if (first) {
        ask_for_partitions(producer, message->topic);
    }
    if (out_delivery) {
        *out_delivery = delivery;
    }
    return WEIR_OK;
}
