/*
 * How much of the disk a run holds: the files in its home, and those that it has removed and still has open.
 */
#pragma once

#include <stdint.h>

/* In bytes; INT64_MAX when it has more files or deeper folders than anybody needs, or keeps us from looking. `dir_fd` is
 * borrowed. Also counts what the descendants of this process hold open. */
int64_t disk_used(int dir_fd);
