/*
 * What AlterConfigs and IncrementalAlterConfigs have in common: the checks that come before a resource is changed, and the
 * change itself. Each resource stands for itself: one that is refused does not keep the others from being changed, and
 * within one resource all changes are made or none.
 *
 * Topics are changed by topics_change.h, the broker by broker_settings.h; the level of the one logger is that of the log lines.
 * Groups and client metrics have no settings here: those of Kafka are about protocols that this broker does not speak.
 *
 * Source: kafka.server.ConfigAdminManager; the texts are those of Kafka 4.3.
 *
 * Thread: handlers hand the work to the admin thread. Memory is the request's.
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

/* Makes the response of the request's API from the answers. */
typedef void *(*alter_configs_answer)(struct request *request,
                                      const struct alteration *alterations,
                                      int32_t count);

struct alter_configs {
    struct alteration *alterations; /* `count` of them, in the request's arena */
    int32_t count;
    enum alter_mode mode;
    bool validate_only;
    alter_configs_answer answer;
};

/* Carries out the alterations in turn, and answers. */
void alter_configs_submit(struct request *request, const struct alter_configs *what);
