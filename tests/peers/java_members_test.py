"""Apache Kafka's own consumers (Java) as cooperative and static members of one group: they share, one is killed and comes back unnoticed."""
import os
import pathlib
import re
import selectors
import signal
import subprocess
import sys
import time
import unittest

from group_wire import Groups
from weir_broker import Broker, _die_with_the_test

APACHE = str(pathlib.Path(__file__).with_name("apache_kafka.sh"))
TOPIC, PARTITIONS, GROUP = "shared", 4, "java"
LIMIT_S = 120


class Consumer:
    def __init__(self, broker, instance):
        settings = {"partition.assignment.strategy": "org.apache.kafka.clients.consumer.CooperativeStickyAssignor", "group.instance.id": instance,
                    "session.timeout.ms": 60000, "heartbeat.interval.ms": 300}
        argv = [APACHE, "kafka-console-consumer.sh", "--bootstrap-server", broker.bootstrap, "--topic", TOPIC, "--group", GROUP, "--from-beginning",
                "--formatter-property", "print.partition=true"]
        for key, value in settings.items():
            argv += ["--command-property", f"{key}={value}"]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_the_test)
        self.read, self.rest = [], b""

    def take(self):
        data = os.read(self.process.stdout.fileno(), 65536)
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.read += [line.decode() for line in lines]
        return bool(data)

    def partitions(self, label):
        """Those of which it has read the records of that label."""
        return {int(found[1]) for line in self.read if (found := re.match(rf"Partition:(\d+)\t{label}\d+$", line))}

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdout.close()


class Members(unittest.TestCase):
    def setUp(self):
        self.broker = Broker({"offsets.topic.num.partitions": 1}).start()
        self.addCleanup(self.broker.stop)
        self.groups = Groups(self.broker)
        self.addCleanup(self.groups.close)
        self.groups.call("CreateTopics", 4, {"topics": [{"name": TOPIC, "num_partitions": PARTITIONS, "replication_factor": 1}], "timeout_ms": 30000})
        self.running = []

    def start(self, instance):
        consumer = Consumer(self.broker, instance)
        self.addCleanup(consumer.kill)
        self.running.append(consumer)
        return consumer

    def await_(self, what, condition):
        end = time.monotonic() + LIMIT_S
        with selectors.DefaultSelector() as selector:
            for consumer in self.running:
                selector.register(consumer.process.stdout, selectors.EVENT_READ, consumer)
            while not condition():
                self.assertLess(time.monotonic(), end, f"waited {LIMIT_S} s until {what}\n--- broker ---\n{self.broker.output[-4000:]}")
                for key, _ in selector.select(0.2):  # the group's state makes no noise
                    if not key.data.take():
                        selector.unregister(key.fileobj)

    def members(self):
        """Their instance ids, once the group is stable and each has had its share."""
        group = self.groups.call("DescribeGroups", 5, {"groups": [GROUP]})["groups"][0]
        settled = group["group_state"] == "Stable" and all(len(m["member_assignment"]) > 10 for m in group["members"])
        return sorted(m["group_instance_id"] for m in group["members"]) if settled else []

    def produce(self, label):
        for p in range(PARTITIONS):
            subprocess.run(["kcat", "-q", "-b", self.broker.bootstrap, "-P", "-t", TOPIC, "-p", str(p)], input=f"{label}{p}", text=True, check=True, timeout=LIMIT_S)
        self.await_(f"all of {label} is read", lambda: set().union(*(c.partitions(label) for c in self.running)) == set(range(PARTITIONS)))

    def test_members_share_and_one_comes_back(self):
        a = self.start("a")
        self.await_("a is a member", lambda: self.members() == ["a"])
        self.produce("first")
        b = self.start("b")
        self.await_("both are members", lambda: self.members() == ["a", "b"])
        self.produce("second")
        shares = a.partitions("second"), b.partitions("second")
        self.assertEqual((len(shares[0]), len(shares[1]), shares[0] & shares[1]), (2, 2, set()))
        self.assertTrue(shares[0] < a.partitions("first"), "a kept half of what it had")
        generation = self.broker.output.count("preparing to rebalance")
        a.kill()
        self.running.remove(a)
        a = self.start("a")
        self.await_("a is back", lambda: "static member a is back in state Stable" in self.broker.output)
        self.produce("third")
        self.assertEqual((a.partitions("third"), b.partitions("third")), shares)
        self.assertEqual(self.broker.output.count("preparing to rebalance"), generation, "nobody rebalanced")


if __name__ == "__main__":
    fetched = subprocess.run([APACHE, "fetch"])
    if fetched.returncode != 0:
        sys.exit(fetched.returncode)
    unittest.main(verbosity=2)
