// kafkajs as an agent of the common scenario (tests/support/peer_scenario.py tells the language). Started with the bootstrap address.
//
// kafkajs reads in groups only: `read` is a group of its own that never commits, and stops half a second after it has the records asked for.
'use strict';

const readline = require('node:readline');
const { randomUUID } = require('node:crypto');
const { Kafka, CompressionCodecs, CompressionTypes, Partitioners, logLevel } = require('kafkajs');
const snappy = require('kafkajs-snappy');
const { ZstdCodec } = require('zstd-codec');
const { version } = require('kafkajs/package.json');

const zstd = new Promise((resolve) => { ZstdCodec.run((codec) => resolve(new codec.Simple())); });

CompressionCodecs[CompressionTypes.Snappy] = snappy;
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async ({ buffer }) => Buffer.from((await zstd).compress(buffer)),
  decompress: async (buffer) => Buffer.from((await zstd).decompress(buffer)),
});
const codecs = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP, snappy: CompressionTypes.Snappy, zstd: CompressionTypes.ZSTD };
try {
  const LZ4 = require('@2l/kafkajs-lz4'); // wants Node 20; Debian 12 has 18
  CompressionCodecs[CompressionTypes.LZ4] = new LZ4().codec;
  codecs.lz4 = CompressionTypes.LZ4;
} catch (e) {
  process.stderr.write(`without lz4: ${e.message}\n`);
}
const kafka = new Kafka({ brokers: [process.argv[2]], logLevel: logLevel.ERROR, logCreator: () => ({ log }) => process.stderr.write(JSON.stringify(log) + '\n') });
const admin = kafka.admin();
const members = new Map();
const timing = { sessionTimeout: 6000, rebalanceTimeout: 10000, heartbeatInterval: 200, maxWaitTimeInMs: 100 };
let transactional = null;

const say = (...fields) => process.stdout.write(fields.join('\t') + '\n');
const packed = (data) => (data == null ? '-' : Buffer.from(data).toString('base64'));
const unpacked = (text) => (text === '-' ? null : Buffer.from(text, 'base64'));

function messageOf(line) {
  const [key, value, timestamp, headers] = line.split('\t');
  const pairs = headers === '-' ? [] : headers.split(',').map((pair) => pair.split(':'));
  return { key: unpacked(key), value: unpacked(value), timestamp, headers: Object.fromEntries(pairs.map(([name, data]) => [name, unpacked(data)])) };
}

function rowOf(partition, { offset, key, value, timestamp, headers }) {
  const listed = Object.entries(headers).map(([name, data]) => `${name}:${packed(data)}`).join(',');
  return [partition, offset, packed(key), packed(value), timestamp, listed || '-'];
}

const owns = (member, partitions) => say('owns', member, partitions.join(',') || '-');

// The answer of kafkajs to a batch is each partition's first offset; the records lie behind it in the order they were sent.
// It does not say where each went, so each partition is asked for by the partitioner that the producer uses.
function placing(partitionOf) {
  const places = [];
  const partitioner = () => (asked) => {
    const partition = partitionOf(asked);
    places.push(partition);
    return partition;
  };
  return { places, partitioner };
}

async function sent(producer, places, topic, compression, messages) {
  places.length = 0;
  const answers = await producer.send({ topic, messages, acks: -1, compression });
  const next = new Map(answers.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]));
  return places.map((partition) => {
    const offset = next.get(partition);
    next.set(partition, offset + 1);
    return [partition, offset];
  });
}

function producerOf(options) {
  const { places, partitioner } = placing(Partitioners.DefaultPartitioner());
  return { places, producer: kafka.producer({ createPartitioner: partitioner, ...options }) };
}

const requests = {
  hello: async () => [[`kafkajs ${version}`, Object.keys(codecs).join(','), 'transactions']],

  create: async ([topic, partitions]) => {
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: Number(partitions), replicationFactor: 1 }] });
  },

  topics: async () => (await admin.listTopics()).map((topic) => [topic]),

  describe: async ([topic]) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0].partitions.map(({ partitionId }) => [partitionId]);
  },

  produce: async ([topic, codec], messages) => {
    const { producer, places } = producerOf({});
    await producer.connect();
    try {
      return await sent(producer, places, topic, codecs[codec], messages);
    } finally {
      await producer.disconnect();
    }
  },

  transact: async ([topic, outcome], messages) => {
    if (transactional === null) {
      transactional = producerOf({ transactionalId: `t-${randomUUID()}`, idempotent: true, maxInFlightRequests: 1 }).producer;
      await transactional.connect();
    }
    const transaction = await transactional.transaction();
    await transaction.send({ topic, messages, acks: -1 });
    await (outcome === 'commit' ? transaction.commit() : transaction.abort());
  },

  read: async ([topic, isolation, count, fromTime]) => {
    const consumer = kafka.consumer({ groupId: `read-${randomUUID()}`, readUncommitted: isolation === 'uncommitted', ...timing });
    const rows = [];
    const starts = fromTime === '-' ? [] : await admin.fetchTopicOffsetsByTimestamp(topic, Number(fromTime));
    const start = new Map(starts.map(({ partition, offset }) => [partition, Number(offset)]));
    let complete;
    const enough = new Promise((resolve) => { complete = resolve; });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          // What arrives before the seek below is taken into account comes from the beginning.
          if (Number(message.offset) < (start.get(partition) ?? 0)) return;
          rows.push(rowOf(partition, message));
          if (rows.length === Number(count)) complete();
        },
      });
      for (const { partition, offset } of starts) consumer.seek({ topic, partition, offset });
      await enough;
      await new Promise((resolve) => { setTimeout(resolve, 500); });
    } finally {
      await consumer.disconnect();
    }
    return rows;
  },

  time: async ([topic, timestamp]) =>
    (await admin.fetchTopicOffsetsByTimestamp(topic, Number(timestamp))).map(({ partition, offset }) => [partition, offset]),

  committed: async ([groupId, topic]) => {
    const [{ partitions }] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return partitions.map(({ partition, offset }) => [partition, offset]);
  },

  join: async ([member, groupId, topic]) => {
    const consumer = kafka.consumer({ groupId, ...timing });
    members.set(member, consumer);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => owns(member, payload.memberAssignment[topic] ?? []));
    consumer.on(consumer.events.REBALANCING, () => owns(member, []));
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    // Not awaited: it returns when the member is in the group, and the scenario waits for that by event.
    consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch }) => {
        const last = batch.lastOffset();
        await consumer.commitOffsets([{ topic, partition: batch.partition, offset: String(BigInt(last) + 1n) }]);
        for (const message of batch.messages) say('took', member, ...rowOf(batch.partition, message));
      },
    }).catch((e) => process.stderr.write(`${member}: ${e.stack}\n`));
  },

  leave: async ([member]) => {
    await members.get(member).disconnect();
    members.delete(member);
  },
};

async function serve() {
  await admin.connect();
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const [verb, ...fields] = line.value.split('\t');
    const messages = [];
    if (verb === 'produce' || verb === 'transact') {
      for (let left = Number(fields.pop()); left > 0; left -= 1) messages.push(messageOf((await lines.next()).value));
    }
    try {
      for (const row of (await requests[verb](fields, messages)) ?? []) say(...row);
      say('ok');
    } catch (e) {
      process.stderr.write(`${e.stack}\n`);
      say('error', String(e.message).replace(/[\t\n]/g, ' '));
    }
  }
  await Promise.all([...members.values(), transactional, admin].filter(Boolean).map((client) => client.disconnect()));
}

serve();
