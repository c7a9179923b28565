/*
 * Taking a submission in: a folder, an archive, or a git repository, and of it only the files that lab.yaml lists.
 *
 * A folder is read where it lies. Archives and repositories are unpacked by a child process with a deadline and
 * limits into a folder of ours; it writes nothing but regular files with listed names. From there on all three are the
 * same: a lab's files are copied one by one, never through a symbolic link, each bounded in size, into a new folder.
 * Nothing of a submission is executed or configured from here: no hooks, no submodules, no attributes.
 *
 * Thread: one.
 */
#pragma once

#include "manifest/manifest.h"
#include "sandbox/loop.h"

enum {
    INTAKE_FILE_MAX = 1 << 20,     /* one file of a submission */
    INTAKE_UNPACKED_MAX = 1 << 30, /* what an archive may unpack to, wanted or not */
    INTAKE_ENTRIES_MAX = 100000,
    INTAKE_CLONE_MAX = 256 << 20, /* bytes received from a git server */
    INTAKE_DEADLINE_MS = 120000,
};

struct intake {
    struct arena *arena;  /* borrowed */
    const char *dir;      /* the folder to look in */
    const char *revision; /* the commit, for a repository; NULL */
    const struct manifest *labs;
    size_t lab_count;
    struct loop *loop;
};

/* How a path is to be read. */
enum intake_kind { INTAKE_FOLDER, INTAKE_ARCHIVE, INTAKE_GIT };

/* Finds out what `submission` is and makes it a folder that intake_take() can read; `scratch` is a folder that may be
 * made for that. `ref` may be NULL; "URL#REF" says the same.
 * WEIR_EINVAL: the call is wrong (no such path). WEIR_ENOTFOUND: the submission has not what was asked for (ref, empty
 * repository). WEIR_EPROTO: it cannot be read (a broken archive). WEIR_EIO, WEIR_ETIMEOUT: not the submission's fault. */
WEIR_CHECKED enum weir_status intake_open(struct intake *in,
                                          const char *submission,
                                          const char *ref,
                                          const char *scratch,
                                          struct weir_error *err);

/* The only folder in `dir`, when there is nothing else in it: what archives like to wrap everything in, also twice. NULL: none. */
const char *intake_only_folder(const struct intake *in, const char *dir);

/* The lab of which a file lies at the top, as if the submission were that lab's folder; NULL: none. */
const struct manifest *intake_bare_lab(const struct intake *in);

/* Copies the files of `lab` to the new folder `to`. `at_root`: the lab was named, so its files may also lie at the
 * top. WEIR_ENOTFOUND: the submission does not have this lab. WEIR_EINVAL: it has, but not as it must be (a file is
 * missing or no regular file); the message is for the student. *out_found names the folder it was found in. */
WEIR_CHECKED enum weir_status intake_take(const struct intake *in,
                                          const struct manifest *lab,
                                          bool at_root,
                                          const char *to,
                                          const char **out_found,
                                          struct weir_error *err);
