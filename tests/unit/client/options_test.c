/*
 * Creating clients: options and what is said about bad ones. Nothing connects here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/admin.h"
#include "weir/consumer.h"
#include "weir/producer.h"

#include <cmocka.h>

#define NOWHERE                            \
    {                                      \
        "bootstrap.servers", "127.0.0.1:1" \
    }
#define END        \
    {              \
        NULL, NULL \
    }

static void expect_consumer_refused(const struct weir_option *options, const char *words)
{
    struct weir_consumer *consumer;
    struct weir_error err;
    assert_int_equal(weir_consumer_create(options, &consumer, &err), WEIR_EINVAL);
    assert_non_null(strstr(err.message, words));
}

static void a_client_needs_a_broker_to_begin_with(void **state)
{
    (void)state;
    const struct weir_option none[] = { END };
    const struct weir_option empty[] = { { "bootstrap.servers", "" }, END };
    const struct weir_option unset[] = { { "bootstrap.servers", NULL }, END };
    struct weir_producer *producer;
    struct weir_admin *admin;
    struct weir_error err;
    expect_consumer_refused(none, "bootstrap.servers is not set");
    expect_consumer_refused(empty, "bootstrap.servers is not set");
    expect_consumer_refused(unset, "bootstrap.servers is not set");
    assert_int_equal(weir_producer_create(none, &producer, &err), WEIR_EINVAL);
    assert_int_equal(weir_admin_create(none, &admin, &err), WEIR_EINVAL);
}

static void a_bad_option_is_named(void **state)
{
    (void)state;
    const struct weir_option unknown[] = { NOWHERE, { "group.idd", "g" }, END };
    const struct weir_option value[] = { NOWHERE, { "auto.offset.reset", "first" }, END };
    const struct weir_option number[] = { NOWHERE, { "max.poll.records", "many" }, END };
    const struct weir_option low[] = { NOWHERE, { "max.poll.records", "0" }, END };
    expect_consumer_refused(unknown, "group.idd");
    expect_consumer_refused(value, "auto.offset.reset");
    expect_consumer_refused(number, "max.poll.records: \"many\" is not a whole number");
    expect_consumer_refused(low, "max.poll.records: \"0\"");
}

static void the_last_of_several_options_counts(void **state)
{
    (void)state;
    const struct weir_option options[] = {
        NOWHERE, { "consumer.timeout.ms", "9000000" }, { "consumer.timeout.ms", "0" }, END
    };
    struct weir_consumer *consumer;
    const struct weir_record *record;
    struct weir_error err;
    assert_int_equal(weir_consumer_create(options, &consumer, &err), WEIR_OK);
    assert_int_equal(weir_consumer_next(consumer, &record, &err), WEIR_ETIMEOUT);
    weir_consumer_close(consumer);
}

static void kafkas_names_of_options_are_understood(void **state)
{
    (void)state;
    const struct weir_option producer_options[] = { NOWHERE,
                                                    { "linger.ms", "10" },
                                                    { "batch.size", "16384" },
                                                    { "acks", "1" },
                                                    { "max.request.size", "2000000" },
                                                    { "max.block.ms", "100" },
                                                    { "compression.type", "lz4" },
                                                    { "delivery.timeout.ms", "5000" },
                                                    END };
    const struct weir_option consumer_options[] = { NOWHERE,
                                                    { "group.id", "g" },
                                                    { "auto.offset.reset", "none" },
                                                    { "enable.auto.commit", "false" },
                                                    { "session.timeout.ms", "6000" },
                                                    { "fetch.max.wait.ms", "100" },
                                                    { "max.poll.records", "10" },
                                                    END };
    struct weir_producer *producer = NULL;
    struct weir_consumer *consumer = NULL;
    struct weir_error err = { .message = "" };
    if (weir_producer_create(producer_options, &producer, &err) < 0 ||
        weir_consumer_create(consumer_options, &consumer, &err) < 0) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(weir_producer_close(producer, 0, &err), WEIR_OK);
    weir_consumer_close(consumer);
}

static struct weir_consumer *consumer_create(void)
{
    const struct weir_option options[] = { NOWHERE, END };
    struct weir_consumer *consumer;
    assert_int_equal(weir_consumer_create(options, &consumer, NULL), WEIR_OK);
    return consumer;
}

static void what_needs_a_group_says_so(void **state)
{
    (void)state;
    struct weir_consumer *consumer = consumer_create();
    const char *const topics[] = { "t" };
    const struct weir_topic_partition partition = { "t", 0 };
    struct weir_error err;
    int64_t offset;
    assert_int_equal(weir_consumer_subscribe(consumer, topics, 1, NULL, &err), WEIR_EINVAL);
    assert_non_null(strstr(err.message, "group.id"));
    assert_int_equal(weir_consumer_commit(consumer, &err), WEIR_EINVAL);
    assert_int_equal(weir_consumer_committed(consumer, partition, &offset, &err), WEIR_EINVAL);
    weir_consumer_close(consumer);
}

static void positions_belong_to_assigned_partitions(void **state)
{
    (void)state;
    struct weir_consumer *consumer = consumer_create();
    const struct weir_topic_partition held = { "t", 1 };
    const struct weir_topic_partition other = { "t", 0 };
    const struct weir_topic_partition *assignment;
    struct weir_error err;
    int64_t offset = 0;
    assert_int_equal(weir_consumer_seek_to_beginning(consumer, &err), WEIR_EINVAL);
    assert_int_equal(weir_consumer_assign(consumer, &held, 1, &err), WEIR_OK);
    assert_int_equal(weir_consumer_assignment(consumer, &assignment), 1);
    assert_string_equal(assignment[0].topic, "t");
    assert_int_equal(assignment[0].partition, 1);
    assert_int_equal(weir_consumer_seek(consumer, other, 5, &err), WEIR_EINVAL);
    assert_non_null(strstr(err.message, "t-0 is not assigned"));
    assert_int_equal(weir_consumer_seek(consumer, held, -1, &err), WEIR_EINVAL);
    assert_int_equal(weir_consumer_seek(consumer, held, 5, &err), WEIR_OK);
    assert_int_equal(weir_consumer_position(consumer, held, &offset, &err), WEIR_OK);
    assert_int_equal(offset, 5);
    weir_consumer_close(consumer);
}

static void a_record_that_cannot_be_meant_is_refused_at_once(void **state)
{
    (void)state;
    const struct weir_option options[] = { NOWHERE, END };
    struct weir_producer *producer;
    struct weir_error err;
    assert_int_equal(weir_producer_create(options, &producer, &err), WEIR_OK);
    struct weir_message message = weir_message(NULL, weir_text("k"), weir_text("v"));
    assert_int_equal(weir_producer_send(producer, &message, NULL, &err), WEIR_EINVAL);
    message.topic = "t";
    message.partition = -2;
    assert_int_equal(weir_producer_send(producer, &message, NULL, &err), WEIR_EINVAL);
    message.partition = WEIR_PARTITION_ANY;
    message.timestamp_ms = -1;
    assert_int_equal(weir_producer_send(producer, &message, NULL, &err), WEIR_EINVAL);
    weir_producer_close(producer, 0, NULL);
}

/* Nobody listens on port 1: the record stays queued, and every wait says what the trouble is. */
static void an_unreachable_broker_is_named_when_time_runs_out(void **state)
{
    (void)state;
    const struct weir_option options[] = { NOWHERE, END };
    struct weir_producer *producer;
    struct weir_delivery *delivery;
    struct weir_error err;
    assert_int_equal(weir_producer_create(options, &producer, &err), WEIR_OK);
    struct weir_message message = weir_message("t", weir_text("k"), weir_text("v"));
    assert_int_equal(weir_producer_send(producer, &message, &delivery, &err), WEIR_OK);
    assert_false(weir_delivery_done(delivery));
    assert_int_equal(weir_delivery_wait(delivery, 0, NULL, &err), WEIR_ETIMEOUT);
    int waits_left = 100; /* the refusal comes when the client's thread gets to run */
    do {
        assert_int_equal(weir_producer_flush(producer, 100, &err), WEIR_ETIMEOUT);
        assert_non_null(strstr(err.message, "1 record is not acknowledged"));
    } while (!strstr(err.message, "Connection refused") && --waits_left > 0);
    assert_non_null(strstr(err.message, "Connection refused"));
    assert_int_equal(weir_producer_close(producer, 0, &err), WEIR_ETIMEOUT);
    assert_true(weir_delivery_done(delivery));
    assert_int_equal(weir_delivery_wait(delivery, -1, NULL, &err), WEIR_ETIMEOUT);
    assert_non_null(strstr(err.message, "closed before the record was acknowledged"));
    weir_delivery_release(delivery);
}

static void null_and_empty_differ(void **state)
{
    (void)state;
    assert_false(weir_slice_equal(weir_text(NULL), weir_text("")));
    assert_true(weir_slice_equal(weir_text(NULL), weir_text(NULL)));
    assert_true(weir_slice_equal(weir_text("a"), weir_text("a")));
    assert_false(weir_slice_equal(weir_text("a"), weir_text("b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_needs_a_broker_to_begin_with),
        cmocka_unit_test(a_bad_option_is_named),
        cmocka_unit_test(the_last_of_several_options_counts),
        cmocka_unit_test(kafkas_names_of_options_are_understood),
        cmocka_unit_test(what_needs_a_group_says_so),
        cmocka_unit_test(positions_belong_to_assigned_partitions),
        cmocka_unit_test(a_record_that_cannot_be_meant_is_refused_at_once),
        cmocka_unit_test(an_unreachable_broker_is_named_when_time_runs_out),
        cmocka_unit_test(null_and_empty_differ),
    };
    return cmocka_run_group_tests_name("client/options", tests, NULL, NULL);
}
