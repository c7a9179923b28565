/*
 * The Kafka sink's producer: see kafka_producer.h.
 *
 * librdkafka sends in threads of its own and reports from inside rd_kafka_poll() and rd_kafka_flush(), which the sink's threads call as
 * they go: after each chunk, where the queue is full, and until the last report in flush. All of them wake by the report.
 */
#include "sinks/kafka_producer.h"

#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/handle.h"
#include "sinks/producer_failure.h"

enum {
    ASK_MS =
        1000, /* one question for metadata; also how long a cancelled query may go on waiting */
    ASK_AGAIN_MS = 50, /* the pause after an answer that was not enough */
    WAIT_MS = 100,     /* one look at the flag in waits that end by events otherwise */
    TOPIC_NAME_MAX = 249,
};

struct kafka_producer {
    rd_kafka_t *handle;
    const struct producer_config *config;
    const atomic_bool *cancelled;
    struct client_trouble trouble;
    atomic_bool has_failed;
    pthread_mutex_t lock;
    /* lock must be held for these: */
    struct map topics; /* struct kafka_topic, by name */
    struct producer_failure failure;
};

/* --- callbacks: in whichever of the sink's threads polls --- */

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *record, void *opaque)
{
    (void)handle;
    struct kafka_producer *p = opaque;
    if (!record->err) {
        return;
    }
    pthread_mutex_lock(&p->lock);
    if (p->failure.count++ == 0) {
        p->failure.code = record->err;
        p->failure.partition = record->partition;
        (void)bytes_to_text(bytes_of(rd_kafka_topic_name(record->rkt)), p->failure.topic,
                            sizeof(p->failure.topic));
    }
    pthread_mutex_unlock(&p->lock);
    atomic_store(&p->has_failed, true);
}

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    (void)handle;
    struct kafka_producer *p = opaque;
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) { /* that says less than what came before it */
        client_trouble_note(&p->trouble, reason);
    }
}

/* --- life --- */

struct kafka_producer *kafka_producer_new(const struct producer_config *config,
                                          const atomic_bool *cancelled,
                                          struct sql_error *error)
{
    static const struct client_own_option none[] = { { 0 } };
    struct weir_error err;
    rd_kafka_conf_t *conf;
    if (client_conf_create(config->options, none, &conf, &err) < 0) {
        sql_fail(error, &producer_config_exception, "%s", err.message);
        return NULL;
    }
    struct kafka_producer *p = MEM_NEW(struct kafka_producer);
    p->config = config;
    p->cancelled = cancelled;
    rd_kafka_conf_set_opaque(conf, p);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    client_trouble_init(&p->trouble);
    pthread_mutex_init(&p->lock, NULL);
    if (client_handle_create(RD_KAFKA_PRODUCER, conf, &p->handle, &err) < 0) {
        sql_fail(error, &producer_config_exception, "%s", err.message);
        kafka_producer_free(p);
        return NULL;
    }
    return p;
}

void kafka_producer_free(struct kafka_producer *p)
{
    if (!p) {
        return;
    }
    if (p->handle) {
        rd_kafka_purge(p->handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    }
    for (size_t i = 0; i < p->topics.count; i++) {
        struct kafka_topic *t = p->topics.entries[i].value;
        rd_kafka_topic_destroy(t->handle);
        free(t->name);
        free(t);
    }
    map_finish(&p->topics);
    if (p->handle) {
        rd_kafka_destroy(p->handle);
    }
    pthread_mutex_destroy(&p->lock);
    client_trouble_finish(&p->trouble);
    free(p);
}

void kafka_producer_begin(struct kafka_producer *p)
{
    pthread_mutex_lock(&p->lock);
    p->failure = (struct producer_failure){ 0 };
    pthread_mutex_unlock(&p->lock);
    atomic_store(&p->has_failed, false);
}

/* --- waiting --- */

static bool is_cancelled(const struct kafka_producer *p, struct sql_error *error)
{
    return p->cancelled && atomic_load(p->cancelled) && !producer_fail_cancelled(error);
}

/* " (why nobody answers)", as far as it is known. */
static const char *trouble_text(struct kafka_producer *p, char *out, size_t size)
{
    rd_kafka_poll(p->handle, 0);
    return client_trouble_suffix(&p->trouble, out, size);
}

static void pause_ms(int ms)
{
    struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
    nanosleep(&time, NULL);
}

/* --- topics --- */

/* Asks once. RD_KAFKA_RESP_ERR_NO_ERROR: t->partitions is how many there are. */
static rd_kafka_resp_err_t topic_ask(struct kafka_producer *p, struct kafka_topic *t, int limit_ms)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t code = rd_kafka_metadata(p->handle, 0, t->handle, &metadata, limit_ms);
    if (code) {
        return code;
    }
    const struct rd_kafka_metadata_topic *found =
        metadata->topic_cnt > 0 ? &metadata->topics[0] : NULL;
    code = found ? found->err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (!code && found && found->partition_cnt > 0) {
        atomic_store(&t->partitions, found->partition_cnt);
    }
    rd_kafka_metadata_destroy(metadata);
    return code;
}

/* Is it an answer that another question will not change? */
static bool is_final(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ||
           code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR__FATAL;
}

/* Until the topic has more than `partition` partitions. */
static bool topic_await(struct kafka_producer *p,
                        struct kafka_topic *t,
                        int32_t partition,
                        struct sql_error *error)
{
    int64_t deadline_ms = client_deadline(p->config->max_block_ms);
    for (;;) {
        int left_ms = client_remaining_ms(deadline_ms);
        rd_kafka_resp_err_t code = topic_ask(p, t, left_ms < ASK_MS ? left_ms + 1 : ASK_MS);
        if (!code && atomic_load(&t->partitions) > partition) {
            client_trouble_clear(&p->trouble);
            return true;
        }
        if (is_final(code)) {
            struct producer_failure failure = { .code = code, .count = 1, .partition = partition };
            (void)bytes_to_text(bytes_of(t->name), failure.topic, sizeof(failure.topic));
            return producer_fail(error, &failure, p->config, "");
        }
        if (is_cancelled(p, error)) {
            return false;
        }
        left_ms = client_remaining_ms(deadline_ms);
        if (left_ms == 0) {
            char suffix[300];
            bool known = atomic_load(&t->partitions) > 0; /* then a broker did answer */
            return producer_fail_metadata(error, t, known ? partition : -1, p->config->max_block_ms,
                                          known ? "" : trouble_text(p, suffix, sizeof(suffix)));
        }
        pause_ms(left_ms < ASK_AGAIN_MS ? left_ms : ASK_AGAIN_MS);
    }
}

/* Kafka's rule for names; it is the broker's as well, which is not asked where the answer is clear. */
static bool is_topic_name(struct bytes name)
{
    if (name.len == 0 || name.len > TOPIC_NAME_MAX || bytes_equal_text(name, ".") ||
        bytes_equal_text(name, "..")) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '.' || c == '_' || c == '-')) {
            return false;
        }
    }
    return true;
}

static struct kafka_topic *topic_find(struct kafka_producer *p, struct bytes name)
{
    pthread_mutex_lock(&p->lock);
    struct kafka_topic *t = map_get(&p->topics, name);
    if (!t) {
        t = MEM_NEW(struct kafka_topic);
        t->name = mem_text(name.data, name.len);
        t->handle = rd_kafka_topic_new(p->handle, t->name, NULL);
        map_put(&p->topics, name, t);
    }
    pthread_mutex_unlock(&p->lock);
    return t;
}

struct kafka_topic *kafka_producer_topic(struct kafka_producer *p,
                                         struct bytes name,
                                         struct sql_error *error)
{
    if (!is_topic_name(name)) {
        kafka_fail_topic_name(error, name);
        return NULL;
    }
    struct kafka_topic *t = topic_find(p, name);
    if (atomic_load(&t->partitions) == 0 && !topic_await(p, t, 0, error)) {
        return NULL;
    }
    return t;
}

bool kafka_producer_await_partition(struct kafka_producer *p,
                                    struct kafka_topic *t,
                                    int32_t partition,
                                    struct sql_error *error)
{
    return atomic_load(&t->partitions) > partition || topic_await(p, t, partition, error);
}

/* --- sending --- */

/* For room in the queue, until the deadline, which the first call sets. */
static bool room_await(struct kafka_producer *p, int64_t *deadline_ms, struct sql_error *error)
{
    if (*deadline_ms == 0) {
        *deadline_ms = client_deadline(p->config->max_block_ms);
    }
    int left_ms = client_remaining_ms(*deadline_ms);
    if (left_ms == 0) {
        char suffix[300];
        return producer_fail_room(error, p->config->max_block_ms,
                                  trouble_text(p, suffix, sizeof(suffix)));
    }
    if (rd_kafka_poll(p->handle, left_ms < WAIT_MS ? left_ms : WAIT_MS) > 0) {
        *deadline_ms = 0; /* there was a report, so the queue moves */
    }
    return !kafka_producer_failed(p, error) && !is_cancelled(p, error);
}

static bool refused(struct kafka_producer *p,
                    const struct kafka_topic *t,
                    const rd_kafka_message_t *record,
                    rd_kafka_resp_err_t code,
                    struct sql_error *error)
{
    struct producer_failure failure = { .code = code, .count = 1, .partition = record->partition };
    (void)bytes_to_text(bytes_of(t->name), failure.topic, sizeof(failure.topic));
    char fatal[256] = "";
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        failure.code = rd_kafka_fatal_error(p->handle, fatal, sizeof(fatal));
    }
    return producer_fail(error, &failure, p->config, fatal);
}

bool kafka_producer_send(struct kafka_producer *p,
                         struct kafka_topic *t,
                         rd_kafka_message_t *records,
                         int32_t count,
                         struct sql_error *error)
{
    int64_t deadline_ms = 0;
    for (int32_t sent = 0;;) {
        int good = rd_kafka_produce_batch(t->handle, RD_KAFKA_PARTITION_UA,
                                          RD_KAFKA_MSG_F_COPY | RD_KAFKA_MSG_F_PARTITION,
                                          records + sent, count - sent);
        if (good == count - sent) {
            rd_kafka_poll(p->handle, 0);
            return true;
        }
        while (!records[sent].err) {
            sent++;
        }
        /* Where one has found no room none after it has been tried: what is left comes again, in order. */
        if (records[sent].err != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            return refused(p, t, &records[sent], records[sent].err, error);
        }
        for (int32_t i = sent; i < count; i++) {
            records[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
        }
        if (!room_await(p, &deadline_ms, error)) {
            return false;
        }
    }
}

/* One try. The headers are taken over when it works. */
static rd_kafka_resp_err_t produce_one(struct kafka_producer *p,
                                       struct kafka_topic *t,
                                       const rd_kafka_message_t *record,
                                       rd_kafka_headers_t *headers)
{
    const rd_kafka_vu_t parts[] = {
        { .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = t->handle },
        { .vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition },
        { .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
        { .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { record->payload, record->len } },
        { .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { record->key, record->key_len } },
        { .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
    };
    rd_kafka_error_t *error =
        rd_kafka_produceva(p->handle, parts, sizeof(parts) / sizeof(parts[0]));
    rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (error) {
        rd_kafka_error_destroy(error);
    }
    return code;
}

bool kafka_producer_send_headers(struct kafka_producer *p,
                                 struct kafka_topic *t,
                                 const rd_kafka_message_t *record,
                                 rd_kafka_headers_t *headers,
                                 struct sql_error *error)
{
    int64_t deadline_ms = 0;
    for (;;) {
        rd_kafka_resp_err_t code = produce_one(p, t, record, headers);
        if (!code) {
            return true;
        }
        bool again = code == RD_KAFKA_RESP_ERR__QUEUE_FULL && room_await(p, &deadline_ms, error);
        if (!again) {
            rd_kafka_headers_destroy(headers);
            return refused(p, t, record, code, error);
        }
    }
}

/* --- what came back --- */

bool kafka_producer_failed(struct kafka_producer *p, struct sql_error *error)
{
    if (!atomic_load(&p->has_failed)) {
        return false;
    }
    char suffix[300];
    client_trouble_suffix(&p->trouble, suffix, sizeof(suffix));
    pthread_mutex_lock(&p->lock);
    struct producer_failure failure = p->failure;
    pthread_mutex_unlock(&p->lock);
    (void)producer_fail(error, &failure, p->config, suffix);
    return true;
}

bool kafka_producer_flush(struct kafka_producer *p, struct sql_error *error)
{
    /* Sends at once what still waits for company (linger.ms). */
    while (rd_kafka_flush(p->handle, WAIT_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT) {
        if (is_cancelled(p, error)) {
            return false;
        }
    }
    return !kafka_producer_failed(p, error);
}

bool kafka_producer_settle(struct kafka_producer *p, int limit_ms)
{
    return rd_kafka_flush(p->handle, limit_ms) == RD_KAFKA_RESP_ERR_NO_ERROR;
}
