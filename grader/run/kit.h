/*
 * The kit: what student code may see of ours, copied to one folder of the run.
 *
 *     include/weir/...h    the public headers
 *     lib/libweir.a        the client library
 *     bin/kafka-*.sh       the command-line tools
 *     jail                 what starts every program
 *
 * A copy, because another uid may not be able to read the clone it comes from (it may lie in /root).
 */
#pragma once

#include "run/run.h"

/* Finds our own files from the place of the running binary. */
WEIR_CHECKED enum weir_status places_find(struct places *out,
                                          struct arena *arena,
                                          struct weir_error *err);

WEIR_CHECKED enum weir_status kit_make(struct run *run, struct weir_error *err);
