"""The common scenario (tests/support/peer_scenario.py) in aiokafka."""
from peer_install import python
from peer_scenario import run

if __name__ == "__main__":
    run(lambda: python("aiokafka_agent.py", "aiokafka==0.14.0", "cramjam==2.11.0"))
