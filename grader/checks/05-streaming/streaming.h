/*
 * What the checks of lab 05 share: users and their transactions, the student's program between its two topics, and what
 * RESULTS should say.
 *
 *     check --transactions--> TOPIC --> stream QUERY --> RESULTS --records--> judge
 *
 * The check knows from its seed what every user has made. A **judge**, one a query, takes every record of RESULTS as it
 * comes, says whether it can be true, and when nothing is missing.
 */
#pragma once

#include "base/map.h"
#include "witness/witness.h"

/* One who makes transactions, and what RESULTS has said of him so far. */
struct user {
    const char *name;
    const char *surname;
    const char *id;     /* name and surname in one word */
    int64_t all;        /* transactions sent, or about to be */
    int64_t flagged;    /* those of them that are flagged */
    int64_t count;      /* `counts`: the last one; 0: none yet */
    int64_t alerts;     /* `alerts`: how many so far */
    int64_t alerts_min; /* so many there must be, */
    int64_t alerts_max; /* and so many there may be */
    bool may_repeat;    /* a count may come twice, as its batch may have been run again */
};

struct transaction {
    struct user *user;
    const char *amount; /* no two alike */
    const char *json;
    bool flagged;
    bool seen;   /* `flagged`: it is in RESULTS */
    int32_t lot; /* the number of the stream_send() that sent it, from 1 */
};

struct stream;

struct judge {
    const char *query;
    /* Takes a record of RESULTS. False: it cannot be true, and the check has failed, with a hint. */
    bool (*take)(struct stream *s, const struct witnessed_record *record);
    size_t (*missing)(const struct stream *s);
    /* Fails for what is missing, with expected and actual. `why`: what became of the program, "stream ended with ..."; or that it
     * took too long. `hint`: what to say of that; NULL: what is missing says more. */
    void (*give_up)(struct stream *s, const char *why, const char *hint);
};

extern const struct judge judge_flagged;
extern const struct judge judge_counts;
extern const struct judge judge_alerts;

enum { STREAM_USERS = 16, STREAM_TRANSACTIONS_MAX = 8000 };

/* The student's program between its topics. */
struct stream {
    struct check *c;
    struct witness *w;
    const struct judge *judge;
    const char *topic;
    int32_t partitions;
    const char *results;
    const char *checkpoint;
    int64_t limit;
    struct witness_tail *tail; /* of RESULTS */
    int64_t taken;             /* records of RESULTS */
    struct check_run *run;     /* the last; NULL: not started yet */
    int32_t starts;
    bool may_end; /* the program may end by itself when all is done */
    /* The first one makes the probes (stream_settle()); the last two make no flagged transaction in the first lot. */
    struct user users[STREAM_USERS];
    struct map users_by_id;
    struct map transactions_by_amount;
    struct transaction *sent[STREAM_TRANSACTIONS_MAX];
    size_t sent_count;
    struct transaction *next[STREAM_TRANSACTIONS_MAX]; /* to be sent */
    size_t next_count;
    int32_t lots;
    int64_t cents; /* the last amount */
};

/* What a check wants. */
struct stream_spec {
    const struct judge *judge;
    int32_t partitions; /* of TOPIC; 0: some */
    int64_t limit;      /* 0: more than there will ever be */
    bool may_end;
    bool may_repeat;
};

/* Makes the topics; nothing is sent or started yet. NULL: the check is over. */
struct stream *stream_open(struct check *c, struct witness *w, const struct stream_spec *spec);

/* Ends the program. NULL is fine. */
void stream_close(struct stream *s);

/* --- transactions (transactions.c) --- */

void stream_make_users(struct stream *s);

/* One more to be sent; its user's numbers know of it from here on. */
struct transaction *stream_add(struct stream *s, struct user *user, bool flagged);
void stream_add_many(struct stream *s, struct user *user, int64_t flagged, int64_t others);

/* The first lot: users with no, one, and up to five flagged transactions; the first user has two, for the alerts of probes. */
void stream_add_first(struct stream *s);

/* Sends what was added, in a random order, to random partitions; stream_send() as a step of the check. */
bool stream_send(struct stream *s);
bool stream_send_quietly(struct stream *s);

/* Other values, to TOPIC, to random partitions. */
bool stream_send_values(struct stream *s, const struct bytes *values, size_t count);

/* --- the program (stream.c) --- */

bool stream_start(struct stream *s);
bool stream_kill(struct stream *s);

/* Takes what RESULTS has now; waits for the first record up to `timeout_ms`. */
bool stream_take(struct stream *s, int timeout_ms);

/* Takes what comes until nothing is missing. */
bool stream_await(struct stream *s);

/* Waits until RESULTS has all that will come of what was sent: more is sent twice, the second time when the first has had its
 * effect. A batch begins when the one before is over: once the second has an effect, all before it is done. What is sent is a
 * flagged transaction of the first user, who has some already; or two of users that have none. */
bool stream_settle(struct stream *s);
bool stream_settle_with_others(struct stream *s);

/* The first lot sent, the program started, all awaited and settled. */
bool stream_run_first(struct stream *s);

/* --- records of RESULTS (judge.c) --- */

/* The user that the key names. NULL: there is none, and the check has failed. */
struct user *record_user(struct stream *s, const struct witnessed_record *record);

/* "partition 1, offset 7" */
const char *record_place(struct check *c, const struct witnessed_record *record);

/* Bytes for the eyes; "no value" for null. */
const char *record_value(struct check *c, const struct witnessed_record *record);

/* --- the checks --- */

void check_flagged(struct check *c);
void check_flagged_later(struct check *c);
void check_counts(struct check *c);
void check_updates(struct check *c);
void check_alerts(struct check *c);
void check_alerts_again(struct check *c);
void check_restart(struct check *c);
void check_killed_often(struct check *c);
void check_bad_records(struct check *c);
void check_small_batches(struct check *c);
