/*
 * Messages between a check and weir-grade: packing, finding, sending, receiving.
 */
#include "check/message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

void message_init(struct message *m)
{
    buffer_init(&m->data, MESSAGE_MAX);
}

void message_finish(struct message *m)
{
    buffer_finish(&m->data);
}

void message_clear(struct message *m)
{
    buffer_clear(&m->data);
}

static void put_u32(struct buffer *b, uint32_t value)
{
    uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                         (uint8_t)value };
    buffer_append(b, bytes, sizeof(bytes));
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void message_put(struct message *m, const char *key, struct bytes value)
{
    uint8_t key_len = (uint8_t)strlen(key);
    buffer_append(&m->data, &key_len, 1);
    buffer_append(&m->data, key, key_len);
    put_u32(&m->data, (uint32_t)value.len);
    buffer_append(&m->data, value.data, value.len);
}

void message_put_text(struct message *m, const char *key, const char *value)
{
    message_put(m, key, bytes_of(value));
}

void message_put_i64(struct message *m, const char *key, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRId64, value);
    message_put_text(m, key, text);
}

/* One pair at *position; false at the end, and at anything that is cut short. */
static bool next_pair(struct bytes data,
                      size_t *position,
                      struct bytes *out_key,
                      struct bytes *out_value)
{
    size_t at = *position;
    if (at >= data.len) {
        return false;
    }
    size_t key_len = data.data[at];
    at++;
    if (data.len - at < key_len + 4) {
        return false;
    }
    *out_key = (struct bytes){ data.data + at, key_len };
    at += key_len;
    size_t value_len = get_u32(data.data + at);
    at += 4;
    if (data.len - at < value_len) {
        return false;
    }
    *out_value = (struct bytes){ data.data + at, value_len };
    *position = at + value_len;
    return true;
}

bool message_next(const struct message *m,
                  const char *key,
                  size_t *position,
                  struct bytes *out_value)
{
    struct bytes found_key;
    while (next_pair(buffer_bytes(&m->data), position, &found_key, out_value)) {
        if (bytes_equal_text(found_key, key)) {
            return true;
        }
    }
    return false;
}

bool message_get(const struct message *m, const char *key, struct bytes *out_value)
{
    size_t position = 0;
    return message_next(m, key, &position, out_value);
}

int64_t message_get_i64(const struct message *m, const char *key, int64_t otherwise)
{
    struct bytes text;
    int64_t value = 0;
    return message_get(m, key, &text) && bytes_parse_i64(text, &value) ? value : otherwise;
}

static enum weir_status send_all(int fd, const void *data, size_t len, struct weir_error *err)
{
    const uint8_t *p = data;
    while (len > 0) {
        ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return weir_fail_errno(err, "cannot send on the control socket");
        }
        p += n;
        len -= (size_t)n;
    }
    return WEIR_OK;
}

/* WEIR_ENOTFOUND when the socket ends before the first byte. */
static enum weir_status receive_all(int fd, void *data, size_t len, struct weir_error *err)
{
    uint8_t *p = data;
    size_t left = len;
    while (left > 0) {
        ssize_t n = recv(fd, p, left, 0);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return weir_fail_errno(err, "cannot receive from the control socket");
        }
        if (n == 0) {
            return weir_fail(err, left == len ? WEIR_ENOTFOUND : WEIR_EPROTO,
                             "the control socket was closed");
        }
        p += n;
        left -= (size_t)n;
    }
    return WEIR_OK;
}

enum weir_status message_send(int fd, const struct message *m, struct weir_error *err)
{
    struct bytes data = buffer_bytes(&m->data);
    if (m->data.overflow) {
        return weir_fail(err, WEIR_ETOOBIG, "a control message exceeds %d bytes", MESSAGE_MAX);
    }
    uint8_t length[4] = { (uint8_t)(data.len >> 24), (uint8_t)(data.len >> 16),
                          (uint8_t)(data.len >> 8), (uint8_t)data.len };
    enum weir_status rc = send_all(fd, length, sizeof(length), err);
    return rc < 0 ? rc : send_all(fd, data.data, data.len, err);
}

enum weir_status message_receive(int fd, struct message *m, struct weir_error *err)
{
    uint8_t length[4];
    message_clear(m);
    enum weir_status rc = receive_all(fd, length, sizeof(length), err);
    if (rc < 0) {
        return rc;
    }
    uint32_t len = get_u32(length);
    uint8_t *room = len > MESSAGE_MAX ? NULL : buffer_extend(&m->data, len);
    if (!room) {
        return weir_fail(err, WEIR_ETOOBIG, "a control message of %" PRIu32 " bytes", len);
    }
    rc = receive_all(fd, room, len, err);
    return rc == WEIR_ENOTFOUND ? WEIR_EPROTO : rc;
}
