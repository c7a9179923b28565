"""One request that changes thousands of topics: it is done soon, the others go on meanwhile, and what it reported is there after a crash."""
import select
import unittest

import kafka_wire
from weir_broker import Broker

COUNT = 2000
TOPIC, SET = 2, 0
NAMES = [f"bulk-{n:04}" for n in range(COUNT)]


class Bulk(unittest.TestCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.broker.stop)
        self.others = 0

    def connect(self):
        connection = kafka_wire.Connection(self.broker.host, self.broker.port)
        self.addCleanup(connection.close)
        return connection

    def create(self, connection, name):
        topics = [{"name": name, "num_partitions": 1, "replication_factor": 1}]
        return connection.call("CreateTopics", 4, {"topics": topics, "timeout_ms": 30000})["topics"][0]["error_code"]

    def change(self, api, version, body, key):
        """Sends the long request; until it is answered others create topics, by a request and by asking. All of the answer's error codes."""
        long, creator, asker = self.connect(), self.connect(), self.connect()
        long.send(api, version, body)
        rounds = 0
        while not select.select([long.socket], [], [], 0)[0]:
            self.others += 1
            self.assertEqual(self.create(creator, f"short-{self.others}"), 0)
            asked = {"topics": [{"name": f"asked-{self.others}"}], "allow_auto_topic_creation": True}
            self.assertEqual(asker.call("Metadata", 8, asked)["topics"][0]["error_code"], 3)  # it is there for who asks again
            rounds += 1
        _, answer = long.receive(api, version)
        self.assertGreater(rounds, 2, f"{api} kept the others waiting")
        return [row["error_code"] for row in answer[key]]

    def topics(self):
        found = self.connect().call("Metadata", 8, {"topics": None})["topics"]
        return {t["name"]: len(t["partitions"]) for t in found if t["name"].startswith("bulk-")}

    def test_thousands_at_once(self):
        new = [{"name": name, "num_partitions": 1, "replication_factor": 1} for name in NAMES]
        self.assertEqual(self.change("CreateTopics", 4, {"topics": new, "timeout_ms": 30000}, "topics"), [0] * COUNT)
        more = [{"name": name, "count": 2, "assignments": None} for name in NAMES]
        self.assertEqual(self.change("CreatePartitions", 0, {"topics": more, "timeout_ms": 30000}, "results"), [0] * COUNT)
        setting = [{"name": "retention.ms", "config_operation": SET, "value": "4711"}]
        settings = [{"resource_type": TOPIC, "resource_name": name, "configs": setting} for name in NAMES]
        self.assertEqual(self.change("IncrementalAlterConfigs", 0, {"resources": settings, "validate_only": False}, "responses"), [0] * COUNT)
        self.broker.restart(clean=False)
        self.assertEqual(self.topics(), {name: 2 for name in NAMES})
        asked = {"resources": [{"resource_type": TOPIC, "resource_name": name, "configuration_keys": ["retention.ms"]} for name in NAMES]}
        self.assertEqual({r["configs"][0]["value"] for r in self.connect().call("DescribeConfigs", 1, asked)["results"]}, {"4711"})
        self.assertEqual(self.change("DeleteTopics", 4, {"topic_names": NAMES, "timeout_ms": 30000}, "responses"), [0] * COUNT)
        self.broker.restart(clean=False)
        self.assertEqual(self.topics(), {})

    def test_each_stands_for_itself(self):
        c = self.connect()
        self.assertEqual(self.create(c, "there"), 0)
        names = ["a", "there", "b_c", "b.c", "bad name", "d"]
        topics = [{"name": name, "num_partitions": 1, "replication_factor": 1} for name in names]
        answer = c.call("CreateTopics", 4, {"topics": topics, "timeout_ms": 30000})["topics"]
        self.assertEqual([(t["name"], t["error_code"]) for t in answer], list(zip(names, [0, 36, 0, 17, 17, 0])))
        self.assertEqual(answer[3]["error_message"], "Topic 'b.c' collides with existing topic: b_c")
        answer = c.call("DeleteTopics", 4, {"topic_names": ["d", "nowhere", "a"], "timeout_ms": 30000})["responses"]
        self.assertEqual([t["error_code"] for t in answer], [0, 3, 0])
        self.assertEqual(sorted(t["name"] for t in c.call("Metadata", 8, {"topics": None})["topics"]), ["b_c", "there"])

    def test_a_stop_in_the_middle_leaves_whole_topics(self):
        new = [{"name": name, "num_partitions": 1, "replication_factor": 1} for name in NAMES]
        self.connect().send("CreateTopics", 4, {"topics": new, "timeout_ms": 30000})
        while not self.topics():
            pass
        self.assertEqual(self.broker.terminate(), 143)
        self.broker.start()
        self.assertTrue(set(self.topics()) <= set(NAMES))


if __name__ == "__main__":
    unittest.main()
