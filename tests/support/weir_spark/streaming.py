"""writeStream, query handles, the session's list of queries, and listeners."""
import json
import re

from weir_spark.errors import NotInApi, stream_exception
from weir_spark.types import row_of

TRIGGERS = {"processingTime": 1, "once": 2, "availableNow": 3}
INTERVAL = re.compile(r"\s*\d+ (milli)?seconds?\s*")


class DataStreamWriter:
    def __init__(self, frame):
        self.frame = frame
        self.said = {"format": None, "output_mode": None, "query_name": None, "trigger": 0, "interval": None}
        self.settings, self.partitions = {}, None

    def format(self, name):
        self.said["format"] = name
        return self

    def outputMode(self, mode):
        self.said["output_mode"] = mode
        if mode.lower() not in ("append", "update", "complete"):
            self.refused(output_mode=mode)
        return self

    def queryName(self, name):
        self.said["query_name"] = name
        return self

    def trigger(self, **kinds):
        kind, value = next(iter(kinds.items()))
        if kind not in TRIGGERS:
            raise NotInApi(f"the trigger {kind}")
        self.said["trigger"], self.said["interval"] = TRIGGERS[kind], value if kind == "processingTime" else None
        if kind == "processingTime" and not INTERVAL.fullmatch(value):
            self.refused(trigger=1, interval=value)
        return self

    def refused(self, **setting):
        """Spark refuses a bad setting where it is made, the engine at the start: raises now what it says."""
        self.frame.ask("start", format="noop", **setting)

    def option(self, name, value):
        from weir_spark.frames import option_text
        self.settings[name] = option_text(value)
        return self

    def options(self, **values):
        for name, value in values.items():
            self.option(name, value)
        return self

    def partitionBy(self, *names):
        self.partitions = list(names)
        return self

    def foreachBatch(self, function):
        from weir_spark.frames import DataFrame
        spark = self.frame.spark

        def run(event):
            function(DataFrame(spark, event["frame"]), event["batch_id"])
        self.said["foreach_batch"] = spark.runner.add_callback(run)
        return self

    def foreach(self, writer):
        spark, schema = self.frame.spark, self.frame.schema
        process = writer.process if hasattr(writer, "process") else writer

        def run(event):
            if event["event"] == "open":
                return bool(writer.open(event["partition"], event["epoch"]))
            if event["event"] == "close":
                return writer.close(Exception(event["error"]) if event["error"] is not None else None)
            return process(row_of(schema, event["row"])) and None
        self.said["foreach"] = spark.runner.add_callback(run)
        self.said["has_open"], self.said["has_close"] = hasattr(writer, "open"), hasattr(writer, "close")
        return self

    def start(self, path=None):
        if path is not None:
            self.option("path", path)
        answer = self.frame.ask("start", options=self.settings, partition_by=self.partitions,
                                **{name: value for name, value in self.said.items() if value is not None})
        return StreamingQuery(self.frame.spark, answer)


class StreamingQuery:
    def __init__(self, spark, answer):
        self.spark, self.number = spark, answer["query"]
        self.id, self.runId, self.name = answer["id"], answer["run_id"], answer["name"]

    def ask(self, command, /, **members):
        return self.spark.runner.call(command, query=self.number, **members)

    @property
    def isActive(self):
        return self.ask("is_active")

    def awaitTermination(self, timeout=None):
        ended = self.ask("await", timeout_ms=-1 if timeout is None else int(timeout * 1000))
        return None if timeout is None else ended

    def processAllAvailable(self):
        self.ask("process_all_available")

    def stop(self):
        self.ask("stop")

    def exception(self):
        text = self.ask("exception")
        return None if text is None else stream_exception(text)

    @property
    def status(self):
        return json.loads(self.ask("status"))

    @property
    def lastProgress(self):
        text = self.ask("last_progress")
        return None if text is None else json.loads(text)

    @property
    def recentProgress(self):
        return [json.loads(text) for text in self.progress_texts()]

    def progress_texts(self):
        return self.ask("recent_progress")

    def explained(self, mode=0):
        return self.ask("explain_query", mode=mode)

    def explain(self, extended=False):
        print(self.explained(1 if extended else 0))


class StreamingQueryListener:
    """Base of listeners, with PySpark's names."""

    def onQueryStarted(self, event):
        pass

    def onQueryProgress(self, event):
        pass

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        pass


class Members:
    """A JSON object whose members are attributes."""

    def __init__(self, values):
        self.__dict__.update({name: Members(value) if name == "progress" else value for name, value in values.items()})
        self.values = values

    @property
    def json(self):
        return json.dumps(self.values, separators=(",", ":"))


class StreamingQueryManager:
    KINDS = {"started": "onQueryStarted", "progress": "onQueryProgress", "idle": "onQueryIdle", "terminated": "onQueryTerminated"}

    def __init__(self, spark):
        self.spark, self.listeners = spark, {}

    @property
    def active(self):
        return [StreamingQuery(self.spark, answer) for answer in self.spark.runner.call("active")]

    def get(self, query_id):
        answer = self.spark.runner.call("get", id=query_id)
        return StreamingQuery(self.spark, answer) if answer else None

    def awaitAnyTermination(self, timeout=None):
        ended = self.spark.runner.call("await_any", timeout_ms=-1 if timeout is None else int(timeout * 1000))
        return None if timeout is None else ended

    def resetTerminated(self):
        self.spark.runner.call("reset_terminated")

    def addListener(self, listener):
        def tell(kind, event):
            getattr(listener, self.KINDS[kind])(Members(event))
        if not self.spark.runner.listeners:
            self.number = self.spark.runner.call("add_listener")
        self.listeners[id(listener)] = tell
        self.spark.runner.listeners.append(tell)

    def removeListener(self, listener):
        self.spark.runner.listeners.remove(self.listeners.pop(id(listener)))
        if not self.spark.runner.listeners:
            self.spark.runner.call("remove_listener", number=self.number)
