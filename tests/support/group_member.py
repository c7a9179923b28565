"""One member of a consumer group in a process of its own, for tests that stop and kill members.

    group_member.py BOOTSTRAP GROUP TOPIC STOP_FILE

Prints one JSON value a line: {"assigned": [partition...]}, {"read": [[partition, offset, value]...]} once a poll, after the
offsets of that poll are committed. If STOP_FILE exists when this member, as leader, is about to assign partitions (it has
its JoinGroup answer and has not sent SyncGroup), it removes the file and stops itself with SIGSTOP.
SIGTERM ends it in good order."""
import json
import os
import signal
import sys

from kafka import ConsumerRebalanceListener, KafkaConsumer
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError

BOOTSTRAP, GROUP, TOPIC, STOP_FILE = sys.argv[1:5]


def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class StoppingAssignor(RangePartitionAssignor):
    @classmethod
    def assign(cls, cluster, member_metadata):
        result = super().assign(cluster, member_metadata)
        try:
            os.unlink(STOP_FILE)
        except FileNotFoundError:
            return result
        say(stopping=len(member_metadata))
        os.kill(os.getpid(), signal.SIGSTOP)
        return result


class Listener(ConsumerRebalanceListener):
    def on_partitions_revoked(self, revoked):
        pass

    def on_partitions_assigned(self, assigned):
        say(assigned=sorted(p.partition for p in assigned))


ending = []
signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
consumer = KafkaConsumer(bootstrap_servers=BOOTSTRAP, group_id=GROUP, enable_auto_commit=False, auto_offset_reset="earliest",
                         session_timeout_ms=2000, heartbeat_interval_ms=200, max_poll_interval_ms=8000, request_timeout_ms=9000,
                         metadata_max_age_ms=2000, retry_backoff_ms=50, partition_assignment_strategy=[StoppingAssignor])
consumer.subscribe([TOPIC], listener=Listener())
while not ending:
    polled = consumer.poll(timeout_ms=200)
    rows = [[record.partition, record.offset, record.value.decode()] for records in polled.values() for record in records]
    if not rows:
        continue
    try:
        consumer.commit()
    except KafkaError as error:
        say(commit_failed=type(error).__name__)
        continue
    say(read=rows)
consumer.close(autocommit=False)
say(closed=True)
