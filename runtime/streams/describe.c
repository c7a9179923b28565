/*
 * What a frame is: its error, schema and plans as text. See weir/stream.h.
 */
#include <stdio.h>

#include "base/mem.h"
#include "operators/physical.h"
#include "streams/frame.h"
#include "streams/query.h"

enum { TEXT_MAX = 64 << 20 };

const char *weir_frame_error(const struct weir_frame *frame)
{
    if (!frame) {
        return "there is no frame: a verb was given NULL";
    }
    return frame->condition ? frame->message : NULL;
}

const char *weir_frame_error_condition(const struct weir_frame *frame)
{
    return frame && frame->condition ? frame->condition->name : "";
}

const char *weir_frame_error_state(const struct weir_frame *frame)
{
    return frame && frame->condition ? frame->condition->state : "";
}

const char *weir_frame_error_class(const struct weir_frame *frame)
{
    return frame && frame->condition ? frame->condition->exception : "";
}

bool weir_is_streaming(const struct weir_frame *frame)
{
    return frame && frame->plan && frame->plan->streaming;
}

/* --- schemas --- */

static const char *schema_text(const struct weir_frame *frame,
                               void (*print)(struct buffer *out, const struct type *type))
{
    if (!frame || frame->condition) {
        return "";
    }
    struct buffer text;
    buffer_init(&text, TEXT_MAX);
    print(&text, frame->plan->schema);
    const char *kept = arena_text(&frame->scope->arena, buffer_bytes(&text));
    buffer_finish(&text);
    return kept;
}

const char *weir_schema_tree(const struct weir_frame *frame)
{
    return schema_text(frame, type_print_tree);
}

const char *weir_schema_ddl(const struct weir_frame *frame)
{
    return schema_text(frame, type_print_ddl);
}

const char *weir_schema_json(const struct weir_frame *frame)
{
    return schema_text(frame, type_print_json);
}

void weir_print_schema(const struct weir_frame *frame)
{
    if (frame && !frame->condition) {
        (void)printf("%s\n", weir_schema_tree(frame));
        (void)fflush(stdout);
    }
}

/* --- plans --- */

static void print_names(struct buffer *out, const struct type *schema)
{
    for (int32_t i = 0; i < schema->field_count; i++) {
        const struct field *f = &schema->fields[i];
        buffer_printf(out, "%s%.*s: ", i > 0 ? ", " : "", BYTES_ARG(f->name));
        type_print(out, f->type);
    }
    buffer_append_text(out, "\n");
}

/* What explain() prints, without the last line's end. */
struct explaining {
    const struct logical *logical;
    const struct plan *analyzed;
    const struct plan *optimized;
    const struct physical *physical;
};

static void explain(struct buffer *out, const struct explaining *x, enum weir_explain_mode mode)
{
    if (mode == WEIR_EXPLAIN_EXTENDED) {
        buffer_append_text(out, "== Parsed Logical Plan ==\n");
        plan_print_parsed(out, x->analyzed);
        buffer_append_text(out, "\n== Analyzed Logical Plan ==\n");
        print_names(out, x->analyzed->schema);
        plan_print_tree(out, x->analyzed);
        buffer_append_text(out, "\n== Optimized Logical Plan ==\n");
        plan_print_tree(out, x->optimized);
        buffer_append_text(out, "\n");
    }
    buffer_append_text(out, "== Physical Plan ==\n");
    physical_print(out, x->physical,
                   mode == WEIR_EXPLAIN_FORMATTED  ? PHYSICAL_FORMATTED
                   : mode == WEIR_EXPLAIN_EXTENDED ? PHYSICAL_EXTENDED
                                                   : PHYSICAL_SIMPLE);
}

static void explain_frame(struct buffer *out,
                          const struct weir_frame *frame,
                          struct arena *arena,
                          enum weir_explain_mode mode)
{
    struct weir_session *session = frame->scope->session;
    struct sql_error error = { 0 };
    struct sql_settings settings = session_settings(session);
    struct explaining x = { .logical = frame->logical, .analyzed = frame->plan };
    x.optimized = plan_optimize(arena, &(struct plan_settings){ &settings }, frame->plan);
    struct physical *physical = physical_new(
        x.optimized,
        &(struct physical_options){ .mode = frame->plan->streaming ? OUTPUT_UPDATE : OUTPUT_BATCH,
                                    .shuffle_partitions = (int32_t)session_conf_integer(
                                        session, "spark.sql.shuffle.partitions"),
                                    .settings = &settings,
                                    .parallelism = pool_threads(session->pool) },
        &error);
    if (physical) {
        x.physical = physical;
        explain(out, &x, mode);
    } else {
        buffer_append_text(out, error.message);
    }
    physical_free(physical);
    sql_error_finish(&error);
}

const char *weir_explain_text(const struct weir_frame *frame, enum weir_explain_mode mode)
{
    if (!frame || frame->condition) {
        return weir_frame_error(frame);
    }
    struct arena arena;
    struct buffer text;
    arena_init(&arena, 0);
    buffer_init(&text, TEXT_MAX);
    explain_frame(&text, frame, &arena, mode);
    const char *kept = arena_text(&frame->scope->arena, buffer_bytes(&text));
    buffer_finish(&text);
    arena_finish(&arena);
    return kept;
}

void weir_explain(const struct weir_frame *frame, enum weir_explain_mode mode)
{
    (void)printf("%s\n", weir_explain_text(frame, mode));
    (void)fflush(stdout);
}

char *weir_query_explain(struct weir_query *query, enum weir_explain_mode mode)
{
    struct buffer text;
    buffer_init(&text, TEXT_MAX);
    (void)pthread_mutex_lock(&query->lock);
    if (query->progress_count > 0 && query->physical) {
        explain(&text,
                &(struct explaining){ query->logical, query->analyzed, query->optimized,
                                      query->physical },
                mode);
    } else {
        buffer_append_text(&text, "No physical plan. Waiting for data.");
    }
    (void)pthread_mutex_unlock(&query->lock);
    char *kept = mem_text(text.data, text.len);
    buffer_finish(&text);
    return kept;
}
