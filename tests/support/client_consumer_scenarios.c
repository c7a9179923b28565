/*
 * What the consumer promises: reading, positions, and groups.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "client_scenario.h"

/* --- Consumer --- */

static void polling_keeps_order_and_limits(struct scenario *s)
{
    topic_create(s, 1);
    send_numbers(s, 0, 20);
    struct weir_consumer *consumer = consumer_on(s, 0, "earliest");
    struct weir_records records = { NULL, 0 };
    struct weir_error err;
    int64_t next = 0;
    while (next < 20 && !s->failed) {
        enum weir_status rc = weir_consumer_poll(consumer, WAIT_MS, 7, &records, &err);
        expect_status(s, "poll", WEIR_OK, rc, &err);
        expect(s, records.count >= 1 && records.count <= 7, "%zu records in one poll of at most 7",
               records.count);
        for (size_t i = 0; i < records.count; i++) {
            char value[16];
            snprintf(value, sizeof(value), "%" PRId64, next);
            expect_i64(s, "offset", next, records.items[i].offset);
            expect(s, weir_slice_equal(records.items[i].value, weir_text(value)), "wrong value");
            next++;
        }
    }
    expect_quiet(s, consumer);
    weir_consumer_close(consumer);
}

static void peeking_does_not_move(struct scenario *s)
{
    topic_create(s, 1);
    send_numbers(s, 0, 10);
    struct weir_consumer *consumer = consumer_on(s, 0, "earliest");
    const struct weir_topic_partition partition = { s->topic, 0 };
    struct weir_records records = { NULL, 0 };
    struct weir_error err;
    int64_t position = -1;
    expect_next(s, consumer, 0);
    for (int round = 0; round < 3; round++) {
        expect_status(s, "peek", WEIR_OK, weir_consumer_peek(consumer, WAIT_MS, 2, &records, &err),
                      &err);
        expect(s, records.count > 0 && records.items[0].offset == 1, "peek does not begin at 1");
    }
    expect_status(s, "position", WEIR_OK,
                  weir_consumer_position(consumer, partition, &position, &err), &err);
    expect_i64(s, "position", 1, position);
    expect_run(s, consumer, 1, 9);
    weir_consumer_close(consumer);
}

static void seeking_goes_anywhere_any_time(struct scenario *s)
{
    topic_create(s, 2);
    send_numbers(s, 0, 50);
    send_numbers(s, 1, 50);
    struct weir_consumer *consumer = consumer_create(s, NULL, "earliest");
    const struct weir_topic_partition both[] = { { s->topic, 0 }, { s->topic, 1 } };
    struct weir_error err;
    expect_status(s, "assign", WEIR_OK, weir_consumer_assign(consumer, both, 1, &err), &err);
    expect_status(s, "seek first", WEIR_OK, weir_consumer_seek(consumer, both[0], 40, &err), &err);
    expect_run(s, consumer, 40, 3);
    expect_status(s, "seek back", WEIR_OK, weir_consumer_seek(consumer, both[0], 5, &err), &err);
    expect_run(s, consumer, 5, 45);
    expect_status(s, "to the beginning", WEIR_OK, weir_consumer_seek_to_beginning(consumer, &err),
                  &err);
    expect_run(s, consumer, 0, 2);
    expect_status(s, "to the end", WEIR_OK, weir_consumer_seek_to_end(consumer, &err), &err);
    expect_quiet(s, consumer);
    send_numbers(s, 0, 1);
    expect_next(s, consumer, 50);
    /* A seek of one partition leaves the position of the other where it is. */
    expect_status(s, "assign both", WEIR_OK, weir_consumer_assign(consumer, both, 2, &err), &err);
    expect_status(s, "seek 0", WEIR_OK, weir_consumer_seek(consumer, both[0], 51, &err), &err);
    expect_status(s, "seek 1", WEIR_OK, weir_consumer_seek(consumer, both[1], 10, &err), &err);
    expect_run(s, consumer, 10, 5);
    expect_status(s, "seek 0", WEIR_OK, weir_consumer_seek(consumer, both[0], 51, &err), &err);
    expect_run(s, consumer, 15, 35);
    expect_quiet(s, consumer);
    weir_consumer_close(consumer);
}

static void pausing_holds_one_partition(struct scenario *s)
{
    topic_create(s, 2);
    send_numbers(s, 0, 5);
    send_numbers(s, 1, 5);
    struct weir_consumer *consumer = consumer_create(s, NULL, "earliest");
    const struct weir_topic_partition both[] = { { s->topic, 0 }, { s->topic, 1 } };
    struct weir_error err;
    expect_status(s, "assign", WEIR_OK, weir_consumer_assign(consumer, both, 2, &err), &err);
    expect_status(s, "pause", WEIR_OK, weir_consumer_pause(consumer, both[0], &err), &err);
    expect_run(s, consumer, 0, 5);
    expect_quiet(s, consumer);
    expect_status(s, "resume", WEIR_OK, weir_consumer_resume(consumer, both[0], &err), &err);
    expect_run(s, consumer, 0, 5);
    weir_consumer_close(consumer);
}

static void latest_skips_what_is_there(struct scenario *s)
{
    topic_create(s, 1);
    send_numbers(s, 0, 5);
    struct weir_consumer *consumer = consumer_on(s, 0, NULL);
    expect_quiet(s, consumer);
    send_numbers(s, 0, 2);
    expect_run(s, consumer, 5, 2);
    weir_consumer_close(consumer);
}

static void the_broker_tells_what_it_has(struct scenario *s)
{
    topic_create(s, 2);
    send_numbers(s, 1, 10); /* at 1000, 1001, ... */
    struct weir_consumer *consumer = consumer_create(s, NULL, "earliest");
    const struct weir_topic_partition partition = { s->topic, 1 };
    const struct weir_topic_partition missing = { s->topic, 9 };
    struct weir_error err;
    int64_t begin = -1;
    int64_t end = -1;
    int32_t count = -1;
    expect_status(s, "offsets", WEIR_OK,
                  weir_consumer_offsets(consumer, partition, &begin, &end, &err), &err);
    expect_i64(s, "begin", 0, begin);
    expect_i64(s, "end", 10, end);
    expect_status(s, "offsets of no partition", WEIR_ENOTFOUND,
                  weir_consumer_offsets(consumer, missing, &begin, &end, &err), &err);
    expect_status(s, "partitions", WEIR_OK,
                  weir_consumer_partition_count(consumer, s->topic, &count, &err), &err);
    expect_i64(s, "partitions", 2, count);
    expect_status(s, "no such topic", WEIR_ENOTFOUND,
                  weir_consumer_partition_count(consumer, "no-such-topic", &count, &err), &err);
    int64_t offset = -1;
    expect_status(s, "offset for a time", WEIR_OK,
                  weir_consumer_offset_for_time(consumer, partition, 1004, &offset, &err), &err);
    expect_i64(s, "offset for a time", 4, offset);
    expect_status(s, "offset for a late time", WEIR_ENOTFOUND,
                  weir_consumer_offset_for_time(consumer, partition, 2000, &offset, &err), &err);
    weir_consumer_close(consumer);
}

/* --- Groups --- */

struct events {
    int assigned;
    int revoked;
    size_t held;
};

static void on_assigned(struct weir_consumer *consumer,
                        const struct weir_topic_partition *partitions,
                        size_t count,
                        void *context)
{
    (void)consumer;
    (void)partitions;
    struct events *events = context;
    events->assigned++;
    events->held = count;
}

static void on_revoked(struct weir_consumer *consumer,
                       const struct weir_topic_partition *partitions,
                       size_t count,
                       void *context)
{
    (void)partitions;
    (void)count;
    struct events *events = context;
    events->revoked++;
    events->held = 0;
    /* The moment to commit: the next owner goes on from here. */
    if (weir_consumer_commit(consumer, NULL) < 0) {
        events->revoked += 1000;
    }
}

static struct weir_consumer *member_join(struct scenario *s, struct events *events)
{
    struct weir_consumer *consumer = consumer_create(s, s->topic, "earliest");
    const char *const topics[] = { s->topic };
    const struct weir_rebalance_listener listener = { on_revoked, on_assigned, events };
    struct weir_error err;
    expect_status(s, "subscribe", WEIR_OK,
                  weir_consumer_subscribe(consumer, topics, 1, &listener, &err), &err);
    return consumer;
}

/* Polls both until each holds what it should; the records that came meanwhile. */
static size_t settle(struct scenario *s,
                     struct weir_consumer *const consumers[2],
                     const struct events events[2],
                     size_t first,
                     size_t second)
{
    int64_t deadline_ms = now_ms() + 20000;
    size_t records_count = 0;
    while ((events[0].held != first || events[1].held != second) && now_ms() < deadline_ms) {
        for (int i = 0; i < 2; i++) {
            struct weir_records records = { NULL, 0 };
            struct weir_error err;
            if (consumers[i]) {
                expect_status(s, "poll", WEIR_OK,
                              weir_consumer_poll(consumers[i], 50, 0, &records, &err), &err);
            }
            records_count += records.count;
        }
    }
    expect_i64(s, "partitions of the first member", (int64_t)first, (int64_t)events[0].held);
    expect_i64(s, "partitions of the second member", (int64_t)second, (int64_t)events[1].held);
    return records_count;
}

static void a_group_shares_partitions(struct scenario *s)
{
    topic_create(s, 2);
    struct events events[2] = { { 0 } };
    struct weir_consumer *members[2] = { member_join(s, &events[0]), NULL };
    settle(s, members, events, 2, 0);
    members[1] = member_join(s, &events[1]);
    settle(s, members, events, 1, 1);
    const char *const *topics;
    const struct weir_topic_partition *held;
    expect_i64(s, "subscriptions", 1, (int64_t)weir_consumer_subscription(members[0], &topics));
    expect_i64(s, "partitions held", 1, (int64_t)weir_consumer_assignment(members[0], &held));
    weir_consumer_close(members[1]);
    members[1] = NULL;
    settle(s, members, events, 2, 0);
    expect(s, events[0].revoked >= 1 && events[0].revoked < 1000 && events[0].assigned >= 3,
           "the first member was told %d times that it got partitions, %d times that it lost them",
           events[0].assigned, events[0].revoked);
    weir_consumer_close(members[0]);
}

static void a_group_goes_on_where_it_stopped(struct scenario *s)
{
    topic_create(s, 1);
    send_numbers(s, 0, 10);
    const struct weir_topic_partition partition = { s->topic, 0 };
    struct events events[2] = { { 0 } };
    struct weir_error err;
    int64_t offset = -1;
    struct weir_consumer *consumer = member_join(s, &events[0]);
    expect_run(s, consumer, 0, 4);
    expect_status(s, "committed before", WEIR_ENOTFOUND,
                  weir_consumer_committed(consumer, partition, &offset, &err), &err);
    expect_status(s, "commit", WEIR_OK, weir_consumer_commit(consumer, &err), &err);
    expect_status(s, "committed", WEIR_OK,
                  weir_consumer_committed(consumer, partition, &offset, &err), &err);
    expect_i64(s, "committed", 4, offset);
    weir_consumer_close(consumer);
    consumer = member_join(s, &events[1]);
    expect_run(s, consumer, 4, 6);
    expect_status(s, "seek in a group", WEIR_OK, weir_consumer_seek(consumer, partition, 2, &err),
                  &err);
    expect_run(s, consumer, 2, 8);
    weir_consumer_close(consumer);
}

/* The protocol that takes away only what moves (KIP-429) changes how an assignment is told, not what a seek does. */
static void a_cooperative_group_seeks_and_pauses(struct scenario *s)
{
    topic_create(s, 1);
    send_numbers(s, 0, 10);
    const struct weir_option options[] = {
        { "bootstrap.servers", s->bootstrap },
        { "group.id", s->topic },
        { "auto.offset.reset", "earliest" },
        { "partition.assignment.strategy", "cooperative-sticky" },
        { "consumer.timeout.ms", "10000" },
        { NULL, NULL },
    };
    const struct weir_topic_partition partition = { s->topic, 0 };
    const char *const topics[] = { s->topic };
    struct weir_consumer *consumer = NULL;
    struct weir_error err;
    expect_status(s, "create", WEIR_OK, weir_consumer_create(options, &consumer, &err), &err);
    expect_status(s, "subscribe", WEIR_OK, weir_consumer_subscribe(consumer, topics, 1, NULL, &err),
                  &err);
    expect_run(s, consumer, 0, 5);
    expect_status(s, "seek", WEIR_OK, weir_consumer_seek(consumer, partition, 2, &err), &err);
    expect_run(s, consumer, 2, 3);
    expect_status(s, "pause", WEIR_OK, weir_consumer_pause(consumer, partition, &err), &err);
    expect_quiet(s, consumer);
    expect_status(s, "resume", WEIR_OK, weir_consumer_resume(consumer, partition, &err), &err);
    expect_run(s, consumer, 5, 5);
    weir_consumer_close(consumer);
}

/* What a poll returned is committed automatically when the caller comes back, and not before. */
static void automatic_commits_are_at_least_once(struct scenario *s)
{
    topic_create(s, 1);
    send_numbers(s, 0, 10);
    const struct weir_option options[] = {
        { "bootstrap.servers", s->bootstrap }, { "group.id", s->topic },
        { "auto.offset.reset", "earliest" },   { "auto.commit.interval.ms", "50" },
        { "consumer.timeout.ms", "10000" },    { NULL, NULL }
    };
    const struct weir_topic_partition partition = { s->topic, 0 };
    const char *const topics[] = { s->topic };
    struct weir_consumer *consumer = NULL;
    struct weir_error err;
    int64_t offset = -1;
    expect_status(s, "create", WEIR_OK, weir_consumer_create(options, &consumer, &err), &err);
    expect_status(s, "subscribe", WEIR_OK, weir_consumer_subscribe(consumer, topics, 1, NULL, &err),
                  &err);
    expect_run(s, consumer, 0, 3);
    struct timespec while_working = { .tv_nsec = 400 * 1000000 };
    nanosleep(&while_working, NULL); /* the interval passes several times */
    expect_status(s, "committed", WEIR_OK,
                  weir_consumer_committed(consumer, partition, &offset, &err), &err);
    expect_i64(s, "committed while record 2 is worked on", 2, offset);
    weir_consumer_close(consumer);
    consumer = consumer_create(s, s->topic, "earliest");
    expect_status(s, "committed", WEIR_OK,
                  weir_consumer_committed(consumer, partition, &offset, &err), &err);
    expect_i64(s, "committed by closing", 3, offset);
    weir_consumer_close(consumer);
}

const struct named_scenario consumer_scenarios[] = {
    { "polling keeps order and limits", polling_keeps_order_and_limits },
    { "peeking does not move", peeking_does_not_move },
    { "seeking goes anywhere, any time", seeking_goes_anywhere_any_time },
    { "pausing holds one partition", pausing_holds_one_partition },
    { "latest skips what is there", latest_skips_what_is_there },
    { "the broker tells what it has", the_broker_tells_what_it_has },
    { "a group shares partitions", a_group_shares_partitions },
    { "a group goes on where it stopped", a_group_goes_on_where_it_stopped },
    { "a cooperative group seeks and pauses", a_cooperative_group_seeks_and_pauses },
    { "automatic commits are at-least-once", automatic_commits_are_at_least_once },
};

const size_t consumer_scenario_count = sizeof(consumer_scenarios) / sizeof(consumer_scenarios[0]);
