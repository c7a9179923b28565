/*
 * librdkafka's settings for a Kafka source: see kafka_config.h.
 */
#include "sources/kafka_config.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "client/handle.h"
#include "sources/kafka_errors.h"

enum value_kind { VALUE_ANY, VALUE_INT, VALUE_LONG };

struct translation {
    const char *java;
    const char *native; /* NULL: no effect here */
    enum value_kind kind;
};

/* Options of org.apache.kafka.clients.consumer.ConsumerConfig that are not simply handed on. */
static const struct translation translations[] = {
    { "fetch.max.bytes", "fetch.max.bytes", VALUE_INT },
    { "fetch.min.bytes", "fetch.min.bytes", VALUE_INT },
    { "fetch.max.wait.ms", "fetch.wait.max.ms", VALUE_INT },
    { "max.partition.fetch.bytes", "max.partition.fetch.bytes", VALUE_INT },
    { "receive.buffer.bytes", "socket.receive.buffer.bytes", VALUE_INT },
    { "send.buffer.bytes", "socket.send.buffer.bytes", VALUE_INT },
    { "request.timeout.ms", "socket.timeout.ms", VALUE_INT },
    { "metadata.max.age.ms", "metadata.max.age.ms", VALUE_LONG },
    { "reconnect.backoff.ms", "reconnect.backoff.ms", VALUE_LONG },
    { "reconnect.backoff.max.ms", "reconnect.backoff.max.ms", VALUE_LONG },
    { "retry.backoff.ms", "retry.backoff.ms", VALUE_LONG },
    { "connections.max.idle.ms", "connections.max.idle.ms", VALUE_LONG },
    { "socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.ms", VALUE_LONG },
    { "socket.connection.setup.timeout.max.ms", NULL, VALUE_LONG },
    { "retry.backoff.max.ms", NULL, VALUE_LONG },
    { "default.api.timeout.ms", NULL, VALUE_INT },
    { "max.poll.records", NULL, VALUE_INT },
    { "max.poll.interval.ms", NULL, VALUE_INT },
    { "session.timeout.ms", NULL, VALUE_INT },
    { "heartbeat.interval.ms", NULL, VALUE_INT },
    { "auto.commit.interval.ms", NULL, VALUE_INT },
    { "group.id", NULL, VALUE_ANY },
    { "group.instance.id", NULL, VALUE_ANY },
    { "group.protocol", NULL, VALUE_ANY },
    { "partition.assignment.strategy", NULL, VALUE_ANY },
    { "allow.auto.create.topics", NULL, VALUE_ANY },
    { "client.dns.lookup", NULL, VALUE_ANY },
    { "bootstrap.servers", NULL, VALUE_ANY }, /* checked and set apart */
    { "sasl.jaas.config", NULL, VALUE_ANY },  /* ditto */
    { "auto.offset.reset", NULL, VALUE_ANY }, /* ours from here on, */
    { "enable.auto.offset.store", NULL, VALUE_ANY },
    { "enable.partition.eof", NULL, VALUE_ANY },
    { "plugin.library.paths", NULL, VALUE_ANY }, /* librdkafka's: it loads code */
};

static const struct translation *find_translation(struct bytes name)
{
    for (size_t i = 0; i < sizeof(translations) / sizeof(translations[0]); i++) {
        if (bytes_equal_text(name, translations[i].java)) {
            return &translations[i];
        }
    }
    return NULL;
}

static bool invalid(struct sql_error *error, const struct option_entry *given, const char *why)
{
    return sql_fail(error, &kafka_config, "Invalid value %.*s for configuration %.*s: %s",
                    BYTES_ARG(given->value), BYTES_ARG(given->name), why);
}

static bool check_kind(const struct option_entry *given,
                       enum value_kind kind,
                       struct sql_error *error)
{
    int64_t number = 0;
    bool fits = bytes_parse_i64(bytes_trim(given->value), &number);
    switch (kind) {
    case VALUE_ANY: return true;
    case VALUE_INT:
        fits = fits && number >= INT32_MIN && number <= INT32_MAX;
        return fits || invalid(error, given, "Not a number of type INT");
    case VALUE_LONG: return fits || invalid(error, given, "Not a number of type LONG");
    }
    return true;
}

static bool set_one(rd_kafka_conf_t *conf,
                    const char *name,
                    const struct option_entry *given,
                    struct sql_error *error)
{
    char value[4096];
    char reason[512];
    struct bytes trimmed = bytes_trim(given->value);
    if (!bytes_to_text(trimmed, value, sizeof(value))) {
        return invalid(error, given, "too long");
    }
    switch (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason))) {
    case RD_KAFKA_CONF_OK:
    case RD_KAFKA_CONF_UNKNOWN: return true;
    case RD_KAFKA_CONF_INVALID: return invalid(error, given, reason);
    }
    return true;
}

static bool set_given(rd_kafka_conf_t *conf,
                      const struct option_entry *given,
                      struct sql_error *error)
{
    const struct translation *t = find_translation(given->name);
    if (t) {
        return check_kind(given, t->kind, error) &&
               (!t->native || set_one(conf, t->native, given, error));
    }
    char name[256];
    if (bytes_equal_text(given->name, "isolation.level") &&
        !bytes_equal_text(given->value, "read_committed") &&
        !bytes_equal_text(given->value, "read_uncommitted")) {
        return invalid(error, given, "String must be one of: read_committed, read_uncommitted");
    }
    return !bytes_to_text(given->name, name, sizeof(name)) || set_one(conf, name, given, error);
}

/* --- defaults --- */

static void set_text(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char reason[256];
    rd_kafka_conf_res_t rc = rd_kafka_conf_set(conf, name, value, reason, sizeof(reason));
    (void)rc; /* what a build of librdkafka lacks is no matter */
}

/* Kafka's own defaults where librdkafka has others, and what reads fast without keeping much in memory. */
static void set_defaults(rd_kafka_conf_t *conf)
{
    set_text(conf, "client.id", "weir");
    set_text(conf, "isolation.level", "read_uncommitted");
    set_text(conf, "check.crcs", "true");
    set_text(conf, "reconnect.backoff.ms", "50");
    set_text(conf, "reconnect.backoff.max.ms", "1000");
    set_text(conf, "socket.nagle.disable", "true");
    set_text(conf, "fetch.wait.max.ms", "500");
    set_text(conf, "fetch.error.backoff.ms", "20");
    set_text(conf, "queued.min.messages", "1000000");
    set_text(conf, "queued.max.messages.kbytes", "32768");
    set_text(conf, "max.partition.fetch.bytes", "4194304");
}

/* What a source of ours relies on, whatever is given. */
static void set_ours(rd_kafka_conf_t *conf)
{
    set_text(conf, "auto.offset.reset", "error");
    set_text(conf, "enable.auto.commit", "false");
    set_text(conf, "enable.auto.offset.store", "false");
    set_text(conf, "enable.partition.eof", "true");
    set_text(conf, "allow.auto.create.topics", "false");
}

/* librdkafka wants message.max.bytes <= fetch.max.bytes < receive.message.max.bytes; Java knows no such bounds. */
static void fit_sizes(rd_kafka_conf_t *conf)
{
    enum { SMALLEST = 1000, SLACK = 1024, MESSAGE_DEFAULT = 1000000, RECEIVE_DEFAULT = 100000000 };
    char text[32];
    size_t size = sizeof(text);
    int64_t fetch = 0;
    if (rd_kafka_conf_get(conf, "fetch.max.bytes", text, &size) != RD_KAFKA_CONF_OK ||
        !bytes_parse_i64(bytes_of(text), &fetch)) {
        return;
    }
    if (fetch < MESSAGE_DEFAULT) {
        (void)snprintf(text, sizeof(text), "%" PRId64, fetch > SMALLEST ? fetch : SMALLEST);
        set_text(conf, "message.max.bytes", text);
        set_text(conf, "fetch.max.bytes", text);
    }
    if (fetch + SLACK > RECEIVE_DEFAULT) {
        int64_t receive = fetch + SLACK < INT32_MAX ? fetch + SLACK : INT32_MAX;
        (void)snprintf(text, sizeof(text), "%" PRId64, receive);
        set_text(conf, "receive.message.max.bytes", text);
        (void)snprintf(text, sizeof(text), "%" PRId64, receive - SLACK);
        set_text(conf, "fetch.max.bytes", text);
    }
}

/* --- bootstrap.servers --- */

bool kafka_conf_check_servers(const struct kafka_settings *settings, struct sql_error *error)
{
    struct bytes rest = settings->servers;
    struct bytes part;
    bool any = false;
    while (bytes_cut(&rest, ',', &part)) {
        part = bytes_trim(part);
        if (part.len == 0) {
            continue;
        }
        size_t colon = part.len;
        while (colon > 0 && part.data[colon - 1] != ':') {
            colon--;
        }
        int64_t port = 0;
        struct bytes digits = { part.data + colon, part.len - colon };
        if (colon < 2 || !bytes_parse_i64(digits, &port) || port < 0 || port > UINT16_MAX) {
            return sql_fail(
                error, &kafka_failure,
                "Failed to create new KafkaAdminClient: Invalid url in bootstrap.servers: %.*s",
                BYTES_ARG(part));
        }
        any = true;
    }
    return any ||
           sql_fail(error, &kafka_failure,
                    "Failed to create new KafkaAdminClient: No resolvable bootstrap urls given in "
                    "bootstrap.servers");
}

/* --- SASL --- */

/* `name="value"` out of a line of JAAS; null: it is not there. */
static struct bytes jaas_value(struct bytes line, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i + len + 2 < line.len; i++) {
        const uint8_t *at = line.data + i;
        uint8_t quote = at[len + 1];
        bool begins = i == 0 || at[-1] == ' ' || at[-1] == '\t' || at[-1] == '\n';
        if (begins && memcmp(at, name, len) == 0 && at[len] == '=' &&
            (quote == '"' || quote == '\'')) {
            const uint8_t *value = at + len + 2;
            const uint8_t *end = memchr(value, quote, line.len - i - len - 2);
            return end ? (struct bytes){ value, (size_t)(end - value) } : (struct bytes){ 0 };
        }
    }
    return (struct bytes){ 0 };
}

/* User and password of PlainLoginModule and ScramLoginModule. */
static bool set_jaas(rd_kafka_conf_t *conf,
                     const struct kafka_settings *settings,
                     struct sql_error *error)
{
    struct bytes line = options_get(&settings->kafka, "sasl.jaas.config");
    if (bytes_is_null(line)) {
        return true;
    }
    struct option_entry user = { bytes_of("sasl.jaas.config"), jaas_value(line, "username") };
    struct option_entry password = { bytes_of("sasl.jaas.config"), jaas_value(line, "password") };
    if (bytes_is_null(user.value) || bytes_is_null(password.value)) {
        return sql_fail(
            error, &kafka_config,
            "Invalid value for configuration sasl.jaas.config: only login modules with username=\"...\" and "
            "password=\"...\" are understood");
    }
    return set_one(conf, "sasl.username", &user, error) &&
           set_one(conf, "sasl.password", &password, error);
}

/* --- all of it --- */

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    (void)handle;
    (void)code;
    client_trouble_note(opaque, reason);
}

rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings,
                                void *trouble,
                                struct sql_error *error)
{
    if (!kafka_conf_check_servers(settings, error)) {
        return NULL;
    }
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set_defaults(conf);
    struct option_entry servers = { bytes_of("bootstrap.servers"), settings->servers };
    bool ok =
        set_one(conf, "bootstrap.servers", &servers, error) && set_jaas(conf, settings, error);
    for (int32_t i = 0; ok && i < settings->kafka.count; i++) {
        ok = set_given(conf, &settings->kafka.entries[i], error);
    }
    if (!ok) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    set_ours(conf);
    fit_sizes(conf);
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, trouble);
    return conf;
}

bool kafka_is_plain(const struct kafka_settings *settings)
{
    struct bytes protocol = options_get(&settings->kafka, "security.protocol");
    char text[32];
    if (settings->librdkafka) {
        return false;
    }
    return bytes_is_null(protocol) || (bytes_to_text(bytes_trim(protocol), text, sizeof(text)) &&
                                       strcasecmp(text, "PLAINTEXT") == 0);
}

int64_t kafka_conf_number(const struct kafka_settings *settings, const char *name, int64_t standard)
{
    struct bytes given = options_get(&settings->kafka, name);
    int64_t value = standard;
    bool good = !bytes_is_null(given) && bytes_parse_i64(bytes_trim(given), &value) && value >= 0;
    return good ? value : standard;
}

int64_t kafka_api_timeout_ms(const struct kafka_settings *settings)
{
    enum { STANDARD_MS = 60000 };
    return kafka_conf_number(settings, "default.api.timeout.ms", STANDARD_MS);
}

bool kafka_conf_check(const struct kafka_settings *settings, struct sql_error *error)
{
    rd_kafka_conf_t *conf = kafka_conf_new(settings, NULL, error);
    if (!conf) {
        return false;
    }
    rd_kafka_conf_destroy(conf);
    return true;
}
