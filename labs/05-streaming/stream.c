/*
 * The streaming application of the lab: who makes suspicious transactions?
 *
 *     TOPIC -> read_topic -> parse -> keep_flagged -+-> flagged_records ------------------> RESULTS      stream flagged
 *                                                   +-> count_users -+-> count_records ---> RESULTS      stream counts
 *                                                                    +-> alert_records ---> RESULTS      stream alerts
 *
 * Usage: stream QUERY [console], with flagged, counts or alerts for QUERY. With "console" the rows are shown on standard
 * output, instead of being sent to the topic RESULTS.
 * Environment: BOOTSTRAP (host:port of a broker), TOPIC, RESULTS, CHECKPOINT (a folder), LIMIT (transactions a batch).
 * It goes on until it is stopped. Exit status 1: the query could not be started, or it failed.
 */
#include "weir/stream.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A run of this program. */
struct job {
    const char *query;
    const char *bootstrap;
    const char *topic;
    const char *results;
    const char *checkpoint;
    const char *limit;
};

/* The topic as a table that grows: key, value, topic, partition, offset, timestamp, timestampType. */
static struct weir_frame *read_topic(struct weir_session *spark, const struct job *job)
{
    const char *limit = NULL; /* so many transactions a batch; NULL: as many as there are */

    /* TODO(5): set the limit. About 1 line. Check: small-batches. */

    /* TODO(1): a stream of the format "kafka", from the beginning of the topic; the option maxOffsetsPerTrigger is
     * `limit`. About 4 lines. Checks: flagged, flagged-later. */
    (void)spark;
    (void)job;
    (void)limit;
    return NULL;
}

/* From bytes to columns: name, surname, amount, delta_t, flag. */
static struct weir_frame *parse(struct weir_frame *input)
{
    /* TODO(1): from_json() makes a column of structs, `value`, from a text; then take its fields out. About 5 lines. */
    (void)input;
    return NULL;
}

/* Only the suspicious ones, and who made them: `id`, name and surname in one word. */
static struct weir_frame *keep_flagged(struct weir_frame *transactions)
{
    struct weir_frame *flagged = NULL;

    /* TODO(1): those whose flag is 1, with a column `id`. About 1 line. */
    (void)transactions;

    /* TODO(5): leave out what has no id. About 1 line. Check: bad-records. */

    return flagged;
}

/* `flagged`: the id as key, the amount as value. */
static struct weir_frame *flagged_records(struct weir_frame *flagged)
{
    /* TODO(1): what goes to a topic are the columns key and value. About 1 line. */
    (void)flagged;
    return NULL;
}

/* How many suspicious transactions everybody has made so far: id, count. */
static struct weir_frame *count_users(struct weir_frame *flagged)
{
    /* TODO(2): group by id, and count. About 1 line. Check: counts. */
    (void)flagged;
    return NULL;
}

/* `counts`: the id as key, the count as value, in digits. */
static struct weir_frame *count_records(struct weir_frame *counts)
{
    /* TODO(2): key and value; both have to be texts. About 1 line. Check: counts. */
    (void)counts;
    return NULL;
}

/* `alerts`: who has made more than one; the id as key, "1" as value, the mark of a fraud. */
static struct weir_frame *alert_records(struct weir_frame *counts)
{
    /* TODO(3): those with more than one, with a column `fraud`; then key and value. About 2 lines. Checks: alerts,
     * alerts-again. */
    (void)counts;
    return NULL;
}

/* Which rows of the result a batch gives out. */
static const char *output_mode(void)
{
    /* TODO(2): "append" is for rows that will never change again; a count does. About 1 line. Checks: counts, updates. */
    return "append";
}

/* Where the query keeps what it must not forget: how far it has read, and all counts. NULL: there is no such place. */
static const char *checkpoint_folder(const struct job *job)
{
    /* TODO(4): a new folder at every start has forgotten everything. About 1 line. Checks: restart, killed-often. */
    static char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s-XXXXXX", job->checkpoint);
    return mkdtemp(folder);
}

/* Starts the query: the rows of every batch go to the topic RESULTS. */
static struct weir_query *start(struct weir_frame *frame,
                                const struct job *job,
                                struct weir_error *err)
{
    const char *checkpoint = checkpoint_folder(job);

    /* TODO(1): start a query with output_mode(), the format "kafka", and the options kafka.bootstrap.servers, topic and
     * checkpointLocation. start_on_console() shows the form. About 10 lines. */
    (void)frame;
    (void)checkpoint;
    snprintf(err->message, sizeof(err->message), "start() is not written yet");
    return NULL;
}

/* --- What follows is complete --- */

/* Starts the query: the rows of every batch are shown. Nothing is kept for a next start. */
static struct weir_query *start_on_console(struct weir_frame *frame,
                                           const struct job *job,
                                           struct weir_error *err)
{
    return weir_start(
        frame,
        &(struct weir_stream_writer){ .output_mode = output_mode(),
                                      .format = "console",
                                      .query_name = job->query,
                                      .options = WEIR_OPTIONS({ "truncate", "false" }) },
        err);
}

enum { STEPS_MAX = 4 };

struct step {
    const char *name;
    struct weir_frame *(*apply)(struct weir_frame *frame);
};

struct recipe {
    const char *query;
    struct step steps[STEPS_MAX];
};

static const struct recipe recipes[] = {
    { "flagged",
      { { "parse", parse },
        { "keep_flagged", keep_flagged },
        { "flagged_records", flagged_records } } },
    { "counts",
      { { "parse", parse },
        { "keep_flagged", keep_flagged },
        { "count_users", count_users },
        { "count_records", count_records } } },
    { "alerts",
      { { "parse", parse },
        { "keep_flagged", keep_flagged },
        { "count_users", count_users },
        { "alert_records", alert_records } } },
};

static const struct recipe *find_recipe(const char *query)
{
    for (size_t i = 0; i < sizeof(recipes) / sizeof(recipes[0]); i++) {
        if (strcmp(recipes[i].query, query) == 0) {
            return &recipes[i];
        }
    }
    fprintf(stderr, "stream: no query \"%s\"; there are flagged, counts and alerts\n", query);
    exit(2);
}

/* The question of a query: every step asks the table that the one before it makes. Nothing is read here. */
static struct weir_frame *ask(struct weir_session *spark, const struct job *job)
{
    const struct recipe *recipe = find_recipe(job->query);
    const char *step = "read_topic";
    struct weir_frame *frame = read_topic(spark, job);
    for (size_t i = 0; frame && i < STEPS_MAX && recipe->steps[i].apply; i++) {
        step = recipe->steps[i].name;
        frame = recipe->steps[i].apply(frame);
    }
    if (!frame) {
        fprintf(stderr, "stream: %s() is not written yet\n", step);
    }
    return frame;
}

/* Runs the query until it ends, which it does by itself only when it fails. */
static bool run(struct weir_session *spark, const struct job *job, bool console)
{
    struct weir_error err;
    struct weir_frame *frame = ask(spark, job);
    if (!frame) {
        return false;
    }
    weir_print_schema(frame);
    fflush(stdout);
    struct weir_query *query =
        console ? start_on_console(frame, job, &err) : start(frame, job, &err);
    if (query && weir_query_await(query, -1, &err) == WEIR_OK) {
        return true;
    }
    const char *whole = weir_session_error(spark);
    fprintf(stderr, "stream: %s\n", whole[0] != '\0' ? whole : err.message);
    return false;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    if (!value || value[0] == '\0') {
        fprintf(stderr, "stream: the variable %s is not set\n", name);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    bool console = argc == 3 && strcmp(argv[2], "console") == 0;
    if (argc != 2 && !console) {
        fprintf(stderr, "usage: stream flagged|counts|alerts [console]\n");
        return 2;
    }
    const struct job job = {
        .query = argv[1],
        .bootstrap = environment("BOOTSTRAP"),
        .topic = environment("TOPIC"),
        .results = environment("RESULTS"),
        .checkpoint = environment("CHECKPOINT"),
        .limit = environment("LIMIT"),
    };
    struct weir_error err;
    /* Two threads, and four parts of every table of counts: enough for one machine. */
    struct weir_session *spark = weir_session_create(
        &(struct weir_session_options){ .master = "local[2]",
                                        .app_name = job.query,
                                        .conf =
                                            WEIR_OPTIONS({ "spark.sql.shuffle.partitions", "4" }) },
        &err);
    if (!spark) {
        fprintf(stderr, "stream: %s\n", err.message);
        return 1;
    }
    bool good = run(spark, &job, console);
    weir_session_close(spark);
    return good ? 0 : 1;
}
