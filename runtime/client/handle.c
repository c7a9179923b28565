/*
 * What producer, consumer and admin share; see handle.h.
 */
#include "client/handle.h"

#include <limits.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"

/* --- Trouble --- */

void client_trouble_init(struct client_trouble *trouble)
{
    pthread_mutex_init(&trouble->lock, NULL);
    trouble->text[0] = '\0';
}

void client_trouble_finish(struct client_trouble *trouble)
{
    pthread_mutex_destroy(&trouble->lock);
}

void client_trouble_note(struct client_trouble *trouble, const char *text)
{
    pthread_mutex_lock(&trouble->lock);
    (void)snprintf(trouble->text, sizeof(trouble->text), "%s", text ? text : "");
    pthread_mutex_unlock(&trouble->lock);
}

void client_trouble_clear(struct client_trouble *trouble)
{
    client_trouble_note(trouble, NULL);
}

const char *client_trouble_suffix(struct client_trouble *trouble, char *out, size_t size)
{
    pthread_mutex_lock(&trouble->lock);
    if (trouble->text[0] == '\0') {
        out[0] = '\0';
    } else {
        (void)snprintf(out, size, " (%s)", trouble->text);
    }
    pthread_mutex_unlock(&trouble->lock);
    return out;
}

/* --- Codes --- */

enum weir_status client_status(rd_kafka_resp_err_t code)
{
    switch ((
        int)code) { /* librdkafka's enum and the broker's codes in one; most fall into the last case */
    case RD_KAFKA_RESP_ERR_NO_ERROR: return WEIR_OK;
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: return WEIR_ETIMEOUT;
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE: return WEIR_EIO;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return WEIR_ENOTFOUND;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: return WEIR_EEXIST;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: return WEIR_ETOOBIG;
    case RD_KAFKA_RESP_ERR__INVALID_ARG: return WEIR_EINVAL;
    default: return WEIR_EBROKER;
    }
}

/* --- Options --- */

const char *client_option(const struct weir_option *options, const char *name)
{
    const char *value = NULL;
    for (const struct weir_option *o = options; o && o->name; o++) {
        if (strcmp(o->name, name) == 0 && o->value) {
            value = o->value;
        }
    }
    return value;
}

/* Where Kafka's name or value differs from librdkafka's. */
static struct weir_option translated(const struct weir_option *option)
{
    struct weir_option result = *option;
    if (strcmp(option->name, "max.request.size") == 0) {
        result.name = "message.max.bytes";
    }
    if (strcmp(option->name, "fetch.max.wait.ms") == 0) {
        result.name = "fetch.wait.max.ms";
    }
    if (strcmp(option->name, "auto.offset.reset") == 0 && strcmp(option->value, "none") == 0) {
        result.value = "error";
    }
    return result;
}

static const struct client_own_option *find_own(const struct client_own_option *own,
                                                const char *name)
{
    for (; own->name; own++) {
        if (strcmp(own->name, name) == 0) {
            return own;
        }
    }
    return NULL;
}

static enum weir_status own_set(const struct client_own_option *own,
                                const char *value,
                                struct weir_error *err)
{
    int64_t number;
    if (!bytes_parse_i64(bytes_of(value), &number) || number < own->min || number > INT_MAX) {
        return weir_fail(err, WEIR_EINVAL, "option %s: \"%s\" is not a whole number from %d to %d",
                         own->name, value, own->min, INT_MAX);
    }
    *own->value = (int)number;
    return WEIR_OK;
}

static enum weir_status option_set(rd_kafka_conf_t *conf,
                                   const struct weir_option *given,
                                   const struct client_own_option *own,
                                   struct weir_error *err)
{
    const struct client_own_option *ours = find_own(own, given->name);
    if (ours) {
        return own_set(ours, given->value, err);
    }
    struct weir_option option = translated(given);
    char reason[256];
    if (rd_kafka_conf_set(conf, option.name, option.value, reason, sizeof(reason)) !=
        RD_KAFKA_CONF_OK) {
        return weir_fail(err, WEIR_EINVAL, "option %s: %s", given->name, reason);
    }
    return WEIR_OK;
}

enum weir_status client_conf_create(const struct weir_option *options,
                                    const struct client_own_option *own,
                                    rd_kafka_conf_t **out_conf,
                                    struct weir_error *err)
{
    const char *bootstrap = client_option(options, "bootstrap.servers");
    if (!bootstrap || bootstrap[0] == '\0') {
        return weir_fail(err, WEIR_EINVAL,
                         "option bootstrap.servers is not set; give it host:port of a broker");
    }
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    enum weir_status rc = WEIR_OK;
    for (const struct weir_option *o = options; o && o->name && rc == WEIR_OK; o++) {
        if (o->value) {
            rc = option_set(conf, o, own, err);
        }
    }
    if (rc < 0) {
        rd_kafka_conf_destroy(conf);
        return rc;
    }
    /* Its complaints reach the caller through struct client_trouble; on standard error only who debugs wants them. */
    if (!client_option(options, "debug") && !client_option(options, "log_level")) {
        rd_kafka_conf_set_log_cb(conf, NULL);
    }
    *out_conf = conf;
    return WEIR_OK;
}

void client_conf_default(rd_kafka_conf_t *conf,
                         const struct weir_option *options,
                         const char *name,
                         const char *value)
{
    char reason[256];
    if (!client_option(options, name)) {
        rd_kafka_conf_set(conf, name, value, reason, sizeof(reason));
    }
}

enum weir_status client_handle_create(rd_kafka_type_t type,
                                      rd_kafka_conf_t *conf,
                                      rd_kafka_t **out_handle,
                                      struct weir_error *err)
{
    char reason[256];
    rd_kafka_t *handle = rd_kafka_new(type, conf, reason, sizeof(reason));
    if (!handle) {
        rd_kafka_conf_destroy(conf);
        return weir_fail(err, WEIR_EINVAL, "%s", reason);
    }
    *out_handle = handle;
    return WEIR_OK;
}

/* --- Deadlines --- */

int64_t client_deadline(int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : clock_monotonic_ms() + timeout_ms;
}

int client_remaining_ms(int64_t deadline_ms)
{
    if (deadline_ms == INT64_MAX) {
        return -1;
    }
    int64_t left = deadline_ms - clock_monotonic_ms();
    return left > 0 ? (int)left : 0;
}

/* --- Metadata --- */

void weir_topic_list_finish(struct weir_topic_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->names[i]);
    }
    free(list->names);
    *list = (struct weir_topic_list){ NULL, 0 };
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Kafka's own topics (class Topic of its clients); a user's may begin with "__" as well. */
static bool is_internal(const char *topic)
{
    static const char *const internal[] = { "__consumer_offsets", "__transaction_state",
                                            "__share_group_state" };
    for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++) {
        if (strcmp(topic, internal[i]) == 0) {
            return true;
        }
    }
    return false;
}

static enum weir_status metadata_failure(rd_kafka_resp_err_t code,
                                         int timeout_ms,
                                         struct client_trouble *trouble,
                                         struct weir_error *err)
{
    char suffix[300];
    client_trouble_suffix(trouble, suffix, sizeof(suffix));
    if (client_status(code) == WEIR_ETIMEOUT || client_status(code) == WEIR_EIO) {
        return weir_fail(err, client_status(code), "no answer from a broker within %d ms%s",
                         timeout_ms, suffix);
    }
    return weir_fail(err, client_status(code), "asking for metadata: %s", rd_kafka_err2str(code));
}

enum weir_status client_topics(rd_kafka_t *handle,
                               int timeout_ms,
                               struct client_trouble *trouble,
                               struct weir_topic_list *out_topics,
                               struct weir_error *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(handle, 1, NULL, &metadata, timeout_ms);
    if (code) {
        return metadata_failure(code, timeout_ms, trouble, err);
    }
    struct weir_topic_list list = {
        .names = mem_zalloc((size_t)metadata->topic_cnt, sizeof(char *)),
    };
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const char *name = metadata->topics[i].topic;
        if (!is_internal(name)) {
            list.names[list.count++] = mem_text(name, strlen(name));
        }
    }
    qsort(list.names, list.count, sizeof(char *), by_name);
    rd_kafka_metadata_destroy(metadata);
    *out_topics = list;
    return WEIR_OK;
}

enum weir_status client_topic_metadata(rd_kafka_t *handle,
                                       const char *topic,
                                       int timeout_ms,
                                       struct client_trouble *trouble,
                                       const struct rd_kafka_metadata **out_metadata,
                                       struct weir_error *err)
{
    /* All topics are asked for, because asking for one by name would create it where the broker allows that. */
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(handle, 1, NULL, &metadata, timeout_ms);
    if (code) {
        return metadata_failure(code, timeout_ms, trouble, err);
    }
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strcmp(metadata->topics[i].topic, topic) == 0 && !metadata->topics[i].err) {
            /* The order within the reply is the library's own copy: the one asked for goes first. */
            struct rd_kafka_metadata_topic first = metadata->topics[0];
            metadata->topics[0] = metadata->topics[i];
            metadata->topics[i] = first;
            *out_metadata = metadata;
            return WEIR_OK;
        }
    }
    rd_kafka_metadata_destroy(metadata);
    return weir_fail(err, WEIR_ENOTFOUND, "topic \"%s\" does not exist", topic);
}
