/*
 * Offsets of Kafka partitions: see kafka_offsets.h.
 */
#include "sources/kafka_offsets.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/json_reader.h"

/* --- parsing --- */

struct parse {
    struct json_reader reader;
    struct arena *arena;
    int32_t capacity;
    struct kafka_offsets found;
};

static bool parse_add(struct parse *p, struct bytes topic, int64_t partition, int64_t offset)
{
    if (partition < INT32_MIN || partition > INT32_MAX || p->found.count == KAFKA_OFFSETS_MAX) {
        return false;
    }
    if (p->found.count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 16;
        p->found.items = mem_resize(p->found.items, (size_t)p->capacity, sizeof(*p->found.items));
    }
    p->found.items[p->found.count++] = (struct kafka_offset){ topic, (int32_t)partition, offset };
    return true;
}

/* A whole number, or a string that is one: Jackson takes both. */
static bool parse_integer(struct parse *p, int64_t *out)
{
    struct json_reader *r = &p->reader;
    if (r->token != JSON_INT && r->token != JSON_STRING) {
        return false;
    }
    return json_complete(r) && bytes_parse_i64(bytes_trim(buffer_bytes(&r->text)), out);
}

/* The inside of {"0":23,"1":-1}. */
static bool parse_offsets_of(struct parse *p, struct bytes topic)
{
    struct json_reader *r = &p->reader;
    if (r->token != JSON_START_OBJECT) {
        return false;
    }
    while (json_next(r) && r->token == JSON_NAME) {
        int64_t partition = 0;
        int64_t offset = 0;
        if (!bytes_parse_i64(bytes_trim(json_name(r)), &partition) || !json_next(r) ||
            !parse_integer(p, &offset) || !parse_add(p, topic, partition, offset)) {
            return false;
        }
    }
    return r->token == JSON_END_OBJECT;
}

/* The inside of [0,1]. */
static bool parse_partitions_of(struct parse *p, struct bytes topic)
{
    struct json_reader *r = &p->reader;
    if (r->token != JSON_START_ARRAY) {
        return false;
    }
    while (json_next(r) && r->token != JSON_END_ARRAY) {
        int64_t partition = 0;
        if (!parse_integer(p, &partition) || !parse_add(p, topic, partition, 0)) {
            return false;
        }
    }
    return r->token == JSON_END_ARRAY;
}

/* Half a character, which JSON can write but UTF-8 cannot: no topic has it. */
static bool has_half(struct bytes name)
{
    for (size_t i = 0; i + 1 < name.len; i++) {
        if (name.data[i] == 0xed && name.data[i + 1] >= 0xa0) {
            return true;
        }
    }
    return false;
}

static bool parse_topics(struct parse *p, bool (*topic_inside)(struct parse *p, struct bytes topic))
{
    struct json_reader *r = &p->reader;
    if (!json_next(r) || r->token != JSON_START_OBJECT) {
        return false;
    }
    while (json_next(r) && r->token == JSON_NAME) {
        struct bytes topic = arena_copy(p->arena, json_name(r));
        if (has_half(topic) || !json_next(r) || !topic_inside(p, topic)) {
            return false;
        }
    }
    return r->token == JSON_END_OBJECT;
}

static bool parse(struct arena *arena,
                  struct bytes text,
                  bool (*topic_inside)(struct parse *p, struct bytes topic),
                  struct kafka_offsets *out)
{
    struct parse *p = MEM_NEW(struct parse);
    p->arena = arena;
    json_reader_init(&p->reader, (struct json_leniency){ 0 });
    json_reader_start(&p->reader, text);
    bool ok = parse_topics(p, topic_inside);
    if (ok) {
        *out = kafka_offsets_copy(arena, &p->found);
    }
    json_reader_finish(&p->reader);
    free(p->found.items);
    free(p);
    return ok;
}

/* Of neighbours that are the same partition the last one, which sorting left behind the others. */
static void keep_last(struct kafka_offsets *offsets)
{
    int32_t kept = 0;
    for (int32_t i = 0; i < offsets->count; i++) {
        bool again = i + 1 < offsets->count &&
                     kafka_offset_compare(&offsets->items[i], &offsets->items[i + 1]) == 0;
        if (!again) {
            offsets->items[kept++] = offsets->items[i];
        }
    }
    offsets->count = kept;
}

bool kafka_offsets_parse(struct arena *arena, struct bytes text, struct kafka_offsets *out)
{
    struct kafka_offsets found;
    if (!parse(arena, text, parse_offsets_of, &found)) {
        return false;
    }
    kafka_offsets_sort(&found);
    keep_last(&found);
    *out = found;
    return true;
}

bool kafka_partitions_parse(struct arena *arena, struct bytes text, struct kafka_offsets *out)
{
    return parse(arena, text, parse_partitions_of, out);
}

/* --- sets --- */

struct kafka_offsets kafka_offsets_copy(struct arena *arena, const struct kafka_offsets *from)
{
    struct kafka_offsets copy = { from->count,
                                  ARENA_NEW(arena, struct kafka_offset, (size_t)from->count) };
    for (int32_t i = 0; i < from->count; i++) {
        copy.items[i] = from->items[i];
        bool same = i > 0 && bytes_equal(from->items[i].topic, copy.items[i - 1].topic);
        copy.items[i].topic =
            same ? copy.items[i - 1].topic : arena_copy(arena, from->items[i].topic);
    }
    return copy;
}

int kafka_offset_compare(const struct kafka_offset *a, const struct kafka_offset *b)
{
    int order = bytes_compare(a->topic, b->topic);
    return order != 0 ? order : (a->partition > b->partition) - (a->partition < b->partition);
}

/* A stable sort, from the bottom up. */
void kafka_offsets_sort(struct kafka_offsets *offsets)
{
    size_t count = (size_t)offsets->count;
    struct kafka_offset *other = mem_zalloc(count, sizeof(*other));
    struct kafka_offset *items = offsets->items;
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t start = 0; start < count; start += 2 * run) {
            size_t a = start;
            size_t middle = start + run < count ? start + run : count;
            size_t b = middle;
            size_t end = start + 2 * run < count ? start + 2 * run : count;
            for (size_t i = start; i < end; i++) {
                bool left =
                    a < middle && (b == end || kafka_offset_compare(&items[a], &items[b]) <= 0);
                other[i] = left ? items[a++] : items[b++];
            }
        }
        memcpy(items, other, count * sizeof(*items));
    }
    free(other);
}

static int by_partition(const void *a, const void *b)
{
    return kafka_offset_compare(a, b);
}

const struct kafka_offset *kafka_offsets_find(const struct kafka_offsets *offsets,
                                              const struct kafka_offset *partition)
{
    return offsets->count == 0 ? NULL
                               : bsearch(partition, offsets->items, (size_t)offsets->count,
                                         sizeof(*partition), by_partition);
}

bool kafka_offsets_same_partitions(const struct kafka_offsets *a, const struct kafka_offsets *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (int32_t i = 0; i < a->count; i++) {
        if (kafka_offset_compare(&a->items[i], &b->items[i]) != 0) {
            return false;
        }
    }
    return true;
}

bool kafka_offsets_equal(const struct kafka_offsets *a, const struct kafka_offsets *b)
{
    if (!kafka_offsets_same_partitions(a, b)) {
        return false;
    }
    for (int32_t i = 0; i < a->count; i++) {
        if (a->items[i].offset != b->items[i].offset) {
            return false;
        }
    }
    return true;
}

struct kafka_offsets kafka_offsets_without(struct arena *arena,
                                           const struct kafka_offsets *a,
                                           const struct kafka_offsets *b)
{
    struct kafka_offsets left = { 0, ARENA_NEW(arena, struct kafka_offset, (size_t)a->count) };
    for (int32_t i = 0; i < a->count; i++) {
        if (!kafka_offsets_find(b, &a->items[i])) {
            left.items[left.count++] = a->items[i];
        }
    }
    return left;
}

/* --- printing --- */

static void print_name(struct buffer *out, struct bytes name)
{
    json_write_text(out, name, JSON_CHARACTERS);
}

/* {"0":23,"1":-1}, of `count` partitions of one topic. */
static void print_topic(struct buffer *out, const struct kafka_offset *items, int32_t count)
{
    int32_t *partitions = mem_zalloc((size_t)count, sizeof(*partitions));
    int32_t *order = mem_zalloc((size_t)count, sizeof(*order));
    for (int32_t i = 0; i < count; i++) {
        partitions[i] = items[i].partition;
    }
    kafka_order_integers(partitions, count, order);
    for (int32_t i = 0; i < count; i++) {
        const struct kafka_offset *p = &items[order[i]];
        buffer_printf(out, "%s\"%" PRId32 "\":%" PRId64, i == 0 ? "{" : ",", p->partition,
                      p->offset);
    }
    buffer_append_text(out, "}");
    free(partitions);
    free(order);
}

void kafka_offsets_print(struct buffer *out, const struct kafka_offsets *offsets)
{
    size_t max = (size_t)offsets->count + 1;
    struct bytes *topics = mem_zalloc(max, sizeof(*topics));
    int32_t *first = mem_zalloc(max, sizeof(*first));
    int32_t *sizes = mem_zalloc(max, sizeof(*sizes));
    int32_t *order = mem_zalloc(max, sizeof(*order));
    int32_t count = 0;
    for (int32_t i = 0; i < offsets->count; i++) {
        if (count == 0 || !bytes_equal(topics[count - 1], offsets->items[i].topic)) {
            topics[count] = offsets->items[i].topic;
            first[count] = i;
            count++;
        }
        sizes[count - 1]++;
    }
    kafka_order_texts(topics, sizes, count, order);
    buffer_append_text(out, "{");
    for (int32_t i = 0; i < count; i++) {
        int32_t t = order[i];
        buffer_append_text(out, i == 0 ? "" : ",");
        print_name(out, topics[t]);
        buffer_append_text(out, ":");
        print_topic(out, &offsets->items[first[t]], sizes[t]);
    }
    buffer_append_text(out, "}");
    free(topics);
    free(first);
    free(sizes);
    free(order);
}

/* Small sets keep the order in which a broker lists partitions. */
static bool is_small(const struct kafka_offsets *offsets)
{
    return offsets->count <= KAFKA_SMALL_SET;
}

static void print_all(struct buffer *out, const struct kafka_offsets *offsets, bool with_offsets)
{
    int32_t *order = mem_zalloc((size_t)offsets->count, sizeof(*order));
    kafka_order_partitions(offsets, order);
    for (int32_t i = 0; i < offsets->count; i++) {
        const struct kafka_offset *p = &offsets->items[is_small(offsets) ? i : order[i]];
        buffer_printf(out, "%s%.*s-%" PRId32, i == 0 ? "" : ", ", BYTES_ARG(p->topic),
                      p->partition);
        if (with_offsets) {
            buffer_printf(out, " -> %" PRId64, p->offset);
        }
    }
    buffer_append_text(out, ")");
    free(order);
}

void kafka_offsets_print_set(struct buffer *out, const struct kafka_offsets *offsets)
{
    buffer_append_text(out, is_small(offsets) ? "Set(" : "HashSet(");
    print_all(out, offsets, false);
}

void kafka_offsets_print_map(struct buffer *out, const struct kafka_offsets *offsets)
{
    buffer_append_text(out, is_small(offsets) ? "Map(" : "HashMap(");
    print_all(out, offsets, true);
}
