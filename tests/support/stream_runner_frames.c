/*
 * The commands about frames: sessions, where rows come from, verbs, groups, what a frame is, and batch actions.
 *
 * Members of a command are the arguments of the function of that name: "frame" and "group" are numbers, "columns" built columns,
 * lists of texts are "expressions" or "names". A verb answers {"frame": N}; where the new frame has an error, the error.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream_runner.h"

/* --- Sessions --- */

static json_t *session_create(struct call *call)
{
    struct weir_option *conf = options_of(call->command, "conf");
    const struct weir_session_options options = {
        .master = text_of(call->command, "master"),
        .app_name = text_of(call->command, "app_name"),
        .conf = conf,
    };
    struct weir_error err = { 0 };
    struct weir_session *session = weir_session_create(&options, &err);
    free(conf);
    if (!session) {
        return call_fail(call, err.message);
    }
    call->runner->session = session;
    return json_true();
}

static json_t *conf_set(struct call *call)
{
    struct weir_error err = { 0 };
    if (weir_conf_set(call->runner->session, text_of(call->command, "name"),
                      text_of(call->command, "value"), &err) < 0) {
        return call_fail_session(call, &err);
    }
    return json_true();
}

static json_t *conf_get(struct call *call)
{
    return text_json(weir_conf_get(call->runner->session, text_of(call->command, "name")));
}

/* --- Frames --- */

static json_t *frame_fail(struct call *call, struct weir_frame *frame)
{
    json_decref(call->failure);
    call->failure = json_pack("{s:o, s:o, s:o, s:o}", "text", text_json(weir_frame_error(frame)),
                              "condition", text_json(weir_frame_error_condition(frame)), "state",
                              text_json(weir_frame_error_state(frame)), "class",
                              text_json(weir_frame_error_class(frame)));
    return NULL;
}

static json_t *frame_answer(struct call *call, struct weir_frame *frame)
{
    if (weir_frame_error(frame)) {
        return frame_fail(call, frame);
    }
    return json_pack("{s:I}", "frame", runner_keep(call->runner, &call->runner->frames, frame));
}

static struct weir_frame *frame_of(struct call *call)
{
    return call_find(call, &call->runner->frames, "frame");
}

static json_t *source_read(struct call *call)
{
    struct weir_option *options = options_of(call->command, "options");
    const char *format = text_of(call->command, "format");
    const char *schema = text_of(call->command, "schema");
    bool stream = json_is_true(json_object_get(call->command, "stream"));
    struct weir_session *session = call->runner->session;
    struct weir_frame *frame = stream ? weir_read_stream(session, format, schema, options)
                                      : weir_read(session, format, schema, options);
    free(options);
    return frame_answer(call, frame);
}

static json_t *source_values(struct call *call)
{
    return frame_answer(call, weir_values(call->runner->session, text_of(call->command, "text")));
}

static json_t *source_range(struct call *call)
{
    return frame_answer(
        call, weir_range(call->runner->session, number_of(call->command, "start", 0),
                         number_of(call->command, "end", 0), number_of(call->command, "step", 1)));
}

static json_t *source_table(struct call *call)
{
    return frame_answer(call, weir_table(call->runner->session, text_of(call->command, "name")));
}

static json_t *source_sql(struct call *call)
{
    return frame_answer(call, weir_sql(call->runner->session, text_of(call->command, "text")));
}

static json_t *create_temp_view(struct call *call)
{
    weir_create_temp_view(frame_of(call), text_of(call->command, "name"));
    return json_true();
}

/* --- Verbs --- */

/* Verbs of a frame and a list of texts. */
typedef struct weir_frame *texts_verb(struct weir_frame *frame, const char *const *texts);

static json_t *with_texts(struct call *call, texts_verb *verb, const char *member)
{
    const char **texts = names_of(call->command, member);
    if (!texts) {
        runner_die("no list of texts", call->command);
    }
    struct weir_frame *frame = verb(frame_of(call), texts);
    free(texts);
    return frame_answer(call, frame);
}

static json_t *verb_select_list(struct call *call)
{
    return with_texts(call, weir_select_list, "expressions");
}

static json_t *verb_select_names(struct call *call)
{
    return with_texts(call, weir_select_names, "names");
}

static json_t *verb_drop(struct call *call)
{
    return with_texts(call, weir_drop_names, "names");
}

static json_t *verb_to_df(struct call *call)
{
    return with_texts(call, weir_to_df_names, "names");
}

static json_t *verb_drop_duplicates(struct call *call)
{
    return with_texts(call, weir_drop_duplicates, "names");
}

static json_t *verb_order_list(struct call *call)
{
    return with_texts(call, weir_order_list, "items");
}

/* Verbs of a frame and a list of columns. */
typedef struct weir_frame *columns_verb(struct weir_frame *frame,
                                        struct weir_column *const *columns);

static json_t *with_columns(struct call *call, columns_verb *verb)
{
    struct weir_column **columns = columns_of(call->command, "columns");
    if (!columns) {
        runner_die("no list of columns", call->command);
    }
    struct weir_frame *frame = verb(frame_of(call), columns);
    free(columns);
    return frame_answer(call, frame);
}

static json_t *verb_select_built(struct call *call)
{
    return with_columns(call, weir_select_built);
}

static json_t *verb_order_built(struct call *call)
{
    return with_columns(call, weir_order_built);
}

static json_t *verb_where(struct call *call)
{
    return frame_answer(call, weir_where(frame_of(call), text_of(call->command, "condition")));
}

static json_t *verb_where_column(struct call *call)
{
    return frame_answer(
        call,
        weir_where_column(frame_of(call), column_of(json_object_get(call->command, "column"))));
}

static json_t *verb_with_column(struct call *call)
{
    const char *name = text_of(call->command, "name");
    const json_t *built = json_object_get(call->command, "column");
    struct weir_frame *frame =
        built ? weir_with_column_built(frame_of(call), name, column_of(built))
              : weir_with_column(frame_of(call), name, text_of(call->command, "expression"));
    return frame_answer(call, frame);
}

static json_t *verb_with_column_renamed(struct call *call)
{
    return frame_answer(call,
                        weir_with_column_renamed(frame_of(call), text_of(call->command, "name"),
                                                 text_of(call->command, "new_name")));
}

static json_t *verb_as(struct call *call)
{
    return frame_answer(call, weir_as(frame_of(call), text_of(call->command, "name")));
}

static json_t *verb_limit(struct call *call)
{
    return frame_answer(call,
                        weir_limit(frame_of(call), (int32_t)number_of(call->command, "rows", 0)));
}

static json_t *verb_union(struct call *call)
{
    struct weir_frame *other = call_find(call, &call->runner->frames, "other");
    return frame_answer(call, weir_union(frame_of(call), other));
}

static json_t *verb_distinct(struct call *call)
{
    return frame_answer(call, weir_distinct(frame_of(call)));
}

static json_t *verb_with_watermark(struct call *call)
{
    return frame_answer(call, weir_with_watermark(frame_of(call), text_of(call->command, "column"),
                                                  text_of(call->command, "delay")));
}

/* --- Groups --- */

static json_t *verb_group_by(struct call *call)
{
    const char **texts = names_of(call->command, "expressions");
    struct weir_column **columns = columns_of(call->command, "columns");
    struct weir_group *group = columns ? weir_group_built(frame_of(call), columns)
                                       : weir_group_list(frame_of(call), texts);
    free(columns);
    free(texts);
    return json_pack("{s:I}", "group", runner_keep(call->runner, &call->runner->groups, group));
}

static struct weir_group *group_of(struct call *call)
{
    return call_find(call, &call->runner->groups, "group");
}

static json_t *group_agg(struct call *call)
{
    const char **texts = names_of(call->command, "expressions");
    struct weir_column **columns = columns_of(call->command, "columns");
    struct weir_frame *frame =
        columns ? weir_agg_built(group_of(call), columns) : weir_agg_list(group_of(call), texts);
    free(columns);
    free(texts);
    return frame_answer(call, frame);
}

static json_t *group_count(struct call *call)
{
    return frame_answer(call, weir_group_count(group_of(call)));
}

static json_t *group_numbers(struct call *call)
{
    const char **names = names_of(call->command, "names");
    struct weir_frame *frame =
        weir_group_numbers(group_of(call), text_of(call->command, "function"), names);
    free(names);
    return frame_answer(call, frame);
}

/* --- What a frame is --- */

static json_t *frame_schema(struct call *call)
{
    const struct weir_frame *frame = frame_of(call);
    return json_pack("{s:o, s:o, s:o, s:b}", "json", text_json(weir_schema_json(frame)), "ddl",
                     text_json(weir_schema_ddl(frame)), "tree", text_json(weir_schema_tree(frame)),
                     "streaming", weir_is_streaming(frame));
}

static json_t *frame_explain(struct call *call)
{
    enum weir_explain_mode mode = (enum weir_explain_mode)number_of(call->command, "mode", 0);
    return text_json(weir_explain_text(frame_of(call), mode));
}

/* --- Actions --- */

static json_t *action_show(struct call *call)
{
    struct weir_frame *frame = frame_of(call);
    int32_t rows = (int32_t)number_of(call->command, "rows", 20);
    int32_t truncate = (int32_t)number_of(call->command, "truncate", 20);
    bool vertical = json_is_true(json_object_get(call->command, "vertical"));
    struct weir_error err = { 0 };
    enum weir_status rc = vertical ? weir_show_vertical(frame, rows, truncate, &err)
                                   : weir_show(frame, rows, truncate, &err);
    return rc < 0 ? call_fail_session(call, &err) : json_true();
}

static json_t *action_count(struct call *call)
{
    int64_t count;
    struct weir_error err = { 0 };
    if (weir_count(frame_of(call), &count, &err) < 0) {
        return call_fail_session(call, &err);
    }
    return json_integer(count);
}

static json_t *action_collect(struct call *call)
{
    struct weir_rows *rows;
    struct weir_error err = { 0 };
    if (weir_collect(frame_of(call), &rows, &err) < 0) {
        return call_fail_session(call, &err);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < weir_rows_count(rows); i++) {
        (void)json_array_append_new(list, row_of(rows, i));
    }
    weir_rows_free(rows);
    return list;
}

static json_t *action_write(struct call *call)
{
    struct weir_option *options = options_of(call->command, "options");
    struct weir_error err = { 0 };
    enum weir_status rc = weir_write(frame_of(call), text_of(call->command, "format"),
                                     text_of(call->command, "mode"), options, &err);
    free(options);
    return rc < 0 ? call_fail_session(call, &err) : json_true();
}

const struct command frame_commands[] = {
    { "session", session_create },
    { "conf_set", conf_set },
    { "conf_get", conf_get },
    { "read", source_read },
    { "values", source_values },
    { "range", source_range },
    { "table", source_table },
    { "sql", source_sql },
    { "create_temp_view", create_temp_view },
    { "select_list", verb_select_list },
    { "select_names", verb_select_names },
    { "select_built", verb_select_built },
    { "where", verb_where },
    { "where_column", verb_where_column },
    { "with_column", verb_with_column },
    { "with_column_renamed", verb_with_column_renamed },
    { "drop", verb_drop },
    { "to_df", verb_to_df },
    { "as", verb_as },
    { "limit", verb_limit },
    { "union", verb_union },
    { "distinct", verb_distinct },
    { "drop_duplicates", verb_drop_duplicates },
    { "order_list", verb_order_list },
    { "order_built", verb_order_built },
    { "with_watermark", verb_with_watermark },
    { "group_by", verb_group_by },
    { "agg", group_agg },
    { "group_count", group_count },
    { "group_numbers", group_numbers },
    { "schema", frame_schema },
    { "explain", frame_explain },
    { "show", action_show },
    { "count", action_count },
    { "collect", action_collect },
    { "write", action_write },
    { NULL, NULL },
};
