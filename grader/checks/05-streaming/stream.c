/*
 * The student's program between its topics: started, killed, and what it says taken as it comes.
 */
#include <inttypes.h>
#include <signal.h>

#include "base/arena.h"
#include "base/clock.h"
#include "streaming.h"

/*
 * How long nothing may come while something is missing. A program needs some tenths of a second from its start to its
 * first record, and some thousandths from then on; this is for a machine that is busy with other things.
 */
enum { PATIENCE_MS = 10000, LOOK_MS = 50, TAKE_MAX = 1000, RESULT_PARTITIONS = 2 };

static const int64_t no_limit = 1000000;

/* --- life --- */

static bool make_topics(struct stream *s)
{
    if (!witness_create(s->w, s->topic, s->partitions, NULL) ||
        !witness_create(s->w, s->results, RESULT_PARTITIONS, NULL)) {
        return false;
    }
    check_step(s->c, "created TOPIC %s with %d partitions, and RESULTS %s with %d", s->topic,
               s->partitions, s->results, RESULT_PARTITIONS);
    s->tail = witness_tail(s->w, s->results, RESULT_PARTITIONS);
    return s->tail != NULL;
}

struct stream *stream_open(struct check *c, struct witness *w, const struct stream_spec *spec)
{
    struct stream *s = ARENA_NEW(check_arena(c), struct stream, 1);
    s->c = c;
    s->w = w;
    s->judge = spec->judge;
    s->partitions = spec->partitions > 0 ? spec->partitions : (int32_t)check_range(c, 2, 5);
    s->limit = spec->limit > 0 ? spec->limit : no_limit;
    s->may_end = spec->may_end;
    s->topic = check_name(c, "transactions");
    s->results = check_name(c, "results");
    s->checkpoint = check_name(c, "checkpoint");
    s->cents = check_range(c, 100, 20000);
    stream_make_users(s);
    for (size_t i = 0; i < STREAM_USERS; i++) {
        s->users[i].may_repeat = spec->may_repeat;
    }
    if (!make_topics(s)) {
        stream_close(s);
        return NULL;
    }
    return s;
}

void stream_close(struct stream *s)
{
    if (!s) {
        return;
    }
    /* Only when it has ended can be shown what it printed. */
    check_signal(s->c, s->run, SIGKILL);
    (void)check_wait(s->c, s->run, -1);
    map_finish(&s->users_by_id);
    map_finish(&s->transactions_by_amount);
}

/* --- the program --- */

bool stream_start(struct stream *s)
{
    struct check *c = s->c;
    const char *const vars[] = {
        check_text(c, "QUERY=%s", s->judge->query), check_text(c, "TOPIC=%s", s->topic),
        check_text(c, "RESULTS=%s", s->results),    check_text(c, "CHECKPOINT=%s", s->checkpoint),
        check_text(c, "LIMIT=%" PRId64, s->limit),  NULL,
    };
    if (check_over(c)) {
        return false;
    }
    s->run = check_start(c, &(struct check_run_spec){ .program = "stream", .vars = vars });
    if (s->starts++ > 0) {
        check_step(c, "started it again, with the same CHECKPOINT");
    } else if (s->limit < no_limit) {
        check_step(c, "started stream %s with LIMIT=%" PRId64, s->judge->query, s->limit);
    } else {
        check_step(c, "started stream %s", s->judge->query);
    }
    return s->run != NULL;
}

static bool says(struct bytes text, const char *words)
{
    return text.len > 0 && memmem(text.data, text.len, words, strlen(words));
}

/* What to say of a program that has failed, by its own words; they are shown as well. */
static const char *hint_failed(const struct check_run *run)
{
    static const struct {
        const char *words;
        const char *hint;
    } table[] = {
        { "is not written yet", "that function comes next: its TODO says what it is for" },
        { "Invalid streaming output mode: append",
          "append mode gives out rows that will never change again, and a count does: update mode" },
        { "attribute unsupported type",
          "the Kafka sink takes texts and bytes, nothing else: CAST(... AS STRING)" },
        { "Required attribute 'value' not found",
          "the Kafka sink looks for columns of the names key and value: AS key, AS value" },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (says(run->err, table[i].words)) {
            return table[i].hint;
        }
    }
    return "the program ended with an error; what it printed is shown below, and says what is wrong";
}

static const char *hint_ended(const struct check_run *run)
{
    if (run->ending == CHECK_SIGNALLED) {
        return "the program crashed. Compile it by hand, with -fsanitize=address added, and run it: that "
               "names the line (the README's \"Debugging\")";
    }
    if (run->ending == CHECK_EXITED && run->code == 0) {
        return "a streaming program goes on until somebody stops it: the default trigger, and "
               "weir_query_await(query, -1, &err) after the start";
    }
    return hint_failed(run);
}

bool stream_kill(struct stream *s)
{
    if (check_wait(s->c, s->run, 0)) {
        check_hint(s->c, "%s", hint_ended(s->run));
        check_step(s->c, "%s %s", s->run->program, s->run->message);
        return s->may_end || check_fail(s->c, "%s %s", s->run->program, s->run->message);
    }
    check_signal(s->c, s->run, SIGKILL);
    check_step(s->c, "killed it (kill -9)");
    return check_wait(s->c, s->run, -1);
}

/* --- what it says --- */

bool stream_take(struct stream *s, int timeout_ms)
{
    for (int i = 0; i < TAKE_MAX && !check_over(s->c); i++) {
        const struct witnessed_record *r = witness_tail_next(s->tail, i == 0 ? timeout_ms : 0);
        if (!r) {
            break;
        }
        s->taken++;
        (void)s->judge->take(s, r);
    }
    return !check_over(s->c);
}

static bool is_over(struct stream *s)
{
    return check_wait(s->c, s->run, 0) && witness_tail_is_done(s->tail);
}

static bool ended_well(const struct stream *s)
{
    return s->may_end && s->run->ending == CHECK_EXITED && s->run->code == 0;
}

/* Nothing is missing, or, when that is enough, the program has ended well. */
static bool await(struct stream *s, bool end_is_enough)
{
    int64_t taken = s->taken;
    int64_t deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
    while (!check_over(s->c) && s->judge->missing(s) > 0) {
        if (!stream_take(s, LOOK_MS)) {
            break;
        }
        if (s->taken > taken) {
            taken = s->taken;
            deadline_ms = clock_monotonic_ms() + PATIENCE_MS;
        } else if (is_over(s)) {
            if (end_is_enough && ended_well(s)) {
                return true;
            }
            s->judge->give_up(s, check_text(s->c, "%s %s", s->run->program, s->run->message),
                              hint_ended(s->run));
        } else if (clock_monotonic_ms() >= deadline_ms &&
                   witness_is_still_there(s->w, s->results, RESULT_PARTITIONS)) {
            s->judge->give_up(s, check_text(s->c, "nothing came for %d s", PATIENCE_MS / 1000),
                              NULL);
        }
    }
    return !check_over(s->c);
}

bool stream_await(struct stream *s)
{
    if (!await(s, false) || !witness_is_still_there(s->w, s->results, RESULT_PARTITIONS)) {
        return false;
    }
    check_step(s->c, "read RESULTS: %" PRId64 " records", s->taken);
    return true;
}

/* One more of the probes: so many flagged transactions of a user, and what comes of them. */
static bool probe(struct stream *s, struct user *user, int64_t flagged)
{
    stream_add_many(s, user, flagged, 0);
    user->alerts_min++;
    user->alerts_max++;
    return stream_send_quietly(s) && await(s, true);
}

static bool settle(struct stream *s, struct user *first, struct user *second, int64_t flagged)
{
    if (!probe(s, first, flagged)) {
        return false;
    }
    if (!check_wait(s->c, s->run, 0) && !probe(s, second, flagged)) {
        return false;
    }
    check_step(s->c, "sent flagged transactions of %s, then of %s, and saw what came of them",
               first->id, second->id);
    return !check_over(s->c);
}

bool stream_settle(struct stream *s)
{
    return settle(s, &s->users[0], &s->users[0], 1);
}

bool stream_settle_with_others(struct stream *s)
{
    return settle(s, &s->users[STREAM_USERS - 2], &s->users[STREAM_USERS - 1], 2);
}

bool stream_run_first(struct stream *s)
{
    stream_add_first(s);
    return stream_send(s) && stream_start(s) && stream_await(s) && stream_settle(s);
}
