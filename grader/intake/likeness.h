/*
 * Names that were meant to be those of a lab's folder or file, and are not. Pure.
 */
#pragma once

#include <stdbool.h>

#include "manifest/manifest.h"

/* Does a folder of this name look as if it were meant for the lab? Never for the right name itself. */
bool folder_is_meant_for(const char *folder, const char *lab);

/* The file of the lab that one of this name was meant to be: `Topics.sh`, `topics.sh.txt`. NULL: none, also for a right name. */
const struct lab_file *file_meant_by(const struct manifest *lab, const char *name);
