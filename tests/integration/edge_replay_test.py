"""Odd requests get the answers that Apache Kafka gave: tests/golden/replay/*.jsonl, sent in order, compared byte for byte.

A row: name; request_hex (with header, without length); response_hex, what Kafka 4.3.1 answered ("..." at the end: only the beginning was kept).
prepare: brings the broker into the state the next rows need, the answer is not compared. mask: ranges of bytes that differ from run to run
(mask_why). skip: why it is not sent. weir: {response_hex, why}: where we differ on purpose. topic_id: hex of an id that Kafka had given a topic,
to be replaced by the one this broker gave it. session: hex of a fetch session id that Kafka gave in this row or an earlier one; likewise."""
import glob
import json
import os
import socket
import struct
import sys

from weir_broker import Broker

GOLDEN = os.path.join(os.environ["WEIR_SOURCE"], "tests", "golden", "replay")
METADATA_V12 = struct.pack(">hhih", 3, 12, 1, 3) + b"raw\0"


def ask(port, request, limit_s=10):
    """One request on a connection of its own; the answer without its length, or "closed"."""
    with socket.create_connection(("127.0.0.1", port), timeout=limit_s) as s:
        s.sendall(struct.pack(">i", len(request)) + request)
        data = b""
        while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
            more = s.recv(65536)
            if not more:
                return "closed"
            data += more
        return data[4:].hex()


def topic_id(port, topic):
    """From Metadata 12, where the 16 bytes follow the name."""
    name = bytes([len(topic) + 1]) + topic.encode()
    answer = bytes.fromhex(ask(port, METADATA_V12 + b"\x02" + bytes(16) + name + b"\0\0\0\0"))
    at = answer.index(name) + len(name)
    return answer[at:at + 16].hex()


def masked(text, row):
    for start, end in row.get("mask", []):
        text = text[:2 * start] + "-" * (2 * (end - start)) + text[2 * end:]
    return text


def differs(actual, expected, row):
    if expected.endswith("..."):
        expected = expected[:-3]
        actual = actual[:len(expected)]
    return masked(actual, row) != masked(expected, row)


def replay(port, row, sessions):
    """`sessions`: Kafka's fetch session ids -> ours."""
    request = row["request_hex"]
    theirs = row.get("session")
    request = request.replace(theirs or "", sessions.get(theirs, theirs) or "")
    for old, topic in row.get("topic_id", {}).items():
        request = request.replace(old, topic_id(port, topic))
    actual = ask(port, bytes.fromhex(request))
    for old, topic in row.get("topic_id", {}).items():
        actual = actual.replace(topic_id(port, topic), old)
    if theirs:
        if sessions.setdefault(theirs, actual[20:28]) == "00000000":
            return "no session was begun"
        actual = actual.replace(sessions[theirs], theirs)
    if row.get("prepare"):
        return "the connection was closed" if actual == "closed" else None
    expected = row.get("weir", row)["response_hex"]
    if not differs(actual, expected, row):
        return None
    return f"expected {expected}\n#   actual {actual}"


def main():
    failed = 0
    number = 0
    for path in sorted(glob.glob(os.path.join(GOLDEN, "*.jsonl"))):
        config = {"offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1}
        with Broker(config) as broker, open(path, encoding="utf-8") as rows:
            sessions = {}
            for row in map(json.loads, rows):
                number += 1
                if "skip" in row:
                    print(f"ok {number} - {row['name']} # SKIP {row['skip']}")
                    continue
                difference = replay(broker.port, row, sessions)
                print(f"{'not ok' if difference else 'ok'} {number} - {row['name']}")
                if difference:
                    failed += 1
                    print(f"# {difference}")
    print(f"1..{number}")
    return 1 if failed or number == 0 else 0


sys.exit(main())
