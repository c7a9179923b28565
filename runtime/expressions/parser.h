/*
 * Spark SQL's expressions, types and inline tables, from text.
 *
 * The grammar (sql_grammar.y, sql_lexer.l) is that of Spark 4.1's SqlBaseParser.g4, as far as expressions go, with ANSI
 * keywords not reserved (spark.sql.ansi.enforceReservedKeywords = false): nearly every keyword may be a name.
 *
 * All functions: true, or false with `error` set in Spark's words, with the place marked. Results live in `arena`, and may point into
 * `text`, which must live as long. Pure; thread: any.
 */
#pragma once

#include "expressions/syntax.h"

/* One expression, which may have an alias: what selectExpr() and where() take. */
bool parse_expression(struct arena *arena,
                      struct bytes text,
                      const struct syntax **out_expression,
                      struct sql_error *error);

/* A type: "array<int>", "decimal(10,2)". */
bool parse_type(struct arena *arena,
                struct bytes text,
                const struct type **out_type,
                struct sql_error *error);

/* A schema: "id INT NOT NULL COMMENT 'x', name STRING", or a single type where `allow_type` (from_json, fromDDL). */
bool parse_schema(struct arena *arena,
                  struct bytes text,
                  bool allow_type,
                  const struct type **out_type,
                  struct sql_error *error);

/* VALUES (...), (...) AS t(a, b). */
bool parse_inline_table(struct arena *arena,
                        struct bytes text,
                        struct syntax_table *out_table,
                        struct sql_error *error);

/* A sort item: "count DESC NULLS FIRST". Nulls come first where it ascends, and last where it descends, unless it says otherwise. */
bool parse_sort(struct arena *arena,
                struct bytes text,
                struct syntax_sort *out_sort,
                struct sql_error *error);

/* A whole query: SELECT ... FROM ..., with or without a semicolon at its end. */
bool parse_query(struct arena *arena,
                 struct bytes text,
                 const struct syntax_query **out_query,
                 struct sql_error *error);

/* A column's name as select("a.b") has it: parts at dots, backquotes around a part. */
bool parse_column_name(struct arena *arena,
                       struct bytes text,
                       const struct bytes **out_parts,
                       int32_t *out_count,
                       struct sql_error *error);
