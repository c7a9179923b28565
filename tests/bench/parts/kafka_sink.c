/*
 * The Kafka sink by itself: rows a second into a broker, on one thread, and how long a batch of one row takes to be acknowledged.
 *
 *     bench_kafka_sink host:port TOPIC [MILLIONS OF ROWS] [ONE-ROW BATCHES] [OPTION VALUE]...
 *
 * The topic must exist. Rows have a key of 8 bytes and a value of 32.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "columns/builder.h"
#include "columns/settings.h"
#include "sinks/sink.h"

enum { ROWS = 8192 };

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static struct batch *make_rows(const struct type *schema)
{
    struct column *columns[2];
    for (int i = 0; i < 2; i++) {
        struct builder *b = builder_new(schema->fields[i].type);
        for (int row = 0; row < ROWS; row++) {
            char text[64];
            int len = snprintf(text, sizeof(text), i == 0 ? "user%04d" : "%032d", row % 5000);
            builder_text(b, (struct bytes){ (const uint8_t *)text, (size_t)len });
        }
        columns[i] = builder_finish(b);
    }
    return batch_new(schema, columns, ROWS);
}

static void die(const struct sql_error *error)
{
    (void)fprintf(stderr, "%s\n", error->message);
    exit(1);
}

/* `times` times the same rows, as one batch. */
static void write_batch(struct sink *sink, int64_t id, const struct batch *rows, int64_t times)
{
    struct sql_error error = { 0 };
    if (!sink->functions->begin(sink, id, &error)) {
        die(&error);
    }
    struct row_writer *w = sink->functions->open(sink, 0, &error);
    for (int64_t i = 0; i < times; i++) {
        if (!w->write(w, rows, &error)) {
            die(&error);
        }
    }
    if (!w->finish(w, &error) || !sink->functions->commit(sink, id, &error)) {
        die(&error);
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void measure_latency(struct sink *sink, const struct batch *rows, int64_t batches)
{
    struct batch *one = batch_slice(rows, 7, 1);
    int64_t *us = mem_zalloc((size_t)batches, sizeof(*us));
    for (int64_t i = 0; i < batches; i++) {
        int64_t begun = clock_monotonic_us();
        write_batch(sink, i, one, 1);
        us[i] = clock_monotonic_us() - begun;
    }
    qsort(us, (size_t)batches, sizeof(*us), by_value);
    printf("one row: p50 %lld us, p99 %lld us, max %lld us\n", (long long)us[batches / 2],
           (long long)us[batches * 99 / 100], (long long)us[batches - 1]);
    free(us);
    batch_free(one);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        (void)fprintf(stderr, "usage: bench_kafka_sink host:port TOPIC [MILLIONS] [BATCHES]\n");
        return 4;
    }
    int64_t times = (argc > 3 ? atoll(argv[3]) : 5) * 1000000 / ROWS;
    int64_t batches = argc > 4 ? atoll(argv[4]) : 1000;
    struct arena arena;
    arena_init(&arena, 0);
    const struct field fields[2] = {
        { .name = bytes_of("key"), .type = type_simple(TYPE_STRING) },
        { .name = bytes_of("value"), .type = type_simple(TYPE_STRING) },
    };
    const struct type *schema = type_struct(&arena, fields, 2);
    struct options options = { 0 };
    options = options_with(&arena, options, bytes_of("kafka.bootstrap.servers"), bytes_of(argv[1]));
    options = options_with(&arena, options, bytes_of("topic"), bytes_of(argv[2]));
    for (int i = 5; i + 1 < argc; i += 2) {
        options = options_with(&arena, options, bytes_of(argv[i]), bytes_of(argv[i + 1]));
    }
    struct sql_settings settings = { 0 };
    struct sink_request request = { .options = &options,
                                    .conf = &options,
                                    .schema = schema,
                                    .settings = &settings,
                                    .mode = OUTPUT_UPDATE };
    struct sql_error error = { 0 };
    struct sink *sink = sink_kafka.open(&request, &error);
    struct batch *rows = make_rows(schema);
    int64_t begun = clock_monotonic_us();
    write_batch(sink, 0, rows, 1);
    printf("first batch of %d rows: %lld us\n", ROWS, (long long)(clock_monotonic_us() - begun));
    begun = clock_monotonic_us();
    int64_t cpu = cpu_us();
    write_batch(sink, 1, rows, times);
    int64_t took = clock_monotonic_us() - begun;
    printf("%lld rows: %.0f rows/s, %.0f ns of CPU a row\n", (long long)(times * ROWS),
           (double)times * ROWS * 1e6 / (double)took,
           (double)(cpu_us() - cpu) * 1e3 / ((double)times * ROWS));
    measure_latency(sink, rows, batches);
    batch_free(rows);
    sink->functions->close(sink);
    arena_finish(&arena);
    return 0;
}
