/*
 * protocol/codec against Apache Kafka: every captured frame (tests/golden/wire/frames.txt) and every captured record
 * of an internal topic (internal_records.txt) decodes and encodes to the same bytes again.
 */
#include <ctype.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/reader.h"

#include <cmocka.h>

enum { PATH_SIZE = 4096, FILE_MAX = 1 << 24, FRAMES_MIN = 1000, RECORDS_MIN = 40 };

struct frame {
    struct bytes client;
    int16_t key;
    int16_t version;
    struct bytes direction;
    struct bytes content; /* owned by the arena */
};

static int hex_digit(uint8_t c)
{
    return isdigit(c) ? c - '0' : c - 'a' + 10;
}

static struct bytes parse_hex(struct bytes hex, struct arena *arena)
{
    size_t len = hex.len / 2;
    uint8_t *content = arena_alloc(arena, len, 1);
    for (size_t i = 0; i < len; i++) {
        content[i] = (uint8_t)(hex_digit(hex.data[2 * i]) << 4 | hex_digit(hex.data[2 * i + 1]));
    }
    return (struct bytes){ content, len };
}

static struct bytes next_word(struct bytes *line)
{
    struct bytes word;
    assert_true(bytes_cut(line, ' ', &word));
    return word;
}

static int16_t next_number(struct bytes *line)
{
    int64_t value = 0;
    assert_true(bytes_parse_i64(next_word(line), &value));
    return (int16_t)value;
}

static struct frame parse_frame(struct bytes line, struct arena *arena)
{
    struct frame f;
    f.client = next_word(&line);
    f.key = next_number(&line);
    f.version = next_number(&line);
    f.direction = next_word(&line);
    f.content = parse_hex(next_word(&line), arena);
    return f;
}

static void check(enum weir_status rc, const struct weir_error *err, const struct frame *f)
{
    if (rc < 0) {
        fail_msg("%.*s key %d version %d %.*s: %s", BYTES_ARG(f->client), f->key, f->version,
                 BYTES_ARG(f->direction), err->message);
    }
}

static void check_same(const struct frame *f, const struct buffer *again)
{
    if (!bytes_equal(f->content, buffer_bytes(again))) {
        fail_msg("%.*s key %d version %d %.*s comes out different", BYTES_ARG(f->client), f->key,
                 f->version, BYTES_ARG(f->direction));
    }
}

static void round_trip_request(const struct frame *f, struct arena *arena, struct buffer *again)
{
    struct weir_error err;
    struct request_header header;
    struct bytes body = f->content;
    check(request_header_decode(&body, &header, &err), &err, f);
    assert_int_equal(header.request_api_key, f->key);
    assert_int_equal(header.request_api_version, f->version);

    const struct message_type *type = api_type_find(f->key)->request;
    void *message = arena_alloc(arena, 1, type->size);
    check(message_decode(type, f->version, body, arena, message, &err), &err, f);
    check(request_header_encode(&header, again, &err), &err, f);
    check(message_encode(type, f->version, message, again, NULL, &err), &err, f);
    check_same(f, again);
}

static void round_trip_response(const struct frame *f, struct arena *arena, struct buffer *again)
{
    struct weir_error err;
    struct response_header header;
    struct bytes body = f->content;
    const struct api_type *api = api_type_find(f->key);
    int16_t version = f->version;
    check(response_header_decode(api, version, &body, &header, &err), &err, f);

    const struct message_type *type = api->response;
    void *message = arena_alloc(arena, 1, type->size);
    check(message_decode(type, version, body, arena, message, &err), &err, f);
    check(response_header_encode(api, version, &header, again, &err), &err, f);
    check(message_encode(type, version, message, again, NULL, &err), &err, f);
    check_same(f, again);
}

/* Calls `check_line` with an arena, an empty buffer and every line that is no comment; returns how many. */
static int for_each_line(const char *name,
                         void (*check_line)(struct bytes line, struct arena *, struct buffer *))
{
    char path[PATH_SIZE];
    const char *source = getenv("WEIR_SOURCE"); /* NOLINT(concurrency-mt-unsafe): one thread */
    (void)snprintf(path, sizeof(path), "%s/tests/golden/wire/%s", source ? source : ".", name);
    struct arena arena;
    struct buffer content;
    struct buffer again;
    struct weir_error err;
    arena_init(&arena, 0);
    buffer_init(&content, FILE_MAX);
    buffer_init(&again, FILE_MAX);
    if (file_read(AT_FDCWD, path, &content, &err) < 0) {
        fail_msg("%s", err.message);
    }
    int count = 0;
    struct bytes rest = buffer_bytes(&content);
    struct bytes line;
    while (bytes_cut(&rest, '\n', &line)) {
        if (line.len > 0 && line.data[0] != '#') {
            arena_reset(&arena);
            buffer_clear(&again);
            check_line(line, &arena, &again);
            count++;
        }
    }
    buffer_finish(&again);
    buffer_finish(&content);
    arena_finish(&arena);
    return count;
}

static void round_trip_frame(struct bytes line, struct arena *arena, struct buffer *again)
{
    struct frame f = parse_frame(line, arena);
    if (bytes_equal_text(f.direction, "request")) {
        round_trip_request(&f, arena, again);
    } else {
        round_trip_response(&f, arena, again);
    }
}

static void every_captured_frame_comes_out_again(void **state)
{
    (void)state;
    assert_true(for_each_line("frames.txt", round_trip_frame) >= FRAMES_MIN);
}

/* --- records of internal topics --- */

/* The version of a key says what the record is about. */
static const struct record_kind {
    const char *topic;
    int16_t key_version;
    const struct message_type *key;
    const struct message_type *value;
} record_kinds[] = {
    { "__consumer_offsets", 0, &offset_commit_key_type, &offset_commit_value_type },
    { "__consumer_offsets", 1, &offset_commit_key_type, &offset_commit_value_type },
    { "__consumer_offsets", 2, &group_metadata_key_type, &group_metadata_value_type },
    { "__transaction_state", 0, &transaction_log_key_type, &transaction_log_value_type },
};

static const struct record_kind *find_kind(struct bytes topic, int16_t key_version)
{
    for (size_t i = 0; i < sizeof(record_kinds) / sizeof(record_kinds[0]); i++) {
        if (bytes_equal_text(topic, record_kinds[i].topic) &&
            record_kinds[i].key_version == key_version) {
            return &record_kinds[i];
        }
    }
    return NULL;
}

static void round_trip_versioned(const struct message_type *type,
                                 struct bytes content,
                                 struct arena *arena,
                                 struct buffer *again)
{
    struct weir_error err;
    struct reader r;
    reader_init(&r, content);
    int16_t version = reader_i16(&r);
    void *message = arena_alloc(arena, 1, type->size);
    buffer_clear(again);
    if (versioned_decode(type, false, content, arena, message, &err) < 0 ||
        versioned_encode(type, version, message, again, &err) < 0) {
        fail_msg("%s", err.message);
    }
    if (!bytes_equal(content, buffer_bytes(again))) {
        fail_msg("%s version %d comes out different", type->name, version);
    }
}

static void round_trip_record(struct bytes line, struct arena *arena, struct buffer *again)
{
    struct bytes topic = next_word(&line);
    struct bytes key = parse_hex(next_word(&line), arena);
    struct bytes value = next_word(&line);
    struct reader r;
    reader_init(&r, key);
    const struct record_kind *kind = find_kind(topic, reader_i16(&r));
    assert_non_null(kind);
    round_trip_versioned(kind->key, key, arena, again);
    if (!bytes_equal_text(value, "null")) {
        round_trip_versioned(kind->value, parse_hex(value, arena), arena, again);
    }
}

static void every_captured_record_of_an_internal_topic_comes_out_again(void **state)
{
    (void)state;
    assert_true(for_each_line("internal_records.txt", round_trip_record) >= RECORDS_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_captured_frame_comes_out_again),
        cmocka_unit_test(every_captured_record_of_an_internal_topic_comes_out_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
