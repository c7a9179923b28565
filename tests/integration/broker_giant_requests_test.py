"""Requests that ask for more than one request may: refused as a whole, as Apache Kafka does."""
import unittest

from kafka_wire import Connection
from weir_broker import Broker

POLICY_VIOLATION = 44


class Giants(unittest.TestCase):
    def test_more_partitions_than_one_request_may_make(self):
        with Broker({"num.network.threads": 1}) as broker, Connection(broker.host, broker.port) as connection:
            for asked, made in ([6000, 4001], False), ([6000, 4000], True), ([-1] * 10001, False):
                topics = [{"name": f"t{i}", "num_partitions": n, "replication_factor": 1} for i, n in enumerate(asked)]
                answer = connection.call("CreateTopics", 2, {"topics": topics, "timeout_ms": 1000, "validate_only": True})
                self.assertEqual({t["error_code"] for t in answer["topics"]}, {0 if made else POLICY_VIOLATION})
                if not made:
                    self.assertEqual(answer["topics"][0]["error_message"], "Excessively large number of partitions per request.")


if __name__ == "__main__":
    unittest.main(verbosity=2)
