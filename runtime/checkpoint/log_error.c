/*
 * Faults of logs: see log_error.h.
 */
#include "checkpoint/log_error.h"

#include <inttypes.h>

static const struct sql_condition illegal_state = { "", "", "java.lang.IllegalStateException" };
static const struct sql_condition io = { "", "", "java.io.IOException" };

static const char restore[] =
    "Restore the file from a copy of the checkpoint, or start the query with another "
    "checkpointLocation: it then begins anew.";

enum { VERSION = 1, LINE_SHOWN = 1000 };

bool log_cut_line(struct bytes *rest, struct bytes *out_line)
{
    if (rest->len == 0 || !bytes_cut(rest, '\n', out_line)) {
        return false;
    }
    while (out_line->len > 0 && out_line->data[out_line->len - 1] == '\r') {
        out_line->len--;
    }
    return true;
}

bool log_cut_version(struct bytes *rest, struct log_fault *fault)
{
    struct bytes line;
    int64_t version = 0;
    if (!log_cut_line(rest, &line)) {
        fault->damage = LOG_INCOMPLETE;
        return false;
    }
    line = bytes_trim(line);
    fault->found = line;
    bool numbered = line.len > 1 && line.data[0] == 'v' &&
                    bytes_parse_i64((struct bytes){ line.data + 1, line.len - 1 }, &version);
    if (!numbered || version <= 0 || version > INT32_MAX) {
        fault->damage = LOG_NO_VERSION;
        return false;
    }
    if (version != VERSION) {
        fault->damage = LOG_OTHER_VERSION;
        fault->version = (int32_t)version;
        return false;
    }
    return true;
}

/* With the condition inside, as Spark nests them: what failed is the reading of the file. */
static void say(const char *path, const struct log_fault *f, struct sql_error *error)
{
    int shown = f->found.len < LINE_SHOWN ? (int)f->found.len : LINE_SHOWN;
    switch (f->damage) {
    case LOG_GOOD:
    case LOG_INCOMPLETE:
        (void)sql_fail(error, &illegal_state,
                       "Failed to read log file file:%s. Incomplete log file%s", path,
                       f->commit ? " in the offset commit log" : "");
        return;
    case LOG_NO_VERSION:
        (void)sql_fail(error, &illegal_state,
                       "Failed to read log file file:%s. [MALFORMED_LOG_FILE] Log file was "
                       "malformed: failed to read correct log version from %.*s. SQLSTATE: KD002",
                       path, shown, (const char *)f->found.data);
        return;
    case LOG_OTHER_VERSION:
        if (f->commit) {
            (void)sql_fail(error, &illegal_state,
                           "Failed to read log file file:%s. "
                           "[INVALID_LOG_VERSION.EXACT_MATCH_VERSION] UnsupportedLogVersion. The "
                           "only supported log version is v%d, but encountered v%" PRId32
                           ". SQLSTATE: KD002",
                           path, VERSION, f->version);
            return;
        }
        (void)sql_fail(error, &illegal_state,
                       "Failed to read log file file:%s. "
                       "[INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION] UnsupportedLogVersion. The "
                       "maximum supported log version is v%d, but encountered v%" PRId32
                       ". The log file was produced by a newer version of Spark and cannot be "
                       "read by this version. You need to upgrade. SQLSTATE: KD002",
                       path, VERSION, f->version);
        return;
    case LOG_NO_JSON:
        (void)sql_fail(error, &illegal_state,
                       "Failed to read log file file:%s. It is not JSON at line %" PRId32
                       ", column %" PRId64 ".",
                       path, f->line, f->column);
        return;
    case LOG_NO_FIELD:
        (void)sql_fail(error, &illegal_state,
                       "Failed to read log file file:%s. The field %s is missing, or of another "
                       "type.",
                       path, f->field);
        return;
    case LOG_NO_SCHEMA:
        (void)sql_fail(
            error, &illegal_state,
            "Failed to read log file file:%s. It does not hold the schemas of keys and values.",
            path);
        return;
    }
}

bool log_fail_damaged(const char *path, const struct log_fault *fault, struct sql_error *error)
{
    say(path, fault, error);
    sql_error_add(error, "\n%s", restore);
    return false;
}

bool log_fail_reading(const struct weir_error *why, struct sql_error *error)
{
    (void)sql_fail(error, &io, "%s", why->message);
    sql_error_add(error, "\nLet the user who runs the query read and write there.");
    return false;
}

bool log_fail_writing(const struct weir_error *why, struct sql_error *error)
{
    (void)sql_fail(error, &io, "%s", why->message);
    sql_error_add(error, "\nThe batch is not lost: remove the cause, and start the query again; it "
                         "goes on where it was.");
    return false;
}

bool log_advise_restore(const char *path, struct sql_error *error)
{
    sql_error_add(error, "\nThis is in file:%s. %s", path, restore);
    return false;
}

bool log_fail_concurrent(int64_t batch, struct sql_error *error)
{
    static const struct sql_condition concurrent = { "CONCURRENT_STREAM_LOG_UPDATE", "40000",
                                                     "org.apache.spark.SparkException" };
    return sql_fail(error, &concurrent,
                    "Concurrent update to the log. Multiple streaming jobs detected for %" PRId64
                    ".\nPlease make sure only one streaming job runs on a specific checkpoint "
                    "location at a time.",
                    batch);
}

bool log_fail_missing(const char *path, int64_t batch, struct sql_error *error)
{
    (void)sql_fail(error, &illegal_state, "batch %" PRId64 " doesn't exist", batch);
    sql_error_add(error, "\nThere is no file:%s. %s", path, restore);
    return false;
}
