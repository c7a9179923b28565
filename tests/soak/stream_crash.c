/*
 * The lecture's application as a student writes it, to be killed at every step (stream_crash_test.py).
 *
 *     stream_crash counts|files BOOTSTRAP TOPIC CHECKPOINT OUTPUT [NAME=VALUE]...      OUTPUT: a topic, a folder; the rest: conf
 *     stream_crash state        BOOTSTRAP TOPIC CHECKPOINT -      [NAME=VALUE]...      prints "id count" of all that the state holds
 *
 *     counts   topic -> parse -> flagged ones -> count per id -> a topic: key = id, value = "<count> <batch timestamp>"     (update)
 *     files    topic -> parse -> flagged ones ------------------> JSON files: partition, offset, id, amount, ms             (append)
 *
 * Runs until everything that is in the topic is done; exit code 0 then, else 1 and the reason on stderr.
 */
#include <stdio.h>
#include <string.h>

#include "weir/stream.h"

#define MAX_PER_BATCH "40"
#define SCHEMA        "name STRING, surname STRING, amount STRING, delta_t STRING, flag INT"

static struct weir_frame *flagged(struct weir_session *spark, char **argv)
{
    struct weir_frame *input = weir_read_stream(
        spark, "kafka", NULL,
        WEIR_OPTIONS({ "kafka.bootstrap.servers", argv[2] }, { "subscribe", argv[3] },
                     { "startingOffsets", "earliest" }, { "maxOffsetsPerTrigger", MAX_PER_BATCH }));
    struct weir_frame *json = weir_select_expr(
        input, "from_json(CAST(value AS STRING), '" SCHEMA "') AS value", "partition", "offset");
    struct weir_frame *flat = weir_select_expr(json, "value.name", "value.surname", "value.amount",
                                               "value.flag", "partition", "offset");
    return weir_with_column(weir_where(flat, "flag = 1"), "id", "concat(name, surname)");
}

static struct weir_frame *counts(struct weir_session *spark, char **argv)
{
    return weir_group_count(weir_group_by(flagged(spark, argv), "id"));
}

/* --- what is done with them --- */

static struct weir_query *start_counts(struct weir_session *spark,
                                       char **argv,
                                       struct weir_error *err)
{
    struct weir_frame *result = weir_select_expr(
        counts(spark, argv), "id AS key",
        "concat(CAST(count AS STRING), ' ', CAST(unix_millis(current_timestamp()) AS STRING)) AS "
        "value");
    return weir_start(
        result,
        &(struct weir_stream_writer){
            .output_mode = "update",
            .format = "kafka",
            .trigger = { WEIR_TRIGGER_AVAILABLE_NOW, NULL },
            .options = WEIR_OPTIONS({ "kafka.bootstrap.servers", argv[2] }, { "topic", argv[5] },
                                    { "checkpointLocation", argv[4] }) },
        err);
}

static struct weir_query *start_files(struct weir_session *spark,
                                      char **argv,
                                      struct weir_error *err)
{
    struct weir_frame *result =
        weir_select_expr(flagged(spark, argv), "partition", "offset", "id", "amount",
                         "unix_millis(current_timestamp()) AS ms");
    return weir_start(
        result,
        &(struct weir_stream_writer){
            .output_mode = "append",
            .format = "json",
            .trigger = { WEIR_TRIGGER_AVAILABLE_NOW, NULL },
            .options = WEIR_OPTIONS({ "path", argv[5] }, { "checkpointLocation", argv[4] }) },
        err);
}

static enum weir_status print_rows(struct weir_frame *batch,
                                   int64_t batch_id,
                                   void *context,
                                   struct weir_error *err)
{
    (void)batch_id;
    (void)context;
    struct weir_rows *rows;
    enum weir_status rc = weir_collect(batch, &rows, err);
    for (size_t i = 0; rc == WEIR_OK && i < weir_rows_count(rows); i++) {
        printf("%s ", weir_rows_text(rows, i, 0));
        printf("%s\n", weir_rows_text(rows, i, 1));
    }
    if (rc == WEIR_OK) {
        weir_rows_free(rows);
    }
    return rc;
}

static struct weir_query *start_state(struct weir_session *spark,
                                      char **argv,
                                      struct weir_error *err)
{
    return weir_start(
        counts(spark, argv),
        &(struct weir_stream_writer){ .output_mode = "complete",
                                      .foreach_batch = print_rows,
                                      .trigger = { WEIR_TRIGGER_AVAILABLE_NOW, NULL },
                                      .options = WEIR_OPTIONS({ "checkpointLocation", argv[4] }) },
        err);
}

/* --- running --- */

static enum weir_status set_conf(struct weir_session *spark,
                                 char **settings,
                                 struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    for (; rc == WEIR_OK && *settings; settings++) {
        char *equals = strchr(*settings, '=');
        *equals = '\0';
        rc = weir_conf_set(spark, *settings, equals + 1, err);
    }
    return rc;
}

static struct weir_query *start(struct weir_session *spark, char **argv, struct weir_error *err)
{
    if (strcmp(argv[1], "counts") == 0) {
        return start_counts(spark, argv, err);
    }
    return strcmp(argv[1], "files") == 0 ? start_files(spark, argv, err)
                                         : start_state(spark, argv, err);
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        (void)fprintf(stderr, "usage: stream_crash counts|files|state BOOTSTRAP TOPIC CHECKPOINT "
                              "OUTPUT [NAME=VALUE]...\n");
        return 1;
    }
    struct weir_error err = { 0 };
    struct weir_session *spark = weir_session_create(
        &(struct weir_session_options){ .master = "local[2]", .app_name = "Crash" }, &err);
    if (!spark || set_conf(spark, argv + 6, &err) != WEIR_OK) {
        (void)fprintf(stderr, "stream_crash: %s\n", err.message);
        weir_session_close(spark);
        return 1;
    }
    struct weir_query *query = start(spark, argv, &err);
    bool good = query && weir_query_await(query, -1, &err) == WEIR_OK;
    if (!good) {
        const char *why = query ? weir_query_exception(query) : NULL;
        (void)fprintf(stderr, "stream_crash: %s\n", why ? why : weir_session_error(spark));
    }
    weir_session_close(spark);
    return good ? 0 : 1;
}
