"""An Apache Kafka for one test: a single KRaft node in a folder of its own, and gone when the test is.

    kafka = ApacheKafka()
    kafka.start()          # returns once it serves; kafka.host and kafka.port say where
    kafka.stop()           # in good order; start() again finds the same folder
    kafka.kill()           # as a crash"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

from weir_broker import _die_with_the_test

APACHE = str(pathlib.Path(__file__).resolve().parent.parent / "peers" / "apache_kafka.sh")
LIMIT_S = 120
CLUSTER_ID = "Vjd5ZW8tY2x1c3Rlci0wMQ"


def fetch():
    """0 when Apache Kafka is there, 77 when it cannot be had, with a word why."""
    return subprocess.run([APACHE, "fetch"], check=False).returncode


def tool(*argv):
    """What one of Apache's tools prints; its log lines (standard error) come with a failure."""
    done = subprocess.run([APACHE, *argv], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{argv[0]} exited {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def _free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class ApacheKafka:
    def __init__(self, config=None):
        self.home = tempfile.mkdtemp(prefix="weir-apache-")
        self.log_dir = os.path.join(self.home, "data")
        self.host, self.process, self.started, self.listener, self.ended = "127.0.0.1", None, None, None, False
        self.port, controller = _free_ports(2)
        settings = {
            "process.roles": "broker,controller", "node.id": 1, "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}", "controller.listener.names": "CONTROLLER", "log.dirs": self.log_dir,
            "offsets.topic.replication.factor": 1, "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1, "share.coordinator.state.topic.min.isr": 1, "group.initial.rebalance.delay.ms": 0,
        }
        self.properties, self.settings = os.path.join(self.home, "server.properties"), settings
        self.set(config or {})
        tool("kafka-storage.sh", "format", "-t", CLUSTER_ID, "-c", self.properties)

    def set(self, config):
        """Its settings from the next start on, over those that it needs to run."""
        with open(self.properties, "w", encoding="ascii") as out:
            out.writelines(f"{key}={value}\n" for key, value in {**self.settings, **config}.items())

    def start(self):
        self.started = threading.Event()
        self.process = subprocess.Popen([APACHE, "kafka-server-start.sh", self.properties], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, preexec_fn=_die_with_the_test)
        self.listener = threading.Thread(target=self._listen)
        self.listener.start()
        if not self.started.wait(LIMIT_S) or self.ended:
            self.kill()
            raise AssertionError(f"Apache Kafka did not start:\n{self.output}")
        return self

    def _listen(self):
        """Keeps what it says; runs until it ends."""
        self.ended = False
        with open(self.output_path, "ab", buffering=0) as output:
            for line in self.process.stderr:
                output.write(line)
                if b"Kafka Server started" in line:
                    self.started.set()
        self.ended = True
        self.started.set()

    def _end(self, number):
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(LIMIT_S)
            self.listener.join()
            self.process.stderr.close()
            self.process = None

    def stop(self):
        self._end(signal.SIGTERM)

    def kill(self):
        self._end(signal.SIGKILL)

    def remove(self):
        self.kill()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def output_path(self):
        return os.path.join(self.home, "output.txt")

    @property
    def output(self):
        with open(self.output_path, encoding="utf-8", errors="replace") as file:
            return file.read()
