/*
 * Looking for folders that were meant for a lab.
 */
#include "intake/misnamed.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "intake/likeness.h"
#include "tap/text.h"

static size_t look(
    const struct intake *in, const char *dir, const char *shown, struct misnamed *out, size_t count)
{
    struct stat st;
    DIR *d = opendir(dir);
    for (struct dirent *e = d ? readdir(d) : NULL; e && count < MISNAMED_MAX; e = readdir(d)) {
        if (e->d_name[0] == '.' || strcmp(e->d_name, "__MACOSX") == 0 ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode)) {
            continue;
        }
        for (size_t i = 0; i < in->lab_count; i++) {
            if (folder_is_meant_for(e->d_name, in->labs[i].id)) {
                struct bytes name = arena_printf(in->arena, "%s%s", shown, e->d_name);
                out[count++] =
                    (struct misnamed){ (const char *)text_printable_in(in->arena, name).data,
                                       in->labs[i].id };
                break;
            }
        }
    }
    if (d) {
        closedir(d);
    }
    return count;
}

static bool is_lab(const struct intake *in, const char *name)
{
    for (size_t i = 0; i < in->lab_count; i++) {
        if (strcmp(in->labs[i].id, name) == 0) {
            return true;
        }
    }
    return false;
}

size_t intake_misnamed(const struct intake *in, bool at_root, struct misnamed out[MISNAMED_MAX])
{
    size_t count = 0;
    const char *inner = NULL;
    for (const char *top = in->dir; top && count < MISNAMED_MAX; top = inner) {
        inner = intake_only_folder(in, top);
        if (!at_root || !inner) {
            count = look(in, top, "", out, count);
        }
        const char *name = inner ? strrchr(inner, '/') + 1 : "";
        if (strcmp(name, "labs") != 0) { /* else it is looked at next */
            const char *labs = arena_text(in->arena, arena_printf(in->arena, "%s/labs", top));
            count = look(in, labs, "labs/", out, count);
        }
        if (is_lab(in, name)) {
            break; /* what lies in it is the student's */
        }
    }
    return count;
}
