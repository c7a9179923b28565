/*
 * What the files of arithmetic share. Internal to expressions.
 */
#pragma once

#include "columns/decimal.h"
#include "expressions/evaluate.h"

/* The operators of numbers, by what they do. */
enum operation {
    OPERATION_ADD,
    OPERATION_SUBTRACT,
    OPERATION_MULTIPLY,
    OPERATION_DIVIDE,
    OPERATION_REMAINDER,
    OPERATION_PMOD,  /* a remainder that is never negative, for positive divisors */
    OPERATION_WHOLE, /* div */
};

/* By a function's name: "+", "try_add", "mod", ... */
enum operation operation_of(const struct function *f);

/* try_add and its kin: null instead of an error. */
static inline bool operation_tries(const struct function *f)
{
    return f->name[0] == 't' && f->name[1] == 'r' && f->name[2] == 'y' && f->name[3] == '_';
}

/* [DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE]: both operands are of a type that the operator does not take. Returns false. */
bool refuse_operand_type(struct analysis *a, const struct expression *call, enum operation op);

/* Settles the types of a binary operator over numbers (arithmetic_types.c). */
bool resolve_arithmetic(struct analysis *a, struct expression *call);

/* Its values: integers and floating numbers here, decimals in arithmetic_decimal.c. */
struct column *arithmetic(struct evaluation *ev,
                          const struct expression *call,
                          struct column *const *args,
                          const struct rows *rows);
struct column *arithmetic_decimal(struct evaluation *ev,
                                  const struct expression *call,
                                  struct column *const *args,
                                  const struct rows *rows);

/* [DIVIDE_BY_ZERO], [REMAINDER_BY_ZERO]. Returns NULL. */
struct column *division_by_zero(struct evaluation *ev, const struct expression *call);
