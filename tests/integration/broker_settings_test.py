"""Settings of the broker that change while it runs: which can, in whose words the others are refused, which value counts, what acts at once, what a
restart finds. The answers are those of Kafka 4.3, but for the deviations that broker/broker_settings.h lists."""
import socket
import unittest

import kafka_wire
from record_batch import batch
from weir_broker import Broker

TOPIC, BROKER, LOGGER = 2, 4, 8
SET, DELETE, APPEND, SUBTRACT = 0, 1, 2, 3
NODE, ALL = "1", ""


class Settings(unittest.TestCase):
    def setUp(self):
        self.broker = Broker({"log.retention.hours": 5}).start()
        self.addCleanup(self.broker.stop)
        self.connect()

    def connect(self):
        self.c = kafka_wire.Connection(self.broker.host, self.broker.port)
        self.addCleanup(self.c.close)

    def alter(self, name, *changes, kind=BROKER, validate_only=False):
        configs = [{"name": key, "config_operation": operation, "value": value} for key, operation, value in changes]
        asked = {"resources": [{"resource_type": kind, "resource_name": name, "configs": configs}], "validate_only": validate_only}
        answer = self.c.call("IncrementalAlterConfigs", 1, asked)["responses"][0]
        return answer["error_code"], answer["error_message"]

    def set(self, name, key, value):
        self.assertEqual(self.alter(name, (key, SET, value)), (0, None))

    def replace(self, name, **settings):
        configs = [{"name": key.replace("_", "."), "value": value} for key, value in settings.items()]
        asked = {"resources": [{"resource_type": BROKER, "resource_name": name, "configs": configs}], "validate_only": False}
        answer = self.c.call("AlterConfigs", 1, asked)["responses"][0]
        return answer["error_code"], answer["error_message"]

    def describe(self, name, *keys, kind=BROKER):
        """key -> (value, source, [(synonym, value, source), ...])"""
        asked = {"resources": [{"resource_type": kind, "resource_name": name, "configuration_keys": list(keys) or None}], "include_synonyms": True}
        answer = self.c.call("DescribeConfigs", 4, asked)["results"][0]
        self.assertEqual(answer["error_code"], 0, answer["error_message"])
        return {c["name"]: (c["value"], c["config_source"], [(s["name"], s["value"], s["source"]) for s in c["synonyms"]]) for c in answer["configs"]}

    def create(self, name):
        topics = [{"name": name, "num_partitions": 1, "replication_factor": 1}]
        self.assertEqual(self.c.call("CreateTopics", 4, {"topics": topics, "timeout_ms": 5000})["topics"][0]["error_code"], 0)

    def produce(self, topic, value):
        part = {"index": 0, "records": batch(value)}
        answer = self.c.call("Produce", 7, {"acks": 1, "timeout_ms": 1000, "topic_data": [{"name": topic, "partition_data": [part]}]})
        return answer["responses"][0]["partition_responses"][0]["error_code"]

    def test_this_broker_counts_before_all_before_the_file_before_the_default(self):
        key, file = "log.retention.ms", ("log.retention.hours", "5", 4)
        default = ("log.retention.hours", "168", 5)
        self.create("t")
        self.set(ALL, key, "70000")
        self.assertEqual(self.describe(NODE, key)[key], ("70000", 3, [(key, "70000", 3), file, default]))
        self.set(NODE, key, "60000")
        expected = ("60000", 2, [(key, "60000", 2), (key, "70000", 3), file, default])
        for _ in range(2):
            self.assertEqual(self.describe(NODE, key)[key], expected)
            self.assertEqual(self.describe("t", "retention.ms", kind=TOPIC)["retention.ms"], expected)
            self.assertEqual(self.describe(ALL)[key], ("70000", 3, [(key, "70000", 3)]))
            self.broker.restart(clean=False)
            self.connect()
        self.assertEqual(self.alter(NODE, (key, DELETE, None)), (0, None))
        self.assertEqual(self.describe("t", "retention.ms", kind=TOPIC)["retention.ms"][:2], ("70000", 3))
        self.assertEqual(self.alter(ALL, (key, DELETE, None)), (0, None))
        value, _, synonyms = self.describe("t", "retention.ms", kind=TOPIC)["retention.ms"]
        self.assertEqual((value, synonyms), (str(5 * 3600 * 1000), []))  # Kafka's listing begins behind the first name
        self.assertEqual(list(self.describe(ALL)), ["min.insync.replicas"])

    def test_a_change_acts_at_once_on_topics_without_a_value_of_their_own(self):
        self.create("t")
        self.create("own")
        self.assertEqual(self.alter("own", ("max.message.bytes", SET, "100000"), kind=TOPIC), (0, None))
        self.assertEqual((self.produce("t", b"x" * 40), self.produce("own", b"x" * 40)), (0, 0))
        self.set(ALL, "message.max.bytes", "80")
        self.assertEqual((self.produce("t", b"x" * 40), self.produce("own", b"x" * 40)), (10, 0))
        self.create("later")
        self.assertEqual(self.produce("later", b"x" * 40), 10)

    def test_replacing_all_settings(self):
        self.set(NODE, "max.connections", "100")
        self.assertEqual(self.replace(NODE, max_connection_creation_rate="50"), (0, None))
        found = self.describe(NODE, "max.connections", "max.connection.creation.rate")
        self.assertEqual(found["max.connections"][1], 5)
        self.assertEqual(found["max.connection.creation.rate"][:2], ("50", 2))
        self.assertEqual(self.replace(ALL), (40, "Cluster-level min.insync.replicas cannot be removed while ELR is enabled."))
        self.assertEqual(self.replace(ALL, min_insync_replicas="1"), (0, None))

    def test_lists_grow_and_shrink(self):
        key = "log.cleanup.policy"
        self.assertEqual(self.alter(NODE, (key, APPEND, "compact")), (0, None))
        self.assertEqual(self.describe(NODE, key)[key][0], "delete,compact")
        self.assertEqual(self.alter(NODE, (key, SUBTRACT, "delete")), (0, None))
        self.assertEqual(self.describe(NODE, key)[key][0], "compact")

    def test_what_cannot_be_is_refused_in_kafkas_words_and_changes_nothing(self):
        before = self.describe(NODE)
        fixed = "Cannot update these configs dynamically: "
        one = "Cannot update these configs at default cluster level, broker id must be specified: "
        secret = "These security configs can be dynamically updated only per-listener using the listener prefix: "
        refused = [
            (NODE, [("node.id", SET, "1")], 42, fixed + "[node.id]"),
            (ALL, [("num.partitions", SET, "1")], 42, fixed + "[num.partitions]"),
            (NODE, [("log.retention.ms", SET, "1"), ("num.partitions", SET, "1"), ("log.dir", SET, "x")], 42, fixed + "[num.partitions, log.dir]"),
            (NODE, [("max.connections", SET, "abc")], 42, "Invalid value abc for configuration max.connections: Not a number of type INT"),
            (NODE, [("max.connections", SET, "-1")], 42, "Invalid value -1 for configuration max.connections: Value must be at least 0"),
            (ALL, [("listeners", SET, "PLAINTEXT://:9092")], 42, one + "[listeners]"),
            (ALL, [("sasl.enabled.mechanisms", SET, "PLAIN")], 42, one + "[sasl.enabled.mechanisms]"),
            (NODE, [("ssl.keystore.location", SET, "x")], 42, secret + "[ssl.keystore.location]"),
            (NODE, [("max.connections", SET, None)], 42, "Null value not supported for : max.connections"),
            (NODE, [("max.connections", SET, "1"), ("max.connections", SET, "2")], 42, "Error due to duplicate config keys"),
            (NODE, [("max.connections", 7, "1")], 42, "Unknown operations type 7"),
            (NODE, [("log.retention.ms", APPEND, "1")], 40, "Config value append is not allowed for config key: log.retention.ms"),
            (NODE, [("min.insync.replicas", SET, "1")], 40, "Broker-level min.insync.replicas cannot be altered while ELR is enabled."),
            (ALL, [("min.insync.replicas", DELETE, None)], 40, "Cluster-level min.insync.replicas cannot be removed while ELR is enabled."),
            (NODE, [("log.retention.ms", SET, "0")], 42, "requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1"),
            (NODE, [("max.connections.per.ip", SET, "0")], 42,
             "requirement failed: max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set."),
            (NODE, [("num.io.threads", SET, "3")], 42,
             "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count update validation failed for num.io.threads=3, value should "
             "be at least half the current value 8 for configuration Invalid dynamic configuration"),
            ("2", [("max.connections", SET, "1")], 42, "Unexpected broker id, expected 1, but received 2"),
            ("one", [("max.connections", SET, "1")], 42, "Node id must be an integer, but it is: one"),
            # ours:
            (NODE, [("no.such.key", SET, "1")], 40, "Unknown broker config name: no.such.key"),
            (NODE, [("max.connections.per.ip.overrides", SET, "10.0.0.1")], 42, "max.connections.per.ip.overrides: expected host:count, not '10.0.0.1'"),
        ]
        for name, changes, code, message in refused:
            self.assertEqual(self.alter(name, *changes), (code, message))
        self.assertEqual(self.alter(NODE, ("listeners", SET, "PLAINTEXT://:9092"))[0], 42)
        self.assertEqual(self.alter(NODE, ("log.retention.ms", SET, "5"), validate_only=True), (0, None))
        self.assertEqual(self.alter(NODE, ("num.partitions", DELETE, None)), (0, None))  # was never set, as in Kafka
        self.assertEqual(self.describe(NODE), before)

    def test_what_has_no_effect_or_a_later_one_is_said(self):
        self.set(NODE, "num.replica.fetchers", "2")
        self.set(NODE, "num.network.threads", "3")
        self.assertIn("num.replica.fetchers is accepted and has no effect", self.broker.output)
        self.assertIn("num.network.threads takes effect at the next start", self.broker.output)
        self.broker.restart()
        self.connect()
        self.assertEqual(self.describe(NODE, "num.network.threads")["num.network.threads"][:2], ("3", 2))

    def test_the_loggers_level(self):
        self.assertEqual(self.describe(NODE, kind=LOGGER), {"root": ("INFO", 6, [])})
        self.assertEqual(self.alter(NODE, ("root", SET, "ERROR"), kind=LOGGER), (0, None))
        self.assertEqual(self.describe(NODE, kind=LOGGER), {"root": ("ERROR", 6, [])})
        before = self.broker.output
        with socket.create_connection((self.broker.host, self.broker.port)) as garbage:
            garbage.sendall(b"\xff" * 8)
            self.assertEqual(garbage.recv(1), b"")
        self.assertEqual(self.broker.output, before)
        levels = "Cannot set the log level of root to LOUD as it is not a supported log level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN"
        for name, change, code, message in [
            (NODE, ("root", SET, "LOUD"), 40, levels),
            (NODE, ("no.such", SET, "INFO"), 40, "Logger no.such does not exist!"),
            (NODE, ("root", DELETE, None), 42, "Removing the log level of the root logger is not allowed"),
            (NODE, ("root", APPEND, "INFO"), 42, "APPEND operation is not allowed for the BROKER_LOGGER resource"),
            ("2", ("root", SET, "INFO"), 42, "Unexpected node id. Expected 1, but received 2"),
            ("", ("root", SET, "INFO"), 42, "Node id must be an integer, but it is: "),
        ]:
            self.assertEqual(self.alter(name, change, kind=LOGGER), (code, message))

    def test_a_setting_that_cannot_be_any_more_is_named_at_the_start(self):
        self.set(NODE, "max.connections", "77")
        self.broker.terminate()
        path = f"{self.broker.log_dir}/weir.metadata"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("\nbroker-config max.connections 77\n", text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("connections 77", "connections many"))
        with self.assertRaisesRegex(Exception, "weir.metadata: Invalid value many for configuration max.connections"):
            self.broker.start()


if __name__ == "__main__":
    unittest.main()
