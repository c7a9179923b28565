/*
 * CreatePartitions: topics get more partitions, never fewer. Records stay where they are, so a key may hash to another
 * partition from then on.
 *
 * Source: ReplicationControlManager.createPartitions; the texts are those of Kafka 4.3.
 */
#include "broker/admin.h"
#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/tally.h"
#include "broker/topics.h"
#include "broker/topics_change.h"

/* One topic of the answer, which has the same index. */
struct entry {
    bool pending; /* still to be done */
    struct partitions_spec spec;
};

struct growing {
    struct request *request;
    struct entry *entries;
    int32_t next; /* before it nothing is pending */
    struct create_partitions_response response;
};

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

static struct partitions_spec spec_of(struct request *request,
                                      const struct create_partitions_request_topic *topic)
{
    const struct create_partitions_request *body = request->body;
    return (struct partitions_spec){
        .topic = topic->name,
        .count = topic->count,
        .assignment_count = topic->assignments_count,
        .assignment_fault = assignment_fault(request, topic),
        .validate_only = body->validate_only,
    };
}

/* Each topic once, in the order of the request. What can be refused without a look at the cluster is. */
static void plan(struct growing *g)
{
    struct request *request = g->request;
    const struct create_partitions_request *body = request->body;
    size_t count = body->topics_count > 0 ? (size_t)body->topics_count : 0;
    struct tally named;
    struct tally planned;
    g->entries = ARENA_NEW(&request->arena, struct entry, count);
    g->response.results =
        message_new(&create_partitions_response_topic_type, &request->arena, body->topics_count);
    tally_init(&named, &request->arena);
    tally_init(&planned, &request->arena);
    for (int32_t i = 0; i < body->topics_count; i++) {
        (void)tally_add(&named, body->topics[i].name);
    }
    for (int32_t i = 0; i < body->topics_count; i++) {
        const struct create_partitions_request_topic *topic = &body->topics[i];
        if (tally_add(&planned, topic->name) > 0) {
            continue; /* answered at its first place */
        }
        struct entry *entry = &g->entries[g->response.results_count];
        struct create_partitions_response_topic *to =
            &g->response.results[g->response.results_count++];
        to->name = topic->name;
        if (body->timeout_ms <= 0) { /* Kafka has no time then, and makes nothing */
            to->error_code = KAFKA_REQUEST_TIMED_OUT;
        } else if (tally_count(&named, topic->name) > 1) {
            to->error_code = KAFKA_INVALID_REQUEST;
            to->error_message = bytes_of("Duplicate topic name.");
        } else {
            entry->pending = true;
            entry->spec = spec_of(request, topic);
        }
    }
    tally_finish(&named);
    tally_finish(&planned);
}

static void grow_some(struct growing *g)
{
    struct partitions_spec specs[TOPICS_PER_STEP];
    struct create_partitions_response_topic *made[TOPICS_PER_STEP];
    int32_t count = 0;
    int64_t partitions = 0;
    for (; g->next < g->response.results_count && count < TOPICS_PER_STEP &&
           partitions < PARTITIONS_PER_STEP;
         g->next++) {
        if (g->entries[g->next].pending) {
            specs[count] = g->entries[g->next].spec;
            partitions += specs[count].count;
            made[count++] = &g->response.results[g->next];
        }
    }
    broker_add_partitions(g->request->broker, specs, count, &g->request->arena);
    for (int32_t i = 0; i < count; i++) {
        made[i]->error_code = (int16_t)specs[i].error;
        made[i]->error_message = specs[i].message;
    }
}

static bool step(struct admin_job *job)
{
    struct growing *g = job->state;
    if (!g->entries) {
        plan(g);
    }
    grow_some(g);
    job->response = &g->response;
    return g->next == g->response.results_count;
}

void api_create_partitions(struct request *request)
{
    struct growing *g = ARENA_NEW(&request->arena, struct growing, 1);
    g->request = request;
    message_init(&create_partitions_response_type, &g->response);
    admin_submit(request, step, g);
}
