/*
 * sources/kafka_offsets with any text, as a checkpoint or an option may have it: it is taken or refused, and what was taken prints as a text
 * that is taken again as the same offsets.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "sources/kafka_offsets.h"
#include "sources/kafka_split.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_print(struct arena *arena, const struct kafka_offsets *offsets)
{
    struct buffer text;
    struct kafka_offsets again;
    buffer_init(&text, 1 << 26);
    kafka_offsets_print(&text, offsets);
    assert(kafka_offsets_parse(arena, buffer_bytes(&text), &again));
    assert(kafka_offsets_equal(offsets, &again));
    buffer_clear(&text);
    kafka_offsets_print_map(&text, offsets);
    kafka_offsets_print_set(&text, offsets);
    buffer_finish(&text);
}

/* Offsets as ends and, halved, as beginnings: limits never go beyond the ends. */
static void check_limit(struct arena *arena, const struct kafka_offsets *until)
{
    struct kafka_offsets from = kafka_offsets_copy(arena, until);
    for (int32_t i = 0; i < from.count; i++) {
        from.items[i].offset /= 2;
    }
    struct kafka_offsets end = kafka_limit(arena, &from, until, 1000);
    for (int32_t i = 0; i < end.count; i++) {
        assert(end.items[i].offset <= until->items[i].offset);
    }
    (void)kafka_backlog(&from, until);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size + (size == 0)); /* one byte too far is seen */
    assert(exact);
    if (size > 0) {
        memcpy(exact, data, size);
    }
    struct arena arena;
    struct kafka_offsets offsets;
    struct bytes text = { exact, size };
    arena_init(&arena, 0);
    if (kafka_offsets_parse(&arena, text, &offsets)) {
        check_print(&arena, &offsets);
        check_limit(&arena, &offsets);
    }
    if (kafka_partitions_parse(&arena, text, &offsets)) {
        kafka_offsets_sort(&offsets);
    }
    arena_finish(&arena);
    free(exact);
    return 0;
}
