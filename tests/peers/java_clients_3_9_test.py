"""The common scenario (tests/support/peer_scenario.py) in Apache's Java clients 3.9."""
from peer_install import java
from peer_scenario import run

if __name__ == "__main__":
    run(lambda: java("JavaAgent.java", "3.9.1"))
