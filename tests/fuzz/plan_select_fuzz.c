/*
 * Fuzz target: any text as a SELECT statement over one view. What parses is given its meaning, checked, optimised and printed; nothing may
 * crash or hang, and what failed has said why.
 */
#include <assert.h>

#include "expressions/parser.h"
#include "plan/select.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 4096 };

static void check_error(bool ok, struct sql_error *error)
{
    assert(ok || (sql_failed(error) && error->message && error->message[0]));
    sql_error_finish(error);
}

static bool find_view(void *context, struct bytes name, const struct logical **out)
{
    *out = context;
    return bytes_equal_text(name, "t");
}

static void use_plan(struct arena *arena,
                     const struct plan_settings *settings,
                     const struct plan *plan)
{
    struct sql_error error = { 0 };
    struct buffer out;
    buffer_init(&out, 1 << 20);
    check_error(plan_check_streaming(plan, OUTPUT_UPDATE, &error), &error);
    check_error(plan_check_batch(plan, &error), &error);
    plan_print_parsed(&out, plan);
    buffer_clear(&out);
    const struct plan *best = plan_optimize(arena, settings, plan);
    assert(type_equal(best->schema, plan->schema));
    plan_print_tree(&out, best);
    buffer_finish(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct sql_error error = { 0 };
    struct sql_settings sql = { .ansi = true, .zone_name = "UTC" };
    struct plan_settings settings = { .sql = &sql };
    struct relation relation = { .format = bytes_of("rate"), .streaming = size % 2 == 0 };
    struct logical view = { .verb = VERB_READ, .relation = &relation, .depth = 1 };
    struct select_request request = { .settings = &sql, .find_table = find_view, .context = &view };
    struct select select;
    struct syntax_sort sort;
    struct bytes text = { data, size < LONGEST ? size : LONGEST };
    arena_init(&arena, 0);
    bool known = parse_schema(
        &arena, bytes_of("a int, b string, s struct<x: int, y: array<int>>, ts timestamp"), false,
        &relation.schema, &error);
    assert(known);
    check_error(parse_sort(&arena, text, &sort, &error), &error);
    bool parsed = select_parse(&arena, &request, text, &select, &error);
    check_error(parsed, &error);
    if (parsed) {
        const struct plan *plan = plan_analyze_tree(&arena, &settings, select.plan, &error);
        check_error(plan != NULL, &error);
        if (plan) {
            use_plan(&arena, &settings, plan);
        }
        select_finish(&select);
    }
    arena_finish(&arena);
    return 0;
}
