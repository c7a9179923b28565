/*
 * Which names look like a lab's.
 */
#include "intake/likeness.h"

#include <string.h>
#include <strings.h>

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

bool folder_is_meant_for(const char *folder, const char *lab)
{
    char name[NAME_MAX_LEN + 1] = "";
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

const struct lab_file *file_meant_by(const struct manifest *lab, const char *name)
{
    static const char txt[] = ".txt";
    size_t len = strlen(name);
    size_t end = sizeof(txt) - 1;
    for (size_t i = 0; i < lab->file_count; i++) {
        const char *path = lab->files[i].path;
        size_t path_len = strlen(path);
        bool with_txt = len == path_len + end && strcasecmp(name + path_len, txt) == 0;
        if (strcmp(name, path) != 0 && (len == path_len || with_txt) &&
            strncasecmp(name, path, path_len) == 0) {
            return &lab->files[i];
        }
    }
    return NULL;
}
