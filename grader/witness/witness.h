/*
 * What a check sees of the cluster with its own eyes: topics, partitions, settings and records, by clients of its own.
 *
 *     static void topic_exists(struct check *c, struct witness *w)
 *     {
 *         struct witnessed_names names;
 *         if (!witness_names(w, &names)) {
 *             return;
 *         }
 *         ...
 *     }
 *     ...
 *     with_witness(c, topic_exists);
 *
 * Nothing here is about the student: when the cluster does not answer, or what was just written is not there, the
 * check ends with check_broken(). So `if (!...) return;` is all that a caller needs. A cluster of several brokers
 * tells of a new topic a moment later than it makes it, which is why there is witness_wait_topic().
 *
 * A check leaves the cluster as it found it: the topics that it made, or had made (witness_claim()), are deleted when
 * its body returns. The same check can so be repeated with the same seed, on a cluster that goes on living.
 *
 * Everything returned belongs to the check and lives until its function returns. Thread: one.
 */
#pragma once

#include "check/check.h"
#include "weir/admin.h"
#include "weir/consumer.h"

struct witness;

enum { WITNESS_SETTLE_MS = 2000 };

/* Calls `body` with a witness of the check's cluster, which is closed afterwards; not at all when there can be none. */
void with_witness(struct check *c, void (*body)(struct check *c, struct witness *w));

/* --- topics --- */

struct witnessed_names {
    const char **items; /* in the order of their bytes */
    size_t count;
};

/* All topics, Kafka's internal ones too. */
bool witness_names(struct witness *w, struct witnessed_names *out_names);
bool witnessed_has(const struct witnessed_names *names, const char *name);
/* "a, b, c", for the eyes; "none". A program can make thousands: of many only the first, and how many more. */
const char *witnessed_list(struct check *c, const struct witnessed_names *names);

/* Kafka's own two topics, which clients do not list unless asked. */
bool witnessed_is_internal(const char *name);

/* This name is the check's to use, and the student's: a topic that has it now is deleted, and one that has it when the
 * body returns is deleted then. */
bool witness_claim(struct witness *w, const char *name);

/* Claims the name, makes the topic and waits until it shows. `configs` as in weir/admin.h. */
bool witness_create(struct witness *w,
                    const char *name,
                    int32_t partitions,
                    const struct weir_option *configs);

/* Whether the topic is there (or, for `there` false, gone). Waits up to `patience_ms` for it, because a cluster tells of
 * a change a little after it was made: WITNESS_SETTLE_MS, or 0 when nothing is expected. False also when the check is
 * over. */
bool witness_wait_topic(struct witness *w, const char *name, bool there, int patience_ms);

/* Partitions, leaders and replicas; NULL when there is no such topic or the check is over. */
const struct weir_topic_info *witness_topic(struct witness *w, const char *name);

/* One setting of a topic as the broker gives it. NULL after check_broken(). */
const char *witness_config(struct witness *w, const char *topic, const char *setting);

/* Makes sure that __consumer_offsets exists, as it does on every cluster that has seen a consumer group. */
bool witness_make_internal(struct witness *w);

/* --- records --- */

struct witnessed_header {
    const char *name;
    struct bytes value;
};

struct witnessed_record {
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    enum weir_timestamp_type timestamp_type;
    struct bytes key; /* null: none */
    struct bytes value;
    const struct witnessed_header *headers;
    size_t header_count;
};

/* Of one topic: partition by partition, in each in the order of offsets. */
struct witnessed_records {
    struct witnessed_record *items;
    size_t count;
};

/* Everything that a topic of `partitions` partitions holds now. */
bool witness_records(struct witness *w,
                     const char *topic,
                     int32_t partitions,
                     struct witnessed_records *out_records);

/* Whether the topic still has its partitions. Fails, for student code can delete the check's topic, or delete it and make
 * another one: its own fault. */
bool witness_is_still_there(struct witness *w, const char *topic, int32_t partitions);

/* A topic's records as they come, from the first one on; in each partition in the order of offsets. */
struct witness_tail;

/* NULL when the check is over. */
struct witness_tail *witness_tail(struct witness *w, const char *topic, int32_t partitions);

/* The next record; waits for it, up to `timeout_ms`. NULL: none has come, or the check is over. */
const struct witnessed_record *witness_tail_next(struct witness_tail *tail, int timeout_ms);

/* Has everything been returned that the topic holds now? False also when the check is over. */
bool witness_tail_is_done(struct witness_tail *tail);

/* A record to be sent by the check itself; timestamp and headers as in weir/producer.h. */
struct witness_message {
    int32_t partition;
    struct bytes key;
    struct bytes value;
    int64_t timestamp_ms;
};

/* Sends them and waits until all are acknowledged. */
bool witness_send(struct witness *w,
                  const char *topic,
                  const struct witness_message *messages,
                  size_t count);
