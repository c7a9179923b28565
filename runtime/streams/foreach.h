/*
 * The program's own functions as sinks: foreachBatch and foreach, called with frames and rows of weir/stream.h.
 */
#pragma once

#include "sinks/foreach_sink.h"
#include "streams/query.h"

/* NULL: the writer has neither function. */
const struct sink_format *foreach_format(const struct weir_stream_writer *writer);

/* What that format's open() wants as its host; in the query's arena. */
void *foreach_host(struct weir_query *q, const struct weir_stream_writer *writer);
