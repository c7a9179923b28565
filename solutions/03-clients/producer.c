/*
 * The producer of the lab: sends every transaction of a file to a topic, and reports where each of them landed.
 *
 * Environment: BOOTSTRAP (host:port of a broker), TOPIC, INPUT (the file to read), REPORT (the file to write).
 * Exit status: 0 when every record was delivered, 1 otherwise.
 */
#define _POSIX_C_SOURCE 200809L /* for getline() */
#include "weir/producer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "weir/json.h"

enum { FLUSH_TIMEOUT_MS = 8000 };

/* One line of the input: "<timestamp_ms> <JSON object>". */
struct transaction {
    size_t number; /* of the line, from 1 */
    int64_t timestamp_ms;
    struct weir_slice json;
};

/* A run of this program. `deliveries` has one future for each line so far; NULL: the record was not even queued. */
struct job {
    struct weir_producer *producer;
    const char *topic;
    struct weir_delivery **deliveries;
    size_t count;
};

/* The user of a transaction, name and surname in one word: "JohnSmith". */
static enum weir_status user_of(struct weir_slice json,
                                char *out,
                                size_t size,
                                struct weir_error *err)
{
    char name[64];
    char surname[64];
    enum weir_status rc = weir_json_text(json, "name", name, sizeof(name), err);
    if (rc == WEIR_OK) {
        rc = weir_json_text(json, "surname", surname, sizeof(surname), err);
    }
    if (rc == WEIR_OK) {
        snprintf(out, size, "%s%s", name, surname);
    }
    return rc;
}

/* Sends one transaction. On success *out_delivery is the future of its record. */
static enum weir_status send_transaction(struct job *job,
                                         const struct transaction *transaction,
                                         struct weir_delivery **out_delivery,
                                         struct weir_error *err)
{
    char user[128];
    enum weir_status rc = user_of(transaction->json, user, sizeof(user), err);
    if (rc < 0) {
        return rc;
    }
    struct weir_message message = weir_message(job->topic, weir_text(NULL), transaction->json);

    /* LAB-BEGIN 2 */
    message.key = weir_text(user);
    /* LAB-ELSE
     * TODO(2): give the record its key, the user. About 1 line. Checks: keys, key-partition.
     * LAB-END */

    /* LAB-BEGIN 3 */
    char line[32];
    snprintf(line, sizeof(line), "%zu", transaction->number);
    const struct weir_header headers[] = {
        { "lab", weir_text("03-clients") },
        { "line", weir_text(line) },
    };
    message.timestamp_ms = transaction->timestamp_ms;
    message.headers = headers;
    message.header_count = sizeof(headers) / sizeof(headers[0]);
    /* LAB-ELSE
     * TODO(3): give the record the time of its transaction, and the headers lab ("03-clients") and line (the number of
     * the line, in decimal digits). About 9 lines. Checks: timestamps, headers.
     * LAB-END */

    /* LAB-BEGIN 1 */
    return weir_producer_send(job->producer, &message, out_delivery, err);
    /* LAB-ELSE
     * TODO(1): send the message. About 1 line. Check: all-sent.
     * > (void)message;
     * > *out_delivery = NULL;
     * > return WEIR_OK;
     * LAB-END */
}

/* Everything was sent: what has to happen before the program may end? */
static enum weir_status finish(struct job *job, struct weir_error *err)
{
    /* LAB-BEGIN 1 */
    return weir_producer_flush(job->producer, FLUSH_TIMEOUT_MS, err);
    /* LAB-ELSE
     * TODO(1): a record that was "sent" is in a queue of this process, and dies with it. About 1 line.
     * > (void)job;
     * > (void)err;
     * > return WEIR_OK;
     * LAB-END */
}

/* One line for each line of the input, in order: "<number> <partition> <offset>", or "<number> failed".
 * Returns how many are in the log, as far as the broker has said so. */
static size_t write_report(const struct job *job, FILE *report)
{
    size_t delivered = 0;
    /* LAB-BEGIN 4 */
    for (size_t i = 0; i < job->count; i++) {
        struct weir_metadata metadata;
        if (job->deliveries[i] &&
            weir_delivery_wait(job->deliveries[i], 0, &metadata, NULL) == WEIR_OK) {
            fprintf(report, "%zu %" PRId32 " %" PRId64 "\n", i + 1, metadata.partition,
                    metadata.offset);
            delivered++;
        } else {
            fprintf(report, "%zu failed\n", i + 1);
        }
    }
    /* LAB-ELSE
     * TODO(4): ask every future how its record fared. About 11 lines. Checks: delivery-report, refused-record.
     * > (void)job;
     * > (void)report;
     * LAB-END */
    return delivered;
}

/* --- What follows is complete --- */

/* Takes "<timestamp_ms> <JSON object>" apart, the line end left out. */
static bool parse_line(const char *line, size_t len, struct transaction *out_transaction)
{
    char *end;
    long long timestamp_ms = strtoll(line, &end, 10);
    if (end == line || *end != ' ') {
        return false;
    }
    const char *json = end + 1;
    out_transaction->timestamp_ms = timestamp_ms;
    out_transaction->json = (struct weir_slice){ json, (size_t)(line + len - json) };
    return true;
}

static bool send_line(struct job *job, const char *line, size_t len)
{
    struct transaction transaction = { .number = job->count + 1 };
    struct weir_error err;
    job->deliveries = realloc(job->deliveries, (job->count + 1) * sizeof(*job->deliveries));
    if (!job->deliveries) {
        abort();
    }
    job->deliveries[job->count++] = NULL;
    if (!parse_line(line, len, &transaction)) {
        fprintf(stderr, "producer: line %zu is not \"<timestamp> <JSON>\"\n", transaction.number);
        return false;
    }
    if (send_transaction(job, &transaction, &job->deliveries[job->count - 1], &err) < 0) {
        fprintf(stderr, "producer: line %zu: %s\n", transaction.number, err.message);
        return false;
    }
    return true;
}

static bool send_file(struct job *job, FILE *input)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t len;
    bool all = true;
    while ((len = getline(&line, &capacity, input)) > 0) {
        if (line[len - 1] == '\n') {
            line[--len] = '\0';
        }
        all = send_line(job, line, (size_t)len) && all;
    }
    free(line);
    return all;
}

static bool run(struct job *job, FILE *input, FILE *report)
{
    struct weir_error err;
    bool all = send_file(job, input);
    if (finish(job, &err) < 0) {
        fprintf(stderr, "producer: %s\n", err.message);
        all = false;
    }
    size_t delivered = write_report(job, report);
    printf("%zu lines read, %zu records confirmed\n", job->count, delivered);
    return all;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    if (!value || value[0] == '\0') {
        fprintf(stderr, "producer: the variable %s is not set\n", name);
        exit(2);
    }
    return value;
}

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    if (!file) {
        perror(path);
        exit(2);
    }
    return file;
}

int main(void)
{
    struct job job = { .topic = environment("TOPIC") };
    const struct weir_option options[] = {
        { "bootstrap.servers", environment("BOOTSTRAP") },
        { "linger.ms", "1000" }, /* gather for a second, or until a flush */
        { NULL, NULL },
    };
    FILE *input = open_file(environment("INPUT"), "r");
    FILE *report = open_file(environment("REPORT"), "w");
    struct weir_error err;
    if (weir_producer_create(options, &job.producer, &err) < 0) {
        fprintf(stderr, "producer: %s\n", err.message);
        return 2;
    }
    bool all = run(&job, input, report);
    all = fclose(report) == 0 && all;
    fclose(input);
    for (size_t i = 0; i < job.count; i++) {
        weir_delivery_release(job.deliveries[i]);
    }
    free(job.deliveries);
    weir_producer_close(job.producer, 0, NULL);
    return all ? 0 : 1;
}
