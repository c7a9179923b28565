/*
 * Expressions made of others: see rewrite.h. Depth is bounded by what expressions are made from.
 */
#include "expressions/rewrite.h"

#include "expressions/function.h"

static const struct expression *map_parts(struct arena *arena,
                                          const struct expression *e,
                                          expression_mapper *map,
                                          void *context)
{
    const struct expression **args = NULL;
    bool deterministic = e->deterministic;
    for (int32_t i = 0; i < e->count; i++) {
        const struct expression *arg = expression_map(arena, e->args[i], map, context);
        if (arg != e->args[i] && !args) {
            args = ARENA_NEW(arena, const struct expression *, (size_t)e->count);
            memcpy(args, e->args, (size_t)e->count * sizeof(*args));
        }
        if (args) {
            args[i] = arg;
        }
        deterministic = deterministic && arg->deterministic;
    }
    const struct expression *filter =
        e->filter ? expression_map(arena, e->filter, map, context) : NULL;
    const struct expression *replacement =
        e->replacement ? expression_map(arena, e->replacement, map, context) : NULL;
    if (!args && filter == e->filter && replacement == e->replacement) {
        return e;
    }
    struct expression *copy = ARENA_NEW(arena, struct expression, 1);
    *copy = *e;
    copy->args = args ? args : e->args;
    copy->filter = filter;
    copy->replacement = replacement;
    copy->deterministic = deterministic;
    return copy;
}

const struct expression *expression_map(struct arena *arena,
                                        const struct expression *e,
                                        expression_mapper *map,
                                        void *context)
{
    const struct expression *other = map(e, context);
    return other ? other : map_parts(arena, e, map, context);
}

/* --- columns --- */

struct moving {
    struct arena *arena;
    const struct expression *const *columns;
    const int32_t *places;
};

static const struct expression *substituted(const struct expression *e, void *context)
{
    const struct moving *m = context;
    return e->kind == EXPRESSION_COLUMN ? m->columns[e->index] : NULL;
}

const struct expression *expression_substitute(struct arena *arena,
                                               const struct expression *e,
                                               const struct expression *const *columns)
{
    struct moving m = { .arena = arena, .columns = columns };
    return expression_map(arena, e, substituted, &m);
}

static const struct expression *moved(const struct expression *e, void *context)
{
    const struct moving *m = context;
    if (e->kind != EXPRESSION_COLUMN || m->places[e->index] == e->index) {
        return NULL;
    }
    struct expression *copy = ARENA_NEW(m->arena, struct expression, 1);
    *copy = *e;
    copy->index = m->places[e->index];
    return copy;
}

const struct expression *expression_move(struct arena *arena,
                                         const struct expression *e,
                                         const int32_t *places)
{
    struct moving m = { .arena = arena, .places = places };
    return expression_map(arena, e, moved, &m);
}

/* --- nodes --- */

const struct expression *expression_column(struct arena *arena,
                                           const struct type *input,
                                           int32_t index)
{
    const struct field *field = &input->fields[index];
    struct expression *e = ARENA_NEW(arena, struct expression, 1);
    *e = (struct expression){ .kind = EXPRESSION_COLUMN,
                              .type = field->type,
                              .nullable = field->nullable,
                              .span = span_none(),
                              .name = field->name,
                              .index = index,
                              .deterministic = true };
    return e;
}

const struct expression *expression_alias(struct arena *arena,
                                          const struct expression *e,
                                          struct bytes name)
{
    const struct expression **args = ARENA_NEW(arena, const struct expression *, 1);
    args[0] = expression_unaliased(e);
    struct expression *alias = ARENA_NEW(arena, struct expression, 1);
    *alias = (struct expression){ .kind = EXPRESSION_ALIAS,
                                  .type = e->type,
                                  .nullable = e->nullable,
                                  .span = e->span,
                                  .source = e->source,
                                  .name = name,
                                  .deterministic = e->deterministic,
                                  .count = 1,
                                  .args = args };
    return alias;
}

const struct expression *expression_unaliased(const struct expression *e)
{
    return e->kind == EXPRESSION_ALIAS ? e->args[0] : e;
}

const struct expression *expression_literal(struct arena *arena,
                                            const struct sql_settings *settings,
                                            struct scalar value)
{
    struct expression *e = ARENA_NEW(arena, struct expression, 1);
    *e = (struct expression){ .kind = EXPRESSION_LITERAL,
                              .type = value.type,
                              .nullable = value.null,
                              .span = span_none(),
                              .scalar = value,
                              .settings = settings,
                              .deterministic = true };
    return e;
}

/* --- looking --- */

int32_t expression_size(const struct expression *e, int32_t most)
{
    if (e->replacement) {
        return expression_size(e->replacement, most);
    }
    int32_t size = 1;
    for (int32_t i = 0; i < e->count && size < most; i++) {
        size += expression_size(e->args[i], most - size);
    }
    return size < most && e->filter ? size + expression_size(e->filter, most - size) : size;
}

const struct expression *expression_generator(const struct expression *e)
{
    if (e->function && e->function->generator) {
        return e;
    }
    const struct expression *found = e->filter ? expression_generator(e->filter) : NULL;
    for (int32_t i = 0; !found && i < e->count; i++) {
        found = expression_generator(e->args[i]);
    }
    return found;
}
