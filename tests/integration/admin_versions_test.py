"""Every version of every API for administration that the broker serves says the same."""
import unittest

from kafka_wire import APIS, Connection
from record_batch import batch
from weir_broker import Broker

TOPIC = "t"
REQUEST_TIMED_OUT, ELECTION_NOT_NEEDED, ILLEGAL_SASL_STATE, UNSUPPORTED_VERSION = 7, 84, 34, 35
MISMATCHED_ENDPOINT_TYPE, UNSUPPORTED_ENDPOINT_TYPE = 114, 115
TOPIC_TYPE, BROKER_TYPE, CLIENT_METRICS_TYPE = 2, 4, 16


class Versions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker({"num.partitions": 2, "node.id": 5}).start()
        cls.addClassCleanup(cls.broker.stop)

    def setUp(self):
        self.connection = Connection(self.broker.host, self.broker.port)
        self.addCleanup(self.connection.close)
        self.range = {row["api_key"]: (row["min_version"], row["max_version"]) for row in self.call("ApiVersions", 0, {})["api_keys"]}
        self.call("Metadata", 1, {"topics": [{"name": TOPIC}]})

    def call(self, api, version, request):
        return self.connection.call(api, version, request)

    def versions(self, api, low, high):
        self.assertEqual(self.range[APIS[api].key], (low, high))
        return range(low, high + 1)

    def settings(self, topic):
        [resource] = self.call("DescribeConfigs", 1, {"resources": [{"resource_type": TOPIC_TYPE, "resource_name": topic, "configuration_keys": None}]})["results"]
        return {c["name"]: c["value"] for c in resource["configs"] if c["config_source"] == 1}

    def resource(self, **config):
        return {"resources": [{"resource_type": TOPIC_TYPE, "resource_name": TOPIC, "configs": [config]}], "validate_only": False}

    def test_alter_configs(self):
        for version in self.versions("AlterConfigs", 0, 2):
            answer = self.call("AlterConfigs", version, self.resource(name="retention.ms", value=str(100 + version)))
            self.assertEqual(answer["responses"], [{"error_code": 0, "error_message": None, "resource_type": TOPIC_TYPE, "resource_name": TOPIC}])
            self.assertEqual(self.settings(TOPIC), {"retention.ms": str(100 + version)})

    def test_incremental_alter_configs(self):
        for version in self.versions("IncrementalAlterConfigs", 0, 1):
            answer = self.call("IncrementalAlterConfigs", version, self.resource(name="segment.ms", config_operation=0, value=str(100 + version)))
            self.assertEqual(answer["responses"][0]["error_code"], 0)
            self.assertEqual(self.settings(TOPIC)["segment.ms"], str(100 + version))
            self.call("IncrementalAlterConfigs", version, self.resource(name="segment.ms", config_operation=1, value=None))
            self.assertNotIn("segment.ms", self.settings(TOPIC))

    def test_a_resource_that_is_named_twice_is_not_changed(self):
        twice = self.resource(name="flush.ms", config_operation=0, value="5")
        twice["resources"] *= 2
        answer = self.call("IncrementalAlterConfigs", 1, twice)
        self.assertEqual([(r["error_code"], r["error_message"]) for r in answer["responses"]], [(42, "Each resource must appear at most once.")] * 2)
        self.assertNotIn("flush.ms", self.settings(TOPIC))

    def test_create_partitions(self):
        for version in self.versions("CreatePartitions", 0, 3):
            self.call("Metadata", 1, {"topics": [{"name": f"grown-{version}"}]})
            topic = {"name": f"grown-{version}", "count": 4, "assignments": [{"broker_ids": [5]}] * 2}
            answer = self.call("CreatePartitions", version, {"topics": [topic], "timeout_ms": 5000})
            self.assertEqual(answer["results"], [{"name": topic["name"], "error_code": 0, "error_message": None}])
            self.assertEqual(len(self.call("Metadata", 1, {"topics": [{"name": topic["name"]}]})["topics"][0]["partitions"]), 4)

    def test_without_time_no_partitions_are_created(self):
        self.call("Metadata", 1, {"topics": [{"name": "timeless"}]})
        answer = self.call("CreatePartitions", 3, {"topics": [{"name": "timeless", "count": 4, "assignments": None}], "timeout_ms": 0})
        self.assertEqual(answer["results"][0]["error_code"], REQUEST_TIMED_OUT)
        self.assertEqual(len(self.call("Metadata", 1, {"topics": [{"name": "timeless"}]})["topics"][0]["partitions"]), 2)

    def test_describe_cluster(self):
        for version in self.versions("DescribeCluster", 0, 2):
            answer = self.call("DescribeCluster", version, {})
            self.assertEqual((answer["error_code"], answer["controller_id"], answer["cluster_authorized_operations"]), (0, 5, -2147483648))
            [broker] = answer["brokers"]
            self.assertEqual((broker["broker_id"], broker["host"], broker["port"]), (5, self.broker.host, self.broker.port))
        wrong = [self.call("DescribeCluster", 1, {"endpoint_type": kind})["error_code"] for kind in (2, 9)]
        self.assertEqual(wrong, [MISMATCHED_ENDPOINT_TYPE, UNSUPPORTED_ENDPOINT_TYPE])

    def test_describe_log_dirs(self):
        for version in self.versions("DescribeLogDirs", 1, 4):
            [log_dir] = self.call("DescribeLogDirs", version, {"topics": [{"topic": TOPIC, "partitions": [1, 7]}, {"topic": "nosuch", "partitions": [0]},
                                                                        {"topic": TOPIC, "partitions": [1]}]})["results"]
            self.assertEqual([(t["name"], [p["partition_index"] for p in t["partitions"]]) for t in log_dir["topics"]], [(TOPIC, [1])])
            [log_dir] = self.call("DescribeLogDirs", version, {"topics": None})["results"]
            self.assertIn(TOPIC, [t["name"] for t in log_dir["topics"]])

    def test_elect_leaders(self):
        for version in self.versions("ElectLeaders", 0, 2):
            answer = self.call("ElectLeaders", version, {"topic_partitions": [{"topic": TOPIC, "partitions": [0, 1]}], "timeout_ms": 5000})
            [topic] = answer["replica_election_results"]
            self.assertEqual([(p["partition_id"], p["error_code"]) for p in topic["partition_result"]], [(0, ELECTION_NOT_NEEDED), (1, ELECTION_NOT_NEEDED)])

    def test_list_config_resources(self):
        for version in self.versions("ListConfigResources", 0, 1):
            self.assertEqual(self.call("ListConfigResources", version, {})["error_code"], 0)
        def listed(types):
            answer = self.call("ListConfigResources", 1, {"resource_types": types})
            return answer["error_code"], [(r["resource_name"], r["resource_type"]) for r in answer["config_resources"]]
        self.assertIn((TOPIC, TOPIC_TYPE), listed([TOPIC_TYPE])[1])
        self.assertEqual(listed([BROKER_TYPE, CLIENT_METRICS_TYPE]), (0, [("5", BROKER_TYPE)]))
        self.assertEqual(listed([3]), (UNSUPPORTED_VERSION, []))

    def test_offset_for_leader_epoch(self):
        self.call("Produce", 7, {"acks": -1, "timeout_ms": 5000, "topic_data": [{"name": TOPIC, "partition_data": [{"index": 1, "records": batch(b"x")}]}]})
        epoch = self.call("Metadata", 7, {"topics": [{"name": TOPIC}]})["topics"][0]["partitions"][1]["leader_epoch"]
        for version in self.versions("OffsetForLeaderEpoch", 2, 4):
            asked = [{"partition": p, "current_leader_epoch": epoch, "leader_epoch": epoch} for p in (1, 9)]
            [topic] = self.call("OffsetForLeaderEpoch", version, {"topics": [{"topic": TOPIC, "partitions": asked}]})["topics"]
            self.assertEqual([(p["partition"], p["error_code"], p["leader_epoch"], p["end_offset"]) for p in topic["partitions"]],
                             [(1, 0, epoch, 1), (9, 3, -1, -1)])

    def test_sasl_handshake(self):
        for version in self.versions("SaslHandshake", 0, 1):
            self.assertEqual(self.call("SaslHandshake", version, {"mechanism": "PLAIN"}), {"error_code": ILLEGAL_SASL_STATE, "mechanisms": []})


class Epochs(unittest.TestCase):
    def test_a_change_keeps_the_leader_epoch_which_rises_at_every_start(self):
        with Broker({"offsets.topic.num.partitions": 1}) as broker:
            def call(api, version, request):
                connection = Connection(broker.host, broker.port)
                self.addCleanup(connection.close)
                return connection.call(api, version, request)

            def epochs():
                return [p["leader_epoch"] for p in call("Metadata", 7, {"topics": [{"name": TOPIC}]})["topics"][0]["partitions"]]
            epochs()  # makes the topic
            self.assertEqual(epochs(), [0])
            for _ in range(2):
                broker.kill()
                broker.start()
            self.assertEqual(epochs(), [2])
            call("CreatePartitions", 0, {"topics": [{"name": TOPIC, "count": 2, "assignments": None}], "timeout_ms": 5000})
            self.assertEqual(epochs(), [2, 2])
            call("IncrementalAlterConfigs", 0, {"resources": [{"resource_type": TOPIC_TYPE, "resource_name": TOPIC, "configs": [
                {"name": "retention.ms", "config_operation": 0, "value": "-1"}]}]})
            self.assertEqual(epochs(), [2, 2])
            broker.kill()
            broker.start()
            self.assertEqual(epochs(), [3, 3])


if __name__ == "__main__":
    unittest.main(verbosity=2)
