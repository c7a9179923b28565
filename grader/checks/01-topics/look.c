/*
 * Parts 4 to 6: topics that are listed, described and deleted.
 */
#include <inttypes.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "topics.h"

/* One run of a program that writes REPORT, and the report. */
static bool run_report(struct check *c,
                       const char *program,
                       const char *topic,
                       struct bytes *out_report)
{
    struct check_run *run;
    const char *report = check_name(c, "report");
    const char *const vars[] = {
        check_text(c, "REPORT=%s", report),
        topic ? check_text(c, "TOPIC=%s", topic) : NULL,
        NULL,
    };
    if (topic) {
        check_step(c, "TOPIC=%s REPORT=%s", topic, report);
    } else {
        check_step(c, "REPORT=%s", report);
    }
    if (!topics_run_with(c, program, vars, &run)) {
        return false;
    }
    if (run->code != 0) {
        topics_hint_failed(c, run);
    } else {
        check_hint(c, "the file's name comes from the variable REPORT: ... >\"$REPORT\"");
    }
    return check_get_file(c, report, TOPICS_REPORT_MAX, out_report);
}

/* --- list --- */

static bool has_line(struct bytes text, const char *line)
{
    struct bytes one;
    while (bytes_cut(&text, '\n', &one)) {
        if (bytes_equal_text(one, line)) {
            return true;
        }
    }
    return false;
}

/* What is usually wrong with such a list. */
static void hint_list(struct check *c,
                      const struct witnessed_names *names,
                      struct bytes report,
                      size_t expected_len)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->items[i];
        bool internal = witnessed_is_internal(name);
        if (internal && has_line(report, name)) {
            check_hint(c, "%s is Kafka's own: --exclude-internal leaves such topics out", name);
            return;
        }
        if (!internal && !has_line(report, name)) {
            check_hint(c, "%s is missing, and it is a user's topic, whatever its name looks like",
                       name);
            return;
        }
    }
    if (report.len == expected_len) {
        check_hint(c, "the names are all there, in another order: LC_ALL=C sort");
    } else {
        check_hint(c, "names only, one a line, nothing else");
    }
}

/* The cluster's topics are as they were: a report of a cluster that the program has cut to the report's measure is none. */
static bool is_unchanged(struct check *c, struct witness *w, const struct witnessed_names *before)
{
    struct witnessed_names now;
    if (!witness_names(w, &now)) {
        return false;
    }
    check_hint(c, "to look is not to change: create, alter and delete no topic here");
    for (size_t i = 0; i < before->count; i++) {
        if (!witnessed_has(&now, before->items[i])) {
            return check_fail(c, "the topic %s is gone after list", before->items[i]);
        }
    }
    return check_that(c, now.count == before->count,
                      "list made topics: there are %zu, and there were %zu", now.count,
                      before->count);
}

static void list_topics(struct check *c, struct witness *w)
{
    /* Names whose order differs between bytes and dictionaries, and some that are like internal ones but are not. */
    static const char *const prefixes[] = {
        "Zebra", "apple", "_hidden", "__mine", "B_market", "bees", "my__consumer_offsets"
    };
    enum { MADE = sizeof(prefixes) / sizeof(prefixes[0]) };
    struct witnessed_names names;
    struct bytes report;
    for (size_t i = 0; i < MADE; i++) {
        const char *name = check_name(c, prefixes[i]);
        if (!witness_create(w, name, 1, NULL)) {
            return;
        }
        check_step(c, "created topic %s", name);
    }
    if (!witness_make_internal(w) || !witness_names(w, &names)) {
        return;
    }
    check_step(c, "asked the broker for its topics: %zu, internal ones included", names.count);
    if (!run_report(c, "list", NULL, &report) || !is_unchanged(c, w, &names)) {
        return;
    }
    struct buffer expected;
    buffer_init(&expected, TOPICS_REPORT_MAX);
    for (size_t i = 0; i < names.count; i++) {
        if (!witnessed_is_internal(names.items[i])) {
            buffer_printf(&expected, "%s\n", names.items[i]);
        }
    }
    hint_list(c, &names, report, buffer_bytes(&expected).len);
    check_equal_bytes(c, "REPORT", buffer_bytes(&expected), report);
    buffer_finish(&expected);
}

void check_list_topics(struct check *c)
{
    with_witness(c, list_topics);
}

/* --- describe --- */

static void describe_topic(struct check *c, struct witness *w)
{
    /* A topic may have any name, also that of a field of the tool's output. */
    static const char *const prefixes[] = { "PartitionCount-Leader", "Leader-of-Partition",
                                            "Partition_Leader", "Topic-Leader-Partition" };
    const char *topic = check_name(c, prefixes[check_range(c, 0, 3)]);
    const char *neighbour = check_text(c, "%s-2", topic);
    int32_t partitions = (int32_t)check_range(c, 11, 14); /* "10" sorts before "2" */
    const struct weir_option configs[] = { { "cleanup.policy", "compact" }, { NULL, NULL } };
    struct bytes report;
    if (!witness_create(w, neighbour, (int32_t)check_range(c, 1, 3), NULL) ||
        !witness_create(w, topic, partitions, check_range(c, 0, 1) == 1 ? configs : NULL)) {
        return;
    }
    check_step(c, "created topic %s with %d partitions, and another one, %s", topic, partitions,
               neighbour);
    const struct weir_topic_info *info = witness_topic(w, topic);
    if (!info) {
        check_broken(c, "the check's topic %s does not show", topic);
        return;
    }
    const char *expected = check_text(c, "partitions %zu\n", info->partition_count);
    for (size_t i = 0; i < info->partition_count; i++) {
        const struct weir_partition_info *p = &info->partitions[i];
        expected = check_text(c, "%s%d %d\n", expected, p->partition, p->leader);
    }
    check_step(c, "asked the broker for the partitions of %s", topic);
    if (!run_report(c, "describe", topic, &report)) {
        return;
    }
    check_hint(c, "to look is not to change: create, alter and delete no topic here");
    info = witness_topic(w, topic);
    if (!info) {
        check_fail(c, "the topic %s is gone after describe", topic);
        return;
    }
    if (!check_equal_i64(c, check_text(c, "partitions of %s after describe", topic), partitions,
                         (int64_t)info->partition_count)) {
        return;
    }
    check_hint(c, "take the word that follows `PartitionCount:`, `Partition:` and `Leader:`, in "
                  "the lines of this topic only; its name may hold any of these words");
    check_equal_bytes(c, "REPORT", bytes_of(expected), report);
}

void check_describe_topic(struct check *c)
{
    with_witness(c, describe_topic);
}

/* --- delete --- */

/* Topics whose names begin or end like `topic`. */
static bool make_neighbours(struct check *c, struct witness *w, const char *topic)
{
    const char *const names[] = { check_text(c, "%s-2", topic), check_text(c, "%s0", topic),
                                  check_text(c, "old-%s", topic) };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!witness_create(w, names[i], 1, NULL)) {
            return false;
        }
        check_step(c, "created topic %s", names[i]);
    }
    return true;
}

/* Every topic of `before` but `deleted` is still there. */
static bool others_remain(struct check *c,
                          struct witness *w,
                          const struct witnessed_names *before,
                          const char *deleted)
{
    struct witnessed_names now;
    if (!witness_names(w, &now)) {
        return false;
    }
    for (size_t i = 0; i < before->count; i++) {
        const char *name = before->items[i];
        check_hint(c, "--topic takes a pattern, and the name alone is enough: \"$TOPIC\"");
        if (strcmp(name, deleted) != 0 && !witnessed_has(&now, name)) {
            return check_fail(c, "the topic %s was deleted too; only %s was meant", name, deleted);
        }
    }
    check_step(c, "looked at the broker: the other topics are still there");
    return true;
}

static void delete_topic(struct check *c, struct witness *w)
{
    struct witnessed_names before;
    struct check_run *run;
    const char *topic = topics_name(c, w);
    if (!topic || !make_neighbours(c, w, topic) ||
        !witness_create(w, topic, (int32_t)check_range(c, 1, 4), NULL)) {
        return;
    }
    check_step(c, "created topic %s", topic);
    if (!witness_names(w, &before) || !topics_run(c, "delete", topic, 0, &run)) {
        return;
    }
    if (!witness_wait_topic(w, topic, false, topics_patience_ms(run))) {
        if (run->code != 0) {
            topics_hint_failed(c, run);
        } else {
            check_hint(c, "kafka-topics.sh --delete --topic \"$TOPIC\"");
        }
        check_fail(c, "the topic %s is still on the broker", topic);
        return;
    }
    check_step(c, "looked at the broker: %s is gone", topic);
    (void)others_remain(c, w, &before, topic);
}

void check_delete_topic(struct check *c)
{
    with_witness(c, delete_topic);
}

static void delete_again(struct check *c, struct witness *w)
{
    struct witnessed_names before;
    struct check_run *run;
    const char *topic = topics_name(c, w);
    if (!topic || !make_neighbours(c, w, topic) || !witness_names(w, &before)) {
        return;
    }
    check_step(c, "made sure that there is no topic %s", topic);
    if (!topics_run(c, "delete", topic, 0, &run) || !others_remain(c, w, &before, topic)) {
        return;
    }
    check_hint(c, "kafka-topics.sh --delete fails for a topic that is not there, unless a flag "
                  "tells it not to: see --help");
    check_ended_well(c, run);
}

void check_delete_again(struct check *c)
{
    with_witness(c, delete_again);
}
