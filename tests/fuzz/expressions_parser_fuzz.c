/*
 * Fuzz target: any text as an expression, a schema, an inline table and a column's name. What parses is analyzed and evaluated over
 * one row; nothing may crash, and what failed has said why.
 */
#include <assert.h>

#include "expressions/parser.h"
#include "expressions/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 4096 };

static void check_error(bool ok, struct sql_error *error)
{
    assert(ok || (sql_failed(error) && error->message && error->message[0]));
    sql_error_finish(error);
}

static void run_whole(const char *text)
{
    struct scratch s;
    scratch_init(&s);
    scratch_run(&s, &text, 1, NULL);
    assert(s.result || sql_failed(&s.error));
    scratch_finish(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct sql_error error = { 0 };
    const struct syntax *expression = NULL;
    const struct type *type = NULL;
    const struct bytes *parts = NULL;
    struct syntax_table table;
    int32_t count = 0;
    struct bytes text = { data, size < LONGEST ? size : LONGEST };
    arena_init(&arena, 0);
    bool parsed = parse_expression(&arena, text, &expression, &error);
    check_error(parsed, &error);
    check_error(parse_schema(&arena, text, true, &type, &error), &error);
    check_error(parse_inline_table(&arena, text, &table, &error), &error);
    check_error(parse_column_name(&arena, text, &parts, &count, &error), &error);
    if (parsed) {
        run_whole(arena_text(&arena, text));
    }
    arena_finish(&arena);
    return 0;
}
