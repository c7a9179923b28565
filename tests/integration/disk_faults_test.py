"""A disk that is full, or that fails: the producer is told so, everybody else is served, and where it is safe the log goes on by itself. A real full
disk (a small one in memory, in a mount namespace of the broker's own) and errors that strace puts in the kernel's place."""
import os
import shutil
import subprocess
import tempfile
import unittest

import kafka_wire
from record_batch import batch
from weir_broker import Broker, sanitized

STORAGE_ERROR = 56
DISK_BYTES = 4 << 20
NAMESPACE = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
LOG = "t-0/00000000000000000000.log"


def works(*argv):
    return shutil.which(argv[0]) and subprocess.run(argv, check=False, capture_output=True).returncode == 0


def can_mount():
    return works(*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt")


def can_trace():
    return works("strace", "-o", os.devnull, "true") and not sanitized()  # which do not bear to be traced


class Faults(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-faults-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def serve(self, config=None, wrapper=()):
        self.broker = Broker({"offsets.topic.num.partitions": 1, "num.partitions": 1, "num.network.threads": 1, **(config or {})}, log_dir=os.path.join(self.folder, "disk", "data"),
                             wrapper=list(wrapper))
        os.makedirs(os.path.join(self.folder, "disk"), exist_ok=True)
        self.addCleanup(self.broker.stop)
        self.broker.start()

    def call(self, api, version, body):
        with kafka_wire.Connection(self.broker.host, self.broker.port) as c:
            return c.call(api, version, body)

    def make(self, topic="t"):
        answer = self.call("CreateTopics", 2, {"topics": [{"name": topic, "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}],
                                               "timeout_ms": 1000})
        return answer["topics"][0]["error_code"]

    def produce(self, value, topic="t"):
        part = {"index": 0, "records": batch(value)}
        answer = self.call("Produce", 8, {"acks": -1, "timeout_ms": 1000, "topic_data": [{"name": topic, "partition_data": [part]}]})
        part = answer["responses"][0]["partition_responses"][0]
        return part["error_code"] or part["base_offset"], part["error_message"]

    def fetch(self, offset=0):
        part = {"partition": 0, "fetch_offset": offset, "partition_max_bytes": 1 << 20}
        answer = self.call("Fetch", 4, {"max_wait_ms": 0, "max_bytes": 1 << 20, "topics": [{"topic": "t", "partitions": [part]}]})
        return answer["responses"][0]["partitions"][0]

    def commit(self, offset):
        body = {"group_id": "g", "generation_id_or_member_epoch": -1, "topics": [{"name": "t", "partitions": [{"partition_index": 0, "committed_offset": offset}]}]}
        return self.call("OffsetCommit", 2, body)["topics"][0]["partitions"][0]["error_code"]

    def errors(self):
        return [line for line in self.broker.output.splitlines() if " ERROR " in line]

    # --- full ---

    def on_disk(self, name):
        """A path on the broker's own disk, from outside of its namespace."""
        return f"/proc/{self.broker.pid}/root{self.folder}/disk/{name}"

    def fill_disk(self, leave=0):
        with open(self.on_disk("ballast"), "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass
            if leave:
                os.ftruncate(file.fileno(), file.tell() - leave)

    @unittest.skipUnless(can_mount(), "no mount namespace with a disk of its own here")
    def test_a_full_disk_is_told_and_is_no_end(self):
        os.mkdir(os.path.join(self.folder, "disk"))
        mount = f'mount -t tmpfs -o size={DISK_BYTES} none {self.folder}/disk && exec "$@"'
        self.serve(wrapper=[*NAMESPACE, "sh", "-c", mount, "sh"])
        self.assertEqual(self.make(), 0)
        self.call("FindCoordinator", 1, {"key": "g", "key_type": 0})
        self.assertEqual(self.produce(b"x" * 1000)[0], 0)
        self.assertEqual(self.commit(1), 0)
        self.fill_disk()
        acknowledged = 1
        while self.produce(b"x" * 1000) == (acknowledged, None):  # what is left of a page
            acknowledged += 1
        for _ in range(3):
            code, message = self.produce(b"x" * 1000)
            self.assertEqual(code, STORAGE_ERROR)
            self.assertIn("No space left on device", message)
        self.assertEqual(len(self.errors()), 1, self.broker.output)
        self.assertIn("Cannot append to t-0", self.errors()[0])
        self.assertEqual(self.fetch()["high_watermark"], acknowledged)
        self.assertEqual(self.make("other"), STORAGE_ERROR)
        while self.commit(2) == 0:
            pass  # there is room in its page too
        self.assertEqual(self.call("Metadata", 1, {"topics": None})["topics"][0]["error_code"], 0)

        os.truncate(self.on_disk("ballast"), os.path.getsize(self.on_disk("ballast")) - (64 << 10))
        self.assertEqual(self.produce(b"y" * 200000)[0], STORAGE_ERROR)  # of which a part would have found room
        self.assertEqual(self.produce(b"fits")[0], acknowledged)
        os.unlink(self.on_disk("ballast"))
        self.assertEqual(self.produce(b"z" * 200000)[0], acknowledged + 1)
        self.assertEqual(self.commit(3), 0)
        self.assertEqual(self.make("other"), 0)
        self.assertEqual(self.produce(b"first", "other")[0], 0)

        shutil.copytree(self.on_disk("data"), os.path.join(self.folder, "copy"))  # as kill -9 would leave it
        self.broker.terminate()
        self.broker = Broker(log_dir=os.path.join(self.folder, "copy"))
        self.addCleanup(self.broker.stop)
        self.broker.start()
        self.assertNotIn("Recovered", self.broker.output)
        self.assertEqual(self.fetch()["high_watermark"], acknowledged + 2)

    # --- failing ---

    def serve_traced(self, fault, config=None):  # strace counts for each thread: there is one worker
        path = os.path.join(self.folder, "disk", "data", LOG)
        self.serve(config, ["strace", "-D", "-f", "-qq", "-o", os.devnull, "-P", path, "-e", f"inject={fault}"])

    @unittest.skipUnless(can_trace(), "strace is not there or not allowed")
    def test_a_write_that_fails_costs_that_batch_only(self):
        self.serve_traced("pwritev:error=EIO:when=3")
        self.assertEqual(self.make(), 0)
        self.assertEqual([self.produce(b"x")[0] for _ in range(2)], [0, 1])
        code, message = self.produce(b"lost")
        self.assertEqual(code, STORAGE_ERROR)
        self.assertIn("Input/output error", message)
        self.assertEqual(len(self.errors()), 1, self.broker.output)
        self.assertEqual([self.produce(b"y")[0] for _ in range(2)], [2, 3])
        self.assertNotIn(b"lost", self.fetch()["records"])
        self.broker.wrapper = []
        self.broker.restart(clean=False)
        self.assertNotIn("Recovered", self.broker.output)
        self.assertEqual(self.fetch()["high_watermark"], 4)

    @unittest.skipUnless(can_trace(), "strace is not there or not allowed")
    def test_after_a_failed_fsync_the_log_takes_nothing_until_the_next_start(self):
        self.serve_traced("fdatasync:error=EIO:when=2", {"log.flush.interval.messages": 1})
        self.assertEqual(self.make(), 0)
        self.assertEqual(self.produce(b"x")[0], 0)
        for _ in range(3):  # the kernel may have dropped what it could not write, and says so once
            self.assertEqual(self.produce(b"y")[0], STORAGE_ERROR)
        self.assertEqual(self.fetch()["error_code"], 0)
        self.assertEqual(self.make("other"), 0)
        self.assertEqual(self.produce(b"first", "other")[0], 0)
        self.broker.wrapper = []
        self.broker.restart(clean=False)
        end = self.fetch()["high_watermark"]
        self.assertIn(end, (1, 2))  # whoever was told of the error cannot know
        self.assertEqual(self.produce(b"z")[0], end)


if __name__ == "__main__":
    unittest.main(verbosity=2)
