/*
 * The load of the crash test, over librdkafka: clients that go on whatever the broker does, and tell what they did as a history of
 * JSON lines on standard output (tests/support/history.py says what the lines mean).
 *
 *   load BOOTSTRAP SEED clients TOPIC...                        producers, a committer and a follower, a thread each
 *   load BOOTSTRAP SEED NAME:SENT:TRANSACTION:OPEN TOPIC...     a transactional producer; what the one before it of that name has sent
 *                                                               and begun, and whether that is open: 0 no, 1 yes, 2 its commit was tried
 *   TOPIC is NAME:PARTITIONS:KEYS:SIZE                          KEYS > 0: records have one of so many keys; SIZE: of a large value
 *
 * A line that announces something is written before it is tried, one that says how it went after it is known, and each with one
 * write: on a pipe that several of these share, the order of the lines is an order of time. A transactional producer now and then
 * kills itself in the middle. When standard input closes, everybody comes to an end: what was sent is delivered, the open
 * transaction is ended; "clients" give each partition a closing record, and the follower reads up to it.
 */
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WAIT_MS = 60000,
    TOPICS_MAX = 8,
    PARTITIONS_MAX = 8,
    NAME_MAX_SIZE = 32,
    TEXT_MAX = 512,
    VALUE_MAX = 1 << 15,
    OUTSTANDING_MAX = 200,
    SMALL_VALUE = 150,
    BURST = 50,
    BURST_IN = 16,     /* one of so many times */
    LARGE_IN = 8,      /* one of so many values is large */
    COMMIT_EVERY = 40, /* records that the follower reads */
    COMMIT_PAUSE_MS = 15,
    TRANSACTION_RECORDS = 8,
    US_PER_MS = 1000,
};

struct topic {
    char name[NAME_MAX_SIZE];
    int partitions;
    int keys;
    int large;
};

enum outcome { ENDED, OPEN, COMMIT_TRIED };

/* Set up before the threads begin; only `ending` changes then. */
static struct {
    const char *bootstrap;
    struct topic topics[TOPICS_MAX];
    int topic_count;
    atomic_bool ending;
} load;

/* One client and the thread that drives it. */
struct actor {
    char name[NAME_MAX_SIZE];
    const char *compression;
    void (*drive)(struct actor *a);
    bool idempotent;
    bool transactional;
    rd_kafka_t *rk;
    uint64_t random;
    long long sent;        /* records */
    long long transaction; /* the number of the newest */
    enum outcome left;     /* by the one before */
    pthread_t thread;
};

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "load: %s: %s\n", what, why);
    exit(1);
}

/* --- chance --- */

static unsigned below(struct actor *a, unsigned n)
{
    a->random ^= a->random << 13;
    a->random ^= a->random >> 7;
    a->random ^= a->random << 17;
    return (unsigned)((a->random >> 11) % n);
}

/* The pace of a client: up to so many milliseconds. */
static void take_a_while(struct actor *a, unsigned most_ms)
{
    (void)rd_kafka_poll(a->rk, 0);
    (void)usleep(below(a, most_ms * US_PER_MS));
    (void)rd_kafka_poll(a->rk, 0);
}

/* --- clients --- */

static void set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
    char text[TEXT_MAX];
    if (rd_kafka_conf_set(conf, key, value, text, sizeof(text)) != RD_KAFKA_CONF_OK) {
        die(key, text);
    }
}

static void make(struct actor *a, rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char text[TEXT_MAX];
    set(conf, "bootstrap.servers", load.bootstrap);
    set(conf, "client.id", a->name);
    set(conf, "reconnect.backoff.ms", "5");
    set(conf, "reconnect.backoff.max.ms", "20");
    set(conf, "retry.backoff.ms", "10");
    set(conf, "topic.metadata.refresh.fast.interval.ms", "20");
    rd_kafka_conf_set_log_cb(conf, NULL);
    rd_kafka_conf_set_opaque(conf, a);
    a->rk = rd_kafka_new(type, conf, text, sizeof(text));
    if (!a->rk) {
        die("rd_kafka_new", text);
    }
}

static void tell_problem(const struct actor *a, const char *event, const char *why)
{
    (void)printf("{\"e\":\"%s\",\"p\":\"%s\",\"why\":\"%s\"}\n", event, a->name, why);
}

static void delivered(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
    const struct actor *a = opaque;
    long long number = (long long)(intptr_t)m->_private;
    (void)rk;
    if (m->err) {
        (void)printf("{\"e\":\"info\",\"id\":\"%s:%lld\",\"why\":\"%s\"}\n", a->name, number,
                     rd_kafka_err2name(m->err));
    } else {
        (void)printf("{\"e\":\"ok\",\"p\":\"%s\",\"id\":\"%s:%lld\",\"off\":%lld}\n", a->name,
                     a->name, number, (long long)m->offset);
    }
}

/* Errors come and go with the broker; those that a client cannot outlive are part of the history. */
static void failed(rd_kafka_t *rk, int err, const char *reason, void *opaque)
{
    char text[TEXT_MAX];
    const struct actor *a = opaque;
    (void)reason;
    if (err == RD_KAFKA_RESP_ERR__FATAL && !a->transactional) { /* a transaction can begin anew */
        tell_problem(a, "fatal", rd_kafka_err2name(rd_kafka_fatal_error(rk, text, sizeof(text))));
    }
}

static void make_producer(struct actor *a)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    rd_kafka_conf_set_error_cb(conf, failed);
    set(conf, "linger.ms", "2");
    set(conf, "batch.num.messages", "10"); /* many requests in flight */
    set(conf, "acks", "all");
    set(conf, "compression.codec", a->compression);
    if (a->transactional) {
        set(conf, "transactional.id", a->name);
        set(conf, "transaction.timeout.ms", "60000");
    } else {
        set(conf, "message.timeout.ms", "0");
        set(conf, "enable.idempotence", a->idempotent ? "true" : "false");
    }
    if (!a->transactional && !a->idempotent) {
        set(conf, "max.in.flight", "1"); /* keeps the order */
    }
    make(a, RD_KAFKA_PRODUCER, conf);
}

static void make_consumer(
    struct actor *a,
    void (*rebalance)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *))
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "group.id", a->name);
    set(conf, "isolation.level", "read_committed");
    set(conf, "enable.auto.commit", "false");
    set(conf, "auto.offset.reset", "earliest");
    set(conf, "fetch.wait.max.ms", "50");
    set(conf, "session.timeout.ms",
        "1500"); /* shorter than a round: a member that is given up must not last for ever */
    set(conf, "heartbeat.interval.ms", "300");
    if (rebalance) {
        rd_kafka_conf_set_rebalance_cb(conf, rebalance);
    }
    make(a, RD_KAFKA_CONSUMER, conf);
    (void)rd_kafka_poll_set_consumer(a->rk);
}

/* --- producers --- */

static size_t fill(struct actor *a, const struct topic *topic, long long number, char *out)
{
    size_t len = (size_t)snprintf(out, TEXT_MAX, "%s:%lld ", a->name, number);
    bool large = topic->large > 0 && below(a, LARGE_IN) == 0;
    size_t pad = below(a, large ? (unsigned)topic->large : SMALL_VALUE);
    memset(out + len, 'x', pad);
    return len + pad;
}

static void send_to(struct actor *a, const struct topic *topic, int partition, int key)
{
    char value[TEXT_MAX + VALUE_MAX];
    char name[NAME_MAX_SIZE] = "";
    char transaction[NAME_MAX_SIZE] = "";
    long long number = ++a->sent;
    size_t len = fill(a, topic, number, value);
    const char *key_text = key >= 0 ? name : NULL;
    if (key >= 0) {
        (void)snprintf(name, sizeof(name), "k%d", key);
    }
    if (a->transactional) {
        (void)snprintf(transaction, sizeof(transaction), ",\"x\":%lld", a->transaction);
    }
    (void)printf(
        "{\"e\":\"send\",\"p\":\"%s\",\"id\":\"%s:%lld\",\"t\":\"%s\",\"n\":%d,\"k\":\"%s\"%s}\n",
        a->name, a->name, number, topic->name, partition, name, transaction);
    rd_kafka_resp_err_t err =
        rd_kafka_producev(a->rk, RD_KAFKA_V_TOPIC(topic->name), RD_KAFKA_V_PARTITION(partition),
                          RD_KAFKA_V_KEY(key_text, strlen(name)), RD_KAFKA_V_VALUE(value, len),
                          RD_KAFKA_V_OPAQUE((void *)(intptr_t)number),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (err) {
        (void)printf("{\"e\":\"fail\",\"id\":\"%s:%lld\",\"why\":\"%s\"}\n", a->name, number,
                     rd_kafka_err2name(err));
    }
}

/* So many records one after the other in one partition. */
static void send_somewhere(struct actor *a, unsigned count)
{
    const struct topic *topic = &load.topics[below(a, (unsigned)load.topic_count)];
    int partition = (int)below(a, (unsigned)topic->partitions);
    while (count-- > 0) {
        send_to(a, topic, partition, topic->keys > 0 ? (int)below(a, (unsigned)topic->keys) : -1);
    }
}

static void drive_producer(struct actor *a)
{
    make_producer(a);
    while (!atomic_load(&load.ending) && rd_kafka_fatal_error(a->rk, NULL, 0) == 0) {
        bool many = below(a, BURST_IN) == 0; /* requests in flight to one partition */
        if (rd_kafka_outq_len(a->rk) < OUTSTANDING_MAX) {
            send_somewhere(a, many ? BURST : 1 + below(a, 3));
        }
        take_a_while(a, 50);
    }
    if (rd_kafka_flush(a->rk, WAIT_MS)) {
        tell_problem(a, "stuck", "what was sent is not delivered at the end");
    }
    rd_kafka_destroy(a->rk);
}

/* --- transactions --- */

/* Tries again what may be tried again. NULL: done; otherwise the caller frees it. */
static rd_kafka_error_t *try(struct actor *a, rd_kafka_error_t *(*action)(rd_kafka_t *, int))
{
    rd_kafka_error_t *error;
    while ((error = action(a->rk, WAIT_MS)) != NULL && rd_kafka_error_is_retriable(error)) {
        rd_kafka_error_destroy(error);
    }
    return error;
}

static void tell_end(const struct actor *a, const char *event, const char *how)
{
    (void)printf("{\"e\":\"%s\",\"p\":\"%s\",\"x\":%lld,\"how\":\"%s\"}\n", event, a->name,
                 a->transaction, how);
}

/* A new client of the same transactional id: it ends what the one before has left open. */
static void begin_anew(struct actor *a, enum outcome left)
{
    if (a->rk) {
        rd_kafka_destroy(a->rk);
    }
    make_producer(a);
    rd_kafka_error_t *error = try(a, rd_kafka_init_transactions);
    if (error) {
        die("init_transactions", rd_kafka_error_string(error));
    }
    if (left != ENDED) { /* what was to be committed may have been: nobody knows */
        tell_end(a, "ended", left == COMMIT_TRIED ? "unknown" : "aborted");
    }
}

/* The offset is the transaction's number: each is committed by one transaction at most. */
static rd_kafka_error_t *send_offset(struct actor *a)
{
    char group[NAME_MAX_SIZE + 8];
    const struct topic *topic = &load.topics[0];
    (void)snprintf(group, sizeof(group), "group-%s", a->name);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic->name, 0)->offset = a->transaction;
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata_new(group);
    (void)printf(
        "{\"e\":\"offsets\",\"p\":\"%s\",\"x\":%lld,\"g\":\"%s\",\"t\":\"%s\",\"n\":0,\"off\":%lld}\n",
        a->name, a->transaction, group, topic->name, a->transaction);
    rd_kafka_error_t *error;
    while ((error = rd_kafka_send_offsets_to_transaction(a->rk, list, metadata, WAIT_MS)) != NULL &&
           rd_kafka_error_is_retriable(error)) {
        rd_kafka_error_destroy(error);
    }
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_topic_partition_list_destroy(list);
    return error;
}

static void give_up(struct actor *a, rd_kafka_error_t *error, enum outcome left)
{
    tell_problem(a, "renewed", rd_kafka_error_name(error));
    rd_kafka_error_destroy(error);
    begin_anew(a, left);
}

/* Flushes first: librdkafka (2.0) does not outlive an abort while it makes partitions known and the connection breaks. */
static void abort_it(struct actor *a)
{
    tell_end(a, "end", "abort");
    (void)rd_kafka_flush(a->rk, WAIT_MS);
    rd_kafka_error_t *error = try(a, rd_kafka_abort_transaction);
    if (error) {
        give_up(a, error, OPEN);
    } else {
        tell_end(a, "ended", "aborted");
    }
}

static void commit(struct actor *a)
{
    tell_end(a, "end", "commit");
    rd_kafka_error_t *error = try(a, rd_kafka_commit_transaction);
    if (error) {
        give_up(a, error, COMMIT_TRIED);
    } else {
        tell_end(a, "ended", "committed");
    }
}

static rd_kafka_error_t *fill_transaction(struct actor *a)
{
    rd_kafka_error_t *error = rd_kafka_begin_transaction(a->rk);
    for (unsigned n = 1 + below(a, TRANSACTION_RECORDS); !error && n > 0; n--) {
        send_somewhere(a, 1);
        take_a_while(a, 4);
    }
    if (!error && below(a, 3) == 0) {
        (void)rd_kafka_flush(a->rk, WAIT_MS); /* what fails, fails the commit */
    }
    return error || below(a, 2) == 0 ? error : send_offset(a);
}

static void drive_transactions(struct actor *a)
{
    begin_anew(a, a->left);
    while (!atomic_load(&load.ending)) {
        (void)printf("{\"e\":\"begin\",\"p\":\"%s\",\"x\":%lld}\n", a->name, ++a->transaction);
        rd_kafka_error_t *error = fill_transaction(a);
        unsigned fate = below(a, 20);
        if (error) {
            give_up(a, error, OPEN);
        } else if (fate < 13) {
            commit(a);
        } else if (fate < 18) {
            abort_it(a);
        } else {
            (void)raise(
                SIGKILL); /* the next of the name aborts it; what is on its way comes too late */
        }
        take_a_while(a, 15);
    }
    rd_kafka_destroy(a->rk);
}

/* --- offsets, and reading --- */

static void commit_offset(struct actor *a, const char *topic, int partition, long long offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    (void)printf("{\"e\":\"commit\",\"g\":\"%s\",\"t\":\"%s\",\"n\":%d,\"off\":%lld}\n", a->name,
                 topic, partition, offset);
    if (rd_kafka_commit(a->rk, list, 0) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        (void)printf(
            "{\"e\":\"committed\",\"p\":\"%s\",\"g\":\"%s\",\"t\":\"%s\",\"n\":%d,\"off\":%lld}\n",
            a->name, a->name, topic, partition, offset);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void drive_committer(struct actor *a)
{
    make_consumer(a, NULL);
    for (long long offset = 1; !atomic_load(&load.ending); offset++) {
        const struct topic *topic = &load.topics[below(a, (unsigned)load.topic_count)];
        commit_offset(a, topic->name, (int)below(a, (unsigned)topic->partitions), offset);
        rd_kafka_message_t *m = rd_kafka_consumer_poll(a->rk, COMMIT_PAUSE_MS);
        if (m) {
            rd_kafka_message_destroy(m);
        }
    }
    (void)rd_kafka_consumer_close(a->rk);
    rd_kafka_destroy(a->rk);
}

static void rebalanced(rd_kafka_t *rk,
                       rd_kafka_resp_err_t err,
                       rd_kafka_topic_partition_list_t *partitions,
                       void *opaque)
{
    const struct actor *a = opaque;
    bool assigned = err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    (void)printf("{\"e\":\"assign\",\"r\":\"%s\",\"count\":%d}\n", a->name,
                 assigned ? partitions->cnt : 0);
    (void)rd_kafka_assign(rk, assigned ? partitions : NULL);
}

static int topic_index(const char *name)
{
    for (int i = 0; i < load.topic_count; i++) {
        if (strcmp(load.topics[i].name, name) == 0) {
            return i;
        }
    }
    die("a record of a topic that nobody asked for", name);
    return -1;
}

/* Is it the closing record of its partition? */
static bool take(struct actor *a, const rd_kafka_message_t *m)
{
    const char *topic = rd_kafka_topic_name(m->rkt);
    const char *text = m->payload;
    size_t len = 0;
    while (len < m->len && text[len] != ' ') {
        len++;
    }
    (void)printf(
        "{\"e\":\"poll\",\"r\":\"%s\",\"t\":\"%s\",\"n\":%d,\"off\":%lld,\"id\":\"%.*s\"}\n",
        a->name, topic, m->partition, (long long)m->offset, (int)len, text);
    if (++a->sent % COMMIT_EVERY == 0) {
        commit_offset(a, topic, m->partition, m->offset + 1);
    }
    return len > strlen("closing:") && memcmp(text, "closing:", strlen("closing:")) == 0;
}

static void drive_follower(struct actor *a)
{
    bool closed[TOPICS_MAX][PARTITIONS_MAX] = { 0 };
    int open = 0;
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(TOPICS_MAX);
    for (int i = 0; i < load.topic_count; i++) {
        (void)rd_kafka_topic_partition_list_add(topics, load.topics[i].name, RD_KAFKA_PARTITION_UA);
        open += load.topics[i].partitions;
    }
    make_consumer(a, rebalanced);
    (void)rd_kafka_subscribe(a->rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    while (open > 0) {
        rd_kafka_message_t *m = rd_kafka_consumer_poll(a->rk, WAIT_MS);
        if (!m) {
            tell_problem(a, "stuck", "nothing to read, and not at the end");
            break;
        }
        if (!m->err && take(a, m)) {
            bool *mark = &closed[topic_index(rd_kafka_topic_name(m->rkt))][m->partition];
            open -= !*mark;
            *mark = true;
        }
        rd_kafka_message_destroy(m);
    }
    (void)rd_kafka_consumer_close(a->rk);
    rd_kafka_destroy(a->rk);
}

static void send_closing_records(struct actor *a)
{
    a->random = 1;
    make_producer(a);
    for (int i = 0; i < load.topic_count; i++) {
        for (int n = 0; n < load.topics[i].partitions; n++) {
            send_to(a, &load.topics[i], n, load.topics[i].keys > 0 ? load.topics[i].keys : -1);
        }
    }
    if (rd_kafka_flush(a->rk, WAIT_MS)) {
        tell_problem(a, "stuck", "what was sent is not delivered at the end");
    }
    rd_kafka_destroy(a->rk);
}

/* --- all of them --- */

static void *run(void *argument)
{
    struct actor *a = argument;
    a->drive(a);
    return NULL;
}

static void start(struct actor *a, uint64_t seed)
{
    a->random = seed * UINT64_C(0x9E3779B97F4A7C15) + UINT64_C(0xD1B54A32D192ED03);
    for (const char *c = a->name; *c; c++) {
        a->random = (a->random ^ (uint64_t)*c) * UINT64_C(0x100000001B3);
    }
    a->random |= 1;
    if (pthread_create(&a->thread, NULL, run, a) != 0) {
        die("pthread_create", a->name);
    }
}

static void read_topics(int count, char **texts)
{
    for (int i = 0; i < count; i++) {
        struct topic *t = &load.topics[load.topic_count++];
        if (i == TOPICS_MAX ||
            sscanf(texts[i], "%31[^:]:%d:%d:%d", t->name, &t->partitions, &t->keys, &t->large) !=
                4 ||
            t->partitions < 1 || t->partitions > PARTITIONS_MAX || t->large > VALUE_MAX) {
            die("TOPIC:PARTITIONS:KEYS:SIZE", texts[i]);
        }
    }
}

static void run_until_told(struct actor *actors, int count, uint64_t seed)
{
    char byte;
    for (int i = 0; i < count; i++) {
        start(&actors[i], seed);
    }
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    atomic_store(&load.ending, true);
    for (int i = 0; i < count; i++) {
        (void)pthread_join(actors[i].thread, NULL);
    }
}

static void run_clients(uint64_t seed)
{
    struct actor actors[] = {
        { .name = "idempotent1",
          .drive = drive_producer,
          .idempotent = true,
          .compression = "none" },
        { .name = "idempotent2",
          .drive = drive_producer,
          .idempotent = true,
          .compression = "gzip" },
        { .name = "plain1", .drive = drive_producer, .compression = "none" },
        { .name = "committer", .drive = drive_committer },
    };
    struct actor follower = { .name = "follower", .drive = drive_follower };
    struct actor closing = { .name = "closing", .idempotent = true, .compression = "none" };
    start(&follower, seed);
    run_until_told(actors, sizeof(actors) / sizeof(actors[0]), seed);
    send_closing_records(&closing);
    (void)pthread_join(follower.thread, NULL);
}

static void run_transactions(const char *text, uint64_t seed)
{
    struct actor a = { .drive = drive_transactions, .transactional = true, .compression = "gzip" };
    int left;
    if (sscanf(text, "%31[^:]:%lld:%lld:%d", a.name, &a.sent, &a.transaction, &left) != 4) {
        die("NAME:SENT:TRANSACTION:OPEN", text);
    }
    a.left = (enum outcome)left;
    run_until_told(&a, 1, seed + (uint64_t)a.sent);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        die("usage", "BOOTSTRAP SEED clients|NAME:SENT:TRANSACTION:OPEN TOPIC...");
    }
    load.bootstrap = argv[1];
    read_topics(argc - 4, argv + 4);
    (void)setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    uint64_t seed = strtoull(argv[2], NULL, 10);
    if (strcmp(argv[3], "clients") == 0) {
        run_clients(seed);
    } else {
        run_transactions(argv[3], seed);
    }
    return 0;
}
