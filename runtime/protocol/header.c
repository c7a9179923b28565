/*
 * Request and response headers, and messages behind their version: see codec.h.
 */
#include "base/error.h"
#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/reader.h"
#include "protocol/writer.h"

static int16_t request_header_version(const struct api_type *api, int16_t version)
{
    return version >= api->flexible_from ? 2 : 1;
}

/* A client sends ApiVersions before it knows what the broker can read, and a broker that cannot read the version
 * answers in version 0; so the header of that answer must not depend on the version. */
static int16_t response_header_version(const struct api_type *api, int16_t version)
{
    return api->key != API_API_VERSIONS && version >= api->flexible_from ? 1 : 0;
}

enum weir_status request_header_decode(struct bytes *frame,
                                       struct request_header *out,
                                       struct weir_error *err)
{
    struct reader r;
    reader_init(&r, *frame);
    int16_t key = reader_i16(&r);
    int16_t version = reader_i16(&r);
    if (reader_failed(&r)) {
        return reader_error(&r, "request header", err);
    }
    const struct api_type *api = api_type_find(key);
    if (!api) {
        return weir_fail(err, WEIR_ENOTFOUND, "unknown API key %d (version %d)", key, version);
    }
    return message_decode_prefix(&request_header_type, request_header_version(api, version), frame,
                                 NULL, out, err);
}

enum weir_status request_header_encode(const struct request_header *header,
                                       struct buffer *out,
                                       struct weir_error *err)
{
    const struct api_type *api = api_type_find(header->request_api_key);
    if (!api) {
        return weir_fail(err, WEIR_ENOTFOUND, "unknown API key %d", header->request_api_key);
    }
    return message_encode(&request_header_type,
                          request_header_version(api, header->request_api_version), header, out,
                          NULL, err);
}

enum weir_status response_header_decode(const struct api_type *api,
                                        int16_t version,
                                        struct bytes *frame,
                                        struct response_header *out,
                                        struct weir_error *err)
{
    return message_decode_prefix(&response_header_type, response_header_version(api, version),
                                 frame, NULL, out, err);
}

enum weir_status response_header_encode(const struct api_type *api,
                                        int16_t version,
                                        const struct response_header *header,
                                        struct buffer *out,
                                        struct weir_error *err)
{
    return message_encode(&response_header_type, response_header_version(api, version), header, out,
                          NULL, err);
}

enum weir_status versioned_encode(const struct message_type *type,
                                  int16_t version,
                                  const void *message,
                                  struct buffer *out,
                                  struct weir_error *err)
{
    size_t out_len = out->len;
    writer_i16(out, version);
    enum weir_status rc = message_encode(type, version, message, out, NULL, err);
    if (rc < 0) {
        out->len = out_len;
    }
    return rc;
}

enum weir_status versioned_decode(const struct message_type *type,
                                  bool lenient,
                                  struct bytes in,
                                  struct arena *arena,
                                  void *out,
                                  struct weir_error *err)
{
    struct reader r;
    reader_init(&r, in);
    int16_t version = reader_i16(&r);
    if (reader_failed(&r)) {
        return reader_error(&r, type->name, err);
    }
    struct bytes rest = reader_take(&r, reader_left(&r));
    if (!lenient) {
        return message_decode(type, version, rest, arena, out, err);
    }
    if (version > type->versions.last) {
        version = type->versions.last;
    }
    return message_decode_prefix(type, version, &rest, arena, out, err);
}
