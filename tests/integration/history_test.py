"""The checker of histories (tests/support/history.py): hand-made histories, good ones without a complaint, bad ones with the one that fits.

Each bad history is a good one with one thing changed, and must give exactly the anomalies named."""
import copy
import sys
import unittest

import history

GOOD = [
    {"e": "topic", "t": "a", "compacted": False},
    {"e": "topic", "t": "c", "compacted": True},
    {"e": "producer", "p": "i", "repeats": False},
    {"e": "producer", "p": "p", "repeats": True},
    {"e": "producer", "p": "x", "repeats": False},
]


def send(name, t="a", n=0, k="", off=None, x=None):
    events = [{"e": "send", "p": name.split(":")[0], "id": name, "t": t, "n": n, "k": k, **({"x": x} if x else {})}]
    return events + ([{"e": "ok", "id": name, "off": off}] if off is not None else [])


def read(level, entries, t="a", n=0, start=0, begin=0, to=None, final=True):
    entries = [[off, name] for off, name in entries]
    return {"e": "read", "level": level, "t": t, "n": n, "start": start, "from": begin, "to": to if to is not None else entries[-1][0] + 1,
            "entries": entries, "final": final}


def reads(entries, hidden=(), **more):
    """The final reads at both levels of the same records."""
    to = more.pop("to", entries[-1][0] + 1)
    shown = [(off, name) for off, name in entries if name is not None and name not in hidden]
    return [read("all", entries, to=to, **more), read("committed", shown, to=to, **more)]


def transaction(x, names, how, ended, n=0, offs=None, g=None):
    """Records of producer x in partition n, or one in each of several."""
    events = [{"e": "begin", "p": "x", "x": x}]
    for i, name in enumerate(names):
        events += send(name, n=n[i] if isinstance(n, list) else n, off=offs[i] if offs else None, x=x)
    if g:
        events.append({"e": "offsets", "p": "x", "x": x, "g": g, "t": "a", "n": 0, "off": x})
    if how:
        events.append({"e": "end", "p": "x", "x": x, "how": how})
    return events + ([{"e": "ended", "p": "x", "x": x, "how": ended}] if ended else [])


def offset(off, g="g"):
    return [{"e": "look", "g": g}, {"e": "offset", "g": g, "t": "a", "n": 0, "off": off}]


def commit(off, acked=True, g="g"):
    events = [{"e": "commit", "g": g, "t": "a", "n": 0, "off": off}]
    return events + ([{"e": "committed", "g": g, "t": "a", "n": 0, "off": off}] if acked else [])


def poll(off, name, r="f"):
    return {"e": "poll", "r": r, "t": "a", "n": 0, "off": off, "id": name}


def topic(steps, name):
    return [{"e": step, "t": name} for step in steps.split()]


def topics(*names):
    return [{"e": "topics", "names": list(names)}]


TWO = send("i:1", off=0) + send("i:2", off=1)
SPREAD = transaction(1, ["x:1", "x:2"], "commit", "committed", n=[0, 1], offs=[0, 0])
TORN = transaction(1, ["x:1", "x:2"], "commit", "unknown", n=[0, 1], offs=[0, 0])


class Good(unittest.TestCase):
    def check(self, *parts):
        events = [event for part in (GOOD, *parts) for event in part]
        before = copy.deepcopy(events)
        self.assertEqual([str(a) for a in history.check(events)], [])
        self.assertEqual(events, before)

    def test_nothing(self):
        self.check()

    def test_acknowledged_and_there(self):
        self.check(TWO, reads([(0, "i:1"), (1, "i:2")]))

    def test_an_acknowledgement_that_does_not_say_where(self):
        self.check(send("i:1", off=-1001), reads([(0, "i:1")]))

    def test_unknown_and_there_or_not(self):
        unknown = send("i:1") + [{"e": "info", "id": "i:1", "why": "?"}]
        self.check(unknown, send("i:2", off=0), reads([(0, "i:2")]))
        self.check(unknown, send("i:2", off=1), reads([(0, "i:1"), (1, "i:2")]))

    def test_retries_of_a_plain_producer(self):
        self.check(send("p:1", off=2), send("p:2", off=3), reads([(0, "p:1"), (1, "p:2"), (2, "p:1"), (3, "p:2")]))

    def test_the_log_begins_later(self):
        self.check(TWO, reads([(1, "i:2")], start=1))

    def test_the_log_is_shortened_between_the_final_reads(self):
        both = reads([(0, "i:1"), (1, "i:2")])
        both[1] = read("committed", [(1, "i:2")], start=1)
        self.check(TWO, [read("committed", [(0, "i:1")], final=False)], both)

    def test_compaction(self):
        self.check(send("i:1", t="c", k="k", off=0), send("i:2", t="c", k="k", off=1), reads([(1, "i:2")], t="c"))

    def test_the_log_is_compacted_between_the_final_reads(self):
        both = reads([(0, "i:1"), (1, "i:2")], t="c", hidden=["i:1"])
        self.check(send("i:1", t="c", k="k", off=0), send("i:2", t="c", k="k", off=1), both)

    def test_transactions(self):
        self.check(SPREAD, reads([(0, "x:1"), (1, None)]), reads([(0, "x:2"), (1, None)], n=1))
        self.check(transaction(1, ["x:1"], "abort", "aborted", offs=[0]), reads([(0, "x:1"), (1, None)], hidden=["x:1"]))
        self.check(transaction(1, ["x:1"], None, "aborted", offs=[0]), reads([(0, "x:1"), (1, None)], hidden=["x:1"]))
        self.check(transaction(1, ["x:1"], "abort", "aborted"), send("i:1", off=0), reads([(0, "i:1")]))

    def test_transactions_of_unknown_outcome(self):
        self.check(TORN, reads([(0, "x:1"), (1, None)]), reads([(0, "x:2"), (1, None)], n=1))
        self.check(TORN, reads([(0, "x:1"), (1, None)], hidden=["x:1"]), reads([(0, "x:2"), (1, None)], n=1, hidden=["x:2"]))

    def test_offsets(self):
        self.check(offset(-1), commit(1), offset(1), commit(2, acked=False), offset(1), offset(2), commit(3), offset(3))

    def test_an_acknowledgement_after_the_question(self):
        self.check([{"e": "look", "g": "g"}], commit(1), [{"e": "offset", "g": "g", "t": "a", "n": 0, "off": -1}])

    def test_offsets_of_transactions(self):
        self.check(transaction(1, ["x:1"], "commit", "committed", offs=[0], g="g"), transaction(2, ["x:2"], "abort", "aborted", offs=[2], g="g"),
                   reads([(0, "x:1"), (1, None), (2, "x:2"), (3, None)], hidden=["x:2"]), offset(1))

    def test_topics(self):
        self.check(topic("make made", "t") + topic("make", "u") + topic("make", "v"), topics("t", "u"), topic("drop dropped", "u"), topic("drop", "t"),
                   topics("t"))

    def test_a_history_that_breaks_off(self):
        """Without final reads nothing is known of what should have been in them."""
        self.check(TWO, SPREAD, transaction(2, ["x:3"], "commit", "committed", offs=[5], g="g"), offset(-1), [poll(0, "i:1")])

    def test_a_consumer_that_starts_anew(self):
        self.check(TWO, [poll(0, "i:1"), {"e": "assign", "r": "f"}, poll(0, "i:1"), poll(1, "i:2")], reads([(0, "i:1"), (1, "i:2")]))

    def test_reads_on_the_way(self):
        self.check(TWO, [read("all", [(0, "i:1")], final=False), read("committed", [(1, "i:2")], begin=1, final=False)], reads([(0, "i:1"), (1, "i:2")]))


class Bad(unittest.TestCase):
    def check(self, kinds, *parts):
        found = history.check([event for part in (GOOD, *parts) for event in part])
        self.assertEqual(sorted({a.kind for a in found}), sorted(kinds.split()), "\n".join(map(str, found)))

    def test_lost(self):
        self.check("lost", TWO, reads([(0, "i:1")]))
        self.check("lost", send("i:1", off=-1001), send("i:2", off=0), reads([(0, "i:2")]))

    def test_lost_although_the_log_begins_later(self):
        self.check("lost", send("i:1", off=0), send("i:2", off=1), send("i:3", off=2), reads([(2, "i:3")], start=1, begin=2))

    def test_lost_by_compaction(self):
        self.check("lost", send("i:1", t="c", k="k", off=0), send("i:2", t="c", k="other", off=1), reads([(1, "i:2")], t="c"))

    def test_compacted_for_a_record_that_was_aborted(self):
        self.check("lost", send("i:1", t="c", k="k", off=0), [{"e": "begin", "p": "x", "x": 1}], send("x:1", t="c", k="k", off=1, x=1),
                   [{"e": "ended", "p": "x", "x": 1, "how": "aborted"}], reads([(1, "x:1"), (2, None)], t="c", hidden=["x:1"]))

    def test_read_once_and_gone(self):
        self.check("lost", send("i:1"), send("i:2", off=0), [read("all", [(1, "i:1")], begin=1, final=False)], reads([(0, "i:2")]))

    def test_an_aborted_record_is_in_the_log_all_the_same(self):
        self.check("lost", transaction(1, ["x:1"], "abort", "aborted", offs=[0]), send("i:1", off=0), reads([(0, "i:1")]))

    def test_duplicate(self):
        self.check("duplicate", send("i:1", off=0), reads([(0, "i:1"), (1, "i:1")]))
        self.check("duplicate", transaction(1, ["x:1"], "commit", "committed", offs=[0]), reads([(0, "x:1"), (1, "x:1"), (2, None)]))

    def test_reordered(self):
        self.check("reordered", send("i:1", off=1), send("i:2", off=0), reads([(0, "i:2"), (1, "i:1")]))
        self.check("reordered", send("p:1", off=2), send("p:2", off=0), reads([(0, "p:2"), (1, "p:2"), (2, "p:1")]))

    def test_gap(self):
        self.check("gap", send("i:1", off=0), send("i:2", off=2), reads([(0, "i:1"), (2, "i:2")]))
        self.check("gap", send("i:1", off=0), reads([(0, "i:1")], to=2))
        self.check("gap", send("i:1", off=1), reads([(1, "i:1")]))

    def test_offsets_out_of_order_in_a_compacted_log(self):
        self.check("gap", send("i:1", t="c", k="a"), send("p:2", t="c", k="b"), [read("all", [(4, "i:1"), (3, "p:2")], t="c", to=5)])

    def test_inconsistent_offset(self):
        self.check("inconsistent-offset", TWO, send("p:1"), [read("all", [(0, "i:1"), (1, "p:1")], final=False)],
                   reads([(0, "i:1"), (1, "i:2"), (2, "p:1")]))

    def test_garbage(self):
        self.check("unexpected", send("i:1", off=0), reads([(0, "i:1"), (1, "i:9")]))
        self.check("unexpected", send("i:1"), [{"e": "fail", "id": "i:1", "why": "?"}], reads([(0, "i:1")]))

    def test_in_another_partition(self):
        self.check("misplaced", send("i:1", n=1), reads([(0, "i:1")]))

    def test_acknowledged_elsewhere(self):
        self.check("misplaced-ack", send("i:1", off=1), send("i:2"), reads([(0, "i:1"), (1, "i:2")]))
        self.check("misplaced-ack", send("p:1", off=5), reads([(0, "p:1"), (1, "p:1")]))

    def test_aborted_visible(self):
        self.check("aborted-visible", transaction(1, ["x:1"], "abort", "aborted", offs=[0]), reads([(0, "x:1"), (1, None)]))
        self.check("aborted-visible", transaction(1, ["x:1"], None, "aborted", offs=[0]), [poll(0, "x:1")], reads([(0, "x:1"), (1, None)], hidden=["x:1"]))

    def test_open_visible(self):
        self.check("open-visible", transaction(1, ["x:1"], None, None, offs=[0]), reads([(0, "x:1")]))

    def test_polled_before_the_commit(self):
        events = transaction(1, ["x:1"], "commit", "committed", offs=[0])
        events.insert(3, poll(0, "x:1"))
        self.check("precommitted-read", events, reads([(0, "x:1"), (1, None)]))

    def test_committed_missing(self):
        self.check("committed-missing", transaction(1, ["x:1"], "commit", "committed", offs=[0]), reads([(0, "x:1"), (1, None)], hidden=["x:1"]))

    def test_torn(self):
        self.check("torn", TORN, reads([(0, "x:1"), (1, None)]), reads([(0, "x:2"), (1, None)], n=1, hidden=["x:2"]))
        self.check("committed-missing torn", SPREAD, reads([(0, "x:1"), (1, None)]), reads([(0, "x:2"), (1, None)], n=1, hidden=["x:2"]))

    def test_hidden(self):
        self.check("hidden", TWO, reads([(0, "i:1"), (1, "i:2")], hidden=["i:2"]))

    def test_skipped_and_vanished(self):
        self.check("skipped", TWO, [read("committed", [(1, "i:2")], final=False)], reads([(0, "i:1"), (1, "i:2")]))
        self.check("vanished hidden", TWO, [read("committed", [(0, "i:1")], final=False)], reads([(0, "i:1"), (1, "i:2")], hidden=["i:1"]))

    def test_a_consumer_that_goes_back_or_skips(self):
        final = reads([(0, "i:1"), (1, "i:2")])
        self.check("poll-backwards", TWO, [poll(0, "i:1"), poll(1, "i:2"), poll(1, "i:2")], final)
        self.check("poll-skip", TWO, [poll(1, "i:2")], final)

    def test_an_offset_that_goes_back(self):
        self.check("offset-backwards", commit(1), commit(2, acked=False), offset(2), offset(1))
        self.check("offset-lost", commit(1), commit(2), offset(1))
        self.check("offset-lost", commit(1), offset(-1))

    def test_an_offset_that_nobody_committed(self):
        self.check("offset-unexpected", commit(1), offset(7))

    def test_offsets_of_transactions(self):
        aborted = transaction(1, ["x:1"], "abort", "aborted", offs=[0], g="g")
        self.check("offset-aborted", aborted, reads([(0, "x:1"), (1, None)], hidden=["x:1"]), offset(1))
        committed = transaction(1, ["x:1"], "commit", "committed", offs=[0], g="g")
        self.check("offset-lost", committed, reads([(0, "x:1"), (1, None)]), offset(-1))
        torn = transaction(1, ["x:1"], "commit", "unknown", offs=[0], g="g")
        self.check("offset-lost", torn, reads([(0, "x:1"), (1, None)]), offset(-1))
        self.check("offset-aborted", torn, reads([(0, "x:1"), (1, None)], hidden=["x:1"]), offset(1))

    def test_topics(self):
        self.check("topic-lost", topic("make made", "t"), topics())
        self.check("topic-back", topic("make made drop dropped", "t"), topics("t"))
        self.check("topic-lost", topic("make", "t"), topics("t"), topics())
        self.check("topic-back", topic("make made drop", "t"), topics(), topics("t"))


if __name__ == "__main__":
    sys.exit(0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1)
