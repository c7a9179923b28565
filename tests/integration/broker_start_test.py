"""The broker's command line and its life: what starts it, what it refuses and in which words, how it ends, what a restart finds."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import kafka_wire
from weir_broker import Broker, binary

SHIPPED = """# as Apache ships it
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=localhost:9093
listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://:9093
controller.listener.names=CONTROLLER
num.partitions=3
"""


def run(*words, stdin=None, pass_fds=(), **more):
    return subprocess.run([binary("weir"), "broker", *words], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, pass_fds=pass_fds, **more)


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="weir-start-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.data = os.path.join(self.folder, "data")

    def refused(self, *words, code=1, says=()):
        """One line on standard error that says all of `says`, the exit code, and nothing left behind."""
        result = run(*words)
        self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
        self.assertEqual(result.stderr.count("\n"), 1, result.stderr)
        for text in says:
            self.assertIn(text, result.stderr)
        return result.stderr

    def override(self, **keys):
        settings = {"log.dirs": self.data, "listeners": "PLAINTEXT://127.0.0.1:0", **{k.replace("_", "."): v for k, v in keys.items()}}
        return [word for key, value in settings.items() for word in ("--override", f"{key}={value}")]


class CommandLine(Folder):
    def test_help_says_what_there_is(self):
        result = run("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for text in ("usage: weir broker", "--override", "listeners", "log.dirs", "143"):
            self.assertIn(text, result.stdout)

    def test_the_version_is_kafkas(self):
        self.assertEqual(run("--version").stdout, "4.3.1\n")

    def test_keys_are_listed(self):
        lines = run("--list-keys").stdout.splitlines()
        self.assertIn("num.partitions=1", lines)
        self.assertTrue(any(line.startswith("process.roles=") and "no effect" in line for line in lines))

    def test_wrong_words_are_named(self):
        self.refused("--nosuch", code=4, says=["--nosuch", "--help"])
        self.refused("-Daemon", "server.properties", code=4, says=["-Daemon"])
        self.refused("--override", code=4, says=["--override"])
        self.refused("--ready-fd", "999", code=4, says=["--ready-fd", "999"])
        self.refused("--override", "num.partitions", says=["num.partitions", "key=value"])
        self.refused("--override", "no.such.key=1", says=["no.such.key", "--list-keys"])
        self.refused("--override", "num.partition=1", says=["num.partition", "num.partitions meant?"])
        self.refused(*self.override(num_partitions="many"), says=["num.partitions", "many", "INT"])
        self.refused("/nosuch/server.properties", says=["/nosuch/server.properties"])
        self.refused(self.folder, says=[self.folder])

    def test_a_wrong_line_of_a_file_is_named(self):
        path = os.path.join(self.folder, "server.properties")
        with open(path, "w", encoding="utf-8") as out:
            out.write("num.partitions=2\n\nauto.create.topics.enable=maybe\n")
        self.refused(path, says=[f"{path} line 3", "auto.create.topics.enable", "true or false"])


class Background(Folder):
    def lines(self):
        with open(os.path.join(self.folder, "kafkaServer.out"), encoding="utf-8") as file:
            return file.read()

    def test_it_serves_when_the_prompt_is_back(self):
        result = run("-daemon", *self.override(), env=dict(os.environ, LOG_DIR=self.folder))
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        with open(f"{self.data}/.lock", encoding="utf-8") as lock:
            inode = os.fstat(lock.fileno()).st_ino
        with open("/proc/locks", encoding="ascii") as locks:
            pid = next(int(line.split()[4]) for line in locks if line.split()[5].endswith(f":{inode}"))
        try:
            port = int(self.lines().rsplit(":", 1)[1])
            with kafka_wire.Connection("127.0.0.1", port) as c:
                c.call("ApiVersions", 0, {})
                os.kill(pid, signal.SIGTERM)
                with self.assertRaises(kafka_wire.Closed):
                    c.receive_frame()
        finally:
            while os.path.exists(f"/proc/{pid}"):  # it ends by the signal
                pass
        self.assertIn("shut down completed", self.lines())

    def test_what_does_not_start_is_told(self):
        result = run("-daemon", *self.override(log_dirs="/proc/nosuch"), env=dict(os.environ, LOG_DIR=self.folder))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn(f"{self.folder}/kafkaServer.out says why", result.stderr)
        self.assertIn("/proc/nosuch", self.lines())


class Start(Folder):
    def test_apaches_shipped_file_starts_it(self):
        with Broker(properties=SHIPPED, config={"listeners": "PLAINTEXT://127.0.0.1:0"}) as broker, kafka_wire.Connection(broker.host, broker.port) as c:
            self.assertIn("process.roles is accepted and has no effect", broker.output)
            for _ in range(2):  # the first one makes it
                topic = c.call("Metadata", 8, {"topics": [{"name": "t"}]})["topics"][0]
            self.assertEqual(len(topic["partitions"]), 3)

    def test_a_topic_that_cannot_be_made_by_itself_is_told_with_the_reason(self):
        with Broker({"num.partitions": 20000}) as broker, kafka_wire.Connection(broker.host, broker.port) as c:
            self.assertEqual(c.call("Metadata", 8, {"topics": [{"name": "t"}]})["topics"][0]["error_code"], 3)
            self.assertIn("cannot create t, which a client asked for: Number of partitions was set to 20000; at most", broker.output)

    def test_by_apaches_name(self):
        result = subprocess.run([binary("kafka-server-start.sh"), "--help"], capture_output=True, text=True, timeout=30)
        self.assertEqual(result.returncode, 0)
        self.assertIn("kafka-server-start.sh", result.stdout)

    def test_a_busy_port_is_named_before_anything_is_touched(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            self.refused(*self.override(listeners=f"PLAINTEXT://127.0.0.1:{port}"), says=[str(port), "in use", "listeners="])
        self.assertFalse(os.path.exists(self.data))

    def test_a_folder_in_use_is_named(self):
        with Broker(log_dir=self.data):
            self.refused(*self.override(), says=[self.data, "in use", "log.dirs"])

    def test_a_folder_that_cannot_be_is_named(self):
        blocked = os.path.join(self.folder, "file")
        with open(blocked, "w", encoding="utf-8"):
            pass
        self.refused(*self.override(log_dirs=blocked), says=[blocked])
        self.refused(*self.override(log_dirs=os.path.join(blocked, "below")), says=[blocked])
        self.refused(*self.override(log_dirs="/proc/nosuch"), says=["/proc/nosuch"])

    def test_another_nodes_folder_is_refused(self):
        with Broker({"node.id": 1}, log_dir=self.data):
            pass
        self.refused(*self.override(node_id="2"), says=["node.id=1", "node.id=2"])

    def test_a_damaged_metadata_file_is_refused_with_its_line(self):
        with Broker(log_dir=self.data) as broker, kafka_wire.Connection(broker.host, broker.port) as c:
            c.call("Metadata", 8, {"topics": [{"name": "t"}]})
        path = os.path.join(self.data, "weir.metadata")
        with open(path, "a", encoding="utf-8") as out:
            out.write("more\n")
        self.refused(*self.override(), says=["weir.metadata line", "more"])

    def test_a_damaged_setting_is_refused_with_its_file_and_topic(self):
        with Broker(log_dir=self.data) as broker, kafka_wire.Connection(broker.host, broker.port) as c:
            spec = {"name": "t", "num_partitions": 1, "replication_factor": 1, "configs": [{"name": "retention.ms", "value": "4711"}]}
            self.assertEqual(c.call("CreateTopics", 4, {"topics": [spec], "timeout_ms": 10000})["topics"][0]["error_code"], 0)
        path = os.path.join(self.data, "weir.metadata")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as out:
            out.write(text.replace("4711", "47x1"))
        self.refused(*self.override(), says=["weir.metadata", "topic t:", "47x1", "restore the file"])


class End(Folder):
    def test_signals_end_it_in_good_order(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            broker = Broker(log_dir=os.path.join(self.folder, str(code))).start()
            self.assertEqual(broker.terminate(number), code, broker.output)
            self.assertIn("shut down completed", broker.output)
            self.assertIn(".kafka_cleanshutdown", os.listdir(broker.log_dir))

    def test_it_ends_with_clients_connected(self):
        broker = Broker().start()
        self.addCleanup(broker.stop)
        with kafka_wire.Connection(broker.host, broker.port) as used, kafka_wire.Connection(broker.host, broker.port):
            used.call("ApiVersions", 0, {})
            self.assertEqual(broker.terminate(), 143)
            with self.assertRaises(kafka_wire.Closed):
                used.receive_frame()

    def test_topics_outlive_every_kind_of_end(self):
        broker = Broker(log_dir=self.data).start()
        self.addCleanup(broker.stop)

        def topics():
            with kafka_wire.Connection(broker.host, broker.port) as c:
                return {t["name"]: (t["topic_id"], len(t["partitions"])) for t in c.call("Metadata", 12, {"topics": None})["topics"]}

        with kafka_wire.Connection(broker.host, broker.port) as c:
            new = [{"name": "kept", "num_partitions": 3, "replication_factor": 1, "configs": [{"name": "retention.ms", "value": "4711"}]},
                   {"name": "gone", "num_partitions": 1, "replication_factor": 1}]
            self.assertEqual([t["error_code"] for t in c.call("CreateTopics", 4, {"topics": new, "timeout_ms": 5000})["topics"]], [0, 0])
            before = topics()
            self.assertEqual(c.call("DeleteTopics", 3, {"topic_names": ["gone"], "timeout_ms": 5000})["responses"][0]["error_code"], 0)
        del before["gone"]
        first_id = broker_id = self.cluster_id(broker)
        for clean in (False, True, False):
            broker.restart(clean)
            self.assertEqual(topics(), before)
            broker_id = self.cluster_id(broker)
        self.assertEqual(first_id, broker_id)
        with kafka_wire.Connection(broker.host, broker.port) as c:
            asked = {"resources": [{"resource_type": 2, "resource_name": "kept", "configuration_keys": ["retention.ms"]}]}
            self.assertEqual(c.call("DescribeConfigs", 1, asked)["results"][0]["configs"][0]["value"], "4711")

    @staticmethod
    def cluster_id(broker):
        with kafka_wire.Connection(broker.host, broker.port) as c:
            return c.call("Metadata", 2, {"topics": []})["cluster_id"]

    def test_a_killed_brokers_folder_is_free_at_once(self):
        broker = Broker(log_dir=self.data).start()
        self.addCleanup(broker.stop)
        broker.kill()
        broker.start()


if __name__ == "__main__":
    unittest.main(verbosity=2)
