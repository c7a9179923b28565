"""Streaming queries when something is wrong around them: brokers that go, topics that are missing, disks that are full, checkpoints that are damaged or of
another query, data that is gone, sinks that refuse. Each is said plainly (what, where, what to do), nothing waits for ever, and when the cause is gone the
query goes on where it was."""
import collections
import contextlib
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from stream_golden.topics import TopicBroker
from weir_spark import PySparkException, SparkSession, StreamingQueryException
from weir_spark.runner import program

LIMIT_S = 60
ANEW = "another checkpointLocation: it then begins anew."
NAMESPACE = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
SNAPSHOTS = {"spark.sql.streaming.stateStore.minDeltasForSnapshot": "3", "spark.sql.streaming.stateStore.maintenanceInterval": "1ms"}


def can_mount():
    return shutil.which("unshare") and subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], check=False, capture_output=True).returncode == 0


def values(count, first=0, pad=""):
    return [{"value": json.dumps({"k": "ab"[i % 2] + pad, "v": i})} for i in range(first, first + count)]


def counts_of(numbers):
    return collections.Counter("ab"[i % 2] for i in numbers)


def until(true, what):
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end, f"within {LIMIT_S} s: {what}"
        time.sleep(0.005)


class Faults(unittest.TestCase):
    maxDiff, numbers = None, itertools.count(1)

    @classmethod
    def setUpClass(cls):
        cls.topics = TopicBroker({"offsets.topic.num.partitions": 1, "auto.create.topics.enable": False})
        cls.addClassCleanup(cls.topics.stop)
        cls.topics.broker.config["listeners"] = f"PLAINTEXT://{cls.topics.bootstrap}"  # it must be found again

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="weir-stream-faults-")
        self.addCleanup(shutil.rmtree, self.home, True)
        self.checkpoint = f"{self.home}/checkpoint"

    def session(self, conf=None):
        builder = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "1")
        for name, value in (conf or {}).items():
            builder = builder.config(name, value)
        spark = builder.getOrCreate()
        self.addCleanup(self.forget, spark.runner)
        return spark

    @staticmethod
    def forget(runner):
        runner.kill()
        for file in (runner.process.stdin, runner.answers, runner.printed, runner.said):
            file.close()

    def topic(self, rows=(), **configs):
        name = f"topic{next(self.numbers)}"
        self.topics.create({name: 1}, {name.replace("_", "."): value for name, value in configs.items()})
        if rows:
            self.topics.produce(name, rows)
        return name

    def kafka(self, spark, topic, **options):
        reader = spark.readStream.format("kafka").option("kafka.bootstrap.servers", self.topics.bootstrap).option("subscribe", topic)
        wanted = {"startingOffsets": "earliest", "maxOffsetsPerTrigger": 4, "kafka.reconnect.backoff.max.ms": 100, "fetchOffset.retryIntervalMs": 100, **options}
        for name, value in wanted.items():
            reader = reader.option(name, value)
        return reader.load()

    def rows(self, spark, topic, **options):
        return self.kafka(spark, topic, **options).selectExpr("from_json(CAST(value AS STRING), 'k STRING, v INT') AS j").selectExpr("j.k", "j.v")

    def counts(self, spark, topic, **options):
        return self.rows(spark, topic, **options).groupBy("k").count()

    def writer(self, frame, form="noop", mode="append", ends=True, **options):
        writer = frame.writeStream.format(form).outputMode(mode).option("checkpointLocation", self.checkpoint)
        for name, value in options.items():
            writer = writer.option(name, value)
        return writer.trigger(availableNow=True) if ends else writer

    def to_topic(self, frame, topic, mode="update", ends=True, **options):
        where = {"kafka.bootstrap.servers": self.topics.bootstrap, "topic": topic, "kafka.reconnect.backoff.max.ms": 100, **options}
        return self.writer(frame.selectExpr("k AS key", "CAST(count AS STRING) AS value"), "kafka", mode, ends, **where)

    def ends_well(self, writer):
        self.assertTrue(writer.start().awaitTermination(LIMIT_S), f"still running after {LIMIT_S} s")

    def failure(self, start, *patterns):
        """What a start says, or the query that it made; each pattern occurs in it."""
        with self.assertRaises(PySparkException) as caught:
            query = start() if callable(start) else start.start() if hasattr(start, "start") else start
            self.assertTrue(query.awaitTermination(LIMIT_S), f"still running after {LIMIT_S} s")
        text = str(caught.exception).split("\n=== Streaming Query ===")[0]
        for pattern in patterns:
            self.assertRegex(text, pattern)
        return text


# --- brokers and topics ---


class Brokers(Faults):
    def results(self, topic):
        return [(row["key"], int(row["value"])) for row in self.topics.dump(topic, 1)]

    def test_a_broker_that_goes_and_comes_back(self):
        source, results = self.topic(values(400)), self.topic()
        query = self.to_topic(self.counts(self.session(), source), results, ends=False).start()
        until(lambda: (query.lastProgress or {"batchId": 0})["batchId"] >= 3, "the third batch")
        for n in range(3):
            self.topics.broker.kill()  # in the midst of a batch, as it comes
            self.topics.broker.start()
            self.topics.produce(source, values(40, 400 + 40 * n))
        query.processAllAvailable()
        self.assertTrue(query.isActive)
        found = self.results(results)
        self.assertEqual(dict(found), counts_of(range(520)))
        self.assertLessEqual({(key, n) for key in "ab" for n in range(2, 261, 2)}, set(found))  # each batch: two more of both
        query.stop()

    def test_stopping_while_the_broker_is_away(self):
        source, results = self.topic(values(8)), self.topic()
        query = self.to_topic(self.counts(self.session(), source), results, ends=False).start()
        query.processAllAvailable()
        self.topics.broker.kill()
        self.addCleanup(lambda: self.topics.broker.process or self.topics.broker.start())
        began = time.monotonic()
        query.stop()
        self.assertLess(time.monotonic() - began, 30)
        self.assertIsNone(query.exception())

    def test_a_start_while_the_broker_is_away(self):
        source = self.topic(values(8))
        self.topics.broker.kill()
        try:
            query = self.writer(self.counts(self.session(), source), mode="update", ends=False).start()
            self.assertFalse(query.awaitTermination(0.2))
        finally:
            self.topics.broker.start()
        query.processAllAvailable()
        self.assertEqual(query.lastProgress["sources"][0]["endOffset"], {source: {"0": 8}})

    def test_a_broker_that_stays_away(self):
        source, results = self.topic(values(8)), self.topic()
        spark = self.session()
        soon = {"kafka.default.api.timeout.ms": 300, "fetchOffset.numRetries": 1}
        away = {"kafka.bootstrap.servers": "127.0.0.1:1"}
        self.failure(self.writer(self.counts(spark, source, **soon, **away), mode="update"), "TimeoutException: Timed out waiting for a node assignment",
                     r"127\.0\.0\.1:1")
        shutil.rmtree(self.checkpoint)
        self.failure(self.to_topic(self.counts(spark, source), results, **away, **{"kafka.max.block.ms": 300}), f"Topic {results} not present in metadata after 300 ms",
                     r"127\.0\.0\.1:1")
        self.ends_well(self.to_topic(self.counts(spark, source), results))
        self.assertEqual(dict(self.results(results)), counts_of(range(8)))

    def test_missing_topics(self):
        spark, source = self.session(), self.topic(values(8))
        self.failure(self.writer(self.rows(spark, "nowhere")), "UnknownTopicOrPartitionException: This server does not host this topic-partition.")
        shutil.rmtree(self.checkpoint)
        self.failure(self.to_topic(self.counts(spark, source), "nowhere", **{"kafka.max.block.ms": 500}), "Topic nowhere not present in metadata after 500 ms")

    def test_lost_data(self):
        spark, source = self.session(), self.topic(values(12))
        self.ends_well(self.writer(self.rows(spark, source)))
        self.topics.produce(source, values(8, 12))
        self.topics.delete_records(source, 0, 16)
        kept, self.checkpoint = self.checkpoint, f"{self.home}/lost"
        shutil.copytree(kept, self.checkpoint)
        self.failure(self.writer(self.rows(spark, source)), "Some data may have been lost because they are not available in Kafka any more",
                     "set the source option failOnDataLoss to false", rf"offset \[12, 16\) for topic partition {source}-0")
        shutil.rmtree(self.checkpoint)
        self.checkpoint = kept
        seen = []
        query = self.rows(spark, source, failOnDataLoss="false").writeStream.option("checkpointLocation", kept).trigger(availableNow=True)
        self.ends_well(query.foreachBatch(lambda batch, _: seen.extend(row.v for row in batch.collect())))
        self.assertEqual(seen, [16, 17, 18, 19])
        self.assertRegex(spark.runner.errors(), rf'WARN query: Skip missing records in \[12, 16\) of {source}-0\.\nSome data may have been lost')


# --- sinks that refuse ---


class Sinks(Faults):
    def test_a_topic_that_takes_no_large_records(self):
        spark, source, results = self.session(), self.topic(values(8)), self.topic(max_message_bytes="500")
        large = self.rows(spark, source).groupBy("k").count().selectExpr("repeat(k, 100000) AS k", "count")
        self.failure(self.to_topic(large, results), "larger than the max message size the server will accept", f"topic {results}")
        self.assertEqual(self.topics.dump(results, 1), [])
        self.ends_well(self.to_topic(self.counts(spark, source), results))
        self.assertEqual({row["key"]: int(row["value"]) for row in self.topics.dump(results, 1)}, counts_of(range(8)))

    def test_functions_that_fail(self):
        spark, source, seen = self.session(), self.topic(values(12)), []

        def take(batch, number):
            if number == 1 and not seen[1:]:
                seen.append("refused")
                raise ValueError("the third party is out")
            seen.append((number, [row.v for row in batch.collect()]))

        class Rows:
            def process(self, row):
                if row.v == 9:
                    raise ValueError("not nine")

        def writer(frame):
            return frame.writeStream.option("checkpointLocation", self.checkpoint).trigger(availableNow=True)

        self.failure(writer(self.rows(spark, source)).foreachBatch(take), r"\[FOREACH_BATCH_USER_FUNCTION_ERROR\].* Reason: the third party is out")
        self.ends_well(writer(self.rows(spark, source)).foreachBatch(take))
        self.assertEqual(seen, [(0, [0, 1, 2, 3]), "refused", (1, [4, 5, 6, 7]), (2, [8, 9, 10, 11])])
        shutil.rmtree(self.checkpoint)
        self.failure(writer(self.rows(spark, source)).foreach(Rows()), r"\[FOREACH_USER_FUNCTION_ERROR\].* Reason: not nine")

    def test_folders_that_are_none(self):
        spark, source = self.session(), self.topic(values(4))
        pathlib.Path(f"{self.home}/file").write_text("")
        self.failure(self.writer(self.rows(spark, source), "json", path=f"{self.home}/file"), f"Parent path is not a directory: file:{self.home}/file")
        for path in (f"{self.home}/file/below", f"{self.home}/file", "/proc/nowhere/at/all"):
            self.checkpoint = path
            self.failure(self.writer(self.rows(spark, source)), path if path.startswith(self.home) else "/proc/nowhere", "Let the user who runs the query")


# --- disks ---


@unittest.skipUnless(can_mount(), "no mount namespace with a disk of its own here")
class Disks(Faults):
    SIZE = 1 << 20

    def disk_session(self):
        """A session whose process has a small disk of its own at self.disk."""
        self.disk, wrapper = f"{self.home}/disk", f"{self.home}/runner"
        os.mkdir(self.disk)
        with open(wrapper, "w", encoding="utf-8") as script:
            script.write(f"#!/bin/sh\nexec {' '.join(NAMESPACE)} sh -c 'mount -t tmpfs -o size={self.SIZE} none {self.disk} && exec \"$0\" \"$@\"' {program()} \"$@\"\n")
        os.chmod(wrapper, 0o755)
        os.environ["WEIR_STREAM_RUNNER"] = wrapper
        try:
            spark = self.session()
        finally:
            del os.environ["WEIR_STREAM_RUNNER"]
        self.outside = f"/proc/{spark.runner.process.pid}/root{self.disk}"
        return spark

    @contextlib.contextmanager
    def full(self):
        with open(f"{self.outside}/ballast", "ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))
        yield
        os.unlink(f"{self.outside}/ballast")

    def test_a_full_disk_for_the_checkpoint(self):
        spark, source, results = self.disk_session(), self.topic(values(8)), self.topic()
        self.checkpoint = f"{self.disk}/checkpoint"
        with self.full():
            self.failure(self.writer(self.rows(spark, source)), rf"cannot write {self.checkpoint}/\w+.*: No space left on device", "start the query again; it goes on where it was")
        query = self.to_topic(self.counts(spark, source), results, ends=False).start()
        query.processAllAvailable()
        with self.full():
            self.topics.produce(source, values(8, 8))
            self.failure(query, rf"cannot write {self.checkpoint}/offsets/2: No space left on device", "start the query again; it goes on where it was")
        self.ends_well(self.to_topic(self.counts(spark, source), results))
        self.assertEqual({row["key"]: int(row["value"]) for row in self.topics.dump(results, 1)}, counts_of(range(16)))

    def test_a_full_disk_for_state(self):
        spark, source = self.disk_session(), self.topic(values(8))
        self.checkpoint = f"{self.disk}/checkpoint"
        self.ends_well(self.writer(self.counts(spark, source), mode="update"))
        self.topics.produce(source, [{"value": json.dumps({"k": f"{n}" * (self.SIZE // 3), "v": n})} for n in range(4)])
        self.failure(self.writer(self.counts(spark, source), mode="update"), rf"{self.checkpoint}/state/0/0/3.delta: No space left on device",
                     "start the query again; it goes on where it was")

    def test_a_full_disk_for_files(self):
        spark, source = self.disk_session(), self.topic(values(8))
        out = f"{self.disk}/out"
        query = self.writer(self.rows(spark, source), "json", ends=False, path=out).start()
        query.processAllAvailable()
        with self.full():
            self.topics.produce(source, values(8, 8, "x" * 5000))
            self.failure(query, r"\[TASK_WRITE_FAILED\] Task failed while writing rows to file:" + out, rf"cannot write {out}/part-\S+: No space left on device",
                         "start the query again; it goes on where it was")
        self.ends_well(self.writer(self.rows(spark, source), "json", path=out))
        self.assertEqual(sorted(row.v for row in spark.read.schema("v INT").json(out).collect()), list(range(16)))

    def test_a_disk_that_may_only_be_read(self):
        spark, source = self.disk_session(), self.topic(values(8))
        self.checkpoint = f"{self.disk}/checkpoint"
        self.ends_well(self.writer(self.rows(spark, source), "json", path=f"{self.disk}/out"))
        self.topics.produce(source, values(4, 8))
        subprocess.run(["nsenter", "-t", str(spark.runner.process.pid), "-m", "mount", "-o", "remount,ro", self.disk], check=True)
        self.failure(self.writer(self.rows(spark, source)), rf"{self.checkpoint}/offsets/2: Read-only file system")
        self.checkpoint = f"{self.disk}/new"
        self.failure(self.writer(self.rows(spark, source)), rf"{self.checkpoint}: Read-only file system", "Let the user who runs the query read and write there")
        self.checkpoint = f"{self.home}/elsewhere"
        self.failure(self.writer(self.rows(spark, source), "json", path=f"{self.disk}/more"), rf"{self.disk}/more\S*: Read-only file system",
                     "Let the user who runs the query read and write there")


# --- checkpoints ---


def half(data):
    return data[:len(data) // 2]


def empty(_):
    return b""


def version_9(data):
    return data.replace(b"v1", b"v9")


def garbage(_):
    return b"garbage\nand more"


def flipped(data):
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


class Checkpoints(Faults):
    def finished(self, frame, mode="update", conf=None, form="noop", **options):
        """A query of six batches that is done, and its session; there are rows for another one."""
        spark, source = self.session(conf), self.topic(values(24))
        self.ends_well(self.writer(frame(spark, source), form, mode, **options))
        self.topics.produce(source, values(4, 24))
        return spark, source

    def damaged(self, start, name, damage, *patterns, again=None):
        """A copy of the checkpoint with one file damaged: the failure names it. again: the commit that is missing too."""
        kept, self.checkpoint = self.checkpoint, f"{self.home}/damaged"
        try:
            shutil.copytree(kept, self.checkpoint)
            if again is not None:
                os.remove(f"{self.checkpoint}/commits/{again}")
            path = pathlib.Path(self.checkpoint, name)
            if damage is None:
                path.unlink()
            else:
                path.write_bytes(damage(path.read_bytes()))
            with self.subTest(file=name, damage=getattr(damage, "__name__", "removed")):
                self.failure(start, rf"file:{path}(?!\w)", *patterns)
        finally:
            shutil.rmtree(self.checkpoint)
            self.checkpoint = kept

    def test_damaged_logs(self):
        spark, source = self.finished(self.counts)

        def start():
            return self.writer(self.counts(spark, source), mode="update").start()

        for name, again in (("metadata", None), ("offsets/5", 5), ("offsets/4", 5), ("offsets/5", None), ("commits/5", None), ("sources/0/0", None),
                            ("state/0/_metadata/metadata", None), ("state/0/0/_metadata/schema", None)):
            for damage in (half, empty, garbage):
                self.damaged(start, name, damage, ANEW, again=again)
        for name in ("offsets/5", "commits/5", "sources/0/0", "state/0/_metadata/metadata"):
            self.damaged(start, name, version_9, "v9", ANEW)
        self.damaged(start, "offsets/4", None, "batch 4 doesn't exist", ANEW, again=5)
        self.ends_well(self.writer(self.counts(spark, source), mode="update"))  # it was not the checkpoint

    def test_damaged_state(self):
        spark, source = self.finished(self.counts)  # deltas only: a start needs each of them

        def start():
            return self.writer(self.counts(spark, source), mode="update").start()

        for name in ("1.delta", "6.delta"):
            for damage in (half, empty, flipped):
                self.damaged(start, f"state/0/0/{name}", damage, ANEW)
            self.damaged(start, f"state/0/0/{name}", None, "does not exist", ANEW)

    def test_damaged_snapshots(self):
        spark, source = self.session(SNAPSHOTS), self.topic(values(24))
        query = self.writer(self.counts(spark, source), mode="update", ends=False).start()
        query.processAllAvailable()
        state = pathlib.Path(self.checkpoint, "state/0/0")
        until(lambda: list(state.glob("*.snapshot")), "a snapshot")
        query.stop()
        self.topics.produce(source, values(4, 24))
        for path in state.glob("*.snapshot"):
            path.write_bytes(flipped(path.read_bytes()))
        kept, self.checkpoint = self.checkpoint, f"{self.home}/passed-over"
        shutil.copytree(kept, self.checkpoint)
        plain, results = self.session(), self.topic()
        self.ends_well(self.to_topic(self.counts(plain, source), results))  # from the deltas, which are all there
        self.assertEqual({row["key"]: int(row["value"]) for row in self.topics.dump(results, 1)}, counts_of(range(28)))
        self.checkpoint = kept
        (state / "1.delta").unlink()
        newest = max(state.glob("*.snapshot"), key=lambda path: int(path.stem))
        newest.write_bytes(flipped(newest.read_bytes()))  # whole again
        for damage in (half, empty, flipped):
            self.damaged(lambda: self.writer(self.counts(plain, source), mode="update").start(), f"state/0/0/{newest.name}", damage, ANEW)

    def test_damaged_log_of_files(self):
        spark, source = self.finished(self.rows, "append", form="json", path=f"{self.home}/out")
        log = pathlib.Path(self.home, "out/_spark_metadata/5")
        whole = log.read_bytes()
        self.topics.produce(source, values(12, 28))  # to the compact file
        for damage in (b"", b"garbage\nmore", whole[:len(whole) // 2]):
            log.write_bytes(damage)
            with self.subTest(damage=damage):
                kept, self.checkpoint = self.checkpoint, f"{self.home}/again"
                shutil.copytree(kept, self.checkpoint)
                self.failure(self.writer(self.rows(spark, source), "json", path=f"{self.home}/out"), f"file:{log}")
                shutil.rmtree(self.checkpoint)
                self.checkpoint = kept
                for path in log.parent.iterdir():
                    if path.name.isdigit() and int(path.name) > 5:
                        path.unlink()
        log.write_bytes(whole)
        self.ends_well(self.writer(self.rows(spark, source), "json", path=f"{self.home}/out"))
        self.assertEqual(sorted(row.v for row in spark.read.schema("v INT").json(f"{self.home}/out").collect()), list(range(40)))

    def test_changed_queries(self):
        spark, source = self.finished(self.counts)
        second = self.topic(values(4))
        rows = self.rows(spark, source)
        schema = f"file:{self.checkpoint}/state/0/0/_metadata/schema"
        for frame, *patterns in (
                (rows.union(self.rows(spark, second)).groupBy("k").count(), r"There are \[1\] sources in the checkpoint offsets and now there are \[2\] sources"),
                (rows.groupBy("v").count(), r"\[STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE\]", r"StructField\(k,StringType", r"StructField\(v,IntegerType", schema, ANEW),
                (rows.groupBy("k", "v").count(), r"\[STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE\]", schema, ANEW),
                (rows.groupBy("k").sum("v"), r"\[STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE\]", schema, ANEW),
                (rows, r"\[STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA\]", "stateStoreSave", ANEW)):
            with self.subTest(patterns=patterns):
                self.failure(self.writer(frame, mode="append" if frame is rows else "update"), *patterns)
        self.ends_well(self.to_topic(self.counts(spark, source), results := self.topic()))  # another sink, which is allowed
        self.assertEqual({row["key"]: int(row["value"]) for row in self.topics.dump(results, 1)}, counts_of(range(28)))

    def test_rivals_on_one_checkpoint(self):
        source = self.topic(values(8))
        first = self.writer(self.counts(self.session(), source), mode="update", ends=False).start()
        first.processAllAvailable()
        second = self.writer(self.counts(self.session(), source), mode="update", ends=False).start()
        for n in range(20):  # both want the next batch; one of them finds that the other has it
            self.topics.produce(source, values(1, 8 + n))
            for query in (first, second):
                with contextlib.suppress(StreamingQueryException):
                    query.processAllAvailable()
            if not (first.isActive and second.isActive):
                break
        loser = second if first.isActive else first
        self.failure(loser, r"\[CONCURRENT_STREAM_LOG_UPDATE\]", "only one streaming job runs on a specific checkpoint")


if __name__ == "__main__":
    unittest.main()
