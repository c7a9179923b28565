/*
 * The files of one store's folder: which there are, which make a version, which may go.
 *
 * Names are <version>.delta and <version>.snapshot; everything else (_metadata, temporary files, other people's) is left alone,
 * but for temporary files of versions that are gone. Deciding is pure. Thread: any.
 */
#pragma once

#include "state/state_file.h"
#include "weir/status.h"

struct state_file_name {
    int64_t version;
    bool snapshot;
};

struct state_listing {
    struct state_file_name *names; /* owned; by version, the delta before the snapshot */
    int32_t count;
};

/* A folder that is not there is empty. */
WEIR_CHECKED enum weir_status state_folder_list(const char *folder,
                                                struct state_listing *out,
                                                struct weir_error *err);
void state_listing_finish(struct state_listing *l);

/* A version's name: false when it is none. */
bool state_file_name_parse(const char *text, struct state_file_name *out);
void state_file_name_print(const char *folder, struct state_file_name name, char *out, size_t size);

/* The highest snapshot of at most `version`; 0: none. */
int64_t state_listing_snapshot(const struct state_listing *l, int64_t version);

/* Is a snapshot of `version` due: do more than `deltas` deltas make it? */
bool state_listing_due(const struct state_listing *l, int64_t version, int32_t deltas);

/* The lowest version of which a file is needed by somebody who asks for `oldest` or later. */
int64_t state_listing_oldest_needed(const struct state_listing *l, int64_t oldest);

/* Removes what belongs to versions below, temporary files too. What cannot be removed stays. */
void state_folder_remove_below(const char *folder, int64_t version);
