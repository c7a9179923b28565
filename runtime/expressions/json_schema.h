/*
 * Schemas that the JSON functions are given. Internal to them. Types live in the arena of the analysis.
 */
#pragma once

#include "expressions/analysis.h"

/* DDL, a single type, or Spark's JSON for a type. False: the error is set. */
bool json_schema_read(struct analysis *a, struct bytes text, const struct type **out);

/* The type with nulls allowed everywhere. */
const struct type *json_schema_nullable(struct arena *arena, const struct type *type);

/* Struct, array or map, and all maps by strings? Else the error is set. */
bool json_schema_check(struct analysis *a, const struct expression *call, const struct type *type);
