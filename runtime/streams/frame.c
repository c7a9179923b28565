/*
 * Frames: where they come from, and the verbs. See frame.h and weir/stream.h.
 */
#include "streams/frame.h"

#include <stdlib.h>

#include "expressions/inline_table.h"
#include "expressions/parser.h"
#include "plan/select.h"
#include "sources/source.h"
#include "streams/catalog.h"
#include "streams/conditions.h"

/* --- making frames --- */

struct weir_frame *frame_failed(struct scope *scope, struct sql_error *error)
{
    struct weir_frame *f = ARENA_NEW(&scope->arena, struct weir_frame, 1);
    f->scope = scope;
    f->condition = error->condition;
    f->message = arena_text(&scope->arena, bytes_of(error->message));
    sql_error_finish(error);
    return f;
}

struct weir_frame *frame_new(struct scope *scope,
                             const struct logical *logical,
                             const struct weir_frame *first,
                             const struct weir_frame *second)
{
    struct sql_error error = { 0 };
    struct sql_settings settings = session_settings(scope->session);
    struct sql_settings *kept = ARENA_NEW(&scope->arena, struct sql_settings, 1);
    *kept = settings; /* literals of times point at them */
    const struct plan *inputs[2] = { first ? first->plan : NULL, second ? second->plan : NULL };
    const struct plan *plan =
        logical->depth > PLAN_MAX_DEPTH
            ? NULL
            : plan_analyze(&scope->arena, &(struct plan_settings){ kept }, logical, inputs, &error);
    if (!plan) {
        (void)sql_fail(&error, &stream_illegal_argument,
                       "A frame may be made by %d verbs, and this is one more. Write it to a "
                       "sink, or use fewer withColumn() by one select().",
                       PLAN_MAX_DEPTH);
        return frame_failed(scope, &error);
    }
    struct weir_frame *f = ARENA_NEW(&scope->arena, struct weir_frame, 1);
    *f = (struct weir_frame){ .scope = scope, .logical = logical, .plan = plan };
    return f;
}

struct weir_frame *frame_of_rows(struct scope *scope, struct batch *rows)
{
    struct logical *made = ARENA_NEW(&scope->arena, struct logical, 1);
    *made = (struct logical){
        .verb = VERB_ROWS, .depth = 1, .rows = scope_keep(scope, rows), .schema = rows->schema
    };
    return frame_new(scope, made, NULL, NULL);
}

enum weir_status frame_fail(const struct weir_frame *frame, struct weir_error *err)
{
    struct sql_error error = { 0 };
    (void)sql_fail(&error, &stream_analysis, "%s", frame->message);
    error.condition = frame->condition;
    return session_fail(frame->scope->session, &error, err);
}

const struct plan *frame_limit(const struct weir_frame *frame,
                               struct arena *arena,
                               int32_t rows,
                               struct sql_error *error)
{
    struct logical *made = ARENA_NEW(arena, struct logical, 1);
    *made = (struct logical){ .verb = VERB_LIMIT,
                              .depth = frame->logical->depth + 1,
                              .input_count = 1,
                              .inputs = { frame->logical, NULL },
                              .limit = rows };
    struct sql_settings *settings = ARENA_NEW(arena, struct sql_settings, 1);
    *settings = session_settings(frame->scope->session);
    return plan_analyze(arena, &(struct plan_settings){ settings }, made,
                        (const struct plan *const[]){ frame->plan, NULL }, error);
}

/* --- where rows come from --- */

static struct options copy_options(struct arena *arena, const struct weir_option *options)
{
    struct options made = { 0 };
    for (const struct weir_option *o = options; o && o->name; o++) {
        if (o->value) {
            made = options_with(arena, made, arena_copy(arena, bytes_of(o->name)),
                                arena_copy(arena, bytes_of(o->value)));
        }
    }
    return made;
}

static bool find_format(const char *format,
                        bool streaming,
                        const struct source_format **out,
                        struct sql_error *error)
{
    *out = strcasecmp(format, "memory") == 0 ? NULL : source_find(bytes_of(format));
    if (!*out) {
        return sql_fail(
            error, &stream_data_source_not_found,
            "Failed to find the data source: %s. Make sure the provider name is correct and the package is properly registered and compatible with your Spark version.",
            format);
    }
    if (streaming ? !(*out)->streams : !(*out)->batches) {
        return sql_fail(error, &stream_analysis, "Data source %s does not support %s", format,
                        streaming ? "streamed reading" : "batch reading");
    }
    return true;
}

static bool settle_schema(struct scope *scope,
                          struct relation *r,
                          const struct source_format *format,
                          const char *schema,
                          struct sql_error *error)
{
    const struct type *given = NULL;
    struct bytes text = schema ? arena_copy(&scope->arena, bytes_of(schema)) : (struct bytes){ 0 };
    if (schema && !parse_schema(&scope->arena, text, false, &given, error)) {
        return false;
    }
    struct sql_settings settings = session_settings(scope->session);
    r->given_schema = given != NULL;
    return format->schema(
        &(struct source_request){ .options = &r->options,
                                  .schema = given,
                                  .settings = &settings,
                                  .conf = &scope->session->conf,
                                  .parallelism = pool_threads(scope->session->pool) },
        r->streaming, &scope->arena, &r->schema, error);
}

static struct weir_frame *read_frame(struct weir_session *session,
                                     const char *format,
                                     const char *schema,
                                     const struct weir_option *options,
                                     bool streaming)
{
    struct scope *scope = &session->scope;
    struct sql_error error = { 0 };
    const struct source_format *found;
    struct relation *r = ARENA_NEW(&scope->arena, struct relation, 1);
    r->options = copy_options(&scope->arena, options);
    r->streaming = streaming;
    if (!find_format(format, streaming, &found, &error) ||
        !settle_schema(scope, r, found, schema, &error)) {
        return frame_failed(scope, &error);
    }
    r->format = bytes_of(found->name);
    struct logical *made = ARENA_NEW(&scope->arena, struct logical, 1);
    *made = (struct logical){ .verb = VERB_READ, .depth = 1, .relation = r, .schema = r->schema };
    return frame_new(scope, made, NULL, NULL);
}

struct weir_frame *weir_read_stream(struct weir_session *session,
                                    const char *format,
                                    const char *schema,
                                    const struct weir_option *options)
{
    return read_frame(session, format, schema, options, true);
}

struct weir_frame *weir_read(struct weir_session *session,
                             const char *format,
                             const char *schema,
                             const struct weir_option *options)
{
    return read_frame(session, format, schema, options, false);
}

struct weir_frame *weir_values(struct weir_session *session, const char *values)
{
    struct scope *scope = &session->scope;
    struct sql_error error = { 0 };
    struct inline_table table;
    struct sql_settings *settings = ARENA_NEW(&scope->arena, struct sql_settings, 1);
    *settings = session_settings(session);
    if (!inline_table_make(&scope->arena, settings, arena_copy(&scope->arena, bytes_of(values)),
                           &table, &error)) {
        return frame_failed(scope, &error);
    }
    struct logical *made = ARENA_NEW(&scope->arena, struct logical, 1);
    *made = (struct logical){
        .verb = VERB_ROWS, .depth = 1, .rows = scope_keep(scope, table.rows), .schema = table.schema
    };
    struct weir_frame *frame = frame_new(scope, made, NULL, NULL);
    if (!table.qualifiers || table.schema->field_count == 0) {
        return frame;
    }
    return weir_as(frame, arena_text(&scope->arena, table.qualifiers[0]));
}

struct weir_frame *weir_range(struct weir_session *session,
                              int64_t start,
                              int64_t end,
                              int64_t step)
{
    struct scope *scope = &session->scope;
    struct sql_error error = { 0 };
    if (step == 0) {
        (void)sql_fail(&error, &stream_illegal_argument,
                       "requirement failed: step (0) cannot be 0");
        return frame_failed(scope, &error);
    }
    struct field id = { .name = bytes_of("id"), .type = type_simple(TYPE_BIGINT) };
    struct logical *made = ARENA_NEW(&scope->arena, struct logical, 1);
    *made = (struct logical){ .verb = VERB_RANGE,
                              .depth = 1,
                              .start = start,
                              .end = end,
                              .step = step,
                              .splits = pool_threads(session->pool),
                              .schema = type_struct(&scope->arena, &id, 1) };
    return frame_new(scope, made, NULL, NULL);
}

/* --- names --- */

/* A tree of verbs, each analysed: SELECT statements and views come as whole trees. */
static struct weir_frame *frame_of_tree(struct scope *scope, const struct logical *logical)
{
    struct weir_frame *inputs[2] = { NULL, NULL };
    for (int32_t i = 0; i < logical->input_count; i++) {
        inputs[i] = frame_of_tree(scope, logical->inputs[i]);
        if (inputs[i]->condition) {
            return inputs[i];
        }
    }
    return frame_new(scope, logical, inputs[0], inputs[1]);
}

struct weir_frame *weir_table(struct weir_session *session, const char *name)
{
    struct sql_error error = { 0 };
    const struct logical *logical;
    if (!catalog_find(session, bytes_of(name), &logical)) {
        (void)sql_fail(
            &error, &stream_table_not_found,
            "The table or view `%s` cannot be found. Verify the spelling and correctness of the schema and catalog.\nIf you did not qualify the name with a schema, verify the "
            "current_schema() output, or qualify the name with the correct schema and catalog.\nTo tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS.",
            name);
        return frame_failed(&session->scope, &error);
    }
    return frame_of_tree(&session->scope, logical);
}

void weir_create_temp_view(struct weir_frame *frame, const char *name)
{
    struct weir_session *session = frame->scope->session;
    struct weir_frame *named = weir_as(frame, name);
    if (!named->condition) {
        catalog_add(session, frame->scope, name, named->logical, NULL);
    }
}

struct weir_frame *weir_sql(struct weir_session *session, const char *query)
{
    struct scope *scope = &session->scope;
    struct sql_error error = { 0 };
    struct sql_settings *settings = ARENA_NEW(&scope->arena, struct sql_settings, 1);
    *settings = session_settings(session);
    struct select select;
    if (!select_parse(&scope->arena, &(struct select_request){ settings, catalog_find, session },
                      arena_copy(&scope->arena, bytes_of(query)), &select, &error)) {
        return frame_failed(scope, &error);
    }
    for (int32_t i = 0; i < select.batch_count; i++) {
        (void)scope_keep(scope, select.batches[i]);
    }
    const struct logical *plan = select.plan;
    select.batch_count = 0; /* the scope has them now */
    select_finish(&select);
    return frame_of_tree(scope, plan);
}
