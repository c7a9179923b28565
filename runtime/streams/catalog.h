/*
 * The names of a session: temporary views, and the tables of memory sinks. Case is ignored. A name that is given again
 * means the new thing from then on; frames made before keep what they have.
 *
 * Thread: any; the session's lock is taken.
 */
#pragma once

#include "plan/rows.h"
#include "sinks/memory_sink.h"
#include "streams/session.h"

/* A view, or a table, of which a reference is taken over. A view is forgotten with the scope of its frame. */
void catalog_add(struct weir_session *session,
                 const struct scope *scope,
                 const char *name,
                 const struct logical *logical,
                 struct memory_table *table);

/* Forgets the views of a scope that ends. */
void catalog_forget(struct weir_session *session, const struct scope *scope);

/* What the name stands for, as a logical plan. Context: the session. False: there is no such name. */
bool catalog_find(void *session, struct bytes name, const struct logical **out);

/* The rows of a memory sink's table as they are now. The relation's option "name" says which. NULL: the error is set. */
struct scan *catalog_scan(struct weir_session *session,
                          const struct relation *relation,
                          const int32_t *columns,
                          int32_t column_count,
                          struct sql_error *error);

void catalog_finish(struct weir_session *session);
