/*
 * Command lines as Apache's Java tools read them (jopt-simple, without abbreviations), from one table a tool.
 *
 *     --name value   --name=value   -name value   (a single dash will do)
 *     --             ends the options; words that are no option are passed over
 *
 * An option that wants a value takes the next word, whatever it looks like. An option may be repeated; asking for the
 * one value of an option that was given twice is an error. The table also prints the tool's usage, in Apache's format.
 *
 * Messages of errors are jopt-simple's. Thread: any; a table is constant.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "weir/status.h"

enum { OPTIONS_MAX = 64 };

struct option_spec {
    const char *name;       /* without dashes */
    const char *value_name; /* NULL: takes no value */
    const char *value_type; /* "String", "Integer", ... */
    const char *help;       /* wrapped when printed */
};

struct options {
    const struct option_spec *specs; /* an option's number is its index here */
    int spec_count;
    const char **values[OPTIONS_MAX]; /* owned lists of borrowed texts */
    int times[OPTIONS_MAX];           /* how often each was given */
};

/* `argv` without the program's name; the texts are borrowed. Finish in every case. */
WEIR_CHECKED enum weir_status options_parse(struct options *o,
                                            const struct option_spec *specs,
                                            int spec_count,
                                            const char *const *argv,
                                            struct weir_error *err);
void options_finish(struct options *o);

static inline bool options_has(const struct options *o, int option)
{
    return o->times[option] > 0;
}

/* The value of an option, NULL when it was not given. */
WEIR_CHECKED enum weir_status options_value(const struct options *o,
                                            int option,
                                            const char **out_value,
                                            struct weir_error *err);

/* The same as a 32-bit number; *out_number stays as it is when the option was not given. */
WEIR_CHECKED enum weir_status options_integer(const struct options *o,
                                              int option,
                                              int32_t *out_number,
                                              struct weir_error *err);

/* The option table of --help, by name, 80 columns wide. */
void options_print_usage(const struct option_spec *specs, int spec_count, FILE *out);
