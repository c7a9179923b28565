/*
 * Events of queries for listeners (StreamingQueryListener): a queue and the thread that empties it.
 *
 * "started" is told at once, on the thread that starts the query; everything else later, in order, on the queue's own thread, so that a slow
 * listener never holds up a query. The thread exists while there is a listener.
 *
 * Thread: any.
 */
#pragma once

#include "weir/stream.h"

enum event_kind {
    EVENT_STARTED,
    EVENT_PROGRESS,
    EVENT_IDLE,
    EVENT_TERMINATED,
};

struct events;

struct events *events_new(void);

/* Tells what is queued, then ends. NULL is taken. */
void events_free(struct events *e);

int events_add(struct events *e, const struct weir_listener *listener);
void events_remove(struct events *e, int number);

/* Takes the text (from mem.h) over. */
void events_post(struct events *e, enum event_kind kind, char *text);
