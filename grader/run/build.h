/*
 * Building a lab's C programs: our rules, our flags, in the sandbox, all at once.
 *
 * Nothing of the submission decides how it is built: no makefile, no flags, no other compiler. The compiler sees the
 * student's files, the public headers and libraries, and nothing that is graded by. Thread: one.
 */
#pragma once

#include "run/run.h"

/* Builds every program of the lab into `bin_dir`; l->builds says how it went. Fails only for faults of ours. */
WEIR_CHECKED enum weir_status build_lab(struct run *run,
                                        struct lab_result *l,
                                        const char *code_dir,
                                        const char *bin_dir,
                                        struct weir_error *err);

/* How a program's build went; NULL for a script. */
const struct build_result *build_of(const struct lab_result *l, const char *program);
