/*
 * protocol/codec against Apache Kafka: every captured frame (tests/golden/wire/frames.txt) and every captured record
 * of an internal topic (internal_records.txt) decodes and encodes to the same bytes again.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/reader.h"

#include <cmocka.h>

enum { LINE_MAX_LEN = 1 << 20, FRAMES_MIN = 1000, RECORDS_MIN = 40 };

struct frame {
    char client[64];
    int key;
    int version;
    char direction[16];
    struct bytes content; /* owned by the arena */
};

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10;
}

static struct bytes parse_hex(const char *hex, struct arena *arena)
{
    size_t len = strspn(hex, "0123456789abcdef") / 2;
    uint8_t *content = arena_alloc(arena, len, 1);
    for (size_t i = 0; i < len; i++) {
        content[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    }
    return (struct bytes){ content, len };
}

static bool parse_frame(const char *line, struct arena *arena, struct frame *out)
{
    int hex_at = 0;
    if (sscanf(line, "%63s %d %d %15s %n", out->client, &out->key, &out->version, out->direction,
               &hex_at) != 4) {
        return false;
    }
    out->content = parse_hex(line + hex_at, arena);
    return true;
}

static void check(enum weir_status rc, const struct weir_error *err, const struct frame *f)
{
    if (rc < 0) {
        fail_msg("%s key %d version %d %s: %s", f->client, f->key, f->version, f->direction,
                 err->message);
    }
}

static void check_same(const struct frame *f, const struct buffer *again)
{
    if (!bytes_equal(f->content, buffer_bytes(again))) {
        fail_msg("%s key %d version %d %s comes out different", f->client, f->key, f->version,
                 f->direction);
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

    const struct message_type *type = api_type_find((int16_t)f->key)->request;
    void *message = arena_alloc(arena, 1, type->size);
    check(message_decode(type, (int16_t)f->version, body, arena, message, &err), &err, f);
    check(request_header_encode(&header, again, &err), &err, f);
    check(message_encode(type, (int16_t)f->version, message, again, NULL, &err), &err, f);
    check_same(f, again);
}

static void round_trip_response(const struct frame *f, struct arena *arena, struct buffer *again)
{
    struct weir_error err;
    struct response_header header;
    struct bytes body = f->content;
    const struct api_type *api = api_type_find((int16_t)f->key);
    int16_t version = (int16_t)f->version;
    check(response_header_decode(api, version, &body, &header, &err), &err, f);

    const struct message_type *type = api->response;
    void *message = arena_alloc(arena, 1, type->size);
    check(message_decode(type, version, body, arena, message, &err), &err, f);
    check(response_header_encode(api, version, &header, again, &err), &err, f);
    check(message_encode(type, version, message, again, NULL, &err), &err, f);
    check_same(f, again);
}

/* Calls `round_trip` with every line of the file that is no comment, an arena and an empty buffer; returns how many. */
static int for_each_line(const char *name,
                         void (*round_trip)(const char *, struct arena *, struct buffer *))
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/tests/golden/wire/%s", getenv("WEIR_SOURCE"), name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *line = malloc(LINE_MAX_LEN);
    assert_non_null(line);
    struct arena arena;
    struct buffer again;
    arena_init(&arena, 0);
    buffer_init(&again, LINE_MAX_LEN);
    int count = 0;
    while (fgets(line, LINE_MAX_LEN, file)) {
        if (line[0] != '#') {
            arena_reset(&arena);
            buffer_clear(&again);
            round_trip(line, &arena, &again);
            count++;
        }
    }
    buffer_finish(&again);
    arena_finish(&arena);
    free(line);
    (void)fclose(file);
    return count;
}

static void round_trip_frame(const char *line, struct arena *arena, struct buffer *again)
{
    struct frame f;
    assert_true(parse_frame(line, arena, &f));
    if (strcmp(f.direction, "request") == 0) {
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

static const struct record_kind *find_kind(const char *topic, int16_t key_version)
{
    for (size_t i = 0; i < sizeof(record_kinds) / sizeof(record_kinds[0]); i++) {
        if (strcmp(record_kinds[i].topic, topic) == 0 &&
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

static void round_trip_record(const char *line, struct arena *arena, struct buffer *again)
{
    char topic[64];
    int key_at = 0;
    assert_int_equal(sscanf(line, "%63s %n", topic, &key_at), 1);
    const char *value_text = strchr(line + key_at, ' ');
    assert_non_null(value_text);
    struct bytes key = parse_hex(line + key_at, arena);
    struct reader r;
    reader_init(&r, key);
    const struct record_kind *kind = find_kind(topic, reader_i16(&r));
    assert_non_null(kind);
    round_trip_versioned(kind->key, key, arena, again);
    if (strncmp(value_text + 1, "null", 4) != 0) {
        round_trip_versioned(kind->value, parse_hex(value_text + 1, arena), arena, again);
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
