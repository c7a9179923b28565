/*
 * OffsetFetch: where a group stands. Of a partition without a committed offset the answer is -1, never 0: a client must
 * know the difference between "begin at the start" and "nobody has said". Since version 8 one request asks for several
 * groups; the older form is answered as one group and moved into its own fields.
 */
#include "broker/api_table.h"
#include "broker/coordinator.h"
#include "broker/image.h"
#include "broker/worker.h"

enum { MANY_GROUPS_SINCE = 8, TOPIC_IDS_SINCE = 10 }; /* versions */

/* A request for one group, of either form, and its answer. */
struct question {
    struct bytes group_id;
    bool wants_all;
    bool wants_stable; /* KIP-447: not while a transaction may still change it */
    struct offset_fetch_request_group_topic *topics;
    int32_t topics_count;
};

static void answer_partition(const struct group_entry *entry,
                             const struct question *question,
                             struct bytes topic,
                             int32_t index,
                             struct arena *arena,
                             struct offset_fetch_response_group_partition *out)
{
    const struct committed_offset *committed =
        entry ? offset_table_get(&entry->offsets, topic, index) : NULL;
    if (question->wants_stable && entry && pending_offsets_has(&entry->pending, topic, index)) {
        out->error_code = KAFKA_UNSTABLE_OFFSET_COMMIT;
        committed = NULL;
    }
    out->partition_index = index;
    out->committed_offset = committed ? committed->offset : -1;
    out->committed_leader_epoch = committed ? committed->leader_epoch : -1;
    out->metadata = committed ? arena_copy(arena, committed->metadata) : bytes_of("");
}

static void answer_all(const struct group_entry *entry,
                       const struct question *question,
                       struct arena *arena,
                       struct offset_fetch_response_group *out)
{
    size_t topic_count = entry ? offset_table_topic_count(&entry->offsets) : 0;
    out->topics_count = (int32_t)topic_count;
    out->topics = message_new(&offset_fetch_response_group_topic_type, arena, out->topics_count);
    for (size_t t = 0; t < topic_count; t++) {
        const struct offset_topic *topic = offset_table_topic(&entry->offsets, t);
        struct offset_fetch_response_group_topic *answer = &out->topics[t];
        answer->name = arena_copy(arena, topic->name);
        answer->partitions_count = (int32_t)offset_topic_count(topic);
        answer->partitions = message_new(&offset_fetch_response_group_partition_type, arena,
                                         answer->partitions_count);
        for (int32_t p = 0; p < answer->partitions_count; p++) {
            answer_partition(entry, question, topic->name,
                             offset_topic_entry(topic, (size_t)p)->partition, arena,
                             &answer->partitions[p]);
        }
    }
}

static void answer_listed(const struct group_entry *entry,
                          const struct question *question,
                          struct arena *arena,
                          struct offset_fetch_response_group *out)
{
    out->topics_count = question->topics_count;
    out->topics =
        message_new(&offset_fetch_response_group_topic_type, arena, question->topics_count);
    for (int32_t t = 0; t < question->topics_count; t++) {
        const struct offset_fetch_request_group_topic *topic = &question->topics[t];
        struct offset_fetch_response_group_topic *answer = &out->topics[t];
        answer->name = topic->name;
        answer->partitions_count = topic->partition_indexes_count;
        answer->partitions = message_new(&offset_fetch_response_group_partition_type, arena,
                                         answer->partitions_count);
        for (int32_t p = 0; p < topic->partition_indexes_count; p++) {
            answer_partition(entry, question, topic->name, topic->partition_indexes[p], arena,
                             &answer->partitions[p]);
        }
    }
}

/* Up to version 7 the response is that of one group, laid out flat. */
static void to_old_form(struct offset_fetch_response *response, struct arena *arena)
{
    const struct offset_fetch_response_group *group = &response->groups[0];
    response->error_code = group->error_code;
    response->topics_count = group->topics_count;
    response->topics = message_new(&offset_fetch_response_topic_type, arena, group->topics_count);
    for (int32_t t = 0; t < group->topics_count; t++) {
        const struct offset_fetch_response_group_topic *from = &group->topics[t];
        struct offset_fetch_response_topic *to = &response->topics[t];
        to->name = from->name;
        to->partitions_count = from->partitions_count;
        to->partitions =
            message_new(&offset_fetch_response_partition_type, arena, from->partitions_count);
        for (int32_t p = 0; p < from->partitions_count; p++) {
            to->partitions[p].partition_index = from->partitions[p].partition_index;
            to->partitions[p].committed_offset = from->partitions[p].committed_offset;
            to->partitions[p].committed_leader_epoch = from->partitions[p].committed_leader_epoch;
            to->partitions[p].metadata = from->partitions[p].metadata;
            to->partitions[p].error_code = from->partitions[p].error_code;
        }
    }
    response->groups_count = 0;
}

/* --- topics by id: names while a group is visited, which they are kept by; ids before and after --- */

/* Borrowed from the image. A topic that is not there stays without a name. */
static void put_names(struct question *question, const struct cluster_image *image)
{
    for (int32_t t = 0; t < question->topics_count; t++) {
        const struct image_topic *topic = image_topic_by_id(image, &question->topics[t].topic_id);
        question->topics[t].name = topic ? topic->name : (struct bytes){ 0 };
    }
}

static void put_listed_ids(const struct question *question, struct offset_fetch_response_group *out)
{
    for (int32_t t = 0; t < out->topics_count; t++) {
        struct offset_fetch_response_group_topic *topic = &out->topics[t];
        for (int32_t p = 0; bytes_is_null(topic->name) && p < topic->partitions_count; p++) {
            topic->partitions[p].error_code = KAFKA_UNKNOWN_TOPIC_ID;
        }
        topic->topic_id = question->topics[t].topic_id;
        topic->name = question->topics[t].name = (struct bytes){ 0 };
    }
}

/* Offsets of a topic that is gone cannot be told by its id. */
static void put_all_ids(const struct cluster_image *image, struct offset_fetch_response_group *out)
{
    int32_t kept = 0;
    for (int32_t t = 0; t < out->topics_count; t++) {
        const struct image_topic *topic = image_topic(image, out->topics[t].name);
        if (topic) {
            out->topics[kept] = out->topics[t];
            out->topics[kept++].topic_id = topic->id;
        }
    }
    out->topics_count = kept;
}

static enum group_visit visit(struct group_call *call, struct group_shard *shard, int32_t index)
{
    struct question *question = &((struct question *)call->state)[index];
    struct offset_fetch_response *response = call->response;
    struct offset_fetch_response_group *answer = &response->groups[index];
    struct arena *arena = &call->request->arena;
    const struct group_entry *entry = shard_find(shard, question->group_id);
    const struct cluster_image *image =
        call->request->version >= TOPIC_IDS_SINCE ? worker_image(shard->worker) : NULL;
    answer->group_id = question->group_id;
    if (image) {
        put_names(question, image);
    }
    if (question->wants_all) {
        answer_all(entry, question, arena, answer);
    } else {
        answer_listed(entry, question, arena, answer);
    }
    if (image && question->wants_all) {
        put_all_ids(image, answer);
    } else if (image) {
        put_listed_ids(question, answer);
    }
    if (index + 1 == call->count && call->request->version < MANY_GROUPS_SINCE) {
        to_old_form(response, arena);
    }
    return GROUP_VISIT_DONE;
}

static struct bytes group_at(const struct group_call *call, int32_t index)
{
    return ((const struct question *)call->state)[index].group_id;
}

/* The old form as a question of the new one. */
static void ask_one(const struct offset_fetch_request *body,
                    struct arena *arena,
                    struct question *out)
{
    int32_t count = body->topics_count < 0 ? 0 : body->topics_count;
    struct offset_fetch_request_group_topic *topics =
        message_new(&offset_fetch_request_group_topic_type, arena, count);
    for (int32_t t = 0; t < count; t++) {
        topics[t].name = body->topics[t].name;
        topics[t].partition_indexes = body->topics[t].partition_indexes;
        topics[t].partition_indexes_count = body->topics[t].partition_indexes_count;
    }
    *out = (struct question){ .group_id = body->group_id,
                              .wants_all = body->topics_count < 0, /* null */
                              .wants_stable = body->require_stable,
                              .topics = topics,
                              .topics_count = count };
}

void api_offset_fetch(struct request *request)
{
    const struct offset_fetch_request *body = request->body;
    struct group_call *call = group_call_create(request);
    struct offset_fetch_response *response = call->response;
    bool is_old = request->version < MANY_GROUPS_SINCE;
    call->count = is_old ? 1 : body->groups_count;
    struct question *questions = ARENA_NEW(&request->arena, struct question, (size_t)call->count);
    if (is_old) {
        ask_one(body, &request->arena, &questions[0]);
    }
    for (int32_t i = 0; !is_old && i < body->groups_count; i++) {
        questions[i] = (struct question){ .group_id = body->groups[i].group_id,
                                          .wants_all = body->groups[i].topics_count < 0,
                                          .wants_stable = body->require_stable,
                                          .topics = body->groups[i].topics,
                                          .topics_count = body->groups[i].topics_count };
    }
    response->groups_count = call->count;
    response->groups = message_new(&offset_fetch_response_group_type, &request->arena, call->count);
    call->state = questions;
    call->group_at = group_at;
    call->visit = visit;
    group_call_start(call);
}
