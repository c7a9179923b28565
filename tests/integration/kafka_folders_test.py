"""A broker started on each data directory that an Apache Kafka 4.3 left (tests/golden/datadir) serves the batches that Kafka's own classes read there,
byte for byte, to the end; knows the leader epochs; goes on behind them; and does so again after kill -9."""
import collections
import glob
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import kafka_wire
from record_batch import batch
from weir_broker import Broker

GOLDEN = os.path.join(kafka_wire.SOURCE, "tests", "golden", "datadir")
WHOLE = ["codecs", "compact-after", "compact-before", "compact-tombstones-gone", "coordinators", "idempotent", "leader-epochs", "segments", "torn-after",
         "transactions"]
DAMAGED = ["clean-cut", "torn-given"]  # what is left of these, unit.storage.recovery knows
# Old times; and nothing is to be compacted, or its transactions to be ended, while it is compared.
SETTINGS = {"log.retention.ms": -1, "log.cleaner.enable": "false", "offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1}


def expected_batches(name):
    """(topic, partition) -> [(base offset, last offset, size, crc)]"""
    found = collections.OrderedDict()
    with open(os.path.join(GOLDEN, name, "expect.jsonl"), encoding="utf-8") as file:
        for row in map(json.loads, file):
            if row["kind"] == "batch":
                found.setdefault((row["topic"], row["partition"]), []).append((row["base_offset"], row["last_offset"], row["size"], row["crc"]))
    return found


class KafkaFolders(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-golden-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)  # fsync takes long
        self.addCleanup(shutil.rmtree, self.folder, True)

    def start_on(self, name):
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        subprocess.run(["tar", "xzf", os.path.join(GOLDEN, name, "data.tar.gz"), "-C", folder], check=True)
        self.broker = Broker(SETTINGS, log_dir=folder)
        self.addCleanup(self.broker.stop)
        self.broker.start()
        return folder

    def call(self, api, version, body):
        with kafka_wire.Connection(self.broker.host, self.broker.port) as c:
            return c.call(api, version, body)

    def end(self, topic, partition):
        asked = {"partition_index": partition, "timestamp": -1, "current_leader_epoch": -1}
        answer = self.call("ListOffsets", 4, {"replica_id": -1, "topics": [{"name": topic, "partitions": [asked]}]})["topics"][0]["partitions"][0]
        self.assertEqual(answer["error_code"], 0)
        return answer["offset"]

    def read(self, topic, partition):
        offset, end, found = 0, self.end(topic, partition), []
        while offset < end:
            part = {"partition": partition, "fetch_offset": offset, "partition_max_bytes": 1 << 22}
            answer = self.call("Fetch", 4, {"max_wait_ms": 0, "max_bytes": 1 << 22, "topics": [{"topic": topic, "partitions": [part]}]})
            answer = answer["responses"][0]["partitions"][0]
            self.assertEqual(answer["error_code"], 0)
            data, at = answer["records"], 0
            self.assertTrue(data)
            while at + 61 <= len(data):
                base, length = struct.unpack_from(">qi", data, at)
                crc, _, delta = struct.unpack_from(">Ihi", data, at + 17)
                found.append((base, base + delta, length + 12, crc))
                offset, at = base + delta + 1, at + length + 12
        return found

    def leader_epoch(self, topic, partition):
        topics = self.call("Metadata", 8, {"topics": [{"name": topic}], "allow_auto_topic_creation": False})["topics"]
        return [p["leader_epoch"] for p in topics[0]["partitions"] if p["partition_index"] == partition][0]

    def check_epochs(self, folder, topic, partition):
        """Each epoch of the checkpoint ended where the next began; ours is later than all."""
        with open(os.path.join(folder, f"{topic}-{partition}", "leader-epoch-checkpoint"), encoding="ascii") as file:
            history = [tuple(map(int, line.split())) for line in file.read().splitlines()[2:]]
        ours = self.leader_epoch(topic, partition)
        for i, (epoch, _) in enumerate(history):
            self.assertGreaterEqual(ours, epoch)  # the same once we have written, which after a start we may have done
            asked = {"partition": partition, "current_leader_epoch": -1, "leader_epoch": epoch}
            answer = self.call("OffsetForLeaderEpoch", 3, {"replica_id": -1, "topics": [{"topic": topic, "partitions": [asked]}]})
            answer = answer["topics"][0]["partitions"][0]
            ends = history[i + 1][1] if i + 1 < len(history) else self.end(topic, partition)
            self.assertEqual((answer["error_code"], answer["leader_epoch"], answer["end_offset"]), (0, epoch, ends))

    def test_whole_folders_are_served_as_kafka_reads_them(self):
        self.assertEqual(sorted(WHOLE + DAMAGED + ["root"]), sorted(os.path.basename(f) for f in glob.glob(os.path.join(GOLDEN, "*"))))
        for name in WHOLE:
            with self.subTest(folder=name):
                folder = self.start_on(name)
                expected = expected_batches(name)
                expected.pop(("clean-cut", 0), None)  # in torn-after: Kafka does not see them either, and ends at 0
                for start in ("first", "after a crash"):
                    self.assertFalse([line for line in self.broker.output.splitlines() if "Recovered" in line and "clean-cut" not in line])
                    for (topic, partition), batches in expected.items():
                        if not topic.startswith("__"):
                            self.check_epochs(folder, topic, partition)
                        found = self.read(topic, partition)
                        if topic.startswith("__") or topic == "txn-open":  # whose transaction has timed out, and is ended by us
                            found = found[:len(batches)]
                        self.assertEqual(found, batches, (topic, partition, start))
                    self.broker.restart(clean=False)
                for topic, partition in expected:
                    if topic.startswith("__"):
                        continue
                    end = self.end(topic, partition)
                    part = {"index": partition, "records": batch(b"more")}
                    if not topic.startswith("compact"):  # whose configuration a folder does not tell: it takes records without a key
                        answer = self.call("Produce", 7, {"acks": -1, "timeout_ms": 1000, "topic_data": [{"name": topic, "partition_data": [part]}]})
                        answer = answer["responses"][0]["partition_responses"][0]
                        self.assertEqual((answer["error_code"], answer["base_offset"]), (0, end))
                self.broker.terminate()

    def test_damaged_folders_and_one_without_partitions_are_no_hindrance(self):
        for name in DAMAGED + ["root"]:
            with self.subTest(folder=name):
                folder = self.start_on(name)
                for path in glob.glob(os.path.join(folder, "*-0")):
                    topic = os.path.basename(path)[:-2]
                    if topic != "__cluster_metadata":
                        self.read(topic, 0)
                self.broker.restart()
                self.broker.terminate()


if __name__ == "__main__":
    unittest.main(verbosity=2)
