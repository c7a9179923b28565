/*
 * Creating topics, many at a time: see topics.h. What is asked for is checked as Kafka's controller does
 * (ReplicationControlManager.createTopic); then partitions first, the durable entry next, the image last: a crash in between
 * leaves no topic that was not promised.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/log_keeper.h"
#include "broker/topics.h"
#include "broker/topics_open.h"
#include "broker/topics_publish.h"

static const char metadata_topic[] = "__cluster_metadata";

struct creating {
    struct broker *broker;
    struct cluster_image *image;
    struct arena *arena;
    struct image_topic *topics;  /* those that are new, their partitions open */
    struct topic_outcome **made; /* the outcome of each */
    size_t count;
};

static void refuse(struct topic_outcome *out, enum kafka_error error, struct bytes message)
{
    out->error = error;
    out->message = message;
}

/* Metrics write '.' as '_', so two names that differ only in that would be one there (Topic.hasCollision). */
static bool names_collide(struct bytes a, struct bytes b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        uint8_t x = a.data[i] == '.' ? '_' : a.data[i];
        uint8_t y = b.data[i] == '.' ? '_' : b.data[i];
        if (x != y) {
            return false;
        }
    }
    return true;
}

/* A null range: none. */
static struct bytes find_collision(const struct creating *c, struct bytes name)
{
    const struct image_topic *lists[] = { c->image->topics, c->topics };
    const size_t counts[] = { c->image->topic_count, c->count };
    if (!memchr(name.data, '.', name.len) && !memchr(name.data, '_', name.len)) {
        return (struct bytes){ 0 };
    }
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; i < counts[l]; i++) {
            if (names_collide(lists[l][i].name, name)) {
                return lists[l][i].name;
            }
        }
    }
    return (struct bytes){ 0 };
}

static void check_name(struct creating *c, struct bytes name, struct topic_outcome *out)
{
    out->error = topic_name_check(name, c->arena, &out->message);
    if (out->error != KAFKA_NONE) {
        return;
    }
    if (bytes_equal_text(name, metadata_topic)) {
        refuse(
            out, KAFKA_INVALID_REQUEST,
            arena_printf(c->arena, "Creation of internal topic %s is prohibited.", metadata_topic));
        return;
    }
    if (image_topic(c->image, name)) {
        refuse(out, KAFKA_TOPIC_ALREADY_EXISTS,
               arena_printf(c->arena, "Topic '%.*s' already exists.", BYTES_ARG(name)));
        return;
    }
    struct bytes other = find_collision(c, name);
    if (!bytes_is_null(other)) {
        refuse(out, KAFKA_INVALID_TOPIC_EXCEPTION,
               arena_printf(c->arena, "Topic '%.*s' collides with existing topic: %.*s",
                            BYTES_ARG(name), BYTES_ARG(other)));
    }
}

static void check_counts(struct creating *c,
                         const struct topic_spec *spec,
                         struct topic_outcome *out)
{
    struct arena *arena = c->arena;
    const struct broker *broker = c->broker;
    out->partition_count =
        spec->partition_count == -1 ? broker->config.num_partitions : spec->partition_count;
    out->replication_factor = spec->replication_factor == -1
                                  ? (int16_t)broker->config.default_replication_factor
                                  : spec->replication_factor;
    if (out->replication_factor < 1) {
        refuse(
            out, KAFKA_INVALID_REPLICATION_FACTOR,
            bytes_of("Replication factor must be larger than 0, or -1 to use the default value."));
    } else if (out->partition_count < 1) {
        refuse(out, KAFKA_INVALID_PARTITIONS,
               bytes_of("Number of partitions was set to an invalid non-positive value."));
    } else if (out->partition_count > LIMIT_PARTITIONS_PER_TOPIC) {
        refuse(out, KAFKA_INVALID_PARTITIONS,
               arena_printf(arena, "Number of partitions was set to %d; at most %d are served.",
                            out->partition_count, LIMIT_PARTITIONS_PER_TOPIC));
    } else if (out->replication_factor > 1) {
        refuse(
            out, KAFKA_INVALID_REPLICATION_FACTOR,
            arena_printf(
                arena,
                "Unable to replicate the partition %d time(s): The target replication factor of %d cannot be "
                "reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned.",
                out->replication_factor, out->replication_factor));
    }
}

static struct topic_config *make_config(struct creating *c,
                                        const struct topic_spec *spec,
                                        struct topic_outcome *out)
{
    struct arena *arena = c->arena;
    struct topic_config *config = NULL;
    struct weir_error err;
    for (int32_t i = 0; i < spec->config_count; i++) {
        if (bytes_is_null(spec->configs[i].value)) {
            refuse(out, KAFKA_INVALID_CONFIG,
                   arena_printf(arena, "Null value not supported for topic configs: %.*s",
                                BYTES_ARG(spec->configs[i].name)));
            return NULL;
        }
    }
    if (topic_config_create(c->image->config, spec->configs, spec->config_count, &config, &err) <
            0 ||
        topic_config_check(config, c->image->config, &err) < 0) {
        refuse(out, KAFKA_INVALID_CONFIG, arena_printf(arena, "%s", err.message));
        topic_config_unref(config);
        return NULL;
    }
    return config;
}

/* Everything that is wrong with it is in `out`; without that its configuration, which is the caller's, is there. */
static void check(struct creating *c, const struct topic_spec *spec, struct topic_outcome *out)
{
    *out = (struct topic_outcome){ 0 };
    check_name(c, spec->name, out);
    if (out->error == KAFKA_NONE) {
        check_counts(c, spec, out);
    }
    if (out->error == KAFKA_NONE) {
        out->config = make_config(c, spec, out);
    }
    out->id = uuid_random();
}

static void refuse_storage(struct creating *c,
                           struct bytes name,
                           const struct weir_error *why,
                           struct topic_outcome *out)
{
    log_write(&c->broker->log, LOG_LEVEL_ERROR, "Cannot create topic %.*s: %s", BYTES_ARG(name),
              why->message);
    topic_config_unref(out->config);
    out->config = NULL;
    refuse(out, KAFKA_STORAGE_ERROR, arena_printf(c->arena, "%s", why->message));
}

/* Opens the partitions of a topic that was checked. */
static void bring_up(struct creating *c, const struct topic_spec *spec, struct topic_outcome *out)
{
    struct weir_error err;
    struct image_topic *topic = &c->topics[c->count];
    *topic = (struct image_topic){ .name = spec->name,
                                   .id = out->id,
                                   .internal = topic_is_internal(spec->name),
                                   .partition_count = out->partition_count,
                                   .config = out->config };
    if (log_keeper_catch_up(c->broker->keeper, &err) < 0 ||
        topic_open_partitions(c->broker, topic, 0, NULL, &err) < 0) {
        refuse_storage(c, spec->name, &err, out);
    } else {
        c->made[c->count++] = out;
    }
}

static void make_known(struct creating *c)
{
    struct image_change *changes = mem_zalloc(c->count, sizeof(*changes));
    struct weir_error err;
    for (size_t i = 0; i < c->count; i++) {
        changes[i] = (struct image_change){ c->topics[i].name, &c->topics[i] };
    }
    if (topics_store(c->broker, changes, c->count, &err) == WEIR_OK) {
        topics_publish(c->broker, image_with(c->image, changes, c->count));
    } else {
        for (size_t i = 0; i < c->count; i++) {
            refuse_storage(c, c->topics[i].name, &err, c->made[i]);
        }
    }
    free(changes);
}

void broker_create_topics(struct broker *broker,
                          const struct topic_spec *specs,
                          int32_t count,
                          struct arena *arena,
                          struct topic_outcome *outs)
{
    fair_lock_take(&broker->admin_lock);
    struct creating c = { .broker = broker, .image = broker_image(broker), .arena = arena };
    c.topics = mem_zalloc((size_t)count, sizeof(*c.topics));
    c.made = mem_zalloc((size_t)count, sizeof(struct topic_outcome *));
    for (int32_t i = 0; i < count; i++) {
        check(&c, &specs[i], &outs[i]);
        if (outs[i].error == KAFKA_NONE && !specs[i].validate_only) {
            bring_up(&c, &specs[i], &outs[i]);
        }
    }
    if (c.count > 0) {
        make_known(&c);
    }
    for (size_t i = 0; i < c.count; i++) {
        topic_release_partitions(&c.topics[i]);
    }
    free((void *)c.made);
    free(c.topics);
    image_unref(c.image);
    fair_lock_leave(&broker->admin_lock);
}
