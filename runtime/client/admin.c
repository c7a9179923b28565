/*
 * The admin client of weir/admin.h over librdkafka: one request, one answer, one thread.
 *
 * librdkafka's admin requests answer with an event on a queue; admin_ask() sends one and waits for it.
 */
#include "weir/admin.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "client/handle.h"

enum { ERROR_TEXT_MAX = 400 };

struct weir_admin {
    rd_kafka_t *handle;
    struct client_trouble trouble;
};

/* A request under way: what goes in, and the event that comes out. */
struct admin_call {
    struct weir_admin *admin;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_queue_t *queue;
    rd_kafka_event_t *event;
    int timeout_ms;
};

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    (void)handle;
    (void)code;
    struct weir_admin *admin = opaque;
    client_trouble_note(&admin->trouble, reason);
}

enum weir_status weir_admin_create(const struct weir_option *options,
                                   struct weir_admin **out_admin,
                                   struct weir_error *err)
{
    const struct client_own_option own[] = { { 0 } };
    rd_kafka_conf_t *conf;
    enum weir_status rc = client_conf_create(options, own, &conf, err);
    if (rc < 0) {
        return rc;
    }
    struct weir_admin *admin = MEM_NEW(struct weir_admin);
    client_trouble_init(&admin->trouble);
    rd_kafka_conf_set_opaque(conf, admin);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rc = client_handle_create(RD_KAFKA_PRODUCER, conf, &admin->handle, err);
    if (rc < 0) {
        weir_admin_close(admin);
        return rc;
    }
    *out_admin = admin;
    return WEIR_OK;
}

void weir_admin_close(struct weir_admin *admin)
{
    if (!admin) {
        return;
    }
    if (admin->handle) {
        rd_kafka_destroy(admin->handle);
    }
    client_trouble_finish(&admin->trouble);
    free(admin);
}

/* --- One request --- */

static void call_begin(struct admin_call *call,
                       struct weir_admin *admin,
                       rd_kafka_admin_op_t op,
                       int timeout_ms)
{
    int limit_ms = timeout_ms < 0 ? CLIENT_METADATA_TIMEOUT_MS : timeout_ms;
    *call = (struct admin_call){ .admin = admin, .timeout_ms = limit_ms };
    call->options = rd_kafka_AdminOptions_new(admin->handle, op);
    rd_kafka_AdminOptions_set_request_timeout(call->options, limit_ms, NULL, 0);
    call->queue = rd_kafka_queue_new(admin->handle);
}

static void call_end(struct admin_call *call)
{
    if (call->event) {
        rd_kafka_event_destroy(call->event);
    }
    rd_kafka_queue_destroy(call->queue);
    rd_kafka_AdminOptions_destroy(call->options);
}

/* Waits for the answer to what was sent to call->queue. */
static enum weir_status call_wait(struct admin_call *call, struct weir_error *err)
{
    char suffix[300];
    struct weir_admin *admin = call->admin;
    /* The request has its own time limit; a second more lets its own answer come first. */
    call->event = rd_kafka_queue_poll(call->queue, call->timeout_ms + 1000);
    rd_kafka_poll(admin->handle, 0); /* lets on_error() hear what went wrong */
    client_trouble_suffix(&admin->trouble, suffix, sizeof(suffix));
    rd_kafka_resp_err_t code =
        call->event ? rd_kafka_event_error(call->event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (client_status(code) == WEIR_ETIMEOUT) {
        return weir_fail(err, WEIR_ETIMEOUT, "no answer from a broker within %d ms%s",
                         call->timeout_ms, suffix);
    }
    if (code) {
        return weir_fail(err, client_status(code), "%s%s", rd_kafka_event_error_string(call->event),
                         suffix);
    }
    return WEIR_OK;
}

/* The answer for the one topic that was asked about. */
static enum weir_status topic_result(const char *doing,
                                     const rd_kafka_topic_result_t *const *results,
                                     size_t count,
                                     struct weir_error *err)
{
    if (count != 1) {
        return weir_fail(err, WEIR_EPROTO, "the broker answered for %zu topics, not one", count);
    }
    rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[0]);
    const char *name = rd_kafka_topic_result_name(results[0]);
    const char *why = rd_kafka_topic_result_error_string(results[0]);
    switch (client_status(code)) {
    case WEIR_OK: return WEIR_OK;
    case WEIR_EEXIST: return weir_fail(err, WEIR_EEXIST, "topic \"%s\" exists already", name);
    case WEIR_ENOTFOUND: return weir_fail(err, WEIR_ENOTFOUND, "topic \"%s\" does not exist", name);
    case WEIR_EIO:
    case WEIR_EPROTO:
    case WEIR_ETOOBIG:
    case WEIR_EINVAL:
    case WEIR_ECORRUPT:
    case WEIR_ETIMEOUT:
    case WEIR_EBROKER: break;
    }
    return weir_fail(err, client_status(code), "%s topic \"%s\": %.*s", doing, name, ERROR_TEXT_MAX,
                     why ? why : rd_kafka_err2str(code));
}

/* --- Topics --- */

static enum weir_status new_topic_create(const struct weir_new_topic *topic,
                                         rd_kafka_NewTopic_t **out_topic,
                                         struct weir_error *err)
{
    char reason[ERROR_TEXT_MAX];
    rd_kafka_NewTopic_t *created = rd_kafka_NewTopic_new(
        topic->name, topic->partitions, topic->replication_factor, reason, sizeof(reason));
    if (!created) {
        return weir_fail(err, WEIR_EINVAL, "topic \"%s\": %s", topic->name, reason);
    }
    for (const struct weir_option *c = topic->configs; c && c->name; c++) {
        if (c->value) {
            rd_kafka_NewTopic_set_config(created, c->name, c->value);
        }
    }
    *out_topic = created;
    return WEIR_OK;
}

enum weir_status weir_admin_create_topic(struct weir_admin *admin,
                                         const struct weir_new_topic *topic,
                                         int timeout_ms,
                                         struct weir_error *err)
{
    rd_kafka_NewTopic_t *created;
    enum weir_status rc = new_topic_create(topic, &created, err);
    if (rc < 0) {
        return rc;
    }
    struct admin_call call;
    call_begin(&call, admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
    rd_kafka_AdminOptions_set_operation_timeout(call.options, call.timeout_ms, NULL, 0);
    rd_kafka_CreateTopics(admin->handle, &created, 1, call.options, call.queue);
    rc = call_wait(&call, err);
    if (rc == WEIR_OK) {
        size_t count;
        const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(call.event), &count);
        rc = topic_result("creating", results, count, err);
    }
    call_end(&call);
    rd_kafka_NewTopic_destroy(created);
    return rc;
}

enum weir_status weir_admin_delete_topic(struct weir_admin *admin,
                                         const char *name,
                                         int timeout_ms,
                                         struct weir_error *err)
{
    rd_kafka_DeleteTopic_t *doomed = rd_kafka_DeleteTopic_new(name);
    struct admin_call call;
    call_begin(&call, admin, RD_KAFKA_ADMIN_OP_DELETETOPICS, timeout_ms);
    rd_kafka_AdminOptions_set_operation_timeout(call.options, call.timeout_ms, NULL, 0);
    rd_kafka_DeleteTopics(admin->handle, &doomed, 1, call.options, call.queue);
    enum weir_status rc = call_wait(&call, err);
    if (rc == WEIR_OK) {
        size_t count;
        const rd_kafka_topic_result_t **results = rd_kafka_DeleteTopics_result_topics(
            rd_kafka_event_DeleteTopics_result(call.event), &count);
        rc = topic_result("deleting", results, count, err);
    }
    call_end(&call);
    rd_kafka_DeleteTopic_destroy(doomed);
    return rc;
}

enum weir_status weir_admin_topics(struct weir_admin *admin,
                                   int timeout_ms,
                                   struct weir_topic_list *out_topics,
                                   struct weir_error *err)
{
    return client_topics(admin->handle, timeout_ms, &admin->trouble, out_topics, err);
}

/* --- Describing --- */

static int32_t *ids_copy(const int32_t *ids, int count)
{
    int32_t *copy = mem_zalloc((size_t)count, sizeof(*copy));
    for (int i = 0; i < count; i++) {
        copy[i] = ids[i];
    }
    return copy;
}

static int by_partition(const void *a, const void *b)
{
    const struct weir_partition_info *left = a;
    const struct weir_partition_info *right = b;
    return (left->partition > right->partition) - (left->partition < right->partition);
}

enum weir_status weir_admin_describe_topic(struct weir_admin *admin,
                                           const char *name,
                                           int timeout_ms,
                                           struct weir_topic_info *out_info,
                                           struct weir_error *err)
{
    const struct rd_kafka_metadata *metadata;
    enum weir_status rc =
        client_topic_metadata(admin->handle, name, timeout_ms, &admin->trouble, &metadata, err);
    if (rc < 0) {
        return rc;
    }
    const struct rd_kafka_metadata_topic *topic = &metadata->topics[0];
    struct weir_topic_info info = {
        .partitions = mem_zalloc((size_t)topic->partition_cnt, sizeof(struct weir_partition_info)),
        .partition_count = (size_t)topic->partition_cnt,
    };
    for (int i = 0; i < topic->partition_cnt; i++) {
        const struct rd_kafka_metadata_partition *p = &topic->partitions[i];
        info.partitions[i] = (struct weir_partition_info){
            .partition = p->id,
            .leader = p->leader,
            .replicas = ids_copy(p->replicas, p->replica_cnt),
            .replica_count = (size_t)p->replica_cnt,
            .in_sync = ids_copy(p->isrs, p->isr_cnt),
            .in_sync_count = (size_t)p->isr_cnt,
        };
    }
    qsort(info.partitions, info.partition_count, sizeof(info.partitions[0]), by_partition);
    rd_kafka_metadata_destroy(metadata);
    *out_info = info;
    return WEIR_OK;
}

void weir_topic_info_finish(struct weir_topic_info *info)
{
    for (size_t i = 0; i < info->partition_count; i++) {
        free(info->partitions[i].replicas);
        free(info->partitions[i].in_sync);
    }
    free(info->partitions);
    *info = (struct weir_topic_info){ NULL, 0 };
}

/* The setting's value in the broker's answer about one topic. */
static enum weir_status config_find(const rd_kafka_event_t *event,
                                    const char *setting,
                                    char **out_value,
                                    struct weir_error *err)
{
    union {
        const rd_kafka_event_t *in;
        rd_kafka_event_t *out; /* the library reads through a pointer that is not const */
    } answer = { event };
    size_t count;
    const rd_kafka_ConfigResource_t **resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(answer.out), &count);
    if (count != 1) {
        return weir_fail(err, WEIR_EPROTO, "the broker answered for %zu topics, not one", count);
    }
    rd_kafka_resp_err_t code = rd_kafka_ConfigResource_error(resources[0]);
    if (code) {
        return weir_fail(err, client_status(code), "settings of topic \"%s\": %s",
                         rd_kafka_ConfigResource_name(resources[0]), rd_kafka_err2str(code));
    }
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resources[0], &count);
    for (size_t i = 0; i < count; i++) {
        const char *value = rd_kafka_ConfigEntry_value(entries[i]);
        if (value && strcmp(rd_kafka_ConfigEntry_name(entries[i]), setting) == 0) {
            *out_value = mem_text(value, strlen(value));
            return WEIR_OK;
        }
    }
    return weir_fail(err, WEIR_ENOTFOUND, "topics have no setting \"%s\"", setting);
}

enum weir_status weir_admin_topic_config(struct weir_admin *admin,
                                         const char *topic,
                                         const char *setting,
                                         char **out_value,
                                         struct weir_error *err)
{
    rd_kafka_ConfigResource_t *resource =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
    struct admin_call call;
    call_begin(&call, admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, CLIENT_METADATA_TIMEOUT_MS);
    rd_kafka_DescribeConfigs(admin->handle, &resource, 1, call.options, call.queue);
    enum weir_status rc = call_wait(&call, err);
    if (rc == WEIR_OK) {
        rc = config_find(call.event, setting, out_value, err);
    }
    call_end(&call);
    rd_kafka_ConfigResource_destroy(resource);
    return rc;
}
