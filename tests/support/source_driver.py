"""Speaks to source_driver (tests/support/source_driver.c): a source of the engine, asked by commands.

    with Driver() as d:
        d.open("rate-micro-batch", rowsPerBatch="4")
        end = d.latest("")["end"]
        d.read("", end)                     # a list a partition, of rows
    d.fails("initial")                      # (when, class, text) of an error
"""
import json
import os
import subprocess

LIMIT_S = 120


class Refused(Exception):
    """What the source answered instead."""

    def __init__(self, error):
        super().__init__(f"{error['class']}: {error['text']}")
        self.when, self.text, self.java = error["when"], error["text"], error["class"]


def program():
    bin_folder = os.environ.get("WEIR_BIN") or os.path.join(os.path.dirname(__file__), "..", "..", "build", "bin")
    return os.path.join(bin_folder, "..", "tests", "source_driver")


class Driver:
    @staticmethod
    def has(symbol):
        """Does the program have this symbol, of a sanitizer, say?"""
        with open(program(), "rb") as file:
            return symbol.encode() in file.read()

    def __init__(self, wrapper=()):
        self.process = subprocess.Popen([*wrapper, program()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            try:
                self.process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        self.process.stdout.close()
        if self.process.returncode != 0:  # a leak, say
            raise AssertionError(f"source_driver ended with {self.process.returncode}")

    def ask(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"source_driver ended with {self.process.wait(LIMIT_S)}")
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["ok"]

    def open(self, format, stream=True, checkpoint=None, parallelism=1, **options):
        more = {"checkpoint": str(checkpoint)} if checkpoint else {}
        options = {name.replace("__", "."): str(value) for name, value in options.items()}
        return self.ask("open", format=format, stream=stream, parallelism=parallelism, options=options, **more)["schema"]

    def initial(self):
        return self.ask("initial")

    def latest(self, start=""):
        return self.ask("latest", start=start)

    def read(self, start="", end="", **more):
        return self.ask("read", start=start, end=end, **more)

    def rows(self, start="", end="", **more):
        """The rows of all partitions, one partition after the other."""
        return [row for part in self.read(start, end, **more) for row in part]

    def describe(self):
        return self.ask("describe")

    def metrics(self, end):
        return json.loads("{" + self.ask("metrics", end=end) + "}")

    def refusal(self, what, *arguments, **more):
        """The error of a call; None when there is none."""
        try:
            getattr(self, what)(*arguments, **more)
        except Refused as refused:
            return refused
        return None
