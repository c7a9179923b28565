/*
 * protocol/codec, case by case: limits, the words of errors, records from outside. What holds for every message is in
 * roundtrip_test.c.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/writer.h"

#include <cmocka.h>

enum { OUTPUT_MAX = 1 << 20, NAME_LONG = 200, PATH_SIZE = 4096 };

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

/* --- what the table of APIs says --- */

static void apis_are_found_by_key(void **state)
{
    (void)state;
    const struct api_type *fetch = api_type_find(API_FETCH);
    assert_non_null(fetch);
    assert_string_equal(fetch->name, "Fetch");
    assert_ptr_equal(fetch->request, &fetch_request_type);
    assert_int_equal(fetch->flexible_from, 12);
    assert_null(api_type_find(-1));
    assert_null(api_type_find(4)); /* LeaderAndIsr: gone since Kafka 4 */
    assert_null(api_type_find(INT16_MAX));
    for (int32_t i = 0; i < api_type_count; i++) {
        assert_ptr_equal(api_type_find(api_types[i].key), &api_types[i]);
        assert_true(i == 0 || api_types[i - 1].key < api_types[i].key);
    }
}

/* --- bytes that are known --- */

static void a_flexible_message_is_laid_out_as_kip_482_says(void **state)
{
    struct fixture *f = *state;
    struct create_topics_response response;
    message_init(&create_topics_response_type, &response);
    struct create_topics_response_topic *topic =
        message_new(&create_topics_response_topic_type, &f->arena, 1);
    topic->name = bytes_of("t");
    topic->topic_config_error_code = 29;
    topic->configs_count = -1;
    response.topics = topic;
    response.topics_count = 1;
    assert_int_equal(
        message_encode(&create_topics_response_type, 5, &response, &f->out, NULL, &f->err),
        WEIR_OK);
    assert_bytes(&f->out, LITERAL("\0\0\0\0"         /* throttle time */
                                  "\x02"             /* one topic */
                                  "\x02t"            /* its name */
                                  "\0\0\x01"         /* error code, an empty error message */
                                  "\xff\xff\xff\xff" /* partitions: unknown */
                                  "\xff\xff"         /* replication factor: unknown */
                                  "\0"               /* configs: null */
                                  "\x01\0\x02\0\x1d" /* one tagged field: 0, two bytes, 29 */
                                  "\0"));
}

/* The bytes of a line of a drawing: "    00 0c  words". False for a line that does not begin so. */
static bool append_drawn_bytes(struct bytes line, struct buffer *out)
{
    static const char digits[] = "0123456789abcdef";
    if (line.len < 4 || memcmp(line.data, "    ", 4) != 0) {
        return false;
    }
    line = (struct bytes){ line.data + 4, line.len - 4 };
    struct bytes word;
    bool any = false;
    while (bytes_cut(&line, ' ', &word) && word.len == 2) {
        const char *high = strchr(digits, word.data[0]);
        const char *low = strchr(digits, word.data[1]);
        if (!high || !low) {
            return any;
        }
        writer_i8(out, (int8_t)((high - digits) << 4 | (low - digits)));
        any = true;
    }
    return any;
}

/* The first drawing in the section "One frame, byte by byte". */
static void read_drawing(const char *file, struct buffer *out)
{
    char path[PATH_SIZE];
    const char *source = getenv("WEIR_SOURCE"); /* NOLINT(concurrency-mt-unsafe): one thread */
    (void)snprintf(path, sizeof(path), "%s/%s", source ? source : ".", file);
    struct buffer content;
    struct weir_error err;
    buffer_init(&content, OUTPUT_MAX);
    if (file_read(AT_FDCWD, path, &content, &err) < 0) {
        fail_msg("%s", err.message);
    }
    struct bytes rest = buffer_bytes(&content);
    struct bytes line;
    bool in_section = false;
    while (bytes_cut(&rest, '\n', &line)) {
        in_section |= bytes_starts_with(line, bytes_of("## One frame"));
        if (in_section && !append_drawn_bytes(line, out) && out->len > 0) {
            break;
        }
    }
    buffer_finish(&content);
}

static void the_frame_drawn_in_the_readme_is_what_it_says(void **state)
{
    struct fixture *f = *state;
    read_drawing("runtime/protocol/schema/README.md", &f->out);
    struct request_header header;
    struct metadata_request request;
    struct bytes frame = buffer_bytes(&f->out);
    assert_int_equal(request_header_decode(&frame, &header, &f->err), WEIR_OK);
    assert_int_equal(header.request_api_key, API_METADATA);
    assert_int_equal(header.correlation_id, 7);
    assert_true(bytes_equal_text(header.client_id, "app"));
    assert_int_equal(message_decode(&metadata_request_type, header.request_api_version, frame,
                                    &f->arena, &request, &f->err),
                     WEIR_OK);
    assert_int_equal(request.topics_count, 1);
    assert_true(bytes_equal_text(request.topics[0].name, "orders"));
    assert_true(request.allow_auto_topic_creation);
    assert_false(request.include_topic_authorized_operations);
}

static void every_negative_count_reads_as_null(void **state)
{
    struct fixture *f = *state;
    struct metadata_request request;
    assert_int_equal(message_decode(&metadata_request_type, 1, LITERAL("\xff\xff\xff\xfe"),
                                    &f->arena, &request, &f->err),
                     WEIR_OK);
    assert_int_equal(request.topics_count, -1);
}

static void a_struct_is_null_by_a_negative_byte_only(void **state)
{
    struct fixture *f = *state;
    struct describe_topic_partitions_request request;
    struct bytes absent = LITERAL("\x01\0\0\0\x05\x80\0");
    struct bytes present = LITERAL("\x01\0\0\0\x05\0\x02t\0\0\0\x09\0\0");
    assert_int_equal(message_decode(&describe_topic_partitions_request_type, 0, absent, &f->arena,
                                    &request, &f->err),
                     WEIR_OK);
    assert_null(request.cursor);
    assert_int_equal(message_decode(&describe_topic_partitions_request_type, 0, present, &f->arena,
                                    &request, &f->err),
                     WEIR_OK);
    assert_non_null(request.cursor);
    assert_int_equal(request.cursor->partition_index, 9);
}

static void null_and_empty_are_different_values(void **state)
{
    (void)state;
    struct produce_request a;
    struct produce_request b;
    message_init(&produce_request_type, &a);
    message_init(&produce_request_type, &b);
    assert_true(bytes_is_null(a.transactional_id));
    b.transactional_id = bytes_of("");
    assert_false(message_equal(&produce_request_type, &a, &b));
    b.transactional_id = a.transactional_id;
    b.topic_data_count = -1;
    assert_false(message_equal(&produce_request_type, &a, &b));
}

/* --- bytes that must not pass --- */

static void check_refused(struct fixture *f,
                          const struct message_type *type,
                          int16_t version,
                          struct bytes in,
                          const char *message)
{
    void *out = arena_alloc(&f->arena, 1, type->size);
    size_t used = f->arena.used;
    assert_int_equal(message_decode(type, version, in, &f->arena, out, &f->err), WEIR_EPROTO);
    assert_string_equal(f->err.message, message);
    assert_true(f->arena.used - used < 1024); /* nothing was allocated on the peer's word */
}

static void claims_are_checked_before_they_are_believed(void **state)
{
    struct fixture *f = *state;
    check_refused(f, &metadata_request_type, 4, LITERAL("\x7f\xff\xff\xff\0"),
                  "MetadataRequest version 4: topics: array longer than the message at byte 4");
    /* Two topics need at least four bytes. */
    check_refused(f, &metadata_request_type, 1, LITERAL("\0\0\0\x02\0\0\0"),
                  "MetadataRequest version 1: topics: array longer than the message at byte 4");
    check_refused(f, &metadata_request_type, 1, LITERAL("\0\0\0\x01\0\x05t"),
                  "MetadataRequest version 1: topics[0].name: cut short at byte 6");
    check_refused(f, &metadata_request_type, 1, LITERAL("\0\0\0\x01\xff\xff"),
                  "MetadataRequest version 1: topics[0].name: null is not allowed at byte 6");
    check_refused(f, &heartbeat_request_type, 4, LITERAL("\x81\x80\x02"),
                  "HeartbeatRequest version 4: group_id: string too long at byte 3");
    check_refused(f, &metadata_request_type, 1, LITERAL("\0\0\0\0\0"),
                  "MetadataRequest version 1: 1 bytes too many at the end");
    check_refused(f, &response_header_type, 1, LITERAL("\0\0\0\0\x81\x08"),
                  "ResponseHeader version 1: too many tagged fields at byte 6");
}

static void tags_rise_and_have_the_size_they_claim(void **state)
{
    struct fixture *f = *state;
    check_refused(f, &response_header_type, 1, LITERAL("\0\0\0\0\x02\x05\0\x05\0"),
                  "ResponseHeader version 1: tags do not rise at byte 9");
    check_refused(f, &response_header_type, 1, LITERAL("\0\0\0\0\x02\x05\0\x04\0"),
                  "ResponseHeader version 1: tags do not rise at byte 9");
    check_refused(f, &response_header_type, 1, LITERAL("\0\0\0\0\x01\x05\x02x"),
                  "ResponseHeader version 1: cut short at byte 7");
#define VALUE_HEAD "\0\0\0\0\0\0\0\x01\0\0\0\0\x01\0\0\0\0\0\0\0\0"
    check_refused(
        f, &offset_commit_value_type, 4, LITERAL(VALUE_HEAD "\x01\0\x11xxxxxxxxxxxxxxxxx"),
        "OffsetCommitValue version 4: topic_id: tagged field shorter than its size at byte 40");
    check_refused(f, &offset_commit_value_type, 4, LITERAL(VALUE_HEAD "\x01\0\x0fxxxxxxxxxxxxxxxx"),
                  "OffsetCommitValue version 4: topic_id: cut short at byte 24");
}

static void arrays_larger_than_the_limit_are_refused(void **state)
{
    struct fixture *f = *state;
    size_t count = LIMIT_ARRAY_ELEMENTS + 1;
    size_t len = sizeof(int32_t) + 2 * count; /* as many empty names */
    uint8_t *in = calloc(len, 1);
    assert_non_null(in);
    in[1] = (uint8_t)(count >> 16);
    in[2] = (uint8_t)(count >> 8);
    in[3] = (uint8_t)count;
    check_refused(f, &metadata_request_type, 1, (struct bytes){ in, len },
                  "MetadataRequest version 1: topics: array larger than the limit at byte 4");
    free(in);
}

/* Each array is within its limit, all together are not: an element of one byte takes 16 in memory. */
static void a_message_that_takes_too_much_memory_is_refused(void **state)
{
    struct fixture *f = *state;
    enum { RESOURCES = 17 };
    struct buffer in;
    buffer_init(&in, RESOURCES * (LIMIT_ARRAY_ELEMENTS + 64));
    writer_uvarint(&in, RESOURCES + 1);
    for (int i = 0; i < RESOURCES; i++) {
        writer_i8(&in, 2);
        writer_uvarint(&in, 1); /* an empty name */
        writer_uvarint(&in, LIMIT_ARRAY_ELEMENTS + 1);
        uint8_t *names = buffer_extend(&in, LIMIT_ARRAY_ELEMENTS);
        assert_non_null(names);
        memset(names, 1, LIMIT_ARRAY_ELEMENTS);
        writer_uvarint(&in, 0);
    }
    writer_i8(&in, 0);
    writer_i8(&in, 0);
    writer_uvarint(&in, 0);
    struct describe_configs_request request;
    assert_int_equal(message_decode(&describe_configs_request_type, 4, buffer_bytes(&in), &f->arena,
                                    &request, &f->err),
                     WEIR_EPROTO);
    assert_non_null(strstr(f->err.message, "array larger than the limit"));
    assert_true(f->arena.used <= LIMIT_MESSAGE_ARENA);
    buffer_finish(&in);
}

static void versions_that_do_not_exist_are_refused(void **state)
{
    struct fixture *f = *state;
    struct fetch_request request;
    message_init(&fetch_request_type, &request);
    assert_int_equal(
        message_decode(&fetch_request_type, 3, LITERAL(""), &f->arena, &request, &f->err),
        WEIR_EINVAL);
    assert_string_equal(f->err.message, "FetchRequest has no version 3");
    assert_int_equal(message_encode(&fetch_request_type, 99, &request, &f->out, NULL, &f->err),
                     WEIR_EINVAL);
    assert_string_equal(f->err.message, "FetchRequest has no version 99");
}

/* --- messages that cannot be said --- */

static void a_forgotten_string_is_an_error_that_names_the_field(void **state)
{
    struct fixture *f = *state;
    struct produce_response response;
    message_init(&produce_response_type, &response);
    response.responses =
        ARENA_NEW(&f->arena, struct produce_response_topic, 2); /* not initialised */
    response.responses_count = 2;
    response.responses[0].name = bytes_of("t");
    buffer_append_text(&f->out, "before");
    assert_int_equal(message_encode(&produce_response_type, 3, &response, &f->out, NULL, &f->err),
                     WEIR_EINVAL);
    assert_string_equal(f->err.message,
                        "ProduceResponse version 3: responses[1].name: must not be null");
    assert_bytes(&f->out, LITERAL("before"));
}

static void a_string_has_at_most_32767_bytes(void **state)
{
    struct fixture *f = *state;
    static const uint8_t name[INT16_MAX + 1] = { 0 };
    struct heartbeat_request request;
    message_init(&heartbeat_request_type, &request);
    for (int16_t version = 0; version <= 4; version++) {
        request.group_id = (struct bytes){ name, INT16_MAX };
        assert_int_equal(
            message_encode(&heartbeat_request_type, version, &request, &f->out, NULL, &f->err),
            WEIR_OK);
        request.group_id.len++;
        assert_int_equal(
            message_encode(&heartbeat_request_type, version, &request, &f->out, NULL, &f->err),
            WEIR_EINVAL);
        assert_non_null(strstr(f->err.message, "group_id: too long"));
    }
}

static void a_message_larger_than_the_buffer_leaves_nothing_behind(void **state)
{
    struct fixture *f = *state;
    struct heartbeat_request request;
    message_init(&heartbeat_request_type, &request);
    uint8_t name[NAME_LONG] = { 0 };
    request.group_id = (struct bytes){ name, sizeof(name) };
    struct buffer small;
    buffer_init(&small, 100);
    buffer_append_text(&small, "before");
    assert_int_equal(message_encode(&heartbeat_request_type, 4, &request, &small, NULL, &f->err),
                     WEIR_ETOOBIG);
    assert_int_equal(small.len, 6);
    buffer_finish(&small);
}

/* --- records --- */

/* A fetch response with two partitions, whose records are `first` and `second`. */
static struct fetch_response *fetch_response_of(struct fixture *f,
                                                struct records_field first,
                                                struct records_field second)
{
    struct fetch_response *response = message_new(&fetch_response_type, &f->arena, 1);
    struct fetch_response_topic *topic = message_new(&fetch_response_topic_type, &f->arena, 1);
    struct fetch_response_partition *partitions =
        message_new(&fetch_response_partition_type, &f->arena, 2);
    partitions[0].records = first;
    partitions[1].records = second;
    topic->partitions = partitions;
    topic->partitions_count = 2;
    response->responses = topic;
    response->responses_count = 1;
    return response;
}

static void records_from_outside_are_left_to_the_sender(void **state)
{
    struct fixture *f = *state;
    static const char file[] = "records in a file";
    struct splices splices;
    splices_init(&splices);
    for (int16_t version = 4; version <= 18; version++) {
        struct records_field inside = { .data = LITERAL(file) };
        struct records_field outside = { .external = file, .external_len = sizeof(file) - 1 };
        struct buffer plain;
        buffer_init(&plain, OUTPUT_MAX);
        assert_int_equal(message_encode(&fetch_response_type, version,
                                        fetch_response_of(f, inside, inside), &plain, NULL,
                                        &f->err),
                         WEIR_OK);

        buffer_clear(&f->out);
        splices_clear(&splices);
        buffer_append_text(&f->out, "head"); /* offsets count from the start of the buffer */
        assert_int_equal(message_encode(&fetch_response_type, version,
                                        fetch_response_of(f, outside, outside), &f->out, &splices,
                                        &f->err),
                         WEIR_OK);
        assert_int_equal(splices.count, 2);
        assert_int_equal(f->out.len - 4 + splices.len_total, plain.len);
        struct buffer sent; /* as a sender would put it together */
        buffer_init(&sent, OUTPUT_MAX);
        size_t at = 4;
        for (size_t i = 0; i < splices.count; i++) {
            buffer_append(&sent, f->out.data + at, splices.items[i].offset - at);
            buffer_append(&sent, splices.items[i].external, splices.items[i].len);
            at = splices.items[i].offset;
        }
        buffer_append(&sent, f->out.data + at, f->out.len - at);
        assert_bytes(&sent, buffer_bytes(&plain));
        buffer_finish(&sent);
        buffer_finish(&plain);
    }
    splices_finish(&splices);
}

static void records_from_outside_need_somewhere_to_go(void **state)
{
    struct fixture *f = *state;
    struct records_field outside = { .external = "x", .external_len = 1 };
    assert_int_equal(message_encode(&fetch_response_type, 4, fetch_response_of(f, outside, outside),
                                    &f->out, NULL, &f->err),
                     WEIR_EINVAL);
    assert_string_equal(f->err.message,
                        "FetchResponse version 4: responses[0].partitions[0].records: "
                        "records from outside, where only bytes can go");
}

static void a_failed_encoding_takes_its_splices_back(void **state)
{
    struct fixture *f = *state;
    struct splices splices;
    splices_init(&splices);
    struct records_field outside = { .external = "x", .external_len = 1 };
    struct fetch_response *response = fetch_response_of(f, outside, outside);
    response->responses[0].partitions[1].aborted_transactions_count = 1;
    response->responses[0].partitions[1].aborted_transactions =
        message_new(&fetch_response_aborted_transaction_type, &f->arena, 1);
    response->responses[0].partitions[1].preferred_read_replica = 5; /* not in version 4 */
    assert_int_equal(message_encode(&fetch_response_type, 4, response, &f->out, &splices, &f->err),
                     WEIR_EINVAL);
    assert_int_equal(splices.count, 0);
    assert_int_equal(splices.len_total, 0);
    assert_int_equal(f->out.len, 0);
    splices_finish(&splices);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(apis_are_found_by_key),
        CASE(a_flexible_message_is_laid_out_as_kip_482_says),
        CASE(the_frame_drawn_in_the_readme_is_what_it_says),
        CASE(every_negative_count_reads_as_null),
        CASE(a_struct_is_null_by_a_negative_byte_only),
        CASE(null_and_empty_are_different_values),
        CASE(claims_are_checked_before_they_are_believed),
        CASE(tags_rise_and_have_the_size_they_claim),
        CASE(arrays_larger_than_the_limit_are_refused),
        CASE(a_message_that_takes_too_much_memory_is_refused),
        CASE(versions_that_do_not_exist_are_refused),
        CASE(a_forgotten_string_is_an_error_that_names_the_field),
        CASE(a_string_has_at_most_32767_bytes),
        CASE(a_message_larger_than_the_buffer_leaves_nothing_behind),
        CASE(records_from_outside_are_left_to_the_sender),
        CASE(records_from_outside_need_somewhere_to_go),
        CASE(a_failed_encoding_takes_its_splices_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
