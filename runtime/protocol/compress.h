/*
 * The codecs of record batches, numbered as in a batch's attributes: gzip (a zlib gzip stream), snappy (xerial's
 * framing, as Java writes it, or one raw block, as librdkafka does), lz4 (frame format), zstd (one or more frames).
 *
 * Pure; thread: any.
 */
#pragma once

#include "base/buffer.h"
#include "base/bytes.h"
#include "weir/status.h"

enum codec { CODEC_NONE, CODEC_GZIP, CODEC_SNAPPY, CODEC_LZ4, CODEC_ZSTD };

/* Kafka's name ("none", "gzip", ...). */
const char *codec_name(enum codec codec);

/*
 * Appends the plain bytes to `out`, whose `max` bounds them. WEIR_ECORRUPT: `packed` is not what the codec makes,
 * WEIR_ETOOBIG: it holds more than `out` may.
 */
WEIR_CHECKED enum weir_status codec_decompress(enum codec codec,
                                               struct bytes packed,
                                               struct buffer *out,
                                               struct weir_error *err);

/* Appends `plain` compressed. WEIR_ETOOBIG when `out` may not grow so far. */
WEIR_CHECKED enum weir_status codec_compress(enum codec codec,
                                             struct bytes plain,
                                             struct buffer *out,
                                             struct weir_error *err);

/* snappy has a file of its own. */
WEIR_CHECKED enum weir_status snappy_unpack(struct bytes packed,
                                            struct buffer *out,
                                            struct weir_error *err);
WEIR_CHECKED enum weir_status snappy_pack(struct bytes plain,
                                          struct buffer *out,
                                          struct weir_error *err);
