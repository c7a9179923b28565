/*
 * The kernels of the JSON functions, for their table (functions_json.c). Internal.
 */
#pragma once

#include "expressions/evaluate.h"

typedef bool json_resolver(struct analysis *a, struct expression *call);
typedef struct column *json_kernel(struct evaluation *ev,
                                   const struct expression *call,
                                   struct column *const *args,
                                   const struct rows *rows);

json_resolver resolve_from_json;
json_kernel from_json;
json_resolver resolve_to_json;
json_kernel to_json;
json_resolver resolve_schema_of_json;
json_kernel schema_of_json;
json_kernel get_json_object;
json_kernel json_array_length;
json_resolver resolve_json_object_keys;
json_kernel json_object_keys;

/* An argument that must be a string, as it is; a null becomes one. False: the error is set. */
bool json_text_argument(struct analysis *a, struct expression *call, int32_t i);
