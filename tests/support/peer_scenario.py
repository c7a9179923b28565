"""One scenario that every client of others runs against our broker, described here once.

  administration   creates a topic of three partitions, finds it in the list and its partitions in the description
  produce          300 records with keys, null keys, headers, tombstones and timestamps of their own, through every codec the client has; read back by
                   partition they are the same to the byte, in order, and each key lies where murmur2 puts it
  group            a member reads all; a second joins and they share; it leaves and the first has all again; the group stops and goes on
                   where it stopped: no record twice, none lost, and the committed offsets are the ends
  time             the offsets of a time, and reading from there
  transactions     committed, aborted and committed again: read_committed sees what was committed, read_uncommitted all

A client is driven by an agent, a small program in tests/peers/ that speaks this over its standard input and output. A request is one line, its fields
separated by tabs, and a record is a line of four fields: key, value (base64, "-" for null), timestamp in ms, headers (name:base64, by commas; "-" for none).

  hello                                   -> name of the client, codecs by commas, "transactions" or "-"
  create TOPIC PARTITIONS                 -> nothing
  topics                                  -> a line for each topic
  describe TOPIC                          -> PARTITION for each
  produce TOPIC CODEC COUNT + records     -> PARTITION OFFSET for each record; by murmur2 where there is a key
  transact TOPIC commit|abort COUNT + records -> nothing
  read TOPIC ISOLATION COUNT TIME         -> PARTITION OFFSET and the record, for each: from the beginning (TIME "-") or from a time on, COUNT of them and
                                             what comes within half a second after
  time TOPIC TIME                         -> PARTITION OFFSET for each
  committed GROUP TOPIC                   -> PARTITION OFFSET for each
  join MEMBER GROUP TOPIC, leave MEMBER   -> nothing; a member reads until it leaves and commits what it read

Every answer ends with a line "ok", or "error" and a text. Between answers come events: "owns MEMBER 0,1" when an assignment changes ("-" when nothing
is owned) and "took MEMBER PARTITION OFFSET" and the record, once it is committed.

WEIR_PEER_BOOTSTRAP=host:port runs the scenario against another broker: Apache Kafka passes it too."""
import base64
import ctypes
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

from kafka_wire import Connection
from weir_broker import Broker

LIMIT_S = 40
PARTITIONS = 3
RECORDS = 300
INIT_PRODUCER_ID = 22
ADD_PARTITIONS_TO_TXN = 24
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


# --- records ---


def murmur2(data):
    """Kafka's hash of a key (org.apache.kafka.common.utils.Utils.murmur2)."""
    m, h = 0x5BD1E995, 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at:at + 4], "little") * m & 0xFFFFFFFF
        k = (k ^ k >> 24) * m & 0xFFFFFFFF
        h = (h * m & 0xFFFFFFFF) ^ k
    if len(data) > whole:
        h = (h ^ int.from_bytes(data[whole:], "little")) * m & 0xFFFFFFFF
    h = (h ^ h >> 13) * m & 0xFFFFFFFF
    return h ^ h >> 15


def partition_of(key):
    return (murmur2(key) & 0x7FFFFFFF) % PARTITIONS


def some_records(count, first=0, label="value"):
    """Records that differ in everything a record has; timestamps go up by a second and lie in the last hour, where no retention reaches."""
    start = int(time.time() * 1000) - 3_600_000
    records = []
    for i in range(first, first + count):
        key = None if i % 10 == 9 else f"key-{i % 17}".encode() + b"\x00\xff"[:i % 3]
        value = None if i % 25 == 24 and key else f"{label} {i} ".encode() * (1 + i % 40)
        headers = [("trace", f"{label}-{i}".encode()), ("größe", bytes([i % 256, 0, 255]))][:i % 3]
        records.append((key, value, start + i * 1000, tuple(headers)))
    return records


def _packed(data):
    return "-" if data is None else base64.b64encode(data).decode()


def _unpacked(text):
    return None if text == "-" else base64.b64decode(text)


def _line_of(record):
    key, value, timestamp, headers = record
    return "\t".join((_packed(key), _packed(value), str(timestamp), ",".join(f"{n}:{_packed(v)}" for n, v in headers) or "-"))


def _record_of(fields):
    key, value, timestamp, headers = fields
    pairs = [] if headers == "-" else [pair.split(":") for pair in headers.split(",")]
    return _unpacked(key), _unpacked(value), int(timestamp), tuple((n, _unpacked(v)) for n, v in pairs)


# --- the agent ---


def _die_with_the_test():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Peer:
    """A running agent. What its members own and took is kept as the events come."""

    def __init__(self, argv, bootstrap):
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*argv, bootstrap], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, text=True,
                                        encoding="utf-8", preexec_fn=_die_with_the_test)
        self.lines, self.owns, self.took = queue.Queue(), {}, {}
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n").split("\t"))
        self.lines.put(None)

    def _next(self, what, end):
        """The next line that is no event; None for an event, which is kept."""
        try:
            fields = self.lines.get(timeout=max(0, end - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"not within {LIMIT_S} s: {what}; owned: {self.owns}, taken: {self._counts()}\n{self._errors()}") from None
        if fields is None:
            self.lines.put(None)
            raise AssertionError(f"the client ended while waiting for: {what}\n{self._errors()}")
        if fields[0] == "owns":
            self.owns[fields[1]] = set() if fields[2] == "-" else {int(p) for p in fields[2].split(",")}
            return None
        if fields[0] == "took":
            self.took.setdefault(fields[1], []).append((int(fields[2]), int(fields[3]), _record_of(fields[4:])))
            return None
        return fields

    def _counts(self):
        return {member: len(rows) for member, rows in self.took.items()}

    def _errors(self):
        self.said.seek(0)
        return self.said.read()[-4000:].decode(errors="replace")

    def ask(self, *request, records=()):
        self.process.stdin.write("".join(line + "\n" for line in ["\t".join(map(str, request)), *map(_line_of, records)]))
        self.process.stdin.flush()
        rows, end = [], time.monotonic() + LIMIT_S
        while True:
            fields = self._next(f"the answer to {request}", end)
            if fields == ["ok"]:
                return rows
            if fields and fields[0] == "error":
                raise AssertionError(f"{request}: {' '.join(fields[1:])}\n{self._errors()}")
            if fields:
                rows.append(fields)

    def wait_until(self, what, condition):
        end = time.monotonic() + LIMIT_S
        while not condition():
            if self._next(what, end):
                raise AssertionError(f"an answer that nobody asked for, while waiting for: {what}")

    def numbers(self, *request, records=()):
        return [tuple(map(int, row)) for row in self.ask(*request, records=records)]

    def read(self, topic, count, isolation="uncommitted", from_time="-"):
        return sorted((int(row[0]), int(row[1]), _record_of(row[2:])) for row in self.ask("read", topic, isolation, count, from_time))

    def end(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        self.said.close()


def in_partitions(records):
    """What each partition holds of keyed records, in order."""
    return [[r for r in records if partition_of(r[0]) == p] for p in range(PARTITIONS)]


def advertised(bootstrap):
    host, port = bootstrap.rsplit(":", 1)
    with Connection(host, int(port)) as connection:
        answer = connection.call("ApiVersions", 0, {})
    return {api["api_key"] for api in answer["api_keys"]}


# --- the scenario ---


class Scenario(unittest.TestCase):
    argv = None

    @classmethod
    def setUpClass(cls):
        cls.bootstrap = os.environ.get("WEIR_PEER_BOOTSTRAP")
        if not cls.bootstrap:
            broker = Broker({"group.initial.rebalance.delay.ms": 100})
            cls.addClassCleanup(broker.stop)
            cls.bootstrap = broker.start().bootstrap
        cls.peer = Peer(cls.argv, cls.bootstrap)
        cls.addClassCleanup(cls.peer.end)
        [[cls.client, codecs, transactions]] = cls.peer.ask("hello")
        cls.codecs, cls.transacts = codecs.split(","), transactions == "transactions"
        print(f"{cls.client} at {cls.bootstrap}; codecs {codecs}", file=sys.stderr)

    def topic(self):
        name = f"{self.id().rsplit('_', 1)[-1]}-{uuid.uuid4().hex[:8]}"
        self.peer.ask("create", name, PARTITIONS)
        return name

    def rows_of(self, places, records):
        return sorted((partition, offset, record) for (partition, offset), record in zip(places, records, strict=True))

    def test_administration(self):
        topic = self.topic()
        self.assertIn([topic], self.peer.ask("topics"))
        self.assertEqual(sorted(self.peer.numbers("describe", topic)), [(p,) for p in range(PARTITIONS)])

    def test_produce(self):
        for codec in self.codecs:
            with self.subTest(codec=codec):
                topic, records = self.topic(), some_records(RECORDS)
                places = self.peer.numbers("produce", topic, codec, RECORDS, records=records)
                for record, (partition, _) in zip(records, places, strict=True):
                    if record[0] is not None:
                        self.assertEqual(partition, partition_of(record[0]), f"the partition of key {record[0]}")
                read = self.peer.read(topic, RECORDS)
                self.assertEqual(read, self.rows_of(places, records))
                for p in range(PARTITIONS):
                    offsets = [offset for partition, offset, _ in read if partition == p]
                    self.assertEqual(offsets, list(range(len(offsets))), f"partition {p} has every offset once")

    def test_group(self):
        topic, group = self.topic(), f"group-{uuid.uuid4().hex[:8]}"
        produced = []

        def produce(count):
            records = some_records(count, first=len(produced))
            produced.extend(self.rows_of(self.peer.numbers("produce", topic, "none", count, records=records), records))

        def shared_by(*members):
            owned = [self.peer.owns.get(m, set()) for m in members]
            return all(owned) and sum(map(len, owned)) == PARTITIONS and set().union(*owned) == set(range(PARTITIONS))

        def everything_was_taken_once(when):
            self.peer.wait_until(f"{len(produced)} records taken {when}", lambda: sum(self.peer._counts().values()) >= len(produced))
            self.assertEqual(sorted(row for rows in self.peer.took.values() for row in rows), sorted(produced), when)

        self.peer.took.clear()
        produce(RECORDS)
        self.peer.ask("join", "a", group, topic)
        everything_was_taken_once("by the first member")
        self.peer.ask("join", "b", group, topic)
        self.peer.wait_until("two members share the partitions", lambda: shared_by("a", "b"))
        shares = {m: set(self.peer.owns[m]) for m in "ab"}
        produce(60)
        everything_was_taken_once("by two members")
        self.assertEqual({p for p, _, _ in self.peer.took["b"]}, shares["b"], "the second member took what it owns")
        self.peer.ask("leave", "b")
        self.peer.wait_until("the first member has all partitions again", lambda: shared_by("a"))
        produce(60)
        everything_was_taken_once("after the second member left")
        self.peer.ask("leave", "a")
        ends = {p: 1 + max(offset for partition, offset, _ in produced if partition == p) for p in range(PARTITIONS)}
        self.assertEqual(dict(self.peer.numbers("committed", group, topic)), ends)
        produce(30)
        self.peer.ask("join", "c", group, topic)
        everything_was_taken_once("by a member that came later")
        self.peer.ask("leave", "c")

    def test_time(self):
        topic, records = self.topic(), some_records(RECORDS)
        rows = self.rows_of(self.peer.numbers("produce", topic, "none", RECORDS, records=records), records)
        middle = records[RECORDS // 2][2] - 1
        first = {p: min(offset for partition, offset, record in rows if partition == p and record[2] >= middle) for p in range(PARTITIONS)}
        # By offset, not by time: a producer without idempotence may send a batch again behind the next one.
        after = [row for row in rows if row[1] >= first[row[0]]]
        self.assertEqual(dict(self.peer.numbers("time", topic, middle)), first)
        self.assertEqual(self.peer.read(topic, len(after), from_time=middle), after)

    def test_transactions(self):
        if not self.transacts:
            self.skipTest(f"{self.client} has no transactions")
        if not {INIT_PRODUCER_ID, ADD_PARTITIONS_TO_TXN} <= advertised(self.bootstrap):
            self.skipTest("transactions: not served yet")
        topic = self.topic()
        parts = {}
        for label, outcome in (("kept", "commit"), ("dropped", "abort"), ("kept too", "commit")):
            parts[label] = [r for r in some_records(60, label=label) if r[0] is not None]
            self.peer.ask("transact", topic, outcome, len(parts[label]), records=parts[label])
        for isolation, labels in (("committed", ("kept", "kept too")), ("uncommitted", tuple(parts))):
            expected = [record for label in labels for record in parts[label]]
            read = self.peer.read(topic, len(expected), isolation)
            self.assertEqual([[r for partition, _, r in read if partition == p] for p in range(PARTITIONS)], in_partitions(expected), isolation)


def run(install):
    """`install` gives the agent's command, or ends the test as skipped."""
    Scenario.argv = install()
    unittest.main(module=__name__, argv=sys.argv, verbosity=2)
