/*
 * Encoding and decoding of every message of the protocol, driven by the tables of message_type.h.
 *
 * A message is a plain C struct (messages.h) and its type a table, so one decoder and one encoder serve all messages
 * in all versions, and a handler reads and writes fields without knowing how they travel:
 *
 *     struct fetch_request request;
 *     rc = message_decode(&fetch_request_type, version, body, arena, &request, err);
 *
 *     struct fetch_response response;
 *     message_init(&fetch_response_type, &response);
 *     response.responses = message_new(&fetch_response_topic_type, arena, topic_count);
 *     response.responses_count = topic_count;
 *     rc = message_encode(&fetch_response_type, version, &response, out, splices, err);
 *
 * The bytes are those of the schema notation (schema/README.md); KIP-482 describes flexible versions. Where Kafka's
 * generated classes are lenient (a negative array count is null, a bool is any non-zero byte) so is the decoder; it
 * is stricter about tags, which must rise, and tagged fields, which must have the size they claim.
 *
 * Ownership: a decoded message borrows its strings, bytes and records from the input and its arrays from the arena.
 * Errors: bytes that break the format give WEIR_EPROTO and the path of the field, such as
 * "ProduceRequest version 9: topic_data[1].name: cut short at byte 40"; a version that the message does not have, or
 * a message that cannot be said in it, gives WEIR_EINVAL.
 * Thread: any; the arguments belong to the caller.
 */
#pragma once

#include "base/arena.h"
#include "base/buffer.h"
#include "protocol/message_type.h"
#include "weir/status.h"

struct request_header;
struct response_header;

/*
 * Where the encoder left out an `external` records field: `len` bytes, to be sent after the first `offset` bytes of
 * the buffer (and before the rest), from wherever `external` says. In the order of the wire.
 */
struct splice {
    size_t offset; /* in the output buffer, from its start */
    const void *external;
    size_t len;
};

struct splices {
    struct splice *items; /* owned */
    size_t count;
    size_t capacity;
    size_t len_total; /* of all: a frame's size is the buffer's length plus this */
};

void splices_init(struct splices *s);
void splices_finish(struct splices *s);
void splices_clear(struct splices *s);

/* --- making messages --- */

/* Sets every field to its default; a message must be initialised before it is filled in and encoded. */
void message_init(const struct message_type *type, void *out);

/* `count` initialised structs in a row from the arena: the elements of an array field. Never NULL. */
void *message_new(const struct message_type *type, struct arena *arena, int32_t count)
    __attribute__((returns_nonnull));

/* Whether all fields of all versions have the same values. */
bool message_equal(const struct message_type *type, const void *a, const void *b);

/* --- decoding and encoding --- */

/* Decodes all of `in`: what is left over is an error. On failure *out is undefined. */
WEIR_CHECKED enum weir_status message_decode(const struct message_type *type,
                                             int16_t version,
                                             struct bytes in,
                                             struct arena *arena,
                                             void *out,
                                             struct weir_error *err);

/* Decodes a message at the start of *in and moves *in behind it (on success only). */
WEIR_CHECKED enum weir_status message_decode_prefix(const struct message_type *type,
                                                    int16_t version,
                                                    struct bytes *in,
                                                    struct arena *arena,
                                                    void *out,
                                                    struct weir_error *err);

/*
 * Appends to `out`. External records go to `splices`; with NULL they are an error. A value other than the default in
 * a field that this version lacks is an error unless the schema says ignorable. On failure `out` and `splices` are
 * as they were, except that an overflow of `out` stays set.
 */
WEIR_CHECKED enum weir_status message_encode(const struct message_type *type,
                                             int16_t version,
                                             const void *message,
                                             struct buffer *out,
                                             struct splices *splices,
                                             struct weir_error *err);

/*
 * The same behind an int16 that says the version: keys and values of internal topics, and what the members of a
 * classic group tell each other. Decoding a version later than the newest known one takes it as the newest and
 * ignores the rest if `lenient`, as consumers do among themselves (ConsumerProtocol), and fails otherwise.
 */
WEIR_CHECKED enum weir_status versioned_encode(const struct message_type *type,
                                               int16_t version,
                                               const void *message,
                                               struct buffer *out,
                                               struct weir_error *err);
WEIR_CHECKED enum weir_status versioned_decode(const struct message_type *type,
                                               bool lenient,
                                               struct bytes in,
                                               struct arena *arena,
                                               void *out,
                                               struct weir_error *err);

/* --- headers --- */

/*
 * Reads the header at the start of *frame (a request without its length) and moves *frame to the body. The header's
 * version follows from key and version, also for versions that do not exist: that is how a broker can answer an
 * ApiVersions request of the future. WEIR_ENOTFOUND for an unknown key. client_id borrows from the frame.
 */
WEIR_CHECKED enum weir_status request_header_decode(struct bytes *frame,
                                                    struct request_header *out,
                                                    struct weir_error *err);

/* By header->request_api_key and request_api_version. */
WEIR_CHECKED enum weir_status request_header_encode(const struct request_header *header,
                                                    struct buffer *out,
                                                    struct weir_error *err);

/* `version` is that of the request. The response to ApiVersions has header version 0 always (KIP-511). */
WEIR_CHECKED enum weir_status response_header_decode(const struct api_type *api,
                                                     int16_t version,
                                                     struct bytes *frame,
                                                     struct response_header *out,
                                                     struct weir_error *err);
WEIR_CHECKED enum weir_status response_header_encode(const struct api_type *api,
                                                     int16_t version,
                                                     const struct response_header *header,
                                                     struct buffer *out,
                                                     struct weir_error *err);

/* --- showing --- */

enum message_style {
    MESSAGE_ONE_LINE,
    MESSAGE_INDENTED,
};

/*
 * Appends the fields of this version as JSON, by the schema's names: for logs and for reading along. Bytes are hex,
 * cut after a while; records are told by their size; secrets are not shown. No line end follows.
 */
void message_print(const struct message_type *type,
                   int16_t version,
                   const void *message,
                   enum message_style style,
                   struct buffer *out);
