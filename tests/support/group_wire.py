"""Groups, their offsets and transactions over the plain protocol, one short call for what tests often do.

    with Groups(broker) as groups:
        member, generation = groups.join_alone("g", SUBSCRIPTION["t"])
        groups.commit("g", "t", 5, member, generation)
        groups.committed("g", "t")                      # 5; -1: none
"""
import struct
import time

from kafka_wire import Connection


LIMIT_S = 30


def until(what, condition):
    """Asks the broker again and again for what a timer of its own brings about."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {LIMIT_S} s: {what}")


def subscription(*topics):
    """ConsumerProtocolSubscription, version 1: topics, no user data, no partitions owned."""
    names = b"".join(struct.pack(">h", len(t)) + t.encode() for t in topics)
    return struct.pack(">hi", 1, len(topics)) + names + struct.pack(">ii", -1, 0)


SUBSCRIPTION = {name: subscription(name) for name in ("t", "u")}


class Groups:
    def __init__(self, broker):
        self.connection = Connection(broker.host, broker.port)

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def call(self, name, version, body):
        return self.connection.call(name, version, body)

    def make_topic(self, name):
        answer = self.call("CreateTopics", 4, {"topics": [{"name": name, "num_partitions": 1, "replication_factor": 1}], "timeout_ms": 30000})
        assert answer["topics"][0]["error_code"] == 0, answer

    def find(self, key, key_type=0):
        return self.call("FindCoordinator", 2, {"key": key, "key_type": key_type})["error_code"]

    def names(self):
        return sorted(row["group_id"] for row in self.call("ListGroups", 4, {})["groups"])

    # --- members ---

    def join(self, group, metadata, member="", version=2, **more):
        return self.call("JoinGroup", version, {"group_id": group, "session_timeout_ms": 10000, "rebalance_timeout_ms": 10000, "member_id": member,
                                                "protocol_type": "consumer", "protocols": [{"name": "range", "metadata": metadata}], **more})

    def sync(self, group, member, generation, assignments, version=2, **more):
        return self.call("SyncGroup", version, {"group_id": group, "generation_id": generation, "member_id": member,
                                                "assignments": [{"member_id": m, "assignment": a} for m, a in assignments.items()], **more})

    def join_alone(self, group, metadata):
        """Into an empty group: member id and generation."""
        joined = self.join(group, metadata)
        assert joined["error_code"] == 0, joined
        synced = self.sync(group, joined["member_id"], joined["generation_id"], {joined["member_id"]: b"all"})
        assert synced["error_code"] == 0, synced
        return joined["member_id"], joined["generation_id"]

    def leave(self, group, member):
        assert self.call("LeaveGroup", 1, {"group_id": group, "member_id": member})["error_code"] == 0

    # --- offsets ---

    def commit(self, group, topic, offset, member="", generation=-1, retention_ms=-1):
        answer = self.call("OffsetCommit", 2, {
            "group_id": group, "generation_id_or_member_epoch": generation, "member_id": member, "retention_time_ms": retention_ms,
            "topics": [{"name": topic, "partitions": [{"partition_index": 0, "committed_offset": offset, "committed_metadata": ""}]}]})
        assert answer["topics"][0]["partitions"][0]["error_code"] == 0, answer

    def committed(self, group, topic):
        answer = self.call("OffsetFetch", 1, {"group_id": group, "topics": [{"name": topic, "partition_indexes": [0]}]})
        return answer["topics"][0]["partitions"][0]["committed_offset"]

    # --- transactions ---

    def begin_transaction(self, transactional_id, group):
        """A producer that has announced offsets of the group: what to say it is."""
        begun = self.call("InitProducerId", 4, {"transactional_id": transactional_id, "transaction_timeout_ms": 60000})
        assert begun["error_code"] == 0, begun
        owner = {"transactional_id": transactional_id, "producer_id": begun["producer_id"], "producer_epoch": begun["producer_epoch"], "group_id": group}
        assert self.call("AddOffsetsToTxn", 3, owner)["error_code"] == 0
        return owner

    def commit_in_transaction(self, owner, topic, offset, **more):
        """The error."""
        answer = self.call("TxnOffsetCommit", 3, {**owner, **more, "topics": [
            {"name": topic, "partitions": [{"partition_index": 0, "committed_offset": offset, "committed_metadata": ""}]}]})
        return answer["topics"][0]["partitions"][0]["error_code"]

    def end_transaction(self, owner, commit):
        """The error."""
        said = {key: owner[key] for key in ("transactional_id", "producer_id", "producer_epoch")}
        return self.call("EndTxn", 3, {**said, "committed": commit})["error_code"]
