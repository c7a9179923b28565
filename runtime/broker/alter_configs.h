/*
 * What AlterConfigs and IncrementalAlterConfigs have in common: the checks that come before a resource is changed, and the
 * change itself. Each resource stands for itself: one that is refused does not keep the others from being changed, and
 * within one resource all changes are made or none.
 *
 * Source: kafka.server.ConfigAdminManager; the texts are those of Kafka 4.3. One deviation: settings of the broker cannot
 * be changed while it runs. Where Kafka could, the answer says what to do instead.
 *
 * Thread: any. Memory is the request's.
 */
#pragma once

#include "broker/request.h"
#include "broker/topics_change.h"

struct alteration {
    int8_t resource_type; /* enum resource_type, as far as the client knows them */
    struct bytes resource_name;
    struct config_change *changes;
    int32_t count;

    /* The answer: */
    enum kafka_error error;
    struct bytes message;
};

enum alter_mode { ALTER_SOME, ALTER_ALL };

/* Carries out the alterations in turn and fills in their answers. */
void alter_configs(struct request *request,
                   struct alteration *alterations,
                   int32_t count,
                   enum alter_mode mode,
                   bool validate_only);
