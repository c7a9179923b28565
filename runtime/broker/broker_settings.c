/*
 * Settings of the broker: see broker_settings.h.
 */
#include "broker/broker_settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "broker/broker.h"
#include "broker/connection_limits.h"
#include "broker/partition.h"
#include "broker/topics_publish.h"
#include "cluster/local_store.h"

struct setting {
    struct broker *broker;
    enum config_layer layer;
    struct config_changes *spec;
    struct arena *arena;
    const struct cluster_image *image;
    struct config_entry *entries; /* as they shall be */
    int32_t count;
};

static bool refuse(struct setting *s, enum kafka_error error, struct bytes message)
{
    s->spec->error = error;
    s->spec->message = message;
    return false;
}

static const struct config_key *key_of(struct bytes name)
{
    return config_key_find(broker_config_keys, broker_config_key_count, name);
}

static bool begins(struct bytes name, const char *prefix)
{
    return bytes_starts_with(name, bytes_of(prefix));
}

/* --- what Kafka refuses --- */

static bool is_fixed(const struct config_key *key)
{
    return !key->dynamic;
}

static bool is_secret_of_listener(const struct config_key *key)
{
    struct bytes name = bytes_of(key->name);
    return begins(name, "ssl.keystore.") || begins(name, "ssl.truststore.") ||
           bytes_equal_text(name, "ssl.key.password");
}

static bool is_of_one_broker(const struct config_key *key)
{
    static const char *const names[] = { "cordoned.log.dirs", "listener.security.protocol.map",
                                         "listeners", "principal.builder.class" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], key->name) == 0) {
            return true;
        }
    }
    return begins(bytes_of(key->name), "ssl.") || begins(bytes_of(key->name), "sasl.");
}

/* Refuses with "...: [a, b]" when any key is one of those. */
static bool has_none(struct setting *s, bool (*is)(const struct config_key *key), const char *why)
{
    struct bytes names = { 0 };
    for (int32_t i = 0; i < s->count; i++) {
        if (is(key_of(s->entries[i].name))) {
            names = arena_printf(s->arena, "%.*s%s%.*s", BYTES_ARG(names),
                                 bytes_is_null(names) ? "" : ", ", BYTES_ARG(s->entries[i].name));
        }
    }
    return bytes_is_null(names) ||
           refuse(s, KAFKA_INVALID_REQUEST,
                  arena_printf(s->arena, "%s: [%.*s]", why, BYTES_ARG(names)));
}

static bool are_values(struct setting *s)
{
    for (int32_t i = 0; i < s->count; i++) {
        struct weir_error err;
        const struct config_entry *entry = &s->entries[i];
        if (bytes_has_control(entry->value)) {
            return refuse(s, KAFKA_INVALID_REQUEST,
                          arena_printf(s->arena,
                                       "Invalid value for configuration %.*s: control characters",
                                       BYTES_ARG(entry->name)));
        }
        if (config_check(key_of(entry->name), entry->value, &err) < 0) {
            return refuse(s, KAFKA_INVALID_REQUEST, arena_printf(s->arena, "%s", err.message));
        }
    }
    return true;
}

/* Kafka's eligible leader replicas (KIP-966) need this key to be set for all brokers, and for none alone. */
static bool leaves_min_insync_alone(struct setting *s)
{
    static const char key[] = "min.insync.replicas";
    bool is_kept = false;
    for (int32_t i = 0; i < s->count; i++) {
        is_kept |= bytes_equal_text(s->entries[i].name, key);
    }
    for (int32_t i = 0; s->layer == CONFIG_LAYER_NODE && i < s->spec->count; i++) {
        if (bytes_equal_text(s->spec->changes[i].entry.name, key)) {
            return refuse(
                s, KAFKA_INVALID_CONFIG,
                bytes_of(
                    "Broker-level min.insync.replicas cannot be altered while ELR is enabled."));
        }
    }
    return is_kept || s->layer == CONFIG_LAYER_NODE ||
           refuse(s, KAFKA_INVALID_CONFIG,
                  bytes_of("Cluster-level min.insync.replicas cannot be removed while ELR is "
                           "enabled."));
}

/* --- what has no meaning here --- */

static bool mean_something(struct setting *s)
{
    for (int32_t i = 0; i < s->count; i++) {
        const struct config_key *key = key_of(s->entries[i].name);
        if (is_of_one_broker(key)) {
            return refuse(s, KAFKA_INVALID_REQUEST,
                          arena_printf(s->arena,
                                       "This broker has one plaintext listener, one folder and no "
                                       "security, which %s cannot change while it runs.",
                                       key->name));
        }
    }
    return true;
}

static bool is_possible(struct setting *s)
{
    return has_none(s, is_fixed, "Cannot update these configs dynamically") &&
           has_none(s, is_secret_of_listener,
                    "These security configs can be dynamically updated only per-listener using the "
                    "listener prefix") &&
           are_values(s) &&
           (s->layer == CONFIG_LAYER_NODE ||
            has_none(s, is_of_one_broker,
                     "Cannot update these configs at default cluster level, broker id must be "
                     "specified")) &&
           mean_something(s) && leaves_min_insync_alone(s);
}

/* --- the change --- */

/* Of pools whose size Kafka changes by a factor of two at most (DynamicThreadPool, LogCleaner). */
static bool is_small_step(struct setting *s, const struct broker_config *config)
{
    static const char *const pools[] = {
        "background.threads",  "log.cleaner.threads",  "num.io.threads",
        "num.network.threads", "num.replica.fetchers", "num.recovery.threads.per.data.dir"
    };
    for (size_t i = 0; i < sizeof(pools) / sizeof(pools[0]); i++) {
        int64_t now = broker_config_number(s->image->config, pools[i]);
        int64_t next = broker_config_number(config, pools[i]);
        if (next >= (now + 1) / 2 && next <= 2 * now) {
            continue;
        }
        return refuse(
            s, KAFKA_INVALID_REQUEST,
            arena_printf(
                s->arena,
                "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count update validation failed for %s=%lld, value should %s the current value %lld for configuration Invalid dynamic configuration",
                pools[i], (long long)next,
                next > now ? "not be greater than double" : "be at least half", (long long)now));
    }
    return true;
}

/* NULL: refused. */
static struct broker_config *make_config(struct setting *s)
{
    struct broker_config *config = broker_config_clone(s->image->config);
    struct weir_error err;
    broker_config_clear_layer(config, s->layer);
    for (int32_t i = 0; i < s->count; i++) {
        if (key_of(s->entries[i].name)->type != CONFIG_STRING) { /* Kafka's parser does it too */
            s->entries[i].value = bytes_trim(s->entries[i].value);
        }
        broker_config_put(config, s->layer, s->entries[i].name, s->entries[i].value);
    }
    bool good = is_small_step(s, config);
    if (good && broker_config_complete(config, &err) < 0) {
        good = refuse(s, KAFKA_INVALID_REQUEST, arena_printf(s->arena, "%s", err.message));
    }
    if (!good) {
        broker_config_unref(config);
        return NULL;
    }
    return config;
}

static enum weir_status store(struct setting *s, struct weir_error *err)
{
    struct stored_settings settings = { ARENA_NEW(s->arena, struct stored_config, (size_t)s->count),
                                        s->count };
    for (int32_t i = 0; i < s->count; i++) {
        settings.configs[i] = (struct stored_config){ s->entries[i].name, s->entries[i].value };
    }
    return local_store_set_settings(s->broker->store,
                                    s->layer == CONFIG_LAYER_NODE ? STORED_NODE : STORED_CLUSTER,
                                    &settings, err);
}

/* Every topic's settings are worked out anew: they fall back to the broker's. */
static void publish(struct setting *s, const struct broker_config *config)
{
    const struct cluster_image *image = s->image;
    struct topic_config **configs = mem_zalloc(image->topic_count, sizeof(struct topic_config *));
    for (size_t t = 0; t < image->topic_count; t++) {
        const struct image_topic *topic = &image->topics[t];
        configs[t] = topic_config_rebase(topic->config, config);
        for (int32_t i = 0; i < topic->partition_count; i++) {
            partition_log_set_config(topic->partitions[i]->log, &configs[t]->log);
        }
    }
    topics_publish(s->broker, image_reconfigured(image, config, configs));
    for (size_t t = 0; t < image->topic_count; t++) {
        topic_config_unref(configs[t]);
    }
    free((void *)configs);
}

/* What somebody might wait for in vain is said once. */
static void say_limits(struct setting *s)
{
    for (int32_t i = 0; i < s->spec->count; i++) {
        const struct config_key *key = key_of(s->spec->changes[i].entry.name);
        if (key && key->ignored) {
            log_write(&s->broker->log, LOG_LEVEL_INFO,
                      "%s is accepted and has no effect on this broker: %s", key->name,
                      config_key_reason(key));
        } else if (key && strcmp(key->name, "num.network.threads") == 0) {
            log_write(&s->broker->log, LOG_LEVEL_INFO,
                      "num.network.threads takes effect at the next start: event loops are not "
                      "added or removed while they run");
        }
    }
}

static void change(struct setting *s)
{
    if (!is_possible(s)) {
        return;
    }
    struct broker_config *config = make_config(s);
    struct weir_error err;
    if (!config || s->spec->validate_only) {
        broker_config_unref(config);
        return;
    }
    if (store(s, &err) < 0) {
        log_write(&s->broker->log, LOG_LEVEL_ERROR, "Cannot change the broker's settings: %s",
                  err.message);
        (void)refuse(s, KAFKA_STORAGE_ERROR, arena_printf(s->arena, "%s", err.message));
    } else {
        publish(s, config);
        if (connection_limits_configure(s->broker->connection_limits, config, &err) < 0) {
            log_write(&s->broker->log, LOG_LEVEL_WARN, "%s", err.message);
        }
        say_limits(s);
    }
    broker_config_unref(config);
}

void broker_change_settings(struct broker *broker,
                            enum config_layer layer,
                            struct config_changes *spec,
                            struct arena *arena)
{
    fair_lock_take(&broker->admin_lock);
    struct cluster_image *image = broker_image(broker);
    struct setting s = {
        .broker = broker, .layer = layer, .spec = spec, .arena = arena, .image = image
    };
    const struct map *map = &image->config->layers[layer];
    struct config_entry *before = ARENA_NEW(arena, struct config_entry, map->count);
    for (size_t i = 0; i < map->count; i++) {
        before[i] = (struct config_entry){ map->entries[i].key, bytes_of(map->entries[i].value) };
    }
    const struct config_subject subject = { CONFIG_OF_BROKER, before, (int32_t)map->count };
    spec->error = config_apply(&subject, spec, arena, &s.entries, &s.count, &spec->message);
    if (spec->error == KAFKA_NONE) {
        change(&s);
    }
    image_unref(image);
    fair_lock_leave(&broker->admin_lock);
}
