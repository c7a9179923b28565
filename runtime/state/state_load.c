/*
 * Reading a version from its files: the highest snapshot of at most that version, then every delta after it.
 *
 * A snapshot that is damaged is passed over, as long as an older one and the deltas from there on are whole.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "state/state_store.h"

static bool apply(struct state_table *t, struct state_file_reader *r)
{
    struct bytes key;
    struct bytes value;
    while (state_file_next(r, &key, &value)) {
        if (bytes_is_null(value)) {
            (void)state_table_remove(t, key);
        } else if (!state_table_put(t, key, value)) {
            r->fault.damage = STATE_DAMAGE_END; /* more keys than any store had */
        }
    }
    return r->fault.damage == STATE_DAMAGE_NONE;
}

/* One file into the table. */
static bool load_file(const struct state_store *s,
                      struct state_file_name name,
                      struct state_table *t,
                      struct sql_error *error)
{
    struct state_place at = { s, name };
    struct buffer file;
    struct state_file_reader reader = { 0 };
    struct weir_error err;
    char path[STATE_PATH_MAX];
    buffer_init(&file, STATE_FILE_MAX);
    state_file_name_print(s->folder, name, path, sizeof(path));
    enum weir_status rc = file_read(AT_FDCWD, path, &file, &err);
    bool ok = rc == WEIR_OK;
    if (rc == WEIR_ENOTFOUND) {
        ok = state_fail_missing(at, error);
    } else if (rc < 0) {
        ok = state_fail_reading(&err, error);
    } else if (!state_file_open(&reader, buffer_bytes(&file),
                                name.snapshot ? STATE_SNAPSHOT : STATE_DELTA, name.version) ||
               !apply(t, &reader)) {
        ok = state_fail_damaged(at, &reader.fault, error);
    }
    state_file_close(&reader);
    buffer_finish(&file);
    return ok;
}

/* From a snapshot (0: from nothing). *out_based: the snapshot itself was whole. */
static struct state_table *load_from(const struct state_store *s,
                                     int64_t snapshot,
                                     int64_t version,
                                     bool *out_based,
                                     struct sql_error *error)
{
    struct state_table *t = state_table_new(s->provider->seed);
    bool ok = snapshot == 0 || load_file(s, (struct state_file_name){ snapshot, true }, t, error);
    *out_based = ok;
    for (int64_t v = snapshot + 1; ok && v <= version; v++) {
        ok = load_file(s, (struct state_file_name){ v, false }, t, error);
        state_table_begin(t);
    }
    if (!ok) {
        state_table_free(t);
        return NULL;
    }
    state_table_begin(t);
    return t;
}

struct state_table *state_load(const struct state_store *s,
                               int64_t version,
                               struct sql_error *error)
{
    struct state_listing files;
    struct weir_error err;
    if (state_folder_list(s->folder, &files, &err) < 0) {
        (void)state_fail_reading(&err, error);
        return NULL;
    }
    struct sql_error first = { 0 };
    struct state_table *t = NULL;
    bool based = false;
    int64_t below = version;
    while (!t && !based) { /* a delta that is missing is missing from every older snapshot too */
        struct sql_error why = { 0 };
        int64_t snapshot = state_listing_snapshot(&files, below);
        t = load_from(s, snapshot, version, &based, &why);
        below = snapshot - 1;
        if (!sql_failed(&first)) {
            first = why;
        } else {
            sql_error_finish(&why);
        }
    }
    state_listing_finish(&files);
    if (t || sql_failed(error)) {
        sql_error_finish(&first);
    } else {
        *error = first; /* moved */
    }
    return t;
}
