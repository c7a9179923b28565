/*
 * Reading a tool's command line and printing its usage; see the header.
 */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/mem.h"

enum { USAGE_LEFT = 40, USAGE_RIGHT = 39, USAGE_INDENT = 2, USAGE_TEXT_MAX = 512 };

static int find(const struct options *o, const char *name, size_t len)
{
    for (int i = 0; i < o->spec_count; i++) {
        if (strlen(o->specs[i].name) == len && memcmp(o->specs[i].name, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

static void add(struct options *o, int option, const char *value)
{
    size_t count = (size_t)o->times[option]++;
    o->values[option] = mem_resize(o->values[option], count + 1, sizeof(char *));
    o->values[option][count] = value;
}

enum weir_status options_parse(struct options *o,
                               const struct option_spec *specs,
                               int spec_count,
                               const char *const *argv,
                               struct weir_error *err)
{
    *o = (struct options){ .specs = specs, .spec_count = spec_count };
    for (; *argv && strcmp(*argv, "--") != 0; argv++) {
        const char *word = *argv;
        if (word[0] != '-' || word[1] == '\0') {
            continue;
        }
        bool single = word[1] != '-';
        const char *name = word + (single ? 1 : 2);
        const char *equals = strchr(name, '=');
        size_t len = equals ? (size_t)(equals - name) : strlen(name);
        int option = find(o, name, len);
        if (option < 0) {
            /* One dash begins a cluster of one-letter options, and the first letter is the unknown one. */
            return weir_fail(err, WEIR_EINVAL, "%.*s is not a recognized option",
                             single ? 1 : (int)len, name);
        }
        if (!specs[option].value_name) {
            add(o, option, NULL);
        } else if (equals) {
            add(o, option, equals + 1);
        } else if (argv[1]) {
            add(o, option, *++argv);
        } else {
            return weir_fail(err, WEIR_EINVAL, "Option %s requires an argument",
                             specs[option].name);
        }
    }
    return WEIR_OK;
}

void options_finish(struct options *o)
{
    for (int i = 0; i < o->spec_count; i++) {
        free(o->values[i]);
    }
}

enum weir_status options_value(const struct options *o,
                               int option,
                               const char **out_value,
                               struct weir_error *err)
{
    *out_value = NULL;
    if (o->times[option] > 1) {
        return weir_fail(err, WEIR_EINVAL,
                         "Found multiple arguments for option %s, but you asked for only one",
                         o->specs[option].name);
    }
    if (o->times[option] == 1) {
        *out_value = o->values[option][0];
    }
    return WEIR_OK;
}

enum weir_status options_integer(const struct options *o,
                                 int option,
                                 int32_t *out_number,
                                 struct weir_error *err)
{
    const char *text;
    int64_t number;
    enum weir_status rc = options_value(o, option, &text, err);
    if (rc < 0 || !text) {
        return rc;
    }
    if (!bytes_parse_i64(bytes_of(text), &number) || number < INT32_MIN || number > INT32_MAX) {
        return weir_fail(err, WEIR_EINVAL, "Cannot parse argument '%s' of option %s", text,
                         o->specs[option].name);
    }
    *out_number = (int32_t)number;
    return WEIR_OK;
}

/* --- usage --- */

/* How much of `text` goes into a line of `width` characters: up to a blank if there is one. */
static size_t line_length(const char *text, size_t width)
{
    size_t len = strlen(text);
    if (len <= width) {
        return len;
    }
    for (size_t at = width; at > 0; at--) {
        if (text[at] == ' ') {
            return at;
        }
    }
    return width;
}

/* Prints the next line of a column and moves *text behind it; lines after the first are indented. */
static void print_cell(const char **text, bool first, size_t width, FILE *out)
{
    size_t indent = first || **text == '\0' ? 0 : USAGE_INDENT;
    size_t len = line_length(*text, width - indent);
    (void)fprintf(out, "%*s%.*s%*s", (int)indent, "", (int)len, *text, (int)(width - indent - len),
                  "");
    *text += len;
    *text += strspn(*text, " ");
}

static void print_row(const char *left, const char *right, FILE *out)
{
    for (bool first = true; first || *left || *right; first = false) {
        print_cell(&left, first, USAGE_LEFT, out);
        (void)fputc(' ', out);
        print_cell(&right, first, USAGE_RIGHT, out);
        (void)fputc('\n', out);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct option_spec *const *left = a;
    const struct option_spec *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

void options_print_usage(const struct option_spec *specs, int spec_count, FILE *out)
{
    const struct option_spec *sorted[OPTIONS_MAX];
    for (int i = 0; i < spec_count; i++) {
        sorted[i] = &specs[i];
    }
    qsort(sorted, (size_t)spec_count, sizeof(sorted[0]), by_name);
    print_row("Option", "Description", out);
    print_row("------", "-----------", out);
    for (int i = 0; i < spec_count; i++) {
        char left[USAGE_TEXT_MAX];
        const struct option_spec *spec = sorted[i];
        if (spec->value_name) {
            (void)snprintf(left, sizeof(left), "--%s <%s: %s>", spec->name, spec->value_type,
                           spec->value_name);
        } else {
            (void)snprintf(left, sizeof(left), "--%s", spec->name);
        }
        print_row(left, spec->help, out);
    }
}
