"""What is no request, or no request that is served: the connection is closed with one line in the log, and nobody else notices."""
import shutil
import socket
import struct
import subprocess
import unittest

import kafka_wire
from kafka_wire import Closed, Connection
from weir_broker import Broker


def header(key, version, client=b"test", correlation=7):
    return struct.pack(">hhih", key, version, correlation, len(client)) + client


class Wire(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker({"num.network.threads": 1})
        cls.broker.start()
        cls.addClassCleanup(cls.broker.stop)
        cls.witness = Connection(cls.broker.host, cls.broker.port)
        cls.addClassCleanup(cls.witness.close)

    def connect(self):
        c = Connection(self.broker.host, self.broker.port)
        self.addCleanup(c.close)
        return c

    def closes(self, raw, log=None):
        lines = self.broker.output.count("\n")
        c = self.connect()
        c.socket.sendall(raw)
        with self.assertRaises(Closed):
            c.receive_frame()
        self.witness.call("ApiVersions", 0, {})  # and the others are served
        said = self.broker.output.splitlines()[lines:]
        if log is None:
            self.assertEqual(said, [])
        else:
            self.assertEqual(len(said), 1, said)
            self.assertIn("WARN", said[0])
            self.assertIn("127.0.0.1", said[0])
            self.assertIn(log, said[0])

    def closes_frame(self, frame, log):
        self.closes(struct.pack(">i", len(frame)) + frame, log)

    def test_what_is_no_length(self):
        for raw in (struct.pack(">i", -1), struct.pack(">i", 104857601), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", bytes.fromhex("16030100c8010000c40303")):
            with self.subTest(raw):
                self.closes(raw, "socket.request.max.bytes")

    def test_what_is_no_header(self):
        for frame in (b"", b"\0", header(18, 0)[:6], header(18, 0)[:-1]):
            with self.subTest(frame):
                self.closes_frame(frame, "")

    def test_what_is_not_served(self):
        self.closes_frame(header(999, 0), "999")
        self.closes_frame(header(4, 0), "4")
        self.closes_frame(header(3, 99) + b"\0", "Metadata version 99")
        self.closes_frame(header(0, 2) + b"\0\1\0\0\0\1\0\0\0\0", "Produce version 2")
        self.closes_frame(header(1, 3) + bytes(20), "Fetch version 3")

    def test_bodies_that_cannot_be_read(self):
        self.closes_frame(header(3, 8) + b"\0\0\0\5\0", "Metadata")
        self.closes_frame(header(3, 8) + b"\x7f\xff\xff\xff", "Metadata")
        self.closes_frame(header(3, 8) + b"\0\0\0\1\xff\xff\0\0\0", "Metadata")

    def test_bytes_behind_the_body_are_nobodys(self):
        c = self.connect()
        c.send_frame(header(3, 8) + b"\0\0\0\0\0\0\0" + b"extra")
        self.assertEqual(kafka_wire.read_response("Metadata", 8, c.receive_frame())[1]["topics"], [])

    def test_api_versions_of_the_future_is_answered(self):
        for frame in (header(18, 99) + b"\0\x04raw\x021\0", header(18, 5) + b"\0\x04raw\x021\0"):
            c = self.connect()
            c.send_frame(frame)
            correlation, answer = kafka_wire.read_response("ApiVersions", 0, c.receive_frame())
            self.assertEqual((correlation, answer["error_code"]), (7, 35))
            self.assertIn({"api_key": 18, "min_version": 0, "max_version": 4}, [dict(k) for k in answer["api_keys"]])

    def test_every_advertised_version_is_understood(self):
        rows = self.witness.call("ApiVersions", 3, {"client_software_name": "test", "client_software_version": "1"})["api_keys"]
        self.assertGreater(len(rows), 15)
        for row in rows:
            api = kafka_wire.API_BY_KEY[row["api_key"]]
            for version in range(max(row["min_version"], api.versions[0]), row["max_version"] + 1):
                if api.name in ("Produce", "JoinGroup", "SyncGroup"):
                    continue  # an empty one of these is answered by closing, or later; their own tests ask them
                with self.subTest(api=api.name, version=version):
                    body = {"client_software_name": "x", "client_software_version": "1"} if api.name == "ApiVersions" and version >= 3 else {}
                    self.connect().call(api.name, version, body)

    def test_requests_in_one_packet_are_answered_in_order(self):
        c = self.connect()
        frames = b""
        for i in range(50):
            frame = kafka_wire.request_frame("Metadata" if i % 2 else "ApiVersions", 0, {}, correlation_id=i)
            frames += struct.pack(">i", len(frame)) + frame
        c.socket.sendall(frames)
        for i in range(50):
            self.assertEqual(struct.unpack(">i", c.receive_frame()[:4])[0], i)

    def test_a_half_sent_request_bothers_nobody(self):
        c = self.connect()
        c.socket.sendall(struct.pack(">i", 1000) + b"\0" * 10)
        self.witness.call("ApiVersions", 0, {})
        c.socket.shutdown(socket.SHUT_WR)
        with self.assertRaises(Closed):
            c.receive_frame()

    def test_ids_and_names_come_back_as_they_were_sent(self):
        c = self.connect()
        for client, correlation in ((None, 5), ("", -5), ("ä", 2**31 - 1)):
            c.send_frame(kafka_wire.request_frame("ApiVersions", 0, {}, correlation, client))
            self.assertEqual(struct.unpack(">i", c.receive_frame()[:4])[0], correlation)

    def test_kcat_lists(self):
        if not shutil.which("kcat"):
            self.skipTest("kcat is not installed")
        self.witness.call("CreateTopics", 4, {"topics": [{"name": "listed", "num_partitions": 2, "replication_factor": 1}], "timeout_ms": 5000})
        listed = subprocess.run(["kcat", "-L", "-b", self.broker.bootstrap], capture_output=True, text=True, timeout=30, check=True).stdout
        self.assertIn(f"broker 1 at {self.broker.bootstrap}", listed)
        self.assertIn('topic "listed" with 2 partitions', listed)


class Address(unittest.TestCase):
    def advertised(self, **config):
        with Broker({k.replace("_", "."): v for k, v in config.items()}) as broker, Connection("127.0.0.1", broker.port) as c:
            told = c.call("Metadata", 8, {"topics": []})["brokers"][0]
            return broker, told["host"], told["port"]

    def test_without_an_advertised_listener_the_address_that_was_used_is_told(self):
        broker, host, port = self.advertised(listeners="PLAINTEXT://:0")
        self.assertEqual((host, port), ("127.0.0.1", broker.port))

    def test_an_advertised_listener_is_told(self):
        _, host, port = self.advertised(advertised_listeners="PLAINTEXT://kafka.example:29092")
        self.assertEqual((host, port), ("kafka.example", 29092))


class Limits(unittest.TestCase):
    def test_an_idle_connection_is_closed(self):
        with Broker({"connections.max.idle.ms": 50}) as broker, Connection(broker.host, broker.port) as c:
            c.call("ApiVersions", 0, {})
            with self.assertRaises(Closed):
                c.receive_frame()

    def test_a_client_that_does_not_read_costs_no_memory(self):
        with Broker() as broker, Connection(broker.host, broker.port) as greedy, Connection(broker.host, broker.port) as witness:
            new = [{"name": f"topic-{i}", "num_partitions": 100, "replication_factor": 1} for i in range(20)]
            witness.call("CreateTopics", 4, {"topics": new, "timeout_ms": 20000})
            witness.call("Metadata", 8, {"topics": None})
            before = broker.resident_kib()
            frame = kafka_wire.request_frame("Metadata", 8, {"topics": None})
            greedy.socket.settimeout(1)
            try:  # until the broker stops taking them
                for _ in range(200000):
                    greedy.send_frame(frame)
                self.fail("the broker takes requests without end")
            except TimeoutError:
                pass
            witness.call("Metadata", 8, {"topics": None})
            # Answering them all would take gigabytes. (Some megabytes in a plain build; a sanitizer keeps freed memory for a while.)
            self.assertLess(broker.resident_kib() - before, 64 * 1024)


if __name__ == "__main__":
    unittest.main(verbosity=2)
