/*
 * How what a cleaning wrote takes the place of what was there, and what a log's folder says of it: see log_state.h and
 * log_cleaner.h.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "storage/log_state.h"

static const char cleaner_file[] = "weir.cleaner";
enum { CLEANER_FILE_MAX = 64 };

/* --- what is clean --- */

void log_read_cleaned(struct partition_log *log)
{
    char path[LOG_PATH_MAX];
    struct buffer text;
    struct bytes clean;
    buffer_init(&text, CLEANER_FILE_MAX);
    log_path(log, cleaner_file, path);
    enum weir_status rc = file_read(log->root_fd, path, &text, NULL);
    struct bytes rest = bytes_trim(buffer_bytes(&text));
    int64_t clean_to = 0;
    int64_t holes_to = 0;
    if (rc == WEIR_OK && bytes_cut(&rest, ' ', &clean) && bytes_parse_i64(clean, &clean_to) &&
        bytes_parse_i64(rest, &holes_to)) {
        log->clean_to = clean_to;
        log->holes_to = holes_to;
    }
    buffer_finish(&text);
}

enum weir_status log_write_cleaned(
    int root_fd, const char *folder, int64_t clean_to, int64_t holes_to, struct weir_error *err)
{
    char path[LOG_PATH_MAX];
    char text[CLEANER_FILE_MAX];
    (void)snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 "\n", clean_to, holes_to);
    (void)snprintf(path, sizeof(path), "%s/%s", folder, cleaner_file);
    return file_replace(root_fd, path, bytes_of(text), true, err);
}

/* --- taking the place --- */

/* The index of aborted transactions first: it is right for the old .log too, and wrong to be missing. */
static void rename_indexes(const struct segment *from, const struct segment *to, bool txns)
{
    static const char *const suffixes[] = { ".index", ".timeindex", ".txnindex" };
    char old_path[SEGMENT_PATH_MAX];
    char new_path[SEGMENT_PATH_MAX];
    for (size_t i = txns ? 2 : 0; i < (txns ? 3 : 2); i++) {
        segment_path(from, suffixes[i], new_path);
        segment_path(to, suffixes[i], old_path);
        if (renameat(from->root_fd, new_path, to->root_fd, old_path) != 0) {
            (void)unlinkat(to->root_fd, old_path, 0); /* without an index readers look longer */
        }
    }
}

/* The oldest first: after a crash in the midst what is there again must still have its newer records behind it. */
enum weir_status log_condemn_segments(struct partition_log *log,
                                      size_t at,
                                      size_t count,
                                      struct weir_error *err)
{
    enum weir_status rc = WEIR_OK;
    for (size_t i = 0; rc == WEIR_OK && i < count; i++) {
        rc = log_condemn_segment(log, at, err);
    }
    return rc;
}

enum weir_status log_replace_files(struct partition_log *log,
                                   size_t at,
                                   size_t count,
                                   const struct segment *fresh,
                                   struct weir_error *err)
{
    char from[SEGMENT_PATH_MAX];
    char swap[SEGMENT_PATH_MAX];
    char to[SEGMENT_PATH_MAX];
    const struct segment *old = log->segments[at];
    segment_path(fresh, ".log", from);
    segment_path(old, ".log.swap", swap);
    segment_path(old, ".log", to);
    rename_indexes(fresh, old, true);
    if (renameat(fresh->root_fd, from, log->root_fd, swap) != 0) {
        return weir_fail_errno(err, "cannot rename %s", from);
    }
    enum weir_status rc = log_condemn_segments(log, at + 1, count - 1, err);
    if (rc == WEIR_OK && renameat(log->root_fd, swap, log->root_fd, to) != 0) {
        rc = weir_fail_errno(err, "cannot rename %s", swap);
    }
    rename_indexes(fresh, old, false);
    return rc;
}
