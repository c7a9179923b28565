/*
 * kafka-topics.sh: creates, lists, describes, alters and deletes topics, with the options, output and exit codes of
 * Apache Kafka 4.3's tool (0, or 1 when it failed), in a few milliseconds.
 *
 * What fails on the cluster is told on standard output, as there ("Error while executing topic command : ..."), and
 * again on standard error, so that it is seen when standard output goes into a file. --help goes to standard output and
 * ends with 0, where Apache's tool ends with 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/topic_filter.h"
#include "cli/topics.h"
#include "client/observe.h"
#include "protocol/kafka_error.h"

static const char about[] = "Create, delete, describe, or change a topic.";

enum weir_status topics_connect(struct topics_run *run, const char *call, struct weir_error *err)
{
    if (run->channel) {
        return WEIR_OK;
    }
    return tool_connect(run->bootstrap, &run->settings, call, &run->channel, err);
}

enum weir_status topics_refused(int16_t error_code, struct bytes message, struct weir_error *err)
{
    if (bytes_is_null(message) || message.len == 0) {
        message = bytes_of(kafka_error_message(error_code));
    }
    return weir_fail(err, WEIR_EBROKER, "%.*s", BYTES_ARG(message));
}

static int by_bytes(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

enum weir_status topics_matching(struct topics_run *run,
                                 struct topic_name_list *out_list,
                                 struct weir_error *err)
{
    const char *pattern;
    struct topic_filter filter;
    struct metadata_response metadata = { 0 };
    enum weir_status rc = options_value(&run->options, TOPICS_TOPIC, &pattern, err);
    if (rc == WEIR_OK) {
        rc = topics_connect(run, "listTopics", err);
    }
    if (rc == WEIR_OK) {
        rc = observe_topics(run->channel, bytes_of(NULL), &run->arena, &metadata, err);
    }
    if (rc == WEIR_OK) {
        rc = topic_filter_init(&filter, pattern,
                               options_has(&run->options, TOPICS_EXCLUDE_INTERNAL), err);
    }
    if (rc < 0) {
        return rc;
    }
    out_list->names = ARENA_NEW(&run->arena, struct bytes, (size_t)metadata.topics_count + 1);
    out_list->count = 0;
    for (int32_t i = 0; i < metadata.topics_count; i++) {
        if (topic_filter_allows(&filter, metadata.topics[i].name)) {
            out_list->names[out_list->count++] = metadata.topics[i].name;
        }
    }
    qsort(out_list->names, (size_t)out_list->count, sizeof(struct bytes), by_bytes);
    topic_filter_finish(&filter);
    return WEIR_OK;
}

enum weir_status topics_required(struct topics_run *run,
                                 struct topic_name_list *out_list,
                                 struct weir_error *err)
{
    enum weir_status rc = topics_matching(run, out_list, err);
    const struct options *o = &run->options;
    if (rc == WEIR_OK && out_list->count == 0 && options_has(o, TOPICS_TOPIC) &&
        !options_has(o, TOPICS_IF_EXISTS)) {
        rc = weir_fail(err, WEIR_ENOTFOUND, "Topic '%s' does not exist as expected",
                       o->values[TOPICS_TOPIC][0]);
    }
    return rc;
}

static enum weir_status topics_list(struct topics_run *run, struct weir_error *err)
{
    struct topic_name_list topics;
    enum weir_status rc = topics_matching(run, &topics, err);
    if (rc < 0) {
        return rc;
    }
    for (int32_t i = 0; i < topics.count; i++) {
        printf("%.*s\n", BYTES_ARG(topics.names[i]));
    }
    if (topics.count == 0) {
        printf("\n");
    }
    return WEIR_OK;
}

static enum weir_status topics_delete(struct topics_run *run, struct weir_error *err)
{
    struct topic_name_list topics;
    struct delete_topics_request request;
    struct delete_topics_response response;
    enum weir_status rc = topics_required(run, &topics, err);
    if (rc < 0 || topics.count == 0) {
        return rc;
    }
    message_init(&delete_topics_request_type, &request);
    request.timeout_ms = run->settings.request_timeout_ms;
    if (channel_version(run->channel, API_DELETE_TOPICS) >= 6) {
        request.topics = message_new(&delete_topics_request_topic_type, &run->arena, topics.count);
        request.topics_count = topics.count;
        for (int32_t i = 0; i < topics.count; i++) {
            request.topics[i].name = topics.names[i];
        }
    } else {
        request.topic_names = topics.names;
        request.topic_names_count = topics.count;
    }
    rc = channel_call(run->channel, API_DELETE_TOPICS, &request, &run->arena, &response, err);
    for (int32_t i = 0; rc == WEIR_OK && i < response.responses_count; i++) {
        if (response.responses[i].error_code != KAFKA_NONE) {
            rc = topics_refused(response.responses[i].error_code,
                                response.responses[i].error_message, err);
        }
    }
    return rc;
}

static enum weir_status act(struct topics_run *run, struct weir_error *err)
{
    const struct options *o = &run->options;
    if (options_has(o, TOPICS_CREATE)) {
        return topics_create(run, err);
    }
    if (options_has(o, TOPICS_ALTER)) {
        return topics_alter(run, err);
    }
    if (options_has(o, TOPICS_LIST)) {
        return topics_list(run, err);
    }
    if (options_has(o, TOPICS_DESCRIBE)) {
        return topics_describe(run, err);
    }
    return topics_delete(run, err);
}

static int usage(const char *message, FILE *out, int exit_code)
{
    (void)fprintf(out, "%s\n", message);
    options_print_usage(topics_options, TOPICS_OPTION_COUNT, out);
    return exit_code;
}

/* Where the cluster is and how to talk to it. */
static enum weir_status prepare(struct topics_run *run, struct weir_error *err)
{
    const char *config_path;
    struct weir_error cause;
    enum weir_status rc =
        options_value(&run->options, TOPICS_BOOTSTRAP_SERVER, &run->bootstrap, err);
    if (rc == WEIR_OK) {
        rc = options_value(&run->options, TOPICS_COMMAND_CONFIG, &config_path, err);
    }
    if (rc == WEIR_OK) {
        rc = tool_settings_read(config_path, &run->settings, err);
    }
    if (rc == WEIR_OK) {
        rc = tool_check_bootstrap(run->bootstrap, &cause);
        if (rc < 0) {
            weir_fail(err, rc, "%s", cause.message);
            (void)fprintf(stderr, "Failed to create new KafkaAdminClient\n");
        }
    }
    return rc;
}

static int execute(struct topics_run *run)
{
    struct weir_error err;
    enum weir_status rc = topics_options_check(&run->options, &err);
    if (rc == WEIR_EINVAL) {
        return usage(err.message, stderr, 1);
    }
    if (rc < 0 || prepare(run, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    if (act(run, &err) < 0) {
        printf("Error while executing topic command : %s\n", err.message);
        (void)fflush(stdout);
        (void)fprintf(stderr, "kafka-topics.sh: %s\n", err.message);
        return 1;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "kafka-topics.sh: the output could not be written\n");
        return 1;
    }
    return 0;
}

int cmd_topics(int argc, char **argv)
{
    struct topics_run run = { .channel = NULL };
    struct weir_error err;
    int exit_code;
    if (argc < 2) {
        return usage(about, stderr, 1);
    }
    arena_init(&run.arena, 0);
    if (options_parse(&run.options, topics_options, TOPICS_OPTION_COUNT,
                      (const char *const *)(argv + 1), &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.message);
        exit_code = 1;
    } else if (options_has(&run.options, TOPICS_HELP)) {
        exit_code = usage(about, stdout, 0);
    } else if (options_has(&run.options, TOPICS_VERSION)) {
        printf("4.3.1\n");
        exit_code = 0;
    } else {
        exit_code = execute(&run);
    }
    channel_close(run.channel);
    options_finish(&run.options);
    arena_finish(&run.arena);
    return exit_code;
}
