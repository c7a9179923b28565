/*
 * Transactions as librdkafka does them, for tests/integration/transactions_test.py. One mode a run:
 *
 *   scenarios BOOTSTRAP                 commit, abort, fencing, timeout, offsets within transactions, in the topics one, two and three, which
 *                                       must be there; prints "ok NAME" lines
 *   copy BOOTSTRAP IN OUT COUNT         COUNT records from IN to OUT, exactly once, in transactions of up to 20, every fifth of which
 *                                       is aborted and done again; the broker may die and come back meanwhile
 *   read BOOTSTRAP TOPIC                the committed records of partition 0, one value a line
 *
 * Exit status 1 and a line on standard error: something is not as it should be.
 */
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 60000, POLL_MS = 100, COPY_BATCH = 20, TEXT_MAX = 512 };

static const char *bootstrap;

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
    char text[TEXT_MAX];
    if (rd_kafka_conf_set(conf, key, value, text, sizeof(text)) != RD_KAFKA_CONF_OK) {
        die(key, text);
    }
}

static rd_kafka_t *make(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char text[TEXT_MAX];
    set(conf, "bootstrap.servers", bootstrap);
    set(conf, "reconnect.backoff.ms", "10");
    set(conf, "reconnect.backoff.max.ms", "100");
    set(conf, "topic.metadata.refresh.fast.interval.ms", "20");
    set(conf, "log_level", "0");
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof(text));
    if (!rk) {
        die("rd_kafka_new", text);
    }
    return rk;
}

/* NULL: done. Otherwise what rd_kafka says; the caller frees it. Tries again what may be tried again. */
static rd_kafka_error_t *init(rd_kafka_t *rk)
{
    rd_kafka_error_t *error;
    while ((error = rd_kafka_init_transactions(rk, WAIT_MS)) != NULL &&
           rd_kafka_error_is_retriable(error)) {
        rd_kafka_error_destroy(error);
    }
    return error;
}

static rd_kafka_t *producer(const char *id, const char *timeout_ms)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "transactional.id", id);
    set(conf, "transaction.timeout.ms", timeout_ms);
    set(conf, "linger.ms", "0");
    rd_kafka_t *rk = make(RD_KAFKA_PRODUCER, conf);
    rd_kafka_error_t *error = init(rk);
    if (error) {
        die("init_transactions", rd_kafka_error_string(error));
    }
    return rk;
}

static rd_kafka_t *consumer(const char *group, const char *isolation)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "group.id", group);
    set(conf, "isolation.level", isolation);
    set(conf, "enable.auto.commit", "false");
    set(conf, "auto.offset.reset", "earliest");
    set(conf, "enable.partition.eof", "true");
    set(conf, "fetch.wait.max.ms", "50");
    rd_kafka_t *rk = make(RD_KAFKA_CONSUMER, conf);
    (void)rd_kafka_poll_set_consumer(rk);
    return rk;
}

static void must(rd_kafka_error_t *error, const char *what)
{
    if (error) {
        die(what, rd_kafka_error_string(error));
    }
}

static void produce(rd_kafka_t *rk, const char *topic, const void *value, size_t len)
{
    rd_kafka_resp_err_t err;
    while ((err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                                    RD_KAFKA_V_VALUE((void *)(size_t)value, len),
                                    RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) ==
           RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        (void)rd_kafka_poll(rk, POLL_MS);
    }
    (void)err; /* an error shows at the commit */
}

static void send_text(rd_kafka_t *rk, const char *topic, const char *text)
{
    produce(rk, topic, text, strlen(text));
}

static void assign_at(rd_kafka_t *rk, const char *topic, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
    if (rd_kafka_assign(rk, list)) {
        die("assign", topic);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

/* All values up to the end as this isolation level sees it, with a blank after each. */
static char *read_all(const char *topic, const char *isolation)
{
    size_t len = 0;
    size_t room = 1 << 20;
    char *text = calloc(room, 1);
    rd_kafka_t *rk = consumer("reader", isolation);
    bool at_end = false;
    assign_at(rk, topic, 0);
    while (!at_end) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(rk, WAIT_MS);
        if (!m) {
            die("read", "nothing came");
        }
        at_end = m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
        if (!m->err && text && len + m->len + 2 < room) {
            memcpy(text + len, m->payload, m->len);
            len += m->len;
            text[len++] = ' ';
        }
        rd_kafka_message_destroy(m);
    }
    (void)rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    return text;
}

static void expect_text(const char *what, char *actual, const char *expected)
{
    if (!actual || strcmp(actual, expected) != 0) {
        (void)fprintf(stderr, "%s: expected \"%s\", got \"%s\"\n", what, expected, actual);
        exit(1);
    }
    free(actual);
}

/* --- scenarios --- */

static void commit_and_abort(void)
{
    rd_kafka_t *rk = producer("commit-abort", "60000");
    must(rd_kafka_begin_transaction(rk), "begin");
    send_text(rk, "one", "a");
    send_text(rk, "one", "b");
    must(rd_kafka_commit_transaction(rk, WAIT_MS), "commit");
    must(rd_kafka_begin_transaction(rk), "begin");
    send_text(rk, "one", "never");
    (void)rd_kafka_flush(rk, WAIT_MS);
    expect_text("while open, committed", read_all("one", "read_committed"), "a b ");
    expect_text("while open, all", read_all("one", "read_uncommitted"), "a b never ");
    must(rd_kafka_abort_transaction(rk, WAIT_MS), "abort");
    must(rd_kafka_begin_transaction(rk), "begin");
    send_text(rk, "one", "c");
    must(rd_kafka_commit_transaction(rk, WAIT_MS), "commit");
    expect_text("after the end, committed", read_all("one", "read_committed"), "a b c ");
    expect_text("after the end, all", read_all("one", "read_uncommitted"), "a b never c ");
    rd_kafka_destroy(rk);
    (void)puts("ok commit and abort");
}

static void fencing(void)
{
    rd_kafka_t *first = producer("fenced", "60000");
    must(rd_kafka_begin_transaction(first), "begin");
    send_text(first, "two", "zombie");
    (void)rd_kafka_flush(first, WAIT_MS);
    rd_kafka_t *second = producer("fenced", "60000"); /* aborts what the first one left open */
    must(rd_kafka_begin_transaction(second), "begin");
    send_text(second, "two", "heir");
    must(rd_kafka_commit_transaction(second, WAIT_MS), "commit");
    send_text(first, "two", "zombie again");
    rd_kafka_error_t *error = rd_kafka_commit_transaction(first, WAIT_MS);
    if (!error || !rd_kafka_error_is_fatal(error)) {
        die("fencing", error ? rd_kafka_error_string(error) : "the zombie could commit");
    }
    rd_kafka_error_destroy(error);
    expect_text("fencing", read_all("two", "read_committed"), "heir ");
    rd_kafka_destroy(first);
    rd_kafka_destroy(second);
    (void)puts("ok fencing");
}

static void timeout(void)
{
    rd_kafka_t *rk = producer("slow", "3000");
    must(rd_kafka_begin_transaction(rk), "begin");
    send_text(rk, "three", "too late");
    if (rd_kafka_flush(rk, WAIT_MS)) {
        die("timeout", "the record could not be sent");
    }
    /* A reader of committed records gets past it when the broker has aborted it: the end is the event. */
    rd_kafka_t *reader = consumer("waiting", "read_committed");
    int64_t low = 0;
    int64_t high = 0;
    assign_at(reader, "three", 0);
    while (high < 2) { /* the record and its marker */
        rd_kafka_message_t *m = rd_kafka_consumer_poll(reader, POLL_MS);
        if (m) {
            if (!m->err) {
                die("timeout", "an aborted record was read");
            }
            rd_kafka_message_destroy(m);
        }
        (void)rd_kafka_query_watermark_offsets(reader, "three", 0, &low, &high, WAIT_MS);
    }
    rd_kafka_error_t *error = rd_kafka_commit_transaction(rk, WAIT_MS);
    if (!error) {
        die("timeout", "a transaction that had timed out was committed");
    }
    rd_kafka_error_destroy(error);
    expect_text("timeout", read_all("three", "read_committed"), "");
    (void)rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    rd_kafka_destroy(rk);
    (void)puts("ok timeout");
}

static int64_t committed(rd_kafka_t *rk, const char *topic)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(list, topic, 0);
    rd_kafka_resp_err_t err;
    while ((err = rd_kafka_committed(rk, list, WAIT_MS)) != RD_KAFKA_RESP_ERR_NO_ERROR &&
           err != RD_KAFKA_RESP_ERR__TIMED_OUT) {
    }
    int64_t offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (err) {
        die("committed", rd_kafka_err2str(err));
    }
    return offset;
}

static rd_kafka_error_t *send_offset(rd_kafka_t *rk,
                                     rd_kafka_t *reader,
                                     const char *topic,
                                     int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata(reader);
    rd_kafka_error_t *error;
    while ((error = rd_kafka_send_offsets_to_transaction(rk, list, group, WAIT_MS)) != NULL &&
           rd_kafka_error_is_retriable(error)) {
        rd_kafka_error_destroy(error);
    }
    rd_kafka_consumer_group_metadata_destroy(group);
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

static void offsets(void)
{
    rd_kafka_t *rk = producer("offsets", "60000");
    rd_kafka_t *reader = consumer("offsets-group", "read_committed");
    must(rd_kafka_begin_transaction(rk), "begin");
    must(send_offset(rk, reader, "one", 3), "send_offsets");
    must(rd_kafka_abort_transaction(rk, WAIT_MS), "abort");
    if (committed(reader, "one") != RD_KAFKA_OFFSET_INVALID) {
        die("offsets", "an aborted offset counts");
    }
    must(rd_kafka_begin_transaction(rk), "begin");
    must(send_offset(rk, reader, "one", 5), "send_offsets");
    must(rd_kafka_commit_transaction(rk, WAIT_MS), "commit");
    if (committed(reader, "one") != 5) {
        die("offsets", "the committed offset does not count");
    }
    (void)rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    rd_kafka_destroy(rk);
    (void)puts("ok offsets");
}

/* --- exactly once --- */

struct copy {
    const char *in;
    const char *out;
    int64_t count;
    rd_kafka_t *rk;
    rd_kafka_t *reader;
    int transactions;
};

/* After an error: back to what is committed; a new producer if the old one is done for. */
static void recover(struct copy *c, rd_kafka_error_t *error)
{
    bool over = rd_kafka_error_is_fatal(error);
    if (!over) {
        rd_kafka_error_t *again;
        while ((again = rd_kafka_abort_transaction(c->rk, WAIT_MS)) != NULL &&
               rd_kafka_error_is_retriable(again)) {
            rd_kafka_error_destroy(again);
        }
        over = again != NULL;
        if (again) {
            rd_kafka_error_destroy(again);
        }
    }
    rd_kafka_error_destroy(error);
    if (over) {
        rd_kafka_destroy(c->rk);
        c->rk = producer("copier", "60000");
    }
}

/* One transaction from `at` on; the error that ended it. *out_at: where the next one begins if it was committed. */
static rd_kafka_error_t *copy_some(struct copy *c, int64_t at, int64_t *out_at)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(c->rk);
    int64_t next = at;
    assign_at(c->reader, c->in, at);
    while (!error && next < c->count && next < at + COPY_BATCH) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(c->reader, POLL_MS);
        if (m && !m->err) {
            produce(c->rk, c->out, m->payload, m->len);
            next = m->offset + 1;
        }
        if (m) {
            rd_kafka_message_destroy(m);
        }
    }
    if (!error) {
        error = send_offset(c->rk, c->reader, c->in, next);
    }
    if (!error && ++c->transactions % 5 == 0) {
        return rd_kafka_abort_transaction(c->rk, WAIT_MS);
    }
    while (!error && (error = rd_kafka_commit_transaction(c->rk, WAIT_MS)) != NULL &&
           rd_kafka_error_is_retriable(error)) {
        rd_kafka_error_destroy(error);
        error = NULL;
    }
    *out_at = next;
    return error;
}

static void copy(struct copy *c)
{
    c->rk = producer("copier", "60000");
    c->reader = consumer("copiers", "read_committed");
    for (;;) {
        int64_t at = committed(c->reader, c->in);
        int64_t next = at;
        at = at < 0 ? 0 : at;
        if (at >= c->count) {
            break;
        }
        rd_kafka_error_t *error = copy_some(c, at, &next);
        if (error) {
            recover(c, error);
        }
        (void)printf("%lld\n", (long long)next);
        (void)fflush(stdout);
    }
    (void)rd_kafka_consumer_close(c->reader);
    rd_kafka_destroy(c->reader);
    rd_kafka_destroy(c->rk);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        die("usage", "MODE BOOTSTRAP [ARGUMENTS]");
    }
    bootstrap = argv[2];
    if (strcmp(argv[1], "scenarios") == 0) {
        commit_and_abort();
        fencing();
        timeout();
        offsets();
    } else if (strcmp(argv[1], "copy") == 0 && argc == 6) {
        struct copy c = { .in = argv[3], .out = argv[4], .count = atoll(argv[5]) };
        copy(&c);
    } else if (strcmp(argv[1], "read") == 0 && argc == 4) {
        char *text = read_all(argv[3], "read_committed");
        (void)puts(text ? text : "");
        free(text);
    } else {
        die("usage", argv[1]);
    }
    return 0;
}
