"""confluent-kafka (librdkafka) as an agent of the common scenario. Started with the bootstrap address."""
import sys
import threading
import uuid

import confluent_kafka
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from peer_agent import owns, row, say, serve

AT = sys.argv[1]
LIMIT_S = 30
OFFSET_BEGINNING = confluent_kafka.OFFSET_BEGINNING


def row_of(message):
    return row(message.partition(), message.offset(), message.key(), message.value(), message.timestamp()[1], message.headers())


def taken(consumer, timeout):
    """The messages of one wait; an error among them is raised."""
    messages = consumer.consume(500, timeout)
    for message in messages:
        if message.error():
            raise confluent_kafka.KafkaException(message.error())
    return messages


class Member(threading.Thread):
    def __init__(self, name, group, topic):
        super().__init__(daemon=True)
        self.name, self.leaving = name, threading.Event()
        self.consumer = Consumer({"bootstrap.servers": AT, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
                                  "heartbeat.interval.ms": 200, "session.timeout.ms": 6000})
        self.consumer.subscribe([topic], on_assign=lambda _, assigned: owns(name, [p.partition for p in assigned]),
                                on_revoke=lambda _, revoked: owns(name, []))

    def run(self):
        while not self.leaving.is_set():
            messages = taken(self.consumer, 0.1)
            if messages:
                self.consumer.commit(asynchronous=False)
            for message in messages:
                say("took", self.name, *row_of(message))
        self.consumer.close()


class Agent:
    def __init__(self):
        self.admin = AdminClient({"bootstrap.servers": AT})
        self.members, self.transactional = {}, None

    def hello(self):
        yield f"confluent-kafka {confluent_kafka.__version__} (librdkafka {confluent_kafka.libversion()[0]})", "none,gzip,snappy,lz4,zstd", "transactions"

    def create(self, topic, partitions):
        for future in self.admin.create_topics([NewTopic(topic, int(partitions), 1)]).values():
            future.result(LIMIT_S)

    def topics(self):
        return [(topic,) for topic in self.admin.list_topics(timeout=LIMIT_S).topics]

    def describe(self, topic):
        [future] = self.admin.describe_topics(confluent_kafka.TopicCollection([topic])).values()
        return [(partition.id,) for partition in future.result(LIMIT_S).partitions]

    def _sent(self, producer, topic, records):
        places = [None] * len(records)

        def delivered(i):
            def report(error, message):
                places[i] = error or (message.partition(), message.offset())
            return report

        for i, (key, value, timestamp, headers) in enumerate(records):
            producer.produce(topic, key=key, value=value, timestamp=timestamp, headers=headers, on_delivery=delivered(i))
        producer.flush(LIMIT_S)
        for place in places:
            if not isinstance(place, tuple):
                raise RuntimeError(f"a record was not delivered: {place}")
        return places

    def produce(self, topic, codec, records):
        producer = Producer({"bootstrap.servers": AT, "acks": "all", "linger.ms": 20, "compression.type": codec, "partitioner": "murmur2_random"})
        return self._sent(producer, topic, records)

    def transact(self, topic, outcome, records):
        if self.transactional is None:
            self.transactional = Producer({"bootstrap.servers": AT, "transactional.id": f"t-{uuid.uuid4()}", "partitioner": "murmur2_random"})
            self.transactional.init_transactions(LIMIT_S)
        self.transactional.begin_transaction()
        self._sent(self.transactional, topic, records)
        if outcome == "commit":
            self.transactional.commit_transaction(LIMIT_S)
        else:
            self.transactional.abort_transaction(LIMIT_S)

    def _consumer_of(self, topic, group="nobody", **config):
        consumer = Consumer({"bootstrap.servers": AT, "group.id": group, "enable.auto.commit": False, **config})
        return consumer, list(consumer.list_topics(topic, LIMIT_S).topics[topic].partitions)

    def read(self, topic, isolation, count, from_time):
        consumer, partitions = self._consumer_of(topic, **{"isolation.level": f"read_{isolation}"})
        start = [TopicPartition(topic, p, OFFSET_BEGINNING) for p in partitions]
        if from_time != "-":
            start = consumer.offsets_for_times([TopicPartition(topic, p, int(from_time)) for p in partitions], LIMIT_S)
        consumer.assign(start)
        messages = []
        while len(messages) < int(count):
            messages += taken(consumer, 0.1)
        messages += taken(consumer, 0.5)
        consumer.close()
        return map(row_of, messages)

    def time(self, topic, timestamp):
        consumer, partitions = self._consumer_of(topic)
        found = consumer.offsets_for_times([TopicPartition(topic, p, int(timestamp)) for p in partitions], LIMIT_S)
        consumer.close()
        return [(place.partition, place.offset) for place in found]

    def committed(self, group, topic):
        consumer, partitions = self._consumer_of(topic, group)
        found = consumer.committed([TopicPartition(topic, p) for p in partitions], LIMIT_S)
        consumer.close()
        return [(place.partition, place.offset) for place in found]

    def join(self, member, group, topic):
        self.members[member] = Member(member, group, topic)
        self.members[member].start()

    def leave(self, member):
        member = self.members.pop(member)
        member.leaving.set()
        member.join(LIMIT_S)


serve(Agent())
