/*
 * A checkpoint from inside: shared by checkpoint.c and checkpoint_operators.c.
 */
#pragma once

#include "checkpoint/checkpoint.h"
#include "checkpoint/metadata_log.h"

enum { CHECKPOINT_ID_SIZE = 37 }; /* a UUID as Java prints it, with the terminator */

struct checkpoint {
    char *root; /* owned; absolute */
    bool sync;
    char id[CHECKPOINT_ID_SIZE];
    struct metadata_log offsets;
    struct metadata_log commits;
    int64_t purged; /* batches below are gone; -1: not known */
};
