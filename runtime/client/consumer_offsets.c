/*
 * Offsets: where a consumer is, what its group remembers, and what the broker has.
 */
#include <stdlib.h>

#include "base/error.h"
#include "client/consumer_impl.h"

static enum weir_status ask_failed(struct weir_consumer *consumer,
                                   const char *what,
                                   struct weir_topic_partition partition,
                                   rd_kafka_resp_err_t code,
                                   struct weir_error *err)
{
    char suffix[300];
    client_trouble_suffix(&consumer->trouble, suffix, sizeof(suffix));
    return weir_fail(err, client_status(code), "%s of %s-%d: %s%s", what, partition.topic,
                     partition.partition, rd_kafka_err2str(code), suffix);
}

/* --- Positions --- */

static void move_to(struct weir_consumer *consumer,
                    struct consumer_partition *p,
                    int64_t position,
                    int64_t start)
{
    consumer_drop_ahead(consumer, p->topic, p->partition);
    p->position = position;
    p->start = start;
    consumer->reassign = true;
}

enum weir_status weir_consumer_seek(struct weir_consumer *consumer,
                                    struct weir_topic_partition partition,
                                    int64_t offset,
                                    struct weir_error *err)
{
    struct consumer_partition *p;
    enum weir_status rc = consumer_require(consumer, partition, &p, err);
    if (rc < 0) {
        return rc;
    }
    if (offset < 0) {
        return weir_fail(err, WEIR_EINVAL, "offset %lld of %s-%d: offsets are 0 or more",
                         (long long)offset, p->topic, p->partition);
    }
    consumer_release(consumer);
    move_to(consumer, p, offset, RD_KAFKA_OFFSET_INVALID);
    return WEIR_OK;
}

static enum weir_status seek_all(struct weir_consumer *consumer,
                                 int64_t start,
                                 struct weir_error *err)
{
    if (consumer->partition_count == 0) {
        return weir_fail(
            err, WEIR_EINVAL,
            "no partition is assigned yet; a subscribed consumer gets them while it polls");
    }
    consumer_release(consumer);
    for (size_t i = 0; i < consumer->partition_count; i++) {
        move_to(consumer, &consumer->partitions[i], CONSUMER_OFFSET_UNKNOWN, start);
    }
    return WEIR_OK;
}

enum weir_status weir_consumer_seek_to_beginning(struct weir_consumer *consumer,
                                                 struct weir_error *err)
{
    return seek_all(consumer, RD_KAFKA_OFFSET_BEGINNING, err);
}

enum weir_status weir_consumer_seek_to_end(struct weir_consumer *consumer, struct weir_error *err)
{
    return seek_all(consumer, RD_KAFKA_OFFSET_END, err);
}

static enum weir_status set_paused(struct weir_consumer *consumer,
                                   struct weir_topic_partition partition,
                                   bool paused,
                                   struct weir_error *err)
{
    struct consumer_partition *p;
    enum weir_status rc = consumer_require(consumer, partition, &p, err);
    if (rc < 0 || p->paused == paused) {
        return rc;
    }
    /* What was fetched ahead must not come while paused: it is dropped, and read again from the position. */
    consumer_drop_ahead(consumer, p->topic, p->partition);
    p->paused = paused;
    consumer->reassign = true;
    return WEIR_OK;
}

enum weir_status weir_consumer_pause(struct weir_consumer *consumer,
                                     struct weir_topic_partition partition,
                                     struct weir_error *err)
{
    return set_paused(consumer, partition, true, err);
}

enum weir_status weir_consumer_resume(struct weir_consumer *consumer,
                                      struct weir_topic_partition partition,
                                      struct weir_error *err)
{
    return set_paused(consumer, partition, false, err);
}

enum weir_status weir_consumer_position(struct weir_consumer *consumer,
                                        struct weir_topic_partition partition,
                                        int64_t *out_offset,
                                        struct weir_error *err)
{
    struct consumer_partition *p;
    enum weir_status rc = consumer_require(consumer, partition, &p, err);
    if (rc < 0) {
        return rc;
    }
    if (p->position != CONSUMER_OFFSET_UNKNOWN) {
        *out_offset = p->position;
        return WEIR_OK;
    }
    bool from_beginning = p->start == RD_KAFKA_OFFSET_BEGINNING;
    if (p->start == RD_KAFKA_OFFSET_INVALID) {
        rc = consumer->has_group ? weir_consumer_committed(consumer, partition, out_offset, err)
                                 : WEIR_ENOTFOUND;
        if (rc != WEIR_ENOTFOUND) {
            return rc;
        }
        if (consumer->reset_refused) {
            return weir_fail(
                err, WEIR_ENOTFOUND,
                "%s-%d has no position: nothing is committed, and auto.offset.reset is none",
                p->topic, p->partition);
        }
        from_beginning = consumer->reset_to_earliest;
    }
    return weir_consumer_offsets(consumer, partition, from_beginning ? out_offset : NULL,
                                 from_beginning ? NULL : out_offset, err);
}

/* --- What the group keeps --- */

enum weir_status weir_consumer_commit(struct weir_consumer *consumer, struct weir_error *err)
{
    if (!consumer->has_group) {
        return weir_fail(err, WEIR_EINVAL, "committing needs a group: set group.id");
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    for (size_t i = 0; i < consumer->partition_count; i++) {
        struct consumer_partition *p = &consumer->partitions[i];
        if (p->position != CONSUMER_OFFSET_UNKNOWN) {
            rd_kafka_topic_partition_list_add(list, p->topic, p->partition)->offset = p->position;
        }
    }
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    if (list->cnt > 0) {
        code = rd_kafka_commit(consumer->handle, list, 0);
    }
    for (int i = 0; i < list->cnt && !code; i++) {
        code = list->elems[i].err;
    }
    rd_kafka_topic_partition_list_destroy(list);
    if (code) {
        return weir_fail(err, client_status(code), "committing: %s", rd_kafka_err2str(code));
    }
    return WEIR_OK;
}

enum weir_status weir_consumer_committed(struct weir_consumer *consumer,
                                         struct weir_topic_partition partition,
                                         int64_t *out_offset,
                                         struct weir_error *err)
{
    if (!consumer->has_group) {
        return weir_fail(err, WEIR_EINVAL, "only a group has committed offsets: set group.id");
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *element =
        rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition);
    rd_kafka_resp_err_t code =
        rd_kafka_committed(consumer->handle, list, CLIENT_METADATA_TIMEOUT_MS);
    code = code ? code : element->err;
    int64_t offset = element->offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (code) {
        return ask_failed(consumer, "the committed offset", partition, code, err);
    }
    if (offset < 0) {
        return weir_fail(err, WEIR_ENOTFOUND, "nothing is committed for %s-%d", partition.topic,
                         partition.partition);
    }
    *out_offset = offset;
    return WEIR_OK;
}

/* --- What the broker has --- */

enum weir_status weir_consumer_topics(struct weir_consumer *consumer,
                                      struct weir_topic_list *out_topics,
                                      struct weir_error *err)
{
    return client_topics(consumer->handle, CLIENT_METADATA_TIMEOUT_MS, &consumer->trouble,
                         out_topics, err);
}

enum weir_status weir_consumer_partition_count(struct weir_consumer *consumer,
                                               const char *topic,
                                               int32_t *out_count,
                                               struct weir_error *err)
{
    const struct rd_kafka_metadata *metadata;
    enum weir_status rc = client_topic_metadata(consumer->handle, topic, CLIENT_METADATA_TIMEOUT_MS,
                                                &consumer->trouble, &metadata, err);
    if (rc < 0) {
        return rc;
    }
    *out_count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return WEIR_OK;
}

enum weir_status weir_consumer_offsets(struct weir_consumer *consumer,
                                       struct weir_topic_partition partition,
                                       int64_t *out_begin,
                                       int64_t *out_end,
                                       struct weir_error *err)
{
    int64_t begin;
    int64_t end;
    rd_kafka_resp_err_t code =
        rd_kafka_query_watermark_offsets(consumer->handle, partition.topic, partition.partition,
                                         &begin, &end, CLIENT_METADATA_TIMEOUT_MS);
    if (code) {
        return ask_failed(consumer, "the offsets", partition, code, err);
    }
    if (out_begin) {
        *out_begin = begin;
    }
    if (out_end) {
        *out_end = end;
    }
    return WEIR_OK;
}

enum weir_status weir_consumer_offset_for_time(struct weir_consumer *consumer,
                                               struct weir_topic_partition partition,
                                               int64_t timestamp_ms,
                                               int64_t *out_offset,
                                               struct weir_error *err)
{
    if (timestamp_ms < 0) {
        return weir_fail(err, WEIR_EINVAL, "timestamp %lld is before 1970",
                         (long long)timestamp_ms);
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *element =
        rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition);
    element->offset = timestamp_ms; /* in: a time; out: an offset */
    rd_kafka_resp_err_t code =
        rd_kafka_offsets_for_times(consumer->handle, list, CLIENT_METADATA_TIMEOUT_MS);
    code = code ? code : element->err;
    int64_t offset = element->offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (code) {
        return ask_failed(consumer, "the offset for a time", partition, code, err);
    }
    if (offset < 0) {
        return weir_fail(err, WEIR_ENOTFOUND, "all records of %s-%d are older", partition.topic,
                         partition.partition);
    }
    *out_offset = offset;
    return WEIR_OK;
}
