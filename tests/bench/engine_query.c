/*
 * Weir's side of the engine benchmark: a program as a student would write it, over <weir/stream.h> and linked with the public library, that
 * runs the benchmark's queries when it is told to. tests/bench/engine_spark.py is the same over PySpark.
 *
 *     engine_query BOOTSTRAP
 *
 * Reads commands, a line each; answers each with a line of JSON. Everything else goes to standard error; any failure ends the program.
 *
 *     drain QUERY INPUT OUTPUT CHECKPOINT LIMIT    all that is in topic INPUT, then stop; at most LIMIT records a batch (0: no limit)
 *                                                  -> {"seconds": ..., "progress": [...]}
 *     start QUERY INPUT OUTPUT CHECKPOINT 0        begins to read INPUT -> {}
 *     stop                                         ends it              -> {"progress": [...]}
 *
 * Queries: `lecture`, flagged transactions counted by user, and `yahoo`, views counted by advertisement (the Yahoo Streaming Benchmark's up to
 * its join and window).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/stream.h>

enum { WORDS = 6, LINE_MAX_BYTES = 4096 };

struct command {
    const char *words
        [WORDS]; /* the verb, QUERY, INPUT, OUTPUT, CHECKPOINT, LIMIT; "" where there is none */
};

struct program {
    struct weir_session *session;
    const char *bootstrap;
    struct weir_query *query;
};

_Noreturn static void fail(const char *text)
{
    (void)fprintf(stderr, "engine_query: %s\n", text);
    exit(1);
}

/* --- the queries --- */

static struct weir_frame *lecture(struct weir_frame *input)
{
    struct weir_frame *flat = weir_select_expr(
        weir_select_expr(input, "from_json(CAST(value AS STRING), 'name STRING, surname STRING, "
                                "amount STRING, delta_t STRING, flag INT') AS value"),
        "value.name", "value.surname", "value.amount", "value.delta_t", "value.flag");
    struct weir_frame *flagged =
        weir_with_column(weir_where(flat, "flag = 1"), "id", "concat(name, surname)");
    struct weir_frame *counts = weir_group_count(weir_group_by(flagged, "id"));
    struct weir_frame *fraud = weir_with_column(weir_where(counts, "count > 1"), "fraud", "1");
    return weir_select_expr(fraud, "id AS key", "CAST(fraud AS STRING) AS value");
}

static struct weir_frame *yahoo(struct weir_frame *input)
{
    struct weir_frame *events = weir_select_expr(
        weir_select_expr(input,
                         "from_json(CAST(value AS STRING), 'user_id STRING, page_id STRING, ad_id "
                         "STRING, ad_type STRING, event_type STRING, event_time STRING, ip_address "
                         "STRING') AS value"),
        "value.*");
    struct weir_frame *views =
        weir_select(weir_where(events, "event_type = 'view'"), "ad_id", "event_time");
    struct weir_frame *counts = weir_group_count(weir_group_by(views, "ad_id"));
    return weir_select_expr(counts, "ad_id AS key", "CAST(count AS STRING) AS value");
}

static void start(struct program *p, const struct command *c, enum weir_trigger_kind trigger)
{
    const char *limit = c->words[5];
    struct weir_frame *input = weir_read_stream(
        p->session, "kafka", NULL,
        WEIR_OPTIONS({ "kafka.bootstrap.servers", p->bootstrap }, { "subscribe", c->words[2] },
                     { "startingOffsets", "earliest" },
                     { "maxOffsetsPerTrigger", strcmp(limit, "0") == 0 ? NULL : limit }));
    struct weir_frame *result = strcmp(c->words[1], "lecture") == 0 ? lecture(input) : yahoo(input);
    struct weir_stream_writer writer = {
        .output_mode = "update",
        .format = "kafka",
        .trigger = { .kind = trigger },
        .options = WEIR_OPTIONS({ "kafka.bootstrap.servers", p->bootstrap },
                                { "topic", c->words[3] }, { "checkpointLocation", c->words[4] })
    };
    struct weir_error err;
    p->query = weir_start(result, &writer, &err);
    if (!p->query) {
        fail(weir_session_error(p->session));
    }
}

/* --- the commands --- */

static void print_progress(struct weir_query *query)
{
    char **texts = NULL;
    size_t count = weir_query_recent_progress(query, &texts);
    (void)printf("\"progress\": [");
    for (size_t i = 0; i < count; i++) {
        (void)printf("%s%s", i > 0 ? ", " : "", texts[i]);
        free(texts[i]);
    }
    free((void *)texts);
    (void)printf("]}\n");
}

static double seconds_now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void drain(struct program *p, const struct command *c)
{
    struct weir_error err;
    double begun = seconds_now();
    start(p, c, WEIR_TRIGGER_AVAILABLE_NOW);
    if (weir_query_await(p->query, -1, &err) != WEIR_OK) {
        fail(weir_query_exception(p->query));
    }
    (void)printf("{\"seconds\": %.6f, ", seconds_now() - begun);
    print_progress(p->query);
}

static void stop(struct program *p)
{
    struct weir_error err;
    if (!p->query || weir_query_stop(p->query, &err) != WEIR_OK) {
        fail("nothing is there to be stopped");
    }
    if (weir_query_exception(p->query)) {
        fail(weir_query_exception(p->query));
    }
    (void)printf("{");
    print_progress(p->query);
}

static struct command read_command(char *line)
{
    struct command c;
    for (int i = 0; i < WORDS; i++) {
        line += strspn(line, " \n");
        c.words[i] = line;
        line += strcspn(line, " \n");
        if (*line) {
            *line++ = '\0';
        }
    }
    return c;
}

int main(int argc, char **argv)
{
    char line[LINE_MAX_BYTES];
    struct weir_error err;
    struct program p = { .bootstrap = argc > 1 ? argv[1] : "localhost:9092" };
    p.session = weir_session_create(
        &(struct weir_session_options){
            .master = "local[2]",
            .app_name = "bench",
            .conf = WEIR_OPTIONS({ "spark.sql.shuffle.partitions", "2" },
                                 { "spark.sql.session.timeZone", "UTC" },
                                 { "spark.sql.streaming.numRecentProgressUpdates", "100000" }) },
        &err);
    if (!p.session) {
        fail(err.message);
    }
    while (fgets(line, sizeof(line), stdin)) {
        struct command c = read_command(line);
        if (strcmp(c.words[0], "drain") == 0) {
            drain(&p, &c);
        } else if (strcmp(c.words[0], "start") == 0) {
            start(&p, &c, WEIR_TRIGGER_DEFAULT);
            (void)printf("{}\n");
        } else {
            stop(&p);
        }
        (void)fflush(stdout);
    }
    weir_session_close(p.session);
    return 0;
}
