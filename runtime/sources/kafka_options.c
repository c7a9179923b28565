/*
 * The options of a Kafka source: see kafka_options.h.
 */
#include "sources/kafka_options.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "sources/kafka_errors.h"

static const char *const strategies[] = {
    [KAFKA_ASSIGN] = "assign",
    [KAFKA_SUBSCRIBE] = "subscribe",
    [KAFKA_SUBSCRIBE_PATTERN] = "subscribePattern",
};

enum { STRATEGY_COUNT = sizeof(strategies) / sizeof(strategies[0]) };

/* The first that is given, in *out; how many are. */
static int find_strategy(const struct options *options, enum kafka_strategy *out)
{
    int found = 0;
    for (int i = STRATEGY_COUNT - 1; i >= 0; i--) {
        if (options_has(options, strategies[i])) {
            *out = (enum kafka_strategy)i;
            found++;
        }
    }
    return found;
}

/* The next name of "a, b ,,c" that is not empty. */
static bool next_topic(struct bytes *rest, struct bytes *out)
{
    struct bytes part;
    while (bytes_cut(rest, ',', &part)) {
        *out = bytes_trim(part);
        if (out->len > 0) {
            return true;
        }
    }
    return false;
}

/* --- when a frame is made --- */

static bool check_strategy(const struct options *options, struct sql_error *error)
{
    enum kafka_strategy strategy = KAFKA_ASSIGN;
    int found = find_strategy(options, &strategy);
    if (found != 1) {
        return sql_fail(error, &kafka_illegal_argument,
                        "%s of the following options %s be specified for Kafka source: subscribe, "
                        "subscribepattern, assign. See the docs for more details.",
                        found == 0 ? "One" : "Only one", found == 0 ? "must" : "can");
    }
    struct bytes value = options_get(options, strategies[strategy]);
    struct bytes trimmed = bytes_trim(value);
    struct bytes rest = value;
    struct bytes topic;
    switch (strategy) {
    case KAFKA_ASSIGN:
        if (trimmed.len == 0 || trimmed.data[0] != '{') {
            return sql_fail(
                error, &kafka_illegal_argument,
                "No topicpartitions to assign as specified value for option 'assign' is '%.*s'",
                BYTES_ARG(value));
        }
        return true;
    case KAFKA_SUBSCRIBE:
        if (!next_topic(&rest, &topic)) {
            return sql_fail(
                error, &kafka_illegal_argument,
                "No topics to subscribe to as specified value for option 'subscribe' is '%.*s'",
                BYTES_ARG(value));
        }
        return true;
    case KAFKA_SUBSCRIBE_PATTERN:
        if (trimmed.len == 0) {
            return sql_fail(
                error, &kafka_illegal_argument,
                "Pattern to subscribe is empty as specified value for option 'subscribePattern' is '%.*s'",
                BYTES_ARG(value));
        }
        return true;
    }
    return true;
}

static bool check_positive(const struct options *options,
                           const char *name,
                           const char *printed,
                           int64_t max,
                           struct sql_error *error)
{
    int64_t value = 1;
    if (!options_integer(options, name, 1, &value, error)) {
        return false;
    }
    if (value > max) {
        return sql_fail(error, &kafka_number_format, "For input string: \"%" PRId64 "\"", value);
    }
    return value > 0 || sql_fail(error, &kafka_illegal_argument, "%s must be positive", printed);
}

static bool check_kafka_options(const struct options *options, struct sql_error *error)
{
    if (options_has(options, "kafka.auto.offset.reset")) {
        return sql_fail(
            error, &kafka_illegal_argument,
            "\nKafka option 'auto.offset.reset' is not supported.\n"
            "Instead set the source option 'startingoffsets' to 'earliest' or 'latest'\n"
            "to specify where to start. Structured Streaming manages which offsets are consumed\n"
            "internally, rather than relying on the kafkaConsumer to do it. This will ensure that no\n"
            "data is missed when new topics/partitions are dynamically subscribed. Note that\n"
            "'startingoffsets' only applies when a new Streaming query is started, and\n"
            "that resuming will always pick up from where the query left off. See the docs for more\n"
            "details.\n"
            "         ");
    }
    if (options_has(options, "kafka.key.deserializer")) {
        return sql_fail(
            error, &kafka_illegal_argument,
            "Kafka option 'key.deserializer' is not supported as keys are deserialized as byte arrays "
            "with ByteArrayDeserializer. Use DataFrame operations to explicitly deserialize the keys.");
    }
    if (options_has(options, "kafka.value.deserializer")) {
        return sql_fail(
            error, &kafka_illegal_argument,
            "Kafka option 'value.deserializer' is not supported as values are deserialized as byte "
            "arrays with ByteArrayDeserializer. Use DataFrame operations to explicitly deserialize the "
            "values.");
    }
    static const char *const refused[] = { "enable.auto.commit", "interceptor.classes" };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "kafka.%s", refused[i]);
        if (options_has(options, name)) {
            return sql_fail(error, &kafka_illegal_argument, "Kafka option '%s' is not supported",
                            refused[i]);
        }
    }
    return options_has(options, "kafka.bootstrap.servers") ||
           sql_fail(
               error, &kafka_illegal_argument,
               "Option 'kafka.bootstrap.servers' must be specified for configuring Kafka consumer");
}

static bool check_limits(const struct options *options, struct sql_error *error)
{
    if (!options_has(options, "minOffsetsPerTrigger") ||
        !options_has(options, "maxOffsetsPerTrigger")) {
        return true;
    }
    int64_t min = 0;
    int64_t max = 0;
    if (!options_integer(options, "minOffsetsPerTrigger", 0, &min, error) ||
        !options_integer(options, "maxOffsetsPerTrigger", 0, &max, error)) {
        return false;
    }
    return min <= max || sql_fail(error, &kafka_illegal_argument,
                                  "The value of minOffsetPerTrigger(%" PRId64
                                  ") is higher than the maxOffsetsPerTrigger(%" PRId64 ").",
                                  min, max);
}

static bool check_general(const struct options *options, struct sql_error *error)
{
    return check_strategy(options, error) &&
           check_positive(options, "minPartitions", "minPartitions", INT32_MAX, error) &&
           check_positive(options, "maxRecordsPerPartition", "maxrecordsperpartition", INT64_MAX,
                          error) &&
           check_kafka_options(options, error) && check_limits(options, error);
}

/* --- bounds --- */

struct bound_names {
    const char *timestamp;
    const char *timestamps;
    const char *offsets;
};

static const struct bound_names start_names = { "startingTimestamp", "startingOffsetsByTimestamp",
                                                "startingOffsets" };
static const struct bound_names end_names = { "endingTimestamp", "endingOffsetsByTimestamp",
                                              "endingOffsets" };

static bool equal_ignoring_case(struct bytes a, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < a.len && a.len == len; i++) {
        uint8_t c = a.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != (uint8_t)text[i]) {
            return false;
        }
    }
    return a.len == len;
}

static bool read_strategy_on_no_match(const struct options *options,
                                      bool *latest,
                                      struct sql_error *error)
{
    struct bytes given = options_get(options, "startingOffsetsByTimestampStrategy");
    *latest = !bytes_is_null(given) && equal_ignoring_case(given, "latest");
    if (bytes_is_null(given) || *latest || equal_ignoring_case(given, "error")) {
        return true;
    }
    char upper[64];
    size_t len = given.len < sizeof(upper) ? given.len : sizeof(upper) - 1;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = given.data[i];
        upper[i] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
    }
    return sql_fail(error, &kafka_no_element, "No value found for '%.*s'", (int)len, upper);
}

static bool read_offsets_bound(struct arena *arena,
                               struct bytes value,
                               struct kafka_bound *out,
                               struct sql_error *error)
{
    if (equal_ignoring_case(value, "latest")) {
        out->kind = KAFKA_BOUND_LATEST;
        return true;
    }
    if (equal_ignoring_case(value, "earliest")) {
        out->kind = KAFKA_BOUND_EARLIEST;
        return true;
    }
    out->kind = KAFKA_BOUND_OFFSETS;
    return kafka_offsets_parse(arena, value, &out->offsets) ||
           sql_fail(
               error, &kafka_illegal_argument,
               "Expected e.g. {\"topicA\":{\"0\":23,\"1\":-1},\"topicB\":{\"0\":-2}}, got %.*s",
               BYTES_ARG(value));
}

/* `out` has the default. */
static bool read_bound(struct arena *arena,
                       const struct options *options,
                       const struct bound_names *names,
                       struct kafka_bound *out,
                       struct sql_error *error)
{
    if (!read_strategy_on_no_match(options, &out->latest_if_none, error)) {
        return false;
    }
    if (options_has(options, names->timestamp)) {
        struct bytes value = bytes_trim(options_get(options, names->timestamp));
        out->kind = KAFKA_BOUND_TIMESTAMP;
        return bytes_parse_i64(value, &out->timestamp_ms) ||
               sql_fail(error, &kafka_illegal_argument, "Expected a single long value, got %.*s",
                        BYTES_ARG(value));
    }
    if (options_has(options, names->timestamps)) {
        struct bytes value = bytes_trim(options_get(options, names->timestamps));
        out->kind = KAFKA_BOUND_TIMESTAMPS;
        return kafka_offsets_parse(arena, value, &out->offsets) ||
               sql_fail(error, &kafka_illegal_argument,
                        "Expected e.g. {\"topicA\": {\"0\": 123456789, \"1\": 123456789},\n"
                        "\"topicB\": {\"0\": 123456789, \"1\": 123456789}}, got %.*s",
                        BYTES_ARG(value));
    }
    struct bytes value = options_get(options, names->offsets);
    return bytes_is_null(value) || read_offsets_bound(arena, bytes_trim(value), out, error);
}

/* No offset of a batch's bound may be `forbidden`, KAFKA_LATEST where it begins, KAFKA_EARLIEST where it ends. */
static bool check_batch_bound(const struct kafka_bound *bound, bool start, struct sql_error *error)
{
    enum kafka_bound_kind forbidden_kind = start ? KAFKA_BOUND_LATEST : KAFKA_BOUND_EARLIEST;
    int64_t forbidden = start ? KAFKA_LATEST : KAFKA_EARLIEST;
    const char *word = start ? "latest" : "earliest";
    if (bound->kind == forbidden_kind) {
        return sql_fail(error, &kafka_illegal_argument,
                        "%s offset can't be %s for batch queries on Kafka",
                        start ? "starting" : "ending", word);
    }
    for (int32_t i = 0; bound->kind == KAFKA_BOUND_OFFSETS && i < bound->offsets.count; i++) {
        const struct kafka_offset *p = &bound->offsets.items[i];
        if (p->offset == forbidden) {
            return sql_fail(error, &kafka_illegal_argument,
                            "%s for %.*s-%" PRId32 " can't be %s for batch queries on Kafka",
                            start ? "startingOffsets" : "ending offset", BYTES_ARG(p->topic),
                            p->partition, word);
        }
    }
    return true;
}

/* Bounds of the same kind are of the same partitions, and none ends before it begins. */
static bool check_batch_order(const struct kafka_bound *start,
                              const struct kafka_bound *end,
                              struct sql_error *error)
{
    bool by_partition = start->kind == KAFKA_BOUND_OFFSETS || start->kind == KAFKA_BOUND_TIMESTAMPS;
    if (start->kind != end->kind || !by_partition) {
        return true;
    }
    if (!kafka_offsets_same_partitions(&start->offsets, &end->offsets)) {
        struct buffer sets;
        buffer_init(&sets, SQL_ERROR_MAX);
        buffer_append_text(&sets, "Topic-partitions for start offset: ");
        kafka_offsets_print_set(&sets, &start->offsets);
        buffer_append_text(&sets, ", topic-partitions for end offset: ");
        kafka_offsets_print_set(&sets, &end->offsets);
        sql_fail(
            error, &kafka_illegal_argument,
            "The specified start offset and end offset should have the same topic-partitions.\n%.*s.",
            BYTES_ARG(buffer_bytes(&sets)));
        buffer_finish(&sets);
        return false;
    }
    for (int32_t i = 0; i < start->offsets.count; i++) {
        const struct kafka_offset *a = &start->offsets.items[i];
        const struct kafka_offset *b = &end->offsets.items[i];
        if (a->offset > b->offset && a->offset >= 0 && b->offset >= 0) {
            const char *what = start->kind == KAFKA_BOUND_OFFSETS ? "offset" : "timestamp";
            return sql_fail(error, &kafka_illegal_argument,
                            "The specified start %s %" PRId64 " is greater than the end %s %" PRId64
                            " for topic %.*s partition %" PRId32 ".",
                            what, a->offset, what, b->offset, BYTES_ARG(a->topic), a->partition);
        }
    }
    return true;
}

static bool check_batch(const struct options *options, struct sql_error *error)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct kafka_bound start = { .kind = KAFKA_BOUND_EARLIEST };
    struct kafka_bound end = { .kind = KAFKA_BOUND_LATEST };
    bool ok = read_bound(&arena, options, &start_names, &start, error) &&
              check_batch_bound(&start, true, error) &&
              read_bound(&arena, options, &end_names, &end, error) &&
              check_batch_bound(&end, false, error) && check_general(options, error) &&
              check_batch_order(&start, &end, error);
    arena_finish(&arena);
    return ok;
}

bool kafka_options_check(const struct options *options, bool streaming, struct sql_error *error)
{
    bool headers = false;
    if (!streaming) {
        return check_batch(options, error) &&
               options_bool(options, "includeHeaders", false, &headers, error);
    }
    if (options_has(options, "endingOffsets")) {
        return sql_fail(error, &kafka_illegal_argument,
                        "ending offset not valid in streaming queries");
    }
    if (options_has(options, "endingOffsetsByTimestamp")) {
        return sql_fail(error, &kafka_illegal_argument,
                        "ending timestamp not valid in streaming queries");
    }
    return check_general(options, error) &&
           options_bool(options, "includeHeaders", false, &headers, error);
}

/* --- when the query starts --- */

static bool read_strategy(struct arena *arena,
                          const struct options *options,
                          struct kafka_settings *out,
                          struct sql_error *error)
{
    find_strategy(options, &out->strategy);
    struct bytes value = options_get(options, strategies[out->strategy]);
    struct bytes rest = value;
    struct bytes topic;
    switch (out->strategy) {
    case KAFKA_ASSIGN:
        return kafka_partitions_parse(arena, value, &out->assigned) ||
               sql_fail(error, &kafka_illegal_argument,
                        "Expected e.g. {\"topicA\":[0,1],\"topicB\":[0,1]}, got %.*s",
                        BYTES_ARG(value));
    case KAFKA_SUBSCRIBE:
        out->topics = ARENA_NEW(arena, struct bytes, value.len + 1);
        while (next_topic(&rest, &topic)) {
            out->topics[out->topic_count++] = arena_copy(arena, topic);
        }
        return true;
    case KAFKA_SUBSCRIBE_PATTERN: out->pattern = arena_copy(arena, bytes_trim(value)); return true;
    }
    return true;
}

static struct bytes lower_case(struct arena *arena, struct bytes text)
{
    uint8_t *copy = ARENA_NEW(arena, uint8_t, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        copy[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
    }
    return (struct bytes){ copy, text.len };
}

static struct options kafka_options(struct arena *arena, const struct options *options)
{
    struct bytes prefix = bytes_of("kafka.");
    struct option_entry *entries = ARENA_NEW(arena, struct option_entry, (size_t)options->count);
    struct options result = { 0, entries };
    for (int32_t i = 0; i < options->count; i++) {
        struct bytes name = lower_case(arena, options->entries[i].name);
        if (bytes_starts_with(name, prefix)) {
            struct bytes rest = { name.data + prefix.len, name.len - prefix.len };
            entries[result.count++] =
                (struct option_entry){ rest, arena_copy(arena, options->entries[i].value) };
        }
    }
    return result;
}

static bool read_reader(const struct options *options, bool *out, struct sql_error *error)
{
    struct bytes given = options_get(options, "weir.kafka.reader");
    *out = bytes_equal_text(given, "librdkafka");
    return *out || bytes_is_null(given) || bytes_equal_text(given, "direct") ||
           sql_fail(error, &kafka_illegal_argument,
                    "Option 'weir.kafka.reader' must be 'direct' or 'librdkafka', not '%.*s'",
                    BYTES_ARG(given));
}

static bool read_numbers(const struct options *options,
                         struct kafka_settings *out,
                         struct sql_error *error)
{
    enum { FIFTEEN_MINUTES_MS = 15 * 60 * 1000, NETWORK_TIMEOUT_MS = 120000 };
    int64_t partitions_min = 0;
    out->has_offsets_max = options_has(options, "maxOffsetsPerTrigger");
    out->has_offsets_min = options_has(options, "minOffsetsPerTrigger");
    bool ok = options_integer(options, "fetchOffset.numRetries", 3, &out->fetch_attempts, error) &&
              options_integer(options, "fetchOffset.retryIntervalMs", 1000, &out->fetch_interval_ms,
                              error) &&
              options_bool(options, "failOnDataLoss", true, &out->fail_on_data_loss, error) &&
              options_integer(options, "kafkaConsumer.pollTimeoutMs", NETWORK_TIMEOUT_MS,
                              &out->poll_timeout_ms, error) &&
              options_integer(options, "maxOffsetsPerTrigger", 0, &out->offsets_max, error) &&
              options_integer(options, "minOffsetsPerTrigger", 0, &out->offsets_min, error) &&
              options_time(options, "maxTriggerDelay", FIFTEEN_MINUTES_MS, 1,
                           &out->trigger_delay_max_ms, error) &&
              options_integer(options, "minPartitions", 0, &partitions_min, error) &&
              options_integer(options, "maxRecordsPerPartition", 0,
                              &out->split.records_per_partition_max, error) &&
              options_bool(options, "includeHeaders", false, &out->include_headers, error);
    out->split.partitions_min = (int32_t)partitions_min;
    return ok;
}

bool kafka_options_read(struct arena *arena,
                        const struct options *options,
                        bool streaming,
                        struct kafka_settings *out,
                        struct sql_error *error)
{
    struct kafka_settings s = {
        .start = { .kind = streaming ? KAFKA_BOUND_LATEST : KAFKA_BOUND_EARLIEST },
        .end = { .kind = KAFKA_BOUND_LATEST },
    };
    if (!read_bound(arena, options, &start_names, &s.start, error) ||
        (!streaming && !read_bound(arena, options, &end_names, &s.end, error)) ||
        !read_strategy(arena, options, &s, error) || !read_numbers(options, &s, error) ||
        !read_reader(options, &s.librdkafka, error)) {
        return false;
    }
    s.group_prefix = arena_copy(arena, options_get(options, "groupIdPrefix"));
    s.kafka = kafka_options(arena, options);
    s.group_id = options_get(&s.kafka, "group.id");
    s.servers = options_get(&s.kafka, "bootstrap.servers");
    *out = s;
    return true;
}

void kafka_settings_describe(const struct kafka_settings *settings, struct buffer *out)
{
    switch (settings->strategy) {
    case KAFKA_ASSIGN:
        buffer_append_text(out, "Assign[");
        for (int32_t i = 0; i < settings->assigned.count; i++) {
            const struct kafka_offset *p = &settings->assigned.items[i];
            buffer_printf(out, "%s%.*s-%" PRId32, i == 0 ? "" : ", ", BYTES_ARG(p->topic),
                          p->partition);
        }
        break;
    case KAFKA_SUBSCRIBE:
        buffer_append_text(out, "Subscribe[");
        for (int32_t i = 0; i < settings->topic_count; i++) {
            buffer_printf(out, "%s%.*s", i == 0 ? "" : ", ", BYTES_ARG(settings->topics[i]));
        }
        break;
    case KAFKA_SUBSCRIBE_PATTERN:
        buffer_printf(out, "SubscribePattern[%.*s", BYTES_ARG(settings->pattern));
        break;
    }
    buffer_append_text(out, "]");
}
