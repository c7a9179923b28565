/*
 * The provider of stores: opening, commit, abort. See state.h.
 *
 * A store is busy from state_open() to state_commit() or state_abort(), and while maintenance copies it; who wants it meanwhile
 * waits. Nothing else is locked: the files of a store are written by whoever has it.
 */
#include "state/state.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_publish.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "state/state_store.h"

static const char default_name[] = "default";

enum { NOT_LOADED = -1 };

struct state_provider *state_provider_new(const struct state_options *options)
{
    struct state_provider *p = MEM_NEW(struct state_provider);
    struct uuid random = uuid_random();
    pthread_condattr_t monotonic;
    p->options = *options;
    p->root = mem_text(options->root, strlen(options->root));
    p->run_id =
        options->run_id ? mem_text(options->run_id, strlen(options->run_id)) : mem_text("none", 4);
    p->options.root = p->root;
    p->options.run_id = p->run_id;
    memcpy(&p->seed, random.bytes, sizeof(p->seed));
    p->retain_from = INT64_MAX;
    map_init(&p->stores);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&p->lock, NULL);
    (void)pthread_cond_init(&p->given_back, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return p;
}

void state_provider_free(struct state_provider *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; i < p->stores.count; i++) {
        struct state_store *s = p->stores.entries[i].value;
        assert(!s->busy);
        state_table_free(s->table);
        free(s->name);
        free(s->folder);
        free(s);
    }
    map_finish(&p->stores);
    (void)pthread_cond_destroy(&p->given_back);
    (void)pthread_mutex_destroy(&p->lock);
    free(p->root);
    free(p->run_id);
    free(p);
}

void state_retain_from(struct state_provider *p, int64_t batch_id)
{
    (void)pthread_mutex_lock(&p->lock);
    p->retain_from = batch_id;
    (void)pthread_mutex_unlock(&p->lock);
}

/* --- having a store --- */

static struct state_store *store_new(struct state_provider *p,
                                     int32_t operator_id,
                                     int32_t partition,
                                     const char *name)
{
    struct state_store *s = MEM_NEW(struct state_store);
    struct buffer folder;
    s->provider = p;
    s->operator_id = operator_id;
    s->partition = partition;
    s->name = mem_text(name, strlen(name));
    s->version = NOT_LOADED;
    s->counters.last_snapshot = -1;
    buffer_init(&folder, STATE_PATH_MAX);
    buffer_printf(&folder, "%s/%" PRId32 "/%" PRId32, p->root, operator_id, partition);
    if (strcmp(name, default_name) != 0) {
        buffer_printf(&folder, "/%s", name);
    }
    s->folder = mem_text(folder.data, folder.len);
    buffer_finish(&folder);
    return s;
}

static struct state_store *take(struct state_provider *p,
                                int32_t operator_id,
                                int32_t partition,
                                const char *name)
{
    struct buffer key;
    buffer_init(&key, STATE_PATH_MAX);
    buffer_printf(&key, "%" PRId32 "/%" PRId32 "/%s", operator_id, partition, name);
    (void)pthread_mutex_lock(&p->lock);
    struct state_store *s = map_get(&p->stores, buffer_bytes(&key));
    if (!s) {
        s = store_new(p, operator_id, partition, name);
        (void)map_put(&p->stores, buffer_bytes(&key), s);
    }
    while (s->busy) {
        (void)pthread_cond_wait(&p->given_back, &p->lock);
    }
    s->busy = true;
    (void)pthread_mutex_unlock(&p->lock);
    buffer_finish(&key);
    return s;
}

void state_give_back(struct state_store *s)
{
    struct state_provider *p = s->provider;
    (void)pthread_mutex_lock(&p->lock);
    s->busy = false;
    (void)pthread_cond_broadcast(&p->given_back);
    (void)pthread_mutex_unlock(&p->lock);
}

/* --- versions --- */

/* Replaces what is in memory by what the files say. */
static bool reload(struct state_store *s, int64_t version, struct sql_error *error)
{
    struct state_table *t =
        version == 0 ? state_table_new(s->provider->seed) : state_load(s, version, error);
    if (!t) {
        return false;
    }
    state_table_free(s->table);
    s->table = t;
    s->version = version;
    s->history++;
    return true;
}

static bool at_version(struct state_store *s, int64_t version, struct sql_error *error)
{
    bool here = s->version == version;
    if (s->committed && s->version == version + 1) {
        state_table_undo(s->table);
        s->version = version;
        s->history++;
        here = true;
    }
    if (version > 0) {
        s->counters.cache_hits += here;
        s->counters.cache_misses += !here;
    }
    if (!here && !reload(s, version, error)) {
        return false;
    }
    state_table_begin(s->table);
    s->committed = false;
    s->too_large = false;
    return true;
}

struct state_store *state_open(struct state_provider *p,
                               int32_t operator_id,
                               int32_t partition,
                               const char *name,
                               int64_t version,
                               struct sql_error *error)
{
    assert(version >= 0);
    struct state_store *s = take(p, operator_id, partition, name && name[0] ? name : default_name);
    if (!at_version(s, version, error)) {
        state_give_back(s);
        return NULL;
    }
    return s;
}

/* --- keys --- */

bool state_get(const struct state_store *s, struct bytes key, struct bytes *out_value)
{
    return state_table_get(s->table, key, out_value);
}

void state_put(struct state_store *s, struct bytes key, struct bytes value)
{
    if (!state_table_put(s->table, key, value)) {
        s->too_large = true; /* said at the commit */
    }
}

bool state_remove(struct state_store *s, struct bytes key)
{
    return state_table_remove(s->table, key);
}

bool state_next(const struct state_store *s,
                size_t *position,
                struct bytes *out_key,
                struct bytes *out_value)
{
    return state_table_next(s->table, position, out_key, out_value);
}

int64_t state_count(const struct state_store *s)
{
    return state_table_count(s->table);
}

size_t state_memory(const struct state_store *s)
{
    return state_table_memory(s->table);
}

struct state_counters state_counters(const struct state_store *s)
{
    struct state_counters c = s->counters;
    c.current_version_bytes = state_table_content(s->table);
    return c;
}

/* --- the end of a batch --- */

/* The file of the next version. One that is there is of a run that did not finish the batch, and so is a snapshot. */
static bool write_delta(struct state_store *s, struct bytes content, struct sql_error *error)
{
    struct weir_error err;
    char path[STATE_PATH_MAX];
    state_file_name_print(s->folder, (struct state_file_name){ s->version + 1, true }, path,
                          sizeof(path));
    (void)unlink(path);
    state_file_name_print(s->folder, (struct state_file_name){ s->version + 1, false }, path,
                          sizeof(path));
    const struct file_publish delta = { path, content, true, s->provider->options.sync };
    enum weir_status rc = WEIR_OK;
    if (access(s->folder, F_OK) != 0) {
        rc = file_make_dirs(s->folder, &err);
    }
    if (rc == WEIR_OK) {
        rc = file_publish(&delta, &err);
    }
    return rc == WEIR_OK || state_fail_commit(s, bytes_of(err.message), error);
}

static bool fail_too_large(const struct state_store *s, struct sql_error *error)
{
    struct buffer why;
    buffer_init(&why, SQL_ERROR_MAX);
    buffer_printf(&why,
                  "The state of %s is too large: a key or a value has more than 256 MiB, a batch "
                  "changes more than 4 GiB, or there are more than 2147483647 keys",
                  s->folder);
    (void)state_fail_commit(s, buffer_bytes(&why), error);
    buffer_finish(&why);
    return false;
}

bool state_commit(struct state_store *s, struct sql_error *error)
{
    struct buffer file;
    struct state_file_writer writer;
    buffer_init(&file, STATE_FILE_MAX);
    state_file_begin(&writer, &file);
    state_table_write_changes(s->table, &writer);
    state_file_end(&writer, STATE_DELTA, s->version + 1);
    bool ok = !s->too_large && !file.overflow;
    if (!ok) {
        (void)fail_too_large(s, error);
    }
    ok = ok && write_delta(s, buffer_bytes(&file), error);
    buffer_finish(&file);
    if (!ok) {
        state_abort(s);
        return false;
    }
    s->version++;
    s->committed = s->provider->options.max_versions_in_memory > 1;
    if (!s->committed) {
        state_table_begin(s->table);
    }
    state_give_back(s);
    return true;
}

void state_abort(struct state_store *s)
{
    state_table_undo(s->table);
    state_give_back(s);
}
