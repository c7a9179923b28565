"""Data that is damaged, gone or has no room: one line says what and where, nothing that was acknowledged is lost, and the rest is served."""
import os
import shutil
import tempfile
import unittest

import kafka_wire
from record_batch import batch
from weir_broker import Broker

CORRUPT_MESSAGE, STORAGE_ERROR = 2, 56
LENGTH_AT, VALUE_AT = 8, 80  # in a batch
FILE_LIMIT = 'ulimit -f 8; exec "$@"'  # blocks of 512 bytes


class Damage(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-damage-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        # Every batch is in the index: a start then checks the last one, and finds damage before it no more than Kafka would.
        self.broker = Broker({"log.index.interval.bytes": 1}, log_dir=self.folder).start()
        self.addCleanup(self.broker.stop)

    def call(self, api, version, body):
        with kafka_wire.Connection(self.broker.host, self.broker.port) as c:
            return c.call(api, version, body)

    def make(self, topic="t"):
        self.call("Metadata", 8, {"topics": [{"name": topic}], "allow_auto_topic_creation": True})

    def produce(self, value, topic="t", **producer):
        part = {"index": 0, "records": batch(value, **producer)}
        answer = self.call("Produce", 7, {"acks": 1, "timeout_ms": 1000, "topic_data": [{"name": topic, "partition_data": [part]}]})
        return answer["responses"][0]["partition_responses"][0]

    def produce_well(self, value, topic="t", **producer):
        answer = self.produce(value, topic, **producer)
        self.assertEqual(answer["error_code"], 0, self.broker.output)
        return answer["base_offset"]

    def fetch(self, offset, topic="t"):
        part = {"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1 << 20}
        answer = self.call("Fetch", 4, {"max_wait_ms": 0, "max_bytes": 1 << 20, "topics": [{"topic": topic, "partitions": [part]}]})
        return answer["responses"][0]["partitions"][0]

    def new_producer_id(self):
        answer = self.call("InitProducerId", 1, {"transactional_id": None, "transaction_timeout_ms": 1000})
        self.assertEqual(answer["error_code"], 0)
        return answer["producer_id"]

    def said(self, *words):
        return [line for line in self.broker.output.splitlines() if all(word in line for word in words)]

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def test_an_old_producers_id_is_nobody_elses_without_the_metadata_file(self):
        self.make()
        old = self.new_producer_id()
        self.assertEqual(self.produce_well(b"old", producer_id=old), 0)
        self.broker.terminate()
        os.unlink(self.path("weir.metadata"))
        for _ in range(2):  # the second start finds a metadata file, from which no id was taken yet
            self.broker.start()
            self.broker.terminate()
        self.broker.start()
        new = self.new_producer_id()
        self.assertGreater(new, old)
        self.assertEqual(self.produce_well(b"new", producer_id=new), 1)  # at 0 it would pass for a repetition, and be lost

    def test_a_damaged_batch_is_told_once_and_the_others_are_read(self):
        self.make()
        for value in (b"one", b"two", b"three", b"four"):
            self.produce_well(value)
        self.broker.terminate()
        size = len(batch(b"one"))
        with open(self.path("t-0", "0" * 20 + ".log"), "r+b") as file:
            file.seek(size + LENGTH_AT)
            file.write(b"\xff\xff\xff\xff")
        self.broker.start()
        for _ in range(3):
            self.assertEqual(self.fetch(1)["error_code"], CORRUPT_MESSAGE)
        self.assertEqual(len(self.said("ERROR", "t-0", "offset 1")), 1, self.broker.output)
        self.make("other")
        self.produce_well(b"value", "other")
        self.assertEqual(self.fetch(0, "other")["error_code"], 0)

    def commit(self, group, offset):
        body = {"group_id": group, "generation_id_or_member_epoch": -1,
                "topics": [{"name": "t", "partitions": [{"partition_index": 0, "committed_offset": offset}]}]}
        self.assertEqual(self.call("OffsetCommit", 2, body)["topics"][0]["partitions"][0]["error_code"], 0)

    def committed(self, group):
        answer = self.call("OffsetFetch", 1, {"group_id": group, "topics": [{"name": "t", "partition_indexes": [0]}]})
        return answer["topics"][0]["partitions"][0]["committed_offset"]

    def test_damaged_offsets_cost_what_they_said_and_nothing_else(self):
        self.broker.terminate()
        self.broker.config["offsets.topic.num.partitions"] = 1
        self.broker.start()
        self.make()
        groups = ["before", "rotten", "after", "last"]
        self.call("FindCoordinator", 1, {"key": "before", "key_type": 0})
        log = self.path("__consumer_offsets-0", "0" * 20 + ".log")
        begins = []
        for n, group in enumerate(groups):
            begins.append(os.path.getsize(log) if os.path.exists(log) else 0)
            self.commit(group, 10 + n)
        with open(log, "rb") as file:
            whole = file.read()
        for at in (LENGTH_AT, VALUE_AT):  # nobody can tell where the next begins; a wrong checksum
            self.broker.terminate()
            damaged = bytearray(whole)
            damaged[begins[1] + at] ^= 0xFF
            with open(log, "wb") as file:
                file.write(damaged)
            for _ in range(2):
                os.truncate(self.broker.output_path, 0)
                self.broker.start()
                self.assertEqual([self.committed(group) for group in groups], [10, -1, 12, 13])
                self.assertEqual(len(self.said("ERROR", "__consumer_offsets-0", "offsets 1 to 1 ", f"byte {begins[1]},")), 1, self.broker.output)
                self.broker.terminate()
            self.broker.start()
        self.commit("rotten", 20)
        self.broker.restart()
        self.assertEqual([self.committed(group) for group in groups], [10, 20, 12, 13])

    def test_no_room(self):
        self.make()
        self.broker.terminate()
        self.broker.wrapper = ["sh", "-c", FILE_LIMIT, "sh"]
        self.broker.start()
        acknowledged = 0
        while True:
            answer = self.produce(b"x" * 40)
            if answer["error_code"] != 0:
                break
            self.assertEqual(answer["base_offset"], acknowledged)
            acknowledged += 1
        self.assertEqual(answer["error_code"], STORAGE_ERROR)
        self.assertEqual(self.produce(b"x" * 40)["error_code"], STORAGE_ERROR)
        self.assertEqual(len(self.said("ERROR", "Cannot append to t-0", self.folder)), 1, self.broker.output)
        self.assertEqual(self.fetch(0)["high_watermark"], acknowledged)
        self.broker.kill()
        self.broker.wrapper = []
        self.broker.start()
        self.assertEqual(self.fetch(0)["high_watermark"], acknowledged)
        self.assertEqual(self.produce_well(b"again"), acknowledged)


if __name__ == "__main__":
    unittest.main(verbosity=2)
