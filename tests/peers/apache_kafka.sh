#!/usr/bin/env bash
# Apache Kafka's own tools and broker as peers, fetched by Maven as org.apache.kafka in one fixed version.
#
#   apache_kafka.sh fetch                     fetches the jars once; exit 77 with a word when that is not possible here
#   apache_kafka.sh kafka-topics.sh …         runs one of Apache's tools, by script name, with its own arguments
#   apache_kafka.sh kafka-server-start.sh F   the broker, in the foreground and as this very process, with the properties of file F and the
#                                             JVM options that it ships with; it says "Kafka Server started" when it serves
#
# KAFKA_VERSION picks another version. The jars are kept in ${XDG_CACHE_HOME:-~/.cache}/weir-peers.
set -euo pipefail

version=${KAFKA_VERSION:-4.3.1}
home=${XDG_CACHE_HOME:-$HOME/.cache}/weir-peers/apache-kafka-$version

fetch() {
    [ -e "$home/ready" ] && return
    if ! command -v java >/dev/null || ! command -v mvn >/dev/null; then
        echo "skipped: Apache Kafka's tools need java and mvn (packages openjdk-17-jre-headless and maven)" >&2
        exit 77
    fi
    mkdir -p "$home"
    cat >"$home/pom.xml" <<POM
<project>
  <modelVersion>4.0.0</modelVersion><groupId>weir</groupId><artifactId>peers</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
POM
    if ! (cd "$home" && mvn -q -B dependency:copy-dependencies -DoutputDirectory="$home/jars") >"$home/fetch.log" 2>&1; then
        echo "skipped: Maven could not fetch Apache Kafka $version ($home/fetch.log says why)" >&2
        exit 77
    fi
    touch "$home/ready"
}

class_of() {
    case $1 in
    kafka-topics.sh) echo org.apache.kafka.tools.TopicCommand ;;
    kafka-console-producer.sh) echo org.apache.kafka.tools.ConsoleProducer ;;
    kafka-console-consumer.sh) echo org.apache.kafka.tools.consumer.ConsoleConsumer ;;
    kafka-consumer-groups.sh) echo org.apache.kafka.tools.consumer.group.ConsumerGroupCommand ;;
    kafka-get-offsets.sh) echo org.apache.kafka.tools.GetOffsetShell ;;
    kafka-dump-log.sh) echo org.apache.kafka.tools.DumpLogSegments ;;
    kafka-broker-api-versions.sh) echo org.apache.kafka.tools.BrokerApiVersionsCommand ;;
    kafka-producer-perf-test.sh) echo org.apache.kafka.tools.ProducerPerformance ;;
    kafka-consumer-perf-test.sh) echo org.apache.kafka.tools.ConsumerPerformance ;;
    kafka-e2e-latency.sh) echo org.apache.kafka.tools.EndToEndLatency ;;
    kafka-configs.sh) echo kafka.admin.ConfigCommand ;;
    kafka-log-dirs.sh) echo org.apache.kafka.tools.LogDirsCommand ;;
    kafka-leader-election.sh) echo org.apache.kafka.tools.LeaderElectionCommand ;;
    kafka-cluster.sh) echo org.apache.kafka.tools.ClusterTool ;;
    kafka-storage.sh) echo kafka.tools.StorageTool ;;
    kafka-transactions.sh) echo org.apache.kafka.tools.TransactionsCommand ;;
    *) echo "apache_kafka.sh: unknown tool '$1'" >&2; exit 4 ;;
    esac
}

# Tools that do little start faster without the second compiler; what runs for long, or is measured, runs as Apache ships it.
jvm_options_of() {
    case $1 in
    kafka-server-start.sh) echo -Xmx1G -Xms1G -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent ;;
    *-perf-test.sh | kafka-e2e-latency.sh) echo -Xmx512M -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 ;;
    *) echo -Xmx256M -XX:TieredStopAtLevel=1 ;;
    esac
}

case ${1:-} in
fetch) fetch ;;
kafka-server-start.sh)
    fetch
    read -ra options < <(jvm_options_of "$1")
    exec java "${options[@]}" -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
        -cp "$home/jars/*" kafka.Kafka "$2"
    ;;
kafka-*)
    fetch
    class=$(class_of "$1")
    read -ra options < <(jvm_options_of "$1")
    shift
    exec java "${options[@]}" -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp "$home/jars/*" "$class" "$@"
    ;;
*) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 4 ;;
esac
