/*
 * Changing topics: see topics_change.h. Settings of one topic are worked out in config_apply.c.
 */
#include "broker/topics_change.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "broker/broker.h"
#include "broker/partition.h"
#include "broker/topics.h"
#include "broker/topics_open.h"
#include "broker/topics_publish.h"

/* --- more partitions --- */

static enum kafka_error check_count(const struct partitions_spec *spec,
                                    const struct image_topic *topic,
                                    struct arena *arena,
                                    struct bytes *out_message)
{
    if (spec->count == topic->partition_count) {
        *out_message = arena_printf(arena, "Topic already has %d partition(s).", spec->count);
        return KAFKA_INVALID_PARTITIONS;
    }
    if (spec->count < topic->partition_count) {
        *out_message = arena_printf(
            arena, "The topic %.*s currently has %d partition(s); %d would not be an increase.",
            BYTES_ARG(topic->name), topic->partition_count, spec->count);
        return KAFKA_INVALID_PARTITIONS;
    }
    if (spec->count > LIMIT_PARTITIONS_PER_TOPIC) {
        *out_message =
            arena_printf(arena, "The topic %.*s would have %d partitions; at most %d are served.",
                         BYTES_ARG(topic->name), spec->count, LIMIT_PARTITIONS_PER_TOPIC);
        return KAFKA_INVALID_PARTITIONS;
    }
    if (topic
            ->internal) { /* Kafka does it, and looks for groups where they are not, from then on */
        *out_message = arena_printf(arena,
                                    "The number of partitions of %.*s says where each group is "
                                    "stored, so it cannot be changed.",
                                    BYTES_ARG(topic->name));
        return KAFKA_INVALID_PARTITIONS;
    }
    return KAFKA_NONE;
}

static enum kafka_error check_assignment(const struct partitions_spec *spec,
                                         const struct image_topic *topic,
                                         struct arena *arena,
                                         struct bytes *out_message)
{
    int32_t added = spec->count - topic->partition_count;
    if (spec->assignment_count >= 0 && spec->assignment_count != added) {
        *out_message = arena_printf(
            arena,
            "Attempted to add %d additional partition(s), but only %d assignment(s) were specified.",
            added, spec->assignment_count);
        return KAFKA_INVALID_REPLICA_ASSIGNMENT;
    }
    *out_message = spec->assignment_fault;
    return bytes_is_null(*out_message) ? KAFKA_NONE : KAFKA_INVALID_REPLICA_ASSIGNMENT;
}

struct growing {
    struct broker *broker;
    struct cluster_image *image;
    struct image_topic *topics; /* as they shall be, all partitions open */
    struct partitions_spec **made;
    size_t count;
};

static void refuse_storage(struct growing *g,
                           struct partitions_spec *spec,
                           const struct weir_error *why,
                           struct arena *arena)
{
    log_write(&g->broker->log, LOG_LEVEL_ERROR, "Cannot add partitions to topic %.*s: %s",
              BYTES_ARG(spec->topic), why->message);
    spec->message = arena_printf(arena, "%s", why->message);
    spec->error = KAFKA_STORAGE_ERROR;
}

static void grow_one(struct growing *g, struct partitions_spec *spec, struct arena *arena)
{
    const struct image_topic *topic = image_topic(g->image, spec->topic);
    struct weir_error err;
    spec->error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
    spec->message = (struct bytes){ 0 };
    if (topic) {
        spec->error = check_count(spec, topic, arena, &spec->message);
    }
    if (spec->error == KAFKA_NONE) {
        spec->error = check_assignment(spec, topic, arena, &spec->message);
    }
    if (spec->error != KAFKA_NONE || spec->validate_only) {
        return;
    }
    struct image_topic *grown = &g->topics[g->count];
    *grown = *topic;
    grown->partition_count = spec->count;
    if (topic_open_added(g->broker, topic, grown, &err) < 0) {
        refuse_storage(g, spec, &err, arena);
    } else {
        g->made[g->count++] = spec;
    }
}

static void make_known(struct growing *g, struct arena *arena)
{
    struct image_change *changes = mem_zalloc(g->count, sizeof(*changes));
    struct weir_error err;
    for (size_t i = 0; i < g->count; i++) {
        changes[i] = (struct image_change){ g->topics[i].name, &g->topics[i] };
    }
    if (topics_store(g->broker, changes, g->count, &err) == WEIR_OK) {
        topics_publish(g->broker, image_with(g->image, changes, g->count));
    } else {
        for (size_t i = 0; i < g->count; i++) {
            refuse_storage(g, g->made[i], &err, arena);
        }
    }
    free(changes);
}

void broker_add_partitions(struct broker *broker,
                           struct partitions_spec *specs,
                           int32_t count,
                           struct arena *arena)
{
    fair_lock_take(&broker->admin_lock);
    struct growing g = { .broker = broker, .image = broker_image(broker) };
    g.topics = mem_zalloc((size_t)count, sizeof(*g.topics));
    g.made = mem_zalloc((size_t)count, sizeof(struct partitions_spec *));
    for (int32_t i = 0; i < count; i++) {
        grow_one(&g, &specs[i], arena);
    }
    if (g.count > 0) {
        make_known(&g, arena);
    }
    for (size_t i = 0; i < g.count; i++) {
        topic_release_partitions(&g.topics[i]);
    }
    free((void *)g.made);
    free(g.topics);
    image_unref(g.image);
    fair_lock_leave(&broker->admin_lock);
}

/* --- settings --- */

struct reconfiguring {
    struct broker *broker;
    struct cluster_image *image;
    struct image_topic *topics; /* with their new configuration, a reference of ours */
    struct config_changes **made;
    size_t count;
};

static void refuse_config(struct config_changes *spec,
                          enum kafka_error error,
                          const struct weir_error *why,
                          struct arena *arena)
{
    spec->error = error;
    spec->message = arena_printf(arena, "%s", why->message);
}

static void work_out(struct reconfiguring *r, struct config_changes *spec, struct arena *arena)
{
    const struct image_topic *topic = image_topic(r->image, spec->topic);
    struct config_entry *entries = NULL;
    struct topic_config *config = NULL;
    struct weir_error err;
    int32_t count = 0;
    spec->message = (struct bytes){ 0 };
    if (!topic) {
        spec->error = KAFKA_UNKNOWN_TOPIC_OR_PARTITION;
        spec->message =
            arena_printf(arena, "The topic '%.*s' does not exist.", BYTES_ARG(spec->topic));
        return;
    }
    const struct config_subject subject = { CONFIG_OF_TOPIC, topic->config->entries,
                                            topic->config->entry_count };
    spec->error = config_apply(&subject, spec, arena, &entries, &count, &spec->message);
    if (spec->error != KAFKA_NONE) {
        return;
    }
    if (topic_config_create(r->image->config, entries, count, &config, &err) < 0 ||
        topic_config_check(config, r->image->config, &err) < 0) {
        refuse_config(spec, KAFKA_INVALID_CONFIG, &err, arena);
        topic_config_unref(config);
    } else if (spec->validate_only) {
        topic_config_unref(config);
    } else {
        r->topics[r->count] = *topic;
        r->topics[r->count].config = config;
        r->made[r->count++] = spec;
    }
}

static void use_configs(struct reconfiguring *r, struct arena *arena)
{
    struct image_change *changes = mem_zalloc(r->count, sizeof(*changes));
    struct weir_error err;
    for (size_t t = 0; t < r->count; t++) {
        changes[t] = (struct image_change){ r->topics[t].name, &r->topics[t] };
    }
    bool stored = topics_store(r->broker, changes, r->count, &err) == WEIR_OK;
    for (size_t t = 0; t < r->count; t++) {
        struct image_topic *topic = &r->topics[t];
        for (int32_t i = 0; stored && i < topic->partition_count; i++) {
            partition_log_set_config(topic->partitions[i]->log, &topic->config->log);
        }
        if (!stored) {
            log_write(&r->broker->log, LOG_LEVEL_ERROR,
                      "Cannot change the settings of topic %.*s: %s", BYTES_ARG(topic->name),
                      err.message);
            refuse_config(r->made[t], KAFKA_STORAGE_ERROR, &err, arena);
        }
    }
    if (stored) {
        topics_publish(r->broker, image_with(r->image, changes, r->count));
    }
    free(changes);
}

void broker_change_topics(struct broker *broker,
                          struct config_changes *specs,
                          int32_t count,
                          struct arena *arena)
{
    fair_lock_take(&broker->admin_lock);
    struct reconfiguring r = { .broker = broker, .image = broker_image(broker) };
    r.topics = mem_zalloc((size_t)count, sizeof(*r.topics));
    r.made = mem_zalloc((size_t)count, sizeof(struct config_changes *));
    for (int32_t i = 0; i < count; i++) {
        work_out(&r, &specs[i], arena);
    }
    if (r.count > 0) {
        use_configs(&r, arena);
    }
    for (size_t t = 0; t < r.count; t++) {
        topic_config_unref(r.topics[t].config);
    }
    free((void *)r.made);
    free(r.topics);
    image_unref(r.image);
    fair_lock_leave(&broker->admin_lock);
}
