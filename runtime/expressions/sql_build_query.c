/*
 * Queries and what they are made of, as the grammar asks for them: see sql_build_query.h.
 */
#include "expressions/sql_build_query.h"

#include <strings.h>

/* --- ORDER BY --- */

struct sort_list sorts_and(struct parse *p, struct sort_list list, struct syntax_sort sort)
{
    if (list.count == list.capacity) {
        list.capacity = list.capacity ? list.capacity * 2 : 4;
        struct syntax_sort *bigger = ARENA_NEW(p->arena, struct syntax_sort, (size_t)list.capacity);
        if (list.count > 0) {
            memcpy(bigger, list.items, (size_t)list.count * sizeof(*bigger));
        }
        list.items = bigger;
    }
    list.items[list.count++] = sort;
    return list;
}

struct sort_list sorts_of(struct parse *p, struct syntax_sort sort)
{
    return sorts_and(p, (struct sort_list){ 0 }, sort);
}

static bool is_word(const struct token *token, const char *word)
{
    return token->text.len == strlen(word) &&
           strncasecmp((const char *)token->text.data, word, token->text.len) == 0;
}

bool build_sort(struct parse *p,
                struct syntax_sort *out,
                const struct syntax *key,
                bool descending,
                const struct token *nulls)
{
    bool said = nulls->kind != 0;
    if (said && !is_word(nulls, "first") && !is_word(nulls, "last")) {
        parse_syntax_error(p, nulls);
        return false;
    }
    *out = (struct syntax_sort){ .key = key,
                                 .descending = descending,
                                 .nulls_last = said ? is_word(nulls, "last") : descending };
    return true;
}

/* --- FROM --- */

static const struct bytes *names_of(struct parse *p, const struct syntax_list *words)
{
    struct bytes *names = ARENA_NEW(p->arena, struct bytes, (size_t)words->count);
    for (int32_t i = 0; i < words->count; i++) {
        names[i] = words->items[i]->text;
    }
    return names;
}

static struct syntax_source *new_source(struct parse *p,
                                        struct span at,
                                        const struct source_name *alias)
{
    struct syntax_source *source = ARENA_NEW(p->arena, struct syntax_source, 1);
    source->span = at;
    if (alias->name.kind != 0) {
        source->alias = word_text(p, &alias->name);
        source->column_count = alias->columns.count;
        source->columns = names_of(p, &alias->columns);
    }
    return source;
}

struct syntax_source *build_table_source(struct parse *p,
                                         struct span at,
                                         const struct text_list *name,
                                         const struct source_name *alias)
{
    struct syntax_source *source = new_source(p, at, alias);
    struct bytes *parts = ARENA_NEW(p->arena, struct bytes, (size_t)name->count);
    for (int32_t i = 0; i < name->count; i++) {
        parts[i] = word_text(p, &name->items[i]);
    }
    source->parts = parts;
    source->part_count = name->count;
    return source;
}

struct syntax_source *build_function_source(struct parse *p,
                                            struct span at,
                                            const struct text_list *name,
                                            const struct syntax_list *args,
                                            const struct source_name *alias)
{
    struct syntax_source *source = build_table_source(p, at, name, alias);
    source->args = args->items;
    source->arg_count = args->count;
    return source;
}

struct syntax_source *build_values_source(struct parse *p,
                                          struct span at,
                                          const struct syntax_list *rows,
                                          const struct source_name *alias)
{
    struct syntax_source *source = new_source(p, at, alias);
    struct syntax_table *table = ARENA_NEW(p->arena, struct syntax_table, 1);
    *table = build_table(p, rows, alias->name.kind != 0 ? &alias->name : NULL,
                         alias->columns.count > 0 ? &alias->columns : NULL);
    source->values = table;
    return source;
}

struct syntax_source *build_query_source(struct parse *p,
                                         struct span at,
                                         const struct syntax_query *query,
                                         const struct source_name *alias)
{
    const struct syntax_query *inner = build_inner(p, at, query);
    if (!inner) {
        return NULL;
    }
    struct syntax_source *source = new_source(p, at, alias);
    source->query = inner;
    return source;
}

/* --- queries --- */

struct syntax_query *build_inner(struct parse *p, struct span at, const struct syntax_query *query)
{
    if (query->depth >= QUERY_MAX_DEPTH) {
        (void)parse_fail(p, at, &sql_parse_too_complex,
                         "The statement, including potential SQL functions and referred views, was "
                         "too complex to parse.");
        return NULL;
    }
    struct syntax_query *inner = ARENA_NEW(p->arena, struct syntax_query, 1);
    *inner = *query;
    inner->depth++;
    return inner;
}

struct syntax_query *build_select(struct parse *p,
                                  bool distinct,
                                  const struct syntax_list *list,
                                  const struct syntax_source *from,
                                  const struct syntax *where)
{
    struct syntax_query *query = ARENA_NEW(p->arena, struct syntax_query, 1);
    *query = (struct syntax_query){ .distinct = distinct,
                                    .list = list->items,
                                    .list_count = list->count,
                                    .from = from,
                                    .where = where,
                                    .depth = from && from->query ? from->query->depth : 1 };
    return query;
}

struct syntax_query *build_union(struct parse *p,
                                 struct span at,
                                 struct syntax_query *left,
                                 struct syntax_query *right,
                                 bool distinct)
{
    const struct syntax_query *deeper = left->depth > right->depth ? left : right;
    struct syntax_query *both = build_inner(p, at, deeper);
    if (both) {
        *both = (struct syntax_query){
            .left = left, .right = right, .distinct = distinct, .depth = both->depth
        };
    }
    return both;
}
