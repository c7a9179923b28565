/*
 * broker/topic_config: what a topic's settings come to for its logs, over what the broker sets for all; and what Apache Kafka 4.3
 * says of those that cannot be meant, word for word.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "broker/topic_config.h"

#include <cmocka.h>

enum { SETTINGS_MAX = 4 };

struct setting {
    const char *name;
    const char *value;
};

/* Made with the broker's `broker` ("key=value" or NULL) and the topic's settings, then checked as a whole. */
static enum weir_status make(const char *broker_setting,
                             const struct setting *settings,
                             struct log_config *out_log,
                             struct weir_error *err)
{
    struct broker_config broker;
    struct config_entry entries[SETTINGS_MAX];
    struct topic_config *config = NULL;
    int32_t count = 0;
    for (; count < SETTINGS_MAX && settings[count].name; count++) {
        entries[count] = (struct config_entry){ bytes_of(settings[count].name),
                                                bytes_of(settings[count].value) };
    }
    broker_config_init(&broker);
    if (broker_setting) {
        assert_int_equal(broker_config_override(&broker, bytes_of(broker_setting), err), WEIR_OK);
    }
    assert_int_equal(broker_config_complete(&broker, err), WEIR_OK);
    enum weir_status rc = topic_config_create(&broker, entries, count, &config, err);
    if (rc == WEIR_OK) {
        rc = topic_config_check(config, &broker, err);
        *out_log = config->log;
    }
    topic_config_unref(config);
    broker_config_finish(&broker);
    return rc;
}

static struct log_config made(const char *broker_setting, const char *name, const char *value)
{
    struct setting settings[SETTINGS_MAX] = { { name, value } };
    struct log_config log;
    struct weir_error err;
    if (make(broker_setting, settings, &log, &err) < 0) {
        fail_msg("%s", err.message);
    }
    return log;
}

static void settings_come_from_the_topic_then_the_broker_then_kafka(void **state)
{
    (void)state;
    struct log_config log = made(NULL, NULL, NULL);
    assert_false(log.recompress);
    assert_int_equal(log.flush_ms, INT64_MAX);
    assert_int_equal(log.segment_jitter_ms, 0);
    assert_int_equal(log.max_compaction_lag_ms, INT64_MAX);
    assert_false(log.preallocate);

    log = made("compression.type=zstd", NULL, NULL);
    assert_true(log.recompress);
    assert_int_equal(log.codec, CODEC_ZSTD);
    assert_int_equal(log.codec_level, ZSTD_LEVEL_DEFAULT);
    log = made("compression.type=gzip", "compression.gzip.level", "9");
    assert_int_equal(log.codec, CODEC_GZIP);
    assert_int_equal(log.codec_level, 9);
    log = made("compression.type=gzip", "compression.type", "uncompressed");
    assert_true(log.recompress);
    assert_int_equal(log.codec, CODEC_NONE);
    assert_false(made("compression.type=gzip", "compression.type", "producer").recompress);

    assert_int_equal(made("log.flush.interval.ms=5", NULL, NULL).flush_ms, 5);
    assert_int_equal(made("log.flush.scheduler.interval.ms=7", NULL, NULL).flush_ms, 7);
    assert_int_equal(made("log.flush.interval.ms=5", "flush.ms", "9").flush_ms, 9);
    assert_int_equal(made("log.roll.jitter.hours=2", NULL, NULL).segment_jitter_ms, 7200000);
    assert_int_equal(made("log.roll.jitter.ms=2", NULL, NULL).segment_jitter_ms, 2);
    assert_true(made("log.preallocate=true", NULL, NULL).preallocate);
    assert_int_equal(log.cleaner_dedupe_bytes, 128 << 20);
    assert_true(log.cleaner_load_factor == 0.9);
    log = made("log.cleaner.dedupe.buffer.size=2000000", NULL, NULL);
    assert_int_equal(log.cleaner_dedupe_bytes, 2000000);
    log = made("log.cleaner.io.buffer.load.factor=0.5", NULL, NULL);
    assert_true(log.cleaner_load_factor == 0.5);
    log = made("log.cleaner.max.compaction.lag.ms=4", NULL, NULL);
    assert_int_equal(log.max_compaction_lag_ms, 4);
}

struct refusal {
    struct setting settings[SETTINGS_MAX];
    const char *message;
};

static void what_cannot_be_meant_is_said_as_kafka_says_it(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        { { { "min.compaction.lag.ms", "100" }, { "max.compaction.lag.ms", "50" } },
          "conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (50)" },
        { { { "compression.gzip.level", "0" } },
          "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 "
          "or equal to -1" },
        { { { "compression.lz4.level", "0" } },
          "Invalid value 0 for configuration compression.lz4.level: Value must be at least 1" },
        { { { "compression.zstd.level", "23" } },
          "Invalid value 23 for configuration compression.zstd.level: Value must be no more than "
          "22" },
        { { { "remote.storage.enable", "true" } },
          "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with "
          "remote log storage." },
        { { { "compression.type", "none" } },
          "Invalid value none for configuration compression.type: String must be one of: "
          "uncompressed, zstd, lz4, snappy, gzip, producer" },
        { { { "flush.ms", "-1" } },
          "Invalid value -1 for configuration flush.ms: Value must be at least 0" },
        { { { "preallocate", "x" } },
          "Invalid value x for configuration preallocate: Expected value to be either true or "
          "false" },
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct log_config log;
        struct weir_error err = { 0 };
        assert_true(make(NULL, refusals[i].settings, &log, &err) < 0);
        assert_string_equal(err.message, refusals[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_come_from_the_topic_then_the_broker_then_kafka),
        cmocka_unit_test(what_cannot_be_meant_is_said_as_kafka_says_it),
    };
    return cmocka_run_group_tests_name("broker/topic_config", tests, NULL, NULL);
}
