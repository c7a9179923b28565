/*
 * The command line that puts a program into the sandbox: bubblewrap and the jail, or the jail alone.
 *
 * Thread: one.
 */
#pragma once

#include "base/arena.h"
#include "sandbox/job.h"

struct command {
    struct arena arena; /* owns all texts made here */
    char **argv;        /* NULL at the end; argv[0] is a path */
    char **env;
    int64_t uid; /* to change to before exec; -1: stay */
};

/* `slot` picks the uid as root; -1 otherwise. Cannot fail; command_finish() frees. */
void command_init(struct command *c,
                  const struct sandbox *s,
                  const struct job_spec *spec,
                  int slot);
void command_finish(struct command *c);
