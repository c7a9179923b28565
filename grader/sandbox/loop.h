/*
 * The grader's event loop: descriptors to watch, one deadline each, and the signals that ask us to stop.
 *
 * Everything in weir-grade that waits, waits here: a student's output, the verdicts of the checks, the broker. Nothing
 * polls on a timer and nothing blocks. Thread: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "weir/status.h"

struct watch {
    struct list_node node; /* in loop.watches */
    int fd;                /* -1: only the deadline */
    int64_t deadline_ms;   /* monotonic; 0: none. Cleared before `expired` is called */
    void (*ready)(struct watch *w);
    void (*expired)(struct watch *w);
};

struct loop {
    struct list_node watches;
    int signal_fd;
    int stop_signal; /* SIGINT, SIGTERM or SIGHUP has arrived: end the run, clean up, go */
};

/* Blocks the signals for this process; they arrive in `stop_signal`. Children must unblock them (loop_child). */
WEIR_CHECKED enum weir_status loop_init(struct loop *l, struct weir_error *err);
void loop_finish(struct loop *l);
/* In a forked child before exec: signals as a program expects them. */
void loop_child(void);

void watch_add(struct loop *l, struct watch *w);
/* Harmless when it is not watched. */
void watch_remove(struct watch *w);

/* Waits for the next event and handles all that are there. */
void loop_turn(struct loop *l);
