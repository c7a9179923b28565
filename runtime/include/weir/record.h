/*
 * What producers send and consumers receive: byte ranges, headers, options, and the coordinates of a record.
 *
 * A record is `<key, value>` with a timestamp and headers, at (topic, partition, offset). To Kafka key and value are
 * bytes; that a value is JSON is an agreement between the two ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "weir/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A borrowed byte range. `data` NULL is Kafka's null: no key at all, or a tombstone value; not the same as empty.
 * Not terminated by a zero byte: print it with `printf("%.*s", WEIR_SLICE_ARG(record->value))`. */
struct weir_slice {
    const void *data;
    size_t len;
};

#define WEIR_SLICE_ARG(s) (int)(s).len, (s).data ? (const char *)(s).data : ""

/* A view of a terminated text, without its terminator. NULL gives null. */
static inline struct weir_slice weir_text(const char *text)
{
    struct weir_slice slice = { text, text ? strlen(text) : 0 };
    return slice;
}

static inline bool weir_slice_equal(struct weir_slice a, struct weir_slice b)
{
    return (a.data == NULL) == (b.data == NULL) && a.len == b.len &&
           (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Headers keep their order, and a name may occur more than once (KIP-82). */
struct weir_header {
    const char *name;
    struct weir_slice value;
};

/* One configuration setting, by the name Kafka's documentation gives it: `{ "linger.ms", "50" }`.
 * Lists of options end with `{ NULL, NULL }`. A value of NULL means "not set": the default counts. */
struct weir_option {
    const char *name;
    const char *value;
};

struct weir_topic_partition {
    const char *topic;
    int32_t partition;
};

/* Lists of topic names, as weir_consumer_topics() and weir_admin_topics() give them. */
struct weir_topic_list {
    char **names; /* in alphabetical order; owned by the list */
    size_t count;
};

/* Frees the names and empties the list. */
WEIR_API void weir_topic_list_finish(struct weir_topic_list *list);

#ifdef __cplusplus
}
#endif
