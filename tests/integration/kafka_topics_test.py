"""kafka-topics.sh beyond what the capture of Apache's tool shows: pages, ids, where messages go, and peers that are no brokers."""
import re
import socket
import subprocess
import tempfile
import threading
import unittest

from weir_broker import Broker, binary

LIMIT_S = 30
COMMAND_CONFIG = "default.api.timeout.ms=300\nrequest.timeout.ms=300\n"


def topics(*arguments, **options):
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run([binary("kafka-topics.sh"), *arguments], text=True, timeout=LIMIT_S, check=False, **options)


class Peer:
    """Listens and does to each connection what `serve` says."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.serve, self.connections = serve, []
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections.append(connection)
            self.serve(connection)

    def close(self):
        self.socket.close()
        for connection in self.connections:
            connection.close()


class KafkaTopics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker().start()
        cls.at = ("--bootstrap-server", cls.broker.bootstrap)

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()

    def create(self, name, partitions, *more):
        done = topics(*self.at, "--create", "--topic", name, "--partitions", str(partitions), *more)
        self.assertEqual((done.stdout, done.stderr, done.returncode), (f"Created topic {name}.\n", "", 0))

    def test_every_page_size_gives_the_same_description(self):
        for name, partitions in (("page-a", 1), ("page-b", 5), ("page-c", 3)):
            self.create(name, partitions)
        whole = topics(*self.at, "--describe", "--topic", "page-.*").stdout
        self.assertEqual(len(whole.splitlines()), 3 + 9)
        for size in range(1, 12):
            paged = topics(*self.at, "--describe", "--topic", "page-.*", "--partition-size-limit-per-response", str(size))
            self.assertEqual((paged.stdout, paged.returncode), (whole, 0), f"pages of {size}")

    def test_a_topic_is_described_by_its_id(self):
        self.create("by-id", 2)
        by_name = topics(*self.at, "--describe", "--topic", "by-id").stdout
        topic_id = re.search(r"TopicId: (\S{22})\t", by_name).group(1)
        self.assertEqual(topics(*self.at, "--describe", "--topic-id", topic_id).stdout, by_name)

    def test_a_failure_is_seen_when_the_output_goes_into_a_file(self):
        with tempfile.TemporaryFile("w+") as output:
            done = topics(*self.at, "--describe", "--topic", "nosuch", stdout=output)
            output.seek(0)
            self.assertEqual(output.read(), "Error while executing topic command : Topic 'nosuch' does not exist as expected\n")
        self.assertEqual((done.stderr, done.returncode), ("kafka-topics.sh: Topic 'nosuch' does not exist as expected\n", 1))

    def test_output_that_cannot_be_written_is_a_failure(self):
        self.create("full", 1)
        with open("/dev/full", "w", encoding="ascii") as full:
            done = topics(*self.at, "--list", stdout=full)
        self.assertEqual((done.stderr, done.returncode), ("kafka-topics.sh: the output could not be written\n", 1))

    def test_the_first_broker_of_a_list_that_answers_is_asked(self):
        self.create("listed", 1)
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0)) # refuses
            done = topics("--bootstrap-server", f"127.0.0.1:{closed.getsockname()[1]}, {self.broker.bootstrap}", "--list", "--topic", "listed")
        self.assertEqual((done.stdout, done.stderr, done.returncode), ("listed\n", "", 0))

    def test_a_peer_that_is_no_broker_is_told_so(self):
        peers = {
            "this is no Kafka broker": lambda c: c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            "the peer closed the connection": lambda c: (c.recv(4096), c.close()),
            "no answer within the time allowed": lambda c: None,
        }
        with tempfile.NamedTemporaryFile("w", suffix=".properties") as config:
            config.write(COMMAND_CONFIG)
            config.flush()
            for said, serve in peers.items():
                peer = Peer(serve)
                done = topics("--bootstrap-server", peer.address, "--list", "--command-config", config.name)
                peer.close()
                self.assertEqual(done.returncode, 1)
                self.assertIn(said, done.stderr)
                self.assertIn(f"{peer.address}: ", done.stderr)
                self.assertEqual(done.stdout, "Error while executing topic command : Timed out waiting for a node assignment. Call: listTopics\n")

    def test_a_bad_command_config_is_named_with_its_line(self):
        with tempfile.NamedTemporaryFile("w", suffix=".properties") as config:
            config.write("# settings\nrequest.timeout.ms=soon\n")
            config.flush()
            done = topics(*self.at, "--list", "--command-config", config.name)
        self.assertEqual((done.stderr, done.returncode), (f'{config.name}, line 2: "soon" is no number of milliseconds\n', 1))

    def test_help_is_a_table_of_every_option(self):
        done = topics("--help")
        self.assertEqual((done.stderr, done.returncode), ("", 0))
        lines = done.stdout.splitlines()
        self.assertTrue(all(len(line) == 80 for line in lines[1:]), "rows of 80 columns")
        options = [line.split()[0] for line in lines if re.match("--[a-z]", line)]
        self.assertEqual(len(options), 25)
        self.assertEqual(options, sorted(options))


if __name__ == "__main__":
    unittest.main()
