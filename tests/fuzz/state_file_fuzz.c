/*
 * Fuzz target: state files, deltas and snapshots, plain and compressed. What is accepted is written again and reads the same; what is not
 * says why, and nothing is read out of bounds.
 *
 * Input: a byte, bit 0: a snapshot, bit 1: leave the checksums as they are (else they are made right); the rest is the file.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "state/state_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VERSION = 5, STORED_AT = 32, BODY_CRC_AT = 40, HEADER_CRC_AT = 44, OUTPUT_MAX = 64 << 20 };

static void write_be(uint8_t *at, uint64_t value, int width)
{
    for (int i = 0; i < width; i++) {
        at[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    }
}

static void make_right(uint8_t *file, size_t size)
{
    if (size >= STATE_FILE_HEADER) {
        size_t body = size - STATE_FILE_HEADER;
        write_be(file + STORED_AT, body, 8);
        write_be(file + BODY_CRC_AT, crc32c(0, file + STATE_FILE_HEADER, body), 4);
        write_be(file + HEADER_CRC_AT, crc32c(0, file, HEADER_CRC_AT), 4);
    }
}

/* False: the file is damaged. */
static bool read_into(struct state_table *t, struct bytes file, enum state_file_kind kind)
{
    struct state_file_reader r;
    struct bytes key;
    struct bytes value;
    int64_t records = 0;
    bool ok = state_file_open(&r, file, kind, VERSION);
    while (ok && state_file_next(&r, &key, &value)) {
        records++;
        if (bytes_is_null(value)) {
            (void)state_table_remove(t, key);
        } else {
            assert(state_table_put(t, key, value));
        }
    }
    ok = ok && r.fault.damage == STATE_DAMAGE_NONE;
    assert(ok || r.fault.damage != STATE_DAMAGE_NONE);
    assert(!ok || records == r.records);
    state_file_close(&r);
    return ok;
}

static void assert_same(const struct state_table *a, const struct state_table *b)
{
    struct bytes keys[2];
    struct bytes values[2];
    size_t at[2] = { 0, 0 };
    assert(state_table_count(a) == state_table_count(b));
    while (state_table_next(a, &at[0], &keys[0], &values[0])) {
        bool there = state_table_next(b, &at[1], &keys[1], &values[1]);
        assert(there);
        assert(bytes_equal(keys[0], keys[1]) && bytes_equal(values[0], values[1]));
    }
}

static void write_and_read_again(const struct state_table *t)
{
    struct state_file_writer w;
    struct buffer plain;
    struct buffer packed;
    buffer_init(&plain, OUTPUT_MAX);
    buffer_init(&packed, OUTPUT_MAX);
    state_file_begin(&w, &plain);
    state_table_write_all(t, &w);
    state_file_end(&w, STATE_SNAPSHOT, VERSION);
    if (!plain.overflow) {
        bool smaller = state_file_compress(buffer_bytes(&plain), &packed);
        for (int i = 0; i <= smaller; i++) {
            struct state_table *again = state_table_new(3);
            bool read = read_into(again, buffer_bytes(i ? &packed : &plain), STATE_SNAPSHOT);
            assert(read);
            assert_same(t, again);
            state_table_free(again);
        }
    }
    buffer_finish(&packed);
    buffer_finish(&plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    uint8_t *file = mem_zalloc(size, 1); /* exactly as large as the file */
    memcpy(file, data + 1, size - 1);
    file = mem_resize(file, size - 1 ? size - 1 : 1, 1);
    if (!(data[0] & 2)) {
        make_right(file, size - 1);
    }
    struct state_table *t = state_table_new(1);
    if (read_into(t, (struct bytes){ file, size - 1 },
                  data[0] & 1 ? STATE_SNAPSHOT : STATE_DELTA)) {
        write_and_read_again(t);
    }
    state_table_free(t);
    free(file);
    return 0;
}
