/*
 * Lines of physical plans: see print_lines.h. Here are the texts as a whole.
 */
#include "operators/print_lines.h"

#include "operators/run.h"

struct printed *line_new(struct plan_printer *p, const char *name, bool fused)
{
    struct printed *line = ARENA_NEW(&p->tree.arena, struct printed, 1);
    line->name = name;
    line->fused = fused;
    return line;
}

const struct occurrence *occurrence_of(const struct occurrence *o, const struct plan *plan)
{
    while (o->plan != plan) {
        o = o->inputs[0];
    }
    return o;
}

void line_add(struct printed *line, struct printed *input)
{
    line->inputs[line->input_count++] = input;
}

struct printed *line_of_input(struct plan_printer *p,
                              const struct node *n,
                              const struct occurrence *o,
                              int32_t i)
{
    const struct node *input = n->inputs[i];
    bool same = input->plan == n->plan; /* a plan that several nodes run */
    return input->kind->print(p, input, occurrence_of(same ? o : o->inputs[i], input->plan));
}

/* --- texts --- */

struct bytes text_taken(struct plan_printer *p, struct buffer *text)
{
    struct bytes taken = arena_copy(&p->tree.arena, buffer_bytes(text));
    buffer_clear(text);
    return taken;
}

void text_columns(struct plan_printer *p,
                  struct buffer *out,
                  const struct type *schema,
                  const int32_t *ids)
{
    buffer_append_text(out, "[");
    for (int32_t i = 0; i < schema->field_count; i++) {
        buffer_append_text(out, i ? ", " : "");
        tree_column(&p->tree, out, schema->fields[i].name, schema->fields[i].type, ids[i]);
    }
    buffer_append_text(out, "]");
}

struct bytes text_counted(struct plan_printer *p, const struct type *schema, const int32_t *ids)
{
    struct buffer text;
    if (p->form != PHYSICAL_FORMATTED) {
        return bytes_of("");
    }
    buffer_init(&text, SQL_ERROR_MAX);
    if (schema->field_count > 0) {
        buffer_printf(&text, " [%d]", schema->field_count);
    }
    buffer_append_text(&text, ": ");
    text_columns(p, &text, schema, ids);
    struct bytes taken = text_taken(p, &text);
    buffer_finish(&text);
    return taken;
}

void text_list(struct plan_printer *p,
               struct buffer *out,
               const struct expression *const *list,
               int32_t count,
               const int32_t *ids,
               const int32_t *own)
{
    buffer_append_text(out, "[");
    for (int32_t i = 0; i < count; i++) {
        buffer_append_text(out, i ? ", " : "");
        tree_expression(&p->tree, out, list[i], ids, own ? own[i] : 0);
    }
    buffer_append_text(out, "]");
}

/* --- loops: lines with a star that follow each other; those below are counted first --- */

static void count_loops(struct plan_printer *p, struct printed *line);

static void count_below(struct plan_printer *p, struct printed *line)
{
    for (int32_t i = 0; i < line->input_count; i++) {
        if (line->inputs[i]->fused) {
            count_below(p, line->inputs[i]);
        } else {
            count_loops(p, line->inputs[i]);
        }
    }
}

static void mark_loop(struct printed *line, int32_t loop)
{
    line->loop = loop;
    for (int32_t i = 0; i < line->input_count; i++) {
        if (line->inputs[i]->fused) {
            mark_loop(line->inputs[i], loop);
        }
    }
}

static void count_loops(struct plan_printer *p, struct printed *line)
{
    line->fused = line->fused && !line->leaf; /* nothing above it is in a loop */
    if (line->fused) {
        count_below(p, line);
        mark_loop(line, ++p->loops);
        return;
    }
    for (int32_t i = 0; i < line->input_count; i++) {
        count_loops(p, line->inputs[i]);
    }
}

static void count_lines(struct plan_printer *p, struct printed *line)
{
    for (int32_t i = 0; i < line->input_count; i++) {
        count_lines(p, line->inputs[i]);
    }
    line->number = ++p->numbers;
}

/* --- the forms --- */

static void write_tree(struct plan_printer *p, const struct printed *line, struct branch at)
{
    tree_line(&p->tree, at, "");
    if (p->form == PHYSICAL_FORMATTED) {
        buffer_printf(p->out, "%s%s (%d)\n", line->fused ? "* " : "", line->name, line->number);
    } else {
        if (line->fused) {
            buffer_printf(p->out, "*(%d) ", line->loop);
        }
        buffer_printf(p->out, "%s%.*s\n", line->name, BYTES_ARG(line->text));
    }
    for (int32_t i = 0; i < line->input_count; i++) {
        write_tree(p, line->inputs[i], tree_below(&p->tree, at, i + 1 == line->input_count));
    }
}

static void write_details(struct plan_printer *p, const struct printed *line)
{
    for (int32_t i = 0; i < line->input_count; i++) {
        write_details(p, line->inputs[i]);
    }
    buffer_printf(p->out, "(%d) %s", line->number, line->name);
    if (line->fused) {
        buffer_printf(p->out, " [codegen id : %d]", line->loop);
    }
    buffer_printf(p->out, "\n%.*s\n", BYTES_ARG(line->details));
}

void physical_print(struct buffer *out, const struct physical *physical, enum physical_form form)
{
    static const struct branch root = { .indent = { (const uint8_t *)"", 0 }, .connector = "" };
    struct plan_printer p = { .out = out,
                              .form = form,
                              .root = physical->root,
                              .shuffle_partitions = physical->options.shuffle_partitions,
                              .mode = physical->options.mode };
    tree_init(&p.tree, out);
    const struct occurrence *o =
        occurrence_of(tree_occurrence(&p.tree, physical->plan), physical->root->plan);
    struct printed *top = physical->root->kind->print(&p, physical->root, o);
    count_loops(&p, top);
    count_lines(&p, top);
    write_tree(&p, top, root);
    if (form == PHYSICAL_FORMATTED) {
        buffer_append_text(out, "\n\n");
        write_details(&p, top);
    }
    tree_finish(&p.tree);
}
