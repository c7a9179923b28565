/*
 * Apache's Java clients as an agent of the common scenario (tests/support/peer_scenario.py tells the language). Started with the bootstrap
 * address. It compiles against kafka-clients 2.8 to 4; each member is a thread with a consumer of its own.
 */
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.AppInfoParser;

public class JavaAgent {
    private static final long LIMIT_MS = 30_000;
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

    private final String bootstrap;
    private final Admin admin;
    private final Map<String, Member> members = new HashMap<>();
    private KafkaProducer<byte[], byte[]> transactional;

    /** A record to send, without its topic. */
    private record Item(byte[] key, byte[] value, long timestamp, List<Header> headers) {}

    private JavaAgent(String bootstrap) {
        this.bootstrap = bootstrap;
        this.admin = Admin.create(settings());
    }

    private Properties settings(String... pairs) {
        Properties properties = new Properties();
        properties.put("bootstrap.servers", bootstrap);
        for (int i = 0; i < pairs.length; i += 2) {
            properties.put(pairs[i], pairs[i + 1]);
        }
        return properties;
    }

    private KafkaProducer<byte[], byte[]> producer(String... pairs) {
        return new KafkaProducer<>(settings(pairs), new ByteArraySerializer(), new ByteArraySerializer());
    }

    private KafkaConsumer<byte[], byte[]> consumer(String... pairs) {
        Properties properties = settings(pairs);
        properties.put("enable.auto.commit", "false");
        properties.put("auto.offset.reset", "earliest");
        return new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    // --- lines ---

    private static synchronized void say(Object... fields) {
        OUT.print(Arrays.stream(fields).map(String::valueOf).collect(Collectors.joining("\t")) + "\n");
        OUT.flush();
    }

    private static String packed(byte[] data) {
        return data == null ? "-" : Base64.getEncoder().encodeToString(data);
    }

    private static byte[] unpacked(String text) {
        return text.equals("-") ? null : Base64.getDecoder().decode(text);
    }

    private static String rowOf(ConsumerRecord<byte[], byte[]> record) {
        List<String> headers = new ArrayList<>();
        for (Header header : record.headers()) {
            headers.add(header.key() + ":" + packed(header.value()));
        }
        return String.join("\t", String.valueOf(record.partition()), String.valueOf(record.offset()), packed(record.key()), packed(record.value()),
            String.valueOf(record.timestamp()), headers.isEmpty() ? "-" : String.join(",", headers));
    }

    private static Item itemOf(String line) {
        String[] fields = line.split("\t");
        List<Header> headers = new ArrayList<>();
        if (!fields[3].equals("-")) {
            for (String pair : fields[3].split(",")) {
                String[] parts = pair.split(":");
                headers.add(new RecordHeader(parts[0], unpacked(parts[1])));
            }
        }
        return new Item(unpacked(fields[0]), unpacked(fields[1]), Long.parseLong(fields[2]), headers);
    }

    private static void sayOwned(String member, Collection<TopicPartition> partitions) {
        String list = partitions.stream().map(p -> String.valueOf(p.partition())).sorted().collect(Collectors.joining(","));
        say("owns", member, list.isEmpty() ? "-" : list);
    }

    // --- requests ---

    /** Kafka 3.1 renamed all() to allTopicNames(), and 4.0 removed the old name. */
    @SuppressWarnings("unchecked")
    private List<TopicPartition> partitionsOf(String topic) throws Exception {
        DescribeTopicsResult result = admin.describeTopics(Collections.singletonList(topic));
        boolean old = Arrays.stream(DescribeTopicsResult.class.getMethods()).noneMatch(m -> m.getName().equals("allTopicNames"));
        Object future = DescribeTopicsResult.class.getMethod(old ? "all" : "allTopicNames").invoke(result);
        TopicDescription described = ((KafkaFuture<Map<String, TopicDescription>>) future).get().get(topic);
        return described.partitions().stream().map(p -> new TopicPartition(topic, p.partition())).collect(Collectors.toList());
    }

    private static List<RecordMetadata> sent(KafkaProducer<byte[], byte[]> producer, String topic, List<Item> items) throws Exception {
        List<Future<RecordMetadata>> futures = new ArrayList<>();
        for (Item item : items) {
            futures.add(producer.send(new ProducerRecord<>(topic, null, item.timestamp(), item.key(), item.value(), item.headers())));
        }
        producer.flush();
        List<RecordMetadata> places = new ArrayList<>();
        for (Future<RecordMetadata> future : futures) {
            places.add(future.get());
        }
        return places;
    }

    private void produce(String topic, String codec, List<Item> items) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer("acks", "all", "linger.ms", "20", "compression.type", codec)) {
            for (RecordMetadata place : sent(producer, topic, items)) {
                say(place.partition(), place.offset());
            }
        }
    }

    private void transact(String topic, String outcome, List<Item> items) throws Exception {
        if (transactional == null) {
            transactional = producer("transactional.id", "t-" + UUID.randomUUID());
            transactional.initTransactions();
        }
        transactional.beginTransaction();
        sent(transactional, topic, items);
        if (outcome.equals("commit")) {
            transactional.commitTransaction();
        } else {
            transactional.abortTransaction();
        }
    }

    private static Map<TopicPartition, Long> offsetsOf(KafkaConsumer<?, ?> consumer, List<TopicPartition> partitions, long timestamp) {
        Map<TopicPartition, Long> asked = partitions.stream().collect(Collectors.toMap(p -> p, p -> timestamp));
        Map<TopicPartition, Long> found = new HashMap<>();
        consumer.offsetsForTimes(asked).forEach((partition, place) -> found.put(partition, place.offset()));
        return found;
    }

    private void read(String topic, String isolation, int count, String fromTime) throws Exception {
        List<TopicPartition> partitions = partitionsOf(topic);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer("isolation.level", "read_" + isolation)) {
            consumer.assign(partitions);
            if (fromTime.equals("-")) {
                consumer.seekToBeginning(partitions);
            } else {
                offsetsOf(consumer, partitions, Long.parseLong(fromTime)).forEach(consumer::seek);
            }
            List<String> rows = new ArrayList<>();
            while (rows.size() < count) {
                consumer.poll(Duration.ofSeconds(1)).forEach(record -> rows.add(rowOf(record)));
            }
            consumer.poll(Duration.ofMillis(500)).forEach(record -> rows.add(rowOf(record)));
            rows.forEach(JavaAgent::say);
        }
    }

    private void time(String topic, long timestamp) throws Exception {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            offsetsOf(consumer, partitionsOf(topic), timestamp).forEach((partition, offset) -> say(partition.partition(), offset));
        }
    }

    private void committed(String group) throws Exception {
        admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get()
            .forEach((partition, place) -> say(partition.partition(), place.offset()));
    }

    private final class Member extends Thread {
        private final String name;
        private final String topic;
        private final KafkaConsumer<byte[], byte[]> consumer;
        private volatile boolean leaving;

        Member(String name, String group, String topic) {
            this.name = name;
            this.topic = topic;
            this.consumer = consumer("group.id", group, "heartbeat.interval.ms", "200", "session.timeout.ms", "6000");
            setDaemon(true);
        }

        @Override
        public void run() {
            consumer.subscribe(Collections.singletonList(topic), new ConsumerRebalanceListener() {
                @Override
                public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
                    sayOwned(name, Collections.emptyList());
                }

                @Override
                public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
                    sayOwned(name, consumer.assignment());
                }
            });
            try (consumer) {
                while (!leaving) {
                    List<String> rows = new ArrayList<>();
                    consumer.poll(Duration.ofMillis(100)).forEach(record -> rows.add(rowOf(record)));
                    if (!rows.isEmpty()) {
                        consumer.commitSync();
                    }
                    rows.forEach(row -> say("took", name, row));
                }
            }
        }
    }

    private void leave(String name) throws Exception {
        Member member = members.remove(name);
        member.leaving = true;
        member.join(LIMIT_MS);
    }

    private void answer(String verb, String[] f, List<Item> items) throws Exception {
        switch (verb) {
            case "hello" -> say("Java kafka-clients " + AppInfoParser.getVersion(), "none,gzip,snappy,lz4,zstd", "transactions");
            case "create" -> admin.createTopics(List.of(new NewTopic(f[0], Integer.parseInt(f[1]), (short) 1))).all().get();
            case "topics" -> admin.listTopics().names().get().forEach(JavaAgent::say);
            case "describe" -> partitionsOf(f[0]).forEach(p -> say(p.partition()));
            case "produce" -> produce(f[0], f[1], items);
            case "transact" -> transact(f[0], f[1], items);
            case "read" -> read(f[0], f[1], Integer.parseInt(f[2]), f[3]);
            case "time" -> time(f[0], Long.parseLong(f[1]));
            case "committed" -> committed(f[0]);
            case "join" -> {
                members.put(f[0], new Member(f[0], f[1], f[2]));
                members.get(f[0]).start();
            }
            case "leave" -> leave(f[0]);
            default -> throw new IllegalArgumentException("no such request: " + verb);
        }
    }

    private void serve() throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split("\t");
            List<Item> items = new ArrayList<>();
            if (words[0].equals("produce") || words[0].equals("transact")) {
                for (int left = Integer.parseInt(words[words.length - 1]); left > 0; left--) {
                    items.add(itemOf(in.readLine()));
                }
            }
            try {
                answer(words[0], Arrays.copyOfRange(words, 1, words.length), items);
                say("ok");
            } catch (Exception e) {
                e.printStackTrace();
                say("error", String.valueOf(e).replace('\t', ' ').replace('\n', ' '));
            }
        }
        if (transactional != null) {
            transactional.close(Duration.ofMillis(LIMIT_MS));
        }
        admin.close();
    }

    public static void main(String[] arguments) throws Exception {
        new JavaAgent(arguments[0]).serve();
    }
}
