"""The part of an agent that is the same for every client in Python: requests in, answers and events out (peer_scenario.py tells the language).

An agent is a class with a method for each request; a method returns an iterable of rows. It runs in one thread, its members in threads of their own."""
import base64
import sys
import threading
import traceback

_writing = threading.Lock()


def say(*fields):
    with _writing:
        sys.stdout.write("\t".join(map(str, fields)) + "\n")
        sys.stdout.flush()


def packed(data):
    return "-" if data is None else base64.b64encode(bytes(data)).decode()


def unpacked(text):
    return None if text == "-" else base64.b64decode(text)


def row(partition, offset, key, value, timestamp, headers):
    """A record that was read."""
    listed = ",".join(f"{name}:{packed(data)}" for name, data in headers or ()) or "-"
    return partition, offset, packed(key), packed(value), timestamp, listed


def owns(member, partitions):
    say("owns", member, ",".join(map(str, sorted(partitions))) or "-")


def requests():
    """Each request with its records: (verb, fields, [(key, value, timestamp, headers)])."""
    for line in sys.stdin:
        verb, *fields = line.rstrip("\n").split("\t")
        records = []
        if verb in ("produce", "transact"):
            for _ in range(int(fields.pop())):
                key, value, timestamp, headers = sys.stdin.readline().rstrip("\n").split("\t")
                pairs = [] if headers == "-" else [pair.split(":") for pair in headers.split(",")]
                records.append((unpacked(key), unpacked(value), int(timestamp), [(n, unpacked(v)) for n, v in pairs]))
        yield verb, fields, records


def serve(agent):
    """Answers requests until standard input ends."""
    for verb, fields, records in requests():
        try:
            for answer in getattr(agent, verb)(*fields, *([records] if records else [])) or ():
                say(*answer)
            say("ok")
        except Exception as e:  # whatever a client throws is the answer
            traceback.print_exc()
            say("error", repr(e).replace("\t", " ").replace("\n", " "))
