/*
 * Files that a stream is done with: see file_cleaner.h.
 */
#include "sources/file_cleaner.h"

#include <limits.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "base/file.h"
#include "sources/file_error.h"
#include "sources/file_glob.h"
#include "sources/file_listing.h"

static bool is_named(struct bytes text, const char *name)
{
    return text.len == strlen(name) && strncasecmp((const char *)text.data, name, text.len) == 0;
}

/* Might a file that is archived be one that the source finds? Then it would be read again. */
static bool overlaps(struct bytes pattern, struct bytes archive)
{
    struct bytes a;
    struct bytes b;
    while (bytes_cut(&pattern, '/', &a) && bytes_cut(&archive, '/', &b)) {
        if (!glob_match(a, b)) {
            return false;
        }
    }
    return true; /* one of them is the other's beginning */
}

static bool check_archive(const struct bytes *patterns,
                          int32_t count,
                          struct bytes archive,
                          struct sql_error *error)
{
    for (int32_t i = 0; i < count; i++) {
        if (archive.len == 1 || overlaps(patterns[i], archive)) {
            return sql_fail(error, &file_illegal_argument,
                            "requirement failed: Base archive path cannot be set to the path where "
                            "archived path can possibly match with source pattern. Ensure the base "
                            "archive path doesn't match with source pattern in depth, where the "
                            "depth is minimum of depth on both paths.");
        }
    }
    return true;
}

bool file_cleaner_make(const struct options *o,
                       struct bytes pattern,
                       struct arena *arena,
                       struct file_cleaner *out,
                       struct sql_error *error)
{
    struct bytes mode = options_get(o, "cleanSource");
    struct bytes archive = options_get(o, "sourceArchiveDir");
    *out = (struct file_cleaner){ CLEAN_OFF, { 0 } };
    if (bytes_is_null(mode) || is_named(mode, "off")) {
        return true;
    }
    if (is_named(mode, "delete")) {
        out->mode = CLEAN_DELETE;
        return true;
    }
    if (!is_named(mode, "archive")) {
        return sql_fail(error, &file_illegal_argument,
                        "Invalid mode for clean source option Some(%.*s). Must be one of "
                        "ARCHIVE,DELETE,OFF",
                        BYTES_ARG(mode));
    }
    if (bytes_is_null(archive)) {
        return sql_fail(error, &file_illegal_argument,
                        "Archive mode must be used with 'sourceArchiveDir' option.");
    }
    const struct bytes *patterns;
    int32_t count;
    out->mode = CLEAN_ARCHIVE;
    return listing_qualify(arena, archive, &out->archive, error) &&
           glob_expand(pattern, arena, &patterns, &count, error) &&
           check_archive(patterns, count, out->archive, error);
}

void file_cleaner_clean(const struct file_cleaner *c, struct bytes path)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    if (c->mode == CLEAN_OFF || !bytes_to_text(path, from, sizeof(from))) {
        return;
    }
    if (c->mode == CLEAN_DELETE) {
        (void)unlink(from);
        return;
    }
    int len = snprintf(to, sizeof(to), "%.*s%s", BYTES_ARG(c->archive), from);
    if (len < 0 || (size_t)len >= sizeof(to)) {
        return;
    }
    char *slash = strrchr(to, '/');
    *slash = '\0';
    bool made = file_make_dirs(to, NULL) == WEIR_OK;
    *slash = '/';
    if (made) {
        (void)rename(from, to);
    }
}
