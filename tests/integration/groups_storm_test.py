"""Connections that die while their JoinGroup is parked, from one worker to another, by the hundred; a broker told to end while
requests are parked; a deleted topic whose committed offsets must go. Run under the sanitizers this finds what leaks or races."""
import random
import socket
import struct
import unittest

from weir_broker import Broker

LIMIT_S = 30
GROUPS = [f"storm-{i}" for i in range(8)]
JOIN_GROUP, LIST_GROUPS, OFFSET_COMMIT, OFFSET_FETCH, METADATA, DELETE_TOPICS = 11, 16, 8, 9, 3, 20


def text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def frame(key, version, body):
    data = struct.pack(">hhi", key, version, 7) + text("storm") + body
    return struct.pack(">i", len(data)) + data


def join_frame(group, member=""):
    return frame(JOIN_GROUP, 2, text(group) + struct.pack(">ii", 6000, 6000) + text(member) + text("consumer") + struct.pack(">i", 1) +
                 text("range") + struct.pack(">i", 1) + b"x")


def receive(connection):
    data = b""
    size = 4
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError("the broker closed the connection")
        data += more
        if len(data) == 4 and size == 4:
            size += struct.unpack(">i", data)[0]
    return data[8:]


def commit_frame(group, topic, offset):
    return frame(OFFSET_COMMIT, 2, text(group) + struct.pack(">i", -1) + text("") + struct.pack(">qi", -1, 1) + text(topic) +
                 struct.pack(">iiq", 1, 0, offset) + text(""))


def fetch_frame(group, topic):
    return frame(OFFSET_FETCH, 1, text(group) + struct.pack(">i", 1) + text(topic) + struct.pack(">ii", 1, 0))


class Storm(unittest.TestCase):
    def setUp(self):
        self.broker = Broker({"num.network.threads": 3, "offsets.topic.num.partitions": 2})
        self.addCleanup(self.broker.stop)
        self.broker.start()
        self.open = []
        self.addCleanup(lambda: [c.close() for c in self.open])

    def connect(self):
        connection = socket.create_connection((self.broker.host, self.broker.port), LIMIT_S)
        self.open.append(connection)
        return connection

    def group_count(self, connection):
        connection.sendall(frame(LIST_GROUPS, 0, b""))
        return struct.unpack_from(">hi", receive(connection))[1]

    def test_connections_die_with_parked_requests(self):
        dice = random.Random(1)
        watcher = self.connect()
        for group in GROUPS:  # each has a member that never syncs, so that the next JoinGroup is parked
            leader = self.connect()
            leader.sendall(join_frame(group))
            self.assertEqual(struct.unpack_from(">ih", receive(leader))[1], 0)
        for _ in range(300):
            connection = self.connect()
            connection.sendall(join_frame(dice.choice(GROUPS)))
            if dice.random() < 0.5:  # closed with a reset, or in order, or later
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if dice.random() < 0.7:
                connection.close()
                self.open.remove(connection)
        self.assertEqual(self.group_count(watcher), len(GROUPS))
        self.assertEqual(self.broker.terminate(), 143, self.broker.output[-3000:])  # as any JVM ends; with many requests parked

    def test_offsets_of_a_deleted_topic_go_with_it(self):
        connection = self.connect()

        def ask(data):
            connection.sendall(data)
            return receive(connection)

        def make(topic):
            ask(frame(METADATA, 1, struct.pack(">i", 1) + text(topic)))

        def offset(topic):
            answer = ask(fetch_frame("lone", topic))
            return struct.unpack_from(">q", answer, 4 + 2 + len(topic) + 4 + 4)[0]

        for topic in ("kept", "gone"):
            make(topic)
            ask(commit_frame("lone", topic, 41))
            self.assertEqual(offset(topic), 41)
        ask(frame(DELETE_TOPICS, 1, struct.pack(">i", 1) + text("gone") + struct.pack(">i", 5000)))
        # The word goes from worker to worker; ListGroups takes the same way, behind it.
        self.group_count(connection)
        self.assertEqual((offset("gone"), offset("kept")), (-1, 41))
        make("gone")
        self.assertEqual(offset("gone"), -1, "a topic of the same name inherited the old one's offsets")
        ask(commit_frame("lone", "gone", 43))
        self.broker.kill()
        self.broker.start()
        connection = self.connect()
        self.assertEqual((offset("gone"), offset("kept")), (43, 41))


if __name__ == "__main__":
    unittest.main(verbosity=2)
