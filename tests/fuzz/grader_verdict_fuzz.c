/*
 * Any bytes on the verdict pipe: no verdict beyond the manifest's, no pass without a test point, no crash.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "tap/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool may_skip(void *context, size_t index)
{
    (void)context;
    return index == 1;
}

static void settled(void *context, size_t index, const struct verdict *v)
{
    size_t *count = context;
    assert(index == *count && index < 2);
    assert(v->kind != VERDICT_FAILED || v->message);
    (*count)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ids[] = { "a", "b" };
    struct arena arena;
    size_t count = 0;
    arena_init(&arena, 0);
    struct verdict_reader r = { .ids = ids,
                                .count = 2,
                                .may_skip = may_skip,
                                .settled = settled,
                                .context = &count,
                                .arena = &arena };
    verdict_reader_init(&r);
    size_t half = size / 2;
    enum weir_status rc = verdict_feed(&r, (struct bytes){ data, half }, NULL);
    if (rc == WEIR_OK) {
        rc = verdict_feed(&r, (struct bytes){ data + half, size - half }, NULL);
    }
    if (rc == WEIR_OK) {
        rc = verdict_end(&r, NULL);
    }
    assert(rc < 0 || count == 2);
    verdict_reader_finish(&r);
    arena_finish(&arena);
    return 0;
}
