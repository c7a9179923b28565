/*
 * A channel against a broker that this test plays: a thread that accepts one connection and does to it what the case
 * says, good or bad.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "client/channel.h"
#include "client/stream.h"
#include "protocol/kafka_error.h"

#include <cmocka.h>

enum { PATIENCE_MS = 10000, FRAME_MAX = 4096 };

struct fake {
    int listen_fd;
    pthread_t thread;
    void (*serve)(int fd);
    char address[32];
};

static void *serve_one(void *argument)
{
    struct fake *fake = argument;
    int fd = accept(fake->listen_fd, NULL, NULL);
    if (fd >= 0) {
        fake->serve(fd);
        close(fd);
    }
    return NULL;
}

static void fake_start(struct fake *fake, void (*serve)(int fd))
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof(at);
    fake->serve = serve;
    fake->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fake->listen_fd >= 0);
    assert_int_equal(bind(fake->listen_fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fake->listen_fd, 4), 0);
    assert_int_equal(getsockname(fake->listen_fd, (struct sockaddr *)&at, &size), 0);
    snprintf(fake->address, sizeof(fake->address), "127.0.0.1:%d", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&fake->thread, NULL, serve_one, fake), 0);
}

static void fake_stop(struct fake *fake)
{
    pthread_join(fake->thread, NULL);
    close(fake->listen_fd);
}

/* --- the broker's side --- */

static bool read_all(int fd, uint8_t *out, size_t len)
{
    for (size_t got = 0; got < len;) {
        ssize_t n = read(fd, out + got, len - got);
        if (n <= 0) {
            return false;
        }
        got += (size_t)n;
    }
    return true;
}

/* The next request's header; false when the peer is gone. */
static bool next_request(int fd, struct request_header *out_header)
{
    static _Thread_local uint8_t frame[FRAME_MAX];
    uint8_t length[4];
    if (!read_all(fd, length, sizeof(length))) {
        return false;
    }
    size_t len = (size_t)length[2] << 8 | length[3];
    if (length[0] || length[1] || len > sizeof(frame) || !read_all(fd, frame, len)) {
        return false;
    }
    struct bytes rest = { frame, len };
    return request_header_decode(&rest, out_header, NULL) == WEIR_OK;
}

/* Sends a response in pieces of `piece` bytes. */
static void respond(
    int fd, int16_t key, int16_t version, int32_t correlation_id, const void *body, size_t piece)
{
    const struct api_type *api = api_type_find(key);
    struct response_header header;
    struct buffer out;
    buffer_init(&out, FRAME_MAX);
    message_init(&response_header_type, &header);
    header.correlation_id = correlation_id;
    uint8_t *length = buffer_extend(&out, 4);
    if (length && response_header_encode(api, version, &header, &out, NULL) == WEIR_OK &&
        message_encode(api->response, version, body, &out, NULL, NULL) == WEIR_OK) {
        size_t len = out.len - 4;
        memcpy(out.data, (uint8_t[]){ 0, 0, (uint8_t)(len >> 8), (uint8_t)len }, 4);
        for (size_t at = 0; at < out.len; at += piece) {
            size_t left = out.len - at;
            (void)send(fd, out.data + at, left < piece ? left : piece, MSG_NOSIGNAL);
        }
    }
    buffer_finish(&out);
}

static void versions(int fd, const struct request_header *request, size_t piece)
{
    struct api_versions_response_api served[] = {
        { API_METADATA, 0, 5 },
        { API_API_VERSIONS, 0, 4 },
        { API_FETCH, 0, 3 },            /* below what our codec begins with */
        { API_DELETE_TOPICS, 99, 101 }, /* beyond what it knows */
        { 999, 0, 1 },
    };
    struct api_versions_response response;
    message_init(&api_versions_response_type, &response);
    response.api_keys = served;
    response.api_keys_count = sizeof(served) / sizeof(served[0]);
    respond(fd, API_API_VERSIONS, request->request_api_version, request->correlation_id, &response,
            piece);
}

static void metadata(int fd,
                     const struct request_header *request,
                     int32_t correlation_id,
                     size_t piece)
{
    struct metadata_response response;
    message_init(&metadata_response_type, &response);
    response.cluster_id = bytes_of("the-cluster");
    respond(fd, API_METADATA, request->request_api_version, correlation_id, &response, piece);
}

/* --- how it may behave --- */

static void serve_well(int fd)
{
    struct request_header request;
    while (next_request(fd, &request)) {
        if (request.request_api_key == API_API_VERSIONS) {
            versions(fd, &request, SIZE_MAX);
        } else {
            metadata(fd, &request, request.correlation_id, SIZE_MAX);
        }
    }
}

static void serve_in_single_bytes(int fd)
{
    struct request_header request;
    while (next_request(fd, &request)) {
        if (request.request_api_key == API_API_VERSIONS) {
            versions(fd, &request, 1);
        } else {
            metadata(fd, &request, request.correlation_id, 1);
        }
    }
}

/* As Kafka 2.3 and earlier: ApiVersions 3 is unknown, and is refused in version 0. */
static void serve_only_version_0(int fd)
{
    struct request_header request;
    while (next_request(fd, &request)) {
        struct request_header answered = request;
        answered.request_api_version = 0;
        if (request.request_api_version == 0) {
            versions(fd, &answered, SIZE_MAX);
        } else {
            struct api_versions_response response;
            message_init(&api_versions_response_type, &response);
            response.error_code = KAFKA_UNSUPPORTED_VERSION;
            respond(fd, API_API_VERSIONS, 0, request.correlation_id, &response, SIZE_MAX);
        }
    }
}

static void serve_nothing_and_leave(int fd)
{
    struct request_header request;
    (void)next_request(fd, &request);
}

static void serve_silence(int fd)
{
    struct request_header request;
    while (next_request(fd, &request)) {
    }
}

static void serve_a_web_page(int fd)
{
    static const char page[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct request_header request;
    (void)next_request(fd, &request);
    (void)send(fd, page, sizeof(page) - 1, MSG_NOSIGNAL);
}

static void serve_another_question(int fd)
{
    struct request_header request;
    while (next_request(fd, &request)) {
        if (request.request_api_key == API_API_VERSIONS) {
            versions(fd, &request, SIZE_MAX);
        } else {
            metadata(fd, &request, request.correlation_id + 1, SIZE_MAX);
        }
    }
}

static void serve_half_a_frame(int fd)
{
    struct request_header request;
    (void)next_request(fd, &request);
    (void)send(fd, "\0\0\0\100abc", 7, MSG_NOSIGNAL);
}

/* --- the client's side --- */

static enum weir_status open_to(const struct fake *fake,
                                int timeout_ms,
                                struct channel **out_channel,
                                struct weir_error *err)
{
    struct channel_options options = { .address = fake->address, .timeout_ms = timeout_ms };
    *out_channel = NULL;
    return channel_open(&options, out_channel, err);
}

static enum weir_status ask(struct channel *channel, struct arena *arena, struct weir_error *err)
{
    struct metadata_request request;
    struct metadata_response response;
    message_init(&metadata_request_type, &request);
    enum weir_status rc = channel_call(channel, API_METADATA, &request, arena, &response, err);
    if (rc == WEIR_OK) {
        assert_true(bytes_equal_text(response.cluster_id, "the-cluster"));
    }
    return rc;
}

static void asks_and_is_answered(void (*serve)(int fd), int times)
{
    struct fake fake;
    struct channel *channel;
    struct weir_error err;
    struct arena arena;
    arena_init(&arena, 0);
    fake_start(&fake, serve);
    assert_int_equal(open_to(&fake, PATIENCE_MS, &channel, &err), WEIR_OK);
    for (int i = 0; i < times; i++) {
        assert_int_equal(ask(channel, &arena, &err), WEIR_OK);
    }
    assert_string_equal(channel_address(channel), fake.address);
    channel_close(channel);
    fake_stop(&fake);
    arena_finish(&arena);
}

static void questions_are_answered(void **state)
{
    (void)state;
    asks_and_is_answered(serve_well, 3);
}

static void an_answer_may_come_in_pieces(void **state)
{
    (void)state;
    asks_and_is_answered(serve_in_single_bytes, 3);
}

static void versions_are_the_highest_in_common(void **state)
{
    (void)state;
    struct fake fake;
    struct channel *channel;
    struct weir_error err;
    struct arena arena;
    struct fetch_request request;
    struct fetch_response response;
    arena_init(&arena, 0);
    fake_start(&fake, serve_well);
    assert_int_equal(open_to(&fake, PATIENCE_MS, &channel, &err), WEIR_OK);
    assert_int_equal(channel_version(channel, API_METADATA), 5);
    assert_int_equal(channel_version(channel, API_FETCH), -1);
    assert_int_equal(channel_version(channel, API_DELETE_TOPICS), -1);
    assert_int_equal(channel_version(channel, API_JOIN_GROUP), -1);
    message_init(&fetch_request_type, &request);
    assert_int_equal(channel_call(channel, API_FETCH, &request, &arena, &response, &err),
                     WEIR_EINVAL);
    assert_non_null(strstr(err.message, "does not support Fetch"));
    channel_limit_version(channel, API_METADATA, 7);
    assert_int_equal(channel_version(channel, API_METADATA), 5);
    channel_limit_version(channel, API_METADATA, 2);
    assert_int_equal(channel_version(channel, API_METADATA), 2);
    assert_int_equal(ask(channel, &arena, &err), WEIR_OK);
    channel_close(channel);
    fake_stop(&fake);
    arena_finish(&arena);
}

static void an_old_broker_is_asked_again_in_version_0(void **state)
{
    (void)state;
    struct fake fake;
    struct channel *channel;
    struct weir_error err;
    fake_start(&fake, serve_only_version_0);
    assert_int_equal(open_to(&fake, PATIENCE_MS, &channel, &err), WEIR_OK);
    assert_int_equal(channel_version(channel, API_METADATA), 5);
    channel_close(channel);
    fake_stop(&fake);
}

static void opening_fails(void (*serve)(int fd),
                          int timeout_ms,
                          enum weir_status status,
                          const char *text)
{
    struct fake fake;
    struct channel *channel;
    struct weir_error err;
    fake_start(&fake, serve);
    int64_t start_ms = clock_monotonic_ms();
    assert_int_equal(open_to(&fake, timeout_ms, &channel, &err), status);
    assert_true(clock_monotonic_ms() - start_ms < PATIENCE_MS);
    assert_null(channel);
    assert_true(strncmp(err.message, fake.address, strlen(fake.address)) == 0);
    if (!strstr(err.message, text)) {
        fail_msg("\"%s\" does not say \"%s\"", err.message, text);
    }
    fake_stop(&fake);
}

static void bad_peers_are_told_apart(void **state)
{
    (void)state;
    opening_fails(serve_nothing_and_leave, PATIENCE_MS, WEIR_EIO, "closed the connection");
    opening_fails(serve_half_a_frame, PATIENCE_MS, WEIR_EIO, "closed the connection");
    opening_fails(serve_a_web_page, PATIENCE_MS, WEIR_EPROTO, "this is no Kafka broker");
    opening_fails(serve_silence, 50, WEIR_ETIMEOUT, "no answer within the time allowed");
}

static void an_answer_to_another_question_is_no_answer(void **state)
{
    (void)state;
    struct fake fake;
    struct channel *channel;
    struct weir_error err;
    struct arena arena;
    arena_init(&arena, 0);
    fake_start(&fake, serve_another_question);
    assert_int_equal(open_to(&fake, PATIENCE_MS, &channel, &err), WEIR_OK);
    assert_int_equal(ask(channel, &arena, &err), WEIR_EPROTO);
    assert_non_null(strstr(err.message, "Metadata: answer 3 to question 2"));
    channel_close(channel);
    fake_stop(&fake);
    arena_finish(&arena);
}

static void nobody_there_is_a_refused_connection(void **state)
{
    (void)state;
    struct fake fake;
    struct channel *channel;
    struct weir_error err;
    fake_start(&fake, serve_silence);
    assert_int_equal(shutdown(fake.listen_fd, SHUT_RD), 0); /* refuses from now on */
    fake_stop(&fake);
    assert_int_equal(open_to(&fake, PATIENCE_MS, &channel, &err), WEIR_EIO);
    assert_non_null(strstr(err.message, "Connection refused"));
}

static void addresses_are_host_and_port(void **state)
{
    (void)state;
    struct stream_address address;
    struct weir_error err;
    assert_int_equal(stream_address_parse(bytes_of("broker.example:9092"), &address, &err),
                     WEIR_OK);
    assert_string_equal(address.host, "broker.example");
    assert_string_equal(address.port, "9092");
    assert_int_equal(stream_address_parse(bytes_of("[::1]:1"), &address, &err), WEIR_OK);
    assert_string_equal(address.host, "::1");
    static const char *const bad[] = { "",       "nocolon",    ":9092",  "host:",
                                       "host:0", "host:65536", "host:x", "[]:1" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(stream_address_parse(bytes_of(bad[i]), &address, &err), WEIR_EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_answered),
        cmocka_unit_test(an_answer_may_come_in_pieces),
        cmocka_unit_test(versions_are_the_highest_in_common),
        cmocka_unit_test(an_old_broker_is_asked_again_in_version_0),
        cmocka_unit_test(bad_peers_are_told_apart),
        cmocka_unit_test(an_answer_to_another_question_is_no_answer),
        cmocka_unit_test(nobody_there_is_a_refused_connection),
        cmocka_unit_test(addresses_are_host_and_port),
    };
    return cmocka_run_group_tests_name("client.channel", tests, NULL, NULL);
}
