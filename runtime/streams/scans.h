/*
 * Scans of what is no stream: files, a topic's records as they are now, a memory sink's rows.
 */
#pragma once

#include "sources/source.h"
#include "streams/session.h"

/* Which columns of its relation a leaf wants. */
const int32_t *scans_columns(struct arena *arena, const struct plan *leaf, int32_t *out_count);

/* NULL: the error is set. */
struct scan *scans_open_batch(struct weir_session *session,
                              const struct sql_settings *settings,
                              const struct plan *leaf,
                              struct sql_error *error);
