/*
 * DeleteRecords: partitions begin later from now on. The answer is durable, and the files that lie wholly before the new
 * start go in the background.
 *
 * Source: kafka.server.ReplicaManager.deleteRecordsOnLocalLog. Kafka writes where logs begin once a minute, so a crash may
 * bring records back that it said were deleted; here that cannot be.
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/image.h"
#include "broker/log_keeper.h"
#include "broker/partition.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"
#include "storage/log_retention.h"

enum { UP_TO_HIGH_WATERMARK = -1, NO_LOW_WATERMARK = -1 };

static enum kafka_error delete_from(const struct image_topic *topic,
                                    const struct delete_records_request_partition *asked,
                                    int64_t *out_start)
{
    struct partition *p = topic ? topic_partition(topic, asked->partition_index) : NULL;
    if (topic && topic->internal) {
        return KAFKA_INVALID_TOPIC_EXCEPTION;
    }
    if (!p) {
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    int64_t offset = asked->offset;
    int64_t visible = atomic_load(&p->high_watermark);
    if (offset == UP_TO_HIGH_WATERMARK) {
        offset = visible;
    }
    if (offset > visible) {
        offset = INT64_MAX; /* out of range, if the topic lets records go at all */
    }
    enum kafka_error error = partition_log_delete_before(p->log, offset, out_start);
    bool gone = error == KAFKA_STORAGE_ERROR && atomic_load(&p->deleted); /* meanwhile */
    return gone ? KAFKA_UNKNOWN_TOPIC_OR_PARTITION : error;
}

/* Nobody is told of a deletion that is not durable. */
static void withdraw(struct delete_records_response *response)
{
    for (int32_t t = 0; t < response->topics_count; t++) {
        struct delete_records_response_topic *topic = &response->topics[t];
        for (int32_t i = 0; i < topic->partitions_count; i++) {
            struct delete_records_response_partition *to = &topic->partitions[i];
            if (to->error_code == KAFKA_NONE) {
                to->error_code = KAFKA_STORAGE_ERROR;
                to->low_watermark = NO_LOW_WATERMARK;
            }
        }
    }
}

static bool answer_topic(struct request *request,
                         const struct cluster_image *image,
                         const struct delete_records_request_topic *asked,
                         struct delete_records_response_topic *to)
{
    const struct image_topic *topic = image_topic(image, asked->name);
    bool any = false;
    to->name = asked->name;
    to->partitions = message_new(&delete_records_response_partition_type, &request->arena,
                                 asked->partitions_count);
    to->partitions_count = asked->partitions_count;
    for (int32_t i = 0; i < asked->partitions_count; i++) {
        struct delete_records_response_partition *out = &to->partitions[i];
        int64_t start = NO_LOW_WATERMARK;
        enum kafka_error error = delete_from(topic, &asked->partitions[i], &start);
        out->partition_index = asked->partitions[i].partition_index;
        out->error_code = (int16_t)error;
        out->low_watermark = error == KAFKA_NONE ? start : NO_LOW_WATERMARK;
        any |= error == KAFKA_NONE;
    }
    return any;
}

void api_delete_records(struct request *request)
{
    const struct delete_records_request *body = request->body;
    struct broker *broker = request->broker;
    struct delete_records_response response;
    message_init(&delete_records_response_type, &response);
    int32_t count = body->topics_count > 0 ? body->topics_count : 0;
    response.topics = message_new(&delete_records_response_topic_type, &request->arena, count);
    response.topics_count = count;
    const struct cluster_image *image = worker_image(request->worker);
    bool any = false;
    for (int32_t t = 0; t < count; t++) {
        any |= answer_topic(request, image, &body->topics[t], &response.topics[t]);
    }
    struct weir_error err;
    if (any && log_keeper_store_starts(broker->keeper, &err) < 0) {
        log_write(&broker->log, LOG_LEVEL_ERROR, "Cannot make the deletion of records durable: %s",
                  err.message);
        withdraw(&response);
    }
    if (any) {
        log_keeper_nudge(broker->keeper);
    }
    request_respond(request, &response);
}
