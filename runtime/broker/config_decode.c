/*
 * What the broker reads of its configuration, decoded: broker_config_complete() of config.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "broker/config.h"
#include "broker/connection_limits.h"

enum { RATE_WINDOW_MAX_S = 3600, MILLISECONDS_PER_MINUTE = 60000, DEDUPE_BYTES_MIN = 1 << 20 };

static int64_t number_of(const struct broker_config *config, const char *key)
{
    return broker_config_number(config, key);
}

static bool flag_of(const struct broker_config *config, const char *key)
{
    const char *text = broker_config_text(config, key);
    return text && config_is_word(bytes_of(text), "true");
}

struct address {
    char *host;
    size_t host_size;
    int *port;
};

enum { LISTENER_TEXT_MAX = 320 };

/* Whether a comma list of the configuration has the word. */
static bool lists(const struct broker_config *config, const char *key, struct bytes word)
{
    struct bytes rest = bytes_of(broker_config_text(config, key));
    struct bytes item;
    while (bytes_cut(&rest, ',', &item)) {
        if (bytes_equal(bytes_trim(item), word)) {
            return true;
        }
    }
    return false;
}

/* Listeners may have names of their own: listener.security.protocol.map=EXTERNAL:PLAINTEXT,... says what each speaks. */
static bool is_plaintext(const struct broker_config *config, struct bytes name)
{
    struct bytes rest = bytes_of(broker_config_text(config, "listener.security.protocol.map"));
    struct bytes item;
    while (bytes_cut(&rest, ',', &item)) {
        struct bytes one;
        item = bytes_trim(item);
        if (bytes_cut(&item, ':', &one) && bytes_equal(one, name)) {
            return bytes_equal_text(item, "PLAINTEXT");
        }
    }
    return bytes_equal_text(name, "PLAINTEXT");
}

/* Its name; what is behind "://" stays in *rest, which is null without one. */
static struct bytes listener_name(struct bytes *rest)
{
    struct bytes whole = bytes_trim(*rest);
    struct bytes name;
    *rest = whole;
    bool has_scheme = bytes_cut(rest, ':', &name) && bytes_starts_with(*rest, bytes_of("//"));
    *rest = has_scheme ? (struct bytes){ rest->data + 2, rest->len - 2 } : (struct bytes){ 0 };
    return name;
}

/* A node of Apache's shipped file also lists a listener for KRaft, which there is none of here. */
static bool is_controllers(const struct broker_config *config, struct bytes listener)
{
    struct bytes name = listener_name(&listener);
    return bytes_equal_text(name, "CONTROLLER") || lists(config, "controller.listener.names", name);
}

/* "PLAINTEXT://host:port". */
static enum weir_status parse_listener(const struct broker_config *config,
                                       const char *key,
                                       struct bytes text,
                                       const struct address *out,
                                       struct weir_error *err)
{
    struct bytes rest = text;
    struct bytes name = listener_name(&rest);
    const uint8_t *colon = rest.len ? memrchr(rest.data, ':', rest.len) : NULL;
    int64_t port = -1;
    if (!colon || !is_plaintext(config, name)) {
        return weir_fail(
            err, WEIR_EINVAL,
            "%s=%.*s: expected PLAINTEXT://host:port (one plaintext listener is served; a name of its "
            "own needs listener.security.protocol.map=NAME:PLAINTEXT)",
            key, BYTES_ARG(text));
    }
    struct bytes host = { rest.data, (size_t)(colon - rest.data) };
    struct bytes port_text = { colon + 1, rest.len - host.len - 1 };
    if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']') {
        host = (struct bytes){ host.data + 1, host.len - 2 };
    }
    if (!bytes_parse_i64(port_text, &port) || port < 0 || port > 65535) {
        return weir_fail(err, WEIR_EINVAL, "%s=%.*s: '%.*s' is not a port (0 to 65535)", key,
                         BYTES_ARG(text), BYTES_ARG(port_text));
    }
    if (!bytes_to_text(host, out->host, out->host_size)) {
        return weir_fail(err, WEIR_EINVAL, "%s=%.*s: the host name is too long", key,
                         BYTES_ARG(text));
    }
    *out->port = (int)port;
    return WEIR_OK;
}

/* The one that is served; its name is that of what clients are told. */
static enum weir_status decode_listener(struct broker_config *config,
                                        struct bytes *out_name,
                                        struct weir_error *err)
{
    struct address listen = { config->listen_host, sizeof(config->listen_host),
                              &config->listen_port };
    const char *text = broker_config_text(config, "listeners");
    struct bytes rest = bytes_of(text);
    struct bytes one;
    struct bytes served = { 0 };
    while (bytes_cut(&rest, ',', &one)) {
        if (is_controllers(config, one)) {
            continue;
        }
        if (!bytes_is_null(served) || one.len > LISTENER_TEXT_MAX) {
            return weir_fail(
                err, WEIR_EINVAL,
                "listeners=%s: one plaintext listener is served, such as PLAINTEXT://:9092", text);
        }
        served = one;
    }
    if (bytes_is_null(served)) {
        return weir_fail(err, WEIR_EINVAL,
                         "listeners=%s: no plaintext listener, such as PLAINTEXT://:9092", text);
    }
    enum weir_status rc = parse_listener(config, "listeners", bytes_trim(served), &listen, err);
    *out_name = listener_name(&served);
    return rc;
}

static enum weir_status decode_listeners(struct broker_config *config, struct weir_error *err)
{
    struct bytes name = { 0 };
    enum weir_status rc = decode_listener(config, &name, err);
    struct bytes rest = bytes_of(broker_config_text(config, "advertised.listeners"));
    struct bytes one;
    struct address out = { config->advertised_host, sizeof(config->advertised_host),
                           &config->advertised_port };
    while (rc == WEIR_OK && rest.len > 0 && bytes_cut(&rest, ',', &one)) {
        struct bytes address = one;
        if (bytes_equal(listener_name(&address), name)) {
            return parse_listener(config, "advertised.listeners", bytes_trim(one), &out, err);
        }
        if (!is_controllers(config, one)) {
            rc = weir_fail(err, WEIR_EINVAL,
                           "advertised.listeners=%.*s: the listener that is served is %.*s",
                           BYTES_ARG(one), BYTES_ARG(name));
        }
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

static enum weir_status decode_connections(struct broker_config *config, struct weir_error *err)
{
    const char *overrides = broker_config_text(config, "max.connections.per.ip.overrides");
    config->connections_max = (int32_t)number_of(config, "max.connections");
    config->connections_max_per_ip = (int32_t)number_of(config, "max.connections.per.ip");
    config->connection_rate_max = (int32_t)number_of(config, "max.connection.creation.rate");
    int64_t windows = number_of(config, "quota.window.num");
    int64_t window_s = number_of(config, "quota.window.size.seconds");
    int64_t all_s = window_s * (windows > 1 ? windows - 1 : 1);
    config->connection_rate_window_s =
        (int32_t)(all_s < RATE_WINDOW_MAX_S ? all_s : RATE_WINDOW_MAX_S);
    config->listen_backlog = broker_config_is_given(config, "socket.listen.backlog.size")
                                 ? (int32_t)number_of(config, "socket.listen.backlog.size")
                                 : SOMAXCONN;
    config->socket_send_buffer = broker_config_is_given(config, "socket.send.buffer.bytes")
                                     ? (int32_t)number_of(config, "socket.send.buffer.bytes")
                                     : -1;
    config->socket_receive_buffer = broker_config_is_given(config, "socket.receive.buffer.bytes")
                                        ? (int32_t)number_of(config, "socket.receive.buffer.bytes")
                                        : -1;
    if (config->connections_max_per_ip == 0 && *overrides == '\0') {
        return weir_fail(err, WEIR_EINVAL,
                         "requirement failed: max.connections.per.ip can be set to zero only if "
                         "max.connections.per.ip.overrides property is set.");
    }
    return connection_overrides_check(overrides, err);
}

/* The two names of one number: what one says, both say. */
static void decode_node_id(struct broker_config *config)
{
    const char *id = broker_config_layer_text(config, CONFIG_LAYER_FILE, "node.id");
    const char *old = broker_config_layer_text(config, CONFIG_LAYER_FILE, "broker.id");
    if (id && !old) {
        broker_config_put(config, CONFIG_LAYER_FILE, bytes_of("broker.id"), bytes_of(id));
    } else if (old && !id) {
        broker_config_put(config, CONFIG_LAYER_FILE, bytes_of("node.id"), bytes_of(old));
    }
    config->node_id = (int32_t)number_of(config, "node.id");
}

/* Of the keys that stand in for each other the first that is given counts; 0 would keep nothing at all. */
static enum weir_status check_retention(const struct broker_config *config, struct weir_error *err)
{
    static const char *const keys[] = { "log.retention.ms", "log.retention.minutes",
                                        "log.retention.hours" };
    size_t i = 0;
    while (i < sizeof(keys) / sizeof(keys[0]) - 1 && !broker_config_is_given(config, keys[i])) {
        i++;
    }
    return number_of(config, keys[i]) == 0
               ? weir_fail(
                     err, WEIR_EINVAL,
                     "requirement failed: log.retention.ms must be unlimited (-1) or, greater "
                     "than or equal to 1")
               : WEIR_OK;
}

/* Kafka divides the memory between its cleaner threads; here there is one. */
static enum weir_status decode_cleaner(struct broker_config *config, struct weir_error *err)
{
    config->log_cleaner_enable = flag_of(config, "log.cleaner.enable");
    config->cleaner_dedupe_bytes = number_of(config, "log.cleaner.dedupe.buffer.size");
    config->cleaner_load_factor =
        strtod(broker_config_text(config, "log.cleaner.io.buffer.load.factor"), NULL);
    if (config->cleaner_dedupe_bytes <= DEDUPE_BYTES_MIN) {
        return weir_fail(
            err, WEIR_EINVAL,
            "requirement failed: log.cleaner.dedupe.buffer.size must be at least 1MB per "
            "cleaner thread.");
    }
    return WEIR_OK;
}

enum weir_status broker_config_complete(struct broker_config *config, struct weir_error *err)
{
    enum weir_status rc = decode_listeners(config, err);
    if (rc == WEIR_OK) {
        rc = decode_log_dir(config, err);
    }
    if (rc == WEIR_OK) {
        rc = check_retention(config, err);
    }
    if (rc == WEIR_OK) {
        rc = decode_cleaner(config, err);
    }
    if (rc < 0) {
        return rc;
    }
    decode_node_id(config);
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
    config->retention_check_interval_ms = number_of(config, "log.retention.check.interval.ms");
    return decode_connections(config, err);
}
