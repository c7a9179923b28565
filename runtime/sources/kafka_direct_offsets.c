/*
 * ListOffsets over plain connections: see kafka_direct.h. Partitions are asked for by who leads them, all of one broker at once.
 */
#include "base/mem.h"
#include "protocol/kafka_error.h"
#include "sources/kafka_direct.h"

enum { LIST_OFFSETS_VERSION = 7 /* later ones are about tiered storage */ };

struct asking {
    struct kafka_direct *direct;
    struct arena *arena;
    struct kafka_offsets *items;
    const char **leaders; /* address of each; NULL: done */
};

static int find_leaders(struct asking *a)
{
    for (int32_t i = 0; i < a->items->count; i++) {
        char address[KAFKA_ADDRESS_SIZE];
        int code = KAFKA_NONE;
        struct weir_error err;
        if (kafka_direct_leader(a->direct, &a->items->items[i], address, &code, &err) < 0) {
            return code != KAFKA_NONE ? code : KAFKA_NETWORK_EXCEPTION;
        }
        a->leaders[i] = arena_text(a->arena, bytes_of(address));
    }
    return KAFKA_NONE;
}

/* The items that this broker leads, as topics of one partition each: sorted items make few topics, but simple ones do. */
static struct list_offsets_request *make_request(struct asking *a,
                                                 const char *address,
                                                 int32_t *places)
{
    struct list_offsets_request *request = ARENA_NEW(a->arena, struct list_offsets_request, 1);
    size_t max = (size_t)a->items->count;
    message_init(&list_offsets_request_type, request);
    request->replica_id = -1;
    request->isolation_level = kafka_direct_fetching(a->direct)->committed ? 1 : 0;
    request->topics = ARENA_NEW(a->arena, struct list_offsets_request_topic, max);
    struct list_offsets_request_partition *partitions =
        ARENA_NEW(a->arena, struct list_offsets_request_partition, max);
    int32_t count = 0;
    for (int32_t i = 0; i < a->items->count; i++) {
        const struct kafka_offset *item = &a->items->items[i];
        if (!a->leaders[i] || strcmp(a->leaders[i], address) != 0) {
            continue;
        }
        struct list_offsets_request_topic *last =
            request->topics_count > 0 ? &request->topics[request->topics_count - 1] : NULL;
        if (!last || !bytes_equal(last->name, item->topic)) {
            last = &request->topics[request->topics_count++];
            message_init(&list_offsets_request_topic_type, last);
            last->name = item->topic;
            last->partitions = &partitions[count];
        }
        message_init(&list_offsets_request_partition_type, &partitions[count]);
        partitions[count].partition_index = item->partition;
        partitions[count].timestamp = item->offset;
        last->partitions_count++;
        places[count++] = i;
    }
    return request;
}

/* Answers come in any order. */
static struct kafka_offset *find_item(struct asking *a,
                                      const int32_t *places,
                                      int32_t count,
                                      const struct kafka_offset *of)
{
    for (int32_t i = 0; i < count; i++) {
        struct kafka_offset *item = &a->items->items[places[i]];
        if (kafka_offset_compare(item, of) == 0) {
            return item;
        }
    }
    return NULL;
}

static int take_answer(struct asking *a,
                       const struct list_offsets_response *answer,
                       const int32_t *places,
                       int32_t count)
{
    int32_t answered = 0;
    int32_t hint = 0;
    for (int32_t t = 0; t < answer->topics_count; t++) {
        const struct list_offsets_response_topic *topic = &answer->topics[t];
        for (int32_t p = 0; p < topic->partitions_count; p++) {
            const struct list_offsets_response_partition *partition = &topic->partitions[p];
            struct kafka_offset of = { topic->name, partition->partition_index, 0 };
            if (partition->error_code != KAFKA_NONE) {
                kafka_direct_forget(a->direct, topic->name, partition->partition_index);
                return partition->error_code;
            }
            bool next =
                hint < count && kafka_offset_compare(&a->items->items[places[hint]], &of) == 0;
            struct kafka_offset *item =
                next ? &a->items->items[places[hint]] : find_item(a, places, count, &of);
            hint++;
            if (item) {
                item->offset = partition->offset;
                answered++;
            }
        }
    }
    return answered == count ? KAFKA_NONE : KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
}

static int ask_broker(struct asking *a, const char *address)
{
    int32_t *places = ARENA_NEW(a->arena, int32_t, (size_t)a->items->count);
    struct list_offsets_request *request = make_request(a, address, places);
    struct list_offsets_response answer;
    struct channel *channel = NULL;
    struct weir_error err;
    int32_t count = 0;
    for (int32_t t = 0; t < request->topics_count; t++) {
        count += request->topics[t].partitions_count;
    }
    enum weir_status rc = kafka_direct_open(a->direct, address, &channel, &err);
    if (rc == WEIR_OK) {
        channel_limit_version(channel, API_LIST_OFFSETS, LIST_OFFSETS_VERSION);
        struct kafka_question question = { API_LIST_OFFSETS, request, a->arena, &answer };
        rc = kafka_direct_call(a->direct, channel, &question, &err);
    }
    if (rc < 0) {
        kafka_direct_note(a->direct, err.message);
        kafka_direct_drop(a->direct, channel);
        for (int32_t i = 0; i < count; i++) {
            const struct kafka_offset *item = &a->items->items[places[i]];
            kafka_direct_forget(a->direct, item->topic, item->partition);
        }
        return KAFKA_NETWORK_EXCEPTION;
    }
    kafka_direct_give_back(a->direct, channel);
    int code = take_answer(a, &answer, places, count);
    for (int32_t i = 0; i < count; i++) {
        a->leaders[places[i]] = NULL;
    }
    return code;
}

int kafka_direct_offsets(struct kafka_direct *d, struct arena *arena, struct kafka_offsets *items)
{
    struct asking a = { d, arena, items, ARENA_NEW(arena, const char *, (size_t)items->count) };
    int code = find_leaders(&a);
    for (int32_t i = 0; code == KAFKA_NONE && i < items->count; i++) {
        if (a.leaders[i]) {
            code = ask_broker(&a, a.leaders[i]);
        }
    }
    return code;
}
