/*
 * OffsetForLeaderEpoch: where the records of a leader's reign end in our log. A client that read up to offset 100 in epoch 3
 * and hears that epoch 3 ended at 90 knows that ten of its records were lost with their leader (KIP-101, KIP-320).
 *
 * Source: ReplicaManager.lastOffsetForLeaderEpoch, LeaderEpochFileCache.endOffsetFor.
 */
#include "broker/api_table.h"
#include "broker/image.h"
#include "broker/partition.h"
#include "broker/worker.h"

static void answer_partition(struct partition *partition,
                             const struct offset_for_leader_epoch_request_partition *asked,
                             struct offset_for_leader_epoch_response_partition *out)
{
    out->partition = asked->partition;
    if (!partition || atomic_load(&partition->deleted)) {
        out->error_code = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
        return;
    }
    out->error_code = (int16_t)partition_check_epoch(partition, asked->current_leader_epoch);
    if (out->error_code == KAFKA_NONE && asked->leader_epoch >= 0) {
        partition_log_epoch_end(partition->log, asked->leader_epoch, &out->leader_epoch,
                                &out->end_offset);
    }
}

void api_offset_for_leader_epoch(struct request *request)
{
    const struct offset_for_leader_epoch_request *body = request->body;
    const struct cluster_image *image = worker_image(request->worker);
    struct offset_for_leader_epoch_response response;
    message_init(&offset_for_leader_epoch_response_type, &response);
    response.topics_count = body->topics_count;
    response.topics = message_new(&offset_for_leader_epoch_response_topic_type, &request->arena,
                                  body->topics_count);
    for (int32_t t = 0; t < body->topics_count; t++) {
        const struct offset_for_leader_epoch_request_topic *asked = &body->topics[t];
        struct offset_for_leader_epoch_response_topic *to = &response.topics[t];
        const struct image_topic *topic = image_topic(image, asked->topic);
        to->topic = asked->topic;
        to->partitions_count = asked->partitions_count;
        to->partitions = message_new(&offset_for_leader_epoch_response_partition_type,
                                     &request->arena, asked->partitions_count);
        for (int32_t p = 0; p < asked->partitions_count; p++) {
            answer_partition(topic_partition(topic, asked->partitions[p].partition),
                             &asked->partitions[p], &to->partitions[p]);
        }
    }
    request_respond(request, &response);
}
