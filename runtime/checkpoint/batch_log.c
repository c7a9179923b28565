/*
 * The text of offsets/N and commits/N: see batch_log.h.
 */
#include "checkpoint/batch_log.h"

#include <inttypes.h>

#include "checkpoint/log_json.h"

static const char no_offset[] = "-";

void batch_log_print_offsets(struct buffer *out, const struct batch_offsets *offsets)
{
    buffer_printf(
        out, "v1\n{\"batchWatermarkMs\":%" PRId64 ",\"batchTimestampMs\":%" PRId64 ",\"conf\":{",
        offsets->watermark_ms, offsets->timestamp_ms);
    for (int32_t i = 0; i < offsets->conf_count; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        log_json_print_text(out, offsets->conf[i].name);
        buffer_append_text(out, ":");
        log_json_print_text(out, offsets->conf[i].value);
    }
    buffer_append_text(out, "}}");
    for (int32_t i = 0; i < offsets->source_count; i++) {
        struct bytes o = offsets->offsets[i];
        o = bytes_is_null(o) ? bytes_of(no_offset) : o;
        buffer_append_text(out, "\n");
        buffer_append(out, o.data, o.len);
    }
}

void batch_log_print_commit(struct buffer *out, int64_t watermark_ms)
{
    buffer_printf(out, "v1\n{\"nextBatchWatermarkMs\":%" PRId64 "}", watermark_ms);
}

/* The object on a line; NULL: *fault says why. */
static const struct log_json *parse_line(struct bytes line,
                                         struct arena *arena,
                                         struct log_fault *fault)
{
    size_t at = 0;
    const struct log_json *object = log_json_parse(line, arena, &at);
    if (!object || object->kind != LOG_JSON_OBJECT) {
        fault->damage = LOG_NO_JSON;
        fault->line = 2;
        fault->column = (int64_t)(object ? 0 : at) + 1;
        return NULL;
    }
    return object;
}

/* An integer that may be missing, and then is 0. */
static bool parse_integer(const struct log_json *object,
                          const char *name,
                          int64_t *out,
                          struct log_fault *fault)
{
    const struct log_json *field = log_json_member(object, name);
    *out = 0;
    if (field && !log_json_integer(field, out)) {
        fault->damage = LOG_NO_FIELD;
        fault->field = name;
        return false;
    }
    return true;
}

static bool parse_conf(const struct log_json *conf,
                       struct arena *arena,
                       struct batch_offsets *out,
                       struct log_fault *fault)
{
    int32_t count = 0;
    for (const struct log_json *m = conf ? conf->first : NULL; m; m = m->next) {
        count++;
    }
    struct checkpoint_conf *all = ARENA_NEW(arena, struct checkpoint_conf, (size_t)count + 1);
    for (const struct log_json *m = conf ? conf->first : NULL; m; m = m->next) {
        all[out->conf_count].name = m->name;
        if (conf->kind != LOG_JSON_OBJECT || !log_json_text(m, &all[out->conf_count].value)) {
            fault->damage = LOG_NO_FIELD;
            fault->field = "conf";
            return false;
        }
        out->conf_count++;
    }
    out->conf = all;
    return true;
}

static void parse_sources(struct bytes rest, struct arena *arena, struct batch_offsets *out)
{
    struct bytes line;
    struct bytes again = rest;
    int32_t count = 0;
    while (log_cut_line(&again, &line)) {
        count++;
    }
    struct bytes *offsets = ARENA_NEW(arena, struct bytes, (size_t)count + 1);
    while (log_cut_line(&rest, &line)) {
        offsets[out->source_count++] =
            bytes_equal_text(line, no_offset) ? (struct bytes){ 0 } : line;
    }
    out->offsets = offsets;
}

bool batch_log_parse_offsets(struct bytes text,
                             struct arena *arena,
                             struct batch_offsets *out,
                             struct log_fault *fault)
{
    struct bytes line;
    *fault = (struct log_fault){ 0 };
    struct batch_offsets o = { 0 };
    if (!log_cut_version(&text, fault)) {
        return false;
    }
    if (!log_cut_line(&text, &line)) {
        fault->damage = LOG_INCOMPLETE;
        return false;
    }
    const struct log_json *object = parse_line(line, arena, fault);
    if (!object || !parse_integer(object, "batchWatermarkMs", &o.watermark_ms, fault) ||
        !parse_integer(object, "batchTimestampMs", &o.timestamp_ms, fault) ||
        !parse_conf(log_json_member(object, "conf"), arena, &o, fault)) {
        return false;
    }
    parse_sources(text, arena, &o);
    *out = o;
    return true;
}

bool batch_log_parse_commit(struct bytes text,
                            struct arena *arena,
                            int64_t *out_watermark_ms,
                            struct log_fault *fault)
{
    struct bytes line;
    int64_t watermark_ms = 0;
    *fault = (struct log_fault){ .commit = true };
    if (!log_cut_version(&text, fault)) {
        return false;
    }
    if (log_cut_line(&text, &line)) { /* without it: as if it were {} */
        const struct log_json *object = parse_line(line, arena, fault);
        if (!object || !parse_integer(object, "nextBatchWatermarkMs", &watermark_ms, fault)) {
            return false;
        }
    }
    *out_watermark_ms = watermark_ms;
    return true;
}
