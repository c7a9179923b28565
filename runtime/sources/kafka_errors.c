/*
 * What can go wrong with a Kafka source: see kafka_errors.h.
 */
#include "sources/kafka_errors.h"

#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/buffer.h"

const struct sql_condition kafka_illegal_argument = { "", "", "IllegalArgumentException" };
const struct sql_condition kafka_illegal_state = { "", "22000", "KafkaIllegalStateException" };
const struct sql_condition kafka_assertion = { "", "", "AssertionError" };
const struct sql_condition kafka_number_format = { "", "", "NumberFormatException" };
const struct sql_condition kafka_no_element = { "", "", "NoSuchElementException" };
const struct sql_condition kafka_pattern = { "", "", "PatternSyntaxException" };
const struct sql_condition kafka_config = { "", "", "ConfigException" };
const struct sql_condition kafka_timeout = { "", "", "TimeoutException" };
const struct sql_condition kafka_answer = { "", "", "ExecutionException" };
const struct sql_condition kafka_failure = { "", "", "KafkaException" };
const struct sql_condition kafka_mismatch = { "", "", "SparkException" };
const struct sql_condition kafka_fixed_schema = { "", "", "IllegalArgumentException" };

bool kafka_fail_lost(struct sql_error *error, const char *format, ...)
{
    char reason[2048];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    return sql_fail(
        error, &kafka_illegal_state,
        "Some data may have been lost because they are not available in Kafka any more;\n"
        "either the data was aged out by Kafka or the topic may have been deleted before all the data in the\n"
        "topic was processed.\n"
        "If you don't want your streaming query to fail on such cases, set the source option failOnDataLoss to false.\n"
        "Reason: %s",
        reason);
}

void kafka_warn_lost(const struct kafka_listener *listener, const char *format, ...)
{
    char what[2048];
    char text[2560];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    (void)snprintf(
        text, sizeof(text),
        "%s\nSome data may have been lost because they are not available in Kafka any "
        "more; either the\ndata was aged out by Kafka or the topic may have been deleted "
        "before all the data in the\ntopic was processed. If you want your streaming query "
        "to fail on such cases, set the source\noption \"failOnDataLoss\" to \"true\".",
        what);
    if (listener->warn) {
        listener->warn(listener->context, text);
    }
}

/* Java's exceptions by the code that stands for them. */
static const struct {
    int code;
    const char *exception;
    const char *text;
} answers[] = {
    { RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "UnknownTopicOrPartitionException",
      "This server does not host this topic-partition." },
    { RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "UnknownTopicOrPartitionException",
      "This server does not host this topic-partition." },
    { RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, "UnknownTopicOrPartitionException",
      "This server does not host this topic-partition." },
    { RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, "InvalidTopicException",
      "The request attempted to perform an operation on an invalid topic." },
    { RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, "LeaderNotAvailableException",
      "There is no leader for this topic-partition as we are in the middle of a leadership election." },
    { RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, "NotLeaderOrFollowerException",
      "For requests intended only for the leader, this error indicates that the broker is not the current leader. For requests intended for any replica, this error indicates that the broker is not a replica of the topic partition." },
    { RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "TopicAuthorizationException",
      "Topic authorization failed." },
    { RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, "ClusterAuthorizationException",
      "Cluster authorization failed." },
    { RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, "UnsupportedVersionException",
      "The version of API is not supported." },
    { RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, "UnsupportedVersionException",
      "The version of API is not supported." },
    { RD_KAFKA_RESP_ERR__AUTHENTICATION, "SaslAuthenticationException", "Authentication failed." },
    { RD_KAFKA_RESP_ERR__TIMED_OUT, "TimeoutException",
      "Timed out waiting for a node assignment." },
    { RD_KAFKA_RESP_ERR__TRANSPORT, "TimeoutException",
      "Timed out waiting for a node assignment." },
    { RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "TimeoutException",
      "Timed out waiting for a node assignment." },
    { RD_KAFKA_RESP_ERR__RESOLVE, "TimeoutException", "Timed out waiting for a node assignment." },
};

bool kafka_fail_code(struct sql_error *error, int code)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        if (answers[i].code == code) {
            return sql_fail(error, &kafka_answer, "org.apache.kafka.common.errors.%s: %s",
                            answers[i].exception, answers[i].text);
        }
    }
    return sql_fail(error, &kafka_answer, "org.apache.kafka.common.KafkaException: %s",
                    rd_kafka_err2str((rd_kafka_resp_err_t)code));
}

bool kafka_fail_record(struct sql_error *error,
                       const char *topic,
                       int32_t partition,
                       const char *why)
{
    return sql_fail(
        error, &kafka_failure,
        "Received exception when fetching the next record from %s-%d. If needed, please seek past the record "
        "to continue consumption. (%s)",
        topic, (int)partition, why);
}

bool kafka_code_is_passing(int code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE: return false;
    default: return true;
    }
}

bool kafka_fail_assigned(struct sql_error *error,
                         const struct sql_condition *condition,
                         const char *text,
                         const struct kafka_offsets *specified,
                         const struct kafka_offsets *assigned)
{
    struct buffer sets;
    buffer_init(&sets, SQL_ERROR_MAX);
    buffer_append_text(&sets, "Specified: ");
    kafka_offsets_print_set(&sets, specified);
    buffer_append_text(&sets, " Assigned: ");
    kafka_offsets_print_set(&sets, assigned);
    sql_fail(error, condition, "%s\n%.*s", text, BYTES_ARG(buffer_bytes(&sets)));
    buffer_finish(&sets);
    return false;
}
