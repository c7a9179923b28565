"""Administration by kafka-python 2.0.2: more partitions, other settings, what there is; and all of it still true after kill -9.

Plain sockets are spoken where that client has no call for an API."""
import json
import socket
import struct
import subprocess
import unittest

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions, NewTopic
from kafka.errors import InvalidConfigurationError, InvalidPartitionsError, MessageSizeTooLargeError
from kafka.structs import OffsetAndMetadata

from weir_broker import Broker

LIMIT_MS = 20000


class Administration(unittest.TestCase):
    def setUp(self):
        self.broker = Broker({"offsets.topic.num.partitions": 1})
        self.addCleanup(self.broker.stop)
        self.broker.start()
        self.connect()

    def connect(self):
        self.admin = KafkaAdminClient(bootstrap_servers=self.broker.bootstrap)
        self.addCleanup(self.admin.close)

    def producer(self, **settings):
        producer = KafkaProducer(bootstrap_servers=self.broker.bootstrap, retries=0, **settings)
        self.addCleanup(producer.close, 5)
        return producer

    def crash(self):
        self.admin.close()
        self.broker.kill()
        self.broker.start()
        self.connect()

    def partitions(self, topic):
        [described] = self.admin.describe_topics([topic])
        return sorted(p["partition"] for p in described["partitions"])

    def settings(self, topic):
        """What is set for the topic itself."""
        [answer] = self.admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
        [(error, _, _, _, entries)] = answer.resources
        self.assertEqual(error, 0)
        return {entry[0]: entry[1] for entry in entries if entry[3] == 1}

    def alter(self, topic, settings):
        answer = self.admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs=settings)])
        [(error, message, _, _)] = answer.resources
        return error, message

    def test_partitions_are_added_and_nothing_is_lost(self):
        self.admin.create_topics([NewTopic("growing", 1, 1)])
        producer = self.producer()
        for i in range(10):
            producer.send("growing", value=b"old %d" % i, partition=0)
        producer.flush()
        self.admin.create_partitions({"growing": NewPartitions(3)})
        self.assertEqual(self.partitions("growing"), [0, 1, 2])
        fresh = self.producer()
        self.assertEqual(fresh.send("growing", value=b"new", partition=2).get(20).offset, 0)
        with self.assertRaises(InvalidPartitionsError):
            self.admin.create_partitions({"growing": NewPartitions(2)})
        self.crash()
        self.assertEqual(self.partitions("growing"), [0, 1, 2])
        consumer = KafkaConsumer(bootstrap_servers=self.broker.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=LIMIT_MS)
        self.addCleanup(consumer.close)
        consumer.assign([TopicPartition("growing", p) for p in range(3)])
        read = sorted(next(consumer).value for _ in range(11))
        self.assertEqual(read, sorted([b"old %d" % i for i in range(10)] + [b"new"]))

    def test_a_parked_consumer_hears_of_records_after_partitions_were_added(self):
        self.admin.create_topics([NewTopic("awaited", 1, 1)])
        consumer = KafkaConsumer(bootstrap_servers=self.broker.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=LIMIT_MS)
        self.addCleanup(consumer.close)
        consumer.assign([TopicPartition("awaited", 0)])
        consumer.poll(0)  # its Fetch waits at the broker from now on
        self.admin.create_partitions({"awaited": NewPartitions(2)})
        self.producer().send("awaited", value=b"x", partition=0).get(20)
        self.assertEqual(next(consumer).value, b"x")

    def test_settings_are_in_force_at_once_and_outlive_a_crash(self):
        self.admin.create_topics([NewTopic("set", 1, 1, topic_configs={"retention.ms": "1234"})])
        producer = self.producer(max_request_size=1 << 20)
        producer.send("set", value=bytes(5000)).get(20)
        self.assertEqual(self.alter("set", {"max.message.bytes": "1000", "cleanup.policy": "compact,delete"})[0], 0)
        self.assertEqual(self.settings("set"), {"max.message.bytes": "1000", "cleanup.policy": "compact,delete"})
        with self.assertRaises(MessageSizeTooLargeError):
            producer.send("set", key=b"k", value=bytes(5000)).get(20)
        self.crash()
        self.assertEqual(self.settings("set"), {"max.message.bytes": "1000", "cleanup.policy": "compact,delete"})
        with self.assertRaises(MessageSizeTooLargeError):
            self.producer().send("set", key=b"k", value=bytes(5000)).get(20)

    def test_a_bad_setting_changes_nothing(self):
        self.admin.create_topics([NewTopic("kept", 1, 1, topic_configs={"retention.ms": "1234"})])
        error, message = self.alter("kept", {"segment.bytes": "2000000", "retention.ms": "soon"})
        self.assertEqual(error, InvalidConfigurationError.errno)
        self.assertIn("retention.ms", message)
        self.assertEqual(self.settings("kept"), {"retention.ms": "1234"})

    def test_the_log_directory_tells_sizes(self):
        self.admin.create_topics([NewTopic("sized", 2, 1)])
        self.producer().send("sized", value=bytes(3000), partition=1).get(20)
        sizes, room = self.log_dirs()
        self.assertEqual(sizes[("sized", 0)], 0)
        self.assertGreater(sizes[("sized", 1)], 3000)
        self.assertGreater(room, 0)

    def ask(self, request):
        """One request on a connection of its own; the answer without its length."""
        with socket.create_connection((self.broker.host, self.broker.port), timeout=20) as s:
            s.sendall(struct.pack(">i", len(request)) + request)
            stream = s.makefile("rb")
            return stream.read(struct.unpack(">i", stream.read(4))[0])

    def log_dirs(self):
        """DescribeLogDirs 4 for all topics, which kafka-python has no call for."""
        body = self.ask(struct.pack(">hhih", 35, 4, 7, -1) + b"\0" + b"\0" + b"\0")
        at = 5 + 4  # header with its tags; throttle time

        def take(form):
            nonlocal at
            [value] = struct.unpack_from(">" + form, body, at)
            at += struct.calcsize(">" + form)
            return value

        def text():
            nonlocal at
            size = take("B") - 1
            at += size
            return body[at - size:at].decode()

        sizes = {}
        self.assertEqual((take("h"), take("B")), (0, 2))
        self.assertEqual(take("h"), 0)
        self.assertTrue(text().startswith("/"))
        for _ in range(take("B") - 1):
            topic = text()
            for _ in range(take("B") - 1):
                index, size, lag, future, tags = take("i"), take("q"), take("q"), take("?"), take("B")
                self.assertEqual((lag, future, tags), (0, False, 0))
                sizes[(topic, index)] = size
            self.assertEqual(take("B"), 0)
        total, usable = take("q"), take("q")
        self.assertLessEqual(usable, total)
        return sizes, usable

    def delete_offset(self, group, topic, partition):
        """OffsetDelete 0, which kafka-python has no call for: the errors of the group and of the partition."""
        def text(value):
            return struct.pack(">h", len(value)) + value.encode()
        body = self.ask(struct.pack(">hhih", 47, 0, 7, -1) + text(group) + struct.pack(">i", 1) + text(topic) + struct.pack(">ii", 1, partition))
        return struct.unpack(">h", body[4:6]) + struct.unpack(">h", body[-2:])

    def test_offsets_are_deleted_but_none_of_a_topic_that_is_being_read(self):
        self.admin.create_topics([NewTopic("read", 1, 1), NewTopic("once_read", 1, 1)])
        self.producer().send("read", value=b"x").get(20)
        consumer = KafkaConsumer("read", bootstrap_servers=self.broker.bootstrap, group_id="g", auto_offset_reset="earliest",
                                 consumer_timeout_ms=LIMIT_MS, enable_auto_commit=False)
        self.addCleanup(consumer.close)
        next(consumer)
        mine, other = TopicPartition("read", 0), TopicPartition("once_read", 0)
        consumer.commit({mine: OffsetAndMetadata(1, ""), other: OffsetAndMetadata(5, "")})
        self.assertEqual(self.delete_offset("g", "read", 0), (0, 86))
        self.assertEqual(self.delete_offset("g", "once_read", 0), (0, 0))
        self.assertEqual(set(self.admin.list_consumer_group_offsets("g")), {mine})
        consumer.close()
        self.assertEqual(self.delete_offset("g", "read", 0), (0, 0))
        self.crash()
        self.assertEqual(self.admin.list_consumer_group_offsets("g"), {})

    def test_librdkafka_sees_added_partitions(self):
        self.admin.create_topics([NewTopic("seen", 1, 1)])
        self.admin.create_partitions({"seen": NewPartitions(4)})
        done = subprocess.run(["kcat", "-b", self.broker.bootstrap, "-L", "-J", "-t", "seen"], capture_output=True, text=True, timeout=30, check=True)
        [topic] = json.loads(done.stdout)["topics"]
        self.assertEqual([p["partition"] for p in topic["partitions"]], [0, 1, 2, 3])
        subprocess.run(["kcat", "-b", self.broker.bootstrap, "-P", "-t", "seen", "-p", "3"], input="x\n", text=True, timeout=30, check=True)
        done = subprocess.run(["kcat", "-b", self.broker.bootstrap, "-C", "-t", "seen", "-p", "3", "-e", "-q"], capture_output=True, text=True, timeout=30,
                              check=True)
        self.assertEqual(done.stdout, "x\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
