/*
 * What DescribeConfigs and CreateTopics tell about a configuration key: its value, where it comes from, and the other
 * places that it could come from.
 *
 *     retention.ms=60000     (DYNAMIC_TOPIC_CONFIG)     set for the topic: this one counts
 *     log.retention.ms=...   (STATIC_BROKER_CONFIG)     set for the broker: would count otherwise
 *     log.retention.ms=...   (DEFAULT_CONFIG)           Kafka's default: would count without both
 *
 * Source of the rules: kafka.server.ConfigHelper and DynamicBrokerConfig.brokerConfigSynonyms, with one peculiarity
 * kept: of keys that stand in for each other (log.retention.ms, .minutes, .hours) only those that come behind the key
 * itself are listed, so a topic's retention.ms that comes from log.retention.hours names no source but the default. And
 * min.insync.replicas counts as set for all brokers, because Kafka's eligible leader replicas (KIP-966) make it so.
 *
 * Thread: any; everything is made in the arena given.
 */
#pragma once

#include "base/arena.h"
#include "broker/topic_config.h"
#include "protocol/messages.h"

/* What has settings (org.apache.kafka.common.config.ConfigResource.Type). */
enum resource_type {
    RESOURCE_TOPIC = 2,
    RESOURCE_BROKER = 4,
    RESOURCE_BROKER_LOGGER = 8,
    RESOURCE_CLIENT_METRICS = 16,
    RESOURCE_GROUP = 32,
};

/* DescribeConfigsResponse.ConfigSource, as far as it exists here */
enum config_source {
    CONFIG_SOURCE_TOPIC = 1,
    CONFIG_SOURCE_BROKER = 2,         /* set for this one while running */
    CONFIG_SOURCE_DEFAULT_BROKER = 3, /* set for all brokers while running */
    CONFIG_SOURCE_STATIC_BROKER = 4,
    CONFIG_SOURCE_DEFAULT = 5,
    CONFIG_SOURCE_BROKER_LOGGER = 6,
};

void config_describe_topic_key(const struct topic_config *config,
                               const struct broker_config *broker,
                               const struct topic_config_key *key,
                               struct arena *arena,
                               struct describe_configs_response_config *out);

void config_describe_broker_key(const struct broker_config *broker,
                                const struct config_key *key,
                                struct arena *arena,
                                struct describe_configs_response_config *out);

/* What is set for all brokers; no synonyms when it is not. */
void config_describe_cluster_key(const struct broker_config *broker,
                                 const struct config_key *key,
                                 struct arena *arena,
                                 struct describe_configs_response_config *out);
