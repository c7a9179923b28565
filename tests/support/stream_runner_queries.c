/*
 * The commands about streaming queries: start with all that writeStream takes, handles, the session's list of queries, listeners; and the
 * callbacks of foreachBatch and foreach, which become events for the driver.
 *
 *   <- {"lane": 1, "event": "batch", "tag": 7, "frame": 3, "batch_id": 0}             -> {"do": "return", "error": null or "text"}
 *   <- {"lane": 1, "event": "open", "tag": 7, "partition": 0, "epoch": 0}             -> {"do": "return", "value": true}
 *   <- {"lane": 1, "event": "process", "tag": 7, "row": ROW}                         -> {"do": "return", "error": null or "text"}
 *   <- {"lane": 1, "event": "close", "tag": 7, "error": null or "text"}               -> {"do": "return"}
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream_runner.h"

/* --- Callbacks --- */

static enum weir_status status_of(json_t *returned, struct weir_error *err)
{
    enum weir_status status = WEIR_OK;
    const char *text = returned ? text_of(returned, "error") : "the driver has gone";
    if (text) {
        status = WEIR_EINVAL;
        if (err) {
            err->status = status;
            (void)snprintf(err->message, sizeof(err->message), "%s", text);
        }
    }
    json_decref(returned);
    return status;
}

static enum weir_status tell_batch(struct weir_frame *batch,
                                   int64_t batch_id,
                                   void *context,
                                   struct weir_error *err)
{
    const struct callback *callback = context;
    struct runner *r = callback->runner;
    json_t *event =
        json_pack("{s:s, s:I, s:I, s:I}", "event", "batch", "tag", callback->tag, "frame",
                  runner_keep(r, &r->frames, batch), "batch_id", (json_int_t)batch_id);
    return status_of(runner_call_back(r, event), err);
}

static bool tell_open(int64_t partition_id, int64_t epoch_id, void *context)
{
    const struct callback *callback = context;
    json_t *event = json_pack("{s:s, s:I, s:I, s:I}", "event", "open", "tag", callback->tag,
                              "partition", (json_int_t)partition_id, "epoch", (json_int_t)epoch_id);
    json_t *returned = runner_call_back(callback->runner, event);
    bool wanted = json_is_true(json_object_get(returned, "value"));
    json_decref(returned);
    return wanted;
}

static enum weir_status tell_process(struct weir_rows *rows,
                                     size_t row,
                                     void *context,
                                     struct weir_error *err)
{
    const struct callback *callback = context;
    json_t *event = json_pack("{s:s, s:I, s:o}", "event", "process", "tag", callback->tag, "row",
                              row_of(rows, row));
    return status_of(runner_call_back(callback->runner, event), err);
}

static void tell_close(const char *error, void *context)
{
    const struct callback *callback = context;
    json_t *event = json_pack("{s:s, s:I, s:o}", "event", "close", "tag", callback->tag, "error",
                              text_json(error));
    json_decref(runner_call_back(callback->runner, event));
}

static struct callback *callback_of(struct call *call, const char *member)
{
    const json_t *tag = json_object_get(call->command, member);
    if (!json_is_integer(tag)) {
        return NULL;
    }
    struct callback *callback = calloc(1, sizeof(*callback));
    callback->runner = call->runner;
    callback->tag = json_integer_value(tag);
    callback->foreach = (struct weir_foreach){ .process = tell_process, .context = callback };
    if (json_is_true(json_object_get(call->command, "has_open"))) {
        callback->foreach.open = tell_open;
    }
    if (json_is_true(json_object_get(call->command, "has_close"))) {
        callback->foreach.close = tell_close;
    }
    callback->next = call->runner->callbacks;
    call->runner->callbacks = callback;
    return callback;
}

/* --- Queries --- */

static json_t *query_answer(struct call *call, struct weir_query *query)
{
    return json_pack("{s:I, s:o, s:o, s:o}", "query",
                     runner_keep(call->runner, &call->runner->queries, query), "id",
                     text_json(weir_query_id(query)), "run_id", text_json(weir_query_run_id(query)),
                     "name", text_json(weir_query_name(query)));
}

static json_t *query_start(struct call *call)
{
    struct weir_frame *frame = call_find(call, &call->runner->frames, "frame");
    struct weir_option *options = options_of(call->command, "options");
    const char **partition_by = names_of(call->command, "partition_by");
    struct callback *batch = callback_of(call, "foreach_batch");
    struct callback *row = callback_of(call, "foreach");
    const struct weir_stream_writer writer = {
        .output_mode = text_of(call->command, "output_mode"),
        .format = text_of(call->command, "format"),
        .query_name = text_of(call->command, "query_name"),
        .trigger = { (enum weir_trigger_kind)number_of(call->command, "trigger", 0),
                     text_of(call->command, "interval") },
        .options = options,
        .partition_by = partition_by,
        .foreach_batch = batch ? tell_batch : NULL,
        .context = batch,
        .foreach = row ? &row->foreach : NULL,
    };
    struct weir_error err = { 0 };
    struct weir_query *query = weir_start(frame, &writer, &err);
    free(options);
    free(partition_by);
    return query ? query_answer(call, query) : call_fail_session(call, &err);
}

static struct weir_query *query_of(struct call *call)
{
    return call_find(call, &call->runner->queries, "query");
}

static json_t *query_is_active(struct call *call)
{
    return json_boolean(weir_query_is_active(query_of(call)));
}

static json_t *query_await(struct call *call)
{
    struct weir_error err = { 0 };
    enum weir_status rc =
        weir_query_await(query_of(call), (int)number_of(call->command, "timeout_ms", -1), &err);
    if (rc == WEIR_OK || rc == WEIR_ETIMEOUT) {
        return json_boolean(rc == WEIR_OK);
    }
    return call_fail_session(call, &err);
}

static json_t *query_process_all_available(struct call *call)
{
    struct weir_error err = { 0 };
    if (weir_query_process_all_available(query_of(call), &err) < 0) {
        return call_fail_session(call, &err);
    }
    return json_true();
}

static json_t *query_stop(struct call *call)
{
    struct weir_error err = { 0 };
    if (weir_query_stop(query_of(call), &err) < 0) {
        return call_fail_session(call, &err);
    }
    return json_true();
}

static json_t *query_exception(struct call *call)
{
    return text_json(weir_query_exception(query_of(call)));
}

/* Takes a text of the library's over. */
static json_t *text_taken(char *text)
{
    json_t *value = text_json(text);
    free(text);
    return value;
}

static json_t *query_status(struct call *call)
{
    return text_taken(weir_query_status(query_of(call)));
}

static json_t *query_last_progress(struct call *call)
{
    return text_taken(weir_query_last_progress(query_of(call)));
}

static json_t *query_recent_progress(struct call *call)
{
    char **texts = NULL;
    size_t count = weir_query_recent_progress(query_of(call), &texts);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, text_taken(texts[i]));
    }
    free(texts);
    return list;
}

static json_t *query_explain(struct call *call)
{
    enum weir_explain_mode mode = (enum weir_explain_mode)number_of(call->command, "mode", 0);
    return text_taken(weir_query_explain(query_of(call), mode));
}

/* --- All queries --- */

static json_t *streams_active(struct call *call)
{
    struct weir_query **queries = NULL;
    size_t count = weir_streams_active(call->runner->session, &queries);
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, query_answer(call, queries[i]));
    }
    free(queries);
    return list;
}

static json_t *streams_get(struct call *call)
{
    struct weir_query *query =
        weir_streams_get(call->runner->session, text_of(call->command, "id"));
    return query ? query_answer(call, query) : json_null();
}

static json_t *streams_await_any(struct call *call)
{
    struct weir_error err = { 0 };
    enum weir_status rc = weir_streams_await_any(
        call->runner->session, (int)number_of(call->command, "timeout_ms", -1), &err);
    if (rc == WEIR_OK || rc == WEIR_ETIMEOUT) {
        return json_boolean(rc == WEIR_OK);
    }
    return call_fail_session(call, &err);
}

static json_t *streams_reset_terminated(struct call *call)
{
    weir_streams_reset_terminated(call->runner->session);
    return json_true();
}

/* --- Listeners --- */

static void tell_listener(struct runner *r, const char *kind, const char *event)
{
    runner_tell(r, json_pack("{s:s, s:o}", "event", kind, "json", text_json(event)));
}

static void tell_started(const char *event, void *context)
{
    tell_listener(context, "started", event);
}

static void tell_progress(const char *event, void *context)
{
    tell_listener(context, "progress", event);
}

static void tell_idle(const char *event, void *context)
{
    tell_listener(context, "idle", event);
}

static void tell_terminated(const char *event, void *context)
{
    tell_listener(context, "terminated", event);
}

static json_t *streams_add_listener(struct call *call)
{
    const struct weir_listener listener = { tell_started, tell_progress, tell_idle, tell_terminated,
                                            call->runner };
    return json_integer(weir_streams_add_listener(call->runner->session, &listener));
}

static json_t *streams_remove_listener(struct call *call)
{
    weir_streams_remove_listener(call->runner->session, (int)number_of(call->command, "number", 0));
    return json_true();
}

const struct command query_commands[] = {
    { "start", query_start },
    { "is_active", query_is_active },
    { "await", query_await },
    { "process_all_available", query_process_all_available },
    { "stop", query_stop },
    { "exception", query_exception },
    { "status", query_status },
    { "last_progress", query_last_progress },
    { "recent_progress", query_recent_progress },
    { "explain_query", query_explain },
    { "active", streams_active },
    { "get", streams_get },
    { "await_any", streams_await_any },
    { "reset_terminated", streams_reset_terminated },
    { "add_listener", streams_add_listener },
    { "remove_listener", streams_remove_listener },
    { NULL, NULL },
};
