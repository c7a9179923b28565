"""What the benchmark of engines measures: a list of measures, each of which asks one engine and gives figures."""
import os
import re
import statistics

from bench_measures import load, run_program
from bench_report import BenchError, Figure, Measure
from kafka_session import Session

PARTITIONS = 4
JSON_CASE = "advertisements, 3 of 7 fields"


class Ground:
    """What the engines stand on: a broker, its topics, a folder for checkpoints. Topics are filled when first asked for."""

    def __init__(self, broker, home):
        self.broker, self.home = broker, home
        self.filled, self.answers, self.count = set(), {}, 0

    def topic(self, events, rows, partitions=PARTITIONS):
        name = f"{events}-{rows}-{partitions}"
        if name not in self.filled:
            load("rows", self.broker, name, events=events, rows=rows, partitions=partitions, linger=5)
            self.filled.add(name)
        return name

    def fresh(self, partitions=PARTITIONS):
        """(an empty topic for input, one of one partition for output, a checkpoint folder)"""
        self.count += 1
        names = [f"input-{self.count}", f"output-{self.count}"]
        for name, count in zip(names, (partitions, 1)):
            run_program([self._tool("kafka-topics.sh"), "--bootstrap-server", self.broker.bootstrap, "--create", "--topic", name,
                         "--partitions", str(count)])
        return (*names, os.path.join(self.home, f"checkpoint-{self.count}"))

    @staticmethod
    def _tool(name):
        return os.path.join(os.environ["WEIR_BIN"], name)

    def check_answers(self, what, topic):
        """Both engines read the same, so they have as much to say about it."""
        written = Session(self.broker).bounds(topic, 0)[1]
        if self.answers.setdefault(what, written) != written:
            raise BenchError(f"one engine wrote {self.answers[what]} records, the other {written}")


def _input_rows(progress):
    return sum(p["numInputRows"] for p in progress)


def _drain(engine, ground, query, source, rows, limit=0):
    _, output, checkpoint = ground.fresh()
    answer = engine.ask("drain", query, source, output, checkpoint, limit)
    if _input_rows(answer["progress"]) != rows:
        raise BenchError(f"{engine.name} read {_input_rows(answer['progress'])} of {rows} rows")
    ground.check_answers((query, source, limit), output)
    return answer


# --- measures ---


def json_alone(rounds):
    """No broker, no query: from_json() over columns in memory, on one thread, by its processor time."""
    def run(engine, _ground):
        if engine.name != "Weir":
            return {}
        build = os.path.dirname(os.path.abspath(os.environ["WEIR_BIN"]))
        output = run_program([os.path.join(build, "tests", "bench_from_json"), str(rounds)])
        found = re.search(rf"^{re.escape(JSON_CASE)} .* ([\d.]+) M events/s", output, re.MULTILINE)
        if not found:
            raise BenchError(f"bench_from_json told nothing of {JSON_CASE}:\n{output}")
        return {"events_s": float(found.group(1))}

    return run


def throughput(query, events, rows):
    """The whole topic, which is there already, by a query that begins anew and stops at its end. The first pass of an engine is not counted."""
    def run(engine, ground):
        source = ground.topic(events, rows)
        if query not in engine.warm:
            _drain(engine, ground, query, source, rows)
            engine.warm.add(query)
        before = engine.cpu_seconds()
        answer = _drain(engine, ground, query, source, rows)
        used = engine.cpu_seconds() - before
        return {"rows_s": rows / answer["seconds"] / 1e6, "cpu_us": used / rows * 1e6}

    return run


def batches():
    """Batches of one row, one after another, with nothing to wait for."""
    def run(engine, ground):
        for rows in ([] if "batches" in engine.warm else [engine.one_row_batches // 5]) + [engine.one_row_batches]:
            source = ground.topic("transactions", rows, partitions=1)
            begun = engine.cpu_seconds()
            answer = _drain(engine, ground, "lecture", source, rows, limit=1)
            used = engine.cpu_seconds() - begun
        engine.warm.add("batches")
        if [p["numInputRows"] for p in answer["progress"] if p["numInputRows"]] != [1] * rows:
            raise BenchError(f"{engine.name} did not take one row a batch")
        return {"batch_ms": answer["seconds"] / rows * 1000, "cpu_ms": used / rows * 1000}

    return run


def trickle(**options):
    """An event is sent when the one before is answered: batches of one row, as an idle query has them."""
    def run(engine, ground):
        source, output, checkpoint = ground.fresh()
        engine.ask("start", "lecture", source, output, checkpoint, 0)
        try:
            answered = load("trickle", ground.broker, source, answers=output, partitions=PARTITIONS, **options)
        finally:
            progress = engine.ask("stop")["progress"]
        spent = [p["durationMs"]["triggerExecution"] for p in progress if p["numInputRows"]][-answered["records"]:]
        return {"batch_p50_ms": statistics.median(spent), "batch_p99_ms": sorted(spent)[len(spent) * 99 // 100], "p50_ms": answered["p50_ms"],
                "p99_ms": answered["p99_ms"]}

    return run


def _throughput_figures(times, share):
    return (("rows_s", Figure("rows", "M/s", times=times)), ("cpu_us", Figure("CPU a row", "us", share=share)))


def measures(quick):
    size = 1 if quick else 4
    clock = {"rows": 200, "seconds": 10, "warm_seconds": 3} if quick else {"rows": 1000, "seconds": 30, "warm_seconds": 10}
    return [
        Measure("from_json", json_alone(15 if quick else 51), (("events_s", Figure("3 of 7 fields of 250 bytes, one core", "M/s", at_least=8)),)),
        Measure("lecture", throughput("lecture", "transactions", size * 1000000), _throughput_figures(10, 0.1)),
        Measure("yahoo", throughput("yahoo", "advertisements", size * 500000), _throughput_figures(None, None)),
        Measure("batches", batches(), (("batch_ms", Figure("a batch of one row", "ms")), ("cpu_ms", Figure("CPU a batch", "ms")))),
        Measure("trickle", trickle(**clock),
                (("batch_p50_ms", Figure("batch p50", "ms", below=5)), ("batch_p99_ms", Figure("batch p99", "ms")),
                 ("p50_ms", Figure("event to answer, p50", "ms")), ("p99_ms", Figure("event to answer, p99", "ms")))),
    ]
