/*
 * broker/config: what server.properties and --override say is what counts; what cannot be meant is refused with one
 * sentence that names the place, the key and what is accepted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "broker/config.h"

#include <cmocka.h>

static int set_up(void **state)
{
    static struct broker_config config;
    broker_config_init(&config);
    *state = &config;
    return 0;
}

static int tear_down(void **state)
{
    broker_config_finish(*state);
    return 0;
}

static void reads(struct broker_config *config, const char *text)
{
    struct weir_error err;
    if (broker_config_read(config, bytes_of(text), "server.properties", &err) < 0) {
        fail_msg("refused: %s", err.message);
    }
}

static void completes(struct broker_config *config)
{
    struct weir_error err;
    if (broker_config_complete(config, &err) < 0) {
        fail_msg("refused: %s", err.message);
    }
}

static void overrides(struct broker_config *config, const char *assignment)
{
    struct weir_error err;
    if (broker_config_override(config, bytes_of(assignment), &err) < 0) {
        fail_msg("refused: %s", err.message);
    }
}

static void defaults_are_those_of_kafka(void **state)
{
    struct broker_config *config = *state;
    completes(config);
    assert_int_equal(config->listen_port, 9092);
    assert_string_equal(config->listen_host, "");
    assert_string_equal(config->advertised_host, "");
    assert_string_equal(config->log_dir, "/tmp/kafka-logs");
    assert_int_equal(config->node_id, 1);
    assert_int_equal(config->num_partitions, 1);
    assert_int_equal(config->offsets_partitions, 50);
    assert_int_equal(config->request_max_bytes, 104857600);
    assert_int_equal(config->connection_idle_max_ms, 600000);
    assert_int_equal(config->group_initial_rebalance_delay_ms, 0);
    assert_int_equal(config->group_session_timeout_max_ms, 1800000);
    assert_true(config->auto_create_topics);
    assert_true(config->network_threads >= 1);
}

static void a_file_in_javas_format_is_read(void **state)
{
    struct broker_config *config = *state;
    reads(config, "# a comment\n"
                  "! another\n"
                  "\n"
                  "  num.partitions = 3  \r\n"
                  "log.dirs=/data/a=b\n"
                  "auto.create.topics.enable=false\n"
                  "listeners=PLAINTEXT://0.0.0.0:19092\n"
                  "advertised.listeners=PLAINTEXT://kafka.example:29092\n"
                  "num.partitions=4");
    overrides(config, "node.id=7");
    completes(config);
    assert_int_equal(config->num_partitions, 4); /* the last one counts */
    assert_string_equal(config->log_dir, "/data/a=b");
    assert_false(config->auto_create_topics);
    assert_string_equal(config->listen_host, "0.0.0.0");
    assert_int_equal(config->listen_port, 19092);
    assert_string_equal(config->advertised_host, "kafka.example");
    assert_int_equal(config->advertised_port, 29092);
    assert_int_equal(config->node_id, 7);
    assert_true(broker_config_is_given(config, "num.partitions"));
    assert_string_equal(broker_config_text(config, "broker.id"), "7"); /* another name of it */
    assert_string_equal(broker_config_text(config, "num.partitions"), "4");
    assert_string_equal(broker_config_text(config, "message.max.bytes"), "1048588");
    assert_null(broker_config_text(config, "log.retention.ms"));
}

static void a_file_in_javas_format_goes_on_over_lines(void **state)
{
    struct broker_config *config = *state;
    reads(config, "num.partitions 3\n"
                  "log.dirs : /data/with\\ blank\n"
                  "listeners=\\\n"
                  "    PLAINTEXT\\://127.0.0.1:1234\n"
                  "auto.create.topics.enable=FALSE\n"
                  "broker.rack\n");
    completes(config);
    assert_int_equal(config->num_partitions, 3);
    assert_string_equal(config->log_dir, "/data/with blank");
    assert_string_equal(config->listen_host, "127.0.0.1");
    assert_int_equal(config->listen_port, 1234);
    assert_false(config->auto_create_topics);
    assert_string_equal(broker_config_text(config, "broker.rack"), "");
}

struct count {
    int all;
    int roles;
};

static void count_note(void *context, const struct config_key *key)
{
    struct count *count = context;
    count->all++;
    count->roles += strcmp(key->name, "process.roles") == 0;
}

/* The file that Apache ships with Kafka 4 starts this broker too; what means nothing here is said. */
static void apaches_shipped_file_is_accepted(void **state)
{
    struct broker_config *config = *state;
    reads(
        config,
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.bootstrap.servers=localhost:9093\n"
        "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ninter.broker.listener.name=PLAINTEXT\n"
        "advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
        "controller.listener.names=CONTROLLER\n"
        "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n"
        "num.network.threads=3\nnum.io.threads=8\nsocket.send.buffer.bytes=102400\n"
        "socket.receive.buffer.bytes=102400\nsocket.request.max.bytes=104857600\n"
        "log.dirs=/tmp/kraft-combined-logs\nnum.partitions=1\nnum.recovery.threads.per.data.dir=1\n"
        "offsets.topic.replication.factor=1\ntransaction.state.log.replication.factor=1\n"
        "transaction.state.log.min.isr=1\nlog.retention.hours=168\nlog.segment.bytes=1073741824\n"
        "log.retention.check.interval.ms=300000\n");
    completes(config);
    assert_int_equal(config->listen_port, 9092);
    assert_string_equal(config->advertised_host, "localhost");
    assert_int_equal(config->network_threads, 3);
    struct count count = { 0 };
    broker_config_notes(config, count_note, &count);
    assert_int_equal(count.roles, 1);
    assert_true(count.all > 3);
}

/* A promise that is not kept, of durability or of room on the disk, must not be taken in silence. */
static void what_is_accepted_without_effect_is_said(void **state)
{
    static const char *const without[] = {
        "log.cleaner.io.max.bytes.per.second=1000",
        "log.flush.offset.checkpoint.interval.ms=1000",
        "num.replica.fetchers=2",
    };
    static const char *const with[] = {
        "log.flush.interval.messages=1", "log.roll.hours=1",
        "log.cleanup.policy=compact",    "log.retention.hours=1",
        "log.retention.bytes=1000000",   "log.segment.delete.delay.ms=1",
        "log.flush.interval.ms=1000",    "log.roll.jitter.hours=1",
        "compression.type=zstd",         "log.preallocate=true",
    };
    enum { WITHOUT_COUNT = sizeof(without) / sizeof(without[0]) };
    struct broker_config *config = *state;
    struct count count = { 0 };
    for (size_t i = 0; i < WITHOUT_COUNT; i++) {
        overrides(config, without[i]);
    }
    for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
        overrides(config, with[i]);
    }
    broker_config_notes(config, count_note, &count);
    assert_int_equal(count.all, WITHOUT_COUNT);
}

static void an_ipv6_listener_is_understood(void **state)
{
    struct broker_config *config = *state;
    overrides(config, "listeners=PLAINTEXT://[::1]:0");
    completes(config);
    assert_string_equal(config->listen_host, "::1");
    assert_int_equal(config->listen_port, 0);
}

static void every_default_is_a_value_of_its_own_key(void **state)
{
    (void)state;
    for (int i = 0; i < broker_config_key_count; i++) {
        const struct config_key *key = &broker_config_keys[i];
        struct weir_error err = { 0 };
        if (key->default_text && config_check(key, bytes_of(key->default_text), &err) < 0) {
            fail_msg("%s=%s: %s", key->name, key->default_text, err.message);
        }
        if (i > 0 && strcmp(broker_config_keys[i - 1].name, key->name) >= 0) {
            fail_msg("%s stands behind %s", key->name, broker_config_keys[i - 1].name);
        }
    }
}

static void every_key_without_effect_has_a_reason(void **state)
{
    (void)state;
    for (int i = 0; i < broker_config_key_count; i++) {
        const struct config_key *key = &broker_config_keys[i];
        if (key->ignored && *config_key_reason(key) == '\0') {
            fail_msg("%s has no effect, and there is no reason why", key->name);
        }
    }
}

static void listeners_may_have_names(void **state)
{
    struct broker_config *config = *state;
    overrides(config, "listeners=OUTSIDE://:9095,CTRL://:9096");
    overrides(config, "advertised.listeners=OUTSIDE://kafka.example:19095");
    overrides(config, "controller.listener.names=CTRL");
    overrides(config, "listener.security.protocol.map=OUTSIDE:PLAINTEXT, CTRL:PLAINTEXT");
    completes(config);
    assert_int_equal(config->listen_port, 9095);
    assert_string_equal(config->advertised_host, "kafka.example");
    assert_int_equal(config->advertised_port, 19095);
}

struct refusal {
    const char *text;
    const char *words[4]; /* all in the message */
};

static void check_refusal(const struct refusal *refusal)
{
    struct broker_config config;
    struct weir_error err = { 0 };
    broker_config_init(&config);
    enum weir_status rc =
        broker_config_read(&config, bytes_of(refusal->text), "server.properties", &err);
    if (rc == WEIR_OK) {
        rc = broker_config_complete(&config, &err);
    }
    broker_config_finish(&config);
    if (rc == WEIR_OK) {
        fail_msg("accepted: %s", refusal->text);
    }
    for (int i = 0; i < 4 && refusal->words[i]; i++) {
        if (!strstr(err.message, refusal->words[i])) {
            fail_msg("'%s' says nothing of '%s'", err.message, refusal->words[i]);
        }
    }
    assert_null(strchr(err.message, '\n'));
}

static void what_cannot_be_meant_is_refused_by_name(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        { "\nno.such.key=1\n", { "server.properties line 2", "no.such.key", "--list-keys" } },
        { "num.partition=1\n", { "line 1", "num.partition", "is num.partitions meant?" } },
        { "log.retention.hour: 1\n", { "line 1", "is log.retention.hours meant?" } },
        { "# x\nretention.ms = 1\n", { "line 2", "retention.ms", "log.retention.ms" } },
        { "node.id=\\u00\n", { "line 1", "escape" } },
        { "num.partitions=1\nlog.dirs=/a\\nb\n", { "line 2", "log.dirs", "control" } },
        { "num.partitions\n", { "line 1", "key=value", "num.partitions" } },
        { "=1\n", { "line 1" } },
        { "num.partitions=x\n", { "line 1", "num.partitions", "x", "INT" } },
        { "num.partitions=0\n", { "num.partitions", "at least 1" } },
        { "num.partitions=99999999999\n", { "num.partitions", "INT" } },
        { "num.partitions=\n", { "num.partitions" } },
        { "auto.create.topics.enable=yes\n", { "auto.create.topics.enable", "true or false" } },
        { "compression.gzip.level=0\n", { "between 1 and 9 or equal to -1" } },
        { "log.cleanup.policy=keep\n", { "log.cleanup.policy", "compact, delete" } },
        { "log.cleaner.min.cleanable.ratio=2\n",
          { "log.cleaner.min.cleanable.ratio", "no more than 1" } },
        { "log.cleaner.dedupe.buffer.size=1048576\n",
          { "requirement failed: log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread." } },
        { "listeners=SSL://:9092\n", { "listeners", "PLAINTEXT://" } },
        { "listeners=PLAINTEXT://:70000\n", { "listeners", "70000", "port" } },
        { "listeners=PLAINTEXT://:\n", { "listeners", "port" } },
        { "listeners=PLAINTEXT://localhost\n", { "listeners", "PLAINTEXT://host:port" } },
        { "listeners=PLAINTEXT://:1,PLAINTEXT://:2\n", { "listeners", "one plaintext listener" } },
        { "listeners=\n", { "listeners" } },
        { "listeners=OUT://:1\n", { "listeners", "OUT", "listener.security.protocol.map" } },
        { "listeners=OUT://:1\nlistener.security.protocol.map=OUT:SSL\n", { "PLAINTEXT" } },
        { "advertised.listeners=OUT://x:1\n", { "advertised.listeners", "OUT", "PLAINTEXT" } },
        { "log.dirs=/a,/b\n", { "log.dirs", "one folder" } },
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        check_refusal(&refusals[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_are_those_of_kafka, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_in_javas_format_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_in_javas_format_goes_on_over_lines, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(apaches_shipped_file_is_accepted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_accepted_without_effect_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_ipv6_listener_is_understood, set_up, tear_down),
        cmocka_unit_test_setup_teardown(listeners_may_have_names, set_up, tear_down),
        cmocka_unit_test(every_key_without_effect_has_a_reason),
        cmocka_unit_test(every_default_is_a_value_of_its_own_key),
        cmocka_unit_test(what_cannot_be_meant_is_refused_by_name),
    };
    return cmocka_run_group_tests_name("broker.config", tests, NULL, NULL);
}
