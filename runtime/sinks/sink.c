/*
 * The table of sinks, and what sinks have in common where they refuse something.
 */
#include "sinks/sink.h"

#include <strings.h>

#include "base/mem.h"
#include "sinks/memory_sink.h"
#include "sinks/sink_error.h"

const struct sql_condition sink_illegal_argument = { "", "", "IllegalArgumentException" };
const struct sql_condition sink_number_format = { "", "", "NumberFormatException" };
const struct sql_condition sink_io = { "", "", "IOException" };

const struct sink_format *sink_find(struct bytes format)
{
    static const struct sink_format *const formats[] = {
        &sink_console, &sink_kafka, &sink_memory, &sink_noop, &sink_text, &sink_csv, &sink_json,
    };
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        const char *name = formats[i]->name;
        if (format.len == strlen(name) &&
            strncasecmp((const char *)format.data, name, format.len) == 0) {
            return formats[i];
        }
    }
    return NULL;
}

bool sink_fail_later(struct sql_error *error, const struct sql_error *fault)
{
    if (!sql_failed(error)) {
        error->condition = fault->condition;
        error->message = mem_text(fault->message, strlen(fault->message));
    }
    return false;
}

void sink_describe_object(struct buffer *out, const char *class_name, uint32_t hash)
{
    buffer_printf(out, "%s@%x", class_name, hash);
}

uint32_t sink_hash(const struct sink_request *r)
{
    return (uint32_t)bytes_hash(bytes_of(r->query_id ? r->query_id : "")) & 0x7fffffff;
}
