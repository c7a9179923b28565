/*
 * Part 3: `stream alerts`, who has made more than one flagged transaction.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "streaming.h"

/* --- the judge --- */

static bool take(struct stream *s, const struct witnessed_record *r)
{
    struct check *c = s->c;
    struct user *u = record_user(s, r);
    if (!u) {
        return false;
    }
    if (!bytes_equal_text(r->value, "1")) {
        check_hint(c, "the value is the column fraud, which is 1 for everybody, as a text");
        return check_differ(c, "1", record_value(c, r), "the value of the alert of %s (%s)", u->id,
                            record_place(c, r));
    }
    if (u->flagged < 2) {
        check_hint(c, "an alert is for those with more than one flagged transaction");
        return check_fail(
            c, "RESULTS has an alert of %s, who has made %" PRId64 " flagged transaction%s", u->id,
            u->flagged, u->flagged == 1 ? "" : "s");
    }
    u->alerts++;
    if (u->alerts > u->alerts_max) {
        check_hint(c, "an alert comes when the count has changed, in update mode");
        return check_differ(c, check_text(c, "at most %" PRId64, u->alerts_max),
                            check_text(c, "%" PRId64, u->alerts),
                            "RESULTS has alert number %" PRId64
                            " of %s, whose count has not changed since the last",
                            u->alerts, u->id);
    }
    return true;
}

static size_t missing(const struct stream *s)
{
    size_t count = 0;
    for (size_t i = 0; i < STREAM_USERS; i++) {
        count += s->users[i].alerts < s->users[i].alerts_min;
    }
    return count;
}

static void give_up(struct stream *s, const char *why, const char *hint)
{
    struct check *c = s->c;
    size_t first = 0;
    for (size_t i = STREAM_USERS; i > 0; i--) {
        first = s->users[i - 1].alerts < s->users[i - 1].alerts_min ? i - 1 : first;
    }
    const struct user *u = &s->users[first];
    if (hint) {
        check_hint(c, "%s", hint);
    } else if (u->alerts == 0) {
        check_hint(
            c,
            "everybody with more than one flagged transaction gets an alert, also one who has jumped "
            "from none to five in a batch: count > 1");
    } else {
        check_hint(
            c,
            "whose count grows, and is more than 1, gets an alert each time: it is for somebody who looks "
            "at RESULTS and has not seen the earlier ones");
    }
    check_differ(
        c, check_text(c, "at least %" PRId64 " of %s", u->alerts_min, u->id),
        check_text(c, "%" PRId64 " of %s", u->alerts, u->id),
        "%s, and alerts are missing in RESULTS, of %zu users; the first is %s, with %" PRId64
        " flagged transactions",
        why, missing(s), u->id, u->flagged);
}

const struct judge judge_alerts = {
    .query = "alerts", .take = take, .missing = missing, .give_up = give_up
};

/* --- the checks --- */

static void alerts(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_alerts, .may_end = true };
    struct stream *s = stream_open(c, w, &spec);
    if (s) {
        stream_add_first(s);
    }
    if (s && stream_send(s) && stream_start(s) && stream_await(s)) {
        (void)stream_settle_with_others(s);
    }
    stream_close(s);
}

void check_alerts(struct check *c)
{
    with_witness(c, alerts);
}

/* One flagged transaction for some of the users: another alert for each of them who now has more than one. */
static void add_one_for_some(struct stream *s)
{
    for (size_t i = 1; i < STREAM_USERS; i++) {
        struct user *u = &s->users[i];
        bool some = i % 2 == (size_t)s->lots / 3 % 2;
        stream_add_many(s, u, some, check_range(s->c, 0, 2));
        if (some && u->flagged > 1) {
            u->alerts_min++;
            u->alerts_max++;
        }
    }
}

static void alerts_again(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_alerts };
    struct stream *s = stream_open(c, w, &spec);
    bool good = s && stream_run_first(s);
    /* How many there were so far depends on how the batches fell; from here on it does not. */
    for (size_t i = 0; good && i < STREAM_USERS; i++) {
        s->users[i].alerts_min = s->users[i].alerts_max = s->users[i].alerts;
    }
    for (int lots = 4; good && lots > 0; lots--) {
        add_one_for_some(s);
        good = stream_send(s) && stream_await(s) && stream_settle(s);
    }
    stream_close(s);
}

void check_alerts_again(struct check *c)
{
    with_witness(c, alerts_again);
}
