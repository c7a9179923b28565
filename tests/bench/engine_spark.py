"""PySpark's side of the engine benchmark: the commands and queries of engine_query.c, which tells what they are. Runs in PySpark's own Python.

    engine_spark.py BOOTSTRAP FOLDER-OF-JARS FOLDER-FOR-FILES"""
import json
import os
import sys
import time

answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what Spark prints is not for the benchmark

from pyspark.sql import SparkSession  # noqa: E402
from pyspark.sql.functions import col, concat, from_json, lit  # noqa: E402

BOOTSTRAP, JARS, HOME = sys.argv[1:4]
TRANSACTION = "name STRING, surname STRING, amount STRING, delta_t STRING, flag INT"
ADVERTISEMENT = "user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type STRING, event_time STRING, ip_address STRING"


def make_session():
    """As it comes, save what keeps it off the network and on two cores, with as many partitions of state."""
    builder = SparkSession.builder.master("local[2]").appName("bench")
    for name, value in {
            "spark.jars": ",".join(os.path.join(JARS, name) for name in sorted(os.listdir(JARS))),
            "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.driver.memory": "2g",
            "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={HOME}", "spark.local.dir": HOME, "spark.sql.warehouse.dir": f"{HOME}/warehouse",
            "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "2",
            "spark.sql.session.timeZone": "UTC", "spark.sql.streaming.numRecentProgressUpdates": "100000"}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def lecture(source):
    flat = (source.select(from_json(col("value").cast("string"), TRANSACTION).alias("value"))
            .selectExpr("value.name", "value.surname", "value.amount", "value.delta_t", "value.flag"))
    flagged = flat.where(col("flag") == 1).withColumn("id", concat(col("name"), col("surname")))
    fraud = flagged.groupBy("id").count().where("count > 1").withColumn("fraud", lit(1))
    return fraud.selectExpr("id AS key", "CAST(fraud AS STRING) AS value")


def yahoo(source):
    events = source.select(from_json(col("value").cast("string"), ADVERTISEMENT).alias("value")).select("value.*")
    counts = events.where("event_type = 'view'").select("ad_id", "event_time").groupBy("ad_id").count()
    return counts.selectExpr("ad_id AS key", "CAST(count AS STRING) AS value")


def start(session, words, **trigger):
    query, source, output, checkpoint, limit = words
    reader = (session.readStream.format("kafka").option("kafka.bootstrap.servers", BOOTSTRAP).option("subscribe", source)
              .option("startingOffsets", "earliest"))
    if limit != "0":
        reader = reader.option("maxOffsetsPerTrigger", limit)
    result = {"lecture": lecture, "yahoo": yahoo}[query](reader.load())
    writer = (result.writeStream.outputMode("update").format("kafka").option("kafka.bootstrap.servers", BOOTSTRAP).option("topic", output)
              .option("checkpointLocation", checkpoint))
    return (writer.trigger(**trigger) if trigger else writer).start()


def progress_of(query):
    return [json.loads(progress.json()) for progress in query._jsq.recentProgress()]


def main():
    session, query = make_session(), None
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        verb, *words = line.split()
        if verb == "drain":
            begun = time.monotonic()
            query = start(session, words, availableNow=True)
            query.awaitTermination()
            answer = {"seconds": time.monotonic() - begun, "progress": progress_of(query)}
        elif verb == "start":
            query, answer = start(session, words), {}
        else:
            query.stop()
            answer = {"progress": progress_of(query)}
        print(json.dumps(answer), file=answers, flush=True)
    session.stop()


main()
