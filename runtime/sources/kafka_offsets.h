/*
 * Offsets of Kafka partitions, and their JSON: what a Kafka source writes to a checkpoint, and what its options are given in.
 *
 *     {"topicA":{"0":23,"1":-1},"topicB":{"0":-2}}     offsets; -1 latest, -2 earliest; the same with times
 *     {"topicA":[0,1],"topicB":[0,1]}                  partitions
 *
 * An offset is that of the next record: 6 when the last record has 5.
 *
 * Spark keeps these in Scala's hash maps, and what it prints, and the order in which it reads partitions, is the order of those maps.
 * Offsets here are sorted by topic and partition; the functions that print or order them take Spark's order.
 *
 * Source: org.apache.spark.sql.kafka010.JsonUtils, scala.collection.{mutable,immutable}.HashMap 2.13. Ownership: everything lives in
 * the arena given. Pure. Thread: any number of readers.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"

enum { KAFKA_LATEST = -1, KAFKA_EARLIEST = -2 };

enum {
    KAFKA_OFFSETS_MAX = 1 << 20, /* partitions in one text */
    KAFKA_SMALL_SET = 4,         /* so many entries of a set or map of Scala keep their order */
};

struct kafka_offset {
    struct bytes topic;
    int32_t partition;
    int64_t offset;
};

struct kafka_offsets {
    int32_t count;
    struct kafka_offset *items;
};

/* What the text gives, sorted; of a partition that is named twice the last counts. False: it is none of these. */
bool kafka_offsets_parse(struct arena *arena, struct bytes text, struct kafka_offsets *out);

/* Partitions, as they are written; their offsets are 0. */
bool kafka_partitions_parse(struct arena *arena, struct bytes text, struct kafka_offsets *out);

/* A copy of everything. */
struct kafka_offsets kafka_offsets_copy(struct arena *arena, const struct kafka_offsets *from);

/* By topic and partition. */
int kafka_offset_compare(const struct kafka_offset *a, const struct kafka_offset *b);
void kafka_offsets_sort(struct kafka_offsets *offsets);

/* Of sorted ones; NULL: it is not there. */
const struct kafka_offset *kafka_offsets_find(const struct kafka_offsets *offsets,
                                              const struct kafka_offset *partition);

/* The same partitions; the same partitions and offsets. Of sorted ones. */
bool kafka_offsets_same_partitions(const struct kafka_offsets *a, const struct kafka_offsets *b);
bool kafka_offsets_equal(const struct kafka_offsets *a, const struct kafka_offsets *b);

/* Those of `a` that `b` does not have. Of sorted ones. */
struct kafka_offsets kafka_offsets_without(struct arena *arena,
                                           const struct kafka_offsets *a,
                                           const struct kafka_offsets *b);

/* {"topicA":{"0":23}}. Of sorted ones. */
void kafka_offsets_print(struct buffer *out, const struct kafka_offsets *offsets);

/* "Set(a-0, a-1)", "Map(a-0 -> 5, a-1 -> 7)": as Scala prints them. Of sorted ones. */
void kafka_offsets_print_set(struct buffer *out, const struct kafka_offsets *offsets);
void kafka_offsets_print_map(struct buffer *out, const struct kafka_offsets *offsets);

/* --- kafka_order.c: Scala's hash maps --- */

/* Where Scala's map of these partitions visits which: order[0] is the index of the first. */
void kafka_order_partitions(const struct kafka_offsets *offsets, int32_t *order);

/* The same for a mutable map of texts, put into it one after the other, some again and again: `puts` of each. */
void kafka_order_texts(const struct bytes *texts,
                       const int32_t *puts,
                       int32_t count,
                       int32_t *order);

/* And for one of small integers. */
void kafka_order_integers(const int32_t *values, int32_t count, int32_t *order);
