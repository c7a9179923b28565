"""Any bytes on the socket: at worst that connection closes, with one line in the log, and who sends garbage all night does not fill the disk with lines."""
import random
import select
import socket
import struct
import threading
import unittest

import kafka_wire
from weir_broker import Broker

LINES_MAX = 20  # of one kind in a minute: base/log_limit.h
TLS_HELLO = bytes.fromhex("16030100c8010000c403036c696d6974") + bytes(200)
HTTP = b"GET / HTTP/1.1\r\nHost: localhost:9092\r\nUser-Agent: curl/7.88.1\r\n\r\n"


class AnyBytes(unittest.TestCase):
    def setUp(self):
        self.broker = Broker().start()
        self.addCleanup(self.check_alive)
        self.random = random.Random(4711)

    def check_alive(self):
        try:
            with kafka_wire.Connection(self.broker.host, self.broker.port) as c:
                c.call("ApiVersions", 0, {})
        finally:
            self.assertEqual(self.broker.stop(), 143)

    def connect(self):
        s = socket.create_connection((self.broker.host, self.broker.port), kafka_wire.LIMIT_S)
        self.addCleanup(s.close)
        return s

    def lines(self):
        return [line for line in self.broker.output.splitlines() if "Closing connection" in line]

    def is_closed(self, s):
        try:
            return s.recv(1) == b""
        except ConnectionError:
            return True

    def send_and_see_it_closed(self, data):
        s = self.connect()
        try:
            s.sendall(data)
        except ConnectionError:
            pass
        self.assertTrue(self.is_closed(s), data[:32])

    def test_other_protocols_are_told_apart(self):
        self.send_and_see_it_closed(TLS_HELLO)
        self.send_and_see_it_closed(HTTP)
        self.assertEqual(len(self.lines()), 2)
        self.assertIn("looks like TLS", self.lines()[0])
        self.assertIn("looks like HTTP", self.lines()[1])

    def test_a_frame_of_garbage_closes_its_connection_with_one_line(self):
        with kafka_wire.Connection(self.broker.host, self.broker.port) as other:
            for n in range(1, 8):
                garbage = self.random.randbytes(n * 37)
                self.send_and_see_it_closed(struct.pack(">i", len(garbage)) + garbage)
                self.assertEqual(len(self.lines()), n)
                other.call("ApiVersions", 0, {})

    def test_a_night_of_garbage_leaves_few_lines(self):
        for _ in range(200):
            garbage = self.random.randbytes(self.random.randrange(4, 64))
            self.send_and_see_it_closed(b"\x80" + garbage)  # a negative length
        self.assertEqual(len(self.lines()), LINES_MAX)

    def test_bytes_that_come_one_by_one_keep_nobody_waiting(self):
        frame = kafka_wire.request_frame("ApiVersions", 0, {})
        frame = struct.pack(">i", len(frame)) + frame
        slow = [self.connect() for _ in range(20)]
        with kafka_wire.Connection(self.broker.host, self.broker.port) as other:
            for byte in frame:
                for s in slow:
                    s.sendall(bytes([byte]))
                other.call("ApiVersions", 0, {})
        for s in slow:
            self.assertGreater(len(s.recv(4096)), 4)
        self.assertEqual(self.lines(), [])

    def test_half_a_frame_and_then_the_end_is_no_news(self):
        frame = kafka_wire.request_frame("Metadata", 8, {"topics": None})
        data = struct.pack(">i", len(frame)) + frame
        for cut in range(len(data)):
            s = self.connect()
            s.sendall(data[:cut])
            s.shutdown(socket.SHUT_WR)
            self.assertTrue(self.is_closed(s))
        self.assertEqual(self.lines(), [])

    def test_a_whole_frame_and_then_the_end_is_answered(self):
        frame = kafka_wire.request_frame("ApiVersions", 0, {})
        s = self.connect()
        s.sendall(struct.pack(">i", len(frame)) + frame)
        s.shutdown(socket.SHUT_WR)
        self.assertGreater(len(s.recv(4096)), 4)

    def test_resets_while_an_answer_is_on_its_way(self):
        frame = kafka_wire.request_frame("DescribeConfigs", 4, {"resources": [{"resource_type": 4, "resource_name": "1", "configuration_keys": None}]})
        for _ in range(30):
            s = self.connect()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall((struct.pack(">i", len(frame)) + frame) * 20)
            select.select([s], [], [])
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        self.assertEqual(self.lines(), [])

    def test_mutated_requests_from_many_at_once(self):
        frames = [kafka_wire.request_frame(name, version, body) for name, version, body in [
            ("Metadata", 8, {"topics": [{"name": "t"}]}),
            ("FindCoordinator", 2, {"key": "g", "key_type": 0}),
            ("ListOffsets", 5, {"replica_id": -1, "topics": [{"name": "t", "partitions": [{"partition_index": 0, "timestamp": -1}]}]}),
            ("JoinGroup", 5, {"group_id": "g", "session_timeout_ms": 6000, "rebalance_timeout_ms": 6000, "protocol_type": "consumer",
                              "protocols": [{"name": "range", "metadata": b"x"}]}),
            ("CreateTopics", 5, {"topics": [{"name": "t", "num_partitions": 1, "replication_factor": 1}], "timeout_ms": 100}),
        ]]

        def send_some(seed):
            rng = random.Random(seed)
            for _ in range(30):
                data = bytearray(rng.choice(frames))
                for _ in range(rng.randrange(1, 6)):
                    data[rng.randrange(2, len(data))] = rng.randrange(256)
                with socket.create_connection((self.broker.host, self.broker.port), kafka_wire.LIMIT_S) as s:
                    s.sendall(struct.pack(">i", len(data)) + data)
                    select.select([s], [], [], 0.02)

        threads = [threading.Thread(target=send_some, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(len(self.lines()), LINES_MAX)


if __name__ == "__main__":
    unittest.main()
