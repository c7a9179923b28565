"""The life of a group in every version of every group API: find, join, sync, beat, commit, fetch, describe, list, leave, delete."""
import unittest

from kafka_wire import APIS, Connection
from weir_broker import Broker

TOPIC = "t"
MEMBER_ID_REQUIRED, FENCED_INSTANCE_ID, NON_EMPTY_GROUP = 79, 82, 68


class Versions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker({"num.partitions": 2, "offsets.topic.num.partitions": 3}).start()
        cls.addClassCleanup(cls.broker.stop)

    def setUp(self):
        self.connection = Connection(self.broker.host, self.broker.port)
        self.addCleanup(self.connection.close)
        advertised = self.call("ApiVersions", 0, {})
        self.range = {row["api_key"]: (row["min_version"], row["max_version"]) for row in advertised["api_keys"]}
        self.call("Metadata", 1, {"topics": [{"name": TOPIC}]})

    def call(self, api, version, request):
        return self.connection.call(api, version, request)

    def near(self, api, version):
        """The served version of this API that is nearest."""
        low, high = self.range[APIS[api].key]
        return max(low, min(high, version))

    def ok(self, api, version, request):
        answer = self.call(api, self.near(api, version), request)
        self.assertEqual(answer.get("error_code", 0), 0, f"{api} {version}: {answer}")
        return answer

    def join(self, group, version, member="", instance=None):
        request = {"group_id": group, "session_timeout_ms": 10000, "rebalance_timeout_ms": 10000, "member_id": member,
                   "protocol_type": "consumer", "protocols": [{"name": "range", "metadata": b"m"}]}
        if instance is not None:
            request["group_instance_id"] = instance
        return self.call("JoinGroup", version, request)

    def sync(self, group, version, joined, instance=None):
        request = {"group_id": group, "generation_id": joined["generation_id"], "member_id": joined["member_id"],
                   "assignments": [{"member_id": joined["member_id"], "assignment": b"all"}]}
        if self.near("SyncGroup", version) >= 5:
            request.update(protocol_type="consumer", protocol_name="range")
        if instance is not None:
            request["group_instance_id"] = instance
        return self.ok("SyncGroup", version, request)

    def commit_and_fetch(self, group, version, joined):
        where = {"partition_index": 1, "committed_offset": 1000 + version, "committed_metadata": f"v{version}"}
        answer = self.ok("OffsetCommit", version, {"group_id": group, "generation_id_or_member_epoch": joined["generation_id"],
                                                   "member_id": joined["member_id"], "topics": [{"name": TOPIC, "partitions": [where]}]})
        self.assertEqual(answer["topics"][0]["partitions"], [{"partition_index": 1, "error_code": 0}])
        version = self.near("OffsetFetch", version)
        topics = [{"name": TOPIC, "partition_indexes": [0, 1]}]
        request = {"groups": [{"group_id": group, "topics": topics}]} if version >= 8 else {"group_id": group, "topics": topics}
        answer = self.ok("OffsetFetch", version, request)
        found = (answer["groups"][0] if version >= 8 else answer)["topics"][0]["partitions"]
        self.assertEqual([(p["committed_offset"], p["metadata"]) for p in found], [(-1, ""), (where["committed_offset"], where["committed_metadata"])])

    def look(self, group, version, joined):
        described = self.ok("DescribeGroups", version, {"groups": [group]})["groups"][0]
        self.assertEqual((described["group_state"], described["protocol_type"], described["protocol_data"]), ("Stable", "consumer", "range"))
        self.assertEqual([(m["member_id"], m["member_metadata"], m["member_assignment"]) for m in described["members"]], [(joined["member_id"], b"m", b"all")])
        listed = self.ok("ListGroups", version, {})["groups"]
        self.assertIn((group, "consumer"), [(row["group_id"], row["protocol_type"]) for row in listed])

    def test_life_of_a_group(self):
        low, high = self.range[APIS["JoinGroup"].key]
        self.assertEqual((low, high), (0, 9))
        for version in range(low, high + 1):
            with self.subTest(version=version):
                group = f"life-{version}"
                key = {"coordinator_keys": [group]} if self.near("FindCoordinator", version) >= 4 else {"key": group}
                found = self.ok("FindCoordinator", version, key)
                found = found["coordinators"][0] if "coordinators" in found else found
                self.assertEqual((found["error_code"], found["port"]), (0, self.broker.port))
                joined = self.join(group, version)
                if version >= 4:
                    self.assertEqual(joined["error_code"], MEMBER_ID_REQUIRED)
                    joined = self.join(group, version, joined["member_id"])
                self.assertEqual((joined["error_code"], joined["leader"], len(joined["members"])), (0, joined["member_id"], 1))
                self.assertEqual(self.sync(group, version, joined)["assignment"], b"all")
                self.ok("Heartbeat", version, {"group_id": group, "generation_id": joined["generation_id"], "member_id": joined["member_id"]})
                self.commit_and_fetch(group, version, joined)
                self.look(group, version, joined)
                deleted = self.ok("DeleteGroups", version, {"groups_names": [group]})["results"]
                self.assertEqual(deleted, [{"group_id": group, "error_code": NON_EMPTY_GROUP}])
                who = {"members": [{"member_id": joined["member_id"]}]} if self.near("LeaveGroup", version) >= 3 else {"member_id": joined["member_id"]}
                left = self.ok("LeaveGroup", version, {"group_id": group, **who})
                self.assertEqual([m["error_code"] for m in left.get("members", [])], [0] * len(left.get("members", [])))
                deleted = self.ok("DeleteGroups", version, {"groups_names": [group]})["results"]
                self.assertEqual(deleted, [{"group_id": group, "error_code": 0}])

    def test_static_member_returns(self):
        for version in range(5, 10):
            with self.subTest(version=version):
                group = f"static-{version}"
                first = self.join(group, version, instance="inst")
                self.assertEqual(first["error_code"], 0)
                self.sync(group, version, first, "inst")
                again = self.join(group, version, instance="inst")
                self.assertEqual((again["error_code"], again["generation_id"]), (0, first["generation_id"]), "a rebalance for a member that came back")
                self.assertNotEqual(again["member_id"], first["member_id"])
                if version >= 9:
                    self.assertEqual((again["skip_assignment"], again["leader"], len(again["members"])), (True, again["member_id"], 1))
                else:
                    self.assertEqual((again["leader"], again["members"]), (first["member_id"], []))
                beat = self.call("Heartbeat", 3, {"group_id": group, "generation_id": first["generation_id"], "member_id": first["member_id"], "group_instance_id": "inst"})
                self.assertEqual(beat["error_code"], FENCED_INSTANCE_ID)

    def test_many_groups_in_one_request(self):
        groups = [f"many-{i}" for i in range(20)]
        for offset, group in enumerate(groups):
            self.ok("OffsetCommit", 9, {"group_id": group, "member_id": "", "topics": [{"name": TOPIC, "partitions": [{"partition_index": 0, "committed_offset": offset, "committed_metadata": ""}]}]})
        answer = self.ok("OffsetFetch", 9, {"groups": [{"group_id": group, "topics": None} for group in groups]})
        self.assertEqual([row["group_id"] for row in answer["groups"]], groups)
        self.assertEqual([row["topics"][0]["partitions"][0]["committed_offset"] for row in answer["groups"]], list(range(20)))
        described = self.ok("DescribeGroups", 6, {"groups": groups})["groups"]
        self.assertEqual([row["group_state"] for row in described], ["Empty"] * 20)
        self.assertEqual([row["error_code"] for row in self.ok("DeleteGroups", 2, {"groups_names": groups})["results"]], [0] * 20)
        self.assertEqual([row for row in self.ok("ListGroups", 5, {})["groups"] if row["group_id"] in groups], [])

    def test_the_coordinator_of_a_transactional_id_is_found_too(self):
        answer = self.call("FindCoordinator", 4, {"key_type": 1, "coordinator_keys": ["payments"]})["coordinators"][0]
        self.assertEqual((answer["error_code"], answer["port"]), (0, self.broker.port))


if __name__ == "__main__":
    unittest.main(verbosity=2)
