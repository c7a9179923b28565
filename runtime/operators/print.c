/*
 * Physical plans as text: see print.h.
 */
#include "operators/print.h"

#include "operators/run.h"

enum { PRINT_WIDTH = 3 }; /* of a level */

struct plan_printer {
    struct buffer *out;
    int32_t depth;
};

static void print_line(struct plan_printer *p, const struct node *n, const char *text)
{
    for (int32_t i = 1; i < p->depth; i++) {
        buffer_append_text(p->out, "   ");
    }
    buffer_append_text(p->out, p->depth > 0 ? "+- " : "");
    buffer_printf(p->out, "%s\n", text);
    p->depth++;
    for (int32_t i = 0; i < n->input_count; i++) {
        n->inputs[i]->kind->print(p, n->inputs[i]);
    }
    p->depth--;
}

#define PRINT(function, text)                                   \
    void function(struct plan_printer *p, const struct node *n) \
    {                                                           \
        print_line(p, n, text);                                 \
    }
PRINT(print_scan, "Scan")
PRINT(print_rows, "LocalTableScan")
PRINT(print_range, "Range")
PRINT(print_project, "Project")
PRINT(print_filter, "Filter")
PRINT(print_generate, "Generate")
PRINT(print_union, "Union")
PRINT(print_local_limit, "LocalLimit")
PRINT(print_global_limit, "GlobalLimit")
PRINT(print_sort, "Sort")
PRINT(print_dedupe_partial, "HashAggregate")
PRINT(print_dedupe, "HashAggregate")
PRINT(print_dedupe_state, "StreamingDeduplicate")
PRINT(print_aggregate, "HashAggregate")
PRINT(print_aggregate_state, "StateStoreSave")
PRINT(print_exchange, "Exchange")

void physical_print(struct buffer *out, const struct physical *p, bool formatted)
{
    (void)formatted;
    struct plan_printer printer = { .out = out };
    p->root->kind->print(&printer, p->root);
}
