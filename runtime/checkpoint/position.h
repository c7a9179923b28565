/*
 * Where a query goes on, from nothing but the numbers of the files in offsets/ and commits/.
 *
 *     the last offsets L, the last commit C        decision
 *     none, none                                   batch 0, a new query
 *     L, C = L                                     batch L + 1
 *     L, C < L                                     batch L again, exactly as it is logged
 *     L, C > L; or only commits                    refused: offsets are written first, so files are missing, or a rival wrote
 *
 * Whatever comes, the batch before L has to be there: it says where L begins. Of other gaps no notice is taken: old files are
 * removed. A commit that is missing below L (C < L - 1) is reported, and, as in Spark, no reason to stop.
 *
 * Source: MicroBatchExecution.populateStartOffsets. Pure; thread: any.
 */
#pragma once

#include "checkpoint/checkpoint.h"

enum position_trouble {
    POSITION_GOOD,
    POSITION_COMMIT_AHEAD,   /* of `batch` there is a commit, but there are no offsets */
    POSITION_OFFSETS_MISSING /* of `batch` */
};

struct position_decision {
    enum position_trouble trouble;
    int64_t batch;
    struct checkpoint_position position; /* when it is good */
};

struct position_decision position_decide(const int64_t *offsets,
                                         int32_t offset_count,
                                         const int64_t *commits,
                                         int32_t commit_count);
