/*
 * Verbs as text: the lines of what was written, over inputs that are known. See plan_text.h.
 *
 *     'Project [unresolvedalias((id#0 + 'nope))]     what has a meaning is told with it (mixed)
 *     'Project [unresolvedalias(('id + 'nope))]      nothing is (raw)
 */
#include "plan/plan_text_syntax.h"

static const struct syntax *unaliased(const struct syntax *s)
{
    return s->kind == SYNTAX_ALIAS ? s->args[0] : s;
}

/* --- items of a list --- */

/* Is it an aggregate function's call, and everything below it known? */
static bool is_known_aggregate(struct written *w, const struct syntax *s)
{
    const struct function *f = s->kind == SYNTAX_CALL ? function_find(s->text) : NULL;
    for (int32_t i = 0; i < s->count; i++) {
        if (is_known_aggregate(w, s->args[i])) {
            return true;
        }
        if (f && f->aggregate && s->args[i]->kind != SYNTAX_STAR &&
            !written_resolve(w, s->args[i])) {
            return false;
        }
    }
    return f && f->aggregate;
}

/* With its name and number; a plain column has them already. */
static void print_resolved(struct written *w, const struct syntax *s, const struct expression *e)
{
    int32_t own = e->kind == EXPRESSION_COLUMN ? 0 : written_identity(w, s);
    tree_expression(w->tree, w->tree->out, e, w->ids, own);
    if (e->kind != EXPRESSION_COLUMN && e->kind != EXPRESSION_ALIAS) {
        struct buffer name;
        buffer_init(&name, SQL_ERROR_MAX);
        expression_print_name(&name, e);
        buffer_append_text(w->tree->out, " AS ");
        tree_column(w->tree, w->tree->out, buffer_bytes(&name), e->type, own);
        buffer_finish(&name);
    }
}

static void print_all_columns(struct written *w)
{
    const struct type *schema = w->input->schema;
    for (int32_t i = 0; i < schema->field_count; i++) {
        buffer_append_text(w->tree->out, i ? ", " : "");
        tree_column(w->tree, w->tree->out, schema->fields[i].name, schema->fields[i].type,
                    w->ids[i]);
    }
}

static void print_aliases(struct written *w, const struct syntax *s)
{
    written_print(w, s->args[0]);
    buffer_append_text(w->tree->out, " AS (");
    for (int32_t i = 0; i < s->part_count; i++) {
        buffer_printf(w->tree->out, "%s%.*s", i ? ", " : "", BYTES_ARG(s->parts[i]));
    }
    buffer_append_text(w->tree->out, ")");
    w->unresolved = true;
}

static void print_item(struct written *w, const struct syntax *s)
{
    struct buffer *out = w->tree->out;
    if (s->kind == SYNTAX_STAR && s->part_count == 0 && w->form == WRITTEN_MIXED) {
        print_all_columns(w);
        return;
    }
    const struct expression *e = written_resolve(w, s);
    if (e && !expression_generator(e)) {
        print_resolved(w, s, e);
        return;
    }
    bool plain = s->kind == SYNTAX_NAME || s->kind == SYNTAX_STAR;
    if (s->kind == SYNTAX_ALIAS && s->part_count > 0) {
        print_aliases(w, s);
    } else if (s->kind == SYNTAX_ALIAS) {
        written_print(w, s->args[0]);
        buffer_printf(out, " AS %.*s", BYTES_ARG(s->text));
        tree_number(w->tree, out, written_identity(w, s));
    } else {
        buffer_append_text(out, plain ? "" : "unresolvedalias(");
        written_print(w, s);
        buffer_append_text(out, plain ? "" : ")");
    }
    w->unresolved = true;
}

static void print_items(struct written *w, const struct syntax *const *list, int32_t count)
{
    buffer_append_text(w->tree->out, "[");
    for (int32_t i = 0; i < count; i++) {
        buffer_append_text(w->tree->out, i ? ", " : "");
        print_item(w, list[i]);
    }
    buffer_append_text(w->tree->out, "]");
}

/* --- verbs --- */

static void print_project(struct written *w)
{
    const struct logical *l = w->planning->written;
    bool groups = false;
    for (int32_t i = 0; w->form == WRITTEN_MIXED && i < l->list_count; i++) {
        groups = groups || is_known_aggregate(w, l->list[i]);
    }
    buffer_append_text(w->tree->out, groups ? "Aggregate " : "Project ");
    print_items(w, l->list, l->list_count);
}

/* Replaced columns stand where the old ones were, new ones behind all. */
static void print_with_columns(struct written *w)
{
    const struct logical *l = w->planning->written;
    const struct type *schema = w->input ? w->input->schema : type_struct(&w->tree->arena, NULL, 0);
    struct buffer *out = w->tree->out;
    bool sensitive = w->planning->settings && w->planning->settings->sql->case_sensitive;
    buffer_append_text(out, w->input ? "Project [" : "Project [*");
    const char *separator = w->input ? "" : ", ";
    for (int32_t i = 0; i < schema->field_count; i++) {
        const struct syntax *other = NULL;
        for (int32_t k = 0; k < l->list_count; k++) {
            bool here = type_field_index(schema, l->list[k]->text, sensitive) == i;
            other = here ? l->list[k] : other;
        }
        buffer_append_text(out, separator);
        separator = ", ";
        if (other) {
            print_item(w, other);
        } else {
            tree_column(w->tree, out, schema->fields[i].name, schema->fields[i].type, w->ids[i]);
        }
    }
    for (int32_t k = 0; k < l->list_count; k++) {
        if (type_field_index(schema, l->list[k]->text, sensitive) < 0) {
            buffer_append_text(out, separator);
            separator = ", ";
            print_item(w, l->list[k]);
        }
    }
    buffer_append_text(out, "]");
}

static void print_filter(struct written *w)
{
    const struct syntax *s = unaliased(w->planning->written->list[0]);
    const struct expression *e = written_resolve(w, s);
    buffer_append_text(w->tree->out, "Filter ");
    written_print(w, s);
    if (e && e->kind == EXPRESSION_COLUMN) {
        w->tree->out->len -= e->type->kind == TYPE_BIGINT; /* the L that the type tells */
        buffer_append_text(w->tree->out, ": ");
        type_print(w->tree->out, e->type);
    }
}

/* Keys are told without their aliases, once they have a meaning. */
static void print_groups(struct written *w)
{
    const struct logical *l = w->planning->written;
    buffer_append_text(w->tree->out, "Aggregate ");
    if (l->key_count > 0) {
        buffer_append_text(w->tree->out, "[");
        for (int32_t i = 0; i < l->key_count; i++) {
            buffer_append_text(w->tree->out, i ? ", " : "");
            if (written_resolve(w, l->keys[i])) {
                written_print(w, unaliased(l->keys[i]));
            } else if (l->keys[i]->kind == SYNTAX_ALIAS) {
                print_item(w, l->keys[i]);
            } else {
                written_print(w, l->keys[i]);
            }
        }
        buffer_append_text(w->tree->out, "], ");
    }
    print_items(w, l->list, l->list_count);
}

static void print_sort(struct written *w)
{
    const struct logical *l = w->planning->written;
    buffer_append_text(w->tree->out, "Sort [");
    for (int32_t i = 0; i < l->list_count; i++) {
        buffer_append_text(w->tree->out, i ? ", " : "");
        written_print(w, l->list[i]);
        buffer_printf(w->tree->out, " %s NULLS %s", l->orders[i].descending ? "DESC" : "ASC",
                      l->orders[i].nulls_last ? "LAST" : "FIRST");
    }
    buffer_append_text(w->tree->out, "], true");
}

static void print_watermark(struct written *w)
{
    const struct logical *l = w->planning->written;
    int32_t i = w->input ? type_field_index(w->input->schema, l->name, false) : -1;
    buffer_append_text(w->tree->out, "EventTimeWatermark ");
    if (i >= 0) {
        const struct field *field = &w->input->schema->fields[i];
        buffer_append(w->tree->out, field->name.data, field->name.len);
        tree_number(w->tree, w->tree->out, w->ids[i]);
        buffer_append_text(w->tree->out, ": ");
        type_print(w->tree->out, field->type);
    } else {
        buffer_printf(w->tree->out, "'%.*s", BYTES_ARG(l->name));
        w->unresolved = true;
    }
    buffer_printf(w->tree->out, ", %.*s", BYTES_ARG(l->delay));
}

static void print_distinct(struct written *w)
{
    buffer_append_text(w->tree->out, "Deduplicate [");
    print_all_columns(w);
    buffer_append_text(w->tree->out, "]");
}

static void print_verb(struct written *w)
{
    const struct logical *l = w->planning->written;
    switch (l->verb) {
    case VERB_PROJECT: print_project(w); break;
    case VERB_WITH_COLUMNS: print_with_columns(w); break;
    case VERB_FILTER: print_filter(w); break;
    case VERB_AGGREGATE: print_groups(w); break;
    case VERB_SORT: print_sort(w); break;
    case VERB_WATERMARK: print_watermark(w); break;
    case VERB_DISTINCT: print_distinct(w); break;
    case VERB_UNION:
        buffer_append_text(w->tree->out, "Union false, false");
        w->unresolved = true;
        break;
    case VERB_LIMIT: buffer_printf(w->tree->out, "LocalLimit %d", l->limit); break;
    case VERB_RENAME:
    case VERB_DROP:
    case VERB_TO_DF: buffer_append_text(w->tree->out, "Project"); break;
    case VERB_ALIAS: buffer_printf(w->tree->out, "SubqueryAlias %.*s", BYTES_ARG(l->name)); break;
    case VERB_READ:
    case VERB_ROWS:
    case VERB_RANGE:
    case VERB_COUNT: break;
    }
}

void tree_verb(struct tree *t, const struct planning *p)
{
    struct written w = { .tree = t, .planning = p, .form = WRITTEN_RAW };
    print_verb(&w);
}

struct branch tree_written(struct tree *t,
                           const struct planning *p,
                           const struct occurrence *const *inputs,
                           enum written_form form)
{
    struct branch at = { .indent = { (const uint8_t *)"", 0 }, .connector = "" };
    struct written w = { .tree = t, .planning = p, .form = form };
    struct buffer *out = t->out;
    struct buffer text;
    bool streaming = false;
    if (p->written->input_count > 0) {
        w.input = inputs[0]->plan;
        w.ids = inputs[0]->ids;
        streaming = w.input->streaming;
    }
    if (p->written->verb == VERB_LIMIT) {
        tree_line(t, at, streaming ? "~" : "");
        buffer_printf(out, "GlobalLimit %d\n", p->written->limit);
        at = tree_below(t, at, true);
    }
    buffer_init(&text, SQL_ERROR_MAX);
    t->out = &text;
    print_verb(&w);
    t->out = out;
    tree_line(t, at, w.unresolved ? "'" : streaming ? "~" : "");
    buffer_append(out, text.data, text.len);
    buffer_append_text(out, "\n");
    buffer_finish(&text);
    return tree_below(t, at, true);
}
