/*
 * What the grammar's rules make of queries. Internal to the parser; see sql_build.h.
 */
#pragma once

#include "expressions/sql_build.h"

struct sort_list sorts_of(struct parse *p, struct syntax_sort sort);
struct sort_list sorts_and(struct parse *p, struct sort_list list, struct syntax_sort sort);

/* `nulls`: FIRST or LAST, of kind 0 where nothing is said. False: it is another word, and the error is set. */
bool build_sort(struct parse *p,
                struct syntax_sort *out,
                const struct syntax *key,
                bool descending,
                const struct token *nulls);
struct syntax_source *build_table_source(struct parse *p,
                                         struct span at,
                                         const struct text_list *name,
                                         const struct source_name *alias);
struct syntax_source *build_function_source(struct parse *p,
                                            struct span at,
                                            const struct text_list *name,
                                            const struct syntax_list *args,
                                            const struct source_name *alias);
struct syntax_source *build_values_source(struct parse *p,
                                          struct span at,
                                          const struct syntax_list *rows,
                                          const struct source_name *alias);
struct syntax_source *build_query_source(struct parse *p,
                                         struct span at,
                                         const struct syntax_query *query,
                                         const struct source_name *alias);
struct syntax_query *build_select(struct parse *p,
                                  bool distinct,
                                  const struct syntax_list *list,
                                  const struct syntax_source *from,
                                  const struct syntax *where);
struct syntax_query *build_union(struct parse *p,
                                 struct span at,
                                 struct syntax_query *left,
                                 struct syntax_query *right,
                                 bool distinct);

/* A query in a query. NULL: they are too deep. */
struct syntax_query *build_inner(struct parse *p, struct span at, const struct syntax_query *query);
