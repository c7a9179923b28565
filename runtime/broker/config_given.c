/*
 * What server.properties and --override say: broker_config_read() and _override() of config.h. Whoever mistypes a key is told which
 * one is nearest.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/properties.h"
#include "broker/topic_config.h"

enum {
    NAME_MAX_BYTES = 80, /* Kafka's longest key has 63 */
    WHERE_MAX = 256,
    FAR_PERCENT = 40, /* of a name's letters: who has more of them wrong means something else */
};

/* --- the nearest name --- */

/* How many letters must be put in, taken out or replaced to make b of a (Levenshtein). */
static size_t distance(struct bytes a, const char *b)
{
    size_t row[NAME_MAX_BYTES + 1];
    size_t len = strnlen(b, NAME_MAX_BYTES);
    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t replaced = diagonal + (a.data[i - 1] != (uint8_t)b[j - 1]);
            size_t added = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < added ? replaced : added;
        }
    }
    return row[len];
}

/* NULL: none is near. */
static const char *nearest_key(struct bytes name)
{
    const char *nearest = NULL;
    size_t least = SIZE_MAX;
    if (name.len > NAME_MAX_BYTES) {
        return NULL;
    }
    for (int i = 0; i < broker_config_key_count; i++) {
        size_t far = distance(name, broker_config_keys[i].name);
        if (far < least) {
            least = far;
            nearest = broker_config_keys[i].name;
        }
    }
    return least * 100 <= name.len * FAR_PERCENT ? nearest : NULL;
}

static enum weir_status unknown_key(struct bytes name, const char *where, struct weir_error *err)
{
    static const char all[] = "weir broker --list-keys prints what there is";
    const struct topic_config_key *of_topic = topic_config_key_find(name);
    const char *nearest = nearest_key(name);
    char first[NAME_MAX_BYTES];
    if (of_topic && of_topic->broker_key) {
        struct bytes rest = bytes_of(of_topic->broker_key);
        struct bytes key;
        (void)bytes_cut(&rest, '|', &key);
        (void)bytes_to_text(key, first, sizeof(first));
        return weir_fail(err, WEIR_EINVAL,
                         "%s: unknown configuration '%.*s', which is a topic's; for all topics the "
                         "broker has %s",
                         where, BYTES_ARG(name), first);
    }
    if (nearest) {
        return weir_fail(err, WEIR_EINVAL, "%s: unknown configuration '%.*s'; is %s meant? (%s)",
                         where, BYTES_ARG(name), nearest, all);
    }
    return weir_fail(err, WEIR_EINVAL,
                     "%s: unknown configuration '%.*s' (Kafka's broker keys are accepted, such as "
                     "listeners, log.dirs or num.partitions; %s)",
                     where, BYTES_ARG(name), all);
}

/* --- reading --- */

static enum weir_status set_key(struct broker_config *config,
                                const struct property *given,
                                const char *where,
                                struct weir_error *err)
{
    const struct config_key *key =
        config_key_find(broker_config_keys, broker_config_key_count, given->key);
    struct weir_error why;
    if (!key && given->has_separator) {
        return unknown_key(given->key, where, err);
    }
    if (!given->has_separator && (!key || config_check(key, given->value, &why) < 0)) {
        return weir_fail(err, WEIR_EINVAL, "%s: not of the form key=value: '%.*s'", where,
                         BYTES_ARG(given->key));
    }
    if (bytes_has_control(given->value)) {
        return weir_fail(err, WEIR_EINVAL,
                         "%s: Invalid value for configuration %s: control characters", where,
                         key->name);
    }
    if (config_check(key, given->value, &why) < 0) {
        return weir_fail(err, WEIR_EINVAL, "%s: %s", where, why.message);
    }
    broker_config_put(config, CONFIG_LAYER_FILE, given->key, given->value);
    return WEIR_OK;
}

enum weir_status broker_config_read(struct broker_config *config,
                                    struct bytes text,
                                    const char *where,
                                    struct weir_error *err)
{
    struct properties properties;
    enum weir_status rc = WEIR_OK;
    properties_init(&properties, text);
    while (rc == WEIR_OK) {
        char at[WHERE_MAX];
        struct property given;
        struct weir_error why;
        rc = properties_next(&properties, &given, &why);
        (void)snprintf(at, sizeof(at), "%.200s line %d", where, given.line_number);
        if (rc == WEIR_OK) {
            rc = set_key(config, &given, at, err);
        } else if (rc != WEIR_ENOTFOUND) {
            rc = weir_fail(err, rc, "%s: %s", at, why.message);
        }
    }
    properties_finish(&properties);
    return rc == WEIR_ENOTFOUND ? WEIR_OK : rc;
}

enum weir_status broker_config_override(struct broker_config *config,
                                        struct bytes assignment,
                                        struct weir_error *err)
{
    struct bytes name;
    struct bytes value = assignment;
    (void)bytes_cut(&value, '=', &name);
    struct property given = { .key = bytes_trim(name),
                              .value = bytes_is_null(value) ? bytes_of("") : bytes_trim(value),
                              .has_separator = !bytes_is_null(value) };
    if (!given.has_separator) {
        return weir_fail(err, WEIR_EINVAL, "--override: not of the form key=value: '%.*s'",
                         BYTES_ARG(assignment));
    }
    return set_key(config, &given, "--override", err);
}
