"""What went wrong with a query that was killed and started again until it was done: by what its checkpoint and its sink held after each of its ends.

    reference = Reference(events)            # of a run that nobody interrupted
    anomalies = check(events, reference)     # a list of Anomaly, empty when all is well

It knows no engine and no broker: a history is a list of dictionaries, in the order in which things happened.

  {"e": "row", "n", "off", "id"}           the input: a row of partition n; id: None when the query leaves it out
  {"e": "killed", "at": step}              the query ended so; what follows, up to the next end, was found after it
  {"e": "done"}  {"e": "failed", "why"}    it ended by itself
  {"e": "logs", "files": {name: text}}     all text files of the checkpoint ("offsets/3", "sources/0/0") and of the file sink ("_spark_metadata/3")
  {"e": "records", "entries": [[n, off, key, value], ...]}     what came to the topic since the last look: key = id, value = "<count> <time of batch>"
  {"e": "files", "files": {name: {"size", "rows": [[n, off, id, ms], ...]}}}     part files that _spark_metadata names; without rows: it is missing, or
                                                                                no JSON; or {"size": ..., "torn": why}
  {"e": "state", "counts": {id: count}}    what the state holds in the end

At every look holds: a batch that is in the sink is in offsets/; one that is in commits/ is in the sink, all of it; what is logged never changes, and is
the batch that an uninterrupted run makes. A topic may hold the rows of a batch as often as the batch was begun, and they are the same each time, the
time of the batch too; files hold them once. In the end everything is there, and the state is that of the uninterrupted run."""
import collections
import json
import re

NUMBERED = re.compile(r"(offsets|commits|_spark_metadata)/(\d+)(\.compact)?")


class Anomaly(collections.namedtuple("Anomaly", "kind text")):
    def __str__(self):
        return f"{self.kind}: {self.text}"


def numbers(files, folder):
    return {int(m[2]) for m in map(NUMBERED.fullmatch, files) if m and m[1] == folder}


def is_whole(text):
    lines = text.lstrip("\0").split("\n")  # as Kafka sources begin their log, for an old Spark's sake
    try:
        return lines[0] == "v1" and all(isinstance(json.loads(line), dict) for line in lines[1:])
    except ValueError:
        return False


def ends_of(text):
    """{partition: offset} of an offsets file."""
    topics = json.loads(text.split("\n")[2])
    return {int(n): end for n, end in next(iter(topics.values())).items()}


def named_files(files):
    """{name of a part file: size} that the sink's log names: the newest compact file and what came after it. A name twice counts twice."""
    log = {(int(m[2]), m[3] is not None): text for m, text in ((NUMBERED.fullmatch(name), text) for name, text in files.items()) if m and m[1] == "_spark_metadata"}
    compact = max((number for number, is_compact in log if is_compact), default=-1)
    named = []
    for (number, is_compact), text in sorted(log.items()):
        if number > compact or (number == compact and is_compact):
            entries = map(json.loads, text.split("\n")[1:]) if is_whole(text) else ()
            named += [(entry["path"].rsplit("/", 1)[1], entry["size"]) for entry in entries if entry["action"] == "add"]
    return named


class Reference:
    """The batches of a run that nobody interrupted, and what each of them gives."""

    def __init__(self, events):
        rows, self.ends = {}, {}
        for event in events:
            if event["e"] == "row":
                rows[event["n"], event["off"]] = event["id"]
            if event["e"] == "logs":
                self.ends.update({n: ends_of(event["files"][f"offsets/{n}"]) for n in numbers(event["files"], "offsets")})
        self.ids = {place: name for place, name in rows.items() if name is not None}
        self.batch_of_row, self.batch_of_count, self.counts = {}, {}, collections.Counter()
        before = collections.Counter()
        for batch in sorted(self.ends):
            places = [place for place in self.ids if before[place[0]] <= place[1] < self.ends[batch][place[0]]]
            self.batch_of_row.update(dict.fromkeys(places, batch))
            self.counts.update(self.ids[place] for place in places)
            self.batch_of_count.update({(name, self.counts[name]): batch for name in {self.ids[place] for place in places}})
            before.update({n: self.ends[batch][n] - before[n] for n in self.ends[batch]})
        self.last = max(self.ends, default=-1)


class Checker:
    def __init__(self, reference):
        self.reference, self.found = reference, []
        self.logs, self.seen, self.begun, self.open, self.times = {}, {}, collections.Counter(), set(), {}
        self.copies = collections.Counter()  # what the topic has: (id, count)
        self.newest, self.files, self.end = {}, None, "the start"

    def say(self, kind, text):
        anomaly = Anomaly(kind, f"{text} ({self.end})")
        if all(anomaly.text.rsplit(" (", 1)[0] != known.text.rsplit(" (", 1)[0] for known in self.found):
            self.found.append(anomaly)

    # --- logs ---

    def look_at_logs(self, files):
        for name, text in files.items():
            if self.seen.setdefault(name, text) != text:
                self.say("changed", f"{name} is not what it was: {self.seen[name]!r} has become {text!r}")
            if name != "metadata" and not is_whole(text):
                self.say("torn", f"{name}: {text!r}")
        for name in self.logs.keys() - files.keys():
            match = NUMBERED.fullmatch(name)
            if not match or int(match[2]) >= max(numbers(files, match[1]), default=0):
                self.say("lost", f"{name} was there, and is not")
        self.logs = files
        offsets, commits = numbers(files, "offsets"), numbers(files, "commits")
        self.open = offsets - commits
        for batch in sorted(self.open):
            if batch < max(offsets):
                self.say("open", f"batch {batch} has no commit, and offsets/{max(offsets)} is there")
            self.begun[batch] += 1
        for batch in sorted(batch for batch in commits - offsets if batch > min(offsets, default=-1)):
            self.say("early", f"commits/{batch} is there without offsets/{batch}")
        for batch in sorted(offsets):
            self.look_at_batch(batch, files[f"offsets/{batch}"])

    def look_at_batch(self, batch, text):
        if not is_whole(text):
            return
        if ends_of(text) != self.reference.ends.get(batch):
            self.say("another batch", f"offsets/{batch} ends at {ends_of(text)}, that of an uninterrupted run at {self.reference.ends.get(batch)}")
        self.look_at_time(batch, json.loads(text.split("\n")[1])["batchTimestampMs"], f"offsets/{batch}")

    def look_at_time(self, batch, ms, where):
        first, there = self.times.setdefault(batch, (ms, where))
        if first != ms:
            self.say("another time", f"batch {batch} was at {first} in {there}, and at {ms} in {where}")

    def delivered(self, batch, what):
        """Something of the batch is in the sink."""
        if batch > max(numbers(self.seen, "offsets"), default=-1):  # older ones may be removed already
            self.say("early", f"batch {batch} is in the sink ({what}) without offsets/{batch}")

    def complete(self, missing):
        """missing: {batch: what the sink does not have of it}."""
        commits = numbers(self.logs, "commits")
        for batch, what in sorted(missing.items()):
            if batch in commits or batch < min(commits, default=0):
                self.say("lost", f"batch {batch} is committed, and the sink does not have {sorted(what)[:3]} of it ({len(what)} in all)")

    # --- a topic ---

    def look_at_records(self, entries):
        for n, off, key, value in entries:
            count, ms = map(int, value.split(" "))
            batch = self.reference.batch_of_count.get((key, count))
            if batch is None:
                self.say("wrong", f"the topic has {key} -> {count} at {n}-{off}, which is of no batch")
                continue
            self.delivered(batch, f"{key} -> {count} at {n}-{off}")
            self.look_at_time(batch, ms, f"{key} -> {value!r} at {n}-{off}")
            self.copies[key, count] += 1
            self.newest[key] = count
            runs = self.begun[batch] + (batch not in self.open)
            if self.copies[key, count] > runs:
                self.say("repeated", f"{key} -> {count} is {self.copies[key, count]} times in the topic, and batch {batch} was run {runs} times")
        missing = collections.defaultdict(list)
        for (key, count), batch in self.reference.batch_of_count.items():
            if (key, count) not in self.copies:
                missing[batch].append((key, count))
        self.complete(missing)

    # --- files ---

    def look_at_files(self, files):
        named, at = named_files(self.logs), {}
        for name, size in named:
            part = files[name]
            if "rows" not in part or part["size"] != size:
                self.say("torn", f"{name} should have {size} bytes: {part}")
            for n, off, row_id, ms in part.get("rows", ()):
                self.look_at_row((n, off), row_id, ms, name, at)
        missing = collections.defaultdict(list)
        for place, batch in self.reference.batch_of_row.items():
            if place not in at:
                missing[batch].append(place)
        self.complete(missing)
        self.files = at

    def look_at_row(self, place, row_id, ms, name, at):
        batch = self.reference.batch_of_row.get(place)
        if batch is None or self.reference.ids[place] != row_id:
            self.say("wrong", f"{name} has {row_id} of {place}, which is {self.reference.ids.get(place)}")
            return
        if place in at:
            self.say("twice", f"row {place} is in {at[place]} and in {name}")
        at[place] = name
        self.delivered(batch, f"{place} in {name}")
        self.look_at_time(batch, ms, f"{name}, row {place}")

    # --- the end ---

    def finish(self, sink):
        commits = numbers(self.logs, "commits")
        if max(commits, default=-1) != self.reference.last:
            self.say("stuck", f"the last commit is {max(commits, default=-1)}, of an uninterrupted run {self.reference.last}")
        if sink == "topic":
            for key, count in sorted(self.reference.counts.items()):
                if self.newest.get(key) != count:
                    self.say("wrong", f"the last count of {key} in the topic is {self.newest.get(key)}, not {count}")

    def look_at_state(self, counts):
        wanted = self.reference.counts
        for key in sorted(wanted.keys() | counts.keys()):
            if wanted.get(key) != counts.get(key):
                self.say("state", f"{key} is {counts.get(key)}, not {wanted.get(key)}")

    def follow(self, event):
        kind = event["e"]
        if kind in ("killed", "done", "failed"):
            self.end = f"killed at {event['at']}" if kind == "killed" else kind
            if kind == "failed":
                self.say("failed", event["why"])
        elif kind == "logs":
            self.look_at_logs(event["files"])
        elif kind == "records":
            self.look_at_records(event["entries"])
        elif kind == "files":
            self.look_at_files(event["files"])
        elif kind == "state":
            self.look_at_state(event["counts"])


def check(events, reference):
    checker = Checker(reference)
    for event in events:
        checker.follow(event)
    kinds = {event["e"] for event in events}
    if "failed" not in kinds:
        checker.finish("topic" if "records" in kinds else "files")
    return checker.found
