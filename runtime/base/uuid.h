/*
 * Kafka's 128-bit ids (topic id, cluster id): 16 bytes on the wire, 22 characters of URL-safe base64 in text
 * (org.apache.kafka.common.Uuid).
 *
 * Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    UUID_SIZE = 16,
    UUID_TEXT_SIZE = 23, /* with the terminator */
    UUID_DASHED_SIZE = 37,
};

struct uuid {
    uint8_t bytes[UUID_SIZE]; /* all zero: none */
};

/* Random, never zero, and its text never begins with '-' (it would read as an option on a command line). */
struct uuid uuid_random(void);
bool uuid_is_zero(const struct uuid *id);
bool uuid_equal(const struct uuid *a, const struct uuid *b);
void uuid_format(const struct uuid *id, char out_text[UUID_TEXT_SIZE]);
/* "ce011fdc-8762-4dcb-84eb-a77333e28109": as Java prints it. */
void uuid_format_dashed(const struct uuid *id, char out_text[UUID_DASHED_SIZE]);
bool uuid_parse(struct bytes text, struct uuid *out_id);
