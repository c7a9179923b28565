"""Consumer groups of real clients (kafka-python, kcat) on our broker: members that join, stop, die and come back; commits that
survive the broker's death."""
import json
import os
import selectors
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

try:
    from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata, TopicPartition
except ImportError:
    print("python3-kafka is not installed")
    sys.exit(77)

from weir_broker import Broker, _die_with_the_test

TOPIC = "ledger"
PARTITIONS = 6
LIMIT_S = 30
CONFIG = {"num.partitions": PARTITIONS, "group.min.session.timeout.ms": 1000, "offsets.topic.num.partitions": 4}


class Member:
    """A process with tests/support/group_member.py; what it says is collected by Members.await_()."""

    def __init__(self, name, bootstrap, group, stop_file):
        self.name, self.assigned, self.read, self.lines = name, [], [], []
        script = os.path.join(os.path.dirname(__file__), "..", "support", "group_member.py")
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([sys.executable, script, bootstrap, group, TOPIC, stop_file], stdout=subprocess.PIPE,
                                        stderr=self.errors, preexec_fn=_die_with_the_test)
        self.rest = b""

    def take(self):
        """Reads what is there; False at the end."""
        data = os.read(self.process.stdout.fileno(), 65536)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            what = json.loads(line)
            self.lines.append(what)
            self.assigned = what.get("assigned", self.assigned)
            self.read += what.get("read", [])
        return bool(data)

    def said(self, key):
        return any(key in line for line in self.lines)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.assigned = []


class Members:
    def __init__(self, broker, group):
        self.broker, self.group = broker, group
        self.folder = tempfile.TemporaryDirectory(prefix="weir-groups-")
        self.stop_file = os.path.join(self.folder.name, "stop")
        self.all = []
        self.selector = selectors.DefaultSelector()

    def start(self, count):
        for _ in range(count):
            member = Member(f"m{len(self.all)}", self.broker.bootstrap, self.group, self.stop_file)
            self.all.append(member)
            self.selector.register(member.process.stdout, selectors.EVENT_READ, member)
        return self.all[-count:]

    def await_(self, condition, what):
        end = time.monotonic() + LIMIT_S
        while not condition():
            left = end - time.monotonic()
            if left <= 0:
                state = "\n".join(f"{m.name}: assigned {m.assigned}, last said {m.lines[-3:]}" for m in self.all)
                raise AssertionError(f"waited {LIMIT_S} s for: {what}\n{state}\n--- broker ---\n{self.broker.output[-6000:]}")
            for key, _ in self.selector.select(left):
                if not key.data.take():
                    self.selector.unregister(key.fileobj)

    def await_owned(self, members, what):
        """All partitions are owned by these members, each by one, and everybody has some."""
        self.await_(lambda: sorted(p for m in members for p in m.assigned) == list(range(PARTITIONS)) and all(m.assigned for m in members), what)

    def values(self):
        return {value for m in self.all for _, _, value in m.read}

    def close(self):
        for member in self.all:
            member.process.kill()
            member.process.wait()
            member.process.stdout.close()
            member.errors.close()
        self.selector.close()
        self.folder.cleanup()


class Groups(unittest.TestCase):
    def setUp(self):
        self.broker = Broker(CONFIG)
        self.addCleanup(self.broker.stop)
        self.broker.start()

    def make_topic(self):
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap)
        self.assertEqual(producer.partitions_for(TOPIC), set(range(PARTITIONS))) # created by asking
        producer.close()

    def produce(self, values):
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap, acks="all")
        for i, value in enumerate(values):
            producer.send(TOPIC, value=value.encode(), partition=i % PARTITIONS)
        producer.flush()
        producer.close()
        return set(values)

    def members(self, group):
        members = Members(self.broker, group)
        self.addCleanup(members.close)
        return members

    def test_leader_stopped_between_join_and_sync_and_a_member_killed(self):
        self.make_topic()
        sent = self.produce([f"a{i}" for i in range(300)])
        members = self.members("three")
        first = members.start(2)
        members.await_owned(first, "two members share the partitions")

        # The third one makes the leader assign again; it stops right there.
        open(members.stop_file, "w", encoding="ascii").close()
        trio = first + members.start(1)
        members.await_(lambda: any(m.said("stopping") for m in trio), "the leader stops between JoinGroup and SyncGroup")
        stopped = next(m for m in trio if m.said("stopping"))
        stopped.assigned = []
        others = [m for m in trio if m is not stopped]
        sent |= self.produce([f"b{i}" for i in range(300)])
        members.await_owned(others, "the others share the partitions without the stopped leader")
        members.await_(lambda: sent <= members.values(), "every record is read while the leader is stopped")

        stopped.process.send_signal(signal.SIGCONT)
        members.await_owned(trio, "the stopped member is back")

        killed = trio[1]
        killed.kill()
        survivors = [m for m in trio if m is not killed]
        sent |= self.produce([f"c{i}" for i in range(300)])
        members.await_owned(survivors, "the others share the partitions of the killed member")
        members.await_(lambda: sent <= members.values(), "every record is read after the kill")

    def test_group_goes_on_after_the_brokers_death(self):
        self.make_topic()
        sent = self.produce([f"a{i}" for i in range(300)])
        members = self.members("two")
        pair = members.start(2)
        members.await_owned(pair, "two members share the partitions")
        members.await_(lambda: sent <= members.values(), "all records are read")
        config_port = self.broker.port
        self.broker.kill()
        self.broker.config["listeners"] = f"PLAINTEXT://127.0.0.1:{config_port}"
        self.broker.start()
        more = self.produce([f"b{i}" for i in range(300)])
        members.await_(lambda: more <= members.values(), "new records are read after the restart")
        # What was committed was not read again.
        again = [value for m in pair for _, _, value in m.read]
        self.assertEqual(len(again), len(set(again)), "records were delivered twice although they were committed")

    def test_leaving_hands_over_at_once(self):
        self.make_topic()
        members = self.members("leavers")
        pair = members.start(2)
        members.await_owned(pair, "two members share the partitions")
        begin = time.monotonic()
        pair[0].process.terminate()
        members.await_(lambda: pair[0].said("closed"), "the member has left")
        pair[0].assigned = []
        members.await_owned(pair[1:], "the other has all partitions")
        self.assertLess(time.monotonic() - begin, 1.9, "handing over took a session timeout: LeaveGroup had no effect")

    def test_commit_survives_kill_9(self):
        self.make_topic()
        where = TopicPartition(TOPIC, 3)
        for round_ in range(5):
            consumer = KafkaConsumer(bootstrap_servers=self.broker.bootstrap, group_id="lone", enable_auto_commit=False)
            consumer.assign([where])
            consumer.commit({where: OffsetAndMetadata(100 + round_, f"note {round_}")})
            self.broker.kill()
            consumer.close(autocommit=False)
            self.broker.start()
            consumer = KafkaConsumer(bootstrap_servers=self.broker.bootstrap, group_id="lone", enable_auto_commit=False)
            found = consumer.committed(where, metadata=True)
            self.assertEqual((found.offset, found.metadata), (100 + round_, f"note {round_}"))
            self.assertIsNone(consumer.committed(TopicPartition(TOPIC, 4)), "a partition without a commit must have none, not 0")
            consumer.close(autocommit=False)

    def test_offsets_that_kafka_wrote_are_read_as_kafka_reads_them(self):
        """A log of Kafka's own: offsets committed in a transaction count from its commit marker on, those of an aborted one never, nor
        those of a deleted group; a topic of the same name but another id inherits nothing."""
        self.broker.config["offsets.topic.num.partitions"] = 1
        self.broker.restart()
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap)
        for topic in ("txn", "orders"):
            producer.partitions_for(topic)
        producer.close()

        def committed(group, topic, partition):
            consumer = KafkaConsumer(bootstrap_servers=self.broker.bootstrap, group_id=group, enable_auto_commit=False)
            found = consumer.committed(TopicPartition(topic, partition))
            consumer.close(autocommit=False)
            return found

        self.assertIsNone(committed("tx-group", "txn", 0))  # makes the topic
        self.broker.terminate()
        folder = os.path.join(self.broker.log_dir, "__consumer_offsets-0")
        os.makedirs(folder, exist_ok=True)
        golden = os.path.join(os.path.dirname(__file__), "..", "golden", "datadir", "coordinators", "data.tar.gz")
        with tarfile.open(golden) as archive:
            for member in archive.getmembers():
                if member.isfile() and member.name.startswith("__consumer_offsets-0/") and not member.name.endswith("partition.metadata"):
                    with open(os.path.join(self.broker.log_dir, member.name), "wb") as out:
                        out.write(archive.extractfile(member).read())
        self.broker.start()
        self.assertEqual([committed("tx-group", "txn", p) for p in (0, 1)], [5, 2], self.broker.output)
        self.assertIsNone(committed("classic-group", "orders", 0))
        self.assertIsNone(committed("to-be-deleted", "orders", 0))

    def test_kcat_members_share_a_topic(self):
        self.make_topic()
        sent = self.produce([f"k{i}" for i in range(60)])
        command = ["kcat", "-b", self.broker.bootstrap, "-q", "-u", "-X", "auto.offset.reset=earliest", "-X", "session.timeout.ms=2000",
                   "-X", "heartbeat.interval.ms=200", "-G", "kcats", TOPIC]
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=_die_with_the_test) for _ in range(2)]
        try:
            seen, selector, end = set(), selectors.DefaultSelector(), time.monotonic() + LIMIT_S
            for process in running:
                selector.register(process.stdout, selectors.EVENT_READ)
            while not sent <= seen and time.monotonic() < end:
                for key, _ in selector.select(end - time.monotonic()):
                    seen |= set(os.read(key.fd, 65536).decode().split())
            self.assertEqual(sent - seen, set())
        finally:
            for process in running:
                process.kill()
                process.wait()
                process.stdout.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
