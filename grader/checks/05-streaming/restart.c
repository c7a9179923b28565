/*
 * Part 4: the program is killed and started again. Judged by `stream counts`, where a transaction that is lost or counted twice
 * cannot hide.
 */
#include <inttypes.h>

#include "base/clock.h"
#include "streaming.h"

/* --- killed when all is quiet --- */

/* Some go on while the program is not running; the others have nothing flagged, so RESULTS says nothing new of them. */
static bool send_meanwhile(struct stream *s)
{
    for (size_t i = 1; i < STREAM_USERS; i++) {
        bool some = i % 3 == (size_t)s->starts % 3;
        stream_add_many(s, &s->users[i], some ? check_range(s->c, 1, 3) : 0,
                        check_range(s->c, 0, 2));
    }
    return stream_send(s);
}

static void restart(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_counts, .may_end = true };
    struct stream *s = stream_open(c, w, &spec);
    if (s) {
        /* The batch that was the last may be run again. It is that of the second probe: stream_settle() has seen the end of
         * all others. */
        s->users[0].may_repeat = true;
    }
    bool good = s && stream_run_first(s);
    for (int i = 0; good && i < 2; i++) {
        good = stream_kill(s) && send_meanwhile(s) && stream_start(s) && stream_await(s) &&
               stream_settle(s);
    }
    stream_close(s);
}

void check_restart(struct check *c)
{
    with_witness(c, restart);
}

/* --- killed in the middle of its work --- */

enum { ROUND_MAX = 1500, PACE_MS = 2, ROUNDS = 5 };

/* In each round others make transactions, so that what is lost in it is not made good by a later one. */
static bool send_one(struct stream *s)
{
    size_t who = (size_t)check_range(s->c, 0, (STREAM_USERS - 1) / ROUNDS - 1);
    (void)stream_add(s, &s->users[1 + (size_t)(s->starts - 1) % ROUNDS + ROUNDS * who], true);
    return stream_send_quietly(s) && stream_take(s, PACE_MS);
}

/* Sends flagged transactions one by one until the program has said `enough`, and a few more, in whose middle it is killed. */
static bool interrupt(struct stream *s, int64_t enough, int64_t more)
{
    int64_t before = s->taken;
    size_t lot = s->sent_count;
    for (int i = 0; i < ROUND_MAX && more > 0; i++) {
        if (!send_one(s)) {
            return false;
        }
        if (check_wait(s->c, s->run, 0)) {
            break; /* stream_kill() has the words */
        }
        more -= s->taken >= before + enough;
    }
    check_step(s->c,
               "sent %zu flagged transactions, one by one; %" PRId64 " records came meanwhile",
               s->sent_count - lot, s->taken - before);
    return stream_kill(s);
}

static void killed_often(struct check *c, struct witness *w)
{
    const struct stream_spec spec = { .judge = &judge_counts, .may_repeat = true };
    struct stream *s = stream_open(c, w, &spec);
    bool good = s != NULL;
    for (int rounds = ROUNDS; good && rounds > 0; rounds--) {
        good = stream_start(s) && interrupt(s, check_range(c, 1, 20), check_range(c, 1, 8));
    }
    if (good && stream_start(s) && stream_await(s)) {
        (void)stream_settle(s);
    }
    stream_close(s);
}

void check_killed_often(struct check *c)
{
    with_witness(c, killed_often);
}
