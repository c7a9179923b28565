/*
 * The logger: see logger.h.
 */
#include "broker/logger.h"

#include <string.h>

static const char *const level_names[] = {
    [LOG_LEVEL_TRACE] = "TRACE", [LOG_LEVEL_DEBUG] = "DEBUG", [LOG_LEVEL_INFO] = "INFO",
    [LOG_LEVEL_WARN] = "WARN",   [LOG_LEVEL_ERROR] = "ERROR", [LOG_LEVEL_FATAL] = "FATAL"
};

const char *logger_level_name(const struct log *log)
{
    return level_names[log_level(log)];
}

/* -1: there is no such level. */
static int level_of(struct bytes name)
{
    for (int i = 0; i <= LOG_LEVEL_FATAL; i++) {
        if (bytes_equal_text(name, level_names[i])) {
            return i;
        }
    }
    return -1;
}

static enum kafka_error check(const struct config_change *change,
                              struct arena *arena,
                              struct bytes *out_message)
{
    struct bytes name = change->entry.name;
    if (change->operation == CONFIG_APPEND || change->operation == CONFIG_SUBTRACT) {
        *out_message =
            arena_printf(arena, "%s operation is not allowed for the BROKER_LOGGER resource",
                         change->operation == CONFIG_APPEND ? "APPEND" : "SUBTRACT");
        return KAFKA_INVALID_REQUEST;
    }
    if (!bytes_equal_text(name, "root")) {
        *out_message = arena_printf(arena, "Logger %.*s does not exist!", BYTES_ARG(name));
        return KAFKA_INVALID_CONFIG;
    }
    if (change->operation == CONFIG_DELETE) {
        *out_message = bytes_of("Removing the log level of the root logger is not allowed");
        return KAFKA_INVALID_REQUEST;
    }
    if (level_of(change->entry.value) < 0) {
        *out_message = arena_printf(
            arena,
            "Cannot set the log level of %.*s to %.*s as it is not a supported log level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
            BYTES_ARG(name), BYTES_ARG(change->entry.value));
        return KAFKA_INVALID_CONFIG;
    }
    return KAFKA_NONE;
}

enum kafka_error logger_alter(struct log *log,
                              const struct config_change *changes,
                              int32_t count,
                              bool validate_only,
                              struct arena *arena,
                              struct bytes *out_message)
{
    *out_message = (struct bytes){ 0 };
    for (int32_t i = 0; i < count; i++) {
        enum kafka_error error = check(&changes[i], arena, out_message);
        if (error != KAFKA_NONE) {
            return error;
        }
    }
    for (int32_t i = 0; !validate_only && i < count; i++) {
        log_set_level(log, (enum log_level)level_of(changes[i].entry.value));
    }
    return KAFKA_NONE;
}
