/*
 * How the Kafka sink words failures: see producer_failure.h.
 *
 * Source: org.apache.kafka.common.protocol.Errors, KafkaProducer, ProducerBatch.
 */
#include "sinks/producer_failure.h"

#include "sinks/kafka_producer.h"

static const struct sql_condition TIMEOUT = { "", "", "TimeoutException" };
static const struct sql_condition TOO_LARGE = { "", "", "RecordTooLargeException" };
static const struct sql_condition INVALID_TOPIC = { "", "", "InvalidTopicException" };
static const struct sql_condition NOT_ALLOWED = { "", "", "TopicAuthorizationException" };
static const struct sql_condition INTERRUPTED = { "", "", "InterruptException" };
static const struct sql_condition ANY = { "", "", "KafkaException" };

/* What a broker may answer to records, beyond what is worded one by one. */
static const struct answer {
    rd_kafka_resp_err_t code;
    struct sql_condition condition;
    const char *text;
} ANSWERS[] = {
    { RD_KAFKA_RESP_ERR_INVALID_MSG,
      { "", "", "CorruptRecordException" },
      "This message has failed its CRC checksum, exceeds the valid size, has a null key for a "
      "compacted topic, or is otherwise corrupt." },
    { RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
      { "", "", "RecordTooLargeException" },
      "The request included a message larger than the max message size the server will accept." },
    { RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
      { "", "", "RecordBatchTooLargeException" },
      "The request included message batch larger than the configured segment size on the server." },
    { RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      { "", "", "NotEnoughReplicasException" },
      "Messages are rejected since there are fewer in-sync replicas than required." },
    { RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
      { "", "", "NotEnoughReplicasAfterAppendException" },
      "Messages are written to the log, but to fewer in-sync replicas than required." },
    { RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
      { "", "", "InvalidTimestampException" },
      "The timestamp of the message is out of acceptable range." },
    { RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
      { "", "", "ClusterAuthorizationException" },
      "Cluster authorization failed." },
    { RD_KAFKA_RESP_ERR_INVALID_RECORD,
      { "", "", "InvalidRecordException" },
      "This record has failed the validation on the broker and hence has been rejected." },
};

static bool fail_answer(struct sql_error *error,
                        const struct producer_failure *failure,
                        const char *more)
{
    for (size_t i = 0; i < sizeof(ANSWERS) / sizeof(ANSWERS[0]); i++) {
        if (ANSWERS[i].code == failure->code) {
            return sql_fail(error, &ANSWERS[i].condition, "%s (topic %s)", ANSWERS[i].text,
                            failure->topic);
        }
    }
    return sql_fail(error, &ANY, "topic %s: %s%s", failure->topic, rd_kafka_err2str(failure->code),
                    more);
}

bool producer_fail(struct sql_error *error,
                   const struct producer_failure *failure,
                   const struct producer_config *config,
                   const char *more)
{
    switch ((int)failure->code) { /* librdkafka's own codes and the broker's in one enum */
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
        return sql_fail(error, &TIMEOUT,
                        "Expiring %lld record(s) for %s-%d:%d ms has passed since batch creation%s",
                        (long long)failure->count, failure->topic, failure->partition,
                        config->delivery_timeout_ms, more);
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return sql_fail(error, &TIMEOUT, "Topic %s not present in metadata after %d ms.",
                        failure->topic, config->max_block_ms);
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return sql_fail(error, &TIMEOUT,
                        "Partition %d of topic %s is not present in metadata after %d ms.",
                        failure->partition, failure->topic, config->max_block_ms);
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        return kafka_fail_topic_name(error, bytes_of(failure->topic));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        return sql_fail(error, &NOT_ALLOWED, "Not authorized to access topics: [%s]",
                        failure->topic);
    default: return fail_answer(error, failure, more);
    }
}

bool producer_fail_metadata(struct sql_error *error,
                            const struct kafka_topic *t,
                            int32_t partition,
                            int waited_ms,
                            const char *more)
{
    if (partition < 0) {
        return sql_fail(error, &TIMEOUT, "Topic %s not present in metadata after %d ms.%s", t->name,
                        waited_ms, more);
    }
    return sql_fail(
        error, &TIMEOUT,
        "Partition %d of topic %s with partition count %d is not present in metadata after %d ms.",
        partition, t->name, atomic_load(&t->partitions), waited_ms);
}

bool producer_fail_room(struct sql_error *error, int waited_ms, const char *more)
{
    static const struct sql_condition exhausted = { "", "", "BufferExhaustedException" };
    return sql_fail(error, &exhausted,
                    "Failed to allocate memory within the configured max blocking time %d ms.%s",
                    waited_ms, more);
}

bool kafka_fail_topic_name(struct sql_error *error, struct bytes name)
{
    return sql_fail(error, &INVALID_TOPIC, "Invalid topics: [%.*s]", BYTES_ARG(name));
}

bool producer_fail_size(struct sql_error *error, int64_t bytes, int64_t limit, const char *name)
{
    if (strcmp(name, "buffer.memory") == 0) {
        return sql_fail(error, &TOO_LARGE,
                        "The message is %lld bytes when serialized which is larger than the total "
                        "memory buffer you have configured with the buffer.memory configuration.",
                        (long long)bytes);
    }
    return sql_fail(error, &TOO_LARGE,
                    "The message is %lld bytes when serialized which is larger than %lld, which is "
                    "the value of the %s configuration.",
                    (long long)bytes, (long long)limit, name);
}

bool producer_fail_cancelled(struct sql_error *error)
{
    return sql_fail(error, &INTERRUPTED,
                    "the query was stopped while records were on their way to Kafka");
}
