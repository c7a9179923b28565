"""The tables of many small programs: refused operations, options of the Kafka source, set-ups of the Kafka sink. An item is an artefact."""
import contextlib
import io
import json

from stream_golden.case import driver
from stream_golden.topics import records
from weir_spark import NotInApi, Window


def failure(exception, when):
    return {"when": when, "python": type(exception).__name__, "error_class": getattr(exception, "condition", None),
            "sql_state": getattr(exception, "state", None), "message": str(exception)}


def put_item(case, identity, row):
    case.put(f"item/{identity}", json.dumps(row, ensure_ascii=False) + "\n")


def stop_all(case):
    for query in case.spark.streams.active:
        query.stop()


def run_operation(case, item, names):
    """Runs an item's program; returns its row."""
    when = "build"
    try:
        for name, value in item["conf"].items():
            case.spark.conf.set(name, value)
        with contextlib.redirect_stdout(io.StringIO()):
            exec(item["program"], names)
        if names.get("out") is not None:
            when = "start"
            query = names["out"].writeStream.outputMode(item["mode"]).format("console").trigger(availableNow=True).start()
            when = "run"
            query.awaitTermination(60)
        return {"result": "no error"}
    except NotInApi as e:
        case.left_out[f"item/{item['id']}"] = f"not in weir/stream.h: {e}"
        return None
    except case.errors as e:
        return failure(e, when)
    except (TypeError, AttributeError, ValueError, StopIteration) as e:
        return {"python": type(e).__name__, "message": str(e)}
    finally:
        stop_all(case)
        for name in item["conf"]:
            case.spark.conf.unset(name)


@driver("unsupported_operations")
def operations(case):
    with case:
        case.feed(case.files() or ['{"ts": "2024-01-01 12:00:00", "k": "a", "v": 1}\n{"ts": "2024-01-01 12:01:00", "k": "b", "v": 2}\n'])
        for item in case.items:
            def read():
                return case.spark.readStream.schema("ts timestamp, k string, v int").json(case.tmp + "/in")
            static = case.spark.sql("SELECT 'a' AS k, 'Anna' AS name, timestamp '2024-01-01 00:00:00' AS sts")
            row = run_operation(case, item, case.namespace(df=read(), other=read(), static=static, Window=Window, NO=None))
            if row:
                put_item(case, item["id"], row)


@driver("kafka_source_options")
def source_options(case):
    with case:
        case.start_broker().create({"opt_a": 2, "opt_b": 1})
        case.broker.produce("opt_a", records(10, 0) + records(10, 1))
        case.broker.produce("opt_b", records(2, 0))
        for item in case.items:
            options = {"kafka.default.api.timeout.ms": "5000", "kafka.request.timeout.ms": "4000", **item["options"]}
            if item["bootstrap"]:
                options["kafka.bootstrap.servers"] = case.broker.bootstrap
            when = "load"
            try:
                frame = (case.spark.readStream if item["stream"] else case.spark.read).format("kafka").options(**options).load()
                when = "start"
                if item["stream"]:
                    query = (frame.writeStream.format("noop").trigger(availableNow=True).option("checkpointLocation", f"{case.tmp}/ck-{item['id']}").start())
                    when = "run"
                    ended = query.awaitTermination(60)
                    rows = sum(one["numInputRows"] for one in query.recentProgress)
                    row = {"result": f"no error, {rows} rows" if ended else "no end after 100 s"}
                else:
                    when = "run"
                    row = {"result": f"no error, {frame.count()} rows"}
            except case.errors as e:
                row = failure(e, when)
            finally:
                stop_all(case)
            put_item(case, item["id"], row)


def write_to_kafka(case, item):
    """Runs a set-up of the sink; returns its row."""
    when, said = "build", item["options"]
    options = {name: value for name, value in said.items() if not name.startswith("-")}
    if item["bootstrap"]:
        options["kafka.bootstrap.servers"] = case.broker.bootstrap
    try:
        reader = case.spark.readStream if item["stream"] else case.spark.read
        out = reader.schema("ts timestamp, k string, v int").json(case.tmp + "/in").selectExpr(*item["select"])
        when = "start"
        if not item["stream"]:
            writer = out.write.format("kafka").options(**options)
            (writer.mode(said["-mode"]) if "-mode" in said else writer).save()
            return {"result": "no error"}
        writer = out.writeStream.format("kafka").options(**options).trigger(availableNow=True)
        if "-checkpoint" not in said:
            writer = writer.option("checkpointLocation", f"{case.tmp}/ck-{item['id']}")
        if "-partitionBy" in said:
            writer = writer.partitionBy(said["-partitionBy"])
        query = writer.start()
        when = "run"
        query.awaitTermination(90)
        return {"result": "no error"}
    except case.errors as e:
        return failure(e, when)
    finally:
        stop_all(case)


@driver("kafka_sink_options")
def sink_options(case):
    topics = ("out_t", "out_a", "out_b", "out_c")
    with case:
        case.feed(case.files())
        case.start_broker().create({topic: 2 for topic in topics})
        seen = {topic: set() for topic in topics}
        for item in case.items:
            row, arrived = write_to_kafka(case, item), {}
            for topic in topics:
                new = [record for record in case.broker.dump(topic, 2) if (record["partition"], record["offset"]) not in seen[topic]]
                seen[topic].update((record["partition"], record["offset"]) for record in new)
                if new:
                    arrived[topic] = sorted((described(record) for record in new), key=json.dumps)
            if arrived:
                row["arrived"] = arrived
            put_item(case, item["id"], row)


def described(record):
    """A record that arrived. Where it has no key, the producer picks the partition."""
    return [record["partition"] if record["key"] is not None else None, record["key"], record["value"], record["headers"]]
