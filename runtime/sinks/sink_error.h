/*
 * What sinks have in common where they refuse something.
 */
#pragma once

#include "sinks/sink.h"

/* Java's own exceptions, without a condition. */
extern const struct sql_condition sink_illegal_argument; /* java.lang.IllegalArgumentException */
extern const struct sql_condition sink_number_format;    /* java.lang.NumberFormatException */
extern const struct sql_condition sink_io;               /* java.io.IOException */

/*
 * Spark asks a sink for its writer when a batch begins, not when the query starts: what is wrong with options or columns fails the
 * batch. So a sink keeps the fault that it found when it was opened, and says it at each begin(). False, and `error` is a copy of it.
 */
bool sink_fail_later(struct sql_error *error, const struct sql_error *fault);

/* "org.apache.spark....ConsoleTable@5f2a": what Java prints of an object, with a number that is the query's. */
void sink_describe_object(struct buffer *out, const char *class_name, uint32_t hash);

/* That number: the same for a query's whole life. */
uint32_t sink_hash(const struct sink_request *r);
