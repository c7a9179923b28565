"""The broker's settings of groups, transactions and producer ids do what they say."""
import os
import struct
import unittest

from group_wire import SUBSCRIPTION, Groups, until
from weir_broker import Broker

COORDINATOR_NOT_AVAILABLE, OFFSET_METADATA_TOO_LARGE, INVALID_SESSION_TIMEOUT = 15, 12, 26
INVALID_TRANSACTION_TIMEOUT, GROUP_MAX_SIZE_REACHED, TRANSACTIONAL_ID_NOT_FOUND = 50, 81, 105
GZIP = 1


class Limits(unittest.TestCase):
    def test_sessions_sizes_and_metadata_of_groups(self):
        with Broker({"group.min.session.timeout.ms": 9000, "group.max.session.timeout.ms": 11000, "group.max.size": 1, "offset.metadata.max.bytes": 3,
                     "group.initial.rebalance.delay.ms": 0}) as broker, Groups(broker) as groups:
            groups.make_topic("t")
            for timeout, error in ((8999, INVALID_SESSION_TIMEOUT), (11001, INVALID_SESSION_TIMEOUT), (9000, 0)):
                self.assertEqual(groups.join(f"g{timeout}", SUBSCRIPTION["t"], session_timeout_ms=timeout)["error_code"], error)
            groups.join_alone("full", SUBSCRIPTION["t"])
            self.assertEqual(groups.join("full", SUBSCRIPTION["t"])["error_code"], GROUP_MAX_SIZE_REACHED)
            for metadata, error in (("123", 0), ("1234", OFFSET_METADATA_TOO_LARGE)):
                answer = groups.call("OffsetCommit", 2, {"group_id": "o", "generation_id_or_member_epoch": -1, "topics": [
                    {"name": "t", "partitions": [{"partition_index": 0, "committed_offset": 1, "committed_metadata": metadata}]}]})
                self.assertEqual(answer["topics"][0]["partitions"][0]["error_code"], error)

    def test_timeouts_of_transactions_and_the_life_of_their_ids(self):
        with Broker({"transaction.max.timeout.ms": 5000, "transactional.id.expiration.ms": 1}) as broker, Groups(broker) as groups:
            for timeout, error in ((5001, INVALID_TRANSACTION_TIMEOUT), (5000, 0)):
                answer = groups.call("InitProducerId", 4, {"transactional_id": "tx", "transaction_timeout_ms": timeout})
                self.assertEqual(answer["error_code"], error)

            def state():
                return groups.call("DescribeTransactions", 0, {"transactional_ids": ["tx"]})["transaction_states"][0]["error_code"]
            until("the id is forgotten", lambda: state() == TRANSACTIONAL_ID_NOT_FOUND)
            broker.restart(clean=False)
            with Groups(broker) as again:
                self.assertEqual(again.call("ListTransactions", 0, {})["transaction_states"], [])

    def test_producer_ids_are_given_out_once(self):
        with Broker() as broker:
            given = []
            for round_number in range(8):
                for _ in range(2):
                    with Groups(broker) as groups:
                        given += [groups.call("InitProducerId", 0, {"transactional_id": None, "transaction_timeout_ms": 1})["producer_id"] for _ in range(40)]
                broker.restart(clean=round_number % 2 == 0)
            self.assertEqual(len(set(given)), len(given))


class InternalTopics(unittest.TestCase):
    def settings(self, groups, topic):
        answer = groups.call("DescribeConfigs", 4, {"resources": [{"resource_type": 2, "resource_name": topic, "configuration_keys": None}]})
        return {row["name"]: row["value"] for row in answer["results"][0]["configs"] if row["config_source"] == 1}  # 1: of the topic

    def test_their_settings_are_those_that_kafka_gives_them(self):
        with Broker({"offsets.topic.segment.bytes": 2097152, "transaction.state.log.segment.bytes": 3145728}) as broker, Groups(broker) as groups:
            groups.find("g"), groups.find("t", 1)
            self.assertEqual(self.settings(groups, "__consumer_offsets"), {"cleanup.policy": "compact", "compression.type": "producer",
                                                                         "segment.bytes": "2097152"})
            self.assertEqual(self.settings(groups, "__transaction_state"), {
                "cleanup.policy": "compact", "compression.type": "uncompressed", "min.insync.replicas": "1", "segment.bytes": "3145728",
                "unclean.leader.election.enable": "false"})

    def test_more_replicas_than_brokers_cannot_be(self):
        with Broker({"offsets.topic.replication.factor": 3, "transaction.state.log.replication.factor": 2}) as broker, Groups(broker) as groups:
            self.assertEqual((groups.find("g"), groups.find("t", 1)), (COORDINATOR_NOT_AVAILABLE, COORDINATOR_NOT_AVAILABLE))
            self.assertIn("cannot create __consumer_offsets: Unable to replicate the partition 3 time(s)", broker.output)
            self.assertIn("cannot create __transaction_state: Unable to replicate the partition 2 time(s)", broker.output)

    def test_offsets_are_compressed_as_the_setting_says(self):
        with Broker({"offsets.topic.num.partitions": 1, "offsets.topic.compression.codec": GZIP}) as broker:
            with Groups(broker) as groups:
                groups.make_topic("t")
                groups.commit("g", "t", 7)
            broker.restart()
            with open(os.path.join(broker.log_dir, "__consumer_offsets-0", "0" * 20 + ".log"), "rb") as log:
                self.assertEqual(struct.unpack_from(">h", log.read(64), 21)[0] & 7, GZIP)
            with Groups(broker) as groups:
                self.assertEqual(groups.committed("g", "t"), 7)


if __name__ == "__main__":
    unittest.main(verbosity=2)
