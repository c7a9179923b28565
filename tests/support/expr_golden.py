"""Runs the golden cases of expressions through `weir expr` and compares.

By hand, while working on a function:

    python3 tests/support/expr_golden.py --weir build/bin/weir --show 20 tests/golden/expressions/strings.jsonl
"""
import argparse
import base64
import json
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

PLAN = re.compile(r";\n[~'+A-Z].*\Z", re.S)
COMPARED = ("name", "type", "nullable", "value", "values", "columns", "rows", "error", "sqlstate", "message")


def load(path):
    """(line number, case) of each case."""
    lines = Path(path).read_bytes().split(b"\n")
    return [(number, json.loads(line)) for number, line in enumerate(lines, 1) if line.strip()]


def sql_text(text):
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + escaped + "'"


def sql_value(text):
    """A string, or null; in hexadecimal digits where SQL text cannot have it."""
    if text is None:
        return "CAST(NULL AS STRING)"
    if "\0" in text:
        return f"CAST(X'{text.encode().hex()}' AS STRING)"
    return sql_text(text)


def from_json_requests(case):
    """The case as two expressions: the value, and its to_json."""
    if "input_b64" in case:
        value = f"CAST(X'{base64.b64decode(case['input_b64']).hex()}' AS STRING)"
    else:
        value = sql_value(case["input"])
    call = f"from_json(value, {sql_text(case['schema'])}"
    if case.get("options"):
        pairs = [sql_text(part) for pair in case["options"].items() for part in pair]
        call += f", map({', '.join(pairs)})"
    call += ")"
    rows = f"VALUES ({value}) AS t(value)"
    return [{"expr": call, "from": rows}, {"expr": f"to_json({call})", "from": rows}]


def without_plan(message):
    """Spark appends the plan to errors of analysis; that plan is its own."""
    return PLAN.sub("", message) if isinstance(message, str) else message


def is_from_json(case):
    return "schema" in case and ("input" in case or "input_b64" in case)


def requests_of(case, ansi):
    """What to ask for this case; None: a shape that the scratchpad does not take."""
    if "sql" in case:
        return None
    if is_from_json(case):
        asked = from_json_requests(case)
    else:
        asked = [{key: case[key] for key in ("expr", "from", "timezone") if key in case}]
        if "j" in case:
            asked[0]["from"] = f"VALUES ({sql_value(case['j'])}) AS t(j)"
        if "from" in case and not case["from"].startswith("VALUES"):
            return None
    for request in asked:
        request["ansi"] = ansi
    return asked


def difference(case, expected, answers):
    """None, or what is wrong."""
    got = answers[0]
    if is_from_json(case):
        if "error" in expected:
            wanted = {"error": expected["error"]}
            got = {"error": got.get("error")}
        else:
            wanted = {"type": expected["type"], "show": expected["show"], "to_json": expected.get("to_json")}
            second = answers[1]
            got = {
                "type": got.get("type"),
                "show": got.get("value", got.get("error")),
                "to_json": second.get("value") if "to_json" in expected else None,
            }
    else:
        wanted = {key: without_plan(expected[key]) for key in COMPARED if key in expected}
        got = {key: without_plan(got[key]) for key in COMPARED if key in got}
    today = datetime.now(timezone.utc).strftime("%Y-%m-%d")  # a time alone is of the day when it is read
    wanted = {key: value.replace("<TODAY>", today) if isinstance(value, str) else value for key, value in wanted.items()}
    return None if wanted == got else (wanted, got)


def ask(weir, requests):
    text = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([weir, "expr", "--json"], input=text.encode(), capture_output=True, timeout=300)
    answers = [json.loads(line) for line in done.stdout.split(b"\n") if line.strip()]
    if done.returncode != 0 or len(answers) != len(requests):
        culprit = requests[len(answers)] if len(answers) < len(requests) else None
        raise RuntimeError(
            f"weir expr ended with {done.returncode} after {len(answers)} of {len(requests)} answers; next was "
            f"{culprit}; {done.stderr.decode(errors='replace')[-2000:]}"
        )
    return answers


def run_file(weir, path, ansi=True):
    """{"passed": n, "left_out": n, "misses": {line: (case, wanted, got)}}"""
    cases, flat = [], []
    left_out = 0
    for number, case in load(path):
        expected = case.get("both") or case.get("v4_1" if ansi else "v3_5")
        asked = requests_of(case, ansi) if expected else None
        if not asked:
            left_out += 1
            continue
        cases.append((number, case, expected, len(flat), len(asked)))
        flat.extend(asked)
    answers = ask(weir, flat) if flat else []
    misses = {}
    for number, case, expected, first, count in cases:
        wrong = difference(case, expected, answers[first : first + count])
        if wrong:
            misses[number] = (case, *wrong)
    return {"passed": len(cases) - len(misses), "left_out": left_out, "misses": misses}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--weir", default="build/bin/weir")
    parser.add_argument("--show", type=int, default=10, help="how many misses to show of each file")
    parser.add_argument("--only", default="", help="show only misses whose case contains this text")
    parser.add_argument("--ansi-off", action="store_true", help="compare with what Spark 3.5 answered, ansi off")
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    for path in options.files:
        outcome = run_file(options.weir, path, not options.ansi_off)
        total = outcome["passed"] + len(outcome["misses"])
        print(f"{Path(path).name}: {outcome['passed']} of {total}, {outcome['left_out']} left out")
        shown = 0
        for number, (case, wanted, got) in outcome["misses"].items():
            text = json.dumps(case, ensure_ascii=False)
            if options.only not in text or shown >= options.show:
                continue
            shown += 1
            asked = case.get("expr") or (case.get("input"), case.get("schema"), case.get("options"))
            print(f"  {number}: {asked}   {case.get('from', '')}")
            for key in sorted(set(wanted) | set(got)):
                if wanted.get(key) != got.get(key):
                    print(f"      {key}: wanted {wanted.get(key)!r}\n      {' ' * len(key)}  got    {got.get(key)!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
