/*
 * Snappy as Kafka uses it. The Java client writes xerial's framing:
 *
 *     0  82 53 4e 41 50 50 59 00   magic
 *     8  int32 version = 1, int32 oldest compatible version = 1
 *    16  blocks: int32 size, `size` bytes of one raw snappy block (32 KB of input each)
 *
 * librdkafka and others write one raw block without a frame. Both are read; the frame is written.
 */
#include <snappy-c.h>

#include "base/error.h"
#include "protocol/be.h"
#include "protocol/compress.h"

enum { FRAME_HEADER_SIZE = 16, BLOCK_HEADER_SIZE = 4, BLOCK_PLAIN_SIZE = 32 << 10 };

static const uint8_t frame_header[FRAME_HEADER_SIZE] = { 0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0,
                                                         0,    0,   0,   1,   0,   0,   0,   1 };
enum { FRAME_MAGIC_SIZE = 8 };

static enum weir_status unpack_block(struct bytes block, struct buffer *out, struct weir_error *err)
{
    size_t plain_size;
    if (snappy_uncompressed_length((const char *)block.data, block.len, &plain_size) != SNAPPY_OK) {
        return weir_fail(err, WEIR_ECORRUPT, "a snappy block of %zu bytes has no length",
                         block.len);
    }
    uint8_t *plain = buffer_extend(out, plain_size);
    if (!plain) {
        return weir_fail(err, WEIR_ETOOBIG, "a snappy block grows beyond %zu bytes", out->max);
    }
    if (snappy_uncompress((const char *)block.data, block.len, (char *)plain, &plain_size) !=
        SNAPPY_OK) {
        return weir_fail(err, WEIR_ECORRUPT, "a snappy block of %zu bytes cannot be read",
                         block.len);
    }
    return WEIR_OK;
}

enum weir_status snappy_unpack(struct bytes packed, struct buffer *out, struct weir_error *err)
{
    struct bytes magic = { frame_header, FRAME_MAGIC_SIZE };
    if (!bytes_starts_with(packed, magic) || packed.len < FRAME_HEADER_SIZE) {
        return unpack_block(packed, out, err);
    }
    size_t at = FRAME_HEADER_SIZE;
    while (at < packed.len) {
        if (packed.len - at < BLOCK_HEADER_SIZE) {
            return weir_fail(err, WEIR_ECORRUPT, "a snappy frame ends inside a block's length");
        }
        int32_t size = be_read_i32(packed.data + at);
        at += BLOCK_HEADER_SIZE;
        if (size < 0 || (size_t)size > packed.len - at) {
            return weir_fail(err, WEIR_ECORRUPT, "a snappy block says %d bytes, %zu are there",
                             size, packed.len - at);
        }
        struct bytes block = { packed.data + at, (size_t)size };
        enum weir_status rc = unpack_block(block, out, err);
        if (rc < 0) {
            return rc;
        }
        at += (size_t)size;
    }
    return WEIR_OK;
}

enum weir_status snappy_pack(struct bytes plain, struct buffer *out, struct weir_error *err)
{
    buffer_append(out, frame_header, sizeof(frame_header));
    for (size_t at = 0; at < plain.len; at += BLOCK_PLAIN_SIZE) {
        size_t step = plain.len - at < BLOCK_PLAIN_SIZE ? plain.len - at : BLOCK_PLAIN_SIZE;
        size_t size = snappy_max_compressed_length(step);
        uint8_t *block = buffer_extend(out, BLOCK_HEADER_SIZE + size);
        if (!block) {
            break;
        }
        size_t room = size;
        /* cannot fail: the room is what the library asked for */
        (void)snappy_compress((const char *)plain.data + at, step,
                              (char *)block + BLOCK_HEADER_SIZE, &size);
        be_write_i32(block, (int32_t)size);
        out->len -= room - size;
    }
    if (out->overflow) {
        return weir_fail(err, WEIR_ETOOBIG, "compressed records exceed %zu bytes", out->max);
    }
    return WEIR_OK;
}
