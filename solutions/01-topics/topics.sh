#!/usr/bin/env bash
# Topics from the shell: one command for each part of the lab, `bash topics.sh COMMAND`.
#
# Where the cluster is, and which topic is meant, stands in the environment (the README lists the variables), so that
# the same script works on any cluster. The exit status is 0 only when what was asked for is done.
set -euo pipefail

# Apache's tool, told where the cluster is.
topics() {
    kafka-topics.sh --bootstrap-server "$BOOTSTRAP" "$@"
}

not_written() {
    echo "topics.sh: $1 is not written yet" >&2
    exit 1
}

# Part 1: the topic TOPIC, with PARTITIONS partitions and one copy of each.
create() {
    # LAB-BEGIN 1
    topics --create --topic "$TOPIC" --partitions "$PARTITIONS" --replication-factor 1
    # LAB-ELSE
    # TODO(1): about 1 line. Checks: topic-exists, partition-count.
    # > not_written create
    # LAB-END
}

# Part 2: as create; a topic that exists already is left as it is, and that is no failure.
ensure() {
    # LAB-BEGIN 2
    topics --create --if-not-exists --topic "$TOPIC" --partitions "$PARTITIONS" --replication-factor 1
    # LAB-ELSE
    # TODO(2): about 1 line. Checks: ensure-new, ensure-again.
    # > not_written ensure
    # LAB-END
}

# Part 3: as create, with the settings in SETTINGS, for example "cleanup.policy=compact retention.ms=60000".
tune() {
    # LAB-BEGIN 3
    local wanted setting options=()
    read -r -a wanted <<<"$SETTINGS"
    for setting in "${wanted[@]}"; do
        options+=(--config "$setting")
    done
    topics --create --topic "$TOPIC" --partitions "$PARTITIONS" --replication-factor 1 "${options[@]}"
    # LAB-ELSE
    # TODO(3): about 6 lines. Check: settings.
    # > not_written tune
    # LAB-END
}

# Part 4: the names of all topics but Kafka's internal ones into the file REPORT, one a line, sorted.
list() {
    # LAB-BEGIN 4
    topics --list --exclude-internal | LC_ALL=C sort >"$REPORT"
    # LAB-ELSE
    # TODO(4): about 1 line. Check: list-topics.
    # > not_written list
    # LAB-END
}

# Part 5: what the cluster says about TOPIC into the file REPORT: a line "partitions N", then for every partition, in
# order, a line "NUMBER LEADER".
describe() {
    # LAB-BEGIN 5
    topics --describe --topic "$TOPIC" | awk '
        {
            for (i = 1; i < NF; i++) {
                if ($i == "PartitionCount:") print "partitions", $(i + 1)
                if ($i == "Partition:") number = $(i + 1)
                if ($i == "Leader:") print number, $(i + 1)
            }
        }' >"$REPORT"
    # LAB-ELSE
    # TODO(5): about 8 lines. Check: describe-topic.
    # > not_written describe
    # LAB-END
}

# Part 6: no topic TOPIC any more; one that was not there is no failure. All others stay.
delete() {
    # LAB-BEGIN 6
    topics --delete --if-exists --topic "$TOPIC"
    # LAB-ELSE
    # TODO(6): about 1 line. Checks: delete-topic, delete-again.
    # > not_written delete
    # LAB-END
}

case ${1:-} in
create | ensure | tune | list | describe | delete) "$1" ;;
*)
    echo "usage: bash topics.sh create|ensure|tune|list|describe|delete" >&2
    exit 2
    ;;
esac
