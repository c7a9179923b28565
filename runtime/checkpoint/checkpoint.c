/*
 * The checkpoint of a query: see checkpoint.h.
 */
#include "checkpoint/checkpoint.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/file_publish.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "checkpoint/batch_log.h"
#include "checkpoint/checkpoint_impl.h"
#include "checkpoint/log_folder.h"
#include "checkpoint/log_json.h"
#include "checkpoint/position.h"

enum { METADATA_MAX = 64 << 10, LOG_TEXT_MAX = 256 << 20 };

/* --- metadata --- */

static void new_id(char out[CHECKPOINT_ID_SIZE])
{
    struct uuid id = uuid_random();
    size_t at = 0;
    for (int i = 0; i < UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[at++] = '-';
        }
        (void)snprintf(out + at, 3, "%02x", id.bytes[i]);
        at += 2;
    }
}

static bool parse_id(struct bytes text, char out[CHECKPOINT_ID_SIZE], struct log_fault *fault)
{
    struct arena arena;
    size_t at = 0;
    struct bytes id;
    arena_init(&arena, 0);
    const struct log_json *object = log_json_parse(text, &arena, &at);
    *fault = (struct log_fault){ .line = 1, .column = (int64_t)at + 1, .field = "id" };
    if (text.len == 0) {
        fault->damage = LOG_INCOMPLETE;
    } else if (!object) {
        fault->damage = LOG_NO_JSON;
    } else if (!log_json_text(log_json_member(object, "id"), &id) ||
               id.len != CHECKPOINT_ID_SIZE - 1 || !bytes_to_text(id, out, CHECKPOINT_ID_SIZE)) {
        fault->damage = LOG_NO_FIELD;
    }
    arena_finish(&arena);
    return fault->damage == LOG_GOOD;
}

static bool write_metadata(struct checkpoint *c, const char *path, struct sql_error *error)
{
    char text[64];
    struct weir_error err;
    new_id(c->id);
    int len = snprintf(text, sizeof(text), "{\"id\":\"%s\"}", c->id);
    enum weir_status rc = file_publish(
        &(struct file_publish){ path, { (const uint8_t *)text, (size_t)len }, false, c->sync },
        &err);
    if (rc == WEIR_EEXIST) {
        return log_fail_concurrent(0, error); /* another query began at the same moment */
    }
    return rc == WEIR_OK || log_fail_writing(&err, error);
}

static bool open_metadata(struct checkpoint *c, struct sql_error *error)
{
    char path[PATH_MAX];
    struct buffer text;
    struct weir_error err;
    struct log_fault fault;
    (void)snprintf(path, sizeof(path), "%s/metadata", c->root);
    buffer_init(&text, METADATA_MAX);
    enum weir_status rc = file_read(AT_FDCWD, path, &text, &err);
    bool ok = true;
    if (rc == WEIR_ENOTFOUND) {
        ok = write_metadata(c, path, error);
    } else if (rc < 0) {
        ok = log_fail_reading(&err, error);
    } else if (!parse_id(buffer_bytes(&text), c->id, &fault)) {
        ok = log_fail_damaged(path, &fault, error);
    }
    buffer_finish(&text);
    return ok;
}

/* --- opening --- */

static bool open_logs(struct checkpoint *c, struct sql_error *error)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/offsets", c->root);
    if (!metadata_log_open(&c->offsets, path, c->sync, 0, error)) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/commits", c->root);
    return metadata_log_open(&c->commits, path, c->sync, 0, error);
}

struct checkpoint *checkpoint_open(const struct checkpoint_options *options,
                                   struct sql_error *error)
{
    struct weir_error err;
    if (file_make_dirs(options->root, &err) < 0) {
        (void)log_fail_reading(&err, error);
        return NULL;
    }
    struct checkpoint *c = MEM_NEW(struct checkpoint);
    c->sync = options->sync;
    c->purged = -1;
    c->root = realpath(options->root, NULL); /* messages shall say where it is */
    if (!c->root) {
        c->root = mem_text(options->root, strlen(options->root));
    }
    if (!open_metadata(c, error) || !open_logs(c, error)) {
        checkpoint_close(c);
        return NULL;
    }
    return c;
}

void checkpoint_close(struct checkpoint *c)
{
    if (!c) {
        return;
    }
    metadata_log_finish(&c->offsets);
    metadata_log_finish(&c->commits);
    free(c->root);
    free(c);
}

const char *checkpoint_id(const struct checkpoint *c)
{
    return c->id;
}

const char *checkpoint_root(const struct checkpoint *c)
{
    return c->root;
}

/* --- where to go on --- */

static bool refuse_ahead(const struct checkpoint *c, int64_t batch, struct sql_error *error)
{
    (void)log_fail_concurrent(batch, error);
    sql_error_add(error,
                  "\nThere is file:%s/%" PRId64 ", but no file:%s/%" PRId64
                  ", which is always written first. Restore it from a copy; or, when nothing else "
                  "uses this checkpoint, remove the commits above the last offsets: the last "
                  "batch is then run again.",
                  c->commits.folder, batch, c->offsets.folder, batch);
    return false;
}

bool checkpoint_position(struct checkpoint *c,
                         struct checkpoint_position *out,
                         struct sql_error *error)
{
    int64_t *offsets = NULL;
    int64_t *commits = NULL;
    int32_t offset_count = 0;
    int32_t commit_count = 0;
    bool ok = metadata_log_numbers(&c->offsets, &offsets, &offset_count, error) &&
              metadata_log_numbers(&c->commits, &commits, &commit_count, error);
    if (ok) {
        struct position_decision d = position_decide(offsets, offset_count, commits, commit_count);
        char path[PATH_MAX];
        switch (d.trouble) {
        case POSITION_GOOD: *out = d.position; break;
        case POSITION_COMMIT_AHEAD: ok = refuse_ahead(c, d.batch, error); break;
        case POSITION_OFFSETS_MISSING:
            log_file_path(&c->offsets, (struct log_file_name){ d.batch, false }, path);
            ok = log_fail_missing(path, d.batch, error);
            break;
        }
    }
    free(offsets);
    free(commits);
    return ok;
}

/* --- batches --- */

/* The text of batch N; an absent one is an error. */
static bool read_batch(struct metadata_log *log,
                       int64_t batch,
                       struct arena *arena,
                       char path[PATH_MAX],
                       struct bytes *out,
                       struct sql_error *error)
{
    log_file_path(log, (struct log_file_name){ batch, false }, path);
    if (!metadata_log_read(log, batch, arena, out, error)) {
        return false;
    }
    return out->data || log_fail_missing(path, batch, error);
}

bool checkpoint_read_offsets(struct checkpoint *c,
                             int64_t batch,
                             struct arena *arena,
                             struct batch_offsets *out,
                             struct sql_error *error)
{
    char path[PATH_MAX];
    struct bytes text;
    struct log_fault fault;
    if (!read_batch(&c->offsets, batch, arena, path, &text, error)) {
        return false;
    }
    return batch_log_parse_offsets(text, arena, out, &fault) ||
           log_fail_damaged(path, &fault, error);
}

bool checkpoint_read_commit(struct checkpoint *c,
                            int64_t batch,
                            int64_t *out_watermark_ms,
                            struct sql_error *error)
{
    char path[PATH_MAX];
    struct bytes text;
    struct arena arena;
    struct log_fault fault;
    arena_init(&arena, 0);
    bool ok = read_batch(&c->commits, batch, &arena, path, &text, error) &&
              (batch_log_parse_commit(text, &arena, out_watermark_ms, &fault) ||
               log_fail_damaged(path, &fault, error));
    arena_finish(&arena);
    return ok;
}

static bool write_batch(struct metadata_log *log,
                        int64_t batch,
                        struct buffer *text,
                        struct sql_error *error)
{
    enum metadata_log_written written = metadata_log_write(log, batch, buffer_bytes(text), error);
    buffer_finish(text);
    switch (written) {
    case LOG_WRITTEN: return true;
    case LOG_EXISTS: return log_fail_concurrent(batch, error);
    case LOG_FAILED: return false;
    }
    return false;
}

bool checkpoint_write_offsets(struct checkpoint *c,
                              int64_t batch,
                              const struct batch_offsets *offsets,
                              struct sql_error *error)
{
    struct buffer text;
    buffer_init(&text, LOG_TEXT_MAX);
    batch_log_print_offsets(&text, offsets);
    return write_batch(&c->offsets, batch, &text, error);
}

bool checkpoint_write_commit(struct checkpoint *c,
                             int64_t batch,
                             int64_t watermark_ms,
                             struct sql_error *error)
{
    struct buffer text;
    buffer_init(&text, LOG_TEXT_MAX);
    batch_log_print_commit(&text, watermark_ms);
    return write_batch(&c->commits, batch, &text, error);
}

/* --- old batches --- */

static void remove_batch(const struct metadata_log *log, int64_t batch)
{
    char path[PATH_MAX];
    log_file_path(log, (struct log_file_name){ batch, false }, path);
    (void)unlink(path);
}

/* The first time by what the folders hold; then by number: a listing at every batch would cost more than the batch's own files. */
void checkpoint_purge(struct checkpoint *c, int64_t batch)
{
    if (c->purged < 0) {
        metadata_log_purge(&c->offsets, batch);
        metadata_log_purge(&c->commits, batch);
        c->purged = batch;
    }
    for (; c->purged < batch; c->purged++) {
        remove_batch(&c->offsets, c->purged);
        remove_batch(&c->commits, c->purged);
    }
}
