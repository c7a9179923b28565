/*
 * protocol/compress: what a codec packs it unpacks to the same bytes; cut or spoilt input is an error; the bound on the
 * plain size holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/compress.h"

#include <cmocka.h>

enum { PLAIN_MAX = 300000 };

static const enum codec codecs[] = { CODEC_GZIP, CODEC_SNAPPY, CODEC_LZ4, CODEC_ZSTD };
enum { CODEC_COUNT = sizeof(codecs) / sizeof(codecs[0]) };

/* Half noise, half repetition. */
static uint8_t *make_plain(size_t len, unsigned seed)
{
    uint8_t *plain = malloc(len + 1);
    assert_non_null(plain);
    for (size_t i = 0; i < len; i++) {
        plain[i] = (uint8_t)((i / 64) % 2 ? rand_r(&seed) : (int)(i % 16));
    }
    return plain;
}

static void packing_and_unpacking_gives_the_same_bytes(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 17, 4096, 32768, 32769, 65536, PLAIN_MAX };
    for (size_t c = 0; c < CODEC_COUNT; c++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct buffer packed;
            struct buffer unpacked;
            uint8_t *plain = make_plain(sizes[i], (unsigned)i);
            buffer_init(&packed, 1 << 20);
            buffer_init(&unpacked, sizes[i]); /* just enough */
            struct bytes in = { plain, sizes[i] };
            assert_int_equal(codec_compress(codecs[c], in, &packed, NULL), WEIR_OK);
            assert_int_equal(codec_decompress(codecs[c], buffer_bytes(&packed), &unpacked, NULL),
                             WEIR_OK);
            assert_true(bytes_equal(buffer_bytes(&unpacked), in));
            buffer_finish(&packed);
            buffer_finish(&unpacked);
            free(plain);
        }
    }
}

static void a_block_that_is_cut_is_an_error(void **state)
{
    (void)state;
    uint8_t *plain = make_plain(3000, 3);
    for (size_t c = 0; c < CODEC_COUNT; c++) {
        struct buffer packed;
        buffer_init(&packed, 1 << 20);
        assert_int_equal(codec_compress(codecs[c], (struct bytes){ plain, 3000 }, &packed, NULL),
                         WEIR_OK);
        for (size_t len = 0; len < packed.len; len++) {
            struct buffer unpacked;
            buffer_init(&unpacked, PLAIN_MAX);
            /* xerial's frame is a row of blocks: its header alone is a whole frame of none */
            bool whole = codecs[c] == CODEC_SNAPPY && len == 16;
            enum weir_status rc =
                codec_decompress(codecs[c], (struct bytes){ packed.data, len }, &unpacked, NULL);
            assert_int_equal(rc, whole ? WEIR_OK : WEIR_ECORRUPT);
            buffer_finish(&unpacked);
        }
        buffer_finish(&packed);
    }
    free(plain);
}

static void the_bound_on_the_plain_size_holds(void **state)
{
    (void)state;
    uint8_t *zeros = calloc(1, PLAIN_MAX);
    assert_non_null(zeros);
    for (size_t c = 0; c < CODEC_COUNT; c++) {
        struct buffer packed;
        struct buffer unpacked;
        struct weir_error err;
        buffer_init(&packed, 1 << 20);
        buffer_init(&unpacked, PLAIN_MAX - 1);
        assert_int_equal(
            codec_compress(codecs[c], (struct bytes){ zeros, PLAIN_MAX }, &packed, NULL), WEIR_OK);
        assert_int_equal(codec_decompress(codecs[c], buffer_bytes(&packed), &unpacked, &err),
                         WEIR_ETOOBIG);
        assert_true(unpacked.capacity < 4 * PLAIN_MAX);
        buffer_finish(&packed);
        buffer_finish(&unpacked);
    }
    free(zeros);
}

static void a_raw_snappy_block_is_read_too(void **state)
{
    (void)state;
    /* length 5, then one literal of five bytes */
    static const uint8_t raw[] = { 5, 4 << 2, 'h', 'e', 'l', 'l', 'o' };
    struct buffer unpacked;
    buffer_init(&unpacked, 100);
    assert_int_equal(
        codec_decompress(CODEC_SNAPPY, (struct bytes){ raw, sizeof(raw) }, &unpacked, NULL),
        WEIR_OK);
    assert_true(bytes_equal_text(buffer_bytes(&unpacked), "hello"));
    buffer_finish(&unpacked);
}

/* Which the Java client could not read. */
static void lz4_blocks_that_depend_on_each_other_are_refused(void **state)
{
    (void)state;
    /* "hello hello hello hello" by an encoder that links blocks; then the same with the bit set, and the checksum for it */
    static const uint8_t linked[] = { 0x04, 0x22, 0x4d, 0x18, 0x40, 0x70, 0xdf, 0x0f, 0x00, 0x00,
                                      0x00, 0x68, 'h',  'e',  'l',  'l',  'o',  ' ',  0x06, 0x00,
                                      0x50, 'h',  'e',  'l',  'l',  'o',  0x00, 0x00, 0x00, 0x00 };
    uint8_t independent[sizeof(linked)];
    struct buffer unpacked;
    struct weir_error err;
    memcpy(independent, linked, sizeof(linked));
    independent[4] |= 0x20;
    independent[6] = 0x73;
    buffer_init(&unpacked, 100);
    assert_int_equal(
        codec_decompress(CODEC_LZ4, (struct bytes){ linked, sizeof(linked) }, &unpacked, &err),
        WEIR_ECORRUPT);
    assert_int_equal(codec_decompress(CODEC_LZ4, (struct bytes){ independent, sizeof(independent) },
                                      &unpacked, &err),
                     WEIR_OK);
    assert_true(bytes_equal_text(buffer_bytes(&unpacked), "hello hello hello hello"));
    buffer_finish(&unpacked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lz4_blocks_that_depend_on_each_other_are_refused),
        cmocka_unit_test(packing_and_unpacking_gives_the_same_bytes),
        cmocka_unit_test(a_block_that_is_cut_is_an_error),
        cmocka_unit_test(the_bound_on_the_plain_size_holds),
        cmocka_unit_test(a_raw_snappy_block_is_read_too),
    };
    return cmocka_run_group_tests_name("protocol/compress", tests, NULL, NULL);
}
