#!/usr/bin/env python3
# ctest: timeout 600
"""What Spark says to small programs over frames, and what our engine says: errors, schemas, plans, and show(), through the public API.

    ../golden/frames/errors.jsonl     wrong programs (and some right ones): class, condition, SQLSTATE and message
    ../golden/frames/plans.jsonl      explain(): the analyzed plan
    ../golden/schemas/frames.jsonl    schemas of frames;  ddl.jsonl: of DDL texts, and what is wrong with them
    ../golden/show/cases.jsonl        show()

frames/misses.json, {reason: [file:line]}, lists what differs, and must be true both ways. Programs that PySpark refuses in Python, before it asks
the engine, are left out, and those that need what weir/stream.h does not have: frames/left_out.json lists them, as true.

    python3 tests/integration/frames_golden_test.py [--write] [--show] [FILE...]
"""
import contextlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from stream_golden import compare
from stream_golden.case import session
from weir_spark import NotInApi, PySparkException, Window, functions, types

SOURCE = Path(os.environ.get("WEIR_SOURCE", Path(__file__).resolve().parents[2]))
GOLDEN = SOURCE / "tests/golden"
UNSORTED = "not looked at yet"
# Of a hundred that are not left out, so many are right.
FLOORS = {"show/cases.jsonl": 90, "schemas/ddl.jsonl": 90, "schemas/frames.jsonl": 85, "frames/errors.jsonl": 60}
# The captures of DDL have the JVM's names.
PYTHON_NAMES = {"SparkArithmeticException": "ArithmeticException"}
IN_PYTHON = ("PySpark", "AssertionError", "AttributeError", "TypeError", "PythonException")

PEOPLE = "SELECT * FROM VALUES (1, 'Ivan', 'Petrov', 10.5D), (2, 'Anna', 'Orlova', 7.0D) AS t(id, name, surname, amount)"
OTHER = "SELECT * FROM VALUES (1, 'x'), (3, 'y') AS u(id, label)"
TABLE = ("SELECT * FROM VALUES (1, 'a', 1.5D, TIMESTAMP'2024-01-01 10:00:00'), (2, 'b', 2.5D, TIMESTAMP'2024-01-01 10:20:00') "
         "AS t(id, name, d, ts)")
JSON_ROWS = ("SELECT CAST(v AS BINARY) AS value FROM VALUES ('{\"name\":\"Ivan\",\"surname\":\"Petrov\",\"amount\":\"1\",\"delta_t\":\"2\","
             "\"flag\":1}') AS t(v)")
JSON_RANGE = ("SELECT CAST(concat('{\"name\":\"n', id, '\",\"surname\":\"s\",\"flag\":', id % 2, '}') AS BINARY) AS value FROM range(10)")
LECTURE_SCHEMA = "name string, surname string, amount string, delta_t string, flag int"


def lecture(spark, rows):
    F = functions
    return (spark.sql(rows).select(F.from_json(F.col("value").cast("string"), LECTURE_SCHEMA).alias("value"))
            .selectExpr("value.name", "value.surname", "value.amount", "value.delta_t", "value.flag")
            .where(F.col("flag") == 1).withColumn("id", F.concat(F.col("name"), F.col("surname")))
            .groupBy("id").count().where(F.col("count") > 1).withColumn("fraud", F.lit(1))
            .select(F.expr("id as key"), F.expr("cast(fraud as string) as value")))


class Ground:
    """The session, and a folder that is empty at the beginning of each program."""

    def __init__(self):
        self.spark = session()
        self.root = tempfile.mkdtemp(prefix="weir-frames-")
        self.folder = self.root + "/data"

    def empty(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        os.mkdir(self.folder)

    def close(self):
        self.spark.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def clean(self, text):
        """As the captures cleaned theirs: numbers of expressions and plans count from 0, no paths and random numbers."""
        text = text.replace("file://" + self.folder, "file:" + self.folder).replace(self.folder, "<TMP>")
        for pattern, prefix in ((r"#(\d+)", "#"), (r"plan_id=(\d+)", "plan_id=")):
            numbers = {}
            text = re.sub(pattern, lambda match, n=numbers, p=prefix: p + str(n.setdefault(match.group(1), len(n))), text)
        return compare.HASH.sub("@0", compare.UUID.sub("<UUID>", text))

    def scope(self):
        spark = self.spark
        return {"spark": spark, "F": functions, "T": types, "Window": Window, "TMP": self.folder}

    def frame(self, program):
        spark = self.spark
        return eval(program, {**self.scope(), "t": spark.sql(TABLE), "j": spark.sql(JSON_ROWS), "lecture": lambda: lecture(spark, JSON_ROWS),
                              "lecture_range": lambda: lecture(spark, JSON_RANGE)})


# --- what a line of each file wants, and what comes ---


def error_fields(ground, exception):
    fields = {"python": type(exception).__name__, "error_class": exception.condition, "sql_state": exception.state, "message": str(exception)}
    return {**compare.known_fields(fields), "message": compare.message(ground.clean(str(exception)))}


def wanted_error(result):
    fields = {"python": result.get("python"), "error_class": result.get("error"), "sql_state": result.get("sqlstate")}
    return {**{name: value for name, value in compare.known_fields(fields).items()}, "message": compare.message(result["message"])}


def run_error(ground, case):
    program, result = case["program"], case["result"]
    if result.get("python", "").startswith(IN_PYTHON):
        raise NotInApi("PySpark itself refuses it, in Python")
    ground.empty()
    scope = {**ground.scope(), "df": ground.spark.sql(PEOPLE), "other": ground.spark.sql(OTHER)}
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            try:
                code = compile(program, "program", "eval")
            except SyntaxError:
                code = compile(program, "program", "exec")
            value = eval(code, scope)
        got = {"ok": ground.clean(out.getvalue() or ("" if value is None else str(value)))}
    except PySparkException as e:
        got = error_fields(ground, e)
    finally:
        for query in ground.spark.streams.active:
            query.stop()
    return {"ok": result["ok"]} if "ok" in result else wanted_error(result), got


def described(frame):
    return {"simpleString": frame.schema.simpleString(), "json": frame.described()["json"], "printSchema": frame.described()["tree"] + "\n"}


def run_frame(ground, case):
    result = case.get("both") or case["v4_1"]
    wanted = {name: result[name] for name in ("simpleString", "json", "printSchema", "repr") if name in result} or wanted_error(result)
    try:
        frame = ground.frame(case["frame"])
        return wanted, {**described(frame), "repr": repr(frame)}
    except PySparkException as e:
        return wanted, error_fields(ground, e)


def run_ddl(ground, case):
    """The text as the schema of a reader, which makes everything nullable. Readers refuse the same name twice, from_json() does not."""
    result = case.get("both") or case["v4_1"]
    ground.empty()
    if "table_error" in result:
        error = result["table_error"]
        wanted = wanted_error({**error, "python": PYTHON_NAMES.get(error["exception"], error["exception"])})
    else:
        wanted = {name: result[name].replace('"nullable":false', '"nullable":true').replace("(nullable = false)", "(nullable = true)")
                  .replace('"containsNull":false', '"containsNull":true') for name in ("simpleString", "json", "printSchema")}
    try:
        return wanted, described(ground.spark.read.schema(case["ddl"]).json(ground.folder))
    except PySparkException as e:
        if e.condition != "COLUMN_ALREADY_EXISTS":
            return wanted, error_fields(ground, e)
    return wanted, described(ground.spark.sql("SELECT '{}' AS j").select(functions.from_json("j", case["ddl"]).alias("s")).select("s.*"))


def analyzed(ground, text):
    """The plan that tells what a frame means. The others tell how an engine goes about it, which each does in its own way."""
    return ground.clean(text.split("== Analyzed Logical Plan ==\n")[1].split("\n\n== ")[0].replace(", splits=Some(1)", ""))


def run_plan(ground, case):
    return {"analyzed": analyzed(ground, case["result"]["extended"])}, {"analyzed": analyzed(ground, ground.frame(case["frame"]).explained("extended"))}


def run_show(ground, case):
    if "error" in case:
        raise NotInApi("PySpark itself refuses it, in Python")
    frame = ground.spark.sql(case["frame"])
    if "columns" in case:
        frame = frame.toDF(*case["columns"]) if case["columns"] else frame.select()
    return {"text": case["text"]}, {"text": frame.shown(**case["args"])}


FILES = {"frames/errors.jsonl": run_error, "frames/plans.jsonl": run_plan, "schemas/frames.jsonl": run_frame, "schemas/ddl.jsonl": run_ddl,
         "show/cases.jsonl": run_show}


def measure(ground, name, run):
    """{line: (case, difference or None, why it is left out or None)}"""
    outcome = {}
    for number, text in enumerate((GOLDEN / name).read_text(encoding="utf-8").rstrip("\n").split("\n"), 1):
        case = json.loads(text)
        what = case.get("program") or case.get("frame") or case.get("ddl")
        try:
            wanted, got = run(ground, case)
            outcome[number] = (what, compare.first_difference(dict(sorted(wanted.items())), dict(sorted(got.items())), "case"), None)
        except NotInApi as e:
            outcome[number] = (what, None, str(e))
        except PySparkException as e:
            outcome[number] = (what, f"failed: {e}", None)
        except (TypeError, ValueError, AttributeError, KeyError) as e:
            outcome[number] = (what, f"failed in Python: {type(e).__name__}: {e}", None)
    return outcome


def load_list(name):
    path = GOLDEN / "frames" / name
    return {item: reason for reason, items in (json.loads(path.read_text()) if path.exists() else {}).items() for item in items}


def write_list(name, items):
    def order(item):
        file, line = item[0].rsplit(":", 1)
        return file, int(line)
    grouped = {}
    for item, reason in sorted(items.items(), key=order):
        grouped.setdefault(reason, []).append(item)
    (GOLDEN / "frames" / name).write_text(json.dumps(grouped, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def problems_of(name, outcome, misses, left_out):
    for number, (what, wrong, out) in outcome.items():
        item = f"{name}:{number}"
        if out and left_out.get(item) != out:
            yield f"{item} is left out and not listed so: {out}: {what}"
        if not out and item in left_out:
            yield f"{item} is listed as left out, and can be run: {what}"
        if wrong and item not in misses:
            yield f"{item} differs and is not listed: {what}\n  {wrong}"
        if not wrong and item in misses:
            yield f"{item} is listed as different, and is right: {what}"


def main():
    chosen = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    ground, outcomes = Ground(), {}
    try:
        for name, run in FILES.items():
            if not chosen or any(part in name for part in chosen):
                outcomes[name] = measure(ground, name, run)
    finally:
        ground.close()
    misses, left_out = load_list("misses.json"), load_list("left_out.json")
    if "--write" in sys.argv:
        kept = {item: reason for item, reason in misses.items() if item.rsplit(":", 1)[0] not in outcomes}
        out = {item: reason for item, reason in left_out.items() if item.rsplit(":", 1)[0] not in outcomes}
        for name, outcome in outcomes.items():
            kept.update({f"{name}:{n}": misses.get(f"{name}:{n}", UNSORTED) for n, (_, wrong, _) in outcome.items() if wrong})
            out.update({f"{name}:{n}": why for n, (_, _, why) in outcome.items() if why})
        misses, left_out = kept, out
        write_list("misses.json", misses)
        write_list("left_out.json", left_out)
    print("TAP version 13")
    bad = 0
    for number, (name, outcome) in enumerate(outcomes.items(), 1):
        problems = list(problems_of(name, outcome, misses, left_out))
        counted = [wrong for _, wrong, out in outcome.values() if not out]
        right = sum(not wrong for wrong in counted)
        share = 100 * right / max(len(counted), 1)
        if share < FLOORS.get(name, 0):
            problems.append(f"{share:.1f} % are right, {FLOORS[name]} % are promised")
        if "--show" in sys.argv:
            problems += [f"{name}:{n}: {what}\n  {wrong}" for n, (what, wrong, _) in outcome.items() if wrong]
        bad += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {number} - {name}: {right} of {len(counted)} ({share:.1f} %), {len(outcome) - len(counted)} left out")
        for problem in problems:
            print("# " + problem.replace("\n", "\n#   "))
    print(f"1..{len(outcomes)}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
