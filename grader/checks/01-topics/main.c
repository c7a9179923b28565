/*
 * The checks of lab 01: what topics.sh has done to the broker.
 */
#include <inttypes.h>

#include "topics.h"

const char *topics_name(struct check *c, struct witness *w)
{
    static const char *const words[] = { "orders", "sensor_data", "results",
                                         "runs",   "my_topic",    "Beam-Line" };
    const char *name =
        check_name(c, words[check_range(c, 0, sizeof(words) / sizeof(words[0]) - 1)]);
    return witness_claim(w, name) ? name : NULL;
}

bool topics_run_with(struct check *c,
                     const char *program,
                     const char *const *vars,
                     struct check_run **out_run)
{
    struct check_run *run =
        check_run(c, &(struct check_run_spec){ .program = program, .vars = vars });
    *out_run = run;
    if (!run || run->ending == CHECK_EXITED) {
        return run != NULL;
    }
    check_hint(c, "kafka-topics.sh comes to an end by itself: what does the script wait for, or "
                  "repeat?");
    return check_ended_well(c, run);
}

bool topics_run(struct check *c,
                const char *program,
                const char *topic,
                int64_t partitions,
                struct check_run **out_run)
{
    const char *const vars[] = {
        check_text(c, "TOPIC=%s", topic),
        partitions > 0 ? check_text(c, "PARTITIONS=%" PRId64, partitions) : NULL,
        NULL,
    };
    check_step(c, "%s%s%s", vars[0], vars[1] ? " " : "", vars[1] ? vars[1] : "");
    return topics_run_with(c, program, vars, out_run);
}

static bool says(struct bytes text, const char *words)
{
    return text.len > 0 && memmem(text.data, text.len, words, strlen(words));
}

void topics_hint_failed(struct check *c, const struct check_run *run)
{
    if (says(run->err, "\r")) {
        check_hint(c,
                   "topics.sh has the line ends of Windows, and bash takes them for a part of its "
                   "commands: sed -i 's/\\r$//' topics.sh");
    } else if (says(run->err, "syntax error") || says(run->err, "unexpected EOF")) {
        check_hint(
            c, "bash cannot read the script; `bash -n topics.sh` tells where, and runs nothing");
    } else if (says(run->out, "Timed out waiting for a node assignment")) {
        check_hint(c, "every check has a broker of its own, and it is at \"$BOOTSTRAP\": write no "
                      "address into the script");
    } else {
        check_hint(c, "the script ended with exit status %d; what it printed is shown below",
                   run->code);
    }
}

int topics_patience_ms(const struct check_run *run)
{
    return run->code == 0 ? WITNESS_SETTLE_MS : 0;
}

bool topics_expect(struct check *c,
                   struct witness *w,
                   const struct check_run *run,
                   const char *topic,
                   int64_t partitions)
{
    if (!witness_wait_topic(w, topic, true, topics_patience_ms(run))) {
        if (run->code != 0) {
            topics_hint_failed(c, run);
        }
        return check_fail(c, "the broker has no topic %s", topic);
    }
    const struct weir_topic_info *info = witness_topic(w, topic);
    if (!info) {
        return false;
    }
    check_step(c, "found topic %s on the broker with %zu partitions", topic, info->partition_count);
    return check_equal_i64(c, check_text(c, "partitions of %s", topic), partitions,
                           (int64_t)info->partition_count);
}

int main(void)
{
    static const struct check_case cases[] = {
        { "topic-exists", check_topic_exists },
        { "partition-count", check_partition_count },
        { "ensure-new", check_ensure_new },
        { "ensure-again", check_ensure_again },
        { "settings", check_settings },
        { "list-topics", check_list_topics },
        { "describe-topic", check_describe_topic },
        { "delete-topic", check_delete_topic },
        { "delete-again", check_delete_again },
    };
    return check_main(cases, sizeof(cases) / sizeof(cases[0]));
}
