"""The common scenario (tests/support/peer_scenario.py) in kafka-python 2.0.2, as Debian has it."""
from peer_install import debian_python
from peer_scenario import run

if __name__ == "__main__":
    run(lambda: debian_python("kafka_python_agent.py", "python-snappy==0.7.3", "lz4==4.4.5", "zstandard==0.25.0"))
