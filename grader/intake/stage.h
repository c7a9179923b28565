/*
 * The child processes that unpack archives and clone repositories, and the folder they fill.
 */
#pragma once

#include "intake/intake.h"

/* Is `path` (with '/' between its parts) one that a lab could lie at: [folder/...]NN-name/FILE, or FILE? Also under a name that
 * was meant for a file of a lab, so that it can be said. */
bool stage_wants(const struct intake *in, struct bytes path);

/* What is not wanted shows at least which folders there are, where one of them is a lab's or was meant for one. */
void stage_note_folders(const struct intake *in, int dir_fd, struct bytes path);

/* Writes one file into the folder `dir_fd`, making the folders of `path` on the way. `is_file` false leaves a symbolic
 * link to nowhere: what was in the submission is no file, and the copy will say so. */
WEIR_CHECKED enum weir_status stage_put(
    int dir_fd, struct bytes path, bool is_file, struct bytes content, struct weir_error *err);

/* What a child is to do. */
struct stage_order {
    const struct intake *in;
    enum intake_kind kind;
    const char *source; /* path of the archive, or URL */
    const char *ref;    /* of a repository; NULL: its main branch */
    const char *dir;    /* to fill */
    const char *clone;  /* a folder to make for the clone */
};

enum { STAGE_REVISION_SIZE = 64 };

/* What the child does; the work happens in `dir_fd`. */
WEIR_CHECKED enum weir_status stage_archive(const struct stage_order *o,
                                            int dir_fd,
                                            struct weir_error *err);
WEIR_CHECKED enum weir_status stage_git(const struct stage_order *o,
                                        int dir_fd,
                                        char out_revision[STAGE_REVISION_SIZE],
                                        struct weir_error *err);
