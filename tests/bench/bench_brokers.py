"""The two brokers of the benchmark, each started with the settings that it ships with, in a folder of its own on the same disk.

    with Weir(folder) as broker:      # serves when this returns, is gone with its data afterwards, however the block ends
        broker.bootstrap, broker.pid
        broker.cold_command()         # (argv, port, environment): how to start it in a fresh folder

Apache Kafka comes from tests/peers/apache_kafka.sh, with the JVM options of its own start script."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from bench_report import BenchError
from weir_broker import _die_with_the_test, binary

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
APACHE = os.path.join(ROOT, "tests", "peers", "apache_kafka.sh")
CLUSTER_ID = "Vjd5ZW8tY2x1c3Rlci0wMQ"
START_LIMIT_S = 60
STOP_LIMIT_S = 60


def free_ports(count):
    """Ports that nobody uses now. (Neither broker can be asked to choose one and tell an outside client.)"""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Server:
    """A broker as a child process."""

    name = None
    host = "127.0.0.1"

    def __init__(self, parent_folder=None):
        self.home = tempfile.mkdtemp(prefix=f"weir-bench-{self.name.lower()}-", dir=parent_folder)
        self.process, self.port = None, None
        self.is_warm = False  # what measures processor time sees to that

    # What each broker tells of itself: prepare(folder) -> (argv, port).

    @property
    def bootstrap(self):
        return f"{self.host}:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def cold_command(self):
        """How to start one more in a fresh folder, ready to run: (argv, port)."""
        return self.prepare(tempfile.mkdtemp(prefix="cold-", dir=self.home))

    def start(self):
        argv, self.port = self.prepare(os.path.join(self.home, "broker"))
        with open(os.path.join(self.home, "output.txt"), "wb") as output:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, preexec_fn=_die_with_the_test)
        limit = time.monotonic() + START_LIMIT_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise BenchError(f"{self.name} did not start:\n{self._last_words()}")
            time.sleep(0.02)
        return self

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def _last_words(self):
        with open(os.path.join(self.home, "output.txt"), encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-15:])

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()


class Weir(Server):
    name = "Weir"

    def prepare(self, folder):
        port, = free_ports(1)
        return [binary(), "broker", "--override", f"listeners=PLAINTEXT://127.0.0.1:{port}", "--override", f"log.dirs={folder}/data"], port


class Apache(Server):
    name = "Apache"

    def prepare(self, folder):
        port, controller = free_ports(2)
        os.makedirs(folder, exist_ok=True)
        properties = os.path.join(folder, "server.properties")
        with open(properties, "w", encoding="ascii") as file:
            file.write(f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
num.network.threads=3
num.io.threads=8
num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
""")
        done = subprocess.run([APACHE, "kafka-storage.sh", "format", "-t", CLUSTER_ID, "-c", properties], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"Apache Kafka's folder could not be made:\n{done.stdout}{done.stderr}")
        return [APACHE, "kafka-server-start.sh", properties], port


def apache_reason():
    """None when Apache Kafka can run here, or why it cannot."""
    done = subprocess.run([APACHE, "fetch"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip() or "it could not be fetched"
