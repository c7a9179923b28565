"""What a start makes of the data folder: leader epochs go on where they were, folders that Kafka wrote are taken over whole, and what a deletion left
behind when it was interrupted is in nobody's way."""
import os
import re
import select
import shutil
import struct
import subprocess
import tempfile
import unittest

import kafka_wire
from record_batch import batch
from weir_broker import Broker

PARTITIONS = 2
LEADER_EPOCH_AT = 12  # in a batch; outside what the checksum covers


def can_trace():
    return shutil.which("strace") and subprocess.run(["strace", "-o", os.devnull, "true"], check=False).returncode == 0


class DataFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-folder-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.broker = Broker({"num.partitions": PARTITIONS}, log_dir=self.folder).start()
        self.addCleanup(self.broker.stop)

    def call(self, api, version, body):
        with kafka_wire.Connection(self.broker.host, self.broker.port) as c:
            return c.call(api, version, body)

    def metadata(self, topic, create=True):
        """Asked twice if it makes the topic, which is there at the second time."""
        if create:
            self.call("Metadata", 8, {"topics": [{"name": topic}], "allow_auto_topic_creation": True})
        return self.call("Metadata", 8, {"topics": [{"name": topic}], "allow_auto_topic_creation": create})["topics"][0]

    def produce(self, topic, partition=0, value=b"value"):
        part = {"index": partition, "records": batch(value)}
        answer = self.call("Produce", 7, {"acks": 1, "timeout_ms": 1000, "topic_data": [{"name": topic, "partition_data": [part]}]})
        return answer["responses"][0]["partition_responses"][0]

    def end_offset(self, topic, partition=0):
        asked = {"partition_index": partition, "timestamp": -1}
        return self.call("ListOffsets", 4, {"replica_id": -1, "topics": [{"name": topic, "partitions": [asked]}]})["topics"][0]["partitions"][0]

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def test_the_leader_epoch_rises_at_every_start(self):
        self.metadata("t")
        epochs = []
        for _ in range(4):
            epochs.append(self.metadata("t")["partitions"][0]["leader_epoch"])
            self.assertEqual(self.produce("t")["error_code"], 0)
            self.broker.restart()
        self.assertEqual(epochs, [0, 1, 2, 3])
        with open(self.path("t-0", "leader-epoch-checkpoint"), encoding="ascii") as file:
            self.assertEqual(file.read(), "0\n4\n0 0\n1 1\n2 2\n3 3\n")

    def test_logs_of_a_kafka_that_was_started_often_are_taken_over_whole(self):
        self.metadata("t")
        for partition in range(PARTITIONS):
            self.assertEqual(self.produce("t", partition)["error_code"], 0)
        self.broker.terminate()
        for partition, epoch in enumerate((5, 9)):
            with open(self.path(f"t-{partition}", "00000000000000000000.log"), "r+b") as log:
                log.seek(LEADER_EPOCH_AT)
                log.write(struct.pack(">i", epoch))
            with open(self.path(f"t-{partition}", "leader-epoch-checkpoint"), "w", encoding="ascii") as file:
                file.write(f"0\n1\n{epoch} 0\n")
        os.remove(self.path("weir.metadata"))
        self.broker.start()
        self.assertNotIn("Recovered", self.broker.output)
        for partition in range(PARTITIONS):
            self.assertEqual(self.end_offset("t", partition)["offset"], 1)
            self.assertEqual(self.metadata("t")["partitions"][partition]["leader_epoch"], 10)

    def test_what_another_broker_led_meanwhile_is_kept(self):
        self.metadata("t")
        self.assertEqual([self.produce("t")["base_offset"] for _ in range(2)], [0, 1])
        for clean in (True, False):  # weir.metadata stays, and knows nothing of it
            (self.broker.terminate if clean else self.broker.kill)()
            with open(self.path("t-0", "00000000000000000000.log"), "r+b") as log:
                size = len(log.read()) // 2
                log.seek(size + LEADER_EPOCH_AT)
                log.write(struct.pack(">i", 40))
            with open(self.path("t-0", "leader-epoch-checkpoint"), "w", encoding="ascii") as file:
                file.write("0\n2\n0 0\n40 1\n")
            self.broker.start()
            self.assertNotIn("Recovered", self.broker.output)
            self.assertEqual(self.end_offset("t")["offset"], 2)
            self.assertEqual(self.metadata("t")["partitions"][0]["leader_epoch"], 41)

    def bytes_read(self):
        with open(f"/proc/{self.broker.pid}/io", encoding="ascii") as file:
            return int(re.search(r"^rchar: (\d+)$", file.read(), re.MULTILINE).group(1))

    def test_a_start_after_a_clean_stop_reads_the_tails_only(self):
        self.metadata("t")
        for _ in range(80):
            self.assertEqual(self.produce("t", value=b"x" * 100000)["error_code"], 0)
        self.broker.restart()
        self.assertLess(self.bytes_read(), 1 << 20)
        self.broker.restart()  # also when nothing was written since
        self.assertLess(self.bytes_read(), 1 << 20)
        self.broker.restart(clean=False)
        self.assertGreater(self.bytes_read(), 8 << 20)  # what was never synced is read, after a crash
        self.assertEqual(self.end_offset("t")["offset"], 80)

    def delete_but_keep(self, topic, *folders):
        """Deletes the topic and puts these of its folders back: what kill -9 leaves between the deletion and the files."""
        for folder in folders:
            shutil.copytree(self.path(folder), self.path("kept", folder))
        answer = self.call("DeleteTopics", 4, {"topic_names": [topic], "timeout_ms": 1000})
        self.assertEqual(answer["responses"][0]["error_code"], 0)
        self.broker.kill()
        for folder in folders:
            os.rename(self.path("kept", folder), self.path(folder))
        os.rmdir(self.path("kept"))

    def test_an_interrupted_deletion_is_not_in_the_way_of_a_new_topic(self):
        self.metadata("t")
        self.assertEqual([self.produce("t", p)["error_code"] for p in range(PARTITIONS)], [0, 0])
        self.delete_but_keep("t", "t-0", "t-1")
        self.broker.start()
        self.assertEqual(self.metadata("t", create=False)["error_code"], 3)
        self.assertEqual(self.metadata("t")["error_code"], 0)
        self.assertEqual(self.produce("t")["base_offset"], 0)
        self.assertEqual(self.end_offset("t", 1)["offset"], 0)

    def test_what_was_being_removed_is_removed_at_the_next_start(self):
        self.metadata("t")
        self.assertEqual(self.produce("t")["error_code"], 0)
        self.broker.kill()
        condemned = ["gone-0.AAAAAAAAAAAAAAAAAAAAAA-delete", "g" * 200 + ".AAAAAAAAAAAAAAAAAAAAAA-delete", f"gone-1.{'b' * 32}-delete"]
        others = ["t-delete", "notes.of.mine-delete"]
        for folder in condemned + others:
            shutil.copytree(self.path("t-0"), self.path(folder))
        self.broker.start()
        left = os.listdir(self.folder)
        self.assertEqual([folder for folder in condemned + others if folder in left], others)
        self.assertEqual(self.end_offset("t")["offset"], 1)

    @unittest.skipUnless(can_trace(), "strace is not there or not allowed")
    def test_flush_messages_puts_records_and_the_names_of_their_files_on_disk(self):
        trace = self.path("trace.txt")
        self.broker.terminate()
        self.broker = Broker({"num.partitions": 1, "log.flush.interval.messages": 1}, log_dir=self.path("flushed"),
                             wrapper=["strace", "-D", "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync", "-o", trace]).start()
        self.addCleanup(self.broker.stop)
        self.metadata("t")
        synced = []
        for _ in range(2):
            with open(trace, encoding="ascii") as file:
                before = len(file.read())
            self.assertEqual(self.produce("t")["error_code"], 0)
            with open(trace, encoding="ascii") as file:
                synced.append([os.path.basename(path) for path in re.findall(r"sync\(\d+<(.*?)>", file.read()[before:])])
        self.assertEqual(synced, [["00000000000000000000.log", "t-0", "flushed"], ["00000000000000000000.log"]])

    @unittest.skipUnless(can_trace(), "strace is not there or not allowed")
    def test_flush_ms_puts_records_on_disk_when_their_time_is_over(self):
        trace = self.path("trace")
        os.mkfifo(trace)
        self.broker.terminate()
        self.broker = Broker({"num.partitions": 1, "log.flush.interval.ms": 20}, log_dir=self.path("flushed"),
                             wrapper=["strace", "-D", "-f", "-y", "-qq", "-e", "trace=fdatasync", "-o", trace])
        self.addCleanup(self.broker.stop)
        with open(os.open(trace, os.O_RDWR), "rb", buffering=0) as told:  # for both, so that nobody waits to open it
            self.broker.start()
            self.metadata("t")
            for _ in range(2):
                self.assertEqual(self.produce("t")["error_code"], 0)
                seen = b""
                while not re.search(rb"fdatasync\(\d+<[^>]*/t-0/0{20}\.log>\) = 0\n", seen):
                    self.assertTrue(select.select([told], [], [], 30)[0], seen)
                    seen += told.read(4096)


if __name__ == "__main__":
    unittest.main()
