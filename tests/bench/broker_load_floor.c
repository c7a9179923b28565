/*
 * What no broker can go below: the bytes of flow, moved by the kernel as a broker has them moved, and nothing else done.
 *
 *     writer -- bytes --> server: recv, pwrite to a file -- position --> writer          in, for every request
 *     reader -- position --> server: sendfile from there --- bytes -----> reader          out, likewise
 *
 * The server is a process of its own, so that its CPU time can be told from its clients'; it knows no records, computes no
 * checksum and remembers nothing but where the file ends. A request has about the size of those that librdkafka sends and asks
 * for as fast as it goes (batch.size, max.partition.fetch.bytes); there is a thread for each connection; all clients write and one
 * reads, as in flow with one partition. They are as kind as clients can be: one request at a time, and nothing else to do. The
 * first round is not counted.
 */
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker_load.h"

enum { REQUEST_BYTES = 1000000 };

/* --- both sides --- */

static void send_all(int fd, const void *data, size_t len)
{
    const char *p = data;
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0) {
            load_fail("floor: cannot send: error %d", errno);
        }
        p += n;
        len -= (size_t)n;
    }
}

/* False when the peer is gone, which it may be only before the first byte. */
static bool receive_all(int fd, void *data, size_t len)
{
    char *p = data;
    size_t got = 0;
    while (got < len) {
        ssize_t n = recv(fd, p + got, len - got, 0);
        if (n < 0 || (n == 0 && got > 0)) {
            load_fail("floor: cannot receive: error %d", n < 0 ? errno : ECONNRESET);
        }
        if (n == 0) {
            return false;
        }
        got += (size_t)n;
    }
    return true;
}

static void set_option(int fd, int level, int name, const void *value, socklen_t len)
{
    if (setsockopt(fd, level, name, value, len) != 0) {
        load_fail("floor: cannot set up a connection: error %d", errno);
    }
}

static void set_cheapest(int fd)
{
    static const char algorithm[] = "reno"; /* nothing is lost here, and others may use timers */
    int on = 1;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    set_option(fd, IPPROTO_TCP, TCP_CONGESTION, algorithm, sizeof(algorithm) - 1);
}

/* --- the server --- */

struct floor_server {
    int file;
    _Atomic int64_t end; /* of the file */
};

struct floor_peer {
    struct floor_server *server;
    int fd;
};

static int64_t store(struct floor_server *server, const char *data)
{
    int64_t begin = atomic_fetch_add(&server->end, REQUEST_BYTES);
    int64_t end = begin + REQUEST_BYTES;
    for (int64_t at = begin; at < end;) {
        ssize_t n = pwrite(server->file, data + (at - begin), (size_t)(end - at), at);
        if (n < 0) {
            load_fail("floor: cannot write: error %d", errno);
        }
        at += n;
    }
    return begin;
}

static void send_stored(const struct floor_peer *peer, off_t position)
{
    off_t end = position + REQUEST_BYTES;
    while (position < end) {
        ssize_t n = sendfile(peer->fd, peer->server->file, &position, (size_t)(end - position));
        if (n <= 0) {
            load_fail("floor: cannot send the file: error %d", n < 0 ? errno : ENODATA);
        }
    }
}

static void serve_writer(const struct floor_peer *peer)
{
    char *data = malloc(REQUEST_BYTES);
    if (!data) {
        load_fail("out of memory");
    }
    while (receive_all(peer->fd, data, REQUEST_BYTES)) {
        int64_t position = store(peer->server, data);
        send_all(peer->fd, &position, sizeof(position));
    }
    free(data);
}

static void serve_reader(const struct floor_peer *peer)
{
    int64_t position;
    while (receive_all(peer->fd, &position, sizeof(position))) {
        send_stored(peer, position);
    }
}

static void *serve(void *argument)
{
    struct floor_peer *peer = argument;
    bool writes;
    if (receive_all(peer->fd, &writes, sizeof(writes))) {
        (writes ? serve_writer : serve_reader)(peer);
    }
    (void)close(peer->fd);
    free(peer);
    return NULL;
}

/* The file has no name any more: it is gone with the process, however that ends. */
static int make_file(const char *folder)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/floor-XXXXXX", folder);
    int file = mkstemp(path);
    if (file < 0 || unlink(path) != 0) {
        load_fail("cannot make a file in %s: error %d", folder, errno);
    }
    return file;
}

static _Noreturn void run_server(int listener, int file)
{
    struct floor_server server = { .file = file };
    for (;;) {
        struct floor_peer *peer = malloc(sizeof(*peer));
        pthread_t thread;
        if (!peer) {
            load_fail("out of memory");
        }
        *peer = (struct floor_peer){ .server = &server, .fd = accept(listener, NULL, NULL) };
        if (peer->fd < 0 || pthread_create(&thread, NULL, serve, peer) != 0) {
            load_fail("floor: cannot take a connection");
        }
        set_cheapest(peer->fd);
        (void)pthread_detach(thread);
    }
}

/* --- the clients --- */

struct floor_client {
    pthread_t thread;
    const struct sockaddr_in *server;
    char *data;       /* to be sent, or for what is received */
    int64_t requests; /* to be written, or read from `begin` on */
    int64_t begin;
};

static int connect_to(const struct sockaddr_in *server, bool writes)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)server, sizeof(*server)) != 0) {
        load_fail("floor: cannot connect: error %d", errno);
    }
    set_cheapest(fd);
    send_all(fd, &writes, sizeof(writes));
    return fd;
}

static void receive_answer(int fd, void *data, size_t len)
{
    if (!receive_all(fd, data, len)) {
        load_fail("floor: the server is gone");
    }
}

static void *write_requests(void *argument)
{
    struct floor_client *c = argument;
    int fd = connect_to(c->server, true);
    int64_t position;
    for (int64_t i = 0; i < c->requests; i++) {
        send_all(fd, c->data, REQUEST_BYTES);
        receive_answer(fd, &position, sizeof(position));
    }
    (void)close(fd);
    return NULL;
}

static void *read_requests(void *argument)
{
    struct floor_client *c = argument;
    int fd = connect_to(c->server, false);
    for (int64_t i = 0; i < c->requests; i++) {
        int64_t position = c->begin + i * REQUEST_BYTES;
        send_all(fd, &position, sizeof(position));
        receive_answer(fd, c->data, REQUEST_BYTES);
    }
    (void)close(fd);
    return NULL;
}

static void run_all(struct floor_client *clients, int count, void *(*run)(void *))
{
    for (int i = 0; i < count; i++) {
        if (pthread_create(&clients[i].thread, NULL, run, &clients[i]) != 0) {
            load_fail("cannot start a thread");
        }
    }
    for (int i = 0; i < count; i++) {
        (void)pthread_join(clients[i].thread, NULL);
    }
}

/* Returns where the file ends now; the CPU time of the server a GB, in and out. */
static int64_t run_round(const struct load_options *options,
                         struct floor_client *clients,
                         int64_t begin,
                         double megabytes,
                         double out_s_gb[2])
{
    int64_t each = (int64_t)(megabytes * 1e6 / REQUEST_BYTES / options->clients);
    each = each > 0 ? each : 1;
    int64_t bytes = each * options->clients * REQUEST_BYTES;
    for (int i = 0; i < options->clients; i++) {
        clients[i].requests = each;
    }
    int64_t cpu[3] = { load_cpu_ns(options->pid) };
    run_all(clients, options->clients, write_requests);
    cpu[1] = load_cpu_ns(options->pid);
    clients[0].begin = begin;
    clients[0].requests = each * options->clients;
    run_all(clients, 1, read_requests);
    cpu[2] = load_cpu_ns(options->pid);
    for (int i = 0; i < 2; i++) {
        out_s_gb[i] = (double)(cpu[i + 1] - cpu[i]) / (double)bytes;
    }
    return begin + bytes;
}

static void measure(const struct load_options *options, const struct sockaddr_in *server)
{
    double s_gb[2];
    struct floor_client *clients = calloc((size_t)options->clients, sizeof(*clients));
    if (!clients) {
        load_fail("out of memory");
    }
    for (int i = 0; i < options->clients; i++) {
        clients[i] = (struct floor_client){ .server = server, .data = load_payload(options) };
    }
    int64_t warm = run_round(options, clients, 0, options->warm_megabytes, s_gb);
    (void)run_round(options, clients, warm, options->megabytes, s_gb);
    printf("{\"produce_cpu_s_gb\": %.4f, \"consume_cpu_s_gb\": %.4f, \"cpu_s_gb\": %.4f}\n",
           s_gb[0], s_gb[1], s_gb[0] + s_gb[1]);
    for (int i = 0; i < options->clients; i++) {
        free(clients[i].data);
    }
    free(clients);
}

int load_floor(const struct load_options *options)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, CLIENTS_MAX) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
        load_fail("floor: cannot listen: error %d", errno);
    }
    int file = make_file(options->folder);
    struct load_options own = *options;
    own.record_bytes = REQUEST_BYTES;
    own.pid = fork();
    if (own.pid < 0) {
        load_fail("cannot start a process: error %d", errno);
    }
    if (own.pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        run_server(listener, file);
    }
    (void)close(listener); /* should the server end, its clients are told */
    (void)close(file);
    measure(&own, &address);
    (void)kill(own.pid, SIGKILL);
    (void)waitpid(own.pid, NULL, 0);
    return 0;
}
