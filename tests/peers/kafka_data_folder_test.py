# ctest: timeout 600
# ctest: serial
"""What we write to disk is Apache Kafka's: its kafka-dump-log finds no fault in it, an Apache Kafka that is started on our folders serves the same
records to both kinds of readers, knows the same groups, producers and open transactions, and goes on with them; and what it then leaves, after a clean
stop and after a crash, we serve in our turn, byte for byte."""
import base64
import collections
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

from apache_broker import ApacheKafka, fetch, tool
from kafka_session import NOW_MS, Session, batch, batches_of
from weir_broker import Broker

CODECS = ["uncompressed", "gzip", "snappy", "lz4", "zstd"]
INTERNAL = {"offsets.topic.num.partitions": 2, "transaction.state.log.num.partitions": 2}
STILL = {**INTERNAL, "log.cleaner.enable": "false"}  # compaction would change what is compared
SMALL = {"segment.ms": 35, "index.interval.bytes": 50}  # a segment for each four of our batches
TOPICS = {**{f"codec-{c}": {"compression.type": c} for c in CODECS}, "as-sent": {}, "segments": SMALL, "txn": {}, "idempotent": {},
          "append-time": {"message.timestamp.type": "LogAppendTime"},
          "compacted": {**SMALL, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0.01, "delete.retention.ms": 86400000}}
ALL = [(topic, 0) for topic in TOPICS] + [(t, p) for t in ("__consumer_offsets", "__transaction_state") for p in range(2)]
VARIED = [(b"key", b"value " * 30, [(b"header", b"1"), (b"header", None), (b"", b"")]), (None, b""), (b"", None), (b"\xff\0", bytes(range(256)))]


def world_of(s):
    """All that must be the same on both sides."""
    seen = collections.OrderedDict()
    for topic, partition in ALL:
        for isolation in (0, 1):
            seen["bounds", topic, partition, isolation] = s.bounds(topic, partition, isolation)
            seen["records", topic, partition, isolation] = s.read(topic, partition, isolation)
    for group in ("simple", "transactional"):
        seen["committed", group] = s.committed(group)
    for topic in ("txn", "idempotent"):
        seen["producers", topic] = s.producers(topic)
    return seen


class DataFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-peer-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.ours = Broker(INTERNAL, log_dir=os.path.join(self.folder, "ours"))
        self.addCleanup(self.ours.stop)
        self.pid, self.hung, self.highest_id = None, None, -1

    def same(self, left, right):
        for what, seen in left.items():
            if right[what] != seen:
                short = [(batches_of(x[0])[:40], x[1]) if what[0] == "records" else x for x in (seen, right[what])]
                self.fail(f"{what}:\n{short[0]}\n{short[1]}")

    def fill(self, s, salt):
        """Something of everything; `salt` tells first from later."""
        for codec in CODECS:
            for n in range(3):
                s.produce(f"codec-{codec}", batch(VARIED + [(b"%d" % n, salt * 400)]))
        s.produce("as-sent", batch(VARIED, codec=1))
        s.produce("as-sent", batch([(None, b"x" * 5000)] * 20))
        s.produce("append-time", batch(VARIED))
        for n in range(12):
            s.produce("segments", batch(VARIED, NOW_MS + 10 * n))
        for n in range(40):
            s.produce("compacted", batch([(b"k%d" % (n % 5), None if n % 7 == 3 else salt + b"%d" % n), (b"once%d" % n, salt)], NOW_MS + 10 * n))
        pid = s.producer()
        while pid[0] <= self.highest_id:  # what Kafka knows of producer ids is not in our folders
            pid = s.producer()
        for n in range(7):
            s.produce("idempotent", batch(VARIED, producer=(*pid, 4 * n)))
        return pid

    def transactions(self, s, salt, leave_open):
        first, second = s.producer("tx-a"), s.producer("tx-b")
        sequence = {"tx-a": 0, "tx-b": 0}
        for n, (tid, producer, committed) in enumerate([("tx-a", first, True), ("tx-b", second, False), ("tx-a", first, False), ("tx-b", second, True)]):
            s.begin(tid, producer, "txn")
            for _ in range(2):
                s.produce("txn", batch([(b"k", salt + b"%d" % n)], transactional=True, producer=(*producer, sequence[tid])), tid)
                sequence[tid] += 1
                s.produce("txn", batch([(b"plain", salt)]))
            if n == 0:
                s.commit_in(tid, producer, "transactional", "txn", 5)
            s.end(tid, producer, committed)
        if leave_open:
            self.hung = s.producer("tx-open")
            s.begin("tx-open", self.hung, "txn")
            s.produce("txn", batch([(b"open", salt)], transactional=True, producer=(*self.hung, 0)), "tx-open")
            s.produce("txn", batch([(b"behind", salt)]))

    def write_ours(self):
        self.ours.start()
        s = Session(self.ours)
        s.create_topics(TOPICS)
        self.pid = self.fill(s, b"weir ")
        self.transactions(s, b"weir ", leave_open=True)
        s.commit("simple", "txn", 3, "note")
        s.commit("simple", "compacted", 4)
        s.join("grouped")
        while "segments of compacted-0" not in self.ours.output:
            s.produce("compacted", batch([(b"k1", b"more")], NOW_MS + 10000))
        self.highest_id = max(self.pid[0], self.hung[0])
        self.ours.terminate()
        self.ours.config.update(STILL)
        return Session(self.ours.start())

    def files(self, root, suffix):
        return sorted(os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names if name.endswith(suffix))

    def check_dumps(self, root):
        """kafka-dump-log over everything below a folder."""
        logs = self.files(root, ".log")
        plain = [f for f in logs if "/__" not in f]
        offsets = [f for f in logs if "/__consumer_offsets" in f]
        states = [f for f in logs if "/__transaction_state" in f]
        for files, options in ((plain, ["--print-data-log", "--deep-iteration"]), (offsets, ["--offsets-decoder"]), (states, ["--transaction-log-decoder"])):
            text = tool("kafka-dump-log.sh", *options, "--files", ",".join(files))
            expected = [b for file in files for b in batches_of(pathlib.Path(file).read_bytes())]
            self.assertEqual(text.count("isvalid: true"), len(expected), text[-2000:])
            self.assertEqual(len(re.findall(r"^\| offset: ", text, re.MULTILINE)), sum(b[1] for b in expected))
            self.assertNotRegex(text, "isvalid: false|[Ee]xception|[Mm]ismatch|invalid bytes|Found")
        self.assertIn("group_metadata" if "group_metadata" in text else "tx-open", text)
        indexes = self.files(root, ".index") + self.files(root, ".timeindex")
        checked = tool("kafka-dump-log.sh", "--index-sanity-check", "--files", ",".join(f for f in indexes if f.endswith(".index")))
        passed, empty = checked.count("passed sanity check"), checked.count("is empty")
        self.assertEqual(passed + empty, len(self.files(root, ".index")), checked)
        self.assertGreater(passed, 5)
        verified = tool("kafka-dump-log.sh", "--verify-index-only", "--files", ",".join(indexes))
        self.assertNotRegex(verified, "[Mm]ismatch|Found|[Ee]xception|out of order")
        others = self.files(root, ".snapshot") + self.files(root, ".txnindex")
        text = tool("kafka-dump-log.sh", "--files", ",".join(others))
        self.assertNotRegex(text, "[Ee]xception|[Cc]orrupt")
        self.assertIn(f"producerId: {self.hung[0]}", text)
        self.assertEqual(text.count("lastStableOffset:"), 2, "one entry for each abort")

    def take_over(self, kafka, ids):
        """Our partitions under the ids that Kafka knows, in the place of its own, and none of its notes about clean stops."""
        for name in os.listdir(kafka.log_dir):
            if re.fullmatch(r".*-\d+", name) and not name.startswith("__cluster_metadata"):
                shutil.rmtree(os.path.join(kafka.log_dir, name))
            elif name.endswith("-checkpoint") or name == ".kafka_cleanshutdown":
                os.unlink(os.path.join(kafka.log_dir, name))
        for name in os.listdir(self.ours.log_dir):
            source = os.path.join(self.ours.log_dir, name)
            if os.path.isdir(source):
                shutil.copytree(source, os.path.join(kafka.log_dir, name))
                self.set_id(os.path.join(kafka.log_dir, name), ids[name.rsplit("-", 1)[0]])
            elif name.endswith("-checkpoint"):
                shutil.copy(source, kafka.log_dir)

    @staticmethod
    def set_id(folder, topic_id):
        with open(os.path.join(folder, "partition.metadata"), "r+", encoding="ascii") as file:
            text = re.sub(r"topic_id: .*", "topic_id: " + kafka_id(topic_id), file.read())
            file.seek(0)
            file.write(text)
            file.truncate()

    def test_kafka_reads_ours_and_we_read_kafkas(self):
        s = self.write_ours()
        ours, group = world_of(s), s.group("grouped")
        self.ours.terminate()
        self.check_dumps(self.ours.log_dir)

        kafka = ApacheKafka(STILL)
        self.addCleanup(kafka.remove)
        kafka.start()
        s = Session(kafka)
        s.create_topics(TOPICS)
        ids = s.topic_ids([*TOPICS, "__consumer_offsets", "__transaction_state"])
        kafka.stop()
        self.take_over(kafka, ids)

        kafka.start()
        s = Session(kafka)
        self.same(ours, world_of(s))
        self.assertEqual(s.group("grouped"), group)
        self.assertNotRegex(kafka.output, "(?i)corrupt|truncat|invalid")
        self.assertEqual(s.produce("idempotent", batch(VARIED, producer=(*self.pid, 24))), 24, "a repeated batch is known")
        s.end("tx-open", self.hung, True)
        self.fill(s, b"kafka ")
        self.transactions(s, b"kafka ", leave_open=False)
        s.commit("simple", "txn", 9, "later")
        s.commit("simple", "compacted", 6)  # offsets count for the topic's id, which was another on our side
        theirs = world_of(s)
        kafka.kill()
        crashed = os.path.join(self.folder, "crashed")
        shutil.copytree(kafka.log_dir, crashed)
        kafka.start()
        s = Session(kafka)
        theirs_after = world_of(s)
        self.same(theirs, theirs_after)
        kafka.stop()
        for root in (crashed, kafka.log_dir):
            with self.subTest(root=root):
                self.we_serve(root, theirs)

    def we_serve(self, root, theirs):
        broker = Broker(STILL, log_dir=root)
        try:
            broker.start()
            self.assertNotIn("Recovered", broker.output)
            self.assertNotIn("ERROR", broker.output)
            s = Session(broker)
            self.same(theirs, world_of(s))
            self.fill(s, b"weir again ")
            broker.restart()
            end = Session(broker).bounds("segments", 0)[1]
            self.assertEqual(end, theirs["bounds", "segments", 0, 0][1] + 12 * len(VARIED))
        finally:
            broker.stop()


def kafka_id(hex_id):
    return base64.urlsafe_b64encode(bytes.fromhex(hex_id)).decode().rstrip("=")


if __name__ == "__main__":
    code = fetch()
    if code != 0:
        sys.exit(code)
    unittest.main(verbosity=2)
