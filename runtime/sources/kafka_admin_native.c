/*
 * Questions to a cluster by librdkafka: see kafka_admin.h.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "client/handle.h"
#include "sources/kafka_admin.h"
#include "sources/kafka_cluster.h"
#include "sources/kafka_config.h"

/* Asked with ever more patience, so that a stop is seen soon. */
enum { FIRST_MS = 500, LONGEST_MS = 5000 };

struct native_admin {
    struct kafka_admin base;
    const struct kafka_settings *settings;
    struct client_trouble *trouble;
    rd_kafka_t *handle; /* NULL: made when it is needed */
};

static bool connect_handle(struct native_admin *a)
{
    struct sql_error ignored = { 0 };
    if (a->handle) {
        return true;
    }
    rd_kafka_conf_t *conf = kafka_conf_new(a->settings, a->trouble, &ignored);
    sql_error_finish(&ignored); /* kafka_conf_check() has said it */
    if (!conf) {
        return false;
    }
    char reason[512];
    a->handle = rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason, sizeof(reason));
    if (!a->handle) {
        rd_kafka_conf_destroy(conf);
        client_trouble_note(a->trouble, reason);
    }
    return a->handle != NULL;
}

/* --- topics --- */

/* Of one topic, or of all: NULL. */
static int ask_metadata(struct native_admin *a,
                        const struct kafka_call *call,
                        rd_kafka_topic_t *topic,
                        const struct rd_kafka_metadata **out)
{
    int64_t deadline = clock_monotonic_ms() + call->timeout_ms;
    int code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (int64_t slice = FIRST_MS; !kafka_cancelled(call->cancelled); slice *= 2) {
        int64_t left = deadline - clock_monotonic_ms();
        int64_t wait = slice < LONGEST_MS ? slice : LONGEST_MS;
        code = (int)rd_kafka_metadata(a->handle, topic == NULL, topic, out,
                                      (int)(wait < left ? wait : left));
        bool waits = code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT;
        if (!waits || deadline <= clock_monotonic_ms()) {
            return code;
        }
    }
    return code;
}

static struct kafka_topic copy_topic(struct arena *arena,
                                     const struct rd_kafka_metadata_topic *from)
{
    bool failed = from->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
                  from->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
    struct kafka_topic topic = {
        .name = arena_copy(arena, bytes_of(from->topic)),
        .code = failed ? (int)from->err : 0,
        .partition_count = from->partition_cnt,
        .partitions = ARENA_NEW(arena, int32_t, (size_t)from->partition_cnt),
    };
    static const char *const internal[] = { "__consumer_offsets", "__transaction_state",
                                            "__share_group_state" };
    for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++) {
        topic.internal |= bytes_equal_text(topic.name, internal[i]);
    }
    for (int i = 0; i < from->partition_cnt; i++) {
        topic.partitions[i] = from->partitions[i].id;
    }
    return topic;
}

static int ask_topic(struct native_admin *a,
                     const struct kafka_call *call,
                     struct bytes name,
                     struct kafka_topic *out)
{
    char text[LIMIT_TOPIC_NAME + 1];
    *out = (struct kafka_topic){ .name = name };
    if (!kafka_topic_possible(name) || !bytes_to_text(name, text, sizeof(text))) {
        out->code = RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
        return 0;
    }
    rd_kafka_topic_t *topic = rd_kafka_topic_new(a->handle, text, NULL);
    if (!topic) {
        return (int)rd_kafka_last_error();
    }
    const struct rd_kafka_metadata *metadata = NULL;
    int code = ask_metadata(a, call, topic, &metadata);
    rd_kafka_topic_destroy(topic);
    if (code != 0) {
        return code;
    }
    if (metadata->topic_cnt == 1) {
        *out = copy_topic(call->arena, &metadata->topics[0]);
    } else {
        out->code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

static int native_topics(struct kafka_admin *base,
                         const struct kafka_call *call,
                         const struct bytes *names,
                         int32_t count,
                         struct kafka_topic_list *out)
{
    enum {
        ONE_BY_ONE = 8
    }; /* so many are asked for one by one; more are in the answer about all */
    struct native_admin *a = (struct native_admin *)base;
    if (!connect_handle(a)) {
        return RD_KAFKA_RESP_ERR__FAIL;
    }
    if (count > 0 && count <= ONE_BY_ONE) {
        struct kafka_topic_list list = { count, ARENA_NEW(call->arena, struct kafka_topic,
                                                          (size_t)count) };
        int code = 0;
        for (int32_t i = 0; code == 0 && i < count; i++) {
            code = ask_topic(a, call, names[i], &list.items[i]);
        }
        *out = list;
        return code;
    }
    const struct rd_kafka_metadata *metadata = NULL;
    int code = ask_metadata(a, call, NULL, &metadata);
    if (code != 0) {
        return code;
    }
    out->count = metadata->topic_cnt;
    out->items = ARENA_NEW(call->arena, struct kafka_topic, (size_t)metadata->topic_cnt);
    for (int i = 0; i < metadata->topic_cnt; i++) {
        out->items[i] = copy_topic(call->arena, &metadata->topics[i]);
    }
    rd_kafka_metadata_destroy(metadata);
    return 0;
}

/* --- offsets --- */

static int list_offsets(struct native_admin *a,
                        const struct kafka_call *call,
                        rd_kafka_topic_partition_list_t *list)
{
    int64_t deadline = clock_monotonic_ms() + call->timeout_ms;
    rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_copy(list);
    int code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (int64_t slice = FIRST_MS;
         code == RD_KAFKA_RESP_ERR__TIMED_OUT && !kafka_cancelled(call->cancelled); slice *= 2) {
        int64_t left = deadline - clock_monotonic_ms();
        if (left <= 0) {
            break;
        }
        int64_t wait = slice < LONGEST_MS ? slice : LONGEST_MS;
        for (int i = 0; i < list->cnt; i++) {
            list->elems[i].offset = asked->elems[i].offset;
            list->elems[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
        }
        code = (int)rd_kafka_offsets_for_times(a->handle, list, (int)(wait < left ? wait : left));
        for (int i = 0; code == 0 && i < list->cnt; i++) {
            code = (int)list->elems[i].err;
        }
    }
    rd_kafka_topic_partition_list_destroy(asked);
    return code;
}

static int native_offsets(struct kafka_admin *base,
                          const struct kafka_call *call,
                          struct kafka_offsets *items)
{
    struct native_admin *a = (struct native_admin *)base;
    if (!connect_handle(a)) {
        return RD_KAFKA_RESP_ERR__FAIL;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(items->count);
    for (int32_t i = 0; i < items->count; i++) {
        const struct kafka_offset *item = &items->items[i];
        char topic[LIMIT_TOPIC_NAME + 1];
        (void)bytes_to_text(item->topic, topic, sizeof(topic));
        rd_kafka_topic_partition_list_add(list, topic, item->partition)->offset = item->offset;
    }
    int code = list_offsets(a, call, list);
    for (int32_t i = 0; code == 0 && i < items->count; i++) {
        items->items[i].offset = list->elems[i].offset;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return code;
}

/* --- the rest --- */

static void native_reset(struct kafka_admin *base)
{
    struct native_admin *a = (struct native_admin *)base;
    if (a->handle) {
        rd_kafka_destroy_flags(a->handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
        a->handle = NULL;
    }
}

static void native_close(struct kafka_admin *base)
{
    native_reset(base);
    free(base);
}

static const struct kafka_admin_functions functions = {
    .topics = native_topics,
    .offsets = native_offsets,
    .reset = native_reset,
    .close = native_close,
};

struct kafka_admin *kafka_admin_native(const struct kafka_settings *settings,
                                       struct client_trouble *trouble)
{
    struct native_admin *a = MEM_NEW(struct native_admin);
    a->base.functions = &functions;
    a->settings = settings;
    a->trouble = trouble;
    return &a->base;
}
