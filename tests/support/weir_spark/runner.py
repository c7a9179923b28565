"""The process stream_runner, and the lanes of its protocol (tests/support/stream_runner.c draws it).

Commands of a thread go on its lane: 0 for everybody but callbacks. A thread reads the answers and hands them out; a callback's event gets a thread
of its own, which runs the Python function, whose commands go on the callback's lane; listeners' events are told on the reading thread, in order.
"""
import ctypes
import json
import os
import queue
import signal
import subprocess
import tempfile
import threading

from weir_spark.errors import exception_of

LIMIT_S = 150
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def program():
    """Where the build has it."""
    folder = os.environ.get("WEIR_BIN") or os.path.join(os.path.dirname(__file__), "..", "..", "..", "build", "bin")
    return os.environ.get("WEIR_STREAM_RUNNER") or os.path.abspath(os.path.join(folder, "..", "tests", "stream_runner"))


class RunnerDied(Exception):
    """The process has ended; the text has its exit code and what it said."""


class Lane:
    def __init__(self, number):
        self.number, self.answers, self.turn = number, queue.Queue(), threading.Lock()


def _die_with_the_test():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Runner:
    def __init__(self):
        self.lanes = {0: Lane(0)}
        self.here = threading.local()
        self.callbacks, self.listeners = {}, []
        self.printed = tempfile.TemporaryFile()
        self.said = tempfile.TemporaryFile()
        self.sending = threading.Lock()
        answers, told = os.pipe()
        # The tests' processes die with the thread that made them, so it must outlive them: a session belongs to one thread.
        self.process = subprocess.Popen([program(), str(told)], stdin=subprocess.PIPE, stdout=self.printed, stderr=self.said, pass_fds=(told,),
                                        preexec_fn=_die_with_the_test)
        os.close(told)
        self.answers = os.fdopen(answers, "rb")
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    # --- commands ---

    def call(self, command, /, **members):
        """Runs a command and returns what it answered, or raises its error."""
        lane = self.lanes[getattr(self.here, "lane", 0)]
        with lane.turn:
            self._send(lane, command, members)
            try:
                answer = lane.answers.get(timeout=LIMIT_S)
            except queue.Empty:
                self.kill()
                raise RunnerDied(f"no answer to {command} {members} within {LIMIT_S} s\n{self.errors()}") from None
        if answer is None:
            lane.answers.put(None)
            raise RunnerDied(f"at {command} {members}: exit code {self.process.poll()}\n{self.errors()}")
        if "error" in answer:
            raise exception_of(answer["error"])
        return answer["ok"]

    def _send(self, lane, name, members):
        line = json.dumps({"lane": lane.number, "do": name, **members}).encode() + b"\n"
        with self.sending:
            try:
                self.process.stdin.write(line)
                self.process.stdin.flush()
            except (BrokenPipeError, ValueError):
                pass # it has died: the reader finds the end

    # --- answers and events ---

    def _read(self):
        for line in self.answers:
            message = json.loads(line)
            if "event" not in message:
                self.lanes[message["lane"]].answers.put(message)
            elif "lane" in message:
                self.lanes[message["lane"]] = Lane(message["lane"])
                threading.Thread(target=self._call_back, args=(message,), daemon=True).start()
            else:
                for listener in list(self.listeners):
                    listener(message["event"], json.loads(message["json"]))
        self.process.wait()
        for lane in list(self.lanes.values()):
            lane.answers.put(None)

    def _call_back(self, event):
        self.here.lane = event["lane"]
        returned = {}
        try:
            returned["value"] = self.callbacks[event["tag"]](event)
        except RunnerDied:
            return
        except Exception as e: # the callback's own: the query is to fail with it
            returned["error"] = str(e) or type(e).__name__
        self._send(self.lanes.pop(event["lane"]), "return", returned)

    def add_callback(self, function):
        """The number under which events of this function come."""
        tag = len(self.callbacks) + 1
        self.callbacks[tag] = function
        return tag

    # --- what it printed ---

    def output(self, start=0):
        """Standard output from byte `start` on."""
        size = os.fstat(self.printed.fileno()).st_size
        return os.pread(self.printed.fileno(), size - start, start) if size > start else b""

    def errors(self):
        return os.pread(self.said.fileno(), 1 << 20, 0).decode(errors="replace")[-6000:]

    # --- its end ---

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(LIMIT_S)

    def close(self):
        """Ends it in good order; returns the exit code."""
        try:
            with self.sending:
                self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            code = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RunnerDied(f"did not end within {LIMIT_S} s of the end of its commands\n{self.errors()}") from None
        self.reader.join(LIMIT_S)
        return code
