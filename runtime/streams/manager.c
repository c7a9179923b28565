/*
 * All queries of a session: spark.streams. See weir/stream.h. Source: StreamingQueryManager.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/mem.h"
#include "streams/conditions.h"
#include "streams/query.h"

size_t weir_streams_active(struct weir_session *session, struct weir_query ***out_queries)
{
    struct weir_query **list = NULL;
    size_t count = 0;
    (void)pthread_mutex_lock(&session->lock);
    list_foreach(node, &session->queries) {
        struct weir_query *q = container_of(node, struct weir_query, node);
        if (weir_query_is_active(q)) {
            list = mem_resize((void *)list, count + 1, sizeof(*list));
            list[count++] = q;
        }
    }
    (void)pthread_mutex_unlock(&session->lock);
    *out_queries = list;
    return count;
}

struct weir_query *weir_streams_get(struct weir_session *session, const char *id)
{
    struct weir_query **active;
    struct weir_query *found = NULL;
    size_t count = weir_streams_active(session, &active);
    for (size_t i = 0; i < count; i++) {
        found = strcmp(active[i]->id, id) == 0 ? active[i] : found;
    }
    free((void *)active);
    return found;
}

enum weir_status weir_streams_await_any(struct weir_session *session,
                                        int timeout_ms,
                                        struct weir_error *err)
{
    struct timespec deadline;
    (void)clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms < 0 ? 0 : timeout_ms / 1000;
    deadline.tv_nsec += timeout_ms < 0 ? 0 : (long)(timeout_ms % 1000) * 1000000;
    if (deadline.tv_nsec >= 1000000000) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000;
    }
    (void)pthread_mutex_lock(&session->lock);
    int rc = 0;
    while (!session->ended_first && rc != ETIMEDOUT) {
        rc = timeout_ms < 0 ? pthread_cond_wait(&session->ended, &session->lock)
                            : pthread_cond_timedwait(&session->ended, &session->lock, &deadline);
    }
    struct weir_query *ended = session->ended_first;
    (void)pthread_mutex_unlock(&session->lock);
    if (!ended) {
        return weir_fail(err, WEIR_ETIMEOUT, "no query has ended in %d ms", timeout_ms);
    }
    return weir_query_await(ended, 0, err);
}

void weir_streams_reset_terminated(struct weir_session *session)
{
    (void)pthread_mutex_lock(&session->lock);
    session->ended_first = NULL;
    (void)pthread_mutex_unlock(&session->lock);
}

int weir_streams_add_listener(struct weir_session *session, const struct weir_listener *listener)
{
    return events_add(session->events, listener);
}

void weir_streams_remove_listener(struct weir_session *session, int number)
{
    events_remove(session->events, number);
}
