/*
 * Verbs as text, nothing in them given a meaning: see logical.h, plan_text.h.
 */
#include "plan/plan_text_syntax.h"

static void print_leaf(struct tree *t, const struct logical *l, struct branch at)
{
    const struct type *schema = l->verb == VERB_READ ? l->relation->schema : l->schema;
    struct plan plan = { .kind = l->verb == VERB_READ   ? PLAN_RELATION
                                 : l->verb == VERB_ROWS ? PLAN_ROWS
                                                        : PLAN_RANGE,
                         .streaming = l->verb == VERB_READ && l->relation->streaming,
                         .schema = schema    ? schema
                                   : l->rows ? l->rows->schema
                                             : NULL,
                         .relation = l->relation,
                         .rows = l->rows,
                         .name = l->name,
                         .start = l->start,
                         .end = l->end,
                         .step = l->step,
                         .splits = l->splits };
    if (!plan.schema) {
        plan.schema = type_struct(&t->arena, NULL, 0);
    }
    tree_print(t, tree_occurrence(t, &plan), at);
}

static void print_names(struct tree *t, const struct logical *l)
{
    buffer_append_text(t->out, "[");
    for (int32_t i = 0; i < l->name_count; i++) {
        bool pair = l->verb == VERB_RENAME && i % 2 == 1;
        buffer_printf(t->out, "%s%.*s", pair ? " AS " : i ? ", " : "", BYTES_ARG(l->names[i]));
    }
    buffer_append_text(t->out, "]");
}

static void print_verbs(struct tree *t, const struct logical *l, struct branch at)
{
    if (l->input_count == 0) {
        print_leaf(t, l, at);
        return;
    }
    if (l->verb == VERB_LIMIT) {
        tree_line(t, at, "'");
        buffer_printf(t->out, "GlobalLimit %d\n", l->limit);
        at = tree_below(t, at, true);
    }
    struct planning p = { .written = l };
    tree_line(t, at, "'");
    switch (l->verb) {
    case VERB_RENAME: buffer_append_text(t->out, "WithColumnsRenamed "); break;
    case VERB_DROP: buffer_append_text(t->out, "DataFrameDropColumns "); break;
    case VERB_TO_DF: buffer_append_text(t->out, "ToDF "); break;
    case VERB_DISTINCT: buffer_append_text(t->out, "Deduplicate "); break;
    default: tree_verb(t, &p); break;
    }
    if (l->verb == VERB_RENAME || l->verb == VERB_DROP || l->verb == VERB_TO_DF ||
        l->verb == VERB_DISTINCT) {
        print_names(t, l);
    }
    buffer_append_text(t->out, "\n");
    for (int32_t i = 0; i < l->input_count; i++) {
        print_verbs(t, l->inputs[i], tree_below(t, at, i + 1 == l->input_count));
    }
}

void logical_print_tree(struct buffer *out, const struct logical *l)
{
    struct tree t;
    tree_init(&t, out);
    print_verbs(&t, l, (struct branch){ .indent = { (const uint8_t *)"", 0 }, .connector = "" });
    tree_finish(&t);
}
