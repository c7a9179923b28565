/*
 * Every bound on something that a peer, a file or a user can choose, in one place.
 */
#pragma once

#include <stddef.h>

enum {
    LIMIT_TOPIC_NAME = 249,            /* Kafka's own: Topic.MAX_NAME_LENGTH */
    LIMIT_REQUEST_DEFAULT = 104857600, /* socket.request.max.bytes */
    LIMIT_RESPONSE = 256 << 20,        /* encoded response, file ranges not counted */
    LIMIT_PARTITIONS_PER_TOPIC = 10000,
    LIMIT_PARTITIONS_PER_REQUEST = 10000, /* Kafka's own: MAX_PARTITIONS_PER_BATCH */
    LIMIT_ARRAY_ELEMENTS = 1 << 20,       /* in one decoded array */
    LIMIT_MESSAGE_ARENA = 256 << 20,      /* what one decoded request may take */
    LIMIT_TAGGED_FIELDS = 1024,           /* in one struct */
    LIMIT_BATCH_RECORDS = 1 << 24,        /* in one record batch */
    LIMIT_GROUP_PROTOCOLS = 256,          /* assignors that one member may offer */
    LIMIT_GROUP_PENDING = 10000,          /* member ids of one group that have not come back yet */
    LIMIT_BATCH_UNCOMPRESSED = 256 << 20  /* bytes of one batch's records, decompressed */
};
