/*
 * Parts 1 to 4: the producer.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "clients.h"

enum { REPORT_MAX = 1 << 20 };

/* A run with so many lines, whose records are all there. */
static bool produce_all(
    struct check *c, struct witness *w, int64_t lines, int32_t partitions, struct production *p)
{
    p->partitions = partitions;
    transactions_make(c, (size_t)lines, (size_t)check_range(c, 16, 30), &p->transactions);
    return produce(c, w, p) && production_is_complete(c, p, 0);
}

static void all_sent(struct check *c, struct witness *w)
{
    /* A broker on the same machine is so quick that much of what was never flushed would arrive all the same. */
    struct production p = { .answer_after_ms = (int)check_range(c, 300, 400) };
    (void)produce_all(c, w, check_range(c, 280, 320), (int32_t)check_range(c, 1, 8), &p);
}

void check_all_sent(struct check *c)
{
    with_witness(c, all_sent);
}

/* --- keys --- */

static void keys(struct check *c, struct witness *w)
{
    struct production p = { 0 };
    if (!produce_all(c, w, check_range(c, 80, 120), (int32_t)check_range(c, 1, 8), &p)) {
        return;
    }
    for (size_t i = 0; i < p.records.count; i++) {
        struct bytes key = p.records.items[i].key;
        const struct transaction *t = &p.transactions.items[p.line_of_record[i] - 1];
        check_hint(c, "the key is name and surname in one word, without quotes, blanks or a zero "
                      "byte: weir_text(user)");
        if (bytes_is_null(key)) {
            check_differ(c, t->user, "no key", "the record of %s has no key",
                         production_where(c, &p, i));
            return;
        }
        if (!check_equal_bytes(
                c, check_text(c, "the key of the record of %s", production_where(c, &p, i)),
                bytes_of(t->user), key)) {
            return;
        }
    }
}

void check_keys(struct check *c)
{
    with_witness(c, keys);
}

/* --- partitions --- */

/* Two records of one key in different partitions. */
static bool keys_stay_together(struct check *c, const struct production *p)
{
    for (size_t i = 0; i < p->records.count; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct witnessed_record *a = &p->records.items[j];
            const struct witnessed_record *b = &p->records.items[i];
            if (bytes_equal(a->key, b->key) && a->partition != b->partition) {
                check_hint(c, "leave the partition to the producer, WEIR_PARTITION_ANY: it takes "
                              "it from the key");
                return check_fail(c, "the records of %.*s are spread: %s and %s", BYTES_ARG(a->key),
                                  production_where(c, p, j), production_where(c, p, i));
            }
        }
    }
    return true;
}

static bool is_in_its_partition(struct check *c, const struct production *p, size_t record)
{
    const struct witnessed_record *r = &p->records.items[record];
    int32_t expected = key_partition(r->key, p->partitions);
    if (r->partition == expected) {
        return true;
    }
    check_hint(c, "leave the partition to the producer: WEIR_PARTITION_ANY, which is -1 (0 is a "
                  "partition), and no partitioner of your own");
    return check_differ(c, check_text(c, "partition %d", expected),
                        check_text(c, "partition %d", r->partition),
                        "the record of %s, key %.*s, is not in partition murmur2(key) mod %d",
                        production_where(c, p, record), BYTES_ARG(r->key), p->partitions);
}

/* Records come partition by partition, by offset: the lines of a key have to rise. */
static bool is_in_order(struct check *c, const struct production *p, size_t record)
{
    for (size_t j = record; j > 0; j--) {
        if (!bytes_equal(p->records.items[j - 1].key, p->records.items[record].key)) {
            continue;
        }
        if (p->line_of_record[j - 1] < p->line_of_record[record]) {
            return true;
        }
        check_hint(c, "send the lines in the order of INPUT, with one producer");
        return check_fail(c, "of %.*s, %s lies before %s", BYTES_ARG(p->records.items[record].key),
                          production_where(c, p, j - 1), production_where(c, p, record));
    }
    return true;
}

static void key_partition_kept(struct check *c, struct witness *w)
{
    struct production p = { 0 };
    if (!produce_all(c, w, check_range(c, 180, 220), (int32_t)check_range(c, 3, 8), &p) ||
        !keys_stay_together(c, &p)) {
        return;
    }
    for (size_t i = 0; i < p.records.count; i++) {
        if (!is_in_its_partition(c, &p, i) || !is_in_order(c, &p, i)) {
            return;
        }
    }
}

void check_key_partition(struct check *c)
{
    with_witness(c, key_partition_kept);
}

/* --- timestamps and headers --- */

static void hint_timestamp(struct check *c, int64_t expected, int64_t actual)
{
    if (actual == expected / 1000) {
        check_hint(c, "that is seconds; Kafka counts milliseconds");
    } else {
        check_hint(c, "the time is that of the transaction, the number at the start of its line; "
                      "0 means now");
    }
}

static void timestamps(struct check *c, struct witness *w)
{
    struct production p = { 0 };
    if (!produce_all(c, w, check_range(c, 80, 120), (int32_t)check_range(c, 1, 8), &p)) {
        return;
    }
    for (size_t i = 0; i < p.records.count; i++) {
        const struct witnessed_record *r = &p.records.items[i];
        int64_t expected = p.transactions.items[p.line_of_record[i] - 1].timestamp_ms;
        hint_timestamp(c, expected, r->timestamp_ms);
        if (r->timestamp_ms != expected) {
            check_differ(c, check_text(c, "%" PRId64, expected),
                         check_text(c, "%" PRId64, r->timestamp_ms),
                         "the timestamp of the record of %s", production_where(c, &p, i));
            return;
        }
        if (!check_that(c, r->timestamp_type == WEIR_TIMESTAMP_CREATE,
                        "the record of %s has no timestamp of its producer",
                        production_where(c, &p, i))) {
            return;
        }
    }
}

void check_timestamps(struct check *c)
{
    with_witness(c, timestamps);
}

static void headers(struct check *c, struct witness *w)
{
    struct production p = { 0 };
    if (!produce_all(c, w, check_range(c, 80, 120), (int32_t)check_range(c, 1, 8), &p)) {
        return;
    }
    check_hint(c, "two headers: lab, with the text 03-clients, then line, with the number of the "
                  "line in decimal digits, counted from 1; no zero byte at the end");
    for (size_t i = 0; i < p.records.count; i++) {
        const struct witnessed_record *r = &p.records.items[i];
        const char *expected = check_text(c, "lab=03-clients\nline=%zu\n", p.line_of_record[i]);
        struct buffer actual;
        buffer_init(&actual, 2 << 20);
        for (size_t h = 0; h < r->header_count; h++) {
            buffer_printf(&actual, "%s=", r->headers[h].name);
            buffer_append(&actual, r->headers[h].value.data, r->headers[h].value.len);
            buffer_append_text(&actual, "\n");
        }
        const char *what =
            check_text(c, "the headers of the record of %s", production_where(c, &p, i));
        bool same = check_equal_bytes(c, what, bytes_of(expected), buffer_bytes(&actual));
        buffer_finish(&actual);
        if (!same) {
            return;
        }
    }
}

void check_headers(struct check *c)
{
    with_witness(c, headers);
}

/* --- the report --- */

static bool report_is_right(struct check *c, const struct production *p)
{
    struct bytes report;
    struct buffer expected;
    if (!check_get_file(c, p->report, REPORT_MAX, &report)) {
        return false;
    }
    buffer_init(&expected, REPORT_MAX);
    for (size_t i = 0; i < p->transactions.count; i++) {
        const struct witnessed_record *r = p->record_of_line[i];
        if (r) {
            buffer_printf(&expected, "%zu %d %" PRId64 "\n", i + 1, r->partition, r->offset);
        } else {
            buffer_printf(&expected, "%zu failed\n", i + 1);
        }
    }
    check_step(c, "compared %s with where the broker has each line", p->report);
    bool same = check_equal_bytes(c, "REPORT", buffer_bytes(&expected), report);
    buffer_finish(&expected);
    return same;
}

static void delivery_report(struct check *c, struct witness *w)
{
    struct production p = { .not_first = true };
    if (!produce_all(c, w, check_range(c, 80, 120), (int32_t)check_range(c, 2, 8), &p)) {
        return;
    }
    check_hint(c, "one line for each line of INPUT, in the same order: number, partition, offset; "
                  "what weir_delivery_wait() returns says whether the metadata counts");
    if (report_is_right(c, &p)) {
        check_hint(c, "all was delivered, so the exit status is 0");
        check_ended_well(c, p.run);
    }
}

void check_delivery_report(struct check *c)
{
    with_witness(c, delivery_report);
}

static void refused_record(struct check *c, struct witness *w)
{
    struct production p = { .partitions = (int32_t)check_range(c, 2, 4), .not_first = true };
    transactions_make(c, (size_t)check_range(c, 30, 40), 16, &p.transactions);
    size_t large = (size_t)check_range(c, 5, 25);
    size_t size = (size_t)check_range(c, 1100000, 1200000);
    transaction_make_long(c, &p.transactions.items[large - 1], size);
    check_step(c, "made line %zu of the input larger than a megabyte", large);
    if (!produce(c, w, &p) || !production_is_complete(c, &p, large)) {
        return;
    }
    check_hint(c,
               "a failed record stops nothing: its line is `%zu failed`, those of the others "
               "say where they are",
               large);
    if (!report_is_right(c, &p)) {
        return;
    }
    if (p.run->code != 1) {
        check_hint(c, "not everything was delivered: main() returns 1 when send_transaction() or "
                      "finish() has failed");
        check_differ(c, "exit status 1", check_text(c, "exit status %d", p.run->code),
                     "producer ended with exit status %d, although a record was not delivered",
                     p.run->code);
    }
}

void check_refused_record(struct check *c)
{
    with_witness(c, refused_record);
}
