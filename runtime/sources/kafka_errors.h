/*
 * What can go wrong with a Kafka source, in Spark's and Kafka's words. Internal to it.
 *
 * Spark prints these without the name of their condition, so the conditions here have none, only Java's class. Thread: any.
 */
#pragma once

#include "columns/sql_error.h"
#include "sources/kafka_offsets.h"

extern const struct sql_condition kafka_illegal_argument;
extern const struct sql_condition kafka_illegal_state;
extern const struct sql_condition kafka_assertion;
extern const struct sql_condition kafka_number_format;
extern const struct sql_condition kafka_no_element;
extern const struct sql_condition kafka_pattern;
extern const struct sql_condition kafka_config;   /* ConfigException */
extern const struct sql_condition kafka_timeout;  /* TimeoutException */
extern const struct sql_condition kafka_answer;   /* ExecutionException: what a broker answered */
extern const struct sql_condition kafka_failure;  /* KafkaException */
extern const struct sql_condition kafka_mismatch; /* SparkException */
extern const struct sql_condition kafka_fixed_schema;

/* All of these return false. */

/* "... Reason: <format>": records may have been lost. */
bool kafka_fail_lost(struct sql_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A code that a broker or librdkafka gave, as Kafka's Java client words it. */
bool kafka_fail_code(struct sql_error *error, int code);

/* A record that cannot be read. */
bool kafka_fail_record(struct sql_error *error,
                       const char *topic,
                       int32_t partition,
                       const char *why);

/* "<text>\nSpecified: Set(...) Assigned: Set(...)" */
bool kafka_fail_assigned(struct sql_error *error,
                         const struct sql_condition *condition,
                         const char *text,
                         const struct kafka_offsets *specified,
                         const struct kafka_offsets *assigned);

/* May it be better in a moment? */
bool kafka_code_is_passing(int code);

/* Who is told what stops nothing: source.h. */
struct kafka_listener {
    void (*warn)(void *context, const char *text);
    void *context;
};

/* Records are gone, and it goes on: the warning, in Spark's words. */
void kafka_warn_lost(const struct kafka_listener *listener, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
