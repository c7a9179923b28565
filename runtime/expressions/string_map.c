/*
 * str_to_map: pairs in a text, 'a:1,b:2', as a map. Both separators are patterns.
 */
#include "columns/builder.h"
#include "expressions/analysis.h"
#include "expressions/collection_parts.h"
#include "expressions/string_functions.h"
#include "expressions/string_regex.h"

bool check_string_to_map(struct analysis *a, struct expression *call)
{
    const struct type *string = type_simple(TYPE_STRING);
    call_add_literal(a, call, 2, scalar_text(bytes_of(",")));
    call_add_literal(a, call, 3, scalar_text(bytes_of(":")));
    regex_prepare(a, call, 1);
    call->type = type_map(a->arena, string, string, true);
    return true;
}

static bool add_pair(struct regex *separator, struct builder *b, struct bytes pair)
{
    enum regex_outcome outcome = regex_find(separator, pair, 0);
    if (outcome == REGEX_FOUND && separator->at[1] == 0) { /* empty, at the start: does not count */
        outcome = regex_find(separator, pair, regex_next(separator, pair));
    }
    bool found = outcome == REGEX_FOUND;
    builder_text(builder_child(b, 0),
                 (struct bytes){ pair.data, found ? separator->at[0] : pair.len });
    if (found) {
        size_t end = separator->at[1];
        builder_text(builder_child(b, 1), (struct bytes){ pair.data + end, pair.len - end });
    } else {
        builder_null(builder_child(b, 1));
    }
    return outcome != REGEX_FAILED;
}

static bool add_map(struct regex *pairs, struct regex *values, struct builder *b, struct bytes text)
{
    size_t done = 0;
    enum regex_outcome outcome = regex_find(pairs, text, 0);
    while (outcome == REGEX_FOUND) {
        if (pairs->at[1] > 0) {
            struct bytes pair = { text.data + done, pairs->at[0] - done };
            done = pairs->at[1];
            if (!add_pair(values, b, pair)) {
                return false;
            }
        }
        outcome = regex_find(pairs, text, regex_next(pairs, text));
    }
    return outcome != REGEX_FAILED &&
           add_pair(values, b, (struct bytes){ text.data + done, text.len - done });
}

KERNEL(string_to_map)
{
    struct builder *b = builder_new(call->type);
    struct regex pairs;
    struct regex values;
    regex_open(&pairs, ev, call, rows->count);
    regex_open(&values, ev, call, rows->count);
    bool ok = true;
    for (int32_t i = 0; ok && i < rows->count; i++) {
        if (!row_counts(rows, i)) {
            builder_null(b);
            continue;
        }
        ok = regex_use(&pairs, column_text(args[1], i)) &&
             regex_use(&values, column_text(args[2], i)) &&
             add_map(&pairs, &values, b, column_text(args[0], i));
        builder_list(b);
    }
    regex_close(&pairs);
    regex_close(&values);
    if (!ok) {
        builder_free(b);
        return NULL;
    }
    return check_map(ev, builder_finish(b));
}
