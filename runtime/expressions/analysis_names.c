/*
 * Names: columns, their fields, stars. See analysis.h.
 */
#include <stdlib.h>
#include <strings.h>

#include "expressions/analysis_parts.h"
#include "expressions/sql_conditions.h"

static bool same_name(const struct analysis *a, struct bytes x, struct bytes y)
{
    return x.len == y.len &&
           (a->settings->case_sensitive
                ? memcmp(x.data, y.data, x.len) == 0
                : strncasecmp((const char *)x.data, (const char *)y.data, x.len) == 0);
}

/* --- columns --- */

/* Under the name that it was asked for by: ID stays ID, though the column is id. */
static const struct expression *column_expression(struct analysis *a,
                                                  int32_t index,
                                                  struct bytes name,
                                                  struct span span)
{
    const struct field *field = &a->input->fields[index];
    struct expression *e = analysis_new(a, EXPRESSION_COLUMN, span, NULL, 0);
    e->index = index;
    e->name = name;
    e->type = field->type;
    e->nullable = field->nullable;
    return e;
}

/* Columns that parts[0 .. taken) name, with or without the table's name. -1: none; -2: several. */
static int32_t find_column(const struct analysis *a,
                           const struct bytes *parts,
                           int32_t count,
                           int32_t *out_taken)
{
    int32_t found = -1;
    for (int32_t taken = count > 1 && a->qualifiers ? 2 : 1; taken > 0 && found == -1; taken--) {
        for (int32_t i = 0; i < a->input->field_count; i++) {
            bool matches = same_name(a, parts[taken - 1], a->input->fields[i].name) &&
                           (taken == 1 || (!bytes_is_null(a->qualifiers[i]) &&
                                           same_name(a, parts[0], a->qualifiers[i])));
            bool same = matches && found >= 0 && a->same_column &&
                        a->same_column(a->same_context, found, i);
            if (matches && !same) {
                found = found == -1 ? i : -2;
                *out_taken = taken;
            }
        }
    }
    return found;
}

static void append_name(const struct analysis *a, struct buffer *out, int32_t column)
{
    if (a->qualifiers && !bytes_is_null(a->qualifiers[column])) {
        buffer_printf(out, "`%.*s`.", BYTES_ARG(a->qualifiers[column]));
    }
    buffer_printf(out, "`%.*s`", BYTES_ARG(a->input->fields[column].name));
}

static void append_parts(struct buffer *out, const struct bytes *parts, int32_t count, bool quoted)
{
    for (int32_t i = 0; i < count; i++) {
        buffer_printf(out, quoted ? "%s`%.*s`" : "%s%.*s", i ? "." : "", BYTES_ARG(parts[i]));
    }
}

static void ambiguous(struct analysis *a, const struct syntax *s, int32_t taken)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_append_text(&text, "Reference `");
    append_parts(&text, s->parts, taken, false);
    buffer_append_text(&text, "` is ambiguous, could be: [");
    const char *separator = "";
    for (int32_t i = 0; i < a->input->field_count; i++) {
        if (same_name(a, s->parts[taken - 1], a->input->fields[i].name)) {
            buffer_append_text(&text, separator);
            append_name(a, &text, i);
            separator = ", ";
        }
    }
    buffer_append_text(&text, "].");
    (void)sql_fail(a->error, &sql_ambiguous_reference, "%.*s", BYTES_ARG(buffer_bytes(&text)));
    sql_error_add_line(a->error, a->source, s->span);
    buffer_finish(&text);
}

/* --- suggestions --- */

static int distance(struct bytes a, struct bytes b)
{
    int row[256];
    size_t width = b.len < 255 ? b.len : 255;
    for (size_t j = 0; j <= width; j++) {
        row[j] = (int)j;
    }
    for (size_t i = 0; i < a.len; i++) {
        int diagonal = row[0];
        row[0] = (int)i + 1;
        for (size_t j = 0; j < width; j++) {
            int replaced = diagonal + (a.data[i] != b.data[j]);
            int moved = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = replaced < moved ? replaced : moved;
        }
    }
    return row[width];
}

struct candidate {
    struct bytes name;
    int distance;
};

static int by_distance(const void *x, const void *y)
{
    const struct candidate *a = x;
    const struct candidate *b = y;
    return a->distance != b->distance ? a->distance - b->distance : bytes_compare(a->name, b->name);
}

/* Tables' names are told when one was given, and where not all columns are of the same table. */
static bool tells_tables(const struct analysis *a, const struct syntax *s)
{
    for (int32_t i = 1; s->part_count == 1 && a->qualifiers && i < a->input->field_count; i++) {
        if (!bytes_equal(a->qualifiers[i], a->qualifiers[0])) {
            return true;
        }
    }
    return s->part_count > 1 && a->qualifiers;
}

/* As Spark measures: from the name as it was written to the candidates in their quotes. */
static void unresolved(struct analysis *a, const struct syntax *s)
{
    enum { SHOWN = 5 };
    int32_t count = a->input->field_count;
    bool tables = tells_tables(a, s);
    struct buffer asked;
    buffer_init(&asked, SQL_ERROR_MAX);
    append_parts(&asked, s->parts, s->part_count, false);
    struct candidate *list = ARENA_NEW(a->arena, struct candidate, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        struct bytes name = a->input->fields[i].name;
        bool qualified = tables && !bytes_is_null(a->qualifiers[i]);
        list[i].name = qualified ? arena_printf(a->arena, "`%.*s`.`%.*s`",
                                                BYTES_ARG(a->qualifiers[i]), BYTES_ARG(name))
                                 : arena_printf(a->arena, "`%.*s`", BYTES_ARG(name));
        list[i].distance = distance(list[i].name, buffer_bytes(&asked));
    }
    buffer_finish(&asked);
    qsort(list, (size_t)count, sizeof(*list), by_distance);
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    buffer_append_text(&text, "A column, variable, or function parameter with name ");
    append_parts(&text, s->parts, s->part_count, true);
    buffer_append_text(&text, " cannot be resolved.");
    for (int32_t i = 0; i < count && i < SHOWN; i++) {
        buffer_printf(&text, "%s%.*s", i ? ", " : " Did you mean one of the following? [",
                      BYTES_ARG(list[i].name));
    }
    buffer_append_text(&text, count ? "]." : "");
    (void)sql_fail(a->error, count ? &sql_unresolved_column : &sql_unresolved_column_alone, "%.*s",
                   BYTES_ARG(buffer_bytes(&text)));
    sql_error_add_line(a->error, a->source, s->span);
    buffer_finish(&text);
}

/* --- fields --- */

bool analysis_refuse_extract(struct analysis *a, const struct expression *base, struct span span)
{
    const struct type *type = base->type;
    struct buffer shown;
    buffer_init(&shown, SQL_ERROR_MAX);
    expression_print_name(&shown, base);
    buffer_append_text(&shown, "\". Need a complex type [STRUCT, ARRAY, MAP] but got \"");
    type_print_sql(&shown, type);
    (void)sql_fail(a->error, &sql_extract_base, "Can't extract a value from \"%.*s\".",
                   BYTES_ARG(buffer_bytes(&shown)));
    sql_error_add_line(a->error, a->source, span);
    buffer_finish(&shown);
    return false;
}

static void no_such_field(struct analysis *a, const struct type *type, struct bytes name)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    for (int32_t i = 0; i < type->field_count; i++) {
        buffer_printf(&text, "%s`%.*s`", i ? ", " : "", BYTES_ARG(type->fields[i].name));
    }
    (void)sql_fail(a->error, &sql_field_not_found, "No such struct field `%.*s` in %.*s.",
                   BYTES_ARG(name), BYTES_ARG(buffer_bytes(&text)));
    buffer_finish(&text);
}

static const struct expression *field_at(struct analysis *a,
                                         const struct expression *base,
                                         const struct type *type,
                                         int32_t index,
                                         struct span span)
{
    struct expression *e = analysis_new(a, EXPRESSION_FIELD, span, &base, 1);
    const struct field *field = &type->fields[index];
    e->index = index;
    e->name = field->name;
    e->type = field->type;
    e->nullable = base->nullable || field->nullable;
    if (base->type->kind == TYPE_ARRAY) {
        e->type =
            type_array(a->arena, field->type, base->type->element_nullable || field->nullable);
        e->nullable = base->nullable;
    }
    return e;
}

static const struct expression *struct_field(struct analysis *a,
                                             const struct expression *base,
                                             const struct type *type,
                                             struct bytes name,
                                             struct span span)
{
    int32_t index = -1;
    for (int32_t i = 0; i < type->field_count; i++) {
        if (same_name(a, type->fields[i].name, name)) {
            if (index >= 0) {
                (void)sql_fail(a->error, &sql_ambiguous_field,
                               "Ambiguous reference to the field `%.*s`. It appears 2 times in the "
                               "schema.",
                               BYTES_ARG(name));
                sql_error_add_line(a->error, a->source, span);
                return NULL;
            }
            index = i;
        }
    }
    if (index < 0) {
        no_such_field(a, type, name);
        return NULL;
    }
    return field_at(a, base, type, index, span);
}

const struct expression *analysis_field(struct analysis *a,
                                        const struct expression *base,
                                        struct bytes name,
                                        struct span span)
{
    const struct type *type = base->type;
    if (type->kind == TYPE_STRUCT) {
        return struct_field(a, base, type, name, span);
    }
    if (type->kind == TYPE_ARRAY && type->element->kind == TYPE_STRUCT) {
        return struct_field(a, base, type->element, name, span);
    }
    if (type->kind == TYPE_MAP || type->kind == TYPE_ARRAY) {
        struct expression like = { .span = span };
        const struct expression *key = analysis_literal(a, scalar_text(name), &like);
        return analysis_call(a, "[]", (const struct expression *[]){ base, key }, 2, span);
    }
    (void)analysis_refuse_extract(a, base, span);
    return NULL;
}

const struct expression *analysis_struct_field(struct analysis *a,
                                               const struct expression *base,
                                               struct bytes name,
                                               struct span span)
{
    return analysis_field(a, base, name, span);
}

/* --- names --- */

static const struct expression *variable_named(const struct analysis *a, struct bytes name)
{
    for (const struct lambda_scope *scope = a->scope; scope; scope = scope->outer) {
        for (int32_t i = 0; i < scope->count; i++) {
            if (same_name(a, scope->names[i], name)) {
                return scope->variables[i];
            }
        }
    }
    return NULL;
}

const struct expression *analysis_name(struct analysis *a, const struct syntax *s)
{
    int32_t taken = 1;
    const struct expression *e = variable_named(a, s->parts[0]);
    if (!e) {
        int32_t index = find_column(a, s->parts, s->part_count, &taken);
        if (index == -2) {
            ambiguous(a, s, taken);
            return NULL;
        }
        if (index >= 0) {
            e = column_expression(a, index, s->parts[taken - 1], s->span);
        } else if (s->part_count == 1 && analysis_is_bare_function(s->text)) {
            return analysis_call_syntax(a, s, NULL);
        }
    }
    if (!e) {
        unresolved(a, s);
        return NULL;
    }
    for (int32_t i = taken; e && i < s->part_count; i++) {
        e = analysis_field(a, e, s->parts[i], s->span);
    }
    return e;
}

/* --- what select() makes of its arguments --- */

const struct expression *analysis_alias(struct analysis *a,
                                        const struct expression *e,
                                        const struct syntax *s)
{
    if (s->part_count > 1) {
        struct buffer text;
        buffer_init(&text, SQL_ERROR_MAX);
        buffer_append_text(&text, "Multi part aliasing (");
        for (int32_t i = 0; i < s->part_count; i++) {
            buffer_printf(&text, "%s%.*s", i ? ", " : "", BYTES_ARG(s->parts[i]));
        }
        buffer_append_text(&text, ") is not supported with \"");
        expression_print_name(&text, e);
        buffer_append_text(&text, "\" as it is not a generator function.");
        (void)sql_fail(a->error, &sql_multi_alias, "%.*s", BYTES_ARG(buffer_bytes(&text)));
        buffer_finish(&text);
        return NULL;
    }
    struct expression *alias = analysis_new(a, EXPRESSION_ALIAS, s->span, &e, 1);
    alias->name = s->text;
    alias->type = e->type;
    alias->nullable = e->nullable;
    return alias;
}

/* CAST(key AS STRING) of a plain column keeps its name; everything else is called what it is. */
/* a.b.c: a column and fields below it. */
static bool is_path(const struct expression *e)
{
    while (e->kind == EXPRESSION_FIELD) {
        e = e->args[0];
    }
    return e->kind == EXPRESSION_COLUMN;
}

static const struct expression *named(struct analysis *a, const struct expression *e)
{
    if (e->kind == EXPRESSION_ALIAS) {
        return e;
    }
    struct expression *alias = analysis_new(a, EXPRESSION_ALIAS, e->span, &e, 1);
    alias->type = e->type;
    alias->nullable = e->nullable;
    const struct expression *plain = e;
    while (plain->kind == EXPRESSION_CAST && !plain->implicit) {
        plain = plain->args[0];
    }
    if (plain->kind == EXPRESSION_COLUMN || (e->kind == EXPRESSION_FIELD && is_path(e))) {
        alias->name = plain->kind == EXPRESSION_COLUMN ? plain->name : e->name;
        return alias;
    }
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    expression_print_name(&text, e);
    alias->name = arena_copy(a->arena, buffer_bytes(&text));
    buffer_finish(&text);
    return alias;
}

struct projection {
    const struct expression **list;
    int32_t count;
    int32_t capacity;
};

static void project(struct analysis *a, struct projection *p, const struct expression *e)
{
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 16;
        const struct expression **bigger =
            ARENA_NEW(a->arena, const struct expression *, (size_t)p->capacity);
        if (p->count > 0) {
            memcpy(bigger, p->list, (size_t)p->count * sizeof(*bigger));
        }
        p->list = bigger;
    }
    p->list[p->count++] = named(a, e);
}

/* `s.*`, where s is a table or a struct. Fields are taken by place: two may have the same name. */
static bool project_part_star(struct analysis *a, struct projection *p, const struct syntax *s)
{
    bool any = false;
    for (int32_t i = 0; s->part_count == 1 && a->qualifiers && i < a->input->field_count; i++) {
        if (!bytes_is_null(a->qualifiers[i]) && same_name(a, a->qualifiers[i], s->parts[0])) {
            project(a, p, column_expression(a, i, a->input->fields[i].name, s->span));
            any = true;
        }
    }
    if (any) {
        return true;
    }
    int32_t taken = 1;
    int32_t index = find_column(a, s->parts, s->part_count, &taken);
    const struct expression *base =
        index >= 0 ? column_expression(a, index, a->input->fields[index].name, s->span) : NULL;
    for (int32_t i = taken; base && i < s->part_count; i++) {
        base = analysis_field(a, base, s->parts[i], s->span);
    }
    if (sql_failed(a->error)) {
        return false;
    }
    if (base && base->type->kind == TYPE_STRUCT) {
        for (int32_t i = 0; i < base->type->field_count; i++) {
            project(a, p, field_at(a, base, base->type, i, s->span));
        }
        return true;
    }
    analysis_refuse_star(a, s, base != NULL);
    return false;
}

bool analyze_projection(struct analysis *a,
                        const struct syntax *const *list,
                        int32_t count,
                        const struct expression ***out_list,
                        int32_t *out_count)
{
    struct projection p = { 0 };
    struct bytes around = a->source;
    for (int32_t i = 0; i < count; i++) {
        const struct syntax *s = list[i];
        a->source = bytes_is_null(s->source) ? around : s->source;
        if (s->kind == SYNTAX_STAR && s->part_count == 0) {
            for (int32_t c = 0; c < a->input->field_count; c++) {
                project(a, &p, column_expression(a, c, a->input->fields[c].name, s->span));
            }
        } else if (s->kind == SYNTAX_STAR) {
            if (!project_part_star(a, &p, s)) {
                a->source = around;
                return false;
            }
        } else {
            const struct expression *e = analyze(a, s);
            if (!e) {
                a->source = around;
                return false;
            }
            project(a, &p, e);
        }
    }
    a->source = around;
    *out_list = p.list;
    *out_count = p.count;
    return true;
}

static void append_sorted(struct analysis *a, struct buffer *out)
{
    int32_t count = a->input->field_count;
    struct candidate *list = ARENA_NEW(a->arena, struct candidate, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        list[i].name = a->input->fields[i].name;
    }
    qsort(list, (size_t)count, sizeof(*list), by_distance);
    for (int32_t i = 0; i < count; i++) {
        buffer_printf(out, "%s`%.*s`", i ? ", " : "", BYTES_ARG(list[i].name));
    }
}

void analysis_refuse_star(struct analysis *a, const struct syntax *s, bool is_column)
{
    struct buffer text;
    buffer_init(&text, SQL_ERROR_MAX);
    if (is_column) {
        buffer_append_text(&text, "Can only star expand struct data types. Attribute: `List(");
        for (int32_t i = 0; i < s->part_count; i++) {
            buffer_printf(&text, "%s%.*s", i ? ", " : "", BYTES_ARG(s->parts[i]));
        }
        buffer_append_text(&text, ")`.");
        (void)sql_fail(a->error, &sql_star_base, "%.*s", BYTES_ARG(buffer_bytes(&text)));
    } else {
        buffer_append_text(&text, "Cannot resolve ");
        append_parts(&text, s->parts, s->part_count, true);
        buffer_append_text(&text, ".* given input columns ");
        append_sorted(a, &text);
        buffer_append_text(&text, ". Please check that the specified table or struct exists and is "
                                  "accessible in the input columns.");
        (void)sql_fail(a->error, &sql_star_expand, "%.*s", BYTES_ARG(buffer_bytes(&text)));
    }
    sql_error_add_line(a->error, a->source, s->span);
    buffer_finish(&text);
}

const struct type *projection_type(struct arena *arena,
                                   const struct expression *const *list,
                                   int32_t count)
{
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        fields[i] = (struct field){ .name = list[i]->name,
                                    .type = list[i]->type,
                                    .nullable = list[i]->nullable };
    }
    return type_struct(arena, fields, count);
}
