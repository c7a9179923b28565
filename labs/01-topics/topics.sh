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
    # TODO(1): about 1 line. Checks: topic-exists, partition-count.
    not_written create
}

# Part 2: as create; a topic that exists already is left as it is, and that is no failure.
ensure() {
    # TODO(2): about 1 line. Checks: ensure-new, ensure-again.
    not_written ensure
}

# Part 3: as create, with the settings in SETTINGS, for example "cleanup.policy=compact retention.ms=60000".
tune() {
    # TODO(3): about 6 lines. Check: settings.
    not_written tune
}

# Part 4: the names of all topics but Kafka's internal ones into the file REPORT, one a line, sorted.
list() {
    # TODO(4): about 1 line. Check: list-topics.
    not_written list
}

# Part 5: what the cluster says about TOPIC into the file REPORT: a line "partitions N", then for every partition, in
# order, a line "NUMBER LEADER".
describe() {
    # TODO(5): about 8 lines. Check: describe-topic.
    not_written describe
}

# Part 6: no topic TOPIC any more; one that was not there is no failure. All others stay.
delete() {
    # TODO(6): about 1 line. Checks: delete-topic, delete-again.
    not_written delete
}

case ${1:-} in
create | ensure | tune | list | describe | delete) "$1" ;;
*)
    echo "usage: bash topics.sh create|ensure|tune|list|describe|delete" >&2
    exit 2
    ;;
esac
