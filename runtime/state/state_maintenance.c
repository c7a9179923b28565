/*
 * Maintenance of stores: snapshots that are due, files that nobody needs. See state.h.
 *
 * A store is had only while its records are copied; compressing and writing go on beside the next batch. Should that batch take
 * the version back meanwhile, the snapshot of it is removed again.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/file_publish.h"
#include "base/mem.h"
#include "state/state_store.h"

enum { PATIENCE_S = 2 }; /* for a store that is in use */

/* False: it is in use, and stays so. */
static bool take_patiently(struct state_store *s)
{
    struct state_provider *p = s->provider;
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PATIENCE_S;
    (void)pthread_mutex_lock(&p->lock);
    int failed = 0;
    while (s->busy && failed != ETIMEDOUT) {
        failed = pthread_cond_timedwait(&p->given_back, &p->lock, &until);
    }
    bool taken = !s->busy;
    s->busy = true;
    (void)pthread_mutex_unlock(&p->lock);
    return taken;
}

bool state_look(struct state_store *s, struct state_moment *m)
{
    struct state_listing files;
    if (!take_patiently(s)) {
        return false;
    }
    m->version = s->version;
    m->history = s->history;
    m->due = false;
    bool ok = m->version > 0 && state_folder_list(s->folder, &files, NULL) == WEIR_OK;
    if (ok) {
        m->due =
            state_listing_due(&files, m->version, s->provider->options.min_deltas_for_snapshot);
        state_listing_finish(&files);
    }
    if (m->due) {
        struct state_file_writer writer;
        state_file_begin(&writer, &m->snapshot);
        state_table_write_all(s->table, &writer);
        state_file_end(&writer, STATE_SNAPSHOT, m->version);
        m->due = !m->snapshot.overflow;
    }
    state_give_back(s);
    return ok;
}

void state_write_snapshot(struct state_store *s, const struct state_moment *m)
{
    struct buffer packed;
    char path[STATE_PATH_MAX];
    buffer_init(&packed, STATE_FILE_MAX);
    struct bytes content = buffer_bytes(&m->snapshot);
    if (state_file_compress(content, &packed)) {
        content = buffer_bytes(&packed);
    }
    state_file_name_print(s->folder, (struct state_file_name){ m->version, true }, path,
                          sizeof(path));
    const struct file_publish snapshot = { path, content, true, s->provider->options.sync };
    bool written = file_publish(&snapshot, NULL) == WEIR_OK;
    buffer_finish(&packed);
    if (!written || !take_patiently(s)) {
        return;
    }
    if (s->history != m->history) {
        (void)unlink(path); /* another history: the version may be written anew, and differently */
    } else {
        s->counters.last_snapshot = m->version;
    }
    state_give_back(s);
}

static void remove_old(struct state_store *s, int64_t version)
{
    struct state_provider *p = s->provider;
    struct state_listing files;
    (void)pthread_mutex_lock(&p->lock);
    int64_t oldest = p->retain_from;
    (void)pthread_mutex_unlock(&p->lock);
    if (oldest > version - p->options.min_batches_to_retain) {
        oldest = version - p->options.min_batches_to_retain;
    }
    if (oldest <= 0 || state_folder_list(s->folder, &files, NULL) < 0) {
        return;
    }
    int64_t needed = state_listing_oldest_needed(&files, oldest);
    if (files.count > 0 && needed > 1) {
        state_folder_remove_below(s->folder, needed);
    }
    state_listing_finish(&files);
}

void state_maintain(struct state_provider *p)
{
    (void)pthread_mutex_lock(&p->lock);
    size_t count = p->stores.count; /* they are never removed, and keep their places */
    struct state_store **stores = mem_zalloc(count, sizeof(struct state_store *));
    for (size_t i = 0; i < count; i++) {
        stores[i] = p->stores.entries[i].value;
    }
    (void)pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < count; i++) {
        struct state_moment m = { 0 };
        buffer_init(&m.snapshot, STATE_FILE_MAX);
        if (state_look(stores[i], &m)) {
            if (m.due) {
                state_write_snapshot(stores[i], &m);
            }
            remove_old(stores[i], m.version);
        }
        buffer_finish(&m.snapshot);
    }
    free(stores);
}
