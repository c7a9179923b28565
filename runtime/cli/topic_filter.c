/*
 * Which topics --topic means; see the header.
 */
#include "cli/topic_filter.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/limits.h"

enum { PATTERN_MAX = 1 << 16 };

/* Kafka's rewriting of the list into an expression, then Java's classes into POSIX's, anchored. */
static void translate(struct bytes pattern, struct buffer *out)
{
    while (pattern.len > 0 && (pattern.data[0] == '"' || pattern.data[0] == '\'')) {
        pattern.data++;
        pattern.len--;
    }
    while (pattern.len > 0 &&
           (pattern.data[pattern.len - 1] == '"' || pattern.data[pattern.len - 1] == '\'')) {
        pattern.len--;
    }
    buffer_append_text(out, "^(");
    for (size_t i = 0; i < pattern.len; i++) {
        uint8_t c = pattern.data[i];
        if (c == ',') {
            buffer_append_text(out, "|");
        } else if (c == '\\' && i + 1 < pattern.len && pattern.data[i + 1] == 'd') {
            buffer_append_text(out, "[0-9]");
            i++;
        } else if (c != ' ') {
            buffer_append(out, &c, 1);
        }
    }
    buffer_append(out, ")$", 3); /* with the terminator */
}

enum weir_status topic_filter_init(struct topic_filter *filter,
                                   const char *pattern,
                                   bool exclude_internal,
                                   struct weir_error *err)
{
    *filter = (struct topic_filter){ .all = !pattern, .exclude_internal = exclude_internal };
    if (!pattern) {
        return WEIR_OK;
    }
    struct buffer expression;
    buffer_init(&expression, PATTERN_MAX);
    translate(bytes_trim(bytes_of(pattern)), &expression);
    /* POSIX would take a leading quantifier as a plain character; to Java it is an error. */
    bool dangling = !expression.overflow && strchr("*+?", expression.data[2]) && expression.data[2];
    bool compiled =
        !expression.overflow && !dangling &&
        regcomp(&filter->expression, (const char *)expression.data, REG_EXTENDED | REG_NOSUB) == 0;
    buffer_finish(&expression);
    if (!compiled) {
        return weir_fail(err, WEIR_EINVAL, "%s is an invalid regex.", pattern);
    }
    return WEIR_OK;
}

void topic_filter_finish(struct topic_filter *filter)
{
    if (!filter->all) {
        regfree(&filter->expression);
    }
}

/* Kafka's own topics: org.apache.kafka.common.internals.Topic.isInternal(). */
static bool is_internal(struct bytes name)
{
    return bytes_equal_text(name, "__consumer_offsets") ||
           bytes_equal_text(name, "__transaction_state") ||
           bytes_equal_text(name, "__share_group_state");
}

bool topic_filter_allows(const struct topic_filter *filter, struct bytes name)
{
    char text[LIMIT_TOPIC_NAME + 1];
    if (filter->exclude_internal && is_internal(name)) {
        return false;
    }
    if (filter->all) {
        return true;
    }
    return bytes_to_text(name, text, sizeof(text)) &&
           regexec(&filter->expression, text, 0, NULL, 0) == 0;
}
