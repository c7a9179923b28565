/*
 * DescribeTopicPartitions (KIP-966): topics with their partitions as Metadata has them, in pages. An answer holds at most
 * response_partition_limit partitions (and never more than PAGE_MAX) of the topics in the order of their names; where it
 * had to stop, a cursor says which partition comes next, and the client sends it back.
 *
 * The eligible leader replicas are those that might lead although they are out of sync. With one replica there are
 * none, and the lists are empty, not null: that is how Kafka says "nobody", null being "not known".
 */
#include <stdlib.h>

#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/partition.h"
#include "broker/topics.h"
#include "broker/worker.h"
#include "protocol/kafka_error.h"

enum {
    PAGE_MAX = 2000, /* max.request.partition.size.limit */
    /* Operations as bits, from AclOperation's codes: what may be done where nothing is forbidden. */
    TOPIC_OPERATIONS = 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11,
};

/* The page as it grows. */
struct page {
    struct request *request;
    const struct describe_topic_partitions_request_cursor *from; /* or NULL: the beginning */
    int32_t room;                                                /* for so many partitions more */
    struct describe_topic_partitions_response response;
};

/* The names wanted, in order, from the cursor on. */
struct wanted {
    struct bytes *names;
    int32_t count;
};

static int by_bytes(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void want(struct wanted *wanted, const struct page *page, struct bytes name)
{
    if (!page->from || bytes_compare(name, page->from->topic_name) >= 0) {
        wanted->names[wanted->count++] = name;
    }
}

/* Every topic when none is named; a name that is given twice counts once. */
static struct wanted list_wanted(struct page *page, const struct cluster_image *image)
{
    const struct describe_topic_partitions_request *body = page->request->body;
    bool all = body->topics_count <= 0;
    size_t most = all ? image->topic_count : (size_t)body->topics_count;
    struct wanted wanted = { .names = ARENA_NEW(&page->request->arena, struct bytes, most + 1) };
    for (size_t i = 0; i < most; i++) {
        want(&wanted, page, all ? image->topics[i].name : body->topics[i].name);
    }
    qsort(wanted.names, (size_t)wanted.count, sizeof(wanted.names[0]), by_bytes);
    int32_t kept = 0;
    for (int32_t i = 0; i < wanted.count; i++) {
        if (kept == 0 || !bytes_equal(wanted.names[kept - 1], wanted.names[i])) {
            wanted.names[kept++] = wanted.names[i];
        }
    }
    wanted.count = kept;
    return wanted;
}

static void fill_partition(struct describe_topic_partitions_response_partition *to,
                           const struct partition *p,
                           struct arena *arena)
{
    int32_t *nodes = ARENA_NEW(arena, int32_t, 1);
    nodes[0] = p->replica;
    to->partition_index = p->index;
    to->leader_id = p->leader_id;
    to->leader_epoch = p->leader_epoch;
    to->replica_nodes = nodes;
    to->replica_nodes_count = 1;
    to->isr_nodes = nodes;
    to->isr_nodes_count = 1;
    to->eligible_leader_replicas_count = 0;
    to->last_known_elr_count = 0;
}

static void stop_at(struct page *page, struct bytes topic, int32_t partition)
{
    struct describe_topic_partitions_response_cursor *cursor =
        message_new(&describe_topic_partitions_response_cursor_type, &page->request->arena, 1);
    cursor->topic_name = topic;
    cursor->partition_index = partition;
    page->response.next_cursor = cursor;
}

/* As many of the topic's partitions as there is room for, from `first` on. */
static void fill_topic(struct page *page,
                       struct describe_topic_partitions_response_topic *to,
                       const struct image_topic *topic,
                       int32_t first)
{
    struct arena *arena = &page->request->arena;
    int32_t left = topic->partition_count > first ? topic->partition_count - first : 0;
    int32_t count = left < page->room ? left : page->room;
    to->topic_id = topic->id;
    to->is_internal = topic->internal;
    to->partitions = message_new(&describe_topic_partitions_response_partition_type, arena, count);
    to->partitions_count = count;
    for (int32_t i = 0; i < count; i++) {
        fill_partition(&to->partitions[i], topic->partitions[first + i], arena);
    }
    page->room -= count;
    if (count < left) {
        stop_at(page, to->name, first + count);
    }
}

static void add_topic(struct page *page, const struct cluster_image *image, struct bytes name)
{
    struct arena *arena = &page->request->arena;
    if (page->room == 0) {
        stop_at(page, arena_copy(arena, name), 0);
        return;
    }
    struct describe_topic_partitions_response_topic *to =
        &page->response.topics[page->response.topics_count++];
    const struct image_topic *topic = image_topic(image, name);
    bool resumed = page->from && bytes_equal(name, page->from->topic_name);
    to->name = arena_copy(arena, name); /* the image may change before the answer is encoded */
    to->topic_authorized_operations = TOPIC_OPERATIONS;
    if (topic) {
        fill_topic(page, to, topic, resumed ? page->from->partition_index : 0);
        return;
    }
    struct bytes why;
    to->error_code = (int16_t)topic_name_check(name, arena, &why);
    if (to->error_code == KAFKA_NONE) {
        to->error_code = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    }
}

void api_describe_topic_partitions(struct request *request)
{
    const struct describe_topic_partitions_request *body = request->body;
    const struct cluster_image *image = worker_image(request->worker);
    int32_t limit = body->response_partition_limit;
    struct page page = {
        .request = request,
        .from = body->cursor,
        .room = limit < 1          ? 1
                : limit > PAGE_MAX ? PAGE_MAX
                                   : limit,
    };
    if (page.from && page.from->partition_index < 0) {
        request_disconnect(request,
                           "DescribeTopicPartitions with a cursor at a negative partition");
        return;
    }
    message_init(&describe_topic_partitions_response_type, &page.response);
    struct wanted wanted = list_wanted(&page, image);
    page.response.topics =
        message_new(&describe_topic_partitions_response_topic_type, &request->arena, wanted.count);
    for (int32_t i = 0; i < wanted.count && !page.response.next_cursor; i++) {
        add_topic(&page, image, wanted.names[i]);
    }
    request_respond(request, &page.response);
}
