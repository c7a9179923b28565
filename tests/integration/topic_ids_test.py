"""Topics named by their ids: OffsetCommit and OffsetFetch 10, and fetch sessions of Fetch 13 to 18."""
import unittest

from kafka_wire import Connection
from weir_broker import Broker

TOPIC = "t"
NO_SUCH = "0123456789abcdef" * 2
UNKNOWN_TOPIC_ID, FETCH_SESSION_TOPIC_ID_ERROR = 100, 106


class TopicIds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker({"num.partitions": 2, "offsets.topic.num.partitions": 1}).start()
        cls.addClassCleanup(cls.broker.stop)

    def setUp(self):
        self.connection = Connection(self.broker.host, self.broker.port)
        self.addCleanup(self.connection.close)
        self.call("Metadata", 1, {"topics": [{"name": TOPIC}]})
        self.id = self.call("Metadata", 12, {"topics": [{"name": TOPIC, "topic_id": "00" * 16}]})["topics"][0]["topic_id"]

    def call(self, api, version, request):
        return self.connection.call(api, version, request)

    def commit(self, group, topic_id, offset):
        where = {"partition_index": 1, "committed_offset": offset, "committed_metadata": "m"}
        answer = self.call("OffsetCommit", 10, {"group_id": group, "topics": [{"topic_id": topic_id, "partitions": [where]}]})
        [topic] = answer["topics"]
        self.assertEqual(topic["topic_id"], topic_id)
        return topic["partitions"][0]["error_code"]

    def fetch_offsets(self, group, topics):
        [answer] = self.call("OffsetFetch", 10, {"groups": [{"group_id": group, "topics": topics}]})["groups"]
        return {t["topic_id"]: [(p["partition_index"], p["committed_offset"], p["error_code"]) for p in t["partitions"]] for t in answer["topics"]}

    def test_offsets(self):
        self.assertEqual(self.commit("g", self.id, 7), 0)
        self.assertEqual(self.commit("g", NO_SUCH, 8), UNKNOWN_TOPIC_ID)
        asked = [{"topic_id": self.id, "partition_indexes": [0, 1]}, {"topic_id": NO_SUCH, "partition_indexes": [3]}]
        self.assertEqual(self.fetch_offsets("g", asked), {self.id: [(0, -1, 0), (1, 7, 0)], NO_SUCH: [(3, -1, UNKNOWN_TOPIC_ID)]})
        self.assertEqual(self.fetch_offsets("g", None), {self.id: [(1, 7, 0)]})
        by_name = self.call("OffsetFetch", 8, {"groups": [{"group_id": "g", "topics": None}]})["groups"][0]["topics"]
        self.assertEqual([(t["name"], t["partitions"][0]["committed_offset"]) for t in by_name], [(TOPIC, 7)])

    def fetch(self, version, session=0, epoch=0, partitions=(), topic_id=None):
        topics = [{"topic": TOPIC, "topic_id": topic_id or self.id,
                   "partitions": [{"partition": p, "fetch_offset": 0, "partition_max_bytes": 1000} for p in partitions]}] if partitions else []
        answer = self.call("Fetch", version, {"max_wait_ms": 0, "min_bytes": 1, "session_id": session, "session_epoch": epoch, "topics": topics})
        return answer, [p["partition_index"] for t in answer["responses"] for p in t["partitions"]]

    def test_fetch_sessions(self):
        for version in (7, 12, 13, 17, 18):
            with self.subTest(version=version):
                answer, told = self.fetch(version, partitions=[0, 1])
                session = answer["session_id"]
                self.assertNotEqual(session, 0)
                self.assertEqual(told, [0, 1])
                answer, told = self.fetch(version, session, 1)
                self.assertEqual((answer["error_code"], answer["session_id"], told), (0, session, []))
                answer, told = self.fetch(version, session, 2, [1])
                self.assertEqual((answer["session_id"], told), (session, []))
                answer, _ = self.fetch(12 if version >= 13 else 13, session, 3)
                self.assertEqual(answer["error_code"], FETCH_SESSION_TOPIC_ID_ERROR)
                answer, _ = self.fetch(version, session, -1)
                self.assertEqual((answer["error_code"], answer["session_id"]), (0, 0))

    def test_an_unknown_id_in_a_session_is_told_each_time(self):
        answer, told = self.fetch(13, partitions=[0], topic_id=NO_SUCH)
        self.assertEqual(told, [0])
        for epoch in (1, 2):
            again, told = self.fetch(13, answer["session_id"], epoch)
            self.assertEqual(told, [0])
            self.assertEqual(again["responses"][0]["partitions"][0]["error_code"], UNKNOWN_TOPIC_ID)


if __name__ == "__main__":
    unittest.main(verbosity=2)
