/*
 * Metadata: the brokers there are, and who leads which partition. Creates topics that are asked for by name, where the
 * client and the configuration allow it.
 *
 * As in Kafka, a topic that is created so is unknown in this answer still, and there when the client asks again, which all of
 * them do. (Kafka may take longer, and says it is unknown meanwhile; here it is on disk before the answer.)
 */
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/partition.h"
#include "broker/tally.h"
#include "broker/topics.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

enum { VERSION_BY_ID = 12 }; /* the field is there since 10 */

enum {
    /* Operations as bits, from AclOperation's codes: what may be done where nothing is forbidden. */
    TOPIC_OPERATIONS = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11,
    CLUSTER_OPERATIONS = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12,
};

struct answering {
    struct request *request;
    const struct metadata_request *body;
    struct metadata_response response;
};

static int32_t *one_node(struct arena *arena, int32_t node)
{
    int32_t *nodes = ARENA_NEW(arena, int32_t, 1);
    nodes[0] = node;
    return nodes;
}

static void fill_partition(struct metadata_response_partition *to,
                           const struct partition *p,
                           struct arena *arena)
{
    to->partition_index = p->index;
    to->leader_id = p->leader_id;
    to->leader_epoch = p->leader_epoch;
    to->replica_nodes = one_node(arena, p->replica);
    to->replica_nodes_count = 1;
    to->isr_nodes = one_node(arena, p->replica);
    to->isr_nodes_count = 1;
}

static void fill_topic(struct answering *a,
                       struct metadata_response_topic *to,
                       const struct image_topic *topic)
{
    struct arena *arena = &a->request->arena;
    to->name =
        arena_copy(arena, topic->name); /* the image may change before the response is encoded */
    to->topic_id = topic->id;
    to->is_internal = topic->internal;
    to->partitions = message_new(&metadata_response_partition_type, arena, topic->partition_count);
    to->partitions_count = topic->partition_count;
    for (int32_t i = 0; i < topic->partition_count; i++) {
        fill_partition(&to->partitions[i], topic->partitions[i], arena);
    }
    if (a->body->include_topic_authorized_operations) {
        to->topic_authorized_operations = TOPIC_OPERATIONS;
    }
}

/* Fills `to` with the topic of this name, made now if need be and allowed. */
static void answer_name(struct answering *a, struct metadata_response_topic *to, struct bytes name)
{
    struct broker *broker = a->request->broker;
    const struct image_topic *topic = image_topic(worker_image(a->request->worker), name);
    if (topic) {
        fill_topic(a, to, topic);
        return;
    }
    struct bytes why;
    to->name = name;
    to->is_internal = topic_is_internal(name);
    to->error_code = (int16_t)topic_name_check(name, &a->request->arena, &why);
    if (to->error_code != KAFKA_NONE) {
        return;
    }
    to->error_code = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    if (!a->body->allow_auto_topic_creation || !broker->config.auto_create_topics ||
        to->is_internal) {
        return;
    }
    struct topic_spec spec = { .name = name, .partition_count = -1, .replication_factor = -1 };
    struct topic_outcome outcome;
    broker_create_topics(broker, &spec, 1, &a->request->arena, &outcome);
    topic_config_unref(outcome.config);
    if (outcome.error != KAFKA_NONE && outcome.error != KAFKA_TOPIC_ALREADY_EXISTS) {
        struct bytes text = bytes_is_null(outcome.message)
                                ? bytes_of(kafka_error_message((int16_t)outcome.error))
                                : outcome.message;
        log_write(&broker->log, LOG_LEVEL_ERROR,
                  "cannot create %.*s, which a client asked for: %.*s", BYTES_ARG(name),
                  BYTES_ARG(text));
    }
}

static void answer_id(struct answering *a,
                      struct metadata_response_topic *to,
                      const struct uuid *id)
{
    const struct image_topic *topic = image_topic_by_id(worker_image(a->request->worker), id);
    if (topic) {
        fill_topic(a, to, topic);
        return;
    }
    to->name = (struct bytes){ 0 };
    to->topic_id = *id;
    to->error_code = KAFKA_UNKNOWN_TOPIC_ID;
}

static void answer_all(struct answering *a)
{
    const struct cluster_image *image = worker_image(a->request->worker);
    a->response.topics =
        message_new(&metadata_response_topic_type, &a->request->arena, (int32_t)image->topic_count);
    a->response.topics_count = (int32_t)image->topic_count;
    for (size_t i = 0; i < image->topic_count; i++) {
        fill_topic(a, &a->response.topics[i], &image->topics[i]);
    }
}

static void answer_named(struct answering *a)
{
    const struct metadata_request *body = a->body;
    struct tally answered;
    tally_init(&answered, &a->request->arena);
    a->response.topics =
        message_new(&metadata_response_topic_type, &a->request->arena, body->topics_count);
    for (int32_t i = 0; i < body->topics_count; i++) {
        const struct uuid *id = &body->topics[i].topic_id;
        bool by_name = uuid_is_zero(id);
        if (tally_add(&answered, by_name ? body->topics[i].name
                                         : (struct bytes){ id->bytes, UUID_SIZE }) > 0) {
            continue;
        }
        struct metadata_response_topic *to = &a->response.topics[a->response.topics_count++];
        if (by_name) {
            answer_name(a, to, body->topics[i].name);
        } else {
            answer_id(a, to, id);
        }
    }
    tally_finish(&answered);
}

/* Why the request fails as a whole: a topic with neither a name nor an id, or an id before it could be asked for. */
static enum kafka_error check(const struct metadata_request *body, int16_t version)
{
    enum kafka_error error = KAFKA_NONE;
    for (int32_t i = 0; i < body->topics_count; i++) {
        bool has_id = !uuid_is_zero(&body->topics[i].topic_id);
        if (has_id && version < VERSION_BY_ID) {
            return KAFKA_INVALID_REQUEST;
        }
        if (!has_id && bytes_is_null(body->topics[i].name)) {
            error = KAFKA_UNKNOWN_SERVER_ERROR;
        }
    }
    return error;
}

static void fill_brokers(struct answering *a)
{
    struct broker *broker = a->request->broker;
    a->response.brokers = message_new(&metadata_response_broker_type, &a->request->arena, 1);
    a->response.brokers_count = 1;
    a->response.brokers[0].node_id = broker->config.node_id;
    a->response.brokers[0].rack = bytes_of(broker_config_text(&broker->config, "broker.rack"));
    request_advertised_address(a->request, &a->response.brokers[0].host,
                               &a->response.brokers[0].port);
    a->response.cluster_id = bytes_of(broker->cluster_id);
    a->response.controller_id = broker->config.node_id;
    if (a->body->include_cluster_authorized_operations) {
        a->response.cluster_authorized_operations = CLUSTER_OPERATIONS;
    }
}

/* No brokers, and the same error for every topic. */
static void fail_as_a_whole(struct answering *a, enum kafka_error error)
{
    const struct metadata_request *body = a->body;
    a->response.topics =
        message_new(&metadata_response_topic_type, &a->request->arena, body->topics_count);
    a->response.topics_count = body->topics_count;
    for (int32_t i = 0; i < body->topics_count; i++) {
        struct metadata_response_topic *to = &a->response.topics[i];
        to->error_code = (int16_t)error;
        to->name = bytes_is_null(body->topics[i].name) ? bytes_of("") : body->topics[i].name;
        to->topic_id = body->topics[i].topic_id;
    }
}

void api_metadata(struct request *request)
{
    struct answering a = { .request = request, .body = request->body };
    message_init(&metadata_response_type, &a.response);
    bool old_style_all = request->version == 0 && a.body->topics_count == 0;
    enum kafka_error error = check(a.body, request->version);
    if (error != KAFKA_NONE) {
        fail_as_a_whole(&a, error);
    } else if (a.body->topics_count < 0 || old_style_all) {
        fill_brokers(&a);
        answer_all(&a);
    } else {
        fill_brokers(&a);
        answer_named(&a);
    }
    request_respond(request, &a.response);
}
