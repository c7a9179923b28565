/*
 * The table of sources: see source.h.
 */
#include "sources/source.h"

static bool is_named(const struct source_format *format, struct bytes name)
{
    if (strlen(format->name) != name.len) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.data[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != (uint8_t)format->name[i]) {
            return false;
        }
    }
    return true;
}

const struct source_format *source_find(struct bytes format)
{
    static const struct source_format *const formats[] = {
        &source_kafka, &source_rate, &source_rate_micro_batch, &source_socket, &source_text,
        &source_csv,   &source_json,
    };
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (is_named(formats[i], format)) {
            return formats[i];
        }
    }
    return NULL;
}
