"""Members of librdkafka (kcat) that rebalance cooperatively, and static ones that come back, are fenced, and are removed by an administrator."""
import os
import re
import selectors
import signal
import subprocess
import time
import unittest

from group_wire import Groups
from weir_broker import Broker, _die_with_the_test

TOPIC, PARTITIONS = "ledger", 6
ALL = set(range(PARTITIONS))
LIMIT_S = 40
# "rebalanced (memberid ...): assigned: t [0], t [1]", or "rebalanced: incremental assignment of 2 partition(s) (memberid ...): t [0], t [1]"
EVENT = re.compile(r"% Group \S+ rebalanced\b.*?\b(assign|revoke)[a-z]*\b(.*)")


class Member:
    """A kcat in a group: what it owns, and what it was given and lost, in order."""

    def __init__(self, broker, group, **settings):
        options = {"auto.offset.reset": "earliest", "session.timeout.ms": 30000, "heartbeat.interval.ms": 200, **settings}
        argv = ["kcat", "-b", broker.bootstrap, "-u", "-f", "%p %s\n"]
        for key, value in options.items():
            argv += ["-X", f"{key.replace('_', '.')}={value}"]
        self.process = subprocess.Popen(argv + ["-G", group, TOPIC], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_die_with_the_test)
        self.owns, self.events, self.read, self.said = set(), [], [], ""
        self.rest = {self.process.stdout: b"", self.process.stderr: b""}

    def take(self, stream):
        """False at the end of the stream."""
        data = os.read(stream.fileno(), 65536)
        *lines, self.rest[stream] = (self.rest[stream] + data).split(b"\n")
        for line in map(bytes.decode, lines):
            if stream is self.process.stdout:
                self.read.append(line)
                continue
            self.said += line + "\n"
            found = EVENT.match(line)
            if found:
                partitions = set(map(int, re.findall(r"\[(\d+)\]", found[2])))
                self.events.append((found[1], partitions))
                self.owns = self.owns | partitions if found[1] == "assign" else self.owns - partitions
        return bool(data)


class Members(unittest.TestCase):
    def setUp(self):
        self.broker = Broker({"offsets.topic.num.partitions": 1}).start()
        self.addCleanup(self.broker.stop)
        self.groups = Groups(self.broker)
        self.addCleanup(self.groups.close)
        self.groups.call("CreateTopics", 4, {"topics": [{"name": TOPIC, "num_partitions": PARTITIONS, "replication_factor": 1}], "timeout_ms": 30000})
        self.selector = selectors.DefaultSelector()
        self.addCleanup(self.selector.close)

    def start(self, group, **settings):
        member = Member(self.broker, group, **settings)
        self.addCleanup(self.end, member)
        for stream in member.rest:
            self.selector.register(stream, selectors.EVENT_READ, member)
        return member

    def end(self, member, number=signal.SIGKILL):
        member.process.send_signal(number)
        member.process.wait(LIMIT_S)
        for stream in member.rest:
            if not stream.closed:
                if stream in self.selector.get_map():
                    self.selector.unregister(stream)
                stream.close()

    def await_(self, what, condition):
        end = time.monotonic() + LIMIT_S
        while not condition():
            left = end - time.monotonic()
            self.assertGreater(left, 0, f"waited {LIMIT_S} s until {what}\n--- broker ---\n{self.broker.output[-4000:]}")
            for key, _ in self.selector.select(left):
                if not key.data.take(key.fileobj):
                    self.selector.unregister(key.fileobj)

    def produce(self, label):
        """A record to each partition; what members print of them."""
        for p in range(PARTITIONS):
            subprocess.run(["kcat", "-q", "-b", self.broker.bootstrap, "-P", "-t", TOPIC, "-p", str(p)], input=f"{label}{p}", text=True, check=True,
                           timeout=LIMIT_S)
        return {f"{p} {label}{p}" for p in range(PARTITIONS)}

    def test_cooperative_members_give_up_only_what_another_gets(self):
        how = {"partition_assignment_strategy": "cooperative-sticky"}
        one = self.start("coop", **how)
        self.await_("one has all", lambda: one.owns == ALL)
        two = self.start("coop", **how)
        self.await_("they share", lambda: len(one.owns) == len(two.owns) == PARTITIONS // 2 and one.owns | two.owns == ALL)
        lost = [partitions for event, partitions in one.events if event == "revoke" and partitions]
        self.assertEqual(lost, [two.owns], "one gave up what two got, at once, and nothing else")
        sent = self.produce("a")
        self.await_("all is read", lambda: sent <= set(one.read + two.read))
        self.assertEqual(sorted(one.read + two.read), sorted(sent), "each record once")
        self.end(two, signal.SIGTERM)
        self.await_("one has all again", lambda: one.owns == ALL)
        lost = [partitions for event, partitions in one.events if event == "revoke" and partitions]
        self.assertEqual(len(lost), 1, "one gave nothing up when it was given more")

    def test_static_members_come_back_without_a_rebalance(self):
        one = self.start("static", group_instance_id="one")
        self.await_("one has all", lambda: one.owns == ALL)
        two = self.start("static", group_instance_id="two")
        self.await_("they share", lambda: one.owns and two.owns and one.owns | two.owns == ALL)
        before, share = len(one.events), set(two.owns)
        self.end(two)  # kill -9
        two = self.start("static", group_instance_id="two")
        self.await_("two is back", lambda: two.owns)
        self.assertEqual(two.owns, share, "and has what it had")
        self.assertIn("static member two is back in state Stable", self.broker.output)
        sent = self.produce("b")
        self.await_("all is read", lambda: sent <= set(one.read + two.read))
        self.assertEqual(len(one.events), before, "one has noticed nothing")
        self.end(two, signal.SIGTERM)  # a static member does not leave
        described = self.groups.call("DescribeGroups", 4, {"groups": ["static"]})["groups"][0]
        self.assertEqual(sorted(m["group_instance_id"] for m in described["members"]), ["one", "two"])
        left = self.groups.call("LeaveGroup", 4, {"group_id": "static", "members": [{"member_id": "", "group_instance_id": "two"}]})
        self.assertEqual([m["error_code"] for m in left["members"]], [0])
        self.await_("one has all", lambda: one.owns == ALL)

    def test_a_second_client_of_the_same_name_fences_the_first(self):
        first = self.start("twins", group_instance_id="same")
        self.await_("the first has all", lambda: first.owns == ALL)
        second = self.start("twins", group_instance_id="same")
        self.await_("the second has all", lambda: second.owns == ALL)
        self.await_("the first is told", lambda: "fenced" in first.said.lower())


if __name__ == "__main__":
    unittest.main(verbosity=2)
