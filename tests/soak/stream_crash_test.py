# ctest: timeout 86400
"""Kills a streaming query with -9 at every step of its batches, and looks for what must never happen.

    ./weir test --soak ROUNDS
    python3 tests/soak/stream_crash_test.py [--rounds N] [--seed N] [--only counts|files]      (PYTHONPATH=tests/support)

Two queries, of ROUNDS rounds each: counts per key in update mode to a topic (at least once, the same batches), and rows to JSON files (exactly once).
A round is one query from its first batch to its last. The first kill of each round is at the next kind of step, until all have had their
turn: before, after and halfway through making, writing and renaming each file of the checkpoint and of the sink, and each request of
the producer; which of the batches it is decides the seed, and whether the next run is killed too. Every end is looked at
(tests/support/stream_history.py says what must hold), the last one with the state. At the end a table says how often each kind of step was hit."""
import argparse
import collections
import itertools
import json
import os
import random
import sys
import tempfile
import time

from stream_crash import CrashBench, Stuck, whens

KILLED_AGAIN = 0.5


class Kinds:
    """All kinds of steps, in an order of the seed's, over and over."""

    def __init__(self, plans, rng):
        self.rng, self.plans, self.coming = rng, collections.defaultdict(list), []
        for plan in plans:
            for step in plan.steps:
                for when in whens(step):
                    self.plans[step, when].append(plan)

    def next(self):
        """(a plan that comes by it, the step, when)"""
        if not self.coming:
            self.coming = list(self.plans)
            self.rng.shuffle(self.coming)
        kind = self.coming.pop()
        return self.rng.choice(self.plans[kind]), *kind

    def kills(self, plan, step, when):
        yield step, when, self.rng.randint(1, plan.steps[step])
        often = sorted(step for step, count in plan.steps.items() if count > len(plan.reference.ends) // 2)
        while self.rng.random() < KILLED_AGAIN:
            step = self.rng.choice(often)
            yield step, self.rng.choice(whens(step)), self.rng.choice((1, 1, 2, 3))


def soak(bench, what, rounds, rng):
    """(problems, how often killed at each (step, when), rounds that were not killed at all)"""
    kinds, hit, missed, problems = Kinds(bench.plans(what), rng), collections.Counter(), 0, []
    hit.update(dict.fromkeys(kinds.plans, 0))
    for n in range(rounds):
        plan, step, when = kinds.next()
        outcome = bench.round(plan, kinds.kills(plan, step, when))
        hit.update(outcome.kills)
        if not outcome.kills:  # it is not reached in every run, as maintenance has its own pace
            missed += 1
            kinds.coming.append((step, when))
        if outcome.anomalies:
            problems += [f"{what}, round {n} ({plan.conf}), killed at {outcome.kills}: {anomaly}" for anomaly in outcome.anomalies[:5]]
            with tempfile.NamedTemporaryFile("w", prefix=f"weir-stream-crash-{what}-{n}-", suffix=".jsonl", delete=False) as file:
                file.writelines(json.dumps(event) + "\n" for event in itertools.chain(bench.input_events(), outcome.events))
            problems.append(f"the history is in {file.name}")
    return problems, hit, missed


def table(what, hit):
    """The kinds of steps that were hit, and how often."""
    hit = {kind: count for kind, count in hit.items() if count > 0}
    width = max((len(step) for step, _ in hit), default=0)
    yield f"{what:<{width}}  before  half  after"
    for step in sorted({step for step, _ in hit}):
        cells = [str(hit[step, when] if (step, when) in hit else "-" if when in whens(step) else "") for when in ("before", "half", "after")]
        yield f"{step:<{width}}  {cells[0]:>6}  {cells[1]:>4}  {cells[2]:>5}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("WEIR_SOAK_ROUNDS") or 3))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("WEIR_SOAK_SEED") or random.SystemRandom().randrange(1 << 31)))
    parser.add_argument("--only", choices=("counts", "files"))
    options = parser.parse_args()
    queries = [options.only] if options.only else ["counts", "files"]
    print(f"1..{len(queries)}\n# seed {options.seed}: WEIR_SOAK_SEED={options.seed} ./weir test --soak {options.rounds}", flush=True)
    bad = False
    with CrashBench(options.seed) as bench:
        for number, what in enumerate(queries, 1):
            began = time.monotonic()
            try:
                problems, hit, missed = soak(bench, what, options.rounds, random.Random(f"{options.seed} {what}"))
            except (Stuck, AssertionError) as problem:
                problems, hit, missed = [str(problem)], {}, 0
            kills, never = sum(hit.values()), sum(count == 0 for count in hit.values())
            print(f"# {what}: {options.rounds} rounds, {kills} kills; {len(hit)} kinds of steps, {never} not hit, {missed} rounds ended before their step; "
                  f"{time.monotonic() - began:.0f} s")
            for line in [*(table(what, hit) if hit else ()), *problems[:20]]:
                print("# " + line.replace("\n", "\n# "))
            promise = "each batch as it is logged, its rows the same each time" if what == "counts" else "each row in one file, once"
            print(f"{'not ok' if problems else 'ok'} {number} - {what}: {promise}, and nothing lost", flush=True)
            bad = bad or bool(problems)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
