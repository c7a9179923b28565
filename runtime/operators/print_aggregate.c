/*
 * Aggregates and deduplications as text: see print.h.
 *
 *     batch                                            stream
 *     HashAggregate(functions=[count(1)])              HashAggregate(functions=[count(1)])
 *     +- Exchange                                      +- StateStoreSave
 *        +- HashAggregate([partial_count(1)])             +- HashAggregate(functions=[merge_count(1)])
 *                                                            +- StateStoreRestore
 *                                                               +- HashAggregate(functions=[merge_count(1)])
 *                                                                  +- Exchange
 *                                                                     +- HashAggregate([partial_count(1)])
 */
#include "operators/exchange.h"
#include "operators/print_lines.h"
#include "operators/state_schema.h"
#include "operators/stores.h"

/* An aggregate where it stands, and what its columns are on the way. */
struct aggregating {
    struct plan_printer *p;
    const struct plan *plan;
    const struct occurrence *o;
    const int32_t *below;       /* identities of the rows' columns */
    const struct type *states;  /* the aggregates' states, as Spark names them */
    const struct type *partial; /* [keys, states] */
    const int32_t *partial_ids;
};

static const int32_t *fresh_ids(struct plan_printer *p, int32_t count)
{
    int32_t *ids = ARENA_NEW(&p->tree.arena, int32_t, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        ids[i] = p->tree.identities++;
    }
    return ids;
}

static struct aggregating aggregating_of(struct plan_printer *p,
                                         const struct plan *plan,
                                         const struct occurrence *o)
{
    struct aggregating a = { .p = p, .plan = plan, .o = o, .below = o->inputs[0]->ids };
    struct arena *arena = &p->tree.arena;
    a.states = state_value_type(arena, plan->aggregation);
    int32_t count = plan->key_count + a.states->field_count;
    struct field *fields = ARENA_NEW(arena, struct field, (size_t)count);
    int32_t *ids = ARENA_NEW(arena, int32_t, (size_t)count);
    for (int32_t i = 0; i < plan->key_count; i++) {
        const struct expression *key = plan->keys[i];
        bool column = key->kind == EXPRESSION_COLUMN;
        fields[i] = (struct field){ .name = column ? key->name : bytes_of("_groupingexpression"),
                                    .type = key->type };
        ids[i] = column ? a.below[key->index] : p->tree.identities++;
    }
    for (int32_t i = 0; i < a.states->field_count; i++) {
        fields[plan->key_count + i] = a.states->fields[i];
        ids[plan->key_count + i] = p->tree.identities++;
    }
    a.partial = type_struct(arena, fields, count);
    a.partial_ids = ids;
    return a;
}

/* "[partial_count(1), partial_sum(n#1)]". */
static void append_functions(const struct aggregating *a, struct buffer *out, const char *prefix)
{
    buffer_append_text(out, "[");
    for (int32_t i = 0; i < a->plan->aggregation->aggregate_count; i++) {
        buffer_printf(out, "%s%s", i ? ", " : "", prefix);
        tree_expression(&a->p->tree, out, a->plan->aggregation->aggregates[i], a->below, 0);
    }
    buffer_append_text(out, "]");
}

static void append_label(struct buffer *out, const char *label, int32_t count)
{
    buffer_append_text(out, label);
    if (count > 0) {
        buffer_printf(out, " [%d]", count);
    }
    buffer_append_text(out, ": ");
}

/* The columns of the finished aggregates under the names of their calls. */
struct naming {
    const struct aggregating *a;
};

static struct bytes call_name(const struct aggregating *a, int32_t i)
{
    struct buffer name;
    buffer_init(&name, SQL_ERROR_MAX);
    plan_print_expression(&name, a->plan->aggregation->aggregates[i]);
    struct bytes taken = text_taken(a->p, &name);
    buffer_finish(&name);
    return taken;
}

static const struct expression *named(const struct expression *e, void *context)
{
    const struct naming *n = context;
    int32_t keys = n->a->plan->key_count;
    if (e->kind != EXPRESSION_COLUMN || e->index < keys) {
        return NULL;
    }
    struct expression *copy = ARENA_NEW(&n->a->p->tree.arena, struct expression, 1);
    *copy = *e;
    copy->name = call_name(n->a, e->index - keys);
    return copy;
}

/* What is finished, and what the results make of it. */
static void append_results(const struct aggregating *a, struct buffer *out)
{
    const struct aggregation *g = a->plan->aggregation;
    struct naming n = { a };
    const int32_t *finished = fresh_ids(a->p, g->aggregate_count);
    int32_t *ids =
        ARENA_NEW(&a->p->tree.arena, int32_t, (size_t)(a->plan->key_count + g->aggregate_count));
    append_label(out, "Aggregate Attributes", g->aggregate_count);
    for (int32_t i = 0; i < a->plan->key_count; i++) {
        ids[i] = a->partial_ids[i];
    }
    buffer_append_text(out, "[");
    for (int32_t i = 0; i < g->aggregate_count; i++) {
        ids[a->plan->key_count + i] = finished[i];
        buffer_append_text(out, i ? ", " : "");
        tree_column(&a->p->tree, out, call_name(a, i), g->aggregates[i]->type, finished[i]);
    }
    buffer_append_text(out, "]\n");
    append_label(out, "Results", g->result_count);
    buffer_append_text(out, "[");
    for (int32_t i = 0; i < g->result_count; i++) {
        buffer_append_text(out, i ? ", " : "");
        tree_expression(&a->p->tree, out,
                        expression_map(&a->p->tree.arena, g->results[i], named, &n), ids,
                        a->o->ids[i]);
    }
    buffer_append_text(out, "]\n");
}

/* States come out: those of the rows below, or merged ones. */
static void append_states(const struct aggregating *a, struct buffer *out)
{
    append_label(out, "Aggregate Attributes", a->states->field_count);
    text_columns(a->p, out, a->states, fresh_ids(a->p, a->states->field_count));
    buffer_append_text(out, "\n");
    append_label(out, "Results", a->partial->field_count);
    text_columns(a->p, out, a->partial, a->partial_ids);
    buffer_append_text(out, "\n");
}

/* A HashAggregate over `input`; `prefix` "": it finishes. */
static struct printed *hash_aggregate(const struct aggregating *a,
                                      const char *prefix,
                                      struct printed *input)
{
    struct plan_printer *p = a->p;
    struct printed *line = line_new(p, "HashAggregate", true);
    bool finishes = prefix[0] == '\0';
    struct buffer out;
    buffer_init(&out, SQL_ERROR_MAX);
    line_add(line, input);
    buffer_append_text(&out, "(keys=");
    text_list(p, &out, a->plan->keys, a->plan->key_count, a->below, NULL);
    buffer_append_text(&out, ", functions=");
    append_functions(a, &out, prefix);
    if (p->form == PHYSICAL_EXTENDED) {
        buffer_append_text(&out, ", output=");
        text_columns(p, &out, finishes ? a->plan->schema : a->partial,
                     finishes ? a->o->ids : a->partial_ids);
    }
    buffer_append_text(&out, ")");
    line->text = text_taken(p, &out);
    if (p->form == PHYSICAL_FORMATTED) {
        buffer_printf(&out, "Input%.*s\n", BYTES_ARG(input->columns));
        append_label(&out, "Keys", a->plan->key_count);
        text_list(p, &out, a->plan->keys, a->plan->key_count, a->below, NULL);
        buffer_append_text(&out, "\n");
        append_label(&out, "Functions", a->plan->aggregation->aggregate_count);
        append_functions(a, &out, prefix);
        buffer_append_text(&out, "\n");
        if (finishes) {
            append_results(a, &out);
        } else {
            append_states(a, &out);
        }
    }
    line->details = text_taken(p, &out);
    line->columns = finishes ? text_counted(p, a->plan->schema, a->o->ids)
                             : text_counted(p, a->partial, a->partial_ids);
    buffer_finish(&out);
    return line;
}

/* The rows that an exchange brings here: grouped before, or as they are. */
static struct printed *exchanged(const struct aggregating *a, const struct node *n)
{
    const struct exchange *e = exchange_of(n->inputs[0]);
    if (!e) { /* all rows are in one partition anyway */
        return hash_aggregate(a, "partial_", line_of_input(a->p, n, a->o, 0));
    }
    struct printed *input =
        line_of_input(a->p, &e->base, occurrence_of(a->o->inputs[0], e->base.plan), 0);
    struct printed *below = e->grouped ? hash_aggregate(a, "partial_", input) : input;
    return print_exchange_over(a->p, e, a->plan->keys, a->below, below);
}

struct printed *print_aggregate(struct plan_printer *p,
                                const struct node *n,
                                const struct occurrence *o)
{
    struct aggregating a = aggregating_of(p, n->plan, o);
    return hash_aggregate(&a, "", exchanged(&a, n));
}

/* --- with state --- */

static struct printed *state_line(const struct aggregating *a,
                                  const struct node *n,
                                  const char *name,
                                  const char *mode,
                                  struct printed *input)
{
    struct plan_printer *p = a->p;
    struct printed *line = line_new(p, name, false);
    struct buffer out;
    buffer_init(&out, SQL_ERROR_MAX);
    line_add(line, input);
    line->columns = input->columns;
    buffer_append_text(&out, " ");
    text_list(p, &out, a->plan->keys, a->plan->key_count, a->below, NULL);
    buffer_printf(&out, ", state info [ opId = %d, numPartitions = %d]%s, 2",
                  ((const struct stateful *)n)->id,
                  a->plan->key_count > 0 ? p->shuffle_partitions : 1, mode);
    line->text = text_taken(p, &out);
    buffer_printf(&out, "Input%.*s\nArguments:%.*s\n", BYTES_ARG(input->columns),
                  BYTES_ARG(line->text));
    line->details = text_taken(p, &out);
    buffer_finish(&out);
    return line;
}

struct printed *print_aggregate_state(struct plan_printer *p,
                                      const struct node *n,
                                      const struct occurrence *o)
{
    struct aggregating a = aggregating_of(p, n->plan, o);
    struct printed *merged = hash_aggregate(&a, "merge_", exchanged(&a, n));
    struct printed *restored = state_line(&a, n, "StateStoreRestore", "", merged);
    struct printed *saved = state_line(
        &a, n, "StateStoreSave", p->mode == OUTPUT_COMPLETE ? ", Complete, 0, 0" : ", Update, 0, 0",
        hash_aggregate(&a, "merge_", restored));
    return hash_aggregate(&a, "", saved);
}

/* --- deduplication: in Spark an aggregate of the first values --- */

static void append_firsts(struct plan_printer *p,
                          struct buffer *out,
                          const struct plan *plan,
                          const int32_t *ids,
                          const char *prefix)
{
    bool any = false;
    buffer_append_text(out, "[");
    for (int32_t i = 0; i < plan->schema->field_count; i++) {
        bool key = false;
        for (int32_t k = 0; k < plan->expression_count; k++) {
            key = key || (plan->expressions[k]->kind == EXPRESSION_COLUMN &&
                          plan->expressions[k]->index == i);
        }
        if (!key) {
            const struct field *field = &plan->schema->fields[i];
            buffer_printf(out, "%s%sfirst(", any ? ", " : "", prefix);
            tree_column(&p->tree, out, field->name, field->type, ids[i]);
            buffer_append_text(out, ", false)");
            any = true;
        }
    }
    buffer_append_text(out, "]");
}

static struct printed *dedupe_line(struct plan_printer *p,
                                   const struct node *n,
                                   const struct occurrence *o,
                                   struct printed *input,
                                   const char *prefix)
{
    struct printed *line = line_new(p, "HashAggregate", true);
    struct buffer out;
    buffer_init(&out, SQL_ERROR_MAX);
    line_add(line, input);
    buffer_append_text(&out, "(keys=");
    text_list(p, &out, n->plan->expressions, n->plan->expression_count, o->ids, NULL);
    buffer_append_text(&out, ", functions=");
    append_firsts(p, &out, n->plan, o->ids, prefix);
    if (p->form == PHYSICAL_EXTENDED) {
        buffer_append_text(&out, ", output=");
        text_columns(p, &out, n->schema, o->ids);
    }
    buffer_append_text(&out, ")");
    line->text = text_taken(p, &out);
    line->columns = text_counted(p, n->schema, o->ids);
    buffer_printf(&out, "Input%.*s\n", BYTES_ARG(line->inputs[0]->columns));
    append_label(&out, "Keys", n->plan->expression_count);
    text_list(p, &out, n->plan->expressions, n->plan->expression_count, o->ids, NULL);
    append_label(&out, "\nFunctions", n->schema->field_count - n->plan->expression_count);
    append_firsts(p, &out, n->plan, o->ids, prefix);
    append_label(&out, "\nResults", n->schema->field_count);
    text_columns(p, &out, n->schema, o->ids);
    buffer_append_text(&out, "\n");
    line->details = text_taken(p, &out);
    buffer_finish(&out);
    return line;
}

struct printed *print_dedupe_partial(struct plan_printer *p,
                                     const struct node *n,
                                     const struct occurrence *o)
{
    return dedupe_line(p, n, o, line_of_input(p, n, o, 0), "partial_");
}

struct printed *print_dedupe(struct plan_printer *p,
                             const struct node *n,
                             const struct occurrence *o)
{
    struct printed *input = line_of_input(p, n, o, 0);
    if (!exchange_of(n->inputs[0])) { /* one step for what are two in Spark */
        input = dedupe_line(p, n, o, input, "partial_");
    }
    return dedupe_line(p, n, o, input, "");
}

struct printed *print_dedupe_state(struct plan_printer *p,
                                   const struct node *n,
                                   const struct occurrence *o)
{
    struct printed *line = line_new(p, "StreamingDeduplicate", false);
    struct buffer out;
    buffer_init(&out, SQL_ERROR_MAX);
    line_add(line, line_of_input(p, n, o, 0));
    buffer_append_text(&out, " ");
    text_list(p, &out, n->plan->expressions, n->plan->expression_count, o->ids, NULL);
    buffer_printf(&out, ", state info [ opId = %d, numPartitions = %d], 0, 0",
                  ((const struct stateful *)n)->id, p->shuffle_partitions);
    line->text = text_taken(p, &out);
    line->columns = text_counted(p, n->schema, o->ids);
    buffer_printf(&out, "Input%.*s\nArguments:%.*s\n", BYTES_ARG(line->inputs[0]->columns),
                  BYTES_ARG(line->text));
    line->details = text_taken(p, &out);
    buffer_finish(&out);
    return line;
}
