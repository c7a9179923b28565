"""Runs what Apache's command-line tools were asked (tests/golden/tools/TOOL.jsonl) through ours, and compares output and exit code.

Nothing in here knows a case: calls, expectations, what may differ and what cannot pass yet are data. With HOST:PORT as its argument it runs against
that broker, which must be empty."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from weir_broker import Broker, binary

GOLDEN = os.path.join(os.environ.get("WEIR_SOURCE") or os.path.join(os.path.dirname(__file__), "..", ".."), "tests", "golden", "tools")
BROKER, NOBODY = "127.0.0.1:9292", "127.0.0.1:9399" # as the captured calls spell them
LIMIT_S = 60
USAGE = re.compile(r"(?m)^Option (?:\(\* = required\))? *Description *\n(?:.*\n?)*")
JAVA = re.compile(r"(?m)^(?:[a-z]\w*\.)+\w*(?:Exception|Error)\b[\s\S]*\Z")


class Run:
    """One tool's cases against one broker."""

    def __init__(self, tool, bootstrap, folder, nobody):
        self.bootstrap, self.folder, self.nobody = bootstrap, folder, nobody
        self.cases = [json.loads(line) for line in open(os.path.join(GOLDEN, f"{tool}.jsonl"), encoding="utf-8")]
        self.later = json.load(open(os.path.join(GOLDEN, f"{tool}.later.json"), encoding="utf-8"))
        unknown = set(self.later) - {case["name"] for case in self.cases}
        assert not unknown, f"{tool}.later.json names cases that are not there: {sorted(unknown)}"

    def call(self, case):
        """What our tool does with the case, spelled as the capture spells it."""
        own = tempfile.mkdtemp(dir=self.folder)
        for name, content in case.get("files", {}).items():
            with open(os.path.join(own, name), "w", encoding="utf-8") as out:
                out.write(content)
        argv = [a.replace("<TMP>", own).replace(BROKER, self.bootstrap).replace(NOBODY, self.nobody) for a in case["argv"]]
        done = subprocess.run([binary(argv[0])] + argv[1:], input=case.get("stdin", "").encode(), capture_output=True, cwd=own, timeout=LIMIT_S, check=False)

        def told(text):
            text = text.decode(errors="replace").replace(own, "<TMP>").replace(self.bootstrap, BROKER).replace(self.nobody, NOBODY)
            return USAGE.sub("<USAGE>\n", text)
        return {"stdout": told(done.stdout), "stderr": told(done.stderr), "exit": done.returncode}

    def faults(self, case):
        """How our answer differs from Apache's: one line each."""
        ours, found = self.call(case), []
        if ours["exit"] != case["exit"]:
            found.append(f"exit code {ours['exit']} instead of {case['exit']}; it said {ours['stderr'] or ours['stdout']!r}")
        compare(found, case, "standard output", case["stdout"], ours["stdout"])
        if case.get("log"):
            told = [text.split(": ", 1)[-1] for level, _, text in case["log"] if level == "ERROR"]
            found += [f"standard error does not say {text!r} but {ours['stderr']!r}" for text in told if text not in ours["stderr"]]
        elif JAVA.search(case["stderr"]):
            expected = JAVA.sub("", case["stderr"])
            compare(found, case, "standard error", expected, ours["stderr"][:len(expected)])
        else:
            compare(found, case, "standard error", case["stderr"], ours["stderr"])
        return found


def compare(found, case, what, expected, actual):
    for pattern in case.get("volatile", []):
        expected, actual = re.sub(pattern, "#", expected), re.sub(pattern, "#", actual)
    if case.get("volatile"): # the width of a column follows its longest value
        expected, actual = re.sub(r" +", " ", expected), re.sub(r" +", " ", actual)
    if case.get("unordered_lines"):
        expected, actual = sorted(expected.split("\n")), sorted(actual.split("\n"))
        if expected != actual:
            expected, actual = [x for x in expected if x not in actual], [x for x in actual if x not in expected]
            found.append(f"{what}: missing lines {expected}\n{'':7}and lines too many {actual}")
    elif expected != actual:
        found.append(f"{what}: expected {expected!r}\n{'':7}but was {actual!r}")


def seed(bootstrap, state):
    for name, partitions, settings in state["topics"]:
        argv = [binary("kafka-topics.sh"), "--bootstrap-server", bootstrap, "--create", "--topic", name, "--partitions", str(partitions)]
        for key, value in settings.items():
            argv += ["--config", f"{key}={value}"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=LIMIT_S, check=False)
        assert done.returncode == 0 or "already exists" in done.stdout, f"seeding topic {name}: {done.stdout}{done.stderr}"
    for group, topic, partition, offset in state["groups"]:
        consumer = KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
        consumer.commit({TopicPartition(topic, partition): OffsetAndMetadata(offset, "")})
        consumer.close(autocommit=False)


def run(tool, bootstrap, nobody):
    """Runs one tool's cases; returns (passed, failed, later)."""
    folder = tempfile.mkdtemp(prefix="weir-tools-")
    try:
        cases = Run(tool, bootstrap, folder, nobody)
        faults = {}
        # Those that wait for a broker that is not there change nothing, so they may wait together.
        waiting = [case for case in cases.cases if any(NOBODY in a for a in case["argv"])]
        threads = [threading.Thread(target=lambda c=case: faults.__setitem__(c["name"], cases.faults(c))) for case in waiting]
        for thread in threads:
            thread.start()
        for case in cases.cases:
            if case not in waiting:
                faults[case["name"]] = cases.faults(case)
        for thread in threads:
            thread.join()
    finally:
        shutil.rmtree(folder)
    counts = [0, 0, 0]
    for case in cases.cases:
        name, reason = case["name"], cases.later.get(case["name"])
        found = faults.get(name, ["the case was not run to its end"])
        if reason and not found:
            found = [f"passes now: take it out of {tool}.later.json (\"{reason}\")"]
        elif reason:
            found = []
            counts[2] += 1
            print(f"later  {name}: {reason}")
        else:
            counts[0] += not found
        if found:
            counts[1] += 1
            print(f"FAILED {name}: {' '.join(case['argv'])}")
            for line in found:
                print(f"       {line}")
    print(f"{tool}: {counts[0]} passed, {counts[1]} failed, {counts[2]} later")
    return counts


def main():
    closed = socket.socket() # bound and not listening: the port refuses, and nobody else gets it
    closed.bind(("127.0.0.1", 0))
    nobody = f"127.0.0.1:{closed.getsockname()[1]}"
    failed = 0
    for file in sorted(os.listdir(GOLDEN)):
        if not file.endswith(".seed.json"):
            continue
        tool = file[:-len(".seed.json")]
        state = json.load(open(os.path.join(GOLDEN, file), encoding="utf-8"))
        if len(sys.argv) > 1:
            seed(sys.argv[1], state)
            failed += run(tool, sys.argv[1], nobody)[1]
        else:
            with Broker(state["broker"]) as broker:
                seed(broker.bootstrap, state)
                failed += run(tool, broker.bootstrap, nobody)[1]
    closed.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
