/*
 * ListOffsets: the first and the last offset of a partition, and the first one of a time
 * (kafka.server.KafkaApis.handleListOffsetRequest, ReplicaManager.fetchOffset).
 *
 * Special timestamps: -1 the end, -2 the start, -3 the record with the largest timestamp; -4 to -6 are about tiered storage,
 * which this broker does not have: -4 is the start, the others say "none". Each is known from some version on; before
 * that, and for any other negative number, the answer is UNSUPPORTED_VERSION.
 */
#include "broker/api_table.h"
#include "broker/image.h"
#include "broker/partition.h"
#include "broker/tally.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

enum {
    TIMESTAMP_LATEST = -1,
    TIMESTAMP_EARLIEST = -2,
    TIMESTAMP_MAX = -3,
    TIMESTAMP_EARLIEST_LOCAL = -4,
    TIMESTAMP_LATEST_TIERED = -5,
    TIMESTAMP_PENDING_UPLOAD = -6,
};

/* The version that introduced each special timestamp, by its number; 0: always known. */
static const int16_t known_since[] = { 0, 0, 0, 7, 8, 9, 11 };
enum { SPECIAL_COUNT = sizeof(known_since) / sizeof(known_since[0]) };

static bool is_known(int64_t timestamp, int16_t version)
{
    return timestamp >= 0 || (timestamp > -SPECIAL_COUNT && version >= known_since[-timestamp]);
}

static enum kafka_error find_special(struct partition *p,
                                     int64_t timestamp,
                                     enum isolation isolation,
                                     struct log_time_offset *out)
{
    int64_t start = partition_log_start_offset(p->log);
    int32_t epoch;
    switch (timestamp) {
    case TIMESTAMP_LATEST:
        *out = (struct log_time_offset){ -1, partition_end_for(p, isolation), p->leader_epoch };
        return KAFKA_NONE;
    case TIMESTAMP_EARLIEST:
    case TIMESTAMP_EARLIEST_LOCAL:
        epoch = partition_log_epoch_at(p->log, start);
        *out = (struct log_time_offset){ -1, start, epoch < 0 ? p->leader_epoch : epoch };
        return KAFKA_NONE;
    case TIMESTAMP_MAX: return partition_log_max_timestamp(p->log, out);
    default: return KAFKA_NONE; /* nothing is tiered: none */
    }
}

static enum kafka_error find_offset(struct request *request,
                                    struct partition *p,
                                    const struct list_offsets_request_partition *asked,
                                    struct log_time_offset *out)
{
    const struct list_offsets_request *body = request->body;
    enum isolation isolation = (enum isolation)body->isolation_level;
    if (!is_known(asked->timestamp, request->version)) {
        return KAFKA_UNSUPPORTED_VERSION;
    }
    if (isolation != READ_UNCOMMITTED && isolation != READ_COMMITTED) {
        return KAFKA_UNKNOWN_SERVER_ERROR; /* what Kafka makes of it */
    }
    if (!p) {
        return KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
    enum kafka_error error = partition_check_epoch(p, asked->current_leader_epoch);
    if (error != KAFKA_NONE) {
        return error;
    }
    if (asked->timestamp < 0) {
        return find_special(p, asked->timestamp, isolation, out);
    }
    return partition_log_offset_for_time(p->log, asked->timestamp, partition_end_for(p, isolation),
                                         out);
}

static void answer_partition(struct request *request,
                             const struct image_topic *topic,
                             const struct list_offsets_request_partition *asked,
                             bool once,
                             struct list_offsets_response_partition *out)
{
    struct log_time_offset found = { -1, -1, -1 };
    struct partition *p = topic_partition(topic, asked->partition_index);
    enum kafka_error error = once ? find_offset(request, p, asked, &found) : KAFKA_INVALID_REQUEST;
    out->partition_index = asked->partition_index;
    out->error_code = (int16_t)error;
    out->timestamp = found.timestamp;
    out->offset = found.offset;
    out->leader_epoch = found.leader_epoch;
}

static struct bytes partition_key(const struct list_offsets_request_partition *asked,
                                  int64_t *storage)
{
    return map_key_i64(asked->partition_index, storage);
}

/* Kafka refuses a partition that is asked for twice, and answers it once. */
static void answer_topic(struct request *request,
                         const struct image_topic *topic,
                         const struct list_offsets_request_topic *asked,
                         struct list_offsets_response_topic *out)
{
    struct tally named;
    struct tally answered;
    int64_t storage;
    tally_init(&named, &request->arena);
    tally_init(&answered, &request->arena);
    for (int32_t i = 0; i < asked->partitions_count; i++) {
        (void)tally_add(&named, partition_key(&asked->partitions[i], &storage));
    }
    out->name = asked->name;
    out->partitions = message_new(&list_offsets_response_partition_type, &request->arena,
                                  asked->partitions_count);
    for (int32_t i = 0; i < asked->partitions_count; i++) {
        struct bytes key = partition_key(&asked->partitions[i], &storage);
        if (tally_add(&answered, key) == 0) {
            answer_partition(request, topic, &asked->partitions[i], tally_count(&named, key) == 1,
                             &out->partitions[out->partitions_count++]);
        }
    }
    tally_finish(&named);
    tally_finish(&answered);
}

void api_list_offsets(struct request *request)
{
    const struct list_offsets_request *body = request->body;
    struct list_offsets_response response;
    message_init(&list_offsets_response_type, &response);
    response.topics_count = body->topics_count;
    response.topics =
        message_new(&list_offsets_response_topic_type, &request->arena, body->topics_count);
    const struct cluster_image *image = worker_image(request->worker);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct image_topic *topic = image_topic(image, body->topics[t].name);
        answer_topic(request, topic, &body->topics[t], &response.topics[t]);
    }
    request_respond(request, &response);
}
