/*
 * Patterns of paths, as Hadoop has them: * ? [abc] [a-c] [^abc] [!abc] {this,that} and \ before any of these. Pure; thread: any.
 */
#pragma once

#include "base/arena.h"
#include "columns/sql_error.h"

enum { GLOB_MAX = 1000 }; /* patterns that one with braces may stand for */

/* Does the path have a character that makes it a pattern? */
bool glob_is_pattern(struct bytes path);

/* The patterns without braces that a pattern stands for, in the arena. False: it is none, and the error is set. */
bool glob_expand(struct bytes pattern,
                 struct arena *arena,
                 const struct bytes **out,
                 int32_t *out_count,
                 struct sql_error *error);

/* One name against one part of an expanded pattern. */
bool glob_match(struct bytes pattern, struct bytes name);

/* A name without pattern characters that count: backslashes are taken away. */
struct bytes glob_plain(struct arena *arena, struct bytes part);

/* Does a part have any of * ? [ in it that count? */
bool glob_has_wildcard(struct bytes part);
