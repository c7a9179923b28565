/*
 * The schema of many JSON texts, each a record or an array of records: what a reader of files infers. Internal to JSON.
 *
 * Fields of all records, in the order of their names; a type that every value has. Texts that are no records get a column for their
 * text, are passed over, or fail, as the mode says.
 *
 * Source: JsonInferSchema of Spark 4.1. Thread: one at a time.
 */
#pragma once

#include "expressions/json_options.h"

struct json_inference;

/* Types live in the arena; everything is borrowed. */
struct json_inference *json_inference_new(struct arena *arena,
                                          const struct json_options *options,
                                          const struct sql_settings *settings);
void json_inference_free(struct json_inference *s);

/* One text more. False: the error is set (FAILFAST). */
bool json_inference_add(struct json_inference *s, struct bytes text, struct sql_error *error);

/* The schema; it may have no fields. */
const struct type *json_inference_type(struct json_inference *s);
