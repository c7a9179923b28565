/*
 * The command line of weir-grade.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "weir/status.h"

struct options {
    const char *submission;
    const char *ref;
    const char *lab; /* as given: "03" or "03-clients"; NULL: all */
    const char *check;
    const char *out_dir;
    uint64_t seed;
    bool has_seed;
    int isolation_max;
    bool tap;  /* TAP even on a terminal */
    bool text; /* the readable report even on a pipe */
    bool help;
};

/* WEIR_EINVAL with one line that says what is wrong and what to do. */
WEIR_CHECKED enum weir_status options_parse(int argc,
                                            char **argv,
                                            struct options *out,
                                            struct weir_error *err);

extern const char options_help[];
