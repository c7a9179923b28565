/*
 * What the command-line tools share; see the header.
 */
#include "cli/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "client/stream.h"

/* Kafka's reconnect.backoff.ms and reconnect.backoff.max.ms. */
enum { BACKOFF_FIRST_MS = 50, BACKOFF_MAX_MS = 1000, CONFIG_FILE_MAX = 1 << 20, LIST_MAX = 32 };

static enum weir_status set_timeout(struct bytes value, int *out_ms, struct weir_error *err)
{
    int64_t number;
    if (!bytes_parse_i64(value, &number) || number < 0 || number > INT32_MAX) {
        return weir_fail(err, WEIR_EINVAL, "\"%.*s\" is no number of milliseconds",
                         BYTES_ARG(value));
    }
    *out_ms = (int)number;
    return WEIR_OK;
}

static enum weir_status set(struct tool_settings *settings,
                            struct bytes key,
                            struct bytes value,
                            struct weir_error *err)
{
    if (bytes_equal_text(key, "default.api.timeout.ms")) {
        return set_timeout(value, &settings->timeout_ms, err);
    }
    if (bytes_equal_text(key, "request.timeout.ms")) {
        return set_timeout(value, &settings->request_timeout_ms, err);
    }
    if (bytes_equal_text(key, "client.id") &&
        !bytes_to_text(value, settings->client_id, sizeof(settings->client_id))) {
        return weir_fail(err, WEIR_EINVAL, "client.id is too long");
    }
    if (bytes_equal_text(key, "security.protocol") && !bytes_equal_text(value, "PLAINTEXT")) {
        return weir_fail(err, WEIR_EINVAL,
                         "security.protocol %.*s is not supported, only PLAINTEXT",
                         BYTES_ARG(value));
    }
    return WEIR_OK; /* the rest is for clients that do more than ask */
}

enum weir_status tool_settings_read(const char *config_path,
                                    struct tool_settings *out_settings,
                                    struct weir_error *err)
{
    *out_settings = (struct tool_settings){
        .timeout_ms = TOOL_TIMEOUT_MS,
        .request_timeout_ms = TOOL_TIMEOUT_MS,
        .client_id = "adminclient-1",
    };
    if (!config_path) {
        return WEIR_OK;
    }
    struct buffer text;
    struct weir_error cause;
    buffer_init(&text, CONFIG_FILE_MAX);
    enum weir_status rc = file_read(AT_FDCWD, config_path, &text, &cause);
    struct bytes rest = buffer_bytes(&text);
    struct bytes line;
    for (int number = 1; rc == WEIR_OK && bytes_cut(&rest, '\n', &line); number++) {
        struct bytes value = bytes_trim(line);
        struct bytes key;
        if (value.len == 0 || value.data[0] == '#' || value.data[0] == '!') {
            continue;
        }
        bytes_cut(&value, '=', &key);
        rc = set(out_settings, bytes_trim(key), bytes_trim(value), &cause);
        if (rc < 0) {
            weir_fail(err, rc, "%s, line %d: %s", config_path, number, cause.message);
        }
    }
    if (rc == WEIR_ENOTFOUND) {
        weir_fail(err, rc, "%s", config_path);
    } else if (rc < 0 && rc != WEIR_EINVAL) {
        weir_fail(err, rc, "%s: %s", config_path, cause.message);
    }
    buffer_finish(&text);
    return rc;
}

static bool resolves(const struct stream_address *address)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    if (getaddrinfo(address->host, address->port, &hints, &found) != 0) {
        return false;
    }
    freeaddrinfo(found);
    return true;
}

enum weir_status tool_check_bootstrap(const char *bootstrap, struct weir_error *err)
{
    struct bytes rest = bytes_of(bootstrap);
    struct bytes item;
    bool any = false;
    while (bytes_cut(&rest, ',', &item)) {
        struct stream_address address;
        if (stream_address_parse(bytes_trim(item), &address, NULL) < 0) {
            return weir_fail(err, WEIR_EINVAL,
                             "Invalid url in bootstrap.servers: %.*s (host:port is wanted)",
                             BYTES_ARG(item));
        }
        any = resolves(&address) || any;
    }
    if (!any) {
        return weir_fail(err, WEIR_ENOTFOUND,
                         "No resolvable bootstrap urls given in bootstrap.servers: %s", bootstrap);
    }
    return WEIR_OK;
}

/* Tries every address of the list once. */
static enum weir_status connect_any(const char *bootstrap,
                                    const struct tool_settings *settings,
                                    int timeout_ms,
                                    struct channel **out_channel,
                                    struct weir_error *err)
{
    struct bytes rest = bytes_of(bootstrap);
    struct bytes item;
    enum weir_status rc = WEIR_EINVAL;
    while (rc < 0 && bytes_cut(&rest, ',', &item)) {
        char address[STREAM_HOST_SIZE + 8];
        if (!bytes_to_text(bytes_trim(item), address, sizeof(address))) {
            rc = weir_fail(err, WEIR_EINVAL, "an address of %zu characters", item.len);
            continue;
        }
        struct channel_options options = {
            .address = address,
            .client_id = settings->client_id,
            .timeout_ms = timeout_ms,
        };
        rc = channel_open(&options, out_channel, err);
    }
    return rc;
}

enum weir_status tool_connect(const char *bootstrap,
                              const struct tool_settings *settings,
                              const char *call,
                              struct channel **out_channel,
                              struct weir_error *err)
{
    struct log log;
    log_init(&log, STDERR_FILENO, LOG_LEVEL_WARN);
    int64_t deadline_ms = clock_monotonic_ms() + settings->timeout_ms;
    int backoff_ms = BACKOFF_FIRST_MS;
    for (bool told = false;; told = true) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        struct weir_error cause;
        if (left_ms <= 0) {
            return weir_fail(err, WEIR_ETIMEOUT,
                             "Timed out waiting for a node assignment. Call: %s", call);
        }
        if (connect_any(bootstrap, settings, (int)left_ms, out_channel, &cause) == WEIR_OK) {
            channel_set_timeout(*out_channel, settings->request_timeout_ms);
            return WEIR_OK;
        }
        if (!told) {
            log_write(&log, LOG_LEVEL_WARN,
                      "%s. Is a broker running there? Trying for %.1f seconds in all.",
                      cause.message, settings->timeout_ms / 1000.0);
        }
        (void)poll(NULL, 0, backoff_ms < left_ms ? backoff_ms : (int)left_ms);
        backoff_ms = backoff_ms * 2 < BACKOFF_MAX_MS ? backoff_ms * 2 : BACKOFF_MAX_MS;
    }
}
