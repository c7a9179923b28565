"""Transactions with an outside client (librdkafka): commit, abort, fencing, timeout, offsets; a consume-transform-produce loop that copies every record exactly
once while the broker is killed with -9; and, over the plain protocol, what a transaction looks like to tools and after a crash at its most delicate moment."""
import os
import pathlib
import struct
import subprocess
import sys
import tarfile
import tempfile
import unittest

from kafka_wire import Connection
from weir_broker import Broker

SOURCE = pathlib.Path(os.environ.get("WEIR_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
LIMIT_S = 120
RECORDS, KILLS = 1000, 6
INVALID_TXN_STATE, UNSTABLE_OFFSET_COMMIT = 48, 88


def answer(connection, name, version):
    return connection.receive(name, version)[-1]


class Transactions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="weir-transactions-")
        cls.addClassCleanup(folder.cleanup)
        cls.clients = os.path.join(folder.name, "transaction_clients")
        subprocess.run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-O1", SOURCE / "tests" / "support" / "transaction_clients.c", "-lrdkafka",
                        "-o", cls.clients], check=True)

    def setUp(self):
        self.broker = Broker({"num.partitions": 1, "offsets.topic.num.partitions": 3, "transaction.state.log.num.partitions": 1}).start()
        self.addCleanup(self.broker.stop)
        self.broker.config["listeners"] = f"PLAINTEXT://127.0.0.1:{self.broker.port}"  # clients must find it again

    def run_client(self, mode, *arguments):
        done = subprocess.run([self.clients, mode, self.broker.bootstrap, *arguments], capture_output=True, text=True, timeout=LIMIT_S)
        self.assertEqual(done.returncode, 0, f"{done.stdout}{done.stderr}\nbroker: {self.broker.output[-3000:]}")
        return done.stdout

    def call(self, name, version, body):
        with Connection(self.broker.host, self.broker.port) as c:
            return c.call(name, version, body)

    def init(self, transactional_id, timeout_ms=60000):
        answer = self.call("InitProducerId", 4, {"transactional_id": transactional_id, "transaction_timeout_ms": timeout_ms})
        return answer["error_code"], answer["producer_id"], answer["producer_epoch"]

    def add(self, transactional_id, producer_id, epoch, topic="t"):
        answer = self.call("AddPartitionsToTxn", 3, {"v3_and_below_transactional_id": transactional_id, "v3_and_below_producer_id": producer_id,
                                                     "v3_and_below_producer_epoch": epoch, "v3_and_below_topics": [{"name": topic, "partitions": [0]}]})
        return answer["results_by_topic_v3_and_below"][0]["results_by_partition"][0]["partition_error_code"]

    def end(self, transactional_id, producer_id, epoch, commit):
        return self.call("EndTxn", 3, {"transactional_id": transactional_id, "producer_id": producer_id, "producer_epoch": epoch,
                                       "committed": commit})["error_code"]

    def state(self, transactional_id):
        return self.call("DescribeTransactions", 0, {"transactional_ids": [transactional_id]})["transaction_states"][0]

    def make_topic(self, name="t"):
        self.call("Metadata", 1, {"topics": [{"name": name}]})

    # --- librdkafka ---

    def test_scenarios(self):
        for topic in ("one", "two", "three"):
            self.make_topic(topic)
        self.assertEqual(self.run_client("scenarios").splitlines(), ["ok commit and abort", "ok fencing", "ok timeout", "ok offsets"])

    def test_every_record_is_copied_once_whatever_dies(self):
        values = "".join(f"v{i}\n" for i in range(RECORDS))
        for topic in ("in", "out"):
            self.make_topic(topic)
        subprocess.run(["kcat", "-q", "-b", self.broker.bootstrap, "-P", "-t", "in", "-p", "0"], input=values, text=True, check=True, timeout=LIMIT_S)
        copier = subprocess.Popen([self.clients, "copy", self.broker.bootstrap, "in", "out", str(RECORDS)], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)
        try:
            for n in range(1, KILLS + 1):  # not before it has got further each time
                while int(copier.stdout.readline() or RECORDS) < n * RECORDS // (KILLS + 1):
                    pass
                self.broker.restart(clean=False)
            _, words = copier.communicate(timeout=LIMIT_S)
            self.assertEqual(copier.returncode, 0, f"{words}\nbroker: {self.broker.output[-3000:]}")
        finally:
            copier.kill()
            copier.communicate()
        self.broker.restart(clean=False)
        self.assertEqual(self.run_client("read", "out").split(), values.split())

    # --- the plain protocol ---

    def test_a_transaction_survives_kill_9_and_goes_on(self):
        self.make_topic()
        error, producer_id, epoch = self.init("steady")
        self.assertEqual((error, epoch), (0, 0))
        self.assertEqual(self.add("steady", producer_id, epoch), 0)
        before = self.state("steady")
        self.assertEqual((before["transaction_state"], before["topics"]), ("Ongoing", [{"topic": "t", "partitions": [0]}]))
        self.broker.restart(clean=False)
        self.assertEqual(self.state("steady"), before)
        self.assertEqual(self.end("steady", producer_id, epoch, True), 0)
        self.assertEqual(self.state("steady")["transaction_state"], "CompleteCommit")
        self.broker.restart(clean=False)
        self.assertEqual(self.state("steady")["transaction_state"], "CompleteCommit")
        self.assertEqual(self.init("steady"), (0, producer_id, 1))

    def cut_last_batch(self, topic):
        """From the one log of the topic that has any: as if the broker had died before it wrote it."""
        path = next(p for p in pathlib.Path(self.broker.log_dir).glob(f"{topic}-*/*.log") if p.stat().st_size)
        data, at, last = path.read_bytes(), 0, 0
        while at < len(data):
            last, at = at, at + 12 + struct.unpack_from(">i", data, at + 8)[0]
        os.truncate(path, last)

    def end_offset(self, topic, isolation):
        answer = self.call("ListOffsets", 2, {"replica_id": -1, "isolation_level": isolation, "topics": [
            {"name": topic, "partitions": [{"partition_index": 0, "timestamp": -1}]}]})
        return answer["topics"][0]["partitions"][0]["offset"]

    def test_an_end_is_carried_out_whatever_of_it_was_written_when_the_broker_died(self):
        """kill -9 between Prepare, each marker, and Complete: the log of the coordinator and those of the partitions end accordingly."""
        for topic in ("t", "u"):
            self.make_topic(topic)
        state = "__transaction_state"
        for step, lost in (("before the first marker", (state, "t", "u")), ("between markers", (state, "u")), ("behind the last marker", (state,))):
            for commit in (True, False):
                name = f"{step}-{commit}"
                _, producer_id, epoch = self.init(name)
                for topic in ("t", "u"):
                    self.assertEqual(self.add(name, producer_id, epoch, topic), 0)
                self.assertEqual(self.end(name, producer_id, epoch, commit), 0)
                before = {topic: self.end_offset(topic, 0) for topic in ("t", "u")}
                self.broker.kill()
                for topic in lost:
                    self.cut_last_batch(topic)
                self.broker.start()
                self.assertEqual(self.state(name)["transaction_state"], "CompleteCommit" if commit else "CompleteAbort", name)
                for topic in ("t", "u"):
                    end = self.end_offset(topic, 0)
                    self.assertEqual(self.end_offset(topic, 1), end, f"{name}: {topic} has nothing open")
                    self.assertEqual(end, before[topic] + (topic not in lost), name)  # a second marker changes nothing
                self.assertEqual(self.end(name, producer_id, epoch, commit), 0)  # asked again

    def test_an_end_that_was_not_decided_when_the_broker_died_is_still_open(self):
        self.make_topic()
        _, producer_id, epoch = self.init("undecided")
        self.assertEqual(self.add("undecided", producer_id, epoch), 0)
        self.assertEqual(self.end("undecided", producer_id, epoch, True), 0)
        self.broker.kill()
        for topic in ("__transaction_state", "__transaction_state", "t"):  # Complete, Prepare, the marker
            self.cut_last_batch(topic)
        self.broker.start()
        self.assertEqual(self.state("undecided")["transaction_state"], "Ongoing")
        self.assertEqual(self.end("undecided", producer_id, epoch, False), 0)
        self.assertEqual(self.state("undecided")["transaction_state"], "CompleteAbort")

    def test_an_open_transaction_times_out_also_after_kill_9(self):
        self.make_topic()
        _, producer_id, epoch = self.init("forgotten", timeout_ms=500)
        self.assertEqual(self.add("forgotten", producer_id, epoch), 0)
        self.broker.restart(clean=False)
        # The marker is a record: a fetch that waits for one byte is woken by it.
        answer = self.call("Fetch", 4, {"replica_id": -1, "max_wait_ms": 30000, "min_bytes": 1, "max_bytes": 1 << 20, "isolation_level": 0,
                                        "topics": [{"topic": "t", "partitions": [{"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1 << 20}]}]})
        self.assertEqual(answer["responses"][0]["partitions"][0]["high_watermark"], 1)
        while self.state("forgotten")["transaction_state"] == "PrepareAbort":
            pass
        self.assertEqual((self.state("forgotten")["transaction_state"], self.state("forgotten")["producer_epoch"]), ("CompleteAbort", 1))

    def test_offsets_wait_for_the_commit_also_over_kill_9(self):
        self.make_topic()
        _, producer_id, epoch = self.init("offsets")
        owner = {"transactional_id": "offsets", "producer_id": producer_id, "producer_epoch": epoch, "group_id": "g"}
        commit = {**owner, "topics": [{"name": "t", "partitions": [{"partition_index": 0, "committed_offset": 42, "committed_metadata": "m"}]}]}

        def committed(stable):
            answer = self.call("OffsetFetch", 8, {"groups": [{"group_id": "g", "topics": [{"name": "t", "partition_indexes": [0]}]}], "require_stable": stable})
            row = answer["groups"][0]["topics"][0]["partitions"][0]
            return row["error_code"], row["committed_offset"]

        def txn_commit():
            return self.call("TxnOffsetCommit", 3, commit)["topics"][0]["partitions"][0]["error_code"]

        self.assertEqual(txn_commit(), INVALID_TXN_STATE)  # not announced
        self.assertEqual(self.call("AddOffsetsToTxn", 3, owner)["error_code"], 0)
        self.broker.restart(clean=False)  # the announcement is remembered
        self.assertEqual(txn_commit(), 0)
        for _ in range(2):
            self.assertEqual(committed(True), (UNSTABLE_OFFSET_COMMIT, -1))
            self.assertEqual(committed(False), (0, -1))
            self.broker.restart(clean=False)
        self.assertEqual(self.end("offsets", producer_id, epoch, True), 0)
        self.assertEqual(committed(True), (0, 42))
        self.broker.restart(clean=False)
        self.assertEqual(committed(True), (0, 42))

    def test_offsets_of_a_deleted_topic_are_not_those_of_the_next_one_of_its_name(self):
        for crash in (False, True):
            self.make_topic()
            name = f"late-{crash}"
            _, producer_id, epoch = self.init(name)
            owner = {"transactional_id": name, "producer_id": producer_id, "producer_epoch": epoch, "group_id": "g"}
            self.assertEqual(self.call("AddOffsetsToTxn", 3, owner)["error_code"], 0)
            part = {"partition_index": 0, "committed_offset": 42, "committed_metadata": ""}
            answer = self.call("TxnOffsetCommit", 3, {**owner, "topics": [{"name": "t", "partitions": [part]}]})
            self.assertEqual(answer["topics"][0]["partitions"][0]["error_code"], 0)
            self.assertEqual(self.call("DeleteTopics", 1, {"topic_names": ["t"], "timeout_ms": 10000})["responses"][0]["error_code"], 0)
            if crash:
                self.broker.restart(clean=False)
            self.make_topic()
            self.assertEqual(self.end(name, producer_id, epoch, True), 0)
            answer = self.call("OffsetFetch", 1, {"group_id": "g", "topics": [{"name": "t", "partition_indexes": [0]}]})
            self.assertEqual(answer["topics"][0]["partitions"][0]["committed_offset"], -1, f"crash: {crash}")
            self.call("DeleteTopics", 1, {"topic_names": ["t"], "timeout_ms": 10000})

    def test_a_commit_outside_the_transaction_counts_when_it_came_later(self):
        self.make_topic()
        _, producer_id, epoch = self.init("early")
        owner = {"transactional_id": "early", "producer_id": producer_id, "producer_epoch": epoch, "group_id": "g"}
        self.assertEqual(self.call("AddOffsetsToTxn", 3, owner)["error_code"], 0)
        self.call("TxnOffsetCommit", 3, {**owner, "topics": [{"name": "t", "partitions": [{"partition_index": 0, "committed_offset": 1, "committed_metadata": ""}]}]})
        self.call("OffsetCommit", 2, {"group_id": "g", "generation_id_or_member_epoch": -1, "retention_time_ms": -1,
                                      "topics": [{"name": "t", "partitions": [{"partition_index": 0, "committed_offset": 2, "committed_metadata": ""}]}]})
        self.assertEqual(self.end("early", producer_id, epoch, True), 0)
        for _ in range(2):
            answer = self.call("OffsetFetch", 1, {"group_id": "g", "topics": [{"name": "t", "partition_indexes": [0]}]})
            self.assertEqual(answer["topics"][0]["partitions"][0]["committed_offset"], 2)
            self.broker.restart(clean=False)

    def test_what_kafka_left_is_taken_over(self):
        """A data directory of Apache Kafka with committed, aborted and one open transaction: the open one times out, as it would have there."""
        self.broker.terminate()
        with tarfile.open(SOURCE / "tests" / "golden" / "datadir" / "transactions" / "data.tar.gz") as archive:
            names = {name.split("/")[0] for name in archive.getnames()} - {"."}
            archive.extractall(self.broker.log_dir, [m for m in archive.getmembers() if m.name.split("/")[0] in names])
        store = pathlib.Path(self.broker.log_dir)
        for path in store.iterdir():  # what the first start made; the folders alone are to be adopted
            if path.is_file():
                path.unlink()
        self.broker.start()
        rows = {row["transactional_id"]: row for row in self.call("ListTransactions", 0, {})["transaction_states"]}
        self.assertEqual({name: row["producer_id"] for name, row in rows.items()}, {"tx-a": 2, "tx-b": 3, "tx-open": 4}, self.broker.output)
        self.assertEqual((rows["tx-a"]["transaction_state"], rows["tx-b"]["transaction_state"]), ("CompleteAbort", "CompleteAbort"))
        answer = self.call("Fetch", 4, {"replica_id": -1, "max_wait_ms": 30000, "min_bytes": 1, "max_bytes": 1 << 20, "isolation_level": 1,
                                        "topics": [{"topic": "txn-open", "partitions": [{"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1 << 20}]}]})
        row = answer["responses"][0]["partitions"][0]
        self.assertEqual((row["high_watermark"], row["last_stable_offset"]), (2, 2))
        self.assertEqual(row["aborted_transactions"], [{"producer_id": 4, "first_offset": 0}])
        answer = self.call("Fetch", 4, {"replica_id": -1, "max_wait_ms": 0, "min_bytes": 0, "max_bytes": 1 << 20, "isolation_level": 1,
                                        "topics": [{"topic": "txn", "partitions": [{"partition": 0, "fetch_offset": 0, "partition_max_bytes": 1 << 20}]}]})
        row = answer["responses"][0]["partitions"][0]
        self.assertEqual((row["high_watermark"], row["aborted_transactions"]), (11, [{"producer_id": 3, "first_offset": 2}]))

    def test_transactions_are_listed_by_state_producer_and_age(self):
        self.make_topic()
        ids = {name: self.init(name)[1] for name in ("idle", "open")}
        self.assertEqual(self.add("open", ids["open"], 0), 0)

        def listed(version, **filters):
            rows = self.call("ListTransactions", version, filters)["transaction_states"]
            return sorted((row["transactional_id"], row["producer_id"], row["transaction_state"]) for row in rows)

        everything = [("idle", ids["idle"], "Empty"), ("open", ids["open"], "Ongoing")]
        self.assertEqual(listed(0), everything)
        self.assertEqual(listed(1, state_filters=["Ongoing"]), everything[1:])
        self.assertEqual(listed(1, producer_id_filters=[ids["idle"]]), everything[:1])
        self.assertEqual(listed(1, duration_filter=3600000), everything[:1])  # Kafka counts from 1970 for who never began one

    def test_many_producers_end_their_transactions_at_once(self):
        self.make_topic()
        connections = [Connection(self.broker.host, self.broker.port) for _ in range(40)]
        try:
            for i, c in enumerate(connections):
                c.send("InitProducerId", 4, {"transactional_id": f"many-{i}", "transaction_timeout_ms": 60000})
            owners = [answer(c, "InitProducerId", 4) for c in connections]
            self.assertEqual(len({o["producer_id"] for o in owners}), len(connections))
            for round_number in range(5):
                for i, (c, o) in enumerate(zip(connections, owners)):
                    c.send("AddOffsetsToTxn", 3, {"transactional_id": f"many-{i}", "producer_id": o["producer_id"], "producer_epoch": 0, "group_id": f"g{i}"})
                self.assertEqual({answer(c, "AddOffsetsToTxn", 3)["error_code"] for c in connections}, {0})
                for i, (c, o) in enumerate(zip(connections, owners)):
                    c.send("EndTxn", 3, {"transactional_id": f"many-{i}", "producer_id": o["producer_id"], "producer_epoch": 0, "committed": i % 2 == round_number % 2})
                if round_number < 4:
                    self.assertEqual({answer(c, "EndTxn", 3)["error_code"] for c in connections}, {0})
        finally:
            for c in connections:  # the last answers are never read
                c.close()
        for i in range(len(connections)):
            state = self.state(f"many-{i}")["transaction_state"]
            self.assertIn(state, ("CompleteCommit", "CompleteAbort", "PrepareCommit", "PrepareAbort", "Ongoing"))
        self.assertEqual(self.broker.terminate(), 143)  # SIGTERM, in good order, with ends on their way



if __name__ == "__main__":
    sys.exit(0 if unittest.main(verbosity=2, exit=False).result.wasSuccessful() else 1)
