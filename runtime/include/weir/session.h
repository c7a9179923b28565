/*
 * Sessions of Structured Streaming: settings, threads, and the last failure. Part of weir/stream.h, which says what holds for all of it.
 */
#pragma once

#include "weir/record.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_session;

/* Options as an argument: WEIR_OPTIONS({ "subscribe", "t" }, { "startingOffsets", "earliest" }). Names are not case-sensitive. */
#define WEIR_OPTIONS(...)        \
    (const struct weir_option[]) \
    {                            \
        __VA_ARGS__,             \
        {                        \
            NULL, NULL           \
        }                        \
    }

struct weir_session_options {
    const char *master; /* "local" (one thread), "local[N]", "local[*]" (all cores; the default) */
    const char *app_name; /* NULL: "weir" */
    const struct weir_option
        *conf; /* "spark.sql.shuffle.partitions", ...; ends with { NULL, NULL }; may be NULL */
};

/* NULL: `err` says why. `options` may be NULL. Unknown names of conf that begin with "spark." are kept and have no effect. */
WEIR_API struct weir_session *weir_session_create(const struct weir_session_options *options,
                                                  struct weir_error *err);

/* Stops the queries that still run, then frees everything. NULL is accepted. */
WEIR_API void weir_session_close(struct weir_session *session);

/* Settings. A value that does not do is refused by name; NULL unsets it. weir_conf_get(): NULL when neither set nor known. */
WEIR_API WEIR_CHECKED enum weir_status weir_conf_set(struct weir_session *session,
                                                     const char *name,
                                                     const char *value,
                                                     struct weir_error *err);
WEIR_API const char *weir_conf_get(struct weir_session *session, const char *name);

/* The whole text of the last failure of an action, a start or a setting on this session; "" without one. */
WEIR_API const char *weir_session_error(struct weir_session *session);

/* The condition ("UNRESOLVED_COLUMN.WITH_SUGGESTION"), SQLSTATE ("42703") and class ("AnalysisException") of it; "" without one. */
WEIR_API const char *weir_session_error_condition(struct weir_session *session);
WEIR_API const char *weir_session_error_state(struct weir_session *session);
WEIR_API const char *weir_session_error_class(struct weir_session *session);

#ifdef __cplusplus
}
#endif
