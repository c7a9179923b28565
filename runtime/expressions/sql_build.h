/*
 * What the grammar's rules make: nodes, lists, types. Internal to the parser.
 *
 * A build_ function returns NULL, with the error set, when what was written cannot be. Lists grow in place, in the arena.
 */
#pragma once

#include "expressions/sql_conditions.h"
#include "expressions/sql_token.h"

struct syntax_list {
    int32_t count;
    int32_t capacity;
    const struct syntax **items;
};

struct text_list {
    int32_t count;
    int32_t capacity;
    struct token *items;
};

struct field_list {
    int32_t count;
    int32_t capacity;
    struct field *items;
};

struct sort_list {
    int32_t count;
    int32_t capacity;
    struct syntax_sort *items;
};

/* A table's name, or a query's, and those of its columns. */
struct source_name {
    struct token name; /* of kind 0: none */
    struct syntax_list columns;
};

/* What may stand in and behind a call's parentheses. */
struct call_options {
    bool distinct;
    bool ignore_nulls;
    const struct syntax *filter;
};

union sql_value {
    struct token token;
    const struct syntax *node;
    struct syntax_list list;
    struct text_list texts;
    const struct type *type;
    struct field_list fields;
    struct field field;
    bool flag;
    struct syntax_sort sort;
    struct sort_list sorts;
    struct source_name name;
    struct syntax_source *source;
    struct syntax_query *query;
};

struct syntax_list list_of(struct parse *p, const struct syntax *node);
struct syntax_list list_and(struct parse *p, struct syntax_list list, const struct syntax *node);
struct syntax_list list_of_word(struct parse *p, const struct token *word);
struct syntax_list list_and_word(struct parse *p,
                                 struct syntax_list list,
                                 const struct token *word);
struct text_list texts_none(void);
struct text_list texts_of(struct parse *p, const struct token *text);
struct text_list texts_and(struct parse *p, struct text_list list, const struct token *text);
struct field_list fields_of(struct parse *p, const struct field *field);
struct field_list fields_and(struct parse *p, struct field_list list, const struct field *field);

/* What a word names: without backquotes. */
struct bytes word_text(struct parse *p, const struct token *word);

/* --- nodes (sql_build.c) --- */

struct syntax *build_node(struct parse *p,
                          enum syntax_kind kind,
                          struct span span,
                          const struct syntax *const *args,
                          int32_t count);
const struct syntax *build_call(struct parse *p,
                                struct span at,
                                const char *name,
                                const struct syntax *const *args,
                                int32_t count);
const struct syntax *build_call1(struct parse *p,
                                 struct span at,
                                 const char *name,
                                 const struct syntax *a);
const struct syntax *build_call2(struct parse *p,
                                 struct span at,
                                 const char *name,
                                 const struct syntax *a,
                                 const struct syntax *b);
const struct syntax *build_call3(struct parse *p,
                                 struct span at,
                                 const char *name,
                                 const struct syntax *a,
                                 const struct syntax *b,
                                 const struct syntax *c);
const struct syntax *build_minus(struct parse *p, struct span at, const struct syntax *a);
const struct syntax *build_not_equal(struct parse *p,
                                     struct span at,
                                     const struct syntax *a,
                                     const struct syntax *b);
/* `signs`: where the two or three signs stand; they must touch. */
const struct syntax *build_shift(struct parse *p,
                                 struct span at,
                                 const char *name,
                                 const struct syntax *a,
                                 const struct syntax *b,
                                 struct span signs);
const struct syntax *build_between(struct parse *p,
                                   struct span at,
                                   const struct syntax *a,
                                   const struct syntax *low,
                                   const struct syntax *high,
                                   bool negated);
const struct syntax *build_in(struct parse *p,
                              struct span at,
                              const struct syntax *a,
                              const struct syntax_list *list,
                              bool negated);
/* `operands`: the text, the pattern and, if there is one, the escape character. */
const struct syntax *build_like(struct parse *p,
                                struct span at,
                                const char *name,
                                const struct syntax_list *operands,
                                bool negated);
const struct syntax *build_like_any(struct parse *p,
                                    struct span at,
                                    const char *name,
                                    const struct syntax *a,
                                    const struct syntax_list *patterns,
                                    bool negated);
const struct syntax *build_is(
    struct parse *p, struct span at, const struct syntax *a, bool truth, bool negated);
const struct syntax *build_distinct(
    struct parse *p, struct span at, const struct syntax *a, const struct syntax *b, bool distinct);
const struct syntax *build_name(struct parse *p, struct span at, const struct text_list *parts);
const struct syntax *build_star(struct parse *p, struct span at, const struct text_list *parts);
const struct syntax *build_alias(struct parse *p,
                                 struct span at,
                                 const struct syntax *a,
                                 const struct token *name);
const struct syntax *build_aliases(struct parse *p,
                                   struct span at,
                                   const struct syntax *a,
                                   const struct syntax_list *names);
const struct syntax *build_group(struct parse *p, struct span at, const struct syntax *a);
const struct syntax *build_tuple(struct parse *p,
                                 struct span at,
                                 const struct syntax *first,
                                 const struct syntax_list *rest);
const struct syntax *build_row(struct parse *p, const struct syntax *a);
const struct syntax *build_subscript(struct parse *p,
                                     struct span at,
                                     const struct syntax *a,
                                     const struct syntax *index);
const struct syntax *build_field(struct parse *p,
                                 struct span at,
                                 const struct syntax *a,
                                 const struct token *name);
const struct syntax *build_cast(struct parse *p,
                                struct span at,
                                const struct token *word,
                                const struct syntax *a,
                                const struct type *type);
const struct syntax *build_case(struct parse *p,
                                struct span at,
                                const struct syntax *subject,
                                const struct syntax_list *whens,
                                const struct syntax *otherwise);
const struct syntax *build_function(struct parse *p,
                                    struct span at,
                                    const struct text_list *name,
                                    const struct syntax_list *args,
                                    struct call_options options);
const struct syntax *build_extract(struct parse *p,
                                   struct span at,
                                   const struct token *field,
                                   const struct syntax *from);
const struct syntax *build_trim(struct parse *p,
                                struct span at,
                                const struct token *side,
                                const struct syntax *what,
                                const struct syntax *from);
const struct syntax *build_lambda(struct parse *p,
                                  struct span at,
                                  const struct token *name,
                                  const struct syntax *body);
const struct syntax *build_lambda_of(struct parse *p,
                                     struct span at,
                                     const struct syntax *first,
                                     const struct syntax_list *rest,
                                     const struct syntax *body);
struct syntax_table build_table(struct parse *p,
                                const struct syntax_list *rows,
                                const struct token *name,
                                const struct syntax_list *columns);

/* --- literals (sql_build_literal.c) --- */
const struct syntax *build_literal(struct parse *p, struct span at, struct scalar value);
const struct syntax *build_number(struct parse *p,
                                  struct span at,
                                  const struct token *digits,
                                  bool negative);
const struct syntax *build_string(struct parse *p, struct span at, const struct text_list *parts);
const struct syntax *build_negative_text(struct parse *p,
                                         struct span at,
                                         const struct text_list *parts);
const struct syntax *build_word(struct parse *p, const struct token *word);
const struct syntax *build_hex(struct parse *p, const struct token *text);
const struct syntax *build_bool(struct parse *p, struct span at, bool value);
const struct syntax *build_null(struct parse *p, struct span at);
const struct syntax *build_typed(struct parse *p,
                                 struct span at,
                                 const struct token *type,
                                 const struct text_list *parts);

/* --- intervals (sql_build_interval.c) --- */
const struct syntax *build_interval_text(struct parse *p,
                                         struct span at,
                                         const struct text_list *parts);
const struct syntax *build_interval(struct parse *p,
                                    struct span at,
                                    const struct syntax_list *values_and_units);
const struct syntax *build_interval_range(struct parse *p,
                                          struct span at,
                                          const struct text_list *parts,
                                          bool negative,
                                          const struct token *from,
                                          const struct token *to);
