"""Odd requests about groups are answered byte for byte as Apache Kafka 4.3.1 answers them (tests/golden/edge/groups.jsonl: what
was sent and what came back, in order, each row depending on those before it).

Member ids are random but of one length, so each one in the capture stands for the one that came back in its place. Rows marked
`unordered` list groups in the order of a hash map: the bytes are compared sorted."""
import json
import os
import re
import socket
import struct
import sys
import unittest

from weir_broker import Broker

ROWS = os.path.join(os.path.dirname(__file__), "..", "golden", "edge", "groups.jsonl")
MEMBER_ID = re.compile(rb"(?:raw|inst)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
CAPTURED_ADDRESS = b"127.0.0.1" + struct.pack(">i", 9296)
LIMIT_S = 30


def receive(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            return None
        data += more
    return data


def call(connection, frame):
    """The response frame, or None when the broker closed instead."""
    connection.sendall(struct.pack(">i", len(frame)) + frame)
    size = receive(connection, 4)
    return size and receive(connection, struct.unpack(">i", size)[0])


class Golden(unittest.TestCase):
    def test_rows(self):
        with Broker({"node.id": 1, "num.partitions": 2, "offsets.topic.num.partitions": 1}) as broker:
            address = (broker.host, broker.port)
            with socket.create_connection(address, LIMIT_S) as connection:
                # Metadata version 1 of the topic "edge", which creates it.
                self.assertIsNotNone(call(connection, bytes.fromhex("00030001000000010003726177") + b"\0\0\0\1\0\4edge"))
            ids = {}
            wrong = []
            with socket.create_connection(address, LIMIT_S) as connection, open(ROWS, encoding="utf-8") as rows:
                for row in map(json.loads, rows):
                    request = MEMBER_ID.sub(lambda found: ids.get(found[0], found[0]), bytes.fromhex(row["request_hex"]))
                    expected = bytes.fromhex(row["response_hex"]).replace(CAPTURED_ADDRESS, b"127.0.0.1" + struct.pack(">i", broker.port))
                    answer = call(connection, request)
                    if answer is None:
                        wrong.append(f"{row['name']} ({row['api']} {row['version']}): the broker closed the connection")
                        break
                    for found in MEMBER_ID.finditer(expected):
                        ids.setdefault(found[0], answer[found.start():found.end()])
                    expected = MEMBER_ID.sub(lambda found: ids[found[0]], expected)
                    if answer != expected and not (row.get("unordered") and sorted(answer) == sorted(expected)):
                        wrong.append(f"{row['name']} ({row['api']} {row['version']}):\n  expected {expected!r}\n  got      {answer!r}")
            self.assertTrue(ids, "no member id was seen")
            self.assertFalse(wrong, "\n".join([""] + wrong + ["--- broker ---", broker.output[-3000:]]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
