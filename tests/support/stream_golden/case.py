"""A golden case: its inputs, what Spark made of them, and what our engine makes of them now.

A driver runs the programs of a case in the shape that Spark's answers were captured with, and puts what comes out under the names of the
golden files: console text, progress, checkpoint files, rows, errors.
"""
import gzip
import json
import os
import re
import shutil
import signal
import tempfile
import time

from weir_spark import SparkSession, functions, types

BASE_TIME = 1700000000 # of the first input file; each later one is ten seconds newer
WAIT_S = 120
BOOTSTRAP = "127.0.0.1:9192" # of the captures
DRIVERS = {}


def driver(*names):
    """Registers how the cases of these names are run."""
    def register(function):
        for name in names:
            DRIVERS[name] = function
        return function
    return register


def load(path):
    """The cases of a packed file, by name."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    return {case["case"]: case for case in cases}


def session(conf=None, master="local[1]"):
    """A session with the settings of the captures."""
    builder = SparkSession.builder.master(master).appName("golden")
    settings = {"spark.sql.session.timeZone": "UTC", "spark.sql.shuffle.partitions": "1", "spark.sql.adaptive.enabled": "false",
                "spark.sql.streaming.numRecentProgressUpdates": "100", **(conf or {})}
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def plain(value):
    """A value as the goldens have it: times as text, bytes as hexadecimal pairs, rows as objects."""
    if isinstance(value, types.Row):
        return {name: plain(value[at]) for at, name in enumerate(value.__fields__)}
    if isinstance(value, dict):
        return {str(plain(k)): plain(v) for k, v in value.items()}
    if isinstance(value, (bytes, bytearray)):
        return " ".join(f"{byte:02X}" for byte in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "strftime") and hasattr(value, "hour"):
        text = value.strftime("%Y-%m-%d %H:%M:%S")
        return text + f".{value.microsecond:06d}".rstrip("0") if value.microsecond else text
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


class Case:
    def __init__(self, record, conf=None, master="local[1]"):
        self.name, self.info, self.input, self.expected = record["case"], record["info"], record["input"], record["expected"]
        self.items = record.get("items", [])
        self.conf, self.master = dict(conf or {}), master
        self.root = tempfile.mkdtemp(prefix="weir-stream-")
        self.tmp = os.path.join(self.root, self.name)
        os.mkdir(self.tmp)
        self.produced, self.spark, self.broker, self.from_byte = {}, None, None, 0

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.close()

    def open(self):
        self.spark, self.from_byte = session(self.conf, self.master), 0

    def close(self):
        """Ends everything of the case, however far it came. A session that does not end in good order is an artefact that nobody wants."""
        try:
            if self.spark is not None and self.spark.stop() not in (0, -signal.SIGKILL):
                self.produced["error_at_the_end.txt"] = self.spark.runner.errors()
        finally:
            if self.broker is not None:
                self.broker.stop()
            shutil.rmtree(self.root, ignore_errors=True)

    def start_broker(self):
        from stream_golden.topics import TopicBroker
        self.broker = TopicBroker()
        return self.broker

    # --- inputs ---

    def feed(self, files, folder="in", first=0):
        """Writes these texts as files of the case's folder, one a batch: their modification times tell the order."""
        path = os.path.join(self.tmp, folder)
        os.makedirs(path, exist_ok=True)
        for number, text in enumerate(files, first):
            at = os.path.join(path, f"b{number:02d}.json")
            with open(at + ".tmp", "w", encoding="utf-8") as out:
                out.write(text)
            os.utime(at + ".tmp", (BASE_TIME + 10 * number, BASE_TIME + 10 * number))
            os.rename(at + ".tmp", at)

    def files(self, prefix=""):
        """The texts of the input files below a folder, in their order."""
        return [self.input[name] for name in sorted(self.input) if re.fullmatch(re.escape(prefix) + r"b\d+\.json", name)]

    def namespace(self, **more):
        names = {kind: getattr(types, kind) for kind in ("StructType", "StructField", "StringType", "IntegerType")}
        return {"spark": self.spark, "F": functions, "IN": self.tmp + "/in", "TMP": self.tmp, **names, **more}

    def run(self, **more):
        """Runs the case's program; returns its names."""
        names = self.namespace(**more)
        exec(self.info["program"], names)
        return names

    # --- what comes out ---

    def clean(self, text):
        """Without what is of this run and this machine."""
        text = text.replace(self.root, "<TMP>")
        return text.replace(self.broker.bootstrap, BOOTSTRAP) if self.broker else text

    def put(self, name, text):
        self.produced[name] = self.clean(text)

    def put_lines(self, name, values):
        self.put(name, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values))

    def mark(self):
        """The console's text counts from here on."""
        self.from_byte = self.spark.printed()

    def console(self):
        return self.spark.console(self.from_byte)

    def progress(self, query, name="progress.jsonl"):
        """The progress, and its short form where it says more than the numbers of rows."""
        texts = query.progress_texts()
        self.put(name, "".join(text + "\n" for text in texts))
        brief = [brief_progress(json.loads(text)) for text in texts]
        if any(one["state"] or one["watermark"] for one in brief):
            self.put_lines(name.replace("progress", "batches"), brief)
        return [json.loads(text) for text in texts]

    def checkpoint(self, path="ck", name="checkpoint"):
        """The names of all files of a checkpoint (or of a sink's folder), and the texts of its logs."""
        top, listing = os.path.join(self.tmp, path), []
        for folder, _, files in os.walk(top):
            for file in files:
                full = os.path.join(folder, file)
                relative = os.path.relpath(full, top)
                listing.append(f"{os.path.getsize(full):8d} {relative}")
                if is_log(relative) and not file.endswith(".crc"):
                    with open(full, "rb") as text:
                        self.put(f"{name}/{relative}", text.read().decode("utf-8", "backslashreplace"))
        self.put(f"{name}/LISTING.txt", "\n".join(sorted(listing, key=lambda line: line[9:])) + "\n")

    def error(self, exception, name="error.txt"):
        self.put(name, error_text(exception) + "\n")

    def wait(self, query, name="error.txt", seconds=WAIT_S):
        """Waits for the query's end; its failure becomes an artefact. True: it ended well."""
        try:
            if not query.awaitTermination(seconds):
                self.put("timeout.txt", f"still running after {seconds} s\n")
                query.stop()
            return True
        except self.errors as e:
            self.error(e, name)
            return False

    def expect_error(self, function, name="error.txt"):
        """Runs it; writes its error, or "no error"."""
        try:
            query = function()
            if query is not None:
                query.awaitTermination(WAIT_S)
                query.stop()
            self.put(name, "no error\n")
        except self.errors as e:
            self.error(e, name)

    @property
    def errors(self):
        from weir_spark import PySparkException
        return (PySparkException,)

    def until(self, true, seconds=WAIT_S):
        """Waits for a condition outside of the engine: a file that appears. False: it did not come."""
        limit = time.monotonic() + seconds
        while not true():
            if time.monotonic() > limit:
                return False
            time.sleep(0.002)
        return True


def error_text(exception):
    """An error as the goldens have it."""
    return (f"python: {type(exception).__name__}\nerror_class: {getattr(exception, 'condition', None)}\n"
            f"sql_state: {getattr(exception, 'state', None)}\ntext: {exception}")


def is_log(relative):
    top = relative.split("/")[0]
    return relative == "metadata" or top in ("offsets", "commits", "sources") or relative.endswith("_metadata/metadata") or "_spark_metadata" in relative


def brief_progress(progress):
    state = []
    for one in progress["stateOperators"]:
        brief = {"op": one["operatorName"], "total": one["numRowsTotal"], "updated": one["numRowsUpdated"], "removed": one["numRowsRemoved"],
                 "dropped": one["numRowsDroppedByWatermark"]}
        if "numDroppedDuplicateRows" in one.get("customMetrics", {}):
            brief["droppedDuplicates"] = one["customMetrics"]["numDroppedDuplicateRows"]
        state.append(brief)
    event_time = dict(progress.get("eventTime", {}))
    return {"batchId": progress["batchId"], "numInputRows": progress["numInputRows"], "watermark": event_time.pop("watermark", None),
            "eventTime": event_time, "state": state, "numOutputRows": progress["sink"].get("numOutputRows")}
