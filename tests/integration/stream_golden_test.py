#!/usr/bin/env python3
# ctest: timeout 1500
"""What Spark's streaming programs print, write and report, and what ours do: every golden case of tests/golden/streaming, run again.

A case is one artefact or many: console text, progress, checkpoint files, rows, errors. Two lists beside the cases must be true both ways:

    left_out.json   {reason: [case or case/artefact]}  what the engine is not to do yet (windows, say). Each is run all the same: one that
                                                       comes out right is no longer left out.
    misses.json     {reason: [case/artefact]}          what differs, and why. One that is right is not a miss.

    python3 tests/integration/stream_golden_test.py [--write] [--show] [CASE...]

--write makes misses.json anew, with the reasons kept; --show tells every difference of the given cases.
"""
import concurrent.futures
import json
import os
import re
import sys
import time
import traceback
from pathlib import Path

from stream_golden import case as golden
from stream_golden import compare, fraud, kafka, queries, recovery, stateful, tables  # noqa: F401: they register their drivers
from weir_spark import NotInApi, RunnerDied

SOURCE = Path(os.environ.get("WEIR_SOURCE", Path(__file__).resolve().parents[2]))
GOLDEN = SOURCE / "tests/golden/streaming"
GROUPS = ("stateful", "fraud", "kafka", "queries", "recovery")
UNSORTED = "not looked at yet"
WORKERS = 4
# Of every hundred artefacts that are not left out, at least so many are right.
FLOOR = 90
SETTINGS = {"queries": {"spark.sql.streaming.stopTimeout": "20s"}, "recovery": {"spark.sql.streaming.stateStore.maintenanceInterval": "1s"}}
# These wait for clocks: they come first, so that the others run beside them.
SLOW = ("query_listener", "kafka_latest_empty_batch0", "kafka_min_offsets", "query_status_processing_time", "source_rate", "recovery_listing_rate",
        "kafka_source_options", "kafka_sink_options", "unsupported_operations", "kafka_topic_deleted")


def load_all():
    cases, shared = {}, {}
    for group in GROUPS:
        for name, record in golden.load(GOLDEN / f"{group}.jsonl.gz").items():
            if name == "fraud_input":
                shared = record["input"]
            else:
                cases[name] = {**record, "group": group}
    return cases, shared


def load_list(name):
    """{case or artefact: reason}"""
    path = GOLDEN / name
    return {item: reason for reason, items in (json.loads(path.read_text()) if path.exists() else {}).items() for item in items}


def run(record, shared):
    """{artefact: difference or None} of a case, and what its program could not say."""
    drive = golden.DRIVERS.get(record["case"]) or (golden.DRIVERS["stateful"] if record["group"] == "stateful" else None)
    if drive is None:
        return {name: "nothing runs this" for name in record["expected"]}, {}
    case = golden.Case(record, SETTINGS.get(record["group"]))
    case.shared, case.left_out, failed = shared, {}, None
    try:
        drive(case)
    except NotInApi as e:
        failed = f"not in weir/stream.h: {e}"
    except RunnerDied as e:
        failed = f"the engine died: {e}"
    except Exception as e:
        failed = f"the driver failed: {type(e).__name__}: {e}"
        if "--show" in sys.argv:
            print("# " + traceback.format_exc().replace("\n", "\n# "))
    finally:
        case.close()
    ordered = "orderBy" in record["info"].get("program", "")
    outcome = {}
    for name, wanted in record["expected"].items():
        if name not in case.produced:
            outcome[name] = case.left_out.get(name) or failed or "was not produced"
        else:
            outcome[name] = compare.difference(name, wanted, case.produced[name], ordered)
    for name in case.produced:
        if name not in record["expected"] and name.startswith("error"):
            outcome[name] = "is no error in Spark: " + compare.message(case.produced[name])[:600]
    return outcome, case.produced


def run_all(names, cases, shared):
    """Outcomes by case, in parallel: a case waits more than it works."""
    order = sorted(names, key=lambda name: name not in SLOW)
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        began = {name: pool.submit(lambda name=name: (time.monotonic(), run(cases[name], shared), time.monotonic())) for name in order}
        done = {name: future.result() for name, future in began.items()}
    if "--times" in sys.argv:
        for name in sorted(done, key=lambda name: done[name][0] - done[name][2])[:20]:
            print(f"# {done[name][2] - done[name][0]:6.2f} s {name}")
    return {name: done[name][1] for name in names}


def problems_of(name, outcome, left_out, misses):
    """Complaints about a case: what differs and is on no list, and what is on a list and does not differ."""
    for artefact, wrong in outcome.items():
        full = f"{name}/{artefact}"
        if wrong and name not in left_out and full not in left_out and full not in misses:
            yield f"{full} differs and is not listed: {wrong}"
        if not wrong and (full in left_out or full in misses):
            yield f"{full} is listed as {'left out' if full in left_out else 'different'}, and is right"
    if name in left_out and not any(outcome.values()):
        yield f"{name} is listed as left out, and all of it is right"


def write_misses(outcomes, left_out, misses):
    after = {item: reason for item, reason in misses.items() if item.split("/")[0] not in outcomes}
    for name, (outcome, _) in outcomes.items():
        for artefact, wrong in outcome.items():
            full = f"{name}/{artefact}"
            if wrong and name not in left_out and full not in left_out:
                reason = misses.get(full, UNSORTED)
                after[full] = re.sub(r"\n.*", "", wrong) if reason == UNSORTED and wrong.startswith("not in weir/stream.h") else reason
    grouped = {}
    for item, reason in sorted(after.items()):
        grouped.setdefault(reason, []).append(item)
    (GOLDEN / "misses.json").write_text(json.dumps(grouped, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def main():
    cases, shared = load_all()
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    names = [name for name in cases if not wanted or any(re.fullmatch(pattern, name) for pattern in wanted)]
    left_out, misses = load_list("left_out.json"), load_list("misses.json")
    outcomes = run_all(names, cases, shared)
    if "--write" in sys.argv:
        write_misses(outcomes, left_out, misses)
        misses = load_list("misses.json")
    print("TAP version 13")
    bad, right, total = 0, 0, 0
    for number, name in enumerate(names, 1):
        outcome, produced = outcomes[name]
        counted = [wrong for artefact, wrong in outcome.items() if name not in left_out and f"{name}/{artefact}" not in left_out]
        right, total = right + sum(not wrong for wrong in counted), total + len(counted)
        problems = list(problems_of(name, outcome, left_out, misses))
        bad += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        if "--show" in sys.argv:
            problems += [f"{artefact}: {wrong}" for artefact, wrong in outcome.items() if wrong]
        for problem in problems:
            print("# " + problem.replace("\n", "\n#   "))
    unknown = [item for item in [*left_out, *misses] if not wanted and item.split("/")[0] not in cases]
    share = 100 * right / max(total, 1)
    print(f"{'not ok' if unknown else 'ok'} {len(names) + 1} - the lists name cases that there are {unknown}")
    low = not wanted and share < FLOOR
    print(f"{'not ok' if low else 'ok'} {len(names) + 2} - {right} of {total} artefacts are right ({share:.1f} %), {FLOOR} % are promised")
    print(f"1..{len(names) + 2}")
    return 1 if bad or unknown or low else 0


if __name__ == "__main__":
    sys.exit(main())
