/*
 * Which partitions the options of a Kafka source mean: subscribe, subscribePattern, assign. Internal to kafka_cluster.c.
 *
 * Ownership: `settings` is borrowed. Thread: one at a time.
 */
#pragma once

#include "sources/kafka_admin.h"
#include "sources/kafka_options.h"

struct kafka_topics;

/* NULL: the error is set: the pattern is none. */
struct kafka_topics *kafka_topics_new(const struct kafka_settings *settings,
                                      struct sql_error *error);

/* NULL is taken. */
void kafka_topics_free(struct kafka_topics *t);

/* Which topics to ask for; none: all. */
const struct bytes *kafka_topics_names(const struct kafka_topics *t, int32_t *out_count);

/* No topic is meant at all: an empty assign. */
bool kafka_topics_none(const struct kafka_topics *t);

/* All partitions that are meant, sorted, in the arena; internal topics have none. 0, or why not: a code. */
int kafka_topics_pick(const struct kafka_topics *t,
                      const struct kafka_topic_list *list,
                      struct arena *arena,
                      struct kafka_offsets *out);
