"""aiokafka as an agent of the common scenario. Started with the bootstrap address.

One event loop runs in a thread of its own, where the members are tasks; each request is a coroutine there."""
import asyncio
import sys
import threading
import uuid

import aiokafka
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from peer_agent import owns, row, say, serve

AT = sys.argv[1]
LIMIT_S = 30


def row_of(record):
    return row(record.partition, record.offset, record.key, record.value, record.timestamp, record.headers)


async def polled(consumer, timeout_ms):
    return [record for records in (await consumer.getmany(timeout_ms=timeout_ms)).values() for record in records]


async def sent(producer, topic, records):
    futures = [await producer.send(topic, key=k, value=v, timestamp_ms=t, headers=h) for k, v, t, h in records]
    await producer.flush()
    return [(done.partition, done.offset) for done in await asyncio.gather(*futures)]


class Listener(ConsumerRebalanceListener):
    def __init__(self, name):
        self.name = name

    async def on_partitions_revoked(self, revoked):
        owns(self.name, [])

    async def on_partitions_assigned(self, assigned):
        owns(self.name, [p.partition for p in assigned])


class Client:
    """The requests as coroutines."""

    def __init__(self):
        self.members, self.transactional = {}, None

    async def hello(self):
        return [(f"aiokafka {aiokafka.__version__}", "none,gzip,snappy,lz4,zstd", "transactions")]

    async def _administer(self, what):
        admin = AIOKafkaAdminClient(bootstrap_servers=AT)
        await admin.start()
        try:
            return await what(admin)
        finally:
            await admin.close()

    async def create(self, topic, partitions):
        answer = await self._administer(lambda admin: admin.create_topics([NewTopic(topic, int(partitions), 1)]))
        for name, code, *_ in answer.topic_errors:
            if code != 0:
                raise RuntimeError(f"creating {name}: error {code}")

    async def topics(self):
        return [(topic,) for topic in await self._administer(lambda admin: admin.list_topics())]

    async def describe(self, topic):
        [described] = await self._administer(lambda admin: admin.describe_topics([topic]))
        return [(partition["partition"],) for partition in described["partitions"]]

    async def produce(self, topic, codec, records):
        async with AIOKafkaProducer(bootstrap_servers=AT, acks="all", linger_ms=20, compression_type=None if codec == "none" else codec) as producer:
            return await sent(producer, topic, records)

    async def transact(self, topic, outcome, records):
        if self.transactional is None:
            self.transactional = AIOKafkaProducer(bootstrap_servers=AT, transactional_id=f"t-{uuid.uuid4()}")
            await self.transactional.start()
        await self.transactional.begin_transaction()
        await sent(self.transactional, topic, records)
        if outcome == "commit":
            await self.transactional.commit_transaction()
        else:
            await self.transactional.abort_transaction()

    async def _with_partitions(self, topic, what, **config):
        async with AIOKafkaConsumer(bootstrap_servers=AT, enable_auto_commit=False, **config) as consumer:
            described = await self.describe(topic)
            partitions = [TopicPartition(topic, p) for (p,) in described]
            consumer.assign(partitions)
            return await what(consumer, partitions)

    async def read(self, topic, isolation, count, from_time):
        async def reading(consumer, partitions):
            if from_time == "-":
                await consumer.seek_to_beginning(*partitions)
            else:
                for partition, found in (await consumer.offsets_for_times({p: int(from_time) for p in partitions})).items():
                    consumer.seek(partition, found.offset)
            rows = []
            while len(rows) < int(count):
                rows += await polled(consumer, 1000)
            return map(row_of, rows + await polled(consumer, 500))
        return await self._with_partitions(topic, reading, isolation_level=f"read_{isolation}")

    async def time(self, topic, timestamp):
        async def asking(consumer, partitions):
            found = await consumer.offsets_for_times({p: int(timestamp) for p in partitions})
            return [(p.partition, place.offset) for p, place in found.items()]
        return await self._with_partitions(topic, asking)

    async def committed(self, group, topic):
        async def asking(consumer, partitions):
            return [(p.partition, await consumer.committed(p)) for p in partitions]
        return await self._with_partitions(topic, asking, group_id=group)

    async def _membership(self, name, consumer, leaving):
        while not leaving.is_set():
            records = await polled(consumer, 100)
            if records:
                await consumer.commit()
            for record in records:
                say("took", name, *row_of(record))
        await consumer.stop()

    async def join(self, member, group, topic):
        consumer = AIOKafkaConsumer(bootstrap_servers=AT, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False,
                                    heartbeat_interval_ms=200, session_timeout_ms=6000)
        consumer.subscribe([topic], listener=Listener(member))
        leaving = asyncio.Event()

        async def living():
            await consumer.start()
            await self._membership(member, consumer, leaving)

        self.members[member] = (asyncio.create_task(living()), leaving)

    async def leave(self, member):
        task, leaving = self.members.pop(member)
        leaving.set()
        await task

    async def close(self):
        if self.transactional is not None:
            await self.transactional.stop()


class Agent:
    def __init__(self):
        self.loop, self.client = asyncio.new_event_loop(), Client()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def __getattr__(self, request):
        def answered(*fields):
            return asyncio.run_coroutine_threadsafe(getattr(self.client, request)(*fields), self.loop).result(LIMIT_S)
        return answered


agent = Agent()
serve(agent)
agent.close()
