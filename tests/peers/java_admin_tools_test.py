"""Apache Kafka's own administration tools (Java) against our broker, and a Java consumer whose fetches are incremental (KIP-227)."""
import pathlib
import subprocess
import sys
import unittest

from weir_broker import Broker

APACHE = str(pathlib.Path(__file__).with_name("apache_kafka.sh"))


class AdminTools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.broker.start()
        cls.addClassCleanup(cls.broker.stop)

    def apache(self, tool, *argv, stdin=None, check=True):
        done = subprocess.run([APACHE, tool, "--bootstrap-server", self.broker.bootstrap, *argv], input=stdin, capture_output=True, text=True,
                              timeout=120, check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{tool} exited {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def create(self, topic, partitions=1):
        self.apache("kafka-topics.sh", "--create", "--topic", topic, "--partitions", str(partitions))

    def test_partitions_are_added(self):
        self.create("grown", 2)
        self.apache("kafka-topics.sh", "--alter", "--topic", "grown", "--partitions", "4")
        self.assertIn("PartitionCount: 4\t", self.apache("kafka-topics.sh", "--describe", "--topic", "grown"))
        self.assertIn("Topic already has 4 partition(s).", self.apache("kafka-topics.sh", "--alter", "--topic", "grown", "--partitions", "4", check=False))

    def test_settings_are_set_and_deleted(self):
        self.create("set")
        entity = ["--entity-type", "topics", "--entity-name", "set"]
        self.apache("kafka-configs.sh", "--alter", *entity, "--add-config", "retention.ms=99999,cleanup.policy=[compact,delete]")
        described = self.apache("kafka-configs.sh", "--describe", *entity)
        self.assertIn("cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, "
                      "DEFAULT_CONFIG:log.cleanup.policy=delete}", described)
        self.assertIn("retention.ms=99999", described)
        self.apache("kafka-configs.sh", "--alter", *entity, "--delete-config", "retention.ms")
        self.assertNotIn("retention.ms", self.apache("kafka-configs.sh", "--describe", *entity))
        self.assertIn("Unknown topic config name: no.such", self.apache("kafka-configs.sh", "--alter", *entity, "--add-config", "no.such=1", check=False))

    def test_settings_of_the_broker_change_while_it_runs_or_are_refused(self):
        entity = ["--entity-type", "brokers", "--entity-name", "1"]
        self.assertIn("Completed updating config for broker 1.", self.apache("kafka-configs.sh", "--alter", *entity, "--add-config", "log.cleaner.threads=2"))
        self.assertIn("log.cleaner.threads=2 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=2, "
                      "DEFAULT_CONFIG:log.cleaner.threads=1}", self.apache("kafka-configs.sh", "--describe", *entity))
        self.apache("kafka-configs.sh", "--alter", *entity, "--delete-config", "log.cleaner.threads")
        self.assertNotIn("log.cleaner.threads", self.apache("kafka-configs.sh", "--describe", *entity))
        told = self.apache("kafka-configs.sh", "--alter", *entity, "--add-config", "log.dirs=/elsewhere", check=False)
        self.assertIn("Cannot update these configs dynamically: [log.dirs]", told)

    def test_what_there_is(self):
        self.create("there", 2)
        self.apache("kafka-console-producer.sh", "--topic", "there", stdin="x\n")
        dirs = self.apache("kafka-log-dirs.sh", "--describe", "--topic-list", "there")
        self.assertIn('"partition":"there-1"', dirs)
        self.assertIn(f'"logDir":"{self.broker.log_dir}"', dirs)
        self.assertIn("unfenced   broker", self.apache_cluster("list-endpoints"))
        self.assertRegex(self.apache_cluster("cluster-id"), r"^Cluster ID: [\w-]{22}\n")
        elected = self.apache("kafka-leader-election.sh", "--election-type", "preferred", "--topic", "there", "--partition", "0")
        self.assertIn("Valid replica already elected for partitions there-0", elected)

    def apache_cluster(self, command):
        done = subprocess.run([APACHE, "kafka-cluster.sh", command, "--bootstrap-server", self.broker.bootstrap], capture_output=True, text=True, timeout=120,
                              check=True)
        return done.stdout

    def test_offsets_of_a_group_are_deleted(self):
        self.create("left")
        self.apache("kafka-console-producer.sh", "--topic", "left", stdin="x\n")
        self.apache("kafka-console-consumer.sh", "--topic", "left", "--group", "leaver", "--from-beginning", "--max-messages", "1", "--timeout-ms", "20000")
        told = self.apache("kafka-consumer-groups.sh", "--delete-offsets", "--group", "leaver", "--topic", "left")
        self.assertRegex(told, r"left\s+0\s+Successful")

    def test_a_consumer_goes_on_in_its_session(self):
        """The consumer is read while records come one after the other, each to a partition that had none: all but its first fetches are incremental."""
        self.create("trickle", 3)
        with subprocess.Popen([APACHE, "kafka-console-consumer.sh", "--bootstrap-server", self.broker.bootstrap, "--topic", "trickle", "--from-beginning",
                               "--max-messages", "6", "--timeout-ms", "60000"], stdout=subprocess.PIPE, text=True) as consumer:
            try:
                for i in range(6):
                    subprocess.run(["kcat", "-b", self.broker.bootstrap, "-P", "-t", "trickle", "-p", str(i % 3)], input=f"record {i}\n", text=True,
                                   check=True, timeout=30)
                    self.assertEqual(consumer.stdout.readline(), f"record {i}\n")
                self.assertEqual(consumer.wait(60), 0)
            finally:
                consumer.kill()


if __name__ == "__main__":
    fetched = subprocess.run([APACHE, "fetch"], check=False)
    if fetched.returncode != 0:
        sys.exit(fetched.returncode)
    unittest.main(verbosity=2)
