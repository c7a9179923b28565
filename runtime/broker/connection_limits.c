/*
 * Limits of connections: see connection_limits.h. The rate is a bucket of tokens: a connection takes one, `rate` come back in a
 * second, and as many fit as the rate allows over the window. Tokens are counted in thousandths, to need no fractions.
 */
#include "broker/connection_limits.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "base/mem.h"
#include "broker/config.h"

enum { TOKEN = 1000, HOST_MAX = 256 };

/* The connections of one address. */
struct peer {
    int32_t count;
};

struct connection_limits {
    struct loop *loop; /* borrowed, as `wake` is */
    struct loop_task *wake;
    pthread_mutex_t lock;
    /* lock must be held for these: */
    int32_t max;
    int32_t max_per_ip;
    struct map overrides; /* address -> int32_t, owned */
    struct map peers;     /* address -> struct peer, owned */
    int32_t count;
    bool waits;       /* the acceptor was told that there is no room */
    bool wake_posted; /* and has not run yet */
    int64_t rate;     /* tokens in thousandths a millisecond: connections a second */
    int64_t bucket;   /* how many tokens fit */
    int64_t tokens;
    int64_t filled_ms;
};

static struct bytes key_of(const struct peer_address *peer)
{
    return (struct bytes){ peer->bytes, sizeof(peer->bytes) };
}

static struct peer_address mapped(const void *ipv4)
{
    struct peer_address peer = { .bytes = { [10] = 0xff, [11] = 0xff } };
    memcpy(peer.bytes + 12, ipv4, 4);
    return peer;
}

struct peer_address peer_address_of(const struct sockaddr_storage *address)
{
    struct peer_address peer = { 0 };
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
        memcpy(peer.bytes, &in6->sin6_addr, sizeof(peer.bytes));
        return peer;
    }
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    return mapped(&in->sin_addr);
}

bool peer_address_is_loopback(const struct peer_address *peer)
{
    struct in6_addr in6;
    memcpy(&in6, peer->bytes, sizeof(in6));
    return IN6_IS_ADDR_V4MAPPED(&in6) ? peer->bytes[12] == IN_LOOPBACKNET
                                      : IN6_IS_ADDR_LOOPBACK(&in6);
}

void peer_address_format(const struct peer_address *peer, char out_text[PEER_ADDRESS_TEXT])
{
    struct in6_addr in6;
    memcpy(&in6, peer->bytes, sizeof(in6));
    bool is_v4 = IN6_IS_ADDR_V4MAPPED(&in6);
    (void)inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? peer->bytes + 12 : peer->bytes, out_text,
                    PEER_ADDRESS_TEXT);
}

/* --- exceptions --- */

static bool resolve(const char *host, struct peer_address *out)
{
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &(struct addrinfo){ .ai_socktype = SOCK_STREAM }, &found) != 0) {
        return false;
    }
    struct sockaddr_storage address = { 0 };
    memcpy(&address, found->ai_addr, found->ai_addrlen);
    *out = peer_address_of(&address);
    freeaddrinfo(found);
    return true;
}

struct override {
    char host[HOST_MAX];
    int32_t count;
};

/* "host:count", the last colon: an IPv6 address has some of its own. */
static enum weir_status parse_override(struct bytes item,
                                       struct override *out,
                                       struct weir_error *err)
{
    item = bytes_trim(item);
    const uint8_t *colon = item.len ? memrchr(item.data, ':', item.len) : NULL;
    struct bytes name = { item.data, colon ? (size_t)(colon - item.data) : 0 };
    struct bytes number = { colon ? colon + 1 : NULL, colon ? item.len - name.len - 1 : 0 };
    int64_t count = -1;
    if (name.len > 2 && name.data[0] == '[' && name.data[name.len - 1] == ']') {
        name = (struct bytes){ name.data + 1, name.len - 2 };
    }
    if (name.len == 0 || !bytes_to_text(name, out->host, sizeof(out->host)) ||
        !bytes_parse_i64(bytes_trim(number), &count) || count < 0 || count > INT32_MAX) {
        return weir_fail(err, WEIR_EINVAL,
                         "max.connections.per.ip.overrides: expected host:count, not '%.*s'",
                         BYTES_ARG(item));
    }
    out->count = (int32_t)count;
    return WEIR_OK;
}

enum weir_status connection_overrides_check(const char *text, struct weir_error *err)
{
    struct bytes rest = bytes_of(text);
    struct bytes item;
    struct override override;
    enum weir_status rc = WEIR_OK;
    while (rc == WEIR_OK && rest.len > 0 && bytes_cut(&rest, ',', &item)) {
        rc = parse_override(item, &override, err);
    }
    return rc;
}

/* Into `out` (address -> int32_t, owned). A host that is not known is left out, and named. */
static enum weir_status resolve_overrides(const char *text, struct map *out, struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    struct bytes rest = bytes_of(text);
    struct bytes item;
    while (rest.len > 0 && bytes_cut(&rest, ',', &item)) {
        struct peer_address peer;
        struct override override;
        struct weir_error why;
        if (parse_override(item, &override, &why) < 0) {
            continue; /* was checked before */
        }
        if (!resolve(override.host, &peer)) {
            rc = weir_fail(err, WEIR_ENOTFOUND,
                           "max.connections.per.ip.overrides: there is no host '%s'; it has the "
                           "limit of all others",
                           override.host);
            continue;
        }
        int32_t *count = MEM_NEW(int32_t);
        *count = override.count;
        free(map_put(out, key_of(&peer), count));
    }
    return rc;
}

/* --- life --- */

struct connection_limits *connection_limits_create(void)
{
    struct connection_limits *limits = MEM_NEW(struct connection_limits);
    limits->max = limits->max_per_ip = INT32_MAX;
    limits->rate = INT32_MAX;
    (void)pthread_mutex_init(&limits->lock, NULL);
    return limits;
}

void connection_limits_watch(struct connection_limits *limits,
                             struct loop *loop,
                             struct loop_task *wake)
{
    limits->loop = loop;
    limits->wake = wake;
}

static void free_values(struct map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        free(map->entries[i].value);
    }
    map_finish(map);
    map_init(map);
}

void connection_limits_destroy(struct connection_limits *limits)
{
    if (!limits) {
        return;
    }
    free_values(&limits->overrides);
    free_values(&limits->peers);
    (void)pthread_mutex_destroy(&limits->lock);
    free(limits);
}

/* The lock is held. */
static void wake_if_waiting(struct connection_limits *limits)
{
    if (limits->waits && !limits->wake_posted && limits->loop) {
        limits->wake_posted = true;
        loop_post(limits->loop, limits->wake);
    }
}

enum weir_status connection_limits_configure(struct connection_limits *limits,
                                             const struct broker_config *config,
                                             struct weir_error *err)
{
    struct map overrides = { 0 };
    enum weir_status rc = resolve_overrides(
        broker_config_text(config, "max.connections.per.ip.overrides"), &overrides, err);
    (void)pthread_mutex_lock(&limits->lock);
    free_values(&limits->overrides);
    limits->overrides = overrides;
    limits->max = config->connections_max;
    limits->max_per_ip = config->connections_max_per_ip;
    if (limits->rate != config->connection_rate_max) {
        limits->rate = config->connection_rate_max;
        limits->bucket = limits->rate * config->connection_rate_window_s * TOKEN;
        limits->tokens = limits->bucket;
    }
    wake_if_waiting(limits);
    (void)pthread_mutex_unlock(&limits->lock);
    return rc;
}

void connection_limits_woken(struct connection_limits *limits)
{
    (void)pthread_mutex_lock(&limits->lock);
    limits->wake_posted = false;
    (void)pthread_mutex_unlock(&limits->lock);
}

/* --- the limits --- */

/* The lock is held. When there will be a token: `now_ms`, or later. */
static int64_t next_token_ms(struct connection_limits *limits, int64_t now_ms)
{
    int64_t passed = now_ms - limits->filled_ms;
    int64_t missing = limits->bucket - limits->tokens;
    bool fills = limits->rate > 0 && passed >= missing / limits->rate + 1;
    limits->tokens = fills ? limits->bucket : limits->tokens + passed * limits->rate;
    limits->filled_ms = now_ms;
    if (limits->tokens >= TOKEN) {
        return now_ms;
    }
    return limits->rate > 0 ? now_ms + (TOKEN - limits->tokens) / limits->rate + 1 : INT64_MAX;
}

enum connection_pause connection_limits_pause(struct connection_limits *limits,
                                              int64_t now_ms,
                                              int64_t *out_until_ms)
{
    enum connection_pause pause = CONNECTION_GO;
    (void)pthread_mutex_lock(&limits->lock);
    if (limits->count >= limits->max) {
        pause = CONNECTION_NO_ROOM;
    } else if (limits->rate < INT32_MAX) {
        *out_until_ms = next_token_ms(limits, now_ms);
        pause = *out_until_ms > now_ms ? CONNECTION_TOO_FAST : CONNECTION_GO;
    }
    limits->waits = pause != CONNECTION_GO; /* also a higher rate is worth to be told */
    (void)pthread_mutex_unlock(&limits->lock);
    return pause;
}

/* The lock is held. */
static int32_t max_of(const struct connection_limits *limits, struct bytes key)
{
    const int32_t *override = map_get(&limits->overrides, key);
    return override ? *override : limits->max_per_ip;
}

bool connection_limits_enter(struct connection_limits *limits,
                             const struct peer_address *peer,
                             int32_t *out_max)
{
    struct bytes key = key_of(peer);
    (void)pthread_mutex_lock(&limits->lock);
    limits->tokens -= limits->rate < INT32_MAX ? TOKEN : 0;
    struct peer *known = map_get(&limits->peers, key);
    *out_max = max_of(limits, key);
    bool admitted = (known ? known->count : 0) < *out_max;
    if (admitted && !known) {
        known = MEM_NEW(struct peer);
        (void)map_put(&limits->peers, key, known);
    }
    if (admitted) {
        known->count++;
        limits->count++;
    }
    (void)pthread_mutex_unlock(&limits->lock);
    return admitted;
}

void connection_limits_leave(struct connection_limits *limits, const struct peer_address *peer)
{
    (void)pthread_mutex_lock(&limits->lock);
    struct peer *known = map_get(&limits->peers, key_of(peer));
    if (--known->count == 0) {
        free(map_remove(&limits->peers, key_of(peer)));
    }
    limits->count--;
    wake_if_waiting(limits);
    (void)pthread_mutex_unlock(&limits->lock);
}
