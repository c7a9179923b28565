"""Apache Kafka's own console tools (Java) against our broker: create, produce, consume from the start, consume in a group, describe the group."""
import pathlib
import subprocess
import sys
import unittest

from weir_broker import Broker

APACHE = str(pathlib.Path(__file__).with_name("apache_kafka.sh"))
LINES = [f"user-{i % 7}:value {i}" for i in range(200)]


def apache(*argv, stdin=None, check=True):
    """Runs one of Apache's tools to its end; its log lines (standard error) come with the failure."""
    done = subprocess.run([APACHE, *argv], input=stdin, capture_output=True, text=True, timeout=120)
    if check and done.returncode != 0:
        raise AssertionError(f"{argv[0]} exited {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class ConsoleTools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.broker.start()
        cls.addClassCleanup(cls.broker.stop)
        cls.at = ["--bootstrap-server", cls.broker.bootstrap]

    def test_topics_tool_creates_lists_describes_and_deletes(self):
        self.assertEqual(apache("kafka-topics.sh", *self.at, "--create", "--topic", "from-java", "--partitions", "3"), "Created topic from-java.\n")
        self.assertIn("from-java\n", apache("kafka-topics.sh", *self.at, "--list"))
        described = apache("kafka-topics.sh", *self.at, "--describe", "--topic", "from-java")
        self.assertIn("PartitionCount: 3\tReplicationFactor: 1", described)
        self.assertEqual(described.count("Leader: "), 3)
        apache("kafka-topics.sh", *self.at, "--delete", "--topic", "from-java")
        self.assertNotIn("from-java\n", apache("kafka-topics.sh", *self.at, "--list"))

    def test_what_the_producer_sends_the_consumer_reads(self):
        apache("kafka-topics.sh", *self.at, "--create", "--topic", "lines", "--partitions", "2")
        apache("kafka-console-producer.sh", *self.at, "--topic", "lines", "--reader-property", "parse.key=true",
               "--reader-property", "key.separator=:", stdin="\n".join(LINES) + "\n")
        read = apache("kafka-console-consumer.sh", *self.at, "--topic", "lines", "--from-beginning", "--max-messages", str(len(LINES)),
                      "--timeout-ms", "20000", "--formatter-property", "print.key=true", "--formatter-property", "key.separator=:")
        self.assertEqual(sorted(read.splitlines()), sorted(LINES))
        by_user = [line for line in read.splitlines() if line.startswith("user-3:")]
        self.assertEqual(by_user, [line for line in LINES if line.startswith("user-3:")], "records of one key keep their order")

    def test_every_codec_survives_the_broker(self):
        for codec in ("gzip", "snappy", "lz4", "zstd"):
            with self.subTest(codec=codec):
                topic = f"codec-{codec}"
                apache("kafka-topics.sh", *self.at, "--create", "--topic", topic)
                apache("kafka-console-producer.sh", *self.at, "--topic", topic, "--compression-codec", codec, stdin="\n".join(LINES) + "\n")
                read = apache("kafka-console-consumer.sh", *self.at, "--topic", topic, "--from-beginning",
                              "--max-messages", str(len(LINES)), "--timeout-ms", "20000")
                self.assertEqual(read.splitlines(), LINES)

    def test_a_group_goes_on_where_it_stopped(self):
        apache("kafka-topics.sh", *self.at, "--create", "--topic", "resumed")
        apache("kafka-console-producer.sh", *self.at, "--topic", "resumed", stdin="one\ntwo\n")
        group = ["--topic", "resumed", "--group", "readers", "--timeout-ms", "20000"]
        first = apache("kafka-console-consumer.sh", *self.at, *group, "--from-beginning", "--max-messages", "2")
        apache("kafka-console-producer.sh", *self.at, "--topic", "resumed", stdin="three\n")
        second = apache("kafka-console-consumer.sh", *self.at, *group, "--max-messages", "1")
        self.assertEqual((first, second), ("one\ntwo\n", "three\n"))


if __name__ == "__main__":
    fetched = subprocess.run([APACHE, "fetch"])
    if fetched.returncode != 0:
        sys.exit(fetched.returncode)
    unittest.main(verbosity=2)
