/*
 * A run of the producer, and its records matched with the lines of its input.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "base/map.h"
#include "clients.h"
#include "witness/relay.h"

/* murmur2 as Kafka's producers use it (org.apache.kafka.common.utils.Utils.murmur2): 32 bits, this seed, and the words
 * of the key in little endian. */
static uint32_t murmur2(struct bytes key)
{
    const uint32_t m = 0x5bd1e995;
    uint32_t h = 0x9747b28c ^ (uint32_t)key.len;
    size_t i = 0;
    for (; i + 4 <= key.len; i += 4) {
        uint32_t k = (uint32_t)key.data[i] | (uint32_t)key.data[i + 1] << 8 |
                     (uint32_t)key.data[i + 2] << 16 | (uint32_t)key.data[i + 3] << 24;
        k *= m;
        k ^= k >> 24;
        k *= m;
        h *= m;
        h ^= k;
    }
    if (i < key.len) {
        for (size_t j = key.len; j > i; j--) {
            h ^= (uint32_t)key.data[j - 1] << (8 * (j - 1 - i));
        }
        h *= m;
    }
    h ^= h >> 13;
    h *= m;
    h ^= h >> 15;
    return h;
}

int32_t key_partition(struct bytes key, int32_t partitions)
{
    return (int32_t)((murmur2(key) & 0x7fffffff) % (uint32_t)partitions);
}

static void put_input(struct check *c, const char *name, const struct transactions *t)
{
    struct buffer text;
    buffer_init(&text, 64 << 20);
    for (size_t i = 0; i < t->count; i++) {
        buffer_printf(&text, "%" PRId64 " ", t->items[i].timestamp_ms);
        buffer_append_text(&text, t->items[i].json);
        buffer_append_text(&text, "\n");
    }
    check_put_file(c, name, buffer_bytes(&text));
    buffer_finish(&text);
}

/* Finds the line of every record; of records of the same line, the first counts. */
static void match(struct check *c, struct production *p)
{
    struct arena *a = check_arena(c);
    struct map lines = { 0 };
    p->record_of_line = ARENA_NEW(a, const struct witnessed_record *, p->transactions.count);
    p->line_of_record = ARENA_NEW(a, size_t, p->records.count + 1);
    for (size_t i = 0; i < p->transactions.count; i++) {
        struct transaction *t = &p->transactions.items[i];
        map_put(&lines, bytes_of(t->json), t);
    }
    for (size_t i = 0; i < p->records.count; i++) {
        const struct transaction *t = map_get(&lines, p->records.items[i].value);
        if (t) {
            size_t line = (size_t)(t - p->transactions.items);
            p->line_of_record[i] = line + 1;
            if (!p->record_of_line[line]) {
                p->record_of_line[line] = &p->records.items[i];
            }
        }
    }
    map_finish(&lines);
}

/* Runs the producer, at a relay when its cluster shall not answer at once. */
static struct check_run *run_producer(struct check *c,
                                      const struct production *p,
                                      const char *input)
{
    struct relay *relay = NULL;
    if (p->answer_after_ms > 0) {
        relay = relay_open(c, p->answer_after_ms);
        if (!relay) {
            return NULL;
        }
        check_step(c, "made the cluster's first answer take %d ms", p->answer_after_ms);
    }
    const char *const vars[] = {
        check_text(c, "TOPIC=%s", p->topic),
        check_text(c, "INPUT=%s", input),
        check_text(c, "REPORT=%s", p->report),
        relay ? check_text(c, "BOOTSTRAP=%s", relay_address(relay)) : NULL,
        NULL,
    };
    struct check_run *run =
        check_run(c, &(struct check_run_spec){ .program = "producer", .vars = vars });
    relay_close(relay);
    return run;
}

/* Puts one to nine records into each partition. */
static bool put_earlier(struct check *c,
                        struct witness *w,
                        const struct production *p,
                        int64_t *out_begin)
{
    enum { EARLIER_MAX = 9 };
    struct witness_message *messages =
        ARENA_NEW(check_arena(c), struct witness_message, (size_t)p->partitions * EARLIER_MAX);
    size_t count = 0;
    for (int32_t i = 0; i < p->partitions; i++) {
        out_begin[i] = check_range(c, 1, EARLIER_MAX);
        for (int64_t n = 0; n < out_begin[i]; n++) {
            messages[count++] =
                (struct witness_message){ .partition = i, .value = bytes_of("earlier") };
        }
    }
    if (!witness_send(w, p->topic, messages, count)) {
        return false;
    }
    check_step(c, "sent %zu other records to it, so that offsets do not begin with 0", count);
    return true;
}

/* Leaves out the records below the offset where each partition ended before the run. */
static void drop_earlier(struct witnessed_records *records, const int64_t *begin)
{
    size_t kept = 0;
    for (size_t i = 0; i < records->count; i++) {
        if (records->items[i].offset >= begin[records->items[i].partition]) {
            records->items[kept++] = records->items[i];
        }
    }
    records->count = kept;
}

bool produce(struct check *c, struct witness *w, struct production *p)
{
    /* Times of 2025 are past what a broker keeps by default. */
    static const struct weir_option configs[] = { { "retention.ms", "-1" }, { NULL, NULL } };
    int64_t *begin = ARENA_NEW(check_arena(c), int64_t, (size_t)p->partitions);
    const char *input = check_name(c, "input");
    p->topic = check_name(c, "transactions");
    p->report = check_name(c, "report");
    if (!witness_create(w, p->topic, p->partitions, configs)) {
        return false;
    }
    put_input(c, input, &p->transactions);
    check_step(c, "created topic %s with %d partitions, and the file %s with %zu lines", p->topic,
               p->partitions, input, p->transactions.count);
    if (p->not_first && !put_earlier(c, w, p, begin)) {
        return false;
    }
    p->run = run_producer(c, p, input);
    if (!p->run) {
        return false;
    }
    if (p->run->ending != CHECK_EXITED) {
        hint_not_ended(c, p->run, "when all is sent and flushed, the program has to end");
        return check_ended_well(c, p->run);
    }
    if (!witness_records(w, p->topic, p->partitions, &p->records)) {
        return false;
    }
    drop_earlier(&p->records, begin);
    check_step(c, "read topic %s: %zu records", p->topic, p->records.count);
    match(c, p);
    return true;
}

const char *production_where(struct check *c, const struct production *p, size_t record)
{
    const struct witnessed_record *r = &p->records.items[record];
    return check_text(c, "line %zu (partition %d, offset %" PRId64 ")", p->line_of_record[record],
                      r->partition, r->offset);
}

/* --- is everything there? --- */

/* The transaction that a strange value was probably made from: one whose JSON is part of it, else the first line that
 * is missing. */
static const struct transaction *nearest(const struct production *p, struct bytes value)
{
    const struct transaction *missing = &p->transactions.items[0];
    for (size_t i = p->transactions.count; i > 0; i--) {
        const struct transaction *t = &p->transactions.items[i - 1];
        if (value.len > 0 && memmem(value.data, value.len, t->json, strlen(t->json))) {
            return t;
        }
        missing = p->record_of_line[i - 1] ? missing : t;
    }
    return missing;
}

static bool fail_value(struct check *c,
                       const struct production *p,
                       const struct witnessed_record *r)
{
    const struct transaction *t = nearest(p, r->value);
    check_hint(c, "the value is the JSON object alone: no timestamp in front, no line end or zero "
                  "byte behind");
    return check_equal_bytes(
        c, check_text(c, "the value at partition %d, offset %" PRId64, r->partition, r->offset),
        bytes_of(t->json), r->value);
}

static void hint_missing(struct check *c, const struct check_run *run)
{
    if (run->code != 0 && run->err.len > 0) {
        check_hint(c,
                   "the program ended with exit status %d; what it printed is shown below. What is "
                   "still queued when it ends is lost: flush, and look at the flush's answer",
                   run->code);
    } else {
        check_hint(c, "what was only queued is lost when the program ends: is everything flushed "
                      "before that, and the answer of the flush looked at?");
    }
}

bool production_is_complete(struct check *c, const struct production *p, size_t excepted)
{
    size_t missing = 0;
    size_t first = 0;
    for (size_t i = 0; i < p->records.count; i++) {
        const struct witnessed_record *r = &p->records.items[i];
        if (p->line_of_record[i] == 0) {
            return fail_value(c, p, r);
        }
        if (p->record_of_line[p->line_of_record[i] - 1] != r) {
            check_hint(c, "send each line once; the client itself repeats what got lost on the "
                          "way, and the broker leaves out what it has");
            return check_fail(c, "%s is in the topic more than once", production_where(c, p, i));
        }
    }
    for (size_t i = 0; i < p->transactions.count; i++) {
        if (!p->record_of_line[i] && i + 1 != excepted) {
            first = missing == 0 ? i + 1 : first;
            missing++;
        }
    }
    if (missing == 0) {
        return true;
    }
    hint_missing(c, p->run);
    return check_differ(
        c, check_text(c, "%zu records", p->transactions.count - (excepted > 0 ? 1 : 0)),
        check_text(c, "%zu records", p->records.count),
        "%zu of %zu lines are not in the topic; the first is line %zu", missing,
        p->transactions.count, first);
}
