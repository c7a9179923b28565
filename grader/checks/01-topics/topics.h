/*
 * What the checks of lab 01 share: names from the seed, and runs of topics.sh.
 */
#pragma once

#include "witness/witness.h"

enum { TOPICS_REPORT_MAX = 1 << 20 };

/* A topic's name that differs from run to run, claimed. Without '.', which Apache's tool takes for "any character".
 * NULL after check_broken(). */
const char *topics_name(struct check *c, struct witness *w);

/* Runs `bash topics.sh PROGRAM` with TOPIC and, unless it is 0, PARTITIONS. False when it did not come to its end by itself; what its
 * exit status was is left to the caller. */
bool topics_run(struct check *c,
                const char *program,
                const char *topic,
                int64_t partitions,
                struct check_run **out_run);

/* The same with variables of the caller's choice. */
bool topics_run_with(struct check *c,
                     const char *program,
                     const char *const *vars,
                     struct check_run **out_run);

/* The hint for a script that ended with another status than 0: what to make of what it printed. */
void topics_hint_failed(struct check *c, const struct check_run *run);

/* How long to look for what the run should have done: not at all when it said itself that it failed. */
int topics_patience_ms(const struct check_run *run);

/* Fails unless the topic is there, after that run, with so many partitions. */
bool topics_expect(struct check *c,
                   struct witness *w,
                   const struct check_run *run,
                   const char *topic,
                   int64_t partitions);

void check_topic_exists(struct check *c);
void check_partition_count(struct check *c);
void check_ensure_new(struct check *c);
void check_ensure_again(struct check *c);
void check_settings(struct check *c);
void check_list_topics(struct check *c);
void check_describe_topic(struct check *c);
void check_delete_topic(struct check *c);
void check_delete_again(struct check *c);
