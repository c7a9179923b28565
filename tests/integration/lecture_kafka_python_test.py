"""The lecture's walk-through (topics 1 to 4) in kafka-python 2.0.2, the client it is taught with.

Every expected value is what the same calls gave on Apache Kafka 4.3.1. Waits are for events, with a limit that only a failure reaches."""
import json
import threading
import time
import unittest

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.errors import TopicAlreadyExistsError

from weir_broker import Broker

LIMIT_S = 30


def wait_until(what, condition):
    """Polls a condition that other threads make true; the pause only bounds how often it is asked."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {LIMIT_S} s: {what}")
        time.sleep(0.02)


class Member(threading.Thread, ConsumerRebalanceListener):
    """A consumer of `my_group` in a thread of its own, which remembers what it was assigned and what it read."""

    def __init__(self, bootstrap, name):
        threading.Thread.__init__(self, daemon=True)
        self.name, self.stopping, self.log, self.read, self.owns = name, threading.Event(), [], [], None
        self.consumer = KafkaConsumer(bootstrap_servers=bootstrap, client_id=name, group_id="my_group", auto_offset_reset="earliest",
                                      heartbeat_interval_ms=200, session_timeout_ms=6000)
        self.consumer.subscribe(["a_partitioned_topic"], listener=self)

    def on_partitions_revoked(self, revoked):
        self.log.append(("revoked", sorted(p.partition for p in revoked)))
        self.owns = None

    def on_partitions_assigned(self, assigned):
        self.owns = sorted(p.partition for p in assigned)
        self.log.append(("assigned", self.owns))

    def run(self):
        while not self.stopping.is_set():
            for records in self.consumer.poll(timeout_ms=100).values():
                self.read += [(r.partition, r.offset) for r in records]
        self.consumer.close()

    def stop(self):
        self.stopping.set()
        self.join(LIMIT_S)


def changes(log):
    """What a member was given and lost. Empty sets do not count: a client may join before it knows the topic, and then again."""
    return [entry for entry in log if entry[1]]


class Lecture(unittest.TestCase):
    def setUp(self):
        self.broker = Broker()
        self.broker.start()
        self.addCleanup(self.broker.stop)
        self.at = self.broker.bootstrap

    def producer(self, **config):
        producer = KafkaProducer(bootstrap_servers=self.at, **config)
        self.addCleanup(producer.close, 1)
        return producer

    def consumer(self, *topics, **config):
        consumer = KafkaConsumer(*topics, bootstrap_servers=self.at, **config)
        self.addCleanup(consumer.close)
        return consumer

    def create_topics(self):
        admin = KafkaAdminClient(bootstrap_servers=self.at)
        self.addCleanup(admin.close)
        new = [NewTopic(name=name, num_partitions=2, replication_factor=1) for name in ("a_partitioned_topic", "results")]
        return admin, admin.create_topics(new), new

    def fill(self):
        """Twelve records of four users, as in the lecture; returns user -> partitions."""
        producer = self.producer(key_serializer=str.encode, value_serializer=lambda v: json.dumps(v).encode())
        where = {}
        for i in range(12):
            sent = producer.send("a_partitioned_topic", key=f"user-{i % 4}", value={"i": i, "amount": "%.2f" % (i * 1.5)}, headers=[("n", b"%d" % i)])
            where.setdefault(f"user-{i % 4}", set()).add(sent.get(LIMIT_S).partition)
        return where

    def test_admin_creates_lists_and_describes(self):
        admin, answer, new = self.create_topics()
        self.assertEqual(str(answer), "CreateTopicsResponse_v3(throttle_time_ms=0, topic_errors=[(topic='a_partitioned_topic', error_code=0, "
                                      "error_message=None), (topic='results', error_code=0, error_message=None)])")
        self.assertEqual(sorted(admin.list_topics()), ["a_partitioned_topic", "results"])
        self.assertEqual([(t["topic"], len(t["partitions"])) for t in admin.describe_topics(["results"])], [("results", 2)])
        with self.assertRaises(TopicAlreadyExistsError):
            admin.create_topics(new)

    def test_send_returns_a_future_and_creates_the_topic(self):
        producer = self.producer()
        sent = producer.send("my_awesome_topic", value=b"hello").get(LIMIT_S)
        self.assertEqual((sent.topic, sent.partition, sent.offset), ("my_awesome_topic", 0, 0))
        for i in range(5):
            producer.send("my_awesome_topic", b"message %d" % i)
        producer.flush()
        self.assertEqual(producer.partitions_for("my_awesome_topic"), {0})
        consumer = self.consumer("my_awesome_topic", auto_offset_reset="earliest", consumer_timeout_ms=1000)
        self.assertEqual([(r.offset, r.key, r.value) for r in consumer],
                         [(0, None, b"hello")] + [(i + 1, None, b"message %d" % i) for i in range(5)])

    def test_the_same_key_goes_to_the_same_partition(self):
        self.create_topics()
        self.assertEqual(self.fill(), {"user-0": {1}, "user-1": {0}, "user-2": {0}, "user-3": {1}})
        producer = self.producer()
        self.assertEqual({producer.send("results", b"%d" % i).get(LIMIT_S).partition for i in range(40)}, {0, 1})
        self.assertEqual(producer.send("results", b"x", partition=1).get(LIMIT_S).partition, 1)

    def test_a_consumer_seeks_polls_and_assigns(self):
        self.create_topics()
        self.fill()
        consumer = self.consumer(auto_offset_reset="earliest", consumer_timeout_ms=1000)
        self.assertEqual(sorted(consumer.topics()), ["a_partitioned_topic", "results"])
        self.assertEqual((consumer.partitions_for_topic("a_partitioned_topic"), consumer.partitions_for_topic("nosuch")), ({0, 1}, None))
        tp = TopicPartition("a_partitioned_topic", 1)
        consumer.assign([tp])
        self.assertEqual([(r.offset, r.key, json.loads(r.value)["i"], r.headers, r.timestamp_type) for r in consumer],
                         [(n, b"user-%d" % (i % 4), i, [("n", b"%d" % i)], 0) for n, i in enumerate((0, 3, 4, 7, 8, 11))])
        self.assertEqual((consumer.end_offsets([tp])[tp], consumer.beginning_offsets([tp])[tp]), (6, 0))
        consumer.seek_to_beginning()
        self.assertEqual([r.offset for r in consumer.poll(timeout_ms=5000, max_records=2)[tp]], [0, 1])
        self.assertEqual(consumer.position(tp), 2)

    def test_a_subscriber_goes_back_and_forth(self):
        producer = self.producer()
        for i in range(6):
            producer.send("my_awesome_topic", b"message %d" % i).get(LIMIT_S)
        producer.close()
        with self.assertRaisesRegex(AssertionError, "closed"):
            producer.send("my_awesome_topic", b"too late")
        consumer = self.consumer("my_awesome_topic", auto_offset_reset="earliest", consumer_timeout_ms=1000)
        self.assertEqual(consumer.subscription(), {"my_awesome_topic"})
        self.assertEqual([r.offset for r in consumer], list(range(6)))
        tp = TopicPartition("my_awesome_topic", 0)
        self.assertEqual(consumer.assignment(), {tp})
        consumer.seek_to_beginning()
        self.assertEqual([r.offset for r in consumer.poll(timeout_ms=5000, max_records=2)[tp]], [0, 1])
        self.assertEqual([r.offset for r in consumer.poll(timeout_ms=5000, max_records=2, update_offsets=False)[tp]], [2, 3])
        self.assertEqual(consumer.poll(timeout_ms=200, max_records=2), {})  # version 2.0.2 jumps over what it did not hand out
        self.assertEqual(consumer.position(tp), 6)

    def test_two_members_share_and_one_takes_over(self):
        admin, _, _ = self.create_topics()
        self.fill()
        one = Member(self.at, "consumer_one")
        one.start()
        wait_until("one alone owns both and has read all", lambda: one.owns == [0, 1] and len(one.read) == 12)
        two = Member(self.at, "consumer_two")
        two.start()
        wait_until("each owns one", lambda: sorted([one.owns or [], two.owns or []]) == [[0], [1]])
        group = admin.describe_consumer_groups(["my_group"])[0]
        self.assertEqual((group.state, group.protocol_type, group.protocol, sorted(m.client_id for m in group.members), {m.client_host for m in group.members}),
                         ("Stable", "consumer", "range", ["consumer_one", "consumer_two"], {"/127.0.0.1"}))
        one.stop()
        wait_until("two takes over", lambda: two.owns == [0, 1])
        two.stop()
        self.assertEqual(two.read, [], "what one had read and committed is not read again")
        self.assertEqual(changes(one.log), [("assigned", [0, 1]), ("revoked", [0, 1]), ("assigned", [0])])
        self.assertEqual(changes(two.log), [("assigned", [1]), ("revoked", [1]), ("assigned", [0, 1])])
        committed = admin.list_consumer_group_offsets("my_group")
        self.assertEqual({tp.partition: o.offset for tp, o in committed.items()}, {0: 6, 1: 6})
        self.producer().send("a_partitioned_topic", b'{"late": true}', partition=0).get(LIMIT_S)
        restarted = self.consumer("a_partitioned_topic", group_id="my_group", auto_offset_reset="earliest", consumer_timeout_ms=3000)
        self.assertEqual([(r.partition, r.value) for r in restarted], [(0, b'{"late": true}')])

    def test_an_exit_without_flush_loses_what_is_queued(self):
        self.producer().send("my_awesome_topic", b"kept").get(LIMIT_S)
        lost = KafkaProducer(bootstrap_servers=self.at, linger_ms=60000, batch_size=1000000)
        future = lost.send("my_awesome_topic", b"never sent")
        self.assertFalse(future.is_done)
        lost.close(timeout=0)
        tp = TopicPartition("my_awesome_topic", 0)
        self.assertEqual(self.consumer().end_offsets([tp]), {tp: 1})


if __name__ == "__main__":
    unittest.main(verbosity=2)
