#!/usr/bin/env python3
"""The Kafka sink's own tests against an Apache Kafka: what arrives, where keys go, and what is refused in which words. Those that end
and start the broker leave it out."""
import os
import subprocess
import sys

from apache_broker import ApacheKafka, fetch
from weir_broker import binary

TESTS = os.path.join(os.path.dirname(binary()), "..", "tests")
RUN_LIMIT_S = 120


def main():
    if fetch() != 0:
        return 77
    kafka = ApacheKafka()
    kafka.start()
    try:
        environment = {**os.environ, "WEIR_SINK_BOOTSTRAP": f"{kafka.host}:{kafka.port}"}
        return max(subprocess.run([os.path.join(TESTS, name)], env=environment, timeout=RUN_LIMIT_S, check=False).returncode
                   for name in ("unit-sinks.kafka_sink", "unit-sinks.kafka_sink_faults"))
    finally:
        kafka.kill()


if __name__ == "__main__":
    sys.exit(main())
