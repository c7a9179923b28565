"""The common scenario (tests/support/peer_scenario.py) in kafka-python 3."""
from peer_install import python
from peer_scenario import run

if __name__ == "__main__":
    run(lambda: python("kafka_python_agent.py", "kafka-python==3.0.12", "python-snappy==0.7.3", "lz4==4.4.5", "zstandard==0.25.0"))
