/*
 * Which partitions the options of a Kafka source mean: see kafka_topics.h.
 */
#include "sources/kafka_topics.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "expressions/string_regex.h"
#include "sources/kafka_cluster.h"
#include "sources/kafka_errors.h"

struct kafka_topics {
    const struct kafka_settings *settings;
    struct kafka_offsets wanted; /* ASSIGN: sorted */
    int32_t name_count;          /* SUBSCRIBE, ASSIGN: sorted, each once */
    struct bytes *names;
    struct arena arena;
    pcre2_code *pattern;
    pcre2_match_data *match;
};

/* --- making --- */

static int by_text(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

static void set_names(struct kafka_topics *t, const struct bytes *names, int32_t count)
{
    t->names = ARENA_NEW(&t->arena, struct bytes, (size_t)count);
    if (count > 0) {
        memcpy(t->names, names, (size_t)count * sizeof(*names));
        qsort(t->names, (size_t)count, sizeof(*names), by_text);
    }
    for (int32_t i = 0; i < count; i++) {
        if (t->name_count == 0 || !bytes_equal(t->names[t->name_count - 1], t->names[i])) {
            t->names[t->name_count++] = t->names[i];
        }
    }
}

/* Java's complaint about a class without an end; PCRE2's own words for anything else. */
static bool bad_pattern(struct bytes pattern, int code, size_t at, struct sql_error *error)
{
    char words[256] = "no pattern";
    if (code == PCRE2_ERROR_MISSING_SQUARE_BRACKET) {
        (void)snprintf(words, sizeof(words), "Unclosed character class");
        at = pattern.len > 0 ? pattern.len - 1 : 0;
    } else if (code != 0) {
        pcre2_get_error_message(code, (PCRE2_UCHAR *)words, sizeof(words));
    }
    return sql_fail(error, &kafka_pattern, "%s near index %zu\n%.*s\n%*s^", words, at,
                    BYTES_ARG(pattern), (int)at, "");
}

static bool compile(struct kafka_topics *t, struct sql_error *error)
{
    struct bytes pattern = t->settings->pattern;
    struct buffer translated;
    buffer_init(&translated, 1 << 20);
    int code = 0;
    size_t at = 0;
    bool ok = regex_translate(&translated, pattern);
    struct bytes text = ok ? buffer_bytes(&translated) : pattern;
    t->pattern = pcre2_compile(text.data, text.len, PCRE2_UTF, &code, &at, NULL);
    if (!ok || !t->pattern) {
        bad_pattern(pattern, t->pattern ? 0 : code, at, error);
        buffer_finish(&translated);
        return false;
    }
    buffer_finish(&translated);
    t->match = pcre2_match_data_create_from_pattern(t->pattern, NULL);
    return true;
}

struct kafka_topics *kafka_topics_new(const struct kafka_settings *settings,
                                      struct sql_error *error)
{
    struct kafka_topics *t = MEM_NEW(struct kafka_topics);
    t->settings = settings;
    arena_init(&t->arena, 0);
    switch (settings->strategy) {
    case KAFKA_SUBSCRIBE: set_names(t, settings->topics, settings->topic_count); return t;
    case KAFKA_ASSIGN: break;
    case KAFKA_SUBSCRIBE_PATTERN:
        if (!compile(t, error)) {
            kafka_topics_free(t);
            return NULL;
        }
        return t;
    }
    t->wanted = kafka_offsets_copy(&t->arena, &settings->assigned);
    kafka_offsets_sort(&t->wanted);
    struct bytes *names = ARENA_NEW(&t->arena, struct bytes, (size_t)t->wanted.count);
    for (int32_t i = 0; i < t->wanted.count; i++) {
        names[i] = t->wanted.items[i].topic;
    }
    set_names(t, names, t->wanted.count);
    return t;
}

void kafka_topics_free(struct kafka_topics *t)
{
    if (!t) {
        return;
    }
    pcre2_match_data_free(t->match);
    pcre2_code_free(t->pattern);
    arena_finish(&t->arena);
    free(t);
}

/* --- listing --- */

struct listing {
    struct kafka_topics *topics;
    const struct kafka_topics_question *question;
    struct arena *arena;
    int32_t capacity;
    struct kafka_offsets found;
};

static bool is_internal(struct bytes topic)
{
    static const char *const internal[] = { "__consumer_offsets", "__transaction_state",
                                            "__share_group_state" };
    for (size_t i = 0; i < sizeof(internal) / sizeof(internal[0]); i++) {
        if (bytes_equal_text(topic, internal[i])) {
            return true;
        }
    }
    return false;
}

/* A name that no topic can have: brokers refuse it, librdkafka would look for it for ever. */
static bool is_possible(struct bytes topic)
{
    bool dots = bytes_equal_text(topic, ".") || bytes_equal_text(topic, "..");
    if (topic.len == 0 || topic.len > LIMIT_TOPIC_NAME || dots) {
        return false;
    }
    for (size_t i = 0; i < topic.len; i++) {
        uint8_t c = topic.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

static void add_partition(struct listing *l, struct bytes topic, int32_t partition)
{
    struct kafka_offset item = { topic, partition, 0 };
    if (l->topics->settings->strategy == KAFKA_ASSIGN &&
        !kafka_offsets_find(&l->topics->wanted, &item)) {
        return;
    }
    if (l->found.count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 16;
        l->found.items = mem_resize(l->found.items, (size_t)l->capacity, sizeof(item));
    }
    l->found.items[l->found.count++] = item;
}

static void add_topic(struct listing *l, const struct rd_kafka_metadata_topic *topic)
{
    struct bytes name = arena_copy(l->arena, bytes_of(topic->topic));
    if (is_internal(name)) {
        return;
    }
    for (int i = 0; i < topic->partition_cnt; i++) {
        add_partition(l, name, topic->partitions[i].id);
    }
}

/* Of one topic, or of all: NULL. Asked with ever more patience, so that a stop is seen soon. */
static int ask_metadata(struct listing *l,
                        rd_kafka_topic_t *topic,
                        const struct rd_kafka_metadata **out)
{
    enum { FIRST_MS = 500, LONGEST_MS = 5000 };
    const struct kafka_topics_question *q = l->question;
    int64_t deadline = clock_monotonic_ms() + q->timeout_ms;
    int code = RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (int64_t slice = FIRST_MS; !kafka_cancelled(q->cancelled); slice *= 2) {
        int64_t left = deadline - clock_monotonic_ms();
        int64_t wait = slice < LONGEST_MS ? slice : LONGEST_MS;
        code = (int)rd_kafka_metadata(q->handle, topic == NULL, topic, out,
                                      (int)(wait < left ? wait : left));
        bool waits = code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT;
        if (!waits || deadline <= clock_monotonic_ms()) {
            return code;
        }
    }
    return code;
}

static bool topic_failed(const struct rd_kafka_metadata_topic *topic)
{
    return topic->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
           topic->err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

static int list_topic(struct listing *l, struct bytes name)
{
    char text[LIMIT_TOPIC_NAME + 1];
    if (!is_possible(name) || !bytes_to_text(name, text, sizeof(text))) {
        return RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
    }
    rd_kafka_topic_t *topic = rd_kafka_topic_new(l->question->handle, text, NULL);
    if (!topic) {
        return (int)rd_kafka_last_error();
    }
    const struct rd_kafka_metadata *metadata = NULL;
    int code = ask_metadata(l, topic, &metadata);
    rd_kafka_topic_destroy(topic);
    if (code != 0) {
        return code;
    }
    code = metadata->topic_cnt == 1 ? 0 : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (code == 0 && topic_failed(&metadata->topics[0])) {
        code = (int)metadata->topics[0].err;
    }
    if (code == 0) {
        add_topic(l, &metadata->topics[0]);
    }
    rd_kafka_metadata_destroy(metadata);
    return code;
}

static bool is_meant(struct listing *l, struct bytes name)
{
    struct kafka_topics *t = l->topics;
    if (t->settings->strategy == KAFKA_SUBSCRIBE_PATTERN) {
        return pcre2_match(t->pattern, name.data, name.len, 0, 0, t->match, NULL) >= 0;
    }
    return bsearch(&name, t->names, (size_t)t->name_count, sizeof(name), by_text) != NULL;
}

static int list_all(struct listing *l)
{
    const struct rd_kafka_metadata *metadata = NULL;
    int code = ask_metadata(l, NULL, &metadata);
    if (code != 0) {
        return code;
    }
    int32_t found = 0;
    for (int i = 0; i < metadata->topic_cnt && code == 0; i++) {
        const struct rd_kafka_metadata_topic *topic = &metadata->topics[i];
        if (!is_meant(l, bytes_of(topic->topic))) {
            continue;
        }
        found++;
        if (topic_failed(topic)) {
            code = (int)topic->err;
        } else {
            add_topic(l, topic);
        }
    }
    rd_kafka_metadata_destroy(metadata);
    bool missing =
        l->topics->settings->strategy != KAFKA_SUBSCRIBE_PATTERN && found < l->topics->name_count;
    return code == 0 && missing ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : code;
}

int kafka_topics_list(struct kafka_topics *t,
                      const struct kafka_topics_question *question,
                      struct arena *arena,
                      struct kafka_offsets *out)
{
    enum {
        ONE_BY_ONE = 4
    }; /* so many topics are asked for one by one; more are picked out of all */
    struct listing l = { .topics = t, .question = question, .arena = arena };
    int code = 0;
    if (t->settings->strategy == KAFKA_SUBSCRIBE_PATTERN || t->name_count > ONE_BY_ONE) {
        code = list_all(&l);
    }
    for (int32_t i = 0; code == 0 && t->name_count <= ONE_BY_ONE && i < t->name_count; i++) {
        code = list_topic(&l, t->names[i]);
    }
    if (code == 0) {
        kafka_offsets_sort(&l.found);
        *out = kafka_offsets_copy(arena, &l.found);
    }
    free(l.found.items);
    return code;
}
