/*
 * The tables that describe messages: which fields a struct has, where each lies in memory, in which versions it is on
 * the wire and how. The schema says it, its generator writes the tables (message_tables.c) and the structs
 * (messages.h), and codec.h walks them.
 *
 * Everything here is constant data. Thread: any.
 */
#pragma once

#include "base/bytes.h"
#include "base/uuid.h"

/* Structs in one another, the message included. The generator refuses more, so the walks recurse no deeper. */
enum { MESSAGE_DEPTH_MAX = 8 };

enum { VERSION_NEVER = INT16_MAX, NO_TAG = -1 };

enum field_kind {
    FIELD_BOOL,
    FIELD_INT8,
    FIELD_INT16,
    FIELD_UINT16,
    FIELD_INT32,
    FIELD_INT64,
    FIELD_FLOAT64,
    FIELD_UUID,
    FIELD_STRING,  /* struct bytes */
    FIELD_BYTES,   /* struct bytes */
    FIELD_RECORDS, /* struct records_field */
    FIELD_STRUCT,
};

/*
 * Record batches in a message: bytes in memory, or, for a response that is sent straight from a file, whatever the
 * sender understands. Null: both pointers NULL.
 */
struct records_field {
    struct bytes data;
    const void
        *external; /* borrowed; the codec never looks into it (see struct splices in codec.h) */
    size_t external_len;
};

/* Both ends included. */
struct version_range {
    int16_t first;
    int16_t last;
};

#define NO_VERSIONS  \
    {                \
        0, INT16_MIN \
    }

static inline bool version_in(struct version_range range, int16_t version)
{
    return version >= range.first && version <= range.last;
}

struct message_field {
    const char *name;                /* the specification's, in snake case */
    const struct message_type *type; /* of a FIELD_STRUCT */
    struct version_range versions;
    struct version_range null_versions;
    uint16_t offset;       /* of the member in the C struct */
    uint16_t count_offset; /* of an array: of its int32_t <name>_count */
    int16_t tag;           /* or NO_TAG */
    uint8_t kind;          /* enum field_kind; of an array, of its elements */
    bool array;
    bool pointer;    /* a struct that may be null: the member is a pointer to it */
    bool ignorable;  /* may be dropped where the version has no such field */
    bool inflexible; /* keeps the fixed-size length in flexible versions */
    bool secret;     /* not to be printed */
};

/* A message or a struct within one; of the latter, versions and flexible_from are its message's. */
struct message_type {
    const char *name;
    size_t size;          /* of the C struct */
    const void *defaults; /* an instance with every field at its default */
    const struct message_field *fields;
    int16_t field_count;
    struct version_range versions;
    int16_t flexible_from; /* or VERSION_NEVER */
};

struct api_type {
    int16_t key;
    const char *name; /* as Kafka spells it: "ApiVersions" */
    int16_t version_min;
    int16_t version_max;
    int16_t flexible_from; /* or VERSION_NEVER */
    const struct message_type *request;
    const struct message_type *response;
};

/* All APIs by rising key. They are those that the codec knows; a broker may serve fewer. */
extern const struct api_type api_types[];
extern const int32_t api_type_count;

/* All messages: headers, records of internal topics, requests and responses. */
extern const struct message_type *const message_types[];
extern const int32_t message_type_count;

/* NULL for an unknown key. */
const struct api_type *api_type_find(int16_t key);

/* The size of one value of this kind in memory (an array's element). */
size_t message_field_size(const struct message_field *field);

static inline bool message_flexible(const struct message_type *type, int16_t version)
{
    return version >= type->flexible_from;
}
