/*
 * Where a Kafka source began: see kafka_log.h.
 */
#include "sources/kafka_log.h"

#include <limits.h>
#include <stdio.h>

#include "checkpoint/log_error.h"
#include "checkpoint/metadata_log.h"
#include "sources/kafka_errors.h"

enum { LOG_VERSION = 1, LOG_MAX = 64 << 20 };

static bool parse_log(struct bytes text,
                      struct arena *arena,
                      struct kafka_offsets *out,
                      struct sql_error *error)
{
    struct bytes rest = { text.data + 1, text.len > 0 ? text.len - 1 : 0 };
    struct bytes json = rest;
    if (rest.len == 0) {
        return sql_fail(error, &kafka_illegal_argument, "requirement failed");
    }
    if (rest.data[0] == 'v') {
        struct bytes version;
        bool has_line = bytes_cut(&json, '\n', &version) && !bytes_is_null(json);
        int64_t number = 0;
        struct bytes digits = { version.data + 1, version.len - 1 };
        if (!has_line) {
            return sql_fail(error, &kafka_illegal_state,
                            "Log file was malformed: failed to detect the log file version line.");
        }
        if (!bytes_parse_i64(digits, &number) || number <= 0) {
            return sql_fail(error, &kafka_illegal_state,
                            "Log file was malformed: failed to read correct log version from %.*s.",
                            BYTES_ARG(version));
        }
        if (number > LOG_VERSION) {
            return sql_fail(
                error, &kafka_illegal_state,
                "UnsupportedLogVersion: maximum supported log version is v%d, but encountered v%lld. The log "
                "file was produced by a newer version of Spark and cannot be read by this version. Please "
                "upgrade.",
                LOG_VERSION, (long long)number);
        }
    }
    return kafka_offsets_parse(arena, json, out) ||
           sql_fail(
               error, &kafka_illegal_argument,
               "Expected e.g. {\"topicA\":{\"0\":23,\"1\":-1},\"topicB\":{\"0\":-2}}, got %.*s",
               BYTES_ARG(json));
}

bool kafka_log_read(const char *folder,
                    bool sync,
                    struct arena *arena,
                    struct kafka_offsets *out,
                    bool *out_found,
                    struct sql_error *error)
{
    struct metadata_log log;
    struct bytes text = { 0 };
    if (!metadata_log_open(&log, folder, sync, 0, error)) {
        return false;
    }
    bool ok = metadata_log_read(&log, 0, arena, &text, error);
    *out_found = ok && text.data;
    if (*out_found && !parse_log(text, arena, out, error)) {
        char path[PATH_MAX];
        (void)snprintf(path, sizeof(path), "%s/0", log.folder);
        ok = log_advise_restore(path, error);
    }
    metadata_log_finish(&log);
    return ok;
}

bool kafka_log_write(const char *folder,
                     bool sync,
                     const struct kafka_offsets *offsets,
                     struct sql_error *error)
{
    struct metadata_log log;
    if (!metadata_log_open(&log, folder, sync, 0, error)) {
        return false;
    }
    struct buffer text;
    buffer_init(&text, LOG_MAX);
    buffer_append(&text, "\0v1\n", 4);
    kafka_offsets_print(&text, offsets);
    enum metadata_log_written written = metadata_log_write(&log, 0, buffer_bytes(&text), error);
    buffer_finish(&text);
    metadata_log_finish(&log);
    if (written == LOG_EXISTS) {
        return sql_fail(error, &kafka_illegal_state, "%s/0 was written by another query meanwhile",
                        folder);
    }
    return written == LOG_WRITTEN;
}
