"""kafka-python as an agent of the common scenario, both 2.0.2 and 3: where they differ it says so. Started with the bootstrap address."""
import importlib.util
import sys
import threading
import uuid

import kafka
from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewTopic

from peer_agent import owns, row, say, serve

AT = sys.argv[1]
TRANSACTIONS = "transactional_id" in KafkaProducer.DEFAULT_CONFIG
CODECS = {"gzip": "gzip", "snappy": "snappy", "lz4": "lz4", "zstandard": "zstd"}
LIMIT_S = 30


def row_of(record):
    return row(record.partition, record.offset, record.key, record.value, record.timestamp, record.headers)


def polled(consumer, timeout_ms):
    return [record for records in consumer.poll(timeout_ms).values() for record in records]


def consumer_of(topic, **config):
    consumer = KafkaConsumer(bootstrap_servers=AT, enable_auto_commit=False, **config)
    partitions = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic)]
    return consumer, partitions


class Member(threading.Thread, ConsumerRebalanceListener):
    def __init__(self, name, group, topic):
        threading.Thread.__init__(self, daemon=True)
        self.name, self.leaving = name, threading.Event()
        self.consumer = KafkaConsumer(bootstrap_servers=AT, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
                                      heartbeat_interval_ms=200, session_timeout_ms=6000)
        self.consumer.subscribe([topic], listener=self)

    def on_partitions_revoked(self, revoked):
        owns(self.name, [])

    def on_partitions_assigned(self, assigned):
        owns(self.name, [p.partition for p in self.consumer.assignment()])

    def run(self):
        while not self.leaving.is_set():
            records = polled(self.consumer, 100)
            if records:
                self.consumer.commit()
            for record in records:
                say("took", self.name, *row_of(record))
        self.consumer.close()


class Agent:
    def __init__(self):
        self.admin = KafkaAdminClient(bootstrap_servers=AT)
        self.members, self.transactional = {}, None

    def hello(self):
        codecs = ["none"] + [codec for module, codec in CODECS.items() if module == "gzip" or importlib.util.find_spec(module)]
        yield f"kafka-python {kafka.__version__}", ",".join(codecs), "transactions" if TRANSACTIONS else "-"

    def create(self, topic, partitions):
        self.admin.create_topics([NewTopic(topic, int(partitions), 1)])

    def topics(self):
        return [(topic,) for topic in self.admin.list_topics()]

    def describe(self, topic):
        [described] = self.admin.describe_topics([topic])
        for partition in described["partitions"]:
            yield (partition["partition"] if "partition" in partition else partition["partition_index"],)

    def _sent(self, producer, topic, records):
        futures = [producer.send(topic, key=k, value=v, timestamp_ms=t, headers=h) for k, v, t, h in records]
        producer.flush(LIMIT_S)
        return [(done.partition, done.offset) for done in (future.get(LIMIT_S) for future in futures)]

    def produce(self, topic, codec, records):
        producer = KafkaProducer(bootstrap_servers=AT, acks="all", linger_ms=20, compression_type=None if codec == "none" else codec)
        try:
            return self._sent(producer, topic, records)
        finally:
            producer.close()

    def transact(self, topic, outcome, records):
        if self.transactional is None:
            self.transactional = KafkaProducer(bootstrap_servers=AT, transactional_id=f"t-{uuid.uuid4()}")
            self.transactional.init_transactions()
        self.transactional.begin_transaction()
        self._sent(self.transactional, topic, records)
        if outcome == "commit":
            self.transactional.commit_transaction()
        else:
            self.transactional.abort_transaction()

    def read(self, topic, isolation, count, from_time):
        isolated = {"isolation_level": f"read_{isolation}"} if TRANSACTIONS else {}
        consumer, partitions = consumer_of(topic, **isolated)
        try:
            consumer.assign(partitions)
            if from_time == "-":
                consumer.seek_to_beginning(*partitions)
            else:
                for partition, found in consumer.offsets_for_times({p: int(from_time) for p in partitions}).items():
                    consumer.seek(partition, found.offset)
            rows = []
            while len(rows) < int(count):
                rows += polled(consumer, 1000)
            rows += polled(consumer, 500)
            return map(row_of, rows)
        finally:
            consumer.close()

    def time(self, topic, timestamp):
        consumer, partitions = consumer_of(topic)
        try:
            return [(p.partition, found.offset) for p, found in consumer.offsets_for_times({p: int(timestamp) for p in partitions}).items()]
        finally:
            consumer.close()

    def committed(self, group, topic):
        consumer, partitions = consumer_of(topic, group_id=group)
        try:
            return [(p.partition, consumer.committed(p)) for p in partitions]
        finally:
            consumer.close()

    def join(self, member, group, topic):
        self.members[member] = Member(member, group, topic)
        self.members[member].start()

    def leave(self, member):
        member = self.members.pop(member)
        member.leaving.set()
        member.join(LIMIT_S)


serve(Agent())
