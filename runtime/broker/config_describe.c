/*
 * Describing configuration keys: see config_describe.h.
 */
#include "broker/config_describe.h"

#include <string.h>

#include "protocol/codec.h"

enum { SYNONYMS_MAX = 16 }; /* one of the topic, and of each of three keys one in four layers */

/* Broker keys of which the first that is given counts. */
static const char *const families[] = {
    "log.retention.ms|log.retention.minutes|log.retention.hours",
    "log.roll.ms|log.roll.hours",
    "log.roll.jitter.ms|log.roll.jitter.hours",
    "log.flush.interval.ms|log.flush.scheduler.interval.ms",
};

static bool has_word(const char *words, const char *word)
{
    struct bytes rest = bytes_of(words);
    struct bytes one;
    while (bytes_cut(&rest, '|', &one)) {
        if (bytes_equal_text(one, word)) {
            return true;
        }
    }
    return false;
}

/* The keys that stand in for each other with this one. */
static const char *family_of(const char *name)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (has_word(families[i], name)) {
            return families[i];
        }
    }
    return name;
}

struct listing {
    struct describe_configs_response_config *out;
    struct arena *arena;
    const char *from; /* what comes before this name is left out; NULL: nothing more is */
};

static void add_synonym(struct listing *l,
                        const char *name,
                        struct bytes value,
                        enum config_source source)
{
    if (l->from && strcmp(l->from, name) != 0) {
        return;
    }
    l->from = NULL;
    l->out->synonyms[l->out->synonyms_count++] =
        (struct describe_configs_response_synonym){ arena_copy(l->arena, bytes_of(name)), value,
                                                    (int8_t)source };
}

/* What one layer says of the family; without a layer, the defaults of all that have one. */
static void add_layer(struct listing *l,
                      const struct broker_config *broker,
                      const char *family,
                      enum config_layer layer)
{
    static const enum config_source sources[] = {
        [CONFIG_LAYER_NODE] = CONFIG_SOURCE_BROKER,
        [CONFIG_LAYER_CLUSTER] = CONFIG_SOURCE_DEFAULT_BROKER,
        [CONFIG_LAYER_FILE] = CONFIG_SOURCE_STATIC_BROKER,
        [CONFIG_LAYER_COUNT] = CONFIG_SOURCE_DEFAULT,
    };
    struct bytes rest = bytes_of(family);
    struct bytes word;
    while (bytes_cut(&rest, '|', &word)) {
        const char *name = arena_text(l->arena, word);
        const struct config_key *key =
            config_key_find(broker_config_keys, broker_config_key_count, word);
        const char *text = layer < CONFIG_LAYER_COUNT
                               ? broker_config_layer_text(broker, layer, name)
                           : key ? key->default_text
                                 : NULL;
        if (text) {
            bool hidden = key && key->type == CONFIG_PASSWORD;
            add_synonym(l, name,
                        hidden ? (struct bytes){ 0 } : arena_copy(l->arena, bytes_of(text)),
                        sources[layer]);
        }
    }
}

static void add_broker_synonyms(struct listing *l,
                                const struct broker_config *broker,
                                const char *family)
{
    for (int layer = 0; layer <= CONFIG_LAYER_COUNT; layer++) {
        add_layer(l, broker, family, (enum config_layer)layer);
    }
}

static void finish(struct describe_configs_response_config *out, const struct config_key *key)
{
    out->name = bytes_of(key->name);
    out->documentation = (struct bytes){ 0 };
    out->config_type = (int8_t)key->type;
    out->is_sensitive = key->type == CONFIG_PASSWORD;
    out->read_only = !key->dynamic;
    out->config_source =
        out->synonyms_count ? out->synonyms[0].source : (int8_t)CONFIG_SOURCE_DEFAULT;
}

void config_describe_topic_key(const struct topic_config *config,
                               const struct broker_config *broker,
                               const struct topic_config_key *key,
                               struct arena *arena,
                               struct describe_configs_response_config *out)
{
    struct listing l = { .out = out, .arena = arena };
    out->synonyms = message_new(&describe_configs_response_synonym_type, arena, SYNONYMS_MAX);
    out->synonyms_count = 0; /* a caller may use one place again */
    out->value = topic_config_shown(config, broker, key, arena);
    if (topic_config_entry(config, key->key.name)) {
        add_synonym(&l, key->key.name, out->value, CONFIG_SOURCE_TOPIC);
    }
    if (key->broker_key) {
        struct bytes rest = bytes_of(key->broker_key);
        struct bytes first;
        (void)bytes_cut(&rest, '|', &first);
        l.from = arena_text(arena, first);
        add_broker_synonyms(&l, broker, key->broker_key);
    }
    finish(out, &key->key);
}

void config_describe_cluster_key(const struct broker_config *broker,
                                 const struct config_key *key,
                                 struct arena *arena,
                                 struct describe_configs_response_config *out)
{
    struct listing l = { .out = out, .arena = arena, .from = key->name };
    out->synonyms = message_new(&describe_configs_response_synonym_type, arena, 1);
    out->synonyms_count = 0;
    add_layer(&l, broker, key->name, CONFIG_LAYER_CLUSTER);
    out->value = out->synonyms_count ? out->synonyms[0].value : (struct bytes){ 0 };
    finish(out, key);
}

void config_describe_broker_key(const struct broker_config *broker,
                                const struct config_key *key,
                                struct arena *arena,
                                struct describe_configs_response_config *out)
{
    struct listing l = { .out = out, .arena = arena, .from = key->name };
    const char *text = broker_config_text(broker, key->name);
    const char *family = family_of(key->name);
    out->synonyms = message_new(&describe_configs_response_synonym_type, arena, SYNONYMS_MAX);
    out->synonyms_count = 0; /* a caller may use one place again */
    out->value = text && key->type != CONFIG_PASSWORD ? arena_copy(arena, bytes_of(text))
                                                      : (struct bytes){ 0 };
    add_broker_synonyms(&l, broker, family);
    finish(out, key);
}
