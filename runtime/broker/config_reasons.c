/*
 * Why a key that is accepted has no effect here: config_key_reason() of config.h. By the beginning of its name, the first that fits;
 * a test demands a reason for every such key.
 */
#include "broker/config.h"

struct reason {
    const char *begin;
    const char *text;
};

static const char no_security[] = "there is no encryption and nobody has to say who they are";
static const char no_quorum[] = "one node needs no quorum of controllers";
static const char no_replicas[] = "one node has no replicas on others";
static const char no_tiers[] = "all segments are in the one folder";
static const char no_protocol[] =
    "the new group protocols (KIP-848, KIP-932, KIP-1071) are not spoken";
static const char no_metrics[] = "there are no metrics that could be reported";
static const char no_plugins[] = "there are no plug-ins";
static const char no_quotas[] = "there are no quotas";
static const char no_pools[] =
    "event loops (num.network.threads) and a thread for the logs do all the work";
static const char no_purgatory[] =
    "who waits is linked where the event will happen; there is nothing to purge";
static const char no_buffers[] = "files are read as they are, without a buffer that has a size";
static const char written_at_once[] = "it is written when it changes";
static const char local_calls[] = "the coordinators write into the logs of their own process";

static const struct reason reasons[] = {
    { "add.partitions.to.txn.", local_calls },
    { "alter.config.policy.", no_plugins },
    { "alter.log.dirs.", no_replicas },
    { "authorizer.", no_security },
    { "auto.leader.", no_replicas },
    { "background.threads", no_pools },
    { "broker.heartbeat.", no_quorum },
    { "broker.session.", no_quorum },
    { "client.quota.", no_quotas },
    { "config.providers", no_plugins },
    { "connection.failed.authentication.", no_security },
    { "connections.max.reauth.", no_security },
    { "controlled.shutdown.", no_replicas },
    { "controller.quota.", no_quotas },
    { "controller.", no_quorum },
    { "cordoned.log.dirs", "there is one folder" },
    { "create.topic.policy.", no_plugins },
    { "delegation.token.", no_security },
    { "delete.records.purgatory.", no_purgatory },
    { "early.start.listeners", no_quorum },
    { "fetch.purgatory.", no_purgatory },
    { "follower.fetch.", no_tiers },
    { "group.consumer.", no_protocol },
    { "group.share.", no_protocol },
    { "group.streams.", no_protocol },
    { "group.coordinator.rebalance.protocols", no_protocol },
    { "group.coordinator.append.linger.",
      "a group's records are written with the request that makes them" },
    { "group.coordinator.cached.", no_buffers },
    { "group.coordinator.", no_pools },
    { "initial.broker.registration.", no_quorum },
    { "inter.broker.listener.name", no_replicas },
    { "kafka.metrics.", no_metrics },
    { "leader.imbalance.", no_replicas },
    { "log.cleaner.backoff.", "the thread for the logs is woken when there is something to clean" },
    { "log.cleaner.io.max.", "compaction is not slowed down" },
    { "log.cleaner.threads", no_pools },
    { "log.cleaner.", no_buffers },
    { "log.dir.failure.", "there is one folder" },
    { "log.flush.offset.checkpoint.", written_at_once },
    { "log.flush.start.offset.checkpoint.", written_at_once },
    { "log.local.retention.", no_tiers },
    { "metadata.", no_quorum },
    { "metric", no_metrics },
    { "min.insync.replicas", no_replicas },
    { "num.io.threads", no_pools },
    { "num.recovery.threads.", no_pools },
    { "num.replica.", no_replicas },
    { "offsets.commit.", local_calls },
    { "offsets.load.buffer.", no_buffers },
    { "principal.builder.", no_security },
    { "process.roles", no_quorum },
    { "producer.purgatory.", no_purgatory },
    { "queued.max.request.bytes",
      "each connection is bounded by socket.request.max.bytes; there is no common pool" },
    { "queued.max.requests", "a connection has one request in work at a time; there is no queue" },
    { "remote.", no_tiers },
    { "replica.", no_replicas },
    { "replication.quota.", no_replicas },
    { "request.timeout.", no_quorum },
    { "sasl.", no_security },
    { "security.", no_security },
    { "share.", no_protocol },
    { "socket.connection.setup.", "this node opens no connections" },
    { "ssl.", no_security },
    { "telemetry.", no_metrics },
    { "max.request.partition.size.limit", "its default is the limit" },
    { "transaction.abort.timed.out.", "a transaction is aborted by its own timer" },
    { "transaction.partition.verification.", local_calls },
    { "transaction.remove.expired.", "a transactional id expires by its own timer" },
    { "transaction.state.log.load.", no_buffers },
    { "transaction.state.log.", no_replicas },
    { "transaction.two.phase.", "the protocol for it is not spoken" },
    { "unclean.leader.", no_replicas },
    { "", "" },
};

const char *config_key_reason(const struct config_key *key)
{
    const struct reason *reason = reasons;
    while (*reason->begin && !bytes_starts_with(bytes_of(key->name), bytes_of(reason->begin))) {
        reason++;
    }
    return reason->text;
}
