/*
 * Unpacking tar, zip and 7-zip archives with libarchive, in a child process.
 */
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include "base/buffer.h"
#include "base/error.h"
#include "intake/stage.h"

enum { ARCHIVE_BLOCK = 65536 };

/* Without leading "./". */
static struct bytes entry_path(struct archive_entry *entry)
{
    const char *text = archive_entry_pathname(entry);
    struct bytes path = bytes_of(text ? text : "");
    while (bytes_starts_with(path, bytes_of("./"))) {
        path.data += 2;
        path.len -= 2;
    }
    return path;
}

static enum weir_status unpack_entry(struct archive *a,
                                     struct archive_entry *entry,
                                     struct bytes path,
                                     int dir_fd,
                                     struct buffer *content,
                                     struct weir_error *err)
{
    bool is_file = archive_entry_filetype(entry) == AE_IFREG && !archive_entry_hardlink(entry);
    buffer_clear(content);
    while (is_file) {
        uint8_t *room = buffer_extend(content, ARCHIVE_BLOCK);
        if (!room) {
            return weir_fail(err, WEIR_EPROTO, "%.*s is larger than %d bytes", BYTES_ARG(path),
                             INTAKE_FILE_MAX);
        }
        la_ssize_t n = archive_read_data(a, room, ARCHIVE_BLOCK);
        if (n < 0) {
            return weir_fail(err, WEIR_EPROTO, "the archive is damaged at %.*s: %s",
                             BYTES_ARG(path), archive_error_string(a));
        }
        content->len -= (size_t)(ARCHIVE_BLOCK - n);
        if (n == 0) {
            break;
        }
    }
    return stage_put(dir_fd, path, is_file, buffer_bytes(content), err);
}

static enum weir_status unpack(const struct intake *in,
                               struct archive *a,
                               int dir_fd,
                               struct weir_error *err)
{
    struct buffer content;
    struct archive_entry *entry = NULL;
    enum weir_status rc = WEIR_OK;
    int got = ARCHIVE_OK;
    buffer_init(&content, INTAKE_FILE_MAX + ARCHIVE_BLOCK);
    for (int entries = 0; rc == WEIR_OK; entries++) {
        got = archive_read_next_header(a, &entry);
        if (got == ARCHIVE_EOF || (got != ARCHIVE_OK && got != ARCHIVE_WARN)) {
            break;
        }
        if (entries == INTAKE_ENTRIES_MAX || archive_filter_bytes(a, 0) > INTAKE_UNPACKED_MAX) {
            rc = weir_fail(err, WEIR_EPROTO, "the archive holds too much to be a submission");
            break;
        }
        struct bytes path = entry_path(entry);
        if (archive_entry_filetype(entry) != AE_IFDIR && stage_wants(in, path)) {
            rc = unpack_entry(a, entry, path, dir_fd, &content, err);
        } else {
            stage_note_folders(in, dir_fd, path);
        }
    }
    if (rc == WEIR_OK && got != ARCHIVE_EOF) {
        rc = weir_fail(err, WEIR_EPROTO, "the archive cannot be read: %s", archive_error_string(a));
    }
    buffer_finish(&content);
    return rc;
}

enum weir_status stage_archive(const struct stage_order *o, int dir_fd, struct weir_error *err)
{
    /* Names that are not ASCII can be read in a UTF-8 locale only, whatever the caller's is. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    struct archive *a = archive_read_new();
    if (!a) {
        return weir_fail(err, WEIR_EIO, "no memory for the archive reader");
    }
    /* By name: "all" would include formats that run other programs. */
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_lzma(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_lz4(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    archive_read_support_format_7zip(a);
    enum weir_status rc = WEIR_OK;
    if (archive_read_open_filename(a, o->source, ARCHIVE_BLOCK) != ARCHIVE_OK) {
        rc = weir_fail(err, WEIR_EPROTO, "%s is no archive that can be read (tar, zip or 7z): %s",
                       o->source, archive_error_string(a));
    } else {
        rc = unpack(o->in, a, dir_fd, err);
    }
    archive_read_free(a);
    return rc;
}
