/*
 * Runs Structured Streaming by commands, 1:1 on the public weir/stream.h: the half of tests/support/weir_spark that is C.
 *
 *     stream_runner DESCRIPTOR
 *
 * Standard input has a command a line, the descriptor gets an answer a line; standard output is the console sink's and show()'s own.
 *
 *   -> {"lane": 0, "do": "sql", "text": "SELECT 1 AS a"}
 *   <- {"lane": 0, "ok": {"frame": 0}}
 *   -> {"lane": 0, "do": "where", "frame": 0, "condition": "b = 1"}
 *   <- {"lane": 0, "error": {"text": "[UNRESOLVED_COLUMN...", "condition": "UNRESOLVED_COLUMN.WITH_SUGGESTION", "state": "42703", "class": "AnalysisException"}}
 *
 * Lane 0 is the main thread: one command at a time. A callback (foreachBatch, foreach) tells an event with a new lane, on which its own
 * commands come back, the last of them "return":
 *
 *   <- {"lane": 1, "event": "batch", "tag": 7, "frame": 3, "batch_id": 0}
 *   -> {"lane": 1, "do": "count", "frame": 3}
 *   <- {"lane": 1, "ok": 100}
 *   -> {"lane": 1, "do": "return"}
 *
 * Listeners tell {"event": "progress", "json": "..."} and wait for nothing. The end of standard input ends the session and the program.
 */
#include "stream_runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void runner_die(const char *what, const json_t *command)
{
    char *text = json_dumps(command, JSON_ENCODE_ANY);
    (void)fprintf(stderr, "stream_runner: %s: %s\n", what, text ? text : "");
    (void)fflush(stdout);
    _exit(2);
}

/* --- JSON --- */

json_t *text_json(const char *text)
{
    if (!text) {
        return json_null();
    }
    json_t *value = json_string(text);
    return value ? value : json_sprintf("(%zu bytes that are not UTF-8)", strlen(text));
}

const char *text_of(const json_t *command, const char *name)
{
    return json_string_value(json_object_get(command, name));
}

json_int_t number_of(const json_t *command, const char *name, json_int_t otherwise)
{
    const json_t *value = json_object_get(command, name);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

const char **names_of(const json_t *command, const char *name)
{
    const json_t *list = json_object_get(command, name);
    if (!json_is_array(list)) {
        return NULL;
    }
    const char **texts = calloc(json_array_size(list) + 1, sizeof(*texts));
    for (size_t i = 0; i < json_array_size(list); i++) {
        texts[i] = json_string_value(json_array_get(list, i));
    }
    return texts;
}

struct weir_option *options_of(const json_t *command, const char *name)
{
    json_t *object = json_object_get(command, name);
    if (!json_is_object(object)) {
        return NULL;
    }
    struct weir_option *options = calloc(json_object_size(object) + 1, sizeof(*options));
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        options[count++] = (struct weir_option){ key, json_string_value(value) };
    }
    return options;
}

json_t *row_of(struct weir_rows *rows, size_t row)
{
    json_t *texts = json_array();
    for (size_t c = 0; c < weir_rows_columns(rows); c++) {
        (void)json_array_append_new(texts, text_json(weir_rows_text(rows, row, c)));
    }
    return json_pack("{s:o, s:o}", "json", text_json(weir_rows_json(rows, row)), "texts", texts);
}

/* --- Numbers for pointers --- */

json_int_t runner_keep(struct runner *r, struct handles *handles, void *item)
{
    (void)pthread_mutex_lock(&r->lock);
    if (handles->count == handles->room) {
        handles->room = handles->room ? 2 * handles->room : 64;
        handles->items = realloc(handles->items, handles->room * sizeof(*handles->items));
    }
    json_int_t number = (json_int_t)handles->count;
    handles->items[handles->count++] = item;
    (void)pthread_mutex_unlock(&r->lock);
    return number;
}

void *call_find(struct call *call, struct handles *handles, const char *name)
{
    struct runner *r = call->runner;
    json_int_t number = number_of(call->command, name, -1);
    (void)pthread_mutex_lock(&r->lock);
    void *item = number >= 0 && (size_t)number < handles->count ? handles->items[number] : NULL;
    (void)pthread_mutex_unlock(&r->lock);
    if (!item) {
        runner_die("no such number", call->command);
    }
    return item;
}

/* --- Failures --- */

json_t *call_fail(struct call *call, const char *text)
{
    json_decref(call->failure);
    call->failure = json_pack("{s:o, s:s, s:s, s:s}", "text", text_json(text), "condition", "",
                              "state", "", "class", "");
    return NULL;
}

json_t *call_fail_session(struct call *call, const struct weir_error *err)
{
    struct weir_session *session = call->runner->session;
    const char *text = weir_session_error(session);
    json_decref(call->failure);
    call->failure =
        json_pack("{s:o, s:o, s:o, s:o}", "text", text_json(*text ? text : err->message),
                  "condition", text_json(weir_session_error_condition(session)), "state",
                  text_json(weir_session_error_state(session)), "class",
                  text_json(weir_session_error_class(session)));
    return NULL;
}

/* --- Lanes --- */

void runner_tell(struct runner *r, json_t *message)
{
    (void)fflush(stdout); /* what a query printed is there before the driver hears of its end */
    char *text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    if (!text) {
        runner_die("an answer that is no JSON", NULL);
    }
    size_t len = strlen(text);
    text[len++] = '\n'; /* in the place of the terminator */
    (void)pthread_mutex_lock(&r->lock);
    for (size_t at = 0; at < len;) {
        ssize_t wrote = write(r->answers, text + at, len - at);
        if (wrote < 0 && errno != EINTR) {
            break; /* the driver has gone; the end of standard input will say so too */
        }
        at += wrote > 0 ? (size_t)wrote : 0;
    }
    (void)pthread_mutex_unlock(&r->lock);
    free(text);
}

static struct lane *lane_open(struct runner *r)
{
    struct lane *lane = calloc(1, sizeof(*lane));
    lane->waiting = json_array();
    (void)pthread_mutex_lock(&r->lock);
    lane->number = r->last_lane++;
    lane->next = r->lanes;
    r->lanes = lane;
    (void)pthread_mutex_unlock(&r->lock);
    return lane;
}

static void lane_close(struct runner *r, struct lane *lane)
{
    (void)pthread_mutex_lock(&r->lock);
    for (struct lane **at = &r->lanes; *at; at = &(*at)->next) {
        if (*at == lane) {
            *at = lane->next;
            break;
        }
    }
    (void)pthread_mutex_unlock(&r->lock);
    json_decref(lane->waiting);
    free(lane);
}

/* The next command of the lane; NULL: there will be none. */
static json_t *lane_take(struct runner *r, struct lane *lane)
{
    json_t *command = NULL;
    (void)pthread_mutex_lock(&r->lock);
    while (json_array_size(lane->waiting) == 0 && !r->ended) {
        (void)pthread_cond_wait(&r->arrived, &r->lock);
    }
    if (json_array_size(lane->waiting) > 0) {
        command = json_incref(json_array_get(lane->waiting, 0));
        (void)json_array_remove(lane->waiting, 0);
    }
    (void)pthread_mutex_unlock(&r->lock);
    return command;
}

static void *read_commands(void *context)
{
    struct runner *r = context;
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0) {
        json_t *command = json_loads(line, 0, NULL);
        json_int_t number = number_of(command, "lane", -1);
        bool taken = false;
        (void)pthread_mutex_lock(&r->lock);
        for (struct lane *lane = r->lanes; lane && !taken; lane = lane->next) {
            if (lane->number == number) {
                taken = json_array_append_new(lane->waiting, command) == 0;
            }
        }
        (void)pthread_cond_broadcast(&r->arrived);
        (void)pthread_mutex_unlock(&r->lock);
        if (!taken) {
            runner_die("a command for no lane", command);
        }
    }
    free(line);
    (void)pthread_mutex_lock(&r->lock);
    r->ended = true;
    (void)pthread_cond_broadcast(&r->arrived);
    (void)pthread_mutex_unlock(&r->lock);
    return NULL;
}

static command_function *function_of(const json_t *command)
{
    const char *name = text_of(command, "do");
    const struct command *const tables[] = { frame_commands, query_commands };
    for (size_t t = 0; name && t < 2; t++) {
        for (const struct command *row = tables[t]; row->name; row++) {
            if (strcmp(row->name, name) == 0) {
                return row->run;
            }
        }
    }
    runner_die("no such command", command);
}

static void answer(struct runner *r, json_int_t lane, const json_t *command)
{
    struct call call = { .runner = r, .command = command };
    json_t *value = function_of(command)(&call);
    json_t *message = json_pack("{s:I}", "lane", lane);
    (void)json_object_set_new(message, value ? "ok" : "error", value ? value : call.failure);
    runner_tell(r, message);
}

/* Runs the commands of a lane until "return", which is returned, or the end: NULL. */
static json_t *lane_serve(struct runner *r, struct lane *lane)
{
    json_t *command;
    while ((command = lane_take(r, lane)) != NULL) {
        const char *name = text_of(command, "do");
        if (name && strcmp(name, "return") == 0) {
            break;
        }
        answer(r, lane->number, command);
        json_decref(command);
    }
    return command;
}

json_t *runner_call_back(struct runner *r, json_t *event)
{
    struct lane *lane = lane_open(r);
    (void)json_object_set_new(event, "lane", json_integer(lane->number));
    runner_tell(r, event);
    json_t *returned = lane_serve(r, lane);
    lane_close(r, lane);
    return returned;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: stream_runner DESCRIPTOR\n");
        return 2;
    }
    struct runner r = { .answers = (int)strtol(argv[1], NULL, 10) };
    (void)pthread_mutex_init(&r.lock, NULL);
    (void)pthread_cond_init(&r.arrived, NULL);
    struct lane *lane = lane_open(&r);
    pthread_t reader;
    if (pthread_create(&reader, NULL, read_commands, &r) != 0) {
        runner_die("no thread", NULL);
    }
    json_decref(lane_serve(&r, lane));
    weir_session_close(r.session);
    (void)pthread_join(reader, NULL);
    lane_close(&r, lane);
    while (r.callbacks) {
        struct callback *callback = r.callbacks;
        r.callbacks = callback->next;
        free(callback);
    }
    free(r.frames.items);
    free(r.groups.items);
    free(r.queries.items);
    (void)pthread_cond_destroy(&r.arrived);
    (void)pthread_mutex_destroy(&r.lock);
    return 0;
}
