/*
 * The client of a fuzz target's broker (fuzz_broker.h): sends a frame, takes the answer, and insists that it decodes to its end, in
 * the version that was asked for, and belongs to the request. A connection that is closed is made anew for the next frame.
 *
 * Two things that the broker gives out are different each time: the id of a topic and that of a group's member. Requests name them
 * by placeholders, which are replaced on the way.
 */
#pragma once

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "fuzz_broker.h"
#include "protocol/be.h"
#include "protocol/codec.h"
#include "protocol/messages.h"

enum {
    FUZZ_ANSWER_LIMIT_MS = 20000, /* no answer for so long is a hang */
    FUZZ_PARK_MS = 3,             /* requests that may wait for others are given up after it */
    FUZZ_ANSWER_MAX = 64 << 20,
    FUZZ_PROBE = 0x50524f42,
};

static const char fuzz_topic[] = "t";
static const char fuzz_topic_id[] = "THE-ID-OF-TOPIC!";
static const char fuzz_member_id[] = "c-THE-ID-THAT-JOIN-GROUP-GAVE-A-MEMBER";

/* --- bytes --- */

static inline bool fuzz_send(int fd, const void *data, size_t len)
{
    const uint8_t *p = data;
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool fuzz_receive(int fd, void *data, size_t len)
{
    uint8_t *p = data;
    while (len > 0) {
        ssize_t n = recv(fd, p, len, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        p += n;
        len -= (size_t)n;
    }
    return true;
}

static inline bool fuzz_send_frame(int fd, struct bytes frame)
{
    uint8_t length[4];
    be_write_i32(length, (int32_t)frame.len);
    return fuzz_send(fd, length, sizeof(length)) && fuzz_send(fd, frame.data, frame.len);
}

/* Null when nothing came in time or the connection is closed. The frame is in `arena`. */
static inline struct bytes fuzz_receive_frame(struct fuzz_broker *b,
                                              bool may_park,
                                              struct arena *arena)
{
    struct pollfd poll_fd = { .fd = b->fd, .events = POLLIN };
    int ready;
    do { /* libFuzzer's own alarm interrupts */
        ready = poll(&poll_fd, 1, may_park ? FUZZ_PARK_MS : FUZZ_ANSWER_LIMIT_MS);
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) {
        assert(may_park && "no answer: the broker hangs");
        return (struct bytes){ 0 };
    }
    uint8_t length[4];
    if (!fuzz_receive(b->fd, length, sizeof(length))) {
        return (struct bytes){ 0 };
    }
    int32_t len = be_read_i32(length);
    assert(len >= 4 && len <= FUZZ_ANSWER_MAX);
    uint8_t *frame = arena_alloc(arena, 1, (size_t)len);
    if (!fuzz_receive(b->fd, frame, (size_t)len)) {
        return (struct bytes){ 0 };
    }
    return (struct bytes){ frame, (size_t)len };
}

/* --- what is different each time --- */

static inline void fuzz_replace(uint8_t *data, size_t len, const char *from, const uint8_t *to)
{
    size_t width = strlen(from);
    for (size_t at = 0; at + width <= len; at++) {
        if (memcmp(data + at, from, width) == 0) {
            memcpy(data + at, to, width);
        }
    }
}

/* The id of the topic "t" and the last member id that was given out, for their placeholders. */
static inline struct bytes fuzz_substitute(struct fuzz_broker *b,
                                           struct bytes frame,
                                           struct arena *arena)
{
    struct bytes copy = arena_copy(arena, frame);
    uint8_t *data = (uint8_t *)(uintptr_t)copy.data;
    struct cluster_image *image = broker_image(b->broker);
    const struct image_topic *topic = image_topic(image, bytes_of(fuzz_topic));
    if (topic) {
        fuzz_replace(data, copy.len, fuzz_topic_id, topic->id.bytes);
    }
    image_unref(image);
    if (b->has_member_id) {
        fuzz_replace(data, copy.len, fuzz_member_id, b->member_id);
    }
    return copy;
}

static inline void fuzz_note_member(struct fuzz_broker *b, const struct join_group_response *answer)
{
    if (answer->member_id.len == FUZZ_MEMBER_ID_LEN) {
        memcpy(b->member_id, answer->member_id.data, FUZZ_MEMBER_ID_LEN);
        b->has_member_id = true;
    }
}

/* --- asking --- */

static inline bool fuzz_may_park(int16_t key)
{
    return key == API_FETCH || key == API_JOIN_GROUP || key == API_SYNC_GROUP;
}

/* The answer to a request of this header: it decodes, in the version that was asked for, to its end. */
static inline void fuzz_check_answer(struct fuzz_broker *b,
                                     const struct request_header *asked,
                                     struct bytes frame,
                                     struct arena *arena)
{
    const struct api_type *api = api_type_find(asked->request_api_key);
    int16_t version = asked->request_api_version;
    struct response_header header;
    struct weir_error err;
    if (asked->request_api_key == API_API_VERSIONS && version > api->version_max) {
        version = 0;
    }
    enum weir_status rc = response_header_decode(api, version, &frame, &header, &err);
    assert(rc == WEIR_OK);
    assert(header.correlation_id == asked->correlation_id);
    void *answer = arena_alloc(arena, 1, api->response->size);
    rc = message_decode(api->response, version, frame, arena, answer, &err);
    if (rc != WEIR_OK && asked->request_api_key == API_API_VERSIONS) {
        return; /* of a version between ours and the schema's: answered in version 0 */
    }
    assert(rc == WEIR_OK);
    if (asked->request_api_key == API_JOIN_GROUP) {
        fuzz_note_member(b, answer);
    }
}

/* Produce with acks=0 has no answer; a request after it says that it is done. */
static inline struct bytes fuzz_probe(struct arena *arena)
{
    static const uint8_t probe[] = { 0, API_API_VERSIONS, 0, 0, 'P', 'R', 'O', 'B', 0, 1, 'p' };
    return arena_copy(arena, (struct bytes){ probe, sizeof(probe) });
}

static inline bool fuzz_is_probe_answer(struct bytes frame)
{
    return frame.len >= 4 && be_read_i32(frame.data) == FUZZ_PROBE;
}

/* Sends one frame and takes what comes. Afterwards there may be no connection any more. */
static inline void fuzz_broker_ask(struct fuzz_broker *b, struct bytes frame)
{
    struct arena arena;
    struct request_header asked = { .request_api_key = -1 };
    arena_init(&arena, 0);
    if (b->fd < 0) {
        fuzz_broker_connect(b);
    }
    frame = fuzz_substitute(b, frame, &arena);
    struct bytes body = frame;
    struct weir_error err;
    bool is_request = request_header_decode(&body, &asked, &err) == WEIR_OK;
    bool may_be_silent = is_request && asked.request_api_key == API_PRODUCE;
    bool sent = fuzz_send_frame(b->fd, frame);
    if (may_be_silent) {
        sent = sent && fuzz_send_frame(b->fd, fuzz_probe(&arena));
    }
    bool may_park = is_request && fuzz_may_park(asked.request_api_key);
    struct bytes answer = fuzz_receive_frame(b, may_park, &arena);
    if (may_be_silent && !bytes_is_null(answer) && !fuzz_is_probe_answer(answer)) {
        fuzz_check_answer(b, &asked, answer, &arena);
        answer = fuzz_receive_frame(b, false, &arena);
    } else if (!bytes_is_null(answer) && !may_be_silent) {
        assert(is_request && "what is no request was answered");
        fuzz_check_answer(b, &asked, answer, &arena);
    }
    if (bytes_is_null(answer) || !sent) {
        fuzz_broker_hang_up(b);
    }
    arena_finish(&arena);
}
