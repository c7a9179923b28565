"""DescribeConfigs for all brokers (no name) shows what is set for all of them and nothing else. It once wrote behind its memory."""
import unittest

from kafka_wire import Connection
from weir_broker import Broker

BROKER = 4
SET_FOR_ALL = 3  # the source of a value


class DescribeAllBrokers(unittest.TestCase):
    def test_only_what_is_set_for_all(self):
        given = {"log.retention.ms": 1, "log.retention.minutes": 1, "log.retention.hours": 1}  # many names of one setting
        with Broker(given) as broker, Connection(broker.host, broker.port) as connection:
            for _ in range(3):
                answer = connection.call("DescribeConfigs", 1, {"resources": [{"resource_type": BROKER, "resource_name": ""}], "include_synonyms": True})
                configs = answer["results"][0]["configs"]
                self.assertEqual([c["name"] for c in configs], ["min.insync.replicas"])
                self.assertEqual([s["source"] for s in configs[0]["synonyms"]], [SET_FOR_ALL])


if __name__ == "__main__":
    unittest.main(verbosity=2)
