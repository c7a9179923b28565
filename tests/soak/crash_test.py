# ctest: timeout 86400
"""Kills the broker with -9 again and again under producers, transactions and consumers, and looks into their history for what must never happen.

    ./weir test --soak ROUNDS
    python3 tests/soak/crash_test.py [--rounds N] [--seed N]      (PYTHONPATH=tests/support)

One load (load.c) goes on through all rounds. A round: the broker starts, now and then is killed once more while it does; what is new in the logs is
read, and the offsets of the groups; when all clients have got on a random moment comes, and kill -9. In the end the load finishes what it has begun,
and everything is read again. tests/support/history.py then looks for anomalies. A run's random numbers come from its seed, which is printed and can
be given again (WEIR_SOAK_SEED); what threads do in which order does not. When something is wrong, the history and the data stay, and it is said where."""
import argparse
import collections
import itertools
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import history
from kafka_wire import Closed, Connection
from log_reader import ReadError, read_partition
from weir_broker import Broker

HERE = pathlib.Path(__file__).resolve().parent
LIMIT_S = 60  # for getting on after a start, and for the end
UNSTABLE_OFFSET_COMMIT = 88
TOPIC_RESOURCE = 2

# name: partitions, keys, size of large values, configuration
TOPICS = {
    "default": (2, 0, 0, {}),
    "flushed": (2, 0, 0, {"flush.messages": "1"}),
    "rolling": (1, 0, 0, {"segment.ms": "150", "retention.bytes": str(200 << 10)}),  # some hundred segments at most: a start opens them all
    "retained": (2, 0, 30000, {"segment.bytes": str(1 << 20), "retention.bytes": str(4 << 20)}),
    "compacted": (2, 12, 0, {"cleanup.policy": "compact", "segment.ms": "1000", "min.cleanable.dirty.ratio": "0.01"}),
}
INTERNAL = {"segment.bytes": str(1 << 20), "segment.ms": "500", "min.cleanable.dirty.ratio": "0.01"}
PRODUCERS = {"idempotent1": 20, "idempotent2": 20, "plain1": 20, "transactional1": 2, "transactional2": 2, "committer": 3}  # and how far each must get
TRANSACTIONAL = ("transactional1", "transactional2")
GROUPS = ("committer", "follower", "group-transactional1", "group-transactional2")
BROKER = {"num.network.threads": 2, "offsets.topic.num.partitions": 3, "transaction.state.log.num.partitions": 2, "num.partitions": 1,
          "log.retention.check.interval.ms": 100, "log.segment.delete.delay.ms": 50, "group.initial.rebalance.delay.ms": 0,
          "group.min.session.timeout.ms": 500}


class Failure(Exception):
    """Something did not get on; an anomaly of its own."""


class Load:
    """The clients: a process for those without transactions, and one for each with, that is begun anew when it dies. They share a pipe, whose lines
    become events as they come; what this side has to tell the reader goes the same way."""

    def __init__(self, program, bootstrap, seed, record):
        self.argv = [program, bootstrap, str(seed)]
        self.topics = [f"{name}:{partitions}:{keys}:{size}" for name, (partitions, keys, size, _) in TOPICS.items()]
        self.record, self.progress, self.trouble, self.ending = record, collections.Counter(), None, False
        self.state = {name: [0, 0, 0] for name in TRANSACTIONAL}  # sent, newest transaction, is it open
        self.moved, self.processes, self.left = threading.Condition(), {}, {"clients", *TRANSACTIONAL}
        output, self.pipe = os.pipe()
        self.reader = threading.Thread(target=self._read, args=(output,))
        self.reader.start()
        for name in ("clients", *TRANSACTIONAL):
            self._start(name)

    def _start(self, name):
        what = ":".join([name, *map(str, self.state[name])]) if name in self.state else name
        process = subprocess.Popen([*self.argv, what, *self.topics], stdin=subprocess.PIPE, stdout=self.pipe)
        with self.moved:
            self.processes[name] = process
            if self.ending:
                process.stdin.close()
        threading.Thread(target=self._watch, args=(name, process)).start()

    def _watch(self, name, process):
        code = process.wait()
        os.write(self.pipe, json.dumps({"e": "died", "p": name, "why": f"exit code {code}"}).encode() + b"\n")

    def _read(self, output):
        with open(output, "rb") as lines:
            while self.left:
                event = json.loads(lines.readline())
                self.record(event)
                self._follow(event)
                if event["e"] == "died":
                    if event["p"] in TRANSACTIONAL and "-" in event["why"] and not self.trouble:  # by a signal: its own, or librdkafka's assertion
                        self._start(event["p"])
                    else:
                        self.left.discard(event["p"])
                self._note(event)

    def _follow(self, event):
        """What the next process of the name must know."""
        state = self.state.get(event.get("p"))
        if state is None:
            return
        if event["e"] == "send":
            state[0] = int(event["id"].rsplit(":", 1)[1])
        elif event["e"] == "begin":
            state[1:] = event["x"], 1
        elif event["e"] == "end" and event["how"] == "commit":
            state[2] = 2
        elif event["e"] == "ended":
            state[2] = 0

    def _note(self, event):
        with self.moved:
            if event["e"] in ("fatal", "stuck"):
                self.trouble = self.trouble or f"{event['p']}: {event['why']}"
            if event["e"] == "died" and "-" not in event["why"] and (event["why"] != "exit code 0" or not self.ending):
                self.trouble = self.trouble or f"{event['p']} ended: {event['why']}"
            if event["e"] in ("ended", "committed") or (event["e"] == "ok" and event["p"] not in TRANSACTIONAL):
                self.progress[event["p"]] += 1
            self.moved.notify_all()

    def _wait(self, what, reached):
        with self.moved:
            if not self.moved.wait_for(lambda: self.trouble or reached(), LIMIT_S):
                raise Failure(f"within {LIMIT_S} s {what()}")
            if self.trouble:
                raise Failure(f"a client gave up: {self.trouble}")

    def wait_for_progress(self):
        before = dict(self.progress)

        def behind():
            return [name for name, count in PRODUCERS.items() if self.progress[name] < before.get(name, 0) + count]

        self._wait(lambda: f"no progress of {', '.join(behind())}", lambda: not behind())

    def finish(self):
        """Transactions first: the follower must see the last of them before the closing records."""
        for names in (TRANSACTIONAL, ("clients",)):
            with self.moved:
                self.ending = True
                for name in names:
                    self.processes[name].stdin.close()
            self._wait(lambda: "the load did not come to an end", lambda: not self.left & set(names))

    def kill(self):
        with self.moved:
            self.trouble = self.trouble or "the test is over"
            for process in self.processes.values():
                process.kill()
        self.reader.join()
        os.close(self.pipe)


class Administrator:
    """Makes topics and deletes all but the first, until the broker is gone."""

    def __init__(self, broker, number, record):
        self.connection, self.number, self.record = Connection(broker.host, broker.port), number, record
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        try:
            with self.connection as c:
                for n in itertools.count():
                    name = f"made-{self.number}-{n}"
                    topic = {"name": name, "num_partitions": 1, "replication_factor": 1}
                    self._do("make", name, lambda: c.call("CreateTopics", 4, {"topics": [topic]})["topics"])
                    if n > 0:
                        self._do("drop", name, lambda: c.call("DeleteTopics", 3, {"topic_names": [name], "timeout_ms": 5000})["responses"])
        except (Closed, OSError):
            pass

    def _do(self, what, name, call):
        self.record({"e": what, "t": name})
        if call()[0]["error_code"] == 0:
            self.record({"e": {"make": "made", "drop": "dropped"}[what], "t": name})

    def join(self):
        self.thread.join()


class Soak:
    def __init__(self, program, home, seed):
        self.random, self.seed, self.program = random.Random(seed), seed, program
        self.broker = Broker(BROKER, log_dir=os.path.join(home, "data"))
        self.history = open(os.path.join(home, "history.jsonl"), "w", encoding="utf-8")
        self.events, self.lock, self.positions = [], threading.Lock(), collections.Counter()
        self.load, self.killed_while_starting, self.longest_start_s = None, 0, 0.0

    def record(self, event):
        with self.lock:
            self.events.append(event)
            self.history.write(json.dumps(event, separators=(",", ":")) + "\n")

    def broker_died(self):
        code = self.broker.process.poll() if self.broker.process else None
        return "" if code is None else f"; the broker had died by itself, with {code}: {self.broker.output[-2000:]}"

    def close(self):
        if self.load:
            self.load.kill()
        self.history.close()

    # --- before ---

    def prepare(self):
        self.broker.start()
        self.broker.config["listeners"] = f"PLAINTEXT://{self.broker.bootstrap}"  # clients must find it again
        with Connection(self.broker.host, self.broker.port) as c:
            answer = c.call("CreateTopics", 5, {"topics": [
                {"name": name, "num_partitions": partitions, "replication_factor": 1,
                 "configs": [{"name": key, "value": value} for key, value in config.items()]}
                for name, (partitions, _, _, config) in TOPICS.items()]})
            codes = {topic["error_code"] for topic in answer["topics"]}
            c.call("FindCoordinator", 1, {"key": "any", "key_type": 0})  # makes the internal topics
            c.call("FindCoordinator", 1, {"key": "any", "key_type": 1})
            answer = c.call("IncrementalAlterConfigs", 0, {"resources": [
                {"resource_type": TOPIC_RESOURCE, "resource_name": name,
                 "configs": [{"name": key, "config_operation": 0, "value": value} for key, value in INTERNAL.items()]}
                for name in ("__consumer_offsets", "__transaction_state")]})
            codes |= {row["error_code"] for row in answer["responses"]}
            assert codes == {0}, answer
        for name, (_, keys, _, _) in TOPICS.items():
            self.record({"e": "topic", "t": name, "compacted": keys > 0})
        for name in (*PRODUCERS, "closing"):
            self.record({"e": "producer", "p": name, "repeats": name.startswith("plain")})
        self.load = Load(self.program, self.broker.bootstrap, self.seed, self.record)

    # --- looking ---

    def read(self, connection, level, final):
        for topic, (partitions, _, _, _) in TOPICS.items():
            for n in range(partitions):
                start = 0 if final else self.positions[level, topic, n]
                read = read_partition(connection, topic, n, start, level == "committed")
                entries = [[off, None if value is None else value.split(b" ", 1)[0].decode()] for off, _, value in read.entries
                           if value is not None or level == "all"]
                self.record({"e": "read", "level": level, "t": topic, "n": n, "start": read.start, "from": start, "to": read.end,
                             "entries": entries, "final": final})
                self.positions[level, topic, n] = read.end

    def look_at_offsets(self, connection):
        for group in GROUPS:
            while True:  # an open transaction holds its offsets back
                self.record({"e": "look", "g": group})
                topics = [{"name": name, "partition_indexes": list(range(row[0]))} for name, row in TOPICS.items()]
                answer = connection.call("OffsetFetch", 8, {"groups": [{"group_id": group, "topics": topics}], "require_stable": True})["groups"][0]
                rows = [(topic["name"], row) for topic in answer["topics"] for row in topic["partitions"]]
                errors = {answer["error_code"], *(row["error_code"] for _, row in rows)} - {0}
                if not errors:
                    break
                if errors != {UNSTABLE_OFFSET_COMMIT}:
                    raise Failure(f"the offsets of group {group}: errors {errors}")
                self.load.wait_for_progress()
            for topic, row in rows:
                self.record({"e": "offset", "g": group, "t": topic, "n": row["partition_index"], "off": row["committed_offset"]})

    def look(self, final=False):
        with Connection(self.broker.host, self.broker.port) as c:
            topics = c.call("Metadata", 8, {"topics": None})["topics"]
            self.record({"e": "topics", "names": [topic["name"] for topic in topics]})
            self.read(c, "all", final)
            self.read(c, "committed", final)
            self.look_at_offsets(c)

    # --- rounds ---

    def round(self, number):
        self.load.wait_for_progress()
        self.look()
        administrator = Administrator(self.broker, number, self.record)
        time.sleep(self.random.uniform(0, 0.3))  # a random moment is the matter here
        died = self.broker_died()
        self.broker.kill()
        administrator.join()
        if died:
            raise Failure(f"round {number}{died}")
        while self.random.random() < 0.3:
            self.broker.kill_while_starting(self.random.uniform(0, 0.03))
            self.killed_while_starting += 1
        began = time.monotonic()
        self.broker.start()
        self.longest_start_s = max(self.longest_start_s, time.monotonic() - began)

    def run(self, rounds):
        self.prepare()
        for n in range(rounds):
            self.round(n)
            if (n + 1) % 50 == 0:
                print(f"# {n + 1} rounds", flush=True)
        self.load.finish()
        self.broker.restart(clean=False)
        self.look(final=True)


def summary(soak, seconds):
    count = collections.Counter(e["e"] if e["e"] != "ended" else e["how"] for e in soak.events)
    renewed = collections.Counter(e["why"] for e in soak.events if e["e"] in ("renewed", "died") and e["why"] != "exit code 0")
    again = f", clients begun anew after {dict(renewed)}" if renewed else ""
    return (f"{count['send']} records sent, {count['ok']} acknowledged, {count['poll']} followed; {count['made']} topics made, {count['dropped']} deleted; "
            f"transactions: {count['begin']} begun, {count['aborted']} aborted, {count['unknown']} of unknown outcome{again}; "
            f"{soak.killed_while_starting} more kills while starting, the longest start took {soak.longest_start_s:.2f} s; {seconds:.0f} s in all")


def judge(soak, failure):
    return ([f"stuck: {failure}"] if failure else []) + [str(anomaly) for anomaly in history.check(soak.events)]


def compile_load(folder):
    program = os.path.join(folder, "load")
    subprocess.run(["cc", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1", HERE / "load.c", "-lrdkafka", "-lpthread", "-o", program],
                   check=True)
    return program


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("WEIR_SOAK_ROUNDS") or 3))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("WEIR_SOAK_SEED") or random.SystemRandom().randrange(1 << 31)))
    options = parser.parse_args()
    print(f"1..1\n# seed {options.seed}: WEIR_SOAK_SEED={options.seed} ./weir test --soak {options.rounds}", flush=True)
    home, began, failure = tempfile.mkdtemp(prefix="weir-soak-"), time.monotonic(), None
    soak = Soak(compile_load(home), home, options.seed)
    try:
        try:
            soak.run(options.rounds)
        except (Failure, ReadError, Closed, OSError) as problem:
            failure = f"{type(problem).__name__}: {problem}" + soak.broker_died()
        finally:
            soak.close()
        problems = judge(soak, failure)
        print(f"# {summary(soak, time.monotonic() - began)}")
        for problem in problems[:20]:
            print("# " + problem.replace("\n", "\n# "))
        if len(problems) > 20:
            print(f"# and {len(problems) - 20} more")
        if problems:
            shutil.copy(soak.broker.output_path, os.path.join(home, "broker.txt"))
            print(f"# kept in {home}: history.jsonl, data, broker.txt (what the broker said)")
        print(f"{'not ok' if problems else 'ok'} 1 - {options.rounds} kills: nothing lost, repeated, out of order, half done or seen too early")
    finally:
        soak.broker.stop()
    if not problems:
        shutil.rmtree(home)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
