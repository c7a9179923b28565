/*
 * Frames from text, for tests of plans: a verb a line, its items separated by " ; ".
 *
 *     frame_run(&f, "values VALUES (1, 'a') AS t(id, name)\n"
 *                   "where id > 1\n"
 *                   "group id : count(*) AS n ; max(name)\n"     keys : what is asked, the keys are put in front
 *                   "order n DESC ; id");
 */
#pragma once

#include "frames.h"

enum { FRAME_ITEMS = 32 };

struct frame_items {
    int32_t count;
    char *texts[FRAME_ITEMS + 1];
};

static inline struct frame_items frame_split(struct frames *f, const char *text)
{
    struct frame_items items = { 0 };
    char *rest = arena_text(&f->arena, bytes_of(text));
    while (rest && items.count < FRAME_ITEMS) {
        char *end = strstr(rest, " ; ");
        items.texts[items.count++] = rest;
        if (end) {
            *end = '\0';
        }
        rest = end ? end + 3 : NULL;
    }
    return items;
}

/* Of "name DESC" only the name is left. */
static inline bool frame_take_desc(char *text)
{
    size_t len = strlen(text);
    if (len < 5 || strcmp(text + len - 5, " DESC") != 0) {
        return false;
    }
    text[len - 5] = '\0';
    return true;
}

static inline void frame_sort(struct frames *f, struct logical *l, struct frame_items *items)
{
    struct sort_order *orders = ARENA_NEW(&f->arena, struct sort_order, (size_t)items->count);
    for (int32_t i = 0; i < items->count; i++) {
        bool descending = frame_take_desc(items->texts[i]);
        orders[i] = (struct sort_order){ descending, descending };
    }
    l->orders = orders;
}

static inline void frame_names(struct frames *f, struct logical *l, const struct frame_items *items)
{
    struct bytes *names = ARENA_NEW(&f->arena, struct bytes, (size_t)items->count);
    for (int32_t i = 0; i < items->count; i++) {
        names[i] = bytes_of(items->texts[i]);
    }
    l->names = names;
    l->name_count = items->count;
}

/* "keys : list": the keys are put in front of the list. */
static inline bool frame_group(struct frames *f, struct logical *l, const char *text)
{
    char *keys = arena_text(&f->arena, bytes_of(text));
    char *colon = strstr(keys, ": ");
    struct frame_items first = { 0 };
    if (colon != keys) {
        colon[-1] = '\0';
        first = frame_split(f, keys);
    }
    struct frame_items second = frame_split(f, colon + 2);
    const struct syntax *const *asked = NULL;
    int32_t count = 0;
    if (!frame_parse(f, (const char *const *)first.texts, &l->keys, &l->key_count) ||
        !frame_parse(f, (const char *const *)second.texts, &asked, &count)) {
        return false;
    }
    const struct syntax **all =
        ARENA_NEW(&f->arena, const struct syntax *, (size_t)(l->key_count + count));
    for (int32_t i = 0; i < l->key_count + count; i++) {
        all[i] = i < l->key_count ? l->keys[i] : asked[i - l->key_count];
    }
    l->list = all;
    l->list_count = l->key_count + count;
    return true;
}

static const struct frame_word {
    const char *word;
    enum verb verb;
    bool names;
} frame_words[] = {
    { "select", VERB_PROJECT, false },
    { "with", VERB_WITH_COLUMNS, false },
    { "where", VERB_FILTER, false },
    { "order", VERB_SORT, false },
    { "group", VERB_AGGREGATE, false },
    { "rename", VERB_RENAME, true },
    { "drop", VERB_DROP, true },
    { "todf", VERB_TO_DF, true },
    { "dedup", VERB_DISTINCT, true },
    { "distinct", VERB_DISTINCT, false },
    { "limit", VERB_LIMIT, false },
    { "alias", VERB_ALIAS, false },
    { "watermark", VERB_WATERMARK, false },
};

static inline void frame_line(struct frames *f, const char *word, const char *text)
{
    struct frame_items items = frame_split(f, text);
    if (strcmp(word, "values") == 0) {
        frame_values(f, text);
        return;
    }
    if (strcmp(word, "range") == 0) {
        frame_range(f, atol(text));
        return;
    }
    if (strcmp(word, "stream") == 0) {
        frame_stream(f, items.texts[0], items.texts[1]);
        return;
    }
    for (size_t i = 0; i < sizeof(frame_words) / sizeof(frame_words[0]); i++) {
        struct logical l = { .verb = frame_words[i].verb };
        if (strcmp(word, frame_words[i].word) != 0) {
            continue;
        }
        bool ok = true;
        if (l.verb == VERB_LIMIT) {
            l.limit = (int32_t)atol(text);
        } else if (l.verb == VERB_ALIAS || l.verb == VERB_WATERMARK) {
            l.name = bytes_of(items.texts[0]);
            l.delay = bytes_of(items.texts[1]);
        } else if (frame_words[i].names) {
            frame_names(f, &l, &items);
        } else if (l.verb == VERB_AGGREGATE) {
            ok = frame_group(f, &l, text);
        } else if (l.verb != VERB_DISTINCT) {
            if (l.verb == VERB_SORT) {
                frame_sort(f, &l, &items);
            }
            ok = frame_parse(f, (const char *const *)items.texts, &l.list, &l.list_count);
        }
        if (ok) {
            frame_verb(f, l, NULL);
        }
        return;
    }
    abort();
}

static inline void frame_run(struct frames *f, const char *lines)
{
    struct bytes rest = bytes_of(lines);
    struct bytes line;
    while (!sql_failed(&f->error) && bytes_cut(&rest, '\n', &line)) {
        struct bytes text = line;
        struct bytes word;
        if (line.len > 0 && bytes_cut(&text, ' ', &word)) {
            frame_line(f, arena_text(&f->arena, word),
                       text.data ? arena_text(&f->arena, text) : "");
        }
    }
}

static inline void frame_union(struct frames *f, const struct frames *other)
{
    frame_verb(f, (struct logical){ .verb = VERB_UNION }, other);
}

/* What `print` makes of the plan, or the error's text: the caller frees it. */
static inline char *frame_text(const struct frames *f,
                               void (*print)(struct buffer *out, const struct plan *plan))
{
    if (sql_failed(&f->error)) {
        return mem_text(f->error.message, strlen(f->error.message));
    }
    struct buffer out;
    buffer_init(&out, SQL_ERROR_MAX);
    print(&out, f->plan);
    char *text = mem_text(buffer_bytes(&out).data, out.len);
    buffer_finish(&out);
    return text;
}
