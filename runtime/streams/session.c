/*
 * Sessions: see session.h and weir/stream.h.
 */
#include "streams/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "streams/catalog.h"
#include "streams/conditions.h"
#include "streams/conf.h"
#include "streams/query.h"

enum { MAX_THREADS = 1024 };

/* --- scopes --- */

void scope_init(struct scope *s, struct weir_session *session)
{
    *s = (struct scope){ .session = session };
    arena_init(&s->arena, 0);
}

void scope_finish(struct scope *s)
{
    if (!s->of_session) {
        catalog_forget(s->session, s);
    }
    for (int32_t i = 0; i < s->row_count; i++) {
        batch_free(s->rows[i]);
    }
    free((void *)s->rows);
    arena_finish(&s->arena);
}

struct batch *scope_keep(struct scope *s, struct batch *rows)
{
    s->rows = mem_resize((void *)s->rows, (size_t)s->row_count + 1, sizeof(struct batch *));
    s->rows[s->row_count++] = rows;
    return rows;
}

/* --- errors --- */

enum weir_status session_fail(struct weir_session *session,
                              struct sql_error *error,
                              struct weir_error *err)
{
    const char *message = error->message ? error->message : "";
    message +=
        strspn(message, "\n"); /* what the parser says begins with a line's end, as in Spark */
    (void)weir_fail(err, WEIR_EINVAL, "%.*s", (int)strcspn(message, "\n"), message);
    (void)pthread_mutex_lock(&session->lock);
    sql_error_finish(&session->error);
    session->error = *error;
    (void)pthread_mutex_unlock(&session->lock);
    *error = (struct sql_error){ 0 };
    return WEIR_EINVAL;
}

const char *weir_session_error(struct weir_session *session)
{
    return session->error.message ? session->error.message : "";
}

const char *weir_session_error_condition(struct weir_session *session)
{
    return session->error.condition ? session->error.condition->name : "";
}

const char *weir_session_error_state(struct weir_session *session)
{
    return session->error.condition ? session->error.condition->state : "";
}

const char *weir_session_error_class(struct weir_session *session)
{
    return session->error.condition ? session->error.condition->exception : "";
}

/* --- life --- */

/* "local", "local[4]", "local[*]"; 0: none of these. */
static int32_t threads_of(const char *master)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!master || strcmp(master, "local[*]") == 0) {
        return cores < 1 ? 1 : (int32_t)cores;
    }
    if (strcmp(master, "local") == 0) {
        return 1;
    }
    struct bytes text = bytes_of(master);
    int64_t count;
    if (bytes_starts_with(text, bytes_of("local[")) && bytes_ends_with(text, bytes_of("]")) &&
        bytes_parse_i64((struct bytes){ text.data + 6, text.len - 7 }, &count) && count > 0 &&
        count <= MAX_THREADS) {
        return (int32_t)count;
    }
    return 0;
}

static enum weir_status set_all(struct weir_session *session,
                                const struct weir_session_options *options,
                                struct weir_error *err)
{
    for (const struct weir_option *o = options->conf; o && o->name; o++) {
        enum weir_status rc = o->value ? weir_conf_set(session, o->name, o->value, err) : WEIR_OK;
        if (rc < 0) {
            return rc;
        }
    }
    return WEIR_OK;
}

static struct weir_session *session_new(const char *app_name)
{
    struct weir_session *s = MEM_NEW(struct weir_session);
    (void)pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&s->ended, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    scope_init(&s->scope, s);
    s->scope.of_session = true;
    s->app_name = mem_text(app_name, strlen(app_name));
    s->zones = zones_new();
    s->settings = (struct sql_settings){
        .ansi = true, .zone_name = "UTC", .find_zone = zones_find, .zones = s->zones
    };
    list_init(&s->catalog);
    list_init(&s->queries);
    s->events = events_new();
    return s;
}

struct weir_session *weir_session_create(const struct weir_session_options *options,
                                         struct weir_error *err)
{
    struct weir_session_options none = { 0 };
    options = options ? options : &none;
    int32_t threads = threads_of(options->master);
    if (threads == 0) {
        (void)weir_fail(err, WEIR_EINVAL,
                        "master \"%s\" is none of \"local\", \"local[N]\" with N from 1 to %d, "
                        "\"local[*]\"",
                        options->master, MAX_THREADS);
        return NULL;
    }
    struct weir_session *s = session_new(options->app_name ? options->app_name : "weir");
    s->pool = pool_new(threads, err);
    char count[16];
    (void)snprintf(count, sizeof(count), "%" PRId32, threads);
    if (!s->pool || weir_conf_set(s, "spark.sql.session.timeZone", conf_local_zone(), err) < 0 ||
        weir_conf_set(s, "spark.sql.shuffle.partitions", count, err) < 0 ||
        set_all(s, options, err) < 0) {
        weir_session_close(s);
        return NULL;
    }
    return s;
}

void weir_session_close(struct weir_session *session)
{
    if (!session) {
        return;
    }
    queries_close(session);
    events_free(session->events);
    catalog_finish(session);
    pool_free(session->pool);
    sql_error_finish(&session->error);
    scope_finish(&session->scope);
    zones_free(session->zones);
    free(session->app_name);
    (void)pthread_cond_destroy(&session->ended);
    (void)pthread_mutex_destroy(&session->lock);
    free(session);
}

/* --- settings --- */

struct sql_settings session_settings(const struct weir_session *session)
{
    struct sql_settings settings = session->settings;
    settings.now_us = clock_realtime_ms() * 1000;
    return settings;
}

struct bytes session_conf(const struct weir_session *session, const char *name)
{
    struct bytes value = options_get(&session->conf, name);
    return value.data ? value : bytes_of(conf_standard(name));
}

int64_t session_conf_integer(const struct weir_session *session, const char *name)
{
    int64_t value = 0;
    (void)conf_time(session_conf(session, name), &value);
    return value;
}

bool session_conf_bool(const struct weir_session *session, const char *name)
{
    struct bytes value = session_conf(session, name);
    return value.len == 4 && (value.data[0] == 't' || value.data[0] == 'T');
}

/* What expressions look at is kept apart. */
static bool apply(struct weir_session *session, const char *name, const char *value)
{
    if (strcmp(name, "spark.sql.ansi.enabled") == 0) {
        session->settings.ansi = session_conf_bool(session, name);
    } else if (strcmp(name, "spark.sql.caseSensitive") == 0) {
        session->settings.case_sensitive = session_conf_bool(session, name);
    } else if (strcmp(name, "spark.sql.session.timeZone") == 0) {
        session->settings.zone_name = arena_text(&session->scope.arena, bytes_of(value));
        return zones_find(session->zones, bytes_of(value), &session->settings.zone);
    }
    return true;
}

/* Settings that depend on the machine get its value again; others their standard one. */
static enum weir_status unset(struct weir_session *session,
                              const char *name,
                              struct weir_error *err)
{
    char count[16];
    (void)snprintf(count, sizeof(count), "%" PRId32, pool_threads(session->pool));
    const char *standard = conf_standard(name);
    if (strcmp(name, "spark.sql.session.timeZone") == 0) {
        standard = conf_local_zone();
    } else if (strcmp(name, "spark.sql.shuffle.partitions") == 0) {
        standard = count;
    }
    if (standard) {
        return weir_conf_set(session, name, standard, err);
    }
    session->conf = options_without(&session->scope.arena, session->conf, name);
    return WEIR_OK;
}

enum weir_status weir_conf_set(struct weir_session *session,
                               const char *name,
                               const char *value,
                               struct weir_error *err)
{
    struct sql_error error = { 0 };
    if (!value) {
        return unset(session, name, err);
    }
    if (!conf_check(name, value, &error)) {
        return session_fail(session, &error, err);
    }
    struct options before = session->conf;
    struct sql_settings settings = session->settings;
    session->conf = options_with(&session->scope.arena, session->conf, bytes_of(name),
                                 arena_copy(&session->scope.arena, bytes_of(value)));
    if (!apply(session, name, value)) {
        session->conf = before;
        session->settings = settings;
        (void)sql_fail(&error, &stream_invalid_zone,
                       "The value '%s' in the config \"spark.sql.session.timeZone\" is invalid. "
                       "Cannot resolve the given timezone.",
                       value);
        return session_fail(session, &error, err);
    }
    return WEIR_OK;
}

const char *weir_conf_get(struct weir_session *session, const char *name)
{
    struct bytes value = session_conf(session, name);
    return value.data ? arena_text(&session->scope.arena, value) : NULL;
}
