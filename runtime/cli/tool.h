/*
 * What the command-line tools share: reaching the cluster that --bootstrap-server names, with the settings of
 * --command-config, and Apache's words when that fails.
 *
 * The settings that count are default.api.timeout.ms (how long to go on trying), request.timeout.ms and client.id;
 * security.protocol must be PLAINTEXT. Apache's default for the first is one minute; ours is TOOL_TIMEOUT_MS, because a
 * broker that does not answer for that long is not there.
 *
 * Thread: one.
 */
#pragma once

#include "client/channel.h"

enum { TOOL_TIMEOUT_MS = 10000 };

struct tool_settings {
    int timeout_ms;         /* for everything, from the start */
    int request_timeout_ms; /* for one request */
    char client_id[128];
};

/* `config_path` may be NULL: the defaults. An error begins with the path. */
WEIR_CHECKED enum weir_status tool_settings_read(const char *config_path,
                                                 struct tool_settings *out_settings,
                                                 struct weir_error *err);

/*
 * Checks a list "host:port,host:port" as Kafka's clients do before they connect: WEIR_EINVAL when one of them is no
 * address, WEIR_ENOTFOUND when no host among them has an address.
 */
WEIR_CHECKED enum weir_status tool_check_bootstrap(const char *bootstrap, struct weir_error *err);

/*
 * Connects to the first of the list that answers, and tries again until the time is over: WEIR_ETIMEOUT with the text of
 * Kafka's TimeoutException, which names `call`. The first refusal is told on standard error at once.
 */
WEIR_CHECKED enum weir_status tool_connect(const char *bootstrap,
                                           const struct tool_settings *settings,
                                           const char *call,
                                           struct channel **out_channel,
                                           struct weir_error *err);
