/*
 * Which topics a tool's --topic means (org.apache.kafka.server.util.TopicFilter.IncludeList): a regular expression that
 * has to match the whole name. A comma reads as "or", blanks are dropped, as are quotes around it.
 *
 * The expressions are POSIX extended ones with Java's \d, \w and \s, which covers what can be said about topic names.
 * Thread: one at a time.
 */
#pragma once

#include <regex.h>

#include "base/bytes.h"
#include "weir/status.h"

struct topic_filter {
    regex_t expression;
    bool all; /* no --topic: everything */
    bool exclude_internal;
};

/* `pattern` NULL: all topics. Finish after success. */
WEIR_CHECKED enum weir_status topic_filter_init(struct topic_filter *filter,
                                                const char *pattern,
                                                bool exclude_internal,
                                                struct weir_error *err);
void topic_filter_finish(struct topic_filter *filter);
bool topic_filter_allows(const struct topic_filter *filter, struct bytes name);
