/*
 * Where a query goes on: see position.h.
 */
#include "checkpoint/position.h"

static int64_t highest(const int64_t *numbers, int32_t count)
{
    int64_t max = -1;
    for (int32_t i = 0; i < count; i++) {
        max = numbers[i] > max ? numbers[i] : max;
    }
    return max;
}

static bool has(const int64_t *numbers, int32_t count, int64_t wanted)
{
    for (int32_t i = 0; i < count; i++) {
        if (numbers[i] == wanted) {
            return true;
        }
    }
    return false;
}

struct position_decision position_decide(const int64_t *offsets,
                                         int32_t offset_count,
                                         const int64_t *commits,
                                         int32_t commit_count)
{
    struct position_decision d = { .trouble = POSITION_GOOD };
    int64_t last = highest(offsets, offset_count);
    int64_t done = highest(commits, commit_count);
    if (done > last) {
        d.trouble = POSITION_COMMIT_AHEAD;
        d.batch = done;
        return d;
    }
    if (last > 0 && !has(offsets, offset_count, last - 1)) {
        d.trouble = POSITION_OFFSETS_MISSING;
        d.batch = last - 1;
        return d;
    }
    bool again = last > done;
    d.position = (struct checkpoint_position){
        .last_offsets = last,
        .last_commit = done,
        .next_batch = again ? last : last + 1,
        .again = again,
        .commit_missing = again && done < last - 1,
    };
    return d;
}
