/*
 * Query handles: see query.h and weir/stream.h.
 */
#include "streams/query.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "expressions/json_write.h"
#include "streams/conditions.h"
#include "streams/resume.h"

enum { TEXT_MAX = 16 << 20 };

/* --- what the thread says --- */

void query_message(struct weir_query *q, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)pthread_mutex_lock(&q->lock);
    free(q->message);
    q->message = mem_text(text, strlen(text));
    (void)pthread_mutex_unlock(&q->lock);
}

static struct timespec deadline_of(int64_t ms)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

void query_sleep(struct weir_query *q, int64_t ms)
{
    struct timespec deadline = deadline_of(ms);
    (void)pthread_mutex_lock(&q->lock);
    while (!atomic_load(&q->stopping) &&
           pthread_cond_timedwait(&q->changed, &q->lock, &deadline) != ETIMEDOUT) {
    }
    (void)pthread_mutex_unlock(&q->lock);
}

void query_progress(struct weir_query *q, char *text, bool tell)
{
    if (tell) {
        struct buffer event;
        buffer_init(&event, TEXT_MAX);
        buffer_printf(&event, "{\"progress\":%s}", text);
        events_post(q->session->events, EVENT_PROGRESS, mem_text(event.data, event.len));
        buffer_finish(&event);
    }
    (void)pthread_mutex_lock(&q->lock);
    if (q->progress_count == q->progress_max) {
        free(q->progress[0]);
        q->progress_count--;
        memmove((void *)q->progress, (void *)(q->progress + 1),
                (size_t)q->progress_count * sizeof(*q->progress));
    }
    q->progress[q->progress_count++] = text;
    (void)pthread_mutex_unlock(&q->lock);
}

/* --- the end --- */

static void print_offsets(struct buffer *out, const struct weir_query *q, bool committed)
{
    const char *comma = "";
    buffer_append_text(out, "{");
    for (int32_t i = 0; i < q->source_count; i++) {
        const struct query_source *s = &q->sources[i];
        const char *offset = committed ? s->committed : s->available;
        if (s->source && offset) {
            buffer_append_text(out, comma);
            s->source->functions->describe(s->source, out);
            buffer_printf(out, ": %s", offset);
            comma = ",";
        }
    }
    buffer_append_text(out, "}");
}

/* What StreamingQueryException prints below the cause. */
static void print_state(struct buffer *out, const struct weir_query *q)
{
    buffer_printf(out, "\n=== Streaming Query ===\nIdentifier: %s%s[id = %s, runId = %s]",
                  q->name ? q->name : "", q->name ? " " : "", q->id, q->run_id);
    buffer_append_text(out, "\nCurrent Committed Offsets: ");
    print_offsets(out, q, true);
    buffer_append_text(out, "\nCurrent Available Offsets: ");
    print_offsets(out, q, false);
    buffer_printf(out, "\n\nCurrent State: %s\nThread State: RUNNABLE",
                  q->opened ? "ACTIVE" : "INITIALIZING");
    if (q->physical) {
        buffer_append_text(out, "\n\nLogical Plan:\n");
        plan_print_tree(out, q->analyzed);
    }
}

static void keep_failure(struct weir_query *q, const struct sql_error *error)
{
    struct buffer text;
    buffer_init(&text, TEXT_MAX);
    buffer_append_text(&text, error->message);
    print_state(&text, q);
    if (error->cause) { /* what a Java program sees in the stack trace */
        buffer_printf(&text, "\nCaused by: %s", error->cause);
    }
    char *exception = mem_text(text.data, text.len);
    buffer_clear(&text);
    buffer_printf(
        &text,
        "[STREAM_FAILED] Query [id = %s, runId = %s] terminated with exception: %s SQLSTATE: XXKST",
        q->id, q->run_id, error->message);
    print_state(&text, q);
    if (error->cause) {
        buffer_printf(&text, "\nCaused by: %s", error->cause);
    }
    (void)pthread_mutex_lock(&q->lock);
    q->exception = exception;
    q->failure = mem_text(text.data, text.len);
    q->cause = error->condition;
    q->cause_text = mem_text(error->message, strlen(error->message));
    (void)pthread_mutex_unlock(&q->lock);
    buffer_finish(&text);
}

static void post_terminated(struct weir_query *q)
{
    struct buffer text;
    buffer_init(&text, TEXT_MAX);
    buffer_printf(&text, "{\"id\":\"%s\",\"runId\":\"%s\",\"exception\":", q->id, q->run_id);
    if (q->cause) {
        struct buffer cause;
        buffer_init(&cause, TEXT_MAX);
        buffer_printf(&cause, "%s: %s", q->cause->exception, q->cause_text);
        json_write_text(&text, buffer_bytes(&cause), JSON_CHARACTERS);
        buffer_finish(&cause);
    } else {
        buffer_append_text(&text, "null");
    }
    buffer_append_text(&text, ",\"errorClassOnException\":");
    progress_print_text(&text, q->cause && q->cause->name[0] ? q->cause->name : NULL);
    buffer_append_text(&text, "}");
    events_post(q->session->events, EVENT_TERMINATED, mem_text(text.data, text.len));
    buffer_finish(&text);
}

void query_ended(struct weir_query *q, struct sql_error *error)
{
    if (sql_failed(error)) {
        keep_failure(q, error);
        query_message(q, "Terminated with exception: %s", error->message);
    } else {
        query_message(q, "Stopped");
    }
    sql_error_finish(error);
    resume_close(q);
    q->sink->functions->close(q->sink);
    q->sink = NULL;
    checkpoint_close(q->checkpoint);
    q->checkpoint = NULL;
    if (q->temporary) {
        (void)!file_remove_tree(AT_FDCWD, q->temporary, NULL);
    }
    post_terminated(q);
    (void)pthread_mutex_lock(&q->session->lock);
    (void)pthread_mutex_lock(&q->lock);
    q->active = false;
    q->trigger_active = q->data_available = false;
    (void)pthread_cond_broadcast(&q->changed);
    (void)pthread_mutex_unlock(&q->lock);
    if (!q->session->ended_first || (q->failure && !q->session->ended_first->failure)) {
        q->session->ended_first = q;
    }
    (void)pthread_cond_broadcast(&q->session->ended);
    (void)pthread_mutex_unlock(&q->session->lock);
}

/* --- looking --- */

const char *weir_query_id(const struct weir_query *query)
{
    return query->id;
}

const char *weir_query_run_id(const struct weir_query *query)
{
    return query->run_id;
}

const char *weir_query_name(const struct weir_query *query)
{
    return query->name;
}

bool weir_query_is_active(struct weir_query *query)
{
    (void)pthread_mutex_lock(&query->lock);
    bool active = query->active;
    (void)pthread_mutex_unlock(&query->lock);
    return active;
}

const char *weir_query_exception(struct weir_query *query)
{
    (void)pthread_mutex_lock(&query->lock);
    const char *text = query->active ? NULL : query->exception;
    (void)pthread_mutex_unlock(&query->lock);
    return text;
}

char *weir_query_status(struct weir_query *query)
{
    struct buffer out;
    buffer_init(&out, TEXT_MAX);
    (void)pthread_mutex_lock(&query->lock);
    buffer_append_text(&out, "{\"message\":");
    progress_print_text(&out, query->message);
    buffer_printf(&out, ",\"isDataAvailable\":%s,\"isTriggerActive\":%s}",
                  query->data_available ? "true" : "false",
                  query->trigger_active ? "true" : "false");
    (void)pthread_mutex_unlock(&query->lock);
    char *text = mem_text(out.data, out.len);
    buffer_finish(&out);
    return text;
}

char *weir_query_last_progress(struct weir_query *query)
{
    (void)pthread_mutex_lock(&query->lock);
    int32_t count = query->progress_count;
    char *text =
        count > 0 ? mem_text(query->progress[count - 1], strlen(query->progress[count - 1])) : NULL;
    (void)pthread_mutex_unlock(&query->lock);
    return text;
}

size_t weir_query_recent_progress(struct weir_query *query, char ***out_texts)
{
    (void)pthread_mutex_lock(&query->lock);
    size_t count = (size_t)query->progress_count;
    char **texts = mem_zalloc(count + 1, sizeof(*texts));
    for (size_t i = 0; i < count; i++) {
        texts[i] = mem_text(query->progress[i], strlen(query->progress[i]));
    }
    (void)pthread_mutex_unlock(&query->lock);
    *out_texts = texts;
    return count;
}

/* --- waiting --- */

/* The failure of a query as an error of the session. */
static enum weir_status fail_as(struct weir_query *q, struct weir_error *err)
{
    struct sql_error error = { 0 };
    (void)sql_fail(&error, &stream_illegal_state, "%s", q->failure);
    error.condition = &stream_failed;
    return session_fail(q->session, &error, err);
}

/* Under q->lock. False: the time is up. */
static bool wait_changed(struct weir_query *q, int timeout_ms, const struct timespec *deadline)
{
    if (timeout_ms < 0) {
        return pthread_cond_wait(&q->changed, &q->lock) == 0;
    }
    return pthread_cond_timedwait(&q->changed, &q->lock, deadline) != ETIMEDOUT;
}

/* In a callback of the query, which would wait for its own end. */
static bool is_own_thread(const struct weir_query *q)
{
    return q->has_thread && pthread_equal(pthread_self(), q->thread);
}

enum weir_status weir_query_await(struct weir_query *query, int timeout_ms, struct weir_error *err)
{
    if (!query) { /* it was refused, and `err` says why already */
        return WEIR_EINVAL;
    }
    if (is_own_thread(query)) {
        return weir_fail(err, WEIR_EINVAL, "a query cannot wait for itself");
    }
    struct timespec deadline = deadline_of(timeout_ms < 0 ? 0 : timeout_ms);
    (void)pthread_mutex_lock(&query->lock);
    bool in_time = true;
    while (query->active && in_time) {
        in_time = wait_changed(query, timeout_ms, &deadline);
    }
    bool active = query->active;
    (void)pthread_mutex_unlock(&query->lock);
    if (active) {
        return weir_fail(err, WEIR_ETIMEOUT, "the query is still running after %d ms", timeout_ms);
    }
    return query->failure ? fail_as(query, err) : WEIR_OK;
}

/* Two rounds that found nothing: the first may have been under way when we were asked. */
enum weir_status weir_query_process_all_available(struct weir_query *query, struct weir_error *err)
{
    if (!query) {
        return WEIR_EINVAL;
    }
    if (is_own_thread(query)) {
        return weir_fail(err, WEIR_EINVAL, "a query cannot wait for itself");
    }
    (void)pthread_mutex_lock(&query->lock);
    int64_t until = query->idle_round + 2;
    while (query->active && query->idle_round < until) {
        (void)pthread_cond_wait(&query->changed, &query->lock);
    }
    bool active = query->active;
    (void)pthread_mutex_unlock(&query->lock);
    return !active && query->failure ? fail_as(query, err) : WEIR_OK;
}

static void join(struct weir_query *q)
{
    (void)pthread_mutex_lock(&q->session->lock);
    bool mine = q->has_thread && !q->joined;
    q->joined = q->joined || mine;
    (void)pthread_mutex_unlock(&q->session->lock);
    if (mine) {
        (void)pthread_join(q->thread, NULL);
    }
}

enum weir_status weir_query_stop(struct weir_query *query, struct weir_error *err)
{
    (void)err; /* spark.sql.streaming.stopTimeout is 0: stop() waits */
    if (!query) {
        return WEIR_EINVAL;
    }
    atomic_store(&query->stopping, true);
    (void)pthread_mutex_lock(&query->lock);
    (void)pthread_cond_broadcast(&query->changed);
    while (query->active && !pthread_equal(pthread_self(), query->thread)) {
        (void)pthread_cond_wait(&query->changed, &query->lock);
    }
    (void)pthread_mutex_unlock(&query->lock);
    return WEIR_OK;
}

static void query_free(struct weir_query *q)
{
    for (int32_t i = 0; i < q->progress_count; i++) {
        free(q->progress[i]);
    }
    free((void *)q->progress);
    free(q->id);
    free(q->run_id);
    free(q->name);
    free(q->message);
    free(q->exception);
    free(q->failure);
    free(q->cause_text);
    free(q->temporary);
    physical_free(q->physical);
    arena_finish(&q->arena);
    (void)pthread_cond_destroy(&q->changed);
    (void)pthread_mutex_destroy(&q->lock);
    free(q);
}

void query_drop(struct weir_query *q)
{
    if (q->sink) {
        q->sink->functions->close(q->sink);
    }
    checkpoint_close(q->checkpoint);
    if (q->temporary) {
        (void)!file_remove_tree(AT_FDCWD, q->temporary, NULL);
    }
    query_free(q);
}

void queries_close(struct weir_session *session)
{
    list_foreach(node,
                 &session->queries) /* all at once: one may hold the threads that another needs */
    {
        struct weir_query *q = container_of(node, struct weir_query, node);
        atomic_store(&q->stopping, true);
    }
    list_foreach(node, &session->queries) {
        (void)!weir_query_stop(container_of(node, struct weir_query, node), NULL);
    }
    list_foreach(node, &session->queries) {
        struct weir_query *q = container_of(node, struct weir_query, node);
        join(q);
        list_remove(node);
        query_free(q);
    }
}
