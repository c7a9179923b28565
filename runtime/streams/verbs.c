/*
 * The verbs of frames and groups: see weir/stream.h. Each makes one node of the logical plan, which is analysed at once.
 */
#include <string.h>
#include <strings.h>

#include "expressions/parser.h"
#include "expressions/sql_conditions.h"
#include "streams/built.h"
#include "streams/conditions.h"
#include "streams/frame.h"

/* --- lists --- */

struct expressions {
    int32_t count;
    const struct syntax *const *list;
    const struct sort_order *orders;
};

static size_t texts_count(const char *const *texts)
{
    size_t count = 0;
    while (texts && texts[count]) {
        count++;
    }
    return count;
}

static bool parse_list(struct arena *arena,
                       const char *const *texts,
                       struct expressions *out,
                       struct sql_error *error)
{
    size_t count = texts_count(texts);
    const struct syntax **list = ARENA_NEW(arena, const struct syntax *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!parse_expression(arena, arena_copy(arena, bytes_of(texts[i])), &list[i], error)) {
            return false;
        }
    }
    *out = (struct expressions){ .count = (int32_t)count, .list = list };
    return true;
}

static bool take_list(struct arena *arena,
                      struct weir_column *const *columns,
                      struct expressions *out,
                      struct sql_error *error)
{
    *out = (struct expressions){ 0 };
    return built_take(arena, columns, &out->list, &out->orders, &out->count, error);
}

static const struct bytes *copy_names(struct arena *arena,
                                      const char *const *names,
                                      int32_t *out_count)
{
    size_t count = texts_count(names);
    struct bytes *list = ARENA_NEW(arena, struct bytes, count + 1);
    for (size_t i = 0; i < count; i++) {
        list[i] = arena_copy(arena, bytes_of(names[i]));
    }
    *out_count = (int32_t)count;
    return list;
}

/* --- nodes --- */

/* The verb over one frame; the frame's own error goes on. */
static struct weir_frame *over(struct weir_frame *frame, struct logical verb)
{
    if (!frame || frame->condition) {
        return frame;
    }
    struct logical *made = ARENA_NEW(&frame->scope->arena, struct logical, 1);
    *made = verb;
    made->input_count = 1;
    made->inputs[0] = frame->logical;
    made->depth = frame->logical->depth + 1;
    return frame_new(frame->scope, made, frame, NULL);
}

static struct weir_frame *over_list(struct weir_frame *frame,
                                    struct logical verb,
                                    const struct expressions *e)
{
    int32_t keys = verb.verb == VERB_AGGREGATE ? verb.key_count : 0;
    const struct syntax **list =
        ARENA_NEW(&frame->scope->arena, const struct syntax *, (size_t)(keys + e->count) + 1);
    for (int32_t i = 0; i < keys + e->count; i++) { /* what groups are called, then what is asked */
        list[i] = i < keys ? verb.keys[i] : e->list[i - keys];
    }
    verb.list = list;
    verb.list_count = keys + e->count;
    verb.orders = e->orders;
    return over(frame, verb);
}

/* The verb over expressions in text form. */
static struct weir_frame *over_texts(struct weir_frame *frame,
                                     struct logical verb,
                                     const char *const *texts)
{
    struct expressions e;
    struct sql_error error = { 0 };
    if (!frame || frame->condition) {
        return frame;
    }
    if (!parse_list(&frame->scope->arena, texts, &e, &error)) {
        return frame_failed(frame->scope, &error);
    }
    return over_list(frame, verb, &e);
}

static void free_all(struct weir_column *const *columns)
{
    for (size_t i = 0; columns && columns[i]; i++) {
        weir_column_free(columns[i]);
    }
}

/* ... and over built ones, which are freed whatever happens. */
static struct weir_frame *over_built(struct weir_frame *frame,
                                     struct logical verb,
                                     struct weir_column *const *columns)
{
    struct expressions e;
    struct sql_error error = { 0 };
    bool good = take_list(&frame->scope->arena, columns, &e, &error);
    if (frame->condition) {
        sql_error_finish(&error);
        return frame;
    }
    return good ? over_list(frame, verb, &e) : frame_failed(frame->scope, &error);
}

/* --- select --- */

struct weir_frame *weir_select_list(struct weir_frame *frame, const char *const *expressions)
{
    return over_texts(frame, (struct logical){ .verb = VERB_PROJECT }, expressions);
}

struct weir_frame *weir_select_built(struct weir_frame *frame, struct weir_column *const *columns)
{
    return over_built(frame, (struct logical){ .verb = VERB_PROJECT }, columns);
}

/* Names as built columns: what takes those takes these. */
static struct weir_column *const *columns_of(struct arena *arena, const char *const *names)
{
    size_t count = texts_count(names);
    struct weir_column **columns = ARENA_NEW(arena, struct weir_column *, count + 1);
    for (size_t i = 0; i < count; i++) {
        columns[i] = weir_col(names[i]);
    }
    return columns;
}

struct weir_frame *weir_select_names(struct weir_frame *frame, const char *const *names)
{
    return frame ? weir_select_built(frame, columns_of(&frame->scope->arena, names)) : NULL;
}

/* --- where --- */

struct weir_frame *weir_where(struct weir_frame *frame, const char *condition)
{
    return over_texts(frame, (struct logical){ .verb = VERB_FILTER },
                      (const char *const[]){ condition ? condition : "", NULL });
}

struct weir_frame *weir_where_column(struct weir_frame *frame, struct weir_column *condition)
{
    return over_built(frame, (struct logical){ .verb = VERB_FILTER },
                      (struct weir_column *const[]){ condition, NULL });
}

/* --- columns by name --- */

struct weir_frame *weir_with_column_built(struct weir_frame *frame,
                                          const char *name,
                                          struct weir_column *column)
{
    return over_built(frame, (struct logical){ .verb = VERB_WITH_COLUMNS },
                      (struct weir_column *const[]){ weir_alias(column, name), NULL });
}

/* An alias around the expression, whose places stay those of its text. */
struct weir_frame *weir_with_column(struct weir_frame *frame,
                                    const char *name,
                                    const char *expression)
{
    if (!frame) {
        return NULL;
    }
    struct arena *arena = &frame->scope->arena;
    struct expressions e;
    struct sql_error error = { 0 };
    if (!frame || frame->condition) {
        return frame;
    }
    if (!parse_list(arena, (const char *const[]){ expression, NULL }, &e, &error)) {
        return frame_failed(frame->scope, &error);
    }
    struct syntax *alias = ARENA_NEW(arena, struct syntax, 1);
    const struct syntax **list = ARENA_NEW(arena, const struct syntax *, 1);
    *alias = (struct syntax){ .kind = SYNTAX_ALIAS,
                              .span = span_none(),
                              .text = arena_copy(arena, bytes_of(name)),
                              .count = 1,
                              .args = e.list,
                              .depth = e.list[0]->depth + 1 };
    list[0] = alias;
    e.list = list;
    return over_list(frame, (struct logical){ .verb = VERB_WITH_COLUMNS }, &e);
}

static struct weir_frame *over_names(struct weir_frame *frame,
                                     struct logical verb,
                                     const char *const *names)
{
    verb.names = copy_names(&frame->scope->arena, names, &verb.name_count);
    return over(frame, verb);
}

struct weir_frame *weir_with_column_renamed(struct weir_frame *frame,
                                            const char *name,
                                            const char *new_name)
{
    if (!frame) {
        return NULL;
    }
    return over_names(frame, (struct logical){ .verb = VERB_RENAME },
                      (const char *const[]){ name, new_name, NULL });
}

struct weir_frame *weir_drop_names(struct weir_frame *frame, const char *const *names)
{
    if (!frame) {
        return NULL;
    }
    return over_names(frame, (struct logical){ .verb = VERB_DROP }, names);
}

struct weir_frame *weir_to_df_names(struct weir_frame *frame, const char *const *names)
{
    if (!frame) {
        return NULL;
    }
    return over_names(frame, (struct logical){ .verb = VERB_TO_DF }, names);
}

struct weir_frame *weir_as(struct weir_frame *frame, const char *name)
{
    if (!frame) {
        return NULL;
    }
    struct bytes copy = arena_copy(&frame->scope->arena, bytes_of(name));
    return over(frame, (struct logical){ .verb = VERB_ALIAS, .name = copy });
}

/* --- rows --- */

struct weir_frame *weir_limit(struct weir_frame *frame, int32_t rows)
{
    if (!frame) {
        return NULL;
    }
    return over(frame, (struct logical){ .verb = VERB_LIMIT, .limit = rows });
}

struct weir_frame *weir_distinct(struct weir_frame *frame)
{
    if (!frame) {
        return NULL;
    }
    return over(frame, (struct logical){ .verb = VERB_DISTINCT });
}

struct weir_frame *weir_drop_duplicates(struct weir_frame *frame, const char *const *names)
{
    if (!frame) {
        return NULL;
    }
    return over_names(frame, (struct logical){ .verb = VERB_DISTINCT }, names);
}

struct weir_frame *weir_union(struct weir_frame *frame, struct weir_frame *other)
{
    if (!frame || !other) {
        return NULL;
    }
    if (frame->condition || other->condition) {
        return frame->condition ? frame : other;
    }
    struct scope *scope = frame->scope->of_session ? other->scope : frame->scope;
    struct logical *made = ARENA_NEW(&scope->arena, struct logical, 1);
    *made = (struct logical){ .verb = VERB_UNION,
                              .input_count = 2,
                              .inputs = { frame->logical, other->logical } };
    int32_t a = frame->logical->depth;
    int32_t b = other->logical->depth;
    made->depth = (a > b ? a : b) + 1;
    return frame_new(scope, made, frame, other);
}

struct weir_frame *weir_order_built(struct weir_frame *frame, struct weir_column *const *columns)
{
    return over_built(frame, (struct logical){ .verb = VERB_SORT }, columns);
}

/* --- order by text --- */

/* Takes the last word off the text if it is this one, in any case. */
static bool take_word(struct bytes *text, const char *word)
{
    size_t len = strlen(word);
    *text = bytes_trim(*text);
    if (text->len <= len ||
        strncasecmp((const char *)text->data + text->len - len, word, len) != 0) {
        return false;
    }
    uint8_t before = text->data[text->len - len - 1];
    if (before != ' ' && before != '\t' && before != '\n' && before != ')' && before != '`') {
        return false;
    }
    text->len -= len;
    *text = bytes_trim(*text);
    return true;
}

/* "count DESC NULLS LAST" -> "count", and the order. */
static struct sort_order take_order(struct bytes *text)
{
    struct bytes whole = *text;
    bool last = take_word(text, "last");
    bool nulls = (last || take_word(text, "first")) && take_word(text, "nulls");
    if (!nulls) {
        *text = whole;
    }
    bool descending = take_word(text, "desc");
    if (!descending) {
        (void)take_word(text, "asc");
    }
    return (struct sort_order){ descending, nulls ? last : descending };
}

struct weir_frame *weir_order_list(struct weir_frame *frame, const char *const *items)
{
    if (!frame) {
        return NULL;
    }
    struct arena *arena = &frame->scope->arena;
    size_t count = texts_count(items);
    const char **texts = ARENA_NEW(arena, const char *, count + 1);
    struct sort_order *orders = ARENA_NEW(arena, struct sort_order, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct bytes text = bytes_of(items[i]);
        orders[i] = take_order(&text);
        texts[i] = arena_text(arena, text);
    }
    struct expressions e;
    struct sql_error error = { 0 };
    if (!frame || frame->condition) {
        return frame;
    }
    if (!parse_list(arena, texts, &e, &error)) {
        return frame_failed(frame->scope, &error);
    }
    e.orders = orders;
    return over_list(frame, (struct logical){ .verb = VERB_SORT }, &e);
}

struct weir_frame *weir_with_watermark(struct weir_frame *frame,
                                       const char *column,
                                       const char *delay)
{
    if (!frame) {
        return NULL;
    }
    struct arena *arena = &frame->scope->arena;
    return over(frame, (struct logical){ .verb = VERB_WATERMARK,
                                         .name = arena_copy(arena, bytes_of(column)),
                                         .delay = arena_copy(arena, bytes_of(delay)) });
}

/* --- groups --- */

static struct weir_group *group_new(struct weir_frame *frame,
                                    bool good,
                                    const struct expressions *e,
                                    struct sql_error *error)
{
    struct weir_group *group = ARENA_NEW(&frame->scope->arena, struct weir_group, 1);
    group->frame = frame;
    if (frame->condition) {
        sql_error_finish(error);
    } else if (!good) {
        group->frame = frame_failed(frame->scope, error);
    } else {
        group->count = e->count;
        group->keys = e->list;
    }
    return group;
}

struct weir_group *weir_group_list(struct weir_frame *frame, const char *const *expressions)
{
    if (!frame) {
        return NULL;
    }
    struct expressions e;
    struct sql_error error = { 0 };
    bool good = parse_list(&frame->scope->arena, expressions, &e, &error);
    return group_new(frame, good, &e, &error);
}

struct weir_group *weir_group_built(struct weir_frame *frame, struct weir_column *const *columns)
{
    if (!frame) {
        free_all(columns);
        return NULL;
    }
    struct expressions e;
    struct sql_error error = { 0 };
    bool good = take_list(&frame->scope->arena, columns, &e, &error);
    return group_new(frame, good, &e, &error);
}

static struct logical verb_of(const struct weir_group *group)
{
    return (
        struct logical){ .verb = VERB_AGGREGATE, .keys = group->keys, .key_count = group->count };
}

struct weir_frame *weir_agg_list(struct weir_group *group, const char *const *expressions)
{
    if (!group) {
        return NULL;
    }
    return over_texts(group->frame, verb_of(group), expressions);
}

struct weir_frame *weir_agg_built(struct weir_group *group, struct weir_column *const *columns)
{
    if (!group) {
        free_all(columns);
        return NULL;
    }
    return over_built(group->frame, verb_of(group), columns);
}

struct weir_frame *weir_group_count(struct weir_group *group)
{
    if (!group) {
        return NULL;
    }
    struct weir_column *count = weir_alias(weir_call("count", weir_lit_int(1)), "count");
    return weir_agg_built(group, (struct weir_column *const[]){ count, NULL });
}

static bool no_such_column(const struct type *schema, struct bytes name, struct sql_error *error)
{
    struct buffer names;
    buffer_init(&names, SQL_ERROR_MAX);
    for (int32_t i = 0; i < schema->field_count; i++) {
        buffer_printf(&names, "%s`%.*s`", i ? ", " : "", BYTES_ARG(schema->fields[i].name));
    }
    (void)sql_fail(error, &sql_unresolved_column,
                   "A column, variable, or function parameter with name `%.*s` cannot be resolved. "
                   "Did you mean one of the following? [%.*s].",
                   BYTES_ARG(name), BYTES_ARG(buffer_bytes(&names)));
    buffer_finish(&names);
    return false;
}

/* What is asked of these columns is asked of numbers. Fields of structs ("a.b") are left to the analysis. */
static bool check_number(const struct type *schema, struct bytes name, struct sql_error *error)
{
    for (int32_t i = 0; i < schema->field_count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->name.len == name.len &&
            strncasecmp((const char *)field->name.data, (const char *)name.data, name.len) == 0) {
            return type_is_numeric(field->type) ||
                   sql_fail(error, &stream_analysis,
                            "\"%.*s\" is not a numeric column. Aggregation function can only be "
                            "applied on a numeric column.",
                            BYTES_ARG(name));
        }
    }
    return memchr(name.data, '.', name.len) || memchr(name.data, '`', name.len) ||
           no_such_column(schema, name, error);
}

struct weir_frame *weir_group_numbers(struct weir_group *group,
                                      const char *function,
                                      const char *const *names)
{
    if (!group) {
        return NULL;
    }
    const struct weir_frame *frame = group->frame;
    if (frame->condition) {
        return group->frame;
    }
    const struct type *schema = frame->plan->schema;
    size_t given = texts_count(names);
    struct weir_column **columns = ARENA_NEW(&frame->scope->arena, struct weir_column *,
                                             given + (size_t)schema->field_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < given; i++) {
        struct sql_error error = { 0 };
        if (!check_number(schema, bytes_of(names[i]), &error)) {
            while (count > 0) {
                weir_column_free(columns[--count]);
            }
            return frame_failed(frame->scope, &error);
        }
        columns[count++] = weir_call(function, weir_col(names[i]));
    }
    for (int32_t i = 0; given == 0 && i < schema->field_count; i++) {
        if (type_is_numeric(schema->fields[i].type)) {
            struct buffer name;
            buffer_init(&name, 1 << 16);
            type_print_name(&name, schema->fields[i].name);
            columns[count++] = weir_call(
                function, weir_col(arena_text(&frame->scope->arena, buffer_bytes(&name))));
            buffer_finish(&name);
        }
    }
    return weir_agg_built(group, columns);
}
