"""Requests that keep to the protocol and still ask for too much, or at the worst moment: the broker answers them, and stays."""
import re
import threading
import unittest

import kafka_wire
from record_batch import batch
from weir_broker import Broker, sanitized

MANY_PARTITIONS = 10000
ENTRIES = 40000
PRODUCERS = 300
RESPONSE_LIMIT_KIB = 256 << 10
PEAK_LIMIT_KIB = 300 << 10


def fetch(entries):
    topics = [{"topic": topic, "partitions": [{"partition": p, "fetch_offset": 0, "partition_max_bytes": 100} for p in partitions]}
              for topic, partitions in entries]
    return {"replica_id": -1, "max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 20, "topics": topics}


class Absurd(unittest.TestCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.stop)

    def connect(self, limit_s=kafka_wire.LIMIT_S):
        connection = kafka_wire.Connection(self.broker.host, self.broker.port, limit_s)
        self.addCleanup(connection.__exit__, None, None, None)
        return connection

    def peak_kib(self):
        with open(f"/proc/{self.broker.pid}/status", encoding="ascii") as file:
            return int(re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.MULTILINE).group(1))

    def assert_memory_grew_less(self, before, limit_kib):
        if not sanitized():  # whose own memory is many times the broker's
            self.assertLess(self.peak_kib() - before, limit_kib)

    def test_a_large_topic_named_often_takes_memory_for_its_names_only(self):
        c = self.connect()
        spec = {"name": "large", "num_partitions": MANY_PARTITIONS, "replication_factor": 1}
        self.assertEqual(c.call("CreateTopics", 4, {"topics": [spec], "timeout_ms": 10000})["topics"][0]["error_code"], 0)
        before = self.peak_kib()
        answer = c.call("Fetch", 11, fetch([("large", (7, 8, 7))] * ENTRIES))
        self.assertEqual({p["partition_index"] for topic in answer["responses"] for p in topic["partitions"]}, {7, 8})
        self.assert_memory_grew_less(before, PEAK_LIMIT_KIB)

    def test_a_partition_named_often_is_described_once(self):
        c = self.connect()
        c.call("Metadata", 8, {"topics": [{"name": "t"}], "allow_auto_topic_creation": True})
        for producer in range(PRODUCERS):
            part = {"index": 0, "records": batch(b"v", producer_id=producer)}
            answer = c.call("Produce", 7, {"acks": 1, "timeout_ms": 1000, "topic_data": [{"name": "t", "partition_data": [part]}]})
            self.assertEqual(answer["responses"][0]["partition_responses"][0]["error_code"], 0)
        asked = {"name": "t", "partition_indexes": [0, 1, 0]}
        first, missing, again = c.call("DescribeProducers", 0, {"topics": [asked]})["topics"][0]["partitions"]
        self.assertEqual([p["producer_id"] for p in first["active_producers"]], list(range(PRODUCERS)))
        self.assertEqual(again, first)
        self.assertEqual(missing["error_code"], 3)
        before = self.peak_kib()
        patient = self.connect(limit_s=120)  # under a sanitizer it takes its time
        with self.assertRaises(kafka_wire.Closed):  # the response would be too large
            patient.call("DescribeProducers", 0, {"topics": [{"name": "t", "partition_indexes": [0] * 200000}]})
        self.assert_memory_grew_less(before, 2 * RESPONSE_LIMIT_KIB + PEAK_LIMIT_KIB)

    def test_a_topic_may_be_deleted_while_a_long_fetch_looks_for_its_topics(self):
        long_fetch = fetch([("t", (0,))] + [(f"none-{n}", (0,)) for n in range(20000)])
        c, other = self.connect(), self.connect()
        done = threading.Event()

        def create_and_delete():
            while not done.is_set():
                other.call("Metadata", 8, {"topics": [{"name": "t"}], "allow_auto_topic_creation": True})
                other.call("DeleteTopics", 4, {"topic_names": ["t"], "timeout_ms": 1000})
                other.call("Metadata", 8, {"topics": [{"name": "none"}], "allow_auto_topic_creation": False})

        thread = threading.Thread(target=create_and_delete)
        thread.start()
        try:
            for _ in range(5):
                self.assertIn(c.call("Fetch", 11, long_fetch)["responses"][0]["partitions"][0]["error_code"], (0, 3))
        finally:
            done.set()
            thread.join()


if __name__ == "__main__":
    unittest.main()
