"""The two engines of the benchmark, each a process of its own that runs queries when it is told to.

    with WeirEngine(broker, home) as engine:      # ready when this returns, is gone with all its processes afterwards
        engine.ask("drain lecture transactions results /tmp/checkpoint 0")
        engine.cpu_seconds()

Both read and write the same broker. What they may be told stands in engine_query.c."""
import json
import os
import select
import signal
import subprocess
import sys
import time

import peer_install
from bench_measures import cpu_seconds
from bench_report import BenchError
from weir_broker import _die_with_the_test

HERE = os.path.dirname(os.path.abspath(__file__))
ANSWER_LIMIT_S = 900
END_LIMIT_S = 60


def _begin():
    """Ends with us, and only by our hand: a terminal's Ctrl-C goes to all of its processes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _die_with_the_test()


def _ends(pid, limit_s):
    """Waits for the end of a process that need not be our child; False when it lives on."""
    try:
        with os.fdopen(os.pidfd_open(pid)) as process:
            return bool(select.select([process], [], [], limit_s)[0])
    except ProcessLookupError:
        return True


class Engine:
    name = None
    one_row_batches = None  # how many of them say enough, in bearable time

    def __init__(self, broker, home):
        self.broker, self.home, self.process, self.pids, self.warm = broker, home, None, [], set()
        self.log = os.path.join(home, f"{self.name}.txt")
        self._rest = b""

    def argv(self):
        """The command; it answers with a first line of itself where `greets`."""
        raise NotImplementedError

    greets = False

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.argv(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=self.home,
                                            env={**os.environ, "TMPDIR": self.home, "SPARK_LOCAL_IP": "127.0.0.1"}, preexec_fn=_begin)
        if self.greets:
            self._answer()
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            self.pids = [pid, *map(int, children.read().split())]
        return self

    def _fail(self, why):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            last = "".join(log.readlines()[-15:])
        raise BenchError(f"{self.name}'s engine {why}:\n{last}")

    def _answer(self):
        limit, text = time.monotonic() + ANSWER_LIMIT_S, self._rest
        while b"\n" not in text:
            if not select.select([self.process.stdout], [], [], max(0, limit - time.monotonic()))[0]:
                self._fail(f"gave no answer in {ANSWER_LIMIT_S} s")
            more = os.read(self.process.stdout.fileno(), 1 << 20)
            if not more:
                self._fail("ended")
            text += more
        line, _, self._rest = text.partition(b"\n")
        return json.loads(line)

    def ask(self, *words):
        try:
            self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            self._fail("ended")
        return self._answer()

    def cpu_seconds(self):
        """Of all its processes."""
        return sum(cpu_seconds(pid) for pid in self.pids)

    def stop(self):
        if self.process is None:
            return
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        for pid in reversed(self.pids or [self.process.pid]):
            if not _ends(pid, END_LIMIT_S if sys.exc_info()[0] is None else 0):
                os.kill(pid, signal.SIGKILL)
                _ends(pid, END_LIMIT_S)
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()


class WeirEngine(Engine):
    name = "Weir"
    one_row_batches = 1000

    def argv(self):
        return [os.path.join(os.path.dirname(os.path.abspath(os.environ["WEIR_BIN"])), "tests", "engine_query"), self.broker.bootstrap]


class SparkEngine(Engine):
    name = "Spark"
    one_row_batches = 50
    greets = True

    def argv(self):
        python, jars = peer_install.spark()
        return [python, os.path.join(HERE, "engine_spark.py"), self.broker.bootstrap, str(jars), self.home]


def spark_reason():
    """None when Spark can run here, or why it cannot. Fetches it if need be."""
    code = "import peer_install; peer_install.spark()"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, preexec_fn=_begin,
                          env={**os.environ, "PYTHONPATH": os.path.dirname(peer_install.__file__)})
    return None if done.returncode == 0 else done.stderr.strip() or "it could not be fetched"
