"""The common scenario (tests/support/peer_scenario.py) in kafkajs."""
from peer_install import node
from peer_scenario import run

if __name__ == "__main__":
    run(lambda: node("kafkajs_agent.js", "kafkajs@2.2.4", "kafkajs-snappy@1.1.0", "@2l/kafkajs-lz4@1.3.2", "zstd-codec@0.1.5"))
