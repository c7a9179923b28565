"""How partitions lose their beginning: DeleteRecords, retention by age, deleted topics; and that a crash brings nothing back."""
import os
import shutil
import struct
import tempfile
import time
import unittest

import kafka_session
import kafka_wire
from record_batch import batch
from weir_broker import Broker

LIMIT_S = 20
OUT_OF_RANGE, UNKNOWN_TOPIC, INVALID_TOPIC, POLICY_VIOLATION, STORAGE_ERROR = 1, 3, 17, 44, 56


def until(condition, what):
    """Looks again and again: what happens in the folder sends no event."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {LIMIT_S} s")
        time.sleep(0.01)


class Retention(unittest.TestCase):
    def start(self, **config):
        self.folder = tempfile.mkdtemp(prefix="weir-retention-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.broker = Broker({key.replace("_", "."): value for key, value in config.items()}, log_dir=self.folder).start()
        self.addCleanup(self.broker.stop)

    def call(self, api, version, body):
        with kafka_wire.Connection(self.broker.host, self.broker.port) as c:
            return c.call(api, version, body)

    def create(self, name, **configs):
        entries = [{"name": key.replace("_", "."), "value": str(value)} for key, value in configs.items()]
        topic = {"name": name, "num_partitions": 1, "replication_factor": 1, "configs": entries}
        answer = self.call("CreateTopics", 4, {"topics": [topic], "timeout_ms": 10000})
        self.assertEqual(answer["topics"][0]["error_code"], 0, answer)

    def produce(self, topic, count=1, records=batch(b"value")):
        for _ in range(count):
            part = {"index": 0, "records": records}
            answer = self.call("Produce", 7, {"acks": 1, "timeout_ms": 1000, "topic_data": [{"name": topic, "partition_data": [part]}]})
            self.assertEqual(answer["responses"][0]["partition_responses"][0]["error_code"], 0, answer)

    def delete_records(self, topic, offset, version=2):
        asked = {"partition_index": 0, "offset": offset}
        answer = self.call("DeleteRecords", version, {"topics": [{"name": topic, "partitions": [asked]}], "timeout_ms": 1000})
        partition = answer["topics"][0]["partitions"][0]
        return partition["error_code"], partition["low_watermark"]

    def offset(self, topic, timestamp):
        asked = {"partition_index": 0, "timestamp": timestamp}
        answer = self.call("ListOffsets", 4, {"replica_id": -1, "topics": [{"name": topic, "partitions": [asked]}]})
        return answer["topics"][0]["partitions"][0]["offset"]

    def ends(self, topic):
        return self.offset(topic, -2), self.offset(topic, -1)

    def fetch_error(self, topic, offset):
        part = {"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1 << 20}
        answer = self.call("Fetch", 4, {"replica_id": -1, "max_wait_ms": 0, "min_bytes": 0, "topics": [{"topic": topic, "partitions": [part]}]})
        return answer["responses"][0]["partitions"][0]["error_code"]

    def test_records_that_were_deleted_stay_deleted(self):
        self.start()
        self.create("t")
        self.produce("t", 5)
        for version in (0, 1, 2):
            self.assertEqual(self.delete_records("t", version + 1, version), (0, version + 1))
        self.assertEqual(self.delete_records("t", 1), (0, 3))
        self.assertEqual(self.ends("t"), (3, 5))
        self.assertEqual((self.fetch_error("t", 2), self.fetch_error("t", 3)), (OUT_OF_RANGE, 0))
        for clean in (False, True):
            self.broker.restart(clean)
            self.assertEqual(self.ends("t"), (3, 5))
        self.assertEqual(self.delete_records("t", -1), (0, 5))
        self.produce("t")
        self.broker.restart(clean=False)
        self.assertEqual(self.ends("t"), (5, 6))

    def test_they_stay_deleted_when_the_log_cannot_be_closed_well(self):
        self.start()
        self.create("t")
        self.produce("t", 5)
        self.assertEqual(self.delete_records("t", 3), (0, 3))
        os.mkdir(os.path.join(self.folder, "t-0", f"{5:020}.snapshot.tmp"))  # where the producers' snapshot would be written
        self.broker.restart()
        self.assertIn("Cannot close t-0", self.broker.output)
        self.assertEqual(self.ends("t"), (3, 5))

    def test_what_cannot_be_deleted_is_said(self):
        self.start()
        self.create("t")
        self.create("compacted", cleanup_policy="compact")
        self.produce("t")
        self.call("FindCoordinator", 1, {"key": "g", "key_type": 0})  # makes the topic of offsets
        self.assertEqual(self.delete_records("t", 2), (OUT_OF_RANGE, -1))
        self.assertEqual(self.delete_records("t", -2), (OUT_OF_RANGE, -1))
        self.assertEqual(self.delete_records("nowhere", 0), (UNKNOWN_TOPIC, -1))
        self.assertEqual(self.delete_records("compacted", 0), (POLICY_VIOLATION, -1))
        self.assertEqual(self.delete_records("__consumer_offsets", 0), (INVALID_TOPIC, -1))
        self.assertEqual(self.ends("t"), (0, 1))

    def test_a_topic_of_the_same_name_begins_at_zero_after_a_crash_too(self):
        self.start()
        self.create("t")
        self.produce("t", 5)
        self.assertEqual(self.delete_records("t", 4), (0, 4))
        self.call("DeleteTopics", 4, {"topic_names": ["t"], "timeout_ms": 10000})
        self.create("t")
        self.produce("t", 5)
        self.broker.restart(clean=False)
        self.assertEqual(self.ends("t"), (0, 5))

    def test_it_does_so_when_the_first_ones_end_could_not_be_noted(self):
        self.start()
        self.create("t")
        self.produce("t", 5)
        self.assertEqual(self.delete_records("t", 4), (0, 4))
        obstacle = os.path.join(self.folder, "log-start-offset-checkpoint.tmp")
        os.mkdir(obstacle)
        self.call("DeleteTopics", 4, {"topic_names": ["t"], "timeout_ms": 10000})
        self.assertIn("Cannot write a checkpoint", self.broker.output)
        topic = {"name": "t", "num_partitions": 1, "replication_factor": 1, "configs": []}
        answer = self.call("CreateTopics", 4, {"topics": [topic], "timeout_ms": 10000})
        self.assertEqual(answer["topics"][0]["error_code"], STORAGE_ERROR)
        os.rmdir(obstacle)
        self.create("t")
        self.produce("t", 2)
        self.broker.restart(clean=False)
        self.assertEqual(self.ends("t"), (0, 2))

    def test_old_records_go_and_the_end_stays(self):
        self.start(log_retention_check_interval_ms=20, log_segment_delete_delay_ms=0)
        self.create("kept", retention_ms=-1)
        self.produce("kept", 3)
        self.create("old")  # a week; the records say 1970
        self.produce("old", 3)
        until(lambda: self.ends("old") == (3, 3), "retention of old records")
        until(lambda: sorted(name for name in os.listdir(os.path.join(self.folder, "old-0")) if name.endswith((".log", ".deleted")))
              == ["00000000000000000003.log"], "removal of the files")
        self.assertEqual(self.ends("kept"), (0, 3))
        self.broker.restart(clean=False)
        self.assertEqual(self.ends("old"), (3, 3))
        self.assertEqual(self.ends("kept"), (0, 3))

    def test_files_of_a_deleted_topic_go_after_their_delay(self):
        self.start()
        self.create("soon", file_delete_delay_ms=0)
        self.create("later")
        for topic in ("soon", "later"):
            self.produce(topic)
        self.call("DeleteTopics", 4, {"topic_names": ["soon", "later"], "timeout_ms": 10000})
        names = os.listdir(self.folder)
        self.assertFalse({"soon-0", "later-0"} & set(names), names)
        until(lambda: not [name for name in os.listdir(self.folder) if name.startswith("soon-0")], "removal of the folder")
        self.assertRegex(" ".join(os.listdir(self.folder)), r"later-0\.[\w-]{22}-delete")
        self.broker.restart(clean=False)
        self.assertFalse([name for name in os.listdir(self.folder) if name.startswith("later-0")])

    def test_a_new_segment_moves_the_recovery_point(self):
        self.start(log_retention_ms=-1)
        self.create("t", segment_index_bytes=8)  # an index of one entry is full at once: each batch begins a segment
        self.produce("t", 3)
        path = os.path.join(self.folder, "recovery-point-offset-checkpoint")

        def point():
            if not os.path.exists(path):
                return ""
            with open(path, encoding="ascii") as file:
                return file.read()

        until(lambda: point() == "0\n1\nt 0 2\n", "the recovery point")
        self.broker.restart(clean=False)
        self.assertEqual(self.ends("t"), (0, 3))

    def test_a_small_dedupe_buffer_cleans_in_many_passes(self):
        self.start(log_retention_ms=-1, log_cleaner_dedupe_buffer_size=1048577, log_cleaner_io_buffer_load_factor=0.0001)  # four keys at a time
        self.create("t", cleanup_policy="compact", min_cleanable_dirty_ratio=0, segment_index_bytes=8)  # each batch begins a segment
        for _ in range(3):
            self.produce("t", records=kafka_session.batch([(b"k%d" % n, b"v") for n in range(40)], 1000))
        until(lambda: self.broker.output.count("segments of t-0") >= 10, "ten cleanings, though there are no more than three occasions")
        until(lambda: [name for name in sorted(os.listdir(os.path.join(self.folder, "t-0"))) if name.endswith(".log")]
              == ["%020d.log" % n for n in (0, 80)], "the first forty records are gone")
        with open(os.path.join(self.folder, "t-0", "%020d.log" % 0), "rb") as file:
            self.assertEqual(struct.unpack(">q", file.read(8)), (40,))
        self.assertEqual(self.ends("t"), (0, 120))


if __name__ == "__main__":
    unittest.main()
