/*
 * get_json_object(text, '$.a[0].b'), json_array_length, json_object_keys: see json_functions.h.
 *
 * A path is a list of steps:   .name ['name']   .* ['*']   [3]   [*]
 *
 * Source: GetJsonObjectEvaluator, JsonPathParser of Spark 4.1, which keep some habits of Hive: a wildcard with one match gives it bare.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "columns/builder.h"
#include "expressions/analysis.h"
#include "expressions/json_functions.h"
#include "expressions/json_reader.h"

enum { PATH_STEPS = 256 };

enum step_kind { STEP_NAME, STEP_ANY_NAME, STEP_INDEX, STEP_ANY_INDEX };

struct step {
    enum step_kind kind;
    struct bytes name;
    int64_t index;
};

struct path {
    int32_t count;
    struct step steps[PATH_STEPS];
};

/* --- paths --- */

static bool starts(struct bytes text, const char *prefix)
{
    return bytes_starts_with(text, bytes_of(prefix));
}

static void skip(struct bytes *text, size_t len)
{
    text->data += len;
    text->len -= len;
}

static void skip_blanks(struct bytes *text)
{
    while (text->len > 0 && strchr(" \t\n\r\f\v", *text->data) && *text->data) {
        skip(text, 1);
    }
}

/* Everything up to one of `ends`; at least one byte. */
static bool take_until(struct bytes *text, const char *ends, struct bytes *out)
{
    size_t len = 0;
    while (len < text->len && !(text->data[len] && strchr(ends, text->data[len]))) {
        len++;
    }
    *out = (struct bytes){ text->data, len };
    skip(text, len);
    return len > 0;
}

static bool read_subscript(struct bytes *text, struct step *out)
{
    out->kind = STEP_ANY_INDEX;
    skip(text, 1);
    if (starts(*text, "*")) {
        skip(text, 1);
    } else {
        out->kind = STEP_INDEX;
        skip_blanks(text);
        struct bytes digits;
        if (!take_until(text, "]", &digits) || *digits.data < '0' || *digits.data > '9' ||
            !bytes_parse_i64(digits, &out->index)) {
            return false;
        }
    }
    bool closed = starts(*text, "]");
    skip(text, closed);
    return closed;
}

static bool read_step(struct bytes *text, struct step *out)
{
    struct bytes ahead = *text;
    skip_blanks(&ahead);
    bool any = starts(ahead, ".*") || starts(ahead, "['*']");
    if (any) {
        out->kind = STEP_ANY_NAME;
        skip(&ahead, starts(ahead, ".*") ? 2 : 5);
        *text = ahead;
        return true;
    }
    out->kind = STEP_NAME;
    if (starts(*text, ".")) {
        skip(text, 1);
        skip_blanks(text);
        return take_until(text, ".[", &out->name);
    }
    if (starts(ahead, "['")) {
        *text = ahead;
        skip(text, 2);
        skip_blanks(text);
        bool closed = take_until(text, "'?", &out->name) && starts(*text, "']");
        skip(text, closed ? 2 : 0);
        return closed;
    }
    return starts(*text, "[") && read_subscript(text, out);
}

static bool read_path(struct bytes text, struct path *out)
{
    out->count = 0;
    if (!starts(text, "$")) {
        return false;
    }
    skip(&text, 1);
    while (text.len > 0) {
        if (out->count == PATH_STEPS || !read_step(&text, &out->steps[out->count])) {
            return false;
        }
        out->count++;
    }
    return true;
}

/* --- evaluation --- */

enum style { STYLE_RAW, STYLE_QUOTED, STYLE_FLATTEN };

/* Where results go. */
struct generator {
    struct buffer *out;
    enum json_charset charset;
    bool in_array;
    bool comma; /* before the next value */
};

struct walk {
    struct json_reader *reader;
    const struct path *path;
    bool broken; /* the text is: then nothing counts */
};

static bool evaluate_step(struct walk *w, struct generator *g, enum style style, int32_t at);

static void before_value(struct generator *g)
{
    if (g->comma) {
        buffer_append_text(g->out, ",");
    }
    g->comma = g->in_array;
}

static struct generator open_array(struct generator *g)
{
    before_value(g);
    buffer_append_text(g->out, "[");
    return (struct generator){ g->out, g->charset, true, false };
}

static bool next(struct walk *w)
{
    w->broken = w->broken || !json_next(w->reader) || w->reader->token == JSON_NONE;
    return !w->broken;
}

static void skip_children(struct walk *w)
{
    w->broken = w->broken || !json_skip_children(w->reader);
}

/* Every element, to the closing bracket; how many matched. */
static int64_t each_element(struct walk *w, struct generator *g, enum style style, int32_t at)
{
    int64_t matches = 0;
    while (next(w) && w->reader->token != JSON_END_ARRAY) {
        matches += evaluate_step(w, g, style, at);
    }
    return matches;
}

static bool match_end(struct walk *w, struct generator *g, enum style style)
{
    struct json_reader *r = w->reader;
    if (r->token == JSON_STRING && style == STYLE_RAW) {
        w->broken = w->broken || !json_complete(r);
        struct bytes text = json_text(r);
        buffer_append(g->out, text.data, text.len);
        return true;
    }
    if (r->token == JSON_START_ARRAY && style == STYLE_FLATTEN) {
        return each_element(w, g, style, w->path->count) > 0;
    }
    before_value(g);
    w->broken = w->broken || !json_copy_value(r, g->out, g->charset);
    return true;
}

static bool match_members(struct walk *w, struct generator *g, enum style style, int32_t at)
{
    const struct step *step = &w->path->steps[at];
    struct json_reader *r = w->reader;
    bool matched = false;
    while (next(w) && r->token != JSON_END_OBJECT) {
        bool named = r->token == JSON_NAME && !matched &&
                     (step->kind == STEP_ANY_NAME || bytes_equal(json_name(r), step->name));
        if (!named) {
            skip_children(w);
        } else if (next(w)) {
            bool null = r->token == JSON_NULL && step->kind == STEP_NAME;
            matched = !null && evaluate_step(w, g, style, at + 1);
        }
    }
    return matched;
}

/* One match stands alone, several make an array. */
static bool match_some(struct walk *w, struct generator *g, enum style style, int32_t at)
{
    struct buffer found;
    buffer_init(&found, INT32_MAX);
    struct generator inner = { &found, JSON_CHARACTERS, true, false };
    int64_t matches = each_element(w, &inner, style == STYLE_RAW ? STYLE_QUOTED : style, at + 1);
    if (matches > 0) {
        before_value(g);
        buffer_append_text(g->out, matches > 1 ? "[" : "");
        buffer_append(g->out, found.data, found.len);
        buffer_append_text(g->out, matches > 1 ? "]" : "");
    }
    buffer_finish(&found);
    return matches > 0;
}

static bool match_elements(struct walk *w, struct generator *g, enum style style, int32_t at)
{
    const struct path *path = w->path;
    bool twice = at + 1 < path->count && path->steps[at + 1].kind == STEP_ANY_INDEX;
    if (!twice && style != STYLE_QUOTED) {
        return match_some(w, g, style, at);
    }
    struct generator inner = open_array(g);
    int64_t matches = twice ? each_element(w, &inner, STYLE_FLATTEN, at + 2)
                            : each_element(w, &inner, STYLE_QUOTED, at + 1);
    buffer_append_text(g->out, "]");
    return matches > 0;
}

static bool match_index(struct walk *w, struct generator *g, enum style style, int32_t at)
{
    const struct path *path = w->path;
    bool several = at + 1 < path->count && path->steps[at + 1].kind == STEP_ANY_INDEX;
    int64_t left = path->steps[at].index;
    bool matched = false;
    while (next(w) && w->reader->token != JSON_END_ARRAY) {
        if (left-- == 0) {
            matched = evaluate_step(w, g, several ? STYLE_QUOTED : style, at + 1);
        } else {
            skip_children(w);
        }
    }
    return matched;
}

/* Recursion is as deep as the path is long, or, when flattening, as the text is nested, which the reader bounds. */
static bool evaluate_step(struct walk *w, struct generator *g, enum style style, int32_t at)
{
    if (w->broken) {
        return false;
    }
    if (at == w->path->count) {
        return match_end(w, g, style);
    }
    enum step_kind kind = w->path->steps[at].kind;
    enum json_token token = w->reader->token;
    if (token == JSON_START_OBJECT && kind == STEP_NAME) {
        return match_members(w, g, style, at);
    }
    if (token == JSON_START_ARRAY && kind == STEP_ANY_INDEX) {
        return match_elements(w, g, style, at);
    }
    if (token == JSON_START_ARRAY && kind == STEP_INDEX) {
        return match_index(w, g, style, at);
    }
    skip_children(w);
    return false;
}

/* --- functions --- */

/* What these functions read beyond the standard, as Hive does. */
static struct json_reader *new_reader(void)
{
    struct json_reader *r = MEM_NEW(struct json_reader);
    json_reader_init(r,
                     (struct json_leniency){ .single_quotes = true, .control_characters = true });
    return r;
}

static void free_reader(struct json_reader *r)
{
    json_reader_finish(r);
    free(r);
}

struct column *get_json_object(struct evaluation *ev,
                               const struct expression *call,
                               struct column *const *args,
                               const struct rows *rows)
{
    (void)ev;
    struct json_reader *r = new_reader();
    struct path *path = MEM_NEW(struct path);
    struct bytes known = { NULL, 0 };
    bool good = false;
    struct builder *b = builder_new(call->type);
    struct buffer out;
    buffer_init(&out, INT32_MAX);
    for (int32_t i = 0; i < rows->count; i++) {
        bool found = false;
        if (row_counts(rows, i)) {
            struct bytes text = column_text(args[1], i);
            if (bytes_is_null(known) || !bytes_equal(known, text)) {
                known = text;
                good = read_path(text, path);
            }
            buffer_clear(&out);
            json_reader_start(r, column_text(args[0], i));
            struct walk w = { .reader = r, .path = path };
            struct generator g = { &out, JSON_UTF8, false, false };
            found = good && next(&w) && evaluate_step(&w, &g, STYLE_RAW, 0) && !w.broken;
        }
        if (found) {
            builder_text(b, buffer_bytes(&out));
        } else {
            builder_null(b);
        }
    }
    buffer_finish(&out);
    free(path);
    free_reader(r);
    return builder_finish(b);
}

struct column *json_array_length(struct evaluation *ev,
                                 const struct expression *call,
                                 struct column *const *args,
                                 const struct rows *rows)
{
    (void)ev;
    struct json_reader *r = new_reader();
    struct builder *b = builder_new(call->type);
    for (int32_t i = 0; i < rows->count; i++) {
        int32_t length = 0;
        bool ok = row_counts(rows, i);
        if (ok) {
            json_reader_start(r, column_text(args[0], i));
            ok = json_next(r) && r->token == JSON_START_ARRAY;
        }
        while (ok && (ok = json_next(r)) && r->token != JSON_END_ARRAY) {
            ok = json_skip_children(r);
            length++;
        }
        if (ok) {
            builder_integer(b, length);
        } else {
            builder_null(b);
        }
    }
    free_reader(r);
    return builder_finish(b);
}

bool resolve_json_object_keys(struct analysis *a, struct expression *call)
{
    call->type = type_array(a->arena, type_simple(TYPE_STRING), true);
    call->nullable = true;
    return json_text_argument(a, call, 0);
}

struct column *json_object_keys(struct evaluation *ev,
                                const struct expression *call,
                                struct column *const *args,
                                const struct rows *rows)
{
    (void)ev;
    struct json_reader *r = new_reader();
    struct builder *b = builder_new(call->type);
    for (int32_t i = 0; i < rows->count; i++) {
        bool ok = row_counts(rows, i);
        if (ok) {
            json_reader_start(r, column_text(args[0], i));
            ok = json_next(r) && r->token == JSON_START_OBJECT;
        }
        while (ok && (ok = json_next(r)) && r->token == JSON_NAME) {
            builder_text(b->children[0], json_name(r));
            ok = json_next(r) && json_skip_children(r);
        }
        if (ok) {
            builder_list(b);
        } else {
            builder_truncate(b->children[0], b->length ? b->offsets[b->length] : 0);
            builder_null(b);
        }
    }
    free_reader(r);
    return builder_finish(b);
}
