/*
 * Questions to a cluster over plain connections: see kafka_admin.h.
 *
 * A connection that fails, or a leader that is none any more, is tried again until the call's time is over.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "client/handle.h"
#include "protocol/kafka_error.h"
#include "sources/kafka_admin.h"
#include "sources/kafka_cluster.h"
#include "sources/kafka_errors.h"

enum { PAUSE_MS = 20, PAUSE_LONGEST_MS = 500, WARN_AFTER_MS = 2000, WARN_AGAIN_MS = 10000 };

struct direct_admin {
    struct kafka_admin base;
    struct kafka_direct *direct;
};

/* --- asking again --- */

struct patience {
    const struct kafka_call *call;
    int64_t deadline;
    int64_t pause_ms;
    int64_t warn_at;
};

static struct patience patience_of(const struct kafka_call *call)
{
    int64_t now = clock_monotonic_ms();
    return (struct patience){ call, now + call->timeout_ms, PAUSE_MS, now + WARN_AFTER_MS };
}

/* It takes long: whoever waits for the query hears why, from time to time. */
static void warn_unreachable(struct patience *p, const struct weir_error *err)
{
    const struct kafka_listener *listener = p->call->listener;
    if (clock_monotonic_ms() >= p->warn_at && listener && listener->warn) {
        char text[WEIR_ERROR_MESSAGE_MAX + 100];
        (void)snprintf(text, sizeof(text), "Broker may not be available, and is asked again: %s",
                       err->message);
        listener->warn(listener->context, text);
        p->warn_at = clock_monotonic_ms() + WARN_AGAIN_MS;
    }
}

/* After a pause; false: the time is over, or the query is to stop. */
static bool once_more(struct patience *p)
{
    int64_t left = p->deadline - clock_monotonic_ms();
    if (left <= 0 || kafka_cancelled(p->call->cancelled)) {
        return false;
    }
    int64_t pause = p->pause_ms < left ? p->pause_ms : left;
    struct timespec time = { .tv_nsec = pause * 1000000 };
    nanosleep(&time, NULL);
    p->pause_ms = p->pause_ms * 2 < PAUSE_LONGEST_MS ? p->pause_ms * 2 : PAUSE_LONGEST_MS;
    return true;
}

/* Who leads is not settled, or not known everywhere. */
static bool is_passing(int code)
{
    switch (code) {
    case KAFKA_LEADER_NOT_AVAILABLE:
    case KAFKA_NOT_LEADER_OR_FOLLOWER:
    case KAFKA_REQUEST_TIMED_OUT:
    case KAFKA_BROKER_NOT_AVAILABLE:
    case KAFKA_REPLICA_NOT_AVAILABLE:
    case KAFKA_NETWORK_EXCEPTION:
    case KAFKA_STORAGE_ERROR:
    case KAFKA_FENCED_LEADER_EPOCH:
    case KAFKA_UNKNOWN_LEADER_EPOCH:
    case KAFKA_OFFSET_NOT_AVAILABLE: return true;
    default: return false;
    }
}

/* --- topics --- */

static struct kafka_topic topic_of(struct arena *arena, const struct metadata_response_topic *from)
{
    bool failed = from->error_code != KAFKA_NONE && from->error_code != KAFKA_LEADER_NOT_AVAILABLE;
    struct kafka_topic topic = {
        .name = from->name,
        .code = failed ? from->error_code : 0,
        .internal = from->is_internal,
        .partition_count = from->partitions_count,
        .partitions = ARENA_NEW(arena, int32_t, (size_t)from->partitions_count),
    };
    for (int32_t i = 0; i < from->partitions_count; i++) {
        topic.partitions[i] = from->partitions[i].partition_index;
    }
    return topic;
}

static int direct_topics(struct kafka_admin *base,
                         const struct kafka_call *call,
                         const struct bytes *names,
                         int32_t count,
                         struct kafka_topic_list *out)
{
    struct direct_admin *a = (struct direct_admin *)base;
    struct patience patience = patience_of(call);
    struct metadata_response answer;
    struct weir_error err;
    while (kafka_direct_metadata(a->direct, names, count, call->arena, &answer, &err) < 0) {
        warn_unreachable(&patience, &err);
        if (!once_more(&patience)) {
            return RD_KAFKA_RESP_ERR__TIMED_OUT;
        }
    }
    out->count = answer.topics_count;
    out->items = ARENA_NEW(call->arena, struct kafka_topic, (size_t)answer.topics_count);
    for (int32_t i = 0; i < answer.topics_count; i++) {
        out->items[i] = topic_of(call->arena, &answer.topics[i]);
    }
    return 0;
}

/* --- offsets --- */

static int direct_offsets(struct kafka_admin *base,
                          const struct kafka_call *call,
                          struct kafka_offsets *items)
{
    struct direct_admin *a = (struct direct_admin *)base;
    struct patience patience = patience_of(call);
    struct kafka_offsets asked = kafka_offsets_copy(call->arena, items);
    for (;;) {
        int code = kafka_direct_offsets(a->direct, call->arena, &asked);
        if (code == 0) {
            for (int32_t i = 0; i < items->count; i++) {
                items->items[i].offset = asked.items[i].offset;
            }
            return 0;
        }
        if (!is_passing(code)) {
            return code;
        }
        if (!once_more(&patience)) {
            return code == KAFKA_NETWORK_EXCEPTION ? RD_KAFKA_RESP_ERR__TIMED_OUT : code;
        }
        asked = kafka_offsets_copy(call->arena, items);
    }
}

/* --- the rest --- */

static void direct_reset(struct kafka_admin *base)
{
    (void)base; /* connections that fail are closed at once */
}

static void direct_close(struct kafka_admin *base)
{
    free(base);
}

static const struct kafka_admin_functions functions = {
    .topics = direct_topics,
    .offsets = direct_offsets,
    .reset = direct_reset,
    .close = direct_close,
};

struct kafka_admin *kafka_admin_direct(struct kafka_direct *direct)
{
    struct direct_admin *a = MEM_NEW(struct direct_admin);
    a->base.functions = &functions;
    a->direct = direct;
    return &a->base;
}
