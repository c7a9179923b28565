/*
 * protocol/codec against Apache Kafka: every captured frame decodes and encodes to the same bytes again
 * (tests/golden/wire/frames.txt).
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

#include <cmocka.h>

enum { LINE_MAX_LEN = 1 << 20, FRAMES_MIN = 300 };

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

static bool parse_frame(const char *line, struct arena *arena, struct frame *out)
{
    int hex_at = 0;
    if (sscanf(line, "%63s %d %d %15s %n", out->client, &out->key, &out->version, out->direction,
               &hex_at) != 4) {
        return false;
    }
    const char *hex = line + hex_at;
    size_t len = strspn(hex, "0123456789abcdef") / 2;
    uint8_t *content = arena_alloc(arena, len, 1);
    for (size_t i = 0; i < len; i++) {
        content[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    }
    out->content = (struct bytes){ content, len };
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

static void every_captured_frame_comes_out_again(void **state)
{
    (void)state;
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/tests/golden/wire/frames.txt", getenv("WEIR_SOURCE"));
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
        struct frame f;
        if (line[0] == '#') {
            continue;
        }
        arena_reset(&arena);
        buffer_clear(&again);
        assert_true(parse_frame(line, &arena, &f));
        if (strcmp(f.direction, "request") == 0) {
            round_trip_request(&f, &arena, &again);
        } else {
            round_trip_response(&f, &arena, &again);
        }
        count++;
    }
    print_message("# %d frames\n", count);
    assert_true(count >= FRAMES_MIN);
    buffer_finish(&again);
    arena_finish(&arena);
    free(line);
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_captured_frame_comes_out_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
