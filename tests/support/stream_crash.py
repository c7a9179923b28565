"""Runs tests/soak/stream_crash.c against a broker of ours, kills it at steps, and writes down what it leaves (stream_history.py says how).

    with CrashBench(seed) as bench:
        plan = bench.plans("counts")[0]                    # an uninterrupted run: its steps, and what is right
        outcome = bench.round(plan, kills)                 # kills: an iterator of (step, when, number); outcome.anomalies
"""
import collections
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile

import kafka_session
import stream_history
from kafka_wire import Connection
from log_reader import read_partition
from weir_broker import Broker, binary

SOURCE = pathlib.Path(os.environ.get("WEIR_SOURCE") or pathlib.Path(__file__).resolve().parents[2])
LIBRARY = pathlib.Path(binary()).parents[1] / "lib" / "libweir.a"
LIMIT_S = 120  # of a run
TOPIC, PARTITIONS, ROWS, IDS = "a_partitioned_topic", 2, 260, 12
CC = ["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-O1", "-g"]

# Few batches are kept, snapshots come soon: old files are removed while it runs.
CONFS = {
    "all kept": {"spark.sql.shuffle.partitions": "2"},
    "2 kept": {"spark.sql.shuffle.partitions": "2", "spark.sql.streaming.minBatchesToRetain": "2",
               "spark.sql.streaming.stateStore.minDeltasForSnapshot": "2", "spark.sql.streaming.stateStore.maintenanceInterval": "1ms"},
}
# What a batch is made of: if a run did not come by one of these, nothing was looked at.
STEPS = {
    "counts": ["rename checkpoint/metadata", "rename checkpoint/sources/N/N", "rename checkpoint/offsets/N", "rename checkpoint/commits/N",
               "rename checkpoint/state/N/N/N.delta", "send Produce"],
    "files": ["rename checkpoint/offsets/N", "rename checkpoint/commits/N", "create sink/part", "write sink/part", "rename sink/_spark_metadata/N",
              "rename sink/_spark_metadata/N.compact"],
}

Plan = collections.namedtuple("Plan", "what conf steps reference")  # steps: {step: how often}
Outcome = collections.namedtuple("Outcome", "anomalies events kills")  # kills: (step, when) at which it was killed


class Stuck(Exception):
    """A run did not come to an end."""


def whens(step):
    return ("before", "half", "after") if step.startswith(("write ", "send ")) else ("before", "after")


def make_rows(seed):
    """[(partition, text, id or None)] of the input: flagged and not, and lines that are no JSON."""
    rng, rows = random.Random(seed), []
    for n in range(PARTITIONS):
        for i in range(ROWS):
            name, flag = f"N{rng.randrange(IDS)}", int(rng.random() < 0.7)
            row = {"name": name, "surname": "Smith", "amount": f"{n}.{i}", "delta_t": f"{rng.random():.2f}", "flag": flag}
            broken = rng.random() < 0.05
            text = json.dumps(row)[:rng.randrange(1, 20)] if broken else json.dumps(row)
            rows.append((n, text, None if broken or not flag else name + "Smith"))
    return rows


class CrashBench(contextlib.AbstractContextManager):
    def __init__(self, seed):
        self.home = tempfile.mkdtemp(prefix="weir-stream-crash-")
        self.broker, self.number = None, 0
        self.program, self.killer = os.path.join(self.home, "stream_crash"), os.path.join(self.home, "kill_at.so")
        self.rows = make_rows(seed)

    def __enter__(self):
        subprocess.run([*CC, "-I", SOURCE / "runtime" / "include", SOURCE / "tests" / "soak" / "stream_crash.c", LIBRARY, f"@{LIBRARY.parent}/weir.libs",
                        "-o", self.program], check=True)
        subprocess.run([*CC, "-D_GNU_SOURCE", "-shared", "-fPIC", SOURCE / "tests" / "support" / "kill_at.c", "-o", self.killer], check=True)
        # One thread serves all: what a dead client has sent is taken in before a question that comes later.
        self.broker = Broker({"num.network.threads": 1, "offsets.topic.num.partitions": 1}).start()
        self.make_topic(TOPIC)
        with Connection(self.broker.host, self.broker.port) as c:
            for n in range(PARTITIONS):
                data = kafka_session.batch([(None, text.encode()) for partition, text, _ in self.rows if partition == n])
                part = {"index": n, "records": data}
                answer = c.call("Produce", 8, {"acks": -1, "timeout_ms": 30000, "topic_data": [{"name": TOPIC, "partition_data": [part]}]})
                assert answer["responses"][0]["partition_responses"][0]["error_code"] == 0, answer
        return self

    def __exit__(self, *_):
        if self.broker:
            self.broker.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def make_topic(self, name):
        with Connection(self.broker.host, self.broker.port) as c:
            answer = c.call("CreateTopics", 4, {"topics": [{"name": name, "num_partitions": PARTITIONS, "replication_factor": 1}], "timeout_ms": 30000})
            assert answer["topics"][0]["error_code"] == 0, answer

    def input_events(self):
        offsets = collections.Counter()
        for n, _, row_id in self.rows:
            yield {"e": "row", "n": n, "off": offsets[n], "id": row_id}
            offsets[n] += 1

    # --- rounds ---

    def plans(self, what):
        """One for each of CONFS. What is right is known from the first, which keeps all batches."""
        plans = []
        for conf in CONFS:
            plans.append(self.plan(what, conf, plans[0].reference if plans else None))
        return plans

    def plan(self, what, conf, reference=None):
        """The uninterrupted run."""
        query = Query(self, what, conf)
        log = os.path.join(query.home, "steps")
        query.run({"KILL_AT_LOG": log})
        query.look_at_state()
        with open(log, encoding="utf-8") as lines:
            steps = collections.Counter(line.rstrip("\n") for line in lines)
        missing = [step for step in STEPS[what] if not steps[step]]
        assert not missing, f"an uninterrupted run did not come by {missing}, only by {sorted(steps)}: {query.events[-1]}"
        reference = reference or stream_history.Reference([*self.input_events(), *query.events])
        found = stream_history.check(query.events, reference)
        assert not found, "an uninterrupted run is wrong: " + "\n".join(map(str, found[:5]))
        query.forget()
        return Plan(what, conf, dict(steps), reference)

    def round(self, plan, kills):
        """Kills it at these steps, one a run, as far as they are reached; the last run goes to the end."""
        query, done = Query(self, plan.what, plan.conf), []
        for step, when, number in kills:
            if query.run({"KILL_AT": f"{step}|{when}|{number}"}, f"{when} {step} #{number}"):
                break
            done.append((step, when))
        else:
            query.run({})
        query.look_at_state()
        query.forget()
        return Outcome(stream_history.check(query.events, plan.reference), query.events, done)


class Query:
    """One query with its checkpoint and its sink, from its first start to its end."""

    def __init__(self, bench, what, conf):
        bench.number += 1
        self.bench, self.what, self.events, self.read = bench, what, [], collections.Counter()
        self.home = os.path.join(bench.home, f"query{bench.number}")
        self.checkpoint, self.folder, self.topic = os.path.join(self.home, "checkpoint"), os.path.join(self.home, "out"), f"results{bench.number}"
        self.conf = [f"{name}={value}" for name, value in CONFS[conf].items()]
        os.mkdir(self.home)
        if what == "counts":
            bench.make_topic(self.topic)

    def argv(self, what):
        output = {"counts": self.topic, "files": self.folder, "state": "-"}[what]
        return [self.bench.program, what, self.bench.broker.bootstrap, TOPIC, self.checkpoint, output, *self.conf]

    def run(self, environment, step=""):
        """True: it was not killed."""
        folders = f"checkpoint={self.checkpoint}:sink={self.folder}"
        try:
            ended = subprocess.run(self.argv(self.what), env={**os.environ, "LD_PRELOAD": self.bench.killer, "KILL_AT_FOLDERS": folders, **environment},
                                   capture_output=True, text=True, timeout=LIMIT_S, check=False)
        except subprocess.TimeoutExpired:
            raise Stuck(f"a run of {self.what} ({step}) did not end within {LIMIT_S} s") from None
        killed = ended.returncode == -signal.SIGKILL
        if killed:
            self.events.append({"e": "killed", "at": step})
        elif ended.returncode == 0:
            self.events.append({"e": "done"})
        else:
            self.events.append({"e": "failed", "why": f"exit code {ended.returncode}: {ended.stderr}"})
        self.look()
        return not killed

    def look_at_state(self):
        """One batch more, without rows, in complete mode: it gives all that the state holds."""
        if self.what != "counts" or any(event["e"] == "failed" for event in self.events):
            return
        offsets = os.path.join(self.checkpoint, "offsets")
        last = max(int(name) for name in os.listdir(offsets) if name.isdigit())
        shutil.copy(os.path.join(offsets, str(last)), os.path.join(offsets, str(last + 1)))
        ended = subprocess.run(self.argv("state"), capture_output=True, text=True, timeout=LIMIT_S, check=False)
        if ended.returncode != 0:
            self.events.append({"e": "failed", "why": f"reading the state: exit code {ended.returncode}: {ended.stderr}"})
            return
        pairs = [line.split(" ") for line in ended.stdout.splitlines()]
        self.events.append({"e": "state", "counts": {name: int(count) for name, count in pairs}})

    def forget(self):
        shutil.rmtree(self.home)

    # --- looking ---

    def look(self):
        files = self.texts(self.checkpoint, "", ("offsets", "commits", "sources")) | self.texts(self.folder, "", ("_spark_metadata",))
        self.events.append({"e": "logs", "files": files})
        if self.what == "counts":
            self.look_at_topic()
        else:
            self.events.append({"e": "files", "files": {name: self.part(name) for name, _ in stream_history.named_files(files)}})

    @staticmethod
    def texts(folder, prefix, wanted):
        found = {}
        for path in sorted(pathlib.Path(folder).rglob("*")):
            name = str(path.relative_to(folder))
            if path.is_file() and not path.name.startswith(".") and (name == "metadata" or name.split("/")[0] in wanted):
                found[prefix + name] = path.read_text(encoding="utf-8")
        return found

    def look_at_topic(self):
        entries = []
        with Connection(self.bench.broker.host, self.bench.broker.port) as c:
            for n in range(PARTITIONS):
                read = read_partition(c, self.topic, n, self.read[n])
                entries += [[n, off, key.decode(), value.decode()] for off, key, value in read.entries]
                self.read[n] = read.end
        self.events.append({"e": "records", "entries": entries})

    def part(self, name):
        path = os.path.join(self.folder, name)
        try:
            with open(path, encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines]
            return {"size": os.path.getsize(path), "rows": [[row["partition"], row["offset"], row["id"], row["ms"]] for row in rows]}
        except (OSError, ValueError, KeyError) as problem:
            return {"size": None, "torn": f"{type(problem).__name__}: {problem}"}
