/*
 * DescribeProducers: which producers a partition remembers, to find the one whose open transaction holds up the readers
 * (KIP-664).
 */
#include <stdlib.h>

#include "base/limits.h"
#include "broker/api_table.h"
#include "broker/image.h"
#include "broker/partition.h"
#include "broker/worker.h"

/* A producer in a response takes at least so many bytes. */
enum { PRODUCER_BYTES = 36 };

static void answer_producers(struct partition *partition,
                             struct arena *arena,
                             struct describe_producers_response_partition *out)
{
    size_t count = 0;
    struct log_producer *producers = partition_log_producers(partition->log, &count);
    out->active_producers =
        message_new(&describe_producers_response_active_producer_type, arena, (int32_t)count);
    out->active_producers_count = (int32_t)count;
    for (size_t i = 0; i < count; i++) {
        out->active_producers[i] = (struct describe_producers_response_active_producer){
            .producer_id = producers[i].producer_id,
            .producer_epoch = producers[i].epoch,
            .last_sequence = producers[i].last_sequence,
            .last_timestamp = producers[i].last_timestamp,
            .coordinator_epoch = producers[i].coordinator_epoch,
            .current_txn_start_offset = producers[i].transaction_first_offset,
        };
    }
    free(producers);
}

/* A partition that is named again gets the same list, not one more: a name is 4 bytes, a list may be megabytes. */
static void answer_partition(struct partition *partition,
                             struct map *answered,
                             struct arena *arena,
                             struct describe_producers_response_partition *out)
{
    int64_t storage;
    struct bytes key = map_key_i64((int64_t)(intptr_t)partition, &storage);
    const struct describe_producers_response_partition *before = map_get(answered, key);
    if (!partition) {
        out->error_code = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    } else if (before) {
        out->active_producers = before->active_producers;
        out->active_producers_count = before->active_producers_count;
    } else {
        answer_producers(partition, arena, out);
        (void)map_put(answered, key, out);
    }
}

/* Is it sure to be too large? A short request may ask for gigabytes: that is said before the first of them is written. */
static bool is_too_large(const struct describe_producers_response *response)
{
    int64_t bytes = 0;
    for (int32_t t = 0; t < response->topics_count; t++) {
        const struct describe_producers_response_topic *topic = &response->topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            bytes += (int64_t)topic->partitions[p].active_producers_count * PRODUCER_BYTES;
        }
    }
    return bytes > LIMIT_RESPONSE;
}

void api_describe_producers(struct request *request)
{
    const struct describe_producers_request *body = request->body;
    const struct cluster_image *image = worker_image(request->worker);
    struct describe_producers_response response;
    struct map answered; /* by partition -> its answer */
    map_init(&answered);
    message_init(&describe_producers_response_type, &response);
    response.topics_count = body->topics_count;
    response.topics =
        message_new(&describe_producers_response_topic_type, &request->arena, body->topics_count);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct describe_producers_request_topic *asked = &body->topics[t];
        struct describe_producers_response_topic *to = &response.topics[t];
        const struct image_topic *topic = image_topic(image, asked->name);
        to->name = asked->name;
        to->partitions_count = asked->partition_indexes_count;
        to->partitions = message_new(&describe_producers_response_partition_type, &request->arena,
                                     to->partitions_count);
        for (int32_t p = 0; p < to->partitions_count; p++) {
            to->partitions[p].partition_index = asked->partition_indexes[p];
            answer_partition(topic_partition(topic, asked->partition_indexes[p]), &answered,
                             &request->arena, &to->partitions[p]);
            if (!topic) { /* of a topic that is there but not so large, Kafka has no words */
                to->partitions[p].error_message =
                    bytes_of(kafka_error_message(KAFKA_UNKNOWN_TOPIC_OR_PARTITION));
            }
        }
    }
    map_finish(&answered);
    if (is_too_large(&response)) {
        request_disconnect(request, "the response would be too large: partitions named too often");
        return;
    }
    request_respond(request, &response);
}
