"""Committed offsets that have had their time go, and so do groups of which nothing is left: from the answers, and for good. An idle broker does not
wake for it."""
import glob
import time
import unittest

from group_wire import SUBSCRIPTION, Groups, until
from weir_broker import Broker, sanitized

class Expiry(unittest.TestCase):
    def begin(self, **config):
        self.broker = Broker({"offsets.topic.num.partitions": 1, **{key.replace("_", "."): value for key, value in config.items()}}).start()
        self.addCleanup(self.broker.stop)
        self.groups = Groups(self.broker)
        self.addCleanup(self.groups.close)
        self.groups.make_topic("t")
        self.groups.make_topic("u")

    def restart(self, **how):
        self.groups.close()
        self.broker.restart(**how)
        self.groups = Groups(self.broker)
        self.addCleanup(self.groups.close)

    def test_an_offset_goes_at_its_time_and_the_group_with_the_last(self):
        self.begin(offsets_retention_check_interval_ms=20)
        self.groups.commit("simple", "t", 1, retention_ms=1)
        self.groups.commit("simple", "u", 2)
        until("the offset is forgotten", lambda: self.groups.committed("simple", "t") == -1)
        self.assertEqual(self.groups.committed("simple", "u"), 2)
        self.groups.commit("simple", "u", 2, retention_ms=1)
        until("the group is forgotten", lambda: "simple" not in self.groups.names())
        self.restart(clean=False)
        self.assertEqual((self.groups.committed("simple", "t"), self.groups.committed("simple", "u"), self.groups.names()), (-1, -1, []))

    def test_members_keep_the_offsets_of_what_they_read(self):
        self.begin(offsets_retention_check_interval_ms=20)
        member, generation = self.groups.join_alone("readers", SUBSCRIPTION["t"])
        self.groups.commit("readers", "t", 1, member, generation, retention_ms=1)
        self.groups.commit("readers", "u", 2, member, generation, retention_ms=1)
        until("what nobody reads is forgotten", lambda: self.groups.committed("readers", "u") == -1)
        self.assertEqual(self.groups.committed("readers", "t"), 1)
        self.groups.leave("readers", member)
        until("the group is forgotten", lambda: "readers" not in self.groups.names())
        self.restart(clean=False)
        self.assertEqual((self.groups.committed("readers", "t"), self.groups.names()), (-1, []))

    def test_a_group_that_is_empty_keeps_its_offsets_for_the_retention(self):
        self.begin(offsets_retention_check_interval_ms=20, offsets_retention_minutes=1)
        member, generation = self.groups.join_alone("left", SUBSCRIPTION["t"])
        self.groups.commit("left", "t", 1, member, generation)
        self.groups.leave("left", member)
        member, _ = self.groups.join_alone("gone", SUBSCRIPTION["t"])
        self.groups.leave("gone", member)
        until("the group without offsets is forgotten", lambda: self.groups.names() == ["left"])
        self.assertEqual(self.groups.committed("left", "t"), 1)
        self.restart(clean=False)
        self.assertEqual((self.groups.committed("left", "t"), self.groups.names()), (1, ["left"]))

    def test_an_open_transaction_keeps_its_offset(self):
        self.begin(offsets_retention_check_interval_ms=20)
        owner = self.groups.begin_transaction("tx", "careful")
        self.groups.commit("careful", "t", 1)
        self.groups.commit_in_transaction(owner, "t", 5)
        self.groups.commit("careful", "t", 1, retention_ms=1)
        self.groups.commit("other", "t", 1, retention_ms=1)
        until("a check has been", lambda: "other" not in self.groups.names())
        self.assertEqual(self.groups.committed("careful", "t"), 1)
        self.groups.end_transaction(owner, False)
        until("the offset is forgotten", lambda: self.groups.committed("careful", "t") == -1)

    @unittest.skipIf(sanitized(), "a sanitizer has threads of its own")
    def test_groups_do_not_wake_an_idle_broker(self):
        self.begin()
        self.groups.commit("simple", "t", 1)
        member, _ = self.groups.join_alone("empty", SUBSCRIPTION["t"])
        self.groups.leave("empty", member)

        def wakes():
            total = 0
            for path in glob.glob(f"/proc/{self.broker.pid}/task/*/status"):
                with open(path, encoding="ascii") as status:
                    total += sum(int(line.split()[1]) for line in status if line.startswith("voluntary_ctxt_switches"))
            return total

        for _ in range(5):  # the first second may have the aftermath of the last answer
            before = wakes()
            time.sleep(1)
            if wakes() == before:
                return
        self.fail("woken in each of five seconds")


if __name__ == "__main__":
    unittest.main(verbosity=2)
