/*
 * Topic configuration: see topic_config.h. The table is Kafka 4.3's (LogConfig, ServerTopicConfigSynonyms).
 */
#include "broker/topic_config.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

/*
 * Behind each key are the broker's keys that it falls back to, the first that is given: "log.roll.ms|log.roll.hours". The
 * order is that in which Kafka lists them, which its tools print.
 */
const struct topic_config_key topic_config_keys[] = {
    { { "compression.type", CONFIG_STRING, "producer", 0, 0,
        "uncompressed|zstd|lz4|snappy|gzip|producer", false, true },
      "compression.type" },
    { { "remote.log.delete.on.disable", CONFIG_BOOLEAN, "false", 0, 0, NULL, false, true }, NULL },
    { { "leader.replication.throttled.replicas", CONFIG_LIST, "", 0, 0, NULL, false, true }, NULL },
    { { "remote.storage.enable", CONFIG_BOOLEAN, "false", 0, 0, NULL, false, true }, NULL },
    { { "min.insync.replicas", CONFIG_INT, "1", 1, INT32_MAX, NULL, false, true },
      "min.insync.replicas" },
    { { "segment.jitter.ms", CONFIG_LONG, "0", 0, INT64_MAX, NULL, false, true },
      "log.roll.jitter.ms|log.roll.jitter.hours" },
    { { "remote.log.copy.disable", CONFIG_BOOLEAN, "false", 0, 0, NULL, false, true }, NULL },
    { { "local.retention.ms", CONFIG_LONG, "-2", -2, INT64_MAX, NULL, false, true },
      "log.local.retention.ms" },
    { { "cleanup.policy", CONFIG_LIST, "delete", 0, 0, "compact|delete", false, true },
      "log.cleanup.policy" },
    { { "flush.ms", CONFIG_LONG, "9223372036854775807", 0, INT64_MAX, NULL, false, true },
      "log.flush.interval.ms|log.flush.scheduler.interval.ms" },
    { { "follower.replication.throttled.replicas", CONFIG_LIST, "", 0, 0, NULL, false, true },
      NULL },
    { { "compression.lz4.level", CONFIG_INT, "9", 1, 17, NULL, false, true },
      "compression.lz4.level" },
    { { "segment.bytes", CONFIG_INT, "1073741824", 1048576, INT32_MAX, NULL, false, true },
      "log.segment.bytes" },
    { { "retention.ms", CONFIG_LONG, "604800000", -1, INT64_MAX, NULL, false, true },
      "log.retention.ms|log.retention.minutes|log.retention.hours" },
    { { "compression.gzip.level", CONFIG_INT, "-1", -1, 9, NULL, false, true },
      "compression.gzip.level" },
    { { "flush.messages", CONFIG_LONG, "9223372036854775807", 1, INT64_MAX, NULL, false, true },
      "log.flush.interval.messages" },
    { { "compression.zstd.level", CONFIG_INT, "3", -131072, 22, NULL, false, true },
      "compression.zstd.level" },
    { { "max.compaction.lag.ms", CONFIG_LONG, "9223372036854775807", 1, INT64_MAX, NULL, false,
        true },
      "log.cleaner.max.compaction.lag.ms" },
    { { "file.delete.delay.ms", CONFIG_LONG, "60000", 0, INT64_MAX, NULL, false, true },
      "log.segment.delete.delay.ms" },
    { { "max.message.bytes", CONFIG_INT, "1048588", 0, INT32_MAX, NULL, false, true },
      "message.max.bytes" },
    { { "min.compaction.lag.ms", CONFIG_LONG, "0", 0, INT64_MAX, NULL, false, true },
      "log.cleaner.min.compaction.lag.ms" },
    { { "message.timestamp.type", CONFIG_STRING, "CreateTime", 0, 0, "CreateTime|LogAppendTime",
        false, true },
      "log.message.timestamp.type" },
    { { "local.retention.bytes", CONFIG_LONG, "-2", -2, INT64_MAX, NULL, false, true },
      "log.local.retention.bytes" },
    { { "preallocate", CONFIG_BOOLEAN, "false", 0, 0, NULL, false, true }, "log.preallocate" },
    { { "index.interval.bytes", CONFIG_INT, "4096", 0, INT32_MAX, NULL, false, true },
      "log.index.interval.bytes" },
    { { "min.cleanable.dirty.ratio", CONFIG_DOUBLE, "0.5", 0, 1, NULL, false, true },
      "log.cleaner.min.cleanable.ratio" },
    { { "unclean.leader.election.enable", CONFIG_BOOLEAN, "false", 0, 0, NULL, false, true },
      "unclean.leader.election.enable" },
    { { "retention.bytes", CONFIG_LONG, "-1", INT64_MIN, INT64_MAX, NULL, false, true },
      "log.retention.bytes" },
    { { "delete.retention.ms", CONFIG_LONG, "86400000", 0, INT64_MAX, NULL, false, true },
      "log.cleaner.delete.retention.ms" },
    { { "message.timestamp.after.max.ms", CONFIG_LONG, "3600000", 0, INT64_MAX, NULL, false, true },
      "log.message.timestamp.after.max.ms" },
    { { "message.timestamp.before.max.ms", CONFIG_LONG, "9223372036854775807", 0, INT64_MAX, NULL,
        false, true },
      "log.message.timestamp.before.max.ms" },
    { { "segment.ms", CONFIG_LONG, "604800000", 1, INT64_MAX, NULL, false, true },
      "log.roll.ms|log.roll.hours" },
    { { "segment.index.bytes", CONFIG_INT, "10485760", 4, INT32_MAX, NULL, false, true },
      "log.index.size.max.bytes" },
};

const int topic_config_key_count = sizeof(topic_config_keys) / sizeof(topic_config_keys[0]);

const struct topic_config_key *topic_config_key_find(struct bytes name)
{
    for (int i = 0; i < topic_config_key_count; i++) {
        if (bytes_equal_text(name, topic_config_keys[i].key.name)) {
            return &topic_config_keys[i];
        }
    }
    return NULL;
}

const struct config_entry *topic_config_entry(const struct topic_config *config, const char *name)
{
    for (int32_t i = 0; i < config->entry_count; i++) {
        if (bytes_equal_text(config->entries[i].name, name)) {
            return &config->entries[i];
        }
    }
    return NULL;
}

/* "log.roll.hours" counts in hours where the topic's key counts in milliseconds. */
static int64_t unit_ms(const char *broker_key)
{
    size_t len = strlen(broker_key);
    if (len > 6 && strcmp(broker_key + len - 6, ".hours") == 0) {
        return 3600LL * 1000;
    }
    if (len > 8 && strcmp(broker_key + len - 8, ".minutes") == 0) {
        return 60LL * 1000;
    }
    return 1;
}

/* The first of the fallback keys that is given; *out_name is its name, terminated. NULL: none is. */
static const char *given_fallback(const struct topic_config_key *key,
                                  const struct broker_config *broker,
                                  char out_name[64])
{
    struct bytes rest = bytes_of(key->broker_key);
    struct bytes name;
    while (bytes_cut(&rest, '|', &name)) {
        if (bytes_to_text(name, out_name, 64) && broker_config_is_given(broker, out_name)) {
            return broker_config_text(broker, out_name);
        }
    }
    return NULL;
}

const char *topic_config_text(const struct topic_config *config,
                              const struct broker_config *broker,
                              const char *name)
{
    const struct config_entry *own = topic_config_entry(config, name);
    if (own) {
        return (const char *)own->value.data;
    }
    const struct topic_config_key *key = topic_config_key_find(bytes_of(name));
    char fallback_name[64];
    const char *fallback = key ? given_fallback(key, broker, fallback_name) : NULL;
    return fallback ? fallback : key ? key->key.default_text : NULL;
}

static int64_t number_in_force(const struct topic_config *config,
                               const struct broker_config *broker,
                               const char *name)
{
    int64_t value = 0;
    char fallback_name[64];
    const struct topic_config_key *key = topic_config_key_find(bytes_of(name));
    (void)bytes_parse_i64(bytes_trim(bytes_of(topic_config_text(config, broker, name))),
                          &value); /* checked when set */
    if (!topic_config_entry(config, name) && given_fallback(key, broker, fallback_name)) {
        value = value > 0 ? value * unit_ms(fallback_name) : value;
        value = value < 0 && strcmp(name, "retention.ms") == 0 ? -1 : value; /* for ever */
    }
    return value;
}

struct bytes topic_config_shown(const struct topic_config *config,
                                const struct broker_config *broker,
                                const struct topic_config_key *key,
                                struct arena *arena)
{
    if (key->key.type == CONFIG_LONG) {
        return arena_printf(arena, "%lld",
                            (long long)number_in_force(config, broker, key->key.name));
    }
    const char *text = topic_config_text(config, broker, key->key.name);
    return text ? arena_copy(arena, bytes_of(text)) : (struct bytes){ 0 };
}

static bool list_has(const char *list, const char *word)
{
    struct bytes rest = bytes_of(list);
    struct bytes item;
    while (bytes_cut(&rest, ',', &item)) {
        if (bytes_equal_text(bytes_trim(item), word)) {
            return true;
        }
    }
    return false;
}

/* compression.type and its level. */
static void decode_compression(struct topic_config *config, const struct broker_config *broker)
{
    static const char *const level_keys[] = {
        [CODEC_GZIP] = "compression.gzip.level",
        [CODEC_LZ4] = "compression.lz4.level",
        [CODEC_ZSTD] = "compression.zstd.level",
    };
    struct log_config *log = &config->log;
    const char *type = topic_config_text(config, broker, "compression.type");
    log->recompress = strcmp(type, "producer") != 0;
    for (int codec = CODEC_GZIP; codec <= CODEC_ZSTD;
         codec++) { /* "uncompressed" is none of them */
        if (strcmp(type, codec_name((enum codec)codec)) == 0) {
            log->codec = (enum codec)codec;
            log->codec_level =
                level_keys[codec] ? (int32_t)number_in_force(config, broker, level_keys[codec]) : 0;
        }
    }
}

static void decode(struct topic_config *config, const struct broker_config *broker)
{
    const char *policy = topic_config_text(config, broker, "cleanup.policy");
    config->log = (struct log_config){
        .segment_bytes = (int32_t)number_in_force(config, broker, "segment.bytes"),
        .segment_index_bytes = (int32_t)number_in_force(config, broker, "segment.index.bytes"),
        .index_interval_bytes = (int32_t)number_in_force(config, broker, "index.interval.bytes"),
        .max_message_bytes = (int32_t)number_in_force(config, broker, "max.message.bytes"),
        .segment_ms = number_in_force(config, broker, "segment.ms"),
        .retention_ms = number_in_force(config, broker, "retention.ms"),
        .retention_bytes = number_in_force(config, broker, "retention.bytes"),
        .flush_messages = number_in_force(config, broker, "flush.messages"),
        .flush_ms = number_in_force(config, broker, "flush.ms"),
        .message_timestamp_before_max_ms =
            number_in_force(config, broker, "message.timestamp.before.max.ms"),
        .message_timestamp_after_max_ms =
            number_in_force(config, broker, "message.timestamp.after.max.ms"),
        .delete_retention_ms = number_in_force(config, broker, "delete.retention.ms"),
        .min_compaction_lag_ms = number_in_force(config, broker, "min.compaction.lag.ms"),
        .max_compaction_lag_ms = number_in_force(config, broker, "max.compaction.lag.ms"),
        .segment_jitter_ms = number_in_force(config, broker, "segment.jitter.ms"),
        .preallocate = strcmp(topic_config_text(config, broker, "preallocate"), "true") == 0,
        .min_cleanable_dirty_ratio =
            strtod(topic_config_text(config, broker, "min.cleanable.dirty.ratio"), NULL),
        .file_delete_delay_ms = number_in_force(config, broker, "file.delete.delay.ms"),
        .producer_id_expiration_ms = broker->producer_id_expiration_ms,
        .cleaner_dedupe_bytes = broker->cleaner_dedupe_bytes,
        .cleaner_load_factor = broker->cleaner_load_factor,
        .compacted = list_has(policy, "compact"),
        .deletes = list_has(policy, "delete"),
        .log_append_time = strcmp(topic_config_text(config, broker, "message.timestamp.type"),
                                  "LogAppendTime") == 0,
    };
    decode_compression(config, broker);
}

enum weir_status topic_config_check(const struct topic_config *config,
                                    const struct broker_config *broker,
                                    struct weir_error *err)
{
    const struct log_config *log = &config->log;
    if (log->min_compaction_lag_ms > log->max_compaction_lag_ms) {
        return weir_fail(err, WEIR_EINVAL,
                         "conflict topic config setting min.compaction.lag.ms (%lld) > "
                         "max.compaction.lag.ms (%lld)",
                         (long long)log->min_compaction_lag_ms,
                         (long long)log->max_compaction_lag_ms);
    }
    if (strcmp(topic_config_text(config, broker, "remote.storage.enable"), "true") == 0) {
        return weir_fail(err, WEIR_EINVAL,
                         "Tiered Storage functionality is disabled in the broker. Topic cannot be "
                         "configured with remote log storage.");
    }
    return WEIR_OK;
}

static struct bytes owned_copy(struct bytes b)
{
    return (struct bytes){ (uint8_t *)mem_text(b.data, b.len), b.len };
}

static enum weir_status check_entry(const struct config_entry *entry, struct weir_error *err)
{
    const struct topic_config_key *key = topic_config_key_find(entry->name);
    if (!key) {
        return weir_fail(err, WEIR_EINVAL, "Unknown topic config name: %.*s",
                         BYTES_ARG(entry->name));
    }
    if (bytes_has_control(entry->value)) {
        return weir_fail(err, WEIR_EINVAL, "Invalid value for configuration %s: control characters",
                         key->key.name);
    }
    return bytes_is_null(entry->value) ? WEIR_OK : config_check(&key->key, entry->value, err);
}

static void set_entry(struct topic_config *config, const struct config_entry *entry)
{
    for (int32_t i = 0; i < config->entry_count; i++) {
        if (bytes_equal(config->entries[i].name,
                        entry->name)) { /* the last one counts, as in Kafka */
            free((void *)(uintptr_t)config->entries[i].value.data);
            config->entries[i].value = owned_copy(entry->value);
            return;
        }
    }
    config->entries[config->entry_count++] =
        (struct config_entry){ owned_copy(entry->name), owned_copy(entry->value) };
}

enum weir_status topic_config_create(const struct broker_config *broker,
                                     const struct config_entry *entries,
                                     int32_t entry_count,
                                     struct topic_config **out_config,
                                     struct weir_error *err)
{
    for (int32_t i = 0; i < entry_count; i++) {
        enum weir_status rc = check_entry(&entries[i], err);
        if (rc < 0) {
            return rc;
        }
    }
    struct topic_config *config = MEM_NEW(struct topic_config);
    atomic_init(&config->refs, 1);
    config->entries = mem_zalloc((size_t)entry_count, sizeof(*config->entries));
    for (int32_t i = 0; i < entry_count; i++) {
        if (!bytes_is_null(entries[i].value)) {
            set_entry(config, &entries[i]);
        }
    }
    decode(config, broker);
    *out_config = config;
    return WEIR_OK;
}

struct topic_config *topic_config_rebase(const struct topic_config *from,
                                         const struct broker_config *broker)
{
    struct topic_config *config = MEM_NEW(struct topic_config);
    atomic_init(&config->refs, 1);
    config->entries = mem_zalloc((size_t)from->entry_count, sizeof(*config->entries));
    for (int32_t i = 0; i < from->entry_count; i++) {
        set_entry(config, &from->entries[i]);
    }
    decode(config, broker);
    return config;
}

/* Counting references is the one thing that changes in a shared configuration. */
static struct topic_config *mutable(const struct topic_config *config)
{
    return (struct topic_config *)(uintptr_t)config;
}

struct topic_config *topic_config_ref(const struct topic_config *config)
{
    atomic_fetch_add_explicit(&mutable(config)->refs, 1, memory_order_relaxed);
    return mutable(config);
}

void topic_config_unref(const struct topic_config *config)
{
    if (!config || atomic_fetch_sub(&mutable(config)->refs, 1) != 1) {
        return;
    }
    for (int32_t i = 0; i < config->entry_count; i++) {
        free((void *)(uintptr_t)config->entries[i].name.data);
        free((void *)(uintptr_t)config->entries[i].value.data);
    }
    free(config->entries);
    free(mutable(config));
}

void topic_config_order(int *out_order)
{
    for (int i = 0; i < topic_config_key_count; i++) {
        int at = i;
        for (; at > 0 && strcmp(topic_config_keys[out_order[at - 1]].key.name,
                                topic_config_keys[i].key.name) > 0;
             at--) {
            out_order[at] = out_order[at - 1];
        }
        out_order[at] = i;
    }
}
