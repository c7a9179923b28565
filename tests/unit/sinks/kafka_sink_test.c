/*
 * The Kafka sink against a broker: what Spark's arrives at and refuses, for every set-up in tests/golden/sinks; partitions of keys.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../columns/golden.h"
#include "kafka_broker.h"
#include "sink_rows.h"

#include <cmocka.h>

#define ROWS                                                        \
    "VALUES (timestamp'2024-01-01 12:00:00', 'a', 1), "             \
    "(timestamp'2024-01-01 12:01:00', 'b', 2), "                    \
    "(timestamp'2024-01-01 12:02:00', 'c', 3), "                    \
    "(timestamp'2024-01-01 12:03:00', CAST(NULL AS STRING), 4) AS " \
    "t(ts, k, v)"

static const char *const TOPICS[] = { "out_t", "out_a", "out_b", "out_c" };

enum { TOPIC_COUNT = 4, SINK_PARTITIONS = 2, SEEN_MAX = 64, SEEN_TEXT = 200 };

static int setup(void **state)
{
    struct kafka_broker *b = calloc(1, sizeof(*b));
    bool good = b && kafka_broker_start(b);
    for (int i = 0; good && i < TOPIC_COUNT; i++) {
        good = topic_make(b, TOPICS[i], SINK_PARTITIONS, NULL, NULL);
    }
    *state = b;
    return good ? 0 : -1;
}

static int teardown(void **state)
{
    kafka_broker_stop(*state);
    free(*state);
    return 0;
}

/* --- what arrived, as lines of text in an order of their own --- */

struct seen {
    int count;
    char lines[SEEN_MAX][SEEN_TEXT];
    bool with_partitions;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void see(void *context, const struct weir_record *record)
{
    struct seen *s = context;
    assert_true(s->count < SEEN_MAX);
    char *line = s->lines[s->count++];
    bool fixed = s->with_partitions || record->key.data;
    int at =
        snprintf(line, SEEN_TEXT, "%s %d %.*s %.*s", record->topic, fixed ? record->partition : -1,
                 WEIR_SLICE_ARG(record->key.data ? record->key : weir_text("null")),
                 WEIR_SLICE_ARG(record->value.data ? record->value : weir_text("null")));
    for (size_t i = 0; i < record->header_count; i++) {
        const struct weir_header *h = &record->headers[i];
        at += snprintf(line + at, (size_t)(SEEN_TEXT - at), " %s=%.*s", h->name,
                       WEIR_SLICE_ARG(h->value.data ? h->value : weir_text("null")));
    }
}

static const char *text_or_null(json_t *value)
{
    return json_is_string(value) ? json_string_value(value) : "null";
}

static void expect(struct seen *s, const char *topic, json_t *record)
{
    assert_true(s->count < SEEN_MAX);
    char *line = s->lines[s->count++];
    json_t *key = json_object_get(record, "key");
    bool fixed = s->with_partitions || json_is_string(key);
    int at = snprintf(line, SEEN_TEXT, "%s %d %s %s", topic,
                      fixed ? (int)json_integer_value(json_object_get(record, "partition")) : -1,
                      text_or_null(key), text_or_null(json_object_get(record, "value")));
    size_t i;
    json_t *header;
    json_array_foreach(json_object_get(record, "headers"), i, header)
    {
        at += snprintf(line + at, (size_t)(SEEN_TEXT - at), " %s=%s",
                       json_string_value(json_array_get(header, 0)),
                       text_or_null(json_array_get(header, 1)));
    }
}

static void assert_arrived(struct arrivals *a, json_t *line)
{
    static struct seen none;
    struct seen *got = calloc(1, sizeof(*got));
    struct seen *wanted = calloc(1, sizeof(*wanted));
    assert_true(got && wanted && none.count == 0);
    const char *id = json_string_value(json_object_get(line, "id"));
    got->with_partitions = wanted->with_partitions = strcmp(id, "partition_int") == 0;
    assert_true(arrivals_read(a, see, got));
    const char *topic;
    json_t *records;
    json_object_foreach(json_object_get(line, "arrived"), topic, records)
    {
        size_t i;
        json_t *record;
        json_array_foreach(records, i, record)
        {
            expect(wanted, topic, record);
        }
    }
    qsort(got->lines, (size_t)got->count, SEEN_TEXT, by_text);
    qsort(wanted->lines, (size_t)wanted->count, SEEN_TEXT, by_text);
    for (int i = 0; i < got->count && i < wanted->count; i++) {
        assert_string_equal(got->lines[i], wanted->lines[i]);
    }
    assert_int_equal(got->count, wanted->count);
    free(got);
    free(wanted);
}

/* --- the goldens --- */

static void assert_failure(json_t *line, const struct sql_error *error)
{
    const char *message = json_string_value(json_object_get(line, "message"));
    if (!message) {
        assert_string_equal(error->message ? error->message : "", "");
        return;
    }
    assert_string_equal(error->message ? error->message : "no error", message);
    const char *class_name = json_string_value(json_object_get(line, "class"));
    assert_string_equal(error->condition->exception, strrchr(class_name, '.') + 1);
}

static void run_case(const struct kafka_broker *b, struct arrivals *a, json_t *line)
{
    struct scratch rows;
    rows_of_line(&rows, line, ROWS);
    assert_string_equal(rows.error.message ? rows.error.message : "", "");
    struct options options = options_of_line(&rows.arena, line);
    if (json_is_true(json_object_get(line, "bootstrap"))) {
        options = option_add(&rows.arena, options, "kafka.bootstrap.servers", b->bootstrap);
    }
    bool stream = json_is_true(json_object_get(line, "stream"));
    struct sink_request request = {
        .options = &options,
        .conf = &options,
        .schema = rows.result->schema,
        .settings = &rows.settings,
        .mode = stream ? OUTPUT_APPEND : OUTPUT_BATCH,
        .save_mode = json_string_value(json_object_get(json_object_get(line, "options"), "-mode")),
        .query_id = "q",
    };
    struct sql_error error = { 0 };
    struct sink *sink = sink_find(bytes_of("kafka"))->open(&request, &error);
    assert_non_null(sink); /* what is wrong is said when the batch runs */
    (void)batch_through(sink, 0, rows.result, &error);
    assert_failure(line, &error);
    assert_arrived(a, line);
    sql_error_finish(&error);
    sink->functions->close(sink);
    scratch_finish(&rows);
}

static void does_what_spark_does(void **state)
{
    struct kafka_broker *b = *state;
    struct arrivals a = { 0 };
    for (int i = 0; i < TOPIC_COUNT; i++) {
        arrivals_add(&a, TOPICS[i], SINK_PARTITIONS);
    }
    assert_true(arrivals_open(&a, b));
    struct golden g = golden_open("sinks/kafka_options.jsonl");
    json_t *line;
    int cases = 0;
    while ((line = golden_next(&g))) {
        const char *id = json_string_value(json_object_get(line, "id"));
        print_message("# %s\n", id);
        if (strcmp(id, "no_checkpoint") != 0) { /* the engine's to refuse: needs_checkpoint */
            run_case(b, &a, line);
        }
        cases++;
        json_decref(line);
    }
    golden_close(&g);
    arrivals_close(&a);
    assert_int_equal(cases, 47);
    assert_true(sink_kafka.needs_checkpoint);
}

/* --- partitions of keys --- */

struct keys {
    json_t *wanted;
    int right;
};

static void see_key(void *context, const struct weir_record *record)
{
    struct keys *k = context;
    char key[64];
    (void)snprintf(key, sizeof(key), "%.*s", WEIR_SLICE_ARG(record->key));
    k->right += record->partition == json_integer_value(json_object_get(k->wanted, key));
}

static void check_partitions(const struct kafka_broker *b, int32_t partitions, json_t *wanted)
{
    static const char *const select[] = { "concat('user', id) AS key",
                                          "CAST(id AS STRING) AS value" };
    char topic[32];
    (void)snprintf(topic, sizeof(topic), "part_%d", partitions);
    assert_true(topic_make(b, topic, partitions, NULL, NULL));
    struct buffer values;
    buffer_init(&values, 1 << 20);
    for (int i = 0; i < (int)json_object_size(wanted); i++) {
        buffer_printf(&values, "%s(%d)", i > 0 ? ", " : "VALUES ", i);
    }
    buffer_append_text(&values, " AS t(id)");
    buffer_append(&values, "", 1);
    struct scratch rows;
    rows_make(&rows, select, 2, (const char *)values.data);
    struct options options = option_add(&rows.arena, (struct options){ 0 }, "topic", topic);
    options = option_add(&rows.arena, options, "KAFKA.bootstrap.servers", b->bootstrap);
    struct sink_request request = { .options = &options,
                                    .conf = &options,
                                    .schema = rows.result->schema,
                                    .settings = &rows.settings };
    struct sql_error error = { 0 };
    struct sink *sink = sink_kafka.open(&request, &error);
    assert_true(batch_through(sink, 0, rows.result, &error));
    struct arrivals a = { 0 };
    struct keys keys = { .wanted = wanted };
    arrivals_add(&a, topic, partitions);
    assert_true(arrivals_open(&a, b));
    assert_true(arrivals_read(&a, see_key, &keys));
    assert_int_equal(keys.right, json_object_size(wanted));
    arrivals_close(&a);
    sink->functions->close(sink);
    buffer_finish(&values);
    scratch_finish(&rows);
}

static void keys_go_where_java_sends_them(void **state)
{
    struct golden g = golden_open("sinks/kafka_partitioner.jsonl");
    json_t *line;
    int cases = 0;
    while ((line = golden_next(&g))) {
        int32_t partitions = (int32_t)json_integer_value(json_object_get(line, "partitions"));
        check_partitions(*state, partitions, json_object_get(line, "keys"));
        cases++;
        json_decref(line);
    }
    golden_close(&g);
    assert_int_equal(cases, 3);
}

/* --- many writers at once, through a queue that is always full --- */

enum { WRITERS = 4, EACH = 4000 };

struct one_writer {
    char value[100]; /* its expression; the column's name is in there */
    struct sink *sink;
    int32_t number;
    struct batch *rows;
    struct sql_error error;
    bool done;
};

static void *write_one(void *argument)
{
    struct one_writer *w = argument;
    w->done = partition_through(w->sink, w->number, w->rows, 1500, &w->error);
    return NULL;
}

/* Values "writer number": of each writer ascending within a partition. */
struct order {
    int count;
    int last[WRITERS][3];
    bool right;
};

static void see_order(void *context, const struct weir_record *record)
{
    struct order *o = context;
    int writer;
    int number;
    char text[64];
    (void)snprintf(text, sizeof(text), "%.*s", WEIR_SLICE_ARG(record->value));
    assert_int_equal(sscanf(text, "%d %d", &writer, &number), 2);
    int *last = &o->last[writer][record->partition];
    o->right = o->right && *last < number;
    *last = number;
    o->count++;
}

static void make_writer(struct one_writer *w, struct scratch *s, int32_t number)
{
    *w = (struct one_writer){ .number = number };
    const char *const select[] = { "CAST(n AS STRING) AS key", w->value };
    (void)snprintf(w->value, sizeof(w->value), "concat('%d ', n) AS value", number);
    struct buffer from;
    buffer_init(&from, 1 << 20);
    for (int i = 1; i <= EACH; i++) {
        buffer_printf(&from, "%s(%d)", i > 1 ? ", " : "VALUES ", i);
    }
    buffer_append_text(&from, " AS t(n)");
    buffer_append(&from, "", 1);
    rows_make(s, select, 2, (const char *)from.data);
    assert_non_null(s->result);
    w->rows = s->result;
    buffer_finish(&from);
}

static void writers_share_a_full_queue(void **state)
{
    struct kafka_broker *b = *state;
    struct scratch rows[WRITERS];
    struct one_writer writers[WRITERS];
    pthread_t threads[WRITERS];
    struct sql_error error = { 0 };
    assert_true(topic_make(b, "shared", 3, NULL, NULL));
    for (int i = 0; i < WRITERS; i++) {
        make_writer(&writers[i], &rows[i], i);
    }
    struct arena *arena = &rows[0].arena;
    struct options o = option_add(arena, (struct options){ 0 }, "topic", "shared");
    o = option_add(arena, o, "kafka.bootstrap.servers", b->bootstrap);
    o = option_add(arena, o, "kafka.queue.buffering.max.messages", "300");
    struct sink_request request = {
        .options = &o, .conf = &o, .schema = rows[0].result->schema, .settings = &rows[0].settings
    };
    struct sink *sink = sink_kafka.open(&request, &error);
    (void)sink->functions->begin(sink, 0, &error);
    assert_string_equal(error.message ? error.message : "", "");
    for (int i = 0; i < WRITERS; i++) {
        writers[i].sink = sink;
        assert_int_equal(pthread_create(&threads[i], NULL, write_one, &writers[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(writers[i].done);
    }
    assert_true(sink->functions->commit(sink, 0, &error));
    sink->functions->close(sink);
    struct arrivals a = { 0 };
    struct order order = { .right = true };
    arrivals_add(&a, "shared", 3);
    assert_true(arrivals_open(&a, b) && arrivals_read(&a, see_order, &order));
    assert_int_equal(order.count, WRITERS * EACH);
    assert_true(order.right);
    arrivals_close(&a);
    for (int i = 0; i < WRITERS; i++) {
        scratch_finish(&rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_what_spark_does),
        cmocka_unit_test(keys_go_where_java_sends_them),
        cmocka_unit_test(writers_share_a_full_queue),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
