/*
 * JSON: see function.h.
 */
#include "expressions/json_functions.h"

/* Schema and options are no part of the name. */
static void print_first(struct buffer *out,
                        const struct expression *call,
                        expression_printer *argument)
{
    buffer_printf(out, "%s(", call->function->name);
    if (call->count > 0) {
        argument(out, call->args[0]);
    }
    buffer_append_text(out, ")");
}

const struct function functions_json[] = {
    { .name = "from_json",
      .takes = "xx[x]",
      .nullable = NULLABLE_ALWAYS,
      .resolve = resolve_from_json,
      .evaluate = from_json,
      .print = print_first },
    { .name = "to_json",
      .takes = "x[x]",
      .nullable = NULLABLE_ALWAYS,
      .resolve = resolve_to_json,
      .evaluate = to_json,
      .print = print_first },
    { .name = "get_json_object",
      .takes = "ss",
      .returns = 's',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = get_json_object },
    { .name = "json_array_length",
      .takes = "s",
      .returns = 'i',
      .nullable = NULLABLE_ALWAYS,
      .evaluate = json_array_length },
    { .name = "json_object_keys",
      .takes = "s",
      .nullable = NULLABLE_ALWAYS,
      .resolve = resolve_json_object_keys,
      .evaluate = json_object_keys },
    { .name = "schema_of_json",
      .takes = "x[x]",
      .nullable = NULLABLE_NEVER,
      .resolve = resolve_schema_of_json,
      .evaluate = schema_of_json,
      .print = print_first },
    { 0 },
};
