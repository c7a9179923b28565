"""How many connections there may be, and from whom; what a client can make the broker keep in memory; what happens when the system has no more
descriptors. Who is over a limit is treated as Kafka's SocketServer does it, with one line in the log."""
import os
import re
import select
import socket
import struct
import time
import unittest

import kafka_wire
from record_batch import batch
from weir_broker import Broker, sanitized

BROKER = 4
REJECTED = "Rejected connection from /127.0.0.1, address already has the configured maximum of"


class Limits(unittest.TestCase):
    def start(self, **config):
        self.broker = Broker({key.replace("_", "."): value for key, value in config.items()}).start()
        self.addCleanup(self.broker.stop)
        return self.broker

    def connect(self, limit_s=kafka_wire.LIMIT_S):
        connection = kafka_wire.Connection(self.broker.host, self.broker.port, limit_s)
        self.addCleanup(connection.close)
        return connection

    @staticmethod
    def is_served(connection):
        try:
            connection.call("ApiVersions", 0, {})
            return True
        except kafka_wire.Closed:
            return False
        except ConnectionError:
            return False

    def set(self, connection, key, value):
        configs = [{"name": key, "config_operation": 0, "value": str(value)}]
        asked = {"resources": [{"resource_type": BROKER, "resource_name": "1", "configs": configs}], "validate_only": False}
        answer = connection.call("IncrementalAlterConfigs", 1, asked)["responses"][0]
        self.assertEqual((answer["error_code"], answer["error_message"]), (0, None))


class Connections(Limits):
    def test_one_more_from_an_address_is_closed_at_once(self):
        self.start(max_connections_per_ip=2)
        first, second = self.connect(), self.connect()
        self.assertTrue(self.is_served(first) and self.is_served(second))
        self.assertFalse(self.is_served(self.connect()))
        self.assertIn(f"{REJECTED} 2 connections.", self.broker.output)
        first.close()
        while not self.is_served(self.connect()):  # until the broker has seen the close
            pass
        self.assertTrue(self.is_served(second))

    def test_exceptions_for_some_addresses(self):
        self.start(max_connections_per_ip=1, max_connections_per_ip_overrides="10.0.0.1:7, localhost:3")
        held = [self.connect() for _ in range(3)]
        self.assertTrue(all(self.is_served(c) for c in held))
        self.assertFalse(self.is_served(self.connect()))

    def test_over_the_limit_of_all_new_ones_wait_until_one_leaves(self):
        self.start(max_connections=2)
        first, second = self.connect(), self.connect()
        self.assertTrue(self.is_served(first) and self.is_served(second))
        waiting = self.connect()
        waiting.send("ApiVersions", 0, {})
        self.assertTrue(self.is_served(first))
        self.assertEqual(select.select([waiting.socket], [], [], 0.2)[0], [])
        first.close()
        waiting.receive("ApiVersions", 0)
        self.assertIn("as many connections as max.connections allows", self.broker.output)

    def test_limits_change_while_the_broker_runs(self):
        self.start(max_connections=1)
        first = self.connect()
        waiting = self.connect()
        waiting.send("ApiVersions", 0, {})
        self.set(first, "max.connections", 10)
        waiting.receive("ApiVersions", 0)
        self.set(first, "max.connections.per.ip", 2)
        self.assertFalse(self.is_served(self.connect()))
        self.assertTrue(self.is_served(waiting))  # those that are there stay
        self.set(first, "max.connections.per.ip.overrides", "127.0.0.1:3")
        self.assertTrue(self.is_served(self.connect()))

    def test_connections_that_come_too_fast_wait(self):
        # 2 a second over one second: the first two go through at once, each one more waits half a second
        self.start(max_connection_creation_rate=2, quota_window_num=2)
        begin = time.monotonic()
        for _ in range(4):
            with kafka_wire.Connection(self.broker.host, self.broker.port) as c:
                self.assertTrue(self.is_served(c))
        self.assertGreater(time.monotonic() - begin, 0.9)
        self.assertIn("faster than max.connection.creation.rate allows", self.broker.output)
        with kafka_wire.Connection(self.broker.host, self.broker.port) as c:
            self.set(c, "max.connection.creation.rate", 2147483647)
        for _ in range(100):
            with kafka_wire.Connection(self.broker.host, self.broker.port) as c:
                self.assertTrue(self.is_served(c))

    def test_idle_connections_are_closed_and_used_ones_are_not(self):
        self.start(connections_max_idle_ms=600)
        idle, used, asleep = self.connect(), self.connect(), self.connect()
        asleep.send("Fetch", 11, {"replica_id": -1, "max_wait_ms": 3000, "min_bytes": 1, "max_bytes": 1,
                                  "topics": [{"topic": "none", "partitions": [{"partition": 0, "partition_max_bytes": 1}]}]})
        while not select.select([idle.socket], [], [], 0.05)[0]:
            self.assertTrue(self.is_served(used))
        self.assertEqual(idle.socket.recv(1), b"")
        self.assertNotIn("Closing", self.broker.output)

    def test_without_descriptors_the_others_are_served_and_who_comes_waits(self):
        limit = 60
        broker = Broker()
        broker.wrapper = ["prlimit", f"--nofile={limit}:{limit}"]
        broker.start()
        self.broker = broker
        self.addCleanup(broker.stop)
        first = self.connect()
        self.assertTrue(self.is_served(first))
        crowd = [self.connect() for _ in range(limit)]
        while "too many open files" not in broker.output:
            self.assertTrue(self.is_served(first))
        before = self.cpu_ticks()
        begin = time.monotonic()
        while time.monotonic() - begin < 0.5:
            self.assertTrue(self.is_served(first))
            time.sleep(0.05)
        self.assertLess((self.cpu_ticks() - before) / os.sysconf("SC_CLK_TCK"), 0.2)  # it does not spin
        self.assertLess(broker.output.count("too many open files"), 3)  # it does not say so again and again
        crowd[-1].send("ApiVersions", 0, {})
        for c in crowd[:-1]:
            c.close()
        crowd[-1].receive("ApiVersions", 0)

    def cpu_ticks(self):
        with open(f"/proc/{self.broker.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])


class Memory(Limits):
    LIMIT_KIB = 16 << 10

    def peak_kib(self):
        with open(f"/proc/{self.broker.pid}/status", encoding="ascii") as file:
            return int(re.search(r"^VmHWM:\s+(\d+) kB", file.read(), re.MULTILINE).group(1))

    def flood(self, frame, seconds=0.5):
        """Sends the frame again and again on a connection that never reads, until the broker takes no more; returns how many bytes it took."""
        c = self.connect()
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        c.socket.setblocking(False)
        data = (struct.pack(">i", len(frame)) + frame) * 100
        sent, offset, quiet = 0, 0, 0.0
        while quiet < seconds:
            if select.select([], [c.socket], [], 0.1)[1]:
                n = c.socket.send(data[offset:])
                offset = (offset + n) % len(data)
                sent, quiet = sent + n, 0.0
                self.assertLess(sent, 64 << 20, "the broker takes requests without end from a client that reads no answers")
            else:
                quiet += 0.1
        return sent

    def check_bounded(self, name, version, body):
        before = self.peak_kib()
        self.flood(kafka_wire.request_frame(name, version, body))
        if not sanitized():
            self.assertLess(self.peak_kib() - before, self.LIMIT_KIB)
        self.assertTrue(self.is_served(self.connect()))

    def test_a_client_that_asks_for_records_and_never_reads(self):
        self.start()
        c = self.connect()
        c.call("Metadata", 8, {"topics": [{"name": "t"}], "allow_auto_topic_creation": True})
        for _ in range(2000):
            part = {"index": 0, "records": batch(b"v" * 40)}
            c.send("Produce", 7, {"acks": 1, "timeout_ms": 1000, "topic_data": [{"name": "t", "partition_data": [part]}]})
        for _ in range(2000):
            c.receive("Produce", 7)
        partition = {"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1 << 20}
        self.check_bounded("Fetch", 11, {"replica_id": -1, "max_wait_ms": 0, "min_bytes": 1, "max_bytes": 1 << 20,
                                         "topics": [{"topic": "t", "partitions": [partition]}]})

    def test_a_client_that_asks_for_all_settings_and_never_reads(self):
        self.start()
        self.check_bounded("DescribeConfigs", 4, {"resources": [{"resource_type": BROKER, "resource_name": "1", "configuration_keys": None}]})

    def test_announced_bytes_take_no_memory_before_they_come(self):
        self.start()
        before = self.peak_kib()
        for _ in range(50):
            self.connect().socket.sendall(struct.pack(">i", 100 << 20))
        self.assertTrue(self.is_served(self.connect()))
        if not sanitized():
            self.assertLess(self.peak_kib() - before, self.LIMIT_KIB)

    def test_a_request_over_the_limit_closes_its_connection(self):
        self.start(socket_request_max_bytes=1000)
        c = self.connect()
        good = kafka_wire.request_frame("ApiVersions", 0, {})
        c.send_frame(good + bytes(1000 - len(good)))
        c.receive_frame()
        c.socket.sendall(struct.pack(">i", 1001))
        with self.assertRaises(kafka_wire.Closed):
            c.receive_frame()
        self.assertEqual(self.broker.output.count("over socket.request.max.bytes"), 1)


if __name__ == "__main__":
    unittest.main()
