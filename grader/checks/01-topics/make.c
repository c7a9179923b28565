/*
 * Parts 1 to 3: topics that are made.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "topics.h"

/* The names in `now` that are not in `before`. */
static struct witnessed_names new_names(struct check *c,
                                        const struct witnessed_names *before,
                                        const struct witnessed_names *now)
{
    struct witnessed_names fresh = { ARENA_NEW(check_arena(c), const char *, now->count + 1), 0 };
    for (size_t i = 0; i < now->count; i++) {
        if (!witnessed_has(before, now->items[i])) {
            fresh.items[fresh.count++] = now->items[i];
        }
    }
    return fresh;
}

static void topic_exists(struct check *c, struct witness *w)
{
    struct witnessed_names before;
    struct witnessed_names now;
    struct check_run *run;
    const char *topic = topics_name(c, w);
    if (!topic || !witness_names(w, &before) ||
        !topics_run(c, "create", topic, check_range(c, 1, 6), &run)) {
        return;
    }
    bool there = witness_wait_topic(w, topic, true, topics_patience_ms(run));
    if (!witness_names(w, &now)) {
        return;
    }
    struct witnessed_names fresh = new_names(c, &before, &now);
    check_step(c, "looked at the broker: new topics are: %s", witnessed_list(c, &fresh));
    if (there && fresh.count == 1) {
        return;
    }
    if (there) {
        check_hint(c, "one call of kafka-topics.sh --create makes one topic");
        check_differ(c, topic, witnessed_list(c, &fresh), "create made other topics than %s too",
                     topic);
        return;
    }
    if (fresh.count > 0) {
        check_hint(c, "the name comes from the variable TOPIC and differs from run to run: use "
                      "\"$TOPIC\", and write no name into the script");
    } else if (run->code != 0) {
        topics_hint_failed(c, run);
    } else {
        check_hint(c, "is kafka-topics.sh called at all, with --bootstrap-server \"$BOOTSTRAP\"?");
    }
    check_differ(c, topic, witnessed_list(c, &fresh), "the broker has no topic %s", topic);
}

void check_topic_exists(struct check *c)
{
    with_witness(c, topic_exists);
}

static void partition_count(struct check *c, struct witness *w)
{
    struct check_run *run;
    const char *topic = topics_name(c, w);
    int64_t partitions = check_range(c, 2, 9); /* not 1, which is the broker's default */
    if (!topic || !topics_run(c, "create", topic, partitions, &run)) {
        return;
    }
    check_hint(c, "the number comes from the variable PARTITIONS: --partitions \"$PARTITIONS\"");
    if (!topics_expect(c, w, run, topic, partitions)) {
        return;
    }
    const struct weir_topic_info *info = witness_topic(w, topic);
    for (size_t i = 0; info && i < info->partition_count; i++) {
        check_hint(c, "--replication-factor 1");
        check_equal_i64(c, check_text(c, "copies of partition %zu", i), 1,
                        (int64_t)info->partitions[i].replica_count);
    }
}

void check_partition_count(struct check *c)
{
    with_witness(c, partition_count);
}

static void ensure_new(struct check *c, struct witness *w)
{
    struct check_run *run;
    const char *topic = topics_name(c, w);
    int64_t partitions = check_range(c, 2, 9);
    /* A script that looks for the name in the list of topics must not take this one for it. */
    const char *neighbour = topic ? check_text(c, "old-%s-2", topic) : NULL;
    if (!topic || !witness_create(w, neighbour, 1, NULL)) {
        return;
    }
    check_step(c, "created topic %s", neighbour);
    if (!topics_run(c, "ensure", topic, partitions, &run)) {
        return;
    }
    check_hint(c, "as in part 1: --create --topic \"$TOPIC\" --partitions \"$PARTITIONS\"");
    if (topics_expect(c, w, run, topic, partitions)) {
        check_hint(c, "a function that has done its work ends with exit status 0");
        check_ended_well(c, run);
    }
}

void check_ensure_new(struct check *c)
{
    with_witness(c, ensure_new);
}

/* A topic that was there before, and how it can be told from one of the same name that was made later. */
struct kept_topic {
    const char *name;
    int32_t partitions;
    struct weir_option configs[2]; /* one setting */
    struct witness_message record; /* the only one in it */
};

static bool is_untouched(struct check *c,
                         struct witness *w,
                         const struct check_run *run,
                         const struct kept_topic *kept)
{
    struct witnessed_records records;
    const struct weir_option *setting = &kept->configs[0];
    check_hint(c, "a topic that exists already stays as it is: delete and alter nothing");
    if (!topics_expect(c, w, run, kept->name, kept->partitions)) {
        return false;
    }
    const char *value = witness_config(w, kept->name, setting->name);
    if (!value ||
        !check_equal_text(c, check_text(c, "the topic's %s", setting->name), setting->value,
                          value) ||
        !witness_records(w, kept->name, kept->partitions, &records)) {
        return false;
    }
    check_step(c, "read topic %s: %zu records", kept->name, records.count);
    check_hint(c, "the topic was deleted and created anew, and its records are lost; is there a "
                  "flag of --create for a topic that exists?");
    return check_equal_i64(c, "records in the topic, which had one before", 1,
                           (int64_t)records.count) &&
           check_equal_bytes(c, "the record in the topic", kept->record.value,
                             records.items[0].value);
}

/* No broker takes this name, so ensure cannot do its work and has to say so. */
static void ensure_refused(struct check *c, const struct kept_topic *kept)
{
    struct check_run *run;
    const char *refused = check_text(c, "%s/%s", kept->name, check_name(c, "x"));
    if (topics_run(c, "ensure", refused, kept->partitions, &run) && run->code == 0) {
        check_hint(c, "`|| true` and the like hide every failure; use a flag that excuses only a "
                      "topic that exists");
        check_fail(c,
                   "ensure hides failures: no broker takes a topic named %s, and the exit status "
                   "was 0",
                   refused);
    }
}

static void ensure_again(struct check *c, struct witness *w)
{
    struct check_run *run;
    const struct kept_topic kept = {
        .name = topics_name(c, w),
        .partitions = (int32_t)check_range(c, 2, 6),
        .configs = { { "retention.ms",
                       check_text(c, "%" PRId64, check_range(c, 3600000, 90000000)) } },
        .record = { .value = bytes_of(check_name(c, "kept")) },
    };
    if (!kept.name || !witness_create(w, kept.name, kept.partitions, kept.configs) ||
        !witness_send(w, kept.name, &kept.record, 1)) {
        return;
    }
    check_step(c, "created topic %s with %d partitions and %s=%s, and sent one record to it",
               kept.name, kept.partitions, kept.configs[0].name, kept.configs[0].value);
    if (!topics_run(c, "ensure", kept.name, kept.partitions + check_range(c, 1, 3), &run) ||
        !is_untouched(c, w, run, &kept)) {
        return;
    }
    check_hint(c, "kafka-topics.sh --create fails for a topic that exists, unless a flag tells it "
                  "not to: see --help");
    if (check_ended_well(c, run)) {
        ensure_refused(c, &kept);
    }
}

void check_ensure_again(struct check *c)
{
    with_witness(c, ensure_again);
}

/* --- settings --- */

enum { SETTINGS_KNOWN = 7, SETTINGS_MAX = 3 };

/* Some topic settings that are not at their default, in random order. */
static void make_settings(struct check *c, struct weir_option *out)
{
    static const char *const codecs[] = { "gzip", "lz4", "zstd", "snappy" };
    const struct weir_option known[SETTINGS_KNOWN] = {
        { "cleanup.policy", "compact" },
        { "compression.type", codecs[check_range(c, 0, 3)] },
        { "retention.ms", check_text(c, "%" PRId64, check_range(c, 60000, 86400000)) },
        { "retention.bytes", check_text(c, "%" PRId64, check_range(c, 1 << 20, 1 << 30)) },
        { "segment.bytes", check_text(c, "%" PRId64, check_range(c, 1 << 20, 1 << 29)) },
        { "max.message.bytes", check_text(c, "%" PRId64, check_range(c, 20000, 900000)) },
        { "delete.retention.ms", check_text(c, "%" PRId64, check_range(c, 60000, 80000000)) },
    };
    struct weir_option mixed[SETTINGS_KNOWN];
    memcpy(mixed, known, sizeof(known));
    check_shuffle(c, mixed, SETTINGS_KNOWN, sizeof(mixed[0]));
    memcpy(out, mixed, SETTINGS_MAX * sizeof(mixed[0]));
}

/* One run of tune with the first `count` of the settings. */
static bool tune(struct check *c, struct witness *w, const struct weir_option *settings, int count)
{
    struct check_run *run;
    const char *topic = topics_name(c, w);
    int64_t partitions = check_range(c, 2, 6);
    const char *wanted = "";
    const char *expected = "";
    const char *actual = "";
    for (int i = 0; i < count; i++) {
        wanted = check_text(c, "%s%s%s=%s", wanted, i == 0 ? "" : " ", settings[i].name,
                            settings[i].value);
    }
    const char *const vars[] = {
        check_text(c, "TOPIC=%s", topic),
        check_text(c, "PARTITIONS=%" PRId64, partitions),
        check_text(c, "SETTINGS=%s", wanted),
        NULL,
    };
    if (!topic) {
        return false;
    }
    check_step(c, "TOPIC=%s PARTITIONS=%" PRId64 " SETTINGS=\"%s\"", topic, partitions, wanted);
    check_hint(c, "each setting needs a --config in front of it, and the topic is created with "
                  "\"$PARTITIONS\" as in part 1");
    if (!topics_run_with(c, "tune", vars, &run) || !topics_expect(c, w, run, topic, partitions)) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        const char *value = witness_config(w, topic, settings[i].name);
        if (!value) {
            return false;
        }
        expected = check_text(c, "%s%s=%s\n", expected, settings[i].name, settings[i].value);
        actual = check_text(c, "%s%s=%s\n", actual, settings[i].name, value);
    }
    check_step(c, "asked the broker for these settings of %s", topic);
    return check_equal_text(c, check_text(c, "the settings of %s", topic), expected, actual);
}

static void settings(struct check *c, struct witness *w)
{
    struct weir_option chosen[SETTINGS_MAX];
    make_settings(c, chosen);
    if (tune(c, w, chosen, 1)) {
        make_settings(c, chosen);
        (void)tune(c, w, chosen, SETTINGS_MAX);
    }
}

void check_settings(struct check *c)
{
    with_witness(c, settings);
}
