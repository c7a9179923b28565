/*
 * Errors of SQL, in Spark's words: a condition, its SQLSTATE, and a message that may have many lines.
 *
 *     [DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to ... SQLSTATE: 22012     condition, text, state
 *     == SQL (line 1, position 21) ==                                                 the part of the text that did it
 *     case when true then 1/0 else 1 end
 *                         ^^^
 *
 * Who finds the fault words it, once: sql_fail(), then one of the functions that add where it is. An error that is set
 * already stays: the first one counts.
 *
 * Source: Spark 4.1's error-conditions.json for names, states and words; QueryContext, ParseException for the places.
 * Thread: one at a time.
 */
#pragma once

#include "base/bytes.h"

/* What Spark calls an error condition: name, SQLSTATE ("" for conditions of the old kind, without one), Java's class. */
struct sql_condition {
    const char *name;
    const char *state;
    const char *exception;
};

enum { SQL_ERROR_MAX = 1 << 20 }; /* bytes of a message; longer ones are cut */

struct sql_error {
    const struct sql_condition *condition; /* NULL: no error */
    char *message;                         /* owned */
    char *cause; /* owned; what Java prints as "Caused by": no part of the message. NULL: none */
};

/* A part of a text: characters [start, end) counted in bytes. start < 0: nowhere. */
struct span {
    int32_t start;
    int32_t end;
};

static inline struct span span_none(void)
{
    return (struct span){ -1, -1 };
}

/* All zeros is "no error". Frees the message. */
void sql_error_finish(struct sql_error *e);

static inline bool sql_failed(const struct sql_error *e)
{
    return e->condition != NULL;
}

/*
 * Sets "[NAME] text SQLSTATE: state" and returns false, so that one can `return sql_fail(...)`. Names that begin with
 * "_LEGACY", and empty ones (exceptions of Java's own), have the text alone, as in Spark.
 */
bool sql_fail(struct sql_error *e, const struct sql_condition *condition, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* For an error of evaluation: the fragment, marked. Nothing when `where` is nowhere. Columns are counted in characters. */
void sql_error_add_fragment(struct sql_error *e, struct bytes text, struct span where);

/* For an error of analysis: "; line 1 pos 8". */
void sql_error_add_line(struct sql_error *e, struct bytes text, struct span where);

/* For an error of parsing at one place: " (line 1, pos 8)\n\n== SQL ==\n...", with a line of --- and ^^^ below. */
void sql_error_add_place(struct sql_error *e, struct bytes text, int32_t at);

/* Any text, at the end. */
void sql_error_add(struct sql_error *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What led to the error: the other's class and message, and its own cause behind it. */
void sql_error_set_cause(struct sql_error *e, const struct sql_error *why);

/* Any text, in front. Spark begins what its parser says with a line end. */
void sql_error_prepend(struct sql_error *e, const char *text);
