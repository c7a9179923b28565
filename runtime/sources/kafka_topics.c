/*
 * Which partitions the options of a Kafka source mean: see kafka_topics.h.
 */
#include "sources/kafka_topics.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <librdkafka/rdkafka.h>
#include <pcre2.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "expressions/string_regex.h"
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

/* --- picking --- */

bool kafka_topic_possible(struct bytes name)
{
    bool dots = bytes_equal_text(name, ".") || bytes_equal_text(name, "..");
    if (name.len == 0 || name.len > LIMIT_TOPIC_NAME || dots) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

const struct bytes *kafka_topics_names(const struct kafka_topics *t, int32_t *out_count)
{
    *out_count = t->name_count;
    return t->names;
}

bool kafka_topics_none(const struct kafka_topics *t)
{
    return t->settings->strategy != KAFKA_SUBSCRIBE_PATTERN && t->name_count == 0;
}

struct picking {
    const struct kafka_topics *topics;
    int32_t capacity;
    struct kafka_offsets found;
};

static void add_partition(struct picking *p, struct bytes topic, int32_t partition)
{
    struct kafka_offset item = { topic, partition, 0 };
    if (p->topics->settings->strategy == KAFKA_ASSIGN &&
        !kafka_offsets_find(&p->topics->wanted, &item)) {
        return;
    }
    if (p->found.count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 16;
        p->found.items = mem_resize(p->found.items, (size_t)p->capacity, sizeof(item));
    }
    p->found.items[p->found.count++] = item;
}

static bool is_meant(const struct kafka_topics *t, struct bytes name)
{
    if (t->settings->strategy == KAFKA_SUBSCRIBE_PATTERN) {
        return pcre2_match(t->pattern, name.data, name.len, 0, 0, t->match, NULL) >= 0;
    }
    return bsearch(&name, t->names, (size_t)t->name_count, sizeof(name), by_text) != NULL;
}

int kafka_topics_pick(const struct kafka_topics *t,
                      const struct kafka_topic_list *list,
                      struct arena *arena,
                      struct kafka_offsets *out)
{
    struct picking p = { .topics = t };
    int code = 0;
    int32_t met = 0;
    for (int32_t i = 0; code == 0 && i < list->count; i++) {
        const struct kafka_topic *topic = &list->items[i];
        if (!is_meant(t, topic->name)) {
            continue;
        }
        met++;
        code = topic->code;
        for (int32_t k = 0; code == 0 && !topic->internal && k < topic->partition_count; k++) {
            add_partition(&p, topic->name, topic->partitions[k]);
        }
    }
    if (code == 0 && t->settings->strategy != KAFKA_SUBSCRIBE_PATTERN && met < t->name_count) {
        code = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (code == 0) {
        kafka_offsets_sort(&p.found);
        *out = kafka_offsets_copy(arena, &p.found);
    }
    free(p.found.items);
    return code;
}
