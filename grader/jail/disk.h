/*
 * How much of the disk a run holds: the files in its home, and those that it has removed and still has open; and how much a
 * folder of ours.
 */
#pragma once

#include <stdint.h>

/* In bytes; INT64_MAX when it has more files or deeper folders than anybody needs, or keeps us from looking. `dir_fd` is
 * borrowed. Also counts what the descendants of this process hold open. */
int64_t disk_used(int dir_fd);

/* What the files in that folder take, in bytes; INT64_MAX when there are more than `entries_max`. `dir_fd` is borrowed. */
int64_t disk_folder(int dir_fd, int entries_max);
