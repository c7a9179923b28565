/*
 * Physical plans as text: see print.h. Here is what each node is in Spark's words.
 */
#include "operators/print.h"

#include "operators/exchange.h"
#include "operators/print_lines.h"
#include "operators/stores.h"

/* A line under way: what is appended to `text` goes behind the name, and to `details` below it. */
struct writing {
    struct plan_printer *p;
    struct printed *line;
    struct buffer text;
    struct buffer details;
};

static struct writing begin(struct plan_printer *p, const char *name, bool fused)
{
    struct writing w = { .p = p, .line = line_new(p, name, fused) };
    buffer_init(&w.text, SQL_ERROR_MAX);
    buffer_init(&w.details, SQL_ERROR_MAX);
    return w;
}

/* `o`: whose columns come out. */
static struct printed *end(struct writing *w, const struct occurrence *o)
{
    w->line->text = text_taken(w->p, &w->text);
    w->line->details = text_taken(w->p, &w->details);
    if (o) {
        w->line->columns = text_counted(w->p, o->plan->schema, o->ids);
    }
    buffer_finish(&w->text);
    buffer_finish(&w->details);
    return w->line;
}

static void detail(struct writing *w, const char *label, struct bytes text)
{
    buffer_printf(&w->details, "%s%.*s\n", label, BYTES_ARG(text));
}

/* "Input [1]: [a#0]", of the line's first input. */
static void detail_input(struct writing *w)
{
    if (w->line->input_count > 0) {
        detail(w, "Input", w->line->inputs[0]->columns);
    }
}

/* The simple form's text is what the formatted one calls its arguments. */
static void detail_arguments(struct writing *w)
{
    struct bytes text = bytes_trim(buffer_bytes(&w->text));
    detail(w, "Arguments: ", arena_copy(&w->p->tree.arena, text));
}

static void add_input(struct writing *w, const struct node *n, const struct occurrence *o)
{
    line_add(w->line, line_of_input(w->p, n, o, 0));
}

/* --- leaves --- */

static void append_upper(struct buffer *out, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = (char)text.data[i];
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        buffer_append(out, &c, 1);
    }
}

struct printed *print_scan(struct plan_printer *p, const struct node *n, const struct occurrence *o)
{
    const struct relation *r = n->plan->relation;
    struct bytes format = r ? r->format : bytes_of("rows");
    bool file = bytes_equal_text(format, "json") || bytes_equal_text(format, "csv") ||
                bytes_equal_text(format, "text");
    const char *name = file ? "FileScan" : r && n->plan->streaming ? "MicroBatchScan" : "BatchScan";
    struct writing w = begin(p, name, false);
    if (file) {
        buffer_printf(&w.text, " %.*s ", BYTES_ARG(format));
    }
    text_columns(p, &w.text, n->schema, o->ids);
    if (file) {
        buffer_append_text(&w.text, " Batched: false, DataFilters: [], Format: ");
        append_upper(&w.text, format);
        buffer_printf(&w.text,
                      ", Location: [%.*s], PartitionFilters: [], PushedFilters: [], "
                      "ReadSchema: ",
                      BYTES_ARG(options_get(&r->options, "path")));
        type_print(&w.text, n->schema);
    } else {
        buffer_printf(&w.text, " %.*s", BYTES_ARG(format));
    }
    detail(&w, "Output", text_counted(p, n->schema, o->ids));
    return end(&w, o);
}

struct printed *print_rows(struct plan_printer *p, const struct node *n, const struct occurrence *o)
{
    bool one = n->schema->field_count == 0;
    struct writing w = begin(p, one ? "Scan OneRowRelation" : "LocalTableScan", true);
    w.line->leaf = true;
    buffer_append_text(&w.text, one ? "" : n->plan->rows->rows == 0 ? " <empty>, " : " ");
    text_columns(p, &w.text, n->schema, o->ids);
    detail(&w, "Output", text_counted(p, n->schema, o->ids));
    detail_arguments(&w);
    return end(&w, o);
}

struct printed *print_range(struct plan_printer *p,
                            const struct node *n,
                            const struct occurrence *o)
{
    struct writing w = begin(p, "Range", true);
    const struct plan *plan = n->plan;
    buffer_printf(&w.text, " (%lld, %lld, step=%lld, splits=%d)", (long long)plan->start,
                  (long long)plan->end, (long long)plan->step, n->kind->partitions(n, NULL));
    detail(&w, "Output", text_counted(p, n->schema, o->ids));
    buffer_printf(&w.details, "Arguments: Range (%lld, %lld, step=%lld, splits=Some(%d))\n",
                  (long long)plan->start, (long long)plan->end, (long long)plan->step,
                  n->kind->partitions(n, NULL));
    return end(&w, o);
}

/* --- rows in, rows out --- */

/* A projection over whatever `input` is. */
static struct printed *project_over(struct plan_printer *p,
                                    const struct plan *plan,
                                    const struct occurrence *o,
                                    struct printed *input)
{
    struct writing w = begin(p, "Project", true);
    line_add(w.line, input);
    buffer_append_text(&w.text, " ");
    text_list(p, &w.text, plan->expressions, plan->expression_count, o->inputs[0]->ids, o->ids);
    buffer_append_text(&w.details, "Output");
    if (plan->expression_count > 0) {
        buffer_printf(&w.details, " [%d]", plan->expression_count);
    }
    buffer_printf(&w.details, ":%.*s\n", BYTES_ARG(buffer_bytes(&w.text)));
    detail_input(&w);
    return end(&w, o);
}

static struct printed *filter_over(struct plan_printer *p,
                                   const struct occurrence *o,
                                   struct printed *input)
{
    struct writing w = begin(p, "Filter", true);
    line_add(w.line, input);
    buffer_append_text(&w.text, " ");
    tree_expression(&p->tree, &w.text, o->plan->expressions[0], o->inputs[0]->ids, 0);
    detail_input(&w);
    buffer_printf(&w.details, "Condition :%.*s\n", BYTES_ARG(buffer_bytes(&w.text)));
    return end(&w, o);
}

struct printed *print_project(struct plan_printer *p,
                              const struct node *n,
                              const struct occurrence *o)
{
    return project_over(p, n->plan, o, line_of_input(p, n, o, 0));
}

/* Alone, or with the projection that is made of its rows. */
struct printed *print_filter(struct plan_printer *p,
                             const struct node *n,
                             const struct occurrence *o)
{
    if (n->plan->kind == PLAN_FILTER) {
        return filter_over(p, o, line_of_input(p, n, o, 0));
    }
    const struct occurrence *filter = o->inputs[0];
    while (filter->plan->kind != PLAN_FILTER) {
        filter = filter->inputs[0];
    }
    const struct node *input = n->inputs[0];
    struct printed *below =
        input->kind->print(p, input, occurrence_of(filter->inputs[0], input->plan));
    return project_over(p, n->plan, o, filter_over(p, filter, below));
}

struct printed *print_generate(struct plan_printer *p,
                               const struct node *n,
                               const struct occurrence *o)
{
    struct writing w = begin(p, "Generate", true);
    add_input(&w, n, o);
    int32_t kept = o->inputs[0]->plan->schema->field_count;
    buffer_append_text(&w.text, " ");
    tree_expression(&p->tree, &w.text, n->plan->expressions[0], o->inputs[0]->ids, 0);
    buffer_append_text(&w.text, ", ");
    if (kept > 0) {
        text_columns(p, &w.text, o->inputs[0]->plan->schema, o->inputs[0]->ids);
        buffer_append_text(&w.text, ", ");
    }
    buffer_printf(&w.text, "%s, [", n->plan->outer ? "true" : "false");
    for (int32_t i = kept; i < n->schema->field_count; i++) {
        const struct field *field = &n->schema->fields[i];
        buffer_append_text(&w.text, i > kept ? ", " : "");
        tree_column(&p->tree, &w.text, field->name, field->type, o->ids[i]);
    }
    buffer_append_text(&w.text, "]");
    detail_input(&w);
    detail_arguments(&w);
    return end(&w, o);
}

struct printed *print_union(struct plan_printer *p,
                            const struct node *n,
                            const struct occurrence *o)
{
    struct writing w = begin(p, "Union", false);
    for (int32_t i = 0; i < 2; i++) {
        line_add(w.line, line_of_input(p, n, o, i));
    }
    return end(&w, o);
}

/* --- limits --- */

static struct printed *print_limit(struct plan_printer *p,
                                   const struct node *n,
                                   const struct occurrence *o,
                                   const char *name,
                                   bool fused)
{
    struct writing w = begin(p, name, fused);
    add_input(&w, n, o);
    buffer_printf(&w.text, " %d", n->plan->limit);
    detail_input(&w);
    detail_arguments(&w);
    return end(&w, o);
}

struct printed *print_local_limit(struct plan_printer *p,
                                  const struct node *n,
                                  const struct occurrence *o)
{
    bool stateful = n->plan->streaming && p->mode == OUTPUT_APPEND;
    return print_limit(p, n, o, stateful ? "StreamingLocalLimit" : "LocalLimit", !stateful);
}

/* At the end of a plan Spark has one name for all three: the limits, and the exchange between them. */
struct printed *print_global_limit(struct plan_printer *p,
                                   const struct node *n,
                                   const struct occurrence *o)
{
    if (n != p->root) {
        return print_limit(p, n, o, "GlobalLimit", true);
    }
    struct writing w = begin(p, "CollectLimit", false);
    const struct node *local = n;
    while (local->plan == n->plan) {
        local = local->inputs[0];
    }
    line_add(w.line, local->kind->print(p, local, occurrence_of(o->inputs[0], local->plan)));
    buffer_printf(&w.text, " %d", n->plan->limit);
    detail_input(&w);
    detail_arguments(&w);
    return end(&w, o);
}

static void append_state_info(struct writing *w, const struct node *n, int32_t partitions)
{
    buffer_printf(&w->text, ", state info [ opId = %d, numPartitions = %d]",
                  ((const struct stateful *)n)->id, partitions);
}

static const char *mode_name(enum output_mode mode)
{
    switch (mode) {
    case OUTPUT_APPEND: return "Append";
    case OUTPUT_UPDATE: return "Update";
    case OUTPUT_COMPLETE: return "Complete";
    case OUTPUT_BATCH: break;
    }
    return "";
}

struct printed *print_limit_state(struct plan_printer *p,
                                  const struct node *n,
                                  const struct occurrence *o)
{
    struct writing w = begin(p, "StreamingGlobalLimit", false);
    add_input(&w, n, o);
    buffer_printf(&w.text, " %d", n->plan->limit);
    append_state_info(&w, n, 1);
    buffer_printf(&w.text, ", %s", mode_name(p->mode));
    detail_input(&w);
    detail_arguments(&w);
    return end(&w, o);
}

/* --- order and exchanges --- */

struct printed *print_sort(struct plan_printer *p, const struct node *n, const struct occurrence *o)
{
    if (n->plan->kind != PLAN_SORT) { /* what a deduplication by sorting comes to */
        return line_of_input(p, n, o, 0);
    }
    struct writing w = begin(p, "Sort", true);
    add_input(&w, n, o);
    buffer_append_text(&w.text, " [");
    for (int32_t i = 0; i < n->plan->expression_count; i++) {
        buffer_append_text(&w.text, i ? ", " : "");
        tree_expression(&p->tree, &w.text, n->plan->expressions[i], o->ids, 0);
        buffer_printf(&w.text, " %s NULLS %s", n->plan->orders[i].descending ? "DESC" : "ASC",
                      n->plan->orders[i].nulls_last ? "LAST" : "FIRST");
    }
    buffer_append_text(&w.text, "], true, 0");
    detail_input(&w);
    detail_arguments(&w);
    return end(&w, o);
}

struct printed *print_exchange_over(struct plan_printer *p,
                                    const struct exchange *e,
                                    const struct expression *const *keys,
                                    const int32_t *ids,
                                    struct printed *input)
{
    struct writing w = begin(p, "Exchange", false);
    line_add(w.line, input);
    w.line->columns = input->columns;
    if (e->key_count == 0) {
        buffer_append_text(&w.text, " SinglePartition");
    } else {
        buffer_append_text(&w.text, " hashpartitioning(");
        for (int32_t i = 0; i < e->key_count; i++) {
            tree_expression(&p->tree, &w.text, keys[i], ids, 0);
            buffer_append_text(&w.text, ", ");
        }
        buffer_printf(&w.text, "%d)", p->shuffle_partitions);
    }
    bool stateful = p->mode != OUTPUT_BATCH && e->base.plan->streaming && e->key_count > 0;
    buffer_printf(&w.text, ", %s, [plan_id=%d]",
                  stateful ? "REQUIRED_BY_STATEFUL_OPERATOR" : "ENSURE_REQUIREMENTS",
                  p->exchanges++);
    detail_input(&w);
    detail_arguments(&w);
    return end(&w, NULL);
}

struct printed *print_exchange(struct plan_printer *p,
                               const struct node *n,
                               const struct occurrence *o)
{
    const struct exchange *e = (const struct exchange *)n;
    return print_exchange_over(p, e, e->keys, o->ids, line_of_input(p, n, o, 0));
}
