"""The common scenario (tests/support/peer_scenario.py) in Apache's Java clients 2.8."""
from peer_install import java
from peer_scenario import run

if __name__ == "__main__":
    run(lambda: java("JavaAgent.java", "2.8.2"))
