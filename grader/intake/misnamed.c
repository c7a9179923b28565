/*
 * Which names look like a lab's.
 */
#include "intake/misnamed.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tap/text.h"

enum { NAME_MAX_LEN = 255 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

/* In small letters, with one '-' for each run of anything that is neither letter nor digit, and none at the ends. */
static void normalise(const char *name, char out[NAME_MAX_LEN + 1])
{
    size_t n = 0;
    for (const char *p = name; *p && n < NAME_MAX_LEN; p++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
        if (is_letter(c) || is_digit(c)) {
            out[n++] = c;
        } else if (n > 0 && out[n - 1] != '-') {
            out[n++] = '-';
        }
    }
    out[n > 0 && out[n - 1] == '-' ? n - 1 : n] = '\0';
}

/* Behind "lab", "lab-", "exercise-", ... in a normalised name. */
static const char *without_word(const char *name)
{
    static const char *const words[] = { "laboratory", "lab", "exercise", "task" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t len = strlen(words[i]);
        if (strncmp(name, words[i], len) == 0 && !is_letter(name[len])) {
            return name + len + (name[len] == '-');
        }
    }
    return name;
}

bool misnamed_resembles(const char *folder, const char *lab)
{
    char name[NAME_MAX_LEN + 1];
    if (strcmp(folder, lab) == 0) {
        return false;
    }
    normalise(folder, name);
    const char *meant = without_word(name);
    const char *slug = lab + 3; /* behind "01-" */
    if (strcmp(meant, lab) == 0 || strcmp(meant, slug) == 0) {
        return true;
    }
    while (meant[0] == '0' && is_digit(meant[1])) {
        meant++;
    }
    const char *number = lab[0] == '0' ? lab + 1 : lab;
    size_t len = strspn(number, "0123456789");
    return strncmp(meant, number, len) == 0 && !is_digit(meant[len]);
}

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
            if (misnamed_resembles(e->d_name, in->labs[i].id)) {
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

size_t intake_misnamed(const struct intake *in, bool at_root, struct misnamed out[MISNAMED_MAX])
{
    const char *tops[2] = { in->dir, intake_wrapper(in) };
    size_t count = 0;
    for (int i = 0; i < 2 && tops[i]; i++) {
        if (!at_root || i > 0 || !tops[1]) {
            count = look(in, tops[i], "", out, count);
        }
        count = look(in, arena_text(in->arena, arena_printf(in->arena, "%s/labs", tops[i])),
                     "labs/", out, count);
    }
    return count;
}
