"""Odd requests get the answers that Apache Kafka gave: tests/golden/replay/*.jsonl, one broker a file, sent in order, compared byte for byte.

A row: name; request_hex (with header, without length; [78*1000] stands for a byte 1000 times); response_hex, what Kafka 4.3.1 answered ("..." at the end:
only the beginning was kept; "closed": it closed the connection). Instead of request_hex: sent_hex, bytes as they are, half_close when the client then
closes its side. The first row may be {broker: configuration}. What differs from run to run stands for what this broker gave in its place: addresses,
the cluster's id, members' ids (which are of one length), and by name
  session: hex of a fetch session id that Kafka gave in this row or an earlier one;
  topic_id: hex of the id that Kafka had given a topic.
How a row is done:
  prepare: brings the broker into the state the next rows need; the answer is not compared
  parks: the answer comes later; a row with `answered` names this one, and has it
  until: asked again until the answer is as expected, for something that time brings about
  times: {at, ahead_ms}: the batch that begins there is given a time so far ahead of the clock
  acks_0: a Produce that is not answered: response_hex is that of the request that follows it on the connection, or "closed"
  correlations: the ids of the answers to several requests in one packet, in order
How it is compared:
  mask: ranges of bytes that differ from run to run (mask_why)
  unordered: lists come in the order of a hash map: the bytes are compared sorted
  fields: a deliberate difference in the decoded answer: field -> {weir, why}; a list of APIs is changed by key (null: not served)
  weir: {response_hex, why}: where we differ on purpose
Every request of Kafka's capture is here; KIP-848's are among those answered by closing."""
import glob
import json
import os
import re
import socket
import struct
import sys
import time

import kafka_wire
from record_batch import crc32c
from weir_broker import Broker

GOLDEN = os.path.join(os.environ["WEIR_SOURCE"], "tests", "golden", "replay")
CONFIG = {"node.id": 1, "offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1}
LIMIT_S = 30
KAFKAS_PORT, KAFKAS_CLUSTER = 9296, b"Vjd5ZW8tY2x1c3Rlci0wMQ"
HOST = b"127.0.0.1"
MEMBER_ID = re.compile(rb"(?:raw|inst|i1)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REPEATED = re.compile(r"\[([0-9a-f]{2})\*(\d+)\]")
NEXT_REQUEST = struct.pack(">hhih", 18, 0, 2, 1) + b"r"  # ApiVersions 0, correlation id 2


class Closed(Exception):
    pass


def connect(port):
    return socket.create_connection((HOST.decode(), port), timeout=LIMIT_S)


def send(connection, frame):
    connection.sendall(struct.pack(">i", len(frame)) + frame)


def receive(connection, size=None):
    """So many bytes, or a frame without its length."""
    size = struct.unpack(">i", receive(connection, 4))[0] if size is None else size
    data = b""
    while len(data) < size:
        try:
            more = connection.recv(size - len(data))
        except ConnectionResetError:
            more = b""
        if not more:
            raise Closed
        data += more
    return data


def ask(port, frame):
    with connect(port) as connection:
        send(connection, frame)
        return receive(connection)


class Replay:
    """One file's rows on one broker."""

    def __init__(self, broker):
        self.port = broker.port
        self.sessions, self.members, self.parked = {}, {}, {}
        body = kafka_wire.read_response("Metadata", 12, ask(self.port, kafka_wire.request_frame("Metadata", 12, {"topics": []})))[1]
        self.cluster = body["cluster_id"].encode()

    def close(self):
        for connection in self.parked.values():
            connection.close()

    # --- Kafka's ids and ours ---

    def topic_id(self, topic):
        frame = kafka_wire.request_frame("Metadata", 12, {"topics": [{"name": topic, "topic_id": "0" * 32}], "allow_auto_topic_creation": False})
        return bytes.fromhex(kafka_wire.read_response("Metadata", 12, ask(self.port, frame))[1]["topics"][0]["topic_id"])

    def ours(self, data, row):
        """What Kafka gave -> what we gave, in a request or an expected answer."""
        for theirs, mine in self.sessions.items():
            data = data.replace(theirs, mine)
        for theirs, topic in row.get("topic_id", {}).items():
            data = data.replace(bytes.fromhex(theirs), self.topic_id(topic))
        data = data.replace(HOST + struct.pack(">i", KAFKAS_PORT), HOST + struct.pack(">i", self.port)).replace(KAFKAS_CLUSTER, self.cluster)
        return MEMBER_ID.sub(lambda found: self.members.get(found[0], found[0]), data)

    def learn(self, row, expected, actual):
        if "session" in row:
            theirs = bytes.fromhex(row["session"])
            if self.sessions.setdefault(theirs, actual[10:14]) == bytes(4):
                raise AssertionError("no session was begun")
        for found in MEMBER_ID.finditer(expected):
            self.members.setdefault(found[0], actual[found.start():found.end()])

    # --- one row ---

    def request(self, row):
        text = REPEATED.sub(lambda found: found[1] * int(found[2]), row["request_hex"])
        request = bytearray(self.ours(bytes.fromhex(text), row))
        if "times" in row:  # base timestamp and greatest timestamp of the batch, and its checksum behind the epoch and the magic
            batch, now_ms = row["times"]["at"], int(time.time() * 1000)
            struct.pack_into(">qq", request, batch + 27, *[now_ms + row["times"]["ahead_ms"]] * 2)
            struct.pack_into(">I", request, batch + 17, crc32c(request[batch + 21:]))
        return bytes(request)

    def answer(self, row):
        """The answer to compare; None: none is expected yet."""
        if "answered" in row:
            return receive(self.parked[row["answered"]])
        if "sent_hex" in row:
            with connect(self.port) as connection:
                connection.sendall(bytes.fromhex(row["sent_hex"]))
                if row.get("half_close"):
                    connection.shutdown(socket.SHUT_WR)
                if "correlations" in row:
                    return [struct.unpack_from(">i", receive(connection))[0] for _ in row["correlations"]]
                return receive(connection)
        if row.get("parks"):
            self.parked[row["name"]] = connect(self.port)
            send(self.parked[row["name"]], self.request(row))
            return None
        if row.get("acks_0"):
            with connect(self.port) as connection:
                send(connection, self.request(row))
                if row["response_hex"] != "closed":
                    send(connection, NEXT_REQUEST)
                return receive(connection)
        return ask(self.port, self.request(row))

    def play(self, row):
        """What is wrong, or None."""
        try:
            actual = self.answer(row)
        except Closed:
            actual = b"closed"
        if row.get("prepare") or actual is None:
            return "the connection was closed" if actual == b"closed" else None
        if "correlations" in row:
            return None if actual == row["correlations"] else f"expected {row['correlations']}\n#   actual {actual}"
        text = row.get("weir", row)["response_hex"]
        expected = b"closed" if text == "closed" else bytes.fromhex(text.removesuffix("..."))
        if b"closed" not in (actual, expected):
            self.learn(row, expected, actual)
        expected = self.ours(expected, row)
        if text.endswith("..."):
            actual = actual[:len(expected)]
        if "fields" in row:
            return compare_fields(row, actual, expected)
        if same(row, actual, expected):
            return None
        return f"expected {expected.hex()}\n#   actual {actual.hex()}"

    def play_until(self, row):
        end = time.monotonic() + LIMIT_S
        while (wrong := self.play(row)) and row.get("until") and time.monotonic() < end:
            pass
        return wrong


def same(row, actual, expected):
    def shown(data):
        for start, end in row.get("mask", []):
            data = data[:start] + bytes(end - start) + data[end:]
        return sorted(data) if row.get("unordered") else data
    return shown(actual) == shown(expected)


def compare_fields(row, actual, expected):
    key, version = struct.unpack_from(">hh", bytes.fromhex(row["request_hex"]))
    api = kafka_wire.API_BY_KEY[key].name
    correlation_id, want = kafka_wire.read_response(api, version, expected)
    for field, difference in row["fields"].items():
        if isinstance(want[field], list) and isinstance(difference["weir"], dict):
            for number, versions in difference["weir"].items():
                want[field] = [entry for entry in want[field] if entry["api_key"] != int(number)]
                want[field] += [{"api_key": int(number), "min_version": versions[0], "max_version": versions[1]}] if versions else []
            want[field].sort(key=lambda entry: entry["api_key"])
        else:
            want[field] = difference["weir"]
    have = kafka_wire.read_response(api, version, actual)
    return None if have == (correlation_id, want) else f"expected {(correlation_id, want)}\n#   actual {have}"


def main():
    failed = number = 0
    for path in sorted(glob.glob(os.path.join(GOLDEN, "*.jsonl"))):
        with open(path, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        config = {**CONFIG, **rows.pop(0)["broker"]} if "broker" in rows[0] else CONFIG
        with Broker(config) as broker:
            replay = Replay(broker)
            for row in rows:
                number += 1
                if "skip" in row:
                    print(f"ok {number} - {row['name']} # SKIP {row['skip']}")
                    continue
                wrong = replay.play_until(row)
                print(f"{'not ok' if wrong else 'ok'} {number} - {row['name']}")
                if wrong:
                    failed += 1
                    print(f"# {wrong}")
            replay.close()
    print(f"1..{number}")
    return 1 if failed or number == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
