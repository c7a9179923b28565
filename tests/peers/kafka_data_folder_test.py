# ctest: timeout 600
# ctest: serial
"""What we write to disk is Apache Kafka's: its kafka-dump-log finds no fault in it, an Apache Kafka that is started on our folders serves the same
records to both kinds of readers, knows the same groups, producers and open transactions, and goes on with them; and what it then leaves, after a clean
stop and after a crash, we serve in our turn, byte for byte."""
import base64
import collections
import gzip
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import weakref

import kafka_wire
from apache_broker import ApacheKafka, fetch, tool
from record_batch import crc32c
from weir_broker import Broker

CODECS = ["uncompressed", "gzip", "snappy", "lz4", "zstd"]
INTERNAL = {"offsets.topic.num.partitions": 2, "transaction.state.log.num.partitions": 2}
STILL = {**INTERNAL, "log.cleaner.enable": "false"}  # compaction would change what is compared
SMALL = {"segment.ms": 35, "index.interval.bytes": 50}  # a segment for each four of our batches
TOPICS = {**{f"codec-{c}": {"compression.type": c} for c in CODECS}, "as-sent": {}, "segments": SMALL, "txn": {}, "idempotent": {},
          "append-time": {"message.timestamp.type": "LogAppendTime"},
          "compacted": {**SMALL, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0.01, "delete.retention.ms": 86400000}}
ALL = [(topic, 0) for topic in TOPICS] + [(t, p) for t in ("__consumer_offsets", "__transaction_state") for p in range(2)]
NOW_MS = int(time.time() * 1000)


# --- batches ---


def varint(n):
    return kafka_wire.uvarint((n << 1) ^ (n >> 63))


def blob(data):
    return varint(-1) if data is None else varint(len(data)) + data


def record(i, delta_ms, key, value, headers=()):
    body = b"\0" + varint(delta_ms) + varint(i) + blob(key) + blob(value) + varint(len(headers)) + b"".join(blob(k) + blob(v) for k, v in headers)
    return varint(len(body)) + body


def batch(records, time_ms=NOW_MS, codec=0, transactional=False, producer=(-1, -1, -1)):
    """records: (key, value) or (key, value, headers), a millisecond apart. producer: id, epoch, first sequence."""
    body = b"".join(record(i, i, *r) for i, r in enumerate(records))
    body = gzip.compress(body) if codec == 1 else body
    n = len(records)
    tail = struct.pack(">hiqqqhii", codec | (0x10 if transactional else 0), n - 1, time_ms, time_ms + n - 1, *producer, n) + body
    rest = struct.pack(">ibI", -1, 2, crc32c(tail)) + tail
    return struct.pack(">qi", 0, len(rest)) + rest


def batches_of(data):
    """(base offset, records, attributes) of each whole batch."""
    at, found = 0, []
    while at + 61 <= len(data):
        base, length = struct.unpack_from(">qi", data, at)
        found.append((base, struct.unpack_from(">i", data, at + 57)[0], struct.unpack_from(">h", data, at + 21)[0]))
        at += 12 + length
    return found


VARIED = [(b"key", b"value " * 30, [(b"header", b"1"), (b"header", None), (b"", b"")]), (None, b""), (b"", None), (b"\xff\0", bytes(range(256)))]


# --- a broker, ours or theirs ---


class Session:
    def __init__(self, broker):
        self.wire = kafka_wire.Connection(broker.host, broker.port)
        weakref.finalize(self, self.wire.close)

    def call(self, api, version, body):
        return self.wire.call(api, version, body)

    def until(self, done, api, version, body):
        """A coordinator or leader that has only just come up says so for a while."""
        for _ in range(600):
            answer = self.call(api, version, body)
            if done(answer):
                return answer
            time.sleep(0.05)
        raise AssertionError(f"{api}: {answer}")

    def create_topics(self):
        topics = [{"name": name, "num_partitions": 1, "replication_factor": 1, "assignments": [],
                   "configs": [{"name": k, "value": str(v)} for k, v in configs.items()]} for name, configs in TOPICS.items()]
        self.until(lambda a: all(t["error_code"] in (0, 36) for t in a["topics"]), "CreateTopics", 4, {"topics": topics, "timeout_ms": 30000})
        for kind, key in ((0, "group"), (1, "tx")):
            self.until(lambda a: a["error_code"] == 0, "FindCoordinator", 2, {"key": key, "key_type": kind})

    def topic_ids(self):
        names = list(TOPICS) + ["__consumer_offsets", "__transaction_state"]
        answer = self.until(lambda a: all(t["error_code"] == 0 for t in a["topics"]), "Metadata", 10, {"topics": [{"name": n} for n in names]})
        return {t["name"]: t["topic_id"] for t in answer["topics"]}

    def produce(self, topic, data, transactional_id=None):
        body = {"transactional_id": transactional_id, "acks": -1, "timeout_ms": 30000,
                "topic_data": [{"name": topic, "partition_data": [{"index": 0, "records": data}]}]}
        part = lambda a: a["responses"][0]["partition_responses"][0]  # noqa: E731
        answer = part(self.until(lambda a: part(a)["error_code"] not in (3, 5, 6), "Produce", 9, body))
        assert answer["error_code"] == 0, (topic, answer)
        return answer["base_offset"]

    def producer(self, transactional_id=None):
        answer = self.until(lambda a: a["error_code"] not in (14, 15, 16, 51), "InitProducerId", 4,
                            {"transactional_id": transactional_id, "transaction_timeout_ms": 600000})
        assert answer["error_code"] == 0, answer
        return answer["producer_id"], answer["producer_epoch"]

    def begin(self, tid, producer, topic):
        body = {"v3_and_below_transactional_id": tid, "v3_and_below_producer_id": producer[0], "v3_and_below_producer_epoch": producer[1],
                "v3_and_below_topics": [{"name": topic, "partitions": [0]}]}
        code = lambda a: a["results_by_topic_v3_and_below"][0]["results_by_partition"][0]["partition_error_code"]  # noqa: E731
        self.until(lambda a: code(a) == 0, "AddPartitionsToTxn", 3, body)

    def end(self, tid, producer, committed):
        self.until(lambda a: a["error_code"] == 0, "EndTxn", 3,
                   {"transactional_id": tid, "producer_id": producer[0], "producer_epoch": producer[1], "committed": committed})

    def commit(self, group, topic, offset, metadata=""):
        body = {"group_id": group, "generation_id_or_member_epoch": -1,
                "topics": [{"name": topic, "partitions": [{"partition_index": 0, "committed_offset": offset, "committed_metadata": metadata}]}]}
        self.until(lambda a: a["topics"][0]["partitions"][0]["error_code"] == 0, "OffsetCommit", 6, body)

    def commit_in(self, tid, producer, group, topic, offset):
        self.until(lambda a: a["error_code"] == 0, "AddOffsetsToTxn", 2,
                   {"transactional_id": tid, "producer_id": producer[0], "producer_epoch": producer[1], "group_id": group})
        body = {"transactional_id": tid, "group_id": group, "producer_id": producer[0], "producer_epoch": producer[1],
                "topics": [{"name": topic, "partitions": [{"partition_index": 0, "committed_offset": offset, "committed_metadata": None}]}]}
        self.until(lambda a: a["topics"][0]["partitions"][0]["error_code"] == 0, "TxnOffsetCommit", 2, body)

    def join(self, group):
        """One member, with an assignment; it stays in the group's record."""
        body = {"group_id": group, "session_timeout_ms": 300000, "rebalance_timeout_ms": 300000, "member_id": "", "group_instance_id": "static-1",
                "protocol_type": "consumer", "protocols": [{"name": "range", "metadata": struct.pack(">hi", 0, 1) + struct.pack(">h", 3) + b"txn" + struct.pack(">i", -1)}]}
        joined = self.until(lambda a: a["error_code"] == 0, "JoinGroup", 5, body)
        assignment = struct.pack(">hi", 0, 1) + struct.pack(">h", 3) + b"txn" + struct.pack(">iii", 1, 0, -1)
        self.until(lambda a: a["error_code"] == 0, "SyncGroup", 3,
                   {"group_id": group, "generation_id": joined["generation_id"], "member_id": joined["member_id"], "group_instance_id": "static-1",
                    "assignments": [{"member_id": joined["member_id"], "assignment": assignment}]})

    # --- looking ---

    def committed(self, group):
        answer = self.until(lambda a: a["error_code"] == 0, "OffsetFetch", 5, {"group_id": group, "topics": None})
        return sorted((t["name"], p["partition_index"], p["committed_offset"], p["metadata"] or "") for t in answer["topics"] for p in t["partitions"])

    def group(self, group):
        answer = self.until(lambda a: a["groups"][0]["error_code"] == 0, "DescribeGroups", 4, {"groups": [group]})["groups"][0]
        return (answer["group_state"], answer["protocol_data"],
                [(m["member_id"], m["group_instance_id"], m["member_metadata"], m["member_assignment"]) for m in answer["members"]])

    def bounds(self, topic, partition, isolation=0):
        found = []
        for timestamp in (-2, -1):
            body = {"replica_id": -1, "isolation_level": isolation,
                    "topics": [{"name": topic, "partitions": [{"partition_index": partition, "timestamp": timestamp, "current_leader_epoch": -1}]}]}
            part = lambda a: a["topics"][0]["partitions"][0]  # noqa: E731
            found.append(part(self.until(lambda a: part(a)["error_code"] == 0, "ListOffsets", 5, body))["offset"])
        return tuple(found)

    def read(self, topic, partition, isolation=0):
        """(all bytes up to where such a reader may read, the aborted transactions that were told)."""
        offset, end = self.bounds(topic, partition, isolation)
        data, aborted = b"", set()
        while offset < end:
            part = {"partition": partition, "fetch_offset": offset, "partition_max_bytes": 1 << 22, "current_leader_epoch": -1, "log_start_offset": -1}
            answer = self.call("Fetch", 11, {"replica_id": -1, "max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 24, "isolation_level": isolation,
                                             "session_id": 0, "session_epoch": -1, "topics": [{"topic": topic, "partitions": [part]}],
                                             "forgotten_topics_data": [], "rack_id": ""})["responses"][0]["partitions"][0]
            assert answer["error_code"] == 0 and answer["records"], (topic, partition, offset, end, answer)
            data += answer["records"]
            aborted |= {(a["producer_id"], a["first_offset"]) for a in answer["aborted_transactions"] or []}
            length, = struct.unpack_from(">i", answer["records"], 8)
            at = 0
            while at + 61 <= len(answer["records"]):
                base, length = struct.unpack_from(">qi", answer["records"], at)
                offset = base + struct.unpack_from(">i", answer["records"], at + 23)[0] + 1
                at += 12 + length
        return data, aborted

    def producers(self, topic):
        answer = self.call("DescribeProducers", 0, {"topics": [{"name": topic, "partition_indexes": [0]}]})["topics"][0]["partitions"][0]
        assert answer["error_code"] == 0, answer
        return sorted((p["producer_id"], p["producer_epoch"], p["last_sequence"], p["current_txn_start_offset"]) for p in answer["active_producers"])

    def world(self, partitions=tuple(ALL)):
        """All that must be the same on both sides."""
        seen = collections.OrderedDict()
        for topic, partition in partitions:
            for isolation in (0, 1):
                seen["bounds", topic, partition, isolation] = self.bounds(topic, partition, isolation)
                seen["records", topic, partition, isolation] = self.read(topic, partition, isolation)
        for group in ("simple", "transactional"):
            seen["committed", group] = self.committed(group)
        for topic in ("txn", "idempotent"):
            seen["producers", topic] = self.producers(topic)
        return seen


# --- the test ---


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
        s.create_topics()
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
        ours, group = s.world(), s.group("grouped")
        self.ours.terminate()
        self.check_dumps(self.ours.log_dir)

        kafka = ApacheKafka(STILL)
        self.addCleanup(kafka.remove)
        kafka.start()
        s = Session(kafka)
        s.create_topics()
        ids = s.topic_ids()
        kafka.stop()
        self.take_over(kafka, ids)

        kafka.start()
        s = Session(kafka)
        self.same(ours, s.world())
        self.assertEqual(s.group("grouped"), group)
        self.assertNotRegex(kafka.output, "(?i)corrupt|truncat|invalid")
        self.assertEqual(s.produce("idempotent", batch(VARIED, producer=(*self.pid, 24))), 24, "a repeated batch is known")
        s.end("tx-open", self.hung, True)
        self.fill(s, b"kafka ")
        self.transactions(s, b"kafka ", leave_open=False)
        s.commit("simple", "txn", 9, "later")
        s.commit("simple", "compacted", 6)  # offsets count for the topic's id, which was another on our side
        theirs = s.world()
        kafka.kill()
        crashed = os.path.join(self.folder, "crashed")
        shutil.copytree(kafka.log_dir, crashed)
        kafka.start()
        s = Session(kafka)
        theirs_after = s.world()
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
            self.same(theirs, s.world())
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
