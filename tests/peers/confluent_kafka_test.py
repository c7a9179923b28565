"""The common scenario (tests/support/peer_scenario.py) in confluent-kafka, which is librdkafka in Python."""
from peer_install import python
from peer_scenario import run

if __name__ == "__main__":
    run(lambda: python("confluent_kafka_agent.py", "confluent-kafka==2.16.1"))
