"""A broker for one case: topics, records with given partitions, keys, times and headers, and what a topic holds afterwards."""
import kafka_session
import kafka_wire
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import NewPartitions, NewTopic
from weir_broker import Broker

FIRST_TIME = 1704067200000 # 2024-01-01T00:00:00Z


def records(count, partition, first=0, step=1000):
    """Record n of partition p has the key k<p>, the value p<p>-<n>, and is n seconds old."""
    return [{"partition": partition, "timestamp": FIRST_TIME + step * (first + i), "key": f"k{partition}", "value": f"p{partition}-{first + i}"}
            for i in range(count)]


def encoded(value):
    return value.encode() if isinstance(value, str) else value


class TopicBroker:
    def __init__(self, config=None):
        self.broker = Broker(config).start()
        self.bootstrap = f"{self.broker.host}:{self.broker.port}"

    def stop(self):
        self.broker.stop()

    def admin(self):
        return KafkaAdminClient(bootstrap_servers=self.bootstrap)

    def create(self, partitions, configs=None):
        """Topics by their numbers of partitions, whose records of 2024 stay."""
        admin = self.admin()
        topics = [NewTopic(name, num_partitions=count, replication_factor=1, topic_configs={"retention.ms": "-1", **(configs or {})})
                  for name, count in partitions.items()]
        admin.create_topics(topics)
        admin.close()

    def delete(self, *names):
        admin = self.admin()
        admin.delete_topics(list(names))
        admin.close()

    def add_partitions(self, topic, total):
        admin = self.admin()
        admin.create_partitions({topic: NewPartitions(total_count=total)})
        admin.close()

    def delete_records(self, topic, partition, before):
        with kafka_wire.Connection(self.broker.host, self.broker.port) as wire:
            partitions = [{"partition_index": partition, "offset": before}]
            wire.call("DeleteRecords", 2, {"topics": [{"name": topic, "partitions": partitions}], "timeout_ms": 10000})

    def produce(self, topic, wanted):
        """Dictionaries of value, key, partition, timestamp and headers, in order."""
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, acks="all", linger_ms=5)
        sent = [producer.send(topic, value=encoded(one.get("value")), key=encoded(one.get("key")), partition=one.get("partition"),
                              timestamp_ms=one.get("timestamp"), headers=[(k, encoded(v)) for k, v in one.get("headers", [])]) for one in wanted]
        producer.flush()
        for one in sent:
            one.get(10)
        producer.close()

    def transactions(self, topic, wanted):
        """Transactions one after the other: (number of records, "commit", "abort" or None: it stays open). Returns what ends the last one."""
        session = kafka_session.Session(self.broker)
        session.create_topics({})
        producer, sequence = session.producer("golden"), 0
        for number, (count, end) in enumerate(wanted):
            session.begin("golden", producer, topic)
            for i in range(count):
                value = f"t{number}-{i}" if end else f"open-{i}"
                session.produce(topic, kafka_session.batch([(None, value.encode())], FIRST_TIME, 0, True, (*producer, sequence)), "golden")
                sequence += 1
            if end:
                session.end("golden", producer, end == "commit")
        return lambda committed: session.end("golden", producer, committed)

    def dump(self, topic, partitions):
        """All committed records, partition by partition."""
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
        assigned = [TopicPartition(topic, i) for i in range(partitions)]
        consumer.assign(assigned)
        consumer.seek_to_beginning(*assigned)
        ends, rows = consumer.end_offsets(assigned), []

        def text(data):
            return None if data is None else data.decode("utf-8", "replace")
        while any(consumer.position(one) < ends[one] for one in assigned):
            for batch in consumer.poll(timeout_ms=500).values():
                rows += [{"partition": r.partition, "offset": r.offset, "key": text(r.key), "value": text(r.value),
                          "headers": [[k, text(v)] for k, v in r.headers]} for r in batch]
        consumer.close()
        return sorted(rows, key=lambda row: (row["partition"], row["offset"]))
