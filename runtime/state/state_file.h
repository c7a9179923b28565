/*
 * The bytes of a state file: what a batch changed (delta), or all there is at a version (snapshot).
 *
 *      0   4  "WST1"
 *      4   1  'D' a delta, 'S' a snapshot
 *      5   1  the body's codec: 0 as it is, 1 an LZ4 frame
 *      6   2  0
 *      8   8  version
 *     16   8  records in the body
 *     24   8  bytes of the body
 *     32   8  bytes of the body as it is stored
 *     40   4  CRC-32C of the body as it is stored
 *     44   4  CRC-32C of bytes 0 to 43
 *     48   .. the body: records, then the end
 *
 *     record     int32 length of the key, the key, int32 length of the value, the value
 *     removed    int32 length of the key, the key, int32 -1                              (deltas only)
 *     end        int32 -1
 *
 * Integers are big-endian. The body is what Spark's HDFSBackedStateStoreProvider puts into its LZ4 stream; keys and values are rows in
 * our own encoding, so neither engine goes on from the other's state. Deltas are stored as they are, because a batch waits for
 * them; snapshots, which nobody waits for, are compressed. Both forms of both are read.
 *
 * The order of records means something: who applies a file from the beginning to the end has the keys in the order of their insertion.
 *
 * Pure; thread: any.
 */
#pragma once

#include "base/buffer.h"

enum state_file_kind { STATE_DELTA = 'D', STATE_SNAPSHOT = 'S' };

enum {
    STATE_FILE_HEADER = 48,
    STATE_RECORD_MAX = 1 << 28, /* bytes of a key, and of a value */
};

/* Of a whole file. */
#define STATE_FILE_MAX ((size_t)4 << 30)

/* --- writing: begin, any number of put and remove, end; then buffer->overflow says whether it fitted --- */

struct state_file_writer {
    struct buffer *out;
    int64_t records;
};

void state_file_begin(struct state_file_writer *w, struct buffer *out);
void state_file_put(struct state_file_writer *w, struct bytes key, struct bytes value);
void state_file_remove(struct state_file_writer *w, struct bytes key);
void state_file_end(struct state_file_writer *w, enum state_file_kind kind, int64_t version);

/* The same file with its body compressed, appended to `out`, when that makes it smaller; false: it does not. */
bool state_file_compress(struct bytes file, struct buffer *out);

/* --- reading --- */

enum state_damage {
    STATE_DAMAGE_NONE,
    STATE_DAMAGE_HEADER,     /* it is no state file, or its first bytes have changed */
    STATE_DAMAGE_KIND,       /* a delta by the name of a snapshot, or of another version */
    STATE_DAMAGE_CHECKSUM,   /* cut, longer than it was, or changed */
    STATE_DAMAGE_CODEC,      /* not what the codec makes */
    STATE_DAMAGE_KEY_SIZE,   /* `found` cannot be the length of a key */
    STATE_DAMAGE_VALUE_SIZE, /* nor this of a value */
    STATE_DAMAGE_END,        /* records are missing, or something follows them */
};

struct state_fault {
    enum state_damage damage;
    int64_t expected;
    int64_t found;
    uint32_t expected_checksum;
    uint32_t found_checksum;
};

struct state_file_reader {
    enum state_file_kind kind;
    int64_t version;
    int64_t records;
    struct bytes body; /* of the file, or `unpacked` */
    size_t at;
    int64_t left;      /* records still to come */
    uint8_t *unpacked; /* owned */
    struct state_fault fault;
};

/* Checks header and checksums. False: r->fault says why. The file is borrowed until state_file_close(). */
bool state_file_open(struct state_file_reader *r,
                     struct bytes file,
                     enum state_file_kind kind,
                     int64_t version);

/* The next record; a removed one has a null value. False at the end, or when r->fault is set. */
bool state_file_next(struct state_file_reader *r, struct bytes *out_key, struct bytes *out_value);
void state_file_close(struct state_file_reader *r);
