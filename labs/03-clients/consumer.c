/*
 * The consumer of the lab: reads a range of offsets of one partition, and reports the records and a total per user.
 *
 * Usage: consumer PARTITION FROM TO, for the records with FROM <= offset < TO; those of them that exist.
 * Environment: BOOTSTRAP (host:port of a broker), TOPIC, REPORT (the file to write).
 * Exit status: 0 when the whole range was read.
 */
#include "weir/consumer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/json.h"

enum { RECORD_TIMEOUT_MS = 5000 };

/* What one user has spent. Sums are in cents: binary fractions cannot hold 0.10. */
struct total {
    char user[128];
    size_t count;
    int64_t cents;
};

struct totals {
    struct total *items;
    size_t count;
};

/* The range to read, and how far it is read. */
struct range {
    struct weir_topic_partition partition;
    int64_t from;
    int64_t to;
};

/* Cuts the range to what the partition holds: records below its begin are gone, and those from its end on do not
 * exist yet. Waiting for them would mean waiting for somebody to send them. */
static enum weir_status clip(struct weir_consumer *consumer,
                             struct range *range,
                             struct weir_error *err)
{
    /* TODO(5): ask for the offsets of the partition. About 8 lines. Check: range-end. */
    (void)consumer;
    (void)range;
    (void)err;
    return WEIR_OK;
}

/* Makes the consumer read the range's partition, beginning at its first offset. */
static enum weir_status start(struct weir_consumer *consumer,
                              const struct range *range,
                              struct weir_error *err)
{
    /* TODO(5): assign, then seek. About 5 lines. Checks: range, range-end. */
    (void)consumer;
    (void)range;
    snprintf(err->message, sizeof(err->message), "start() is not written yet");
    return WEIR_EINVAL;
}

/* The number of cents in an amount such as "123.45": digits, a point, two digits. */
static int64_t cents_of(const char *amount)
{
    /* TODO(6): about 3 lines. Check: totals. */
    (void)amount;
    return 0;
}

/* Adds an amount to the total of a user, who may be new. */
static void totals_add(struct totals *totals, const char *user, int64_t cents)
{
    /* TODO(6): find the user's total or make one; count and add. About 18 lines. Check: totals. */
    (void)totals;
    (void)user;
    (void)cents;
}

/* One record: a line "record <offset> <user> <amount>" in the report, and its share of the totals. The user is the
 * record's key. */
static enum weir_status take_record(const struct weir_record *record,
                                    struct totals *totals,
                                    FILE *report,
                                    struct weir_error *err)
{
    char user[128];
    char amount[32];
    enum weir_status rc = weir_json_text(record->value, "amount", amount, sizeof(amount), err);
    if (rc < 0) {
        return rc;
    }
    snprintf(user, sizeof(user), "%.*s", WEIR_SLICE_ARG(record->key));
    fprintf(report, "record %" PRId64 " %s %s\n", record->offset, user, amount);
    totals_add(totals, user, cents_of(amount));
    return WEIR_OK;
}

/* Reads the range to its end. */
static enum weir_status read_range(struct weir_consumer *consumer,
                                   const struct range *range,
                                   struct totals *totals,
                                   FILE *report,
                                   struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    /* TODO(5): this takes one record. Take all of the range, and stop at its end. About 8 lines more.
     * Checks: range, range-end. */
    const struct weir_record *record;
    (void)range;
    rc = weir_consumer_next(consumer, &record, err);
    if (rc == WEIR_OK) {
        rc = take_record(record, totals, report, err);
    }
    return rc;
}

/* --- What follows is complete --- */

static int by_user(const void *a, const void *b)
{
    return strcmp(((const struct total *)a)->user, ((const struct total *)b)->user);
}

/* A line "total <user> <count> <sum>" for each user, in the order of their names' bytes. */
static void write_totals(struct totals *totals, FILE *report)
{
    if (totals->count > 0) {
        qsort(totals->items, totals->count, sizeof(*totals->items), by_user);
    }
    for (size_t i = 0; i < totals->count; i++) {
        const struct total *t = &totals->items[i];
        fprintf(report, "total %s %zu %" PRId64 ".%02" PRId64 "\n", t->user, t->count,
                t->cents / 100, t->cents % 100);
    }
}

static enum weir_status run(struct weir_consumer *consumer,
                            struct range *range,
                            FILE *report,
                            struct weir_error *err)
{
    struct totals totals = { 0 };
    enum weir_status rc = clip(consumer, range, err);
    if (rc == WEIR_OK) {
        rc = start(consumer, range, err);
    }
    if (rc == WEIR_OK) {
        rc = read_range(consumer, range, &totals, report, err);
    }
    write_totals(&totals, report);
    free(totals.items);
    return rc;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    if (!value || value[0] == '\0') {
        fprintf(stderr, "consumer: the variable %s is not set\n", name);
        exit(2);
    }
    return value;
}

static int64_t number(const char *text)
{
    char *end;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0') {
        fprintf(stderr, "consumer: \"%s\" is not a number\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: consumer PARTITION FROM TO\n");
        return 2;
    }
    struct range range = {
        .partition = { environment("TOPIC"), (int32_t)number(argv[1]) },
        .from = number(argv[2]),
        .to = number(argv[3]),
    };
    char timeout[16];
    snprintf(timeout, sizeof(timeout), "%d", RECORD_TIMEOUT_MS);
    const struct weir_option options[] = {
        { "bootstrap.servers", environment("BOOTSTRAP") },
        { "consumer.timeout.ms", timeout },
        { NULL, NULL },
    };
    FILE *report = fopen(environment("REPORT"), "w");
    if (!report) {
        perror("REPORT");
        return 2;
    }
    struct weir_consumer *consumer;
    struct weir_error err;
    if (weir_consumer_create(options, &consumer, &err) < 0) {
        fprintf(stderr, "consumer: %s\n", err.message);
        return 2;
    }
    enum weir_status rc = run(consumer, &range, report, &err);
    if (rc < 0) {
        fprintf(stderr, "consumer: %s\n", err.message);
    }
    weir_consumer_close(consumer);
    return fclose(report) == 0 && rc == WEIR_OK ? 0 : 1;
}
