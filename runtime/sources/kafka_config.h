/*
 * librdkafka's settings for a Kafka source, out of the options that begin with "kafka.": those of Kafka's Java consumer.
 *
 * What librdkafka spells in another way is translated; what only the Java consumer can do is taken and has no effect, as are
 * options that nobody knows (Java warns of those). Values that cannot be are refused. A source belongs to no consumer group: what
 * concerns groups has no effect either.
 *
 * Internal to the Kafka source. Thread: any.
 */
#pragma once

#include <librdkafka/rdkafka.h>

#include "sources/kafka_options.h"

/* The caller's; NULL: the error is set. `trouble` (struct client_trouble) becomes the handle's opaque. */
rd_kafka_conf_t *kafka_conf_new(const struct kafka_settings *settings,
                                void *trouble,
                                struct sql_error *error);

/* May it be read without librdkafka: no encryption, no authentication? */
bool kafka_is_plain(const struct kafka_settings *settings);

/* The value of one of Kafka's options that is a number; what cannot be is the standard one, and refused elsewhere. */
int64_t kafka_conf_number(const struct kafka_settings *settings,
                          const char *name,
                          int64_t standard);

/* Are the values of these options possible? Without a word to any broker. */
bool kafka_conf_check(const struct kafka_settings *settings, struct sql_error *error);
bool kafka_conf_check_servers(const struct kafka_settings *settings, struct sql_error *error);

/* Kafka's default.api.timeout.ms: how long a question may take. */
int64_t kafka_api_timeout_ms(const struct kafka_settings *settings);
