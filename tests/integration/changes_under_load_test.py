"""Topics change while they are written and read: partitions are added, settings changed, topics made and deleted, and several
connections go on with one fetch session at the same time. Nothing that was acknowledged is lost, and the broker stands."""
import threading
import unittest

from kafka_wire import Connection
from record_batch import batch
from weir_broker import Broker

ROUNDS = 60
STOPPED_BY_SIGTERM = 143  # a sanitizer that has found something says otherwise
FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH = 70, 71


class UnderLoad(unittest.TestCase):
    def setUp(self):
        self.broker = Broker({"num.network.threads": 3})
        self.addCleanup(self.broker.stop)
        self.broker.start()
        self.failures = []
        self.connection().call("Metadata", 1, {"topics": [{"name": "t"}]})

    def connection(self):
        connection = Connection(self.broker.host, self.broker.port)
        self.addCleanup(connection.close)
        return connection

    def run_all(self, *jobs):
        def guarded(job):
            try:
                job(self.connection())
            except Exception as e:  # told by the test's own thread
                self.failures.append(f"{job.__name__}: {e!r}")
        threads = [threading.Thread(target=guarded, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.failures, [])

    def write(self, connection):
        records = batch(b"x")
        for _ in range(ROUNDS * 4):
            answer = connection.call("Produce", 7, {"acks": -1, "timeout_ms": 5000, "topic_data": [
                {"name": "t", "partition_data": [{"index": 0, "records": records}]}]})
            self.assertEqual(answer["responses"][0]["partition_responses"][0]["error_code"], 0)

    def grow(self, connection):
        for count in range(2, ROUNDS):
            answer = connection.call("CreatePartitions", 1, {"topics": [{"name": "t", "count": count, "assignments": None}], "timeout_ms": 5000})
            self.assertEqual(answer["results"][0]["error_code"], 0)

    def alter(self, connection):
        for i in range(ROUNDS):
            answer = connection.call("IncrementalAlterConfigs", 0, {"resources": [{"resource_type": 2, "resource_name": "t", "configs": [
                {"name": "max.message.bytes", "config_operation": 0, "value": str(1000 + i)}]}]})
            self.assertEqual(answer["responses"][0]["error_code"], 0)

    def make_and_delete(self, connection):
        for i in range(ROUNDS):
            connection.call("CreateTopics", 2, {"topics": [{"name": f"other-{i}", "num_partitions": 2, "replication_factor": 1}], "timeout_ms": 5000})
            connection.call("DeleteTopics", 1, {"topic_names": [f"other-{i}"], "timeout_ms": 5000})

    def look(self, connection):
        for _ in range(ROUNDS):
            connection.call("DescribeLogDirs", 4, {"topics": None})
            connection.call("DescribeProducers", 0, {"topics": [{"name": "t", "partition_indexes": [0, 1]}]})
            connection.call("ListConfigResources", 1, {"resource_types": []})

    def test_changes(self):
        self.run_all(self.write, self.write, self.grow, self.alter, self.make_and_delete, self.look)
        connection = self.connection()
        end = connection.call("ListOffsets", 1, {"replica_id": -1, "topics": [{"name": "t", "partitions": [{"partition_index": 0, "timestamp": -1}]}]})
        self.assertEqual(end["topics"][0]["partitions"][0]["offset"], ROUNDS * 8)
        self.assertEqual(len(connection.call("Metadata", 1, {"topics": [{"name": "t"}]})["topics"][0]["partitions"]), ROUNDS - 1)
        self.assertEqual(self.broker.stop(), STOPPED_BY_SIGTERM)

    def fetch(self, connection, session, epoch, partitions=()):
        topics = [{"topic": "t", "partitions": [{"partition": p, "fetch_offset": 0, "partition_max_bytes": 100} for p in partitions]}] if partitions else []
        return connection.call("Fetch", 11, {"max_wait_ms": 1, "min_bytes": 1 << 20, "max_bytes": 1 << 20, "session_id": session, "session_epoch": epoch,
                                             "topics": topics})

    def test_one_session_many_connections(self):
        shared = {"id": self.fetch(self.connection(), 0, 0, [0])["session_id"], "epoch": 1}
        won = [0]

        def contend(connection):
            for _ in range(ROUNDS * 4):
                epoch = shared["epoch"]
                answer = self.fetch(connection, shared["id"], epoch)
                self.assertIn(answer["error_code"], (0, INVALID_FETCH_SESSION_EPOCH))
                if answer["error_code"] == 0:
                    won[0] += 1
                    shared["epoch"] = max(shared["epoch"], epoch + 1)

        def come_and_go(connection):
            for _ in range(ROUNDS):
                session = self.fetch(connection, 0, 0, [0])["session_id"]
                self.assertNotEqual(session, 0)
                self.assertEqual(self.fetch(connection, session, -1)["error_code"], 0)
                self.assertEqual(self.fetch(connection, session, 1)["error_code"], FETCH_SESSION_ID_NOT_FOUND)

        self.run_all(contend, contend, contend, come_and_go, self.write)
        self.assertGreater(won[0], 0)
        self.assertEqual(self.broker.stop(), STOPPED_BY_SIGTERM)


if __name__ == "__main__":
    unittest.main(verbosity=2)
