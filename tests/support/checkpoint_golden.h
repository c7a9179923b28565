/*
 * The checkpoint files in tests/golden/checkpoints, for unit tests: one after the other.
 */
#pragma once

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

struct golden_files {
    struct buffer text;
    struct bytes rest;
    json_t *line;
};

struct golden_file {
    const char *checkpoint;
    const char *path;
    struct bytes text;
};

/* False: the repository cannot be found. */
static inline bool golden_files_open(struct golden_files *g)
{
    char path[4096];
    const char *source = getenv("WEIR_SOURCE"); /* NOLINT(concurrency-mt-unsafe): one thread */
    (void)snprintf(path, sizeof(path), "%s/tests/golden/checkpoints/files.jsonl",
                   source ? source : ".");
    *g = (struct golden_files){ 0 };
    buffer_init(&g->text, 16 << 20);
    bool ok = file_read(AT_FDCWD, path, &g->text, NULL) == WEIR_OK;
    g->rest = buffer_bytes(&g->text);
    return ok;
}

/* The next one, valid until the one after it. */
static inline bool golden_files_next(struct golden_files *g, struct golden_file *out)
{
    struct bytes line;
    json_decref(g->line);
    g->line = NULL;
    if (g->rest.len == 0 || !bytes_cut(&g->rest, '\n', &line)) {
        return false;
    }
    g->line = json_loadb((const char *)line.data, line.len, JSON_ALLOW_NUL, NULL);
    json_t *text = json_object_get(g->line, "text");
    if (!text) {
        return false;
    }
    out->checkpoint = json_string_value(json_object_get(g->line, "checkpoint"));
    out->path = json_string_value(json_object_get(g->line, "path"));
    out->text =
        (struct bytes){ (const uint8_t *)json_string_value(text), json_string_length(text) };
    return true;
}

static inline void golden_files_close(struct golden_files *g)
{
    json_decref(g->line);
    buffer_finish(&g->text);
}
