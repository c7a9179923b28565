/*
 * CreatePartitions: topics get more partitions, never fewer. Records stay where they are, so a key may hash to another
 * partition from then on.
 *
 * Source: ReplicationControlManager.createPartitions; the texts are those of Kafka 4.3.
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/tally.h"
#include "broker/topics_change.h"

/* The first thing wrong with the brokers that the client names; a null range: nothing. */
static struct bytes assignment_fault(struct request *request,
                                     const struct create_partitions_request_topic *topic)
{
    int32_t node_id = request->broker->config.node_id;
    for (int32_t i = 0; i < topic->assignments_count; i++) {
        const struct create_partitions_request_assignment *assignment = &topic->assignments[i];
        if (assignment->broker_ids_count <= 0) {
            return bytes_of("The manual partition assignment includes an empty replica list.");
        }
        for (int32_t b = 0; b < assignment->broker_ids_count; b++) {
            if (assignment->broker_ids[b] != node_id) {
                return arena_printf(
                    &request->arena,
                    "The manual partition assignment includes broker %d, but no such broker is registered.",
                    assignment->broker_ids[b]);
            }
        }
        if (assignment->broker_ids_count > 1) {
            return arena_printf(
                &request->arena,
                "The manual partition assignment includes the broker %d more than once.", node_id);
        }
    }
    return (struct bytes){ 0 };
}

static enum kafka_error add(struct request *request,
                            const struct create_partitions_request_topic *topic,
                            struct bytes *out_message)
{
    const struct create_partitions_request *body = request->body;
    struct partitions_spec spec = {
        .topic = topic->name,
        .count = topic->count,
        .assignment_count = topic->assignments_count,
        .assignment_fault = assignment_fault(request, topic),
        .validate_only = body->validate_only,
    };
    return topic_add_partitions(request->broker, &spec, &request->arena, out_message);
}

void api_create_partitions(struct request *request)
{
    const struct create_partitions_request *body = request->body;
    struct create_partitions_response response;
    struct tally named;
    struct tally answered;
    message_init(&create_partitions_response_type, &response);
    response.results =
        message_new(&create_partitions_response_topic_type, &request->arena, body->topics_count);
    tally_init(&named, &request->arena);
    tally_init(&answered, &request->arena);
    for (int32_t i = 0; i < body->topics_count; i++) {
        (void)tally_add(&named, body->topics[i].name);
    }
    for (int32_t i = 0; i < body->topics_count; i++) {
        const struct create_partitions_request_topic *topic = &body->topics[i];
        if (tally_add(&answered, topic->name) > 0) {
            continue; /* answered at its first place */
        }
        struct create_partitions_response_topic *to = &response.results[response.results_count++];
        to->name = topic->name;
        if (body->timeout_ms <= 0) { /* Kafka has no time then, and makes nothing */
            to->error_code = KAFKA_REQUEST_TIMED_OUT;
        } else if (tally_count(&named, topic->name) > 1) {
            to->error_code = KAFKA_INVALID_REQUEST;
            to->error_message = bytes_of("Duplicate topic name.");
        } else {
            to->error_code = (int16_t)add(request, topic, &to->error_message);
        }
    }
    tally_finish(&named);
    tally_finish(&answered);
    request_respond(request, &response);
}
