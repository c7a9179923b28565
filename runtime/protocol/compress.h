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

/* Appends `plain` compressed, at Kafka's default level. WEIR_ETOOBIG when `out` may not grow so far. */
WEIR_CHECKED enum weir_status codec_compress(enum codec codec,
                                             struct bytes plain,
                                             struct buffer *out,
                                             struct weir_error *err);

/* What Kafka calls the default of compression.gzip.level, compression.lz4.level, compression.zstd.level. */
enum { GZIP_LEVEL_DEFAULT = -1, LZ4_LEVEL_DEFAULT = 9, ZSTD_LEVEL_DEFAULT = 3 };

/* The same at a level of those settings' range; codecs without levels take no notice of it. */
WEIR_CHECKED enum weir_status codec_compress_level(enum codec codec,
                                                   int32_t level,
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
