/*
 * What producer, consumer and admin share around a librdkafka handle: options into its configuration, its error codes
 * into ours, its latest complaint kept for the next error message, and topic metadata.
 *
 * librdkafka reports trouble with connections by callback and goes on trying. A library must not print, so the latest
 * such report is kept in a struct client_trouble and quoted where a call of ours runs out of time.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "weir/record.h"

enum { CLIENT_METADATA_TIMEOUT_MS = 10000 };

/* Thread: any; `lock` guards the text. */
struct client_trouble {
    pthread_mutex_t lock;
    char text[256]; /* empty: none so far */
};

void client_trouble_init(struct client_trouble *trouble);
void client_trouble_finish(struct client_trouble *trouble);
void client_trouble_note(struct client_trouble *trouble, const char *text);
/* Nothing is wrong any more: records flow. */
void client_trouble_clear(struct client_trouble *trouble);
/* " (<text>)" into `out`, or nothing. */
const char *client_trouble_suffix(struct client_trouble *trouble, char *out, size_t size);

/* Our status for one of librdkafka's codes; a broker's refusal is WEIR_EBROKER unless it is an ordinary one. */
enum weir_status client_status(rd_kafka_resp_err_t code);

/* An option that is ours, not librdkafka's: a whole number of at least `min`. */
struct client_own_option {
    const char *name;
    int min;
    int *value; /* holds the default, and takes what the options say */
};

/* The options of Kafka that librdkafka spells in another way are translated, `own` options are taken out, the rest goes
 * to librdkafka. The caller owns *out_conf. WEIR_EINVAL names the option at fault. `own` ends with a NULL name. */
WEIR_CHECKED enum weir_status client_conf_create(const struct weir_option *options,
                                                 const struct client_own_option *own,
                                                 rd_kafka_conf_t **out_conf,
                                                 struct weir_error *err);

/* The value that `options` give to `name`; the last one counts. NULL when there is none. */
const char *client_option(const struct weir_option *options, const char *name);

/* Sets a default that is Kafka's and not librdkafka's, unless `options` say something else. */
void client_conf_default(rd_kafka_conf_t *conf,
                         const struct weir_option *options,
                         const char *name,
                         const char *value);

/* Takes `conf` in any case. `trouble` becomes the handle's opaque unless `conf` has one already set by the caller. */
WEIR_CHECKED enum weir_status client_handle_create(rd_kafka_type_t type,
                                                   rd_kafka_conf_t *conf,
                                                   rd_kafka_t **out_handle,
                                                   struct weir_error *err);

/* For deadlines: the moment `timeout_ms` from now on the monotonic clock; -1 stays "never" (INT64_MAX). */
int64_t client_deadline(int timeout_ms);
/* What is left until then, at least 0, as librdkafka wants it; -1 for never. */
int client_remaining_ms(int64_t deadline_ms);

/* Names of all topics but internal ones, sorted. */
WEIR_CHECKED enum weir_status client_topics(rd_kafka_t *handle,
                                            int timeout_ms,
                                            struct client_trouble *trouble,
                                            struct weir_topic_list *out_topics,
                                            struct weir_error *err);

/* Metadata of one topic, to be freed with rd_kafka_metadata_destroy(). The topic is metadata->topics[0] and exists. */
WEIR_CHECKED enum weir_status client_topic_metadata(rd_kafka_t *handle,
                                                    const char *topic,
                                                    int timeout_ms,
                                                    struct client_trouble *trouble,
                                                    const struct rd_kafka_metadata **out_metadata,
                                                    struct weir_error *err);
