/*
 * Tokens of Spark SQL, and the state of one parse: shared by the lexer, the filter of keywords and the grammar. Internal to the parser.
 *
 * A text is cut into tokens as a whole (sql_lexer.l), then keywords that are names where they stand become names
 * (sql_keywords.c), then the grammar reads them (sql_grammar.y). So the grammar needs to know of no context.
 */
#pragma once

#include "expressions/parser.h"

struct token {
    int kind; /* of enum yytokentype, from the grammar; 0: the end */
    struct span span;
    struct bytes text; /* as it stands in the source */
};

/* What the grammar reads first, to know what the text is to be. */
enum parse_goal {
    GOAL_EXPRESSION,
    GOAL_TYPE,
    GOAL_SCHEMA,
    GOAL_TABLE,
    GOAL_SORT,
    GOAL_QUERY,
};

struct parse {
    struct arena *arena;
    struct bytes text;
    enum parse_goal goal;
    struct token *tokens; /* `count` of them, then one of kind 0 */
    int32_t count;
    int32_t capacity;
    int32_t next; /* 0: the goal has not been given yet */
    bool goal_given;
    bool extra; /* an error: the text was whole before this token */
    struct sql_error *error;
    /* results */
    const struct syntax *expression;
    const struct type *type;
    struct syntax_table table;
    struct syntax_sort sort;
    const struct syntax_query *query;
};

/* Fills p->tokens. False: the error is set. */
bool sql_tokenize(struct parse *p);

/* Adds a token; used by the lexer. */
void parse_add_token(struct parse *p, int kind, int32_t start, int32_t end);

/* Turns keywords into names where they are names. */
void sql_demote_keywords(struct parse *p);

/* The keyword's token, or that of a name. Case does not count. */
int sql_keyword(struct bytes word);

/* [PARSE_SYNTAX_ERROR] at the token. */
void parse_syntax_error(struct parse *p, const struct token *at);

/* [INVALID_IDENTIFIER] of a name without backquotes that has more than ASCII; of a-b, the span being that of "-b". */
bool check_name(struct parse *p, const struct token *name);
void fail_dashed_name(struct parse *p, struct span name, struct span dashes);

/*
 * An error of a part of the text, with the fragment below: "\n[...] ...\n== SQL (line 1, position 1) ==". Of types and schemas Spark tells
 * the place alone: "\n[...] ... (line 1, pos 0)\n\n== SQL ==".
 */
bool parse_fail(struct parse *p,
                struct span where,
                const struct sql_condition *condition,
                const char *format,
                ...) __attribute__((format(printf, 4, 5)));
