"""The common scenario (tests/support/peer_scenario.py) in Apache's Java clients 4."""
from peer_install import java
from peer_scenario import run

if __name__ == "__main__":
    run(lambda: java("JavaAgent.java", "4.3.1"))
