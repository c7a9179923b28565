"""Reads a partition over the plain protocol, batch by batch, with the control records: what no client library shows.

    with Connection(broker.host, broker.port) as c:
        read = read_partition(c, "topic", 0, from_offset=0, committed=False)     # up to where the log ends now
        read.entries            # (offset, key, value) of a record, (offset, None, None) of a control record
        read.start, read.end    # where the log begins; what was read up to (committed: the last stable offset)

Uncompressed and gzip only. Of aborted transactions read_committed leaves out what a client would: by the list in the answer."""
import collections
import struct
import zlib

HEADER = struct.Struct(">qiibIhiqqqhii")  # up to the number of records
TRANSACTIONAL, CONTROL, GZIP = 0x10, 0x20, 1
VERSION, LIMIT_BYTES = 11, 8 << 20
EARLIEST, OFFSET_OUT_OF_RANGE = -2, 1

PartitionRead = collections.namedtuple("PartitionRead", "start end entries")


class ReadError(Exception):
    pass


def _varint(data, at):
    n = shift = 0
    while True:
        byte = data[at]
        at += 1
        n |= (byte & 0x7F) << shift
        if byte < 0x80:
            return (n >> 1) ^ -(n & 1), at
        shift += 7


def _field(data, at):
    size, at = _varint(data, at)
    return (None, at) if size < 0 else (data[at:at + size], at + size)


def _records(data, base_offset, count):
    at = 0
    for _ in range(count):
        size, at = _varint(data, at)
        after = at + size
        _, at = _varint(data, at + 1)  # attributes; the time
        delta, at = _varint(data, at)
        key, at = _field(data, at)
        value, _ = _field(data, at)
        yield base_offset + delta, key, value
        at = after


Batch = collections.namedtuple("Batch", "base_offset last_offset attributes producer_id records")


def batches(data):
    """The whole batches of what a Fetch answered."""
    at = 0
    while at + HEADER.size <= len(data):
        base_offset, length, _, magic, _, attributes, delta, _, _, producer_id, _, _, count = HEADER.unpack_from(data, at)
        if magic != 2 or length < HEADER.size - 12:
            raise ReadError(f"no record batch at {base_offset}: magic {magic}, length {length}")
        if at + 12 + length > len(data):
            return
        body = data[at + HEADER.size:at + 12 + length]
        if attributes & 7 not in (0, GZIP):
            raise ReadError(f"the batch at {base_offset} is compressed otherwise ({attributes & 7})")
        if attributes & 7:
            body = zlib.decompress(body, 31)
        yield Batch(base_offset, base_offset + delta, attributes, producer_id, list(_records(body, base_offset, count)))
        at += 12 + length


class _Aborted:
    """Which batches a reader of committed records leaves out: a producer's from the first offset of its transaction up to the abort marker."""

    def __init__(self, listed):
        self.coming = sorted((row["first_offset"], row["producer_id"]) for row in listed or [])
        self.open = set()

    def hides(self, batch):
        while self.coming and self.coming[0][0] <= batch.last_offset:
            self.open.add(self.coming.pop(0)[1])
        if batch.attributes & CONTROL:
            for _, key, _ in batch.records:
                if struct.unpack(">hh", key)[1] == 0:
                    self.open.discard(batch.producer_id)
            return False
        return bool(batch.attributes & TRANSACTIONAL) and batch.producer_id in self.open


def _fetch(connection, topic, partition, offset, committed):
    answer = connection.call("Fetch", VERSION, {
        "max_wait_ms": 0, "min_bytes": 0, "max_bytes": LIMIT_BYTES, "isolation_level": 1 if committed else 0, "session_epoch": -1,
        "topics": [{"topic": topic, "partitions": [{"partition": partition, "fetch_offset": offset, "partition_max_bytes": LIMIT_BYTES}]}]})
    return answer["responses"][0]["partitions"][0]


def _start(connection, topic, partition):
    answer = connection.call("ListOffsets", 2, {"replica_id": -1, "topics": [{"name": topic, "partitions": [{"partition_index": partition,
                                                                                                          "timestamp": EARLIEST}]}]})
    return answer["topics"][0]["partitions"][0]["offset"]


def read_partition(connection, topic, partition, from_offset=0, committed=False):
    """An offset before the start of the log is taken for the start."""
    offset, entries, end = from_offset, [], None
    while end is None or offset < end:
        row = _fetch(connection, topic, partition, offset, committed)
        if row["error_code"] == OFFSET_OUT_OF_RANGE and offset < (start := _start(connection, topic, partition)):
            offset, entries = start, []
            continue
        if row["error_code"]:
            raise ReadError(f"{topic}-{partition} at {offset}: error {row['error_code']}")
        end = end if end is not None else row["last_stable_offset"] if committed else row["high_watermark"]
        aborted, before = _Aborted(row["aborted_transactions"] if committed else None), offset
        for batch in batches(row["records"] or b""):
            hidden = aborted.hides(batch)
            for at, key, value in batch.records if not hidden else ():
                if offset <= at < end:
                    entries.append((at, None, None) if batch.attributes & CONTROL else (at, key, value))
            offset = max(offset, batch.last_offset + 1)
        if offset == before and offset < end:
            raise ReadError(f"{topic}-{partition} ends at {end}, and there is nothing at {offset}")
    return PartitionRead(row["log_start_offset"], end, entries)
