/*
 * protocol/codec's printer: messages as JSON, in one line and indented.
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

static void assert_prints(const struct message_type *type,
                          int16_t version,
                          const void *message,
                          enum message_style style,
                          const char *expected)
{
    struct buffer out;
    buffer_init(&out, OUTPUT_MAX);
    message_print(type, version, message, style, &out);
    buffer_append(&out, "", 1);
    assert_string_equal((const char *)out.data, expected);
    buffer_finish(&out);
}

static void only_the_fields_of_the_version_are_printed(void **state)
{
    (void)state;
    struct metadata_request_topic topics[2];
    message_init(&metadata_request_topic_type, &topics[0]);
    message_init(&metadata_request_topic_type, &topics[1]);
    topics[0].name = bytes_of("orders");
    topics[1].name = bytes_of("a\"b\\c\n\xff");
    struct metadata_request request;
    message_init(&metadata_request_type, &request);
    request.topics = topics;
    request.topics_count = 2;
    assert_prints(&metadata_request_type, 1, &request, MESSAGE_ONE_LINE,
                  "{\"topics\":[{\"name\":\"orders\"},{\"name\":\"a\\\"b\\\\c\\u000a\\u00ff\"}]}");
    /* An overlong form, half a surrogate pair, and a sequence that is cut: not UTF-8. */
    topics[0].name = bytes_of("\xe0\x80\x80 \xed\xa0\x80 \xf0\x9f\x98");
    request.topics_count = 1;
    assert_prints(&metadata_request_type, 1, &request, MESSAGE_ONE_LINE,
                  "{\"topics\":[{\"name\":\"\\u00e0\\u0080\\u0080 \\u00ed\\u00a0\\u0080 "
                  "\\u00f0\\u009f\\u0098\"}]}");
    request.topics_count = -1;
    assert_prints(&metadata_request_type, 4, &request, MESSAGE_ONE_LINE,
                  "{\"topics\":null,\"allow_auto_topic_creation\":true}");
}

static void indentation_follows_the_structs(void **state)
{
    (void)state;
    int32_t replicas[] = { 1, 2 };
    struct create_topics_request_assignment assignment = {
        .partition_index = 0,
        .broker_ids = replicas,
        .broker_ids_count = 2,
    };
    struct create_topics_request_topic topic;
    message_init(&create_topics_request_topic_type, &topic);
    topic.name = bytes_of("\xc3\xa4");
    topic.assignments = &assignment;
    topic.assignments_count = 1;
    struct create_topics_request request;
    message_init(&create_topics_request_type, &request);
    request.topics = &topic;
    request.topics_count = 1;
    assert_prints(&create_topics_request_type, 2, &request, MESSAGE_INDENTED,
                  "{\n"
                  "  \"topics\": [\n"
                  "    {\n"
                  "      \"name\": \"\xc3\xa4\",\n"
                  "      \"num_partitions\": 0,\n"
                  "      \"replication_factor\": 0,\n"
                  "      \"assignments\": [\n"
                  "        {\n"
                  "          \"partition_index\": 0,\n"
                  "          \"broker_ids\": [1,2]\n"
                  "        }\n"
                  "      ],\n"
                  "      \"configs\": []\n"
                  "    }\n"
                  "  ],\n"
                  "  \"timeout_ms\": 60000,\n"
                  "  \"validate_only\": false\n"
                  "}");
}

static void bytes_are_hex_and_records_a_size(void **state)
{
    (void)state;
    struct produce_request_partition partition = { .index = 3 };
    partition.records.data = bytes_of("0123456789");
    assert_prints(&produce_request_partition_type, 9, &partition, MESSAGE_ONE_LINE,
                  "{\"index\":3,\"records\":\"10 bytes\"}");
    partition.records = (struct records_field){ .external = &partition, .external_len = 77 };
    assert_prints(&produce_request_partition_type, 9, &partition, MESSAGE_ONE_LINE,
                  "{\"index\":3,\"records\":\"77 bytes\"}");

    struct sync_group_request_assignment assignment = { .member_id = bytes_of("m") };
    assignment.assignment = bytes_of("ABC");
    assert_prints(&sync_group_request_assignment_type, 0, &assignment, MESSAGE_ONE_LINE,
                  "{\"member_id\":\"m\",\"assignment\":\"414243\"}");
    assignment.assignment = bytes_of("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_prints(
        &sync_group_request_assignment_type, 0, &assignment, MESSAGE_ONE_LINE,
        "{\"member_id\":\"m\",\"assignment\":"
        "\"4141414141414141414141414141414141414141414141414141414141414141... 40 bytes\"}");
}

static void secrets_are_hidden(void **state)
{
    (void)state;
    struct sasl_authenticate_request request = { .auth_bytes = bytes_of("password") };
    assert_prints(&sasl_authenticate_request_type, 2, &request, MESSAGE_ONE_LINE,
                  "{\"auth_bytes\":\"(hidden)\"}");
}

static void tagged_fields_are_printed_when_they_are_set(void **state)
{
    (void)state;
    struct offset_commit_value value;
    message_init(&offset_commit_value_type, &value);
    assert_prints(&offset_commit_value_type, 4, &value, MESSAGE_ONE_LINE,
                  "{\"offset\":0,\"leader_epoch\":-1,\"metadata\":\"\",\"commit_timestamp\":0}");
    value.topic_id.bytes[UUID_SIZE - 1] = 1;
    assert_prints(&offset_commit_value_type, 4, &value, MESSAGE_ONE_LINE,
                  "{\"offset\":0,\"leader_epoch\":-1,\"metadata\":\"\",\"commit_timestamp\":0,"
                  "\"topic_id\":\"AAAAAAAAAAAAAAAAAAAAAQ\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_fields_of_the_version_are_printed),
        cmocka_unit_test(indentation_follows_the_structs),
        cmocka_unit_test(bytes_are_hex_and_records_a_size),
        cmocka_unit_test(secrets_are_hidden),
        cmocka_unit_test(tagged_fields_are_printed_when_they_are_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
