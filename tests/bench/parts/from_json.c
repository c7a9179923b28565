/*
 * How many events a second from_json() reads on one core, in CPU time: the median of some rounds over batches in memory.
 *
 *     bench_from_json [ROUNDS]
 *
 * Events are those of the Yahoo Streaming Benchmark, of which three fields of seven are wanted, and transactions of a lecture, all
 * fields of which are. Each case is evaluated as a query would: from_json(value, '...') over a column `value`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "columns/builder.h"
#include "expressions/evaluate.h"
#include "expressions/parser.h"
#include "expressions/scratch.h"

enum { ROWS = 8192, BATCHES = 8, ROUNDS_MAX = 101, TEXT_MAX = 1024 };

/* --- events --- */

static uint64_t random_state = 42;

static uint64_t random_next(void)
{
    random_state += 0x9e3779b97f4a7c15U;
    uint64_t z = random_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

static int below(int n)
{
    return (int)(random_next() % (uint64_t)n);
}

static void print_uuid(char out[40])
{
    uint64_t a = random_next();
    uint64_t b = random_next();
    (void)snprintf(out, 40, "%08x-%04x-%04x-%04x-%04x%08x", (unsigned)(a >> 32),
                   (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xffff), (unsigned)(b >> 48),
                   (unsigned)(b >> 32 & 0xffff), (unsigned)(b & 0xffffffff));
}

static int print_advertisement(char out[TEXT_MAX], int i)
{
    static const char *const kinds[] = { "banner", "modal", "sponsored-search", "mail", "mobile" };
    static const char *const events[] = { "view", "click", "purchase" };
    char user[40];
    char page[40];
    char ad[40];
    print_uuid(user);
    print_uuid(page);
    print_uuid(ad);
    return snprintf(out, TEXT_MAX,
                    "{\"user_id\": \"%s\", \"page_id\": \"%s\", \"ad_id\": \"%s\", \"ad_type\": "
                    "\"%s\", \"event_type\": \"%s\", \"event_time\": \"%lld\", \"ip_address\": "
                    "\"1.2.3.4\"}",
                    user, page, ad, kinds[below(5)], events[below(3)], 1700000000000LL + i);
}

static int print_transaction(char out[TEXT_MAX], int i)
{
    static const char *const names[] = { "Ivan", "Anna", "Oleg", "Maria", "Pyotr" };
    static const char *const surnames[] = { "Petrov", "Ivanova", "Sidorov", "Smirnova" };
    (void)i;
    return snprintf(out, TEXT_MAX,
                    "{\"name\":\"%s\",\"surname\":\"%s\",\"amount\":\"%d\",\"delta_t\":\"%d.%d\","
                    "\"flag\":%d}",
                    names[below(5)], surnames[below(4)], below(100000), below(100), below(10),
                    below(2));
}

static int print_measurement(char out[TEXT_MAX], int i)
{
    return snprintf(
        out, TEXT_MAX,
        "{\"device\":{\"id\":%d,\"tags\":[\"a\",\"b%d\"]},\"at\":\"2024-01-01T10:00:"
        "%02d.%03dZ\",\"value\":%d.%03d,\"note\":\"caf\xc3\xa9 \\\"%d\\\"\",\"ok\":true}",
        below(1000), below(10), below(60), below(1000), below(100), below(1000), i);
}

/* --- measuring --- */

struct bench_case {
    const char *name;
    const char *expression;
    int (*print)(char out[TEXT_MAX], int i);
};

static const struct bench_case cases[] = {
    { "advertisements, 3 of 7 fields",
      "from_json(value, 'ad_id STRING, event_type STRING, event_time STRING')",
      print_advertisement },
    { "advertisements, 7 of 7 fields",
      "from_json(value, 'user_id STRING, page_id STRING, ad_id STRING, ad_type STRING, event_type "
      "STRING, event_time STRING, ip_address STRING')",
      print_advertisement },
    { "transactions, 5 of 5 fields",
      "from_json(value, 'name STRING, surname STRING, amount STRING, delta_t STRING, flag INT')",
      print_transaction },
    { "measurements, flat fields", "from_json(value, 'value DOUBLE, note STRING, ok BOOLEAN')",
      print_measurement },
    { "measurements, all fields",
      "from_json(value, 'device STRUCT<id: INT, tags: ARRAY<STRING>>, at TIMESTAMP, value DOUBLE, "
      "note STRING, ok BOOLEAN')",
      print_measurement },
};

static double cpu_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct batch *make_batch(const struct type *schema, const struct bench_case *c, int first)
{
    struct builder *b = builder_new(schema->fields[0].type);
    char text[TEXT_MAX];
    for (int i = 0; i < ROWS; i++) {
        int len = c->print(text, first + i);
        builder_text(b, (struct bytes){ (const uint8_t *)text, (size_t)len });
    }
    struct column *column = builder_finish(b);
    return batch_new(schema, &column, ROWS);
}

static void run_case(const struct bench_case *c, int rounds)
{
    struct scratch s;
    scratch_init(&s);
    struct field field = { .name = bytes_of("value"), .type = type_simple(TYPE_STRING) };
    const struct type *schema = type_struct(&s.arena, &field, 1);
    struct analysis a = { .arena = &s.arena, .settings = &s.settings, .input = schema };
    a.source = bytes_of(c->expression);
    a.error = &s.error;
    const struct syntax *syntax = NULL;
    const struct expression *e = NULL;
    if (parse_expression(&s.arena, a.source, &syntax, &s.error)) {
        e = analyze(&a, syntax);
    }
    if (!e) {
        (void)fprintf(stderr, "%s\n", s.error.message);
        exit(1);
    }
    struct batch *batches[BATCHES];
    double bytes = 0;
    for (int i = 0; i < BATCHES; i++) {
        batches[i] = make_batch(schema, c, i * ROWS);
        bytes += (double)batches[i]->columns[0]->offsets[ROWS];
    }
    struct program *p = program_new(&e, 1);
    double seconds[ROUNDS_MAX];
    for (int r = 0; r < rounds; r++) {
        double start = cpu_seconds();
        for (int i = 0; i < BATCHES; i++) {
            struct evaluation ev = {
                .settings = &s.settings, .input = batches[i], .rows = ROWS, .error = &s.error
            };
            struct column *result = NULL;
            if (!program_run(p, &ev, &result)) {
                exit(1);
            }
            column_release(result);
        }
        seconds[r] = cpu_seconds() - start;
    }
    qsort(seconds, (size_t)rounds, sizeof(seconds[0]), compare);
    double median = seconds[rounds / 2];
    double events = (double)ROWS * BATCHES;
    (void)printf(
        "%-32s %4.0f bytes  %6.2f M events/s  %5.2f GB/s  %6.1f ns an event, %.1f at best\n",
        c->name, bytes / events, events / median / 1e6, bytes / median / 1e9, median / events * 1e9,
        seconds[0] / events * 1e9);
    program_free(p);
    for (int i = 0; i < BATCHES; i++) {
        batch_free(batches[i]);
    }
    scratch_finish(&s);
}

int main(int argc, char **argv)
{
    int64_t asked = 15;
    if (argc > 2 || (argc == 2 && !bytes_parse_i64(bytes_of(argv[1]), &asked))) {
        (void)fprintf(stderr, "usage: %s [ROUNDS]\n", argv[0]);
        return 2;
    }
    int rounds = asked < 1 ? 1 : asked > ROUNDS_MAX ? ROUNDS_MAX : (int)asked;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run_case(&cases[i], rounds);
    }
    return 0;
}
