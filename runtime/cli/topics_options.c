/*
 * The options of kafka-topics.sh, and which of them go together (TopicCommand.TopicCommandOptions.checkArgs).
 */
#include "base/error.h"
#include "cli/topics.h"

const struct option_spec topics_options[TOPICS_OPTION_COUNT] = {
    [TOPICS_ALTER] = { "alter", NULL, NULL,
                       "Give a topic more partitions (--partitions). Its settings are changed with "
                       "kafka-configs.sh." },
    [TOPICS_AT_MIN_ISR] = { "at-min-isr-partitions", NULL, NULL,
                            "With --describe: only partitions with exactly as many in-sync "
                            "replicas as min.insync.replicas asks for." },
    [TOPICS_BOOTSTRAP_SERVER] = { "bootstrap-server", "server to connect to", "String",
                                  "REQUIRED: where the cluster is: host:port, or several of them "
                                  "with commas in between." },
    [TOPICS_COMMAND_CONFIG] = { "command-config", "command config property file", "String",
                                "A file of settings for the connection: default.api.timeout.ms "
                                "(10000 unless set), request.timeout.ms, client.id." },
    [TOPICS_CONFIG] = { "config", "name=value", "String",
                        "With --create: a setting of the new topic, such as "
                        "cleanup.policy=compact or retention.ms=60000. May be repeated, once for "
                        "each setting." },
    [TOPICS_CREATE] = { "create", NULL, NULL, "Create a new topic." },
    [TOPICS_DELETE] = { "delete", NULL, NULL, "Delete the topics that --topic names." },
    [TOPICS_DELETE_CONFIG] = { "delete-config", "name", "String",
                               "Not possible together with --bootstrap-server: settings are "
                               "removed with kafka-configs.sh." },
    [TOPICS_DESCRIBE] = { "describe", NULL, NULL,
                          "Show topics with their partitions, leaders, replicas and settings." },
    [TOPICS_EXCLUDE_INTERNAL] = { "exclude-internal", NULL, NULL,
                                  "With --list or --describe: leave out Kafka's own topics "
                                  "(__consumer_offsets, __transaction_state)." },
    [TOPICS_HELP] = { "help", NULL, NULL, "Show this page." },
    [TOPICS_IF_EXISTS] = { "if-exists", NULL, NULL,
                           "With --alter, --delete or --describe: a topic that is not there is no "
                           "failure." },
    [TOPICS_IF_NOT_EXISTS] = { "if-not-exists", NULL, NULL,
                               "With --create: a topic that is there already stays as it is, and "
                               "that is no failure." },
    [TOPICS_LIST] = { "list", NULL, NULL, "Show the names of the topics." },
    [TOPICS_PAGE_SIZE] = { "partition-size-limit-per-response",
                           "maximum number of partitions per response", "Integer",
                           "With --describe: how many partitions the broker puts into one answer; "
                           "the tool asks for the next ones." },
    [TOPICS_PARTITIONS] = { "partitions", "# of partitions", "Integer",
                            "How many partitions the topic gets (--create) or shall have in all "
                            "(--alter). More partitions send keys to other partitions than "
                            "before." },
    [TOPICS_REPLICA_ASSIGNMENT] = { "replica-assignment",
                                    "broker_id_for_part1_replica1 : broker_id_for_part1_replica2 "
                                    ", broker_id_for_part2_replica1 : "
                                    "broker_id_for_part2_replica2 , ...",
                                    "String",
                                    "The brokers of each partition, written out, in place of "
                                    "--partitions and --replication-factor." },
    [TOPICS_REPLICATION_FACTOR] = { "replication-factor", "replication factor", "Integer",
                                    "With --create: how many copies of each partition; the "
                                    "broker's default unless given." },
    [TOPICS_TOPIC] = { "topic", "topic", "String",
                       "The topic. --list, --describe, --delete and --alter take a regular "
                       "expression for whole names, in quotes: 'orders-.*'." },
    [TOPICS_TOPIC_ID] = { "topic-id", "topic-id", "String", "With --describe: the topic's id." },
    [TOPICS_UNAVAILABLE] = { "unavailable-partitions", NULL, NULL,
                             "With --describe: only partitions without a leader." },
    [TOPICS_UNDER_MIN_ISR] = { "under-min-isr-partitions", NULL, NULL,
                               "With --describe: only partitions with fewer in-sync replicas than "
                               "min.insync.replicas asks for." },
    [TOPICS_UNDER_REPLICATED] = { "under-replicated-partitions", NULL, NULL,
                                  "With --describe: only partitions with replicas that lag "
                                  "behind." },
    [TOPICS_VERSION] = { "version", NULL, NULL, "Show the Kafka version that this tool equals." },
    [TOPICS_WITH_OVERRIDES] = { "topics-with-overrides", NULL, NULL,
                                "With --describe: only the lines of topics that have settings of "
                                "their own." },
};

/* An option that goes with some actions only. */
struct compatible {
    enum topics_option option;
    enum topics_option with[3]; /* of the five actions; filled up by repetition */
};

static const enum topics_option actions[] = { TOPICS_ALTER, TOPICS_CREATE, TOPICS_DESCRIBE,
                                              TOPICS_LIST, TOPICS_DELETE };

static const struct compatible compatible[] = {
    { TOPICS_CONFIG, { TOPICS_ALTER, TOPICS_CREATE, TOPICS_CREATE } },
    { TOPICS_DELETE_CONFIG, { TOPICS_ALTER, TOPICS_ALTER, TOPICS_ALTER } },
    { TOPICS_PARTITIONS, { TOPICS_ALTER, TOPICS_CREATE, TOPICS_CREATE } },
    { TOPICS_REPLICATION_FACTOR, { TOPICS_CREATE, TOPICS_CREATE, TOPICS_CREATE } },
    { TOPICS_REPLICA_ASSIGNMENT, { TOPICS_ALTER, TOPICS_CREATE, TOPICS_CREATE } },
    { TOPICS_UNDER_REPLICATED, { TOPICS_DESCRIBE, TOPICS_DESCRIBE, TOPICS_DESCRIBE } },
    { TOPICS_UNDER_MIN_ISR, { TOPICS_DESCRIBE, TOPICS_DESCRIBE, TOPICS_DESCRIBE } },
    { TOPICS_AT_MIN_ISR, { TOPICS_DESCRIBE, TOPICS_DESCRIBE, TOPICS_DESCRIBE } },
    { TOPICS_UNAVAILABLE, { TOPICS_DESCRIBE, TOPICS_DESCRIBE, TOPICS_DESCRIBE } },
    { TOPICS_WITH_OVERRIDES, { TOPICS_DESCRIBE, TOPICS_DESCRIBE, TOPICS_DESCRIBE } },
    { TOPICS_IF_EXISTS, { TOPICS_ALTER, TOPICS_DELETE, TOPICS_DESCRIBE } },
    { TOPICS_IF_NOT_EXISTS, { TOPICS_CREATE, TOPICS_CREATE, TOPICS_CREATE } },
    { TOPICS_EXCLUDE_INTERNAL, { TOPICS_LIST, TOPICS_DESCRIBE, TOPICS_DESCRIBE } },
};

static enum weir_status require(const struct options *o, int option, struct weir_error *err)
{
    if (options_has(o, option)) {
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_EINVAL, "Missing required argument \"[%s]\"", o->specs[option].name);
}

static enum weir_status exclude(const struct options *o,
                                int used,
                                int other,
                                struct weir_error *err)
{
    if (!options_has(o, used) || !options_has(o, other)) {
        return WEIR_OK;
    }
    return weir_fail(err, WEIR_EINVAL, "Option \"[%s]\" can't be used with option \"[%s]\"",
                     o->specs[used].name, o->specs[other].name);
}

static enum weir_status check_required(const struct options *o, struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    bool topic_needed = !options_has(o, TOPICS_LIST) && !options_has(o, TOPICS_DESCRIBE);
    bool topic_or_id = options_has(o, TOPICS_DESCRIBE) && options_has(o, TOPICS_IF_EXISTS) &&
                       !options_has(o, TOPICS_TOPIC_ID);
    if (topic_needed || topic_or_id) {
        rc = require(o, TOPICS_TOPIC, err);
    }
    if (rc == WEIR_OK && options_has(o, TOPICS_ALTER)) {
        if (options_has(o, TOPICS_CONFIG)) {
            return weir_fail(err, WEIR_EINVAL,
                             "Option combination \"[[bootstrap-server], [config]]\" can't be used "
                             "with option \"[alter]\" (To alter topic configurations, the "
                             "kafka-configs tool can be used.)");
        }
        rc = require(o, TOPICS_PARTITIONS, err);
    }
    return rc;
}

static enum weir_status check_compatible(const struct options *o,
                                         const struct compatible *rule,
                                         struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    for (size_t i = 0; rc == WEIR_OK && i < sizeof(actions) / sizeof(actions[0]); i++) {
        enum topics_option action = actions[i];
        if (action != rule->with[0] && action != rule->with[1] && action != rule->with[2]) {
            rc = exclude(o, rule->option, action, err);
        }
    }
    return rc;
}

enum weir_status topics_options_check(const struct options *o, struct weir_error *err)
{
    int given = 0;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        given += options_has(o, actions[i]) ? 1 : 0;
    }
    if (given != 1) {
        return weir_fail(err, WEIR_EINVAL,
                         "Command must include exactly one action: --list, --describe, --create, "
                         "--alter or --delete");
    }
    if (!options_has(o, TOPICS_BOOTSTRAP_SERVER)) {
        return weir_fail(err, WEIR_ENOTFOUND, "--bootstrap-server must be specified");
    }
    enum weir_status rc = check_required(o, err);
    for (size_t i = 0; rc == WEIR_OK && i < sizeof(compatible) / sizeof(compatible[0]); i++) {
        rc = check_compatible(o, &compatible[i], err);
    }
    if (rc == WEIR_OK) {
        rc = exclude(o, TOPICS_DELETE_CONFIG, TOPICS_BOOTSTRAP_SERVER, err);
    }
    if (rc == WEIR_OK && options_has(o, TOPICS_CREATE)) {
        rc = exclude(o, TOPICS_REPLICA_ASSIGNMENT, TOPICS_PARTITIONS, err);
        rc = rc < 0 ? rc : exclude(o, TOPICS_REPLICA_ASSIGNMENT, TOPICS_REPLICATION_FACTOR, err);
    }
    static const enum topics_option filters[] = { TOPICS_UNDER_REPLICATED, TOPICS_UNDER_MIN_ISR,
                                                  TOPICS_AT_MIN_ISR, TOPICS_UNAVAILABLE };
    for (size_t i = 0; rc == WEIR_OK && i < sizeof(filters) / sizeof(filters[0]); i++) {
        rc = exclude(o, filters[i], TOPICS_WITH_OVERRIDES, err);
    }
    return rc;
}
