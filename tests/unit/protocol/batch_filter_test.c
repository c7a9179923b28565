/*
 * protocol/batch_filter: what stays keeps offset, time, key, value and headers; the batch keeps its place and its producer;
 * tombstones get a horizon once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "protocol/batch_builder.h"
#include "protocol/batch_filter.h"

#include <cmocka.h>

enum { COUNT = 6, BASE = 100, TIME = 1700000000, HORIZON = 1800000000 };

struct fixture {
    struct batch_builder builder;
    struct buffer out;
    struct bytes batch;
};

/* Six records at 100 to 105; the fourth is a tombstone. */
static void make(struct fixture *f, enum codec codec)
{
    struct record_header header = { bytes_of("h"), bytes_of("x") };
    struct batch_header h;
    batch_builder_init(&f->builder, 1 << 20);
    buffer_init(&f->out, 1 << 20);
    f->builder.header.producer_id = 7;
    f->builder.header.producer_epoch = 1;
    f->builder.header.base_sequence = 40;
    for (int i = 0; i < COUNT; i++) {
        char key[] = { 'k', (char)('0' + i), 0 };
        struct bytes value = i == 3 ? (struct bytes){ NULL, 0 } : bytes_of("value");
        batch_builder_add(&f->builder, TIME + i, bytes_of(key), value, &header, i % 2);
    }
    assert_int_equal(batch_builder_finish(&f->builder, codec, &f->batch, NULL), WEIR_OK);
    batch_header_read(f->batch.data, &h);
    h.base_offset = BASE;
    batch_header_write(&h, f->builder.batch.data);
}

static void release(struct fixture *f)
{
    batch_builder_release(&f->builder);
    buffer_finish(&f->out);
}

/* Bit n of *context: keep record n. */
static bool by_mask(void *context, const struct record *r)
{
    return *(const unsigned *)context >> r->offset_delta & 1;
}

static void apply(struct fixture *f, struct bytes batch, unsigned mask, bool keep_empty, int kept)
{
    struct batch_filter filter = {
        .keep = by_mask, .context = &mask, .delete_horizon_ms = HORIZON, .keep_empty = keep_empty
    };
    int32_t count = -1;
    assert_int_equal(batch_filter(batch, &filter, &f->out, &count, NULL), WEIR_OK);
    assert_int_equal(count, kept);
}

static void check(struct bytes batch, unsigned mask)
{
    struct record_reader reader;
    struct record r;
    assert_true(batch_intact(batch));
    assert_int_equal(record_reader_init(&reader, batch, NULL), WEIR_OK);
    assert_int_equal(reader.header.base_offset, BASE);
    assert_int_equal(batch_last_offset(&reader.header), BASE + COUNT - 1);
    assert_int_equal(reader.header.producer_id, 7);
    assert_int_equal(batch_last_sequence(&reader.header), 40 + COUNT - 1);
    int64_t newest = NO_TIMESTAMP;
    for (int i = 0; i < COUNT; i++) {
        if (!(mask >> i & 1)) {
            continue;
        }
        assert_int_equal(record_next(&reader, &r, NULL), 1);
        assert_int_equal(r.offset, BASE + i);
        assert_int_equal(r.timestamp, TIME + i);
        assert_int_equal(r.key.data[1], '0' + i);
        assert_int_equal(r.header_count, i % 2);
        assert_int_equal(r.value.data == NULL, i == 3);
        newest = r.timestamp;
    }
    assert_int_equal(record_next(&reader, &r, NULL), 0);
    if (mask) {
        assert_int_equal(reader.header.max_timestamp, newest);
    }
    record_reader_finish(&reader);
}

static void what_stays_stays_as_it_was(void **state)
{
    (void)state;
    for (int codec = CODEC_NONE; codec <= CODEC_ZSTD; codec++) {
        for (unsigned mask = 1; mask < 1U << COUNT; mask++) {
            struct fixture f;
            make(&f, (enum codec)codec);
            apply(&f, f.batch, mask, false, __builtin_popcount(mask));
            check(buffer_bytes(&f.out), mask);
            struct batch_header h;
            batch_header_read(f.out.data, &h);
            assert_int_equal(h.attributes & BATCH_CODEC_MASK, codec);
            release(&f);
        }
    }
}

static void a_batch_that_loses_nothing_is_not_touched(void **state)
{
    struct fixture f;
    struct fixture again;
    (void)state;
    make(&f, CODEC_GZIP);
    apply(&f, f.batch, 0x37, false,
          5); /* all but the tombstone: for the next there is nothing to do */
    make(&again, CODEC_GZIP);
    apply(&again, buffer_bytes(&f.out), 0x37, false, 5);
    assert_int_equal(again.out.len, f.out.len);
    assert_memory_equal(again.out.data, f.out.data, f.out.len);
    release(&f);
    release(&again);
}

static void when_all_go_nothing_or_a_header_stays(void **state)
{
    struct fixture f;
    (void)state;
    make(&f, CODEC_LZ4);
    apply(&f, f.batch, 0, false, 0);
    assert_int_equal(f.out.len, 0);
    apply(&f, f.batch, 0, true, 0);
    assert_int_equal(f.out.len, BATCH_HEADER_SIZE);
    check(buffer_bytes(&f.out), 0);
    release(&f);
}

static void tombstones_get_a_horizon_once(void **state)
{
    struct fixture f;
    struct fixture again;
    struct batch_header h;
    (void)state;
    make(&f, CODEC_NONE);
    batch_header_read(f.batch.data, &h);
    assert_int_equal(batch_delete_horizon(&h), -1);
    apply(&f, f.batch, 0x3f, false, COUNT); /* none goes, and yet the batch is another */
    batch_header_read(f.out.data, &h);
    assert_int_equal(batch_delete_horizon(&h), HORIZON);
    check(buffer_bytes(&f.out), 0x3f);

    unsigned mask = 0x0c;
    struct batch_filter later = { .keep = by_mask,
                                  .context = &mask,
                                  .delete_horizon_ms = HORIZON + 5 };
    int32_t kept;
    make(&again, CODEC_NONE);
    assert_int_equal(batch_filter(buffer_bytes(&f.out), &later, &again.out, &kept, NULL), WEIR_OK);
    batch_header_read(again.out.data, &h);
    assert_int_equal(batch_delete_horizon(&h), HORIZON);
    check(buffer_bytes(&again.out), mask);
    release(&f);
    release(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stays_stays_as_it_was),
        cmocka_unit_test(a_batch_that_loses_nothing_is_not_touched),
        cmocka_unit_test(when_all_go_nothing_or_a_header_stays),
        cmocka_unit_test(tombstones_get_a_horizon_once),
    };
    return cmocka_run_group_tests_name("protocol/batch_filter", tests, NULL, NULL);
}
