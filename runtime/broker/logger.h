/*
 * The broker's one logger, "root": which log lines are written, from which level on. It can be asked and changed while the broker
 * runs, as Kafka's loggers can, and is what the program began with after the next start.
 *
 * Source: kafka.server.logger.RuntimeLoggerManager; the texts are those of Kafka 4.3.
 *
 * Thread: any.
 */
#pragma once

#include "base/log.h"
#include "broker/topics_change.h"

const char *logger_level_name(const struct log *log);

/* KAFKA_INVALID_CONFIG or KAFKA_INVALID_REQUEST with Kafka's sentence when one of the changes cannot be; then none is made. */
enum kafka_error logger_alter(struct log *log,
                              const struct config_change *changes,
                              int32_t count,
                              bool validate_only,
                              struct arena *arena,
                              struct bytes *out_message);
