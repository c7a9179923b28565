/*
 * What an observer sees of a real broker: topics, settings, records with all that belongs to them, committed offsets.
 * It stands here and not with the client's tests because the broker comes with the commands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "broker_child.h"
#include "client/observe.h"

#include <cmocka.h>

enum { T0 = 1700000000, BATCHES = 40, BATCH_RECORDS = 250, PAD = 1000 };

struct fixture {
    struct broker_child broker;
    struct channel *channel;
    struct arena arena;
    struct weir_error err;
};

static int start(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    *state = f;
    if (!f || !broker_child_start(&f->broker)) {
        return -1;
    }
    struct channel_options options = { .address = f->broker.bootstrap };
    return channel_open(&options, &f->channel, &f->err);
}

static int stop(void **state)
{
    struct fixture *f = *state;
    channel_close(f->channel);
    broker_child_stop(&f->broker);
    free(f);
    return 0;
}

static int fresh_arena(void **state)
{
    struct fixture *f = *state;
    arena_init(&f->arena, 0);
    return 0;
}

static int drop_arena(void **state)
{
    struct fixture *f = *state;
    arena_finish(&f->arena);
    return 0;
}

static void check(struct fixture *f,
                  enum weir_status expected,
                  enum weir_status actual,
                  const char *call)
{
    if (actual != expected) {
        fail_msg("%s: %d %s", call, actual, actual < 0 ? f->err.message : "");
    }
}

/* The status of a call on the fixture, told with its message when it is another than expected. */
#define expect_status(expected, call) check(f, (expected), (call), #call)

static void make_topic(struct fixture *f, const char *name, int32_t partitions)
{
    struct new_topic topic = { .name = bytes_of(name),
                               .partitions = partitions,
                               .replication_factor = 1 };
    expect_status(WEIR_OK, observe_create_topic(f->channel, &topic, &f->arena, &f->err));
}

static void a_topic_is_made_and_seen(void **state)
{
    struct fixture *f = *state;
    static const struct observed_setting settings[] = { { "retention.ms", "61000" },
                                                        { "cleanup.policy", "compact" } };
    struct new_topic topic = { .name = bytes_of("seen"),
                               .partitions = 3,
                               .replication_factor = 1,
                               .settings = settings,
                               .setting_count = 2 };
    struct metadata_response_topic *seen;
    struct describe_configs_response_resource *found;
    expect_status(WEIR_OK, observe_create_topic(f->channel, &topic, &f->arena, &f->err));
    expect_status(WEIR_EEXIST, observe_create_topic(f->channel, &topic, &f->arena, &f->err));
    assert_string_equal(f->err.message, "creating topic seen: TOPIC_ALREADY_EXISTS: Topic 'seen' "
                                        "already exists.");
    expect_status(WEIR_OK, observe_topic(f->channel, topic.name, &f->arena, &seen, &f->err));
    assert_int_equal(seen->partitions_count, 3);
    assert_false(uuid_is_zero(&seen->topic_id));
    for (int32_t i = 0; i < 3; i++) {
        assert_int_equal(seen->partitions[i].partition_index, i);
    }
    expect_status(WEIR_OK,
                  observe_topic_settings(f->channel, topic.name, &f->arena, &found, &f->err));
    assert_true(bytes_equal_text(observed_setting(found, "retention.ms")->value, "61000"));
    assert_true(bytes_equal_text(observed_setting(found, "cleanup.policy")->value, "compact"));
    assert_null(observed_setting(found, "no.such.setting"));
}

static void what_is_not_there_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct metadata_response_topic *topic;
    struct describe_configs_response_resource *settings;
    struct observed_partition partition = { bytes_of("nosuch"), 0 };
    struct observed_records records;
    int64_t offset;
    expect_status(WEIR_ENOTFOUND,
                  observe_topic(f->channel, partition.topic, &f->arena, &topic, &f->err));
    expect_status(WEIR_ENOTFOUND, observe_topic_settings(f->channel, partition.topic, &f->arena,
                                                         &settings, &f->err));
    expect_status(WEIR_ENOTFOUND,
                  observe_offset(f->channel, &partition, OBSERVE_END, &offset, &f->err));
    expect_status(WEIR_ENOTFOUND,
                  observe_records(f->channel, &partition, &f->arena, &records, &f->err));
    struct metadata_response all; /* and looking has made nothing */
    expect_status(WEIR_OK, observe_topics(f->channel, bytes_of(NULL), &f->arena, &all, &f->err));
    for (int32_t i = 0; i < all.topics_count; i++) {
        assert_false(bytes_equal_text(all.topics[i].name, "nosuch"));
    }
}

static void records_come_back_as_they_went(void **state)
{
    struct fixture *f = *state;
    struct observed_header headers[] = { { bytes_of("a"), bytes_of("1") },
                                         { bytes_of("b"), bytes_of(NULL) } };
    struct observed_record sent[] = {
        { .timestamp_ms = T0,
          .key = bytes_of("key"),
          .value = bytes_of("value"),
          .headers = headers,
          .header_count = 2 },
        { .timestamp_ms = T0 + 5, .key = bytes_of(NULL), .value = bytes_of("") },
        { .timestamp_ms = T0 + 3, .key = bytes_of(""), .value = bytes_of(NULL) },
    };
    struct observed_records records = { sent, 3 };
    struct observed_records got;
    struct observed_partition partition = { bytes_of("records"), 1 };
    int64_t offset = -1;
    make_topic(f, "records", 2);
    expect_status(WEIR_OK, observe_records(f->channel, &partition, &f->arena, &got, &f->err));
    assert_int_equal(got.count, 0);
    expect_status(WEIR_OK, observe_append(f->channel, &partition, &records, &offset, &f->err));
    assert_int_equal(offset, 0);
    expect_status(WEIR_OK, observe_append(f->channel, &partition, &records, &offset, &f->err));
    assert_int_equal(offset, 3);
    expect_status(WEIR_OK, observe_records(f->channel, &partition, &f->arena, &got, &f->err));
    assert_int_equal(got.count, 6);
    for (size_t i = 0; i < got.count; i++) {
        const struct observed_record *expected = &sent[i % 3];
        const struct observed_record *actual = &got.items[i];
        assert_int_equal(actual->offset, i);
        assert_int_equal(actual->partition, 1);
        assert_int_equal(actual->timestamp_ms, expected->timestamp_ms);
        assert_false(actual->log_append_time);
        assert_true(bytes_equal(actual->key, expected->key));
        assert_int_equal(bytes_is_null(actual->key), bytes_is_null(expected->key));
        assert_true(bytes_equal(actual->value, expected->value));
        assert_int_equal(bytes_is_null(actual->value), bytes_is_null(expected->value));
        assert_int_equal(actual->header_count, expected->header_count);
    }
    assert_true(bytes_equal_text(got.items[3].headers[0].key, "a"));
    assert_true(bytes_equal_text(got.items[3].headers[0].value, "1"));
    assert_true(bytes_is_null(got.items[3].headers[1].value));
    expect_status(WEIR_OK, observe_offset(f->channel, &partition, T0 + 4, &offset, &f->err));
    assert_int_equal(offset, 1);
    expect_status(WEIR_OK, observe_offset(f->channel, &partition, T0 + 6, &offset, &f->err));
    assert_int_equal(offset, -1);
}

/* More than one Fetch can carry. */
static void a_long_partition_is_read_to_its_end(void **state)
{
    struct fixture *f = *state;
    static uint8_t pad[PAD];
    static struct observed_record sent[BATCH_RECORDS];
    struct observed_records records = { sent, BATCH_RECORDS };
    struct observed_records got;
    struct observed_partition partition = { bytes_of("long"), 0 };
    int64_t offset;
    make_topic(f, "long", 1);
    for (size_t i = 0; i < BATCH_RECORDS; i++) {
        sent[i].value = (struct bytes){ pad, PAD };
    }
    for (int i = 0; i < BATCHES; i++) {
        expect_status(WEIR_OK, observe_append(f->channel, &partition, &records, &offset, &f->err));
    }
    expect_status(WEIR_OK, observe_records(f->channel, &partition, &f->arena, &got, &f->err));
    assert_int_equal(got.count, BATCHES * BATCH_RECORDS);
    for (size_t i = 0; i < got.count; i++) {
        assert_int_equal(got.items[i].offset, i);
        assert_int_equal(got.items[i].value.len, PAD);
    }
}

static void commit(struct fixture *f,
                   const char *group,
                   const struct observed_partition *at,
                   int64_t offset)
{
    struct offset_commit_request request;
    struct offset_commit_response response;
    message_init(&offset_commit_request_type, &request);
    channel_limit_version(f->channel, API_OFFSET_COMMIT, 8);
    request.group_id = bytes_of(group);
    request.generation_id_or_member_epoch = -1;
    request.topics = message_new(&offset_commit_request_topic_type, &f->arena, 1);
    request.topics_count = 1;
    request.topics[0].name = at->topic;
    request.topics[0].partitions = message_new(&offset_commit_request_partition_type, &f->arena, 1);
    request.topics[0].partitions_count = 1;
    request.topics[0].partitions[0].partition_index = at->partition;
    request.topics[0].partitions[0].committed_offset = offset;
    expect_status(WEIR_OK, channel_call(f->channel, API_OFFSET_COMMIT, &request, &f->arena,
                                        &response, &f->err));
    assert_int_equal(response.topics[0].partitions[0].error_code, 0);
}

/* A group's coordinator exists from the first question about it on. */
static void find_coordinator(struct fixture *f, const char *group)
{
    struct find_coordinator_request request;
    struct find_coordinator_response response;
    message_init(&find_coordinator_request_type, &request);
    channel_limit_version(f->channel, API_FIND_COORDINATOR, 3);
    request.key = bytes_of(group);
    expect_status(WEIR_OK, channel_call(f->channel, API_FIND_COORDINATOR, &request, &f->arena,
                                        &response, &f->err));
    assert_int_equal(response.error_code, 0);
}

static void committed_offsets_are_seen(void **state)
{
    struct fixture *f = *state;
    struct observed_partition partition = { bytes_of("committed"), 0 };
    int64_t offset = 7;
    make_topic(f, "committed", 1);
    find_coordinator(f, "a-group");
    expect_status(WEIR_OK, observe_committed(f->channel, "a-group", &partition, &offset, &f->err));
    assert_int_equal(offset, -1);
    commit(f, "a-group", &partition, 42);
    expect_status(WEIR_OK, observe_committed(f->channel, "a-group", &partition, &offset, &f->err));
    assert_int_equal(offset, 42);
    channel_limit_version(f->channel, API_OFFSET_FETCH, 7); /* the older form of the request */
    expect_status(WEIR_OK, observe_committed(f->channel, "a-group", &partition, &offset, &f->err));
    assert_int_equal(offset, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_topic_is_made_and_seen, fresh_arena, drop_arena),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_not_found, fresh_arena, drop_arena),
        cmocka_unit_test_setup_teardown(records_come_back_as_they_went, fresh_arena, drop_arena),
        cmocka_unit_test_setup_teardown(a_long_partition_is_read_to_its_end, fresh_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(committed_offsets_are_seen, fresh_arena, drop_arena),
    };
    return cmocka_run_group_tests_name("cli.observe", tests, start, stop);
}
