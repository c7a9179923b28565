/*
 * sinks/producer_config: what Kafka's Java producer accepts and refuses, and what becomes of it; and the table of sinks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "sink_rows.h"
#include "sinks/producer_config.h"

#include <cmocka.h>

static struct options options_of(struct arena *arena, const char *const *given)
{
    struct options o = option_add(arena, (struct options){ 0 }, "topic", "t");
    for (; *given; given += 2) {
        o = option_add(arena, o, given[0], given[1]);
    }
    return o;
}

#define GIVEN(...)  ((const char *const[]){ __VA_ARGS__, NULL })
#define SERVED(...) GIVEN("kafka.bootstrap.servers", "localhost:9092", __VA_ARGS__)

static const char *value_of(const struct producer_config *c, const char *name)
{
    const char *value = NULL;
    for (const struct weir_option *o = c->options; o->name; o++) {
        if (strcmp(o->name, name) == 0) {
            assert_null(value); /* said once */
            value = o->value;
        }
    }
    return value;
}

static void check_value(const char *const *given, const char *name, const char *wanted)
{
    struct arena arena;
    struct producer_config c;
    struct sql_error error = { 0 };
    arena_init(&arena, 0);
    struct options o = options_of(&arena, given);
    assert_true(producer_config_read(&c, &o, &error));
    const char *value = value_of(&c, name);
    assert_string_equal(value ? value : "nothing", wanted);
    producer_config_finish(&c);
    arena_finish(&arena);
}

static void check_refusal(const char *const *given, const char *exception, const char *message)
{
    struct arena arena;
    struct producer_config c;
    struct sql_error error = { 0 };
    arena_init(&arena, 0);
    struct options o = options_of(&arena, given);
    assert_false(producer_config_read(&c, &o, &error));
    assert_string_equal(error.message, message);
    assert_string_equal(error.condition->exception, exception);
    sql_error_finish(&error);
    arena_finish(&arena);
}

static void standards_are_kafkas(void **state)
{
    (void)state;
    struct arena arena;
    struct producer_config c;
    struct sql_error error = { 0 };
    arena_init(&arena, 0);
    struct options o = options_of(&arena, GIVEN("kafka.bootstrap.servers", "localhost:9092"));
    assert_true(producer_config_read(&c, &o, &error));
    assert_string_equal(value_of(&c, "bootstrap.servers"), "localhost:9092");
    assert_string_equal(value_of(&c, "enable.idempotence"), "true");
    assert_string_equal(value_of(&c, "partitioner"), "murmur2_random");
    assert_string_equal(value_of(&c, "max.request.size"), "1048576");
    assert_string_equal(value_of(&c, "delivery.timeout.ms"), "120000");
    assert_null(value_of(&c, "topic"));
    assert_int_equal(c.max_block_ms, 60000);
    assert_int_equal(c.request_bytes_max, 1048576);
    producer_config_finish(&c);
    arena_finish(&arena);
}

static void settings_are_passed_on(void **state)
{
    (void)state;
    check_value(SERVED("kafka.linger.ms", " 20 "), "linger.ms", "20");
    check_value(SERVED("Kafka.LINGER.ms", "20"), "linger.ms", "20");
    check_value(SERVED("kafka.compression.type", "zstd"), "compression.type", "zstd");
    check_value(SERVED("kafka.sasl.mechanism", "PLAIN"), "sasl.mechanism", "PLAIN");
    check_value(SERVED("kafka.send.buffer.bytes", "-1"), "socket.send.buffer.bytes", "0");
    check_value(SERVED("kafka.batch.size", "0"), "batch.size", "1");
    check_value(SERVED("kafka.max.block.ms", "5"), "max.block.ms", "nothing");
    check_value(SERVED("kafka.metrics.num.samples", "2"), "metrics.num.samples", "nothing");
    check_value(SERVED("kafka.partitioner.ignore.keys", "TRUE"), "partitioner", "random");
    check_value(SERVED("kafka.linger.ms", "200000"), "delivery.timeout.ms", "230000");
}

static void idempotence_gives_way(void **state)
{
    (void)state;
    const char *name = "enable.idempotence";
    check_value(SERVED("kafka.acks", "all"), name, "true");
    check_value(SERVED("kafka.acks", "1"), name, "false");
    check_value(SERVED("kafka.retries", "0"), name, "false");
    check_value(SERVED("kafka.max.in.flight.requests.per.connection", "6"), name, "false");
    check_value(SERVED("kafka.enable.idempotence", "False"), name, "false");
    check_refusal(SERVED("kafka.enable.idempotence", "true", "kafka.acks", "1"), "ConfigException",
                  "Must set acks to all in order to use the idempotent producer. Otherwise we "
                  "cannot guarantee idempotence.");
}

static void what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    const char *config = "ConfigException";
    check_refusal(
        SERVED("kafka.acks", "some"), config,
        "Invalid value some for configuration acks: String must be one of: all, -1, 0, 1");
    check_refusal(SERVED("kafka.linger.ms", "soon"), config,
                  "Invalid value soon for configuration linger.ms: Not a number of type LONG");
    check_refusal(SERVED("kafka.batch.size", "99999999999"), config,
                  "Invalid value 99999999999 for configuration batch.size: Not a number of type "
                  "INT");
    check_refusal(SERVED("kafka.max.block.ms", "-1"), config,
                  "Invalid value -1 for configuration max.block.ms: Value must be at least 0");
    check_refusal(SERVED("kafka.enable.idempotence", "yes"), config,
                  "Invalid value yes for configuration enable.idempotence: Expected value to be "
                  "either true or false");
    check_refusal(SERVED("kafka.delivery.timeout.ms", "1000"), config,
                  "delivery.timeout.ms should be equal to or larger than linger.ms + "
                  "request.timeout.ms");
    check_refusal(GIVEN("kafka.bootstrap.servers", "localhost"), config,
                  "Invalid url in bootstrap.servers: localhost");
    check_refusal(GIVEN("kafka.bootstrap.servers", " ,"), config,
                  "No resolvable bootstrap urls given in bootstrap.servers");
    check_refusal(GIVEN("kafka.acks", "some"), "SparkException",
                  "Kafka option bootstrap.servers is not set. Please make sure it is set and "
                  "retry.");
    check_refusal(SERVED("kafka.transactional.id", "t"), "IllegalStateException",
                  "Cannot perform 'send' before completing a call to initTransactions when "
                  "transactional ID is specified.");
}

/* What librdkafka alone can tell shows when the batch begins, like the rest. */
static void a_name_that_nobody_knows_is_refused(void **state)
{
    (void)state;
    struct scratch rows;
    struct sql_error error = { 0 };
    static const char *const select[] = { "'x' AS value" };
    rows_make(&rows, select, 1, "VALUES (1) AS t(n)");
    struct options o = options_of(&rows.arena, SERVED("kafka.lingerms", "5"));
    struct sink_request request = {
        .options = &o, .conf = &o, .schema = rows.result->schema, .settings = &rows.settings
    };
    struct sink *sink = sink_kafka.open(&request, &error);
    assert_non_null(sink);
    for (int again = 0; again < 2; again++) {
        assert_false(batch_through(sink, 0, rows.result, &error));
        assert_string_equal(error.message,
                            "option lingerms: No such configuration property: \"lingerms\"");
        assert_string_equal(error.condition->exception, "ConfigException");
        sql_error_finish(&error);
    }
    sink->functions->close(sink);
    scratch_finish(&rows);
}

/* --- the table --- */

static void sinks_are_found_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(sink_find(bytes_of("KAFKA")), &sink_kafka);
    assert_ptr_equal(sink_find(bytes_of("console")), &sink_console);
    assert_ptr_equal(sink_find(bytes_of("noop")), &sink_noop);
    assert_null(sink_find(bytes_of("kafk")));
    assert_null(sink_find(bytes_of("")));
    assert_null(sink_find(bytes_of("foreach")));
}

static void noop_takes_everything(void **state)
{
    (void)state;
    struct scratch rows;
    struct sql_error error = { 0 };
    static const char *const select[] = { "n" };
    rows_make(&rows, select, 1, "VALUES (1), (2) AS t(n)");
    struct sink_request request = { .schema = rows.result->schema };
    struct sink *sink = sink_noop.open(&request, &error);
    assert_true(batch_through(sink, 0, rows.result, &error));
    assert_true(sink->functions->begin(sink, 1, &error));
    struct row_writer *w = sink->functions->open(sink, 0, &error);
    w->drop(w);
    sink->functions->abort(sink, 1);
    sink->functions->close(sink);
    scratch_finish(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standards_are_kafkas),
        cmocka_unit_test(settings_are_passed_on),
        cmocka_unit_test(idempotence_gives_way),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(a_name_that_nobody_knows_is_refused),
        cmocka_unit_test(sinks_are_found_by_name),
        cmocka_unit_test(noop_takes_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
