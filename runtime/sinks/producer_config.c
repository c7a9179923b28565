/*
 * The options of the Kafka sink's producer: see producer_config.h.
 */
#include "sinks/producer_config.h"

#include <ctype.h>
#include <limits.h>
#include <strings.h>

#include "client/handle.h"
#include "sinks/sink_error.h"

const struct sql_condition producer_config_exception = { "", "", "ConfigException" };
static const struct sql_condition SPARK_EXCEPTION = { "", "", "SparkException" };
static const struct sql_condition ILLEGAL_STATE = { "", "", "IllegalStateException" };

enum {
    QUEUE_KBYTES_MIN = 64 * 1024,
    REQUEST_TIMEOUT_MS = 30000,
    DELIVERY_TIMEOUT_MS = 120000,
    MAX_BLOCK_MS = 60000,
    REQUEST_BYTES_MAX = 1048576,
    BUFFER_BYTES_MAX = 33554432,
    OPTIONS_ADDED = 16,
    IDEMPOTENT_IN_FLIGHT_MAX = 5,
};

enum java_kind {
    JAVA_INT,
    JAVA_LONG,
    JAVA_BOOLEAN,
    JAVA_ONE_OF, /* `choices`, as Java lists them */
};

/* A setting of Java's producer that is checked, or that has another name here. */
struct java_setting {
    const char *name;
    enum java_kind kind;
    int64_t min;
    const char *choices;
    const char
        *ours; /* NULL: the same name; "": it has no effect, or is looked at in this file alone */
};

static const struct java_setting SETTINGS[] = {
    { "acks", JAVA_ONE_OF, 0, "all, -1, 0, 1", NULL },
    { "auto.include.jmx.reporter", JAVA_BOOLEAN, 0, NULL, "" },
    { "batch.size", JAVA_INT, 0, NULL, NULL },
    { "buffer.memory", JAVA_LONG, 0, NULL, "" },
    { "client.dns.lookup", JAVA_ONE_OF, 0,
      "use_all_dns_ips, resolve_canonical_bootstrap_servers_only", "" },
    { "compression.gzip.level", JAVA_INT, -1, NULL, "" },
    { "compression.lz4.level", JAVA_INT, 1, NULL, "" },
    { "compression.type", JAVA_ONE_OF, 0, "none, gzip, snappy, lz4, zstd", NULL },
    { "compression.zstd.level", JAVA_INT, -131072, NULL, "" },
    { "connections.max.idle.ms", JAVA_LONG, INT64_MIN, NULL, NULL },
    { "delivery.timeout.ms", JAVA_INT, 0, NULL, "" },
    { "enable.idempotence", JAVA_BOOLEAN, 0, NULL, "" },
    { "enable.metrics.push", JAVA_BOOLEAN, 0, NULL, "" },
    { "linger.ms", JAVA_LONG, 0, NULL, NULL },
    { "max.block.ms", JAVA_LONG, 0, NULL, "" },
    { "max.in.flight.requests.per.connection", JAVA_INT, 1, NULL, NULL },
    { "max.request.size", JAVA_INT, 0, NULL, NULL },
    { "metadata.max.age.ms", JAVA_LONG, 0, NULL, NULL },
    { "metadata.max.idle.ms", JAVA_LONG, 5000, NULL, "" },
    { "metrics.num.samples", JAVA_INT, 1, NULL, "" },
    { "metrics.recording.level", JAVA_ONE_OF, 0, "INFO, DEBUG, TRACE", "" },
    { "metrics.sample.window.ms", JAVA_LONG, 0, NULL, "" },
    { "partitioner.adaptive.partitioning.enable", JAVA_BOOLEAN, 0, NULL, "" },
    { "partitioner.availability.timeout.ms", JAVA_LONG, 0, NULL, "" },
    { "partitioner.ignore.keys", JAVA_BOOLEAN, 0, NULL, "" },
    { "receive.buffer.bytes", JAVA_INT, -1, NULL, "socket.receive.buffer.bytes" },
    { "reconnect.backoff.max.ms", JAVA_LONG, 0, NULL, NULL },
    { "reconnect.backoff.ms", JAVA_LONG, 0, NULL, NULL },
    { "request.timeout.ms", JAVA_INT, 0, NULL, NULL },
    { "retries", JAVA_INT, 0, NULL, NULL },
    { "retry.backoff.max.ms", JAVA_LONG, 0, NULL, "" },
    { "retry.backoff.ms", JAVA_LONG, 0, NULL, NULL },
    { "send.buffer.bytes", JAVA_INT, -1, NULL, "socket.send.buffer.bytes" },
    { "socket.connection.setup.timeout.max.ms", JAVA_LONG, 0, NULL, "" },
    { "socket.connection.setup.timeout.ms", JAVA_LONG, 0, NULL, NULL },
    { "transaction.timeout.ms", JAVA_INT, 0, NULL, "" },
};

static const struct java_setting *setting_find(struct bytes name)
{
    for (size_t i = 0; i < sizeof(SETTINGS) / sizeof(SETTINGS[0]); i++) {
        if (bytes_equal_text(name, SETTINGS[i].name)) {
            return &SETTINGS[i];
        }
    }
    return NULL;
}

/* --- values, as Java's ConfigDef takes them --- */

static bool invalid(struct bytes value,
                    const struct java_setting *s,
                    const char *why,
                    struct sql_error *error)
{
    return sql_fail(error, &producer_config_exception,
                    "Invalid value %.*s for configuration %s: %s", BYTES_ARG(value), s->name, why);
}

static bool check_number(struct bytes value,
                         const struct java_setting *s,
                         int64_t *out,
                         struct sql_error *error)
{
    bool is_int = s->kind == JAVA_INT;
    if (!bytes_parse_i64(value, out) || (is_int && (*out < INT32_MIN || *out > INT32_MAX))) {
        return invalid(value, s, is_int ? "Not a number of type INT" : "Not a number of type LONG",
                       error);
    }
    if (*out < s->min) {
        char why[64];
        (void)snprintf(why, sizeof(why), "Value must be at least %lld", (long long)s->min);
        return invalid(value, s, why, error);
    }
    return true;
}

static bool is_choice(struct bytes value, const char *choices)
{
    struct bytes rest = bytes_of(choices);
    struct bytes one;
    while (bytes_cut(&rest, ',', &one)) {
        if (bytes_equal(bytes_trim(one), value)) {
            return true;
        }
    }
    return false;
}

static bool is_word(struct bytes value, const char *word)
{
    return value.len == strlen(word) && strncasecmp((const char *)value.data, word, value.len) == 0;
}

static bool check_value(struct bytes value, const struct java_setting *s, struct sql_error *error)
{
    int64_t number;
    switch (s->kind) {
    case JAVA_INT:
    case JAVA_LONG: return check_number(value, s, &number, error);
    case JAVA_BOOLEAN:
        return is_word(value, "true") || is_word(value, "false") ||
               invalid(value, s, "Expected value to be either true or false", error);
    case JAVA_ONE_OF: break;
    }
    if (is_choice(value, s->choices)) {
        return true;
    }
    char why[128];
    (void)snprintf(why, sizeof(why), "String must be one of: %s", s->choices);
    return invalid(value, s, why, error);
}

/* --- the list --- */

struct reading {
    struct producer_config *config;
    struct weir_option *list; /* ends with a NULL name */
    int32_t count;
    struct sql_error *error;
};

/* What was given, by Java's name; null bytes: nothing. */
static struct bytes given(const struct options *o, const char *name)
{
    char full[128];
    (void)snprintf(full, sizeof(full), "kafka.%s", name);
    struct bytes value = options_get(o, full);
    return bytes_is_null(value) ? value : bytes_trim(value);
}

/* A number that was checked already. */
static int64_t given_number(const struct options *o, const char *name, int64_t standard)
{
    int64_t number = standard;
    struct bytes value = given(o, name);
    return !bytes_is_null(value) && bytes_parse_i64(value, &number) ? number : standard;
}

static void add(struct reading *r, const char *name, const char *value)
{
    r->list[r->count++] = (struct weir_option){ name, value };
}

static void add_number(struct reading *r, const char *name, int64_t value)
{
    struct arena *arena = &r->config->arena;
    struct bytes text = arena_printf(arena, "%lld", (long long)value);
    add(r, name, arena_text(arena, text));
}

/* Where Java means "no limit", "none" or "as the system has it" by a number that librdkafka writes in another way. */
static int64_t number_here(const char *name, int64_t value)
{
    if (strcmp(name, "batch.size") == 0) {
        return value == 0 ? 1 : value;
    }
    return value < 0 ? 0 : value > INT_MAX ? INT_MAX : value;
}

static bool read_one(struct reading *r, const struct option_entry *entry)
{
    struct arena *arena = &r->config->arena;
    struct bytes rest = { entry->name.data + 6, entry->name.len - 6 };
    char *name = arena_text(arena, rest);
    for (char *c = name; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    struct bytes value = bytes_trim(entry->value);
    const struct java_setting *s = setting_find(bytes_of(name));
    if (!s) {
        add(r, name, arena_text(arena, value));
        return true;
    }
    if (!check_value(value, s, r->error)) {
        return false;
    }
    const char *ours = s->ours ? s->ours : s->name;
    int64_t number;
    if (ours[0] && s->kind != JAVA_ONE_OF && bytes_parse_i64(value, &number)) {
        add_number(r, ours, number_here(ours, number));
    } else if (ours[0]) {
        add(r, ours, arena_text(arena, value));
    }
    return true;
}

static bool read_all(struct reading *r, const struct options *o)
{
    for (int32_t i = 0; i < o->count; i++) {
        const struct option_entry *entry = &o->entries[i];
        if (entry->name.len > 6 && strncasecmp((const char *)entry->name.data, "kafka.", 6) == 0 &&
            !read_one(r, entry)) {
            return false;
        }
    }
    return true;
}

/* --- checks over several settings --- */

/* ProducerConfig.postProcessAndValidateIdempotenceConfigs. */
static bool read_idempotence(const struct options *o, bool *out, struct sql_error *error)
{
    struct bytes asked = given(o, "enable.idempotence");
    struct bytes acks = given(o, "acks");
    *out = false;
    if (!bytes_is_null(asked) && is_word(asked, "false")) {
        return true;
    }
    const char *against = NULL;
    if (given_number(o, "retries", INT_MAX) == 0) {
        against = "Must set retries to non-zero when using the idempotent producer.";
    } else if (!bytes_is_null(acks) && !bytes_equal_text(acks, "all") &&
               !bytes_equal_text(acks, "-1")) {
        against = "Must set acks to all in order to use the idempotent producer. Otherwise we "
                  "cannot guarantee idempotence.";
    } else if (given_number(o, "max.in.flight.requests.per.connection", 1) >
               IDEMPOTENT_IN_FLIGHT_MAX) {
        against = "Must set max.in.flight.requests.per.connection to at most 5 to use the "
                  "idempotent producer.";
    }
    if (against && !bytes_is_null(asked)) {
        return sql_fail(error, &producer_config_exception, "%s", against);
    }
    *out = against == NULL;
    return true;
}

/* ProducerConfig.configureDeliveryTimeout: only a value that was given has to make sense; the standard one gives way. */
static bool read_delivery_timeout(struct reading *r, const struct options *o)
{
    int64_t least =
        given_number(o, "linger.ms", 0) + given_number(o, "request.timeout.ms", REQUEST_TIMEOUT_MS);
    int64_t timeout = given_number(o, "delivery.timeout.ms", DELIVERY_TIMEOUT_MS);
    if (timeout < least && !bytes_is_null(given(o, "delivery.timeout.ms"))) {
        return sql_fail(
            r->error, &producer_config_exception,
            "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms");
    }
    timeout = timeout < least ? least : timeout;
    r->config->delivery_timeout_ms = timeout > INT_MAX ? INT_MAX : (int)timeout;
    add_number(r, "delivery.timeout.ms", r->config->delivery_timeout_ms);
    return true;
}

static bool check_servers(const struct options *o, struct sql_error *error)
{
    struct bytes servers = given(o, "bootstrap.servers");
    if (bytes_is_null(servers)) {
        return sql_fail(
            error, &SPARK_EXCEPTION,
            "Kafka option bootstrap.servers is not set. Please make sure it is set and retry.");
    }
    struct bytes rest = servers;
    struct bytes one;
    bool any = false;
    while (bytes_cut(&rest, ',', &one)) {
        one = bytes_trim(one);
        if (one.len > 0 && !memchr(one.data, ':', one.len)) {
            return sql_fail(error, &producer_config_exception,
                            "Invalid url in bootstrap.servers: %.*s", BYTES_ARG(one));
        }
        any = any || one.len > 0;
    }
    return any || sql_fail(error, &producer_config_exception,
                           "No resolvable bootstrap urls given in bootstrap.servers");
}

static void add_if_missing(struct reading *r,
                           const struct options *o,
                           const char *name,
                           const char *value)
{
    if (bytes_is_null(given(o, name))) {
        add(r, name, value);
    }
}

static bool read_rest(struct reading *r, const struct options *o)
{
    struct producer_config *c = r->config;
    bool idempotent;
    if (!read_idempotence(o, &idempotent, r->error) || !read_delivery_timeout(r, o)) {
        return false;
    }
    int64_t block_ms = given_number(o, "max.block.ms", MAX_BLOCK_MS);
    c->max_block_ms = block_ms > INT_MAX ? INT_MAX : (int)block_ms;
    c->request_bytes_max = given_number(o, "max.request.size", REQUEST_BYTES_MAX);
    c->buffer_bytes_max = given_number(o, "buffer.memory", BUFFER_BYTES_MAX);
    struct bytes no_keys = given(o, "partitioner.ignore.keys");
    bool ignore_keys = !bytes_is_null(no_keys) && is_word(no_keys, "true");
    add(r, "enable.idempotence", idempotent ? "true" : "false");
    add_if_missing(r, o, "partitioner", ignore_keys ? "random" : "murmur2_random");
    add_if_missing(r, o, "client.id", "weir");
    add_if_missing(r, o, "max.request.size", "1048576");
    add_if_missing(r, o, "metadata.max.age.ms", "300000");
    add_if_missing(r, o, "reconnect.backoff.ms", "50");
    add_if_missing(r, o, "reconnect.backoff.max.ms", "1000");
    int64_t kbytes = c->buffer_bytes_max / 1024 + 1;
    kbytes = kbytes < QUEUE_KBYTES_MIN ? QUEUE_KBYTES_MIN : kbytes;
    if (bytes_is_null(given(o, "queue.buffering.max.kbytes"))) {
        add_number(r, "queue.buffering.max.kbytes", kbytes > INT_MAX ? INT_MAX : kbytes);
    }
    return true;
}

bool producer_config_allowed(const struct options *o, struct sql_error *error)
{
    if (options_has(o, "kafka.key.serializer")) {
        return sql_fail(error, &sink_illegal_argument,
                        "Kafka option 'key.serializer' is not supported as keys are serialized "
                        "with ByteArraySerializer.");
    }
    if (options_has(o, "kafka.value.serializer")) {
        return sql_fail(error, &sink_illegal_argument,
                        "Kafka option 'value.serializer' is not supported as value are serialized "
                        "with ByteArraySerializer.");
    }
    return true;
}

bool producer_config_read(struct producer_config *c,
                          const struct options *o,
                          struct sql_error *error)
{
    *c = (struct producer_config){ 0 };
    arena_init(&c->arena, 0);
    struct reading r = {
        .config = c,
        .list = ARENA_NEW(&c->arena, struct weir_option, (size_t)o->count + OPTIONS_ADDED),
        .error = error,
    };
    bool good = check_servers(o, error) && read_all(&r, o) && read_rest(&r, o);
    if (good && !bytes_is_null(given(o, "transactional.id"))) {
        good = sql_fail(error, &ILLEGAL_STATE,
                        "Cannot perform 'send' before completing a call to initTransactions when "
                        "transactional ID is specified.");
    }
    c->options = r.list;
    if (!good) {
        arena_finish(&c->arena);
    }
    return good;
}

void producer_config_finish(struct producer_config *c)
{
    arena_finish(&c->arena);
}
