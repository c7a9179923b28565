#!/usr/bin/env python3
"""What a broker costs before it does anything: cold start, idle memory, idle processor time, and idle connections.

    tests/bench/broker_idle.py [--starts N] [--connections N] [--bin FOLDER] [--check]

Prints one line each. With --check it exits 1 when a figure is over its limit. Measure the release build (./weir build).

- Cold start: from exec of the broker in an empty folder to the first record acknowledged with acks=all; the client creates the topic by asking for its
  metadata. The client's own time counts too. Best and median of N starts.
- Idle memory: resident size once it serves.
- Idle processor time: of all threads, over a second in which nobody asks anything; and how often they were woken (voluntary context switches).
- Connections: what N connections, each used once and then silent, add to the resident size."""
import argparse
import os
import resource
import statistics
import sys
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
LIMITS = {"cold start": 20.0, "idle memory": 10 * 1024, "idle processor time": 0.0, "connections": 100 * 1024}
CRC32C_POLYNOMIAL = 0x82F63B78


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (CRC32C_POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def one_record_batch():
    import struct

    record = b"\x00\x00\x00\x01\x0ahello\x00"  # attributes, timestamp delta, offset delta, no key, 5 bytes of value, no headers
    record = bytes([2 * len(record)]) + record
    now = int(time.time() * 1000)
    body = struct.pack(">hiqqqhii", 0, 0, now, now, -1, -1, -1, 1) + record
    return struct.pack(">qiibI", 0, 9 + len(body), -1, 2, crc32c(body)) + body


def first_record(broker, wire, batch):
    """Returns once the record is acknowledged."""
    with wire.Connection(broker.host, broker.port) as c:
        topics = c.call("Metadata", 8, {"topics": [{"name": "first"}]})["topics"]
        while topics[0]["error_code"] != 0:
            topics = c.call("Metadata", 8, {"topics": [{"name": "first"}]})["topics"]
        answer = c.call("Produce", 8, {"acks": -1, "timeout_ms": 1000, "topic_data": [{"name": "first", "partition_data": [{"index": 0, "records": batch}]}]})
        assert answer["responses"][0]["partition_responses"][0]["error_code"] == 0, answer


def cold_starts(broker_class, wire, count):
    times = []
    for _ in range(count):
        broker, batch = broker_class(), one_record_batch()
        begin = time.perf_counter()
        broker.start()
        first_record(broker, wire, batch)
        times.append((time.perf_counter() - begin) * 1000)
        broker.stop()
    return times


def threads(pid):
    """(processor ticks, voluntary context switches) of all threads."""
    ticks = switches = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            switches += sum(int(line.split()[1]) for line in file if line.startswith("voluntary"))
    return ticks, switches


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    options.add_argument("--starts", type=int, default=20)
    options.add_argument("--connections", type=int, default=10000)
    options.add_argument("--bin", default=os.environ.get("WEIR_BIN") or os.path.join(ROOT, "build", "bin"))
    options.add_argument("--check", action="store_true")
    asked = options.parse_args()
    os.environ["WEIR_BIN"] = asked.bin
    import kafka_wire as wire
    from weir_broker import Broker

    over = []

    def report(what, value, unit, note=""):
        bad = value > LIMITS[what]
        over.extend([what] * bad)
        print(f"{what:20} {value:10.1f} {unit:4} (limit {LIMITS[what]:g}){note}{'  OVER' if bad else ''}")

    times = cold_starts(Broker, wire, asked.starts)
    report("cold start", statistics.median(times), "ms", f"  best {min(times):.1f}, worst {max(times):.1f} of {len(times)}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Broker() as broker:
        first_record(broker, wire, one_record_batch())
        report("idle memory", broker.resident_kib(), "KiB")
        before = threads(broker.pid)
        time.sleep(1)
        after = threads(broker.pid)
        report("idle processor time", (after[0] - before[0]) * 1000 / os.sysconf("SC_CLK_TCK"), "ms", f"  woken {after[1] - before[1]} times in a second")
        idle = broker.resident_kib()
        held = []
        for _ in range(min(asked.connections, hard - 100)):
            held.append(wire.Connection(broker.host, broker.port))
            held[-1].call("ApiVersions", 0, {})
        report("connections", broker.resident_kib() - idle, "KiB", f"  {len(held)} of them")
        for connection in held:
            connection.close()
    return 1 if asked.check and over else 0


sys.exit(main())
