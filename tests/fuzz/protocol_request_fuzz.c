/*
 * Requests of any kind: the input is a frame as a client would send it, without its length, so its first bytes choose
 * API and version. Whatever decodes must print, encode, and come back as the same values.
 */
#include <assert.h>
#include <stdint.h>

#include "protocol/codec.h"
#include "protocol/messages.h"

enum { OUTPUT_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct message_type *type,
                             int16_t version,
                             const void *message,
                             struct arena *arena)
{
    struct buffer out;
    struct weir_error err;
    buffer_init(&out, OUTPUT_MAX);
    message_print(type, version, message, MESSAGE_ONE_LINE, &out);
    assert(!out.overflow);
    buffer_clear(&out);
    enum weir_status rc = message_encode(type, version, message, &out, NULL, &err);
    assert(rc == WEIR_OK);
    void *again = arena_alloc(arena, 1, type->size);
    rc = message_decode(type, version, buffer_bytes(&out), arena, again, &err);
    assert(rc == WEIR_OK && message_equal(type, message, again));
    buffer_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes frame = { data, size };
    struct request_header header;
    struct weir_error err;
    if (request_header_decode(&frame, &header, &err) < 0) {
        return 0;
    }
    const struct message_type *type = api_type_find(header.request_api_key)->request;
    struct arena arena;
    arena_init(&arena, 0);
    void *message = arena_alloc(&arena, 1, type->size);
    if (message_decode(type, header.request_api_version, frame, &arena, message, &err) == WEIR_OK) {
        check_round_trip(type, header.request_api_version, message, &arena);
    }
    arena_finish(&arena);
    return 0;
}
