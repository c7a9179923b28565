/*
 * A store's folder: see state_folder.h.
 */
#include "state/state_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"

static const char delta_ending[] = ".delta";
static const char snapshot_ending[] = ".snapshot";

bool state_file_name_parse(const char *text, struct state_file_name *out)
{
    struct bytes name = bytes_of(text);
    struct bytes ending = bytes_of(delta_ending);
    bool snapshot = bytes_ends_with(name, bytes_of(snapshot_ending));
    if (snapshot) {
        ending = bytes_of(snapshot_ending);
    } else if (!bytes_ends_with(name, ending)) {
        return false;
    }
    name.len -= ending.len;
    int64_t version;
    if (name.len == 0 || name.data[0] < '1' || name.data[0] > '9' ||
        !bytes_parse_i64(name, &version)) {
        return false;
    }
    *out = (struct state_file_name){ .version = version, .snapshot = snapshot };
    return true;
}

void state_file_name_print(const char *folder, struct state_file_name name, char *out, size_t size)
{
    (void)snprintf(out, size, "%s/%" PRId64 "%s", folder, name.version,
                   name.snapshot ? snapshot_ending : delta_ending);
}

static int by_version(const void *a, const void *b)
{
    const struct state_file_name *x = a;
    const struct state_file_name *y = b;
    if (x->version != y->version) {
        return x->version < y->version ? -1 : 1;
    }
    return (int)x->snapshot - (int)y->snapshot;
}

enum weir_status state_folder_list(const char *folder,
                                   struct state_listing *out,
                                   struct weir_error *err)
{
    *out = (struct state_listing){ 0 };
    DIR *dir = opendir(folder);
    if (!dir) {
        return errno == ENOENT ? WEIR_OK : weir_fail_errno(err, "cannot list %s", folder);
    }
    int32_t capacity = 0;
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        struct state_file_name name;
        if (!state_file_name_parse(entry->d_name, &name)) {
            continue;
        }
        if (out->count == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            out->names = mem_resize(out->names, (size_t)capacity, sizeof(*out->names));
        }
        out->names[out->count++] = name;
    }
    (void)closedir(dir);
    if (out->count > 1) {
        qsort(out->names, (size_t)out->count, sizeof(*out->names), by_version);
    }
    return WEIR_OK;
}

void state_listing_finish(struct state_listing *l)
{
    free(l->names);
    *l = (struct state_listing){ 0 };
}

int64_t state_listing_snapshot(const struct state_listing *l, int64_t version)
{
    for (int32_t i = l->count - 1; i >= 0; i--) {
        if (l->names[i].snapshot && l->names[i].version <= version) {
            return l->names[i].version;
        }
    }
    return 0;
}

bool state_listing_due(const struct state_listing *l, int64_t version, int32_t deltas)
{
    return version - state_listing_snapshot(l, version) > deltas;
}

int64_t state_listing_oldest_needed(const struct state_listing *l, int64_t oldest)
{
    int64_t snapshot = state_listing_snapshot(l, oldest);
    return snapshot > 0 ? snapshot : 1;
}

/* ".<version>.<ending>.<random>.tmp", as base/file_publish.h names it. */
static bool temporary_name_parse(const char *text, struct state_file_name *out)
{
    struct bytes rest = bytes_of(text);
    struct bytes version;
    char digits[24];
    if (rest.len == 0 || rest.data[0] != '.' || !bytes_ends_with(rest, bytes_of(".tmp"))) {
        return false;
    }
    rest = (struct bytes){ rest.data + 1, rest.len - 1 };
    if (!bytes_cut(&rest, '.', &version) || !bytes_to_text(version, digits, sizeof(digits))) {
        return false;
    }
    char name[sizeof(digits) + sizeof(delta_ending)];
    (void)snprintf(name, sizeof(name), "%s%s", digits, delta_ending);
    return state_file_name_parse(name, out);
}

void state_folder_remove_below(const char *folder, int64_t version)
{
    DIR *dir = opendir(folder);
    if (!dir) {
        return;
    }
    struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        struct state_file_name name;
        bool ours = state_file_name_parse(entry->d_name, &name) ||
                    temporary_name_parse(entry->d_name, &name);
        if (ours && name.version < version) {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    (void)closedir(dir);
}
