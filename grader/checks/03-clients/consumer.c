/*
 * Parts 5 and 6: the consumer. The check sends the records, so that no producer of the student's is needed.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/arena.h"
#include "clients.h"

enum { REPORT_MAX = 1 << 20 };

/* A topic with records in all partitions but one, and the partition that is read. */
struct shelf {
    const char *topic;
    int32_t partition;
    int32_t empty;                     /* a partition without records */
    struct witnessed_records records;  /* of that partition */
    const struct transaction **bought; /* for each of the records */
};

/* Puts the transactions into the partitions, most of them into the one that is read. */
static void make_messages(struct check *c,
                          const struct transactions *t,
                          const struct shelf *s,
                          int32_t partitions,
                          struct witness_message *messages)
{
    for (size_t i = 0; i < t->count; i++) {
        int32_t partition = s->partition;
        if (check_range(c, 0, 2) == 0) {
            partition = (int32_t)check_range(c, 0, partitions - 1);
        }
        messages[i] = (struct witness_message){
            .partition = partition == s->empty ? s->partition : partition,
            .key = bytes_of(t->items[i].user),
            .value = bytes_of(t->items[i].json),
            .timestamp_ms = t->items[i].timestamp_ms,
        };
    }
}

static bool fill(struct check *c, struct witness *w, const struct transactions *t, struct shelf *s)
{
    static const struct weir_option configs[] = { { "retention.ms", "-1" }, { NULL, NULL } };
    struct arena *a = check_arena(c);
    int32_t partitions = (int32_t)check_range(c, 3, 8);
    struct witness_message *messages = ARENA_NEW(a, struct witness_message, t->count);
    struct witnessed_records all;
    s->topic = check_name(c, "transactions");
    s->partition = (int32_t)check_range(c, 1, partitions - 1);
    s->empty = (s->partition + 1) % partitions;
    make_messages(c, t, s, partitions, messages);
    if (!witness_create(w, s->topic, partitions, configs) ||
        !witness_send(w, s->topic, messages, t->count) ||
        !witness_records(w, s->topic, partitions, &all)) {
        return false;
    }
    s->records.items = ARENA_NEW(a, struct witnessed_record, all.count);
    s->bought = ARENA_NEW(a, const struct transaction *, all.count);
    for (size_t i = 0; i < all.count; i++) {
        if (all.items[i].partition == s->partition) {
            s->records.items[s->records.count++] = all.items[i];
        }
    }
    size_t found = 0;
    for (size_t i = 0; i < t->count && found < s->records.count; i++) {
        if (messages[i].partition == s->partition) {
            s->bought[found++] = &t->items[i];
        }
    }
    check_step(c,
               "created topic %s with %d partitions and sent %zu records to it, %zu of them to "
               "partition %d",
               s->topic, partitions, t->count, s->records.count, s->partition);
    for (size_t i = 0; i < found; i++) {
        if (!bytes_equal_text(s->records.items[i].value, s->bought[i]->json)) {
            return check_broken(c, "the check's own records do not come back as they were sent");
        }
    }
    return all.count == t->count ||
           check_broken(c, "the check sent %zu records and the topic has %zu", t->count, all.count);
}

/* --- a run of the consumer --- */

struct span {
    int32_t partition;
    int64_t from;
    int64_t to;
};

static struct check_run *consume(struct check *c,
                                 const char *topic,
                                 struct span span,
                                 struct bytes *out_report)
{
    const char *report = check_name(c, "report");
    const char *const vars[] = {
        check_text(c, "TOPIC=%s", topic),          check_text(c, "PARTITION=%d", span.partition),
        check_text(c, "FROM=%" PRId64, span.from), check_text(c, "TO=%" PRId64, span.to),
        check_text(c, "REPORT=%s", report),        NULL,
    };
    check_step(c, "consumer %d %" PRId64 " %" PRId64, span.partition, span.from, span.to);
    struct check_run *run =
        check_run(c, &(struct check_run_spec){ .program = "consumer", .vars = vars });
    if (!run) {
        return NULL;
    }
    if (run->ending != CHECK_EXITED) {
        hint_not_ended(c, run,
                       "does it wait for a record that nobody will send? weir_consumer_offsets() "
                       "tells where the partition ends");
        check_ended_well(c, run);
        return NULL;
    }
    return check_get_file(c, report, REPORT_MAX, out_report) ? run : NULL;
}

/* The lines of `report` that begin with `word` and a blank. */
static struct bytes lines_of(struct check *c, struct bytes report, const char *word)
{
    struct bytes prefix = bytes_of(check_text(c, "%s ", word));
    uint8_t *kept = arena_alloc(check_arena(c), report.len + 1, 1);
    size_t len = 0;
    while (report.len > 0) {
        const uint8_t *end = memchr(report.data, '\n', report.len);
        struct bytes line = { report.data, end ? (size_t)(end - report.data) + 1 : report.len };
        if (bytes_starts_with(line, prefix)) {
            memcpy(kept + len, line.data, line.len);
            len += line.len;
        }
        report = (struct bytes){ report.data + line.len, report.len - line.len };
    }
    return (struct bytes){ kept, len };
}

/* What the consumer has to say of the records from `from` up to but not including `to`. */
static const char *expected_records(struct check *c, const struct shelf *s, struct span span)
{
    const char *text = "";
    for (size_t i = 0; i < s->records.count; i++) {
        int64_t offset = s->records.items[i].offset;
        if (s->records.items[i].partition == span.partition && offset >= span.from &&
            offset < span.to) {
            text = check_text(c, "%srecord %" PRId64 " %s %s\n", text, offset, s->bought[i]->user,
                              s->bought[i]->amount);
        }
    }
    return text;
}

/* What is usually wrong with such lines. */
static void hint_records(struct check *c,
                         const struct check_run *run,
                         struct bytes expected,
                         struct bytes actual)
{
    if (run->code != 0 && run->err.len > 0 &&
        memmem(run->err.data, run->err.len, "no record within", 16)) {
        check_hint(
            c, "it waited for a record that nobody will send. Where does reading begin? Without "
               "weir_consumer_seek() at the end of the partition. And after which record does "
               "it stop?");
    } else if (run->code != 0) {
        check_hint(c, "the program ended with exit status %d; what it printed is shown below",
                   run->code);
    } else if (bytes_starts_with(expected, actual)) {
        check_hint(
            c, "the rest of the range is missing: read on until the record TO - 1, or the end of "
               "the partition, is taken");
    } else {
        check_hint(c, "FROM <= offset < TO: TO is not part of the range, and offsets begin with 0");
    }
}

/* One run whose `record` lines have to be right. NULL when they are not. */
static const struct check_run *read_span(struct check *c, const struct shelf *s, struct span span)
{
    struct bytes report;
    struct check_run *run = consume(c, s->topic, span, &report);
    if (!run) {
        return NULL;
    }
    struct bytes expected = bytes_of(expected_records(c, s, span));
    struct bytes actual = lines_of(c, report, "record");
    hint_records(c, run, expected, actual);
    const char *what = check_text(
        c, "the record lines of REPORT for partition %d, %" PRId64 " <= offset < %" PRId64,
        span.partition, span.from, span.to);
    bool same = check_equal_bytes(c, what, expected, actual);
    return same ? run : NULL;
}

static bool make_shelf(struct check *c, struct witness *w, struct shelf *s)
{
    struct transactions t;
    transactions_make(c, (size_t)check_range(c, 90, 120), (size_t)check_range(c, 16, 30), &t);
    return fill(c, w, &t, s);
}

static void range_read(struct check *c, struct witness *w)
{
    struct shelf s = { 0 };
    if (make_shelf(c, w, &s)) {
        int64_t end = (int64_t)s.records.count;
        int64_t from = check_range(c, 3, end / 3);
        const struct span span = { s.partition, from, from + check_range(c, 5, end / 3) };
        (void)read_span(c, &s, span);
    }
}

void check_range_read(struct check *c)
{
    with_witness(c, range_read);
}

static void range_end(struct check *c, struct witness *w)
{
    struct shelf s = { 0 };
    if (!make_shelf(c, w, &s)) {
        return;
    }
    int64_t end = (int64_t)s.records.count;
    int64_t middle = check_range(c, 3, end - 3);
    const struct span spans[] = {
        { s.partition, middle, end + check_range(c, 1, 1000) }, /* beyond the end */
        { s.partition, middle, middle },                        /* nothing asked for */
        { s.partition, end, end + check_range(c, 1, 9) },       /* nothing there yet */
        { s.empty, 0, check_range(c, 1, 9) },                   /* nothing there at all */
    };
    check_step(c, "partition %d ends at offset %" PRId64 ", partition %d is empty", s.partition,
               end, s.empty);
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        const struct check_run *run = read_span(c, &s, spans[i]);
        if (!run) {
            return;
        }
        check_hint(c, "that there is no more to read is no failure: exit status 0, and no waiting "
                      "for more. weir_consumer_offsets() tells the end");
        if (!check_ended_well(c, run)) {
            return;
        }
    }
}

void check_range_end(struct check *c)
{
    with_witness(c, range_end);
}

/* --- totals --- */

struct sum {
    const char *user;
    int64_t count;
    int64_t cents;
};

static int by_user(const void *a, const void *b)
{
    return strcmp(((const struct sum *)a)->user, ((const struct sum *)b)->user);
}

static void add(struct sum *sums, size_t *count, const struct transaction *t)
{
    size_t i = 0;
    while (i < *count && strcmp(sums[i].user, t->user) != 0) {
        i++;
    }
    if (i == *count) {
        sums[(*count)++] = (struct sum){ .user = t->user };
    }
    sums[i].count++;
    sums[i].cents += t->cents;
}

static const char *expected_totals(struct check *c, const struct shelf *s, struct span span)
{
    const char *text = "";
    size_t count = 0;
    struct sum *sums = ARENA_NEW(check_arena(c), struct sum, s->records.count + 1);
    for (size_t i = 0; i < s->records.count; i++) {
        if (s->records.items[i].offset >= span.from && s->records.items[i].offset < span.to) {
            add(sums, &count, s->bought[i]);
        }
    }
    qsort(sums, count, sizeof(sums[0]), by_user);
    for (size_t i = 0; i < count; i++) {
        text = check_text(c, "%stotal %s %" PRId64 " %" PRId64 ".%02" PRId64 "\n", text,
                          sums[i].user, sums[i].count, sums[i].cents / 100, sums[i].cents % 100);
    }
    return text;
}

static void totals(struct check *c, struct witness *w)
{
    struct shelf s = { 0 };
    struct transactions t;
    struct bytes report;
    transactions_make(c, (size_t)check_range(c, 180, 220), (size_t)check_range(c, 17, 40), &t);
    for (size_t i = 0; i < t.count; i++) {
        if (check_range(c, 0, 19) == 0 || i % 40 == 39) {
            transaction_make_large(c, &t.items[i]);
        }
    }
    if (!fill(c, w, &t, &s)) {
        return;
    }
    int64_t end = (int64_t)s.records.count;
    const struct span span = { s.partition, check_range(c, 1, 5), end - check_range(c, 1, 5) };
    if (!consume(c, s.topic, span, &report)) {
        return;
    }
    struct bytes actual = lines_of(c, report, "total");
    check_hint(
        c, actual.len == 0
               ? "there is not one total: totals_add() has to put the users into "
                 "`totals`, for write_totals() to write"
               : "count cents in an int64_t: a double cannot hold every sum, and 7.08 has 8 cents "
                 "(no octal number). Users are many, and sorted by their names' "
                 "bytes");
    check_equal_bytes(c, "the total lines of REPORT", bytes_of(expected_totals(c, &s, span)),
                      actual);
}

void check_totals(struct check *c)
{
    with_witness(c, totals);
}
