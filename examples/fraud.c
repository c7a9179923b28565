/*
 * The lecture's streaming application: who made more than one suspicious transaction?
 *
 *     a_partitioned_topic --> parse --> flagged ones --> count per user --> more than one --> results
 *
 *     {"name": "John", "surname": "Smith", "amount": "123.45", "delta_t": "4.56", "flag": 1}       in, one every 0.25 s
 *     JohnSmith -> 1                                                                               out, once it is suspicious, and
 *                                                                                                  again whenever it grows
 *
 * Usage: fraud [BOOTSTRAP [CHECKPOINT]]     (localhost:9092, /tmp/fraud-checkpoint)
 *
 * Run it, kill it (with Ctrl-C or kill -9), run it again: it goes on where it was, because offsets and counts are in the checkpoint.
 * Beside each step stands the Python of the lecture.
 */
#include <stdio.h>

#include "weir/stream.h"

/* From the topic's records to the alerts. */
static struct weir_frame *alerts_of(struct weir_session *spark, const char *bootstrap)
{
    /* inputDF = spark.readStream.format("kafka").option("kafka.bootstrap.servers", ...)
     *                .option("subscribe", "a_partitioned_topic").option("startingOffsets", "earliest").load() */
    struct weir_frame *input = weir_read_stream(
        spark, "kafka", NULL,
        WEIR_OPTIONS({ "kafka.bootstrap.servers", bootstrap },
                     { "subscribe", "a_partitioned_topic" }, { "startingOffsets", "earliest" }));
    printf("isStreaming: %s\n", weir_is_streaming(input) ? "true" : "false");
    weir_print_schema(input);

    /* jsonDF = inputDF.select(from_json(col("value").cast("string"), schema).alias("value"))
     * flatDF = jsonDF.selectExpr("value.name", "value.surname", "value.amount", "value.delta_t", "value.flag") */
    struct weir_column *text = weir_cast(weir_col("value"), "string");
    struct weir_frame *json = weir_select_columns(
        input, weir_alias(weir_from_json(text, "name STRING, surname STRING, amount STRING, "
                                               "delta_t STRING, flag INT"),
                          "value"));
    struct weir_frame *flat = weir_select_expr(json, "value.name", "value.surname", "value.amount",
                                               "value.delta_t", "value.flag");

    /* fraudDF = flatDF.where(col("flag") == 1).withColumn("id", concat(col("name"), col("surname")))
     *                 .groupBy("id").count().where("count > 1").withColumn("fraud", lit(1)) */
    struct weir_frame *flagged =
        weir_with_column(weir_where(flat, "flag = 1"), "id", "concat(name, surname)");
    struct weir_frame *counts = weir_group_count(weir_group_by(flagged, "id"));
    struct weir_frame *fraud = weir_with_column(weir_where(counts, "count > 1"), "fraud", "1");

    /* resultDF = fraudDF.selectExpr("id AS key", "CAST(fraud AS STRING) AS value") */
    return weir_select_expr(fraud, "id AS key", "CAST(fraud AS STRING) AS value");
}

int main(int argc, char **argv)
{
    const char *bootstrap = argc > 1 ? argv[1] : "localhost:9092";
    const char *checkpoint = argc > 2 ? argv[2] : "/tmp/fraud-checkpoint";
    struct weir_error err;

    /* spark = SparkSession.builder.master("local[2]").appName("Fraud detection")
     *             .config("spark.sql.shuffle.partitions", 4).getOrCreate() */
    struct weir_session *spark = weir_session_create(
        &(struct weir_session_options){ .master = "local[2]",
                                        .app_name = "Fraud detection",
                                        .conf =
                                            WEIR_OPTIONS({ "spark.sql.shuffle.partitions", "4" }) },
        &err);
    if (!spark) {
        (void)fprintf(stderr, "fraud: %s\n", err.message);
        return 1;
    }

    /* query = resultDF.writeStream.outputMode("update").format("kafka").option("topic", "results")
     *                 .option("checkpointLocation", ...).option("failOnDataLoss", "false").start() */
    struct weir_query *query =
        weir_start(alerts_of(spark, bootstrap),
                   &(struct weir_stream_writer){
                       .output_mode = "update",
                       .format = "kafka",
                       .query_name = "fraud",
                       .options = WEIR_OPTIONS(
                           { "kafka.bootstrap.servers", bootstrap }, { "topic", "results" },
                           { "checkpointLocation", checkpoint }, { "failOnDataLoss", "false" }) },
                   &err);

    /* query.awaitTermination() */
    if (!query || weir_query_await(query, -1, &err) != WEIR_OK) {
        (void)fprintf(stderr, "fraud: %s\n", weir_session_error(spark));
        weir_session_close(spark);
        return 1;
    }
    weir_session_close(spark);
    return 0;
}
