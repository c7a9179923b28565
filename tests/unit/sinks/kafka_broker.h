/*
 * A broker for tests of the Kafka sink, with its topics, and what arrives in them. WEIR_SINK_BOOTSTRAP names another one, such as
 * Apache Kafka's, whose topics must be empty or not there.
 */
#pragma once

#include "base/error.h"
#include "broker_child.h"
#include "weir/admin.h"
#include "weir/consumer.h"

enum { BROKER_TIMEOUT_MS = 20000, PARTITIONS_MAX = 16 };

struct kafka_broker {
    struct broker_child child;
    const char *bootstrap;
    bool foreign; /* not ours to start and stop */
};

static inline bool kafka_broker_start(struct kafka_broker *b)
{
    const char *other = getenv("WEIR_SINK_BOOTSTRAP");
    *b = (struct kafka_broker){ .foreign = other != NULL, .bootstrap = other };
    if (other) {
        return true;
    }
    bool started = broker_child_start(&b->child);
    b->bootstrap = b->child.bootstrap;
    return started;
}

static inline void kafka_broker_stop(struct kafka_broker *b)
{
    if (!b->foreign) {
        broker_child_stop(&b->child);
    }
}

/* A topic with one setting, which may be NULL. */
static inline bool topic_make(const struct kafka_broker *b,
                              const char *name,
                              int32_t partitions,
                              const char *setting,
                              const char *value)
{
    struct weir_error err;
    struct weir_admin *admin = NULL;
    const struct weir_option options[] = { { "bootstrap.servers", b->bootstrap }, { 0 } };
    const struct weir_option configs[] = { { setting, value }, { 0 } };
    struct weir_new_topic topic = { name, partitions, 1, setting ? configs : NULL };
    bool made = weir_admin_create(options, &admin, &err) == WEIR_OK &&
                weir_admin_create_topic(admin, &topic, BROKER_TIMEOUT_MS, &err) == WEIR_OK;
    weir_admin_close(admin);
    return made;
}

/* Reads what is new in some partitions. */
struct arrivals {
    struct weir_consumer *consumer;
    struct weir_consumer *asker; /* of ends: its questions do not queue behind a fetch that waits */
    struct weir_topic_partition partitions[PARTITIONS_MAX];
    int count;
    int64_t read;
};

static inline bool arrivals_open(struct arrivals *a, const struct kafka_broker *b)
{
    struct weir_error err;
    const struct weir_option options[] = { { "bootstrap.servers", b->bootstrap },
                                           { "auto.offset.reset", "earliest" },
                                           { 0 } };
    return weir_consumer_create(options, &a->asker, &err) == WEIR_OK &&
           weir_consumer_create(options, &a->consumer, &err) == WEIR_OK &&
           weir_consumer_assign(a->consumer, a->partitions, (size_t)a->count, &err) == WEIR_OK;
}

static inline void arrivals_add(struct arrivals *a, const char *topic, int32_t partitions)
{
    for (int32_t i = 0; i < partitions; i++) {
        a->partitions[a->count++] = (struct weir_topic_partition){ topic, i };
    }
}

/* How many there are in all, from the first. -1: the broker does not say. */
static inline int64_t arrivals_end(struct arrivals *a)
{
    int64_t sum = 0;
    for (int i = 0; i < a->count; i++) {
        struct weir_error err;
        int64_t begin;
        int64_t end;
        if (weir_consumer_offsets(a->asker, a->partitions[i], &begin, &end, &err) < 0) {
            return -1;
        }
        sum += end;
    }
    return sum;
}

/* Calls `see` for each record up to the present ends. False: they did not come in time. */
static inline bool arrivals_read(struct arrivals *a,
                                 void (*see)(void *context, const struct weir_record *record),
                                 void *context)
{
    int64_t end = arrivals_end(a);
    while (end >= 0 && a->read < end) {
        struct weir_error err;
        struct weir_records records = { 0 };
        if (weir_consumer_poll(a->consumer, BROKER_TIMEOUT_MS, 0, &records, &err) < 0 ||
            records.count == 0) {
            return false;
        }
        for (size_t i = 0; i < records.count; i++) {
            see(context, &records.items[i]);
        }
        a->read += (int64_t)records.count;
    }
    return end >= 0;
}

static inline void arrivals_close(struct arrivals *a)
{
    weir_consumer_close(a->consumer);
    weir_consumer_close(a->asker);
}
