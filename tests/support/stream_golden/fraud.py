"""The fraud detection query of the lecture over Kafka: schemas, the console in all modes, the Kafka sink, a restart, and kill -9."""
import contextlib
import io
import json
import os

from stream_golden.case import driver

TOPIC, RESULTS = "a_partitioned_topic", "results"


def records(case, inputs, name=TOPIC + ".jsonl"):
    """The transactions that the case begins with: its own, or the first N of those that all share."""
    if name in case.input:
        return [json.loads(line) for line in case.input[name].split("\n") if line]
    said = case.info["input_run2" if "run2" in name else "input"] if name != "all" else ""
    count = int(said.split("first ")[1].split()[0]) if said else None
    return [json.loads(line) for line in inputs[name].split("\n") if line][:count]


def sink(case, frame, mode, form="console", **options):
    writer = frame.writeStream.outputMode(mode).format(form).trigger(availableNow=True).option("checkpointLocation", case.tmp + "/ck")
    for name, value in options.items():
        writer = writer.option(name.replace("__", "."), value)
    return writer.start()


def to_results(case, mode):
    return sink(case, case.run(BOOT=case.broker.bootstrap)["out"], mode, "kafka", kafka__bootstrap__servers=case.broker.bootstrap, topic=RESULTS,
                failOnDataLoss="false")


@driver("fraud_console_append_parsed", "fraud_console_append_raw", "fraud_console_append_flagged", "fraud_console_update", "fraud_console_update_counts",
        "fraud_console_complete", "fraud_console_complete_counts", "fraud_console_update_4parts", "fraud_console_complete_4parts", "fraud_headers",
        "fraud_window_append", "fraud_window_update", "fraud_window_complete")
def console(case):
    with case:
        case.start_broker().create({TOPIC: 2})
        case.broker.produce(TOPIC, records(case, case.shared))
        for name, value in case.info["conf"].items():
            case.spark.conf.set(name, value)
        query = sink(case, case.run(BOOT=case.broker.bootstrap)["out"], case.info["output_mode"], **case.info["options"])
        case.wait(query)
        case.put("console.txt", case.console())
        case.progress(query)
        case.checkpoint()


@driver("fraud_schemas")
def schemas(case):
    with case:
        case.start_broker().create({TOPIC: 2, RESULTS: 2})
        names = case.run(BOOT=case.broker.bootstrap)
        names["headersDF"] = (case.spark.readStream.format("kafka").option("kafka.bootstrap.servers", case.broker.bootstrap).option("subscribe", TOPIC)
                              .option("includeHeaders", "true").load())
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            for name in ("inputDF", "headersDF", "jsonDF", "flatDF", "flagged", "counts", "fraud", "result"):
                frame = names[name]
                print(f"== {name}.isStreaming\n{frame.isStreaming}\n== {name}.printSchema()")
                frame.printSchema()
                print(f"== {name}.columns\n{frame.columns}\n== repr({name})\n{frame!r}\n== {name}.dtypes\n{frame.dtypes}")
        case.put("schemas.txt", out.getvalue())
        chosen = {name: json.loads(names[name].schema.json()) for name in ("inputDF", "headersDF", "flatDF", "counts", "result")}
        case.put("schema.json", json.dumps(chosen, indent=1) + "\n")


@driver("fraud_console_append_aggregated")
def refused(case):
    with case:
        case.start_broker().create({TOPIC: 2})
        names = case.run(BOOT=case.broker.bootstrap)
        case.expect_error(lambda: sink(case, names["result"], "append"))
        case.expect_error(lambda: sink(case, names["flatDF"], "complete"), "error_complete_without_aggregation.txt")


@driver("fraud_kafka_update", "fraud_kafka_complete")
def kafka(case):
    mode = case.info["output_mode"]
    with case:
        case.start_broker().create({TOPIC: 2, RESULTS: 2})
        case.broker.produce(TOPIC, records(case, case.shared))
        query = to_results(case, mode)
        case.wait(query)
        case.progress(query)
        case.checkpoint()
        first = case.broker.dump(RESULTS, 2)
        case.put_lines("results.jsonl", first)
        case.broker.produce(TOPIC, records(case, case.shared, TOPIC + "_run2.jsonl"))
        query = to_results(case, mode)
        case.wait(query)
        case.progress(query, "progress_run2.jsonl")
        case.checkpoint(name="checkpoint_run2")
        case.put_lines("results_run2.jsonl", [row for row in case.broker.dump(RESULTS, 2) if row not in first])
        query = to_results(case, mode)
        case.wait(query)
        case.progress(query, "progress_run3_nothing_new.jsonl")
        case.put("run3_count.txt", f"records in results after the third run: {len(case.broker.dump(RESULTS, 2))}\n")


# Where the captures slept: a record for which an expression takes many seconds. It depends on the record, or it would be worked out once, before.
SLOW = "IF(amount = '{marker}', flag + 0 * levenshtein(repeat(amount, 30000), repeat(surname, 30000)), flag)"


@driver("fraud_kill9")
def kill9(case):
    with case:
        case.start_broker().create({TOPIC: 2, RESULTS: 2})
        wanted = records(case, case.shared)
        case.broker.produce(TOPIC, wanted)
        names = case.run(BOOT=case.broker.bootstrap)
        F, marker = names["F"], json.loads(wanted[250]["value"])["amount"]
        slow = names["flatDF"].withColumn("flag", F.expr(SLOW.format(marker=marker)))
        out = (slow.where(F.col("flag") == 1).withColumn("id", F.concat("name", "surname")).groupBy("id").count().where("count > 1")
               .withColumn("fraud", F.lit(1)).select(F.col("id").alias("key"), F.col("fraud").cast("string").alias("value")))
        checkpoint = case.tmp + "/ck"
        (out.writeStream.outputMode("update").format("kafka").option("kafka.bootstrap.servers", case.broker.bootstrap).option("topic", RESULTS)
         .option("checkpointLocation", checkpoint).option("failOnDataLoss", "false").start())
        assert case.until(lambda: os.path.exists(checkpoint + "/offsets/2") and os.path.exists(checkpoint + "/commits/1")), "batch 2 did not begin"
        case.spark.kill()
        case.checkpoint(name="checkpoint_after_kill")
        case.put_lines("results_after_kill.jsonl", case.broker.dump(RESULTS, 2))
        case.open()
        query = to_results(case, "update")
        case.wait(query)
        case.progress(query)
        case.checkpoint()
        case.put_lines("results.jsonl", case.broker.dump(RESULTS, 2))
