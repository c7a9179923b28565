# ctest: timeout 600
# ctest: serial
"""Compaction beside Apache Kafka's: the same log, with transactions, tombstones and an idempotent producer, is cleaned by both to the same batches; and what
an interrupted cleaning or deletion of Kafka's left in a folder, we finish or undo to the same batches in the same files."""
import glob
import os
import shutil
import struct
import sys
import tempfile
import time
import unittest

from apache_broker import ApacheKafka, fetch
from kafka_session import NOW_MS, Session, batch, batches_of
from weir_broker import Broker

LIMIT_S = 60
INTERNAL = {"offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1}
STILL = {**INTERNAL, "log.cleaner.enable": "false"}


def split(data):
    at, found = 0, []
    while at < len(data):
        length, = struct.unpack_from(">i", data, at + 8)
        found.append(data[at:at + 12 + length])
        at += 12 + length
    return found


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


def segments(folder):
    return sorted(os.path.basename(path) for path in glob.glob(os.path.join(folder, "*.log")))


class Cleaner(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-peer-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def kafka(self, topics):
        kafka = ApacheKafka(STILL)
        self.addCleanup(kafka.remove)
        kafka.start()
        session = Session(kafka)
        session.create_topics(topics)
        return kafka, session

    def copy(self, kafka, name):
        path = os.path.join(self.folder, name)
        shutil.copytree(kafka.log_dir, path)
        return path

    # --- cleaning ---

    def fill(self, s):
        ids = {tid: s.producer(tid) for tid in ("tx-a", "tx-b")}
        sequence = {"tx-a": 0, "tx-b": 0}
        idempotent = s.producer()
        for n in range(24):
            tid = "tx-a" if n % 2 else "tx-b"
            s.begin(tid, ids[tid], "c")
            for i in range(2):
                keyed = [(b"k%d" % ((n + i) % 5), None if n % 6 == 5 else b"%d" % n), (b"only%d" % n, b"%d" % i)]
                s.produce("c", batch(keyed, NOW_MS + 10 * n, transactional=True, producer=(*ids[tid], sequence[tid])), tid)
                sequence[tid] += len(keyed)
            s.end(tid, ids[tid], n % 3 != 0)
            s.produce("c", batch([(b"k%d" % (n % 7), b"plain %d" % n)], NOW_MS + 10 * n))
            if n < 3:
                s.produce("c", batch([(b"k0", b"idempotent")], NOW_MS + 10 * n, producer=(*idempotent, n)))

    def clean_with(self, broker, done):
        broker.start()
        limit = time.monotonic() + LIMIT_S
        while not done():
            self.assertLess(time.monotonic(), limit, broker.output)
            time.sleep(0.05)
        return Session(broker).read("c", 0), Session(broker).read("c", 0, 1)[1]

    def test_both_keep_the_same_of_a_log_with_transactions(self):
        # Of segments this small the index of times bounds how many become one: it has 12 bytes of each.
        settings = {"cleanup.policy": "compact", "segment.ms": 25, "min.cleanable.dirty.ratio": 0.01, "delete.retention.ms": 86400000,
                    "segment.index.bytes": 64}
        kafka, session = self.kafka({"c": settings})
        self.fill(session)
        before = len(session.read("c", 0)[0])
        kafka.stop()
        ours = self.copy(kafka, "ours")
        count = len(segments(os.path.join(ours, "c-0")))
        shutil.rmtree(os.path.join(ours, "__cluster_metadata-0"))

        checkpoint = os.path.join(kafka.log_dir, "cleaner-offset-checkpoint")
        kafka.set({**INTERNAL, "log.cleaner.backoff.ms": 100})
        theirs, their_aborted = self.clean_with(kafka, lambda: os.path.exists(checkpoint) and b"c 0 " in read_bytes(checkpoint))

        weir = Broker({**INTERNAL, "log.cleanup.policy": "compact", "log.cleaner.min.cleanable.ratio": 0.01, "log.retention.check.interval.ms": 100,
                       "log.index.size.max.bytes": 64}, log_dir=ours)
        self.addCleanup(weir.stop)
        mine, my_aborted = self.clean_with(weir, lambda: "segments of c-0" in weir.output)
        self.assertEqual([self.shape(b) for b in split(mine[0])], [self.shape(b) for b in split(theirs[0])])
        self.assertEqual(my_aborted, their_aborted)
        self.assertLess(len(mine[0]), before / 2)
        self.assertLess(len(segments(os.path.join(ours, "c-0"))), count / 2)
        self.assertEqual(segments(os.path.join(ours, "c-0")), segments(os.path.join(kafka.log_dir, "c-0")))

    @staticmethod
    def shape(raw):
        """A batch without what need not be the same: when the horizon is, and so the checksum and how times are encoded."""
        base, _, _, magic, _, attributes, delta, _, _, *producer, count = struct.unpack_from(">qiibIhiqqqhii", raw)
        return base, magic, attributes, delta, producer, count

    # --- interrupted ---

    STATES = ["clean", "cleaned", "swap", "swap-gone", "mixed", "index-swap", "deleted"]

    def interrupt(self, state, folder):
        """The first four segments as Kafka's cleaner or deleter leaves them when it is interrupted; every other batch was kept."""
        logs = sorted(glob.glob(os.path.join(folder, "*.log")))[:4]
        kept = b"".join(split(b"".join(read_bytes(path) for path in logs))[::2])

        def write(suffix, data=kept):
            with open(logs[0] + suffix, "wb") as file:
                file.write(data)

        def delete(path):
            for suffix in (".log", ".index", ".timeindex"):
                if os.path.exists(path[:-4] + suffix):
                    os.rename(path[:-4] + suffix, path[:-4] + suffix + ".deleted")

        if state in ("cleaned", "mixed"):
            write(".cleaned", kept[:100])
        if state in ("swap", "swap-gone", "mixed"):
            write(".swap")
        if state == "swap-gone":
            os.rename(logs[0], logs[0] + ".deleted")
            delete(logs[1])
        if state == "index-swap":
            for path in logs:
                os.unlink(path)
            write("")
            os.rename(logs[0][:-4] + ".index", logs[0][:-4] + ".index.swap")
        if state == "deleted":
            delete(logs[0])
            delete(logs[1])

    def look(self, broker, root):
        session = Session(broker)
        return {state: (session.bounds(state, 0), batches_of(session.read(state, 0)[0]), segments(os.path.join(root, state + "-0"))) for state in self.STATES}

    def test_what_was_interrupted_ends_as_with_kafka(self):
        kafka, session = self.kafka({state: {"segment.ms": 1, "cleanup.policy": "compact"} for state in self.STATES})
        for state in self.STATES:
            for n in range(12):
                session.produce(state, batch([(b"k%d" % n, b"v" * 50), (b"j%d" % n, b"w")], NOW_MS + 10 * n))
        kafka.stop()
        for state in self.STATES:
            self.interrupt(state, os.path.join(kafka.log_dir, state + "-0"))
        folders = {"after a clean stop": self.copy(kafka, "clean"), "after a crash": self.copy(kafka, "crash")}
        os.unlink(os.path.join(folders["after a crash"], ".kafka_cleanshutdown"))
        kafka.start()
        theirs = self.look(kafka, kafka.log_dir)
        kafka.stop()
        for when, root in folders.items():
            weir = Broker(STILL, log_dir=root)
            self.addCleanup(weir.stop)
            weir.start()
            self.assertEqual(self.look(weir, root), theirs, when)
            self.assertNotIn("Recovered", weir.output)
            weir.stop()


if __name__ == "__main__":
    code = fetch()
    if code != 0:
        sys.exit(code)
    unittest.main(verbosity=2)
