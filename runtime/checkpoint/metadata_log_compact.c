/*
 * Compacted logs: every so often a file that has all lines so far, so that a start need not read thousands.
 *
 * Source: CompactibleFileStreamLog. See metadata_log.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "checkpoint/log_error.h"
#include "checkpoint/log_folder.h"

enum {
    CLEANUP_DELAY_MS = 10 * 60 * 1000, /* fileSource.log.cleanupDelay, fileSink.log.cleanupDelay */
    BATCHES_TO_RETAIN = 100,           /* minBatchesToRetain */
};

static const char version_line[] = "v1";

/* --- reading --- */

struct lines {
    struct bytes *lines; /* owned */
    int64_t *numbers;    /* owned */
    size_t count;
    size_t capacity;
};

static void lines_finish(struct lines *l)
{
    free(l->lines);
    free(l->numbers);
}

static void lines_add(struct lines *l, struct bytes line, int64_t number)
{
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? 2 * l->capacity : 64;
        l->lines = mem_resize(l->lines, l->capacity, sizeof(*l->lines));
        l->numbers = mem_resize(l->numbers, l->capacity, sizeof(*l->numbers));
    }
    l->lines[l->count] = line;
    l->numbers[l->count++] = number;
}

/* A line that was cut has lost its last bracket. Whoever reads it finds what else is wrong with it. */
static bool is_object(struct bytes line)
{
    return line.len >= 2 && line.data[0] == '{' && line.data[line.len - 1] == '}';
}

static bool add_file(const struct metadata_log *log,
                     struct log_file_name name,
                     struct arena *arena,
                     struct lines *l,
                     struct sql_error *error)
{
    char path[PATH_MAX];
    struct bytes rest;
    struct bytes line;
    struct log_fault fault = { 0 };
    log_file_path(log, name, path);
    if (!log_file_read(log, name, arena, &rest, error)) {
        return false;
    }
    if (!rest.data) {
        return log_fail_missing(path, name.number, error);
    }
    if (!log_cut_version(&rest, &fault)) {
        return log_fail_damaged(path, &fault, error);
    }
    for (fault.line = 2; log_cut_line(&rest, &line); fault.line++) {
        if (!is_object(line)) {
            fault.damage = LOG_NO_JSON;
            fault.column = (int64_t)line.len + 1;
            return log_fail_damaged(path, &fault, error);
        }
        lines_add(l, line, name.number);
    }
    return true;
}

/* Where the files that count begin: at the last compact one, or at the first of all. */
static int32_t first_needed(const struct log_listing *files)
{
    for (int32_t i = files->count - 1; i >= 0; i--) {
        if (files->names[i].compact) {
            return i;
        }
    }
    return 0;
}

static bool read_all(const struct metadata_log *log,
                     const struct log_listing *files,
                     struct arena *arena,
                     struct lines *l,
                     struct sql_error *error)
{
    int64_t expected = -1;
    for (int32_t i = first_needed(files); i < files->count; i++) {
        struct log_file_name name = files->names[i];
        if (expected >= 0 && name.number != expected) {
            char path[PATH_MAX];
            log_file_path(log, (struct log_file_name){ expected, false }, path);
            return log_fail_missing(path, expected, error);
        }
        if (!add_file(log, name, arena, l, error)) {
            return false;
        }
        expected = name.number + 1;
    }
    return true;
}

bool metadata_log_lines(struct metadata_log *log,
                        struct arena *arena,
                        const struct bytes **out_lines,
                        const int64_t **out_numbers,
                        int32_t *out_count,
                        struct sql_error *error)
{
    struct log_listing files;
    struct lines l = { 0 };
    if (!log_folder_list(log, &files, error)) {
        return false;
    }
    bool ok = read_all(log, &files, arena, &l, error);
    if (ok) {
        struct bytes *lines = ARENA_NEW(arena, struct bytes, l.count + 1);
        int64_t *numbers = ARENA_NEW(arena, int64_t, l.count + 1);
        if (l.count > 0) {
            memcpy(lines, l.lines, l.count * sizeof(*lines));
            memcpy(numbers, l.numbers, l.count * sizeof(*numbers));
        }
        *out_lines = lines;
        *out_numbers = numbers;
        *out_count = (int32_t)l.count;
    }
    lines_finish(&l);
    log_listing_finish(&files);
    return ok;
}

/* --- removing --- */

/* Removes files below the last compact one of at most `below`; of those, what was not changed for a time. */
static void remove_replaced(const struct metadata_log *log,
                            int64_t below,
                            int64_t changed_before_ms)
{
    struct log_listing files;
    struct sql_error ignored = { 0 };
    int64_t replaced = log->compact_interval > 0 ? 0 : below;
    if (!log_folder_list(log, &files, &ignored)) {
        sql_error_finish(&ignored);
        return;
    }
    for (int32_t i = 0; i < files.count; i++) {
        if (files.names[i].compact && files.names[i].number <= below) {
            replaced = files.names[i].number;
        }
    }
    for (int32_t i = 0; i < files.count && files.names[i].number < replaced; i++) {
        struct stat st;
        char path[PATH_MAX];
        log_file_path(log, files.names[i], path);
        if (stat(path, &st) == 0 && (int64_t)st.st_mtim.tv_sec * 1000 <= changed_before_ms) {
            (void)unlink(path);
        }
    }
    log_listing_finish(&files);
}

void metadata_log_purge(struct metadata_log *log, int64_t below)
{
    remove_replaced(log, below, INT64_MAX);
}

/* --- writing --- */

static void print_lines(struct buffer *out, const struct bytes *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_text(out, "\n");
        buffer_append(out, lines[i].data, lines[i].len);
    }
}

/* Everything so far, before the lines of this batch. */
static bool print_earlier(const struct metadata_log *log,
                          int64_t number,
                          struct buffer *out,
                          struct sql_error *error)
{
    struct arena arena;
    struct log_listing files;
    struct lines l = { 0 };
    if (!log_folder_list(log, &files, error)) {
        return false;
    }
    while (files.count > 0 && files.names[files.count - 1].number >= number) {
        files.count--; /* of this number; then writing it will be refused */
    }
    arena_init(&arena, 0);
    bool ok = read_all(log, &files, &arena, &l, error);
    if (ok) {
        print_lines(out, l.lines, l.count);
    }
    lines_finish(&l);
    arena_finish(&arena);
    log_listing_finish(&files);
    return ok;
}

enum metadata_log_written metadata_log_add(struct metadata_log *log,
                                           int64_t number,
                                           const struct bytes *lines,
                                           int32_t count,
                                           struct sql_error *error)
{
    struct buffer text;
    bool compact = log->compact_interval > 0 && (number + 1) % log->compact_interval == 0;
    enum metadata_log_written done = LOG_FAILED;
    buffer_init(&text, SIZE_MAX / 2);
    buffer_append_text(&text, version_line);
    if (!compact || print_earlier(log, number, &text, error)) {
        print_lines(&text, lines, (size_t)count);
        done = log_file_write(log, (struct log_file_name){ number, compact }, buffer_bytes(&text),
                              error);
    }
    buffer_finish(&text);
    if (done == LOG_WRITTEN && compact) {
        remove_replaced(log, number - BATCHES_TO_RETAIN, clock_realtime_ms() - CLEANUP_DELAY_MS);
    }
    return done;
}
