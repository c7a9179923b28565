/*
 * Responses of any kind, as a client reads them: the input is API key and version, an int16 each, then the frame
 * without its length. What decodes must print and encode to something that is equal.
 */
#include <assert.h>
#include <stdint.h>

#include "protocol/codec.h"
#include "protocol/messages.h"
#include "protocol/reader.h"

enum { OUTPUT_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode_body(const struct message_type *type, int16_t version, struct bytes body)
{
    struct arena arena;
    struct buffer out;
    struct weir_error err;
    arena_init(&arena, 0);
    buffer_init(&out, OUTPUT_MAX);
    void *message = arena_alloc(&arena, 1, type->size);
    void *again = arena_alloc(&arena, 1, type->size);
    if (message_decode(type, version, body, &arena, message, &err) == WEIR_OK) {
        message_print(type, version, message, MESSAGE_INDENTED, &out);
        assert(!out.overflow);
        buffer_clear(&out);
        enum weir_status rc = message_encode(type, version, message, &out, NULL, &err);
        assert(rc == WEIR_OK);
        rc = message_decode(type, version, buffer_bytes(&out), &arena, again, &err);
        assert(rc == WEIR_OK && message_equal(type, message, again));
    }
    buffer_finish(&out);
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r;
    reader_init(&r, (struct bytes){ data, size });
    int16_t key = reader_i16(&r);
    int16_t version = reader_i16(&r);
    struct bytes frame = reader_take(&r, reader_left(&r));
    const struct api_type *api = reader_failed(&r) ? NULL : api_type_find(key);
    struct response_header header;
    struct weir_error err;
    if (api && response_header_decode(api, version, &frame, &header, &err) == WEIR_OK) {
        decode_body(api->response, version, frame);
    }
    return 0;
}
