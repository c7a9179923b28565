#!/usr/bin/env python3
"""Makes the seeds of fuzz targets, from the schemas, the broker's table of APIs and golden data: part of the build.

    make_corpus.py FOLDER    fills FOLDER/TARGET/ for every target, anew; a target that has no seeds here gets an empty folder

  protocol_request, protocol_response     every API and version that the codec knows, with every field filled
  broker_requests                         for every API and version that the broker serves: the requests that lead up to it, and one that means something
  broker_internal_records, broker_load    records of internal topics, as Kafka wrote them
  storage_folder, storage_files           what is in the folders of tests/golden/datadir

Seeds that were written by hand and what fuzzing found are in tests/fuzz/corpus."""
import glob
import io
import os
import re
import shutil
import struct
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))
import kafka_wire  # noqa: E402
from record_batch import batch  # noqa: E402

# What fuzz_broker.h replaces by what the broker really gave out.
TOPIC_ID = b"THE-ID-OF-TOPIC!".hex()
MEMBER_ID = "c-THE-ID-THAT-JOIN-GROUP-GAVE-A-MEMBER"

# --- a message with every field filled ---

MEANT = {
    "topic_id": TOPIC_ID, "group_id": "g", "key": "g", "coordinator_keys": "g", "groups": "g", "groups_names": "g", "transactional_id": "x",
    "transactional_ids": "x", "v3_and_below_transactional_id": "x", "v3_and_below_producer_id": 0, "v3_and_below_producer_epoch": 0,
    "member_id": MEMBER_ID, "client_software_name": "weir", "client_software_version": "1.0", "protocol_type": "consumer", "protocol_name": "range",
    "generation_id": 1, "generation_id_or_member_epoch": 1, "producer_id": 0, "producer_epoch": 0, "timeout_ms": 1000, "transaction_timeout_ms": 60000,
    "session_timeout_ms": 6000, "rebalance_timeout_ms": 6000, "max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 20, "partition_max_bytes": 1 << 20,
    "num_partitions": 2, "replication_factor": 1, "resource_type": 2, "resource_types": 2, "acks": -1, "index": 0, "partition": 0, "partition_index": 0,
    "partition_indexes": 0, "partitions": 0, "fetch_offset": 0, "offset": 0, "timestamp": -1, "isolation_level": 1, "count": 3, "committed": True,
    "replica_id": -1, "current_leader_epoch": -1, "last_fetched_epoch": -1, "log_start_offset": -1, "leader_epoch": 0, "session_id": 0,
    "session_epoch": 0, "committed_offset": 1, "commit_timestamp": -1, "retention_time_ms": -1, "committed_leader_epoch": 0, "configs": None,
    "group_instance_id": None, "assignments": None, "validate_only": False, "response_partition_limit": 10, "cursor": None, "forgotten_topics_data": [],
    "key_type": 0, "states_filter": "Stable", "types_filter": "classic", "mechanism": "PLAIN", "config_operation": 0, "election_type": 0,
    "include_fenced_brokers": False, "endpoint_type": 1, "duration_filter": -1, "state_filters": "Ongoing", "producer_id_filters": 0,
}
FILLED = {"bool": True, "int8": 1, "int16": 1, "uint16": 1, "int32": 1, "int64": 1, "float64": 1.5, "uuid": TOPIC_ID, "string": "t", "bytes": b"data"}


def one(field, version, meaning):
    if field.struct is not None:
        return filled(field.struct, version, meaning)
    if field.type == "records":
        return batch(b"value")
    if meaning and field.name in MEANT and not isinstance(MEANT[field.name], list) and MEANT[field.name] is not None:
        return MEANT[field.name]
    return FILLED[field.type]


def filled(of, version, meaning):
    """Values for all fields of this version. `meaning`: such as a broker can do something with."""
    values = {}
    for field in of.fields:
        if not kafka_wire._within(field.versions, version):
            continue
        if meaning and field.name in MEANT and (MEANT[field.name] is None or isinstance(MEANT[field.name], list)):
            nullable = kafka_wire._within(field.nulls, version)
            values[field.name] = [] if field.array and not (MEANT[field.name] is None and nullable) else None if nullable else FILLED.get(field.type, {})
        elif field.array:
            values[field.name] = [one(field, version, meaning)] * (1 if meaning else 2)
        else:
            values[field.name] = one(field, version, meaning)
    return values


# --- what leads up to a request ---

TOPIC = ("CreateTopics", 5, {"topics": [{"name": "t", "num_partitions": 2, "replication_factor": 1}], "timeout_ms": 1000})
RECORDS = ("Produce", 7, {"acks": -1, "timeout_ms": 1000, "topic_data": [{"name": "t", "partition_data": [{"index": 0, "records": batch(b"value")}]}]})
JOIN = ("JoinGroup", 3, {"group_id": "g", "session_timeout_ms": 6000, "rebalance_timeout_ms": 6000, "member_id": "", "protocol_type": "consumer",
                         "protocols": [{"name": "range", "metadata": b"\0\1\0\0\0\1\0\1t\xff\xff\xff\xff"}]})
SYNC = ("SyncGroup", 2, {"group_id": "g", "generation_id": 1, "member_id": MEMBER_ID, "assignments": [{"member_id": MEMBER_ID, "assignment": b"mine"}]})
COMMIT = ("OffsetCommit", 7, {"group_id": "g", "generation_id_or_member_epoch": 1, "member_id": MEMBER_ID,
                              "topics": [{"name": "t", "partitions": [{"partition_index": 0, "committed_offset": 1, "committed_metadata": "m"}]}]})
PRODUCER = ("InitProducerId", 1, {"transactional_id": "x", "transaction_timeout_ms": 60000})
IN_TXN = ("AddPartitionsToTxn", 1, {"v3_and_below_transactional_id": "x", "v3_and_below_producer_id": 0, "v3_and_below_producer_epoch": 0,
                                    "v3_and_below_topics": [{"name": "t", "partitions": [0]}]})
GROUPS = ("Heartbeat", "LeaveGroup", "SyncGroup", "OffsetCommit", "OffsetFetch", "DescribeGroups", "ListGroups", "DeleteGroups", "OffsetDelete")
OFFSETS_IN_TXN = ("AddOffsetsToTxn", 1, {"transactional_id": "x", "producer_id": 0, "producer_epoch": 0, "group_id": "g"})
TRANSACTIONS = ("AddOffsetsToTxn", "EndTxn", "TxnOffsetCommit", "DescribeTransactions", "ListTransactions", "DescribeProducers")
# After these, the ways on: what was joined is left, what was begun is ended, and what was written is read.
AFTER = {"AddPartitionsToTxn": [("EndTxn", 1, {"transactional_id": "x", "producer_id": 0, "producer_epoch": 0, "committed": False})],
         "JoinGroup": [("JoinGroup", 5, {**JOIN[2], "member_id": MEMBER_ID}), SYNC, COMMIT], "Produce": [("Fetch", 11, {"max_wait_ms": 0, "max_bytes": 1 << 20, "isolation_level": 1, "topics": [
             {"topic": "t", "partitions": [{"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1 << 20}]}]})]}
OWN = {
    "JoinGroup": {"group_id": "g", "session_timeout_ms": 6000, "member_id": "", "protocol_type": "consumer",
                  "protocols": [{"name": "range", "metadata": b"\0\1\0\0\0\1\0\1t\xff\xff\xff\xff"}]},
    "AlterConfigs": {"resources": [{"resource_type": 2, "resource_name": "t", "configs": [{"name": "retention.ms", "value": "1000"}]}]},
    "IncrementalAlterConfigs": {"resources": [{"resource_type": 2, "resource_name": "t",
                                               "configs": [{"name": "cleanup.policy", "config_operation": 2, "value": "compact"}]}]},
}


def lead_up(name):
    if name in GROUPS:
        return [TOPIC, JOIN, SYNC, COMMIT]
    if name in TRANSACTIONS:
        return [TOPIC, PRODUCER, IN_TXN] + [OFFSETS_IN_TXN] * (name == "TxnOffsetCommit")
    if name == "AddPartitionsToTxn":
        return [TOPIC, PRODUCER]
    return [] if name == "CreateTopics" else [TOPIC, RECORDS]


def own_body(api, version):
    if api.name == "DeleteTopics" and version >= 6:  # by name or by id, not both
        return {"topics": [{"name": None, "topic_id": TOPIC_ID}], "timeout_ms": 1000}
    if api.name == "TxnOffsetCommit" and version >= 3:  # of a member, or of nobody
        return {**filled(api.request.top, version, True), "member_id": "", "generation_id": -1}
    return OWN.get(api.name) or filled(api.request.top, version, True)


def sequence(api, version):
    requests = [*lead_up(api.name), (api.name, version, own_body(api, version)), *AFTER.get(api.name, [])]
    frames = [kafka_wire.request_frame(name, v, values, correlation_id=i + 1, client_id="c") for i, (name, v, values) in enumerate(requests)]
    return b"".join(struct.pack(">H", len(frame)) + frame for frame in frames)


# --- the folders ---


def served():
    """(API, version) of the broker's table."""
    with open(os.path.join(SOURCE, "runtime", "broker", "api_table.c"), encoding="ascii") as table:
        rows = re.findall(r"\{ API_\w+, (\d+), (\d+), \d+, api_(\w+) \}", table.read())
    names = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): name for name in kafka_wire.APIS}
    for first, last, handler in rows:
        api = kafka_wire.APIS[names[handler]]
        for version in range(int(first), int(last) + 1):
            yield api, version


def of_protocol():
    for api in kafka_wire.APIS.values():
        for version in range(api.versions[0], api.versions[1] + 1):
            name = f"{api.name}-v{version}"
            yield "protocol_request", name, kafka_wire.request_frame(api.name, version, filled(api.request.top, version, False), client_id="c")
            header = struct.pack(">hhi", api.key, version, 1)
            if kafka_wire._is_flexible(api, version) and api.name != "ApiVersions":
                header += b"\0"
            yield "protocol_response", name, header + kafka_wire.encode(api.response.top, version, filled(api.response.top, version, False))
    for api, version in served():
        yield "broker_requests", f"{api.name}-v{version}", sequence(api, version)


# --- golden data ---

TRANSACTIONS_TOPIC, NULL, TRANSACTIONAL, CONTROL = 1, 2, 4, 8  # flags of broker_load_fuzz.c and broker_internal_records_fuzz.c
COMMIT_MARKER = (b"\0\0\0\1", b"\0\0\0\0\0\0")


def internal_records():
    """(flags, key, value) of each record, its group called "g" or its transactional id "x", which the targets ask about."""
    with open(os.path.join(SOURCE, "tests", "golden", "wire", "internal_records.txt"), encoding="ascii") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            topic, key, value = line.split()
            flags = (TRANSACTIONS_TOPIC if topic == "__transaction_state" else 0) | (NULL if value == "null" else 0)
            key = bytes.fromhex(key)
            length = struct.unpack(">h", key[2:4])[0]
            named = b"x" if flags & TRANSACTIONS_TOPIC else b"g"
            yield flags, key[:2] + b"\0\1" + named + key[4 + length:], b"" if value == "null" else bytes.fromhex(value)


def loaded(flags, key, value):
    return struct.pack(">BHH", flags, len(key), len(value)) + key + value


def of_internal_records():
    records = list(internal_records())
    for i, (flags, key, value) in enumerate(records):
        yield "broker_internal_records", f"record-{i:02}", struct.pack(">BH", flags, len(key)) + key + value
        yield "broker_load", f"record-{i:02}", loaded(flags, key, value)
    yield "broker_load", "all", b"".join(loaded(*record) for record in records)
    in_transaction = [loaded(flags | TRANSACTIONAL, key, value) for flags, key, value in records if flags == 0]
    yield "broker_load", "in-an-open-transaction", b"".join(in_transaction)
    yield "broker_load", "in-a-committed-transaction", b"".join([*in_transaction, loaded(CONTROL, *COMMIT_MARKER)])


def names_of(target):
    """The names that storage_folder_fuzz.c gives to files, by number."""
    with open(os.path.join(HERE, target), encoding="ascii") as source:
        return re.findall(r'^    "(.*)",$', source.read(), re.MULTILINE)


def folders():
    """(data directory, partition folder or "" for the root, {file: content})"""
    for path in sorted(glob.glob(os.path.join(SOURCE, "tests", "golden", "datadir", "*", "data.tar.gz"))):
        found = {}
        with tarfile.open(path) as archive:
            for member in archive:
                folder, _, file = member.name.removeprefix("./").rpartition("/")
                if member.isfile():
                    found.setdefault(folder, {})[file] = archive.extractfile(member).read()
        for folder, files in sorted(found.items()):
            yield os.path.basename(os.path.dirname(path)), folder.replace("/", "-"), files


def of_storage():
    names = names_of("storage_folder_fuzz.c")
    kinds = {".snapshot": 0, "leader-epoch-checkpoint": 1, "-offset-checkpoint": 2, ".txnindex": 3}  # storage_files_fuzz.c
    seen = set()
    for data, folder, files in folders():
        out = io.BytesIO(bytes([2 if data.startswith("compact") else 0]))
        out.seek(1)
        for file, content in sorted(files.items()):
            content = content.rstrip(b"\0") if file.endswith("index") else content  # preallocated
            if f"t-0/{file}" in names and len(content) < 8192:
                out.write(struct.pack(">BH", names.index(f"t-0/{file}"), len(content)) + content)
            for ending, kind in kinds.items():
                if file.endswith(ending) and len(content) < 4096 and (kind, content) not in seen:
                    seen.add((kind, content))
                    yield "storage_files", f"{data}-{folder}-{file}", bytes([kind]) + content
        if out.tell() > 100:
            yield "storage_folder", f"{data}-{folder}", out.getvalue()


def seeds():
    yield from of_protocol()
    yield from of_internal_records()
    yield from of_storage()


def main(out):
    shutil.rmtree(out, ignore_errors=True)
    for source in glob.glob(os.path.join(HERE, "*_fuzz.c")):
        os.makedirs(os.path.join(out, os.path.basename(source).removesuffix("_fuzz.c")))
    for target, name, content in seeds():
        with open(os.path.join(out, target, name), "xb") as seed:
            seed.write(content)


if __name__ == "__main__":
    main(sys.argv[1])
