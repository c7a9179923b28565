"""Checkpoints: what is in them, what a restart makes of them, of changed queries and of damaged files; and the rules of the file source."""
import datetime
import json
import os
import re
import shutil
import time

from stream_golden.case import BASE_TIME, driver, plain
from stream_golden.queries import KV, source
from weir_spark import NotInApi

TEXTS = ("aab", "abc", "ccd", "dab", "xyz")


def letters():
    rows = [[{"k": x, "v": i, "ts": f"2024-01-01 12:{10 * n + i:02d}:00"} for i, x in enumerate(text)] for n, text in enumerate(TEXTS)]
    return ["".join(json.dumps(row) + "\n" for row in file) for file in rows]


def go(case, frame, mode="update", tag="", checkpoint="ck", form="console", trigger=None, **options):
    """Starts it and waits for its end; what it printed, its progress and its failure are artefacts. `frame` makes it, and may fail."""
    case.mark()
    try:
        writer = (frame().writeStream.outputMode(mode).format(form).option("checkpointLocation", f"{case.tmp}/{checkpoint}")
                  .trigger(**(trigger or {"availableNow": True})))
        for name, value in options.items():
            writer = writer.option(name, value)
        query = writer.start()
    except case.errors as e:
        case.error(e, f"error{tag}.txt")
        return None
    case.wait(query, f"error{tag}.txt")
    if form == "console":
        case.put(f"console{tag}.txt", case.console())
    case.progress(query, f"progress{tag}.jsonl")
    return query


def counts(case):
    return source(case).groupBy("k").count()


@driver("recovery_rerun_batch")
def rerun_batch(case):
    with case:
        F = case.namespace()["F"]
        case.feed(letters()[:3])

        def frame():
            return (source(case).withWatermark("ts", "10 minutes").withColumn("now", F.current_timestamp()).groupBy(F.window("ts", "10 minutes"), "k")
                    .agg(F.count("*"), F.max("now")))
        if go(case, frame, tag="_1", truncate="false") is None:
            return
        case.checkpoint(name="checkpoint_1")
        last = max(int(name) for name in os.listdir(case.tmp + "/ck/commits") if name.isdigit())
        for log, first in (("commits", 2), ("offsets", 3)):
            for number in range(first, last + 1):
                os.remove(f"{case.tmp}/ck/{log}/{number}")
        case.feed(letters()[3:4], "in", 3)
        go(case, frame, tag="_2", truncate="false")
        case.checkpoint(name="checkpoint_2")


@driver("recovery_shuffle_partitions")
def shuffle_partitions(case):
    with case:
        case.feed(letters()[:2])
        case.spark.conf.set("spark.sql.shuffle.partitions", "2")
        go(case, lambda: counts(case), tag="_1")
        case.feed(letters()[2:3], "in", 2)
        case.spark.conf.set("spark.sql.shuffle.partitions", "5")
        go(case, lambda: counts(case), tag="_2")
        case.checkpoint()


# The query before and after the restart, and the mode after it.
def changes(F):
    count = lambda d: d.groupBy("k").count()  # noqa: E731
    first_rows = lambda d: d.dropDuplicates(["k"])  # noqa: E731
    return {
        "grouping_key": (count, lambda d: d.groupBy("v").count(), "update"), "grouping_added": (count, lambda d: d.groupBy("k", "v").count(), "update"),
        "aggregate_added": (count, lambda d: d.groupBy("k").agg(F.count("*"), F.sum("v")), "update"),
        "aggregate_renamed": (count, lambda d: d.groupBy("k").agg(F.count("*").alias("n")), "update"),
        "key_renamed": (count, lambda d: d.withColumnRenamed("k", "kk").groupBy("kk").count(), "update"),
        "aggregate_type": (lambda d: d.groupBy("k").agg(F.sum("v").alias("s")),
                           lambda d: d.groupBy("k").agg(F.sum(F.col("v").cast("double")).alias("s")), "update"),
        "stateless_to_stateful": (lambda d: d.select("k"), count, "update"), "stateful_to_stateless": (count, lambda d: d.select("k"), "update"),
        "filter_added": (count, lambda d: d.where("v > 0").groupBy("k").count(), "update"), "mode_to_complete": (count, count, "complete"),
        "dedup_columns": (first_rows, lambda d: d.dropDuplicates(["k", "v"]), "append"), "dedup_to_agg": (first_rows, count, "update"),
        "two_sources": (lambda d: d.select("k"), None, "append"),
    }


def changed(case):
    name = case.name.removeprefix("recovery_changed_")
    with case:
        first, second, mode = changes(case.namespace()["F"])[name]
        case.feed(letters()[:1])
        go(case, lambda: first(source(case)), "append" if name.startswith("dedup") or name == "two_sources" else "update", tag="_1")
        case.feed(letters()[1:2], "in", 1)
        go(case, lambda: second(source(case)) if second else source(case).select("k").union(source(case).select("k")), mode, tag="_2")


driver(*["recovery_changed_" + name for name in changes(None)])(changed)


def damages(offsets):
    """Which file of a good checkpoint is what instead, by the name of the damage; None: it is missing."""
    return {
        "_offset_empty": ("offsets/1", b""), "_offset_version_only": ("offsets/1", b"v1\n"), "_offset_version_9": ("offsets/1", offsets.replace(b"v1", b"v9", 1)),
        "_offset_no_version": ("offsets/1", offsets[3:]), "_offset_cut": ("offsets/1", offsets[:40]),
        "_offset_no_source_line": ("offsets/1", b"\n".join(offsets.split(b"\n")[:2])), "_offset_extra_line": ("offsets/1", offsets + b"\n-"),
        "_offset_missing_first": ("offsets/0", None), "_commit_empty": ("commits/1", b""), "_commit_version_9": ("commits/1", b"v9\n{}"),
        "_commit_plain_braces": ("commits/1", b"v1\n{}"), "_commit_garbage": ("commits/1", b"v1\nnot json"),
        "_commit_ahead": ("commits/7", b'v1\n{"nextBatchWatermarkMs":0}'), "_metadata_empty": ("metadata", b""), "_metadata_garbage": ("metadata", b"hello"),
        "_metadata_missing": ("metadata", None), "_other_file_name": ("offsets/notes.txt", b"ignored"),
        "_source_log_garbage": ("sources/0/1", b"v1\nnot json"), "_source_log_version": ("sources/0/1", b"v9\n"),
    }


@driver("recovery_damaged_logs")
def damaged_logs(case):
    with case:
        case.feed(letters()[:2])
        go(case, lambda: counts(case), tag="_0", checkpoint="good")

        def damage(tag, path, data):
            shutil.copytree(case.tmp + "/good", f"{case.tmp}/ck{tag}")
            at = f"{case.tmp}/ck{tag}/{path}"
            folder, file = os.path.split(at)
            if os.path.exists(f"{folder}/.{file}.crc"):
                os.remove(f"{folder}/.{file}.crc")
            if data is None:
                os.remove(at)
            else:
                with open(at, "wb") as out:
                    out.write(data)
            go(case, lambda: counts(case), tag=tag, checkpoint="ck" + tag)
        with open(case.tmp + "/good/offsets/1", "rb") as offsets:
            wanted = damages(offsets.read())
        for tag, (path, data) in wanted.items():
            damage(tag, path, data)
        shutil.copytree(case.tmp + "/good", case.tmp + "/ckcrc")
        with open(case.tmp + "/ckcrc/offsets/1", "ab") as out:
            out.write(b" ")
        go(case, lambda: counts(case), tag="_offset_checksum", checkpoint="ckcrc")
        case.feed(letters()[2:4], "in", 2) # so that the state is loaded
        damage("_state_delta_missing", "state/0/0/2.delta", None)
        damage("_state_delta_cut", "state/0/0/2.delta", b"LZ4Block")


@driver("recovery_ids")
def ids(case):
    with case:
        case.feed(letters()[:1])
        out = []
        for number in range(3):
            query = (source(case).select("k").writeStream.format("noop").queryName(f"run{number}").option("checkpointLocation", case.tmp + "/ck")
                     .trigger(availableNow=True).start())
            query.awaitTermination(30)
            with open(case.tmp + "/ck/metadata", encoding="utf-8") as metadata:
                same = json.loads(metadata.read())["id"] == query.id
            out.append({"run": number, "id_equals_metadata": same, "id": query.id, "runId": query.runId, "name": query.name})
        assert len({one["id"] for one in out}) == 1 and len({one["runId"] for one in out}) == 3, out
        case.put_lines("ids.jsonl", out)
        case.checkpoint()


@driver("recovery_two_queries")
def two_queries(case):
    def start(folder="in", checkpoint="ck"):
        return source(case, folder).select("k").writeStream.format("noop").option("checkpointLocation", f"{case.tmp}/{checkpoint}").start()
    with case:
        case.feed(letters()[:2])
        first = start()
        first.processAllAvailable()
        second = start()
        out = [f"first active: {first.isActive}, exception: {first.exception()}",
               f"second active: {second.isActive}, same id: {first.id == second.id}, same runId: {first.runId == second.runId}"]
        second.stop()
        case.put("same_session.txt", "\n".join(out) + "\n")
        case.spark.conf.set("spark.sql.streaming.stopActiveRunOnRestart", "false")
        first = start()
        first.processAllAvailable()
        case.expect_error(start, "error_no_stop.txt")
        case.spark.conf.unset("spark.sql.streaming.stopActiveRunOnRestart")
        first.stop()
        case.feed(letters()[:1], "in2") # then another writer's offsets of the next batch appear while the query is active
        first = start("in2", "ck3")
        first.processAllAvailable()
        shutil.copy(case.tmp + "/ck3/offsets/0", case.tmp + "/ck3/offsets/1")
        case.feed(letters()[1:2], "in2", 1)
        case.wait(first, "error_foreign_offsets.txt", 20)
        first.stop()


def as_begun_with_spark(case):
    """The rate source's log has the time of its start, from which its rows count: as if it had been Spark's."""
    name = "checkpoint_rate/sources/0/0"
    theirs, ours = (int(text.split("\n")[1]) for text in (case.expected[name], case.produced[name]))

    def moved(match):
        then = datetime.datetime.fromisoformat(match[1]) + datetime.timedelta(milliseconds=theirs - ours)
        return f"|{then.isoformat(' ', 'milliseconds')}|"
    case.produced[name] = case.produced[name].replace(str(ours), str(theirs))
    text = re.sub(r"\|(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) *\|", moved, case.produced["console_rate.txt"])
    text = re.sub(r"\+-{10,}\+", f"+{'-' * 23}+", text) # a time that ends in zeros is shorter
    case.produced["console_rate.txt"] = re.sub(r"\|timestamp +\|", f"|{'timestamp':23}|", text)


@driver("recovery_listing_rate")
def listing_rate(case):
    forms = (("rate", {"rowsPerSecond": 5}), ("rate-micro-batch", {"rowsPerBatch": 4, "numPartitions": 2, "startTimestamp": 1000, "advanceMillisPerBatch": 500}))
    with case:
        def frame(form, options):
            return case.spark.readStream.format(form).options(**options).load()

        def writer(form, options, number):
            return (frame(form, options).writeStream.format("console").option("truncate", "false").option("checkpointLocation", f"{case.tmp}/ck{number}"))
        for number, (form, options) in enumerate(forms):
            case.mark()
            time.sleep((0.7 - time.time()) % 1) # Spark's query began so far after a full second
            query = writer(form, options, number).trigger(processingTime="1 second").start()
            case.until(lambda: len(query.recentProgress) >= 5, 20)
            query.stop()
            case.put(f"console_{form}.txt", case.console())
            case.progress(query, f"progress_{form}.jsonl")
            case.checkpoint(f"ck{number}", f"checkpoint_{form}")
            case.mark()
            writer(form, options, number).trigger(once=True).start().awaitTermination(30)
            case.put(f"console_{form}_restart_once.txt", case.console())
        as_begun_with_spark(case)
        case.mark()
        go(case, lambda: frame("rate-micro-batch", {"rowsPerBatch": 4}), "append", "_rate-micro-batch_available_now", "ck9")
        case.put("schema.txt", "".join(f"{form}: {frame(form, {'rowsPerBatch': 4}).schema.simpleString()}\n" for form, _ in forms))


@driver("recovery_state_files")
def state_files(case):
    with case:
        case.spark.conf.set("spark.sql.streaming.stateStore.minDeltasForSnapshot", "4")
        case.spark.conf.set("spark.sql.streaming.minBatchesToRetain", "5")
        case.feed([json.dumps({"k": f"k{i % 4}", "v": i}) + "\n" for i in range(25)])
        go(case, lambda: counts(case), form="noop")
        case.checkpoint()


@driver("recovery_listing_operators")
def listing_operators(case):
    with case:
        F = case.namespace()["F"]
        case.feed(letters()[:3])
        case.feed(letters()[:2], "in2")

        def timed():
            return source(case).withWatermark("ts", "10 minutes")

        def other():
            return source(case, "in2").selectExpr("k AS rk", "ts AS rts").withWatermark("rts", "10 minutes")
        wanted = {
            "agg": (lambda: timed().groupBy(F.window("ts", "10 minutes"), "k").count(), "append"), "dedup": (lambda: timed().dropDuplicates(["k", "ts"]), "append"),
            "dedup_within": (lambda: timed().dropDuplicatesWithinWatermark(["k"]), "append"),
            "join": (lambda: timed().join(other(), F.expr("k = rk AND rts >= ts AND rts <= ts + interval 1 hour"), "leftOuter"), "append"),
            "session": (lambda: timed().groupBy(F.session_window("ts", "5 minutes"), "k").count(), "append"),
            "chain": (lambda: timed().dropDuplicates(["k", "ts"]).groupBy(F.window("ts", "10 minutes")).count(), "append"),
            "limit": (lambda: source(case).limit(4), "append"), "agg_2parts": (lambda: counts(case), "update"),
        }
        for name, (frame, mode) in wanted.items():
            if name == "agg_2parts":
                case.spark.conf.set("spark.sql.shuffle.partitions", "2")
            try:
                query = go(case, frame, mode, tag="_" + name, checkpoint="ck_" + name)
            except NotInApi:
                continue
            if query is not None:
                case.checkpoint("ck_" + name, "checkpoint_" + name)
            case.produced.pop(f"console_{name}.txt", None)
            case.produced.pop(f"error_{name}.txt", None)


@driver("recovery_source_compaction")
def source_compaction(case):
    with case:
        case.spark.conf.set("spark.sql.streaming.fileSource.log.compactInterval", "3")
        case.feed([json.dumps({"k": f"k{i}", "v": i}) + "\n" for i in range(12)])
        go(case, lambda: source(case), "append", form="noop")
        case.produced.clear()
        case.checkpoint()


def put_file(path, text, modified):
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.utime(path, (modified, modified))


@driver("file_source_rules")
def file_source_rules(case):
    with case:
        folder = case.tmp + "/in"
        case.feed(letters()[:2])
        go(case, lambda: source(case), "append", "_1")
        put_file(folder + "/b00.json", '{"k":"overwritten","v":1}\n', BASE_TIME + 500)
        put_file(folder + "/older.json", '{"k":"older","v":1}\nnot json\n\n{"k":5,"v":"x"}\n{"v":7,"extra":1}\n[{"k":"in array","v":3}]\n', BASE_TIME - 1000)
        for name in ("_hidden.json", ".dot.json", "part.json._COPYING_", "empty.json"):
            put_file(f"{folder}/{name}", "" if name == "empty.json" else f'{{"k":"{name}","v":9}}\n', BASE_TIME + 600)
        go(case, lambda: source(case), "append", "_2")

        def read(schema, form="json", **options):
            return lambda: case.spark.readStream.schema(schema).options(**options).format(form).load(folder)
        go(case, read(KV, maxFilesPerTrigger=2, latestFirst="true"), "append", "_latest_first", "ck2")
        go(case, read(KV, maxFileAge="100s"), "append", "_max_age", "ck3")
        go(case, read(KV), "append", "_all_in_one", "ck4")
        go(case, read("value string", "text"), "append", "_text", "ck5", truncate="false")
        go(case, read("a string, b string", "csv", header="true"), "append", "_csv", "ck6", truncate="false")
        go(case, read(KV, mode="FAILFAST"), "append", "_failfast", "ck7")
        go(case, read(KV, maxBytesPerTrigger=60), "append", "_max_bytes", "ck8")
        go(case, read(KV + ", _corrupt_record string"), "append", "_corrupt", "ck10", truncate="false")
        go(case, lambda: source(case, cleanSource="delete"), "append", "_clean", "ck9")
        time.sleep(0.5) # files are deleted by a thread of its own
        case.put("left_after_clean_delete.txt", "\n".join(sorted(os.listdir(folder))) + "\n")
        case.checkpoint()


@driver("recovery_sink_checkpoint")
def sink_checkpoint(case):
    with case:
        case.feed(letters()[:2])
        wanted = (("append", lambda: source(case).select("k")), ("complete", lambda: counts(case)), ("update", lambda: counts(case)))
        for tag, frame in wanted:
            for run in (1, 2):
                def start():
                    query = (frame().writeStream.format("memory").queryName("mem_" + tag).outputMode(tag).option("checkpointLocation", f"{case.tmp}/ck_{tag}")
                             .trigger(availableNow=True).start())
                    query.awaitTermination(60)
                    case.put_lines(f"memory_{tag}_{run}.jsonl", [plain(row) for row in case.spark.table("mem_" + tag).collect()])
                    case.progress(query, f"progress_memory_{tag}_{run}.jsonl")
                case.expect_error(start, f"start_memory_{tag}_{run}.txt")
        case.spark.conf.set("spark.sql.streaming.checkpointLocation", case.tmp + "/base")
        for name in ("named", None):
            writer = source(case).select("k").writeStream.format("console").trigger(availableNow=True)
            (writer.queryName(name) if name else writer).start().awaitTermination(60)
        found = [re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<uuid>", name) for name in os.listdir(case.tmp + "/base")]
        case.put("session_location.txt", "\n".join(sorted(found)) + "\n")
