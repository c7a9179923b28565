/*
 * gzip, lz4 and zstd through their libraries: see compress.h. Every loop ends because a round that neither takes
 * input nor gives output is an error.
 */
#define ZLIB_CONST /* input pointers to const */
#include "protocol/compress.h"

#include <assert.h>
#include <lz4frame.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/error.h"

enum { STEP_MIN = 16 << 10, GZIP_WINDOW = 15 + 16 /* 16: gzip, not zlib */, GZIP_MEMORY = 8 };
enum { LZ4_FAST = 0, LZ4_HIGH_MIN = 3, LZ4_HIGH_MAX = 12 };

const char *codec_name(enum codec codec)
{
    switch (codec) {
    case CODEC_NONE: return "none";
    case CODEC_GZIP: return "gzip";
    case CODEC_SNAPPY: return "snappy";
    case CODEC_LZ4: return "lz4";
    case CODEC_ZSTD: return "zstd";
    }
    return "unknown";
}

static enum weir_status cut_short(enum codec codec, struct weir_error *err)
{
    return weir_fail(err, WEIR_ECORRUPT, "the %s block ends too early", codec_name(codec));
}

static enum weir_status unreadable(enum codec codec, const char *reason, struct weir_error *err)
{
    return weir_fail(err, WEIR_ECORRUPT, "the %s block cannot be read: %s", codec_name(codec),
                     reason ? reason : "bad data");
}

static enum weir_status too_big(enum codec codec, size_t max, struct weir_error *err)
{
    return weir_fail(err, WEIR_ETOOBIG, "%s: more than %zu bytes", codec_name(codec), max);
}

/* Room at the end of `out` to write into; shrink it afterwards. *out_room is 0 when `out` is full. */
static uint8_t *open_room(struct buffer *out, size_t wanted, size_t *out_room)
{
    size_t left = out->max - out->len;
    *out_room = left < wanted ? left : wanted;
    return buffer_extend(out, *out_room);
}

static void close_room(struct buffer *out, size_t unused)
{
    out->len -= unused;
}

/* The first guess at how much comes out. */
static size_t plain_step(struct bytes packed)
{
    return packed.len * 4 > STEP_MIN ? packed.len * 4 : STEP_MIN;
}

/* --- gzip --- */

static enum weir_status gzip_unpack(struct bytes packed, struct buffer *out, struct weir_error *err)
{
    z_stream z = { 0 };
    if (packed.len > UINT32_MAX || inflateInit2(&z, GZIP_WINDOW) != Z_OK) {
        return unreadable(CODEC_GZIP, NULL, err);
    }
    z.next_in = packed.data;
    z.avail_in = (uInt)packed.len;
    enum weir_status rc = WEIR_OK;
    int state = Z_OK;
    while (rc == WEIR_OK && (state != Z_STREAM_END || z.avail_in > 0)) {
        if (state == Z_STREAM_END) {
            (void)inflateReset(&z); /* one gzip member after the other is one stream */
        }
        size_t room;
        uint8_t *at = open_room(out, plain_step(packed), &room);
        z.next_out = at;
        z.avail_out = (uInt)room;
        uInt in_before = z.avail_in;
        state = inflate(&z, Z_NO_FLUSH);
        close_room(out, z.avail_out);
        if (state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) {
            rc = unreadable(CODEC_GZIP, z.msg, err);
        } else if (room == 0 && state != Z_STREAM_END) {
            rc = too_big(CODEC_GZIP, out->max, err);
        } else if (z.avail_out == room && z.avail_in == in_before) {
            rc = cut_short(CODEC_GZIP, err);
        }
    }
    (void)inflateEnd(&z);
    return rc;
}

static enum weir_status gzip_pack(struct bytes plain,
                                  int32_t level,
                                  struct buffer *out,
                                  struct weir_error *err)
{
    z_stream z = { 0 };
    int state = deflateInit2(&z, level, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY);
    assert(state == Z_OK);
    size_t bound = deflateBound(&z, plain.len);
    uint8_t *at = buffer_extend(out, bound);
    if (!at) {
        (void)deflateEnd(&z);
        return too_big(CODEC_GZIP, out->max, err);
    }
    z.next_in = plain.data;
    z.avail_in = (uInt)plain.len;
    z.next_out = at;
    z.avail_out = (uInt)bound;
    state = deflate(&z, Z_FINISH);
    close_room(out, z.avail_out);
    (void)deflateEnd(&z);
    assert(state == Z_STREAM_END); /* the bound is the library's own */
    return WEIR_OK;
}

/* --- lz4 --- */

enum { LZ4_FLAGS_AT = 4, LZ4_FLAGS_MASK = 0x23, LZ4_INDEPENDENT = 0x20 };

/* One kind of frame: blocks that stand on their own, no dictionary. The Java client reads no other (KafkaLZ4BlockInputStream), so
 * no other may get into a log. */
static bool lz4_is_kafkas(struct bytes packed)
{
    static const uint8_t magic[] = { 0x04, 0x22, 0x4d, 0x18 };
    return packed.len <= LZ4_FLAGS_AT ||
           (memcmp(packed.data, magic, sizeof(magic)) == 0 &&
            (packed.data[LZ4_FLAGS_AT] & LZ4_FLAGS_MASK) == LZ4_INDEPENDENT);
}

static enum weir_status lz4_unpack(struct bytes packed, struct buffer *out, struct weir_error *err)
{
    if (!lz4_is_kafkas(packed)) {
        return unreadable(CODEC_LZ4, "not a frame of independent blocks", err);
    }
    LZ4F_dctx *context;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) {
        return unreadable(CODEC_LZ4, NULL, err);
    }
    enum weir_status rc = WEIR_OK;
    size_t at = 0;
    size_t hint = 1; /* 0: the frame is complete */
    while (rc == WEIR_OK && (hint != 0 || at < packed.len)) {
        size_t room;
        uint8_t *plain = open_room(out, plain_step(packed), &room);
        size_t taken = packed.len - at;
        size_t given = room;
        hint = LZ4F_decompress(context, plain, &given, packed.data + at, &taken, NULL);
        if (LZ4F_isError(hint)) {
            close_room(out, room);
            rc = unreadable(CODEC_LZ4, LZ4F_getErrorName(hint), err);
            break;
        }
        close_room(out, room - given);
        at += taken;
        if (room == 0 && hint != 0) {
            rc = too_big(CODEC_LZ4, out->max, err);
        } else if (taken == 0 && given == 0 && hint != 0) {
            rc = cut_short(CODEC_LZ4, err);
        }
    }
    (void)LZ4F_freeDecompressionContext(context);
    return rc;
}

/* As in Kafka, the default level is the fast method, and any other the thorough one. */
static int lz4_level(int32_t level)
{
    if (level == LZ4_LEVEL_DEFAULT) {
        return LZ4_FAST;
    }
    return level < LZ4_HIGH_MIN ? LZ4_HIGH_MIN : level > LZ4_HIGH_MAX ? LZ4_HIGH_MAX : level;
}

static enum weir_status lz4_pack(struct bytes plain,
                                 int32_t level,
                                 struct buffer *out,
                                 struct weir_error *err)
{
    LZ4F_preferences_t preferences = { .frameInfo = { .blockMode = LZ4F_blockIndependent },
                                       .compressionLevel = lz4_level(level) };
    size_t bound = LZ4F_compressFrameBound(plain.len, &preferences);
    uint8_t *at = buffer_extend(out, bound);
    if (!at) {
        return too_big(CODEC_LZ4, out->max, err);
    }
    size_t size = LZ4F_compressFrame(at, bound, plain.data, plain.len, &preferences);
    assert(!LZ4F_isError(size)); /* the bound is the library's own */
    close_room(out, bound - size);
    return WEIR_OK;
}

/* --- zstd --- */

static enum weir_status zstd_unpack(struct bytes packed, struct buffer *out, struct weir_error *err)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    if (!context) {
        return unreadable(CODEC_ZSTD, NULL, err);
    }
    enum weir_status rc = WEIR_OK;
    ZSTD_inBuffer in = { packed.data, packed.len, 0 };
    size_t hint = 1; /* 0: the frame is complete */
    while (rc == WEIR_OK && (hint != 0 || in.pos < in.size)) {
        size_t room;
        uint8_t *plain = open_room(out, plain_step(packed), &room);
        ZSTD_outBuffer step = { plain, room, 0 };
        size_t in_before = in.pos;
        hint = ZSTD_decompressStream(context, &step, &in);
        close_room(out, room - step.pos);
        if (ZSTD_isError(hint)) {
            rc = unreadable(CODEC_ZSTD, ZSTD_getErrorName(hint), err);
        } else if (room == 0 && hint != 0) {
            rc = too_big(CODEC_ZSTD, out->max, err);
        } else if (in.pos == in_before && step.pos == 0 && hint != 0) {
            rc = cut_short(CODEC_ZSTD, err);
        }
    }
    (void)ZSTD_freeDCtx(context);
    return rc;
}

static enum weir_status zstd_pack(struct bytes plain,
                                  int32_t level,
                                  struct buffer *out,
                                  struct weir_error *err)
{
    size_t bound = ZSTD_compressBound(plain.len);
    uint8_t *at = buffer_extend(out, bound);
    if (!at) {
        return too_big(CODEC_ZSTD, out->max, err);
    }
    size_t size = ZSTD_compress(at, bound, plain.data, plain.len, level);
    assert(!ZSTD_isError(size)); /* the bound is the library's own */
    close_room(out, bound - size);
    return WEIR_OK;
}

/* --- by codec --- */

enum weir_status codec_decompress(enum codec codec,
                                  struct bytes packed,
                                  struct buffer *out,
                                  struct weir_error *err)
{
    switch (codec) {
    case CODEC_NONE:
        buffer_append(out, packed.data, packed.len);
        return out->overflow ? too_big(codec, out->max, err) : WEIR_OK;
    case CODEC_GZIP: return gzip_unpack(packed, out, err);
    case CODEC_SNAPPY: return snappy_unpack(packed, out, err);
    case CODEC_LZ4: return lz4_unpack(packed, out, err);
    case CODEC_ZSTD: return zstd_unpack(packed, out, err);
    }
    return weir_fail(err, WEIR_EINVAL, "unknown compression codec %d", (int)codec);
}

enum weir_status codec_compress_level(
    enum codec codec, int32_t level, struct bytes plain, struct buffer *out, struct weir_error *err)
{
    switch (codec) {
    case CODEC_NONE:
        buffer_append(out, plain.data, plain.len);
        return out->overflow ? too_big(codec, out->max, err) : WEIR_OK;
    case CODEC_GZIP: return gzip_pack(plain, level, out, err);
    case CODEC_SNAPPY: return snappy_pack(plain, out, err);
    case CODEC_LZ4: return lz4_pack(plain, level, out, err);
    case CODEC_ZSTD: return zstd_pack(plain, level, out, err);
    }
    return weir_fail(err, WEIR_EINVAL, "unknown compression codec %d", (int)codec);
}

enum weir_status codec_compress(enum codec codec,
                                struct bytes plain,
                                struct buffer *out,
                                struct weir_error *err)
{
    static const int32_t levels[] = {
        [CODEC_GZIP] = GZIP_LEVEL_DEFAULT,
        [CODEC_LZ4] = LZ4_LEVEL_DEFAULT,
        [CODEC_ZSTD] = ZSTD_LEVEL_DEFAULT,
    };
    return codec_compress_level(codec, levels[codec], plain, out, err);
}
