/*
 * Patterns of paths: see file_glob.h.
 *
 * Source: org.apache.hadoop.fs.GlobPattern, GlobExpander.
 */
#include "sources/file_glob.h"

#include "base/buffer.h"
#include "sources/file_error.h"

bool glob_is_pattern(struct bytes path)
{
    for (size_t i = 0; i < path.len; i++) {
        if (path.data[i] != 0 && strchr("{}[]*?\\", path.data[i])) {
            return true;
        }
    }
    return false;
}

/* --- braces --- */

/* Where what begins at `at` ends: behind an escaped character, a class, or one character. */
static size_t behind(struct bytes p, size_t at)
{
    if (p.data[at] == '\\' && at + 1 < p.len) {
        return at + 2;
    }
    if (p.data[at] != '[') {
        return at + 1;
    }
    size_t i = at + 1;
    i += i < p.len && (p.data[i] == '^' || p.data[i] == '!');
    i += i < p.len && p.data[i] == ']';
    while (i < p.len && p.data[i] != ']') {
        i += p.data[i] == '\\' ? 2 : 1;
    }
    return i < p.len ? i + 1 : p.len + 1;
}

/* The closing brace of the one at `open`; p.len: there is none. Commas at its own level go to `commas`. */
static size_t close_of(struct bytes p, size_t open, struct buffer *commas)
{
    int depth = 0;
    for (size_t i = open; i < p.len; i = behind(p, i)) {
        uint8_t c = p.data[i];
        depth += c == '{';
        depth -= c == '}';
        if (depth == 0) {
            return i;
        }
        if (c == ',' && depth == 1) {
            buffer_append(commas, &i, sizeof(i));
        }
    }
    return p.len;
}

struct expansion {
    struct arena *arena;
    struct bytes list[GLOB_MAX];
    int32_t count;
    bool too_many;
};

/* Recursion is bounded: each step takes a pair of braces away, and no more than GLOB_MAX results are made. */
static void expand(struct expansion *e, struct bytes p, int depth)
{
    size_t open = 0;
    while (open < p.len && p.data[open] != '{') {
        open = behind(p, open);
    }
    e->too_many = e->too_many || e->count == GLOB_MAX || depth > 64;
    if (e->too_many) {
        return;
    }
    if (open >= p.len) {
        e->list[e->count++] = p;
        return;
    }
    struct buffer commas;
    buffer_init(&commas, SIZE_MAX);
    size_t close = close_of(p, open, &commas);
    size_t count = commas.len / sizeof(size_t);
    size_t from = open + 1;
    for (size_t i = 0; i <= count; i++) {
        size_t to = close;
        if (i < count) {
            memcpy(&to, commas.data + i * sizeof(size_t), sizeof(size_t));
        }
        struct bytes one = arena_printf(e->arena, "%.*s%.*s%.*s", (int)open, (const char *)p.data,
                                        (int)(to - from), (const char *)p.data + from,
                                        (int)(p.len - close - 1), (const char *)p.data + close + 1);
        expand(e, one, depth + 1);
        from = to + 1;
    }
    buffer_finish(&commas);
}

/* Are classes and braces closed? */
static bool check(struct bytes p, struct sql_error *error)
{
    const char *what = NULL;
    int depth = 0;
    for (size_t i = 0; i < p.len && !what;) {
        depth += p.data[i] == '{';
        depth -= p.data[i] == '}' && depth > 0;
        i = behind(p, i);
        what = i > p.len ? "Unclosed character class" : what;
    }
    what = !what && depth > 0 ? "Unclosed group" : what;
    if (!what) {
        return true;
    }
    struct bytes last = p;
    for (size_t i = 0; i < p.len; i++) {
        if (p.data[i] == '/') {
            last = (struct bytes){ p.data + i + 1, p.len - i - 1 };
        }
    }
    return sql_fail(error, &file_runtime,
                    "Illegal file pattern: error parsing regexp: %s at pos %zu: `%.*s`", what,
                    last.len, BYTES_ARG(last));
}

bool glob_expand(struct bytes pattern,
                 struct arena *arena,
                 const struct bytes **out,
                 int32_t *out_count,
                 struct sql_error *error)
{
    if (!check(pattern, error)) {
        return false;
    }
    struct expansion *e = ARENA_NEW(arena, struct expansion, 1);
    e->arena = arena;
    expand(e, pattern, 0);
    if (e->too_many) {
        return sql_fail(error, &file_illegal_argument,
                        "The path pattern %.*s stands for more than %d patterns",
                        BYTES_ARG(pattern), GLOB_MAX);
    }
    *out = e->list;
    *out_count = e->count;
    return true;
}

/* --- matching --- */

/* A class at p[0]: does it have c? Its length goes to *out_len. */
static bool in_class(struct bytes p, uint8_t c, size_t *out_len)
{
    size_t i = 1;
    bool negated = i < p.len && (p.data[i] == '^' || p.data[i] == '!');
    i += negated;
    bool found = false;
    bool first = true;
    while (i < p.len && (p.data[i] != ']' || first)) {
        first = false;
        i += p.data[i] == '\\' && i + 1 < p.len;
        uint8_t low = p.data[i];
        uint8_t high = low;
        if (i + 2 < p.len && p.data[i + 1] == '-' && p.data[i + 2] != ']') {
            high = p.data[i + 2];
            i += 2;
        }
        found = found || (c >= low && c <= high);
        i++;
    }
    *out_len = i + 1;
    return found != negated;
}

/* One character of the name, which is UTF-8. */
static size_t character(struct bytes name, size_t at)
{
    size_t len = 1;
    while (at + len < name.len && (name.data[at + len] & 0xc0) == 0x80) {
        len++;
    }
    return len;
}

/* One part of the pattern that is no star, against what the name has there; both are moved behind it. */
static bool match_part(struct bytes pattern, size_t *i, struct bytes name, size_t *k)
{
    uint8_t c = pattern.data[*i];
    size_t used = 1;
    size_t taken = 1;
    bool fits;
    if (c == '?') {
        taken = character(name, *k);
        fits = true;
    } else if (c == '[') {
        fits =
            in_class((struct bytes){ pattern.data + *i, pattern.len - *i }, name.data[*k], &used);
    } else {
        used = c == '\\' && *i + 1 < pattern.len ? 2 : 1;
        fits = pattern.data[*i + used - 1] == name.data[*k];
    }
    *i += fits ? used : 0;
    *k += fits ? taken : 0;
    return fits;
}

bool glob_match(struct bytes pattern, struct bytes name)
{
    size_t i = 0;
    size_t k = 0;
    size_t star = SIZE_MAX; /* where to go on in the pattern when it does not fit */
    size_t retry = 0;
    while (k < name.len || i < pattern.len) {
        if (i < pattern.len && pattern.data[i] == '*') {
            star = ++i;
            retry = k;
            continue;
        }
        if (i < pattern.len && k < name.len && match_part(pattern, &i, name, &k)) {
            continue;
        }
        if (star == SIZE_MAX || retry >= name.len) {
            return false;
        }
        i = star;
        k = ++retry;
    }
    return true;
}

bool glob_has_wildcard(struct bytes part)
{
    for (size_t i = 0; i < part.len; i++) {
        uint8_t c = part.data[i];
        if (c == '*' || c == '?' || c == '[') {
            return true;
        }
        i += c == '\\';
    }
    return false;
}

struct bytes glob_plain(struct arena *arena, struct bytes part)
{
    uint8_t *text = ARENA_NEW(arena, uint8_t, part.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < part.len; i++) {
        i += part.data[i] == '\\' && i + 1 < part.len;
        text[len++] = part.data[i];
    }
    return (struct bytes){ text, len };
}
