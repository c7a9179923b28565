/*
 * Strict YAML: a document that must have exactly the shape that a table describes.
 *
 * Unknown and repeated keys, wrong kinds and values out of range are refused with file, line and what is accepted.
 * The shape is fixed by tables, so neither nesting nor aliases of the input can make the decoder work without bound.
 *
 * Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "weir/status.h"

enum yaml_kind {
    YAML_TEXT,  /* const char *, one scalar */
    YAML_INT,   /* int64_t */
    YAML_BOOL,  /* bool */
    YAML_TEXTS, /* struct yaml_texts, a sequence of scalars */
    YAML_MAPS,  /* struct yaml_maps, a sequence of mappings, each as `fields` say */
    YAML_MAP,   /* a mapping decoded in place as `fields` say */
};

struct yaml_texts {
    const char **items;
    size_t count;
};

struct yaml_maps {
    void *items; /* of element_size each */
    size_t count;
};

struct yaml_field {
    const char *key;
    enum yaml_kind kind;
    bool required;
    size_t offset; /* into the struct that is filled */
    int64_t min;   /* YAML_INT: value; others: length or count */
    int64_t max;
    const char *(*valid)(const char *text); /* for each text; NULL, or what is wrong with it */
    const struct yaml_field *fields;        /* of YAML_MAPS and YAML_MAP; a NULL key ends them */
    size_t element_size;                    /* of YAML_MAPS */
    size_t
        line_offset; /* of YAML_MAPS, + 1: an int64_t in the element that takes its line; 0: none */
};

/* Decodes one document into `out` (whose defaults are set before the call). Texts are made in `arena`. `source` names
 * the file in messages. */
WEIR_CHECKED enum weir_status yaml_decode(struct bytes text,
                                          const char *source,
                                          const struct yaml_field *fields,
                                          void *out,
                                          struct arena *arena,
                                          struct weir_error *err);
