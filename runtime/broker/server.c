/*
 * Start and stop: see server.h. The steps of broker_start() are undone by broker_stop() in reverse, as far as they went.
 */
#include "broker/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "broker/acceptor.h"
#include "broker/admin.h"
#include "broker/connection_limits.h"
#include "broker/coordinator.h"
#include "broker/fetch_session.h"
#include "broker/log_keeper.h"
#include "broker/topics.h"
#include "broker/transactions.h"
#include "broker/worker.h"
#include "cluster/local_store.h"

enum { META_FILE_MAX = 4096 };

/* --- the data directory --- */

static enum weir_status lock_log_dir(struct broker *broker, struct weir_error *err)
{
    const char *path = broker->config.log_dir;
    enum weir_status rc = file_make_dirs(path, err);
    if (rc < 0) {
        return rc;
    }
    broker->root_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (broker->root_fd < 0) {
        return weir_fail_errno(err, "cannot open log.dirs=%s", path);
    }
    broker->lock_fd = openat(broker->root_fd, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (broker->lock_fd < 0) {
        return weir_fail_errno(
            err,
            "cannot write to log.dirs=%s; choose another folder with --override log.dirs=FOLDER",
            path);
    }
    if (flock(broker->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return weir_fail(
            err, WEIR_EIO,
            "log.dirs=%s is in use by another broker; stop that one, or choose another folder with --override "
            "log.dirs=FOLDER",
            path);
    }
    return WEIR_OK;
}

/* The value of "key=" in meta.properties; null when it is not there. */
static struct bytes meta_value(struct bytes text, const char *key)
{
    struct bytes line;
    while (bytes_cut(&text, '\n', &line)) {
        struct bytes name;
        if (bytes_cut(&line, '=', &name) && bytes_equal_text(bytes_trim(name), key)) {
            return bytes_trim(line);
        }
    }
    return (struct bytes){ 0 };
}

static enum weir_status check_meta(struct broker *broker, struct bytes text, struct weir_error *err)
{
    struct bytes id = meta_value(text, "cluster.id");
    struct bytes node = meta_value(text, "node.id");
    if (bytes_is_null(node)) {
        node = meta_value(text, "broker.id"); /* version 0, before KRaft */
    }
    int64_t node_id = -1;
    if (bytes_is_null(id) || !bytes_to_text(id, broker->cluster_id, sizeof(broker->cluster_id))) {
        return weir_fail(
            err, WEIR_ECORRUPT,
            "meta.properties has no cluster.id; restore the file, or remove it to have a new "
            "one made");
    }
    if (!bytes_is_null(node) &&
        (!bytes_parse_i64(node, &node_id) || node_id != broker->config.node_id)) {
        return weir_fail(err, WEIR_EINVAL,
                         "this folder belongs to node.id=%.*s, and this broker is node.id=%d",
                         BYTES_ARG(node), broker->config.node_id);
    }
    return WEIR_OK;
}

static enum weir_status write_meta(struct broker *broker, struct weir_error *err)
{
    struct uuid id = uuid_random();
    struct buffer text;
    uuid_format(&id, broker->cluster_id);
    buffer_init(&text, META_FILE_MAX);
    buffer_printf(&text, "#\ncluster.id=%s\nnode.id=%d\nversion=1\n", broker->cluster_id,
                  broker->config.node_id);
    enum weir_status rc =
        file_replace(broker->root_fd, "meta.properties", buffer_bytes(&text), false, err);
    buffer_finish(&text);
    return rc;
}

/* Lays what was set while the broker ran over what was given at the start. */
static enum weir_status use_stored_settings(struct broker *broker, struct weir_error *err)
{
    static const enum config_layer layers[] = {
        [STORED_NODE] = CONFIG_LAYER_NODE, [STORED_CLUSTER] = CONFIG_LAYER_CLUSTER
    };
    for (int scope = 0; scope < STORED_SCOPE_COUNT; scope++) {
        const struct stored_settings *settings = &broker->store->settings[scope];
        for (int32_t i = 0; i < settings->count; i++) {
            enum weir_status rc =
                broker_config_restore(&broker->config, layers[scope], settings->configs[i].name,
                                      settings->configs[i].value, err);
            if (rc < 0) {
                return rc;
            }
        }
    }
    broker_config_set_cluster_defaults(&broker->config);
    return broker_config_complete(&broker->config, err);
}

/* What is read and written there is named from there on. */
static enum weir_status read_log_dir(struct broker *broker, struct weir_error *err)
{
    enum weir_status rc;
    struct buffer text;
    buffer_init(&text, META_FILE_MAX);
    rc = file_read(broker->root_fd, "meta.properties", &text, err);
    if (rc == WEIR_OK) {
        rc = check_meta(broker, buffer_bytes(&text), err);
    } else if (rc == WEIR_ENOTFOUND) {
        rc = write_meta(broker, err);
    }
    buffer_finish(&text);
    if (rc == WEIR_OK) {
        rc = local_store_open(broker->root_fd, &broker->store, err);
    }
    if (rc == WEIR_OK) {
        rc = use_stored_settings(broker, err);
    }
    if (rc == WEIR_OK) {
        broker->producer_id_next = broker->producer_id_end = broker->store->producer_id_end;
        rc = topics_load(broker, err);
    }
    return rc;
}

/* `why` is about a file: says in which folder. */
static enum weir_status fail_in_log_dir(const struct broker *broker,
                                        const struct weir_error *why,
                                        struct weir_error *err)
{
    return weir_fail(err, why->status, "log.dirs=%s: %s", broker->config.log_dir, why->message);
}

static enum weir_status open_log_dir(struct broker *broker, struct weir_error *err)
{
    enum weir_status rc = lock_log_dir(broker, err);
    if (rc < 0) {
        return rc;
    }
    struct weir_error why;
    rc = read_log_dir(broker, &why);
    return rc < 0 ? fail_in_log_dir(broker, &why, err) : rc;
}

/* --- the listener --- */

static enum weir_status cannot_listen(const struct broker_config *config, struct weir_error *err)
{
    if (errno == EADDRINUSE) {
        return weir_fail(
            err, WEIR_EIO,
            "port %d is in use; stop what listens there, or choose another with --override "
            "listeners=PLAINTEXT://%s:PORT (0: any free port)",
            config->listen_port, config->listen_host);
    }
    return weir_fail_errno(err, "cannot listen on listeners=PLAINTEXT://%s:%d", config->listen_host,
                           config->listen_port);
}

static enum weir_status listen_on(struct broker *broker,
                                  const struct addrinfo *address,
                                  struct weir_error *err)
{
    int on = 1;
    int off = 0;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return cannot_listen(&broker->config, err);
    }
    broker->listen_fd = fd;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
                         sizeof(off)); /* every address means IPv4 too */
    }
    if (broker->config.socket_receive_buffer > 0) { /* the connections inherit it */
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &broker->config.socket_receive_buffer,
                         sizeof(broker->config.socket_receive_buffer));
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 ||
        listen(fd, broker->config.listen_backlog) != 0) {
        return cannot_listen(&broker->config, err);
    }
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = { .v6 = { .sin6_family = AF_UNSPEC } };
    socklen_t len = sizeof(bound);
    if (getsockname(fd, &bound.any, &len) != 0) {
        return cannot_listen(&broker->config, err);
    }
    bool is_v6 = bound.any.sa_family == AF_INET6;
    broker->bound_port = ntohs(is_v6 ? bound.v6.sin6_port : bound.v4.sin_port);
    (void)inet_ntop(bound.any.sa_family,
                    is_v6 ? (const void *)&bound.v6.sin6_addr : (const void *)&bound.v4.sin_addr,
                    broker->bound_host, sizeof(broker->bound_host));
    return WEIR_OK;
}

static enum weir_status open_listener(struct broker *broker, struct weir_error *err)
{
    const struct broker_config *config = &broker->config;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    char port[16];
    (void)snprintf(port, sizeof(port), "%d", config->listen_port);
    const char *host = config->listen_host[0] ? config->listen_host : "0.0.0.0";
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed) {
        return weir_fail(err, WEIR_EINVAL, "listeners=PLAINTEXT://%s:%d: %s", config->listen_host,
                         config->listen_port, gai_strerror(failed));
    }
    enum weir_status rc = listen_on(broker, found, err);
    freeaddrinfo(found);
    return rc;
}

/* --- the whole --- */

static enum weir_status start_workers(struct broker *broker, struct weir_error *err)
{
    enum weir_status started = admin_start(&broker->admin, err);
    if (started < 0) {
        return started;
    }
    broker->workers = mem_zalloc((size_t)broker->config.network_threads, sizeof(struct worker *));
    for (int i = 0; i < broker->config.network_threads; i++) {
        enum weir_status rc = worker_create(broker, i, &broker->workers[i], err);
        if (rc < 0) {
            return rc;
        }
        broker->worker_count++;
    }
    struct weir_error why;
    enum weir_status rc = coordinator_create(broker, &broker->coordinator, &why);
    if (rc == WEIR_OK) {
        rc = transactions_create(broker, &broker->transactions, &why);
    }
    if (rc < 0) {
        return fail_in_log_dir(broker, &why, err);
    }
    if (connection_limits_configure(broker->connection_limits, &broker->config, &why) < 0) {
        log_write(&broker->log, LOG_LEVEL_WARN, "%s", why.message);
    }
    rc = acceptor_create(broker, &broker->acceptor, err);
    for (int i = 0; rc == WEIR_OK && i < broker->worker_count; i++) {
        rc = worker_start(broker->workers[i], err);
    }
    return rc;
}

enum weir_status broker_start(struct broker_config *config,
                              const struct log *log,
                              struct broker **out_broker,
                              struct weir_error *err)
{
    struct broker *broker = MEM_NEW(struct broker);
    broker->config = *config;
    broker_config_init(config);
    log_init(&broker->log, log->fd, log_level(log));
    broker->root_fd = broker->lock_fd = broker->listen_fd = -1;
    broker->image = image_create(NULL, 0, NULL);
    broker->fetch_sessions =
        fetch_sessions_create(broker->config.fetch_sessions_max, FETCH_SESSION_PARTITIONS_MAX);
    broker->keeper = log_keeper_create(broker);
    broker->connection_limits = connection_limits_create();
    log_limit_init(&broker->refusal_lines);
    log_limit_init(&broker->limit_lines);
    (void)pthread_mutex_init(&broker->image_lock, NULL);
    fair_lock_init(&broker->admin_lock);
    (void)pthread_mutex_init(&broker->producer_id_lock, NULL);
    enum weir_status rc =
        open_listener(broker, err); /* before the logs: a busy port should not cost a recovery */
    if (rc == WEIR_OK) {
        rc = open_log_dir(broker, err);
    }
    if (rc == WEIR_OK) {
        broker->opened = true;
        rc = log_keeper_start(broker->keeper, err);
    }
    if (rc == WEIR_OK) {
        rc = start_workers(broker, err);
    }
    if (rc < 0) {
        broker_stop(broker);
        return rc;
    }
    *out_broker = broker;
    return WEIR_OK;
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

void broker_stop(struct broker *broker)
{
    if (!broker) {
        return;
    }
    for (int i = 0; i < broker->worker_count; i++) {
        worker_stop(broker->workers[i]);
    }
    admin_stop(broker->admin);
    transactions_destroy(broker->transactions);
    coordinator_destroy(broker->coordinator);
    acceptor_destroy(broker->acceptor);
    for (int i = 0; i < broker->worker_count; i++) {
        worker_destroy(broker->workers[i]);
    }
    free(broker->workers);
    admin_destroy(broker->admin);
    connection_limits_destroy(broker->connection_limits);
    log_limit_finish(&broker->refusal_lines);
    log_limit_finish(&broker->limit_lines);
    log_keeper_stop(broker->keeper);
    if (broker->opened) {
        topics_close(broker);
    }
    fetch_sessions_destroy(broker->fetch_sessions);
    image_unref(broker->image);
    log_keeper_destroy(broker->keeper);
    local_store_close(broker->store);
    close_if_open(broker->listen_fd);
    close_if_open(broker->lock_fd);
    close_if_open(broker->root_fd);
    (void)pthread_mutex_destroy(&broker->image_lock);
    fair_lock_finish(&broker->admin_lock);
    (void)pthread_mutex_destroy(&broker->producer_id_lock);
    broker_config_finish(&broker->config);
    free(broker);
}
