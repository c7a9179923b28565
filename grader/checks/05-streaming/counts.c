/*
 * Parts 2 and 5: `stream counts`, how many flagged transactions everybody has made.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "streaming.h"

/* --- the judge --- */

/* Digits only, and not too many. */
static bool parse_count(struct bytes value, int64_t *out_count)
{
    enum { DIGITS_MAX = 9 };
    int64_t count = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return false;
        }
        count = count * 10 + value.data[i] - '0';
        if (i == DIGITS_MAX) {
            return false;
        }
    }
    *out_count = count;
    return value.len > 0;
}

static bool fail_too_many(struct stream *s, const struct user *u, int64_t count)
{
    struct check *c = s->c;
    if (s->starts > 1) {
        check_hint(
            c,
            "something was counted twice: what was read, and what was counted, have to be remembered "
            "together. Both are in the checkpoint");
    } else {
        check_hint(
            c,
            "only the flagged transactions count, each once, and for one id: name and surname together");
    }
    return check_differ(
        c, check_text(c, "at most %" PRId64, u->flagged), check_text(c, "%" PRId64, count),
        "RESULTS says %" PRId64 " of %s, who has made %" PRId64 " flagged transactions so far",
        count, u->id, u->flagged);
}

static bool fail_fewer(struct stream *s, const struct user *u, int64_t count)
{
    struct check *c = s->c;
    if (s->starts > 1) {
        check_hint(
            c,
            "it has begun to count anew. What it counted before is in the checkpoint folder, so that "
            "has to be the same at every start: CHECKPOINT");
    } else {
        check_hint(c, "a count goes on from batch to batch: weir_group_count() keeps it, over all "
                      "partitions and all batches");
    }
    return check_differ(
        c, check_text(c, "more than %" PRId64, u->count), check_text(c, "%" PRId64, count),
        "the count of %s falls from %" PRId64 " to %" PRId64, u->id, u->count, count);
}

static bool fail_again(struct stream *s, const struct user *u, int64_t count)
{
    struct check *c = s->c;
    if (s->starts > 1) {
        check_hint(
            c,
            "was everything counted again from the beginning of TOPIC? How far it has read, and what it "
            "has counted, is in the checkpoint folder, so that has to be the same at every start: "
            "CHECKPOINT");
    } else {
        check_hint(c,
                   "update mode gives out the counts that have changed, complete mode all of them");
    }
    return check_fail(c,
                      "RESULTS says %" PRId64
                      " of %s a second time, although %s has made no other flagged "
                      "transaction since",
                      count, u->id, u->id);
}

static bool fail_step(struct stream *s, const struct user *u, int64_t count)
{
    struct check *c = s->c;
    check_hint(c, "the source's option maxOffsetsPerTrigger bounds a batch; set it to LIMIT");
    return check_differ(c, check_text(c, "at most %" PRId64, u->count + s->limit),
                        check_text(c, "%" PRId64, count),
                        "the count of %s rises from %" PRId64 " to %" PRId64
                        " at once: that batch had more than LIMIT=%" PRId64 " transactions",
                        u->id, u->count, count, s->limit);
}

static bool take(struct stream *s, const struct witnessed_record *r)
{
    struct check *c = s->c;
    int64_t count;
    struct user *u = record_user(s, r);
    if (!u) {
        return false;
    }
    if (!parse_count(r->value, &count)) {
        check_hint(
            c, "the value is the count in decimal digits, CAST(count AS STRING), and nothing else");
        return check_differ(c, "a number such as 2", record_value(c, r),
                            "the value of a record of %s (%s)", u->id, record_place(c, r));
    }
    if (count > u->flagged) {
        return fail_too_many(s, u, count);
    }
    if (count < u->count || count == 0) {
        return fail_fewer(s, u, count);
    }
    if (count == u->count && !u->may_repeat) {
        return fail_again(s, u, count);
    }
    if (count > u->count + s->limit) {
        return fail_step(s, u, count);
    }
    u->count = count;
    return true;
}

static size_t missing(const struct stream *s)
{
    size_t count = 0;
    for (size_t i = 0; i < STREAM_USERS; i++) {
        count += s->users[i].count != s->users[i].flagged;
    }
    return count;
}

static void give_up(struct stream *s, const char *why, const char *hint)
{
    struct check *c = s->c;
    size_t first = 0;
    size_t wanted = 0;
    for (size_t i = STREAM_USERS; i > 0; i--) {
        wanted += s->users[i - 1].flagged > 0;
        first = s->users[i - 1].count != s->users[i - 1].flagged ? i - 1 : first;
    }
    const struct user *u = &s->users[first];
    if (hint) {
        check_hint(c, "%s", hint);
    } else if (s->starts > 1) {
        check_hint(
            c,
            "what came while it was not running counts as well, and what it had read may be counted only "
            "when its effect is in RESULTS: the engine sees to both, from the checkpoint");
    } else {
        check_hint(
            c, "count the flagged ones by id, over all partitions, and send key and value of every "
               "count that has changed");
    }
    check_differ(c, check_text(c, "%s %" PRId64, u->id, u->flagged),
                 u->count > 0 ? check_text(c, "%s %" PRId64, u->id, u->count)
                              : check_text(c, "no record of %s", u->id),
                 "%s, and %zu of %zu users do not have their count in RESULTS; the first is %s",
                 why, missing(s), wanted, u->id);
}

const struct judge judge_counts = {
    .query = "counts", .take = take, .missing = missing, .give_up = give_up
};

/* --- part 2 --- */

static void counts(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_counts, .may_end = true, .may_repeat = true };
    struct stream *s = stream_open(c, w, &spec);
    if (s) {
        (void)stream_run_first(s);
    }
    stream_close(s);
}

void check_counts(struct check *c)
{
    with_witness(c, counts);
}

/* Everybody goes on, but only some with flagged transactions. */
static void add_for_some(struct stream *s)
{
    for (size_t i = 1; i < STREAM_USERS; i++) {
        bool some = i % 3 == (size_t)s->lots % 3;
        stream_add_many(s, &s->users[i], some ? check_range(s->c, 1, 3) : 0,
                        check_range(s->c, 1, 2));
    }
}

static void updates(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_counts };
    struct stream *s = stream_open(c, w, &spec);
    bool good = s && stream_run_first(s);
    for (int lots = 3; good && lots > 0; lots--) {
        add_for_some(s);
        good = stream_send(s) && stream_await(s) && stream_settle(s);
    }
    stream_close(s);
}

void check_updates(struct check *c)
{
    with_witness(c, updates);
}

/* --- part 5 --- */

/* A flagged transaction of which something is not there. */
static const char *without(struct check *c, const char *name, const char *surname)
{
    return check_text(c, "{%s%s\"amount\": \"%d.%02d\", \"delta_t\": \"1.00\", \"flag\": 1}", name,
                      surname, (int)check_range(c, 0, 999), (int)check_range(c, 0, 99));
}

/* What is no transaction at all, or nobody's. */
static bool send_bad(struct stream *s)
{
    struct check *c = s->c;
    const struct user *u = &s->users[check_range(c, 1, STREAM_USERS - 1)];
    const char *name = check_text(c, "\"name\": \"%s\", ", u->name);
    const char *surname = check_text(c, "\"surname\": \"%s\", ", u->surname);
    const char *const values[] = {
        "no transaction",
        "",
        "{",
        "[1, 2]",
        "17",
        "null",
        "\xff\xfe",
        check_text(c, "{%s\"surname\": ", name),
        check_text(c, "{%s%s}", name, "\"flag\": 0"),
        without(c, name, ""),
        without(c, "", surname),
        without(c, "\"name\": null, ", surname),
        without(c, name, "\"surname\": null, "),
        without(c, "", ""),
    };
    enum { COUNT = sizeof(values) / sizeof(values[0]) };
    struct bytes all[COUNT + 1] = { [COUNT] = { 0 } }; /* the last has no value at all */
    for (size_t i = 0; i < COUNT; i++) {
        all[i] = bytes_of(values[i]);
    }
    check_shuffle(c, all, COUNT + 1, sizeof(all[0]));
    check_step(
        c,
        "sent %d values that are no transaction, or nobody's: no JSON, no name, no surname, no value",
        COUNT + 1);
    return stream_send_values(s, all, COUNT + 1);
}

/* The same members in another order, with blanks, and with one that nobody knows: still a transaction. */
static void add_strange(struct stream *s, struct user *u)
{
    struct transaction *t = stream_add(s, u, true);
    if (t) {
        t->json = check_text(
            s->c,
            " { \"flag\" : 1 , \"note\" : { \"flag\" : 0 , \"name\" : [ \"Nobody\" ] } , \"surname\" : "
            "\"%s\" ,\"delta_t\":\"0.25\",\"amount\":\"%s\", \"name\" : \"%s\" } ",
            u->surname, t->amount, u->name);
    }
}

static void bad_records(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_counts, .may_end = true, .may_repeat = true };
    struct stream *s = stream_open(c, w, &spec);
    if (s && send_bad(s)) {
        add_strange(s, &s->users[check_range(c, 1, STREAM_USERS - 1)]);
        add_strange(s, &s->users[check_range(c, 1, STREAM_USERS - 1)]);
        stream_add_first(s);
        if (stream_send(s) && send_bad(s) && stream_start(s) && stream_await(s)) {
            (void)stream_settle(s);
        }
    }
    stream_close(s);
}

void check_bad_records(struct check *c)
{
    with_witness(c, bad_records);
}

/* One partition, and a user who makes nearly all that is in it. */
static void small_batches(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_counts,
                                      .partitions = 1,
                                      .limit = check_range(c, 5, 9),
                                      .may_end = true,
                                      .may_repeat = true };
    struct stream *s = stream_open(c, w, &spec);
    if (s) {
        stream_add_many(s, &s->users[1], check_range(c, 50, 70), 0);
        for (size_t i = 0; i < STREAM_USERS; i++) {
            stream_add_many(s, &s->users[i], check_range(c, 0, 1), 0);
        }
        if (stream_send(s) && stream_start(s) && stream_await(s)) {
            (void)stream_settle(s);
        }
    }
    stream_close(s);
}

void check_small_batches(struct check *c)
{
    with_witness(c, small_batches);
}
