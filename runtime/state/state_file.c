/*
 * State files: see state_file.h.
 */
#include "state/state_file.h"

#include <lz4frame.h>
#include <stdlib.h>

#include "base/crc32c.h"
#include "base/mem.h"

enum {
    MAGIC = 0x57535431, /* "WST1" */
    CODEC_PLAIN = 0,
    CODEC_LZ4 = 1,
    KIND_AT = 4,
    CODEC_AT = 5,
    VERSION_AT = 8,
    RECORDS_AT = 16,
    PLAIN_AT = 24,
    STORED_AT = 32,
    BODY_CRC_AT = 40,
    HEADER_CRC_AT = 44,
    LENGTH = 4,
    RECORD_MIN = 2 * LENGTH,
    END_OR_REMOVED = -1,
    LZ4_RATIO_MAX = 256, /* an LZ4 frame holds no more than this many times its own size */
};

/* --- integers --- */

static void write_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static void write_u64(uint8_t *at, uint64_t value)
{
    write_u32(at, (uint32_t)(value >> 32));
    write_u32(at + 4, (uint32_t)value);
}

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t read_u64(const uint8_t *at)
{
    return (uint64_t)read_u32(at) << 32 | read_u32(at + 4);
}

/* --- writing --- */

/* A length and as many bytes; where the next thing goes. */
static uint8_t *write_bytes(uint8_t *at, struct bytes b)
{
    write_u32(at, (uint32_t)b.len);
    if (b.len > 0) {
        memcpy(at + LENGTH, b.data, b.len);
    }
    return at + LENGTH + b.len;
}

void state_file_begin(struct state_file_writer *w, struct buffer *out)
{
    *w = (struct state_file_writer){ .out = out };
    buffer_clear(out);
    (void)buffer_extend(out, STATE_FILE_HEADER);
}

void state_file_put(struct state_file_writer *w, struct bytes key, struct bytes value)
{
    uint8_t *at = buffer_extend(w->out, 2 * (size_t)LENGTH + key.len + value.len);
    if (!at) {
        return;
    }
    (void)write_bytes(write_bytes(at, key), value);
    w->records++;
}

void state_file_remove(struct state_file_writer *w, struct bytes key)
{
    uint8_t *at = buffer_extend(w->out, 2 * (size_t)LENGTH + key.len);
    if (!at) {
        return;
    }
    write_u32(write_bytes(at, key), (uint32_t)END_OR_REMOVED);
    w->records++;
}

static void seal(uint8_t *file, size_t stored)
{
    write_u64(file + STORED_AT, stored);
    write_u32(file + BODY_CRC_AT, crc32c(0, file + STATE_FILE_HEADER, stored));
    write_u32(file + HEADER_CRC_AT, crc32c(0, file, HEADER_CRC_AT));
}

void state_file_end(struct state_file_writer *w, enum state_file_kind kind, int64_t version)
{
    uint8_t *end = buffer_extend(w->out, LENGTH);
    if (!end) {
        return;
    }
    write_u32(end, (uint32_t)END_OR_REMOVED);
    uint8_t *file = w->out->data;
    size_t body = w->out->len - STATE_FILE_HEADER;
    memset(file, 0, STATE_FILE_HEADER);
    write_u32(file, MAGIC);
    file[KIND_AT] = (uint8_t)kind;
    file[CODEC_AT] = CODEC_PLAIN;
    write_u64(file + VERSION_AT, (uint64_t)version);
    write_u64(file + RECORDS_AT, (uint64_t)w->records);
    write_u64(file + PLAIN_AT, body);
    seal(file, body);
}

bool state_file_compress(struct bytes file, struct buffer *out)
{
    const LZ4F_preferences_t how = { .frameInfo = { .blockSizeID = LZ4F_max256KB } };
    size_t body = file.len - STATE_FILE_HEADER;
    size_t start = out->len;
    size_t room = LZ4F_compressFrameBound(body, &how);
    uint8_t *at = buffer_extend(out, STATE_FILE_HEADER + room);
    if (!at) {
        return false;
    }
    memcpy(at, file.data, STATE_FILE_HEADER);
    size_t stored =
        LZ4F_compressFrame(at + STATE_FILE_HEADER, room, file.data + STATE_FILE_HEADER, body, &how);
    if (LZ4F_isError(stored) || stored >= body) {
        out->len = start;
        return false;
    }
    at[CODEC_AT] = CODEC_LZ4;
    seal(at, stored);
    out->len = start + STATE_FILE_HEADER + stored;
    return true;
}

/* --- reading --- */

static bool damaged(struct state_file_reader *r,
                    enum state_damage damage,
                    int64_t expected,
                    int64_t found)
{
    r->fault.damage = damage;
    r->fault.expected = expected;
    r->fault.found = found;
    return false;
}

static bool unpack(struct state_file_reader *r, struct bytes stored, uint64_t plain)
{
    if (plain > STATE_FILE_MAX || plain / LZ4_RATIO_MAX > stored.len) {
        return damaged(r, STATE_DAMAGE_CODEC, (int64_t)plain, 0);
    }
    LZ4F_dctx *context = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) {
        return damaged(r, STATE_DAMAGE_CODEC, (int64_t)plain, 0);
    }
    r->unpacked = mem_resize(NULL, plain ? plain : 1, 1);
    size_t done = 0;
    size_t used = 0;
    size_t hint = 1;
    while (hint != 0 && !LZ4F_isError(hint)) {
        size_t out = plain - done;
        size_t in = stored.len - used;
        hint = LZ4F_decompress(context, r->unpacked + done, &out, stored.data + used, &in, NULL);
        if (out == 0 && in == 0) {
            break; /* it wants more than there is, of one or the other */
        }
        done += out;
        used += in;
    }
    (void)LZ4F_freeDecompressionContext(context);
    if (hint != 0 || done != plain || used != stored.len) {
        return damaged(r, STATE_DAMAGE_CODEC, (int64_t)plain, (int64_t)done);
    }
    r->body = (struct bytes){ r->unpacked, plain };
    return true;
}

static bool check_sums(struct state_file_reader *r, struct bytes file)
{
    uint64_t stored = read_u64(file.data + STORED_AT);
    size_t body = file.len - STATE_FILE_HEADER;
    r->fault.expected_checksum = read_u32(file.data + BODY_CRC_AT);
    r->fault.found_checksum = crc32c(0, file.data + STATE_FILE_HEADER, body);
    if (stored != body || r->fault.expected_checksum != r->fault.found_checksum) {
        int64_t expected = stored > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)stored;
        return damaged(r, STATE_DAMAGE_CHECKSUM, expected + STATE_FILE_HEADER, (int64_t)file.len);
    }
    return true;
}

bool state_file_open(struct state_file_reader *r,
                     struct bytes file,
                     enum state_file_kind kind,
                     int64_t version)
{
    *r = (struct state_file_reader){ .kind = kind, .version = version };
    if (file.len < STATE_FILE_HEADER || read_u32(file.data) != MAGIC ||
        read_u32(file.data + HEADER_CRC_AT) != crc32c(0, file.data, HEADER_CRC_AT)) {
        return damaged(r, STATE_DAMAGE_HEADER, STATE_FILE_HEADER, (int64_t)file.len);
    }
    int64_t of = (int64_t)read_u64(file.data + VERSION_AT);
    if (file.data[KIND_AT] != (uint8_t)kind || of != version) {
        return damaged(r, STATE_DAMAGE_KIND, version, of);
    }
    if (!check_sums(r, file)) {
        return false;
    }
    uint64_t plain = read_u64(file.data + PLAIN_AT);
    struct bytes stored = { file.data + STATE_FILE_HEADER, file.len - STATE_FILE_HEADER };
    r->body = stored;
    if (file.data[CODEC_AT] == CODEC_LZ4
            ? !unpack(r, stored, plain)
            : file.data[CODEC_AT] != CODEC_PLAIN || plain != stored.len) {
        return damaged(r, STATE_DAMAGE_CODEC, (int64_t)plain, (int64_t)stored.len);
    }
    uint64_t records = read_u64(file.data + RECORDS_AT);
    if (records > plain / RECORD_MIN) { /* each has two lengths */
        return damaged(r, STATE_DAMAGE_END, (int64_t)(records >> 1), 0);
    }
    r->records = r->left = (int64_t)records;
    return true;
}

/* The int32 at r->at; a body too short for it gives INT32_MIN, which is no length. */
static int32_t next_length(struct state_file_reader *r)
{
    if (r->body.len - r->at < LENGTH) {
        return INT32_MIN;
    }
    int32_t length = (int32_t)read_u32(r->body.data + r->at);
    r->at += LENGTH;
    return length;
}

static bool next_bytes(struct state_file_reader *r, int32_t length, struct bytes *out)
{
    if (length < 0 || length > STATE_RECORD_MAX || (size_t)length > r->body.len - r->at) {
        return false;
    }
    *out = (struct bytes){ r->body.data + r->at, (size_t)length };
    r->at += (size_t)length;
    return true;
}

bool state_file_next(struct state_file_reader *r, struct bytes *out_key, struct bytes *out_value)
{
    if (r->fault.damage != STATE_DAMAGE_NONE) {
        return false;
    }
    int32_t length = next_length(r);
    if (r->left == 0) {
        if (length != END_OR_REMOVED || r->at != r->body.len) {
            return damaged(r, STATE_DAMAGE_END, 0, length);
        }
        r->at -= LENGTH; /* asked again, it says the same */
        return false;
    }
    if (!next_bytes(r, length, out_key)) {
        return damaged(r, STATE_DAMAGE_KEY_SIZE, 0, length);
    }
    length = next_length(r);
    if (length == END_OR_REMOVED && r->kind == STATE_DELTA) {
        *out_value = (struct bytes){ 0 };
    } else if (!next_bytes(r, length, out_value)) {
        return damaged(r, STATE_DAMAGE_VALUE_SIZE, 0, length);
    }
    r->left--;
    return true;
}

void state_file_close(struct state_file_reader *r)
{
    free(r->unpacked);
    r->unpacked = NULL;
}
