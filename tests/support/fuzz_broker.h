/*
 * A broker inside a fuzz target: the whole of it, with its threads, in a folder of its own (in memory where there is such
 * a file system), reached over a socket pair that its worker adopts. Every input gets a new one, so that an input alone
 * repeats what it found.
 *
 *     struct fuzz_broker b;
 *     fuzz_broker_init(&b);        the folder
 *     fuzz_broker_start(&b);       aborts when the broker refuses to start on it
 *     fuzz_broker_ask(&b, frame);  one request: see fuzz_client.h
 *     fuzz_broker_stop(&b);
 *     fuzz_broker_finish(&b);      the folder is gone
 */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "broker/connection_limits.h"
#include "broker/server.h"
#include "broker/worker.h"

enum { FUZZ_MEMBER_ID_LEN = 38 }; /* "c-" and a UUID: JoinGroup makes it from the client id "c" */

struct fuzz_broker {
    char folder[64];
    struct broker *broker;
    int fd; /* our end of the connection; -1: none */
    uint8_t member_id[FUZZ_MEMBER_ID_LEN];
    bool has_member_id;
};

static inline void fuzz_broker_init(struct fuzz_broker *b)
{
    *b = (struct fuzz_broker){ .fd = -1 };
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(b->folder, sizeof(b->folder), "%s/weir-fuzz-XXXXXX", root);
    if (!mkdtemp(b->folder)) {
        abort();
    }
}

static inline void fuzz_broker_finish(struct fuzz_broker *b)
{
    if (file_remove_tree(AT_FDCWD, b->folder, NULL) < 0) {
        abort();
    }
}

static inline void fuzz_broker_start(struct fuzz_broker *b)
{
    char text[512];
    struct log log;
    struct weir_error err;
    struct broker_config config;
    (void)snprintf(text, sizeof(text),
                   "listeners=PLAINTEXT://127.0.0.1:0\nlog.dirs=%s\nnum.network.threads=1\n"
                   "offsets.topic.num.partitions=1\ntransaction.state.log.num.partitions=1\n"
                   "group.initial.rebalance.delay.ms=0\n",
                   b->folder);
    broker_config_init(&config);
    log_init(&log, -1, LOG_LEVEL_ERROR);
    if (broker_config_read(&config, bytes_of(text), "fuzz", &err) < 0 ||
        broker_config_complete(&config, &err) < 0 ||
        broker_start(&config, &log, &b->broker, &err) < 0) {
        (void)fprintf(stderr, "the broker does not start: %s\n", err.message);
        abort();
    }
    broker_config_finish(&config);
}

static inline void fuzz_broker_hang_up(struct fuzz_broker *b)
{
    if (b->fd >= 0) {
        (void)close(b->fd);
    }
    b->fd = -1;
}

static inline void fuzz_broker_stop(struct fuzz_broker *b)
{
    fuzz_broker_hang_up(b);
    broker_stop(b->broker);
    b->broker = NULL;
}

static inline void fuzz_broker_connect(struct fuzz_broker *b)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0 ||
        fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0) {
        abort();
    }
    b->fd = ends[0];
    struct peer_address peer = { 0 };
    int32_t max = 0;
    if (!connection_limits_enter(b->broker->connection_limits, &peer, &max)) {
        abort();
    }
    worker_adopt(b->broker->workers[0], ends[1], &peer);
}
