/*
 * The table of commands: see command.h.
 */
#include <stddef.h>

#include "cli/command.h"

const struct command commands[] = {
    { "broker", "kafka-server-start.sh", "Run a Kafka-compatible broker", cmd_broker },
    { "expr", NULL, "Evaluate expressions of Spark SQL", cmd_expr },
    { "topics", "kafka-topics.sh", "Create, list, describe and delete topics", cmd_topics },
};

const int command_count = sizeof(commands) / sizeof(commands[0]);
