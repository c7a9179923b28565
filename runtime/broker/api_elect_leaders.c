/*
 * ElectLeaders: each partition has one replica here, which leads and is the preferred one; so no election is ever needed,
 * and the answer says so for each partition that is named.
 *
 * Source: ReplicationControlManager.electLeaders. Asked about all partitions, it tells only of those where something was to
 * be done: none.
 */
#include "broker/api_table.h"
#include "broker/image.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

enum { ELECTION_PREFERRED = 0, ELECTION_UNCLEAN = 1, VERSION_WITH_TYPE = 1 };

struct electing {
    struct request *request;
    const struct cluster_image *image;
    int8_t type;
};

static void answer_partition(const struct electing *e,
                             const struct elect_leaders_request_topic *asked,
                             int32_t index,
                             struct elect_leaders_response_partition *out)
{
    struct arena *arena = &e->request->arena;
    const struct image_topic *topic = image_topic(e->image, asked->topic);
    out->partition_id = index;
    if (e->type != ELECTION_PREFERRED && e->type != ELECTION_UNCLEAN) {
        out->error_code = KAFKA_INVALID_REQUEST;
        out->error_message = arena_printf(arena, "Unknown election type %d", e->type);
    } else if (!topic) {
        out->error_code = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
        out->error_message = arena_printf(arena, "No such topic as %.*s", BYTES_ARG(asked->topic));
    } else if (!topic_partition(topic, index)) {
        out->error_code = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
        out->error_message =
            arena_printf(arena, "No such partition as %.*s-%d", BYTES_ARG(asked->topic), index);
    } else {
        out->error_code = KAFKA_ELECTION_NOT_NEEDED;
        out->error_message = bytes_of(kafka_error_message(KAFKA_ELECTION_NOT_NEEDED));
    }
}

static void answer_named(const struct electing *e, struct elect_leaders_response *response)
{
    const struct elect_leaders_request *body = e->request->body;
    struct arena *arena = &e->request->arena;
    int32_t count = body->topic_partitions_count;
    response->replica_election_results =
        message_new(&elect_leaders_response_topic_type, arena, count);
    response->replica_election_results_count = count;
    for (int32_t t = 0; t < count; t++) {
        const struct elect_leaders_request_topic *asked = &body->topic_partitions[t];
        struct elect_leaders_response_topic *to = &response->replica_election_results[t];
        to->topic = asked->topic;
        to->partition_result_count = asked->partitions_count;
        to->partition_result =
            message_new(&elect_leaders_response_partition_type, arena, asked->partitions_count);
        for (int32_t p = 0; p < asked->partitions_count; p++) {
            answer_partition(e, asked, asked->partitions[p], &to->partition_result[p]);
        }
    }
}

static void answer_all(const struct electing *e, struct elect_leaders_response *response)
{
    int32_t count = (int32_t)e->image->topic_count;
    response->replica_election_results =
        message_new(&elect_leaders_response_topic_type, &e->request->arena, count);
    response->replica_election_results_count = count;
    for (int32_t t = 0; t < count; t++) {
        response->replica_election_results[t].topic = e->image->topics[t].name;
    }
}

void api_elect_leaders(struct request *request)
{
    const struct elect_leaders_request *body = request->body;
    struct electing e = { request, worker_image(request->worker), ELECTION_PREFERRED };
    struct elect_leaders_response response;
    message_init(&elect_leaders_response_type, &response);
    if (request->version >= VERSION_WITH_TYPE) {
        e.type = body->election_type;
    }
    bool known = e.type == ELECTION_PREFERRED || e.type == ELECTION_UNCLEAN;
    response.error_code = known ? KAFKA_NONE : KAFKA_INVALID_REQUEST;
    if (body->topic_partitions_count >= 0) {
        answer_named(&e, &response);
    } else if (known) {
        answer_all(&e, &response);
    }
    request_respond(request, &response);
}
