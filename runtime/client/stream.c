/*
 * A TCP connection with deadlines; see the header. Each function tries first and waits only when the kernel says
 * "not now", so a local exchange costs two system calls a side.
 */
#include "client/stream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"

enum weir_status stream_address_parse(struct bytes text,
                                      struct stream_address *out_address,
                                      struct weir_error *err)
{
    size_t colon = text.len;
    while (colon > 0 && text.data[colon - 1] != ':') {
        colon--;
    }
    struct bytes host = { text.data, colon > 0 ? colon - 1 : 0 };
    struct bytes port = { text.data + colon, text.len - colon };
    int64_t number = 0;
    if (host.len >= 2 && host.data[0] == '[' && host.data[host.len - 1] == ']') {
        host = (struct bytes){ host.data + 1, host.len - 2 };
    }
    if (host.len == 0 || !bytes_parse_i64(port, &number) || number < 1 || number > 65535 ||
        !bytes_to_text(host, out_address->host, sizeof(out_address->host))) {
        return weir_fail(err, WEIR_EINVAL, "\"%.*s\" is no address: host:port is wanted",
                         BYTES_ARG(text));
    }
    (void)snprintf(out_address->port, sizeof(out_address->port), "%u", (unsigned)number % 65536);
    return WEIR_OK;
}

/* Waits until `events` is possible, or the deadline. */
static enum weir_status await(int fd, short events, int64_t deadline_ms, struct weir_error *err)
{
    for (;;) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        if (left_ms <= 0) {
            return weir_fail(err, WEIR_ETIMEOUT, "no answer within the time allowed");
        }
        struct pollfd wait = { .fd = fd, .events = events };
        int ready = poll(&wait, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
        if (ready > 0) {
            return WEIR_OK;
        }
        if (ready < 0 && errno != EINTR) {
            return weir_fail_errno(err, "cannot wait for the socket");
        }
    }
}

static enum weir_status connect_to(const struct addrinfo *target,
                                   int64_t deadline_ms,
                                   int *out_fd,
                                   struct weir_error *err)
{
    int fd = socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return weir_fail_errno(err, "cannot make a socket");
    }
    enum weir_status rc = WEIR_OK;
    int failure = 0;
    socklen_t size = sizeof(failure);
    if (connect(fd, target->ai_addr, target->ai_addrlen) < 0) {
        if (errno == EINPROGRESS) {
            rc = await(fd, POLLOUT, deadline_ms, err);
            if (rc == WEIR_OK && getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) < 0) {
                failure = errno;
            }
        } else {
            failure = errno;
        }
    }
    if (rc == WEIR_OK && failure != 0) {
        errno = failure;
        rc = weir_fail_errno(err, "cannot connect");
    }
    if (rc < 0) {
        close(fd);
        return rc;
    }
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    *out_fd = fd;
    return WEIR_OK;
}

enum weir_status stream_connect(const struct stream_address *address,
                                int64_t deadline_ms,
                                int *out_fd,
                                struct weir_error *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    int failure = getaddrinfo(address->host, address->port, &hints, &found);
    if (failure != 0) {
        return weir_fail(err, WEIR_ENOTFOUND, "the host \"%s\" cannot be resolved: %s",
                         address->host, gai_strerror(failure));
    }
    /* "localhost" may be both ::1 and 127.0.0.1, and the broker may listen on one of them. */
    enum weir_status rc = WEIR_ENOTFOUND;
    for (const struct addrinfo *target = found; target && rc < 0; target = target->ai_next) {
        rc = connect_to(target, deadline_ms, out_fd, err);
    }
    freeaddrinfo(found);
    return rc;
}

enum weir_status stream_send(int fd, struct bytes data, int64_t deadline_ms, struct weir_error *err)
{
    while (data.len > 0) {
        ssize_t sent = send(fd, data.data, data.len, MSG_NOSIGNAL);
        if (sent >= 0) {
            data.data += sent;
            data.len -= (size_t)sent;
        } else if (errno == EAGAIN) {
            enum weir_status rc = await(fd, POLLOUT, deadline_ms, err);
            if (rc < 0) {
                return rc;
            }
        } else if (errno != EINTR) {
            return weir_fail_errno(err, "cannot send");
        }
    }
    return WEIR_OK;
}

enum weir_status stream_receive(
    int fd, void *out, size_t len, int64_t deadline_ms, struct weir_error *err)
{
    uint8_t *next = out;
    while (len > 0) {
        ssize_t got = recv(fd, next, len, 0);
        if (got > 0) {
            next += got;
            len -= (size_t)got;
        } else if (got == 0) {
            return weir_fail(err, WEIR_EIO, "the peer closed the connection");
        } else if (errno == EAGAIN) {
            enum weir_status rc = await(fd, POLLIN, deadline_ms, err);
            if (rc < 0) {
                return rc;
            }
        } else if (errno != EINTR) {
            return weir_fail_errno(err, "cannot receive");
        }
    }
    return WEIR_OK;
}
