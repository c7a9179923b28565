"""What went wrong, by the history of what clients did and saw: a checker in the manner of Jepsen's for Kafka.

    anomalies = check(events)       # a list of Anomaly, empty when all is well

It knows nothing of brokers: a history is a list of dictionaries, in the order in which things happened.

  {"e": "topic", "t": name, "compacted": bool}                       what is kept; deleted beginnings are seen by the start of a read
  {"e": "producer", "p": name, "repeats": bool}                      may what it sends lie there twice? (a plain one's retries)
  {"e": "send", "p", "id", "t", "n", "k", ["x"]}                     will be sent: to partition n of t with key k, in transaction x; ids of
                                                                     one producer are in the order of sending, "NAME:NUMBER"
  {"e": "ok", "id", "off"}                                           acknowledged there (off < 0: the place was not told)
  {"e": "info"|"fail", "id", "why"}                                  nobody knows | it was not sent
  {"e": "begin", "p", "x"}  {"e": "offsets", "p", "x", "g", "t", "n", "off"}  {"e": "end", "p", "x", "how": "commit"|"abort"}
  {"e": "ended", "p", "x", "how": "committed"|"aborted"|"unknown"}   a transaction's way; offsets: of group g, within it
  {"e": "assign", "r"}  {"e": "poll", "r", "t", "n", "off", "id"}    a consumer (of committed records) starts anew; has got a record
  {"e": "read", "level": "all"|"committed", "t", "n", "start", "from", "to", "entries": [[off, id or None], ...], ["final": true]}
                                                                     all of [from, to) at once, None: a control record; the log began at start
  {"e": "commit", "g", "t", "n", "off"}  {"e": "committed", ...}     a group's offset will be, is committed
  {"e": "make"|"drop", "t"}  {"e": "made"|"dropped", "t"}            a topic will be, is made or deleted, each name once
  {"e": "topics", "names": [...]}                                    those that there are, while nobody makes or drops any
  {"e": "look", "g"}  {"e": "offset", "g", "t", "n", "off"}          will be asked for; was the answer (-1: none)

The final reads are made when nobody writes any more; what must be there is looked for in them. What a transaction of unknown outcome
wrote must be visible altogether or not at all. Compaction excuses a record for which a newer one of its key is visible, and those of
aborted transactions; the start of the log excuses what lay before it."""
import collections

class Anomaly(collections.namedtuple("Anomaly", "kind text events")):
    """`events`: the ids, offsets and reads that it is about."""

    def __str__(self):
        return f"{self.kind}: {self.text}" + "".join(f"\n    {event}" for event in self.events[:12])


class Transaction:
    def __init__(self):
        self.sends, self.offsets, self.how, self.ended, self.end_at = [], [], None, None, None

    @property
    def may_show(self):
        return self.how == "commit" and self.ended != "aborted"

    @property
    def aborted(self):
        return self.how == "abort" or self.ended == "aborted"


class History:
    """The events by what they are about."""

    def __init__(self, events):
        self.events = events
        self.topics, self.repeats, self.sends, self.acks, self.unsent = {}, {}, {}, {}, set()
        self.transactions = collections.defaultdict(Transaction)
        self.reads, self.polls, self.final = [], [], {"all": {}, "committed": {}}
        for at, event in enumerate(events):
            handler = getattr(self, "_" + event["e"], None)
            if handler:
                handler(event, at)
        self.starts = self._starts()
        self.places = {level: self._places(level) for level in self.final}
        self.newest = self._newest_of_keys()

    def _topic(self, e, _):
        self.topics[e["t"]] = e.get("compacted", False)

    def _producer(self, e, _):
        self.repeats[e["p"]] = e.get("repeats", False)

    def _send(self, e, _):
        self.sends[e["id"]] = e
        if "x" in e:
            self.transactions[e["p"], e["x"]].sends.append(e["id"])

    def _ok(self, e, _):
        self.acks[e["id"]] = e["off"]

    def _fail(self, e, _):
        self.unsent.add(e["id"])

    def _begin(self, e, _):
        self.transactions[e["p"], e["x"]]  # noqa: B018  it is there from now on

    def _offsets(self, e, _):
        self.transactions[e["p"], e["x"]].offsets.append(e)

    def _end(self, e, at):
        transaction = self.transactions[e["p"], e["x"]]
        transaction.how, transaction.end_at = e["how"], at

    def _ended(self, e, _):
        self.transactions[e["p"], e["x"]].ended = e["how"]

    def _read(self, e, at):
        self.reads.append((at, e))
        if e.get("final"):
            self.final[e["level"]][e["t"], e["n"]] = e

    def _poll(self, e, at):
        self.polls.append((at, e))

    def _starts(self):
        """Where the logs begin at last: between two reads one may have been shortened."""
        starts = collections.Counter()
        for reads in self.final.values():
            for where, read in reads.items():
                starts[where] = max(starts[where], read["start"])
        return starts

    def kept(self, level, where):
        """What lies there at the end: (offset, id)."""
        read = self.final[level].get(where)
        return [(off, name) for off, name in read["entries"] if off >= self.starts[where]] if read else []

    def _places(self, level):
        """id -> where it lies at the end."""
        places = collections.defaultdict(list)
        for where in self.final[level]:
            for off, name in self.kept(level, where):
                if name is not None:
                    places[name].append((*where, off))
        return places

    def _newest_of_keys(self):
        newest = {}
        for t, n in self.final["committed"]:
            if self.topics.get(t):
                for off, name in self.kept("committed", (t, n)):
                    if name in self.sends:
                        newest[t, n, self.sends[name]["k"]] = off
        return newest

    def transaction_of(self, name):
        send = self.sends.get(name)
        return self.transactions[send["p"], send["x"]] if send and "x" in send else None

    def hidden(self, transaction):
        """The records of it that are in the log, or should be, and that readers of committed records do not get."""
        def place(name):
            return self.places["all"][name][0][2] if name in self.places["all"] else self.acks.get(name, -1)

        return [name for name in transaction.sends if name not in self.places["committed"] and (name in self.acks or name in self.places["all"])
                and not self.excused(name, place(name))]

    def outcome(self, transaction):
        """One of "shown", "hidden" and, when nothing tells, "open"."""
        if transaction.ended == "committed" or (transaction.may_show and any(name in self.places["committed"] for name in transaction.sends)):
            return "shown"
        return "hidden" if not transaction.may_show or self.hidden(transaction) else "open"

    def seen(self):
        """(event number, level, t, n, off, id) of everything that anybody read; None: a control record."""
        for at, e in self.reads:
            for off, name in e["entries"]:
                yield at, e["level"], e["t"], e["n"], off, name
        for at, e in self.polls:
            yield at, "polled", e["t"], e["n"], e["off"], e["id"]

    def excused(self, name, off):
        """May the record, which lay at `off` (below 0: nobody knows where), be gone?"""
        send = self.sends[name]
        where = send["t"], send["n"]
        if where not in self.final["all"]:
            return True  # never looked at
        if off < self.starts[where] and (off >= 0 or self.starts[where] > 0):
            return True
        if not self.topics.get(send["t"]):
            return False
        transaction = self.transaction_of(name)
        return (transaction is not None and transaction.ended != "committed") or self.newest.get((*where, send["k"]), -1) > off


# --- what lies in the logs ---


def check_consistency(h):
    """An offset has one record, whoever reads it and when; and each is one that somebody sent there."""
    first = {}
    for at, level, t, n, off, name in h.seen():
        before = first.setdefault((t, n, off), (name, level, at))
        if before[0] != name:
            yield Anomaly("inconsistent-offset", f"{t}-{n} at {off} was {before[0]} and then {name}", [before[1:], (level, at)])
        elif before[2] != at or name is None:
            continue
        send = h.sends.get(name)
        if send is None or name in h.unsent:
            yield Anomaly("unexpected", f"{t}-{n} at {off} has {name}, which nobody sent", [])
        elif (send["t"], send["n"]) != (t, n):
            yield Anomaly("misplaced", f"{name} is in {t}-{n}", [send])


def check_gaps(h):
    """Every offset is a record or a control record, in the order of offsets; compaction alone leaves gaps."""
    for _, e in h.reads:
        wanted = max(e["from"], e["start"])
        for off, _ in e["entries"] if e["level"] == "all" else ():
            if off < wanted or (off > wanted and not h.topics.get(e["t"])):
                yield Anomaly("gap", f"{e['t']}-{e['n']}: {off} follows {wanted - 1}", [])
            wanted = off + 1
        if e["level"] == "all" and wanted < e["to"] and not h.topics.get(e["t"]):
            yield Anomaly("gap", f"{e['t']}-{e['n']}: nothing from {wanted} to the end at {e['to']}", [])


def check_lost(h):
    """What was acknowledged, or read once, is there at the end."""
    for name, off in h.acks.items():
        if name not in h.places["all"] and not h.excused(name, off):
            yield Anomaly("lost", f"{name} was acknowledged at {off} and is not there", [h.sends[name]])
    reported = set()
    for at, level, t, n, off, name in h.seen():
        if name in h.sends and name not in h.places["all"] and name not in h.acks and name not in reported and not h.excused(name, off):
            reported.add(name)
            yield Anomaly("lost", f"{name} was read ({level}) at {off} of {t}-{n} and is not there any more", [h.sends[name], h.events[at]["e"]])


def check_places(h):
    """An acknowledgement says where the record lies, and those that may not repeat lie there once."""
    where = collections.defaultdict(set)
    for _, _, t, n, off, name in h.seen():
        if name is not None:
            where[name].add((t, n, off))
    for name, places in where.items():
        send = h.sends.get(name)
        if send and len(places) > 1 and not h.repeats.get(send["p"]):
            yield Anomaly("duplicate", f"{name} lies at {sorted(places)}", [send])
        if send and h.acks.get(name, -1) >= 0 and (send["t"], send["n"], h.acks[name]) not in places and not h.excused(name, h.acks[name]):
            yield Anomaly("misplaced-ack", f"{name} was acknowledged at {h.acks[name]} and lies at {sorted(places)}", [send])


def check_order(h):
    """The records of a producer lie in the order in which it sent them (of repeated ones the first counts)."""
    for t, n in h.final["all"]:
        newest, met = {}, set()
        for off, name in h.kept("all", (t, n)):
            if name not in h.sends or name in met:
                continue
            met.add(name)
            producer, number = name.rsplit(":", 1)
            before = newest.get(producer)
            if before and before[0] > int(number):
                yield Anomaly("reordered", f"{t}-{n}: {name} at {off} lies behind {producer}:{before[0]} at {before[1]}", [h.sends[name]])
            newest[producer] = (int(number), off)


# --- transactions ---


def check_visible(h):
    """Readers of committed records see nothing of what was aborted, is open, or (where the order is known) was to be committed later."""
    reported = set()
    for at, level, t, n, off, name in h.seen():
        transaction = h.transaction_of(name) if level != "all" and name is not None else None
        if transaction is None or (name, level) in reported:
            continue
        if not transaction.may_show:
            reported.add((name, level))
            kind = "aborted-visible" if transaction.aborted else "open-visible"
            yield Anomaly(kind, f"{name} at {off} of {t}-{n} was {level}", [h.sends[name], vars(transaction)])
        elif level == "polled" and at < transaction.end_at:
            reported.add((name, level))
            yield Anomaly("precommitted-read", f"{name} at {off} of {t}-{n} was polled before its transaction was to be committed", [h.sends[name]])


def check_whole(h):
    """A transaction is visible everywhere or nowhere; a committed one everywhere; and what is in none, always."""
    for (producer, number), transaction in h.transactions.items():
        shown = [name for name in transaction.sends if name in h.places["committed"]]
        hidden = h.hidden(transaction)
        if transaction.ended == "committed" and hidden:
            yield Anomaly("committed-missing", f"transaction {number} of {producer} was committed, not visible are {hidden}", [vars(transaction)])
        if shown and hidden:
            yield Anomaly("torn", f"transaction {number} of {producer}: {shown} are visible, {hidden} are not", [vars(transaction)])
    for name, places in h.places["all"].items():
        if name in h.sends and "x" not in h.sends[name] and name not in h.places["committed"]:
            if places[0][:2] in h.final["committed"] and not h.excused(name, places[0][2]):
                yield Anomaly("hidden", f"{name} at {places[0]} belongs to no transaction and is not visible", [h.sends[name]])


def check_committed_reads(h):
    """What a reader of committed records got of a range is what is there at the end: nothing was left out, nothing more was shown."""
    kept = {where: dict(h.kept("committed", where)) for where in h.final["committed"]}
    for at, e in h.reads:
        where = e["t"], e["n"]
        if e["level"] != "committed" or e.get("final") or where not in kept:
            continue
        got, final = dict(map(tuple, e["entries"])), kept[where]
        for off in range(max(e["from"], e["start"]), e["to"]):
            if off in final and off not in got:
                yield Anomaly("skipped", f"{final[off]} at {off} of {e['t']}-{e['n']} was left out of a read of [{e['from']}, {e['to']})", [at])
        for off, name in got.items():
            if off not in final and name in h.sends and not h.excused(name, off):
                yield Anomaly("vanished", f"{name} at {off} of {e['t']}-{e['n']} was visible and is not any more", [at, h.sends[name]])


def check_polls(h):
    """A consumer goes forward, and gets everything."""
    last, polled = {}, collections.defaultdict(set)
    for event in h.events:
        if event["e"] == "assign":
            last = {key: off for key, off in last.items() if key[0] != event["r"]}
        elif event["e"] == "poll":
            key = event["r"], event["t"], event["n"]
            if event["off"] <= last.get(key, -1):
                yield Anomaly("poll-backwards", f"{key[0]} got {event['off']} of {key[1]}-{key[2]} after {last[key]}", [event])
            last[key] = event["off"]
            polled[key].add(event["off"])
    for reader in {key[0] for key in polled}:
        for t, n in h.final["committed"]:
            missing = [] if h.topics.get(t) else [(off, name) for off, name in h.kept("committed", (t, n)) if off not in polled[reader, t, n]]
            if missing:
                yield Anomaly("poll-skip", f"{reader} never got {len(missing)} records of {t}-{n}", missing)


# --- offsets of groups ---


def check_offsets(h):
    """The committed offset of a group (whose commits go upwards) never goes back, is not older than one acknowledged, and is none of an aborted
    transaction."""
    acked, floors, tried, seen = {}, {}, collections.defaultdict(set), {}
    forbidden, wanted = {}, {}
    for transaction in h.transactions.values():
        for e in transaction.offsets:
            key = e["g"], e["t"], e["n"]
            tried[key].add(e["off"])
            outcome = h.outcome(transaction)
            if outcome == "hidden":
                forbidden[key, e["off"]] = transaction
            if outcome == "shown":
                wanted[key] = max(wanted.get(key, -1), e["off"])
    for e in h.events:
        if e["e"] == "commit":
            tried[e["g"], e["t"], e["n"]].add(e["off"])
    for e in h.events:
        if e["e"] not in ("committed", "look", "offset"):
            continue
        if e["e"] == "look":
            floors = dict(acked)
            continue
        key = e["g"], e["t"], e["n"]
        if e["e"] == "committed":
            acked[key] = e["off"]
        else:
            yield from _check_offset(key, e["off"], floors.get(key, -1), seen.get(key, -1), tried[key], forbidden)
            seen[key] = e["off"]
    for key, off in wanted.items():
        if h.final["all"] and key in seen and seen[key] < off:
            yield Anomaly("offset-lost", f"group {key[0]} is at {seen[key]} of {key[1]}-{key[2]}, a committed transaction moved it to {off}", [])


def _check_offset(key, off, floor, before, tried, forbidden):
    what = f"group {key[0]} is at {off} of {key[1]}-{key[2]}"
    if off < floor:
        yield Anomaly("offset-lost", f"{what}, {floor} was acknowledged", [])
    if off < before:
        yield Anomaly("offset-backwards", f"{what}, it was at {before}", [])
    if off >= 0 and off not in tried:
        yield Anomaly("offset-unexpected", f"{what}, which nobody committed", [])
    if (key, off) in forbidden:
        yield Anomaly("offset-aborted", f"{what}, the offset of a transaction that was not committed", [vars(forbidden[key, off])])


def check_topics(h):
    """A topic that was made stays, one that was deleted stays away; what nobody knows is decided once and for all."""
    told = {}
    for e in h.events:
        if e["e"] in ("make", "made", "drop", "dropped"):
            told[e["t"]] = e["e"]
        elif e["e"] == "topics":
            for name, state in told.items():
                there = name in e["names"]
                if there and state == "dropped":
                    yield Anomaly("topic-back", f"topic {name} was deleted, and is there", [])
                elif not there and state == "made":
                    yield Anomaly("topic-lost", f"topic {name} was made, and is not there", [])
                told[name] = "made" if there else "dropped"


CHECKS = (check_consistency, check_gaps, check_lost, check_places, check_order, check_visible, check_whole, check_committed_reads, check_polls,
          check_offsets, check_topics)


def check(events):
    h = History(events)
    return [anomaly for one in CHECKS for anomaly in one(h)]
