"""A broker for one test: started on a port that the kernel chose, in a folder of its own, and gone when the test is, however it ends.

    broker = Broker({"num.partitions": 3})
    broker.start()                  # returns once it serves
    broker.bootstrap                # "127.0.0.1:40123"
    broker.kill()                   # kill -9, as a crash; start() again finds the same folder
    broker.stop()                   # SIGTERM, waits, removes the folder; returns the exit code

It also works as `with Broker() as broker:`. No pauses anywhere: the broker says on a pipe when it serves, and a process's end is an event."""
import ctypes
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile

START_LIMIT_S = 30
STOP_LIMIT_S = 30
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def binary(name="weir"):
    """The path of one of our programs."""
    folder = os.environ.get("WEIR_BIN") or os.path.join(os.path.dirname(__file__), "..", "..", "build", "bin")
    return os.path.abspath(os.path.join(folder, name))


def sanitized(name="weir"):
    """Is the program built with a sanitizer? Its memory and time are then not its own."""
    with open(binary(name), "rb") as program:
        return re.search(rb"__[at]san_init", program.read()) is not None


def _die_with_the_test():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class BrokerDied(Exception):
    """The broker ended before it served; the text is what it said."""


class Broker:
    def __init__(self, config=None, properties=None, log_dir=None, wrapper=(), environment=None):
        """`config`: overrides by key. `properties`: text of a server.properties. `log_dir`: keep the data there (not removed).
        `wrapper`: a command to run the broker under, such as strace."""
        self.config = {"listeners": "PLAINTEXT://127.0.0.1:0", "num.network.threads": 2}
        self.config.update(config or {})
        self.properties, self.wrapper, self.environment = properties, list(wrapper), environment
        self.home = tempfile.mkdtemp(prefix="weir-broker-")
        self.log_dir = log_dir or os.path.join(self.home, "data")
        self.config.setdefault("log.dirs", self.log_dir)
        self.process, self.host, self.port, self.exit_code = None, None, None, None

    # --- running ---

    def argv(self, *more):
        argv = self.wrapper + [binary(), "broker"]
        if self.properties is not None:
            path = os.path.join(self.home, "server.properties")
            with open(path, "w", encoding="utf-8") as out:
                out.write(self.properties)
            argv.append(path)
        for key, value in self.config.items():
            argv += ["--override", f"{key}={str(value).lower() if isinstance(value, bool) else value}"]
        return argv + list(more)

    def start(self):
        assert self.process is None, "the broker runs already"
        ready, told = os.pipe()
        with open(self.output_path, "ab") as output:
            self.process = subprocess.Popen(self.argv("--ready-fd", str(told)), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            pass_fds=(told,), preexec_fn=_die_with_the_test, env=self.environment)
        os.close(told)
        try:
            line = self._read_line(ready)
        finally:
            os.close(ready)
        if not line:
            self._end(signal.SIGKILL)
            raise BrokerDied(f"the broker did not start (exit code {self.exit_code}):\n{self.output}")
        self.host, port = line.rsplit(":", 1)
        self.port = int(port)
        return self

    @staticmethod
    def _read_line(fd):
        text = b""
        while not text.endswith(b"\n"):
            if not select.select([fd], [], [], START_LIMIT_S)[0]:
                return ""
            more = os.read(fd, 256)
            if not more:
                return ""
            text += more
        return text.decode().strip()

    def kill_while_starting(self, after_s):
        """Starts the broker and ends it with kill -9 so soon that it may not serve yet."""
        assert self.process is None, "the broker runs already"
        with open(self.output_path, "ab") as output:
            self.process = subprocess.Popen(self.argv(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            preexec_fn=_die_with_the_test, env=self.environment)
        try:
            self.process.wait(after_s)
            raise BrokerDied(f"the broker ended by itself:\n{self.output}")
        except subprocess.TimeoutExpired:
            pass
        return self.kill()

    def _end(self, number):
        if self.process is not None:
            self.process.send_signal(number)
            try:
                self.exit_code = self.process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.exit_code = self.process.wait()
                raise AssertionError(f"the broker did not end within {STOP_LIMIT_S} s of signal {number}:\n{self.output}") from None
            finally:
                self.process = None
        return self.exit_code

    def terminate(self, number=signal.SIGTERM):
        """Ends the broker in good order; the data stays. Returns the exit code."""
        return self._end(number)

    def kill(self):
        """kill -9: what was not written is lost, the data stays."""
        return self._end(signal.SIGKILL)

    def restart(self, clean=True):
        (self.terminate if clean else self.kill)()
        return self.start()

    def stop(self):
        """Ends the broker and removes its folder."""
        try:
            return self.terminate()
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def __del__(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    # --- looking ---

    @property
    def bootstrap(self):
        return f"{self.host}:{self.port}"

    @property
    def output_path(self):
        return os.path.join(self.home, "output.txt")

    @property
    def output(self):
        """What the broker printed so far, over all its starts."""
        with open(self.output_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    @property
    def pid(self):
        return self.process.pid

    def resident_kib(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.MULTILINE).group(1))
