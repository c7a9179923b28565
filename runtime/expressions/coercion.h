/*
 * Which types Spark brings together, and how: AnsiTypeCoercion with ansi on, TypeCoercion with it off.
 *
 * Pure; thread: any. Types made live in the arena.
 */
#pragma once

#include "expressions/analysis.h"

/* The least type that both convert to without losing what matters (findTightestCommonType and decimals); NULL: none. */
const struct type *common_type(struct arena *arena,
                               const struct sql_settings *settings,
                               const struct type *a,
                               const struct type *b);

/* The same with strings among them (findWiderTypeForTwo), as coalesce, CASE, IN, greatest and arrays want it; NULL: none. */
const struct type *wider_type(struct arena *arena,
                              const struct sql_settings *settings,
                              const struct type *a,
                              const struct type *b);

/* The type that an argument of type `from` takes where a function wants `wanted` (a letter of function.h); NULL: it cannot. */
const struct type *implicit_type(struct arena *arena,
                                 const struct sql_settings *settings,
                                 const struct type *from,
                                 char wanted);

/* Brings all arguments to one wider type and casts them; NULL: there is none, and no error is set. */
const struct type *unify_arguments(struct analysis *a,
                                   struct expression *call,
                                   int32_t first,
                                   int32_t count);

/* May CAST(from AS to) be written at all (Cast.canAnsiCast, canCast, canTryCast)? */
bool cast_allowed(const struct type *from, const struct type *to, enum cast_mode mode);

/* May it give null, or fail, for a value that is not null? Decides the cast's nullability. */
bool cast_may_be_null(const struct type *from, const struct type *to, enum cast_mode mode);

/* The functions that Spark advises where CAST(from AS to) is refused ("`DATE_FROM_UNIX_DATE`"); NULL: none. */
const char *cast_advice(const struct type *from, const struct type *to);

/* The decimal that holds every value of a number type (DecimalType.forType). */
const struct type *decimal_for_integer(struct arena *arena, const struct type *type);
