"""Long poll: a fetch that finds nothing sleeps until something comes, its time is up or its connection dies, and costs nothing meanwhile.
And acks=0: no answer to a good request, a closed connection after a bad one."""
import glob
import socket
import struct
import sys
import time

from record_batch import batch
from weir_broker import Broker

TOPIC = b"waiting"
PARTITIONS = 2


def string(text):
    return struct.pack(">h", len(text)) + text


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)

    def send(self, key, version, body):
        frame = struct.pack(">hhi", key, version, 7) + string(b"test") + body
        self.socket.sendall(struct.pack(">i", len(frame)) + frame)

    def answer(self):
        """Without length and correlation id; None when the connection was closed."""
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
            more = self.socket.recv(65536)
            if not more:
                return None
            data += more
        return data[8:]

    def ask(self, key, version, body):
        self.send(key, version, body)
        return self.answer()

    def make_topic(self):
        return self.ask(3, 1, struct.pack(">i", 1) + string(TOPIC))

    def produce(self, value, partition=0, acks=1):
        records = batch(value)
        self.send(0, 3, b"\xff\xff" + struct.pack(">hi", acks, 1000) + struct.pack(">i", 1) + string(TOPIC) + struct.pack(">iii", 1, partition, len(records)) + records)
        return self.answer() if acks else None

    def send_fetch(self, offset, wait_ms, min_bytes=1):
        parts = b"".join(struct.pack(">iqi", p, offset, 1 << 20) for p in range(PARTITIONS))
        self.send(1, 4, struct.pack(">iiiib", -1, wait_ms, min_bytes, 1 << 20, 0) + struct.pack(">i", 1) + string(TOPIC) + struct.pack(">i", PARTITIONS) + parts)

    def close(self):
        self.socket.close()


def switches(broker):
    """How often threads of the broker were put on a processor."""
    total = 0
    for path in glob.glob(f"/proc/{broker.process.pid}/task/*/schedstat"):
        with open(path, encoding="ascii") as f:
            total += int(f.read().split()[2])
    return total


def a_record_wakes_a_waiting_fetch(broker):
    reader, writer = Connection(broker.port), Connection(broker.port)
    reader.send_fetch(0, 20000)
    start = time.monotonic()
    writer.produce(b"wake up", partition=1)
    answer = reader.answer()
    assert b"wake up" in answer, "the answer has no record"
    assert time.monotonic() - start < 5, "the record came late"
    reader.close()
    writer.close()


def enough_bytes_are_waited_for(broker):
    reader, writer = Connection(broker.port), Connection(broker.port)
    reader.send_fetch(0, 400, min_bytes=1 << 20)
    start = time.monotonic()
    for i in range(3):
        writer.produce(b"small %d" % i, partition=1)
    answer = reader.answer()
    assert time.monotonic() - start > 0.3, "answered before its time with less than min_bytes"
    assert b"small 2" in answer, "what was there when time ran out is missing"
    reader.close()
    writer.close()


def readers_that_leave_are_forgotten(broker):
    writer = Connection(broker.port)
    for i in range(50):
        reader = Connection(broker.port)
        reader.send_fetch(0, 20000, min_bytes=1 << 20)
        reader.close()
        assert writer.produce(b"after %d" % i) is not None, "the broker is gone"
    writer.close()


def a_waiting_fetch_costs_nothing(broker):
    readers = [Connection(broker.port) for _ in range(20)]
    for reader in readers:
        reader.send_fetch(0, 1500, 1 << 20)
    probe = Connection(broker.port)
    probe.make_topic()
    before = switches(broker)
    for reader in readers:
        assert reader.answer() is not None
    spent = switches(broker) - before
    assert spent < 200, f"{spent} switches for 20 fetches that waited"
    for reader in readers + [probe]:
        reader.close()


def a_deleted_topic_wakes_its_readers(broker):
    reader, admin = Connection(broker.port), Connection(broker.port)
    reader.send_fetch(0, 20000, min_bytes=1 << 20)
    start = time.monotonic()
    admin.ask(20, 1, struct.pack(">i", 1) + string(TOPIC) + struct.pack(">i", 5000))
    answer = reader.answer()
    error = struct.unpack(">h", answer[4 + 4 + 2 + len(TOPIC) + 4 + 4:][:2])[0]
    assert error == 3, f"error {error} instead of UNKNOWN_TOPIC_OR_PARTITION"
    assert time.monotonic() - start < 5, "the reader was told late"
    admin.make_topic()
    reader.close()
    admin.close()


def acks_0_is_silent_unless_it_fails(broker):
    c = Connection(broker.port)
    c.produce(b"silent", acks=0)
    assert c.make_topic() is not None, "the next answer is not the next request's"
    c.produce(b"x", partition=99, acks=0)
    assert c.answer() is None, "a failure with acks=0 must close the connection"
    c.close()


TESTS = [a_record_wakes_a_waiting_fetch, enough_bytes_are_waited_for, readers_that_leave_are_forgotten, a_waiting_fetch_costs_nothing,
         a_deleted_topic_wakes_its_readers, acks_0_is_silent_unless_it_fails]


def main():
    failed = 0
    with Broker({"num.partitions": PARTITIONS}) as broker:
        Connection(broker.port).make_topic()
        for number, test in enumerate(TESTS, 1):
            try:
                test(broker)
                print(f"ok {number} - {test.__name__}")
            except (AssertionError, OSError, TypeError) as e:
                failed += 1
                print(f"not ok {number} - {test.__name__}\n# {e!r}")
        code = broker.terminate()
        print(f"{'ok' if code in (0, 143) else 'not ok'} {len(TESTS) + 1} - the broker ends in good order\n1..{len(TESTS) + 1}")
    return 1 if failed or code not in (0, 143) else 0


sys.exit(main())
