/*
 * kafka-topics.sh inside: its options, and one function for each of its actions.
 *
 *     cmd_topics.c        main of the tool: which action, and how its failure is told
 *     topics_options.c    the options, and which of them go together
 *     topics_create.c     --create and --alter
 *     topics_describe.c   --describe
 *
 * Output and messages are those of Apache Kafka 4.3 (org.apache.kafka.tools.TopicCommand).
 */
#pragma once

#include "cli/options.h"
#include "cli/tool.h"

enum topics_option {
    TOPICS_ALTER,
    TOPICS_AT_MIN_ISR,
    TOPICS_BOOTSTRAP_SERVER,
    TOPICS_COMMAND_CONFIG,
    TOPICS_CONFIG,
    TOPICS_CREATE,
    TOPICS_DELETE,
    TOPICS_DELETE_CONFIG,
    TOPICS_DESCRIBE,
    TOPICS_EXCLUDE_INTERNAL,
    TOPICS_HELP,
    TOPICS_IF_EXISTS,
    TOPICS_IF_NOT_EXISTS,
    TOPICS_LIST,
    TOPICS_PAGE_SIZE,
    TOPICS_PARTITIONS,
    TOPICS_REPLICA_ASSIGNMENT,
    TOPICS_REPLICATION_FACTOR,
    TOPICS_TOPIC,
    TOPICS_TOPIC_ID,
    TOPICS_UNAVAILABLE,
    TOPICS_UNDER_MIN_ISR,
    TOPICS_UNDER_REPLICATED,
    TOPICS_VERSION,
    TOPICS_WITH_OVERRIDES,
    TOPICS_OPTION_COUNT
};

extern const struct option_spec topics_options[TOPICS_OPTION_COUNT];

/* Whether the options make one meaningful command; WEIR_EINVAL when not, and the message belongs above
 * the usage; WEIR_ENOTFOUND when it is not said where the cluster is. */
WEIR_CHECKED enum weir_status topics_options_check(const struct options *o, struct weir_error *err);

/* One run of the tool. */
struct topics_run {
    struct options options;
    struct tool_settings settings;
    const char *bootstrap;
    struct channel *channel; /* NULL before topics_connect() */
    struct arena arena;      /* all that is asked and answered */
};

/* Once; `call` is named when no broker can be reached. */
WEIR_CHECKED enum weir_status topics_connect(struct topics_run *run,
                                             const char *call,
                                             struct weir_error *err);

struct topic_name_list {
    struct bytes *names; /* sorted */
    int32_t count;
};

/* The existing topics that --topic means (all without it), as far as --exclude-internal lets them. */
WEIR_CHECKED enum weir_status topics_matching(struct topics_run *run,
                                              struct topic_name_list *out_list,
                                              struct weir_error *err);

/* The same, and an error when --topic means none and --if-exists was not given. */
WEIR_CHECKED enum weir_status topics_required(struct topics_run *run,
                                              struct topic_name_list *out_list,
                                              struct weir_error *err);

/* Records the broker's words for an error code, and nothing else, as Apache's tools show them. */
enum weir_status topics_refused(int16_t error_code, struct bytes message, struct weir_error *err);

WEIR_CHECKED enum weir_status topics_create(struct topics_run *run, struct weir_error *err);
WEIR_CHECKED enum weir_status topics_alter(struct topics_run *run, struct weir_error *err);
WEIR_CHECKED enum weir_status topics_describe(struct topics_run *run, struct weir_error *err);
