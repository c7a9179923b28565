/*
 * Configuration: see config.h.
 */
#include "broker/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/mem.h"

void broker_config_init(struct broker_config *config)
{
    *config = (struct broker_config){ 0 };
}

void broker_config_clear_layer(struct broker_config *config, enum config_layer layer)
{
    struct map *map = &config->layers[layer];
    for (size_t i = 0; i < map->count; i++) {
        free(map->entries[i].value);
    }
    map_finish(map);
    map_init(map);
}

void broker_config_finish(struct broker_config *config)
{
    for (int layer = 0; layer < CONFIG_LAYER_COUNT; layer++) {
        broker_config_clear_layer(config, (enum config_layer)layer);
    }
}

void broker_config_put(struct broker_config *config,
                       enum config_layer layer,
                       struct bytes key,
                       struct bytes value)
{
    free(map_put(&config->layers[layer], key, mem_text(value.data, value.len)));
}

struct broker_config *broker_config_clone(const struct broker_config *from)
{
    struct broker_config *config = MEM_NEW(struct broker_config);
    memcpy(config, from, sizeof(*config));
    atomic_init(&config->refs, 1);
    for (int layer = 0; layer < CONFIG_LAYER_COUNT; layer++) {
        map_init(&config->layers[layer]);
        for (size_t i = 0; i < from->layers[layer].count; i++) {
            const struct map_entry *entry = &from->layers[layer].entries[i];
            broker_config_put(config, (enum config_layer)layer, entry->key, bytes_of(entry->value));
        }
    }
    return config;
}

/* Counting references is the one thing that changes in a shared configuration. */
static struct broker_config *mutable(const struct broker_config *config)
{
    return (struct broker_config *)(uintptr_t)config;
}

const struct broker_config *broker_config_ref(const struct broker_config *config)
{
    if (config) {
        atomic_fetch_add_explicit(&mutable(config)->refs, 1, memory_order_relaxed);
    }
    return config;
}

void broker_config_unref(const struct broker_config *config)
{
    if (config && atomic_fetch_sub(&mutable(config)->refs, 1) == 1) {
        broker_config_finish(mutable(config));
        free(mutable(config));
    }
}

const struct config_key *config_key_find(const struct config_key *keys,
                                         int count,
                                         struct bytes name)
{
    for (int i = 0; i < count; i++) {
        if (bytes_equal_text(name, keys[i].name)) {
            return &keys[i];
        }
    }
    return NULL;
}

static const struct config_key *broker_key(struct bytes name)
{
    return config_key_find(broker_config_keys, broker_config_key_count, name);
}

/* --- values --- */

/* Whether `word` is one of "a|b|c". */
static bool is_choice(const char *choices, struct bytes word)
{
    struct bytes rest = bytes_of(choices);
    struct bytes choice;
    while (bytes_cut(&rest, '|', &choice)) {
        if (bytes_equal(choice, word)) {
            return true;
        }
    }
    return false;
}

static enum weir_status bad_value(const struct config_key *key,
                                  struct bytes text,
                                  const char *why,
                                  struct weir_error *err)
{
    return weir_fail(err, WEIR_EINVAL, "Invalid value %.*s for configuration %s: %s",
                     BYTES_ARG(text), key->name, why);
}

static enum weir_status check_number(const struct config_key *key,
                                     struct bytes text,
                                     struct weir_error *err)
{
    static const char *const type_names[] = {
        [CONFIG_INT] = "INT", [CONFIG_SHORT] = "SHORT", [CONFIG_LONG] = "LONG"
    };
    int64_t value = 0;
    bool fits = bytes_parse_i64(bytes_trim(text), &value);
    if (fits && key->type == CONFIG_INT) {
        fits = value >= INT32_MIN && value <= INT32_MAX;
    }
    char why[128];
    if (!fits) {
        (void)snprintf(why, sizeof(why), "Not a number of type %s", type_names[key->type]);
        return bad_value(key, text, why, err);
    }
    bool gzip_level = strcmp(key->name, "compression.gzip.level") == 0;
    if (gzip_level && (value < key->min || value == 0 || value > key->max)) {
        return bad_value(key, text, "Value must be between 1 and 9 or equal to -1", err);
    }
    if (value < key->min) {
        (void)snprintf(why, sizeof(why), "Value must be at least %lld", (long long)key->min);
        return bad_value(key, text, why, err);
    }
    if (value > key->max) {
        (void)snprintf(why, sizeof(why), "Value must be no more than %lld", (long long)key->max);
        return bad_value(key, text, why, err);
    }
    return WEIR_OK;
}

static enum weir_status check_double(const struct config_key *key,
                                     struct bytes text,
                                     struct weir_error *err)
{
    char copy[64];
    char *end = copy;
    double value = 0;
    if (bytes_to_text(text, copy, sizeof(copy))) {
        value = strtod(copy, &end);
    }
    if (end == copy || *end != '\0') {
        return bad_value(key, text, "Not a number of type DOUBLE", err);
    }
    if (key->max > key->min && (value < (double)key->min || value > (double)key->max)) {
        return bad_value(key, text,
                         value < (double)key->min ? "Value must be at least 0"
                                                  : "Value must be no more than 1",
                         err);
    }
    return WEIR_OK;
}

static enum weir_status check_choices(const struct config_key *key,
                                      struct bytes text,
                                      struct weir_error *err)
{
    struct bytes rest = text;
    struct bytes word;
    while (text.len > 0 && bytes_cut(&rest, key->type == CONFIG_LIST ? ',' : '\0', &word)) {
        word = bytes_trim(word);
        if (key->choices && !is_choice(key->choices, word)) {
            char accepted[192];
            size_t len = strnlen(key->choices, sizeof(accepted) / 2);
            size_t out = 0;
            for (size_t i = 0; i < len; i++) {
                accepted[out++] = key->choices[i] == '|' ? ',' : key->choices[i];
                if (key->choices[i] == '|') {
                    accepted[out++] = ' ';
                }
            }
            return weir_fail(err, WEIR_EINVAL,
                             "Invalid value %.*s for configuration %s: String must be one of: %.*s",
                             BYTES_ARG(word), key->name, (int)out, accepted);
        }
    }
    return WEIR_OK;
}

bool config_is_word(struct bytes text, const char *word)
{
    text = bytes_trim(text);
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

enum weir_status config_check(const struct config_key *key,
                              struct bytes text,
                              struct weir_error *err)
{
    switch (key->type) {
    case CONFIG_BOOLEAN:
        if (config_is_word(text, "true") || config_is_word(text, "false")) {
            return WEIR_OK;
        }
        return bad_value(key, text, "Expected value to be either true or false", err);
    case CONFIG_INT:
    case CONFIG_SHORT:
    case CONFIG_LONG: return check_number(key, text, err);
    case CONFIG_DOUBLE: return check_double(key, text, err);
    case CONFIG_STRING:
    case CONFIG_LIST: return check_choices(key, text, err);
    case CONFIG_CLASS:
    case CONFIG_PASSWORD: return WEIR_OK;
    }
    return WEIR_OK;
}

/* --- what was given: config_given.c; what was set while running --- */

enum weir_status broker_config_restore(struct broker_config *config,
                                       enum config_layer layer,
                                       struct bytes name,
                                       struct bytes value,
                                       struct weir_error *err)
{
    const struct config_key *key = broker_key(name);
    struct weir_error why;
    if (!key || !key->dynamic) {
        return weir_fail(
            err, WEIR_EINVAL,
            "weir.metadata sets '%.*s', which is no configuration of a running broker; "
            "remove that line",
            BYTES_ARG(name));
    }
    if (config_check(key, value, &why) < 0) {
        return weir_fail(err, WEIR_EINVAL, "weir.metadata: %s; correct or remove that line",
                         why.message);
    }
    broker_config_put(config, layer, name, value);
    return WEIR_OK;
}

void broker_config_set_cluster_defaults(struct broker_config *config)
{
    static const char key[] = "min.insync.replicas";
    if (!broker_config_layer_text(config, CONFIG_LAYER_CLUSTER, key)) {
        broker_config_put(config, CONFIG_LAYER_CLUSTER, bytes_of(key),
                          bytes_of(broker_config_text(config, key)));
    }
}

void broker_config_notes(const struct broker_config *config,
                         void (*note)(void *context, const struct config_key *key),
                         void *context)
{
    const struct map *given = &config->layers[CONFIG_LAYER_FILE];
    for (size_t i = 0; i < given->count; i++) {
        const struct config_key *key = broker_key(given->entries[i].key);
        if (key && key->ignored) {
            note(context, key);
        }
    }
}

const char *broker_config_layer_text(const struct broker_config *config,
                                     enum config_layer layer,
                                     const char *key)
{
    return map_get(&config->layers[layer], bytes_of(key));
}

static const char *given_text(const struct broker_config *config, const char *key)
{
    const char *text = NULL;
    for (int layer = 0; !text && layer < CONFIG_LAYER_COUNT; layer++) {
        text = broker_config_layer_text(config, (enum config_layer)layer, key);
    }
    return text;
}

bool broker_config_is_given(const struct broker_config *config, const char *key)
{
    return given_text(config, key) != NULL;
}

const char *broker_config_text(const struct broker_config *config, const char *key)
{
    const char *given = given_text(config, key);
    if (given) {
        return given;
    }
    const struct config_key *row = broker_key(bytes_of(key));
    return row ? row->default_text : NULL;
}

int64_t broker_config_number(const struct broker_config *config, const char *key)
{
    const char *text = broker_config_text(config, key);
    int64_t value = 0;
    (void)bytes_parse_i64(bytes_trim(bytes_of(text)), &value); /* checked when it was set */
    return value;
}
