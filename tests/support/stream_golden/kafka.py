"""The Kafka source: where it starts, how it cuts batches, and what it makes of what is lost, added and not committed."""
import json
import shutil

from stream_golden.case import driver, plain
from stream_golden.topics import FIRST_TIME, records

SHORT = ("topic", "partition", "offset", "CAST(key AS STRING)", "CAST(value AS STRING)")


def read(case, topic, **options):
    reader = case.spark.readStream.format("kafka").option("kafka.bootstrap.servers", case.broker.bootstrap).option("startingOffsets", "earliest")
    if topic:
        reader = reader.option("subscribe", topic)
    for name, value in options.items():
        reader = reader.option(name.replace("__", "."), value)
    return reader.load()


def run_rows(case, frame, tag="", trigger=None, checkpoint="ck"):
    """Runs it with foreachBatch: the rows of each batch, and the progress."""
    got = []

    def keep(batch, batch_id):
        got.append({"batchId": batch_id, "rows": [plain(row) for row in batch.collect()]})

    def start(form, where):
        writer = frame.selectExpr(*SHORT).writeStream.option("checkpointLocation", f"{case.tmp}/{where}").trigger(**(trigger or {"availableNow": True}))
        return (writer.format(form) if form else writer.foreachBatch(keep)).start()
    query = start(None, checkpoint)
    try:
        query.awaitTermination(90)
    except case.errors: # once more into nothing: the error without a callback around it
        shutil.copytree(f"{case.tmp}/{checkpoint}", f"{case.tmp}/{checkpoint}-again{tag}")
        if case.wait(start("noop", f"{checkpoint}-again{tag}"), f"error{tag}.txt"):
            case.put(f"error{tag}.txt", "no error in the second attempt\n")
    case.put_lines(f"rows{tag}.jsonl", got)
    case.progress(query, f"progress{tag}.jsonl")


@driver("kafka_max_offsets_split")
def split(case):
    backlogs = (((1000, 10, 0), 100), ((1000, 10, 1), 100), ((7, 3, 1, 1, 0), 5), ((7, 7), 3), ((10, 10, 10), 1), ((5, 5), 50))
    with case:
        case.start_broker()
        for number, (counts, limit) in enumerate(backlogs):
            topic = f"uneven{number}"
            case.broker.create({topic: len(counts)})
            case.broker.produce(topic, [record for p, count in enumerate(counts) for record in records(count, p)])
            query = (read(case, topic, maxOffsetsPerTrigger=limit).writeStream.format("noop").option("checkpointLocation", f"{case.tmp}/ck{number}")
                     .trigger(availableNow=True).start())
            case.wait(query)
            batches = [{"batchId": p["batchId"], "numInputRows": p["numInputRows"], "endOffset": p["sources"][0]["endOffset"][topic]}
                       for p in query.recentProgress]
            case.put_lines(f"split_{number}.jsonl", [{"backlog": counts, "limit": limit}, *batches])


@driver("kafka_starting_offsets")
def starting(case):
    by_time = '{"start_t":{"0":%d,"1":%d}}'
    wanted = {
        "_json": {"startingOffsets": '{"start_t":{"0":3,"1":-2}}'}, "_json_latest": {"startingOffsets": '{"start_t":{"0":8,"1":-1}}'}, "_earliest": {},
        "_latest": {"startingOffsets": "latest"}, "_timestamp": {"startingTimestamp": FIRST_TIME + 7500},
        "_by_timestamp": {"startingOffsetsByTimestamp": by_time % (FIRST_TIME + 8000, FIRST_TIME + 9000)},
        "_precedence": {"startingTimestamp": FIRST_TIME + 9000, "startingOffsetsByTimestamp": by_time % (0, 0),
                        "startingOffsets": '{"start_t":{"0":0,"1":0}}'},
        "_by_timestamp_minus": {"startingOffsetsByTimestamp": by_time % (-1, -2)}, "_once": {"maxOffsetsPerTrigger": 5},
    }
    with case:
        case.start_broker().create({"start_t": 2})
        case.broker.produce("start_t", records(10, 0) + records(10, 1))
        for tag, options in wanted.items():
            run_rows(case, read(case, "start_t", **options), tag, {"once": True} if tag == "_once" else None, "ck" + tag)
            case.checkpoint("ck" + tag, "checkpoint" + tag)


@driver("kafka_latest_empty_batch0")
def latest(case):
    import time
    with case:
        case.start_broker().create({"late_t": 2})
        case.broker.produce("late_t", records(3, 0))
        frame = case.spark.readStream.format("kafka").option("kafka.bootstrap.servers", case.broker.bootstrap).option("subscribe", "late_t").load()
        query = frame.selectExpr(*SHORT).writeStream.format("console").option("checkpointLocation", case.tmp + "/ck").start()
        case.put("status_start.json", json.dumps([query.status, query.lastProgress]) + "\n")
        query.processAllAvailable()
        case.broker.produce("late_t", records(2, 0, 3) + records(1, 1))
        query.processAllAvailable()
        case.broker.produce("late_t", records(1, 1, 1))
        query.processAllAvailable()
        time.sleep(11) # the idle progress comes after ten seconds, and what is looked at is that it comes once
        query.stop()
        case.put("console.txt", case.console())
        case.progress(query)
        case.checkpoint()


@driver("kafka_min_partitions")
def min_partitions(case):
    with case:
        case.start_broker().create({"minp_t": 2})
        case.broker.produce("minp_t", records(10, 0) + records(3, 1))
        for count in (1, 2, 3, 5, 13, 20):
            run_rows(case, read(case, "minp_t", minPartitions=count), f"_{count}", None, f"ck{count}")


@driver("kafka_min_offsets")
def min_offsets(case):
    import time
    with case:
        case.start_broker().create({"mino_t": 1})
        case.broker.produce("mino_t", records(4, 0))
        query = (read(case, "mino_t", minOffsetsPerTrigger=5, maxTriggerDelay="6s").selectExpr(*SHORT).writeStream.format("console")
                 .option("checkpointLocation", case.tmp + "/ck").start())
        for pause, count, first in ((3, 2, 4), (3, 6, 6), (3, 1, 12)): # the delays are what is tested
            time.sleep(pause)
            case.broker.produce("mino_t", records(count, 0, first))
        time.sleep(9)
        query.stop()
        case.put("console.txt", case.console())
        case.progress(query)


@driver("kafka_deleted_records")
def loss(case):
    with case:
        case.start_broker()
        for tag, fail in (("_fail", "true"), ("_continue", "false")):
            topic = "loss" + tag
            case.broker.create({topic: 2})
            case.broker.produce(topic, records(10, 0) + records(10, 1))
            run_rows(case, read(case, topic), "_1" + tag, None, "ck" + tag)
            case.broker.produce(topic, records(10, 0, 10) + records(10, 1, 10))
            case.broker.delete_records(topic, 0, 15)
            run_rows(case, read(case, topic, failOnDataLoss=fail), "_2" + tag, None, "ck" + tag)


@driver("kafka_start_below_log_start")
def aged(case):
    with case:
        case.start_broker().create({"aged_t": 1})
        case.broker.produce("aged_t", records(20, 0))
        case.broker.delete_records("aged_t", 0, 8)
        at_zero = {"startingOffsets": '{"aged_t":{"0":0}}'}
        for tag, options in (("_earliest", {}), ("_json_0", at_zero), ("_json_0_nofail", {**at_zero, "failOnDataLoss": "false"})):
            run_rows(case, read(case, "aged_t", **options), tag, None, "ck" + tag)


@driver("kafka_topic_deleted")
def gone(case):
    limits = {"kafka__default__api__timeout__ms": "5000", "kafka__request__timeout__ms": "4000"}
    with case:
        case.start_broker()
        for tag, fail in (("_fail", "true"), ("_continue", "false")):
            topic, stays = "gone" + tag, "stay" + tag
            both = f"{topic},{stays}"
            case.broker.create({topic: 1, stays: 1})
            case.broker.produce(topic, records(4, 0))
            case.broker.produce(stays, records(3, 0))
            run_rows(case, read(case, both), "_1" + tag, None, "ck" + tag)
            case.broker.delete(topic)
            case.broker.produce(stays, records(2, 0, 3))
            run_rows(case, read(case, both, failOnDataLoss=fail, **limits), "_2" + tag, None, "ck" + tag)
            case.broker.create({topic: 1})
            case.broker.produce(topic, records(2, 0))
            run_rows(case, read(case, both, failOnDataLoss=fail, **limits), "_3_recreated" + tag, None, "ck" + tag)


@driver("kafka_new_partitions")
def grown(case):
    with case:
        case.start_broker().create({"grown_t": 1})
        case.broker.produce("grown_t", records(4, 0))
        run_rows(case, read(case, "grown_t"), "_1")
        case.broker.add_partitions("grown_t", 3)
        case.broker.produce("grown_t", records(2, 0, 4) + records(3, 1) + records(1, 2))
        run_rows(case, read(case, "grown_t", startingOffsets="latest"), "_2")
        case.checkpoint()


@driver("kafka_subscribe_pattern")
def pattern(case):
    def frame():
        return read(case, None, subscribePattern="pat_.*", startingOffsets="earliest", kafka__metadata__max__age__ms="1000")
    with case:
        case.start_broker().create({"pat_a": 1})
        case.broker.produce("pat_a", records(2, 0))
        run_rows(case, frame(), "_1")
        case.broker.create({"pat_b": 2})
        case.broker.produce("pat_b", records(2, 0) + records(1, 1))
        run_rows(case, frame(), "_2")
        case.checkpoint()


@driver("kafka_assign_and_two_topics")
def assign(case):
    with case:
        case.start_broker().create({"asg_b": 3, "asg_a": 1})
        case.broker.produce("asg_b", records(2, 0) + records(2, 1) + records(2, 2))
        case.broker.produce("asg_a", records(1, 0))
        run_rows(case, read(case, None, assign='{"asg_b":[2,0],"asg_a":[0]}'), "_assign", None, "ck1")
        case.checkpoint("ck1", "checkpoint_assign")
        run_rows(case, read(case, "asg_b, asg_a"), "_subscribe", None, "ck2")
        case.checkpoint("ck2", "checkpoint_subscribe")


@driver("kafka_twelve_partitions")
def twelve(case):
    with case:
        case.start_broker().create({"wide_t": 12})
        case.broker.produce("wide_t", [record for p in range(12) for record in records(1, p)])
        run_rows(case, read(case, "wide_t"))
        case.checkpoint()


@driver("kafka_timestamp_type_and_nulls")
def timestamp_types(case):
    chosen = ("topic", "key", "value", "timestampType", "timestamp > timestamp'2024-06-01' AS now", "CAST(value AS STRING) IS NULL AS novalue", "length(key)")
    with case:
        case.start_broker().create({"append_t": 1}, {"message.timestamp.type": "LogAppendTime"})
        case.broker.produce("append_t", records(2, 0))
        case.broker.create({"nulls_t": 1})
        given = ((FIRST_TIME, None, "v"), (FIRST_TIME, "k", None), (FIRST_TIME + 1, "", ""))
        case.broker.produce("nulls_t", [{"partition": 0, "timestamp": time, "key": key, "value": value} for time, key, value in given])
        for topic in ("append_t", "nulls_t"):
            query = (read(case, topic).selectExpr(*chosen).writeStream.format("console").option("truncate", "false")
                     .option("checkpointLocation", f"{case.tmp}/ck{topic}").trigger(availableNow=True).start())
            case.wait(query)
        case.put("console.txt", case.console())


@driver("kafka_transactions")
def transactions(case):
    with case:
        case.start_broker().create({"txn_t": 1})
        end = case.broker.transactions("txn_t", [(3, "commit"), (3, "abort"), (3, "commit"), (2, None)])
        for level in ("read_committed", "read_uncommitted", None):
            options, tag = {"kafka__isolation__level": level} if level else {}, level or "default"
            run_rows(case, read(case, "txn_t", **options), f"_{tag}", None, f"ck{level}")
            run_rows(case, read(case, "txn_t", maxOffsetsPerTrigger=3, **options), f"_{tag}_max3", None, f"ckm{level}")
        end(False)
        run_rows(case, read(case, "txn_t", maxOffsetsPerTrigger=4, kafka__isolation__level="read_committed"), "_after_abort_max4", None, "ckz")


@driver("kafka_batch_read")
def batch(case):
    wanted = (("default", {}), ("json", {"startingOffsets": '{"batch_t":{"0":1,"1":-2}}', "endingOffsets": '{"batch_t":{"0":3,"1":-1}}'}),
              ("timestamps", {"startingTimestamp": FIRST_TIME + 1000, "endingTimestamp": FIRST_TIME + 2000}))
    with case:
        case.start_broker().create({"batch_t": 2})
        case.broker.produce("batch_t", records(4, 0) + records(3, 1))
        out = []
        for _, options in wanted:
            frame = (case.spark.read.format("kafka").option("kafka.bootstrap.servers", case.broker.bootstrap).option("subscribe", "batch_t")
                     .options(**options).load())
            rows = frame.selectExpr("partition", "offset", "CAST(value AS STRING)", "timestamp", "timestampType").collect()
            out.append({"options": options, "rows": [plain(row) for row in rows]})
        case.put_lines("rows.jsonl", out)


@driver("kafka_group_ids")
def groups(case):
    with case:
        case.start_broker().create({"grp_t": 2})
        case.broker.produce("grp_t", records(2, 0) + records(2, 1))
        wanted = (("", {}), ("_prefix", {"groupIdPrefix": "mine"}), ("_group", {"kafka__group__id": "fixed", "groupIdPrefix": "mine"}), ("_old", {}))
        for tag, options in wanted:
            if tag == "_old":
                case.spark.conf.set("spark.sql.streaming.kafka.useDeprecatedOffsetFetching", "true")
            run_rows(case, read(case, "grp_t", **options), tag, None, "ck" + tag)


@driver("kafka_sink_partitioner")
def partitioner(case):
    with case:
        case.start_broker().create({"part_2": 2, "part_3": 3, "part_7": 7})
        for count in (2, 3, 7):
            frame = case.spark.range(40).selectExpr("concat('user', id) AS key", "CAST(id AS STRING) AS value")
            frame.write.format("kafka").option("kafka.bootstrap.servers", case.broker.bootstrap).option("topic", f"part_{count}").save()
            rows = case.broker.dump(f"part_{count}", count)
            case.put_lines(f"keys_{count}.jsonl", [{name: row[name] for name in ("key", "partition", "offset")} for row in rows])


@driver("kafka_sink_rerun")
def rerun(case):
    import os
    with case:
        case.start_broker().create({"rerun_t": 2})
        case.feed(case.files()[:2])

        def go(tag):
            counts = case.spark.readStream.schema("k string, v int").option("maxFilesPerTrigger", 1).json(case.tmp + "/in").groupBy("k").count()
            query = (counts.selectExpr("k AS key", "CAST(count AS STRING) AS value").writeStream.outputMode("update").format("kafka")
                     .option("kafka.bootstrap.servers", case.broker.bootstrap).option("topic", "rerun_t").option("checkpointLocation", case.tmp + "/ck")
                     .trigger(availableNow=True).start())
            case.wait(query)
            case.progress(query, f"progress{tag}.jsonl")
            case.put_lines(f"topic{tag}.jsonl", case.broker.dump("rerun_t", 2))
        go("_1")
        os.remove(case.tmp + "/ck/commits/1")
        case.feed(case.files()[2:], "in", 2)
        go("_2")
        case.checkpoint()
