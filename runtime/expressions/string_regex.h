/*
 * Regular expressions with Java's syntax, by PCRE2. Internal to expressions.
 *
 * A literal pattern is compiled once, in the analysis (`regex_prepare`, kept as the call's `extra`); any other when it is met, and kept
 * until the next one differs. Batches of some size compile it to machine code. Matching has its own memory in each
 * evaluation, so that threads may share what is compiled, and limits on steps and memory: a pattern that backtracks without end
 * ends in an error.
 *
 * Where it differs from Java:
 *   - (?i) takes case from Unicode, as (?iu) does in Java; (?u), (?U), (?d) and \b's view of Unicode are not told apart
 *   - '.' and '$' know \n and \r as line ends, not U+0085, U+2028, U+2029
 *   - a lookbehind must have alternatives of fixed length
 *   - blocks, \p{InGreek}, and properties of Java's own, \p{javaLowerCase}, are refused
 */
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "expressions/string_parts.h"

struct regex {
    struct evaluation *ev;
    const struct expression *call;
    const struct regex_ready *ready; /* from the analysis; NULL: none */
    bool worthwhile;                 /* machine code */
    struct bytes pattern;            /* what is compiled now; null: nothing */
    bool literal;                    /* no pattern but a text */
    bool fast;                       /* there is machine code */
    const pcre2_code *code;
    pcre2_code *own;
    pcre2_match_data *data;
    pcre2_match_context *context;
    int32_t groups;
    size_t literal_at[2];
    const size_t *
        at; /* of the last match: begin and end of the whole and of each group; PCRE2_UNSET: not there */
};

/* Compiles a pattern that is a literal, into the analysis' arena, as call->extra. */
void regex_prepare(struct analysis *a, struct expression *call, int32_t argument);

void regex_open(struct regex *r,
                struct evaluation *ev,
                const struct expression *call,
                int32_t rows);
void regex_close(struct regex *r);

/* This pattern from now on; borrowed. False: it is none, the error is set. */
bool regex_use(struct regex *r, struct bytes pattern);

enum regex_outcome {
    REGEX_NONE,
    REGEX_FOUND,
    REGEX_FAILED, /* the error is set */
};

/* The first match at or behind `from`. */
enum regex_outcome regex_find(struct regex *r, struct bytes text, size_t from);

/* Where to look for the one behind the last match; an empty match is followed by the next character. > text.len: nowhere. */
size_t regex_next(const struct regex *r, struct bytes text);

/* Java's pattern as PCRE2's; false: Java would not take it either. */
bool regex_translate(struct buffer *out, struct bytes pattern);

/* --- string_like.c --- */
KERNEL(string_like);
KERNEL(string_like_any);
bool check_like(struct analysis *a, struct expression *call);
bool check_like_any(struct analysis *a, struct expression *call);
void print_like(struct buffer *out, const struct expression *call, expression_printer *argument);
void print_like_any(struct buffer *out,
                    const struct expression *call,
                    expression_printer *argument);
