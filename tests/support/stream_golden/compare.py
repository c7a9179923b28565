"""How artefacts of a golden case are compared: what must be equal, and what changes from run to run.

difference(name, wanted, got) is None, or a text that says where they part.
"""
import json
import re

UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
HASH = re.compile(r"(?<=[\w$])@[0-9a-f]{1,8}\b")
PLAN = re.compile(r";\n(<PLAN>|[~'+]?[A-Z])[\s\S]*\Z")
# Values that are of one run. What is compared of them is that they are there.
VOLATILE = {"id", "runId", "timestamp", "batchDuration", "inputRowsPerSecond", "processedRowsPerSecond", "allUpdatesTimeMs", "allRemovalsTimeMs",
            "commitTimeMs", "memoryUsedBytes", "stateOnCurrentVersionSizeBytes", "batchTimestampMs", "size", "modificationTime"}


def first_difference(wanted, got, where=""):
    """Where two JSON values part, as text; None: they are equal."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in list(wanted) + [key for key in got if key not in wanted]:
            if key not in got or key not in wanted:
                return f"{where}.{key}: wanted {wanted.get(key, 'nothing')!r}, got {got.get(key, 'nothing')!r}"
            if part := first_difference(wanted[key], got[key], f"{where}.{key}"):
                return part
        return None if list(wanted) == list(got) else f"{where}: the members stand in the order {list(got)}, not {list(wanted)}"
    if isinstance(wanted, list) and isinstance(got, list):
        for at, (one, other) in enumerate(zip(wanted, got)):
            if part := first_difference(one, other, f"{where}[{at}]"):
                return part
        return None if len(wanted) == len(got) else f"{where}: {len(got)} items, not {len(wanted)}"
    if wanted == got and type(wanted) is type(got):
        return None
    if isinstance(wanted, str) and isinstance(got, str):
        same = next((at for at, (one, other) in enumerate(zip(wanted, got)) if one != other), min(len(wanted), len(got)))
        cut = max(same - 80, 0) if same > 100 else 0
        return f"{where}: wanted {'...' if cut else ''}{wanted[cut:]!r}, got {'...' if cut else ''}{got[cut:]!r}"
    return f"{where}: wanted {wanted!r}, got {got!r}"


def steady(value, key=""):
    """A JSON value without what changes from run to run."""
    if isinstance(value, dict):
        return {k: 0 if k in VOLATILE and not isinstance(v, (dict, list)) else steady(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [steady(item, key) for item in value]
    if key == "description":
        return re.sub(r"port: \d+", "port: 0", HASH.sub("@", value))
    return value


def steady_progress(progress):
    progress = steady(progress)
    progress["durationMs"] = dict.fromkeys(progress.get("durationMs", {}), 0)
    return progress


def jsons(text):
    return [json.loads(line) for line in text.split("\n") if line]


def progress_difference(wanted, got):
    return first_difference([steady_progress(one) for one in jsons(wanted)], [steady_progress(one) for one in jsons(got)], "progress")


def log_difference(wanted, got):
    """Files of a checkpoint: byte for byte, but for ids and times."""
    def lines(text):
        text = UUID.sub("<uuid>", text)
        return re.sub(r'"(batchTimestampMs|modificationTime|timestamp|size)":\d+', r'"\1":0', text).split("\n")
    return first_difference(lines(wanted), lines(got), "line")


def listing_difference(wanted, got):
    """The same files, but for the checksums beside them and part files' own names; their sizes are the engine's own where they are no logs."""
    def names(text):
        paths = [UUID.sub("<uuid>", line[9:]) for line in text.splitlines()]
        return sorted(path for path in paths if not path.endswith(".crc"))
    wanted, got = names(wanted), names(got)
    missing, more = [n for n in wanted if n not in got], [n for n in got if n not in wanted]
    return f"missing {missing}, not in Spark's {more}" if missing or more else None


# The number in a consumer group's name is of the checkpoint's path.
GROUP = re.compile(r"(spark-kafka-source-<uuid>-)-?\d+(-(?:driver|executor))")
# What ours adds below Spark's words about a checkpoint: which file it is, and what to do.
ADVICE = re.compile(r"\n(?:The schemas are in|The metadata is in|Restore the file|There is (?:no )?file:|The file file:)[\s\S]*?"
                    r"(?= SQLSTATE: XXKST\n=== Streaming Query|\Z)")
TASK = re.compile(r"Job aborted due to stage failure: Task \d+ in stage [\d.]+ failed 1 times, most recent failure: Lost task [\d.]+ in stage [\d.]+ "
                  r"\(TID \d+\) \([^)]*\): (?:[\w.$]+: )?")
# Where PySpark's program asked for it.
CALLED = re.compile(r"\n== DataFrame ==\n\"\w+\" was called from\n\S*")
JAVA_ERROR = re.compile(r"An error occurred while calling o\d+\.\w+\.\n: [\w.$]+: ")


def known_fields(fields):
    """Without what says nothing: conditions that Spark has no name for, and those that PySpark does not pass on."""
    def known(name, value):
        return value not in (None, "None") and not str(value).startswith("_LEGACY") and (name not in ("error_class", "sql_state") or named)
    named = fields.get("python") != "Py4JJavaError"
    return {name: value for name, value in fields.items() if known(name, value)}


def error_fields(text):
    fields = {}
    for name in ("python", "error_class", "sql_state"):
        if match := re.search(rf"^{name}: (.*)$", text, re.M):
            fields[name] = match.group(1).rsplit(".", 1)[-1] if name == "python" else match.group(1)
    match = re.search(r"^text: ([\s\S]*)", text, re.M)
    fields["text"] = re.split(r"\njava \d+: ", match.group(1))[0] if match else text
    return known_fields(fields)


def message(text):
    """The text of an error without ids and plans, which are each engine's own."""
    text = CALLED.sub("", JAVA_ERROR.sub("", text).split("\n\tat ")[0])
    text = PLAN.sub("", text).split("\n\nLogical Plan:")[0].split("\nLogical Plan:")[0]
    text = re.sub(r'"batchTimestampMs":\d+', '"batchTimestampMs":0', text)
    return GROUP.sub(r"\1<number>\2", HASH.sub("@", UUID.sub("<uuid>", text))).rstrip("\n")


def messages(wanted, got):
    """Two texts of errors as they are compared. Of a failed task only the cause is: around it, Spark tells of its scheduler."""
    wanted, got = message(wanted), message(ADVICE.sub("", got))
    if TASK.search(wanted):
        wanted, got = TASK.sub("", wanted), got.split("\n=== Streaming Query ===")[0].removesuffix(" SQLSTATE: XXKST")
    return wanted, got


def error_difference(wanted, got):
    if wanted == "no error\n" or got == "no error\n":
        return None if wanted == got else f"wanted {wanted.strip()!r}, got {got.strip()!r}"
    wanted, got = error_fields(wanted), error_fields(got)
    wanted["text"], got["text"] = messages(wanted["text"], got["text"])
    return first_difference(wanted, got, "error")


def item_difference(wanted, got):
    """A line of a table of programs."""
    wanted, got = known_fields(json.loads(wanted)), known_fields(json.loads(got))
    if "message" in wanted and "message" in got:
        wanted["message"], got["message"] = messages(wanted["message"], got["message"])
    return first_difference(dict(sorted(wanted.items())), dict(sorted(got.items())), "item")


def tables_sorted(text):
    """A console text with the rows of each table in order: Spark leaves it open."""
    lines, out, at = text.split("\n"), [], 0
    while at < len(lines):
        if not (re.fullmatch(r"\+[-+]+", lines[at]) and at + 2 < len(lines) and lines[at + 2] == lines[at]):
            out.append(lines[at])
            at += 1
            continue
        end = next((i for i in range(at + 3, len(lines)) if lines[i] == lines[at]), len(lines))
        out += lines[at:at + 3] + sorted(lines[at + 3:end])
        at = end
        if at < len(lines):
            out.append(lines[at])
            at += 1
    return "\n".join(out)


def console_difference(wanted, got, ordered=False):
    if wanted == got or (not ordered and tables_sorted(wanted) == tables_sorted(got)):
        return None
    return first_difference(wanted.split("\n"), got.split("\n"), "console line")


def lines_difference(wanted, got):
    """JSON lines whose lists of rows have no order of their own."""
    def rows(value):
        if isinstance(value, dict):
            return {k: sorted(v, key=json.dumps) if k == "rows" and isinstance(v, list) else rows(v) for k, v in steady(value).items()}
        return value
    return first_difference([rows(one) for one in jsons(wanted)], [rows(one) for one in jsons(got)], "line")


def unordered_difference(wanted, got):
    return first_difference(sorted(jsons(wanted), key=json.dumps), sorted(jsons(got), key=json.dumps), "sorted line")


def difference(name, wanted, got, ordered=False):
    base = name.rsplit("/", 1)[-1]
    if name.startswith("item/"):
        return item_difference(wanted, got)
    if base == "LISTING.txt":
        return listing_difference(wanted, got)
    if "/" in name and not name.startswith("console/"):
        return log_difference(wanted, got)
    if base == "status_start.json": # looked at right after start(): how far the query is then is chance
        return first_difference(list(json.loads(wanted)[0]), list(json.loads(got)[0]), "members")
    if base.startswith("progress"):
        return progress_difference(wanted, got)
    if base.startswith(("error", "start_")) and base.endswith(".txt") or "\npython: " in wanted:
        return error_difference(wanted, got)
    if name.startswith("console"):
        return console_difference(wanted, got, ordered)
    if base.startswith(("memory_", "read_back")):
        return unordered_difference(wanted, got)
    if base.endswith(".jsonl"):
        return lines_difference(wanted, got)
    return first_difference(UUID.sub("<uuid>", wanted).split("\n"), UUID.sub("<uuid>", got).split("\n"), "line")
