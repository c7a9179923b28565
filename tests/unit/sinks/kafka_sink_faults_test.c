/*
 * The Kafka sink when things go wrong: records that are too large, topics and brokers that are not there, a broker that goes away in the
 * middle of a batch and comes back or does not, a query that is stopped meanwhile.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "kafka_broker.h"
#include "sink_rows.h"

#include <cmocka.h>

static int setup(void **state)
{
    struct kafka_broker *b = calloc(1, sizeof(*b));
    *state = b;
    return b && kafka_broker_start(b) ? 0 : -1;
}

static int teardown(void **state)
{
    kafka_broker_stop(*state);
    free(*state);
    return 0;
}

/* A sink for the rows of `select`, over a table with a row for each of n = 1, 2, 3. */
struct writing {
    struct scratch rows;
    struct sink *sink;
    atomic_bool cancelled;
    struct sql_error error;
};

static void writing_begin(struct writing *w,
                          const char *bootstrap,
                          const char *select,
                          const char *const *options)
{
    *w = (struct writing){ 0 };
    rows_make(&w->rows, &select, 1, "VALUES (1), (2), (3) AS t(n)");
    assert_string_equal(w->rows.error.message ? w->rows.error.message : "", "");
    struct options o =
        option_add(&w->rows.arena, (struct options){ 0 }, "kafka.bootstrap.servers", bootstrap);
    for (; *options; options += 2) {
        o = option_add(&w->rows.arena, o, options[0], options[1]);
    }
    struct sink_request request = {
        .options = &o,
        .conf = &o,
        .schema = w->rows.result->schema,
        .settings = &w->rows.settings,
        .mode = OUTPUT_UPDATE,
        .cancelled = &w->cancelled,
    };
    w->sink = sink_kafka.open(&request, &w->error);
    assert_non_null(w->sink);
}

static bool writing_batch(struct writing *w, int64_t batch_id)
{
    return batch_through(w->sink, batch_id, w->rows.result, &w->error);
}

static void assert_says(struct writing *w, const char *exception, const char *message)
{
    assert_string_equal(w->error.message ? w->error.message : "no error", message);
    assert_string_equal(w->error.condition->exception, exception);
    sql_error_finish(&w->error);
}

static void writing_end(struct writing *w)
{
    w->sink->functions->close(w->sink);
    sql_error_finish(&w->error);
    scratch_finish(&w->rows);
}

static int64_t records_in(const struct kafka_broker *b, const char *topic)
{
    struct arrivals a = { 0 };
    arrivals_add(&a, topic, 1);
    assert_true(arrivals_open(&a, b));
    int64_t end = arrivals_end(&a);
    arrivals_close(&a);
    return end;
}

#define OPTIONS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* --- what is refused --- */

static void a_record_may_be_too_large(void **state)
{
    struct kafka_broker *b = *state;
    struct writing w;
    assert_true(topic_make(b, "large", 1, NULL, NULL));
    writing_begin(&w, b->bootstrap, "repeat('x', IF(n = 2, 2000000, 1)) AS value",
                  OPTIONS("topic", "large"));
    assert_false(writing_batch(&w, 0));
    assert_says(&w, "RecordTooLargeException",
                "The message is 2000088 bytes when serialized which is larger than 1048576, which "
                "is the value of the max.request.size configuration.");
    writing_end(&w);
    assert_int_equal(records_in(b, "large"), 1); /* what came before it */

    writing_begin(&w, b->bootstrap, "repeat('x', 2000000) AS value",
                  OPTIONS("topic", "large", "kafka.max.request.size", "9000000",
                          "kafka.buffer.memory", "1000000"));
    assert_false(writing_batch(&w, 0));
    assert_says(
        &w, "RecordTooLargeException",
        "The message is 2000088 bytes when serialized which is larger than the total memory "
        "buffer you have configured with the buffer.memory configuration.");
    writing_end(&w);
}

static void a_broker_may_find_it_too_large(void **state)
{
    struct kafka_broker *b = *state;
    struct writing w;
    assert_true(topic_make(b, "small", 1, "max.message.bytes", "1000"));
    writing_begin(&w, b->bootstrap, "repeat('x', 2000) AS value", OPTIONS("topic", "small"));
    assert_false(writing_batch(&w, 0));
    assert_says(&w, "RecordTooLargeException",
                "The request included a message larger than the max message size the server will "
                "accept. (topic small)");
    writing_end(&w);
}

static void a_compacted_topic_wants_keys(void **state)
{
    struct kafka_broker *b = *state;
    struct writing w;
    assert_true(topic_make(b, "compacted", 1, "cleanup.policy", "compact"));
    writing_begin(&w, b->bootstrap, "'x' AS value", OPTIONS("topic", "compacted"));
    assert_false(writing_batch(&w, 0));
    assert_says(&w, "InvalidRecordException",
                "This record has failed the validation on the broker and hence has been rejected. "
                "(topic compacted)");
    writing_end(&w);
}

static void a_topic_may_be_missing(void **state)
{
    struct kafka_broker *b = *state;
    struct writing w;
    writing_begin(&w, b->bootstrap, "'x' AS value",
                  OPTIONS("topic", "nowhere", "kafka.max.block.ms", "300",
                          "kafka.allow.auto.create.topics", "false"));
    assert_false(writing_batch(&w, 0));
    assert_says(&w, "TimeoutException", "Topic nowhere not present in metadata after 300 ms.");
    writing_end(&w);
}

static void partitions_are_not_negative(void **state)
{
    struct kafka_broker *b = *state;
    struct scratch rows;
    struct sql_error error = { 0 };
    static const char *const select[] = { "'x' AS value", "-1 AS partition" };
    assert_true(topic_make(b, "signs", 1, NULL, NULL));
    rows_make(&rows, select, 2, "VALUES (1) AS t(n)");
    struct options o = option_add(&rows.arena, (struct options){ 0 }, "topic", "signs");
    o = option_add(&rows.arena, o, "kafka.bootstrap.servers", b->bootstrap);
    struct sink_request request = {
        .options = &o, .conf = &o, .schema = rows.result->schema, .settings = &rows.settings
    };
    struct sink *sink = sink_kafka.open(&request, &error);
    assert_false(batch_through(sink, 0, rows.result, &error));
    assert_string_equal(
        error.message,
        "Invalid partition: -1. Partition number should always be non-negative or null.");
    sql_error_finish(&error);
    sink->functions->close(sink);
    scratch_finish(&rows);
}

/* --- brokers that do not answer --- */

static void nobody_may_listen(void **state)
{
    (void)state;
    struct writing w;
    int64_t begun_ms = clock_monotonic_ms();
    writing_begin(&w, "127.0.0.1:1", "'x' AS value",
                  OPTIONS("topic", "t", "kafka.max.block.ms", "400"));
    assert_false(writing_batch(&w, 0));
    assert_true(clock_monotonic_ms() - begun_ms < 5000);
    struct bytes message = bytes_of(w.error.message);
    assert_true(bytes_starts_with(
        message,
        bytes_of("Topic t not present in metadata after 400 ms. (127.0.0.1:1/bootstrap: ")));
    assert_non_null(strstr(w.error.message, "Connection refused"));
    writing_end(&w);
}

static void *commit(void *argument)
{
    struct writing *w = argument;
    return w->sink->functions->commit(w->sink, 1, &w->error) ? argument : NULL;
}

static void a_broker_goes_and_comes_back(void **state)
{
    struct kafka_broker *b = *state;
    struct writing w;
    if (b->foreign) {
        skip();
    }
    assert_true(topic_make(b, "back", 1, NULL, NULL));
    writing_begin(&w, b->bootstrap, "CAST(n AS STRING) AS value", OPTIONS("topic", "back"));
    assert_true(writing_batch(&w, 0));
    broker_child_kill(&b->child);
    assert_true(w.sink->functions->begin(w.sink, 1, &w.error));
    assert_true(partition_through(w.sink, 0, w.rows.result, 1, &w.error)); /* queued */
    pthread_t thread;
    void *done;
    assert_int_equal(pthread_create(&thread, NULL, commit, &w), 0);
    assert_true(broker_child_again(&b->child));
    pthread_join(thread, &done);
    assert_string_equal(w.error.message ? w.error.message : "", "");
    assert_non_null(done);
    assert_int_equal(records_in(b, "back"), 6);
    writing_end(&w);
}

static void a_broker_goes_and_stays_away(void **state)
{
    struct kafka_broker *b = *state;
    struct writing w;
    if (b->foreign) {
        skip();
    }
    assert_true(topic_make(b, "away", 1, NULL, NULL));
    writing_begin(&w, b->bootstrap, "CAST(n AS STRING) AS value",
                  OPTIONS("topic", "away", "kafka.delivery.timeout.ms", "1500",
                          "kafka.request.timeout.ms", "1000"));
    assert_true(writing_batch(&w, 0));
    broker_child_kill(&b->child);
    assert_false(writing_batch(&w, 1));
    struct bytes message = bytes_of(w.error.message);
    assert_true(bytes_starts_with(
        message,
        bytes_of("Expiring 3 record(s) for away-0:1500 ms has passed since batch creation (")));
    sql_error_finish(&w.error);
    assert_true(broker_child_again(&b->child)); /* and the same sink goes on */
    assert_true(writing_batch(&w, 1));
    assert_int_equal(records_in(b, "away"), 6);
    writing_end(&w);
}

static void *stop_query(void *argument)
{
    struct writing *w = argument;
    atomic_store(&w->cancelled, true);
    return NULL;
}

static void a_query_may_be_stopped_meanwhile(void **state)
{
    struct kafka_broker *b = *state;
    struct writing w;
    if (b->foreign) {
        skip();
    }
    assert_true(topic_make(b, "stopped", 1, NULL, NULL));
    writing_begin(&w, b->bootstrap, "CAST(n AS STRING) AS value", OPTIONS("topic", "stopped"));
    assert_true(writing_batch(&w, 0));
    kill(b->child.pid, SIGSTOP);
    assert_int_equal(waitpid(b->child.pid, NULL, WUNTRACED), b->child.pid); /* it stands still */
    pthread_t thread;
    assert_true(w.sink->functions->begin(w.sink, 1, &w.error));
    assert_true(partition_through(w.sink, 0, w.rows.result, 1, &w.error));
    assert_int_equal(pthread_create(&thread, NULL, stop_query, &w), 0);
    int64_t begun_ms = clock_monotonic_ms();
    assert_false(w.sink->functions->commit(w.sink, 1, &w.error));
    pthread_join(thread, NULL);
    w.sink->functions->abort(w.sink, 1);
    assert_says(&w, "InterruptException",
                "the query was stopped while records were on their way to Kafka");
    writing_end(&w);
    assert_true(clock_monotonic_ms() - begun_ms < 10000);
    kill(b->child.pid, SIGCONT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_may_be_too_large),
        cmocka_unit_test(a_broker_may_find_it_too_large),
        cmocka_unit_test(a_compacted_topic_wants_keys),
        cmocka_unit_test(a_topic_may_be_missing),
        cmocka_unit_test(partitions_are_not_negative),
        cmocka_unit_test(nobody_may_listen),
        cmocka_unit_test(a_broker_goes_and_comes_back),
        cmocka_unit_test(a_broker_goes_and_stays_away),
        cmocka_unit_test(a_query_may_be_stopped_meanwhile),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
