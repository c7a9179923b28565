/*
 * What the grammar's rules make of types. Internal to the parser; errors as in sql_build.h.
 */
#pragma once

#include "expressions/sql_build.h"

const struct type *build_type(struct parse *p,
                              struct span at,
                              const struct token *name,
                              const struct token *first,
                              const struct token *second);
const struct type *build_array_type(struct parse *p, struct span at, const struct type *element);
const struct type *build_map_type(struct parse *p,
                                  struct span at,
                                  const struct type *key,
                                  const struct type *value);
const struct type *build_struct_type(struct parse *p,
                                     struct span at,
                                     const struct field_list *fields);
const struct type *build_empty_struct(struct parse *p, const struct token *brackets);
const struct type *build_struct(struct parse *p, const struct field_list *fields);
const struct type *build_interval_type(struct parse *p,
                                       struct span at,
                                       const struct token *from,
                                       const struct token *to);
struct field build_struct_field(struct parse *p,
                                const struct token *name,
                                const struct type *type,
                                bool not_null,
                                const struct text_list *comment);
