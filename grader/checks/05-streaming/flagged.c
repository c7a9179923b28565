/*
 * Part 1: `stream flagged`, a record for every flagged transaction.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "streaming.h"

static const char *shown_transaction(struct check *c, const struct transaction *t)
{
    return check_text(c, "%s %s", t->user->id, t->amount);
}

/* A value that is no amount of ours. */
static bool fail_value(struct stream *s, const struct witnessed_record *r)
{
    struct check *c = s->c;
    if (bytes_is_null(r->value)) {
        check_hint(
            c, "the value is NULL: is amount a STRING in the schema? In the JSON it is a text, and "
               "a text is no number");
    } else {
        check_hint(
            c, "the value is the amount, as it stands in the JSON: digits, a point, two digits, "
               "and nothing else");
    }
    const struct transaction *t = s->sent_count > 0 ? s->sent[0] : NULL;
    return check_differ(c, t ? check_text(c, "an amount such as %s", t->amount) : "an amount",
                        record_value(c, r),
                        "a record of RESULTS (%s) has a value that is the amount of no transaction",
                        record_place(c, r));
}

static bool take(struct stream *s, const struct witnessed_record *r)
{
    struct check *c = s->c;
    struct transaction *t = map_get(&s->transactions_by_amount, r->value);
    if (!t) {
        return fail_value(s, r);
    }
    const struct user *user = record_user(s, r);
    if (!user) {
        return false;
    }
    if (user != t->user) {
        check_hint(c, "key and value of a record come from the same transaction");
        return check_differ(c, t->user->id, user->id, "the key of the transaction with amount %s",
                            t->amount);
    }
    if (!t->flagged) {
        check_hint(c, "only where flag is 1");
        return check_fail(c, "RESULTS has %s, and this transaction is not flagged: %s",
                          shown_transaction(c, t), t->json);
    }
    if (t->seen) {
        check_hint(c, "append mode, and one query: a row that was given out does not come again");
        return check_fail(c, "RESULTS has %s twice", shown_transaction(c, t));
    }
    t->seen = true;
    return true;
}

static size_t missing(const struct stream *s)
{
    size_t count = 0;
    for (size_t i = 0; i < s->sent_count; i++) {
        count += s->sent[i]->flagged && !s->sent[i]->seen;
    }
    return count;
}

/* What those that are missing have in common. */
static const char *hint_missing(const struct stream *s)
{
    if (s->taken == 0) {
        return "those that are in TOPIC before the start count too (startingOffsets), all of its partitions, and "
               "what is started goes to RESULTS";
    }
    for (size_t i = 0; i < s->sent_count; i++) {
        if (s->sent[i]->flagged && !s->sent[i]->seen && s->sent[i]->lot == 1) {
            return "where the flag is 1, whoever it is and whatever the amount, in all partitions";
        }
    }
    return "transactions that come after the start count as well: the default trigger goes on for ever";
}

static void give_up(struct stream *s, const char *why, const char *hint)
{
    struct check *c = s->c;
    size_t wanted = 0;
    const struct transaction *first = NULL;
    for (size_t i = 0; i < s->sent_count; i++) {
        wanted += s->sent[i]->flagged;
        if (!first && s->sent[i]->flagged && !s->sent[i]->seen) {
            first = s->sent[i];
        }
    }
    check_hint(c, "%s", hint ? hint : hint_missing(s));
    check_differ(c, check_text(c, "%zu records", wanted),
                 check_text(c, "%" PRId64 " records", s->taken),
                 "%s, and %zu of %zu flagged transactions are not in RESULTS; the first is %s", why,
                 missing(s), wanted, shown_transaction(c, first));
}

const struct judge judge_flagged = {
    .query = "flagged", .take = take, .missing = missing, .give_up = give_up
};

/* --- the checks --- */

static void flagged(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_flagged, .may_end = true };
    struct stream *s = stream_open(c, w, &spec);
    if (s) {
        (void)stream_run_first(s);
    }
    stream_close(s);
}

void check_flagged(struct check *c)
{
    with_witness(c, flagged);
}

/* Long enough for a program to find that there is nothing more to do, and to end, which it must not. */
enum { REST_MS = 60 };

/* One lot after the other, each when the one before has arrived; none is there before the start. */
static void flagged_later(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_flagged };
    struct stream *s = stream_open(c, w, &spec);
    bool good = s && stream_start(s);
    for (int64_t lots = check_range(c, 4, 6); good && lots > 0; lots--) {
        for (int64_t n = check_range(c, 1, 3); n > 0; n--) {
            stream_add_many(s, &s->users[check_range(c, 0, STREAM_USERS - 1)], check_range(c, 1, 2),
                            check_range(c, 0, 3));
        }
        good = stream_send(s) && stream_await(s);
        (void)check_wait(c, s->run, REST_MS);
    }
    if (good) {
        (void)stream_settle(s);
    }
    stream_close(s);
}

void check_flagged_later(struct check *c)
{
    with_witness(c, flagged_later);
}
