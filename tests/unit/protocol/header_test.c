/*
 * protocol/header: request and response headers, and messages behind their version.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "protocol/codec.h"
#include "protocol/messages.h"

#include <cmocka.h>

enum { OUTPUT_MAX = 1 << 20 };

struct fixture {
    struct arena arena;
    struct buffer out;
    struct weir_error err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena, 0);
    buffer_init(&f->out, OUTPUT_MAX);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    arena_finish(&f->arena);
    buffer_finish(&f->out);
    free(f);
    return 0;
}

static struct bytes as_bytes(const char *data, size_t len)
{
    return (struct bytes){ (const uint8_t *)data, len };
}

#define LITERAL(text) as_bytes((text), sizeof(text) - 1)

static void assert_bytes(const struct buffer *out, struct bytes expected)
{
    assert_int_equal(out->len, expected.len);
    assert_memory_equal(out->data, expected.data, expected.len);
}

/* --- headers --- */

static void the_client_id_keeps_its_int16_length_in_flexible_headers(void **state)
{
    struct fixture *f = *state;
    struct request_header header = {
        .request_api_key = API_API_VERSIONS,
        .request_api_version = 3,
        .correlation_id = 7,
        .client_id = bytes_of("raw"),
    };
    assert_int_equal(request_header_encode(&header, &f->out, &f->err), WEIR_OK);
    assert_bytes(&f->out, LITERAL("\0\x12\0\x03\0\0\0\x07\0\x03"
                                  "raw\0"));

    struct request_header again;
    struct bytes frame = buffer_bytes(&f->out);
    assert_int_equal(request_header_decode(&frame, &again, &f->err), WEIR_OK);
    assert_int_equal(frame.len, 0);
    assert_true(message_equal(&request_header_type, &header, &again));
}

static void a_request_of_an_unknown_version_still_has_a_header(void **state)
{
    struct fixture *f = *state;
    struct request_header header;
    struct bytes frame = LITERAL("\0\x12\0\x63\0\0\0\x07\xff\xff\0rest");
    assert_int_equal(request_header_decode(&frame, &header, &f->err), WEIR_OK);
    assert_int_equal(header.request_api_version, 99);
    assert_int_equal(header.correlation_id, 7);
    assert_true(bytes_is_null(header.client_id));
    assert_true(bytes_equal_text(frame, "rest"));

    /* Without the tag byte of a flexible header it is cut short (Kafka closes the connection). */
    frame = LITERAL("\0\x12\0\x63\0\0\0\x07\0\x03raw");
    assert_int_equal(request_header_decode(&frame, &header, &f->err), WEIR_EPROTO);
    assert_string_equal(f->err.message, "RequestHeader version 2: cut short at byte 13");
}

static void an_unknown_key_is_told_apart_from_garbage(void **state)
{
    struct fixture *f = *state;
    struct request_header header;
    struct bytes frame = LITERAL("\x03\xe8\0\x01\0\0\0\x07\xff\xff");
    assert_int_equal(request_header_decode(&frame, &header, &f->err), WEIR_ENOTFOUND);
    assert_string_equal(f->err.message, "unknown API key 1000 (version 1)");
    frame = LITERAL("\0\x12\0");
    assert_int_equal(request_header_decode(&frame, &header, &f->err), WEIR_EPROTO);
}

static void the_response_to_api_versions_has_header_version_0(void **state)
{
    struct fixture *f = *state;
    struct response_header header = { .correlation_id = 9 };
    const struct api_type *api = api_type_find(API_API_VERSIONS);
    assert_int_equal(response_header_encode(api, 3, &header, &f->out, &f->err), WEIR_OK);
    assert_bytes(&f->out, LITERAL("\0\0\0\x09"));
    buffer_clear(&f->out);
    assert_int_equal(
        response_header_encode(api_type_find(API_METADATA), 9, &header, &f->out, &f->err), WEIR_OK);
    assert_bytes(&f->out, LITERAL("\0\0\0\x09\0"));
    buffer_clear(&f->out);
    assert_int_equal(
        response_header_encode(api_type_find(API_METADATA), 8, &header, &f->out, &f->err), WEIR_OK);
    assert_bytes(&f->out, LITERAL("\0\0\0\x09"));
}

/* --- messages behind their version --- */

static void keys_and_values_of_internal_topics_carry_their_version(void **state)
{
    struct fixture *f = *state;
    struct offset_commit_key key = { .group = bytes_of("g"),
                                     .topic = bytes_of("t"),
                                     .partition = 3 };
    struct offset_commit_key again;
    assert_int_equal(versioned_encode(&offset_commit_key_type, 1, &key, &f->out, &f->err), WEIR_OK);
    assert_bytes(&f->out, LITERAL("\0\x01\0\x01g\0\x01t\0\0\0\x03"));
    assert_int_equal(versioned_decode(&offset_commit_key_type, false, buffer_bytes(&f->out),
                                      &f->arena, &again, &f->err),
                     WEIR_OK);
    assert_true(message_equal(&offset_commit_key_type, &key, &again));

    struct bytes later = LITERAL("\0\x02\0\x01g");
    assert_int_equal(
        versioned_decode(&offset_commit_key_type, false, later, &f->arena, &again, &f->err),
        WEIR_EINVAL);
    assert_int_equal(
        versioned_decode(&offset_commit_key_type, false, LITERAL("\0"), &f->arena, &again, &f->err),
        WEIR_EPROTO);
    assert_string_equal(f->err.message, "OffsetCommitKey: cut short at byte 0");
}

static void consumers_read_what_later_consumers_write(void **state)
{
    struct fixture *f = *state;
    struct consumer_protocol_assignment assignment;
    struct bytes later = LITERAL("\0\x09\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\x05\xff\xff\xff\xff"
                                 "something new");
    assert_int_equal(versioned_decode(&consumer_protocol_assignment_type, true, later, &f->arena,
                                      &assignment, &f->err),
                     WEIR_OK);
    assert_int_equal(assignment.assigned_partitions_count, 1);
    assert_int_equal(assignment.assigned_partitions[0].partitions[0], 5);
    assert_true(bytes_is_null(assignment.user_data));
    assert_int_equal(versioned_decode(&consumer_protocol_assignment_type, true,
                                      LITERAL("\xff\xff\0\0\0\0\0\0\0\0"), &f->arena, &assignment,
                                      &f->err),
                     WEIR_EINVAL); /* there was never a version -1 */
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(the_client_id_keeps_its_int16_length_in_flexible_headers),
        CASE(a_request_of_an_unknown_version_still_has_a_header),
        CASE(an_unknown_key_is_told_apart_from_garbage),
        CASE(the_response_to_api_versions_has_header_version_0),
        CASE(keys_and_values_of_internal_topics_carry_their_version),
        CASE(consumers_read_what_later_consumers_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
