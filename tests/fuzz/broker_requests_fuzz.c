/*
 * Fuzz target: whatever a client sends, request after request, the broker answers each with something that decodes, or
 * closes the connection; it never hangs, it stops in good order, and it starts again on the folder that it left.
 *
 * Input: frames as a client would send them, each behind an int16 length (the last one may be short of it). The corpus
 * holds, for every API and version served, the requests that lead up to it and one that means something
 * (tests/fuzz/make_corpus.py).
 */
#include "fuzz_client.h"
#include "protocol/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PARTITIONS_MAX = 64, FRAMES_MAX = 24 };

static bool creates_much(const struct create_topics_request *body)
{
    for (int32_t i = 0; i < body->topics_count; i++) {
        if (body->topics[i].num_partitions > PARTITIONS_MAX ||
            body->topics[i].assignments_count > PARTITIONS_MAX) {
            return true;
        }
    }
    return body->topics_count > PARTITIONS_MAX;
}

static bool adds_much(const struct create_partitions_request *body)
{
    for (int32_t i = 0; i < body->topics_count; i++) {
        if (body->topics[i].count > PARTITIONS_MAX) {
            return true;
        }
    }
    return false;
}

/* Making thousands of folders is allowed, takes its time and finds nothing. */
static bool is_costly(struct bytes frame)
{
    struct request_header header;
    struct weir_error err;
    if (request_header_decode(&frame, &header, &err) < 0 ||
        (header.request_api_key != API_CREATE_TOPICS &&
         header.request_api_key != API_CREATE_PARTITIONS &&
         header.request_api_key != API_METADATA)) {
        return false;
    }
    const struct message_type *type = api_type_find(header.request_api_key)->request;
    struct arena arena;
    bool costly = false;
    arena_init(&arena, 0);
    void *body = arena_alloc(&arena, 1, type->size);
    if (message_decode_prefix(type, header.request_api_version, &frame, &arena, body, &err) ==
        WEIR_OK) {
        costly = (header.request_api_key == API_CREATE_TOPICS && creates_much(body)) ||
                 (header.request_api_key == API_CREATE_PARTITIONS && adds_much(body)) ||
                 (header.request_api_key == API_METADATA &&
                  ((struct metadata_request *)body)->topics_count > PARTITIONS_MAX);
    }
    arena_finish(&arena);
    return costly;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_broker b;
    struct reader r;
    fuzz_broker_init(&b);
    fuzz_broker_start(&b);
    reader_init(&r, (struct bytes){ data, size });
    for (int i = 0; i < FRAMES_MAX && reader_left(&r) > 2; i++) {
        size_t wanted = (uint16_t)reader_i16(&r);
        size_t left = reader_left(&r);
        struct bytes frame = reader_take(&r, wanted < left ? wanted : left);
        if (!is_costly(frame)) {
            fuzz_broker_ask(&b, frame);
        }
    }
    fuzz_broker_stop(&b);
    fuzz_broker_start(&b);
    fuzz_broker_stop(&b);
    fuzz_broker_finish(&b);
    return 0;
}
