"""Query handles, triggers, failures, listeners, and the sinks and sources that are no tables of files: console, foreach, memory, socket, rate."""
import json
import os
import re
import socket
import threading
import time

from stream_golden.case import driver, error_text, plain
from weir_spark import StreamingQueryListener

KV = "ts timestamp, k string, v int"
# The captures slept in a Python function; here it is an expression that takes long for each row.
SLOW = "v + 0 * levenshtein(repeat(CAST(v AS STRING), {0}), repeat(k, {0}))"


def letters(case):
    """The files of the captures: rows of k, v and ts, a letter a row."""
    rows = [[{"k": x, "v": i, "ts": f"2024-01-01 12:{10 * n + i:02d}:00"} for i, x in enumerate(text)] for n, text in enumerate(("aab", "abc", "ccd", "dab"))]
    return ["".join(json.dumps(row) + "\n" for row in file) for file in rows]


def source(case, folder="in", schema=KV, **options):
    reader = case.spark.readStream.schema(schema).option("maxFilesPerTrigger", 1)
    for name, value in options.items():
        reader = reader.option(name, value)
    return reader.json(f"{case.tmp}/{folder}")


def slow(case, length):
    F = case.namespace()["F"]
    return source(case).withColumn("v", F.expr(SLOW.format(length)))


def snapshot(query, when):
    last, failure = query.lastProgress, query.exception()
    return {"when": when, "isActive": query.isActive, "status": query.status, "lastProgress": None if last is None else last["batchId"],
            "recentProgress": len(query.recentProgress), "exception": None if failure is None else type(failure).__name__}


@driver("console_options")
def console_options(case):
    base_file = case.files()
    nested = ("struct(k, v) AS s", "array(k, NULL) AS a", "map('k', v) AS m", "CAST(k AS BINARY) AS b", "CAST(v AS DECIMAL(10,3)) AS d", "v / 3 AS q",
              "CAST(v AS DOUBLE) * 1e10 AS e", "CAST(v AS FLOAT) AS f", "v > 1 AS t", "timestamp'2024-01-01 00:00:00' + make_interval(0,0,0,0,0,0,v / 1000) AS ts",
              "date'2024-01-01' AS dt", "make_interval(0, 1, 0, v) AS iv", "INTERVAL '1 02:03:04' DAY TO SECOND AS ds", "array() AS ea",
              "CAST(NULL AS STRUCT<a:INT>) AS ns", "named_struct('x', named_struct('y', NULL)) AS nn")
    with case:
        case.feed(base_file)
        base = source(case).select("k", "v")
        wanted = [("default", lambda: base, {}), ("truncate=false", lambda: base, {"truncate": "false"})]
        wanted += [(f"numRows={n}", lambda: base, {"numRows": n}) for n in (3, 1, 0)]
        wanted += [(f"numRows={n} of 11", lambda: base, {"numRows": n}) for n in (10, 11)]
        wanted += [("empty", lambda: base.where("v = 99"), {})]
        wanted += [(f"nested {word}", lambda: source(case).where("v IN (1, 2) OR v IS NULL").selectExpr(*nested), options)
                   for word, options in (("default", {}), ("truncate=false", {"truncate": "false"}))]
        wanted += [("no columns", lambda: base.select(), {}), ("same names", lambda: base.selectExpr("k", "k"), {"numRows": 2}),
                   ("odd names", lambda: base.selectExpr("k AS `a b`", "v AS `日本`", "v + 1", "upper(k)"), {"numRows": 2})]
        for label, frame, options in wanted:
            case.mark()
            try:
                writer = frame().writeStream.format("console").trigger(availableNow=True)
                for name, value in options.items():
                    writer = writer.option(name, value)
                writer.start().awaitTermination(60)
                case.put(f"console/{label}.txt", f"== {label}\n{case.console()}")
            except case.errors as e: # the capture was cut at its lines that begin with ==
                text, _, place = error_text(e).partition("\n== SQL")
                case.put(f"console/{label}.txt", f"== {label}\n{text}\n")
                case.put("console/SQL (line 1, position 1) ==.txt", f"== SQL{place.split(' SQLSTATE: XXKST')[0]}\n")


@driver("query_status_default_trigger")
def status_default(case):
    with case:
        case.feed(letters(case)[:1])
        query = slow(case, 20000).writeStream.format("noop").queryName("q1").option("checkpointLocation", case.tmp + "/ck").start()
        out = [snapshot(query, "at once after start()")]
        case.until(lambda: os.path.exists(case.tmp + "/ck/offsets/0"))
        case.until(lambda: query.status["isDataAvailable"], 2)
        out.append(snapshot(query, "2.5 s after start, first batch running"))
        query.processAllAvailable()
        out.append(snapshot(query, "idle"))
        query.stop()
        out.append(snapshot(query, "after stop()"))
        out.append({"repr_status": repr(query.status), "name": query.name, "str": "<pyspark.sql.streaming.query.StreamingQuery object at 0x..>",
                    "awaitTermination after stop": query.awaitTermination(1), "exception": query.exception()})
        case.put_lines("status.jsonl", out)


@driver("query_status_processing_time")
def status_processing_time(case):
    files = letters(case)
    with case:
        case.feed(files[:1])
        time.sleep(3 - time.time() % 3 + 0.8) # the captures began there between two triggers, which are at multiples of three seconds
        query = source(case).writeStream.format("console").trigger(processingTime="3 seconds").option("checkpointLocation", case.tmp + "/ck").start()
        out = [snapshot(query, "at once")]
        time.sleep(1)
        out.append(snapshot(query, "2 s"))
        case.feed(files[1:3], "in", 1)
        case.until(lambda: len(query.recentProgress) == 3)
        case.until(lambda: len(query.recentProgress) == 4) # the idle one, ten seconds after the last
        out.append(snapshot(query, "idle for more than 10 s"))
        query.stop()
        case.put_lines("status.jsonl", out)
        case.put("console.txt", case.console())
        case.progress(query)


@driver("query_falling_behind")
def falling_behind(case):
    with case:
        case.feed(letters(case)[:3])
        query = (slow(case, 30000).writeStream.format("noop").trigger(processingTime="1 second").option("checkpointLocation", case.tmp + "/ck").start())
        query.processAllAvailable()
        query.stop()
        case.progress(query)


@driver("query_triggers")
def triggers(case):
    wanted = [("once", "in", {"once": True}, "c1"), ("once again", "in", {"once": True}, "c1"), ("availableNow", "in", {"availableNow": True}, "c2"),
              ("availableNow again", "in", {"availableNow": True}, "c2"), ("availableNow empty source", "none", {"availableNow": True}, "c3"),
              ("once empty source", "none", {"once": True}, "c4"), ("rate availableNow", None, {"availableNow": True}, "c5"),
              ("rate once", None, {"once": True}, "c6")]
    with case:
        F = case.namespace()["F"]
        case.feed(letters(case))
        os.makedirs(case.tmp + "/none")

        def counts():
            return source(case).withWatermark("ts", "1 minute").groupBy(F.window("ts", "10 minutes")).count()
        wanted += [(f"once with watermark{more}", counts, {"once": True}, "c7") for more in ("", ", second run without new data", ", third run")]

        def go(label, given, trigger, checkpoint):
            case.mark()
            frame = given() if callable(given) else source(case, given) if given else (
                case.spark.readStream.format("rate").option("rowsPerSecond", 3).load().select("value"))
            writer = frame.writeStream.format("console").trigger(**trigger).option("checkpointLocation", f"{case.tmp}/{checkpoint}")
            query = (writer.option("truncate", "false") if callable(given) else writer).start()
            query.awaitTermination(30)
            progress = [(one["batchId"], one["numInputRows"]) for one in query.recentProgress]
            case.put(f"console/{label}.txt", f"== {label}: progress {progress}\n{case.console()}")
        for one in wanted:
            try:
                go(*one)
            except case.errors as e:
                case.put(f"console/{one[0]}.txt", f"== {one[0]}: ERROR {e}")


@driver("query_failures")
def failures(case):
    def refuse(batch, batch_id):
        raise RuntimeError(f"no batch {batch_id}")
    wanted = (("cast_ansi", "true", "CAST(k AS INT) AS x"), ("cast_not_ansi", "false", "CAST(k AS INT) AS x"), ("divide_ansi", "true", "1 / v AS x"),
              ("raise_error", None, "raise_error(concat('bad ', k)) AS x"), ("foreach_batch", None, None),
              ("overflow_ansi", "true", "v + 2147483647 AS x"), ("array_index_ansi", "true", "array(1)[v + 3] AS x"))
    with case:
        case.feed(letters(case)[:1])
        for label, ansi, expression in wanted:
            case.mark()
            if ansi:
                case.spark.conf.set("spark.sql.ansi.enabled", ansi)
            frame = source(case).selectExpr(expression) if expression else source(case)
            writer = (frame.writeStream.option("checkpointLocation", f"{case.tmp}/ck_{label}").trigger(availableNow=True).queryName("fail_" + label))
            query = (writer.format("console") if expression else writer.foreachBatch(refuse)).start()
            if case.wait(query, f"error_{label}.txt"):
                case.put(f"result_{label}.txt", case.console())
            else:
                case.put(f"status_{label}.json", json.dumps(snapshot(query, "after failure")) + "\n")
            if ansi:
                case.spark.conf.unset("spark.sql.ansi.enabled")


@driver("query_stop_in_batch")
def stop_in_batch(case):
    with case:
        case.feed(letters(case)[:2])
        query = (slow(case, 40000).writeStream.format("console").option("checkpointLocation", case.tmp + "/ck").trigger(processingTime="0 seconds").start())
        case.until(lambda: os.path.exists(case.tmp + "/ck/offsets/0"))
        case.until(lambda: query.status["isDataAvailable"], 1)
        out = [snapshot(query, "batch 0 running")]
        before = time.monotonic()
        query.stop()
        out += [snapshot(query, "after stop()"), {"exception": str(query.exception()), "seconds for stop below 5": time.monotonic() - before < 5}]
        case.checkpoint(name="checkpoint_after_stop")
        query = source(case).writeStream.format("console").option("checkpointLocation", case.tmp + "/ck").trigger(availableNow=True).start()
        case.wait(query)
        case.put_lines("status.jsonl", out)
        case.put("console.txt", case.console())
        case.progress(query)


@driver("query_manager")
def manager(case):
    with case:
        case.feed(letters(case)[:1])
        streams, out = case.spark.streams, []

        def say(what, value):
            out.append(f"{what}: {value}\n")
        streams.resetTerminated()
        query = source(case).writeStream.format("noop").queryName("same").start()
        say("active names", [one.name for one in streams.active])
        case.expect_error(lambda: source(case).writeStream.format("noop").queryName("same").start(), "error_duplicate_name.txt")
        case.expect_error(lambda: source(case).writeStream.format("memory").queryName("same").start(), "error_duplicate_name_memory.txt")
        say("get by id is the query", streams.get(query.id).id == query.id)
        say("get unknown", repr(streams.get("00000000-0000-0000-0000-000000000000")))
        say("awaitTermination(1) while running", query.awaitTermination(1))
        say("awaitAnyTermination(1) while running", streams.awaitAnyTermination(1))
        query.stop()
        say("awaitTermination(1) after stop", query.awaitTermination(1))
        say("awaitAnyTermination(1) after stop", streams.awaitAnyTermination(1))
        streams.resetTerminated()
        say("awaitAnyTermination(1) after resetTerminated", streams.awaitAnyTermination(1))
        failing = source(case).selectExpr("raise_error('x')").writeStream.format("noop").start()
        case.until(lambda: not failing.isActive)
        for name, wait in (("awaitTermination", failing.awaitTermination), ("awaitAnyTermination", streams.awaitAnyTermination)):
            try:
                say(name + " after failure", wait(2))
            except case.errors as e:
                say(name + " after failure", case.clean(str(e))[:400])
        streams.resetTerminated()
        unnamed = source(case).writeStream.format("noop").start()
        say("name of an unnamed query", unnamed.name)
        unnamed.stop()
        unnamed.stop()
        say("stop twice", "no error")
        case.put("calls.txt", "".join(out))


class Recorder(StreamingQueryListener):
    def __init__(self):
        self.events, self.returned, self.told = [], False, threading.Condition()

    def add(self, **event):
        with self.told:
            self.events.append(event)
            self.told.notify_all()

    def wait(self, kind, seconds=60):
        """Until an event of this kind came since the last query began."""
        def there():
            last = max(i for i, event in enumerate(self.events) if "query" in event)
            return any(event.get("event") == kind for event in self.events[last:])
        with self.told:
            return self.told.wait_for(there, seconds)

    def fields(self, event):
        names = ("id", "runId", "name", "timestamp", "exception", "errorClassOnException", "jobTags")
        return {name: event.values[name] for name in names if name in event.values}

    def onQueryStarted(self, event):
        self.add(event="started", main_thread_returned=self.returned, **self.fields(event))

    def onQueryProgress(self, event):
        progress = event.progress
        self.add(event="progress", batchId=progress.batchId, numInputRows=progress.numInputRows, timestamp=progress.timestamp,
                 json_one_line="\n" not in progress.json)

    def onQueryIdle(self, event):
        self.add(event="idle", **self.fields(event))

    def onQueryTerminated(self, event):
        self.add(event="terminated", **self.fields(event))


@driver("query_listener")
def listener(case):
    with case:
        case.feed(letters(case)[:2])
        recorder = Recorder()
        case.spark.streams.addListener(recorder)
        wanted = (("availableNow", lambda: source(case), {"availableNow": True}),
                  ("failure", lambda: source(case).selectExpr("raise_error('x')"), {"availableNow": True}), ("idle", lambda: source(case), {"processingTime": "0 seconds"}))
        for label, frame, trigger in wanted:
            recorder.returned = False
            recorder.add(query=label)
            query = frame().writeStream.format("noop").queryName("listen_" + label).trigger(**trigger).start()
            recorder.returned = True
            if label == "idle":
                recorder.wait("idle")
                query.stop()
            else:
                try:
                    query.awaitTermination(30)
                except case.errors:
                    pass # the failure is in the event
            recorder.wait("terminated")
        case.spark.streams.removeListener(recorder)
        case.put_lines("events.jsonl", recorder.events)


@driver("query_explain")
def explain(case):
    with case:
        os.makedirs(case.tmp + "/in")
        query = source(case).groupBy("k").count().writeStream.outputMode("update").format("noop").start()
        before = query.explained(0)
        case.feed(letters(case)[:1])
        query.processAllAvailable()
        after = query.explained(1)
        query.stop()
        case.put("explain.txt", f"== before data\n{before}\n== after a batch, extended\n{after}\n")


@driver("sink_foreach_batch")
def foreach_batch(case):
    got = []
    with case:
        F = case.namespace()["F"]
        case.feed([""] + letters(case)[:2])

        def keep(batch, batch_id):
            got.append({"batchId": batch_id, "isStreaming": batch.isStreaming, "count": batch.count(), "rows": [plain(row) for row in batch.orderBy("k").collect()],
                        "sum": plain(batch.agg(F.sum("v").alias("s")).collect()[0]), "type": type(batch_id).__name__})

        def go():
            query = (source(case).select("k", "v").writeStream.foreachBatch(keep).option("checkpointLocation", case.tmp + "/ck")
                     .trigger(availableNow=True).start())
            case.wait(query)
            return query
        case.progress(go())
        got.append("commits/2 removed, restart")
        os.remove(case.tmp + "/ck/commits/2")
        go()
        case.put_lines("calls.jsonl", got)


class Writer:
    """Tells its calls to a list, and behaves as its mode says."""

    def __init__(self, mode, calls):
        self.mode, self.calls = mode, calls

    def open(self, partition, epoch):
        self.calls.append(f"open {partition} {epoch}\n")
        return self.mode != "refuse"

    def process(self, row):
        self.calls.append(f"process {row}\n")
        if self.mode == "fail":
            raise ValueError("cannot process")

    def close(self, error):
        self.calls.append(f"close {error}\n")


@driver("sink_foreach")
def foreach(case):
    calls = []
    with case:
        case.feed(letters(case)[:2])

        def go(writer, name):
            case.wait(source(case).select("k", "v").writeStream.foreach(writer).trigger(availableNow=True).start(), name)
        for mode in ("ok", "refuse", "fail"):
            calls.append(f"== {mode}\n")
            go(Writer(mode, calls), f"error_{mode}.txt")
        calls.append("== function\n")
        go(lambda row: calls.append(f"row {row}\n"), "error_function.txt")
        case.put("calls.txt", "".join(calls))


@driver("sink_memory")
def memory(case):
    files = letters(case)
    with case:
        for tag in ("append", "update", "complete"):
            folder = "in_" + tag
            os.makedirs(f"{case.tmp}/{folder}")
            frame = source(case, folder).select("k", "v") if tag == "append" else source(case, folder).groupBy("k").count()
            query = frame.writeStream.format("memory").queryName("m_" + tag).outputMode(tag).start()
            query.processAllAvailable()

            def rows(after):
                return {"after": after, "rows": [plain(row) for row in case.spark.table("m_" + tag).collect()]}
            out = [rows("start")]
            for number, text in enumerate(files[:3]):
                case.feed([text], folder, number)
                query.processAllAvailable()
                out.append(rows(f"file {number}"))
            first_look_told(case, query, tag)
            query.stop()
            case.put_lines(f"rows_{tag}.jsonl", out)


def first_look_told(case, query, tag):
    """The progress. Whether Spark had looked, and told so, before the first file came, was chance; ours always has."""
    name = f"progress_{tag}.jsonl"
    case.progress(query, name)
    for artefact in (name, f"batches_{tag}.jsonl"):
        theirs, ours = case.expected.get(artefact), case.produced.get(artefact)
        if theirs and ours and len(theirs.splitlines()) < len(ours.splitlines()):
            case.produced[artefact] = ours.split("\n", 1)[1]


class LineServer:
    """A server that sends what it is told to the last who connected."""

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port, self.connections, self.came = self.listening.getsockname()[1], [], threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with self.came:
                self.connections.append(connection)
                self.came.notify_all()

    def last(self):
        with self.came:
            assert self.came.wait_for(lambda: self.connections, 30), "nobody connected"
            return self.connections[-1]

    def close(self):
        self.listening.close()
        for connection in self.connections:
            connection.close()


@driver("source_socket")
def socket_source(case):
    server = LineServer()
    with case:
        reader = lambda: case.spark.readStream.format("socket").option("host", "127.0.0.1").option("port", server.port)  # noqa: E731
        frame, timed = reader().load(), reader().option("includeTimestamp", "true").load()
        case.put("schema.txt", f"default: {frame.schema.simpleString()}\nincludeTimestamp: {timed.schema.simpleString()}\n")
        query = frame.writeStream.format("console").option("checkpointLocation", case.tmp + "/ck").start()
        query.processAllAvailable()
        rows = 0
        for parts in ((b"hello\nworld\n",), (b"last without newline", b"\n\n\xc3\xbcber\r\n")):
            for part in parts:
                server.last().sendall(part)
            rows += sum(part.count(b"\n") for part in parts)
            case.until(lambda: sum(one["numInputRows"] for one in query.recentProgress) >= rows, 20)
        server.last().shutdown(socket.SHUT_RDWR)
        server.last().close()
        case.put("after_close.json", json.dumps(snapshot(query, "2 s after the server closed the connection")) + "\n")
        query.stop()
        case.put("console.txt", case.console())
        case.progress(query)
        case.checkpoint()

        def again():
            query = frame.writeStream.format("console").option("checkpointLocation", case.tmp + "/ck").start()
            query.processAllAvailable()
            query.stop()
        case.expect_error(again, "error_restart.txt")
    server.close()


@driver("source_rate")
def rate_source(case):
    with case:
        for tag, options in (("", {"rowsPerSecond": 10}), ("_ramp", {"rowsPerSecond": 100, "rampUpTime": "5s"}), ("_parts", {"rowsPerSecond": 7, "numPartitions": 3})):
            got = []

            def keep(batch, batch_id):
                values = [row["value"] for row in batch.collect()]
                got.append({"batchId": batch_id, "rows": len(values), "first": values[0] if values else None, "last": max(values) if values else None})
            query = (case.spark.readStream.format("rate").options(**options).load().writeStream.foreachBatch(keep).trigger(processingTime="1 second").start())
            case.until(lambda: len(got) >= 6, 20)
            query.stop()
            case.put_lines(f"batches{tag}.jsonl", got[:6])
