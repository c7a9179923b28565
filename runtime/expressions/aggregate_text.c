/*
 * listagg, string_agg: see aggregate.h. Texts, or bytes, in the order they came, with a constant between them; nulls are passed over.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expressions/aggregate_parts.h"
#include "expressions/coercion.h"
#include "expressions/sql_conditions.h"

struct text_state {
    struct buffer *text; /* NULL: nothing yet */
    void *unused;
};

enum { TEXT_MAX = INT32_MAX };

static size_t text_size(const struct expression *call)
{
    (void)call;
    return sizeof(struct text_state);
}

static void text_init(const struct expression *call, void *state)
{
    (void)call;
    *(struct text_state *)state = (struct text_state){ 0 };
}

static void text_drop(const struct expression *call, void *state)
{
    (void)call;
    struct text_state *s = state;
    if (s->text) {
        buffer_finish(s->text);
        free(s->text);
    }
    s->text = NULL;
}

/* The constant between texts; `extra` has it. */
static struct bytes separator_of(const struct expression *call)
{
    return *(const struct bytes *)call->extra;
}

static void add(struct text_state *s, const struct expression *call, struct bytes text)
{
    if (!s->text) {
        s->text = MEM_NEW(struct buffer);
        buffer_init(s->text, TEXT_MAX);
    } else {
        struct bytes separator = separator_of(call);
        buffer_append(s->text, separator.data, separator.len);
    }
    buffer_append(s->text, text.data, text.len);
}

static bool text_update(struct evaluation *ev,
                        const struct expression *call,
                        const struct aggregate_states *states,
                        const struct aggregate_input *in)
{
    (void)ev;
    for (int32_t i = 0; i < in->rows; i++) {
        if (aggregate_counts(in->args[0], in->selected, i)) {
            add(aggregate_state(states, in->groups[i]), call, column_text(in->args[0], i));
        }
    }
    return true;
}

static bool text_merge(struct evaluation *ev,
                       const struct expression *call,
                       void *into,
                       const void *from)
{
    (void)ev;
    const struct text_state *other = from;
    if (other->text) {
        add(into, call, buffer_bytes(other->text));
    }
    return true;
}

static bool text_finish(struct evaluation *ev,
                        const struct expression *call,
                        const void *state,
                        struct builder *out)
{
    (void)ev;
    (void)call;
    const struct text_state *s = state;
    s->text ? builder_text(out, buffer_bytes(s->text)) : builder_null(out);
    return true;
}

/* A byte says whether there is one. */
static void text_save(const struct expression *call, const void *state, struct buffer *out)
{
    (void)call;
    const struct text_state *s = state;
    uint8_t there = s->text != NULL;
    buffer_append(out, &there, 1);
    if (s->text) {
        buffer_append(out, s->text->data, s->text->len);
    }
}

static bool text_load(const struct expression *call, void *state, struct bytes saved)
{
    if (saved.len < 1 || saved.data[0] > 1 || (saved.data[0] == 0 && saved.len > 1)) {
        return false;
    }
    if (saved.data[0] == 1) {
        add(state, call, (struct bytes){ saved.data + 1, saved.len - 1 });
    }
    return true;
}

bool resolve_text(struct analysis *a, struct expression *call)
{
    const struct type *type = implicit_type(a->arena, a->settings, call->args[0]->type, 'c');
    if (!type) {
        return analysis_unexpected_type(a, call, 0, "(\"STRING\" or \"BINARY\")");
    }
    analysis_set_arg(call, 0, analysis_cast(a, call->args[0], type));
    if (call->count == 1) {
        const struct expression **args = ARENA_NEW(a->arena, const struct expression *, 2);
        args[0] = call->args[0];
        args[1] = analysis_literal(a, scalar_null(type_simple(TYPE_VOID)), call);
        call->args = args;
        call->count = 2;
    }
    struct scalar value;
    if (!analysis_constant(a, call->args[1], &value)) {
        return !sql_failed(a->error) &&
               analysis_mismatch(a, call, &sql_non_foldable,
                                 "the input `delimiter` should be a foldable \"%s\" expression; "
                                 "however, got something else.",
                                 type->kind == TYPE_BINARY ? "BINARY" : "STRING");
    }
    if (value.type->kind != TYPE_VOID && value.type->kind != type->kind) {
        return analysis_unexpected_type(a, call, 1,
                                        type->kind == TYPE_BINARY ? "\"BINARY\"" : "\"STRING\"");
    }
    struct bytes *separator = ARENA_NEW(a->arena, struct bytes, 1);
    *separator = value.null ? bytes_of("") : value.text;
    call->extra = separator;
    call->type = type;
    call->nullable = true;
    return true;
}

const struct aggregate aggregate_text = {
    .size = text_size,
    .init = text_init,
    .update = text_update,
    .merge = text_merge,
    .finish = text_finish,
    .save = text_save,
    .load = text_load,
    .drop = text_drop,
};
