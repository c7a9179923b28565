#!/usr/bin/env python3
"""What Spark answers to expressions, and what we do: every golden case through `weir expr`.

tests/golden/expressions/misses.json lists the cases whose answers differ, by file and line, each under its reason:

    {"expressions/strings.jsonl": {"not written yet: soundex": [12, 13], ...}, ...}

The list must be true both ways: a case that fails and is not listed fails the test, and so does a listed case that passes. With
ansi off the cases are run too, for what 4.1 answers then (3.5's answers, but for those in ansi_off.jsonl); their differences are listed
under "ansi off". To write the list anew after a change, with the reasons kept: --write.
"""
import json
import os
import sys
from pathlib import Path

import expr_golden

SOURCE = Path(os.environ.get("WEIR_SOURCE", Path(__file__).resolve().parents[2]))
WEIR = Path(os.environ.get("WEIR_BIN", SOURCE / "build/bin")) / "weir"
GOLDEN = SOURCE / "tests/golden"
MISSES = GOLDEN / "expressions/misses.json"
UNSORTED = "not looked at yet"

# What the engine promises: at least so many of a hundred cases.
FLOORS = {
    "expressions/casts_pairs.jsonl": 98,
    "expressions/casts_text.jsonl": 98,
    "expressions/casts_other.jsonl": 95,
    "expressions/arithmetic.jsonl": 98,
    "expressions/comparisons.jsonl": 95,
    "expressions/doubles.jsonl": 98,
    "expressions/names.jsonl": 90,
    "json/from_json_lecture.jsonl": 95,
    "json/from_json_types.jsonl": 95,
    "json/from_json_malformed.jsonl": 95,
    "json/from_json_nested.jsonl": 90,
}


def files():
    for folder in ("expressions", "json"):
        for path in sorted((GOLDEN / folder).glob("*.jsonl")):
            if path.name != "ansi_off.jsonl":
                yield path


def cause(case, wanted, got):
    """A first guess at the reason, for --write."""
    text = str(got.get("message", "")) + str(got.get("show", ""))
    if "UNRESOLVED_ROUTINE" in str(got.get("error", "")) + text:
        routine = text.split("`")[1] if "`" in text else ""
        return f"no such function yet: {routine}"
    if got.get("error") == "PARSE_SYNTAX_ERROR" and "error" not in wanted:
        return "syntax that is not read yet"
    differ = sorted(key for key in set(wanted) | set(got) if wanted.get(key) != got.get(key))
    if differ == ["message"]:
        return "another text of the message"
    if differ == ["nullable"]:
        return "another nullability"
    if differ == ["name"]:
        return "another name"
    return UNSORTED


def measure():
    """{file: outcome} of all files."""
    return {str(path.relative_to(GOLDEN)): expr_golden.run_file(str(WEIR), path) for path in files()}


def write(outcomes):
    before = json.loads(MISSES.read_text()) if MISSES.exists() else {}
    after = {}
    for name, outcome in outcomes.items():
        reasons = {line: reason for reason, lines in before.get(name, {}).items() for line in lines}
        grouped = {}
        for line, (case, wanted, got) in outcome["misses"].items():
            reason = reasons.get(line, UNSORTED)
            if reason == UNSORTED:
                reason = cause(case, wanted, got)
            grouped.setdefault(reason, []).append(line)
        if grouped:
            after[name] = dict(sorted(grouped.items()))
    MISSES.write_text(json.dumps(after, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def check(name, outcome, listed):
    """Lines of complaint."""
    known = {line for lines in listed.values() for line in lines}
    failed = set(outcome["misses"])
    total = outcome["passed"] + len(failed)
    share = 100 * outcome["passed"] / max(total, 1)
    problems = []
    for line in sorted(failed - known)[:5]:
        case, wanted, got = outcome["misses"][line]
        problems.append(f"{name}:{line} differs and is not listed: {case.get('expr', case.get('input'))!r}\n"
                        f"#     wanted {wanted}\n#     got    {got}")
    for line in sorted(known - failed):
        problems.append(f"{name}:{line} is listed as different, and is right")
    if share < FLOORS.get(name, 0):
        problems.append(f"{name}: {share:.1f} % of the cases pass, {FLOORS[name]} % are promised")
    print(f"# {name}: {outcome['passed']} of {total} ({share:.1f} %), {outcome['left_out']} of another shape left out")
    return problems


def main():
    outcomes = measure()
    if "--write" in sys.argv[1:]:
        write(outcomes)
    listed = json.loads(MISSES.read_text()) if MISSES.exists() else {}
    print("TAP version 13")
    bad = 0
    for number, (name, outcome) in enumerate(outcomes.items(), 1):
        problems = check(name, outcome, listed.get(name, {}))
        bad += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {name}")
        for problem in problems:
            print(f"# {problem}")
    print(f"1..{len(outcomes)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
