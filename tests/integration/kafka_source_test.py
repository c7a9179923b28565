"""The Kafka source against a broker of ours, without the rest of the engine: options, offsets, limits, rows, what is lost, and what comes back. What Spark says
and counts is in tests/golden/streaming."""
import gzip
import json
import os
import pathlib
import re
import tempfile
import time
import unittest

import kafka_session
from source_driver import Driver, Refused
from stream_golden.topics import FIRST_TIME, TopicBroker, records

SOURCE = pathlib.Path(os.environ.get("WEIR_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
KEY, VALUE, TOPIC, PARTITION, OFFSET, TIMESTAMP, TIMESTAMP_TYPE, HEADERS = range(8)

# Found at another time than Spark finds them, or in other words, since a task is not told apart from its query here.
OTHER_WORDS = {
    "starting_minus_three": "assertion failed: earliest offset -3 does not equal -2",
    "kafka_bad_value": "Invalid value plenty for configuration fetch.max.bytes: Not a number of type INT",
    "broker_bad_address": "Failed to create new KafkaAdminClient: Invalid url in bootstrap.servers: nohost",
}


def golden(case):
    with gzip.open(SOURCE / "tests/golden/streaming/kafka.jsonl.gz", "rt") as lines:
        return next(c for c in map(json.loads, lines) if c["case"] == case)


def java_text(expected):
    """What the exception itself said, without what a query adds."""
    text = expected["message"]
    if text.startswith("An error occurred while calling"):
        text = text.split("\n: ", 1)[1].split(": ", 1)[1]
    if text.startswith("[STREAM_FAILED]"):
        text = text.split("terminated with exception: ", 1)[1]
        text = re.split(r" SQLSTATE: XXKST|\n=== Streaming Query", text)[0]
    return text


def numbered(text):
    return re.sub(r"<id>--?\d+", "<id>", UUID.sub("<id>", text))


class KafkaSource(unittest.TestCase):
    maxDiff = None
    reader = "direct"

    def setUp(self):
        self.topics = TopicBroker()
        self.addCleanup(self.topics.stop)
        self.folder = tempfile.TemporaryDirectory(prefix="weir-kafka-source-")
        self.addCleanup(self.folder.cleanup)
        self.driver = Driver()
        self.addCleanup(self.driver.close)

    def open(self, stream=True, name="0", **options):
        options.setdefault("kafka.bootstrap.servers", self.topics.bootstrap)
        options["weir.kafka.reader"] = self.reader
        checkpoint = pathlib.Path(self.folder.name) / name if stream else None
        return self.driver.open("kafka", stream=stream, checkpoint=checkpoint, parallelism=2, **options)

    def fill(self, topic, *counts):
        self.topics.create({topic: len(counts)})
        for partition, count in enumerate(counts):
            self.topics.produce(topic, records(count, partition))

    def now(self):
        """Everything that is new since the beginning, as a query under AvailableNow reads it."""
        d, start, total = self.driver, "", 0
        d.ask("freeze")
        d.initial()
        for _ in range(100):
            end = d.latest(start)["end"]
            if end in ("", start):
                return total
            total += len(d.rows(start, end))
            if start == "" and end == d.initial():
                return total
            start = end
        raise AssertionError("there is no end to it")

    # --- options ---

    def outcome(self, item, number):
        options = dict(item["options"])
        if not item["bootstrap"]:
            options.setdefault("kafka.bootstrap.servers", None)
            options = {k: v for k, v in options.items() if v is not None}
        else:
            options["kafka.bootstrap.servers"] = self.topics.bootstrap
        options.setdefault("fetchOffset.retryIntervalMs", "10")
        options["weir.kafka.reader"] = self.reader
        try:
            checkpoint = pathlib.Path(self.folder.name) / f"options{number}" if item["stream"] else None
            self.driver.open("kafka", stream=item["stream"], checkpoint=checkpoint, parallelism=2, **options)
            return "rows", self.now() if item["stream"] else len(self.driver.rows())
        except Refused as refused:
            return "load" if refused.when == "load" else "run", numbered(refused.text)

    def test_every_set_of_options_ends_as_in_spark(self):
        case = golden("kafka_source_options")
        self.fill("opt_a", 10, 10)
        self.fill("opt_b", 2)
        for number, item in enumerate(case["items"]):
            with self.subTest(item["id"]):
                expected = json.loads(case["expected"][f"item/{item['id']}"])
                if "result" in expected:
                    wanted = "rows", int(re.search(r"(\d+) rows", expected["result"]).group(1))
                else:
                    wanted = expected["when"], numbered(OTHER_WORDS.get(item["id"], java_text(expected)))
                self.assertEqual(self.outcome(item, number), wanted)

    def test_schema(self):
        self.fill("t", 1)
        columns = "key:binary,value:binary,topic:string,partition:int,offset:bigint,timestamp:timestamp,timestampType:int"
        self.assertEqual(self.open(subscribe="t"), f"struct<{columns}>")
        self.assertEqual(self.open(subscribe="t", includeHeaders="true"), f"struct<{columns},headers:array<struct<key:string,value:binary>>>")

    # --- rows ---

    def test_columns_in_any_order_and_none(self):
        self.fill("t", 3, 2)
        self.open(stream=False, subscribe="t")
        self.assertEqual(self.driver.read(columns=[VALUE, OFFSET, TOPIC, PARTITION]),
                         [[[f"p0-{i}", i, "t", 0] for i in range(3)], [[f"p1-{i}", i, "t", 1] for i in range(2)]])
        self.assertEqual(self.driver.read(columns=[TIMESTAMP, KEY, TIMESTAMP_TYPE, KEY]),
                         [[[(FIRST_TIME + 1000 * i) * 1000, f"k{p}", 0, f"k{p}"] for i in range(n)] for p, n in ((0, 3), (1, 2))])
        self.assertEqual(self.driver.read(columns=[]), [[[]] * 3, [[]] * 2])

    def test_nulls_headers_and_times(self):
        self.topics.create({"t": 1})
        self.topics.create({"appended": 1}, {"message.timestamp.type": "LogAppendTime"})
        made = [(None, b"v", [(b"a", b"1"), (b"b", None)]), (b"k", None), (b"", b"", [(b"", b"")])]
        kafka_session.Session(self.topics.broker).produce("t", kafka_session.batch(made, FIRST_TIME))
        self.topics.produce("appended", records(1, 0))
        self.open(stream=False, subscribe="t", includeHeaders="true")
        self.assertEqual(self.driver.rows(columns=[KEY, VALUE, HEADERS]),
                         [[None, "v", [["a", "1"], ["b", None]]], ["k", None, None], ["", "", [["", ""]]]])
        self.open(stream=False, subscribe="appended")
        (ms, kind), = self.driver.rows(columns=[TIMESTAMP, TIMESTAMP_TYPE])
        self.assertEqual(kind, 1)
        self.assertLess(abs(ms / 1e6 - time.time()), 600)

    def test_large_and_many(self):
        self.topics.create({"t": 1})
        large = "x" * 900000
        self.topics.produce("t", [{"value": large}] * 30 + [{"value": f"{i}"} for i in range(20000)])
        self.open(stream=False, subscribe="t")
        rows = self.driver.rows(columns=[VALUE, OFFSET])
        self.assertEqual([r[1] for r in rows], list(range(20030)))
        self.assertTrue(all(r[0] == large for r in rows[:30]))
        self.assertEqual(rows[-1][0], "19999")

    def test_partitions_are_split_and_read_side_by_side(self):
        self.fill("minp_t", 10, 3)
        for parts, wanted in ((1, [3, 10]), (3, [3, 5, 5]), (5, [3, 2, 2, 3, 3]), (20, [1] * 13)):
            self.open(subscribe="minp_t", startingOffsets="earliest", minPartitions=parts, name=f"c{parts}")
            self.driver.initial()
            end = self.driver.latest()["end"]
            for _ in range(2):  # again, with what is open already
                read = self.driver.read(end=end, columns=[PARTITION, OFFSET], threads=True)
                self.assertEqual([len(p) for p in read], wanted)
                self.assertEqual(sorted(r for p in read for r in p), sorted([0, i] for i in range(10)) + [[1, i] for i in range(3)])

    # --- offsets of a stream ---

    def test_batches_follow_each_other(self):
        self.fill("t", 4)
        d = self.driver
        self.open(subscribe="t", startingOffsets="earliest")
        self.assertEqual(d.describe(), "KafkaV2[Subscribe[t]]")
        self.assertEqual(d.initial(), '{"t":{"0":0}}')
        end = d.latest()
        self.assertEqual(end, {"end": '{"t":{"0":4}}', "newest": '{"t":{"0":4}}'})
        self.assertEqual(len(d.rows("", end["end"])), 4)
        self.assertEqual(d.metrics(end["end"]), {"avgOffsetsBehindLatest": "0.0", "maxOffsetsBehindLatest": "0", "minOffsetsBehindLatest": "0"})
        start = end["end"]
        self.assertEqual(d.latest(start)["end"], start)
        for count in (1, 5, 2):
            self.topics.produce("t", records(count, 0, first=100))
            end = d.latest(start)["end"]
            self.assertEqual(len(d.rows(start, end)), count)
            self.assertEqual(len(d.rows(start, end)), count)  # and once more, as after a failure
            start = end
        self.assertEqual([r[OFFSET] for r in d.rows('{"t":{"0":2}}', '{"t":{"0":7}}')], list(range(2, 7)))
        with open(pathlib.Path(self.folder.name) / "0" / "0", "rb") as log:
            self.assertEqual(log.read(), b'\0v1\n{"t":{"0":0}}')

    def test_a_restart_begins_where_the_log_says(self):
        self.fill("t", 4)
        self.open(subscribe="t")
        self.assertEqual(self.driver.initial(), '{"t":{"0":4}}')
        self.topics.produce("t", records(2, 0))
        self.open(subscribe="t", startingOffsets="earliest")
        self.assertEqual(self.driver.initial(), '{"t":{"0":4}}')
        self.assertEqual(len(self.driver.rows("", self.driver.latest()["end"])), 2)

    def test_starting_offsets(self):
        self.fill("start_t", 10, 10)
        t = FIRST_TIME
        wanted = [
            ({"startingOffsets": '{"start_t":{"0":3,"1":-2}}'}, '{"start_t":{"0":3,"1":0}}'),
            ({"startingOffsets": '{"start_t":{"0":8,"1":-1}}'}, '{"start_t":{"0":8,"1":10}}'),
            ({"startingOffsets": "EARLIEST"}, '{"start_t":{"0":0,"1":0}}'),
            ({}, '{"start_t":{"0":10,"1":10}}'),
            ({"startingTimestamp": t + 7500}, '{"start_t":{"0":8,"1":8}}'),
            ({"startingOffsetsByTimestamp": json.dumps({"start_t": {"0": t + 7001, "1": t + 9000}})}, '{"start_t":{"0":8,"1":9}}'),
            ({"startingOffsetsByTimestamp": json.dumps({"start_t": {"0": -1, "1": -2}})}, '{"start_t":{"0":10,"1":0}}'),
            ({"startingTimestamp": t + 9000, "startingOffsetsByTimestamp": '{"start_t":{"0":1,"1":1}}', "startingOffsets": "earliest"},
             '{"start_t":{"0":9,"1":9}}'),
            ({"startingTimestamp": t + 999000, "startingOffsetsByTimestampStrategy": "Latest"}, '{"start_t":{"0":10,"1":10}}'),
        ]
        for number, (options, offsets) in enumerate(wanted):
            with self.subTest(options):
                self.open(name=f"s{number}", subscribe="start_t", **options)
                self.assertEqual(self.driver.initial(), offsets)

    def test_batch_bounds(self):
        self.fill("batch_t", 4, 3)
        rows = lambda **o: (self.open(stream=False, subscribe="batch_t", **o), self.driver.rows(columns=[PARTITION, OFFSET]))[1]  # noqa: E731
        self.assertEqual(rows(startingOffsets='{"batch_t":{"0":1,"1":-2}}', endingOffsets='{"batch_t":{"0":3,"1":-1}}'),
                         [[0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
        self.assertEqual(rows(startingTimestamp=FIRST_TIME + 1000, endingTimestamp=FIRST_TIME + 2000), [[1, 1], [0, 1]])
        self.assertEqual(len(rows(endingTimestamp=FIRST_TIME + 99000)), 7)

    def test_limits_share_out_a_backlog(self):
        self.fill("split_t", 100, 10, 0)
        self.open(subscribe="split_t", startingOffsets="earliest", maxOffsetsPerTrigger=20)
        d = self.driver
        d.initial()
        first = d.latest()
        self.assertEqual(first, {"end": '{"split_t":{"0":18,"1":1,"2":0}}', "newest": '{"split_t":{"0":100,"1":10,"2":0}}'})
        self.assertEqual(d.metrics(first["end"]), {"avgOffsetsBehindLatest": f"{91 / 3}", "maxOffsetsBehindLatest": "82", "minOffsetsBehindLatest": "0"})
        self.assertEqual(len(d.rows("", first["end"])), 19)
        d.ask("unlimited")
        self.assertEqual(d.latest(first["end"])["end"], '{"split_t":{"0":100,"1":10,"2":0}}')

    def test_a_batch_waits_for_enough_or_long_enough(self):
        self.fill("min_t", 4)
        self.open(subscribe="min_t", startingOffsets="earliest", minOffsetsPerTrigger=5, maxTriggerDelay="3s")
        d = self.driver
        d.initial()
        start = d.latest()["end"]
        self.assertEqual(start, '{"min_t":{"0":4}}')  # the first one never waits
        self.topics.produce("min_t", records(2, 0))
        self.assertEqual(d.latest(start)["end"], start)
        self.topics.produce("min_t", records(3, 0))
        start = d.latest(start)["end"]
        self.assertEqual(start, '{"min_t":{"0":9}}')
        self.topics.produce("min_t", records(1, 0))
        began = time.monotonic()
        while d.latest(start)["end"] == start:
            self.assertLess(time.monotonic() - began, 30)
            time.sleep(0.05)
        self.assertGreater(time.monotonic() - began, 1)

    def test_available_now_goes_no_further_than_what_there_was(self):
        self.fill("t", 4)
        self.open(subscribe="t", startingOffsets="earliest", maxOffsetsPerTrigger=3)
        d = self.driver
        self.assertIs(d.ask("freeze"), True)
        d.initial()
        first = d.latest()["end"]
        self.topics.produce("t", records(5, 0))
        second = d.latest(first)["end"]
        self.assertEqual([first, second], ['{"t":{"0":3}}', '{"t":{"0":4}}'])
        self.assertEqual(d.latest(second)["end"], second)
        self.assertEqual(len(d.rows(first, second)), 1)
        self.topics.create({"u": 1})
        self.assertIn("end offset should have lower or equal offset", d.refusal("read", first, '{"t":{"0":6}}').text)
        self.assertIn("should provide the same topic partitions", d.refusal("read", first, '{"t":{"0":4},"u":{"0":0}}').text)

    # --- which partitions ---

    def test_assign(self):
        self.fill("t", 2, 3, 4)
        self.open(assign='{"t":[2,0,9]}', startingOffsets="earliest")
        self.assertEqual(self.driver.describe(), "KafkaV2[Assign[t-2, t-0, t-9]]")
        self.assertEqual(self.driver.initial(), '{"t":{"0":0,"2":0}}')
        self.assertEqual(len(self.driver.rows("", self.driver.latest()["end"])), 6)

    def test_pattern_finds_new_topics(self):
        self.fill("log_a", 2)
        self.fill("other", 5)
        self.open(subscribePattern=" log_.* ", startingOffsets="latest")
        d = self.driver
        self.assertEqual(d.describe(), "KafkaV2[SubscribePattern[log_.*]]")
        self.assertEqual(d.initial(), '{"log_a":{"0":2}}')
        start = d.latest()["end"]
        self.fill("log_b", 3)
        end = d.latest(start)["end"]
        self.assertEqual(json.loads(end), {"log_a": {"0": 2}, "log_b": {"0": 3}})
        self.assertEqual(len(d.rows(start, end)), 3)

    def test_new_partitions_begin_at_the_beginning(self):
        self.fill("grown_t", 4)
        self.open(subscribe="grown_t")
        d = self.driver
        d.initial()
        start = d.latest()["end"]
        self.topics.add_partitions("grown_t", 3)
        for partition, count in ((0, 2), (1, 3), (2, 1)):
            self.topics.produce("grown_t", records(count, partition, first=4))
        end = d.latest(start)["end"]
        self.assertEqual(end, '{"grown_t":{"0":6,"1":3,"2":1}}')
        self.assertEqual([len(p) for p in d.read(start, end)], [1, 3, 2])

    def test_many_topics(self):
        names = [f"topic{i}" for i in range(12)]
        self.topics.create({name: 2 for name in names})
        for name in names:
            self.topics.produce(name, records(3, 0) + records(1, 1))
        self.open(subscribe=",".join(names), startingOffsets="earliest")
        self.driver.initial()
        end = self.driver.latest()["end"]
        self.assertEqual(len(self.driver.rows("", end, threads=True)), 48)
        self.open(subscribe=",".join([*names, "missing"]), name="1", **{"fetchOffset.retryIntervalMs": 10})
        self.assertIn("UnknownTopicOrPartitionException", self.driver.refusal("initial").text)

    # --- what is lost ---

    def test_deleted_records(self):
        for fail in (True, False):
            topic = f"loss_{fail}".lower()
            self.fill(topic, 10, 10)
            self.open(name=topic, subscribe=topic, startingOffsets="earliest", failOnDataLoss=str(fail).lower())
            d = self.driver
            d.initial()
            start = d.latest()["end"]
            self.assertEqual(len(d.rows("", start)), 20)
            for partition in (0, 1):
                self.topics.produce(topic, records(10, partition, first=10))
            self.topics.delete_records(topic, 0, 15)
            end = d.latest(start)["end"]
            self.open(name=topic, subscribe=topic, failOnDataLoss=str(fail).lower())  # nothing is on its way any more
            if fail:
                refused = d.refusal("read", start, end)
                self.assertEqual(refused.java, "KafkaIllegalStateException")
                self.assertRegex(refused.text, r"Reason: Could not read records in offset \[10, 20\) for topic partition loss_true-0\n"
                                               r"with consumer group spark-kafka-source-[-0-9a-f]{36}--?\d+-executor\.$")
            else:
                rows = d.rows(start, end, columns=[PARTITION, OFFSET])
                self.assertEqual(sorted(rows), [[0, i] for i in range(15, 20)] + [[1, i] for i in range(10, 20)])

    def test_everything_of_a_range_deleted(self):
        self.fill("gone_t", 10)
        self.topics.delete_records("gone_t", 0, 10)
        self.open(subscribe="gone_t", startingOffsets='{"gone_t":{"0":2}}', failOnDataLoss="false")
        self.driver.initial()
        self.assertEqual(self.driver.rows("", self.driver.latest()["end"]), [])
        self.topics.produce("gone_t", records(3, 0))
        self.assertEqual(len(self.driver.rows('{"gone_t":{"0":10}}', '{"gone_t":{"0":13}}')), 3)

    def test_deleted_topic(self):
        self.fill("stay", 3)
        self.fill("gone", 4)
        quick = {"fetchOffset.retryIntervalMs": 10}
        self.open(subscribe="gone, stay", startingOffsets="earliest", **quick)
        d = self.driver
        d.initial()
        start = d.latest()["end"]
        self.assertEqual(len(d.rows("", start)), 7)
        self.topics.delete("gone")
        refused = d.refusal("latest", start)
        self.assertEqual(refused.text, "org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.")
        self.fill("gone", 2)
        self.topics.produce("stay", records(2, 0, first=3))
        end = d.latest(start)["end"]
        self.assertEqual(json.loads(end), {"stay": {"0": 5}, "gone": {"0": 2}})
        self.assertIn("Reason: Partition gone-0 offset was changed from 4 to 2.", d.refusal("read", start, end).text)
        self.open(subscribe="gone, stay", failOnDataLoss="false", **quick)
        self.assertEqual([r[OFFSET] for r in d.rows(start, end)], [3, 4])
        self.open(subscribe="stay", **quick)
        self.assertIn("Reason: Partitions Set(gone-0) have been deleted.", d.refusal("read", start, '{"stay":{"0":5}}').text)

    def test_offsets_that_are_none(self):
        self.fill("t", 1)
        self.open(subscribe="t")
        self.driver.initial()
        self.assertIn("got {", self.driver.refusal("read", "{", '{"t":{"0":1}}').text)
        self.assertIn("does not equal -2", self.driver.refusal("read", '{"t":{"0":-9}}', '{"t":{"0":1}}').text)

    # --- transactions ---

    def test_transactions_leave_gaps(self):
        self.topics.create({"txn_t": 1})
        end = self.topics.transactions("txn_t", [(3, "commit"), (2, "abort"), (2, "commit"), (2, None)])
        values = lambda **o: (self.open(stream=False, subscribe="txn_t", **o), self.driver.rows(columns=[VALUE]))[1]  # noqa: E731
        committed = [["t0-0"], ["t0-1"], ["t0-2"], ["t2-0"], ["t2-1"]]
        aborted, still_open = [["t1-0"], ["t1-1"]], [["open-0"], ["open-1"]]
        self.assertEqual(values(), committed[:3] + aborted + committed[3:] + still_open)
        self.assertEqual(values(**{"kafka.isolation.level": "read_committed"}), committed)
        end(False)
        self.assertEqual(values(**{"kafka.isolation.level": "read_committed"}), committed)
        d = self.driver
        self.open(subscribe="txn_t", startingOffsets="earliest", maxOffsetsPerTrigger=3, **{"kafka.isolation.level": "read_committed"})
        d.initial()
        start, read = "", []
        for _ in range(10):
            end = d.latest(start)["end"]
            if end == start:
                break
            read.append(len(d.rows(start, end, columns=[VALUE])))
            start = end
        self.assertEqual(sum(read), 5)
        self.assertIn(0, read)  # a batch of nothing but aborted records and marks

    # --- brokers that go ---

    def restart_options(self):
        self.topics.broker.config["listeners"] = f"PLAINTEXT://127.0.0.1:{self.topics.broker.port}"
        return {"kafka.reconnect.backoff.max.ms": 200, "fetchOffset.retryIntervalMs": 200}

    def test_a_broker_that_comes_back(self):
        self.fill("t", 1000)
        options = self.restart_options()
        self.open(subscribe="t", startingOffsets="earliest", **options)
        d = self.driver
        d.initial()
        start = d.latest()["end"]
        self.assertEqual(len(d.rows("", start)), 1000)
        self.topics.produce("t", records(10, 0, first=1000))
        end = d.latest(start)["end"]
        self.topics.broker.kill()
        self.topics.broker.start()
        self.assertEqual(len(d.rows(start, end)), 10)
        self.assertEqual(d.latest(end)["end"], end)

    def test_a_broker_that_stays_away(self):
        self.fill("t", 10)
        options = {"kafka.default.api.timeout.ms": 300, "kafkaConsumer.pollTimeoutMs": 700, **self.restart_options()}
        self.open(subscribe="t", startingOffsets="earliest", **options)
        d = self.driver
        d.initial()
        self.topics.broker.kill()
        began = time.monotonic()
        self.assertIn("TimeoutException", d.refusal("latest").text)
        refused = d.refusal("read", '{"t":{"0":0}}', '{"t":{"0":10}}')
        self.assertRegex(refused.text, r"Cannot fetch record for offset 0 in 700 milliseconds|TimeoutException")
        self.assertLess(time.monotonic() - began, 60)
        self.topics.broker.start()
        self.assertEqual(len(d.rows("", '{"t":{"0":10}}')), 10)

    def test_waiting_ends_when_the_query_is_to_stop(self):
        self.fill("t", 1)
        self.open(subscribe="t", startingOffsets="earliest")
        self.driver.initial()
        self.driver.ask("cancel", after_ms=300)
        began = time.monotonic()
        self.assertIsNotNone(self.driver.refusal("read", '{"t":{"0":0}}', '{"t":{"0":5}}'))
        self.assertLess(time.monotonic() - began, 30)


class KafkaSourceByLibrdkafka(KafkaSource):
    """The same through librdkafka, which reads where connections are encrypted or authenticated."""
    reader = "librdkafka"

    @classmethod
    def setUpClass(cls):
        if Driver.has("__tsan_init"):
            raise unittest.SkipTest("librdkafka is not built for ThreadSanitizer: the atomic counts by which its threads agree go unseen")


if __name__ == "__main__":
    unittest.main()
