/*
 * The reports of a run, all from the one result model: TAP, the terminal, result.json.
 *
 * Thread: one.
 */
#pragma once

#include <stdio.h>

#include "report/result.h"

/* TAP 13 of the whole run: one point for each check of each lab, "<lab>/<check>: <name>". */
WEIR_CHECKED enum weir_status report_tap(const struct result *r, int fd, struct weir_error *err);

/* For people. Colour only says again what the words say. */
void report_terminal_lab(const struct result *r,
                         const struct lab_result *l,
                         FILE *out,
                         bool colour);
void report_terminal_summary(const struct result *r, FILE *out, bool colour);

/* Replaces DIR/result.json in one step; called after every check. The format is schemas/result.schema.json. */
WEIR_CHECKED enum weir_status report_json(const struct result *r,
                                          int dir_fd,
                                          struct weir_error *err);
