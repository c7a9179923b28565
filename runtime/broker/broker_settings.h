/*
 * Settings of the broker that are changed while it runs: for this broker, or for all. They outlive a restart, lie over
 * server.properties, and are in force before the answer, but for the few whose effect the log says comes with the next start.
 *
 *     set for this broker  >  set for all brokers  >  server.properties, --override  >  Kafka's default
 *
 * Source: kafka.server.DynamicBrokerConfig, ConfigAdminManager; the texts are those of Kafka 4.3. Deviations: a key that nobody
 * knows is refused, where Kafka keeps it as a secret of some plug-in (there are none here, so it can only be a mistake), and so
 * are keys of listeners and security, which this broker has one and none of.
 *
 * Thread: any; changes are serialised by the broker's admin lock. Messages are from the arena.
 */
#pragma once

#include "broker/topics_change.h"

struct broker;

/* `spec->topic` does not matter. The answer is in *spec. */
void broker_change_settings(struct broker *broker,
                            enum config_layer layer,
                            struct config_changes *spec,
                            struct arena *arena);
