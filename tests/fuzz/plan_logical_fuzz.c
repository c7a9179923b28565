/*
 * Fuzz target: any bytes as a plan in JSON. What is read is written, read again and the same; and it is given its meaning, optimised and
 * printed. Nothing may crash, and what failed has said why.
 */
#include <assert.h>

#include "plan/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 16384 };

static void check_error(bool ok, struct sql_error *error)
{
    assert(ok || (sql_failed(error) && error->message && error->message[0]));
    sql_error_finish(error);
}

/* Written twice it is the same text. */
static void check_json(struct arena *arena, const struct logical *l)
{
    struct sql_error error = { 0 };
    const struct logical *again = NULL;
    struct buffer first;
    struct buffer second;
    buffer_init(&first, 1 << 24);
    buffer_init(&second, 1 << 24);
    logical_print_json(&first, l);
    if (!first.overflow) {
        bool ok = logical_read_json(arena, buffer_bytes(&first), &again, &error);
        assert(ok);
        logical_print_json(&second, again);
        assert(bytes_equal(buffer_bytes(&first), buffer_bytes(&second)));
    }
    buffer_finish(&first);
    buffer_finish(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct sql_error error = { 0 };
    struct sql_settings sql = { .ansi = true, .zone_name = "UTC" };
    struct plan_settings settings = { .sql = &sql };
    const struct logical *l = NULL;
    arena_init(&arena, 0);
    bool read = logical_read_json(&arena, (struct bytes){ data, size < LONGEST ? size : LONGEST },
                                  &l, &error);
    check_error(read, &error);
    if (read) {
        struct buffer out;
        buffer_init(&out, 1 << 20);
        check_json(&arena, l);
        logical_print_tree(&out, l);
        const struct plan *plan = plan_analyze_tree(&arena, &settings, l, &error);
        check_error(plan != NULL, &error);
        if (plan) {
            plan_print_tree(&out, plan_optimize(&arena, &settings, plan));
        }
        buffer_finish(&out);
    }
    arena_finish(&arena);
    return 0;
}
