/*
 * Plans as text: see plan_text.h. Here are the tree and the lines of its nodes.
 */
#include "plan/plan_text.h"

void tree_init(struct tree *t, struct buffer *out)
{
    *t = (struct tree){ .out = out };
    arena_init(&t->arena, 0);
}

void tree_finish(struct tree *t)
{
    arena_finish(&t->arena);
}

/* --- who is who --- */

static int32_t *new_ids(struct tree *t, int32_t count)
{
    int32_t *ids = ARENA_NEW(&t->arena, int32_t, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        ids[i] = t->identities++;
    }
    return ids;
}

/* What is only passed on keeps its identity. */
static const int32_t *listed_ids(struct tree *t, const struct plan *plan, const int32_t *below)
{
    int32_t *ids = ARENA_NEW(&t->arena, int32_t, (size_t)plan->expression_count);
    for (int32_t i = 0; i < plan->expression_count; i++) {
        const struct expression *e = plan->expressions[i];
        ids[i] = expression_passes(e) ? below[e->args[0]->index] : t->identities++;
    }
    return ids;
}

static const int32_t *generated_ids(struct tree *t, const struct plan *plan, const int32_t *below)
{
    int32_t kept = plan->inputs[0]->schema->field_count;
    int32_t *ids = ARENA_NEW(&t->arena, int32_t, (size_t)plan->schema->field_count);
    for (int32_t i = 0; i < plan->schema->field_count; i++) {
        ids[i] = i < kept ? below[i] : t->identities++;
    }
    return ids;
}

const struct occurrence *tree_occurrence(struct tree *t, const struct plan *plan)
{
    struct occurrence *o = ARENA_NEW(&t->arena, struct occurrence, 1);
    o->plan = plan;
    for (int32_t i = 0; i < plan->input_count; i++) {
        o->inputs[i] = tree_occurrence(t, plan->inputs[i]);
    }
    switch (plan->kind) {
    case PLAN_RELATION:
    case PLAN_ROWS:
    case PLAN_RANGE: o->ids = new_ids(t, plan->schema->field_count); break;
    case PLAN_PROJECT:
    case PLAN_AGGREGATE: o->ids = listed_ids(t, plan, o->inputs[0]->ids); break;
    case PLAN_GENERATE: o->ids = generated_ids(t, plan, o->inputs[0]->ids); break;
    case PLAN_FILTER:
    case PLAN_DISTINCT:
    case PLAN_LIMIT:
    case PLAN_UNION:
    case PLAN_SORT:
    case PLAN_ALIAS:
    case PLAN_WATERMARK: o->ids = o->inputs[0]->ids; break;
    case PLAN_KIND_COUNT: break;
    }
    return o;
}

/* --- lines --- */

void tree_line(struct tree *t, struct branch at, const char *state)
{
    buffer_append(t->out, at.indent.data, at.indent.len);
    buffer_append_text(t->out, at.connector);
    buffer_append_text(t->out, state);
}

struct branch tree_below(struct tree *t, struct branch at, bool last)
{
    const char *more = at.connector[0] == '\0' ? "" : at.connector[0] == '+' ? "   " : ":  ";
    return (struct branch){ .indent = arena_printf(&t->arena, "%.*s%s", BYTES_ARG(at.indent), more),
                            .connector = last ? "+- " : ":- " };
}

static const char *state_of(const struct plan *plan)
{
    return plan->streaming ? "~" : "";
}

static void print_columns(struct tree *t,
                          const struct type *schema,
                          const int32_t *ids,
                          const char *separator)
{
    buffer_append_text(t->out, "[");
    for (int32_t i = 0; i < schema->field_count; i++) {
        buffer_append_text(t->out, i ? separator : "");
        tree_column(t, t->out, schema->fields[i].name, schema->fields[i].type, ids[i]);
    }
    buffer_append_text(t->out, "]");
}

static void print_list(struct tree *t,
                       const struct expression *const *list,
                       int32_t count,
                       const int32_t *ids,
                       const int32_t *own)
{
    buffer_append_text(t->out, "[");
    for (int32_t i = 0; i < count; i++) {
        buffer_append_text(t->out, i ? ", " : "");
        tree_expression(t, t->out, list[i], ids, own ? own[i] : 0);
    }
    buffer_append_text(t->out, "]");
}

static bool is_file(struct bytes format)
{
    return bytes_equal_text(format, "json") || bytes_equal_text(format, "csv") ||
           bytes_equal_text(format, "text");
}

static void print_relation(struct tree *t, const struct occurrence *o, struct branch at)
{
    const struct relation *r = o->plan->relation;
    if (r->streaming && is_file(r->format)) {
        struct bytes path = options_get(&r->options, "path");
        tree_line(t, at, "");
        buffer_printf(t->out, "FileSource[%.*s]", BYTES_ARG(path));
    } else if (r->streaming) {
        tree_line(t, at, "~");
        buffer_printf(t->out, "StreamingRelationV2 %.*s, ", BYTES_ARG(r->format));
        print_columns(t, o->plan->schema, o->ids, ", ");
    } else {
        tree_line(t, at, "");
        buffer_append_text(t->out, "Relation ");
        print_columns(t, o->plan->schema, o->ids, ",");
        buffer_printf(t->out, " %.*s", BYTES_ARG(r->format));
    }
    buffer_append_text(t->out, "\n");
}

static void print_rows(struct tree *t, const struct occurrence *o, struct branch at)
{
    const struct plan *plan = o->plan;
    if (!bytes_is_null(plan->name)) {
        tree_line(t, at, "");
        buffer_printf(t->out, "SubqueryAlias %.*s\n", BYTES_ARG(plan->name));
        at = tree_below(t, at, true);
    }
    tree_line(t, at, "");
    if (plan->schema->field_count == 0) {
        buffer_append_text(t->out, "OneRowRelation\n");
        return;
    }
    buffer_append_text(t->out, plan->rows && plan->rows->rows == 0 ? "LocalRelation <empty>, "
                                                                   : "LocalRelation ");
    print_columns(t, plan->schema, o->ids, ", ");
    buffer_append_text(t->out, "\n");
}

/* A bare column as a node's argument tells its type. */
static void print_argument(struct tree *t, const struct expression *e, const int32_t *ids)
{
    tree_expression(t, t->out, e, ids, 0);
    if (e->kind == EXPRESSION_COLUMN) {
        size_t end = t->out->len;
        if (end > 0 && t->out->data[end - 1] == 'L' && e->type->kind == TYPE_BIGINT) {
            t->out->len--; /* the type says it */
        }
        buffer_append_text(t->out, ": ");
        type_print(t->out, e->type);
    }
}

static void print_sort(struct tree *t, const struct plan *plan, const int32_t *ids)
{
    buffer_append_text(t->out, "Sort [");
    for (int32_t i = 0; i < plan->expression_count; i++) {
        buffer_append_text(t->out, i ? ", " : "");
        tree_expression(t, t->out, plan->expressions[i], ids, 0);
        buffer_printf(t->out, " %s NULLS %s", plan->orders[i].descending ? "DESC" : "ASC",
                      plan->orders[i].nulls_last ? "LAST" : "FIRST");
    }
    buffer_append_text(t->out, "], true");
}

static void print_generate(struct tree *t, const struct occurrence *o, const int32_t *ids)
{
    const struct plan *plan = o->plan;
    int32_t kept = plan->inputs[0]->schema->field_count;
    buffer_append_text(t->out, "Generate ");
    tree_expression(t, t->out, plan->expressions[0], ids, 0);
    buffer_printf(t->out, ", %s, [", plan->outer ? "true" : "false");
    for (int32_t i = kept; i < plan->schema->field_count; i++) {
        const struct field *field = &plan->schema->fields[i];
        buffer_append_text(t->out, i > kept ? ", " : "");
        tree_column(t, t->out, field->name, field->type, o->ids[i]);
    }
    buffer_append_text(t->out, "]");
}

static void print_aggregate(struct tree *t, const struct occurrence *o, const int32_t *ids)
{
    const struct plan *plan = o->plan;
    buffer_append_text(t->out, "Aggregate ");
    if (plan->key_count > 0) {
        print_list(t, plan->keys, plan->key_count, ids, NULL);
        buffer_append_text(t->out, ", ");
    }
    print_list(t, plan->expressions, plan->expression_count, ids, o->ids);
}

/* The text of a node with inputs. */
static void print_inner(struct tree *t, const struct occurrence *o)
{
    const struct plan *plan = o->plan;
    const int32_t *ids = o->inputs[0]->ids;
    switch (plan->kind) {
    case PLAN_PROJECT:
        buffer_append_text(t->out, "Project ");
        print_list(t, plan->expressions, plan->expression_count, ids, o->ids);
        break;
    case PLAN_FILTER:
        buffer_append_text(t->out, "Filter ");
        print_argument(t, plan->expressions[0], ids);
        break;
    case PLAN_AGGREGATE: print_aggregate(t, o, ids); break;
    case PLAN_DISTINCT:
        buffer_append_text(t->out, "Deduplicate ");
        print_list(t, plan->expressions, plan->expression_count, ids, NULL);
        break;
    case PLAN_LIMIT: buffer_printf(t->out, "LocalLimit %d", plan->limit); break;
    case PLAN_UNION: buffer_append_text(t->out, "Union false, false"); break;
    case PLAN_SORT: print_sort(t, plan, ids); break;
    case PLAN_GENERATE: print_generate(t, o, ids); break;
    case PLAN_ALIAS: buffer_printf(t->out, "SubqueryAlias %.*s", BYTES_ARG(plan->name)); break;
    case PLAN_WATERMARK:
        buffer_append_text(t->out, "EventTimeWatermark ");
        print_argument(t, plan->expressions[0], ids);
        buffer_printf(t->out, ", %.*s", BYTES_ARG(plan->name));
        break;
    case PLAN_RELATION:
    case PLAN_ROWS:
    case PLAN_RANGE:
    case PLAN_KIND_COUNT: break;
    }
}

void tree_print(struct tree *t, const struct occurrence *o, struct branch at)
{
    const struct plan *plan = o->plan;
    if (plan->kind == PLAN_RELATION) {
        print_relation(t, o, at);
        return;
    }
    if (plan->kind == PLAN_ROWS) {
        print_rows(t, o, at);
        return;
    }
    if (plan->kind == PLAN_LIMIT) {
        tree_line(t, at, state_of(plan));
        buffer_printf(t->out, "GlobalLimit %d\n", plan->limit);
        at = tree_below(t, at, true);
    }
    tree_line(t, at, state_of(plan));
    if (plan->kind == PLAN_RANGE) {
        buffer_printf(t->out, "Range (%lld, %lld, step=%lld", (long long)plan->start,
                      (long long)plan->end, (long long)plan->step);
        if (plan->splits > 0) {
            buffer_printf(t->out, ", splits=Some(%d)", plan->splits);
        }
        buffer_append_text(t->out, ")");
    } else {
        print_inner(t, o);
    }
    buffer_append_text(t->out, "\n");
    for (int32_t i = 0; i < plan->input_count; i++) {
        tree_print(t, o->inputs[i], tree_below(t, at, i + 1 == plan->input_count));
    }
}

/* --- entries --- */

static const struct branch root = { .indent = { (const uint8_t *)"", 0 }, .connector = "" };

void plan_print_tree(struct buffer *out, const struct plan *plan)
{
    struct tree t;
    tree_init(&t, out);
    tree_print(&t, tree_occurrence(&t, plan), root);
    tree_finish(&t);
}

/* What a verb's expressions were written over: below all that it means. */
static const struct plan *input_of(const struct plan *plan)
{
    const struct logical *written = plan->written;
    while (plan->input_count > 0 && plan->written == written) {
        plan = plan->inputs[0];
    }
    return plan;
}

void plan_print_parsed(struct buffer *out, const struct plan *plan)
{
    const struct logical *written = plan->written;
    bool raw = written && (written->verb == VERB_PROJECT || written->verb == VERB_FILTER ||
                           written->verb == VERB_AGGREGATE || written->verb == VERB_SORT);
    if (!raw) {
        plan_print_tree(out, plan);
        return;
    }
    struct tree t;
    tree_init(&t, out);
    const struct plan *input = input_of(plan);
    struct planning p = { .written = written, .inputs = &input };
    const struct occurrence *o = tree_occurrence(&t, input);
    tree_print(&t, o, tree_written(&t, &p, &o, WRITTEN_RAW));
    tree_finish(&t);
}

void planning_add_tree(const struct planning *p)
{
    const struct sql_condition *condition = p->error->condition;
    if (!condition || strcmp(condition->exception, "ExtendedAnalysisException") != 0) {
        return;
    }
    struct buffer out;
    struct tree t;
    buffer_init(&out, SQL_ERROR_MAX);
    tree_init(&t, &out);
    const struct occurrence *inputs[2] = { NULL, NULL };
    int32_t count = p->written->input_count;
    for (int32_t i = 0; i < count; i++) {
        inputs[i] = tree_occurrence(&t, p->inputs[i]);
    }
    struct branch first = tree_written(&t, p, inputs, WRITTEN_MIXED);
    for (int32_t i = 0; i < count; i++) {
        struct branch at = first;
        at.connector = i + 1 == count ? "+- " : ":- ";
        tree_print(&t, inputs[i], at);
    }
    sql_error_add(p->error, ";\n%.*s", BYTES_ARG(buffer_bytes(&out)));
    tree_finish(&t);
    buffer_finish(&out);
}

void planning_print_line(const struct planning *p, struct buffer *out)
{
    struct buffer lines;
    struct tree t;
    buffer_init(&lines, SQL_ERROR_MAX);
    tree_init(&t, &lines);
    const struct occurrence *input = tree_occurrence(&t, p->inputs[0]);
    (void)tree_written(&t, p, &input, WRITTEN_MIXED);
    buffer_append(out, lines.data, lines.len > 0 ? lines.len - 1 : 0);
    tree_finish(&t);
    buffer_finish(&lines);
}

void plan_add_tree(struct sql_error *error, const struct plan *plan)
{
    struct buffer out;
    struct tree t;
    buffer_init(&out, SQL_ERROR_MAX);
    tree_init(&t, &out);
    const struct occurrence *o = tree_occurrence(&t, plan);
    if (plan->kind ==
        PLAN_LIMIT) { /* of the two nodes that a limit is in Spark, the one that is refused */
        tree_line(&t, root, state_of(plan));
        print_inner(&t, o);
        buffer_append_text(&out, "\n");
        tree_print(&t, o->inputs[0], tree_below(&t, root, true));
    } else {
        tree_print(&t, o, root);
    }
    sql_error_add(error, ";\n%.*s", BYTES_ARG(buffer_bytes(&out)));
    tree_finish(&t);
    buffer_finish(&out);
}
