"""kill -9 of streaming queries at the steps that matter most, once each; and the checker of what they leave (tests/support/stream_history.py), on
hand-made histories: good ones without a complaint, bad ones with the one that fits. tests/soak/stream_crash_test.py kills at every step there is."""
import copy
import json
import unittest

import stream_history
from stream_crash import CrashBench

SEED = 20240601
# The step, when, and in which batch or how far in the round. One run is killed at all of a line.
COUNTS = [
    [("rename checkpoint/offsets/N", "before", 1), ("rename checkpoint/offsets/N", "after", 1)],
    [("write checkpoint/commits/N~", "half", 3), ("rename checkpoint/commits/N", "before", 1), ("rename checkpoint/commits/N", "after", 1)],
    [("send Produce", "half", 2), ("send Produce", "after", 1), ("rename checkpoint/state/N/N/N.delta", "after", 1)],
    [("rename checkpoint/state/N/N/N.delta", "before", 20), ("create checkpoint/commits/N~", "before", 1)],
]
FILES = [
    [("write sink/part", "half", 2), ("write sink/part", "after", 1)],
    [("rename sink/_spark_metadata/N", "before", 3), ("rename sink/_spark_metadata/N", "after", 1), ("rename checkpoint/commits/N", "before", 2)],
    [("rename sink/_spark_metadata/N.compact", "before", 1), ("rename sink/_spark_metadata/N.compact", "after", 1)],
]


class Kills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bench = cls.enterClassContext(CrashBench(SEED))

    def rounds(self, what, rounds):
        plan = self.bench.plan(what, "all kept")
        for kills in rounds:
            with self.subTest(what=what, kills=kills):
                outcome = self.bench.round(plan, iter(kills))
                self.assertEqual(outcome.kills, [(step, when) for step, when, _ in kills])
                self.assertEqual([str(anomaly) for anomaly in outcome.anomalies], [])

    def test_counts_to_a_topic(self):
        self.rounds("counts", COUNTS)

    def test_rows_to_files(self):
        self.rounds("files", FILES)


# --- the checker ---

ROWS = [{"e": "row", "n": 0, "off": off, "id": name} for off, name in enumerate(["a", "b", None, "a", "b", "a"])]


def offsets(end, ms):
    return "v1\n" + json.dumps({"batchWatermarkMs": 0, "batchTimestampMs": ms, "conf": {}}) + "\n" + json.dumps({"t": {"0": end}})


def logs(batches, commits, sink=()):
    """Batch n ends at 3 n + 3, and was at 100 + n."""
    files = {"metadata": '{"id":"1"}', **{f"offsets/{n}": offsets(3 * n + 3, 100 + n) for n in range(batches)},
             **{f"commits/{n}": 'v1\n{"nextBatchWatermarkMs":0}' for n in range(commits)},
             **{f"_spark_metadata/{n}": "v1" + "".join("\n" + json.dumps({"path": f"file:///out/{name}", "size": 10, "action": "add"}) for name in names)
                for n, names in enumerate(sink)}}
    return {"e": "logs", "files": files}


def records(*entries):
    return {"e": "records", "entries": [[0, off, key, value] for off, key, value in entries]}


def files(**parts):
    return {"e": "files", "files": {name: {"size": 10, "rows": rows} for name, rows in parts.items()}}


KILLED, DONE = {"e": "killed", "at": "a step"}, {"e": "done"}
FIRST, SECOND = [(0, "a", "1 100"), (1, "b", "1 100")], [(2, "a", "3 101"), (3, "b", "2 101")]
SECOND_AGAIN = [(off + 2, key, value) for off, key, value in SECOND]
STATE = {"e": "state", "counts": {"a": 3, "b": 2}}
WHOLE = [*ROWS, DONE, logs(2, 2), records(*FIRST, *SECOND), STATE]
AGAIN = [*ROWS, KILLED, logs(1, 0), records(), KILLED, logs(2, 1), records(*FIRST, *SECOND), DONE, logs(2, 2), records(*SECOND_AGAIN), STATE]
PART0, PART1 = [[0, 0, "a", 100], [0, 1, "b", 100]], [[0, 3, "a", 101], [0, 4, "b", 101], [0, 5, "a", 101]]
SUNK = [*ROWS, KILLED, logs(2, 1, [["p0"]]), files(p0=PART0), DONE, logs(2, 2, [["p0"], ["p1"]]), files(p0=PART0, p1=PART1)]


class Checker(unittest.TestCase):
    def check(self, events, *kinds):
        found = stream_history.check(events, stream_history.Reference(WHOLE))
        self.assertEqual(sorted({anomaly.kind for anomaly in found}), sorted(kinds), "\n".join(map(str, found)))

    def changed(self, history, change, *kinds):
        events = copy.deepcopy(history)
        change(events)
        self.check(events, *kinds)

    def test_what_is_right(self):
        self.check(WHOLE)
        self.check(AGAIN)
        self.check(SUNK)

    def test_logs(self):
        def new_text(name, text, at=-3):
            return lambda events: events[at]["files"].update({name: text})

        self.changed(AGAIN, new_text("metadata", '{"id":"2"}'), "changed")
        self.changed(AGAIN, new_text("offsets/1", offsets(6, 102)), "changed", "another time")
        self.changed(AGAIN, new_text("offsets/0", offsets(2, 100), -9), "another batch", "changed")
        self.changed(AGAIN, new_text("commits/1", "v1\n{\"next"), "torn")
        self.changed(AGAIN, new_text("commits/2", "v1\n{}"), "early", "stuck")
        self.changed(AGAIN, lambda events: events[-3]["files"].pop("commits/1"), "stuck")
        self.changed(AGAIN, lambda events: events[-3]["files"].pop("commits/0"), "open")
        self.changed(AGAIN, lambda events: events[-3]["files"].pop("offsets/1"), "lost", "early")

    def test_order(self):
        self.changed(AGAIN, lambda events: events[-6]["files"].update({"commits/1": "v1\n{}"}) or events[-5].update(records(*FIRST, SECOND[0])), "changed", "lost", "repeated")
        self.changed(AGAIN, lambda events: events[-8].update(records(*FIRST, *SECOND)) or events[-5].update(records()), "early")
        self.changed(SUNK, lambda events: events[-5]["files"].pop("offsets/1") and events[-5]["files"].update({"_spark_metadata/1": SUNK[-2]["files"]["_spark_metadata/1"]})
                     or events[-4].update(SUNK[-1]), "early")

    def test_records(self):
        self.changed(AGAIN, lambda events: events[-2]["entries"].pop() and events[-5]["entries"].pop(), "lost", "wrong")
        self.changed(AGAIN, lambda events: events[-2]["entries"].extend(records((9, "b", "2 101"))["entries"]), "repeated")
        self.changed(AGAIN, lambda events: events[-2].update(records((4, "a", "3 102"), (5, "b", "2 102"))), "another time")
        self.changed(AGAIN, lambda events: events[-2].update(records((4, "a", "5 101"), (5, "b", "2 101"))), "wrong")
        self.changed(AGAIN, lambda events: events[-2]["entries"].extend(records((9, "b", "1 100"))["entries"]), "wrong")

    def test_files(self):
        self.changed(SUNK, lambda events: events[-1].update(files(p0=PART0, p1=PART1[1:])), "lost")
        self.changed(SUNK, lambda events: events[-1].update(files(p0=PART0, p1=[*PART1, PART0[0]])), "twice")
        self.changed(SUNK, lambda events: events[-1].update(files(p0=PART0, p1=[*PART1, [0, 2, "c", 101]])), "wrong")
        self.changed(SUNK, lambda events: events[-1].update(files(p0=PART0, p1=[[*row[:3], 103] for row in PART1])), "another time")
        self.changed(SUNK, lambda events: events[-1]["files"]["p1"].update(size=9), "torn")
        self.changed(SUNK, lambda events: events[-1]["files"].update(p1={"size": None, "torn": "no JSON"}), "torn", "lost")

    def test_compacted_logs(self):
        def compacted(events):
            sunk = events[-2]["files"]
            sunk["_spark_metadata/1.compact"] = "\n".join([sunk["_spark_metadata/0"], *sunk.pop("_spark_metadata/1").split("\n")[1:]])

        self.changed(SUNK, compacted)
        self.changed(SUNK, lambda events: compacted(events) or events[-2]["files"].update({"_spark_metadata/1.compact": SUNK[-2]["files"]["_spark_metadata/1"]}), "lost")

    def test_the_end(self):
        self.changed(AGAIN, lambda events: events[-1]["counts"].update(a=2), "state")
        self.changed(AGAIN, lambda events: events[-1]["counts"].update(c=1), "state")
        self.changed(AGAIN, lambda events: events[-4].update(e="failed", why="a reason"), "failed")


if __name__ == "__main__":
    unittest.main()
