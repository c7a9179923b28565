/*
 * Sessions from the inside: what frames, queries and sinks of one program share.
 *
 *     session --> conf and settings        what expressions mean
 *             --> pool                     the threads of local[N]
 *             --> scope --> frames         memory that ends together
 *             --> catalog                  names of frames and memory sinks
 *             --> queries, events          what runs, and who is told
 *
 * Frames live in **scopes**: the session's own, or that of a foreachBatch call, which ends with it. A frame made from two lives in
 * the shorter one.
 *
 * Thread: `lock` guards the catalog, the list of queries and the last error; everything else belongs to the thread that uses the session.
 */
#pragma once

#include <pthread.h>

#include "base/arena.h"
#include "base/list.h"
#include "columns/settings.h"
#include "operators/pool.h"
#include "plan/plan.h"
#include "streams/events.h"
#include "streams/zones.h"
#include "weir/stream.h"

struct scope {
    struct arena arena;
    struct weir_session *session;
    bool of_session;
    struct batch **rows; /* owned: what ROWS nodes of this scope borrow */
    int32_t row_count;
};

struct catalog_entry {
    struct list_node node;
    char *name;
    const struct logical *logical; /* a view; NULL: a memory sink's table */
    struct memory_table *table;    /* a reference; kept to the end, as frames may read it still */
    const struct scope *scope;     /* a view's: with a batch of foreachBatch, the view ends */
    bool replaced;                 /* another has the name now */
};

struct weir_session {
    pthread_mutex_t lock;
    struct scope scope;
    struct options conf;
    struct sql_settings settings;
    struct zones *zones;
    struct pool *pool;
    char *app_name;
    struct list_node catalog;
    struct list_node queries; /* struct weir_query; all that were started */
    pthread_cond_t ended;     /* some query has */
    struct weir_query *
        ended_first; /* since the last reset, the first that failed before others: for weir_streams_await_any() */
    struct events *events;
    struct sql_error error; /* the last failure */
};

void scope_init(struct scope *s, struct weir_session *session);
void scope_finish(struct scope *s);

/* The scope keeps the rows until it ends. */
struct batch *scope_keep(struct scope *s, struct batch *rows);

/* The session's settings as they are now, with the clock's time. */
struct sql_settings session_settings(const struct weir_session *session);

/* A setting, or its standard value; NULL bytes: not known. */
struct bytes session_conf(const struct weir_session *session, const char *name);
int64_t session_conf_integer(const struct weir_session *session, const char *name);
bool session_conf_bool(const struct weir_session *session, const char *name);

/* Remembers the error as the session's last, tells `err` its first line, and takes it over. Returns the status. */
enum weir_status session_fail(struct weir_session *session,
                              struct sql_error *error,
                              struct weir_error *err);
