/*
 * What a student's program may not ask of the kernel.
 *
 * A deny list that answers EPERM, not a kill: a library that probes for a feature goes on without it. It closes the
 * doors that namespaces and uids leave open (keyrings, io_uring, new user namespaces, tracing, bpf, AF_VSOCK, ...).
 */
#pragma once

#include <stdbool.h>

/* Loads the filter into this process, for good, and sets no_new_privs. With `same_uid` also: no signal to any process but
 * itself, because without an uid of its own it could stop the grader. 0, or an errno. */
int filter_load(bool same_uid);

/* Restricts this process to the given paths with Landlock: read and execute below `read_paths`, everything below
 * `write_paths`. 0, or an errno (ENOSYS, EOPNOTSUPP: this kernel cannot). A path that is not there is left out. */
int landlock_load(const char *const *read_paths,
                  int read_count,
                  const char *const *write_paths,
                  int write_count);

/* Can this kernel do Landlock? */
bool landlock_available(void);
