/*
 * Configuration: see config.h.
 */
#include "broker/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

enum { MILLISECONDS_PER_MINUTE = 60000 };

void broker_config_init(struct broker_config *config)
{
    *config = (struct broker_config){ 0 };
}

void broker_config_finish(struct broker_config *config)
{
    for (size_t i = 0; i < config->given.count; i++) {
        free(config->given.entries[i].value);
    }
    map_finish(&config->given);
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
    bool fits = bytes_parse_i64(text, &value);
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

enum weir_status config_check(const struct config_key *key,
                              struct bytes text,
                              struct weir_error *err)
{
    switch (key->type) {
    case CONFIG_BOOLEAN:
        if (bytes_equal_text(text, "true") || bytes_equal_text(text, "false")) {
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

/* --- what was given --- */

static enum weir_status set_key(struct broker_config *config,
                                struct bytes name,
                                struct bytes value,
                                const char *where,
                                struct weir_error *err)
{
    const struct config_key *key = broker_key(name);
    if (!key) {
        return weir_fail(
            err, WEIR_EINVAL,
            "%s: unknown configuration '%.*s' (Kafka's broker keys are accepted, such as listeners, log.dirs or "
            "num.partitions)",
            where, BYTES_ARG(name));
    }
    struct weir_error why;
    if (config_check(key, value, &why) < 0) {
        return weir_fail(err, WEIR_EINVAL, "%s: %s", where, why.message);
    }
    free(map_put(&config->given, name, mem_text(value.data, value.len)));
    return WEIR_OK;
}

static enum weir_status read_line(struct broker_config *config,
                                  struct bytes line,
                                  const char *where,
                                  struct weir_error *err)
{
    line = bytes_trim(line);
    if (line.len == 0 || line.data[0] == '#' || line.data[0] == '!') {
        return WEIR_OK;
    }
    struct bytes name;
    struct bytes value = line;
    (void)bytes_cut(&value, '=', &name);
    if (bytes_is_null(value)) {
        return weir_fail(err, WEIR_EINVAL, "%s: not of the form key=value: '%.*s'", where,
                         BYTES_ARG(line));
    }
    return set_key(config, bytes_trim(name), bytes_trim(value), where, err);
}

enum weir_status broker_config_read(struct broker_config *config,
                                    struct bytes text,
                                    const char *where,
                                    struct weir_error *err)
{
    struct bytes line;
    int number = 0;
    while (bytes_cut(&text, '\n', &line)) {
        char at[256];
        (void)snprintf(at, sizeof(at), "%.200s line %d", where, ++number);
        enum weir_status rc = read_line(config, line, at, err);
        if (rc < 0) {
            return rc;
        }
    }
    return WEIR_OK;
}

enum weir_status broker_config_override(struct broker_config *config,
                                        struct bytes assignment,
                                        struct weir_error *err)
{
    return read_line(config, assignment, "--override", err);
}

void broker_config_notes(const struct broker_config *config,
                         void (*note)(void *context, const char *key),
                         void *context)
{
    for (size_t i = 0; i < config->given.count; i++) {
        const struct config_key *key = broker_key(config->given.entries[i].key);
        if (key && key->ignored) {
            note(context, key->name);
        }
    }
}

bool broker_config_is_given(const struct broker_config *config, const char *key)
{
    return map_get(&config->given, bytes_of(key)) != NULL;
}

const char *broker_config_text(const struct broker_config *config, const char *key)
{
    const char *given = map_get(&config->given, bytes_of(key));
    if (given) {
        return given;
    }
    const struct config_key *row = broker_key(bytes_of(key));
    return row ? row->default_text : NULL;
}

/* --- decoding --- */

static int64_t number_of(const struct broker_config *config, const char *key)
{
    const char *text = broker_config_text(config, key);
    int64_t value = 0;
    (void)bytes_parse_i64(bytes_of(text), &value); /* checked when it was set */
    return value;
}

static bool flag_of(const struct broker_config *config, const char *key)
{
    const char *text = broker_config_text(config, key);
    return text && strcmp(text, "true") == 0;
}

struct address {
    char *host;
    size_t host_size;
    int *port;
};

/* "PLAINTEXT://host:port": one listener, plaintext. */
static enum weir_status parse_listener(const char *key,
                                       const char *text,
                                       const struct address *out,
                                       struct weir_error *err)
{
    static const char *const form = "PLAINTEXT://host:port (one plaintext listener is served)";
    struct bytes rest = bytes_trim(bytes_of(text));
    struct bytes scheme = bytes_of("PLAINTEXT://");
    if (!bytes_starts_with(rest, scheme)) {
        return weir_fail(err, WEIR_EINVAL, "%s=%s: expected %s", key, text, form);
    }
    rest.data += scheme.len;
    rest.len -= scheme.len;
    const uint8_t *colon = rest.len ? memrchr(rest.data, ':', rest.len) : NULL;
    int64_t port = -1;
    if (!colon || memchr(rest.data, ',', rest.len)) {
        return weir_fail(err, WEIR_EINVAL, "%s=%s: expected %s", key, text, form);
    }
    struct bytes host = { rest.data, (size_t)(colon - rest.data) };
    struct bytes port_text = { colon + 1, rest.len - host.len - 1 };
    if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']') {
        host = (struct bytes){ host.data + 1, host.len - 2 };
    }
    if (!bytes_parse_i64(port_text, &port) || port < 0 || port > 65535) {
        return weir_fail(err, WEIR_EINVAL, "%s=%s: '%.*s' is not a port (0 to 65535)", key, text,
                         BYTES_ARG(port_text));
    }
    if (!bytes_to_text(host, out->host, out->host_size)) {
        return weir_fail(err, WEIR_EINVAL, "%s=%s: the host name is too long", key, text);
    }
    *out->port = (int)port;
    return WEIR_OK;
}

static enum weir_status decode_listeners(struct broker_config *config, struct weir_error *err)
{
    struct address listen = { config->listen_host, sizeof(config->listen_host),
                              &config->listen_port };
    enum weir_status rc = WEIR_OK;
    /* A node of Apache's shipped file also lists a CONTROLLER listener, which means nothing without KRaft. */
    struct bytes rest = bytes_of(broker_config_text(config, "listeners"));
    struct bytes one;
    int served = 0;
    while (rc == WEIR_OK && bytes_cut(&rest, ',', &one)) {
        char text[320];
        if (bytes_starts_with(bytes_trim(one), bytes_of("CONTROLLER://"))) {
            continue;
        }
        if (!bytes_to_text(bytes_trim(one), text, sizeof(text)) || ++served > 1) {
            return weir_fail(
                err, WEIR_EINVAL,
                "listeners=%s: one plaintext listener is served, such as PLAINTEXT://:9092",
                broker_config_text(config, "listeners"));
        }
        rc = parse_listener("listeners", text, &listen, err);
    }
    if (rc == WEIR_OK && served == 0) {
        rc = weir_fail(err, WEIR_EINVAL,
                       "listeners=%s: no plaintext listener, such as PLAINTEXT://:9092",
                       broker_config_text(config, "listeners"));
    }
    const char *advertised = broker_config_text(config, "advertised.listeners");
    if (rc == WEIR_OK && advertised && *advertised) {
        struct bytes first;
        struct bytes all = bytes_of(advertised);
        char text[320] = "";
        (void)bytes_cut(&all, ',', &first);
        (void)bytes_to_text(first, text, sizeof(text));
        struct address out = { config->advertised_host, sizeof(config->advertised_host),
                               &config->advertised_port };
        rc = parse_listener("advertised.listeners", text, &out, err);
    }
    return rc;
}

static enum weir_status decode_log_dir(struct broker_config *config, struct weir_error *err)
{
    const char *dirs = broker_config_text(config, "log.dirs");
    const char *dir = dirs && *dirs ? dirs : broker_config_text(config, "log.dir");
    if (!dir || !*dir || strchr(dir, ',')) {
        return weir_fail(err, WEIR_EINVAL, "log.dirs=%s: expected one folder", dir ? dir : "");
    }
    if (!bytes_to_text(bytes_of(dir), config->log_dir, sizeof(config->log_dir))) {
        return weir_fail(err, WEIR_EINVAL, "log.dirs: the path is too long");
    }
    return WEIR_OK;
}

/* One for two cores, unless it is said: clients need the others, and where two loops would do the work of one, each record
 * would wake two threads instead of one on its way from a producer to a consumer. */
static int32_t event_loops(const struct broker_config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t threads = broker_config_is_given(config, "num.network.threads")
                          ? number_of(config, "num.network.threads")
                          : (cores + 1) / 2;
    return (int32_t)(threads < 1 ? 1 : threads > 64 ? 64 : threads);
}

/* Groups, their offsets, and transactions. */
static void decode_coordination(struct broker_config *config)
{
    config->offsets_partitions = (int32_t)number_of(config, "offsets.topic.num.partitions");
    config->offsets_replication_factor =
        (int16_t)number_of(config, "offsets.topic.replication.factor");
    config->offsets_codec = (enum codec)number_of(config, "offsets.topic.compression.codec");
    config->offsets_retention_ms =
        number_of(config, "offsets.retention.minutes") * MILLISECONDS_PER_MINUTE;
    config->offsets_check_interval_ms = number_of(config, "offsets.retention.check.interval.ms");
    config->offset_metadata_max_bytes = (int32_t)number_of(config, "offset.metadata.max.bytes");
    config->group_initial_rebalance_delay_ms =
        (int32_t)number_of(config, "group.initial.rebalance.delay.ms");
    config->group_session_timeout_min_ms =
        (int32_t)number_of(config, "group.min.session.timeout.ms");
    config->group_session_timeout_max_ms =
        (int32_t)number_of(config, "group.max.session.timeout.ms");
    config->group_max_size = (int32_t)number_of(config, "group.max.size");
    config->producer_id_expiration_ms = number_of(config, "producer.id.expiration.ms");
    config->transaction_partitions =
        (int32_t)number_of(config, "transaction.state.log.num.partitions");
    config->transaction_replication_factor =
        (int16_t)number_of(config, "transaction.state.log.replication.factor");
    config->transaction_timeout_max_ms = number_of(config, "transaction.max.timeout.ms");
    config->transactional_id_expiration_ms = number_of(config, "transactional.id.expiration.ms");
}

enum weir_status broker_config_complete(struct broker_config *config, struct weir_error *err)
{
    enum weir_status rc = decode_listeners(config, err);
    if (rc == WEIR_OK) {
        rc = decode_log_dir(config, err);
    }
    if (rc < 0) {
        return rc;
    }
    bool by_broker_id =
        broker_config_is_given(config, "broker.id") && !broker_config_is_given(config, "node.id");
    config->node_id = (int32_t)number_of(config, by_broker_id ? "broker.id" : "node.id");
    config->num_partitions = (int32_t)number_of(config, "num.partitions");
    config->default_replication_factor = (int32_t)number_of(config, "default.replication.factor");
    config->auto_create_topics = flag_of(config, "auto.create.topics.enable");
    config->delete_topic_enable = flag_of(config, "delete.topic.enable");
    config->network_threads = event_loops(config);
    config->request_max_bytes = number_of(config, "socket.request.max.bytes");
    config->connection_idle_max_ms = number_of(config, "connections.max.idle.ms");
    config->fetch_max_bytes = number_of(config, "fetch.max.bytes");
    config->fetch_sessions_max =
        (int32_t)number_of(config, "max.incremental.fetch.session.cache.slots");
    decode_coordination(config);
    config->log_cleaner_enable = flag_of(config, "log.cleaner.enable");
    config->retention_check_interval_ms = number_of(config, "log.retention.check.interval.ms");
    return WEIR_OK;
}
