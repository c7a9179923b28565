/*
 * Inside the check library: one check while it runs, and the session with weir-grade.
 *
 * Thread: one.
 */
#pragma once

#include "base/arena.h"
#include "check/check.h"
#include "check/message.h"
#include "tap/tapw.h"

enum { CHECK_STEPS_MAX = 200, CHECK_VERDICT_FD = 3, CHECK_CONTROL_FD = 4 };

enum check_state { CHECK_OK, CHECK_FAILED, CHECK_BROKEN };

struct check {
    struct arena arena; /* reset between checks */
    const char *id;
    const char *bootstrap;
    const char *dir; /* the check's folder, where the student's programs run */
    uint64_t seed;
    uint64_t random_state;
    struct message request;
    struct message answer;

    enum check_state state;
    const char *message;
    struct bytes expected; /* null: none */
    struct bytes actual;
    const char *difference;
    const char *hint;
    struct bytes steps[CHECK_STEPS_MAX];
    size_t step_count;
    const struct check_run *last_run;
};

/* Asks weir-grade and waits for the answer; ends the process when weir-grade is gone. Null, or why it refused. */
const char *check_ask(struct check *c);

/* A fresh request `what` in c->request. */
void check_request(struct check *c, const char *what);
