"""Every key that Kafka describes, for a broker, for all brokers and for a topic, is described here too, with the same value, type, source and synonyms:
tests/golden/configs. The few that differ on purpose are listed with the reason."""
import json
import os
import unittest

import kafka_wire
from weir_broker import Broker

GOLDEN = os.path.join(os.environ["WEIR_SOURCE"], "tests", "golden", "configs", "describe.jsonl")
RESOURCES = {"broker": (4, "1"), "all brokers": (4, ""), "topic": (2, "t")}
SETTINGS = {
    "process.roles": "broker,controller", "node.id": 1, "controller.quorum.voters": "1@127.0.0.1:CPORT",
    "listeners": "PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:9093", "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT", "num.network.threads": 3, "num.io.threads": 8, "num.partitions": 1,
    "group.initial.rebalance.delay.ms": 3000, "offsets.topic.replication.factor": 1, "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1, "share.coordinator.state.topic.replication.factor": 1, "share.coordinator.state.topic.min.isr": 1,
}
PLACES = {"listeners", "advertised.listeners", "log.dirs"}  # differ from machine to machine; the rest of the row is compared
# Their defaults are those of the file that Apache ships, not of Kafka's code: a node is number 1 without saying so, can keep no more than one copy, and
# shall not let beginners wait.
SHIPPED = {"node.id", "group.initial.rebalance.delay.ms", "offsets.topic.replication.factor",
           "transaction.state.log.replication.factor",
           "transaction.state.log.min.isr", "share.coordinator.state.topic.replication.factor", "share.coordinator.state.topic.min.isr"}


def golden():
    with open(GOLDEN, encoding="utf-8") as rows:
        return [json.loads(row) for row in rows]


class Described(unittest.TestCase):
    maxDiff = None

    @staticmethod
    def comparable(row):
        row = dict(row)
        if row["name"] in PLACES:
            row["value"] = row["value"] and "PLACE"
            row["synonyms"] = [[name, value if source == 5 else "PLACE", source] for name, value, source in row["synonyms"]]
        if row["name"] in SHIPPED:
            row["synonyms"] = [s for s in row["synonyms"] if s[2] != 5]
        return row

    def test_all_settings_are_told_as_kafka_tells_them(self):
        settings = dict(SETTINGS, **{"advertised.listeners": "PLAINTEXT://127.0.0.1:9092"})
        with Broker(settings) as broker, kafka_wire.Connection(broker.host, broker.port) as c:
            topics = [{"name": "t", "num_partitions": 1, "replication_factor": 1}]
            self.assertEqual(c.call("CreateTopics", 4, {"topics": topics, "timeout_ms": 5000})["topics"][0]["error_code"], 0)
            for of, (kind, name) in RESOURCES.items():
                asked = {"resources": [{"resource_type": kind, "resource_name": name, "configuration_keys": None}], "include_synonyms": True}
                answer = c.call("DescribeConfigs", 4, asked)["results"][0]
                self.assertEqual(answer["error_code"], 0)
                actual = {k["name"]: self.comparable({
                    "of": of, "name": k["name"], "value": k["value"], "type": k["config_type"], "read_only": k["read_only"],
                    "sensitive": k["is_sensitive"], "source": k["config_source"],
                    "synonyms": [[s["name"], s["value"], s["source"]] for s in k["synonyms"]]}) for k in answer["configs"]}
                expected = {row["name"]: self.comparable(row) for row in golden() if row["of"] == of}
                self.assertGreater(len(expected), 0)
                self.assertEqual(sorted(actual), sorted(expected))
                self.assertEqual([actual[key] for key in expected if actual[key] != expected[key]],
                                 [expected[key] for key in expected if actual[key] != expected[key]])


if __name__ == "__main__":
    unittest.main()
