/*
 * Compiling and matching regular expressions: see string_regex.h.
 */
#include "expressions/string_regex.h"

#include <stdlib.h>

#include "expressions/analysis.h"
#include "expressions/sql_conditions.h"

enum {
    JIT_ROWS = 64,            /* from so many on machine code pays */
    MATCH_STEPS = 10000000,   /* of backtracking, for one text */
    MATCH_MEMORY = 64 * 1024, /* KiB */
    PATTERN_MAX = 1 << 16,
};

/* A literal pattern, compiled in the analysis' arena. */
struct regex_ready {
    struct bytes pattern;
    struct bytes translated;
    bool literal;
    const pcre2_code *code; /* NULL: it is no pattern */
};

static bool is_plain(struct bytes pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.data[i] == 0 || strchr("\\^$.|?*+()[]{}", pattern.data[i])) {
            return false;
        }
    }
    return pattern.len > 0;
}

static pcre2_code *compile(struct bytes translated, pcre2_compile_context *context)
{
    int error = 0;
    PCRE2_SIZE offset = 0;
    uint32_t options =
        PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DUPNAMES;
    return pcre2_compile(translated.data, translated.len, options, &error, &offset, context);
}

/* PCRE2's memory from the arena: the compiled pattern lives as long as the expression. */
static void *arena_malloc(PCRE2_SIZE size, void *arena)
{
    return arena_alloc(arena, 1, size);
}

static void arena_free(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

void regex_prepare(struct analysis *a, struct expression *call, int32_t argument)
{
    const struct expression *e = call->args[argument];
    if (e->kind != EXPRESSION_LITERAL || e->type->kind != TYPE_STRING || e->scalar.null ||
        e->scalar.text.len > PATTERN_MAX) {
        return;
    }
    struct regex_ready *ready = ARENA_NEW(a->arena, struct regex_ready, 1);
    ready->pattern = arena_copy(a->arena, e->scalar.text);
    ready->literal = is_plain(ready->pattern);
    struct buffer text;
    buffer_init(&text, PATTERN_MAX * 16);
    if (regex_translate(&text, ready->pattern) && !text.overflow) {
        ready->translated = arena_copy(a->arena, buffer_bytes(&text));
        pcre2_general_context *memory =
            pcre2_general_context_create(arena_malloc, arena_free, a->arena);
        pcre2_compile_context *context = pcre2_compile_context_create(memory);
        (void)pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
        ready->code = compile(ready->translated, context);
    }
    buffer_finish(&text);
    call->extra = ready;
}

void regex_open(struct regex *r, struct evaluation *ev, const struct expression *call, int32_t rows)
{
    *r = (struct regex){ .ev = ev, .call = call, .ready = call->extra };
    r->worthwhile = rows >= JIT_ROWS;
}

static void forget(struct regex *r)
{
    pcre2_match_data_free(r->data);
    pcre2_code_free(r->own);
    r->data = NULL;
    r->own = NULL;
    r->code = NULL;
    r->fast = false;
    r->pattern = (struct bytes){ 0 };
}

void regex_close(struct regex *r)
{
    forget(r);
    pcre2_match_context_free(r->context);
}

static bool refuse(struct regex *r, struct bytes pattern)
{
    (void)evaluation_fail(r->ev, &(struct expression){ .span = span_none() }, &sql_invalid_regex,
                          "The value of parameter(s) `regexp` in `%s` is invalid: '%.*s'.",
                          r->call->function->name, BYTES_ARG(pattern));
    return false;
}

static pcre2_code *compile_own(struct bytes pattern, const struct regex_ready *ready)
{
    struct buffer text;
    buffer_init(&text, PATTERN_MAX * 16);
    struct bytes translated = { 0 };
    if (ready) {
        translated = ready->translated;
    } else if (pattern.len <= PATTERN_MAX && regex_translate(&text, pattern) && !text.overflow) {
        translated = buffer_bytes(&text);
    }
    pcre2_code *code = NULL;
    if (translated.data) {
        pcre2_compile_context *context = pcre2_compile_context_create(NULL);
        if (context) {
            (void)pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
            code = compile(translated, context);
        }
        pcre2_compile_context_free(context);
    }
    buffer_finish(&text);
    return code;
}

bool regex_use(struct regex *r, struct bytes pattern)
{
    if (r->pattern.data && bytes_equal(r->pattern, pattern)) {
        return true;
    }
    forget(r);
    bool known = r->ready && bytes_equal(r->ready->pattern, pattern);
    r->literal = known ? r->ready->literal : is_plain(pattern);
    r->groups = 0;
    if (!r->literal) {
        r->code = known ? r->ready->code : NULL;
        if (r->worthwhile || !known) {
            r->own = compile_own(pattern, known ? r->ready : NULL);
            r->code = r->own;
        }
        if (!r->code) {
            return refuse(r, pattern);
        }
        if (r->own && r->worthwhile) {
            r->fast =
                pcre2_jit_compile(r->own, PCRE2_JIT_COMPLETE) == 0; /* else it is only slower */
        }
        uint32_t groups = 0;
        (void)pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &groups);
        r->groups = (int32_t)groups;
        r->data = pcre2_match_data_create(groups + 1, NULL);
        if (!r->context) {
            r->context = pcre2_match_context_create(NULL);
            (void)pcre2_set_match_limit(r->context, MATCH_STEPS);
            (void)pcre2_set_heap_limit(r->context, MATCH_MEMORY);
        }
    }
    r->pattern = pattern;
    return true;
}

static enum regex_outcome find_literal(struct regex *r, struct bytes text, size_t from)
{
    size_t at = text_find(text, r->pattern, from);
    r->literal_at[0] = at;
    r->literal_at[1] = at + r->pattern.len;
    r->at = r->literal_at;
    return at <= text.len ? REGEX_FOUND : REGEX_NONE;
}

enum regex_outcome regex_find(struct regex *r, struct bytes text, size_t from)
{
    static const struct sql_condition endless = { "", "", "StackOverflowError" };
    if (from > text.len) {
        return REGEX_NONE;
    }
    if (r->literal) {
        return find_literal(r, text, from);
    }
    if (evaluation_stopped(r->ev)) {
        return REGEX_FAILED;
    }
    int found = r->fast
                    ? pcre2_jit_match(r->code, text.data, text.len, from, 0, r->data, r->context)
                    : pcre2_match(r->code, text.data, text.len, from, 0, r->data, r->context);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
        found = pcre2_match(r->code, text.data, text.len, from, PCRE2_NO_JIT, r->data, r->context);
    }
    r->at = pcre2_get_ovector_pointer(r->data);
    if (found >= 0) {
        return REGEX_FOUND;
    }
    if (found == PCRE2_ERROR_NOMATCH) {
        return REGEX_NONE;
    }
    (void)evaluation_fail(r->ev, r->call, &endless,
                          "The pattern '%.*s' takes too many steps for a text of %zu bytes.",
                          BYTES_ARG(r->pattern), text.len);
    return REGEX_FAILED;
}

size_t regex_next(const struct regex *r, struct bytes text)
{
    size_t end = r->at[1];
    if (r->at[0] != end) {
        return end;
    }
    return end < text.len ? end + text_width(text, end) : text.len + 1;
}
