"""One client of a broker, ours or Apache Kafka's, that says plainly what it wants: topics, records, transactions, offsets, a group; and what is there to be
read. Whatever a broker that has only just come up is not ready for is asked for again."""
import gzip
import struct
import time
import weakref

import kafka_wire
from record_batch import crc32c

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

    def create_topics(self, wanted):
        """name -> settings; and the coordinators' topics."""
        topics = [{"name": name, "num_partitions": 1, "replication_factor": 1, "assignments": [],
                   "configs": [{"name": k, "value": str(v)} for k, v in configs.items()]} for name, configs in wanted.items()]
        self.until(lambda a: all(t["error_code"] in (0, 36) for t in a["topics"]), "CreateTopics", 4, {"topics": topics, "timeout_ms": 30000})
        for kind, key in ((0, "group"), (1, "tx")):
            self.until(lambda a: a["error_code"] == 0, "FindCoordinator", 2, {"key": key, "key_type": kind})

    def topic_ids(self, names):
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
