/*
 * What the client API promises, tried on a running cluster: client_scenarios HOST:PORT [NUMBER]...
 *
 * Compiled as a student's program is, against the public headers and libweir.a. Each scenario makes a topic of its own
 * and deletes it. Prints TAP; the exit status is 0 when all passed. It is the same on our broker and on Apache Kafka.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client_scenario.h"

/* --- Admin --- */

static void topics_are_created_described_and_deleted(struct scenario *s)
{
    struct weir_error err;
    const struct weir_option configs[] = { { "retention.ms", "86400000" }, { NULL, NULL } };
    const struct weir_new_topic topic = { s->topic, 3, 1, configs };
    expect_status(s, "create", WEIR_OK, weir_admin_create_topic(s->admin, &topic, WAIT_MS, &err),
                  &err);
    expect_status(s, "create again", WEIR_EEXIST,
                  weir_admin_create_topic(s->admin, &topic, WAIT_MS, &err), &err);
    struct weir_topic_list list = { NULL, 0 };
    expect_status(s, "list", WEIR_OK, weir_admin_topics(s->admin, WAIT_MS, &list, &err), &err);
    bool found = false;
    for (size_t i = 0; i < list.count; i++) {
        found = found || strcmp(list.names[i], s->topic) == 0;
        expect(s, strcmp(list.names[i], "__consumer_offsets") != 0, "internal topics are listed");
        expect(s, i == 0 || strcmp(list.names[i - 1], list.names[i]) < 0, "the list is not sorted");
    }
    expect(s, found, "the new topic is not in the list");
    weir_topic_list_finish(&list);
    struct weir_topic_info info = { NULL, 0 };
    expect_status(s, "describe", WEIR_OK,
                  weir_admin_describe_topic(s->admin, s->topic, WAIT_MS, &info, &err), &err);
    expect_i64(s, "partitions", 3, (int64_t)info.partition_count);
    for (size_t i = 0; i < info.partition_count; i++) {
        expect_i64(s, "partition number", (int64_t)i, info.partitions[i].partition);
        expect(s, info.partitions[i].leader >= 0, "partition %zu has no leader", i);
        expect_i64(s, "replicas", 1, (int64_t)info.partitions[i].replica_count);
        expect_i64(s, "replicas in sync", 1, (int64_t)info.partitions[i].in_sync_count);
    }
    weir_topic_info_finish(&info);
    char *value = NULL;
    expect_status(s, "setting", WEIR_OK,
                  weir_admin_topic_config(s->admin, s->topic, "retention.ms", &value, &err), &err);
    expect(s, value && strcmp(value, "86400000") == 0, "retention.ms is %s", value ? value : "?");
    free(value);
    expect_status(s, "no such setting", WEIR_ENOTFOUND,
                  weir_admin_topic_config(s->admin, s->topic, "retention", &value, &err), &err);
    expect_status(s, "delete", WEIR_OK, weir_admin_delete_topic(s->admin, s->topic, WAIT_MS, &err),
                  &err);
    expect_status(s, "delete again", WEIR_ENOTFOUND,
                  weir_admin_delete_topic(s->admin, s->topic, WAIT_MS, &err), &err);
    expect_status(s, "describe what is gone", WEIR_ENOTFOUND,
                  weir_admin_describe_topic(s->admin, s->topic, WAIT_MS, &info, &err), &err);
}

static void a_refusal_carries_the_brokers_words(struct scenario *s)
{
    struct weir_error err = { .message = "" };
    const struct weir_new_topic topic = { "no/such/name", 1, 1, NULL };
    expect_status(s, "create with a bad name", WEIR_EBROKER,
                  weir_admin_create_topic(s->admin, &topic, WAIT_MS, &err), &err);
    expect(s, strstr(err.message, "no/such/name") != NULL, "the error does not name it: %s",
           err.message);
    const struct weir_new_topic copies = { s->topic, 1, 99, NULL };
    expect_status(s, "create with 99 copies", WEIR_EBROKER,
                  weir_admin_create_topic(s->admin, &copies, WAIT_MS, &err), &err);
}

/* --- Producer --- */

/* murmur2 as Kafka's Utils.murmur2, the sign cut off: known values, so that a key lands where Java puts it. */
static void a_key_has_its_partition(struct scenario *s)
{
    static const struct {
        const char *key;
        int32_t partition;
    } known[] = { { "JohnSmith", 2 }, { "AliceJones", 3 }, { "AndyMillers", 4 }, { "", 1 } };
    topic_create(s, 5);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct weir_message message = text_message(s, WEIR_PARTITION_ANY, known[i].key, "value");
        struct weir_metadata first = send_one(s, &message);
        struct weir_metadata second = send_one(s, &message);
        expect_i64(s, known[i].key, known[i].partition, first.partition);
        expect_i64(s, "the same key again", first.partition, second.partition);
        expect_i64(s, "and the next offset", first.offset + 1, second.offset);
    }
}

static void everything_of_a_record_arrives(struct scenario *s)
{
    topic_create(s, 2);
    const struct weir_header headers[] = { { "a", weir_text("1") },
                                           { "a", weir_text("2") },
                                           { "null", weir_text(NULL) },
                                           { "empty", weir_text("") } };
    struct weir_message message = weir_message(s->topic, weir_text("key"), weir_text("value"));
    message.partition = 1;
    message.headers = headers;
    message.header_count = 4;
    message.timestamp_ms = 1234567890123;
    struct weir_metadata metadata = send_one(s, &message);
    expect_i64(s, "partition", 1, metadata.partition);
    expect_i64(s, "offset", 0, metadata.offset);
    struct weir_message bare = weir_message(s->topic, weir_text(NULL), weir_text(NULL));
    bare.partition = 1;
    send_one(s, &bare);

    struct weir_consumer *consumer = consumer_on(s, 1, "earliest");
    struct weir_error err;
    const struct weir_record *r;
    if (expect_status(s, "next", WEIR_OK, weir_consumer_next(consumer, &r, &err), &err)) {
        expect(s, strcmp(r->topic, s->topic) == 0 && r->partition == 1 && r->offset == 0,
               "the record's place is %s-%d at %" PRId64, r->topic, r->partition, r->offset);
        expect_i64(s, "timestamp", 1234567890123, r->timestamp_ms);
        expect_i64(s, "its type", WEIR_TIMESTAMP_CREATE, r->timestamp_type);
        expect(s, weir_slice_equal(r->key, weir_text("key")), "the key differs");
        expect(s, weir_slice_equal(r->value, weir_text("value")), "the value differs");
        expect_i64(s, "headers", 4, (int64_t)r->header_count);
        for (size_t i = 0; i < r->header_count && i < 4; i++) {
            expect(s,
                   strcmp(r->headers[i].name, headers[i].name) == 0 &&
                       weir_slice_equal(r->headers[i].value, headers[i].value),
                   "header %zu differs", i);
        }
    }
    if (expect_status(s, "next", WEIR_OK, weir_consumer_next(consumer, &r, &err), &err)) {
        expect(s, r->key.data == NULL && r->value.data == NULL, "null did not stay null");
        expect_i64(s, "headers", 0, (int64_t)r->header_count);
    }
    weir_consumer_close(consumer);
}

static void what_cannot_be_delivered_is_said(struct scenario *s)
{
    topic_create(s, 1);
    struct weir_error err = { .message = "" };
    struct weir_delivery *delivery = NULL;
    enum { TOO_LARGE = 2 << 20 };
    char *big = calloc(1, TOO_LARGE);
    struct weir_message message = text_message(s, WEIR_PARTITION_ANY, "k", "v");
    message.value = (struct weir_slice){ big, TOO_LARGE };
    expect_status(s, "too large", WEIR_ETOOBIG,
                  weir_producer_send(s->producer, &message, &delivery, &err), &err);
    free(big);
    struct weir_message fine = text_message(s, WEIR_PARTITION_ANY, "k", "v");
    send_one(s, &fine);
    struct weir_message nowhere = text_message(s, 7, "k", "v");
    enum weir_status rc = weir_producer_send(s->producer, &nowhere, &delivery, &err);
    if (rc == WEIR_OK) {
        rc = weir_delivery_wait(delivery, WAIT_MS, NULL, &err);
        weir_delivery_release(delivery);
    }
    expect_status(s, "no such partition", WEIR_ENOTFOUND, rc, &err);
    rc = weir_producer_flush(s->producer, WAIT_MS, &err);
    expect(s, rc == WEIR_OK || rc == WEIR_ENOTFOUND, "flush: %s", err.message);
}

/* The other process sends and ends; nothing may arrive. `self lose TOPIC` is that process. */
static int lose(const char *bootstrap, const char *topic)
{
    const struct weir_option options[] = { { "bootstrap.servers", bootstrap },
                                           { "linger.ms", "60000" },
                                           { NULL, NULL } };
    struct weir_producer *producer;
    struct weir_message message = weir_message(topic, weir_text("k"), weir_text("lost"));
    if (weir_producer_create(options, &producer, NULL) < 0 ||
        weir_producer_send(producer, &message, NULL, NULL) < 0) {
        return 1;
    }
    return 0; /* no flush, no close */
}

static void ending_without_flush_loses_what_is_queued(struct scenario *s)
{
    topic_create(s, 1);
    pid_t child = fork();
    if (child == 0) {
        execl(s->self, s->self, s->bootstrap, "--lose", s->topic, (char *)NULL);
        _exit(127);
    }
    int status;
    waitpid(child, &status, 0);
    expect(s, WIFEXITED(status) && WEXITSTATUS(status) == 0, "the other program failed");
    struct weir_consumer *consumer = consumer_create(s, NULL, "earliest");
    struct weir_error err;
    int64_t end = -1;
    const struct weir_topic_partition partition = { s->topic, 0 };
    expect_status(s, "offsets", WEIR_OK,
                  weir_consumer_offsets(consumer, partition, NULL, &end, &err), &err);
    expect_i64(s, "records that arrived", 0, end);
    weir_consumer_close(consumer);
}

/* The producer knows the topic already, so what is queued could be sent at once: with no time to flush it is not. */
static void closing_without_time_loses_what_is_queued(struct scenario *s)
{
    const struct weir_option options[] = { { "bootstrap.servers", s->bootstrap },
                                           { "linger.ms", "60000" },
                                           { NULL, NULL } };
    struct weir_producer *producer;
    struct weir_message message = weir_message(s->topic, weir_text("k"), weir_text("v"));
    struct weir_error err;
    topic_create(s, 1);
    expect_status(s, "create", WEIR_OK, weir_producer_create(options, &producer, &err), &err);
    expect_status(s, "send", WEIR_OK, weir_producer_send(producer, &message, NULL, &err), &err);
    expect_status(s, "flush", WEIR_OK, weir_producer_flush(producer, WAIT_MS, &err), &err);
    expect_status(s, "send again", WEIR_OK, weir_producer_send(producer, &message, NULL, &err),
                  &err);
    expect(s, weir_producer_close(producer, 0, &err) < 0, "closing says that a record was lost");
    struct weir_consumer *consumer = consumer_create(s, NULL, "earliest");
    int64_t end = -1;
    const struct weir_topic_partition partition = { s->topic, 0 };
    expect_status(s, "offsets", WEIR_OK,
                  weir_consumer_offsets(consumer, partition, NULL, &end, &err), &err);
    expect_i64(s, "records that arrived", 1, end);
    weir_consumer_close(consumer);
}

/* --- Running --- */

static const struct named_scenario own_scenarios[] = {
    { "topics are created, described and deleted", topics_are_created_described_and_deleted },
    { "a refusal carries the broker's words", a_refusal_carries_the_brokers_words },
    { "a key has its partition", a_key_has_its_partition },
    { "everything of a record arrives", everything_of_a_record_arrives },
    { "what cannot be delivered is said", what_cannot_be_delivered_is_said },
    { "ending without flush loses what is queued", ending_without_flush_loses_what_is_queued },
    { "closing without time loses what is queued", closing_without_time_loses_what_is_queued },
};

static bool run(const struct named_scenario *named, struct scenario *s)
{
    const struct weir_option options[] = { { "bootstrap.servers", s->bootstrap }, { NULL, NULL } };
    struct weir_error err;
    snprintf(s->topic, sizeof(s->topic), "client-%d-%zu", (int)getpid(), s->number);
    if (weir_admin_create(options, &s->admin, &err) < 0 ||
        weir_producer_create(options, &s->producer, &err) < 0) {
        printf("# %s\n", err.message);
        return false;
    }
    named->run(s);
    weir_producer_close(s->producer, WAIT_MS, NULL);
    if (weir_admin_delete_topic(s->admin, s->topic, WAIT_MS, NULL) == WEIR_ETIMEOUT) {
        printf("# topic %s is not deleted\n", s->topic);
    }
    weir_admin_close(s->admin);
    return !s->failed;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s HOST:PORT [NUMBER]...\n", argv[0]);
        return 4;
    }
    if (argc == 4 && strcmp(argv[2], "--lose") == 0) {
        return lose(argv[1], argv[3]);
    }
    size_t own_count = sizeof(own_scenarios) / sizeof(own_scenarios[0]);
    size_t count = own_count + consumer_scenario_count;
    size_t failed = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("TAP version 13\n1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        const struct named_scenario *named =
            i < own_count ? &own_scenarios[i] : &consumer_scenarios[i - own_count];
        bool wanted = argc == 2;
        for (int a = 2; a < argc; a++) {
            wanted = wanted || atol(argv[a]) == (long)i + 1;
        }
        struct scenario s = { .bootstrap = argv[1], .self = argv[0], .number = i + 1 };
        int64_t begin_ms = now_ms();
        bool ok = !wanted || run(named, &s);
        printf("%sok %zu - %s%s\n", ok ? "" : "not ", i + 1, named->name,
               wanted ? "" : " # SKIP not asked for");
        printf("# %" PRId64 " ms\n", now_ms() - begin_ms);
        failed += !ok;
    }
    return failed > 0;
}
