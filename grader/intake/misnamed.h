/*
 * Folders of a submission that were meant for a lab and are not named as they must be: `01-Topics`, `lab01`, `01_topics`.
 *
 * They are never graded, because a submission that means what its names do not say would be graded by luck; they are said.
 * Thread: one.
 */
#pragma once

#include "intake/intake.h"

enum { MISNAMED_MAX = 8 };

struct misnamed {
    const char *folder; /* as the submission names it, printable: "labs/lab01" */
    const char *lab;    /* the name it must have: "01-topics" */
};

/* The folders meant for the labs of `in`, wherever a lab is looked for, at most MISNAMED_MAX; returns how many. `at_root`: as
 * for intake_take(), which then takes an only folder by whatever name. */
size_t intake_misnamed(const struct intake *in, bool at_root, struct misnamed out[MISNAMED_MAX]);
