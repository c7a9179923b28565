/*
 * What the checks of lab 03 share: transactions from the seed, runs of the producer, and what they left in the topic.
 */
#pragma once

#include "base/buffer.h"
#include "witness/witness.h"

/* The hint for a run that did not end by itself: `otherwise`, unless it crashed. */
void hint_not_ended(struct check *c, const struct check_run *run, const char *otherwise);

/* --- transactions --- */

struct transaction {
    int64_t timestamp_ms;
    const char *user; /* name and surname in one word */
    const char *amount;
    int64_t cents; /* the amount */
    const char *json;
};

struct transactions {
    struct transaction *items;
    size_t count;
};

/* `count` transactions of `user_count` users (each has at least one while there are enough), no two alike. Amounts
 * include those that are easily read wrongly. Times are in 2025: brokers refuse records from the future. */
void transactions_make(struct check *c,
                       size_t count,
                       size_t user_count,
                       struct transactions *out_transactions);

/* Amounts so large that a double cannot hold their cents. */
void transaction_make_large(struct check *c, struct transaction *t);

/* Its JSON gets a member of `size` bytes. */
void transaction_make_long(struct check *c, struct transaction *t, size_t size);

/* --- a run of the producer --- */

struct production {
    const char *topic;
    int32_t partitions;
    struct transactions transactions;
    bool
        not_first; /* the topic's partitions hold some records already: offsets are not counted from 0 */
    int answer_after_ms; /* 0: the cluster answers at once; else its first answer takes so long */
    struct check_run *run;
    const char *report; /* the file's name */
    struct witnessed_records records;
    /* For each transaction its record, NULL when there is none; for each record the number of its line, from 1. */
    const struct witnessed_record **record_of_line;
    size_t *line_of_record;
};

/* Makes the topic and the input, runs the producer and reads the topic. False when the program did not come to its
 * end by itself (the check has then failed). What was in the topic before is not among the records. */
bool produce(struct check *c, struct witness *w, struct production *p);

/* Fails unless every line but `excepted` (from 1; 0: none) is in the topic exactly once, byte for byte, and nothing
 * else is. */
bool production_is_complete(struct check *c, const struct production *p, size_t excepted);

/* "line 7 (partition 1, offset 3)" */
const char *production_where(struct check *c, const struct production *p, size_t record);

/* The partition that every Kafka client gives this key. */
int32_t key_partition(struct bytes key, int32_t partitions);

/* --- the checks --- */

void check_all_sent(struct check *c);
void check_keys(struct check *c);
void check_key_partition(struct check *c);
void check_timestamps(struct check *c);
void check_headers(struct check *c);
void check_delivery_report(struct check *c);
void check_refused_record(struct check *c);
void check_range_read(struct check *c);
void check_range_end(struct check *c);
void check_totals(struct check *c);
