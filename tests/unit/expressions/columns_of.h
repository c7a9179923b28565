/*
 * Expressions over a column of one's own, for tests: the column is named `a`, or there are rows of VALUES.
 */
#pragma once

#include <stdlib.h>

#include "columns/batch.h"
#include "columns/cell_text.h"
#include "expressions/evaluate.h"
#include "expressions/parser.h"
#include "expressions/scratch.h"

/* A zone of summer times in 2024: New York's rule. */
static inline const struct zone *new_york(void)
{
    static struct zone *zone = NULL;
    static const uint8_t tzif[] =
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1" /* no times, and one name of one byte */
        "\0"
        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
        "\xff\xff\xb9\xb0\0\0"
        "EST\0"
        "\nEST5EDT,M3.2.0,M11.1.0\n";
    struct weir_error ignored;
    if (!zone) {
        (void)zone_parse((struct bytes){ tzif, sizeof(tzif) - 1 }, &zone, &ignored);
    }
    return zone;
}

/* `text` over `a`; the caller releases it. NULL: there was an error. */
static inline struct column *evaluate_over(struct arena *arena,
                                           const struct sql_settings *settings,
                                           struct column *a,
                                           const char *text)
{
    struct sql_error error = { 0 };
    struct field field = { .name = bytes_of("a"), .type = a->type, .nullable = true };
    const struct type *schema = type_struct(arena, &field, 1);
    struct analysis analysis = { .arena = arena,
                                 .settings = settings,
                                 .input = schema,
                                 .source = bytes_of(text),
                                 .error = &error };
    const struct syntax *syntax = NULL;
    const struct expression *e = NULL;
    struct column *result = NULL;
    if (parse_expression(arena, bytes_of(text), &syntax, &error) &&
        (e = analyze(&analysis, syntax)) != NULL) {
        struct column *kept = column_retain(a);
        struct batch *batch = batch_new(schema, &kept, a->length);
        struct evaluation ev = {
            .settings = settings, .input = batch, .rows = a->length, .error = &error
        };
        result = evaluate_once(&ev, e);
        batch_free(batch);
    }
    sql_error_finish(&error);
    return result;
}

/* The cells of one expression over rows, "1, NULL, 3"; "!" and the condition where it fails. */
static inline char *cells(const struct sql_settings *settings, const char *text, const char *from)
{
    struct scratch s;
    struct buffer out;
    buffer_init(&out, 1 << 20);
    scratch_init(&s);
    s.settings = *settings;
    scratch_run(&s, &text, 1, from);
    if (sql_failed(&s.error)) {
        buffer_printf(&out, "!%s", s.error.condition->name);
    }
    for (int32_t i = 0; s.result && i < s.result->rows; i++) {
        buffer_append_text(&out, i > 0 ? ", " : "");
        cell_print(&out, &(struct cell_format){ CELL_SHOW, s.settings.zone }, s.result->columns[0],
                   i);
    }
    scratch_finish(&s);
    buffer_append(&out, "", 1);
    return (char *)out.data; /* the caller's to free */
}
