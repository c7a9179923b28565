/*
 * Golden files, as tests read them: what Apache Spark 3.5.7 and 4.1.4, or Java 17, answered, one case a line.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

struct golden {
    FILE *file;
    char *line;
    size_t capacity;
};

/* `name` is below tests/golden. */
static inline struct golden golden_open(const char *name)
{
    char path[1024];
    const char *source = getenv("WEIR_SOURCE");
    (void)snprintf(path, sizeof(path), "%s/tests/golden/%s", source ? source : ".", name);
    struct golden g = { .file = fopen(path, "r") };
    if (!g.file) {
        (void)fprintf(stderr, "cannot open %s; is WEIR_SOURCE set?\n", path);
        abort();
    }
    return g;
}

/* The next line's object, to be given back with json_decref(); NULL at the end. */
static inline json_t *golden_next(struct golden *g)
{
    ssize_t len = getline(&g->line, &g->capacity, g->file);
    if (len < 0) {
        return NULL;
    }
    json_t *value = json_loadb(g->line, (size_t)len, JSON_ALLOW_NUL, NULL);
    if (!value) {
        (void)fprintf(stderr, "not JSON: %s\n", g->line);
        abort();
    }
    return value;
}

static inline void golden_close(struct golden *g)
{
    free(g->line);
    (void)fclose(g->file);
}

/* What Spark 4.1 answered. */
static inline json_t *golden_result(json_t *line)
{
    json_t *both = json_object_get(line, "both");
    return both ? both : json_object_get(line, "v4_1");
}

static inline struct bytes golden_text(json_t *object, const char *key)
{
    json_t *text = json_object_get(object, key);
    return text ? (struct bytes){ (const uint8_t *)json_string_value(text),
                                  json_string_length(text) }
                : (struct bytes){ 0 };
}
