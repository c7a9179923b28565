/*
 * The consumer of weir/consumer.h over librdkafka: its life, its partitions, and what happens when a group shares them
 * out anew.
 *
 * We keep our own table of assigned partitions and their positions. A seek only changes that table; before the next
 * poll librdkafka is given the whole assignment again with the new offsets, which makes it drop what it fetched ahead
 * and begin there. That works the same before and after the first fetch, and in and outside a group.
 */
#include <stdlib.h>

#include "base/error.h"
#include "base/mem.h"
#include "client/consumer_impl.h"

enum { POLL_RECORDS_DEFAULT = 500 }; /* Kafka's ConsumerConfig.DEFAULT_MAX_POLL_RECORDS */

/* --- The table of partitions --- */

struct consumer_partition *consumer_find(struct weir_consumer *consumer,
                                         const char *topic,
                                         int32_t partition)
{
    for (size_t i = 0; i < consumer->partition_count; i++) {
        struct consumer_partition *p = &consumer->partitions[i];
        if (p->partition == partition && strcmp(p->topic, topic) == 0) {
            return p;
        }
    }
    return NULL;
}

enum weir_status consumer_require(struct weir_consumer *consumer,
                                  struct weir_topic_partition partition,
                                  struct consumer_partition **out_partition,
                                  struct weir_error *err)
{
    struct consumer_partition *found =
        partition.topic ? consumer_find(consumer, partition.topic, partition.partition) : NULL;
    if (!found) {
        return weir_fail(err, WEIR_EINVAL, "partition %s-%d is not assigned to this consumer",
                         partition.topic ? partition.topic : "(none)", partition.partition);
    }
    *out_partition = found;
    return WEIR_OK;
}

/* Where a partition begins when nobody says where. */
static int64_t default_start(const struct weir_consumer *consumer)
{
    if (consumer->has_group || consumer->reset_refused) {
        return RD_KAFKA_OFFSET_INVALID; /* librdkafka asks the group, then applies auto.offset.reset */
    }
    return consumer->reset_to_earliest ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
}

static void partitions_changed(struct weir_consumer *consumer)
{
    size_t count = consumer->partition_count;
    consumer->view = mem_resize(consumer->view, count, sizeof(*consumer->view));
    for (size_t i = 0; i < count; i++) {
        const struct consumer_partition *p = &consumer->partitions[i];
        consumer->view[i] = (struct weir_topic_partition){ p->topic, p->partition };
    }
}

static void partition_add(struct weir_consumer *consumer, const char *topic, int32_t partition)
{
    if (consumer_find(consumer, topic, partition)) {
        return;
    }
    size_t count = consumer->partition_count + 1;
    consumer->partitions = mem_resize(consumer->partitions, count, sizeof(*consumer->partitions));
    consumer->partitions[consumer->partition_count++] = (struct consumer_partition){
        .topic = mem_text(topic, strlen(topic)),
        .partition = partition,
        .position = CONSUMER_OFFSET_UNKNOWN,
        .start = default_start(consumer),
        .stored = CONSUMER_OFFSET_UNKNOWN,
    };
}

static void partition_remove(struct weir_consumer *consumer, const char *topic, int32_t partition)
{
    struct consumer_partition *p = consumer_find(consumer, topic, partition);
    if (p) {
        consumer_drop_ahead(consumer, topic, partition);
        free(p->topic);
        *p = consumer->partitions[--consumer->partition_count];
    }
}

static void partitions_clear(struct weir_consumer *consumer)
{
    consumer_drop_ahead(consumer, NULL, 0);
    for (size_t i = 0; i < consumer->partition_count; i++) {
        free(consumer->partitions[i].topic);
    }
    consumer->partition_count = 0;
    consumer->reassign = false;
    partitions_changed(consumer);
}

/* --- Telling librdkafka --- */

/* Where librdkafka is to read on: behind what it has handed over, returned to the caller or not. */
static int64_t fetch_offset(const struct weir_consumer *consumer,
                            const struct consumer_partition *p)
{
    int64_t offset = p->position == CONSUMER_OFFSET_UNKNOWN ? p->start : p->position;
    for (size_t i = 0; i < consumer->ahead.count; i++) {
        const rd_kafka_message_t *message = consumer->ahead.items[i];
        if (message->partition == p->partition &&
            strcmp(rd_kafka_topic_name(message->rkt), p->topic) == 0) {
            offset = message->offset + 1;
        }
    }
    return offset;
}

/* What librdkafka is to fetch, and from where; paused partitions are left out. The caller frees it. */
static rd_kafka_topic_partition_list_t *fetch_list(const struct weir_consumer *consumer)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)consumer->partition_count);
    for (size_t i = 0; i < consumer->partition_count; i++) {
        const struct consumer_partition *p = &consumer->partitions[i];
        if (!p->paused) {
            rd_kafka_topic_partition_list_add(list, p->topic, p->partition)->offset =
                fetch_offset(consumer, p);
        }
    }
    return list;
}

static bool is_cooperative(const struct weir_consumer *consumer)
{
    return strcmp(rd_kafka_rebalance_protocol(consumer->handle), "COOPERATIVE") == 0;
}

/* In a group that rebalances cooperatively only additions and removals are allowed: everything out, everything in. */
static rd_kafka_resp_err_t assign_incrementally(struct weir_consumer *consumer,
                                                const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *current = NULL;
    rd_kafka_resp_err_t code = rd_kafka_assignment(consumer->handle, &current);
    if (code) {
        return code;
    }
    rd_kafka_error_t *error = NULL;
    if (current->cnt > 0) {
        error = rd_kafka_incremental_unassign(consumer->handle, current);
    }
    if (!error && list->cnt > 0) {
        error = rd_kafka_incremental_assign(consumer->handle, list);
    }
    code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (error) {
        rd_kafka_error_destroy(error);
    }
    rd_kafka_topic_partition_list_destroy(current);
    return code;
}

static enum weir_status assign_all(struct weir_consumer *consumer, struct weir_error *err)
{
    rd_kafka_topic_partition_list_t *list = fetch_list(consumer);
    rd_kafka_resp_err_t code = is_cooperative(consumer) ? assign_incrementally(consumer, list)
                                                        : rd_kafka_assign(consumer->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    consumer->reassign = false;
    if (code) {
        return weir_fail(err, client_status(code), "assigning partitions: %s",
                         rd_kafka_err2str(code));
    }
    return WEIR_OK;
}

/* "The end" is where a partition ends now, not when librdkafka comes to look: records sent after a poll must be seen
 * by the next. Where the broker does not answer in time, librdkafka finds the end itself, later. */
static void find_ends(struct weir_consumer *consumer, int timeout_ms)
{
    int64_t deadline_ms = client_deadline(timeout_ms < 0 || timeout_ms > CLIENT_METADATA_TIMEOUT_MS
                                              ? CLIENT_METADATA_TIMEOUT_MS
                                              : timeout_ms);
    for (size_t i = 0; i < consumer->partition_count; i++) {
        struct consumer_partition *p = &consumer->partitions[i];
        if (p->position != CONSUMER_OFFSET_UNKNOWN || p->start != RD_KAFKA_OFFSET_END) {
            continue;
        }
        int64_t begin;
        int64_t end;
        if (rd_kafka_query_watermark_offsets(consumer->handle, p->topic, p->partition, &begin, &end,
                                             client_remaining_ms(deadline_ms)) ==
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            p->position = end;
        }
    }
}

enum weir_status consumer_reassign(struct weir_consumer *consumer,
                                   int timeout_ms,
                                   struct weir_error *err)
{
    if (!consumer->reassign) {
        return WEIR_OK;
    }
    find_ends(consumer, timeout_ms);
    return assign_all(consumer, err);
}

/* --- Rebalance --- */

static void listener_call(struct weir_consumer *consumer,
                          const rd_kafka_topic_partition_list_t *list,
                          bool assigned)
{
    const struct weir_rebalance_listener *listener = &consumer->listener;
    void (*call)(struct weir_consumer *, const struct weir_topic_partition *, size_t, void *) =
        assigned ? listener->assigned : listener->revoked;
    if (!call) {
        return;
    }
    size_t count = (size_t)list->cnt;
    struct weir_topic_partition *named = mem_zalloc(count, sizeof(*named));
    for (size_t i = 0; i < count; i++) {
        named[i] = (struct weir_topic_partition){ list->elems[i].topic, list->elems[i].partition };
    }
    call(consumer, named, count, listener->context);
    free(named);
}

/* A cooperative group hands out what is new; what was held stays as it is. */
static void assign_new(struct weir_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        rd_kafka_topic_partition_t *added = &list->elems[i];
        added->offset =
            fetch_offset(consumer, consumer_find(consumer, added->topic, added->partition));
    }
    rd_kafka_error_t *error = rd_kafka_incremental_assign(consumer->handle, list);
    if (error) {
        client_trouble_note(&consumer->trouble, rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
    }
}

static void on_assigned(struct weir_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        partition_add(consumer, list->elems[i].topic, list->elems[i].partition);
    }
    partitions_changed(consumer);
    listener_call(consumer, list, true); /* may seek */
    struct weir_error err = { 0 };
    if (is_cooperative(consumer)) {
        assign_new(consumer, list);
    } else if (assign_all(consumer, &err) < 0) {
        client_trouble_note(&consumer->trouble, err.message);
    }
}

static void on_revoked(struct weir_consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
    listener_call(consumer, list, false); /* may commit */
    for (int i = 0; i < list->cnt; i++) {
        partition_remove(consumer, list->elems[i].topic, list->elems[i].partition);
    }
    partitions_changed(consumer);
    consumer->reassign = false;
    if (is_cooperative(consumer)) {
        rd_kafka_error_t *error = rd_kafka_incremental_unassign(consumer->handle, list);
        if (error) {
            rd_kafka_error_destroy(error);
        }
    } else {
        rd_kafka_assign(consumer->handle, NULL);
    }
}

static void on_rebalance(rd_kafka_t *handle,
                         rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *list,
                         void *opaque)
{
    (void)handle;
    struct weir_consumer *consumer = opaque;
    /* LESSON: rebalance */
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        on_assigned(consumer, list);
    } else {
        on_revoked(consumer, list);
    }
}

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    (void)handle;
    (void)code;
    struct weir_consumer *consumer = opaque;
    client_trouble_note(&consumer->trouble, reason);
}

/* --- Life --- */

static void set_defaults(struct weir_consumer *consumer,
                         rd_kafka_conf_t *conf,
                         const struct weir_option *options)
{
    const char *reset = client_option(options, "auto.offset.reset");
    consumer->has_group = client_option(options, "group.id") != NULL;
    consumer->reset_to_earliest =
        reset && (strcmp(reset, "earliest") == 0 || strcmp(reset, "beginning") == 0 ||
                  strcmp(reset, "smallest") == 0);
    consumer->reset_refused = reset && (strcmp(reset, "none") == 0 || strcmp(reset, "error") == 0);
    client_conf_default(conf, options, "auto.offset.reset", "latest");
    client_conf_default(conf, options, "isolation.level", "read_uncommitted"); /* as Kafka's own */
    client_conf_default(conf, options, "check.crcs", "true");                  /* as Kafka's own */
    rd_kafka_conf_set(conf, "enable.auto.offset.store", "false", NULL, 0); /* consumer_release() */
    if (!consumer->has_group) {
        /* librdkafka wants a name; nothing is ever committed under it. */
        rd_kafka_conf_set(conf, "group.id", "weir-without-group", NULL, 0);
        rd_kafka_conf_set(conf, "enable.auto.commit", "false", NULL, 0);
    }
}

enum weir_status weir_consumer_create(const struct weir_option *options,
                                      struct weir_consumer **out_consumer,
                                      struct weir_error *err)
{
    struct weir_consumer *consumer = MEM_NEW(struct weir_consumer);
    consumer->next_timeout_ms = -1;
    consumer->poll_records_max = POLL_RECORDS_DEFAULT;
    client_trouble_init(&consumer->trouble);
    arena_init(&consumer->arena, 0);
    const struct client_own_option own[] = {
        { "consumer.timeout.ms", -1, &consumer->next_timeout_ms },
        { "max.poll.records", 1, &consumer->poll_records_max },
        { 0 },
    };
    rd_kafka_conf_t *conf;
    enum weir_status rc = client_conf_create(options, own, &conf, err);
    if (rc < 0) {
        goto fail;
    }
    set_defaults(consumer, conf, options);
    rd_kafka_conf_set_opaque(conf, consumer);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rc = client_handle_create(RD_KAFKA_CONSUMER, conf, &consumer->handle, err);
    if (rc < 0) {
        goto fail;
    }
    rd_kafka_poll_set_consumer(consumer->handle);
    *out_consumer = consumer;
    return WEIR_OK;
fail:
    weir_consumer_close(consumer);
    return rc;
}

static void topics_clear(struct weir_consumer *consumer)
{
    for (size_t i = 0; i < consumer->topic_count; i++) {
        free(consumer->topics[i]);
    }
    consumer->topic_count = 0;
}

void weir_consumer_close(struct weir_consumer *consumer)
{
    if (!consumer) {
        return;
    }
    if (consumer->handle) {
        consumer_release(consumer);
        consumer_drop_ahead(consumer, NULL, 0);
        rd_kafka_consumer_close(consumer->handle);
        rd_kafka_destroy(consumer->handle);
    }
    partitions_clear(consumer);
    topics_clear(consumer);
    consumer_messages_finish(&consumer->ahead);
    consumer_messages_finish(&consumer->lent);
    arena_finish(&consumer->arena);
    client_trouble_finish(&consumer->trouble);
    free(consumer->partitions);
    free(consumer->view);
    free(consumer->topics);
    free(consumer);
}

/* --- Subscribing and assigning --- */

enum weir_status weir_consumer_subscribe(struct weir_consumer *consumer,
                                         const char *const *topics,
                                         size_t topic_count,
                                         const struct weir_rebalance_listener *listener,
                                         struct weir_error *err)
{
    if (!consumer->has_group) {
        return weir_fail(err, WEIR_EINVAL,
                         "subscribing needs a group: set group.id, or assign partitions by hand");
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)topic_count);
    topics_clear(consumer);
    consumer->topics = mem_resize(consumer->topics, topic_count, sizeof(char *));
    for (size_t i = 0; i < topic_count; i++) {
        rd_kafka_topic_partition_list_add(list, topics[i], RD_KAFKA_PARTITION_UA);
        consumer->topics[consumer->topic_count++] = mem_text(topics[i], strlen(topics[i]));
    }
    consumer->listener = listener ? *listener : (struct weir_rebalance_listener){ 0 };
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code) {
        return weir_fail(err, client_status(code), "subscribing: %s", rd_kafka_err2str(code));
    }
    return WEIR_OK;
}

enum weir_status weir_consumer_assign(struct weir_consumer *consumer,
                                      const struct weir_topic_partition *partitions,
                                      size_t partition_count,
                                      struct weir_error *err)
{
    for (size_t i = 0; i < partition_count; i++) {
        if (!partitions[i].topic || partitions[i].topic[0] == '\0' || partitions[i].partition < 0) {
            return weir_fail(
                err, WEIR_EINVAL, "partition %zu of the assignment: no such thing as %s-%d", i + 1,
                partitions[i].topic ? partitions[i].topic : "(none)", partitions[i].partition);
        }
    }
    if (consumer->topic_count > 0) {
        return weir_fail(err, WEIR_EINVAL,
                         "this consumer is subscribed: its group assigns partitions");
    }
    consumer_release(consumer);
    partitions_clear(consumer);
    for (size_t i = 0; i < partition_count; i++) {
        partition_add(consumer, partitions[i].topic, partitions[i].partition);
    }
    partitions_changed(consumer);
    consumer->reassign = true;
    return WEIR_OK;
}

size_t weir_consumer_subscription(const struct weir_consumer *consumer,
                                  const char *const **out_topics)
{
    *out_topics = (const char *const *)consumer->topics;
    return consumer->topic_count;
}

size_t weir_consumer_assignment(struct weir_consumer *consumer,
                                const struct weir_topic_partition **out_partitions)
{
    *out_partitions = consumer->view;
    return consumer->partition_count;
}
